"""The confusion matrix: which classes are taken for which others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from typing_extensions import override

from viewer.widgets.evaluation.confusion_geometry import (
    MARGIN_PX,
    MIN_CELL_PX,
    Cell,
    ConfusionGeometry,
)
from viewer.widgets.evaluation.confusion_paint import ConfusionPainter
from viewer.widgets.keys import CLOSER, arrow
from viewer.widgets.theme import LIGHT, TextSize, text_font
from viewer.widgets.wheel import Wheel

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

ZOOM_STEP = 1.25
MAX_ZOOM = 6.0
LEAST_WIDTH_PX = 300  # ten classes with two digits a cell, their names and the colour bar
LEAST_CLASSES = 10  # in sight, one below the other
OVERVIEW_CLASSES = 100  # from so many on, all of the matrix is shown first
REACH_PX = 3  # of the mouse, about a dot


class ConfusionView(QAbstractScrollArea):
    """Counts of images by true class (rows) and predicted class (columns).

    Mistakes are coloured by their share of the row; what is right stays quiet. Ctrl and the
    wheel zoom; class names stay in sight. A matrix of very many classes is first shown whole, as
    dots.

    Signals
    -------
    cell_chosen(object)
        The cell that was clicked or walked to, as (true, predicted); None if none is any more.
    """

    cell_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painter = ConfusionPainter()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self._selected: Cell | None = None
        self._hover: Cell | None = None
        self._zoom = 1.0
        self._wheel = Wheel()
        self._geometry = ConfusionGeometry(0, QSize(), QSize())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusion matrix: arrow keys walk, Escape lets go")
        self._view().setMouseTracking(True)
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._painter.set_theme(theme)
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.color("surface"))
        self._view().setPalette(palette)
        self._view().setAutoFillBackground(True)
        self._view().update()

    def set_colors(self, name: str) -> None:
        """Use other sequential colours, by their name in `viewer.core.imaging.color_scale`."""
        self._painter.set_colors(name)
        self._view().update()

    def set_report(self, report: Report) -> None:
        """Show the matrix of another report; no cell is selected then."""
        counts, names = report.confusion, report.class_names
        if names != self._names:
            self._zoom = 0.0 if len(names) >= OVERVIEW_CLASSES else 1.0
        self._counts, self._names = counts, names
        self._selected = self._hover = None
        self._painter.set_report(report)
        self._place()

    def set_selected(self, cell: Cell | None) -> None:
        """Mark a cell and bring it into sight; gives no signal."""
        self._selected = cell
        if cell is not None:
            self._show_cell(cell)
        self._view().update()

    @property
    def selected(self) -> Cell | None:
        """The marked cell, as (true, predicted)."""
        return self._selected

    def text_of(self, cell: Cell) -> str:
        """Return what a cell says: ``12 images of 4 read as 9, 1.2 % of them``."""
        true, predicted = cell
        count, row = int(self._counts[cell]), int(self._counts[true].sum())
        noun = "image" if count == 1 else "images"
        share = f", {100 * count / row:.1f} % of them" if row else ""
        return f"{count:,} {noun} of {self._names[true]} read as {self._names[predicted]}{share}"

    def cell_rect(self, cell: Cell) -> QRectF:
        """Return where a cell is in the viewport."""
        return self._geometry.cell_rect(cell, self._offset())

    def cell_at(self, position: QPointF) -> Cell | None:
        """Return the cell at a place of the viewport; of dots, the strongest in reach."""
        cell, geometry = self._geometry.cell_at(position, self._offset()), self._geometry
        if cell is None or not geometry.dots:
            return cell
        reach = REACH_PX / geometry.cell_width, REACH_PX / geometry.cell_height
        return self._painter.nearest(cell, math.ceil(reach[0]), math.ceil(reach[1]))

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Make cells larger or smaller: from all in sight to `MAX_ZOOM` times the usual size.

        Parameters
        ----------
        factor : float
        about : QPointF, optional
            What stands there in the viewport stays there; the marked cell by default.
        """
        geometry = self._geometry
        if about is None:
            marked = None if self._selected is None else self.cell_rect(self._selected).center()
            inside = marked is not None and geometry.grid_room.contains(marked)
            about = marked if inside and marked is not None else geometry.grid_room.center()
        place = about - geometry.grid_room.topLeft() + self._offset()
        row, column = place.y() / geometry.cell_height, place.x() / geometry.cell_width
        self._zoom = min(max(max(self._zoom, geometry.fit) * factor, geometry.fit), MAX_ZOOM)
        self._place()
        geometry = self._geometry
        moved = about - geometry.grid_room.topLeft()
        for bar, value in (
            (self.horizontalScrollBar(), column * geometry.cell_width - moved.x()),
            (self.verticalScrollBar(), row * geometry.cell_height - moved.y()),
        ):
            if bar is not None:
                bar.setValue(round(value))

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 240)

    @override
    def minimumSizeHint(self) -> QSize:
        names_px = 2 * math.ceil(QFontMetricsF(text_font(TextSize.SMALL)).height()) + 2 * MARGIN_PX
        return QSize(LEAST_WIDTH_PX, names_px + LEAST_CLASSES * MIN_CELL_PX)

    def _view(self) -> QWidget:
        viewport = self.viewport()
        assert viewport is not None
        return viewport

    def _offset(self) -> QPointF:
        bars = self.horizontalScrollBar(), self.verticalScrollBar()
        x, y = (0 if bar is None else bar.value() for bar in bars)
        return QPointF(x, y)

    def _place(self) -> None:
        labels = self._painter.label_size(self.maximumViewportSize())
        self._geometry = ConfusionGeometry(
            len(self._names), self.maximumViewportSize(), self._view().size(), labels, self._zoom
        )
        room = self._geometry.grid_room
        for bar, whole, part in (
            (self.horizontalScrollBar(), self._geometry.grid_width, room.width()),
            (self.verticalScrollBar(), self._geometry.grid_height, room.height()),
        ):
            if bar is not None:
                bar.setRange(0, max(0, round(whole - part)))
                bar.setPageStep(max(1, round(part)))
                bar.setSingleStep(max(1, round(self._geometry.cell_height)))
        self._view().update()

    def _show_cell(self, cell: Cell) -> None:
        rect, room = self.cell_rect(cell), self._geometry.grid_room
        for bar, low, high in (
            (self.horizontalScrollBar(), rect.left() - room.left(), rect.right() - room.right()),
            (self.verticalScrollBar(), rect.top() - room.top(), rect.bottom() - room.bottom()),
        ):
            if bar is not None:
                bar.setValue(round(bar.value() + min(low, 0) + max(high, 0)))

    def _choose(self, cell: Cell | None) -> None:
        self.set_selected(cell)
        self.cell_chosen.emit(cell)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_hover(self.cell_at(event.position()))

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, cell: Cell | None) -> None:
        if cell != self._hover:
            self._hover = cell
            self._view().setToolTip("" if cell is None else self.text_of(cell))
            self._view().update()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        cell = self.cell_at(event.position())
        if cell is not None:
            self._choose(None if cell == self._selected else cell)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self.zoom_by(ZOOM_STEP ** self._wheel.notches(event), event.position())
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or not self._names:
            return
        key = event.key()
        if (step := arrow(key)) is not None:
            last = len(self._names) - 1
            start = self._selected or (0, 0)
            moved = [min(max(a + b, 0), last) for a, b in zip(start, step, strict=True)]
            self._choose((moved[0], moved[1]) if self._selected else start)
        elif key == Qt.Key.Key_Escape and self._selected is not None:
            self._choose(None)
        elif key in CLOSER or key == Qt.Key.Key_Minus:
            self.zoom_by(ZOOM_STEP if key in CLOSER else 1 / ZOOM_STEP)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._names:
            self._painter.paint(
                self._view(), self._geometry, self._offset(), self._selected, self._hover
            )
