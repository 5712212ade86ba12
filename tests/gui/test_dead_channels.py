"""Channels of a network of photographs that never answer are marked, in the whole window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import nn

from tests.gui.test_any_network import Desk, scripted
from viewer.controllers.views import picture_key
from viewer.core.records import Drawing, Picture
from viewer.core.statistics import DRAWINGS

DEAD = 2
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(qapp, tmp_path, qtbot)
    yield desk
    assert desk.application.close()


@pytest.fixture
def network(tmp_path: Path) -> str:
    """Return a network in colour of four channels, one of which never answers."""
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 4, 3)
    with torch.no_grad():
        convolution.bias[:] = 10.0  # type: ignore[index]  # a convolution has one
        convolution.bias[DEAD] = -100.0  # type: ignore[index]  # a convolution has one
    parts = (convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return scripted(tmp_path / "colored.ts", nn.Sequential(*parts))


def photograph(seed: int, path: str | None = None) -> Picture:
    """Return a bright picture, as most are: coarse noise, other for each seed."""
    coarse = np.random.default_rng(seed).integers(160, 256, (8, 8, 3), np.uint8)
    rgb = coarse.repeat(5, axis=0).repeat(5, axis=1)
    grey = rgb.mean(axis=2, dtype=np.float32) / np.float32(255)
    return Picture(grey, "Pasted picture", rgb=rgb, path=path)


def show(desk: Desk, picture: Picture) -> set[int]:
    """Show a picture and return the channels of the ReLU that are marked then."""
    desk.controller.inputs.show_source(picture)
    desk.wait(lambda: desk.controller.is_shown)
    views = desk.controller.views
    desk.wait(lambda: not views._after_paint.isActive())
    network = views.network
    assert network is not None
    (relu,) = (node.name for node in network.nodes if node.type_name == "ReLU")
    marked: frozenset[int] = desk.controller.flow._dead.get(relu, frozenset())
    return set(marked)


def test_a_channel_that_no_photograph_wakes_is_marked(desk: Desk, network: str) -> None:
    desk.open(network, "colored")
    marks = [show(desk, photograph(seed)) for seed in range(25)]
    assert marks[: DRAWINGS - 1] == [set()] * (DRAWINGS - 1)
    assert marks[DRAWINGS - 1 :] == [{DEAD}] * (26 - DRAWINGS)


def test_files_that_look_alike_are_different_pictures(desk: Desk, network: str) -> None:
    desk.open(network, "colored")
    for number in range(DRAWINGS - 1):
        assert show(desk, photograph(0, f"/photos/{number}.png")) == set()
    for _ in range(3):  # the same one again and again
        assert show(desk, photograph(0, "/photos/0.png")) == {DEAD}


def test_one_photograph_shown_often_tells_nothing(desk: Desk, network: str) -> None:
    desk.open(network, "colored")
    for _ in range(DRAWINGS + 3):
        assert show(desk, photograph(0, "/photos/0.png")) == set()


def test_pictures_of_other_sizes_count_too(desk: Desk, network: str) -> None:
    desk.open(network, "colored")
    controller = desk.controller
    for seed in range(DRAWINGS - 1):
        assert show(desk, photograph(seed)) == set()
    assert controller.views.network is not None
    controller._on_network_resized(controller.views.network)  # as a picture of another size has it
    assert show(desk, photograph(DRAWINGS)) == {DEAD}


def test_what_tells_pictures_apart() -> None:
    pixels = np.zeros((2, 2), np.float32)
    assert picture_key(Drawing()) is None
    assert picture_key(Picture(pixels, "a.png", path="/photos/a.png")) == "/photos/a.png"
    assert picture_key(Picture(pixels, "MNIST test image 7", prepared=True)) == "MNIST test image 7"
    assert picture_key(Picture(pixels, "Camera")) is None  # as are all its frames
