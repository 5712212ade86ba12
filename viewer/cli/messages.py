"""What the command line says when something is wrong, and where it says it."""

from __future__ import annotations

import io
import os
import sys

_remarks: list[str] = []


def remark(model: str, note: str) -> None:
    """Keep one line about what had to be guessed of a network, if anything had to.

    It is written once the command has done its work: a refusal is one line alone.
    """
    if note:
        _remarks.append(f"{model}: {note}")


def take_remarks() -> list[str]:
    """Return the remarks since the last time."""
    taken = _remarks.copy()
    _remarks.clear()
    return taken


def complain(sentence: object) -> None:
    """Write one line about what is wrong, whatever characters are in it."""
    text = " ".join(str(sentence).splitlines())
    if sys.stderr is not None:  # a GUI entry point on Windows has none
        sys.stderr.write(f"convnet-viewer: {text}\n")


def accept_any_character() -> None:
    r"""Make the output escape what its encoding lacks instead of failing on it.

    A file name need not be text, and a pipe on Windows or under ``LC_ALL=C`` may not know
    ``×``: it then reads ``\xd7``.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Throw away what is still to be written: nobody reads it any more."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return  # not a file
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
