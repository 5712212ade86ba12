"""The page of a trace: scrolls, and paints what is in sight and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from typing_extensions import override

from viewer.widgets.cells import paint_outline
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme
    from viewer.widgets.trace.blocks import Block, Hit

RIGHT_PX = 2  # beside the scroll bar
STEP_PX = 40  # of the wheel and the arrow keys


class TraceCanvas(QAbstractScrollArea):
    """Blocks one below the other.

    Signals
    -------
    hover_changed(str)
        All digits of what is under the mouse; empty for nothing.
    target_chosen(Selection)
        A click on something that came from there.
    more_requested()
        More of what is cut short is to be shown.
    painted()
        What was set last is on screen.
    """

    hover_changed = pyqtSignal(str)
    target_chosen = pyqtSignal(object)
    more_requested = pyqtSignal()
    painted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._blocks: tuple[Block, ...] = ()
        self._tops: list[float] = []
        self._message = ""
        self._mouse: QPointF | None = None
        self._hit: tuple[Hit, float] | None = None
        self._words = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Arithmetic")
        self._surface().setMouseTracking(True)
        self._surface().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._surface().update()

    def set_blocks(self, blocks: tuple[Block, ...], message: str = "", *, top: bool) -> None:
        """Show other blocks; without any, a sentence in their place.

        Parameters
        ----------
        blocks : tuple of Block
        message : str
        top : bool
            Scroll to the first one.
        """
        self._blocks, self._message = blocks, message
        self._arrange()
        bar = self.verticalScrollBar()
        if top and bar is not None:
            bar.setValue(0)
        self._update_hover()
        self._surface().update()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What is shown."""
        return self._blocks

    @property
    def words(self) -> str:
        """All digits of what is under the mouse; empty for nothing."""
        return self._words

    @property
    def message(self) -> str:
        """What stands there if there are no blocks."""
        return "" if self._blocks else self._message

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    @override
    def sizeHint(self) -> QSize:
        return QSize(640, 400)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._update_hover()
        self._surface().update()

    @override
    def viewportEvent(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Leave:
            self._mouse = None
            self._update_hover()
        return super().viewportEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._mouse = event.position()
            self._update_hover()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._mouse = event.position()
        self._update_hover()
        if self._hit is not None and self._hit[0].more:
            self.more_requested.emit()
        elif self._hit is not None and self._hit[0].target is not None:
            self.target_chosen.emit(self._hit[0].target)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self._surface())
        bounds = QRectF(self._surface().rect())
        painter.fillRect(bounds, self._theme.color("surface"))
        if not self._blocks:
            self._paint_message(painter, bounds)
            return
        width = self._width()
        for block, top in zip(self._blocks, self._tops, strict=False):
            y = top - self._offset()
            height = block.height(width)
            if y < bounds.bottom() and y + height > 0:
                seen = QRectF(0, max(0.0, -y), width, min(height, bounds.height() - y))
                seen.setBottom(min(height, bounds.height() - y))
                painter.translate(0, y)
                block.paint(painter, width, seen, self._theme)
                painter.translate(0, -y)
        if self._hit is not None:
            hit, top = self._hit
            place = hit.rect.translated(0, top - self._offset())
            paint_outline(painter, place, self._theme, selected=False)
        self.painted.emit()

    def _paint_message(self, painter: QPainter, bounds: QRectF) -> None:
        painter.setFont(text_font(TextSize.BODY))
        painter.setPen(self._theme.color("text_muted"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        margin = 2 * GRID_PX
        painter.drawText(bounds.adjusted(margin, 0, -margin, 0), int(flags), self._message)

    def _arrange(self) -> None:
        width, top = self._width(), 0.0
        self._tops = []
        for block in self._blocks:
            self._tops.append(top)
            top += block.height(width)
        bar = self.verticalScrollBar()
        assert bar is not None
        room = self._surface().height()
        bar.setRange(0, max(0, round(top) - room))
        bar.setPageStep(room)
        bar.setSingleStep(STEP_PX)

    def _update_hover(self) -> None:
        before = self._hit
        self._hit = self._hit_at(self._mouse)
        words = "" if self._hit is None else self._hit[0].text
        active = self._hit is not None and (self._hit[0].more or self._hit[0].target is not None)
        if before != self._hit:
            shape = Qt.CursorShape.ArrowCursor
            if active:
                shape = Qt.CursorShape.PointingHandCursor
            self._surface().setCursor(shape)
            self._surface().update()
        if words != self._words:
            self._words = words
            self.hover_changed.emit(words)

    def _hit_at(self, place: QPointF | None) -> tuple[Hit, float] | None:
        if place is None:
            return None
        y = place.y() + self._offset()
        width = self._width()
        for block, top in zip(self._blocks, self._tops, strict=False):
            if top <= y < top + block.height(width):
                hit = block.hit(QPointF(place.x(), y - top), width)
                return None if hit is None else (hit, top)
        return None

    def _offset(self) -> int:
        bar = self.verticalScrollBar()
        return 0 if bar is None else bar.value()

    def _width(self) -> float:
        # Room for the scroll bar even without it: the layout must not depend on its height.
        bar = self.verticalScrollBar()
        bar_px = 0 if bar is None else bar.sizeHint().width()
        return float(max(120, self.width() - bar_px - RIGHT_PX))

    def _surface(self) -> QWidget:
        viewport = self.viewport()
        assert viewport is not None, "a scroll area always has a viewport"
        return viewport
