"""A person's own network and picture: opened, walked into, prepared otherwise, and closed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.e2e.conftest import EXIT_TIMEOUT_S, Desktop, until
from viewer.controllers.preparation_memory import PreparationMemory
from viewer.core.records import Preparation, Step

pytestmark = pytest.mark.xvfb

BLOCKS = 10  # so many layers that blocks begin collapsed
SIDE = 48
LAYER = "alt+Right", "alt+Left"

# Prints where the switch of the normalisation is, in a window that is the same all over.
SWITCH = """
import sys
from pathlib import Path
from PyQt6.QtCore import QSettings
from PyQt6.QtTest import QTest
from viewer.app import Application, create_qt_application
settings, model, picture = sys.argv[1:]
qt = create_qt_application()
application = Application(
    qt, QSettings(settings, QSettings.Format.IniFormat), model=model, source=Path(picture)
)
application.window.show()
application.complete()
preparation = application.controller.pictures.preparation
while preparation.view is None or len(preparation.view.rows) < 4 or not preparation.view.answer:
    QTest.qWait(20)
QTest.qWait(200)
switch = preparation.view.rows[-1].switch
place = switch.mapTo(application.window, switch.rect().center())
print(place.x(), place.y())
application.close()
"""


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(6, 6, 3, padding=1)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.relu(self.conv(x) + x)
        return answer


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Write a network for pictures in colour, as a person would: with torch.export."""
    torch.manual_seed(0)
    module = nn.Sequential()
    module.add_module("stem", nn.Conv2d(3, 6, 3, padding=1))
    module.add_module("body", nn.Sequential(*(Residual() for _ in range(BLOCKS))))
    module.add_module("pool", nn.AdaptiveAvgPool2d(1))
    module.add_module("flat", nn.Flatten())
    module.add_module("head", nn.Linear(6, 4))
    path = tmp_path / "mine.pt2"
    torch.export.save(torch.export.export(module.eval(), (torch.zeros(1, 3, SIDE, SIDE),)), path)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "noise.png"
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def selected(desktop: Desktop) -> str:
    """Return the layer that is selected: the dialog that would export it names it."""
    desktop.key("ctrl+shift+e")
    title = desktop.answer("Export the maps", "Escape")
    return title.removeprefix("Export the maps of ").partition(" — ")[0]


def switch_place(desktop: Desktop, tmp_path: Path, network: Path, picture: Path) -> tuple[int, int]:
    """Return where on the screen the normalisation is switched."""
    geometry = desktop.xdotool("getwindowgeometry", "--shell", desktop.window())
    x, y = (int(re.search(rf"^{key}=(-?\d+)$", geometry, re.M)[1]) for key in "XY")  # type: ignore[index]  # xdotool prints both
    arguments = (tmp_path / "layout.ini", network, picture)
    done = subprocess.run(
        [sys.executable, "-c", SWITCH, *map(str, arguments)],
        env=desktop.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    left, top = map(int, done.stdout.split())
    return x + left, y + top


def remembered(settings: Path, network: Path) -> Preparation:
    """Return the preparation that the program has kept for `network`."""
    from PyQt6.QtCore import QSettings

    memory = PreparationMemory(QSettings(str(settings), QSettings.Format.IniFormat))
    return memory.recall(str(network), Preparation(digit=False))


def test_a_network_of_ones_own_from_the_command_line(
    desktop: Desktop, tmp_path: Path, network: Path, picture: Path
) -> None:
    from viewer.core.program import APPLICATION, ORGANISATION

    desktop.environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    settings = tmp_path / "config" / ORGANISATION / f"{APPLICATION}.conf"
    process = desktop.start(str(network), str(picture))
    # The answer to the picture stands before the network's name.
    until(lambda: desktop.title().startswith("class ") and "mine" in desktop.title(), desktop.title)

    # Into the flow by the search, and to the first block, which is collapsed.
    desktop.key("ctrl+f", "Escape", "Right", LAYER[0])
    assert selected(desktop) == "body.0.relu"
    desktop.key("o", LAYER[1])
    assert selected(desktop) == "body.0.add"

    assert remembered(settings, network).off == frozenset()
    desktop.click(*switch_place(desktop, tmp_path, network, picture))
    until(
        lambda: remembered(settings, network).off == {Step.NORMALISE},
        lambda: str(remembered(settings, network)),
    )

    desktop.key("ctrl+q")
    assert process.wait(EXIT_TIMEOUT_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
