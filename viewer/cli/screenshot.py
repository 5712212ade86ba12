"""``convnet-viewer screenshot``: the real window, drawn without a display."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.model_options import MODEL_HELP, add_model_options, profile_of
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.app import Application

HELP = "Save a picture of the real window, drawn offscreen, with a network and an input in it."
EXAMPLE = "convnet-viewer screenshot seven.png --theme dark --size 1440x900 -o window.png"

MIN_SIDE_PX, MAX_SIDE_PX = 320, 8192
TIMEOUT_S = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("input", nargs="?", type=Path, help="a picture or a stroke file")
    parser.add_argument("--model", help=f"{MODEL_HELP}; default: digits")
    parser.add_argument("--size", type=size, default=(1440, 900), metavar="WxH")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument(
        "--select",
        metavar="LAYER:CHANNEL",
        type=selection,
        help="a feature map to open in the inspector, such as conv1:3",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="device pixels a pixel, 1 to 4")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="F.png")
    add_model_options(parser)


def size(text: str) -> tuple[int, int]:
    """Return (width, height) of ``1440x900``."""
    match = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    width, height = int(match[1]), int(match[2])
    if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (width, height)):
        raise argparse.ArgumentTypeError(
            f"a side must be between {MIN_SIDE_PX} and {MAX_SIDE_PX} pixels"
        )
    return width, height


def selection(text: str) -> tuple[str, int]:
    """Return (layer, channel) of ``conv1:3``."""
    layer, _, channel = text.rpartition(":")
    if not layer or not channel.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a feature map such as conv1:3")
    return layer, int(channel)


def run(args: argparse.Namespace) -> int:
    """Draw the window and save it."""
    if args.input is not None and not args.input.exists():
        raise UserError(f"There is no file {args.input}: check the path.")
    if not args.output.parent.is_dir():
        raise UserError(f"There is no folder {args.output.parent}: create it first.")
    profile = profile_of(args)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = str(min(max(args.scale, 1.0), 4.0))
    # Qt: only now that the platform is chosen.
    from PyQt6.QtCore import QSettings

    from viewer.app import Application, create_qt_application
    from viewer.widgets.window.main_window import MODE_KEY

    qt = create_qt_application()
    with tempfile.TemporaryDirectory() as folder:
        # Its own settings, so that a person's layout neither changes nor shows.
        settings = QSettings(str(Path(folder, "settings.ini")), QSettings.Format.IniFormat)
        settings.setValue(MODE_KEY, args.theme)
        application = Application(
            qt, settings, model=args.model, source=args.input, trust=args.trust, profile=profile
        )
        try:
            _show(application, args)
            _save(application, args.output)
        finally:
            application.close()
    return 0


def _show(application: Application, args: argparse.Namespace) -> None:
    application.window.resize(*args.size)
    application.start()
    application.complete()
    controller = application.controller
    assert controller is not None
    controller.networks.opening.asks = False
    controller.wait_until_shown(TIMEOUT_S)
    if args.select is not None:
        controller.select(*args.select)
        controller.wait_until_shown(TIMEOUT_S)


def _save(application: Application, path: Path) -> None:
    if not application.window.grab().save(str(path), "PNG"):
        raise UserError(f"{path} could not be written: check the folder and its permissions.")
