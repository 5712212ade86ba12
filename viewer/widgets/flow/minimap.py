"""A small map of the whole network, for orientation where it is larger than the view."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from viewer.core.layout import FlowLayout
from viewer.core.records import Kind
from viewer.widgets.theme import GRID_PX, RADIUS_PX, Theme

MAX_WIDTH_PX, MIN_WIDTH_PX = 80, 40
HEIGHT_SHARE = 0.28  # of the viewport's, at most
PADDING_PX = 4
QUIET_ALPHA = 140  # of its ground while nobody points at it: what is below can be seen
QUIET_OPACITY = 0.75  # of its cards meanwhile
LEAST_CARD_PX = 1.5
WORTHWHILE = 3  # contents of more than so many viewports have a map
LEAST_HEIGHT_PX = 320  # of a viewport with a map: in a lower one it would hide what is in sight
CLOSE_PX = 14

_HAVE_WEIGHTS = frozenset({Kind.CONVOLUTION, Kind.DENSE})
_ENDS = frozenset({Kind.INPUT, Kind.SOFTMAX})
TIP = "Map of the network: click or drag to go there. The cross hides it; so does View, Map."


class Minimap(QWidget):
    """Shows every card as a small rectangle, and which of them are in sight.

    Attributes
    ----------
    at_top : bool
        Whether it is in the upper corner, where it is in the way in the lower one.

    Signals
    -------
    place_chosen(QPointF)
        A point of the layout that should be in the middle of the view.
    closed()
        The person asked for it to be hidden.
    """

    place_chosen = pyqtSignal(QPointF)
    closed = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.at_top = False
        self._theme = theme
        self._layout: FlowLayout | None = None
        self._kinds: Mapping[str, Kind] = {}
        self._pointed: str | None = None
        self._in_sight = QRectF()
        self._cards: QPixmap | None = None
        self.setToolTip(TIP)
        self.setAccessibleName("Map of the network")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self._theme = theme
        self._redraw()

    def set_layout(self, layout: FlowLayout | None, kinds: Mapping[str, Kind]) -> None:
        """Show other cards; `kinds` by their names."""
        if layout is not self._layout:
            self._layout, self._kinds = layout, kinds
            self._redraw()

    def set_pointed(self, name: str | None) -> None:
        """Point one card out in the accent."""
        if name != self._pointed:
            self._pointed = name
            self._redraw()

    def set_in_sight(self, in_sight: QRectF) -> None:
        """Outline what of the layout the view shows."""
        if in_sight != self._in_sight:
            self._in_sight = in_sight
            self.update()

    def is_worthwhile(self, viewport: QSize) -> bool:
        """Return whether there is much more than fits into a viewport."""
        if self._layout is None or viewport.isEmpty() or viewport.height() < LEAST_HEIGHT_PX:
            return False
        content = self._layout.width * self._layout.height
        return content > WORTHWHILE * viewport.width() * viewport.height()

    def place(self, viewport: QRectF) -> None:
        """Take a right corner of a viewport, in the parent's coordinates."""
        if self._layout is None:
            return
        most = viewport.height() * HEIGHT_SHARE - 2 * PADDING_PX
        scale = min(
            (MAX_WIDTH_PX - 2 * PADDING_PX) / self._layout.width, most / self._layout.height
        )
        width = max(MIN_WIDTH_PX - 2 * PADDING_PX, scale * self._layout.width)
        size = QSize(
            round(width) + 2 * PADDING_PX, round(scale * self._layout.height) + 2 * PADDING_PX
        )
        if size != self.size():
            self.resize(size)
            self._redraw()
        x = viewport.right() - size.width() - GRID_PX
        bottom = viewport.bottom() - size.height() - GRID_PX
        self.move(round(x), round(viewport.top() + GRID_PX if self.at_top else bottom))

    def card_rect(self, name: str) -> QRectF:
        """Return where a card is on the map."""
        assert self._layout is not None, "there are cards"
        frame = self._layout.cards[name].frame
        across, down = self._scales()
        return QRectF(
            PADDING_PX + frame.x * across,
            PADDING_PX + frame.y * down,
            max(LEAST_CARD_PX, frame.width * across - 1),
            max(LEAST_CARD_PX, frame.height * down - 1),
        )

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._layout is None:
            return
        if self._cards is None:
            self._cards = self._drawn()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pointed_at = self.underMouse()
        ground = self._theme.color("raised")
        ground.setAlpha(255 if pointed_at else QUIET_ALPHA)
        painter.setPen(QPen(self._theme.color("border_strong" if pointed_at else "border"), 1))
        painter.setBrush(ground)
        outline = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(outline, RADIUS_PX, RADIUS_PX)
        painter.setOpacity(1 if pointed_at else QUIET_OPACITY)
        painter.drawPixmap(0, 0, self._cards)
        painter.setOpacity(1)
        across, down = self._scales()
        shown = QRectF(
            PADDING_PX + self._in_sight.x() * across,
            PADDING_PX + self._in_sight.y() * down,
            self._in_sight.width() * across,
            self._in_sight.height() * down,
        )
        inside = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(self._theme.color("text"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(shown.adjusted(-2, -2, 2, 2).intersected(inside), 2, 2)
        if pointed_at:
            self._paint_close(painter)
        painter.end()

    @override
    def enterEvent(self, event: QEnterEvent | None) -> None:
        self.update()

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self._close_rect().contains(event.position()):
            self.closed.emit()
        else:
            self._choose(event.position())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Take it: what is under the map is none of its business."""

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position())

    def _choose(self, position: QPointF) -> None:
        across, down = self._scales()
        x, y = position.x() - PADDING_PX, position.y() - PADDING_PX
        self.place_chosen.emit(QPointF(x / across, y / down))

    def _scales(self) -> tuple[float, float]:
        assert self._layout is not None, "only a layout has a map"
        inner = self.size() - QSize(2 * PADDING_PX, 2 * PADDING_PX)
        return (
            max(1, inner.width()) / max(1, self._layout.width),
            max(1, inner.height()) / max(1, self._layout.height),
        )

    def _drawn(self) -> QPixmap:
        """Return the cards, which stay the same while the view scrolls."""
        assert self._layout is not None, "only a layout has a map"
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for name in self._layout.cards:
            token = _token(self._kinds.get(name, Kind.OTHER))
            painter.setBrush(self._theme.color("accent" if name == self._pointed else token))
            painter.drawRect(self.card_rect(name))
        painter.end()
        return pixmap

    def _paint_close(self, painter: QPainter) -> None:
        place = self._close_rect()
        painter.setPen(QPen(self._theme.color("border_strong"), 1))
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(QPen(self._theme.color("text"), 1.4))
        cross = place.adjusted(4, 4, -4, -4)
        painter.drawLine(cross.topLeft(), cross.bottomRight())
        painter.drawLine(cross.topRight(), cross.bottomLeft())

    def _close_rect(self) -> QRectF:
        return QRectF(self.width() - CLOSE_PX - 2, 2, CLOSE_PX, CLOSE_PX)

    def _redraw(self) -> None:
        self._cards = None
        self.update()


def _token(kind: Kind) -> str:
    """Return the colour for a kind of card: the more weights inside, the stronger."""
    if kind is Kind.BLOCK:
        return "text_muted"
    if kind in _HAVE_WEIGHTS:
        return "bar"
    return "text" if kind in _ENDS else "border_strong"
