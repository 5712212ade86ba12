"""The line of a time slider: ticks where weights are kept, marks, two handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import LIGHT
from viewer.widgets.training.time_slider_marks import MarkKind, Timeline, TimeMark, mark_text

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

HEIGHT_PX = 36
MARGIN_PX = 10  # at either end: half a handle and its outline
HANDLE_PX = 6.0  # radius
REFERENCE_PX = 5.0
LINE_Y_PX = 23
TICK_PX = 7
MARK_Y_PX = 8
MARK_PX = 4.0  # half the size of a mark
NEAR_PX = 6
LEAST_MARK_GAP_PX = 9


class TimeTrack(QWidget):
    """A slider over kept steps.

    Signals
    -------
    moved(int)
        A kept step was chosen by mouse or keyboard.
    reference_moved(int)
        Another kept step was chosen to compare with.
    play_pressed()
    """

    moved = pyqtSignal(int)
    reference_moved = pyqtSignal(int)
    play_pressed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.timeline = Timeline()
        self._step = 0
        self._live = True
        self._shown = True
        self._reference: int | None = None
        self._drags_reference = False
        self.dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Steps at which weights are kept")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_timeline(self, timeline: Timeline) -> None:
        """Show other kept steps and marks."""
        if timeline != self.timeline:
            self.timeline = timeline
            self.update()

    def set_step(self, step: int, live: bool) -> None:
        """Put the handle at a step; at the newest one while `live`."""
        if (step, live) != (self._step, self._live):
            self._step, self._live = step, live
            self.update()

    def set_run_shown(self, shown: bool) -> None:
        """Say whether the views show the run at all: else no step has the handle."""
        if shown != self._shown:
            self._shown = shown
            self.update()

    def set_reference(self, step: int | None) -> None:
        """Put the second handle at a step; None hides it."""
        self._reference = step
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT_PX)

    def x_of(self, step: float) -> float:
        """Return where a step stands, in px."""
        return MARGIN_PX + self.timeline.share(step) * (self.width() - 2 * MARGIN_PX)

    def nearest(self, x: float) -> int | None:
        """Return the kept step that stands nearest to `x`, in px."""
        share = (x - MARGIN_PX) / max(1, self.width() - 2 * MARGIN_PX)
        return self.timeline.nearest(share)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        x = event.position().x()
        on_reference = False
        if self._reference is not None:
            far = abs(self.x_of(self._reference) - x)
            on_reference = far <= NEAR_PX and far < abs(self.x_of(self._step) - x)
        self._drags_reference = self._reference is not None and (shift or on_reference)
        self.dragging = True
        self._drag_to(x)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self.dragging:
            self._drag_to(event.position().x())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self.dragging = False

    def _drag_to(self, x: float) -> None:
        mark = self._mark_near(x) if not self._drags_reference else None
        target = self.nearest(x if mark is None else self.x_of(mark.step))
        if target is not None:
            self._choose(target, reference=self._drags_reference)

    def _choose(self, step: int, *, reference: bool) -> None:
        if reference:
            if step != self._reference:
                self.set_reference(step)
                self.reference_moved.emit(step)
        elif step != self._step or self._live or not self._shown:
            self.set_step(step, live=False)
            self.moved.emit(step)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() == Qt.Key.Key_Space:
            self.play_pressed.emit()
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        reference = shift and self._reference is not None
        start = self._reference if reference else self._step
        target = None if start is None else self._key_target(event.key(), start)
        if target is None:
            super().keyPressEvent(event)
        else:
            self._choose(target, reference=reference)

    def _key_target(self, key: int, start: int) -> int | None:
        line = self.timeline
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            return line.neighbour(start, -1)
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            return line.neighbour(start, 1)
        if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            return line.next_mark(start, -1 if key == Qt.Key.Key_PageUp else 1)
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End) and line.steps:
            return line.steps[0 if key == Qt.Key.Key_Home else -1]
        return None

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos().x()), self)
            return True
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """Return what is said on hover at `x`, in px."""
        mark = self._mark_near(x)
        if mark is not None:
            epochs = [m.step for m in self.timeline.marks if m.kind == MarkKind.EPOCH]
            number = epochs.index(mark.step) + 1 if mark.step in epochs else 0
            return mark_text(mark, number)
        step = self.nearest(x)
        if step is None:
            return "No weights are kept yet"
        return f"Kept step {step:,}\nThe scale is a square root: the start has more room"

    def _mark_near(self, x: float) -> TimeMark | None:
        near = [m for m in self.shown_marks() if abs(self.x_of(m.step) - x) <= MARK_PX + 1]
        return min(near, key=lambda m: abs(self.x_of(m.step) - x), default=None)

    def shown_marks(self) -> list[TimeMark]:
        """Return the marks that are painted: where they crowd, epochs give way first."""
        order = (MarkKind.START, MarkKind.BEST, MarkKind.CHANGE, MarkKind.EPOCH)
        shown: list[TimeMark] = []
        for kind in order:
            for mark in self.timeline.marks:
                x = self.x_of(mark.step)
                crowded = any(abs(self.x_of(m.step) - x) < LEAST_MARK_GAP_PX for m in shown)
                if mark.kind == kind and not crowded:
                    shown.append(mark)
        return shown

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        theme = self._theme
        y = LINE_Y_PX + 0.5
        painter.setPen(QPen(theme.color("border_strong"), 1))
        painter.drawLine(QPointF(MARGIN_PX, y), QPointF(self.width() - MARGIN_PX, y))
        self._paint_ticks(painter, y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark in self.shown_marks():
            self._paint_mark(painter, mark)
        if self._reference is not None:
            self._paint_handle(painter, self.x_of(self._reference), y, reference=True)
        if self.timeline.steps and self._shown:
            step = self.timeline.last if self._live else self._step
            self._paint_handle(painter, self.x_of(step), y, reference=False)

    def _paint_ticks(self, painter: QPainter, y: float) -> None:
        color = self._theme.color("text_muted")
        color.setAlpha(110)  # ticks of one pixel column add up: density is seen
        painter.setPen(color)
        half = TICK_PX // 2
        for step in self.timeline.steps:
            x = round(self.x_of(step)) + 0.5
            painter.drawLine(QPointF(x, y - half), QPointF(x, y + half))

    def _paint_mark(self, painter: QPainter, mark: TimeMark) -> None:
        x, y, size = round(self.x_of(mark.step)) + 0.5, MARK_Y_PX + 0.5, MARK_PX
        theme = self._theme
        painter.setPen(QPen(theme.color("text_muted"), 1.5))
        painter.setBrush(theme.color("surface"))
        if mark.kind == MarkKind.EPOCH:
            painter.drawLine(QPointF(x, y - size), QPointF(x, y + size))
        elif mark.kind == MarkKind.CHANGE:
            painter.drawPolygon(_polygon(x, y, ((0, -size), (size, 0), (0, size), (-size, 0))))
        elif mark.kind == MarkKind.START:
            painter.setBrush(theme.color("text_muted"))
            painter.drawPolygon(_polygon(x, y, ((-3, -size), (size, 0), (-3, size))))
        else:
            painter.setBrush(theme.color("text"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(_polygon(x, y, _STAR))

    def _paint_handle(self, painter: QPainter, x: float, y: float, *, reference: bool) -> None:
        theme, radius = self._theme, REFERENCE_PX if reference else HANDLE_PX
        rim = theme.color("text" if self.hasFocus() and not reference else "surface")
        if reference:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(theme.color("surface"))
        else:
            painter.setPen(QPen(rim, 2))
            painter.setBrush(theme.color("accent"))
        painter.drawEllipse(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))


def _polygon(x: float, y: float, corners: tuple[tuple[float, float], ...]) -> QPolygonF:
    return QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners])


# A star of five points: the outer radius 5.5, the inner 2.3.
_STAR = (
    (0.0, -5.5), (1.35, -1.86), (5.23, -1.7), (2.19, 0.71), (3.23, 4.45),
    (0.0, 2.3), (-3.23, 4.45), (-2.19, 0.71), (-5.23, -1.7), (-1.35, -1.86),
)  # fmt: skip
