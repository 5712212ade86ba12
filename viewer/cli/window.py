"""``convnet-viewer [MODEL or RUN] [INPUT]``: the application."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.model_options import MODEL_HELP, add_model_options, profile_of
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.app import Application

HELP = """See inside a convolutional network while you draw.

Opens the window, with a network and something to classify if they are named. With the
folder of a run, it follows that run while something else trains it. The
subcommands predict, inspect, export, train, evaluate, screenshot, bench and doctor work
without a display; each has a --help of its own."""
EXAMPLE = "convnet-viewer lenet5 seven.png"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "model",
        nargs="?",
        help=f"{MODEL_HELP}; or the folder of a run",
    )
    parser.add_argument(
        "input", nargs="?", type=Path, help="a picture, a folder of pictures, or a stroke file"
    )
    add_model_options(parser)


def run(args: argparse.Namespace, observe: Callable[[Application], None] | None = None) -> int:
    """Open the window and stay until it is closed; `observe` gets the application first."""
    from viewer.core.diagnostics import display_problem, library_sentence

    model, source = sort_out(args.model, args.input)
    run = None if model is None else run_folder(model)
    profile = profile_of(args)
    if profile is not None and (model is None or run is not None):
        raise UserError(
            "--input-size and --classes are of a network's file: name the file before the input."
        )
    problem = display_problem()
    if problem is not None:
        raise UserError(problem)
    try:
        from viewer.app import run_window
    except ImportError as error:
        sentence = library_sentence(str(error))
        if sentence is None:
            raise
        raise UserError(sentence) from error
    ending = _Ending()
    if observe is None:
        atexit.register(ending)
    ending.code = run_window(
        model=None if run else model,
        source=source,
        run=run,
        trust=args.trust,
        profile=profile,
        observe=observe,
    )
    return ending.code


class _Ending:
    """Ends the process once its window is closed and its threads have ended.

    To take torch apart object by object costs up to seconds, and gives nothing back that the
    system doesn't take anyway. Registered before everything else, it is called last at exit.
    """

    def __init__(self) -> None:
        self.code: int | None = None  # None until the window was closed in order

    def __call__(self) -> None:
        if self.code is None:
            return
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # a GUI entry point on Windows has none
                stream.flush()
        os._exit(self.code)


def sort_out(model: str | None, source: Path | None) -> tuple[str | None, Path | None]:
    """Return (model, input), also when only an input was named (``convnet-viewer seven.png``).

    A folder alone that is no run's is one of pictures, as where it is dropped on the window.

    Raises
    ------
    UserError
        If a named input does not exist.
    """
    if model is not None and source is None and _looks_like_input(model):
        source = Path(model)
        model = None
    if source is not None and not source.exists():
        raise UserError(f"There is no file {source}: check the path.")
    return model, source


def run_folder(model: str) -> Path | None:
    """Return the folder of the run that `model` names, None if it names a network.

    Raises
    ------
    UserError
        If it is a folder, and no run's.
    """
    path = Path(model)
    if not path.is_dir():
        return None
    from viewer.core.nets.shipped import shipped_models
    from viewer.core.training.run_info import read_info

    if model in shipped_models():
        return None
    read_info(path)
    return path


def _looks_like_input(text: str) -> bool:
    from viewer.core.nets.shipped import MODEL_SUFFIXES

    path = Path(text)
    if path.is_dir():
        from viewer.core.nets.shipped import shipped_models
        from viewer.core.training.library import is_run

        return text not in shipped_models() and not is_run(path)
    suffix = path.suffix.lower()
    return bool(suffix) and suffix not in MODEL_SUFFIXES
