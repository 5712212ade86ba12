"""The dock that asks why: opened, fed while in sight, and joined to the other views."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.conftest import WindowMaker
from tests.small_net import SmallNet, drawing, small_net
from viewer.controllers.explain import TraceDock
from viewer.controllers.views import ViewController
from viewer.core.records import Kind, Selection
from viewer.widgets.flow.fields import Fields
from viewer.widgets.flow.view import FlowView
from viewer.widgets.inspector.view import Inspector
from viewer.widgets.theme import LIGHT


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


class Desk:
    """A window with its views, and the dock."""

    def __init__(self, make_window: WindowMaker, net: SmallNet) -> None:
        self.window = make_window(1024, 640)
        self.flow, self.inspector = FlowView(LIGHT), Inspector()
        preview = self.window.pad_panel.preview
        self.drawing = preview.view
        self.views = ViewController(
            self.flow, self.inspector, self.window.prediction, preview, self.window
        )
        self.window.set_central(self.flow)
        self.window.set_inspector(self.inspector)
        self.dock = TraceDock(self.window, self.views, self.flow, self.window)
        self.inspector.heading.why_requested.connect(self.dock.show)
        self.views.set_network(net.network, net.weights)
        self.views.set_record(net.record(drawing(1)))

    @property
    def view(self) -> Any:
        assert self.dock.view is not None
        return self.dock.view


@pytest.fixture
def desk(qtbot: QtBot, make_window: WindowMaker, net: SmallNet) -> Desk:
    desk = Desk(make_window, net)
    with qtbot.waitExposed(desk.window):
        desk.window.show()
    return desk


def first_convolution(net: SmallNet) -> Selection:
    node = next(node for node in net.network.nodes if node.kind is Kind.CONVOLUTION)
    return Selection(node.name, 2, 9, 11)


def test_why_explains_what_is_selected(qtbot: QtBot, desk: Desk, net: SmallNet) -> None:
    assert desk.dock.view is None  # until it is asked for
    selection = first_convolution(net)
    desk.views.select(selection)
    desk.inspector.heading.why.click()
    qtbot.waitUntil(lambda: desk.view.trace is not None)
    assert desk.view.trace.selection == selection


def test_going_down_takes_all_views_along(qtbot: QtBot, desk: Desk, net: SmallNet) -> None:
    desk.views.select(first_convolution(net))
    desk.dock.show()
    qtbot.waitUntil(lambda: desk.view.trace is not None)
    below = desk.view.trace.children[0].selection
    desk.view.descend(below)
    assert desk.views.selection == below
    assert desk.view.trace.selection == below
    desk.view.go_up()
    assert desk.views.selection == first_convolution(net)


def test_the_receptive_field_is_outlined_while_it_is_in_sight(
    qtbot: QtBot, desk: Desk, net: SmallNet
) -> None:
    desk.views.select(first_convolution(net))
    plain = desk.drawing.grab().toImage()
    desk.dock.show()
    qtbot.waitUntil(lambda: desk.view.trace is not None)
    assert desk.drawing.grab().toImage() != plain
    assert desk.dock.dock is not None
    desk.dock.dock.close()
    qtbot.waitUntil(lambda: desk.drawing.grab().toImage() == plain)


def test_nothing_is_given_to_a_hidden_dock(qtbot: QtBot, desk: Desk, net: SmallNet) -> None:
    desk.views.select(first_convolution(net))
    desk.dock.show()
    qtbot.waitUntil(lambda: desk.view.trace is not None)
    before = desk.view.trace
    assert desk.dock.dock is not None
    desk.dock.dock.close()
    qtbot.waitUntil(lambda: not desk.view.isVisible())
    desk.views.set_record(net.record(drawing(2), generation=2))
    QApplication.processEvents()
    assert desk.view.trace is before
    desk.dock.toggle()
    qtbot.waitUntil(lambda: desk.view.trace is not before)


def test_lines_are_on_every_map_of_a_layer(desk: Desk, net: SmallNet) -> None:
    scene = desk.flow._scene
    assert scene is not None
    node = next(node for node in net.network.nodes if node.kind is Kind.CONVOLUTION)
    card = scene.layout.cards[node.name]
    edges = ((2, 3, 7, 3), (2, 3, 2, 8))
    lines = Fields({node.name: edges}).lines(scene, node.name)
    assert len(lines) == 2 * node.output_shape[0]
    for channel in range(node.output_shape[0]):
        start = desk.flow.cell_rect(Selection(node.name, channel, 3, 2)).topLeft()
        assert lines[2 * channel].p1() == start + desk.flow._offset()
        across = desk.flow.cell_rect(Selection(node.name, channel, 3, 7)).topLeft()
        assert lines[2 * channel].p2() == across + desk.flow._offset()
    assert card.grid.count == node.output_shape[0]
