"""``convnet-viewer [MODEL] [INPUT]``: what the arguments mean; tests of the window are in gui."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from viewer.cli.window import run_folder, sort_out
from viewer.core.errors import UserError
from viewer.core.training.run_info import new_info, write_info


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    path.touch()
    return path


def test_nothing_is_named() -> None:
    assert sort_out(None, None) == (None, None)


@pytest.mark.parametrize("model", ["lenet5", "own.safetensors", "own.pt", "folder/own.PTH"])
def test_a_network_alone(model: str) -> None:
    assert sort_out(model, None) == (model, None)


def test_an_input_alone(picture: Path) -> None:
    assert sort_out(str(picture), None) == (None, picture)


def test_a_network_and_an_input(picture: Path) -> None:
    assert sort_out("mlp", picture) == ("mlp", picture)


@pytest.mark.parametrize("model", [None, "mlp"])
def test_an_input_that_is_not_there(model: str | None, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*gone\.png: check the path"):
        sort_out(model, tmp_path / "gone.png")


def test_the_folder_of_a_run(tmp_path: Path, picture: Path) -> None:
    run = tmp_path / "second.try"  # with an ending, as a file has one
    run.mkdir()
    write_info(run, new_info("Second", None, 9))

    assert run_folder(str(run)) == run
    assert sort_out(str(run), None) == (str(run), None)
    assert sort_out(str(run), picture) == (str(run), picture)


@pytest.mark.parametrize("model", ["lenet5", "own.safetensors"])
def test_a_network_is_no_run(model: str) -> None:
    assert run_folder(model) is None


def test_a_network_in_the_box_goes_before_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet5").mkdir()

    assert run_folder("lenet5") is None
    assert sort_out("lenet5", None) == ("lenet5", None)


def test_a_folder_that_is_no_run_is_one_of_pictures(tmp_path: Path, picture: Path) -> None:
    assert sort_out(str(tmp_path), None) == (None, tmp_path)
    assert sort_out("lenet5", tmp_path) == ("lenet5", tmp_path)


def test_a_folder_that_is_no_run_beside_an_input(tmp_path: Path, picture: Path) -> None:
    assert sort_out(str(tmp_path), picture) == (str(tmp_path), picture)
    with pytest.raises(UserError, match="holds no training: choose the folder of a run"):
        run_folder(str(tmp_path))


LEAVING = """
import atexit, sys
from types import SimpleNamespace
from viewer.core import diagnostics
from viewer.cli import main

diagnostics.display_problem = lambda: None
sys.modules["viewer.app"] = SimpleNamespace(run_window=lambda **_: 3)

class Heavy:
    def __del__(self):
        print("taken apart")

heavy = sys.heavy = Heavy()

def main_and_more():
    code = main([])
    atexit.register(print, "at exit")
    return code

sys.exit(main_and_more())
"""


def test_after_the_window_nothing_is_taken_apart_but_what_is_due_at_exit_is_done() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "at exit\n", "")
