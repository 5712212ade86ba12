"""Which of many images are shown, and the buttons that turn pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme


class Pager(QWidget):
    """A line of text and four buttons; owns no images.

    Signals
    -------
    place_requested(int)
        The page that holds the image at this place is wanted.
    """

    place_requested = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offset, self._total, self._capacity = 0, 0, 1
        self._status = ElidedLabel("", self)
        self._first = _page_button("|<", "First page", self)
        self._previous = _page_button("<", "Previous page", self)
        self._next = _page_button(">", "Next page", self)
        self._last = _page_button(">|", "Last page", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._status, 1)
        for button in (self._first, self._previous, self._next, self._last):
            layout.addWidget(button)
        self._first.clicked.connect(lambda: self.place_requested.emit(0))
        self._previous.clicked.connect(lambda: self.turn(-1))
        self._next.clicked.connect(lambda: self.turn(1))
        self._last.clicked.connect(lambda: self.place_requested.emit(max(self._total - 1, 0)))

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._status.set_color(theme.color("text_muted"))

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Use icons of `icons` on the buttons."""
        for button, name in (
            (self._first, "caret-double-left"),
            (self._previous, "caret-left"),
            (self._next, "caret-right"),
            (self._last, "caret-double-right"),
        ):
            button.setIcon(icons.icon(name, theme))

    def status(self) -> str:
        """Return what is said."""
        return self._status.text()

    def set_state(
        self,
        offset: int,
        shown: int,
        total: int,
        capacity: int,
        text: str = "",
        shorter: Sequence[str] = (),
    ) -> None:
        """Say which images are shown.

        Parameters
        ----------
        offset, shown, total : int
            Place of the first one on the page, how many are on it, and how many there are.
        capacity : int
            How many a page can have.
        text : str
            Said in place of the numbers.
        shorter : sequence of str
            The same in fewer and fewer words, where there is no room for that.
        """
        self._offset, self._total, self._capacity = offset, total, capacity
        end = min(offset + shown, total)
        self._status.set_text(text or f"{offset + 1:,}–{end:,} of {total:,}", shorter)
        for button, is_on in (
            (self._first, offset > 0),
            (self._previous, offset > 0),
            (self._next, end < total),
            (self._last, end < total),
        ):
            button.setEnabled(is_on)

    def turn(self, pages: int) -> None:
        """Ask for a page so many further on; not beyond the ends."""
        place = min(max(self._offset + pages * self._capacity, 0), max(self._total - 1, 0))
        self.place_requested.emit(place)


def span(noun: str, first: int, end: int, *, by_number: bool) -> str:
    """Return which ones of many are shown: ``channels 8 to 11``.

    Parameters
    ----------
    noun : str
        Of one.
    first, end : int
        Place of the first one, and one past that of the last.
    by_number : bool
        Whether places are numbers, which count from 0 as in PyTorch; else they are said as
        ranks, the strongest is the first: ``ranks 9 to 12``.
    """
    noun, first = (noun, first) if by_number else ("rank", first + 1)
    last = end - 1 if by_number else end
    return f"{noun} {first:,}" if first == last else f"{noun}s {first:,} to {last:,}"


def _page_button(text: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
