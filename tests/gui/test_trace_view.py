"""The trace of a value, as it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.small_net import SmallNet, drawing, small_net
from viewer.controllers.trace import TraceController
from viewer.core.records import Kind, Node, Selection, WeightsKind
from viewer.widgets.style import Appearance
from viewer.widgets.theme import DARK
from viewer.widgets.trace.arrays import PoolingBlock, SideBySide
from viewer.widgets.trace.blocks import Block, Hit, TableBlock, TextBlock
from viewer.widgets.trace.convolution import NUMBER_CELL_PX, SPARE_PX, TermsBlock
from viewer.widgets.trace.text import exact
from viewer.widgets.trace.view import BACK, HINT, NO_NETWORK, NO_SELECTION, WEIGHT, TraceView

QTest: Any = _QTest  # its stubs give its static methods a `self`
WIDTH = 600.0


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.fixture
def view(qtbot: QtBot, appearance: Appearance, net: SmallNet) -> Iterator[TraceView]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(960, 640)
    widget = TraceView(window)
    widget.resize(960, 640)
    widget.set_network(net.network)
    widget.set_weights(net.weights)
    widget.set_record(net.record(drawing(1)))
    widget.selection_requested.connect(widget.set_selection)  # as the other views do
    with qtbot.waitExposed(window):
        window.show()
    yield widget
    window.hide()


def node_of(net: SmallNet, kind: Kind) -> Node:
    return next(node for node in reversed(net.network.nodes) if node.kind is kind)


def select(view: TraceView, net: SmallNet, kind: Kind) -> Selection:
    node = node_of(net, kind)
    middle = tuple(size // 2 for size in node.output_shape[1:])
    selection = Selection(node.name, 1 if node.output_shape[0] > 1 else 0, *middle)
    view.set_selection(selection)
    return selection


def block(view: TraceView, kind: type[Any]) -> Any:
    return next(item for item in view.canvas.blocks if isinstance(item, kind))


def text(view: TraceView) -> str:
    lines = [
        line.text
        for item in view.canvas.blocks
        if isinstance(item, TextBlock)
        for line in item.lines
    ]
    return "\n".join(lines)


def hits(item: Block, step: float = 3.0) -> list[Hit]:
    """Return all that can be pointed at."""
    found: dict[tuple[float, float], Hit] = {}
    for y in np.arange(0.5, item.height(WIDTH), step):
        for x in np.arange(0.5, WIDTH, step):
            hit = item.hit(QPointF(x, y), WIDTH)
            if hit is not None:
                found[hit.rect.x(), hit.rect.y()] = hit
    return list(found.values())


def test_says_what_is_missing(qtbot: QtBot, net: SmallNet, view: TraceView) -> None:
    assert view.canvas.message == NO_SELECTION
    view.set_selection(Selection(net.network.nodes[1].name, 0, 0, 0, in_channel=0))
    assert view.canvas.message == WEIGHT
    empty = TraceView()
    qtbot.addWidget(empty)
    empty.show()
    assert empty.canvas.message == NO_NETWORK


def test_a_convolution_adds_up(view: TraceView, net: SmallNet) -> None:
    selection = select(view, net, Kind.CONVOLUTION)
    assert view.trace is not None
    value = float(net.record(drawing(1)).outputs[selection.node][1, selection.y, selection.x])
    assert view.trace.value == value
    assert exact(value) in view.comparison.text()
    terms = block(view, TermsBlock)
    cells = [hit for hit in hits(terms) if " × " in hit.text]
    products = [float(hit.text.rsplit(" = ", 1)[1].replace("−", "-")) for hit in cells]
    kernel = terms.part.products[0].size
    assert len(cells) == 3 * kernel * len(terms.part.order)  # each in window, kernel, products
    assert sum(products) / 3 + terms.part.bias == pytest.approx(value, abs=1e-4)


def test_terms_come_with_the_largest_sum_first(view: TraceView, net: SmallNet) -> None:
    select(view, net, Kind.CONVOLUTION)
    terms = block(view, TermsBlock)
    titles = [hit for hit in hits(terms) if "running sum" in hit.text]
    titles.sort(key=lambda hit: (hit.rect.y(), hit.rect.x()))
    channels = [int(hit.text.split()[1].rstrip(":")) for hit in titles]
    sums = [abs(terms.part.sums[channel]) for channel in channels]
    assert sums == sorted(sums, reverse=True)
    assert len(sums) == len(terms.part.order)


def test_only_terms_in_sight_are_painted(
    view: TraceView, net: SmallNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(view, net, Kind.CONVOLUTION)
    terms = block(view, TermsBlock)
    part, many = terms.part, 400
    big = replace(
        part,
        windows=np.repeat(part.windows[:1], many, 0),
        kernels=np.repeat(part.kernels[:1], many, 0),
        products=np.repeat(part.products[:1], many, 0),
        sums=np.repeat(part.sums[:1], many),
        order=np.arange(many),
        running=np.repeat(part.running[:1], many),
    )
    shown: list[int] = []

    def count(_self: TermsBlock, _painter: object, rank: int, *_rest: object) -> None:
        shown.append(rank)  # and not the painter, which must not outlive its widget

    monkeypatch.setattr(TermsBlock, "_paint_words", count)
    tall = replace(terms, part=big, count=many)
    view.canvas.set_blocks((tall,), top=True)
    view.canvas.grab()
    assert shown == list(range(len(shown)))
    assert 0 < len(shown) < 40


def test_the_hint_says_what_can_be_done(view: TraceView, net: SmallNet) -> None:
    assert view.hover.text() == ""
    select(view, net, Kind.CONVOLUTION)
    assert view.hover.text() == HINT
    view.set_selection(Selection("input", 0, 3, 3))  # nothing comes before it
    assert view.hover.text() == ""
    first = next(node for node in net.network.nodes if node.kind is Kind.CONVOLUTION)
    view.set_selection(Selection(first.name, 0, 3, 3))
    view.go_down()
    assert view.hover.text() == BACK


def test_terms_take_all_of_the_width(view: TraceView, net: SmallNet) -> None:
    select(view, net, Kind.CONVOLUTION)
    terms = block(view, TermsBlock)
    for width in (500.0, 700.0, 900.0, 1100.0, 1400.0):
        grid = terms._at(width)
        columns = min(grid.columns, len(terms.part.order))
        right = grid.corner(columns - 1).x() + grid.item_width
        assert right <= width + 1
        assert NUMBER_CELL_PX <= grid.cell_px <= NUMBER_CELL_PX + SPARE_PX
        if grid.cell_px < NUMBER_CELL_PX + SPARE_PX:
            assert right >= width - 3 * grid.shape[1] - columns  # less than a pixel more a cell


def test_a_click_goes_down_and_backspace_goes_up(view: TraceView, net: SmallNet) -> None:
    start = select(view, net, Kind.CONVOLUTION)
    terms = block(view, TermsBlock)
    width = view.canvas._width()
    grid = terms._at(width)
    top = view.canvas._tops[view.canvas.blocks.index(terms)]
    point = grid.corner(0) + QPointF(grid.offsets[0] + 2, top + grid.title_px + 2)
    viewport = view.canvas.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point.toPoint())
    assert view.path[0] == start
    assert len(view.path) == 2
    below = view.path[1]
    assert below.node == terms.part.source
    assert view.trace is not None
    assert view.trace.selection == below
    assert len(view.crumbs.names) == 2
    QTest.keyClick(view.canvas, Qt.Key.Key_Backspace)
    assert list(view.path) == [start]
    assert view.trace.selection == start


def test_enter_goes_down_to_the_largest(view: TraceView, net: SmallNet) -> None:
    start = select(view, net, Kind.CONVOLUTION)
    assert view.trace is not None
    largest = view.trace.children[0].selection
    QTest.keyClick(view.canvas, Qt.Key.Key_Return)
    assert view.path == (start, largest)


def test_goes_down_to_the_ink(view: TraceView, net: SmallNet) -> None:
    select(view, net, Kind.SOFTMAX)
    for _ in range(30):
        assert view.trace is not None
        if not len(view.trace.children):
            break
        view.descend(view.trace.children[0].selection)
    assert view.trace is not None
    assert view.trace.node.kind is Kind.INPUT
    assert "Ink " in text(view)
    depth = len(view.path)
    assert depth > 4
    rects = view.crumbs.rects()
    assert depth - 1 in rects  # the last one is in sight, however long the path
    view.walk_back(1)
    assert len(view.path) == 2


def test_a_selection_elsewhere_begins_a_new_path(view: TraceView, net: SmallNet) -> None:
    select(view, net, Kind.CONVOLUTION)
    assert view.trace is not None
    view.descend(view.trace.children[0].selection)
    other = select(view, net, Kind.DENSE)
    assert view.path == (other,)


def test_follows_the_pen(qtbot: QtBot, view: TraceView, net: SmallNet) -> None:
    selection = select(view, net, Kind.CONVOLUTION)
    record = net.record(drawing(2))
    view.set_record(record)
    value = float(record.outputs[selection.node][1, selection.y, selection.x])

    def follows() -> None:
        assert view.trace is not None
        assert view.trace.value == value

    qtbot.waitUntil(follows)
    assert view.path == (selection,)


def test_nothing_is_computed_while_it_is_hidden(
    view: TraceView, net: SmallNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(view, net, Kind.CONVOLUTION)
    view.hide()
    asked = MagicMock(return_value=None)
    monkeypatch.setattr("viewer.widgets.trace.view.trace", asked)
    view.set_record(net.record(drawing(2)))
    view.set_selection(Selection(net.network.nodes[0].name, 0, 3, 3))
    view.show_now()
    assert not asked.called
    view.show()
    assert asked.called


def test_dense_lists_both_signs_and_shows_maps(view: TraceView, net: SmallNet) -> None:
    first = next(node for node in net.network.nodes if node.kind is Kind.DENSE)
    view.set_selection(Selection(first.name, 1))
    assert view.trace is not None
    part: Any = view.trace.part
    tables = [item for item in view.canvas.blocks if isinstance(item, TableBlock)]
    assert [table.title.split(",")[0] for table in tables][-1] == "All"
    assert tables[-1].count == len(part.products)
    for table, sign in zip(tables[:-1], (1, -1), strict=True):
        rows = [table.row(number) for number in range(table.count)]
        products = [float(row.text.rsplit(" = ", 1)[1].replace("−", "-")) for row in rows]
        assert all(sign * product > 0 for product in products)
        assert [abs(p) for p in products] == sorted(map(abs, products), reverse=True)
    shown = block(view, SideBySide)
    assert len(shown.blocks) == 3
    assert shown.height(120.0) > shown.height(2 * WIDTH)  # below each other, or beside
    targets = {hit.target for hit in hits(shown, 2.0)}
    assert len(targets) == len(part.products)


def test_pooling_shows_the_winner(view: TraceView, net: SmallNet) -> None:
    select(view, net, Kind.POOLING)
    item = block(view, PoolingBlock)
    assert item.part.winner_place is not None
    y, x = item.part.winner_place
    assert f"from y {y}, x {x}" in text(view)
    assert {hit.target for hit in hits(item)} >= {view.trace and view.trace.children[0].selection}


def test_the_temperature_makes_classes_more_alike(view: TraceView, net: SmallNet) -> None:
    selection = select(view, net, Kind.SOFTMAX)
    assert view.temperature.isVisible()

    def share() -> float:
        row = block(view, TableBlock).row(selection.channel)
        return float(row.text.rsplit(" ", 1)[1].replace("−", "-"))

    record = net.record(drawing(1))
    assert share() == pytest.approx(float(record.outputs[selection.node][1]), abs=1e-6)
    view.temperature.slider.setValue(view.temperature.slider.maximum())
    count = block(view, TableBlock).count
    assert share() == pytest.approx(1 / count, abs=0.2)
    assert "at temperature 10" in text(view)
    select(view, net, Kind.CONVOLUTION)
    assert not view.temperature.isVisible()


def test_says_why_it_can_not_explain(view: TraceView, net: SmallNet) -> None:
    view.set_weights(replace(net.weights, kind=WeightsKind.GRADIENTS))
    select(view, net, Kind.CONVOLUTION)
    assert "in place of gradients" in text(view)
    wrong = {name: weight + 1 for name, weight in net.weights.weights.items()}
    view.set_weights(replace(net.weights, weights=wrong))
    view.set_record(net.record(drawing(1)))
    view.show_now()
    assert "does not give torch's value" in text(view)


def test_the_scroll_bar_is_there_only_if_something_scrolls(
    qtbot: QtBot, view: TraceView, net: SmallNet
) -> None:
    bar = view.canvas.verticalScrollBar()
    assert bar is not None
    view.resize(640, 700)
    view.set_selection(None)
    assert not bar.isVisible()
    width = view.canvas._width()
    view.resize(640, 240)
    select(view, net, Kind.CONVOLUTION)
    assert bar.maximum() > 0
    qtbot.waitUntil(bar.isVisible)
    assert view.canvas._width() == width  # the layout doesn't depend on it
    viewport = view.canvas.viewport()
    assert viewport is not None and width <= viewport.width()


@pytest.mark.parametrize("size", [(304, 360), (480, 360), (960, 640)])
def test_every_kind_is_painted_at_every_size(
    view: TraceView, net: SmallNet, size: tuple[int, int]
) -> None:
    view.resize(*size)
    view.set_theme(DARK)
    for node in net.network.nodes:
        middle = tuple(extent // 2 for extent in node.output_shape[1:])
        view.set_selection(Selection(node.name, 0, *middle))
        picture = view.grab().toImage()
        seen = {picture.pixel(x, y) for x in range(0, size[0], 2) for y in range(0, size[1], 2)}
        assert len(seen) > 5
        bar = view.canvas.verticalScrollBar()
        assert bar is not None
        bar.setValue(bar.maximum())
        view.canvas.grab()


class Desk:
    """A controller among doubles."""

    def __init__(self, net: SmallNet) -> None:
        self.view = MagicMock(spec=TraceView)
        self.views, self.flow, self.drawing = MagicMock(), MagicMock(), MagicMock()
        self.views.selection = None
        self.controller = TraceController(self.view, self.views, self.flow, self.drawing)
        self.controller.set_network(net.network, net.weights)
        self.view.reset_mock()


def test_weights_wait_for_their_record(net: SmallNet) -> None:
    desk = Desk(net)
    learned = replace(net.weights, step=5)
    desk.controller.set_weights(learned)
    desk.controller.set_record(replace(net.record(drawing(1)), weights_step=4))
    assert not desk.view.set_weights.called
    desk.controller.set_record(replace(net.record(drawing(1)), weights_step=5))
    desk.view.set_weights.assert_called_once_with(learned)


def test_outlines_the_receptive_field_while_in_sight(net: SmallNet) -> None:
    desk = Desk(net)
    node = next(n for n in net.network.nodes if n.kind is Kind.CONVOLUTION)
    assert node.window is not None
    desk.views.selection = Selection(node.name, 0, 3, 3)
    desk.controller.set_active(True)
    (fields,) = desk.flow.set_fields.call_args.args
    first = net.network.nodes[0].name
    (edges,) = desk.drawing.set_field.call_args.args
    assert fields[first] == edges
    assert max(edge[2] - edge[0] for edge in edges) <= node.window.kernel_size[1]
    assert node.name not in fields
    desk.controller.set_active(False)
    desk.flow.set_fields.assert_called_with({})
    desk.drawing.set_field.assert_called_with(())
