from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.small_net import DEAD_CHANNEL, SmallNet, drawing, small_net
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.records import ActivationRecord, Selection, WeightsKind
from viewer.widgets.flow import overlay as flow_overlay
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import LIGHT, Theme

# PyQt's annotations of QTest take "self" for an argument.
KEYS_AND_MOUSE: Any = QTest

SIZE = (860, 760)
NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.fixture
def view(qtbot: QtBot, fonts: None, net: SmallNet) -> FlowView:
    return shown_view(qtbot, net, LIGHT)


def shown_view(qtbot: QtBot, net: SmallNet, theme: Theme) -> FlowView:
    view = FlowView(theme)
    qtbot.addWidget(view)
    view.resize(*SIZE)
    view.set_display(DisplaySettings(dark=theme.dark))
    view.set_network(net.network)
    view.set_weights(net.weights)
    with qtbot.waitExposed(view):
        view.show()
    return view


def picture(view: FlowView) -> QImage:
    return view.grab().toImage()


def color_at(image: QImage, view: FlowView, selection: Selection) -> int:
    """Return the colour in the middle of a cell as 0xFFRRGGBB."""
    place = view.cell_rect(selection).center() * image.devicePixelRatio()
    return image.pixelColor(int(place.x()), int(place.y())).rgb()


def place(view: FlowView, selection: Selection) -> QPoint:
    return view.cell_rect(selection).center().toPoint()


def hover(view: FlowView, selection: Selection, qtbot: QtBot) -> None:
    KEYS_AND_MOUSE.mouseMove(view.viewport(), place(view, selection))


def layer_colors(
    record: ActivationRecord, name: str, settings: DisplaySettings, *, signed: bool
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    values = record.outputs[name]
    return scale_for(values, signed=signed, settings=settings).apply(values)


def test_colours_are_right_after_every_new_input(view: FlowView, net: SmallNet) -> None:
    for seed in range(4):
        record = net.record(drawing(seed), generation=seed)
        view.set_record(record)
        image = picture(view)
        for name, signed in (("conv1", True), ("relu2", False), ("fc2", True)):
            colors = layer_colors(record, name, DisplaySettings(), signed=signed)
            for index in ((0, 3, 4), (2, 5, 1), (1, 7, 7)):
                cell = Selection(name, *index) if colors.ndim == 3 else Selection(name, index[0])
                expected = colors[index] if colors.ndim == 3 else colors[index[0]]
                assert color_at(image, view, cell) == expected, (seed, name, index)


def test_every_pixel_of_every_map_is_where_the_view_says(view: FlowView, net: SmallNet) -> None:
    record = net.record(drawing(1))
    view.set_record(record)
    image = picture(view)
    colors = layer_colors(record, "relu1", DisplaySettings(), signed=False)
    for index in np.ndindex(colors.shape):
        channel, y, x = (int(i) for i in index)
        assert color_at(image, view, Selection("relu1", channel, y, x)) == colors[index]


@pytest.mark.parametrize("scope", list(Scope))
def test_the_scope_decides_the_colours(view: FlowView, net: SmallNet, scope: Scope) -> None:
    settings = DisplaySettings(scope=scope, sequential="magma", signed="tutorial")
    record = net.record(drawing(2))
    view.set_record(record)
    view.set_display(settings)
    limits = None
    if scope is Scope.NETWORK:
        computed = [v for n, v in record.outputs.items() if n not in ("input", "softmax")]
        limits = (0.0, float(max(np.abs(v).max() for v in computed)))
    values = record.outputs["relu2"]
    scale = scale_for(values, signed=False, settings=settings, limits=limits)
    image = picture(view)
    for index in ((0, 3, 4), (2, 5, 1), (5, 7, 7)):
        assert color_at(image, view, Selection("relu2", *index)) == scale.apply(values)[index]


def test_kernels_have_the_colours_of_their_weights(view: FlowView, net: SmallNet) -> None:
    weights = net.weights.weights["conv2"]
    colors = scale_for(weights, signed=True, settings=DisplaySettings()).apply(weights)
    image = picture(view)
    for channel, in_channel, y, x in ((0, 0, 0, 0), (5, 3, 2, 1), (2, 1, 1, 1)):
        cell = Selection("conv2", channel, y, x, in_channel)
        assert color_at(image, view, cell) == colors[channel, in_channel, y, x]
    other = replace(net.weights, weights=MappingProxyType({"conv2": -weights}))
    view.set_weights(other)
    flipped = scale_for(-weights, signed=True, settings=DisplaySettings()).apply(-weights)
    cell = Selection("conv2", 5, 2, 1, 3)
    assert color_at(picture(view), view, cell) == flipped[5, 3, 2, 1]


def test_a_record_is_reported_once_it_is_painted(
    view: FlowView, net: SmallNet, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(view.record_painted) as painted:
        view.set_record(net.record(drawing(0), generation=41))
    assert painted.args == [41]
    with qtbot.assertNotEmitted(view.record_painted):
        picture(view)


def test_only_the_latest_of_several_records_is_painted(
    view: FlowView, net: SmallNet, qtbot: QtBot
) -> None:
    painted: list[int] = []
    view.record_painted.connect(painted.append)
    for generation in (1, 2, 3):
        view.set_record(net.record(drawing(generation), generation=generation))
    qtbot.waitUntil(lambda: bool(painted))
    assert painted == [3]


def test_no_record_shows_quiet_tiles_and_the_hint(view: FlowView, net: SmallNet) -> None:
    cell = Selection("relu1", 1, 3, 3)
    quiet = QColor(LIGHT.window).rgb()
    assert color_at(picture(view), view, cell) == quiet
    without = picture(view)
    view.set_message("Draw a digit")
    assert picture(view) != without
    view.set_record(net.record(drawing(0)))
    with_record = picture(view)
    view.set_message("")
    assert picture(view) == with_record
    view.set_record(None)
    assert color_at(picture(view), view, cell) == quiet


def test_without_a_network_only_the_message_is_shown(
    qtbot: QtBot, fonts: None, theme: Theme
) -> None:
    view = FlowView(theme)
    qtbot.addWidget(view)
    view.resize(400, 300)
    blank = picture(view)
    assert blank.pixelColor(200, 150).name() == theme.window
    view.set_message("Loading network…")
    assert picture(view) != blank
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Plus)
    assert view.layout_shown() is None


def test_hover_tells_the_pixel_and_the_value(view: FlowView, net: SmallNet, qtbot: QtBot) -> None:
    record = net.record(drawing(0))
    view.set_record(record)
    cell = Selection("conv2", 2, 5, 6)
    with qtbot.waitSignal(view.hover_changed) as hovered:
        hover(view, cell, qtbot)
    assert hovered.args == [cell]
    scene = view._scene
    assert scene is not None
    assert scene.value(cell) == record.outputs["conv2"][2, 5, 6]
    where, value = flow_overlay.readout(scene, cell)
    assert where == "conv2  channel 2, y 5, x 6"
    assert np.float32(value.replace("−", "-")) == record.outputs["conv2"][2, 5, 6]
    with qtbot.waitSignal(view.hover_changed) as left:
        QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    assert left.args == [None]


def test_hover_over_a_kernel_tells_the_weight(view: FlowView, net: SmallNet, qtbot: QtBot) -> None:
    cell = Selection("conv2", 4, 2, 1, in_channel=3)
    with qtbot.waitSignal(view.hover_changed) as hovered:
        hover(view, cell, qtbot)
    assert hovered.args == [cell]
    assert view._scene is not None
    assert view._scene.value(cell) == net.weights.weights["conv2"][4, 3, 2, 1]


def test_hover_over_a_gap_tells_nothing(view: FlowView, qtbot: QtBot) -> None:
    hover(view, Selection("conv1", 0, 3, 3), qtbot)
    layout = view.layout_shown()
    assert layout is not None
    title = layout.cards["conv1"].title
    with qtbot.waitSignal(view.hover_changed) as hovered:
        KEYS_AND_MOUSE.mouseMove(view.viewport(), QPoint(title.x, title.y))
    assert hovered.args == [None]


def test_hover_lights_up_the_maps_that_feed_the_pixel(
    view: FlowView, net: SmallNet, qtbot: QtBot
) -> None:
    view.set_record(net.record(drawing(0)))
    before = picture(view)
    hover(view, Selection("conv2", 2, 5, 6), qtbot)
    after = picture(view)
    for channel in range(4):
        tile = view.cell_rect(Selection("pool1", channel))
        edge = QPointF(tile.left() - 1, tile.top() + 3).toPoint()
        assert before.pixelColor(edge) != after.pixelColor(edge), channel


def test_a_click_selects_and_is_outlined_in_the_accent(
    view: FlowView, net: SmallNet, qtbot: QtBot
) -> None:
    view.set_record(net.record(drawing(0)))
    cell = Selection("relu1", 2, 10, 12)
    with qtbot.waitSignal(view.selection_changed) as selected:
        KEYS_AND_MOUSE.mouseClick(view.viewport(), LEFT, NONE, place(view, cell))
    assert selected.args == [cell]
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    tile = view.cell_rect(Selection("relu1", 2, 0, 0))
    corner = QPointF(tile.left() - 1, tile.top() + 4).toPoint()
    assert picture(view).pixelColor(corner).name() == LIGHT.accent
    assert "relu1" in view.accessibleDescription()


def test_a_programmatic_selection_is_not_echoed(view: FlowView, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(view.selection_changed):
        view.set_selection(Selection("relu1", 2, 10, 12))
        view.set_selection(Selection("not there", 0))
        view.set_selection(None)


def test_arrow_keys_walk_maps_and_layers(view: FlowView, qtbot: QtBot) -> None:
    chosen: list[Selection] = []
    view.selection_changed.connect(chosen.append)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right)
    assert chosen[-1] == Selection("conv1", 0, 14, 14)
    layout = view.layout_shown()
    assert layout is not None
    columns = layout.cards["conv1"].grid.columns
    step = {1: Qt.Key.Key_Down}.get(columns, Qt.Key.Key_Right)
    back = {1: Qt.Key.Key_Up}.get(columns, Qt.Key.Key_Left)
    KEYS_AND_MOUSE.keyClick(view, step)
    assert chosen[-1] == Selection("conv1", 1, 14, 14)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right, CONTROL)
    assert chosen[-1] == Selection("relu1", 1, 14, 14)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert chosen[-1] == Selection("pool1", 1, 7, 7)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Left, CONTROL)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Left, CONTROL)
    KEYS_AND_MOUSE.keyClick(view, back)
    count = len(chosen)
    KEYS_AND_MOUSE.keyClick(view, back)  # at the border: nothing to the left of the first
    assert len(chosen) == count
    assert chosen[-1].channel == 0


def test_layers_can_be_walked_from_end_to_end(view: FlowView, net: SmallNet, qtbot: QtBot) -> None:
    view.set_selection(Selection("input", 0, 3, 3))
    visited = []
    view.selection_changed.connect(lambda selection: visited.append(selection.node))
    for _ in range(len(net.network.nodes) + 2):
        KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right, CONTROL)
    assert visited == [node.name for node in net.network.nodes[1:]]


def test_enter_and_escape_open_and_leave_a_card(view: FlowView, qtbot: QtBot) -> None:
    view.set_selection(Selection("conv2", 1, 3, 3))
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Return)
    layout = view.layout_shown()
    assert layout is not None
    assert list(layout.cards) == ["conv2"]
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right, CONTROL)  # the next layer fills the view then
    layout = view.layout_shown()
    assert layout is not None
    assert list(layout.cards) == ["relu2"]
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Escape)
    layout = view.layout_shown()
    assert layout is not None
    assert len(layout.cards) == len(view._network.nodes if view._network else ())


def test_a_double_click_opens_and_leaves_a_card(view: FlowView, qtbot: QtBot) -> None:
    point = place(view, Selection("conv2", 1, 3, 3))
    KEYS_AND_MOUSE.mouseDClick(view.viewport(), LEFT, NONE, point)
    layout = view.layout_shown()
    assert layout is not None
    assert list(layout.cards) == ["conv2"]
    KEYS_AND_MOUSE.mouseDClick(view.viewport(), LEFT, NONE, QPoint(5, 5))
    layout = view.layout_shown()
    assert layout is not None
    assert len(layout.cards) > 1


def wheel(view: FlowView, notches: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    event = QWheelEvent(
        QPointF(100, 100),
        QPointF(100, 100),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_keys_and_wheel_zoom(view: FlowView) -> None:
    view.set_zoom(2)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Plus)
    zooms = [view._zoom]
    wheel(view, 1, CONTROL)
    zooms.append(view._zoom)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Minus)
    zooms.append(view._zoom)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_0)
    assert [*zooms, view._zoom] == [3, 4, 3, None]
    layout = view.layout_shown()
    assert layout is not None
    assert layout.height <= SIZE[1]


def test_zoom_stays_within_its_limits(view: FlowView) -> None:
    view.set_zoom(1)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Minus)
    assert view._zoom == 1
    layout = view.layout_shown()
    assert layout is not None
    assert layout.cards["conv1"].scale == 1


def test_the_wheel_scrolls_and_the_middle_button_pans(view: FlowView, qtbot: QtBot) -> None:
    view.set_zoom(5)
    bar = view.verticalScrollBar()
    assert bar is not None
    assert bar.maximum() > 0
    wheel(view, -1)
    scrolled = bar.value()
    assert scrolled > 0
    viewport = view.viewport()
    KEYS_AND_MOUSE.mousePress(viewport, Qt.MouseButton.MiddleButton, NONE, QPoint(200, 300))
    KEYS_AND_MOUSE.mouseMove(viewport, QPoint(200, 260))
    KEYS_AND_MOUSE.mouseRelease(viewport, Qt.MouseButton.MiddleButton, NONE, QPoint(200, 260))
    assert bar.value() == scrolled + 40


def test_space_and_a_drag_pan_without_selecting(view: FlowView, qtbot: QtBot) -> None:
    view.set_zoom(5)
    bar = view.verticalScrollBar()
    assert bar is not None
    with qtbot.assertNotEmitted(view.selection_changed):
        KEYS_AND_MOUSE.keyPress(view, Qt.Key.Key_Space)
        KEYS_AND_MOUSE.mousePress(view.viewport(), LEFT, NONE, QPoint(200, 300))
        KEYS_AND_MOUSE.mouseMove(view.viewport(), QPoint(200, 250))
        KEYS_AND_MOUSE.mouseRelease(view.viewport(), LEFT, NONE, QPoint(200, 250))
        KEYS_AND_MOUSE.keyRelease(view, Qt.Key.Key_Space)
    assert bar.value() == 50


def test_what_is_selected_comes_into_sight(view: FlowView) -> None:
    view.set_zoom(6)
    cell = Selection("fc2", 7)
    bounds = QRectF(view.rect())
    assert not bounds.contains(view.cell_rect(cell))
    view.set_selection(cell)
    assert bounds.contains(view.cell_rect(cell))


def test_scrolled_maps_keep_their_colours(view: FlowView, net: SmallNet) -> None:
    record = net.record(drawing(5))
    view.set_record(record)
    picture(view)
    view.set_zoom(6)
    cell = Selection("fc2", 7)
    view.set_selection(cell)
    view.set_selection(None)
    colors = layer_colors(record, "fc2", DisplaySettings(), signed=True)
    assert color_at(picture(view), view, cell) == colors[7]


def test_no_horizontal_scroll_bar_beside_a_vertical_one(view: FlowView) -> None:
    view.resize(444, 520)
    across, down = view.horizontalScrollBar(), view.verticalScrollBar()
    assert across is not None
    assert down is not None
    view.set_zoom(3)
    assert down.maximum() > 0
    assert across.maximum() == 0


def test_dead_channels_are_marked(view: FlowView, net: SmallNet) -> None:
    record = net.record(drawing(0))
    view.set_record(record)
    before = picture(view)
    view.set_dead({"relu2": frozenset([DEAD_CHANNEL])})
    after = picture(view)
    assert before != after
    assert view._scene is not None
    lines = flow_overlay.readout(view._scene, Selection("relu2", DEAD_CHANNEL, 1, 1))
    assert lines[-1] == "stayed at 0 over the last drawings"
    other = flow_overlay.readout(view._scene, Selection("relu2", 0, 1, 1))
    assert len(other) == 2


def test_the_winner_of_the_classes_is_plain_to_see(
    qtbot: QtBot, fonts: None, net: SmallNet, theme: Theme
) -> None:
    view = shown_view(qtbot, net, theme)
    record = net.record(drawing(0))
    assert record.probabilities is not None
    sure = np.full(10, 0.01, np.float32)
    sure[4] = 0.91
    view.set_record(replace(record, probabilities=sure))
    image = picture(view)
    winner = view.cell_rect(Selection("softmax", 4))
    line = [
        image.pixelColor(x, int(winner.center().y())).name()
        for x in range(int(winner.left()), int(winner.right()))
    ]
    loser = view.cell_rect(Selection("softmax", 5))
    other = [
        image.pixelColor(x, int(loser.center().y())).name()
        for x in range(int(loser.left()), int(loser.right()))
    ]
    assert line.count(theme.text) > 40
    assert other.count(theme.text) == 0


def test_a_new_network_forgets_what_belonged_to_the_old_one(view: FlowView, net: SmallNet) -> None:
    view.set_record(net.record(drawing(0)))
    view.set_selection(Selection("relu1", 2, 10, 12))
    view.set_network(replace(net.network, nodes=net.network.nodes[:-1]))
    assert view._selection is None
    quiet = QColor(LIGHT.window).rgb()
    assert color_at(picture(view), view, Selection("relu1", 1, 3, 3)) == quiet


def test_a_network_with_the_same_nodes_keeps_selection_place_and_values(
    view: FlowView, net: SmallNet
) -> None:
    record, chosen = net.record(drawing(0)), Selection("relu1", 2, 10, 12)
    view.resize(500, 300)
    view.set_record(record)
    view.set_selection(chosen)
    bar = view.verticalScrollBar()
    assert bar is not None
    bar.setValue(37)
    signed = tuple(replace(node, signed=True) for node in net.network.nodes)
    view.set_network(replace(net.network, title="compared", nodes=signed))
    assert (view._selection, view._record, bar.value()) == (chosen, record, 37)

    view.show_only("relu1")
    view.set_network(net.network)
    assert view._focused == "relu1"


def test_a_layer_of_another_shape_is_another_network(view: FlowView, net: SmallNet) -> None:
    view.set_selection(Selection("relu1", 2, 10, 12))
    nodes = [replace(n, output_shape=(8,)) if n.name == "fc1" else n for n in net.network.nodes]
    view.set_network(replace(net.network, nodes=tuple(nodes)))
    assert view._selection is None


@pytest.mark.parametrize("dark", [False, True])
def test_gradients_have_colours_of_their_own(view: FlowView, net: SmallNet, dark: bool) -> None:
    settings = DisplaySettings(dark=dark)
    view.set_display(settings)
    place = Selection("conv1", 1, 2, 3, in_channel=0)
    kernels = net.weights.weights["conv1"].reshape(4, 5, 5)
    as_weights = scale_for(kernels, signed=True, settings=settings).apply(kernels)[1, 2, 3]
    other = scale_for(kernels, signed=True, settings=settings.for_gradients())
    as_gradients = other.apply(kernels)[1, 2, 3]
    assert as_weights != as_gradients

    assert color_at(picture(view), view, place) == as_weights
    view.set_weights(replace(net.weights, kind=WeightsKind.GRADIENTS))
    assert color_at(picture(view), view, place) == as_gradients
    view.set_weights(net.weights)
    assert color_at(picture(view), view, place) == as_weights


def test_gradients_are_called_so_and_explain_no_value(view: FlowView, net: SmallNet) -> None:
    view.set_record(net.record(drawing(0)))
    scene = view._scene
    assert scene is not None
    weight, pixel = Selection("conv1", 1, 2, 3, in_channel=0), Selection("conv2", 2, 5, 5)
    assert len(scene.contributions(pixel)) == 4
    assert len(flow_overlay.readout(scene, weight)) == 2
    view.set_weights(replace(net.weights, kind=WeightsKind.GRADIENTS))
    assert scene.contributions(pixel) == ()
    assert flow_overlay.readout(scene, weight)[2] == "gradient"


def test_colours_chosen_for_weights_are_not_those_of_gradients() -> None:
    for dark in (False, True):
        for signed in ("automatic", "purple-white-orange", "pink-black-green"):
            chosen = DisplaySettings(signed=signed, dark=dark)
            assert chosen.for_gradients().signed != signed
            assert replace(chosen.for_gradients(), signed=signed) == chosen


def test_a_record_of_another_network_shows_empty_maps(view: FlowView, net: SmallNet) -> None:
    record = net.record(drawing(0))
    outputs = dict(record.outputs, relu1=np.zeros((2, 3, 3), np.float32))
    view.set_record(replace(record, outputs=MappingProxyType(outputs)))
    quiet = QColor(LIGHT.window).rgb()
    assert color_at(picture(view), view, Selection("relu1", 1, 3, 3)) == quiet


def test_a_theme_repaints_the_frame(qtbot: QtBot, fonts: None, net: SmallNet, theme: Theme) -> None:
    view = shown_view(qtbot, net, LIGHT)
    view.set_theme(theme)
    image = picture(view)
    assert image.pixelColor(4, SIZE[1] - 4).name() == theme.window
    layout = view.layout_shown()
    assert layout is not None
    frame = layout.cards["input"].frame
    assert image.pixelColor(frame.right - 4, frame.bottom - 10).name() == theme.surface


def test_the_view_has_a_name_for_screen_readers(view: FlowView) -> None:
    assert view.accessibleName() == "Network"
    assert view.focusPolicy() == Qt.FocusPolicy.StrongFocus
