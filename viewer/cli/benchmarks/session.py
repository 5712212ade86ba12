"""The real program in its real window, offscreen, watched until all its views are painted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtCore import QEvent, QEventLoop, QObject, QSettings, QTimer
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from viewer.app import Application, create_qt_application
from viewer.cli.benchmarks.hand import Hand
from viewer.cli.benchmarks.pen import UnitPoint, three
from viewer.core.errors import UserError
from viewer.widgets.flow import FlowView
from viewer.widgets.pad import DrawingPad
from viewer.widgets.prediction import PredictionPanel
from viewer.widgets.preview import PixelView

if TYPE_CHECKING:
    from viewer.core.records import ActivationRecord

WINDOW_SIZE_PX = (1440, 900)
TIMEOUT_S = 60.0
# A 3 is drawn in so many movements, each about 3 pixels of the pad long; the first half is
# there before a movement is timed.
POINTS = 120

_View = TypeVar("_View", bound=QWidget)


class Session:
    """A running program and what was last painted in it.

    Attributes
    ----------
    application : Application
    flow : FlowView
    pad : DrawingPad
    hand : Hand
    record : ActivationRecord or None
        The last answer that reached the window.
    """

    def __init__(self, application: Application) -> None:
        window = application.window
        self.application = application
        self.flow = _only(window, FlowView)
        self.pad = _only(window, DrawingPad)
        self.hand = Hand(self.pad)
        self.record: ActivationRecord | None = None
        self._path = three(POINTS)
        self._next = 0
        self._loop = QEventLoop()
        self._watch = _PaintWatch([_only(window, PredictionPanel), _only(window, PixelView)])
        self._painted_generation = -1
        application.inference.record_ready.connect(self._on_record)
        self.flow.record_painted.connect(self._on_flow_painted)
        self._watch.on_paint = self._leave_loop_when_painted

    def update_s(self) -> float:
        """Move the pen once, and return how long it took until every view was painted."""
        self._prepare()
        point = self._path[self._next]
        self._next += 1
        start = time.perf_counter()
        before = self._generation
        self.hand.move(point)
        self._wait(before)
        return time.perf_counter() - start

    @property
    def _generation(self) -> int:
        return -1 if self.record is None else self.record.generation

    def _prepare(self) -> None:
        """See that half of a digit is drawn, with the pen down, and all of it shown."""
        if 0 < self._next < POINTS:
            return
        before = self._generation
        if self._next:
            self.hand.release(self._path[-1])
            self.pad.clear()
            before = self._settle(before)
        self.hand.press(self._path[0])
        before = self._settle(before)
        for self._next in range(1, POINTS // 2):
            self.hand.move(self._path[self._next])
            before = self._settle(before)
        self._next += 1

    def _settle(self, before: int) -> int:
        self._wait(before)
        return self._generation

    def _wait(self, before: int) -> None:
        """Run the event loop until a record newer than `before` is painted in all views."""
        self._before = before
        if not self._all_painted():
            timer = QTimer()
            timer.setSingleShot(True)
            timer.timeout.connect(self._loop.quit)
            timer.start(int(TIMEOUT_S * 1000))
            self._loop.exec()
        if not self._all_painted():
            raise UserError(
                f"The window was not painted within {TIMEOUT_S:.0f} s of a pen movement: "
                "run the benchmark again on a machine that is less busy."
            )

    def _all_painted(self) -> bool:
        newest = self._generation
        return (
            newest > self._before
            and self._painted_generation >= newest
            and self._watch.all_painted
        )

    def _on_record(self, record: ActivationRecord) -> None:
        self.record = record
        self._watch.reset()

    def _on_flow_painted(self, generation: int) -> None:
        self._painted_generation = generation
        self._leave_loop_when_painted()

    def _leave_loop_when_painted(self) -> None:
        # The loop ends after the painting that is under way, in which Qt paints all views.
        if self._all_painted():
            self._loop.quit()
