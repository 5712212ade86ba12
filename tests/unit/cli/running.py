"""Running the command line in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from viewer.cli import main

CHECKOUT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 120.0
# What may lead a process to a display, or decide in its stead that it needs none.
DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    def assert_one_sentence(self, *words: str) -> None:
        """Check that the input was refused by one line that has `words` in it."""
        assert self.code == 1, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("convnet-viewer: "), self.err
        assert lines[0].endswith("."), self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in lines[0]


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Result:
    """Run ``main`` in this process."""
    capsys.readouterr()
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as exit_request:  # argparse: --help and wrong usage
        code = exit_request.code if isinstance(exit_request.code, int) else -1
    captured = capsys.readouterr()
    return Result(code, captured.out, captured.err)


def run_process(
    *arguments: str | Path,
    variables: Mapping[str, str] | None = None,
    folder: Path = CHECKOUT,
    program: Sequence[str] = ("-m", "viewer"),
) -> Result:
    """Run ``python -m viewer`` without a display, unless `variables` name one."""
    environment = {k: v for k, v in os.environ.items() if k not in DISPLAY_VARIABLES}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(CHECKOUT), **(variables or {})}
    done = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)
