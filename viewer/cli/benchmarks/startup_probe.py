"""The real program, which prints the clock when its window or a prediction was painted.

It goes through ``convnet-viewer [MODEL] [INPUT]`` itself: the same imports, the same checks,
the same event loop.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QTimer
from typing_extensions import override

from viewer.cli import window

if TYPE_CHECKING:
    from viewer.app import Application
    from viewer.widgets.prediction.view import PredictionPanel


class PredictionWatch(QObject):
    """Prints the clock once a prediction has been painted.

    Parameters
    ----------
    panel : PredictionPanel
    """

    def __init__(self, panel: PredictionPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        panel.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint and self._panel.winner:
            # The timer comes after the painting that is about to begin.
            QTimer.singleShot(0, print_clock_and_leave)
        return False


def observe_window(application: Application) -> None:
    """Print the clock once the window has been painted."""
    application.window.first_painted.connect(print_clock_and_leave)


def observe_prediction(application: Application) -> None:
    """Print the clock once a prediction has been painted."""
    PredictionWatch(application.window.prediction)


def print_clock_and_leave() -> None:
    """Print the monotonic clock, and end the process there and then."""
    sys.stdout.write(f"{time.monotonic()}\n")
    sys.stdout.flush()
    os._exit(0)  # what follows is not measured


def main() -> int:
    """Run the program; the first argument says what to wait for."""
    observe = {"window": observe_window, "live": observe_prediction}[sys.argv[1]]
    parser = argparse.ArgumentParser()
    window.configure(parser)
    return window.run(parser.parse_args(sys.argv[2:]), observe)


if __name__ == "__main__":
    sys.exit(main())
