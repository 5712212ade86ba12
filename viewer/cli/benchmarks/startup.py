"""How long until the first window, and the first live prediction, beside bare scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from viewer.cli.benchmarks import bare
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.pen import three, write_stroke_file
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median
from viewer.core.errors import UserError

ROUNDS = 9
TIMEOUT_S = 60.0
WINDOW_SIZE_PX = (1440, 900)
POINTS = 40  # of the drawing that is opened


def measure() -> dict[str, object]:
    """Return the part's object.

    All times are from the start of the process, by the parent's clock: the monotonic clock
    is one for all processes of a machine. The files are warm: a round that doesn't count
    goes first.
    """
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder, "three.jsonl")
        write_stroke_file(drawing, three(POINTS))
        width, height = WINDOW_SIZE_PX
        samples = interleaved(
            {
                "bare_window": (_stamp(bare.BARE_WINDOW.format(width=width, height=height)), 1),
                "window": (_probe("window"), 1),
                "imports": (lambda: run_time_s(_script(bare.IMPORTS)), 1),
                "live": (_probe("live", str(drawing)), 1),
            },
            rounds=ROUNDS,
        )
    times = {name: median(values) for name, values in samples.items()}
    return {
        "window_ratio": times["window"] / times["bare_window"],
        "live_ratio": times["live"] / times["imports"],
        **{f"{name}_ms": seconds * MS_PER_S for name, seconds in times.items()},
    }


def _script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def _stamp(script: str) -> _Sample:
    return _Sample(_script(script))


def _probe(*arguments: str) -> _Sample:
    return _Sample([sys.executable, "-m", "viewer.cli.benchmarks.startup_probe", *arguments])


class _Sample:
    """From the start of a process to the moment that it prints its clock."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def __call__(self) -> float:
        return stamp_s(self._command)


def stamp_s(command: Sequence[str]) -> float:
    """Start a process that prints ``time.monotonic()``; return that, less its start.

    Raises
    ------
    UserError
        If it ends without having printed it.
    """
    start = time.monotonic()
    done = _finished(command)
    try:
        return float(done.stdout.split()[0]) - start
    except (IndexError, ValueError):
        raise UserError(f"A process to be measured failed: {_last_line(done)}") from None


def run_time_s(command: Sequence[str]) -> float:
    """Return the time from a process's start to its end.

    Raises
    ------
    UserError
        If it fails.
    """
    start = time.monotonic()
    done = _finished(command)
    taken = time.monotonic() - start
    if done.returncode != 0:
        raise UserError(f"A process to be measured failed: {_last_line(done)}")
    return taken


def _finished(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=os.environ, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


if __name__ == "__main__":
    print_part(measure)
