"""``convnet-viewer bench``: the figures of this machine, beside what they must hold."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from viewer.cli.benchmarks.output import run_part, table
from viewer.cli.benchmarks.parts import PARTS

HELP = """Measure this program on this machine, without a display; takes about eight minutes.

Every ratio is taken side by side in the same run. Close other programs first."""
EXAMPLE = "convnet-viewer bench --json --only live_update"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--only", metavar="PART", choices=[part.name for part in PARTS], help=_only_help()
    )


def _only_help() -> str:
    return "measure one part: " + ", ".join(part.name for part in PARTS)


def run(args: argparse.Namespace) -> int:
    """Measure part after part, and print what was found."""
    results: dict[str, dict[str, Any]] = {}
    for part in PARTS:
        if args.only not in (None, part.name):
            continue
        _tell(f"measuring {part.name}…")
        results[part.name] = run_part(part)
        _tell("")
        if not args.json:
            sys.stdout.writelines(
                line + "\n" for line in table({part.name: results[part.name]}, (part,))
            )
    if args.json:
        sys.stdout.write(json.dumps(results, indent=2) + "\n")
    return 0


def _tell(text: str) -> None:
    # Only to somebody who watches: a script gets the figures and nothing else.
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<40}\r")
        sys.stderr.flush()
