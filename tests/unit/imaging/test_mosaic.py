from __future__ import annotations

import numpy as np
import pytest

from viewer.core.imaging.kernels import KernelMatrix, as_kernels, kernel_matrix
from viewer.core.imaging.mosaic import Grid, Mosaic
from viewer.core.records import Kind, Node, Window

GAP, EMPTY = 7, 9


def test_a_mosaic_by_hand() -> None:
    tiles = np.arange(10, 10 + 3 * 2 * 2, dtype=np.uint32).reshape(3, 2, 2)
    mosaic = Mosaic(Grid(3, 2, 2, columns=2), GAP, EMPTY)
    mosaic.fill(tiles)
    assert mosaic.pixels.tolist() == [
        [10, 11, GAP, 14, 15],
        [12, 13, GAP, 16, 17],
        [GAP, GAP, EMPTY, EMPTY, EMPTY],
        [18, 19, EMPTY, EMPTY, EMPTY],
        [20, 21, EMPTY, EMPTY, EMPTY],
    ]


@pytest.mark.parametrize("count", [1, 3, 16, 17])
@pytest.mark.parametrize("columns", [1, 4, 6])
@pytest.mark.parametrize("gap", [0, 1])
def test_every_pixel_is_where_the_grid_says(count: int, columns: int, gap: int) -> None:
    grid = Grid(count, 3, 5, min(columns, count), gap)
    tiles = np.random.default_rng(0).integers(100, 2**32, (count, 3, 5), dtype=np.uint32)
    mosaic = Mosaic(grid, GAP, EMPTY)
    mosaic.fill(tiles)
    assert mosaic.pixels.shape == grid.shape
    seen = 0
    for y in range(grid.shape[0]):
        for x in range(grid.shape[1]):
            found = grid.at(y, x)
            if found is None:
                assert mosaic.pixels[y, x] in (GAP, EMPTY)
            else:
                assert mosaic.pixels[y, x] == tiles[found]
                top, left = grid.origin(found[0])
                assert (top + found[1], left + found[2]) == (y, x)
                seen += 1
    assert seen == tiles.size


def test_nothing_is_outside_of_a_grid() -> None:
    grid = Grid(4, 3, 3, 2)
    assert grid.shape == (7, 7)
    for y, x in ((-1, 0), (0, -1), (7, 0), (0, 7), (3, 0), (0, 3)):
        assert grid.at(y, x) is None


def test_a_mosaic_is_filled_anew_in_place() -> None:
    mosaic = Mosaic(Grid(2, 2, 2, 2), GAP)
    pixels = mosaic.pixels
    for value in (1, 2):
        mosaic.fill(np.full((2, 2, 2), value, np.uint32))
        assert pixels[0].tolist() == [value, value, GAP, value, value]
    assert np.shares_memory(pixels, mosaic.buffer)
    assert mosaic.buffer.flags.c_contiguous


def test_a_kernel_matrix_has_a_filter_a_row_and_an_input_channel_a_column() -> None:
    matrix = KernelMatrix(2, 3, 1, 2)
    colors = np.arange(10, 22, dtype=np.uint32).reshape(2, 3, 1, 2)
    assert matrix.mosaic(colors, GAP, EMPTY).pixels.tolist() == [
        [10, 11, GAP, 12, 13, GAP, 14, 15],
        [GAP] * 8,
        [16, 17, GAP, 18, 19, GAP, 20, 21],
    ]


@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (6, 1, 5, 5), (5, 7, 1, 1), (3, 2, 2, 4)])
@pytest.mark.parametrize("columns", [1, 2])
def test_every_weight_is_where_the_matrix_says(
    shape: tuple[int, int, int, int], columns: int
) -> None:
    matrix = KernelMatrix(*shape, columns=columns)
    colors = np.arange(100, 100 + np.prod(shape), dtype=np.uint32).reshape(shape)
    pixels = matrix.mosaic(colors, GAP, EMPTY).pixels
    seen = 0
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            found = matrix.at(y, x)
            if found is None:
                assert pixels[y, x] in (GAP, EMPTY)
                continue
            assert pixels[y, x] == colors[found]
            top, left = matrix.origin(found[0], found[1])
            assert (top + found[2], left + found[3]) == (y, x)
            seen += 1
    assert seen == colors.size


def node(name: str, kind: Kind, inputs: tuple[str, ...], shape: tuple[int, ...]) -> Node:
    window = Window((3, 3), (1, 1), (1, 1), groups=2) if kind is Kind.CONVOLUTION else None
    return Node(name, kind, name, inputs, shape, 1, signed=True, window=window)


def test_which_nodes_have_kernels_and_of_what_size() -> None:
    nodes = {
        n.name: n
        for n in (
            node("input", Kind.INPUT, (), (4, 6, 6)),
            node("conv", Kind.CONVOLUTION, ("input",), (8, 6, 6)),
            node("relu", Kind.ACTIVATION, ("conv",), (8, 6, 6)),
            node("flatten", Kind.FLATTEN, ("relu",), (288,)),
            node("dropout", Kind.DROPOUT, ("flatten",), (288,)),
            node("dense", Kind.DENSE, ("dropout",), (10,)),
            node("output", Kind.DENSE, ("dense",), (5,)),
            node("huge", Kind.DENSE, ("flatten",), (1000,)),
        )
    }
    assert kernel_matrix(nodes["conv"], nodes) == KernelMatrix(8, 2, 3, 3)
    assert kernel_matrix(nodes["dense"], nodes) == KernelMatrix(10, 8, 6, 6)
    assert kernel_matrix(nodes["output"], nodes) == KernelMatrix(5, 10, 1, 1)
    assert kernel_matrix(nodes["relu"], nodes) is None
    assert kernel_matrix(nodes["huge"], nodes) is None


def test_dense_weights_are_seen_as_the_maps_that_were_flattened() -> None:
    weights = np.arange(2 * 12, dtype=np.float32).reshape(2, 12)
    kernels = as_kernels(weights, KernelMatrix(2, 3, 2, 2))
    assert kernels[1, 2, 0, 1] == weights[1, 2 * 4 + 1]
