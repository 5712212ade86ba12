"""The answer: a winner, and a bar for every class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QBrush,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from viewer.core.imaging.numbers import format_percent
from viewer.widgets.overrides import override
from viewer.widgets.ready_text import ReadyText
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import Legibility
    from viewer.widgets.theme import Theme

DIGITS = tuple("0123456789")
MAX_ROWS = 10  # of a network with 1,000 classes the ten most probable, if there is room
SHORT_NAME = 2  # characters: names no longer stand large beside the bars
MIN_ROW_PX, MAX_ROW_PX = 15, 24
BAR_SHARE = 0.55  # of a row's height
WINNER_WIDTH_PX = 80
WINNER_DIGIT_PT = 40.0  # a figure to be seen from the last row of a classroom, not text
NAME_SHARE = 0.45  # of the width, at most, for long names
WIDEST_PERCENT = ">99.9 %"
PREFERRED_WIDTH_PX, MIN_WIDTH_PX = 248, 200

BLANK_TEXT = "Draw a digit"
NO_PICTURE_TEXT = "Drop a picture, or draw"
NO_CLASSES_TEXT = "It tells no classes apart: see its maps"
SPECK_TEXT = "Too small to read: draw larger"
LOADING_TEXT = "Loading network …"


class _RowText:
    """The texts of rows in one font, the winner's or the others'."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetrics(font)
        self.ready = ReadyText(font)
        ascent, descent = self.metrics.ascent(), self.metrics.descent()
        self.rise = ascent - (ascent - descent + 1) // 2  # top of the text above a row's middle
        self._advances: dict[tuple[int, bool], int] = {}

    def percent_advance(self, text: str) -> int:
        """Return the width of a percentage; numerals are tabular, so its length decides."""
        key = (len(text), text.startswith(">"))
        if key not in self._advances:
            self._advances[key] = self.metrics.horizontalAdvance(text)
        return self._advances[key]


class _Fonts:
    """Fonts of the panel, and how much room they take."""

    def __init__(self) -> None:
        self.body = text_font(TextSize.SMALL)
        self.title = text_font(TextSize.TITLE, bold=True)
        self.digit = text_font(WINNER_DIGIT_PT, bold=True)
        self.plain = _RowText(self.body)
        self.strong = _RowText(text_font(TextSize.SMALL, bold=True))
        self.percent_px = self.strong.metrics.horizontalAdvance(WIDEST_PERCENT)
        self.body_px = self.plain.metrics.height()
        self.title_px = QFontMetrics(self.title).height()
        self.digit_px = QFontMetrics(self.digit).height()


class _Colors:
    """Colours of the panel: made once a theme, not ten times a repaint.

    What is filled has brushes: PyQt fills with one five times as fast as with a colour.
    """

    def __init__(self, theme: Theme) -> None:
        self.text = theme.color("text")
        self.muted = theme.color("text_muted")
        self.warning = theme.color("warning")
        self.surface = QBrush(theme.color("surface"))
        self.winner = QBrush(self.text)
        self.bar = QBrush(theme.color("bar"))
        self.track = QBrush(theme.color("border"))


class _Place(NamedTuple):
    """Where the parts of a row are: counted when the panel is resized, not when it is painted.

    Attributes
    ----------
    area, track : QRectF
        The whole row; its bar at a probability of 1.
    left, right, middle : int
        Where names begin and percentages end; the height at which both are centred.
    name_px : int
        Room for the name.
    """

    area: QRectF
    track: QRectF
    left: int
    right: int
    middle: int
    name_px: int


class _Row(NamedTuple):
    """A row as it is painted; two that are equal look the same.

    Attributes
    ----------
    place : _Place
    name, percent : str
    bar_px : float
        Length of the bar, in whole pixels of the screen.
    first : bool
        Whether it is the winner's.
    """

    place: _Place
    name: str
    percent: str
    bar_px: float
    first: bool


class PredictionPanel(QWidget):
    """Bars of probability, the winner plain to see.

    Takes probabilities and gives no signals. Without a prediction it says why.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colors = _Colors(LIGHT)
        self._fonts = _Fonts()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._rows: list[tuple[str, float]] = []
        # The panel as it was painted last, and what is there: a pen changes little at a time.
        self._page = QPixmap()
        self._painted: list[_Row] = []
        self._painted_head: tuple[object, ...] = ()
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
        return tuple(self._rows[: len(self._places)])

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._colors = _Colors(theme)
        self._page = QPixmap()
        self.update()

    def set_loading(self) -> None:
        """Say that there is no network yet."""
        self._show_message(LOADING_TEXT)

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
        advance = self._fonts.strong.metrics.horizontalAdvance
        # Not the names shown: with many classes they change, and the bars would jump.
        self._name_px = max(map(advance, self._names), default=0) if self._short else 0
        self._place_rows()
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        return QSize(PREFERRED_WIDTH_PX, self.minimumSizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        # No higher for long names, which need a line above: fewer rows are better than scrolling.
        return QSize(MIN_WIDTH_PX, MAX_ROWS * MIN_ROW_PX + 2 * GRID_PX)

    @property
    def _head_px(self) -> int:
        """Height above the bars: long names put the winner there."""
        return 0 if self._short else self._fonts.title_px + self._fonts.body_px + GRID_PX

    @property
    def _inner(self) -> QRectF:
        return QRectF(self.rect()).adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)

    def row_area(self, index: int) -> QRectF:
        """Return where the row at `index` is drawn."""
        return self._places[index].area

    def _place_rows(self) -> None:
        room = self._inner.height() - self._head_px
        count = MAX_ROWS if self._short else max(1, min(MAX_ROWS, int(room // MIN_ROW_PX)))
        self._places = [self._place_row(index, count) for index in range(count)]
        self._page = QPixmap()

    def _place_row(self, index: int, count: int) -> _Place:
        inner = self._inner
        beside = WINNER_WIDTH_PX + GRID_PX if self._short else 0
        room = (inner.height() - self._head_px) / count
        height = int(min(max(room, MIN_ROW_PX), MAX_ROW_PX))
        top = inner.y() + self._head_px + index * height
        area = QRectF(inner.x() + beside, top, inner.width() - beside, height)
        left, right, middle = int(area.left()), int(area.right()), int(area.center().y())
        name_px = self._name_px or int(NAME_SHARE * area.width())
        bar_left = left + name_px + GRID_PX
        bar_px = round(area.height() * BAR_SHARE)
        length = right - self._fonts.percent_px - GRID_PX - bar_left
        track = QRectF(bar_left, middle - bar_px // 2, length, bar_px)
        return _Place(area, track, left, right, middle, name_px)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place_rows()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._painted_page())

    def _painted_page(self) -> QPixmap:
        """Return the panel as a picture, in which what has changed is painted anew."""
        ratio = self.devicePixelRatioF()
        pairs = zip(self._places, self._rows, strict=False)  # there may be fewer classes
        rows = [self._row(place, *row, ratio) for place, row in pairs]
        percent = "" if self._message else format_percent(self._best)
        head = (self._message, self._winner, percent, self._label, self._named)
        size = self.size() * ratio
        if self._page.size() != size or len(rows) != len(self._painted):
            self._page = QPixmap(size)
            self._page.setDevicePixelRatio(ratio)
            self._page.fill(self._colors.surface.color())
            changed, self._painted_head = rows, ()
        else:
            changed = [row for row, old in zip(rows, self._painted, strict=True) if row != old]
        if changed or head != self._painted_head:
            painter = QPainter(self._page)
            if head != self._painted_head:
                self._paint_head(painter)
            for row in changed:
                self._paint_row(painter, row)
            painter.end()
        self._painted, self._painted_head = rows, head
        return self._page

    def _paint_head(self, painter: QPainter) -> None:
        """Paint the winner, or the message in its place, on the panel's ground."""
        inner = self._inner
        if self._message and not self._rows:
            painter.fillRect(inner, self._colors.surface)
            self._paint_alone(painter, inner)
        elif self._short:
            bottom = self.row_area(MAX_ROWS - 1).bottom()
            beside = QPointF(inner.x() + WINNER_WIDTH_PX, bottom)
            area = QRectF(inner.topLeft(), beside)
            painter.fillRect(area, self._colors.surface)
            self._paint_beside(painter, area)
        else:
            above = QRectF(inner.x(), inner.y(), inner.width(), self._head_px)
            painter.fillRect(above, self._colors.surface)
            self._paint_above(painter, inner)

    def _row(self, place: _Place, name: str, probability: float, ratio: float) -> _Row:
        if self._message:
            return _Row(place, name, "", 0.0, first=False)
        bar_px = round(place.track.width() * probability * ratio) / ratio
        return _Row(place, name, format_percent(probability), bar_px, name == self._winner)

    def _paint_row(self, painter: QPainter, row: _Row) -> None:
        place, first, colors = row.place, row.first, self._colors
        texts = self._fonts.strong if first else self._fonts.plain
        # What stood there may have reached a pixel beyond it, as an overhanging letter does.
        painter.fillRect(place.area.adjusted(-1, 0, 1, 0), colors.surface)
        painter.setFont(texts.font)
        painter.setPen(colors.text if first else colors.muted)
        top = place.middle - texts.rise
        texts.ready.draw(painter, place.left, top, self._elided(row.name, place.name_px))
        painter.fillRect(place.track, colors.track)
        if not row.percent:
            return
        left = place.right - texts.percent_advance(row.percent)
        texts.ready.draw(painter, left, top, row.percent)
        bar = QRectF(place.track)
        bar.setWidth(row.bar_px)
        painter.fillRect(bar, colors.winner if first else colors.bar)

    def _paint_alone(self, painter: QPainter, area: QRectF) -> None:
        """Say in the middle why there is nothing at all."""
        painter.setPen(self._colors.muted)
        painter.setFont(self._fonts.body)
        painter.drawText(area, _CENTER | Qt.TextFlag.TextWordWrap, self._message)

    def _paint_beside(self, painter: QPainter, area: QRectF) -> None:
        """Draw the winner as a large figure, or the message, to the left of the bars."""
        painter.setPen(self._colors.muted if self._message else self._colors.text)
        if self._message:
            painter.setFont(self._fonts.body)
            painter.drawText(area, _CENTER | Qt.TextFlag.TextWordWrap, self._message)
            return
        fonts = self._fonts
        heights = (fonts.digit_px, fonts.title_px, fonts.body_px)
        line = QRectF(area.x(), area.center().y() - sum(heights) / 2, area.width(), 0)
        parts = (fonts.digit, self._winner), (fonts.title, format_percent(self._best))
        for height, (font, text) in zip(heights, parts, strict=False):
            line.setHeight(height)
            painter.setFont(font)
            painter.drawText(line, _CENTER, text)
            line.translate(0, height)
        line.setHeight(fonts.body_px)
        self._paint_label(painter, line, _CENTER)

    def _paint_above(self, painter: QPainter, area: QRectF) -> None:
        """Draw the winner or the message as a line over the bars, the label below it."""
        fonts = self._fonts
        line = QRectF(area.x(), area.y(), area.width(), fonts.title_px)
        painter.setFont(fonts.body if self._message else fonts.title)
        painter.setPen(self._colors.muted if self._message else self._colors.text)
        room = area.width()
        if not self._message:
            painter.drawText(line, _RIGHT, format_percent(self._best))
            room -= painter.fontMetrics().horizontalAdvance(WIDEST_PERCENT) + GRID_PX
        text = self._message or self._winner
        if text.isdecimal():  # of a class without a name; beside a percentage it needs the word
            text = f"Class {text}"
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(line, _LEFT, elided)
        line.translate(0, fonts.title_px)
        line.setHeight(fonts.body_px)
        self._paint_label(painter, line, _LEFT)

    def _paint_label(self, painter: QPainter, area: QRectF, flags: Qt.AlignmentFlag) -> None:
        if self._label is None or self._message:
            return
        known = self._named and self._label in self._names
        right = known and self._label == self._winner
        wrong = known and not right
        painter.setFont(self._fonts.body)
        painter.setPen(self._colors.warning if wrong else self._colors.muted)
        # A class that the network doesn't know is told, and is no mistake of the network's.
        mark = " ✓" if right else " ✗" if wrong else ""
        metrics = painter.fontMetrics()
        room = int(area.width()) - metrics.horizontalAdvance(mark)
        text = metrics.elidedText(f"Label {self._label}", Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, flags, text + mark)

    def _elided(self, name: str, room: float) -> str:
        if self._short:
            return name
        return self._fonts.strong.metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room))

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, place: QPointF) -> str:
        """Return a class's whole name and all digits of its probability; empty elsewhere."""
        if not self._message:
            inner = self._inner
            head = QRectF(inner.x(), inner.y(), inner.width(), self._fonts.title_px)
            if not self._short and head.contains(place):
                return f"{self._winner}: {self._best:.9g}"
            for index, (name, probability) in enumerate(self._rows):
                if self.row_area(index).contains(place):
                    return f"{name}: {probability:.9g}"
        return ""


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTER = Qt.AlignmentFlag.AlignCenter
