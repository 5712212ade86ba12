from __future__ import annotations

import numpy as np
import pytest

from viewer.core.imaging.paper import find_ink, read_page


def test_a_shadow_at_the_edge_is_paper_and_ink_in_it_is_ink() -> None:
    page = np.full((256, 256), 0.9, np.float32)
    page[:, 176:] = 0.45  # a shadow, a third of the page
    page[100:160, 60:72] = 0.2
    page[100:160, 210:222] = 0.1
    read = read_page(page)
    assert read.dark
    assert read.paper[128, 240] == pytest.approx(0.45, abs=0.02)
    assert read.contrast[20:80, 190:].max() < 0.05
    assert read.contrast[128, 66] == pytest.approx(0.7 / 0.9, abs=0.05)
    assert read.contrast[128, 216] == pytest.approx(0.35 / 0.45, abs=0.05)


def test_the_hole_of_a_ring_is_not_the_ink() -> None:
    y, x = np.indices((200, 200))
    radius = np.hypot(x - 100, y - 100)
    ring = (radius > 45) & (radius < 65)
    for page, dark in ((np.where(ring, 0.1, 0.9), True), (np.where(ring, 0.9, 0.1), False)):
        read = read_page(page.astype(np.float32))
        assert read.dark is dark
        assert np.mean(find_ink(read) == ring) > 0.98


def test_the_largest_part_and_what_is_near_it() -> None:
    page = np.full((256, 256), 0.9, np.float32)
    page[60:180, 100:110] = 0.1
    page[60:70, 120:150] = 0.1  # near: a bar
    page[240:246, 20:26] = 0.1  # far and small: dirt
    page[0:256, 0:6] = 0.1  # from edge to edge
    ink = find_ink(read_page(page))
    assert ink[120, 105]
    assert ink[65, 135]
    assert not ink[200:, :60].any()
    assert not ink[:, :20].any()
