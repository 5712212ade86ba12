"""A person's session: the real program, real X11 events, and what its window says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import EXIT_TIMEOUT_S, Desktop, until

pytestmark = pytest.mark.xvfb

# A 7 and a 1, in parts of the pad's side.
SEVEN = ((0.25, 0.22), (0.5, 0.21), (0.75, 0.22), (0.62, 0.5), (0.45, 0.85))
ONE = ((0.52, 0.15), (0.51, 0.4), (0.5, 0.65), (0.49, 0.88))

# Prints where the pad is in a window of the same size with the same layout.
LAYOUT = """
import os
import sys
from PyQt6.QtCore import QPoint, QSettings
from viewer.app import Application, create_qt_application
qt = create_qt_application()
application = Application(qt, QSettings(sys.argv[1], QSettings.Format.IniFormat))
application.window.show()
application.complete()
qt.processEvents()
pad = application.window.pad_panel.pad
square = pad.square
corner = pad.mapTo(application.window, square.topLeft())
print(corner.x(), corner.y(), square.width())
sys.stdout.flush()
os._exit(0)  # a thread may be importing torch: not to be waited for
"""


def pad_area(tmp_path: Path, desktop: Desktop) -> tuple[int, int, int]:
    """Return left, top and side of the pad on the screen."""
    done = subprocess.run(
        [sys.executable, "-c", LAYOUT, str(tmp_path / "layout.ini")],
        env=desktop.environment | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    left, top, side = map(int, done.stdout.split())
    geometry = desktop.xdotool("getwindowgeometry", "--shell", desktop.window())
    x, y = (int(re.search(rf"^{k}=(-?\d+)$", geometry, re.M)[1]) for k in "XY")  # type: ignore[index]  # xdotool prints both
    return x + left, y + top, side


def on_pad(
    area: tuple[int, int, int], points: tuple[tuple[float, float], ...]
) -> list[tuple[int, int]]:
    left, top, side = area
    return [(round(left + x * side), round(top + y * side)) for x, y in points]


def test_draw_read_undo_and_close(desktop: Desktop, tmp_path: Path) -> None:
    process = desktop.start()
    until(lambda: "digits" in desktop.title(), desktop.title)
    area = pad_area(tmp_path, desktop)

    desktop.stroke(*on_pad(area, SEVEN))
    until(lambda: desktop.title().startswith("7 "), desktop.title)

    desktop.key("ctrl+z")
    until(lambda: desktop.title().startswith("digits"), desktop.title)

    desktop.stroke(*on_pad(area, ONE))
    until(lambda: desktop.title().startswith("1 "), desktop.title)

    desktop.key("ctrl+q")
    assert process.wait(EXIT_TIMEOUT_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_a_network_from_the_command_line_reads_a_stroke_file(
    desktop: Desktop, tmp_path: Path
) -> None:
    strokes = tmp_path / "seven.jsonl"
    points = [[100 * x, 100 * y] for x, y in SEVEN]
    strokes.write_text(f'{{"canvas": [100, 100], "strokes": [{points}], "label": "7"}}\n')
    process = desktop.start("lenet5", str(strokes))

    until(lambda: desktop.title().startswith("7 – lenet5"), desktop.title)

    desktop.key("ctrl+q")
    assert process.wait(EXIT_TIMEOUT_S) == 0


def test_closing_at_once_while_torch_is_imported_ends_the_process(desktop: Desktop) -> None:
    process = desktop.start()
    desktop.window()

    desktop.key("ctrl+q")

    assert process.wait(EXIT_TIMEOUT_S) == 0


def test_a_broken_network_leaves_the_window_open_with_the_good_one(
    desktop: Desktop, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a network")
    process = desktop.start(str(broken))

    until(lambda: "digits" in desktop.title(), desktop.title)

    desktop.key("ctrl+q")
    assert process.wait(EXIT_TIMEOUT_S) == 0
