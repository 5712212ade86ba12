"""What all subcommands have in common: help, usage, exit codes, output."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.unit.cli.running import CHECKOUT, run_here, run_process
from viewer import __version__, cli
from viewer.cli import SUBCOMMANDS
from viewer.core.errors import UserError


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_of_each_subcommand_has_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, name, "--help")
    assert result.code == 0
    example = import_module(f"viewer.cli.{name}").EXAMPLE
    assert f"example:\n  {example}" in result.out
    assert example.startswith(f"convnet-viewer {name}")
    assert result.err == ""


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_example_is_right_usage(name: str) -> None:
    module = import_module(f"viewer.cli.{name}")
    parser = argparse.ArgumentParser()
    module.configure(parser)
    assert parser.parse_args(shlex.split(module.EXAMPLE)[2:]) is not None


def test_help_of_the_program_names_the_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_here(capsys, "--help")
    assert result.code == 0
    assert "example:\n  convnet-viewer " in result.out
    for name in SUBCOMMANDS:
        assert name in result.out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_here(capsys, "--version")
    assert (result.code, result.out) == (0, f"convnet-viewer {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict"],
        ["predict", "--no-such-option", "x.png"],
        ["inspect", "digits", "too-many"],
        ["inspect", "--json=yes"],
        ["screenshot"],
        ["screenshot", "-o", "x.png", "--size", "wide"],
        ["screenshot", "-o", "x.png", "--size", "10x10"],
        ["screenshot", "-o", "x.png", "--select", "conv1"],
        ["screenshot", "-o", "x.png", "--scale", "big"],
        ["screenshot", "-o", "x.png", "--theme", "pink"],
        ["bench", "--only", "nothing"],
        ["doctor", "--json", "now"],
        ["evaluate", "--unknown"],
        ["train"],
        ["train", "-o", "run", "--epochs", "many"],
        ["digits", "three.png", "too-many"],
        ["--unknown"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_here(capsys, *arguments)
    assert result.code == 2
    assert result.err.startswith("usage: convnet-viewer")
    assert result.out == ""
    assert not list(tmp_path.iterdir())


HEAVY = "torch", "PyQt6", "numpy", "PIL", "scipy", "matplotlib", "rich"


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_loads_no_heavy_library(name: str) -> None:
    script = (
        "import sys\nfrom viewer.cli import main\n"
        f"try:\n    main([{name!r}, '--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(', '.join(m for m in {HEAVY} if m in sys.modules) or 0)"
    )
    result = run_process(program=("-c", script))
    assert result.code == 0, f"loaded: {result.err}"


class _Failing:
    """A subcommand that fails in a way of one's choice."""

    HELP, EXAMPLE = "", ""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def configure(self, parser: object) -> None:
        pass

    def run(self, args: object) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("It is bad: mend it."), 1, "It is bad: mend it."),
        (UserError("Two\nlines."), 1, "Two lines."),
        (KeyboardInterrupt(), 130, "stopped."),
        (
            PermissionError(13, "Permission denied", "/secret"),
            1,
            "/secret can't be used (Permission denied): check the path and its permissions.",
        ),
        (
            OSError(28, "No space left on device"),
            1,
            "The system refused (No space left on device): check the path and its permissions.",
        ),
    ],
    ids=["user", "two lines", "interrupt", "permission", "disk full"],
)
def test_errors_become_one_line_and_an_exit_code(
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "import_module", lambda name: _Failing(error))
    result = run_here(capsys, "doctor")
    assert (result.code, result.err, result.out) == (code, f"convnet-viewer: {line}\n", "")


def test_a_defect_of_the_program_is_not_hidden(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "import_module", lambda name: _Failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run_here(capsys, "doctor")


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    """As in ``convnet-viewer inspect --json | head -1``."""
    command = [sys.executable, "-m", "viewer", "inspect", "--json"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(timeout=60)
    assert err == ""
    assert code == 1


def test_an_output_that_knows_only_ascii_gets_escapes() -> None:
    result = run_process("inspect", variables={"PYTHONIOENCODING": "ascii"})
    assert result.code == 0, result.err
    assert r"28 \xd7 28" in result.out
