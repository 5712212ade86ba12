"""Parts in and out: a part's process prints an object, ``bench`` collects and lays them out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import viewer
from viewer.cli.benchmarks.parts import Figure, Part
from viewer.core.errors import UserError

TIMEOUT_S = 600.0  # ten times what the longest part takes on two busy cores
SIGNIFICANT_DIGITS = 4


def print_part(measure: Callable[[], Mapping[str, object]]) -> None:
    """Measure, and print the part as the last line: what a part's process does."""
    values = measure()
    sys.stdout.write(json.dumps(rounded(values), ensure_ascii=False) + "\n")
    sys.stdout.flush()
    # Nothing is left to be done, and tearing torch and Qt down costs a second a part.
    os._exit(0)


def rounded(value: Any) -> Any:
    """Return `value` with all floats in it at four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    return value


def run_part(part: Part) -> dict[str, Any]:
    """Run a part in a process of its own.

    Returns
    -------
    dict
        The part's object.

    Raises
    ------
    UserError
        If the process failed, or took more than ten minutes.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", part.module]
        try:
            done = subprocess.run(
                command,
                env=environment(Path(folder)),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"The part {part.name} took more than {TIMEOUT_S:.0f} s: try again on a machine "
                "that is less busy."
            ) from None
    return _parsed(part, done)


def _parsed(part: Part, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    lines = done.stdout.splitlines()
    try:
        values = json.loads(lines[-1]) if done.returncode == 0 and lines else None
    except ValueError:
        values = None
    if not isinstance(values, dict):
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(
            f"The part {part.name} could not be measured ({reason}): "
            "run convnet-viewer doctor to see what is missing."
        )
    return values


def environment(settings: Path) -> dict[str, str]:
    """Return the environment of a part's process.

    Offscreen, so that no display is needed and no window opens; with its own settings, so
    that a person's layout neither counts nor changes; and able to find this very package.
    """
    package_parent = str(Path(viewer.__file__).resolve().parent.parent)
    paths = [package_parent, *filter(None, [os.environ.get("PYTHONPATH")])]
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(settings),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUTF8": "1",
    }


def table(parts: Mapping[str, Mapping[str, Any]], known: tuple[Part, ...]) -> Iterator[str]:
    """Lay parts out for reading, one line at a time: each figure, its target, whether it holds."""
    for part in known:
        if part.name not in parts:
            continue
        values = parts[part.name]
        yield part.name
        if part.figures:
            yield from (_line(figure, values.get(figure.key)) for figure in part.figures)
        else:
            yield from (f"  {key:<16} {value}" for key, value in values.items())
        if "note" in values and part.figures:
            yield f"  {values['note']}"
        yield ""


def _line(figure: Figure, value: float | None) -> str:
    shown = "–" if value is None else f"{value:.4g}"
    line = f"  {figure.meaning:<56} {shown:>9} {figure.unit:<2}"
    if figure.target is None:
        return line.rstrip()
    if value is None:
        verdict = "not measured"
    else:
        verdict = "holds" if figure.target.holds(value) else "MISSED"
    return f"{line}  {figure.target!s:>5}  {verdict}"
