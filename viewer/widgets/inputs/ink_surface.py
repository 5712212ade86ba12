"""What the drawing pad holds and shows, whatever device draws on it."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from viewer.widgets.inputs.history import Content, History
from viewer.widgets.inputs.ink import CANVAS_UNITS, Point, is_inside
from viewer.widgets.inputs.paper import Paper
from viewer.widgets.inputs.sessions import EraserSession, PenSession
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, LIGHT, RADIUS_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import Drawing, Picture
    from viewer.widgets.theme import Theme

MIN_PEN_SHARE, MAX_PEN_SHARE, DEFAULT_PEN_SHARE = 0.04, 0.20, 0.08  # of the canvas
PREFERRED_PX, SMALLEST_PX = 248, 120
EMPTY_TEXT = "Draw a digit"
_EMPTY_FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Tool(Enum):
    """What a pointer does to the ink."""

    PEN = "pen"
    ERASER = "eraser"


class InkSurface(QWidget):
    """A square of paper with a history; strokes are vectors on 280 × 280 units.

    Signals
    -------
    drawing_changed()
        What is on the paper changed by a person's doing: also with every point of a stroke.
    stroke_finished()
        Pen or eraser was lifted after a change.
    undo_available(bool), redo_available(bool)
        Only when it changes.
    picture_discarded()
        Drawing began, and the picture that was shown is gone.
    pen_changed(float)
        The pen's width, as a share of the canvas.
    """

    drawing_changed = pyqtSignal()
    stroke_finished = pyqtSignal()
    undo_available = pyqtSignal(bool)
    redo_available = pyqtSignal(bool)
    picture_discarded = pyqtSignal()
    pen_changed = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._surround = LIGHT.color("surface")
        # Otherwise every point of a stroke would have all that lies behind it painted, too.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._paper = Paper(LIGHT)
        self._session: PenSession | EraserSession | None = None
        self._history = History(self)
        self._history.undo_available.connect(self.undo_available)
        self._history.redo_available.connect(self.redo_available)
        self.pen_share = DEFAULT_PEN_SHARE
        self._empty_text = EMPTY_TEXT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def content(self) -> Content:
        """What is on the paper now, the act that is under way included."""
        if self._session is None or not self._session.changed:
            return self._history.current
        return Content(self._session.inks())

    @property
    def picture(self) -> Picture | None:
        """The picture that is shown instead of strokes."""
        return self.content.picture

    @property
    def is_empty(self) -> bool:
        """Whether there is neither ink nor a picture."""
        return self.content.empty

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return self._history.can_redo

    def drawing(self) -> Drawing:
        """Return the strokes, the one being drawn included, on a canvas of 280 × 280."""
        from viewer.core.records import Drawing  # brings numpy: not before the first stroke

        content = self.content
        strokes = tuple(ink.record() for ink in content.strokes)
        return Drawing(strokes, canvas=(CANVAS_UNITS, CANVAS_UNITS), label=content.label)

    def source(self) -> Drawing | Picture:
        """Return what there is to classify: the picture, or else the drawing."""
        return self.picture or self.drawing()

    def set_drawing(self, drawing: Drawing) -> None:
        """Show strokes from elsewhere, fitted to the paper; can be undone, gives no signal."""
        from viewer.widgets.inputs.drawing_fit import inks_of  # brings numpy

        self._replace(Content(inks_of(drawing), label=drawing.label))

    def set_picture(self, picture: Picture | None) -> None:
        """Show a picture instead of strokes, or nothing; can be undone, gives no signal."""
        self._replace(Content(picture=picture))

    def set_nothing(self, note: str) -> None:
        """Show that there is nothing, and why; can be undone, gives no signal."""
        self._replace(Content(note=note))

    def show_frame(self, picture: Picture) -> None:
        """Show the next frame of a film: in place of the one before, without a step of undo."""
        self.finish()
        if self.picture is None:
            self._history.push(Content(picture=picture))
        else:
            self._history.replace(Content(picture=picture))
        self._repaint_all()

    def set_empty_text(self, text: str) -> None:
        """Say what an empty pad is for."""
        if text != self._empty_text:
            self._empty_text = text
            self.update()

    def undo(self) -> None:
        """Take back the last stroke, erasure, clearing or replacement."""
        self.finish()
        if self._history.undo():
            self._repaint_all()
            self.drawing_changed.emit()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.finish()
        if self._history.redo():
            self._repaint_all()
            self.drawing_changed.emit()

    def clear(self) -> None:
        """Take everything off, a note on why there is nothing, too; can be undone."""
        self.finish()
        if not self.is_empty or self.content.note:
            self._replace(Content())
            self.drawing_changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's ink and paper."""
        self._theme = theme
        self._surround = theme.color("surface")
        self._paper.set_theme(theme)
        self._repaint_all()

    def set_pen_share(self, share: float) -> None:
        """Set the pen's width as a share of the canvas, kept within 4 to 20 %."""
        share = min(max(share, MIN_PEN_SHARE), MAX_PEN_SHARE)
        if share != self.pen_share:
            self.pen_share = share
            self.update()
            self.pen_changed.emit(share)

    @property
    def eraser_radius(self) -> float:
        """In canvas units: twice as wide as the pen."""
        return self.pen_share * CANVAS_UNITS

    def begin(self, position: QPointF, tool: Tool, pressure: float | None = None) -> None:
        """Put a tool down at a position in the widget; nothing happens off the paper."""
        if self._session is not None or not is_inside(self._to_canvas(position)):
            return
        strokes = self._history.current.strokes
        if tool is Tool.ERASER:
            self._session = EraserSession(strokes, self.eraser_radius)
        else:
            self._discard_picture()
            width, with_pressure = self.pen_share * CANVAS_UNITS, pressure is not None
            self._session = PenSession(strokes, width, with_pressure=with_pressure)
            if self._history.current.empty:
                self.update()  # the words of an empty pad go
        self.extend(position, pressure)

    def extend(self, position: QPointF, pressure: float | None = None) -> None:
        """Move the tool that is down."""
        if self._session is None:
            return
        changed = self._session.extend(self._to_canvas(position), pressure, self._paper)
        if changed is not None:
            self.update(changed.translated(QPointF(self.square.topLeft())).toAlignedRect())
            self.drawing_changed.emit()

    def finish(self) -> None:
        """Lift the tool."""
        session, self._session = self._session, None
        if session is not None and session.changed:
            self._history.push(Content(session.inks()))
            self.stroke_finished.emit()

    def cancel(self) -> None:
        """Lift the tool as if it had never been put down."""
        session, self._session = self._session, None
        if session is not None:
            self._repaint_all()
            self.drawing_changed.emit()

    @property
    def square(self) -> QRect:
        """The paper's place in the widget."""
        side = max(1, min(self.width(), self.height()))
        return QRect(0, 0, side, side)

    def _to_canvas(self, position: QPointF) -> Point:
        square = self.square
        scale = CANVAS_UNITS / square.width()
        return (position.x() - square.x()) * scale, (position.y() - square.y()) * scale

    def _discard_picture(self) -> None:
        if self.picture is not None:
            self._paper.paint(Content())
            self.update()
            self.picture_discarded.emit()

    def _replace(self, content: Content) -> None:
        self.finish()
        self._history.push(content)
        self._repaint_all()

    def _repaint_all(self) -> None:
        if self._paper.side_px:
            self._paper.paint(self.content)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(PREFERRED_PX, PREFERRED_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(SMALLEST_PX, SMALLEST_PX)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._paper.fit(self.square.width(), self.devicePixelRatioF()):
            self._paper.paint(self.content)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        self._fit()  # the window may have moved to a screen of another resolution
        painter = QPainter(self)
        square = self.square
        if square != self.rect():
            painter.fillRect(self.rect(), self._surround)
        painter.drawPixmap(square.topLeft(), self._paper.pixmap)
        if self.is_empty:
            self._paint_words(painter, self.content.note or self._empty_text)
        picture = self.picture
        if picture is not None:
            self._paint_title(painter, picture)
        focused = self.hasFocus()
        painter.setPen(QPen(self._theme.color("text_muted" if focused else "border_strong"), 1))
        painter.drawRect(QRectF(square).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_words(self, painter: QPainter, text: str) -> None:
        """Say what an empty pad is for, or why it is empty: a file's name may be long."""
        painter.setFont(text_font(TextSize.TITLE))
        painter.setPen(self._theme.color("text_muted"))
        place = self.square.adjusted(2 * GRID_PX, 0, -2 * GRID_PX, 0)
        elided, middle = painter.fontMetrics().elidedText, Qt.TextElideMode.ElideMiddle
        words = (elided(word, middle, place.width()) for word in text.split())
        painter.drawText(place, _EMPTY_FLAGS, " ".join(words))

    def _paint_title(self, painter: QPainter, picture: Picture) -> None:
        """Say which picture this is, and its size, on a plate: it may be of any colour."""
        title, size = picture.title, size_text(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(text_font(TextSize.SMALL))
        metrics = painter.fontMetrics()
        width = self.square.width() - 4 * GRID_PX
        text = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, width)
        if size:
            beside = f"{title} · {size}"
            text = beside if metrics.horizontalAdvance(beside) <= width else f"{text}\n{size}"
        needed = metrics.size(0, text)
        plate = QRectF(0, 0, needed.width() + 2 * GRID_PX, needed.height() + 4)
        plate = title_place(picture, QRectF(self.square), plate)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(plate, RADIUS_PX, RADIUS_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._theme.color("text"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def title_place(picture: Picture, square: QRectF, plate: QRectF) -> QRectF:
    """Return where the title hides least: at the foot, unless a prepared picture has ink there.

    Parameters
    ----------
    picture : Picture
    square : QRectF
        What the picture fills, or fits into.
    plate : QRectF
        Of the title's size.
    """
    inner = square.adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
    right, top = inner.right() - plate.width(), inner.top()
    left, bottom = inner.left(), inner.bottom() - plate.height()
    corners = [QPointF(x, y) for y in (bottom, top) for x in (left, right)]
    if not picture.prepared:  # a photo has no empty corner, and a camera's title would jump about
        corners = corners[:1]
    places = [QRectF(corner, plate.size()) for corner in corners]
    return min(places, key=lambda place: _ink_in(picture, square, place))


def _ink_in(picture: Picture, square: QRectF, place: QRectF) -> float:
    """Return the ink of a prepared picture in a part of the square that it fits into."""
    height, width = picture.pixels.shape
    shown = max(height, width)
    scale = shown / square.width()
    x, y = (place.x() - square.x()) * scale, (place.y() - square.y()) * scale
    x, y = x - (shown - width) / 2, y - (shown - height) / 2
    rows = slice(max(0, math.floor(y)), max(0, math.ceil(y + place.height() * scale)))
    columns = slice(max(0, math.floor(x)), max(0, math.ceil(x + place.width() * scale)))
    return float(picture.pixels[rows, columns].sum())


def size_text(picture: Picture) -> str:
    """Return the size of the file that a picture was read from; empty where there is none."""
    return "" if picture.size is None else "{:,} × {:,}".format(*picture.size)
