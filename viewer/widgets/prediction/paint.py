"""Paints the prediction: what has changed since it was painted last, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QBrush, QPainter, QPixmap

from viewer.core.imaging.numbers import format_percent
from viewer.widgets.prediction.layout import WIDEST_PERCENT, Fonts, Layout, Place
from viewer.widgets.theme import GRID_PX

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

RIGHT, WRONG = " ✓", " ✗"
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTER = Qt.AlignmentFlag.AlignCenter


class Colors:
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


class Row(NamedTuple):
    """A row as it is painted; two that are equal look the same.

    Attributes
    ----------
    place : Place
    name, percent : str
    bar_px : float
        Length of the bar, in whole pixels of the screen.
    first : bool
        Whether it is the winner's.
    """

    place: Place
    name: str
    percent: str
    bar_px: float
    first: bool


class Head(NamedTuple):
    """The winner, or what stands in its place; two that are equal look the same.

    Attributes
    ----------
    message : str
        In place of the winner.
    winner, percent : str
        Most probable class, and its probability; empty with a message.
    label : str or None
        The true class, where it is known.
    mark : str
        `RIGHT` or `WRONG`; empty where the network doesn't know the true class.
    """

    message: str = ""
    winner: str = ""
    percent: str = ""
    label: str | None = None
    mark: str = ""


class PredictionPage:
    """The panel as a picture: a pen changes little of it at a time.

    Parameters
    ----------
    fonts : Fonts
    colors : Colors
    """

    def __init__(self, fonts: Fonts, colors: Colors) -> None:
        self._fonts = fonts
        self._colors = colors
        self._layout: Layout | None = None
        self._pixmap = QPixmap()
        self._rows: list[Row] = []
        self._head: Head | None = None

    def painted(
        self,
        layout: Layout,
        head: Head,
        rows: Sequence[tuple[str, float]],
        size: QSize,
        ratio: float,
    ) -> QPixmap:
        """Return the picture, in which what has changed is painted anew.

        Parameters
        ----------
        layout : Layout
        head : Head
        rows : sequence of (str, float)
            Names and probabilities; there may be fewer than places.
        size : QSize
            In logical pixels.
        ratio : float
            Device pixels a logical one.
        """
        pairs = zip(layout.places, rows, strict=False)
        new = [_row(place, name, value, head, ratio) for place, (name, value) in pairs]
        device = size * ratio
        stale = layout is not self._layout or self._pixmap.size() != device
        if stale or len(new) != len(self._rows):
            self._layout = layout
            self._pixmap = QPixmap(device)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(self._colors.surface.color())
            changed, self._head = new, None
        else:
            changed = [row for row, old in zip(new, self._rows, strict=True) if row != old]
        if changed or head != self._head:
            painter = QPainter(self._pixmap)
            if head != self._head:
                self._paint_head(painter, layout, head, alone=not new)
            for row in changed:
                self._paint_row(painter, layout, row)
            painter.end()
        self._rows, self._head = new, head
        return self._pixmap

    def _paint_head(self, painter: QPainter, layout: Layout, head: Head, *, alone: bool) -> None:
        """Paint the winner, or the message in its place, on the panel's ground."""
        area = layout.inner if alone else layout.head
        painter.fillRect(area, self._colors.surface)
        if head.message and (alone or layout.short):
            painter.setPen(self._colors.muted)
            painter.setFont(self._fonts.body)
            painter.drawText(area, _CENTER | Qt.TextFlag.TextWordWrap, head.message)
        elif layout.short:
            self._paint_beside(painter, area, head)
        else:
            self._paint_above(painter, layout.inner, head)

    def _paint_row(self, painter: QPainter, layout: Layout, row: Row) -> None:
        place, first, colors = row.place, row.first, self._colors
        texts = self._fonts.strong if first else self._fonts.plain
        # What stood there may have reached a pixel beyond it, as an overhanging letter does.
        painter.fillRect(place.area.adjusted(-1, 0, 1, 0), colors.surface)
        painter.setFont(texts.font)
        painter.setPen(colors.text if first else colors.muted)
        top = place.middle - texts.rise
        name = row.name if layout.short else self._elided(row.name, place.name_px)
        texts.ready.draw(painter, place.left, top, name)
        painter.fillRect(place.track, colors.track)
        if not row.percent:
            return
        left = place.right - texts.percent_advance(row.percent)
        texts.ready.draw(painter, left, top, row.percent)
        bar = QRectF(place.track)
        bar.setWidth(row.bar_px)
        painter.fillRect(bar, colors.winner if first else colors.bar)

    def _paint_beside(self, painter: QPainter, area: QRectF, head: Head) -> None:
        """Draw the winner as a large figure to the left of the bars."""
        painter.setPen(self._colors.text)
        fonts = self._fonts
        heights = (fonts.digit_px, fonts.title_px, fonts.body_px)
        line = QRectF(area.x(), area.center().y() - sum(heights) / 2, area.width(), 0)
        parts = (fonts.digit, head.winner), (fonts.title, head.percent)
        for height, (font, text) in zip(heights, parts, strict=False):
            line.setHeight(height)
            painter.setFont(font)
            painter.drawText(line, _CENTER, text)
            line.translate(0, height)
        line.setHeight(fonts.body_px)
        self._paint_label(painter, line, _CENTER, head)

    def _paint_above(self, painter: QPainter, area: QRectF, head: Head) -> None:
        """Draw the winner or the message as a line over the bars, the label below it."""
        fonts = self._fonts
        line = QRectF(area.x(), area.y(), area.width(), fonts.title_px)
        painter.setFont(fonts.body if head.message else fonts.title)
        painter.setPen(self._colors.muted if head.message else self._colors.text)
        room = area.width()
        if not head.message:
            painter.drawText(line, _RIGHT, head.percent)
            room -= painter.fontMetrics().horizontalAdvance(WIDEST_PERCENT) + GRID_PX
        text = head.message or head.winner
        if text.isdecimal():  # of a class without a name; beside a percentage it needs the word
            text = f"Class {text}"
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(line, _LEFT, elided)
        line.translate(0, fonts.title_px)
        line.setHeight(fonts.body_px)
        self._paint_label(painter, line, _LEFT, head)

    def _paint_label(
        self, painter: QPainter, area: QRectF, flags: Qt.AlignmentFlag, head: Head
    ) -> None:
        if head.label is None or head.message:
            return
        painter.setFont(self._fonts.body)
        painter.setPen(self._colors.warning if head.mark == WRONG else self._colors.muted)
        metrics = painter.fontMetrics()
        room = int(area.width()) - metrics.horizontalAdvance(head.mark)
        text = metrics.elidedText(f"Label {head.label}", Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, flags, text + head.mark)

    def _elided(self, name: str, room: float) -> str:
        return self._fonts.strong.metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room))


def _row(place: Place, name: str, probability: float, head: Head, ratio: float) -> Row:
    if head.message:
        return Row(place, name, "", 0.0, first=False)
    bar_px = round(place.track.width() * probability * ratio) / ratio
    return Row(place, name, format_percent(probability), bar_px, name == head.winner)
