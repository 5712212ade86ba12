from __future__ import annotations

import itertools
import time
from types import MappingProxyType

import pytest

from viewer.core.card_layout import GRID_PX, TextSizes
from viewer.core.card_level import Level
from viewer.core.layout import FlowLayout, columns_of, lay_out
from viewer.core.nets.architectures import architectures
from viewer.core.nets.graph import Graph
from viewer.core.records import Kind, Node, Window

SIZES = ((444, 520), (700, 640), (860, 760), (1000, 760), (1500, 1000))


@pytest.fixture(scope="module", params=["digits", "lenet5", "mlp"])
def nodes(request: pytest.FixtureRequest) -> tuple[Node, ...]:
    return nodes_of(request.param)


def nodes_of(architecture: str) -> tuple[Node, ...]:
    return Graph(architectures().get(architecture).build(), (1, 28, 28)).nodes


def titles(nodes: tuple[Node, ...], px: int = 100) -> TextSizes:
    # As wide as measured: a card with parameters names them beside its shape.
    return TextSizes(MappingProxyType({n.name: px + (80 if n.parameters else 0) for n in nodes}), 8)


def assert_sound(layout: FlowLayout) -> None:
    """Check all that holds of every layout."""
    for a, b in itertools.combinations(layout.cards.values(), 2):
        assert not a.frame.overlaps(b.frame), (a.node, b.node)
    for card in layout.cards.values():
        frame = card.frame
        assert frame.x % GRID_PX == frame.y % GRID_PX == 0
        assert frame.width % GRID_PX == frame.height % GRID_PX == 0
        assert frame.right <= layout.width
        assert frame.bottom <= layout.height
        parts = [part for part in (card.title, card.kernels, card.maps, card.bar) if part]
        for part in parts:
            assert frame.x < part.x
            assert part.right < frame.right
            assert frame.y < part.y
            assert part.bottom < frame.bottom
        for part, other in itertools.combinations(parts, 2):
            assert not part.overlaps(other), card.node
        if not card.bars:
            height, width = card.grid.shape
            assert (card.maps.height, card.maps.width) == (height * card.scale, width * card.scale)
            assert card.scale >= 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("zoom", [None, 1, 3])
def test_every_layout_is_sound(
    nodes: tuple[Node, ...], size: tuple[int, int], zoom: int | None
) -> None:
    layout = lay_out(nodes, *size, zoom=zoom, text=titles(nodes))
    assert list(layout.cards) == [node.name for node in nodes]
    assert_sound(layout)


@pytest.mark.parametrize("size", [(860, 760), (1000, 760), (1500, 1000)])
def test_everything_is_in_sight_where_there_is_room(
    nodes: tuple[Node, ...], size: tuple[int, int]
) -> None:
    layout = lay_out(nodes, *size, text=titles(nodes))
    assert layout.width <= size[0]
    assert layout.height <= size[1]


def test_every_map_of_the_default_network_has_its_tile() -> None:
    nodes = nodes_of("digits")
    layout = lay_out(nodes, 860, 760, text=titles(nodes))
    for node in nodes:
        card = layout.cards[node.name]
        assert card.grid.count == node.output_shape[0]
    kernels = {name: card.matrix for name, card in layout.cards.items() if card.matrix}
    assert {name: (m.outputs, m.inputs) for name, m in kernels.items()} == {
        "conv1": (16, 1),
        "conv2": (32, 16),
        "conv3": (32, 32),
        "dense": (10, 32),
    }


def test_kernels_of_one_input_channel_stand_in_the_order_of_the_maps() -> None:
    nodes = nodes_of("digits")
    for size in SIZES:
        card = lay_out(nodes, *size, text=titles(nodes)).cards["conv1"]
        assert card.matrix is not None
        assert card.matrix.columns == card.grid.columns


def test_maps_shrink_gently_with_their_size() -> None:
    level = Level(2)
    assert [level.scale(n, n) for n in (28, 14, 7)] == [2, 3, 4]
    assert Level(1).scale(224, 224) == 1


def test_more_room_never_gives_smaller_maps() -> None:
    nodes = nodes_of("digits")
    zooms = [lay_out(nodes, *size, text=titles(nodes)).level.zoom for size in SIZES]
    assert zooms == sorted(zooms)
    assert zooms[-1] >= 2


def test_a_zoom_is_taken_and_only_the_height_grows() -> None:
    nodes = nodes_of("digits")
    layout = lay_out(nodes, 860, 760, zoom=2, text=titles(nodes))
    assert layout.cards["conv1"].scale == 2
    assert layout.width == 860
    assert layout.height > 760


def test_rows_of_a_view_that_scrolls_are_lower_than_it() -> None:
    nodes = nodes_of("digits")
    layout = lay_out(nodes, 860, 760, zoom=3, text=titles(nodes))
    assert layout.height > 760
    for top, bottom in zip(layout.row_tops, layout.row_bottoms, strict=True):
        assert bottom - top < 0.8 * 760
    assert layout.cards["conv1"].grid.columns == 4


def test_the_same_network_and_viewport_give_the_same_layout(nodes: tuple[Node, ...]) -> None:
    first = lay_out(nodes, 860, 760, text=titles(nodes))
    lay_out(nodes, 500, 400, text=titles(nodes))
    assert lay_out(nodes, 860, 760, text=titles(nodes)) == first


def test_rows_read_like_text(nodes: tuple[Node, ...]) -> None:
    layout = lay_out(nodes, 860, 760, text=titles(nodes))
    places = [(layout.rows[n.name], layout.cards[n.name].frame.x) for n in nodes]
    assert places == sorted(places)
    for name, card in layout.cards.items():
        row = layout.rows[name]
        assert card.frame.y == layout.row_tops[row]
        assert card.frame.bottom <= layout.row_bottoms[row]


def test_titles_have_the_room_they_need() -> None:
    nodes = nodes_of("digits")
    wide = TextSizes(MappingProxyType({"pool1": 333}), 8)
    assert lay_out(nodes, 860, 760, text=wide).cards["pool1"].title.width >= 333


def test_one_card_fills_the_view() -> None:
    nodes = nodes_of("digits")
    alone = lay_out(nodes, 860, 760, text=titles(nodes), only="conv2")
    assert list(alone.cards) == ["conv2"]
    together = lay_out(nodes, 860, 760, text=titles(nodes))
    assert alone.cards["conv2"].scale >= 2 * together.cards["conv2"].scale
    assert alone.cards["conv2"].matrix is not None
    assert alone.width <= 860
    assert alone.height <= 760
    assert_sound(alone)


def graph(*edges: tuple[str, tuple[str, ...]], shape: tuple[int, ...] = (8, 14, 14)) -> list[Node]:
    window = Window((3, 3), (1, 1), (1, 1))
    return [
        Node(name, Kind.OTHER, "op", inputs, shape, 0, signed=True, window=window)
        for name, inputs in edges
    ]


BRANCHES = graph(
    ("input", ()),
    ("a", ("input",)),
    ("b1", ("a",)),
    ("b2", ("b1",)),
    ("c1", ("a",)),
    ("joined", ("b2", "c1", "a")),
)


def test_columns_are_longest_paths() -> None:
    assert columns_of(BRANCHES) == {"input": 0, "a": 1, "b1": 2, "b2": 3, "c1": 2, "joined": 4}


@pytest.mark.parametrize("width", [200, 420, 1200])
def test_parallel_branches_stand_below_one_another(width: int) -> None:
    layout = lay_out(BRANCHES, width, 2000)
    assert_sound(layout)
    first, second = layout.cards["b1"].frame, layout.cards["c1"].frame
    assert first.x == second.x
    assert first.bottom < second.y
    assert layout.rows["b1"] == layout.rows["c1"]


def test_a_viewport_narrower_than_a_card_is_no_error() -> None:
    layout = lay_out(graph(("input", ()), shape=(3, 224, 224)), 100, 100)
    assert layout.width > 100
    assert_sound(layout)


@pytest.mark.parametrize(
    "shape", [(1,), (7,), (97,), (4096,), (3, 5), (512, 7, 7), (13, 1, 1), (2, 3, 4, 5)]
)
def test_any_shape_has_a_card(shape: tuple[int, ...]) -> None:
    assert_sound(lay_out(graph(("input", ()), ("a", ("input",)), shape=shape), 860, 760))


def test_many_classes_show_the_likeliest_only() -> None:
    softmax = Node("softmax", Kind.SOFTMAX, "Softmax", (), (1000,), 0, signed=False)
    card = lay_out([softmax], 860, 760).cards["softmax"]
    assert card.bars
    assert card.grid.count == 10


def test_no_nodes_are_an_empty_layout() -> None:
    assert not lay_out([], 860, 760).cards


def test_a_deep_network_is_laid_out_in_a_moment() -> None:
    names = [f"n{i}" for i in range(120)]
    deep = graph(
        *((name, names[max(0, i - 1) : i]) for i, name in enumerate(names)),  # type: ignore[arg-type]  # a list reads as a tuple here
        shape=(64, 14, 14),
    )
    started = time.perf_counter()
    assert_sound(lay_out(deep, 1200, 900))
    assert time.perf_counter() - started < 2
