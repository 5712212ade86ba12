"""The input of a network of pictures: one picture in its colours, three channels to read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from tests.gui.test_flow_large import BY_NAME, complete, scene_of
from tests.large_net import NETWORK, large_record
from viewer.core.imaging.color_scale import NOT_FINITE_COLOR
from viewer.core.imaging.reduce import area_mean
from viewer.core.records import Selection
from viewer.widgets.flow import keys as flow_keys
from viewer.widgets.flow import overlay as flow_overlay
from viewer.widgets.flow.color_picture import packed
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import LIGHT


@pytest.fixture
def view(qtbot: QtBot, fonts: None) -> FlowView:
    view = FlowView(LIGHT)
    qtbot.addWidget(view)
    view.resize(860, 700)
    view.set_network(NETWORK)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_the_image_has_the_colours_it_had_before_it_was_normalised(view: FlowView) -> None:
    record = large_record(3)
    shape = record.outputs["input"].shape
    pixels = np.random.default_rng(0).random(shape).astype(np.float32)
    record = replace(record, image=replace(record.image, pixels=pixels))
    view.set_record(record)
    image = complete(view)
    card = scene_of(view).layout.cards["input"]
    expected = packed(area_mean(pixels, card.reduce))
    assert card.reduce == 2  # four values a pixel
    for y, x in ((0, 0), (50, 120), (223, 223)):
        place = view.cell_rect(Selection("input", 0, y, x)).center()
        shown = image.pixelColor(int(place.x()), int(place.y())).rgb()
        assert shown == int(expected[y // card.reduce, x // card.reduce])


def test_every_channel_is_read_and_selected_at_the_same_place(view: FlowView) -> None:
    record = large_record(3)
    view.set_record(record)
    scene = scene_of(view)
    lines = flow_overlay.readout(scene, Selection("input", 0, 10, 20))
    assert lines[0] == "input  y 10, x 20"
    assert [line.split()[0] for line in lines[1:4]] == ["red", "green", "blue"]
    cells = [view.cell_rect(Selection("input", channel, 10, 20)) for channel in range(3)]
    assert cells[0] == cells[1] == cells[2]
    assert not cells[0].isEmpty()
    assert view.cell_rect(Selection("input", 3, 10, 20)).isEmpty()
    found = scene.selection_at(QPointF(cells[0].center()) + view._offset())
    assert found is not None
    assert (found.node, found.channel) == ("input", 0)


def test_keys_walk_the_three_channels(view: FlowView) -> None:
    card = scene_of(view).layout.cards["input"]
    selection = Selection("input", 0, 5, 6)
    seen = [selection]
    for _ in range(4):
        seen.append(flow_keys.next_channel(card, BY_NAME["input"], seen[-1], 1, 0))
    assert [one.channel for one in seen] == [0, 1, 2, 2, 2]


def test_what_is_not_finite_is_pointed_out() -> None:
    pixels = np.zeros((3, 1, 2), np.float32)
    pixels[1, 0, 1] = np.nan
    assert packed(pixels).tolist() == [[0xFF000000, NOT_FINITE_COLOR]]
