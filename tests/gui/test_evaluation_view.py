from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from viewer.controllers.evaluation import NO_NETWORK, EvaluationController
from viewer.core.records import Picture
from viewer.core.training.report import Report, reliability_of, report_of
from viewer.services.evaluation import EvaluationJob, EvaluationService, NetworkSource
from viewer.widgets.confusion_view import ConfusionView
from viewer.widgets.evaluation_view import EvaluationView
from viewer.widgets.evaluation_view_tiles import picture_of
from viewer.widgets.reliability_view import ReliabilityView
from viewer.widgets.style import Appearance
from viewer.widgets.theme import LIGHT, Theme

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
    assert view.headline_texts() == (
        "mlp",
        "51.85 %",
        "MNIST test",
        "13 of 27 wrong",
        "Loss 0.5 nats",
        f"Calibration error {100 * report().reliability.error:.1f} %",
    )


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
    assert view.tiles_title() == "4 → 9: 12 images"
    click(view.confusion, (4, 9))
    assert view.confusion.selected is None
    assert view.tiles.indices == tuple(report().mistakes)


def test_back_to_all_mistakes(view: EvaluationView) -> None:
    click(view.confusion, (1, 1))
    assert view.tiles_title() == "1 → 1: 2 images"
    (button,) = view.findChildren(QToolButton)
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


def test_class_scores(view: EvaluationView) -> None:
    found = report()
    assert view.scores.text_of(4, 0) == f"{100 * found.precision[4]:.1f} %"
    assert view.scores.text_of(4, 1) == "40.0 %"
    assert view.scores.text_of(0, 2) == "–"
    assert "Recall 40.0 %: that share of the images of 4 are read as 4" in view.scores.tip_of(4)


def test_nothing_yet_says_what_to_do(place: Placer, qtbot: QtBot) -> None:
    view = place(EvaluationView())
    assert view.headline_texts()[0] == "No evaluation yet"
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


def test_all_of_it_fits_the_smallest_window(view: EvaluationView) -> None:
    assert view.minimumSizeHint().width() <= 1024
    assert view.minimumSizeHint().height() <= 240


def test_what_a_bin_says(place: Placer) -> None:
    view = place(ReliabilityView())
    confidences = np.array([0.95] * 3 + [0.5], np.float32)
    view.set_reliability(reliability_of(confidences, np.array([True, True, False, True])))
    assert view.title() == "Calibration error 33.75 %"
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
    assert joined.view.headline_texts()[0] == "mlp"
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
    assert joined.view.headline_texts()[0] == "mlp"


def test_without_a_network_it_says_so(joined: Joined, qtbot: QtBot) -> None:
    joined.job = None
    with qtbot.waitSignal(joined.controller.failed) as failed:
        joined.button("Evaluate").click()
    assert failed.args == [NO_NETWORK]
    assert not joined.service.jobs


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
