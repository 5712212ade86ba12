"""Outlines of sets of pixels."""

from __future__ import annotations

import numpy as np

from viewer.core.explain.mask_outline import Edge, outline
from viewer.core.explain.receptive_field import BoolArray


def _steps(edges: tuple[Edge, ...]) -> set[tuple[int, int, int, int]]:
    """Return the lines cut into pieces of one pixel each."""
    found = set()
    for x, y, u, v in edges:
        for i in range(u - x):
            found.add((x + i, y, x + i + 1, y))
        for i in range(v - y):
            found.add((x, y + i, x, y + i + 1))
    return found


def _expected(mask: BoolArray) -> set[tuple[int, int, int, int]]:
    framed = np.pad(mask, 1)
    found = set()
    height, width = mask.shape
    for y in range(height + 1):
        for x in range(width + 1):
            if x < width and framed[y, x + 1] != framed[y + 1, x + 1]:
                found.add((x, y, x + 1, y))
            if y < height and framed[y + 1, x] != framed[y + 1, x + 1]:
                found.add((x, y, x, y + 1))
    return found


def test_a_rectangle_has_four_lines() -> None:
    mask = np.zeros((5, 6), np.bool_)
    mask[1:3, 2:6] = True
    assert set(outline(mask)) == {(2, 1, 6, 1), (2, 3, 6, 3), (2, 1, 2, 3), (6, 1, 6, 3)}


def test_nothing_has_none() -> None:
    assert outline(np.zeros((3, 3), np.bool_)) == ()


def test_any_mask_is_outlined_along_its_edges() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        mask = rng.random((7, 5)) < 0.5
        assert _steps(outline(mask)) == _expected(mask)
