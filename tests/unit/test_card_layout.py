"""How one card is laid out: what has room first, and how high it may be."""

from __future__ import annotations

import pytest

from viewer.core.card_layout import (
    COLOR_INPUT_PX,
    LONE_MAP_PX,
    MAX_CARD_PX,
    Card,
    TextSizes,
)
from viewer.core.card_level import Level
from viewer.core.card_ways import card_options
from viewer.core.imaging.kernels import card_matrix
from viewer.core.layout import lay_out
from viewer.core.layout_levels import READABLE
from viewer.core.layout_rows import Row, Stack, filled
from viewer.core.records import Kind, Node, Window

VIEWPORT = (840, 700)


def picture(channels: int = 3, side: int = 224) -> Node:
    return Node(
        "input",
        Kind.INPUT,
        "Input",
        (),
        (channels, side, side),
        parameters=0,
        signed=False,
        window=None,
        settings={},
    )


def convolution(filters: int, side: int, kernel: int, source: Node) -> Node:
    return Node(
        "conv",
        Kind.CONVOLUTION,
        "Conv2d",
        (source.name,),
        (filters, side, side),
        parameters=filters * source.output_shape[0] * kernel**2,
        signed=True,
        window=Window((kernel, kernel), (1, 1), (0, 0), (1, 1), 1),
        settings={},
    )


def maps(shape: tuple[int, ...], source: Node) -> Node:
    return Node(
        "maps",
        Kind.ACTIVATION,
        "ReLU",
        (source.name,),
        shape,
        parameters=0,
        signed=False,
        window=None,
        settings={},
    )


def cards(*nodes: Node, width: int = VIEWPORT[0]) -> dict[str, Card]:
    return dict(lay_out(nodes, width, VIEWPORT[1]).cards)


def test_an_input_in_colour_is_one_picture_without_a_scale_of_greys() -> None:
    source = picture()
    conv = convolution(64, 112, 7, source)
    nodes = {node.name: node for node in (source, conv)}
    (way,) = card_options(source, nodes, READABLE, TextSizes(), 800)
    card = way.card
    assert card.color
    assert card.grid.count == 1
    assert card.bar is None
    assert card.map_size == (224, 224)
    assert COLOR_INPUT_PX / 2 < max(card.maps.width, card.maps.height) <= COLOR_INPUT_PX
    assert card.frame.bottom >= card.maps.bottom + 8


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_an_input_of_other_channels_has_a_map_for_each(channels: int) -> None:
    source = picture(channels)
    for way in card_options(source, {"input": source}, READABLE, TextSizes(), 800):
        assert not way.card.color
        assert way.card.grid.count == channels
        assert way.card.bar is not None


def test_many_kernels_fill_the_height_of_the_maps_beside_them() -> None:
    source = picture()
    conv = convolution(64, 112, 7, source)
    card = cards(source, conv)["conv"]
    assert card.kernels is not None
    assert card.kernels.x < card.maps.x  # beside, not below
    assert card.kernels.height > 0.8 * card.maps.height
    assert card.kernels.width < card.maps.width / 2


def test_kernels_are_never_higher_than_a_viewport_where_they_can_be_wider() -> None:
    source = picture()
    conv = convolution(64, 224, 3, source)
    nodes = {node.name: node for node in (source, conv)}
    for way in card_options(conv, nodes, Level(3), TextSizes(), 2000):
        assert way.card.kernels is not None
        assert way.card.kernels.height <= MAX_CARD_PX


def test_a_way_has_the_size_of_its_card() -> None:
    source = picture()
    bars = Node("softmax", Kind.SOFTMAX, "Softmax", ("conv",), (10,), 0, signed=False)
    for side, kernel in ((112, 7), (14, 3), (1, 1)):
        conv = convolution(64, side, kernel, source)
        nodes = {node.name: node for node in (source, conv, bars)}
        for node in nodes.values():
            for title in (0, 300):
                text = TextSizes({node.name: title}, 40)
                for way in card_options(node, nodes, Level(2), text, 2000):
                    assert (way.height, way.width) == (way.card.frame.height, way.card.frame.width)


def test_of_large_kernels_in_colour_an_excerpt_is_shown_and_said_to_be_one() -> None:
    source = picture()
    matrix = card_matrix(convolution(768, 14, 16, source), {"input": source})
    assert matrix is not None
    assert matrix.color
    assert matrix.outputs * 17 * 17 <= 256**2 < (matrix.outputs + 1) * 17 * 17
    assert matrix.note == f"first {matrix.outputs} of 768 filters"
    assert matrix.whole == (768, 3, 16, 16)


def test_a_scrolling_view_has_no_card_higher_than_a_viewport() -> None:
    source = picture()
    conv = convolution(192, 56, 3, source)
    many = maps((512, 28, 28), conv)
    for width in (840, 1200):
        for name, card in cards(source, conv, many, width=width).items():
            assert card.frame.height <= MAX_CARD_PX, (name, width)
            assert card.frame.width <= width - 16


def test_too_high_in_every_way_the_flattest_that_fits_is_taken() -> None:
    source = picture()
    many = maps((1024, 56, 56), source)
    nodes = {node.name: node for node in (source, many)}
    free = card_options(many, nodes, READABLE, TextSizes(), 400, ragged=True)
    capped = card_options(many, nodes, READABLE, TextSizes(), 400, height=200)
    assert [way.card for way in capped] == [free[0].card]


def test_a_lone_map_of_tokens_is_as_large_as_it_can_be_read() -> None:
    source = picture()
    tokens = maps((197, 768), source)
    nodes = {node.name: node for node in (source, tokens)}
    (way,) = card_options(tokens, nodes, READABLE, TextSizes(), 800)
    card = way.card
    assert LONE_MAP_PX / 2 < card.maps.width <= LONE_MAP_PX
    assert card.map_size == (197, 768)


def stack(*sizes: tuple[int, int]) -> Stack:
    heights, widths = zip(*sizes, strict=True)
    return Stack(("one",), heights, widths, tuple(() for _ in sizes))


def test_cards_are_wider_where_there_is_room_and_less_of_them_is_empty() -> None:
    hollow = stack((100, 200), (300, 100))  # the higher way covers half as much again
    dense = stack((100, 310), (300, 100))  # here it's the wider one that covers more
    row = Row(0, 2, 300, (1, 1))
    assert filled([hollow, dense], [row], 400, gutter=16) == [Row(0, 2, 300, (0, 1))]
    assert filled([hollow, hollow], [row], 416, gutter=16) == [Row(0, 2, 100, (0, 0))]
    assert filled([hollow, dense], [row], 300, gutter=16) == [row]  # no room


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_cards_are_no_larger_than_their_pictures_on_any_screen(ratio: float) -> None:
    source = picture()
    conv = convolution(64, 112, 7, source)
    many = maps((64, 112, 112), conv)
    layout = lay_out((source, conv, many), *VIEWPORT, ratio=ratio)
    for card in layout.cards.values():
        height, width = card.grid.shape
        pitch = max(1, int(card.scale * ratio + 1e-6)) / ratio  # as it is painted
        assert card.maps.width == pytest.approx(width * pitch, abs=1)
        assert card.maps.height == pytest.approx(height * pitch, abs=1)


def test_maps_are_reduced_less_where_the_screen_has_finer_pixels() -> None:
    assert Level(0.5).reduction(112, 112) == 4
    assert Level(0.5, ratio=1.5).reduction(112, 112) == 2
