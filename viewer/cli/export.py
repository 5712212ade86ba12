"""``convnet-viewer export``: feature maps and filters as figures or numbers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.model_options import MODEL_HELP, add_model_options, engine_of
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord

HELP = """Write the feature maps or the filters of a layer to a file.

The ending says how: .png and .svg are figures with a colour bar; .npz has the float32 numbers
as they are in the network. `convnet-viewer inspect` lists the layers."""
EXAMPLE = "convnet-viewer export --layer conv1 --what maps seven.png -o conv1.svg"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "input",
        nargs="?",
        type=Path,
        metavar="INPUT",
        help="a picture or a stroke file; not needed for filters",
    )
    parser.add_argument("--model", default="digits", help=f"{MODEL_HELP}; default: digits")
    parser.add_argument("--layer", required=True, metavar="L", help="name of a layer")
    parser.add_argument("--what", choices=("maps", "filters"), default="maps", help="default: maps")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE", help=".png, .svg or .npz"
    )
    parser.add_argument(
        "--index", type=int, default=0, help="which drawing of a stroke file, from 0; default: 0"
    )
    parser.add_argument(
        "--raw", action="store_true", help="feed the canvas as it is, without centring and scaling"
    )
    _configure_figure(parser)
    add_model_options(parser)


def _configure_figure(parser: argparse.ArgumentParser) -> None:
    figure = parser.add_argument_group("of a figure")
    figure.add_argument(
        "--colors", metavar="NAME", help="colours: viridis, cividis, magma, grey; or signed ones"
    )
    figure.add_argument(
        "--scope",
        choices=("layer", "channel", "network"),
        default="layer",
        help="which values share a colour scale; default: layer",
    )
    figure.add_argument("--scale", type=int, metavar="PX", help="pixels a value")
    figure.add_argument("--dark", action="store_true", help="on dark paper")


def run(args: argparse.Namespace) -> int:
    """Write the file."""
    # Heavy (numpy, Pillow): only now that the arguments are known to be right.
    from viewer.core.export import Source, What, check_path, export, find_layer

    what = What(args.what)
    if what is What.MAPS and args.input is None:
        raise UserError("Feature maps need something to look at: name a picture or a stroke file.")
    check_path(args.output)
    settings = _settings(args)
    engine = engine_of(args)  # heavier (torch): nothing so far needed the network
    find_layer(engine.network, args.layer)
    record = _record(engine, args) if what is What.MAPS else None
    drawn = args.input.name if record is not None else ""
    source = Source(engine.network, engine.weights, record, drawn)
    export(source, args.layer, what, args.output, settings=settings, zoom=args.scale)
    return 0


def _settings(args: argparse.Namespace) -> DisplaySettings:
    from dataclasses import replace

    from viewer.core.imaging.color_scale import available
    from viewer.core.imaging.display import DisplaySettings, Scope

    settings = DisplaySettings(scope=Scope(args.scope), dark=args.dark)
    if args.colors is None:
        return settings
    for family, signed in (("sequential", False), ("signed", True)):
        if args.colors in available(signed):
            return replace(settings, **{family: args.colors})
    names = ", ".join((*available(False), *available(True)))
    raise UserError(f"There are no colours called {args.colors!r}: choose one of {names}.")


def _record(engine: Engine, args: argparse.Namespace) -> ActivationRecord:
    from viewer.core.inputs import open_inputs
    from viewer.core.records import InferenceRequest

    sources = open_inputs(args.input)
    if not 0 <= args.index < len(sources):
        last = len(sources) - 1
        raise UserError(f"{args.input} has no drawing {args.index}: choose 0 to {last}.")
    return engine.run(InferenceRequest(0, sources[args.index], raw=args.raw))
