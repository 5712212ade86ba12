"""The options of every subcommand that opens a network of somebody's own."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.messages import remark

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.nets.profile import Profile

RGB = 3
MODEL_HELP = (
    "a network in the box (digits, lenet5, mlp), an architecture of torchvision, or a file: "
    ".safetensors, .pt, .pth, .pt2, .onnx"
)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add --trust, --input-size and --classes."""
    group = parser.add_argument_group("of a network's file")
    group.add_argument(
        "--trust",
        action="store_true",
        help="open it even if that runs code of its own; for files whose maker you know",
    )
    group.add_argument(
        "--input-size",
        type=input_size,
        metavar="CxHxW",
        help="where the file doesn't say: 1x28x28; 224 and 160x224 have three channels",
    )
    group.add_argument(
        "--classes", type=Path, metavar="FILE", help="class names, one a line, or a JSON list"
    )


def input_size(text: str) -> tuple[int, int, int]:
    """Return (C, H, W) of ``1x28x28``, ``160x224`` (three channels) or ``224`` (square)."""
    if re.fullmatch(r"\d{1,4}([x×]\d{1,4}){0,2}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 3x224x224")
    numbers = [int(part) for part in re.split("[x×]", text)]
    if len(numbers) == 1:
        numbers *= 2
    channels, height, width = [RGB, *numbers][-3:]
    return channels, height, width


def profile_of(args: argparse.Namespace) -> Profile | None:
    """Return what the options say about the file; None if they say nothing.

    Raises
    ------
    UserError
        If a value is not possible, or the class names can't be read.
    """
    if args.input_size is None and args.classes is None:
        return None
    # numpy: only now that the arguments are known to be right.
    from viewer.core.nets.class_names import read_class_names
    from viewer.core.nets.profile import Profile

    names = None if args.classes is None else read_class_names(args.classes)
    return Profile(input_shape=args.input_size, class_names=names)


def engine_of(args: argparse.Namespace) -> Engine:
    """Open the network that ``args.model`` names; what was guessed is told on stderr.

    Raises
    ------
    UserError
        If it can't be opened.
    """
    profile = profile_of(args)
    # Heavy (torch): only now that the arguments are known to be right.
    from viewer.core.engine import Engine
    from viewer.core.nets.opening import open_network

    loaded = open_network(args.model, trust=args.trust, profile=profile)
    remark(args.model, loaded.note)
    return Engine(loaded)
