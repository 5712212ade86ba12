"""What the pad holds, and what it held before: undo and redo of whole acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.widgets.inputs.ink import Ink

if TYPE_CHECKING:
    from viewer.core.records import Picture

MAX_STEPS = 200
MAX_PICTURES = 8  # a photo is tens of megabytes; strokes are nothing


class Content(NamedTuple):
    """What is on the pad: strokes, or a picture instead of them.

    Attributes
    ----------
    strokes : tuple of Ink
    picture : Picture or None
    label : str or None
        What the strokes mean, where they came with it: gone with the first change by a person.
    note : str
        Why there is nothing, where that isn't a person's doing.
    """

    strokes: tuple[Ink, ...] = ()
    picture: Picture | None = None
    label: str | None = None
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all."""
        return not self.strokes and self.picture is None


class History(QObject):
    """The present content, and a bounded past and future around it.

    Signals
    -------
    undo_available(bool), redo_available(bool)
        Only when it changes.
    """

    undo_available = pyqtSignal(bool)
    redo_available = pyqtSignal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.current = Content()
        self._past: list[Content] = []
        self._future: list[Content] = []
        self._announced = (False, False)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._future)

    def push(self, content: Content) -> None:
        """Make `content` the present; the future is forgotten."""
        self._past.append(self.current)
        self._future.clear()
        self.current = content
        self._forget()
        self._announce()

    def replace(self, content: Content) -> None:
        """Put `content` in place of the present, which is forgotten: a film has no history."""
        self.current = content

    def undo(self) -> bool:
        """Go one step back; False if there is none."""
        return self._move(self._past, self._future)

    def redo(self) -> bool:
        """Go one step forward; False if there is none."""
        return self._move(self._future, self._past)

    def _move(self, source: list[Content], target: list[Content]) -> bool:
        if not source:
            return False
        target.append(self.current)
        self.current = source.pop()
        self._announce()
        return True

    def _forget(self) -> None:
        del self._past[:-MAX_STEPS]
        pictures = [i for i, content in enumerate(self._past) if content.picture is not None]
        if len(pictures) > MAX_PICTURES:
            del self._past[: pictures[-MAX_PICTURES]]

    def _announce(self) -> None:
        now = (self.can_undo, self.can_redo)
        before, self._announced = self._announced, now
        if now[0] != before[0]:
            self.undo_available.emit(now[0])
        if now[1] != before[1]:
            self.redo_available.emit(now[1])
