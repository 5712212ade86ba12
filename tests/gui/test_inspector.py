from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QScrollArea, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.small_net import DEAD_CHANNEL, SmallNet, drawing, small_net
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.records import Selection, WeightsKind, WeightsRecord
from viewer.widgets.inspector.parts import Arrangement, arrangement_for
from viewer.widgets.inspector.view import Inspector
from viewer.widgets.kernel_view import KernelSpot
from viewer.widgets.style import Appearance
from viewer.widgets.theme import DARK, Theme

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.fixture
def inspector(qtbot: QtBot, appearance: Appearance, net: SmallNet) -> Iterator[Inspector]:
    # In a window without a layout: the offscreen platform warns of a window's size hints.
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(800, 900)
    widget = Inspector(window)
    widget.set_network(net.network)
    widget.set_weights(net.weights)
    widget.set_record(net.record(drawing(1)))
    widget.resize(300, 820)
    with qtbot.waitExposed(window):
        window.show()
    yield widget  # the window lives as long as this frame


def _exact(text: str) -> np.float32:
    return np.float32(text.rpartition(": ")[2].replace("−", "-"))


def _hover(inspector: Inspector, y: int, x: int) -> str:
    view = inspector.parts.map
    QTest.mouseMove(view, view.cell_rect((y, x)).center().toPoint())
    return inspector.parts.readout()


def test_nothing_selected_says_what_to_do(inspector: Inspector) -> None:
    assert inspector.empty_text() == "Click a map to see its values"
    inspector.set_selection(Selection("conv1", 2))
    assert inspector.empty_text() is None
    inspector.set_selection(None)
    assert inspector.empty_text() is not None


def test_heading(inspector: Inspector) -> None:
    inspector.set_selection(Selection("conv2", 5))
    assert inspector.heading.text() == "conv2 · channel 5 of 6"
    inspector.set_selection(Selection("fc1", 13))
    assert inspector.heading.text() == "fc1 · unit 13 of 14"


@pytest.mark.parametrize("layer", ["input", "conv1", "relu2", "pool2"])
def test_hover_gives_the_value_to_full_precision(
    qtbot: QtBot, inspector: Inspector, net: SmallNet, layer: str
) -> None:
    output = torch.from_numpy(
        net.output(drawing(1), layer)
        if layer != "input"
        else net.record(drawing(1)).outputs["input"]
    )
    inspector.set_selection(Selection(layer, 0))
    height, width = output.shape[1:]
    for y, x in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        text = _hover(inspector, y, x)
        assert text.startswith(f"y {y}, x {x}: ")
        assert _exact(text) == output[0, y, x].item()


def test_hover_is_told_to_others(qtbot: QtBot, inspector: Inspector) -> None:
    inspector.set_selection(Selection("conv2", 4))
    with qtbot.waitSignal(inspector.hover_changed) as caught:
        _hover(inspector, 3, 7)
    assert caught.args == [Selection("conv2", 4, 3, 7)]


def test_a_click_selects_a_pixel(qtbot: QtBot, inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv2", 4))
    view = inspector.parts.map
    with qtbot.waitSignal(inspector.selection_changed) as caught:
        place = view.cell_rect((2, 9)).center().toPoint()
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == [Selection("conv2", 4, 2, 9)]
    QTest.keyClick(view, Qt.Key.Key_Down)
    expected = net.output(drawing(1), "conv2")[4, 3, 9]
    QTest.mouseMove(inspector, QPoint(1, 1))
    view.hover_changed.emit(None)
    assert _exact(inspector.parts.readout()) == expected


def test_setting_a_selection_echoes_nothing(qtbot: QtBot, inspector: Inspector) -> None:
    with qtbot.assertNotEmitted(inspector.selection_changed):
        inspector.set_selection(Selection("conv1", 1, 2, 3))
        inspector.set_selection(Selection("conv1", 1, 4, 3))
        inspector.set_selection(None)


@pytest.mark.parametrize(
    "selection",
    [Selection("nope", 0), Selection("conv1", 4), Selection("conv1", 0, 28, 0)],
)
def test_what_is_not_there_cannot_be_selected(inspector: Inspector, selection: Selection) -> None:
    inspector.set_selection(selection)
    assert inspector.empty_text() is not None


def test_buttons_walk_the_channels(qtbot: QtBot, inspector: Inspector) -> None:
    inspector.set_selection(Selection("conv2", 4, 2, 3))
    previous, following = (
        button
        for button in inspector.heading.findChildren(QToolButton)
        if "channel" in button.toolTip()
    )
    with qtbot.waitSignal(inspector.selection_changed) as caught:
        following.click()
    assert caught.args == [Selection("conv2", 5, 2, 3)]
    assert not following.isEnabled()
    previous.click()
    assert inspector.heading.text() == "conv2 · channel 4 of 6"


def wait_for_figure(qtbot: QtBot, inspector: Inspector, name: str, value: float) -> None:
    wanted = pytest.approx(value, rel=5e-4)
    qtbot.waitUntil(lambda: float(inspector.parts.values.figures()[name]) == wanted)


def test_it_follows_the_records(qtbot: QtBot, inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("relu1", 1, 12, 12))
    for seed in range(4):
        # Of a burst the newest is shown in the end.
        inspector.set_record(net.record(drawing(seed + 10)))
        inspector.set_record(net.record(drawing(seed)))
        expected = net.output(drawing(seed), "relu1")[1]
        wait_for_figure(qtbot, inspector, "Maximum", float(expected.max()))
        # Two drawings may have the same maximum.
        wait_for_figure(qtbot, inspector, "Mean", float(expected.mean()))
        assert _exact(inspector.parts.readout()) == expected[12, 12]
        figures = inspector.parts.values.figures()
        share = float((expected == 0).mean()) * 100
        assert float(figures["Zeros"].removesuffix(" %")) == pytest.approx(share, abs=0.005)


def test_a_record_that_came_while_hidden_shows(inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv1", 1, 5, 5))
    before = inspector.parts.readout()
    inspector.hide()
    inspector.set_record(net.record(drawing(7)))
    assert inspector.parts.readout() == before  # no work for what nobody sees
    inspector.show()
    expected = net.output(drawing(7), "conv1")[1, 5, 5]
    assert _exact(inspector.parts.readout()) == expected


def test_kernels_equal_torch(qtbot: QtBot, inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv2", 5))
    QApplication.processEvents()  # the panel gets its size
    weight = net.module.get_submodule("conv2").get_parameter("weight")
    view = inspector.parts.kernels.view
    with qtbot.waitSignal(inspector.hover_changed) as caught:
        QTest.mouseMove(view, view.cell_rect(KernelSpot(3, 2, 1)).center().toPoint())
    assert caught.args == [Selection("conv2", 5, 2, 1, in_channel=3)]
    assert inspector.parts.readout().startswith("channel 3, y 2, x 1: ")
    assert _exact(inspector.parts.readout()) == weight[5, 3, 2, 1].item()
    inspector.set_record(net.record(drawing(2)))  # must not take the line away
    assert _exact(inspector.parts.readout()) == weight[5, 3, 2, 1].item()
    doubled = {name: 2 * values for name, values in net.weights.weights.items()}
    inspector.set_weights(WeightsRecord(1, doubled, net.weights.biases))
    assert _exact(inspector.parts.readout()) == 2 * weight[5, 3, 2, 1].item()


@pytest.mark.parametrize(
    ("layer", "maker"),
    [("relu2", "conv2"), ("pool2", "conv2"), ("relu3", "fc1"), ("softmax", "fc2")],
)
def test_layers_without_weights_show_those_before_them(
    inspector: Inspector, layer: str, maker: str
) -> None:
    inspector.set_selection(Selection(layer, 2))
    kernels = inspector.parts.kernels.kernels
    assert kernels is not None
    assert (kernels.node, kernels.channel) == (maker, 2)


@pytest.mark.parametrize("layer", ["input", "flatten"])
def test_layers_without_kernels_say_so(inspector: Inspector, layer: str) -> None:
    inspector.set_selection(Selection(layer, 0))
    assert inspector.parts.kernels.kernels is None
    assert not inspector.parts.kernels.isVisible()
    assert inspector.parts.values.isVisible()


def test_the_tab_that_is_pressed_is_the_one_that_is_shown(inspector: Inspector) -> None:
    inspector.resize(300, 560)
    parts = inspector.parts
    assert parts.arrangement is Arrangement.TABS
    tabs = {tab.text(): tab for tab in parts._tabs.findChildren(QToolButton)}
    inspector.set_selection(Selection("conv1", 2))
    assert tabs["Kernels"].isChecked() and parts.kernels.isVisible()
    inspector.set_selection(Selection("input", 0))
    assert tabs["Values"].isChecked() and parts.values.isVisible()
    assert not tabs["Kernels"].isEnabled()
    inspector.set_selection(Selection("conv1", 2))  # what somebody chose comes back
    assert tabs["Kernels"].isChecked() and parts.kernels.isVisible()
    tabs["Values"].click()
    assert parts.values.isVisible() and not parts.kernels.isVisible()


def test_dense_weights_lie_as_the_maps_they_read(
    qtbot: QtBot, inspector: Inspector, net: SmallNet
) -> None:
    inspector.set_selection(Selection("fc1", 4))
    QApplication.processEvents()
    weight = net.module.get_submodule("fc1").get_parameter("weight")[4]
    view = inspector.parts.kernels.view
    QTest.mouseMove(view, view.cell_rect(KernelSpot(5, 1, 2)).center().toPoint())
    assert inspector.parts.readout().startswith("channel 5, y 1, x 2: ")
    assert _exact(inspector.parts.readout()) == weight.reshape(6, 3, 3)[5, 1, 2].item()
    kernels = inspector.parts.kernels.kernels
    assert kernels is not None
    strongest = kernels.strongest(1)[0][1]
    assert abs(strongest) == weight.abs().max().item()


def test_weights_on_units_are_numbered(qtbot: QtBot, inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("fc2", 7))
    QApplication.processEvents()
    weight = net.module.get_submodule("fc2").get_parameter("weight")[7]
    view = inspector.parts.kernels.view
    columns = view.kernel_shape[1]
    with qtbot.waitSignal(inspector.hover_changed) as caught:
        spot = KernelSpot(0, *divmod(11, columns))
        QTest.mouseMove(view, view.cell_rect(spot).center().toPoint())
    assert caught.args == [Selection("fc2", 7, 0, 0, in_channel=11)]
    assert inspector.parts.readout().startswith("unit 11: ")
    assert _exact(inspector.parts.readout()) == weight[11].item()


def test_units_are_a_grid(qtbot: QtBot, inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("relu3", 0))
    output = net.output(drawing(1), "relu3")
    columns = inspector.parts.map.map_shape[1]
    text = _hover(inspector, *divmod(9, columns))
    assert text.startswith("unit 9: ")
    assert _exact(text) == output[9]


def test_classes(qtbot: QtBot, inspector: Inspector, net: SmallNet) -> None:
    logits = torch.from_numpy(net.output(drawing(1), "fc2"))
    inspector.set_selection(Selection("softmax", 3))
    table = inspector.parts.classes
    assert table.isVisible()
    probabilities = torch.softmax(logits, 0)
    for index in range(10):
        name, logit, share = table.texts(index)
        assert name == str(index)
        assert float(logit.replace("−", "-")) == pytest.approx(logits[index].item(), rel=5e-4)
        if not share.startswith(("<", ">")):
            expected = 100 * probabilities[index].item()
            assert float(share.removesuffix(" %")) == pytest.approx(expected, abs=0.006)
    with qtbot.waitSignal(inspector.selection_changed) as caught:
        place = table.row_rect(8).center().toPoint()
        QTest.mouseClick(table, Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == [Selection("softmax", 8)]
    assert inspector.parts.readout().startswith("probability of class 8: ")
    assert _exact(inspector.parts.readout()) == net.record(drawing(1)).outputs["softmax"][8]


def test_a_blank_canvas_has_no_probabilities(inspector: Inspector, net: SmallNet) -> None:
    inspector.set_record(net.record(np.zeros((28, 28), np.float32)))
    inspector.set_selection(Selection("softmax", 3))
    assert inspector.parts.classes.texts(3)[2] == "–"
    assert inspector.parts.readout() == ""


def test_without_a_record_the_kernels_show(inspector: Inspector) -> None:
    inspector.set_record(None)
    inspector.set_selection(Selection("conv1", 1))
    assert inspector.parts.kernels.isVisible()
    assert not inspector.parts.map.isVisible()
    assert inspector.parts.values.figures() == {}


def test_a_record_of_another_network_is_not_shown(inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv1", 1))
    record = net.record(drawing(1))
    other = {"conv1": np.zeros((2, 3, 3), np.float32)}
    inspector.set_record(type(record)(2, 0, record.image, other, None))
    assert not inspector.parts.map.isVisible()


def test_no_number_is_stated(inspector: Inspector, net: SmallNet) -> None:
    record = net.record(drawing(1))
    broken = record.outputs["conv1"].copy()
    broken[1, 0, :3] = np.nan, np.inf, -np.inf
    outputs = {**record.outputs, "conv1": broken}
    inspector.set_record(type(record)(2, 0, record.image, outputs, record.probabilities))
    inspector.set_selection(Selection("conv1", 1, 0, 0))
    assert inspector.parts.values.figures()["NaN or ∞"] == "3 of 784"
    assert inspector.parts.readout() == "y 0, x 0: NaN"
    inspector.grab()


def test_dead_channels_are_marked(inspector: Inspector) -> None:
    inspector.set_dead({"relu2": frozenset({DEAD_CHANNEL})}, 20)
    inspector.set_selection(Selection("relu2", DEAD_CHANNEL))
    assert inspector.parts.values.life() == "Dead: 0 everywhere over the last 20 drawings"
    inspector.set_selection(Selection("relu2", DEAD_CHANNEL + 1))
    assert inspector.parts.values.life() == ""


@pytest.mark.parametrize("scope", list(Scope))
def test_colours_are_those_of_the_card(inspector: Inspector, net: SmallNet, scope: Scope) -> None:
    inspector.set_display(DisplaySettings(scope=scope))
    inspector.set_selection(Selection("relu2", 1))
    scale = inspector.parts.map.scale
    outputs = net.record(drawing(1)).outputs
    shared = [v for k, v in outputs.items() if k not in ("input", "softmax")]
    expected = {
        Scope.CHANNEL: outputs["relu2"][1].max(),
        Scope.LAYER: outputs["relu2"].max(),
        Scope.NETWORK: max(np.abs(v).max() for v in shared),
    }
    assert scale is not None
    assert scale.high == pytest.approx(float(expected[scope]))


def test_the_wheel_zooms_and_a_double_click_fits(qtbot: QtBot, inspector: Inspector) -> None:
    inspector.set_selection(Selection("conv1", 1))
    view = inspector.parts.map
    before, spot = view.cell_px, view.cell_rect((10, 20)).center()
    event = QWheelEvent(
        spot,
        QPointF(view.mapToGlobal(spot.toPoint())),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
    assert view.cell_px > before
    assert view.cell_px == int(view.cell_px)
    assert view.cell_rect((10, 20)).contains(spot)  # what was under the mouse still is
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    assert view.cell_px == before


def test_dragging_moves_and_selects_nothing(qtbot: QtBot, inspector: Inspector) -> None:
    inspector.set_selection(Selection("conv1", 1))
    view = inspector.parts.map
    for _ in range(6):
        QTest.keyClick(view, Qt.Key.Key_Plus)
    before = view.cell_rect((14, 14)).topLeft()
    start = view.rect().center()
    with qtbot.assertNotEmitted(inspector.selection_changed):
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(view, start + QPoint(30, 20))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 20))
    assert view.cell_rect((14, 14)).topLeft() - before == QPointF(30, 20)


@pytest.mark.parametrize(
    ("size", "arrangement"),
    [
        ((300, 520), Arrangement.TABS),
        ((300, 820), Arrangement.TALL),
        ((700, 800), Arrangement.WIDE),
        ((700, 420), Arrangement.LOW),
    ],
)
@pytest.mark.parametrize("layer", ["conv1", "conv2", "relu2", "fc1", "fc2", "softmax", "input"])
def test_it_fits_any_room(
    inspector: Inspector, size: tuple[int, int], arrangement: Arrangement, layer: str, theme: Theme
) -> None:
    inspector.set_theme(theme)
    inspector.set_display(DisplaySettings(dark=theme is DARK))
    inspector.set_selection(Selection(layer, 0))
    inspector.resize(*size)
    QApplication.processEvents()
    least = inspector.minimumSizeHint()
    assert least.width() <= size[0]
    assert least.height() <= size[1]
    assert inspector.parts.arrangement is arrangement
    assert arrangement_for(size[0], inspector.parts.height()) is arrangement
    assert not inspector.findChildren(QScrollArea)
    inspector.grab()
    for part in (inspector.parts.map, inspector.parts.kernels, inspector.parts.values):
        if part.isVisible():
            place = part.mapTo(inspector, QPoint())
            assert inspector.rect().contains(place)
            assert place.y() + part.height() <= inspector.height()


def test_another_network_forgets_the_selection(inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv1", 1))
    inspector.set_network(replace(net.network, nodes=net.network.nodes[:-1]))
    assert inspector.empty_text() is not None


def test_a_network_with_the_same_nodes_keeps_the_selection(
    inspector: Inspector, net: SmallNet
) -> None:
    inspector.set_selection(Selection("conv2", 1))
    panel = inspector.parts.kernels
    assert panel.kernels is not None
    inspector.set_network(replace(net.network, title="another"))
    assert inspector.heading.text().startswith("conv2")
    assert panel.kernels is not None and panel.kernels.channel == 1


@pytest.mark.parametrize(
    ("kind", "title", "bias"),
    [
        (WeightsKind.WEIGHTS, "4 kernels of conv2", "bias "),
        (WeightsKind.GRADIENTS, "Gradients of conv2", "bias gradient "),
        (WeightsKind.DIFFERENCES, "Differences of conv2", "bias difference "),
    ],
)
def test_what_stands_in_place_of_the_weights_is_said(
    inspector: Inspector, net: SmallNet, kind: WeightsKind, title: str, bias: str
) -> None:
    inspector.set_selection(Selection("conv2", 1))
    inspector.set_weights(replace(net.weights, kind=kind))
    panel = inspector.parts.kernels
    assert panel._title.text() == title
    assert panel._bias.text().startswith(bias)
    assert panel._bias.text().removeprefix(bias)[0] in "0123456789−"


def test_gradients_are_shown_in_colours_of_their_own(inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv2", 1))
    names = []
    for kind in (WeightsKind.WEIGHTS, WeightsKind.GRADIENTS, WeightsKind.WEIGHTS):
        inspector.set_weights(replace(net.weights, kind=kind))
        scale = inspector.parts.kernels._bar._scale
        assert scale is not None
        names.append(scale.name)
    assert names[0] == names[2] != names[1]


def test_a_layer_without_a_gradient_has_no_kernels(inspector: Inspector, net: SmallNet) -> None:
    inspector.set_selection(Selection("conv2", 1))
    inspector.set_weights(WeightsRecord(3, {}, {}, kind=WeightsKind.GRADIENTS))
    assert inspector.parts.kernels.kernels is None
