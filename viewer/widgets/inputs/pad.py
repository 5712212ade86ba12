"""The drawing pad: mouse, tablet and finger on a surface of ink."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QEventPoint,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
)
from PyQt6.QtWidgets import QWidget

from viewer.widgets.inputs.ink import CANVAS_UNITS
from viewer.widgets.inputs.ink_surface import InkSurface, Tool
from viewer.widgets.overrides import override

CIRCLE_MARGIN_PX = 3  # pen and antialiasing of the circle around the pointer
_ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}

_TOUCHES = (
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
    QEvent.Type.TouchCancel,
)


class DrawingPad(InkSurface):
    """A square to draw on with the left button, and to erase on with the right.

    Attributes
    ----------
    tool : Tool
        Of the left button, the pen and the finger; a tablet pen's other end erases.

    Signals
    -------
    tool_changed(Tool)
        Another tool was chosen.
    walk_requested(int)
        The next picture of a folder (1) or the one before (-1) is wanted, by an arrow key.
    """

    tool_changed = pyqtSignal(object)
    walk_requested = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tool = Tool.PEN
        self._button = Qt.MouseButton.NoButton
        self._used = Tool.PEN  # what the pointer does right now
        self._pointer: QPointF | None = None
        self.setAccessibleName("Drawing pad")
        self.setAccessibleDescription("Draw a digit with a mouse, a tablet pen or a finger")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_tool(self, tool: Tool) -> None:
        """Choose what the left button does from the next press on."""
        if tool is not self.tool:
            self.tool = self._used = tool
            self.update()
            self.tool_changed.emit(tool)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        assert event is not None
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in _ARROWS and plain == Qt.KeyboardModifier.NoModifier:
            self.walk_requested.emit(_ARROWS[Qt.Key(event.key())])
            return
        super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        assert event is not None
        tools = {Qt.MouseButton.LeftButton: self.tool, Qt.MouseButton.RightButton: Tool.ERASER}
        if self._session is None and event.button() in tools:
            self._button = event.button()
            self._put_down(event.position(), tools[self._button])

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        assert event is not None
        self._move(event.position())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        assert event is not None
        if event.button() == self._button:
            self._button = Qt.MouseButton.NoButton
            self._move(event.position())
            self._lift()

    @override
    def tabletEvent(self, event: QTabletEvent | None) -> None:
        assert event is not None
        event.accept()  # otherwise Qt repeats it as a mouse event
        turned_over = event.pointerType() == QPointingDevice.PointerType.Eraser
        if event.type() == QEvent.Type.TabletPress:
            tool = Tool.ERASER if turned_over else self.tool
            self._put_down(event.position(), tool, event.pressure())
        elif event.type() == QEvent.Type.TabletRelease:
            self._lift()
        else:
            self._move(event.position(), event.pressure())

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in _TOUCHES:
            event.accept()  # otherwise Qt repeats it as a mouse event
            self._touch(event)
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        points = event.points()
        if event.type() == QEvent.Type.TouchCancel or len(points) > 1:
            self.cancel()  # a second finger: a gesture, not a stroke
            return
        position = self.mapFromGlobal(points[0].globalPosition())
        if points[0].state() == QEventPoint.State.Pressed:
            self.begin(position, self.tool)
        else:
            self.extend(position)
        if event.type() == QEvent.Type.TouchEnd:
            self.finish()

    def _put_down(self, position: QPointF, tool: Tool, pressure: float | None = None) -> None:
        self._used = tool
        self._show_circle(position)
        self.begin(position, tool, pressure)

    def _move(self, position: QPointF, pressure: float | None = None) -> None:
        self._show_circle(position)
        self.extend(position, pressure)

    def _lift(self) -> None:
        self.finish()
        self._used = self.tool
        self.update()

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._show_circle(None)

    @override
    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if self._pointer is None or (self._used is Tool.PEN and self._session is not None):
            return
        painter = QPainter(self)
        painter.setClipRect(self.square)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("text_muted"), 1))
        painter.drawEllipse(self._pointer, self._circle_radius_px, self._circle_radius_px)

    @property
    def _circle_radius_px(self) -> float:
        pen_radius = self.pen_share * CANVAS_UNITS / 2
        radius = self.eraser_radius if self._used is Tool.ERASER else pen_radius
        return radius * self._paper.scale

    def _show_circle(self, position: QPointF | None) -> None:
        before, self._pointer = self._pointer, position
        if self._session is not None and self._used is Tool.PEN:
            return  # not shown while the pen draws
        for place in (before, position):
            if place is not None:
                self.update(self._circle_area(place))

    def _circle_area(self, place: QPointF) -> QRect:
        reach = self.eraser_radius * self._paper.scale + CIRCLE_MARGIN_PX
        corner = QPointF(reach, reach)
        return QRectF(place - corner, place + corner).toAlignedRect()
