"""Training images before and after augmentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from viewer.widgets.theme import Theme
from viewer.widgets.training.augmentation_preview import (
    TITLE,
    UNCHANGED,
    AugmentationPreview,
    Layout,
    arrange,
)

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.fixture
def preview(qtbot: QtBot, fonts: None) -> AugmentationPreview:
    preview = AugmentationPreview()
    qtbot.addWidget(preview)
    preview.resize(600, 240)
    with qtbot.waitExposed(preview):
        preview.show()
    return preview


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        ((900, 200), Layout(3, 4, 2)),
        ((264, 220), Layout(2, 2, 3)),
        ((100, 60), Layout(1, 1, 1)),
        ((10, 10), Layout(1, 1, 1)),
    ],
)
def test_the_zoom_is_the_largest_that_shows_some(room: tuple[int, int], expected: Layout) -> None:
    assert arrange(*room, (28, 28), 20) == expected


def test_a_single_pair_is_enlarged_as_far_as_it_goes() -> None:
    assert arrange(1000, 200, (28, 28), 1).zoom == 4
    assert arrange(1000, 200, (64, 64), 1).zoom == 3


def test_every_pixel_is_shown_exactly(preview: AugmentationPreview) -> None:
    rng = np.random.default_rng(0)
    before, after = rng.random((2, 28, 28), np.float32)
    preview.set_pairs([(before, after)] * 4)
    zoom = preview.view.layout_now().zoom
    shown = preview.view.grab().toImage()
    for pixels, place in zip((before, after), preview.view.places()[3], strict=True):
        for row, column in ((1, 1), (13, 20), (26, 26)):
            level = round(float(pixels[row, column]) * 255)
            x, y = int(place.x()) + column * zoom, int(place.y()) + row * zoom
            for dx, dy in ((0, 0), (zoom - 1, zoom - 1)):
                assert shown.pixelColor(x + dx, y + dy) == QColor(level, level, level)


def test_colour_images_keep_their_colours(preview: AugmentationPreview) -> None:
    red = np.zeros((32, 32, 3), np.float32)
    red[..., 0] = 1
    preview.set_pairs([(red, np.full_like(red, np.nan))])
    shown = preview.view.grab().toImage()
    before, after = (place.center().toPoint() for place in preview.view.places()[0])
    assert shown.pixelColor(before) == QColor(255, 0, 0)
    assert shown.pixelColor(after) == QColor("black")


def test_only_what_fits_is_shown(preview: AugmentationPreview) -> None:
    image = np.zeros((28, 28), np.float32)
    preview.set_pairs([(image, image + 1)] * 100)
    places = preview.view.places()
    assert 4 <= len(places) < 100
    inside = preview.view.rect()
    assert all(inside.contains(p.toAlignedRect()) for pair in places for p in pair)
    assert preview.capacity() >= 4


def test_it_says_when_nothing_is_distorted(preview: AugmentationPreview) -> None:
    image = np.zeros((28, 28), np.float32)
    preview.set_pairs([(image, image)])
    assert preview.title() == UNCHANGED
    preview.set_pairs([(image, image + 1)])
    assert preview.title() == TITLE


def test_more_can_be_asked_for_once_there_are_some(
    qtbot: QtBot, preview: AugmentationPreview
) -> None:
    more = preview.findChildren(QToolButton)[0]
    assert not more.isEnabled()
    image = np.zeros((28, 28), np.float32)
    preview.set_pairs([(image, image)])
    with qtbot.waitSignal(preview.more_requested):
        QTest.mouseClick(more, Qt.MouseButton.LeftButton)


def test_the_empty_state_says_what_comes(preview: AugmentationPreview, theme: Theme) -> None:
    preview.set_theme(theme)
    preview.set_pairs(())
    assert preview.view.places() == []
    assert "Training images appear" in preview.view.accessibleName()
