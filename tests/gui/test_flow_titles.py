"""Long names on cards and above opened blocks: shortened in the middle, whole in the tip."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from PyQt6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from tests.gui.flow_desk import in_viewport, layout_of, settle, shown_view
from tests.unit.blocky import by_hand, traced
from viewer.core.card_layout import Rect
from viewer.core.records import Kind, Node
from viewer.widgets.flow.titles import MAX_NAME_PX, TitleFonts, name_text
from viewer.widgets.flow.view import FlowView

LAYER = "features.denseblock4.denselayer16.conv2"


def node(name: str) -> Node:
    return Node(name, Kind.CONVOLUTION, "Conv2d", (), (32, 7, 7), 36_864, signed=True)


def line(width: int) -> Rect:
    return Rect(0, 0, width, 32)


@pytest.fixture
def view(qtbot: QtBot, fonts: None) -> FlowView:
    return shown_view(qtbot, traced("densenet121"), (700, 560))


def tip(view: FlowView, place: Rect) -> str:
    """Return the tip at the left end of a title."""
    start = QRectF(place.x + 12, place.y + 4, 2, 2)
    return view._tip_at(QPointF(in_viewport(view, start)))


@pytest.mark.parametrize("reserved", [0, 40])
def test_a_long_name_loses_its_middle_only_where_there_is_no_room(
    qapp: object, fonts: None, reserved: int
) -> None:
    titles = TitleFonts()
    short = name_text(node(LAYER), line(150 + reserved), titles, reserved)
    assert short != LAYER and "…" in short
    begin, end = short.split("…")
    assert LAYER.startswith(begin) and LAYER.endswith(end)
    assert len(begin) >= 4 and len(end) >= 4
    assert titles.name_px(short) <= 150
    assert name_text(node(LAYER), line(600), titles, reserved) == LAYER


def test_layers_that_differ_at_either_end_are_told_apart(qapp: object, fonts: None) -> None:
    titles = TitleFonts()
    names = ("stem.denseblock4.denselayer16.conv2", LAYER, LAYER[:-1] + "1")
    assert len({name_text(node(name), line(200), titles, 20) for name in names}) == 3


def test_a_name_that_is_said_elsewhere_is_left_out(qapp: object, fonts: None) -> None:
    titles = TitleFonts()
    titles.labels = MappingProxyType({LAYER: "conv2"})
    assert name_text(node(LAYER), line(200), titles) == "conv2"


def test_no_card_is_wider_for_a_long_name(view: FlowView) -> None:
    network = traced("densenet121")
    titles = TitleFonts()
    longest = node(f"{LAYER}.{LAYER}")
    (px,) = titles.measure(network, [longest]).titles.values()
    assert px < MAX_NAME_PX + titles.small_px("Conv2d") + 10


def test_the_tip_on_a_title_is_the_whole_name(view: FlowView) -> None:
    path = LAYER.rpartition(".")[0]
    view.set_open_blocks(frozenset({path.rpartition(".")[0], path}))
    view.reveal_card(LAYER)
    settle(view)
    layout = layout_of(view)
    card = layout.cards[LAYER]
    assert tip(view, card.title) == LAYER  # of which conv2 stands on the card
    assert tip(view, card.maps) == ""
    view.show_only(LAYER)
    settle(view)
    assert tip(view, layout_of(view).cards[LAYER].title) == ""  # it stands there as a whole


def test_the_tip_above_an_opened_block_is_its_whole_path(qtbot: QtBot, fonts: None) -> None:
    paths = [f"features_of_the_first_stage.inverted_bottleneck_{number}" for number in (1, 2)]
    edges: dict[str, tuple[str, ...]] = {"input": ()}
    for path in paths:
        edges[f"{path}.conv"] = (list(edges)[-1],)
        edges[f"{path}.add"] = (f"{path}.conv",)
    network = by_hand({**edges, "head": (list(edges)[-1],)}, dict.fromkeys(paths, "Residual"))
    view = shown_view(qtbot, network, (300, 900))
    for band in layout_of(view).bands:
        assert tip(view, band.rects[0]) == band.path
    wide = shown_view(qtbot, network, (1400, 900))
    assert [tip(wide, band.rects[0]) for band in layout_of(wide).bands] == ["", ""]
