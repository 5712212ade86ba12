from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QRect
from PyQt6.QtGui import QColor, QFontMetricsF, QImage
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QSlider, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from viewer.controllers.training.comparison import ComparisonController
from viewer.core.records import Picture
from viewer.core.training.report import Robustness
from viewer.services.comparison import (
    SHIPPED_PAIR,
    ComparisonService,
    MovedAnswer,
    MovedRequest,
    RobustnessJob,
    RobustnessService,
)
from viewer.services.evaluation import NetworkSource
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.evaluation.comparison import TRAIN_TIP, ComparisonView
from viewer.widgets.plot_style import run_color
from viewer.widgets.style import Appearance
from viewer.widgets.theme import TextSize, Theme, text_font

QTest: Any = _QTest  # its stubs give its static methods a `self`
W = TypeVar("W", bound=QWidget)


class Placer(Protocol):
    def __call__(self, widget: W) -> W: ...


NAMES = tuple("0123456789")
PICTURE = Picture(np.zeros((28, 28), np.float32), "seven", prepared=True)


def robustness() -> Robustness:
    shifts = np.arange(7)
    rotations = np.arange(-60.0, 61, 10)
    return Robustness(
        ("mlp", "digits"),
        "MNIST",
        2000,
        shifts,
        np.stack((1 - shifts / 8, 1 - shifts / 16)),
        rotations,
        np.stack((1 - np.abs(rotations) / 80, 1 - np.abs(rotations) / 160)),
    )


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


@pytest.fixture
def view(place: Placer) -> ComparisonView:
    return place(ComparisonView())


def button(view: QWidget, text: str) -> QPushButton:
    (found,) = (b for b in view.findChildren(QPushButton) if b.text() == text)
    return found


def notes(view: QWidget) -> set[str]:
    return {label.text() for label in view.findChildren(ElidedLabel)}


def slider(view: QWidget, name: str) -> QSlider:
    (found,) = (s for s in view.findChildren(QSlider) if s.accessibleName() == name)
    return found


def test_the_sliders_say_where_they_stand(view: ComparisonView, qtbot: QtBot) -> None:
    places: list[tuple[int, int, float]] = []
    view.shift_changed.connect(lambda *values: places.append(values))
    slider(view, "Right").setValue(4)
    slider(view, "Down").setValue(-6)
    slider(view, "Turn").setValue(-3)
    assert places == [(4, 0, 0.0), (4, -6, 0.0), (4, -6, -15.0)]
    button(view, "Centre").click()
    assert places[-1] == (0, 0, 0.0)
    assert not button(view, "Centre").isEnabled()
    with qtbot.assertNotEmitted(view.shift_changed):
        view.set_shift(1, 2, 30)
    assert view.shift() == (1, 2, 30.0)


def test_the_sliders_ends(view: ComparisonView) -> None:
    ends = []
    for name in ("Right", "Down", "Turn"):
        one = slider(view, name)
        for end in (one.minimum(), one.maximum()):
            one.setValue(end)
            ends.append(view.shift()[("Right", "Down", "Turn").index(name)])
    assert ends == [-6, 6, -6, 6, -60, 60]


def test_an_answer(view: ComparisonView) -> None:
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[7] = 0.91
    view.set_answers(1, "digits", probabilities, NAMES)
    assert view.columns[1].winner() == "7  91.0 %"
    assert view.columns[1].rows() == list(range(10))
    assert view.columns[0].winner() is None
    view.set_answers(1, "digits", None, NAMES)
    assert view.columns[1].winner() is None


def test_of_many_classes_the_ten_most_probable(view: ComparisonView) -> None:
    probabilities = (np.arange(47) / 1081).astype(np.float32)
    view.set_answers(0, "letters", probabilities, tuple(f"name {i}" for i in range(47)))
    assert view.columns[0].rows() == list(range(46, 36, -1))
    view.columns[0].grab()


def test_accuracies_are_plotted(view: ComparisonView, theme: Theme) -> None:
    view.set_theme(theme)
    view.set_robustness(robustness())
    plot = view.shift_plot
    image = QImage(plot.size(), QImage.Format.Format_RGB32)
    image.fill(theme.color("surface"))
    plot.render(image)
    rect = plot.plot_rect()
    for index, accuracy in enumerate((1 - 3 / 8, 1 - 3 / 16)):  # at 3 px, half way
        y = rect.bottom() - accuracy / 1.02 * rect.height()
        found = image.pixelColor(QPointF(rect.center().x(), y).toPoint())
        assert found == QColor(run_color(index, theme))
    assert "From 2,000 MNIST test images." in notes(view)


def test_the_values_under_the_mouse(view: ComparisonView, qtbot: QtBot) -> None:
    view.set_robustness(robustness())
    plot = view.rotation_plot
    assert plot.text_of(0) == "−60°: mlp 25.0 %, digits 62.5 %"
    assert view.shift_plot.text_of(2) == "2 px: mlp 75.0 %, digits 87.5 %"
    with qtbot.waitSignal(plot.hover_changed) as hovered:
        QTest.mouseMove(plot, plot.plot_rect().center().toPoint())
    assert hovered.args == ["0°: mlp 100.0 %, digits 100.0 %"]


def test_nothing_jumps_while_accuracies_are_taken(view: ComparisonView) -> None:
    def places() -> list[QRect]:
        QApplication.processEvents()
        parts = (button(view, "Train both"), view.shift_plot, view.rotation_plot, *view.columns)
        return [QRect(part.mapTo(view, QPoint(0, 0)), part.size()) for part in parts]

    view.resize(1024, 240)
    before = places()
    view.set_running(True)
    assert places() == before
    assert button(view, "Cancel").isVisible() and not button(view, "Measure").isVisible()


def test_the_sliders_stay_in_sight_where_there_is_little_room(view: ComparisonView) -> None:
    (tabs,) = view.findChildren(QTabBar)
    view.resize(view.minimumSizeHint())
    QApplication.processEvents()
    assert view.minimumSizeHint().width() <= 461  # of the smallest window, beside a lesson
    assert view.minimumSizeHint().height() <= 212
    assert slider(view, "Turn").isVisible() and not view.shift_plot.isVisible()
    assert all(column.isVisible() for column in view.columns)
    tabs.setCurrentIndex(1)
    assert view.shift_plot.isVisible() and not slider(view, "Turn").isVisible()
    view.resize(739, 212)
    QApplication.processEvents()
    assert view.shift_plot.isVisible() and slider(view, "Turn").isVisible()
    assert not tabs.isVisible()


@pytest.mark.parametrize("width", [739, 1200])
def test_numbers_and_titles_of_the_axes_fit(view: ComparisonView, width: int) -> None:
    view.resize(width, 240)
    QApplication.processEvents()
    metrics = QFontMetricsF(text_font(TextSize.SMALL))
    for plot in (view.shift_plot, view.rotation_plot):
        assert metrics.horizontalAdvance(plot.axis_title()) <= plot.width()
        ticks = plot.ticks()
        pitch = plot.plot_rect().width() / (len(ticks) - 1)
        widest = max(metrics.horizontalAdvance(f"{tick:g}".replace("-", "−")) for tick in ticks)
        assert widest < pitch
        assert {ticks[0], ticks[-1], 0} <= {*ticks}
        assert plot.plot_rect().right() + widest / 2 <= plot.width() + 1


class Live(ComparisonService):
    """Keeps what it is asked, and answers nothing by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    def set_networks(self, networks: tuple[NetworkSource, ...] = SHIPPED_PAIR) -> None:
        self.asked.append(networks)

    def submit(self, request: MovedRequest) -> None:
        self.asked.append(request)


class Measuring(RobustnessService):
    """Keeps what it is asked, and measures nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[RobustnessJob] = []
        self.cancels = 0

    def submit(self, job: RobustnessJob) -> None:
        self.jobs.append(job)

    def cancel(self) -> None:
        self.cancels += 1


class Joined:
    """A controller with what it joins."""

    def __init__(self, view: ComparisonView) -> None:
        self.view, self.live, self.measuring = view, Live(), Measuring()
        self.controller = ComparisonController(view, self.live, self.measuring)


@pytest.fixture
def joined(view: ComparisonView) -> Joined:
    return Joined(view)


def answer(title: str, best: int) -> MovedAnswer:
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[best] = 0.91
    return MovedAnswer(title, NAMES, probabilities, PICTURE.pixels)


def test_nothing_is_asked_out_of_sight(joined: Joined) -> None:
    joined.controller.set_source(PICTURE)
    slider(joined.view, "Right").setValue(2)
    assert not joined.live.asked
    joined.controller.set_active(True)
    assert joined.live.asked == [SHIPPED_PAIR, MovedRequest(PICTURE, dx=2)]
    joined.controller.set_active(False)
    slider(joined.view, "Right").setValue(3)
    assert len(joined.live.asked) == 2


def test_each_movement_of_a_slider_asks(joined: Joined) -> None:
    joined.controller.set_active(True)
    assert joined.live.asked == [SHIPPED_PAIR]  # there is no drawing yet
    joined.controller.set_source(PICTURE, raw=True)
    slider(joined.view, "Turn").setValue(2)
    assert joined.live.asked[1:] == [
        MovedRequest(PICTURE, raw=True),
        MovedRequest(PICTURE, raw=True, degrees=10.0),
    ]


def test_answers_of_the_pair_are_shown(joined: Joined) -> None:
    joined.controller.set_active(True)
    joined.live.answers_ready.emit((answer("mlp", 1), answer("digits", 7)))
    assert [c.winner() for c in joined.view.columns] == ["1  91.0 %", "7  91.0 %"]
    joined.controller.set_networks(NetworkSource("run a"), NetworkSource("run b"), "letters")
    joined.live.answers_ready.emit((answer("mlp", 3), answer("digits", 3)))  # too late
    assert [c.winner() for c in joined.view.columns] == [None, None]


def test_measuring(joined: Joined, qtbot: QtBot) -> None:
    button(joined.view, "Measure").click()
    assert joined.measuring.jobs == [RobustnessJob(SHIPPED_PAIR, "")]
    button(joined.view, "Cancel").click()
    assert joined.measuring.cancels == 1
    joined.measuring.cancelled.emit()
    assert not button(joined.view, "Measure").isHidden()
    button(joined.view, "Measure").click()
    joined.measuring.robustness_ready.emit(robustness())
    assert "From 2,000 MNIST test images." in notes(joined.view)
    button(joined.view, "Measure").click()
    with qtbot.waitSignal(joined.controller.failed) as failed:
        joined.measuring.failed.emit("It went wrong.")
    assert failed.args == ["It went wrong."]
    assert not button(joined.view, "Measure").isHidden()


def test_training_is_asked_for(joined: Joined, qtbot: QtBot) -> None:
    with qtbot.waitSignal(joined.controller.train_requested):
        button(joined.view, "Train both").click()
    joined.controller.set_trainable("A run is under way.")
    train = button(joined.view, "Train both")
    assert (train.isEnabled(), train.toolTip()) == (False, "A run is under way.")
    joined.controller.set_trainable()
    assert (train.isEnabled(), train.toolTip()) == (True, TRAIN_TIP)
