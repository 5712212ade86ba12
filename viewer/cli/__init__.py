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

from viewer import __version__
from viewer.core.errors import UserError

EXIT_BAD_INPUT = 1

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
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments and arguments[0] in SUBCOMMANDS else "window"
    module = import_module(f"viewer.cli.{name}")
    parser = _parser(name, module.HELP, module.EXAMPLE)
    module.configure(parser)
    args = parser.parse_args(arguments if name == "window" else arguments[1:])
    try:
        return int(module.run(args))
    except UserError as error:
        sys.stderr.write(f"convnet-viewer: {error}\n")
        return EXIT_BAD_INPUT
    except BrokenPipeError:
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("convnet-viewer: stopped.\n")
        return 130


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
