"""The sliding window, as it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QFontMetricsF
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import WindowMaker
from tests.small_net import SmallNet, drawing, small_net
from viewer.controllers.explain import SlidingDock
from viewer.controllers.sliding import SlidingController
from viewer.controllers.views import ViewController
from viewer.core.imaging.display import DisplaySettings
from viewer.core.records import Selection
from viewer.widgets.cells import number_text
from viewer.widgets.flow.view import FlowView
from viewer.widgets.icons import IconSet
from viewer.widgets.inspector.view import Inspector
from viewer.widgets.sliding.numbers import fit
from viewer.widgets.sliding.predict import NO_NUMBER
from viewer.widgets.sliding.scene import Scene
from viewer.widgets.sliding.view import NO_NETWORK, NO_RECORD, NOTHING_SLIDES, SlidingView
from viewer.widgets.style import Appearance
from viewer.widgets.theme import LIGHT, Theme, text_font

QTest: Any = _QTest  # its stubs give its static methods a `self`
SIZES = [(720, 420), (1024, 640), (1440, 900)]


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize("cell_px", [36.0, 38.0, 41.0, 48.0, 54.0])
def test_numbers_of_neighbouring_cells_stand_apart(cell_px: float) -> None:
    values = np.array([-0.424, 0.129], np.float32)
    found = fit(values, cell_px)
    assert found is not None
    decimals, font_px = found
    font = text_font()
    font.setPixelSize(font_px)
    widest = QFontMetricsF(font).horizontalAdvance(number_text(values[0], decimals))
    space = QFontMetricsF(font).horizontalAdvance(" ")
    assert decimals >= 2 and cell_px - widest >= min(space, 4)


@pytest.fixture
def view(qtbot: QtBot, appearance: Appearance, net: SmallNet) -> Iterator[SlidingView]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(720, 420)
    widget = SlidingView(window)
    widget.resize(720, 420)
    widget.set_animated(False)
    widget.set_network(net.network)
    widget.set_weights(net.weights)
    widget.set_record(net.record(drawing(1)))
    with qtbot.waitExposed(window):
        window.show()
    yield widget


def scene(view: SlidingView) -> Scene:
    assert view.scene is not None
    return view.scene


def visited(view: SlidingView) -> list[tuple[int, int]]:
    known = scene(view).map.known
    assert known is not None
    return [(int(y), int(x)) for y, x in np.argwhere(known)]


def map_point(view: SlidingView, y: int, x: int) -> QPoint:
    assert view.canvas.picture is not None
    return view.canvas.picture.map.cell_rect(y, x).center().toPoint()


def key(view: SlidingView, code: Qt.Key) -> None:
    QTest.keyClick(view.canvas, code)


def test_it_starts_at_the_first_cell_of_the_first_layer(view: SlidingView) -> None:
    assert view.slide is not None
    assert (view.slide.node.name, view.cell) == ("conv1", (0, 0))
    assert visited(view) == [(0, 0)]
    offered = [view.chooser.layer.itemText(i) for i in range(view.chooser.layer.count())]
    assert offered == ["conv1", "pool1", "conv2", "pool2"]


def test_it_starts_where_it_is_put(view: SlidingView) -> None:
    view.move_to(3, 4)
    assert visited(view) == [(3, 4)]
    view.move_to(5, 6)
    assert visited(view) == [(3, 4), (5, 6)]


def test_steps_go_row_by_row_and_fill_the_map(view: SlidingView) -> None:
    for _ in range(28):
        QTest.mouseClick(view.player.button("forward"), Qt.MouseButton.LeftButton)
    assert view.cell == (1, 0)
    assert len(visited(view)) == 29
    QTest.mouseClick(view.player.button("back"), Qt.MouseButton.LeftButton)
    assert view.cell == (0, 27)
    assert len(visited(view)) == 29


def test_first_empties_and_last_fills(view: SlidingView) -> None:
    QTest.mouseClick(view.player.button("last"), Qt.MouseButton.LeftButton)
    assert view.cell == (27, 27)
    assert len(visited(view)) == 28 * 28
    QTest.mouseClick(view.player.button("first"), Qt.MouseButton.LeftButton)
    assert view.cell == (0, 0)
    assert visited(view) == [(0, 0)]


def test_keys(view: SlidingView) -> None:
    for code, cell in (
        (Qt.Key.Key_Right, (0, 1)),
        (Qt.Key.Key_Down, (1, 1)),
        (Qt.Key.Key_Left, (1, 0)),
        (Qt.Key.Key_Left, (1, 0)),  # the edge
        (Qt.Key.Key_Up, (0, 0)),
        (Qt.Key.Key_End, (27, 27)),
        (Qt.Key.Key_Home, (0, 0)),
    ):
        key(view, code)
        assert view.cell == cell
    key(view, Qt.Key.Key_Space)
    assert view.player.playing
    key(view, Qt.Key.Key_Space)
    assert not view.player.playing


def test_playing_reaches_the_end_and_stops(qtbot: QtBot, view: SlidingView) -> None:
    view.select("pool2", 0)  # 3 × 3
    view.player.speed.setValue(view.player.speed.maximum())
    view.player.toggle()
    qtbot.waitUntil(lambda: not view.player.playing)
    assert view.cell == (2, 2)
    assert len(visited(view)) == 9
    view.player.toggle()  # again, from the start
    assert view.player.playing
    assert view.cell == (0, 0)
    view.player.toggle()


def test_nothing_plays_that_nobody_sees(view: SlidingView) -> None:
    view.player.toggle()
    view.hide()
    assert not view.player.playing


def test_drag_on_the_map_and_on_the_input(view: SlidingView) -> None:
    canvas = view.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=map_point(view, 4, 6))
    assert view.cell == (4, 6)
    QTest.mouseMove(canvas, map_point(view, 8, 3))
    assert view.cell == (8, 3)
    QTest.mouseMove(canvas, QPoint(canvas.width() - 1, canvas.height() - 1))
    assert view.cell == (27, 27)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    QTest.mouseMove(canvas, map_point(view, 0, 0))
    assert view.cell == (27, 27)
    assert canvas.picture is not None
    place = canvas.picture.input.cell_rect(13, 15).center().toPoint()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.cell == (13, 15)  # its window's middle


def test_cell_changed_says_where(qtbot: QtBot, view: SlidingView) -> None:
    with qtbot.waitSignal(view.cell_changed) as found:
        view.move_to(3, 4)
    assert found.args == [Selection("conv1", 0, 3, 4)]


@pytest.mark.parametrize("layer", ["conv1", "conv2", "pool1", "pool2"])
def test_the_numbers_are_torchs(view: SlidingView, net: SmallNet, layer: str) -> None:
    view.select(layer, 1)
    view.move_to(2, 1)
    item = scene(view).item
    expected = net.output(drawing(1), layer)[1, 2, 1]
    assert item.value == pytest.approx(expected, abs=1e-6)
    assert item.difference == pytest.approx(0, abs=1e-5)
    assert view.player.place().startswith("y 2, x 1")


def test_it_stays_live_and_where_it_is(view: SlidingView, net: SmallNet) -> None:
    view.move_to(9, 9)
    view.move_to(9, 10)
    before = view.sums.lines()
    view.set_record(net.record(drawing(2), generation=2))
    assert view.cell == (9, 10)
    assert len(visited(view)) == 2
    expected = net.output(drawing(2), "conv1")[0, 9, 10]
    assert scene(view).item.value == pytest.approx(expected, abs=1e-6)
    assert view.sums.lines()[:3] != before[:3]


def test_what_changes_unseen_is_there_when_it_is_seen(view: SlidingView, net: SmallNet) -> None:
    old = scene(view)
    view.hide()
    view.set_record(net.record(drawing(2), generation=2))
    assert scene(view) is old  # no work for nobody
    view.show()
    expected = net.output(drawing(2), "conv1")[0, 0, 0]
    assert scene(view).item.value == pytest.approx(expected, abs=1e-6)


def test_another_filter_keeps_the_place_another_layer_does_not(view: SlidingView) -> None:
    view.move_to(9, 9)
    view.chooser.filter.setValue(2)
    assert view.slide is not None
    assert (view.slide.channel, view.cell) == (2, (9, 9))
    assert view.select("conv2", 5)
    assert view.cell == (0, 0)
    view.chooser.in_channel.setValue(3)
    assert scene(view).item.in_channel == 3
    assert not view.select("fc1", 0)
    assert view.slide.node.name == "conv2"


def test_choosing_here_says_so(qtbot: QtBot, view: SlidingView) -> None:
    with qtbot.waitSignal(view.filter_changed) as found:
        view.chooser.filter.setValue(3)
    assert found.args == ["conv1", 3]
    with qtbot.assertNotEmitted(view.filter_changed):
        view.select("conv2", 1)


def predict(view: SlidingView, text: str) -> str:
    view.predict.answer.setText(text)
    QTest.keyClick(view.predict.answer, Qt.Key.Key_Return)
    return view.predict.said()


def test_predict_hides_checks_and_counts(view: SlidingView, net: SmallNet) -> None:
    view.chooser.predict.setChecked(True)
    assert view.cell == (0, 1)  # the first cell was known
    value = float(net.output(drawing(1), "conv1")[0, 0, 1])
    assert scene(view).hidden
    assert (0, 1) not in visited(view)
    assert "?" in view.sums.lines()[1]
    assert predict(view, "seven") == NO_NUMBER
    assert view.predict.asked == 0
    assert predict(view, f"{value:.3f}").startswith("Right")
    assert not scene(view).hidden
    assert (0, 1) in visited(view)
    QTest.keyClick(view.predict.answer, Qt.Key.Key_Return)  # on
    assert view.cell == (0, 2)
    assert view.predict.answer.text() == ""
    assert predict(view, f"{value + 7:.3f}").startswith("Not")
    assert (view.predict.right, view.predict.asked) == (1, 2)


def test_a_prediction_is_checked_against_the_live_value(view: SlidingView, net: SmallNet) -> None:
    view.select("conv1", 1)
    view.chooser.predict.setChecked(True)
    view.move_to(12, 12)
    view.set_record(net.record(drawing(2), generation=2))
    value = float(net.output(drawing(2), "conv1")[1, 12, 12])
    stale = float(net.output(drawing(1), "conv1")[1, 12, 12])
    assert abs(value - stale) > 0.5
    assert scene(view).hidden
    assert predict(view, f"{value:.3f}").startswith("Right")


def test_stepping_past_a_question_gives_nothing_away(view: SlidingView) -> None:
    view.chooser.predict.setChecked(True)
    key(view, Qt.Key.Key_Right)
    key(view, Qt.Key.Key_End)
    key(view, Qt.Key.Key_Space)
    assert visited(view) == [(0, 0)]
    assert not view.player.playing
    view.move_to(0, 0)
    assert not scene(view).hidden
    assert view.predict.answered
    view.chooser.predict.setChecked(False)
    assert not view.predict.isVisible()


def test_hover_has_all_digits(view: SlidingView, net: SmallNet) -> None:
    view.move_to(5, 5)
    assert view.canvas.picture is not None
    spot = view.canvas.picture.kernel.cell_rect(1, 3).center().toPoint()
    QTest.mouseMove(view.canvas, spot)
    text = view.sums.lines()[3]
    weight = text.split("weight 1, 3: ")[1].split("  =")[0].replace("−", "-")
    assert np.float32(weight) == net.weights.weights["conv1"][0, 0, 1, 3]
    QTest.mouseMove(view.canvas, map_point(view, 9, 9))
    assert view.sums.lines()[3].endswith("not visited yet")


def test_a_step_glides_only_where_motion_is_wanted(view: SlidingView) -> None:
    gliding = []
    view.step(1)
    gliding.append(view.canvas.gliding)
    view.set_animated(True)
    view.step(1)
    gliding.append(view.canvas.gliding)
    view.move_to(20, 20)
    gliding.append(view.canvas.gliding)
    assert gliding == [False, True, False]


def test_a_difference_is_never_hidden(view: SlidingView, net: SmallNet) -> None:
    other = {**net.weights.weights, "conv1": net.weights.weights["conv1"] + np.float32(0.5)}
    view.set_weights(replace(net.weights, weights=other))
    item = scene(view).item
    assert abs(item.difference) > 0.1
    assert "difference" in view.sums.lines()[2]
    assert not view.sums.agrees


def test_what_to_do_when_there_is_nothing(
    qtbot: QtBot, appearance: Appearance, net: SmallNet
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    view = SlidingView(window)
    window.show()
    assert view.canvas.message == NO_NETWORK
    view.set_network(net.network)
    assert view.canvas.message == NO_RECORD
    assert not view.player.button("play").isEnabled()
    key(view, Qt.Key.Key_Right)
    dense = replace(net.network, nodes=(net.network.nodes[0], *net.network.nodes[7:]))
    view.set_network(dense)
    assert view.canvas.message == NOTHING_SLIDES
    view.step(1)
    view.go_to_end(1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layer", ["conv1", "conv2", "pool1"])
def test_it_is_painted(view: SlidingView, theme: Theme, layer: str, size: tuple[int, int]) -> None:
    window = view.window()
    assert window is not None
    window.resize(*size)
    view.resize(*size)
    view.set_theme(theme)
    view.set_icons(IconSet(), theme)
    view.set_display(DisplaySettings(dark=theme.dark))
    view.select(layer, 1)
    view.move_to(3, 4)
    plain = view.grab().toImage()
    view.chooser.numbers.setChecked(True)
    assert view.grab().toImage() != plain
    assert len(view.sums.term_rows()) <= 2  # none is left out


def test_no_control_is_cut_off_in_the_smallest_window(
    qapp: QApplication, view: SlidingView, theme: Theme
) -> None:
    view.set_icons(IconSet(), theme)
    view.chooser.predict.setChecked(True)
    view.chooser.layer.addItem("features.conv1")
    view.chooser.layer.setCurrentText("features.conv1")
    qapp.processEvents()
    for part in (view.chooser, view.player, view.predict):
        for child in part.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            assert part.rect().contains(child.geometry()), child
            assert child.width() >= child.minimumSizeHint().width()
    assert view.minimumSizeHint().width() <= 720
    assert view.minimumSizeHint().height() <= 420


def test_weights_wait_for_their_record(net: SmallNet) -> None:
    view = MagicMock(spec=SlidingView)
    controller = SlidingController(view)
    controller.set_record(net.record(drawing(1)))
    view.set_record.assert_not_called()  # no network yet
    controller.set_network(net.network, net.weights)
    view.set_weights.assert_called_once_with(net.weights)
    later = replace(net.weights, step=20)
    controller.set_weights(later)
    old = net.record(drawing(1), generation=3, step=10)
    controller.set_record(old)
    view.set_weights.assert_called_once()
    new = net.record(drawing(1), generation=4, step=20)
    controller.set_record(new)
    view.set_weights.assert_called_with(later)
    view.set_record.assert_called_with(new)
    controller.set_record(old)  # older than what is shown
    view.set_record.assert_called_with(new)


def test_the_controller_passes_on_what_is_chosen(net: SmallNet, theme: Theme) -> None:
    view = MagicMock(spec=SlidingView)
    view.select.return_value = False
    controller = SlidingController(view)
    controller.set_theme(theme)
    controller.set_display(DisplaySettings(dark=True))
    assert not controller.select("fc1", 3)
    view.set_theme.assert_called_once_with(theme)
    view.set_display.assert_called_once_with(DisplaySettings(dark=True))
    view.select.assert_called_once_with("fc1", 3)


class Joined:
    """A window with its views, and the sliding window as a dock."""

    def __init__(self, make_window: WindowMaker, net: SmallNet) -> None:
        self.window = make_window(1024, 640)
        flow, inspector = FlowView(LIGHT), Inspector()
        self.views = ViewController(
            flow, inspector, self.window.prediction, self.window.pad_panel.preview, self.window
        )
        self.window.set_central(flow)
        self.window.set_inspector(inspector)
        self.dock = SlidingDock(self.window, self.views, self.window)
        self.views.set_network(net.network, net.weights)
        self.views.set_record(net.record(drawing(1)))

    @property
    def view(self) -> SlidingView:
        assert self.dock.view is not None
        return self.dock.view


@pytest.fixture
def joined(qtbot: QtBot, make_window: WindowMaker, net: SmallNet) -> Joined:
    joined = Joined(make_window, net)
    joined.views.select(Selection("conv2", 2, 4, 5))
    joined.dock.show()
    qtbot.waitUntil(lambda: joined.view.scene is not None)
    return joined


def test_it_opens_where_something_is_selected_and_changes_nothing(joined: Joined) -> None:
    assert joined.view.slide is not None
    assert (joined.view.slide.node.name, joined.view.slide.channel) == ("conv2", 2)
    assert joined.view.cell == (4, 5)
    assert joined.views.selection == Selection("conv2", 2, 4, 5)


def test_where_it_goes_is_selected(qtbot: QtBot, joined: Joined) -> None:
    joined.view.step(1)
    qtbot.waitUntil(lambda: joined.views.selection == Selection("conv2", 2, 4, 6))
    for _ in range(5):
        joined.view.step(1)
    qtbot.waitUntil(lambda: joined.views.selection == Selection("conv2", 2, 4, 11))
    joined.view.chooser.filter.setValue(3)
    assert joined.views.selection == Selection("conv2", 3, 4, 11)


def test_it_goes_where_something_is_selected_elsewhere(joined: Joined) -> None:
    joined.views.select(Selection("relu1", 1, 20, 7))
    assert joined.view.slide is not None and joined.view.slide.node.name == "conv1"
    assert joined.view.cell == (20, 7)
    assert joined.views.selection == Selection("relu1", 1, 20, 7)
    before = joined.view.cell
    joined.views.select(Selection("fc1", 3))  # nothing slides there
    assert joined.view.cell == before
    assert joined.views.selection == Selection("fc1", 3)


def test_what_is_to_be_predicted_is_not_selected(qtbot: QtBot, joined: Joined) -> None:
    joined.view.chooser.predict.click()
    joined.view.step(1)
    assert joined.view.predicting
    assert not joined.dock._pace.isActive()
    assert joined.views.selection == Selection("conv2", 2, 4, 5)


def test_another_network_selects_nothing(joined: Joined, net: SmallNet) -> None:
    joined.views.select(None)
    joined.views.set_network(net.network, net.weights)
    assert joined.views.selection is None
    assert not joined.dock._pace.isActive()


def test_reduced_motion_reaches_it_before_and_after_it_is_built(
    make_window: WindowMaker, net: SmallNet
) -> None:
    joined = Joined(make_window, net)
    joined.dock.set_animated(False)
    joined.dock.show()
    assert joined.view._animated is False
    joined.dock.set_animated(True)
    assert joined.view._animated is True
