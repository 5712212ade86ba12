"""The real program on a virtual X server, driven by real X11 events."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

START_TIMEOUT_S = 60.0
EXIT_TIMEOUT_S = 10.0
POLL_S = 0.05
SCREEN = (1440, 900)


@dataclass
class Desktop:
    """An X server without a window manager, and the means to act on it."""

    display: str
    environment: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def xdotool(self, *arguments: str) -> str:
        for process in self.running:
            if process.poll() not in (None, 0):
                said = process.stderr.read() if process.stderr else ""
                pytest.fail(f"the program ended with {process.returncode}: {said}")
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout.strip()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "viewer", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def title(self) -> str:
        """Return the title of the program's window; empty while there is none."""
        window = self.find("Convnet Viewer")
        return self.xdotool("getwindowname", window) if window else ""

    def window(self, name: str = "Convnet Viewer") -> str:
        """Return the program's window, or another one by its title; wait for it."""
        found = ""

        def is_there() -> bool:
            nonlocal found
            found = self.find(name)
            return bool(found)

        until(is_there, lambda: f"no window {name}")
        return found

    def find(self, name: str) -> str:
        """Return the window with this title; empty while there is none.

        A search fails as a whole when any window goes while it looks.
        """
        found = self.xdotool("search", "--onlyvisible", "--name", name).split()
        return found[0] if found else ""

    def answer(self, name: str, *keys: str) -> str:
        """Press keys in a dialog, wait until it is closed, and return its title."""
        dialog = self.window(name)
        title = self.xdotool("getwindowname", dialog)
        self.xdotool("windowfocus", "--sync", dialog, "key", *keys)
        until(lambda: self.xdotool("getwindowfocus", "-f") != dialog, lambda: f"{name} stays")
        return title

    def stroke(self, *points: tuple[int, int]) -> None:
        """Press at the first point, move through the others, release at the last."""
        commands: list[str] = ["mousemove", *map(str, points[0]), "mousedown", "1"]
        for x, y in points[1:]:
            # The X server itself merges moves that no time lies between; no hand is that fast.
            commands += ["sleep", "0.02", "mousemove", str(x), str(y)]
        self.xdotool(*commands, "sleep", "0.02", "mouseup", "1")

    def click(self, x: int, y: int, button: int = 1) -> None:
        self.xdotool("mousemove", str(x), str(y), "click", str(button))

    def key(self, *keys: str) -> None:
        # Without a window manager nobody gives the window the keyboard.
        self.xdotool("windowfocus", "--sync", self.window(), "key", *keys)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """Start Xvfb on a free display; every program started on it is ended with the test."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("Xvfb and xdotool are not installed (Debian packages xvfb, xdotool)")
    reader, writer = os.pipe()
    width, height = SCREEN
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-noreset"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as stream:
        display = f":{stream.readline().strip()}"
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("QT_", "XDG_")) and key != "WAYLAND_DISPLAY"
    }
    environment |= {"DISPLAY": display, "HOME": str(tmp_path), "QT_QPA_PLATFORM": "xcb"}
    desktop = Desktop(display, environment)
    try:
        yield desktop
    finally:
        for process in desktop.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        server.send_signal(signal.SIGTERM)
        server.wait(EXIT_TIMEOUT_S)


def until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait until `condition` holds; another process can only be polled."""
    end = time.monotonic() + START_TIMEOUT_S
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"never happened: {what()}")
        time.sleep(POLL_S)  # noqa: TID251 - another process gives no signal to wait for
