"""Where the panels of the sliding window lie."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from PyQt6.QtCore import QPointF, QRectF, QSizeF
from pytestqt.qtbot import QtBot

from viewer.widgets.sliding.geometry import NUMBERS_LEAST_PX, Layout, Request, layout_of

CONV1 = Request(
    QSizeF(704, 250), 1.0, (-2, -2, 30, 30), (28, 28), (5, 5), (-2, -2, 3, 3), (0, 0), False, 34
)


def at(request: Request, y: int, x: int) -> Request:
    """Return the request for another cell of conv1."""
    return replace(request, footprint=(y - 2, x - 2, y + 3, x + 3), cell=(y, x))


def rects(layout: Layout) -> list[QRectF]:
    grids = [layout.input, layout.kernel, layout.map, layout.products]
    return [grid.rect for grid in grids if grid is not None]


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
@pytest.mark.parametrize("size", [(704, 190), (704, 250), (1008, 460), (1424, 720)])
def test_nothing_overlaps_or_leaves_the_picture(
    numbers: bool, ratio: float, size: tuple[int, int]
) -> None:
    for kernel, shape in itertools.product(
        (1, 3, 5, 7, 11), ((1, 1), (7, 7), (28, 28), (224, 224))
    ):
        request = replace(
            CONV1,
            size=QSizeF(*size),
            ratio=ratio,
            numbers=numbers,
            map_shape=shape,
            kernel_shape=(kernel, kernel),
            extent=(0, 0, shape[0] + kernel - 1, shape[1] + kernel - 1),
            footprint=(0, 0, kernel, kernel),
        )
        found = rects(layout_of(request))
        whole = QRectF(0, request.title_px, *size).adjusted(0, -1, 0, -request.title_px)
        for rect in found:
            assert whole.contains(rect), (kernel, shape, rect)
        for one, other in itertools.combinations(found, 2):
            assert not one.intersects(other)


def test_cells_are_whole_device_pixels() -> None:
    for ratio in (1.0, 1.25, 1.5, 2.0):
        layout = layout_of(replace(CONV1, ratio=ratio))
        for grid in (layout.input, layout.kernel, layout.map):
            assert (grid.cell_px * ratio) == pytest.approx(round(grid.cell_px * ratio))
            assert (grid.rect.left() * ratio) == pytest.approx(round(grid.rect.left() * ratio))


def test_all_is_shown_without_numbers() -> None:
    layout = layout_of(CONV1)
    assert layout.input.shown == (-2, -2, 30, 30)
    assert layout.map.shown == (0, 0, 28, 28)
    assert layout.products is None


def test_numbers_zoom_and_the_window_stays_in_view() -> None:
    request = replace(CONV1, numbers=True)
    layout = None
    for y, x in itertools.product(range(28), range(28)):
        moved = at(request, y, x)
        layout = layout_of(moved, layout)
        assert layout.input.cell_px >= NUMBERS_LEAST_PX
        top, left, bottom, right = layout.input.shown
        assert top <= y - 2 and left <= x - 2 and bottom >= y + 3 and right >= x + 3
        assert top >= -2 and left >= -2 and bottom <= 30 and right <= 30
        top, left, bottom, right = layout.map.shown
        assert top <= y < bottom and left <= x < right


def test_the_view_stays_where_it_is_while_it_can() -> None:
    request = replace(CONV1, numbers=True, size=QSizeF(1200, 600))
    first = layout_of(at(request, 10, 10))
    assert layout_of(at(request, 10, 11), first).map.shown == first.map.shown
    far = layout_of(at(request, 25, 25), first)
    assert far.map.shown != first.map.shown


def test_products_where_there_is_room(qtbot: QtBot) -> None:
    request = replace(CONV1, numbers=True, size=QSizeF(1424, 720))
    assert layout_of(request).products is not None
    assert layout_of(replace(request, products=False)).products is None


def test_from_a_point_to_a_cell_and_back() -> None:
    grid = layout_of(CONV1).input
    for cell in ((-2, -2), (0, 5), (29, 29)):
        assert grid.cell_at(grid.cell_rect(*cell).center()) == cell
    assert grid.cell_at(grid.rect.topLeft() - QPointF(2, 2)) is None
