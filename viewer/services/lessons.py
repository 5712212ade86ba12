"""Whether a lesson fits the networks that it opens, looked up beside the window."""

from __future__ import annotations

import traceback
from functools import cache
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.lessons.lesson import Lesson
    from viewer.core.records import NetworkRecord


class LessonService(QObject):
    """Checks lessons on a thread of its own: the networks have to be opened for that.

    Signals
    -------
    checked(Lesson, tuple of str)
        What the lesson asks of networks that they don't have, one sentence each.
    """

    checked = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[Lesson] = Mailbox("lesson")
        self._worker = Worker("lessons", self._mailbox, self._handle, self._on_error)
        self._lesson: Lesson | None = None  # at hand; the worker's thread only

    def start(self) -> None:
        """Start the thread; nothing happens on it before the first request."""
        self._worker.start()

    def check(self, lesson: Lesson) -> None:
        """Ask whether a lesson fits; dropped if a newer one comes before it is begun."""
        self._mailbox.put("lesson", lesson)

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, lesson: Lesson) -> None:
        from viewer.core.lessons.fitting import misfits  # heavy from here on: on this thread
        from viewer.core.lessons.trained import trained_network

        self._lesson = lesson
        self.checked.emit(lesson, misfits(lesson, _in_the_box, cache(trained_network)))

    def _on_error(self, error: Exception) -> None:
        traceback.print_exception(error)
        sentence = f"It could not be checked ({type(error).__name__}: {error})."
        self.checked.emit(self._lesson, (sentence,))


@cache
def _in_the_box(name: str) -> NetworkRecord | None:
    """Return a network in the box; None for any other name."""
    from viewer.core.engine import Engine
    from viewer.core.nets.shipped import shipped_models

    return Engine.open(name).network if name in shipped_models() else None
