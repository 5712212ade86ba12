"""The real program in its real window, offscreen, watched until all its views are painted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QEventLoop, QObject, QSettings, QTimer
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from viewer.app import Application, create_qt_application
from viewer.cli.benchmarks.hand import Hand
from viewer.cli.benchmarks.pen import UnitPoint, three
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.core.records import ActivationRecord

WINDOW_SIZE_PX = (1440, 900)
TIMEOUT_S = 60.0
TIMEOUT_MS = 60_000
# A 3 is drawn in so many movements, each about 3 pixels of the pad long; the first half is
# there before a movement is timed.
POINTS = 120


class PaintWatch(QObject):
    """Notices when widgets are painted, without being asked about any other event.

    Attributes
    ----------
    painted : set of QWidget
        Since the last `reset`.
    on_paint : callable
        Called when one is about to be painted.
    """

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self._widgets = frozenset(widgets)
        self.painted: set[QWidget] = set()
        self.on_paint: Callable[[], None] = lambda: None
        for widget in widgets:
            widget.installEventFilter(self)

    def reset(self) -> None:
        """Forget what was painted."""
        self.painted.clear()

    @property
    def complete(self) -> bool:
        """Whether every widget was painted since the last `reset`."""
        return self.painted == self._widgets

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint:
            self.painted.add(watched)  # type: ignore[arg-type]  # only widgets are painted
            self.on_paint()
        return False


class Session:
    """A running program, a hand that draws in it, and what was last painted.

    Parameters
    ----------
    application : Application
        With its network loaded.

    Attributes
    ----------
    application : Application
    controller : MainController
    pad : DrawingPad
    hand : Hand
    """

    def __init__(self, application: Application) -> None:
        assert application.controller is not None
        self.application = application
        self.controller: MainController = application.controller
        window = application.window
        self.pad = window.pad_panel.pad
        self.hand = Hand(self.pad)
        self._before = 0  # newest request before the action at hand
        self._painted = 0  # newest request whose answer the layers show
        self._watch = PaintWatch([window.prediction, window.pad_panel.preview.view])
        self._watch.on_paint = self._leave_loop
        self._loop = QEventLoop()
        self._alarm = QTimer()
        self._alarm.setSingleShot(True)
        self._alarm.timeout.connect(self._loop.quit)
        self._movements = self._draw()
        application.services.inference.record_ready.connect(self._on_record_ready)
        self.controller.flow.record_painted.connect(self._on_record_painted)

    def update_s(self) -> float:
        """Move the pen once; return how long it took until every view was painted.

        The pen is down, and about half a digit is there already.
        """
        point = next(self._movements)
        start = time.perf_counter()
        self._act(lambda: self.hand.move(point))
        return time.perf_counter() - start

    def _draw(self) -> Iterator[UnitPoint]:
        """Draw one digit after the other; give away the movements of the second halves."""
        path = three(POINTS)
        while True:
            self._act(lambda: self.hand.press(path[0]))
            for point in path[1 : POINTS // 2]:
                self._act(lambda point=point: self.hand.move(point))  # type: ignore[misc]
            yield from path[POINTS // 2 :]
            self._act(lambda: self._finish(path[-1]))

    def _finish(self, point: UnitPoint) -> None:
        self.hand.release(point)
        self.pad.clear()

    def _act(self, action: Callable[[], None]) -> None:
        """Do something that changes the drawing, and wait until every view shows it."""
        # The request is made in the next turn of the event loop, not within the action.
        self._before = self.controller.inputs.generation
        action()
        self._alarm.start(TIMEOUT_MS)
        while not self._is_shown() and self._alarm.isActive():
            self._loop.exec()
        self._alarm.stop()
        if not self._is_shown():
            raise UserError(
                f"The window was not painted within {TIMEOUT_S:.0f} s of a pen movement: "
                "try again on a machine that is less busy."
            )

    def _is_shown(self) -> bool:
        newest = self.controller.inputs.generation
        return newest > self._before and self._painted == newest and self._watch.complete

    def _on_record_ready(self, _record: ActivationRecord) -> None:
        self._watch.reset()

    def _on_record_painted(self, generation: int) -> None:
        self._painted = generation
        self._leave_loop()

    def _leave_loop(self) -> None:
        # The loop ends after the turn that is under way, in which Qt paints all that is due.
        if self._is_shown():
            self._loop.quit()


@contextmanager
def running(model: str | None = None) -> Iterator[Session]:
    """Run the program offscreen, its network loaded and shown, until the block ends.

    Raises
    ------
    UserError
        If the network does not load within a minute.
    """
    qt = create_qt_application()
    with TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder, "settings.ini")), QSettings.Format.IniFormat)
        application = Application(qt, settings, model=model, runs_root=Path(folder, "runs"))
        try:
            application.window.resize(*WINDOW_SIZE_PX)
            application.start()
            application.complete()
            assert application.controller is not None
            application.controller.wait_until_shown(TIMEOUT_S)
            yield Session(application)
        finally:
            application.close()
