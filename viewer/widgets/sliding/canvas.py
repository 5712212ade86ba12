"""The picture of a sliding window: input, kernel and the map as it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import QEvent, QPointF, QSize, QSizeF, Qt, QVariantAnimation, pyqtSignal
from PyQt6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.cells import paint_outline
from viewer.widgets.keys import arrow
from viewer.widgets.sliding.geometry import Layout, Request, layout_of
from viewer.widgets.sliding.numbers import CellNumbers, text_scale
from viewer.widgets.sliding.paint import (
    paint_numbers,
    paint_padding,
    paint_pane,
    paint_step,
    paint_titles,
    paint_unknown,
    paint_window,
    title_height,
)
from viewer.widgets.sliding.pointing import hover_text, tap_at
from viewer.widgets.theme import LIGHT

if TYPE_CHECKING:
    from viewer.widgets.sliding.geometry import Grid
    from viewer.widgets.sliding.scene import Pane, Scene
    from viewer.widgets.theme import Theme

HINT: Final = "Point at a cell for its exact value. Drag the window, or use the arrow keys."
_ENDS = {Qt.Key.Key_Home: -1, Qt.Key.Key_End: 1}


class SlidingCanvas(QWidget):
    """Input with the window on it, kernel, and map; painted anew with every record.

    Signals
    -------
    cell_chosen(object)
        ``(y, x)`` of the map's cell that the window was moved to by mouse or arrow keys.
    end_requested(int)
        -1 for the first cell, +1 for the last.
    play_toggled()
        By the space bar.
    hover_changed(str)
        What is under the mouse, with all digits.
    """

    cell_chosen = pyqtSignal(object)
    end_requested = pyqtSignal(int)
    play_toggled = pyqtSignal()
    hover_changed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._scene: Scene | None = None
        self._message = ""
        self._numbers_on = False
        self._layout: Layout | None = None
        self._before: tuple[int, int] | None = None  # the neighbour that it came from
        self._mouse: QPointF | None = None
        self._dragged = ""  # the panel that the mouse went down on
        self._numbers = {name: CellNumbers() for name in ("input", "kernel", "map", "products")}
        self._glide = QVariantAnimation(self)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.valueChanged.connect(lambda _: self.update())
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Sliding window")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_numbers(self, on: bool) -> None:
        """Write numbers into the cells, and zoom in where they would not fit."""
        self._numbers_on = on
        self._layout = None
        self._arrange()

    def set_scene(self, scene: Scene | None, message: str = "", glide_ms: int = 0) -> None:
        """Show a scene.

        Parameters
        ----------
        scene : Scene or None
        message : str
            To show in place of a scene.
        glide_ms : int
            How long the window takes to its new place; 0 for at once.
        """
        old, self._scene, self._message = self._scene, scene, message
        if old is None or scene is None or old.slide != scene.slide:
            self._before, self._layout = None, None
            self._glide.stop()
        elif (old.item.y, old.item.x) != (scene.item.y, scene.item.x):
            step = max(abs(old.item.y - scene.item.y), abs(old.item.x - scene.item.x))
            self._before = (old.item.y, old.item.x) if step == 1 else None
            self._glide.stop()
            if glide_ms > 0 and self._before is not None and self.isVisible():
                self._glide.setDuration(glide_ms)
                self._glide.start()
        self._arrange()
        self._say_hover()

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self._scene

    @property
    def message(self) -> str:
        """What is said in place of a scene."""
        return self._message if self._scene is None else ""

    @property
    def picture(self) -> Layout | None:
        """Where everything is; None while there is nothing."""
        return self._layout

    @property
    def gliding(self) -> bool:
        """Whether the window is on its way to its place."""
        return self._glide.state() == QVariantAnimation.State.Running

    def _arrange(self) -> None:
        scene = self._scene
        if scene is not None:
            item = scene.item
            rows, columns = item.values.shape
            request = Request(
                QSizeF(self.size()),
                self.devicePixelRatioF(),
                scene.slide.extent,
                scene.slide.map_shape,
                (rows, columns),
                item.footprint.bounds,
                (item.y, item.x),
                self._numbers_on,
                title_height(),
                text_scale(),
                products=scene.products is not None,
            )
            self._layout = layout_of(request, self._layout)
        self.update()

    def _shift(self) -> float:
        """Return how far the window still is from its place: 1 at first, then less, to 0."""
        if not self.gliding or self._before is None:
            return 0.0
        return 1.0 - float(self._glide.currentValue())

    @override
    def sizeHint(self) -> QSize:
        return QSize(960, 420)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(480, 160)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._layout = None
        self._arrange()

    @override
    def hideEvent(self, event: QHideEvent | None) -> None:
        self._glide.stop()
        super().hideEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        if self._scene is None or self._layout is None:
            painter.setPen(self._theme.color("text_muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._message)
            return
        self._paint_input(painter, self._scene, self._layout)
        self._paint_middle(painter, self._scene, self._layout)
        self._paint_map(painter, self._scene, self._layout)
        self._paint_hover(painter, self._scene, self._layout)
        paint_titles(painter, self._scene, self._layout, self._theme, self.width())

    def _paint_pane(self, painter: QPainter, name: str, pane: Pane, grid: Grid) -> None:
        paint_pane(painter, pane, grid, self._theme)
        if name == "input" and self._scene is not None:
            paint_padding(painter, self._scene.slide, pane, grid)
        if self._numbers_on:
            paint_numbers(painter, pane, grid, self._numbers[name])

    def _paint_input(self, painter: QPainter, scene: Scene, layout: Layout) -> None:
        grid, foot = layout.input, scene.item.footprint
        self._paint_pane(painter, "input", scene.input, grid)
        rows = columns = 0.0
        if self._before is not None:
            before = scene.slide.footprint(*self._before)
            paint_step(painter, grid, before.bounds, self._theme)
            rows = self._shift() * float(before.rows[0] - foot.rows[0])
            columns = self._shift() * float(before.columns[0] - foot.columns[0])
        paint_window(painter, scene, grid, self._theme, (rows, columns))

    def _paint_middle(self, painter: QPainter, scene: Scene, layout: Layout) -> None:
        self._paint_pane(painter, "kernel", scene.kernel, layout.kernel)
        if scene.products is not None and layout.products is not None:
            self._paint_pane(painter, "products", scene.products, layout.products)

    def _paint_map(self, painter: QPainter, scene: Scene, layout: Layout) -> None:
        self._paint_pane(painter, "map", scene.map, layout.map)
        y, x = float(scene.item.y), float(scene.item.x)
        if self._before is not None:
            y += self._shift() * (self._before[0] - y)
            x += self._shift() * (self._before[1] - x)
        rect = layout.map.cell_rect(y, x)
        if scene.hidden and not self.gliding:
            paint_unknown(painter, rect, self._theme)
        paint_outline(painter, rect, self._theme, selected=True)

    def _paint_hover(self, painter: QPainter, scene: Scene, layout: Layout) -> None:
        tap = None if self._mouse is None else tap_at(scene, layout, self._mouse)
        if tap is None:
            return
        foot = scene.item.footprint
        rects = [layout.input.cell_rect(int(foot.rows[tap[0]]), int(foot.columns[tap[1]]))]
        rects += [grid.cell_rect(*tap) for grid in (layout.kernel, layout.products) if grid]
        for rect in rects:
            paint_outline(painter, rect, self._theme, selected=False)

    def _say_hover(self) -> None:
        text = ""
        if self._mouse is not None and self._scene is not None and self._layout is not None:
            text = hover_text(self._scene, self._layout, self._mouse)
        self.hover_changed.emit(text)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        layout = self._layout
        self._dragged = ""
        if layout is not None and layout.input.rect.contains(event.position()):
            self._dragged = "input"
        elif layout is not None and layout.map.rect.contains(event.position()):
            self._dragged = "map"
        self._drag(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        self._mouse = event.position()
        self._drag(event.position())
        self._say_hover()
        self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._dragged = ""

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._mouse = None
        self._say_hover()
        self.update()
        super().leaveEvent(event)

    def _drag(self, point: QPointF) -> None:
        """Move the window below the mouse, or to the cell of the map below it."""
        scene, layout = self._scene, self._layout
        if scene is None or layout is None or not self._dragged:
            return
        height, width = scene.slide.map_shape
        if self._dragged == "input":
            cell = scene.slide.nearest(*layout.input.place_at(point))
        else:
            row, column = layout.map.place_at(point)
            cell = max(0, min(height - 1, int(row))), max(0, min(width - 1, int(column)))
        self._choose(cell)

    def _choose(self, cell: tuple[int, int]) -> None:
        scene = self._scene
        if scene is not None and cell != (scene.item.y, scene.item.x):
            self.cell_chosen.emit(cell)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or self._scene is None:
            return
        item, (height, width) = self._scene.item, self._scene.slide.map_shape
        if (step := arrow(event.key())) is not None:
            down, right = step
            y, x = max(0, min(height - 1, item.y + down)), max(0, min(width - 1, item.x + right))
            self._choose((y, x))
        elif event.key() in _ENDS:
            self.end_requested.emit(_ENDS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Space:
            self.play_toggled.emit()
        else:
            super().keyPressEvent(event)
