"""Images that were classified, each with what it is, what it was read as, and how surely.

Unlike `viewer.widgets.thumbnails`, which pages through a data set, this one scrolls. It asks for
the images in sight, and keeps the last ones that it was given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from typing_extensions import override

from viewer.core.imaging.numbers import format_percent
from viewer.widgets.keys import CHOOSE, tile_step
from viewer.widgets.theme import LIGHT, TextSize, text_font
from viewer.widgets.tile_pictures import FRAME_PX, paint_frame, picture_of

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

TILE_PX = 56
GAP_PX = 8
MAX_CAPTION_PX = 96
KEPT = 600  # pictures, each with its pixels: 88 kB of a file's 112 × 112 in colour


class CaseTiles(QAbstractScrollArea):
    """Images of a report, in the order given.

    Signals
    -------
    chosen(int)
        Index in the data set of the image that was clicked, or that Enter was pressed on.
    images_wanted(tuple of int)
        Indices of the images in sight that are not here yet; `set_thumbnail` takes them.
    """

    chosen = pyqtSignal(int)
    images_wanted = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._report: Report | None = None
        self._indices: NDArray[np.int64] = np.zeros(0, np.int64)  # there may be a million
        self._current: int | None = None
        self._hover: int | None = None
        self._place = 0  # of the one that the keys act on
        self._pitch_px = TILE_PX + GAP_PX
        # By index in the data set: pixels and their picture, or None for what can't be read.
        self._pictures: dict[int, tuple[NDArray[np.uint8], QImage] | None] = {}
        self._asked: tuple[int, ...] = ()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Images: arrow keys walk, Enter puts one on the pad")
        self._view().setMouseTracking(True)
        self._view().setFont(text_font(TextSize.SMALL))

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for index, held in self._pictures.items():
            if held is not None:
                self._pictures[index] = held[0], self._picture_of(held[0])
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.color("surface"))
        self._view().setPalette(palette)
        self._view().setAutoFillBackground(True)
        self._view().update()

    def set_cases(self, report: Report | None, indices: NDArray[np.int64]) -> None:
        """Show images of a report, by their indices, (M,) int64."""
        if report is not self._report:
            self._pictures.clear()
        self._report, self._asked = report, ()
        self._indices = indices
        self._place, self._hover = 0, None
        metrics = QFontMetricsF(self._view().font())
        texts = [self.captions(place)[0] for place in range(min(len(self._indices), 200))]
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0.0)
        self._pitch_px = max(TILE_PX, math.ceil(min(widest, MAX_CAPTION_PX))) + GAP_PX
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)
        self._set_range()

    def set_thumbnail(self, index: int, pixels: NDArray[np.uint8] | None) -> None:
        """Take an image that was asked for.

        Parameters
        ----------
        index : int
            In the data set.
        pixels : (H, W) or (H, W, 3) uint8, or None
            None for one that can't be read.
        """
        self._keep(index, pixels)
        self._view().update()

    def set_current(self, index: int | None) -> None:
        """Mark the image with this index in the data set."""
        self._current = index
        self._view().update()

    @property
    def indices(self) -> tuple[int, ...]:
        """Indices of the images shown, in order."""
        return tuple(self._indices.tolist())

    def captions(self, place: int) -> tuple[str, str]:
        """Return the two lines below an image: ``4 → 9`` and how sure the network was."""
        assert self._report is not None
        report, index = self._report, int(self._indices[place])
        true, predicted = int(report.labels[index]), int(report.predictions[index])
        names = report.class_names
        what = names[true] if true == predicted else f"{names[true]} → {names[predicted]}"
        return what, format_percent(float(report.confidences[index]))

    def tip_of(self, place: int) -> str:
        """Return what is said when the mouse rests on an image."""
        assert self._report is not None
        report, index = self._report, int(self._indices[place])
        true, predicted = int(report.labels[index]), int(report.predictions[index])
        sure = format_percent(float(report.confidences[index]))
        return (
            f"Image {index:,}: {report.class_names[true]}, read as "
            f"{report.class_names[predicted]} with {sure}. Click to put it on the pad."
        )

    def tile_rect(self, place: int) -> QRectF:
        """Return where an image is in the viewport."""
        row, column = divmod(place, self._columns())
        bar = self.verticalScrollBar()
        top = FRAME_PX + row * self._row_px() - (0 if bar is None else bar.value())
        left = FRAME_PX + column * self._pitch_px + (self._pitch_px - GAP_PX - TILE_PX) / 2
        return QRectF(left, top, TILE_PX, TILE_PX)

    @override
    def sizeHint(self) -> QSize:
        return QSize(4 * (TILE_PX + GAP_PX), 2 * self._row_px())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(2 * (TILE_PX + GAP_PX) + 16, self._row_px())

    def _view(self) -> QWidget:
        viewport = self.viewport()
        assert viewport is not None
        return viewport

    def _row_px(self) -> int:
        return TILE_PX + 2 * self._view().fontMetrics().height() + GAP_PX

    def _columns(self) -> int:
        return max(1, (self._view().width() + GAP_PX - 2 * FRAME_PX) // self._pitch_px)

    def _set_range(self) -> None:
        bar = self.verticalScrollBar()
        if bar is not None:
            rows = math.ceil(len(self._indices) / self._columns())
            bar.setRange(0, max(0, rows * self._row_px() - self._view().height()))
            bar.setPageStep(max(1, self._view().height()))
            bar.setSingleStep(self._row_px() // 2)
        self._view().update()

    def _in_sight(self) -> range:
        """Return the places that are in sight, in part at least."""
        bar = self.verticalScrollBar()
        top = 0 if bar is None else bar.value()
        rows = top // self._row_px(), (top + self._view().height()) // self._row_px() + 1
        first, end = (min(row * self._columns(), len(self._indices)) for row in rows)
        return range(first, end)

    def _ask(self) -> None:
        """Ask for what is in sight and not here, unless just that was asked for already."""
        seen = self._in_sight()
        indices = self._indices[seen.start : seen.stop].tolist()
        wanted = tuple(index for index in indices if index not in self._pictures)
        images = None if self._report is None else self._report.images
        if images is not None:
            for index in wanted:
                self._keep(index, images[index])
        elif wanted and not set(wanted) <= set(self._asked):
            self._asked = wanted
            self.images_wanted.emit(wanted)

    def _keep(self, index: int, pixels: NDArray[np.uint8] | None) -> None:
        self._pictures.pop(index, None)  # so that it becomes the newest
        held = None if pixels is None else (pixels, self._picture_of(pixels))
        self._pictures[index] = held
        while len(self._pictures) > KEPT:
            del self._pictures[next(iter(self._pictures))]

    def _picture_of(self, pixels: NDArray[np.uint8]) -> QImage:
        drawn = self._report is None or self._report.drawn
        return picture_of(pixels, self._theme, drawn=drawn)

    def _place_at(self, position: QPointF) -> int | None:
        bar = self.verticalScrollBar()
        y = position.y() + (0 if bar is None else bar.value())
        column = int(position.x() // self._pitch_px)
        place = int(y // self._row_px()) * self._columns() + column
        inside = 0 <= column < self._columns() and place < len(self._indices)
        return place if inside else None

    def _choose(self, place: int) -> None:
        self._place = place
        index = int(self._indices[place])
        self.set_current(index)
        self.chosen.emit(index)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._set_range()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_hover(self._place_at(event.position()))

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, place: int | None) -> None:
        if place != self._hover:
            self._hover = place
            self._view().setToolTip("" if place is None else self.tip_of(place))
            self._view().update()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        place = self._place_at(event.position())
        if place is not None:
            self._choose(place)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or not len(self._indices):
            return
        key = event.key()
        if key in CHOOSE:
            self._choose(self._place)
        elif (step := tile_step(key, self._columns())) is not None:
            self._place = min(max(self._place + step, 0), len(self._indices) - 1)
            self._bring_into_sight(self._place)
        else:
            super().keyPressEvent(event)

    def _bring_into_sight(self, place: int) -> None:
        bar, rect = self.verticalScrollBar(), self.tile_rect(place)
        if bar is not None:
            low = rect.top() - FRAME_PX
            high = rect.top() + self._row_px() - self._view().height()
            bar.setValue(round(bar.value() + min(low, 0) + max(high, 0)))
        self._view().update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._report is None:
            return
        self._ask()
        painter = QPainter(self._view())
        for place in self._in_sight():
            self._paint_tile(painter, self.tile_rect(place), place)

    def _paint_tile(self, painter: QPainter, rect: QRectF, place: int) -> None:
        index = int(self._indices[place])
        held = self._pictures.get(index)
        if held is None:
            painter.fillRect(rect, self._theme.color("raised"))
        else:
            shrinks = held[1].width() > TILE_PX
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=shrinks)
            painter.drawImage(rect, held[1])
        at_hand = place == self._hover or (self.hasFocus() and place == self._place)
        paint_frame(painter, rect, self._theme, current=index == self._current, marked=at_hand)
        metrics = QFontMetricsF(painter.font())
        line, room = metrics.height(), self._pitch_px - GAP_PX / 2
        left = rect.center().x() - room / 2
        tokens = ("text", "text_muted")
        for row, (text, token) in enumerate(zip(self.captions(place), tokens, strict=True)):
            painter.setPen(self._theme.color(token))
            below = QRectF(left, rect.bottom() + 2 + row * line, room, line)
            elided = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, elided)
