"""The answer: a winner, and a bar for every class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from viewer.core.imaging.numbers import format_percent
from viewer.widgets.overrides import override
from viewer.widgets.prediction.layout import MAX_ROWS, MIN_ROW_PX, Fonts, Layout
from viewer.widgets.prediction.paint import RIGHT, WRONG, Colors, Head, PredictionPage
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.core.records import Legibility
    from viewer.widgets.theme import Theme

DIGITS = tuple("0123456789")
SHORT_NAME = 2  # characters: names no longer stand large beside the bars
PREFERRED_WIDTH_PX, MIN_WIDTH_PX = 248, 200

BLANK_TEXT = "Draw a digit"
NO_PICTURE_TEXT = "Drop a picture, or draw"
NO_CLASSES_TEXT = "It tells no classes apart: see its maps"
SPECK_TEXT = "Too small to read: draw larger"
LOADING_TEXT = "Loading network…"
PENDING_TEXT = "Asking the network…"


class PredictionPanel(QWidget):
    """Bars of probability, the winner plain to see.

    Takes probabilities and gives no signals. Without a prediction it says why.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fonts = Fonts()
        self._page = PredictionPage(self._fonts, Colors(LIGHT))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._rows: list[tuple[str, float]] = []
        self._message = self._winner = ""
        self._best = 0.0
        self._label: str | None = None
        self._named = True  # whether the classes have names that a label can be one of
        self._set_names(DIGITS)
        self.setAccessibleName("Prediction")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_loading()

    @property
    def winner(self) -> str | None:
        """Name of the most probable class; None where there is no prediction."""
        return self._winner or None

    @property
    def label(self) -> str | None:
        """The true class, where it is known."""
        return self._label

    @property
    def message(self) -> str:
        """Why there is no prediction; empty where there is one."""
        return self._message

    @property
    def rows(self) -> tuple[tuple[str, float], ...]:
        """Class names and probabilities as shown, from top to bottom."""
        return tuple(self._rows[: len(self._layout.places)])

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._page = PredictionPage(self._fonts, Colors(theme))
        self.update()

    def set_loading(self) -> None:
        """Say that there is no network yet."""
        self._show_message(LOADING_TEXT)

    def set_pending(self, class_names: Sequence[str]) -> None:
        """Say that another network is being asked: what the one before answered is gone.

        Parameters
        ----------
        class_names : sequence of str
            Of the classes that the network tells apart; empty for none.
        """
        if tuple(class_names) != self._names:
            self._set_names(class_names)
        digit = self._short and self._numbers
        self._show_message(PENDING_TEXT if class_names else NO_CLASSES_TEXT, rows=digit)

    def set_label(self, label: str | None) -> None:
        """Tell the true class, where it is known."""
        if label != self._label:
            self._label = label
            self.update()

    def set_result(
        self,
        probabilities: Iterable[float] | None,
        class_names: Sequence[str],
        legibility: Legibility | str,
        *,
        digit: bool = True,
    ) -> None:
        """Show an answer.

        Parameters
        ----------
        probabilities : (K,) floats in [0, 1], or None
            None when there was nothing to classify.
        class_names : sequence of K str
        legibility : Legibility
            Nothing is shown as an answer to a blank canvas or to a speck.
        digit : bool
            Whether the network reads digits; otherwise it is asked about pictures.
        """
        if tuple(class_names) != self._names:
            self._set_names(class_names)
        self._named = digit or not self._numbers
        if not class_names:
            self._show_message(NO_CLASSES_TEXT)
        elif legibility == "speck":
            self._show_message(SPECK_TEXT)
        elif probabilities is None or legibility == "blank":
            self._show_message(BLANK_TEXT if digit else NO_PICTURE_TEXT, rows=digit)
        else:
            self._show([float(p) for p in probabilities])

    def _show(self, probabilities: list[float]) -> None:
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        shown: Sequence[int] = range(len(probabilities))
        if len(probabilities) > MAX_ROWS:
            shown = sorted(shown, key=lambda i: -probabilities[i])[:MAX_ROWS]
        self._rows = [(self._names[i], probabilities[i]) for i in shown]
        self._winner, self._best, self._message = self._names[best], probabilities[best], ""
        self.setAccessibleDescription(f"{self._winner}, {format_percent(probabilities[best])}")
        self.update()

    def _show_message(self, text: str, *, rows: bool = True) -> None:
        self._rows = [(name, 0.0) for name in self._names[:MAX_ROWS]] if rows else []
        self._winner, self._message = "", text
        self.setAccessibleDescription(text)
        self.update()

    def _set_names(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._numbers = all(name.isdecimal() for name in self._names)
        # Without any, the whole width is for the line that says so.
        self._short = bool(names) and all(len(name) <= SHORT_NAME for name in self._names)
        self._place_rows()
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        return QSize(PREFERRED_WIDTH_PX, self.minimumSizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        # No higher for long names, which need a line above: fewer rows are better than scrolling.
        return QSize(MIN_WIDTH_PX, MAX_ROWS * MIN_ROW_PX + 2 * GRID_PX)

    def row_area(self, index: int) -> QRectF:
        """Return where the row at `index` is drawn."""
        return self._layout.places[index].area

    def _place_rows(self) -> None:
        advance = self._fonts.strong.metrics.horizontalAdvance
        # Not the names shown: with many classes they change, and the bars would jump.
        name_px = max(map(advance, self._names)) if self._short else 0
        self._layout = Layout(QRectF(self.rect()), name_px, self._fonts)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place_rows()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        ratio = self.devicePixelRatioF()
        page = self._page.painted(self._layout, self._head(), self._rows, self.size(), ratio)
        QPainter(self).drawPixmap(0, 0, page)

    def _head(self) -> Head:
        if self._message:
            return Head(self._message)
        # A class that the network doesn't know is told, and is no mistake of the network's.
        known = self._named and self._label in self._names
        mark = (RIGHT if self._label == self._winner else WRONG) if known else ""
        return Head("", self._winner, format_percent(self._best), self._label, mark)

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, place: QPointF) -> str:
        """Return a class's whole name and all digits of its probability; empty elsewhere."""
        if not self._message:
            if not self._short and self._layout.head.contains(place):
                return f"{self._winner}: {self._best:.9g}"
            for index, (name, probability) in enumerate(self._rows):
                if self.row_area(index).contains(place):
                    return f"{name}: {probability:.9g}"
        return ""
