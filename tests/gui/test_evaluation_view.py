from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from viewer.controllers.training.evaluation import NO_NETWORK, EvaluationController
from viewer.core.records import Picture
from viewer.core.training.report import Report, reliability_of, report_of
from viewer.services.evaluation import EvaluationJob, EvaluationService, NetworkSource
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.evaluation.confusion import ConfusionView
from viewer.widgets.evaluation.reliability import ReliabilityView
from viewer.widgets.evaluation.view import EvaluationView
from viewer.widgets.style import Appearance
from viewer.widgets.theme import LIGHT, Theme
from viewer.widgets.tile_pictures import picture_of

QTest: Any = _QTest  # its stubs give its static methods a `self`
W = TypeVar("W", bound=QWidget)


class Placer(Protocol):
    def __call__(self, widget: W) -> W: ...


LABELS = np.array([4] * 20 + [9] * 5 + [1] * 2, np.int64)
PREDICTIONS = np.array([4] * 8 + [9] * 12 + [9] * 4 + [4] + [1] * 2, np.int64)
CONFIDENCES = np.linspace(0.5, 0.99, 27).astype(np.float32)


def report(classes: int = 10) -> Report:
    images = np.zeros((27, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    names = tuple(str(i) for i in range(10)) if classes == 10 else many_names(classes)
    return report_of("MNIST", names, images, LABELS, PREDICTIONS, CONFIDENCES, 0.5)


def many_names(classes: int) -> tuple[str, ...]:
    return tuple(f"a rather long name {i}" for i in range(classes))


@pytest.fixture
def place(qtbot: QtBot, appearance: Appearance) -> Iterator[Placer]:
    """Show a widget in a window of 1024 × 240."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1024, 240)

    def show(widget: W) -> W:
        widget.setParent(window)
        widget.resize(1024, 240)
        window.show()
        QApplication.processEvents()
        return widget

    yield show
    window.hide()


def pixels_of(widget: QWidget) -> QImage:
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    widget.render(image)
    return image


def texts(view: QWidget) -> set[str]:
    """Return all lines that are in sight."""
    elided = {label.text() for label in view.findChildren(ElidedLabel) if label.isVisibleTo(view)}
    return elided | {label.text() for label in view.findChildren(QLabel) if label.isVisibleTo(view)}


def click(view: ConfusionView, cell: tuple[int, int]) -> None:
    middle = view.cell_rect(cell).center().toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle)


@pytest.fixture
def view(place: Placer) -> EvaluationView:
    shown = place(EvaluationView())
    shown.set_report(report(), "mlp")
    QApplication.processEvents()
    return shown


def test_the_headline(view: EvaluationView) -> None:
    error = f"Calibration error {100 * report().reliability.error:.1f} %"
    figures = f"MNIST test · 13 of 27 wrong · Loss 0.5 nats · {error}"
    assert {"mlp", "51.85 %", figures} <= texts(view)


def test_what_a_cell_says(view: EvaluationView) -> None:
    assert view.confusion.text_of((4, 9)) == "12 images of 4 read as 9, 60.0 % of them"
    assert view.confusion.text_of((9, 4)) == "1 image of 9 read as 4, 20.0 % of them"
    assert view.confusion.text_of((0, 1)) == "0 images of 0 read as 1"


def test_the_mouse_over_a_cell(view: EvaluationView) -> None:
    viewport = view.confusion.viewport()
    assert viewport is not None
    QTest.mouseMove(viewport, view.confusion.cell_rect((4, 9)).center().toPoint())
    assert viewport.toolTip() == "12 images of 4 read as 9, 60.0 % of them"


def test_a_click_shows_the_cells_images(view: EvaluationView, qtbot: QtBot) -> None:
    assert view.tiles.indices == tuple(report().mistakes)
    with qtbot.waitSignal(view.confusion.cell_chosen) as chosen:
        click(view.confusion, (4, 9))
    assert chosen.args == [(4, 9)]
    assert view.tiles.indices == tuple(range(19, 7, -1))  # the most confident first
    assert "4 → 9: 12 images" in texts(view)
    click(view.confusion, (4, 9))
    assert view.confusion.selected is None
    assert view.tiles.indices == tuple(report().mistakes)


def test_back_to_all_mistakes(view: EvaluationView) -> None:
    click(view.confusion, (1, 1))
    assert "1 → 1: 2 images" in texts(view)
    (button,) = (b for b in view.findChildren(QToolButton) if b.text() == "×")
    button.click()
    assert view.tiles.indices == tuple(report().mistakes)
    assert view.confusion.selected is None
    assert button.isHidden()


def test_the_keys_walk_cells(view: EvaluationView) -> None:
    cells: list[object] = []
    view.confusion.cell_chosen.connect(cells.append)
    for key in ("Key_Down", "Key_Down", "Key_Right", "Key_Left", "Key_Left", "Key_Escape"):
        QTest.keyClick(view.confusion, getattr(Qt.Key, key))
    assert cells == [(0, 0), (1, 0), (1, 1), (1, 0), (1, 0), None]


def test_an_image_is_chosen(view: EvaluationView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.image_chosen) as chosen:
        QTest.mouseClick(
            view.tiles.viewport(),
            Qt.MouseButton.LeftButton,
            pos=view.tiles.tile_rect(1).center().toPoint(),
        )
    assert chosen.args == [int(report().mistakes[1])]
    with qtbot.waitSignal(view.image_chosen) as chosen:
        QTest.keyClick(view.tiles, Qt.Key.Key_Right)
        QTest.keyClick(view.tiles, Qt.Key.Key_Return)
    assert chosen.args == [int(report().mistakes[2])]


def test_what_an_image_says(view: EvaluationView) -> None:
    assert view.tiles.captions(0) == ("9 → 4", "95.2 %")
    assert view.tiles.tip_of(0).startswith("Image 24: 9, read as 4 with 95.2 %")


def test_the_last_image_can_be_reached(view: EvaluationView) -> None:
    for _ in range(13):
        QTest.keyClick(view.tiles, Qt.Key.Key_Down)
    viewport = view.tiles.viewport()
    assert viewport is not None
    assert view.tiles.tile_rect(12).bottom() <= viewport.height()


def test_only_mistakes_are_coloured(view: EvaluationView, theme: Theme) -> None:
    view.set_theme(theme)
    viewport = view.confusion.viewport()
    assert viewport is not None
    image = pixels_of(viewport)

    def color(cell: tuple[int, int]) -> QColor:
        corner = view.confusion.cell_rect(cell).topLeft() + QPointF(2, 2)
        return image.pixelColor(corner.toPoint())

    assert color((4, 4)) == theme.color("raised")
    assert color((2, 3)) == theme.color("surface")
    assert color((4, 9)).saturation() > 100  # the largest share of all
    assert color((9, 4)).saturation() > 100
    assert color((4, 9)) != color((9, 4))


@pytest.mark.parametrize("side", [400, 320, 240])
def test_every_mistake_has_its_count_where_cells_are_small(place: Placer, side: int) -> None:
    labels, predictions = np.zeros(500, np.int64), np.arange(500) % 3 // 2
    assert (predictions == 1).sum() == 166  # 0 read as 1
    view = place(EvaluationView())
    images, shares = np.zeros((500, 28, 28), np.uint8), np.full(500, 0.9, np.float32)
    names = tuple(str(index) for index in range(10))
    view.set_report(report_of("MNIST", names, images, labels, predictions, shares, 0.5), "mlp")
    view.confusion.resize(side, side)
    QApplication.processEvents()
    viewport = view.confusion.viewport()
    assert viewport is not None
    image, rect = pixels_of(viewport), view.confusion.cell_rect((0, 1)).adjusted(1, 1, -2, -2)
    part = image.copy(rect.toRect())
    colors = {part.pixel(x, y) for x in range(part.width()) for y in range(part.height())}
    assert len(colors) > 1, f"nothing is written in {rect.width():.0f} px"


def test_class_scores(view: EvaluationView) -> None:
    found = report()
    assert view.scores.text_of(4, 0) == f"{100 * found.precision[4]:.1f} %"
    assert view.scores.text_of(4, 1) == "40.0 %"
    assert view.scores.text_of(0, 2) == "–"
    assert "Recall 40.0 %: that share of the images of 4 are read as 4" in view.scores.tip_of(4)


def test_nothing_yet_says_what_to_do(place: Placer, qtbot: QtBot) -> None:
    view = place(EvaluationView())
    assert "No evaluation yet" in texts(view)
    evaluate, folder, cancel = view.findChildren(QPushButton)
    assert (evaluate.isVisible(), folder.isVisible(), cancel.isVisible()) == (True, True, False)
    with qtbot.waitSignal(view.evaluate_requested):
        evaluate.click()
    with qtbot.waitSignal(view.folder_requested):
        folder.click()
    view.set_running(True)
    view.set_progress(10, 27)
    assert (evaluate.isVisible(), folder.isVisible(), cancel.isVisible()) == (False, False, True)
    with qtbot.waitSignal(view.cancel_requested):
        cancel.click()


def test_another_report_begins_anew(view: EvaluationView) -> None:
    click(view.confusion, (4, 9))
    view.set_report(report(), "later")
    assert view.confusion.selected is None
    assert view.tiles.indices == tuple(report().mistakes)


@pytest.mark.parametrize("size", [QSize(1024, 240), QSize(1920, 330)])
def test_many_classes_scroll(place: Placer, size: QSize) -> None:
    view = place(EvaluationView())
    view.resize(size)
    view.set_report(report(47), "letters")
    QApplication.processEvents()
    viewport = view.confusion.viewport()
    assert viewport is not None
    assert view.confusion.cell_rect((0, 0)).height() >= 12  # can be hit
    view.confusion.set_selected((46, 46))
    rect = view.confusion.cell_rect((46, 46))
    assert viewport.rect().contains(rect.center().toPoint())
    assert view.confusion.cell_at(rect.center()) == (46, 46)
    pixels_of(view)


def of_thousand(files: bool = False) -> Report:
    """Return a report of 1,000 classes with two images each, of which 20 are taken for another."""
    labels = np.repeat(np.arange(1000), 2)
    predictions = labels.copy()
    predictions[:40:2] = 900
    confidences = np.linspace(0.1, 0.9, 2000).astype(np.float32)
    images = None if files else np.zeros((2000, 8, 8, 3), np.uint8)
    paths = tuple(f"/nowhere/{i}.png" for i in range(2000)) if files else ()
    return report_of(
        "photos", many_names(1000), images, labels, predictions, confidences, 1.0, files=paths
    )


def test_a_thousand_classes_are_shown_whole_and_enlarged(place: Placer) -> None:
    view = place(EvaluationView())
    view.resize(1440, 330)
    view.set_report(of_thousand(), "large")
    QApplication.processEvents()
    confusion, viewport = view.confusion, view.confusion.viewport()
    assert viewport is not None
    for cell in ((0, 0), (999, 999)):
        assert viewport.rect().contains(confusion.cell_rect(cell).center().toPoint())
    # A dot is found by the mouse beside it, and is there to be seen.
    middle = confusion.cell_rect((4, 900)).center()
    found = confusion.cell_at(middle + QPointF(2, 1))
    assert found is not None and found[1] == 900 and found[0] < 20
    colors = pixels_of(viewport)
    assert colors.pixelColor(middle.toPoint()) != colors.pixelColor(
        confusion.cell_rect((4, 500)).center().toPoint()
    )
    click(confusion, (4, 900))
    assert view.tiles.indices == (2 * confusion.selected[0],)  # type: ignore[index]  # one is
    for _ in range(30):
        confusion.zoom_by(1.25)
    assert confusion.cell_rect((4, 900)).height() >= 14
    assert viewport.rect().contains(confusion.cell_rect(confusion.selected).center().toPoint())  # type: ignore[arg-type]  # one is


def test_the_window_does_not_go_through_a_large_matrix(place: Placer) -> None:
    class Untouched(np.ndarray[Any, Any]):
        """Counts what is asked of the whole array."""

        asked: ClassVar[list[str]] = []

        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
            self.asked.append(ufunc.__name__)
            return getattr(ufunc, method)(*map(np.asarray, inputs), **kwargs)

        def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
            self.asked.append(function.__name__)
            return super().__array_function__(function, types, args, kwargs)

    found = of_thousand()
    found = replace(found, confusion=found.confusion.view(Untouched))
    view = place(EvaluationView())
    view.set_report(found, "large")
    assert Untouched.asked == []
    view.set_report(of_thousand(), "large")  # drawn from the cells of mistakes alone
    whole = pixels_of(view.confusion)
    view.set_report(found, "large")
    assert pixels_of(view.confusion) == whole


def test_classes_are_sorted_and_found(place: Placer, qtbot: QtBot) -> None:
    view = place(EvaluationView())
    view.set_report(of_thousand(), "large")
    QApplication.processEvents()
    scores = view.scores
    assert scores.rows == tuple(range(1000))
    heading = QPointF(scores._column(scores._row_rect(0), 1).center().x(), 4).toPoint()
    QTest.mouseClick(scores.viewport(), Qt.MouseButton.LeftButton, pos=heading)
    assert scores.rows[:3] == (0, 1, 2) and scores.text_of(scores.rows[19], 1) == "50.0 %"
    assert scores.text_of(scores.rows[20], 1) == "100.0 %"
    QTest.mouseClick(scores.viewport(), Qt.MouseButton.LeftButton, pos=heading)
    assert scores.text_of(scores.rows[0], 1) == "100.0 %"
    QTest.mouseClick(scores.viewport(), Qt.MouseButton.LeftButton, pos=heading)
    view.search.setText("Name 99")
    assert scores.rows == (99, *range(990, 1000))
    with qtbot.waitSignal(scores.class_chosen) as chosen:
        row = scores._row_rect(1).center().toPoint()
        QTest.mouseClick(scores.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert chosen.args == [990]
    assert "a rather long name 990: 0 of 2 wrong" in texts(view)
    assert view.tiles.indices == (1981, 1980)
    assert view.confusion.selected == (990, 990)
    with qtbot.waitSignal(scores.class_chosen) as chosen:
        QTest.keyClick(scores, Qt.Key.Key_Up)
    assert chosen.args == [99]
    view.search.setText("")
    with qtbot.waitSignal(scores.class_chosen):
        QTest.mouseClick(
            scores.viewport(),
            Qt.MouseButton.LeftButton,
            pos=scores._row_rect(3).center().toPoint(),
        )
    assert "a rather long name 3: 1 of 2 wrong" in texts(view)
    assert view.tiles.indices == (6, 7)  # what was read wrongly is first


def test_images_in_files_are_asked_for_where_they_are_seen(place: Placer) -> None:
    view = place(EvaluationView())
    asked: list[tuple[int, ...]] = []
    view.tiles.images_wanted.connect(asked.append)
    found = of_thousand(files=True)
    view.set_report(found, "large")
    pixels_of(view.tiles)
    pixels_of(view.tiles)
    assert len(asked) == 1  # once, however often it is painted
    assert asked[0] == view.tiles.indices[: len(asked[0])] and len(asked[0]) < 20
    first = asked[0][0]
    before = pixels_of(view.tiles)
    view.tiles.set_thumbnail(first, np.full((8, 8, 3), 200, np.uint8))
    after = pixels_of(view.tiles)
    assert after != before
    view.tiles.set_thumbnail(asked[0][1], None)  # it can't be read any more
    assert pixels_of(view.tiles) == after
    assert len(asked) == 1


def test_progress_tells_the_time_left(view: EvaluationView, monkeypatch: Any) -> None:
    view.set_running(True)
    view.set_progress(500, 50_000)
    assert "500 of 50,000 images" in texts(view)  # too early to tell more
    clock = view._bar._clock
    monkeypatch.setattr(view._bar, "_clock", Clock(10_000))
    view.set_progress(1_000, 50_000)
    assert "1,000 of 50,000 images · 8:10 left" in texts(view)
    monkeypatch.setattr(view._bar, "_clock", clock)
    view.set_running(False)
    assert any(text.startswith("MNIST test · 13 of 27 wrong") for text in texts(view))


class Clock:
    """Stands at a time, in ms."""

    def __init__(self, time_ms: int) -> None:
        self._time_ms = time_ms

    def elapsed(self) -> int:
        return self._time_ms


def test_ctrl_and_the_wheel_zoom(view: EvaluationView) -> None:
    viewport = view.confusion.viewport()
    assert viewport is not None
    before = view.confusion.cell_rect((0, 0)).width()
    place = QPointF(80, 80)
    for notch in (120, 120, -120, -120, -120):
        event = QWheelEvent(
            place,
            viewport.mapToGlobal(place),
            QPoint(),
            QPoint(0, notch),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,  # not inverted
        )
        QApplication.sendEvent(viewport, event)
        if notch > 0:
            assert view.confusion.cell_rect((0, 0)).width() > before
    assert view.confusion.cell_rect((0, 0)).width() == before


@pytest.mark.parametrize("classes", [10, 300])
def test_the_last_parts_share_a_place_where_there_is_little_room(
    view: EvaluationView, classes: int
) -> None:
    view.set_report(report(classes), "mlp")
    (tabs,) = view.findChildren(QTabBar)
    parts = (view.confusion, view.tiles, view.scores, view.reliability)

    def in_sight(width: int) -> str:
        view.resize(width, 240)
        QApplication.processEvents()
        seen = [part for part in parts if part.isVisible()]
        assert all(
            view.rect().contains(QRect(part.mapTo(view, QPoint(0, 0)), part.size()))
            for part in seen
        )
        assert tabs.isVisible() == (len(seen) < len(parts))
        return "".join("MICR"[parts.index(part)] for part in seen)

    assert in_sight(1100) == "MICR"
    assert in_sight(739) == "MIC"
    tabs.setCurrentIndex(1)
    assert [tabs.tabText(i) for i in range(tabs.count())] == ["Classes", "Calibration"]
    assert in_sight(739) == "MIR"
    assert in_sight(600) == "MR"  # what was chosen stays in front
    assert in_sight(1100) == "MICR"
    assert in_sight(view.minimumSizeHint().width()) == "R"
    tabs.setCurrentIndex(0)
    assert in_sight(view.minimumSizeHint().width()) == "M"
    click(view.confusion, (1, 1))
    assert in_sight(view.minimumSizeHint().width()) == "I"  # its images


@pytest.mark.parametrize("classes", [10, 300])
def test_no_figure_of_a_class_is_behind_the_scroll_bar(view: EvaluationView, classes: int) -> None:
    view.set_report(report(classes), "mlp")
    view.resize(739, 200)
    QApplication.processEvents()
    scores = view.scores
    viewport = scores.viewport()
    assert viewport is not None
    bar = scores.verticalScrollBar()
    assert bar is not None and bar.isVisible()
    assert scores._column(scores._row_rect(0), 2).right() <= viewport.width()


def test_what_a_bin_says(place: Placer) -> None:
    view = place(ReliabilityView())
    confidences = np.array([0.95] * 3 + [0.5], np.float32)
    view.set_reliability(reliability_of(confidences, np.array([True, True, False, True])))
    assert view.title() == "Calibration error 33.7 %"
    assert view.text_of(14) == (
        "Confidence 93 to 100 %: 3 images, 66.7 % read rightly, mean confidence 95.0 %"
    )
    assert view.text_of(0) == "Confidence 0 to 7 %: no image"
    plot = view.plot_rect()
    QTest.mouseMove(view, QPointF(plot.right() - 2, plot.center().y()).toPoint())
    assert view.toolTip() == view.text_of(14)


def test_colour_images_are_shown_as_they_are() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[1, 2] = (10, 20, 30)
    assert picture_of(pixels, LIGHT).pixelColor(2, 1) == QColor(10, 20, 30)
    grey = picture_of(np.array([[0, 255]], np.uint8), LIGHT)
    assert [grey.pixelColor(x, 0) for x in (0, 1)] == [QColor(LIGHT.paper), QColor(LIGHT.ink)]


class Service(EvaluationService):
    """Keeps what it is asked, and answers nothing by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[EvaluationJob] = []
        self.cancels = 0

    def submit(self, job: EvaluationJob) -> None:
        self.jobs.append(job)

    def cancel(self) -> None:
        self.cancels += 1


class Joined:
    """A controller with what it joins."""

    def __init__(self, view: EvaluationView) -> None:
        self.view = view
        self.service = Service()
        self.job: EvaluationJob | None = EvaluationJob(NetworkSource("mlp", "mlp"))
        self.pictures: list[Picture] = []
        self.controller = EvaluationController(
            view, self.service, lambda: self.job, self.pictures.append
        )

    def button(self, text: str) -> QPushButton:
        (found,) = (b for b in self.view.findChildren(QPushButton) if b.text() == text)
        return found


@pytest.fixture
def joined(place: Placer) -> Joined:
    return Joined(place(EvaluationView()))


def test_an_evaluation_from_button_to_report(joined: Joined) -> None:
    joined.button("Evaluate").click()
    assert joined.service.jobs == [joined.job]
    assert joined.button("Cancel").isVisible()
    joined.service.report_ready.emit(report(), "mlp")
    assert "mlp" in texts(joined.view)
    assert joined.button("Evaluate").isVisible()


def test_cancel_and_failure_leave_the_old_report(joined: Joined, qtbot: QtBot) -> None:
    joined.service.report_ready.emit(report(), "mlp")
    joined.button("Evaluate").click()
    joined.button("Cancel").click()
    assert joined.service.cancels == 1
    joined.service.cancelled.emit()
    assert joined.button("Evaluate").isVisible()
    joined.button("Evaluate").click()
    with qtbot.waitSignal(joined.controller.failed) as failed:
        joined.service.failed.emit("It went wrong.")
    assert failed.args == ["It went wrong."]
    assert joined.button("Evaluate").isVisible()
    assert "mlp" in texts(joined.view)


def test_without_a_network_it_says_so(joined: Joined, qtbot: QtBot) -> None:
    joined.job = None
    with qtbot.waitSignal(joined.controller.failed) as failed:
        joined.button("Evaluate").click()
    assert failed.args == [NO_NETWORK]
    assert not joined.service.jobs


def test_the_keyboard_stays_with_the_buttons(joined: Joined) -> None:
    away = QPushButton("Away", joined.view.parentWidget())  # the first one that Qt would take
    away.show()
    window = joined.view.window()
    assert window is not None
    joined.button("Evaluate").setFocus()
    joined.button("Evaluate").click()
    assert window.focusWidget() is joined.button("Cancel")
    joined.service.failed.emit("It went wrong.")
    assert window.focusWidget() is joined.button("Evaluate")
    joined.button("On a folder…").setFocus()
    joined.controller.evaluate("a folder")
    joined.service.cancelled.emit()
    assert window.focusWidget() is joined.button("On a folder…")
    away.setFocus()
    joined.controller.evaluate()
    joined.service.report_ready.emit(report(), "mlp")
    assert window.focusWidget() is away  # it is taken from nobody else


def test_a_chosen_image_goes_to_the_pad(joined: Joined) -> None:
    joined.view.image_chosen.emit(3)  # there is no report: nothing happens
    joined.service.report_ready.emit(report(), "mlp")
    joined.view.image_chosen.emit(24)
    (picture,) = joined.pictures
    assert (picture.label, picture.title) == ("9", "MNIST test image 24")
    joined.controller.set_source(picture)
    marked = pixels_of(joined.view.tiles)
    joined.controller.set_source(Picture(np.zeros((28, 28), np.float32), "another"))
    assert pixels_of(joined.view.tiles) != marked
