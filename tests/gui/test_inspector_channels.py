"""The page of all channels in the inspector, and layers with very many weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.large_net import NETWORK, large_record, large_weights
from viewer.core.channel_strength import Order, channel_order, kernel_order
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.records import ActivationRecord, Kind, Node, Selection
from viewer.widgets.inspector.channels import ChannelBrowser
from viewer.widgets.inspector.kernels import BY_NUMBER, BY_STRENGTH, LOOK_WEIGHTS, KernelPanel
from viewer.widgets.inspector.model import Kernels
from viewer.widgets.inspector.view import Inspector
from viewer.widgets.kernel_view import KernelSpot
from viewer.widgets.pager import Pager
from viewer.widgets.style import Appearance

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.fixture(scope="module")
def record() -> ActivationRecord:
    return large_record()


@pytest.fixture
def inspector(
    qtbot: QtBot, appearance: Appearance, record: ActivationRecord
) -> Iterator[Inspector]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(800, 900)
    widget = Inspector(window)
    widget.set_network(NETWORK)
    widget.set_weights(large_weights())
    widget.set_record(record)
    widget.resize(320, 860)
    with qtbot.waitExposed(window):
        window.show()
    yield widget


def browse(inspector: Inspector, node: str) -> ChannelBrowser:
    inspector.set_selection(Selection(node, 0))
    inspector.parts.browse.setChecked(True)
    browser = inspector.parts.channels
    assert browser.isVisible()
    return browser


def click(browser: ChannelBrowser, place: int, *, twice: bool = False) -> None:
    act = QTest.mouseDClick if twice else QTest.mouseClick
    at = browser.tiles.tile_rect(place).center().toPoint()
    act(browser.tiles, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def sort(browser: ChannelBrowser, order: Order) -> None:
    box = browser.findChild(QComboBox)
    assert box is not None
    box.setCurrentIndex(box.findData(order))


def find(browser: ChannelBrowser, number: str) -> None:
    field = browser.findChild(QLineEdit)
    assert field is not None
    field.setText(number)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_page_shows_as_many_channels_as_fit(inspector: Inspector) -> None:
    browser = browse(inspector, "conv2")
    capacity = browser.tiles.capacity
    assert 6 <= capacity < 512
    assert browser.shown() == tuple(range(capacity))
    assert len(browser.tiles._images) == capacity
    browser._pager.turn(1)
    assert browser.shown() == tuple(range(capacity, 2 * capacity))
    numbers = f"channels {capacity} to {2 * capacity - 1}"
    assert browser._pager.status() == f"{numbers} of 512"
    sort(browser, Order.MEAN)
    assert browser._pager.status() == f"ranks 1 to {capacity} of 512"
    sort(browser, Order.NUMBER)
    browser._pager.turn(10_000)
    assert browser.shown()[-1] == 511
    assert browser._pager.status().endswith("of 512")


def test_channels_are_sorted_by_their_answer(
    inspector: Inspector, record: ActivationRecord
) -> None:
    browser = browse(inspector, "relu1")
    maps = record.outputs["relu1"]
    for order in (Order.MEAN, Order.MAXIMUM, Order.NUMBER):
        sort(browser, order)
        expected = channel_order(maps, order, 64)[: browser.tiles.capacity]
        assert browser.shown() == tuple(expected)
    sort(browser, Order.MAXIMUM)
    strongest = browser.shown()[0]
    inspector.set_dead({"relu1": frozenset({strongest})}, 20)
    assert strongest not in browser.shown()
    browser._pager.turn(100)
    assert browser.shown()[-1] == strongest


def test_the_order_follows_the_answer(inspector: Inspector, qtbot: QtBot) -> None:
    browser = browse(inspector, "conv2")
    sort(browser, Order.MAXIMUM)
    other = large_record(7)
    inspector.set_record(other)
    expected = channel_order(other.outputs["conv2"], Order.MAXIMUM, 512)
    qtbot.waitUntil(lambda: browser.shown() == tuple(expected[: browser.tiles.capacity]))


def sort_kernels(panel: KernelPanel, by: str) -> None:
    box = panel.findChild(QComboBox)
    assert box is not None and not box.isHidden()
    box.setCurrentText(by)


def test_kernels_are_sorted_by_strength(qtbot: QtBot, appearance: Appearance) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 240)
    panel = KernelPanel(window)
    panel.resize(300, 240)
    with qtbot.waitExposed(window):
        window.show()
    layer = np.random.default_rng(0).standard_normal((2, 512, 3, 3), np.float32)
    panel.set_kernels(Kernels("conv", 1, layer[1], layer, None, 0, False, None, "input"))
    expected = kernel_order(layer[1]).tolist()
    count = len(panel.view.shown())
    assert panel.view.shown() == list(range(count)) and count < 512
    assert panel._range.text() == f"kernels 0 to {count - 1}"
    panel.view.turn(1)
    sort_kernels(panel, BY_STRENGTH)
    assert panel.view.shown() == expected[:count]
    assert panel._range.text() == f"ranks 1 to {count}"
    # What is pointed at is the kernel that is there, by its own number.
    told: list[str] = []
    panel.readout_changed.connect(told.append)
    place = panel.view.cell_rect(KernelSpot(expected[1], 0, 1)).center().toPoint()
    QTest.mouseMove(panel.view, place)
    assert told[-1].startswith(f"channel {expected[1]}, y 0, x 1: ")
    panel.set_selected(Selection("conv", 1, 1, 1, in_channel=expected[-1]))
    assert expected[-1] in panel.view.shown()  # turned to the page of a selected weight
    sort_kernels(panel, BY_NUMBER)
    assert panel.view.shown() == list(range(count))


def test_kernels_keep_their_places_for_a_moment_while_they_change(
    inspector: Inspector, qtbot: QtBot
) -> None:
    inspector.set_selection(Selection("conv2", 5))
    panel = inspector.parts.kernels
    panel._resort.setInterval(0)
    sort_kernels(panel, BY_STRENGTH)
    before = panel.view.shown()
    weights = large_weights()
    other = {**weights.weights, "conv2": weights.weights["conv2"][:, ::-1].copy()}
    inspector.set_weights(replace(weights, weights=MappingProxyType(other)))
    assert panel.view.shown() == before
    assert panel.kernels is not None
    expected = kernel_order(panel.kernels.values).tolist()[: len(before)]
    qtbot.waitUntil(lambda: panel.view.shown() == expected)
    assert expected != before


def test_a_click_selects_and_two_open(inspector: Inspector, qtbot: QtBot) -> None:
    browser = browse(inspector, "conv2")
    sort(browser, Order.MEAN)
    channel = browser.shown()[4]
    with qtbot.waitSignal(inspector.selection_changed) as chosen:
        click(browser, 4)
    assert chosen.args == [Selection("conv2", channel)]
    assert browser.isVisible()
    assert inspector.heading.text() == f"conv2 · channel {channel} of 512"
    click(browser, 2, twice=True)
    assert not inspector.parts.browse.isChecked()
    assert inspector.parts.map.isVisible()


def test_a_channel_is_found_by_its_number(inspector: Inspector, qtbot: QtBot) -> None:
    browser = browse(inspector, "conv2")
    with qtbot.waitSignal(inspector.selection_changed) as chosen:
        find(browser, "300")
    assert chosen.args == [Selection("conv2", 300)]
    assert 300 in browser.shown()
    with qtbot.assertNotEmitted(inspector.selection_changed):
        find(browser, "512")
    assert browser.message() == "Channels are 0 to 511: enter one of these."
    assert browser._pager.status() == browser.message()
    find(browser, "0")
    assert browser.message() == ""


def test_a_selection_from_elsewhere_turns_to_its_page(inspector: Inspector) -> None:
    browser = browse(inspector, "conv2")
    inspector.set_selection(Selection("conv2", 499))
    assert 499 in browser.shown()
    inspector.set_selection(Selection("relu1", 3))
    assert browser.shown()[0] == 0
    assert browser._count == 64


def test_there_is_no_page_for_what_has_one_map_or_is_a_table(inspector: Inspector) -> None:
    for name, offered in (("conv2", True), ("flatten", True), ("fc", False), ("softmax", False)):
        inspector.set_selection(Selection(name, 0))
        assert inspector.parts.browse.isEnabled() is offered


def test_a_blank_page_without_an_answer(inspector: Inspector) -> None:
    browser = browse(inspector, "conv2")
    inspector.set_record(None)
    assert not browser.isVisible()
    assert browser.tiles._images == ()


def test_units_are_sorted_too(inspector: Inspector, record: ActivationRecord) -> None:
    browser = browse(inspector, "flatten")
    sort(browser, Order.MAXIMUM)
    values = record.outputs["flatten"]
    assert browser.shown()[0] == int(values.argmax())


def test_one_scale_for_the_network_comes_in_slices(
    inspector: Inspector,
    record: ActivationRecord,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("viewer.widgets.inspector.view.LOOK_VALUES", 1)
    inspector.set_display(DisplaySettings(scope=Scope.NETWORK))
    inspector.set_selection(Selection("conv2", 3))
    outputs = record.outputs.items()
    largest = max(float(np.abs(v).max()) for n, v in outputs if n not in ("input", "softmax"))

    def has_scale() -> bool:
        scale = inspector.parts.map.scale
        return scale is not None and scale.high == pytest.approx(largest)

    qtbot.waitUntil(has_scale)


def test_weights_of_a_very_large_layer_are_looked_at_in_slices(
    inspector: Inspector, qtbot: QtBot
) -> None:
    weights = np.zeros((1000, LOOK_WEIGHTS // 400), np.float32)  # two and a half slices
    weights[0, 3], weights[999, 1] = 2, -5
    network = replace(
        NETWORK,
        nodes=(
            Node("input", Kind.INPUT, "Input", (), (LOOK_WEIGHTS // 400,), 0, signed=False),
            Node("fc", Kind.DENSE, "Linear", ("input",), (1000,), weights.size, signed=True),
        ),
        logits="",
        class_names=(),
    )
    inspector.set_network(network)
    inspector.set_weights(replace(large_weights(), weights=MappingProxyType({"fc": weights})))
    inspector.set_selection(Selection("fc", 0))
    bar = inspector.parts.kernels._bar
    assert bar._scale is not None
    assert bar._scale.high == 2  # the unit's own, to begin with

    def has_layer_wide_scale() -> bool:
        return bar._scale is not None and (bar._scale.low, bar._scale.high) == (-5, 5)

    qtbot.waitUntil(has_layer_wide_scale)
    inspector.set_selection(Selection("fc", 1))
    assert has_layer_wide_scale()  # known now


def test_tokens_are_one_map(inspector: Inspector, record: ActivationRecord) -> None:
    tokens = np.random.default_rng(0).standard_normal((197, 60), np.float32)
    node = Node("tokens", Kind.OTHER, "add", ("input",), tokens.shape, 0, signed=True)
    inspector.set_network(replace(NETWORK, nodes=(NETWORK.nodes[0], node)))
    inspector.set_record(replace(record, outputs=MappingProxyType({"tokens": tokens})))
    inspector.set_selection(Selection("tokens", 0, 100, 7))
    assert inspector.heading.text() == "tokens · 197 tokens of 60"
    assert inspector.parts.map.map_shape == (197, 60)
    assert not inspector.parts.browse.isEnabled()
    assert inspector.parts.readout().startswith("token 100, value 7: ")


def test_while_answers_follow_each_other_nothing_is_sorted(
    inspector: Inspector, qtbot: QtBot
) -> None:
    browser = browse(inspector, "conv2")
    sort(browser, Order.MAXIMUM)
    before = browser.shown()
    scale = browser._scale
    newest = np.zeros(0, np.float32)
    for seed in (7, 8, 9):
        newest = large_record(seed).outputs["conv2"]
        browser.set_maps(newest, scale)
        assert browser.shown() == before  # tiles keep their places, with new values
        assert browser._pause.isActive()
    expected = tuple(channel_order(newest, Order.MAXIMUM, 512)[: browser.tiles.capacity])
    assert expected != before
    qtbot.waitUntil(lambda: browser.shown() == expected)


def test_the_first_answer_of_a_layer_is_sorted_at_once(inspector: Inspector) -> None:
    browser = browse(inspector, "conv2")
    sort(browser, Order.MAXIMUM)
    maps = large_record(7).outputs["conv2"]
    browser.set_layer(512)
    browser.set_maps(maps, browser._scale)
    expected = channel_order(maps, Order.MAXIMUM, 512)[: browser.tiles.capacity]
    assert browser.shown() == tuple(expected)


@pytest.mark.parametrize("width", [280, 320])
def test_the_numbers_of_a_page_are_never_cut(inspector: Inspector, width: int) -> None:
    browser = browse(inspector, NETWORK.nodes[1].name)
    browser.set_layer(2048)
    inspector.resize(width, 860)
    QApplication.processEvents()
    (pager,) = browser.findChildren(Pager)
    for first in (0, 2040):
        pager.place_requested.emit(first)
        shown = pager._status.shown_text()
        assert "…" not in shown
        assert f"{browser.shown()[-1]:,}" in shown
