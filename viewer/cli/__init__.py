"""The command line: ``convnet-viewer [MODEL] [INPUT]`` and its subcommands.

A subcommand is a module of this package with ``HELP``, ``EXAMPLE``, ``configure(parser)``
and ``run(args) -> exit code``. Only the module that is asked for is imported, and it imports
Qt and torch only if it needs them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from viewer import __version__
from viewer.cli.messages import accept_any_character, complain, give_up_output, take_remarks
from viewer.core.errors import UserError

EXIT_BAD_INPUT = 1
EXIT_STOPPED = 130  # as shells report a program ended by Ctrl-C

SUBCOMMANDS = (
    "predict",
    "inspect",
    "export",
    "train",
    "evaluate",
    "screenshot",
    "bench",
    "doctor",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; default ``sys.argv[1:]``.

    Returns
    -------
    int
        0 done, 1 the input was bad; wrong usage exits with 2 by argparse.
    """
    accept_any_character()
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments and arguments[0] in SUBCOMMANDS else "window"
    module = import_module(f"viewer.cli.{name}")
    parser = _parser(name, module.HELP, module.EXAMPLE)
    module.configure(parser)
    args = parser.parse_args(arguments if name == "window" else arguments[1:])
    try:
        return _run(module, args)
    except KeyboardInterrupt:
        complain("stopped.")
        return EXIT_STOPPED


def _run(module: ModuleType, args: argparse.Namespace) -> int:
    take_remarks()  # of a command before, in the same process
    try:
        code = int(module.run(args))
        if sys.stdout is not None:  # a GUI entry point on Windows has none
            sys.stdout.flush()
    except UserError as error:
        complain(error)
    except BrokenPipeError:
        give_up_output()
    except OSError as error:
        # A path that can't even be looked at: too long a name, a folder without permission.
        place = f"{error.filename} can't be used" if error.filename else "The system refused"
        complain(f"{place} ({error.strerror or error}): check the path and its permissions.")
    else:
        for line in take_remarks():
            complain(line)
        return code
    return EXIT_BAD_INPUT


def _parser(name: str, help_text: str, example: str) -> argparse.ArgumentParser:
    program = "convnet-viewer" if name == "window" else f"convnet-viewer {name}"
    parser = argparse.ArgumentParser(
        prog=program,
        description=help_text,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if name == "window":
        parser.add_argument("--version", action="version", version=f"convnet-viewer {__version__}")
    return parser
