"""No display, a display that doesn't answer, a missing library: one sentence, never an abort."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.running import run_process
from viewer.core import diagnostics

LINUX = sys.platform.startswith("linux")
pytestmark = pytest.mark.skipif(not LINUX, reason="only Linux can lack a display or a library")

LOADER = "{}: cannot open shared object file: No such file or directory"


@pytest.fixture
def answering_display() -> Iterator[str]:
    """Yield a display on which something answers, if only by accepting the connection."""
    number = 4000 + os.getpid() % 50_000
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")  # Linux's abstract names: no file is made
        server.listen()
        yield f":{number}"


def _break_plugin(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    def fail(name: str) -> None:
        raise OSError(LOADER.format(library))

    monkeypatch.setattr(ctypes, "CDLL", fail)


# --- in this process


@pytest.mark.parametrize(
    "environment",
    [
        {"QT_QPA_PLATFORM": "offscreen"},
        {"QT_QPA_PLATFORM": "minimal:enable_fonts"},
        {"WAYLAND_DISPLAY": "wayland-0"},
    ],
)
def test_without_x11_nothing_speaks_against_a_window(environment: dict[str, str]) -> None:
    assert diagnostics.display_problem(environment) is None


@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ""}, {"QT_QPA_PLATFORM": "xcb"}])
def test_no_display(environment: dict[str, str]) -> None:
    sentence = diagnostics.display_problem(environment)
    assert sentence is not None
    assert sentence.startswith("There is no display")
    assert "DISPLAY" in sentence


@pytest.mark.parametrize("display", [":987", ":987.0", "unix:987", "localhost:987"])
def test_a_display_that_does_not_answer(display: str) -> None:
    sentence = diagnostics.display_problem({"DISPLAY": display})
    assert sentence is not None
    assert f"The display {display} doesn't answer" in sentence


def test_a_display_that_answers(answering_display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "xcb_plugin", lambda: None)
    assert diagnostics.display_problem({"DISPLAY": answering_display}) is None


@pytest.mark.parametrize(("library", "package"), diagnostics.PACKAGES.items())
def test_each_missing_library_is_named_with_its_package(
    library: str, package: str, answering_display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_plugin(monkeypatch, library)
    monkeypatch.setattr(diagnostics, "xcb_plugin", lambda: Path("libqxcb.so"))
    sentence = diagnostics.display_problem({"DISPLAY": answering_display})
    assert sentence is not None
    assert f"the library {library} is missing" in sentence
    assert f"sudo apt install {package})" in sentence


def test_an_unknown_library_is_named_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = diagnostics.library_sentence(LOADER.format("libmystery-2.so.7"))
    assert sentence is not None
    assert "install the package that has libmystery-2.so.7." in sentence


def test_a_message_that_names_no_library_gives_no_sentence() -> None:
    assert diagnostics.library_sentence("No module named 'PyQt6'") is None


def test_the_loader_s_own_message_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of Qt's plugin that asks the real loader for a library that nobody has."""
    plugin = diagnostics.xcb_plugin()
    if plugin is None:
        pytest.skip("PyQt6 has no X11 plugin here")
    content = plugin.read_bytes()
    wanted, missing = b"libQt6XcbQpa.so.6\0", b"libQt6XcbQpa.so.9\0"
    assert wanted in content
    broken = tmp_path / "libqxcb.so"
    broken.write_bytes(content.replace(wanted, missing))
    monkeypatch.setattr(diagnostics, "xcb_plugin", lambda: broken)
    sentence = diagnostics.missing_library()
    assert sentence is not None
    assert "the library libQt6XcbQpa.so.9 is missing" in sentence


def test_without_pyqt_there_is_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert diagnostics.xcb_plugin() is None
    assert diagnostics.missing_library() is None


# --- the program itself


def test_the_program_without_a_display() -> None:
    run_process().assert_one_sentence("There is no display")


@pytest.mark.parametrize("display", [":987", "localhost:987"])
def test_the_program_with_a_display_that_does_not_answer(display: str) -> None:
    run_process(variables={"DISPLAY": display}).assert_one_sentence(display, "doesn't answer")


def test_the_program_with_a_platform_that_does_not_exist() -> None:
    """Qt itself would abort here, with a core dump."""
    result = run_process(variables={"QT_QPA_PLATFORM": "nonsense"})
    result.assert_one_sentence("nonsense", "convnet-viewer doctor")


def test_the_program_where_qt_can_t_connect_after_all() -> None:
    """The display answered a moment ago: Qt gives up with two messages, we say one."""
    script = """
import sys
from viewer.core import diagnostics
from viewer.cli import main

diagnostics.display_problem = lambda: None
sys.exit(main([]))
"""
    variables = {"DISPLAY": ":986", "QT_QPA_PLATFORM": "xcb"}
    result = run_process(program=("-c", script), variables=variables)
    result.assert_one_sentence("Qt can't open a window", "convnet-viewer doctor")


def test_the_program_without_a_library(answering_display: str) -> None:
    script = f"""
import ctypes, sys
from pathlib import Path
from viewer.core import diagnostics
from viewer.cli import main

def fail(name):
    raise OSError({LOADER.format("libxcb-cursor.so.0")!r})

ctypes.CDLL = fail
diagnostics.xcb_plugin = lambda: Path("libqxcb.so")
sys.exit(main([]))
"""
    result = run_process(program=("-c", script), variables={"DISPLAY": answering_display})
    result.assert_one_sentence("libxcb-cursor.so.0", "sudo apt install libxcb-cursor0")


def test_the_program_where_pyqt_can_t_be_imported() -> None:
    """A missing library of Qt's own, such as libEGL, already stops the import."""
    script = f"""
import sys

class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "PyQt6.QtWidgets":
            raise ImportError({LOADER.format("libEGL.so.1")!r})

sys.meta_path.insert(0, Broken())
from viewer.cli import main
sys.exit(main([]))
"""
    result = run_process(program=("-c", script), variables={"QT_QPA_PLATFORM": "offscreen"})
    result.assert_one_sentence("libEGL.so.1", "sudo apt install libegl1")
