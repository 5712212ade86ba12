"""Pinned drawings: what the network sees of each, and what it takes it for now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.imaging.numbers import format_percent
from viewer.widgets.cells import image_of
from viewer.widgets.inputs.preview import image_of as picture_of
from viewer.widgets.keys import CHOOSE, tile_step
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

TILE_PX = 56  # twice an MNIST image
CELL_PX = 72  # wide enough for a class and "100.0 %"
BAR_PX = 3
GAP_PX = 4
CROSS_PX = 18
FRAME_PX = 2
EMPTY_TEXT = (
    "Draw a digit and press Ctrl+P: it stays here, and is read again as the weights change."
)
UNREADABLE_TEXT = "no digit"
NO_CLASSES_TEXT = "no classes"  # of a network that tells none apart

_REMOVE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class PinnedItem:
    """One pinned drawing.

    Attributes
    ----------
    id : int
        What the signals carry.
    pixels : (H, W) or, of a network of several channels, (C, H, W) float32, [0, 1], or None
        What the network sees, ink 1; None until it is prepared.
    label : str or None
        The true class, where known.
    """

    id: int
    pixels: FloatArray | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    winner: str
    probability: float


class PinnedView(QWidget):
    """Thumbnails in rows, each with winner, probability and, if labelled, right or wrong.

    A click or Enter puts one back on the pad, its cross or Delete removes it.

    Signals
    -------
    chosen(int)
        Id of a drawing that is wanted on the pad.
    removed(int)
        Id of a drawing that is to go.
    """

    chosen = pyqtSignal(int)
    removed = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._items: tuple[PinnedItem, ...] = ()
        self._images: dict[int, QImage] = {}
        self._answers: dict[int, _Answer | None] = {}
        self._step: int | None = None
        self._has_classes = True
        self._place = 0  # of the one that the keys act on
        self._hover: int | None = None
        self._small, self._bold = text_font(TextSize.SMALL), text_font(TextSize.SMALL, bold=True)
        self._line_px = math.ceil(QFontMetricsF(self._bold).height())
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Pinned drawings: arrow keys walk, Enter puts one on the pad")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._draw_images()
        self.update()

    def set_items(self, items: Sequence[PinnedItem]) -> None:
        """Show these drawings; answers of those that stay are kept."""
        self._items = tuple(items)
        ids = {item.id for item in items}
        self._answers = {i: answer for i, answer in self._answers.items() if i in ids}
        self._place = min(self._place, max(0, len(items) - 1))
        self._hover = None
        self._draw_images()
        self.updateGeometry()
        self.update()

    def set_answers(
        self,
        step: int | None,
        answers: Mapping[int, FloatArray | None],
        class_names: Sequence[str],
    ) -> None:
        """Show what the network takes the drawings for.

        Parameters
        ----------
        step : int or None
            Training step of the weights; None for a network that is in no training.
        answers : mapping of id to (K,) float32 or None
            Probabilities; None where there is nothing to read.
        class_names : sequence of str
            One for each of the K.
        """
        self._step, self._has_classes = step, bool(class_names)
        self._answers = {i: _answer(values, class_names) for i, values in answers.items()}
        self.setAccessibleDescription(self.summary())
        self.update()

    def summary(self) -> str:
        """Return the line above the drawings: the step, and how many are read rightly."""
        labelled = [item for item in self._items if item.label is not None]
        right = sum(self.verdict(item.id) is True for item in labelled)
        parts = [] if self._step is None else [f"step {self._step:,}"]
        if labelled:
            parts.append(f"{right} of {len(labelled)} labelled right")
        else:
            parts.append("1 drawing" if len(self._items) == 1 else f"{len(self._items)} drawings")
        return " · ".join(parts)

    def verdict(self, pinned: int) -> bool | None:
        """Return whether a drawing is read rightly; None if it has no label or no answer yet."""
        label = next((item.label for item in self._items if item.id == pinned), None)
        answer = self._answers.get(pinned)
        if label is None or pinned not in self._answers or not self._has_classes:
            return None
        return answer is not None and answer.winner == label

    def texts(self, pinned: int) -> tuple[str, str, str]:
        """Return what stands below a drawing: class, probability, and whether that is right."""
        label = next((item.label for item in self._items if item.id == pinned), None)
        if pinned not in self._answers:
            return "…", "", ""
        answer, verdict = self._answers[pinned], self.verdict(pinned)
        third = "" if verdict is None else ("✓ right" if verdict else f"✗ is {label}")
        if answer is None:
            return (UNREADABLE_TEXT, "", third) if self._has_classes else (NO_CLASSES_TEXT, "", "")
        return answer.winner, format_percent(answer.probability), third

    def tile_rect(self, place: int) -> QRectF:
        """Return where the image at `place` is."""
        cell = self._cell_rect(place)
        return QRectF(cell.x() + (CELL_PX - TILE_PX) // 2, cell.y(), TILE_PX, TILE_PX)

    def cross_rect(self, place: int) -> QRectF:
        """Return where the cross is that removes the drawing at `place`."""
        tile = self.tile_rect(place)
        return QRectF(tile.right() - CROSS_PX + 5, tile.top() - 5, CROSS_PX, CROSS_PX)

    @property
    def _columns(self) -> int:
        return max(1, (self.width() - GRID_PX) // (CELL_PX + GRID_PX))

    @property
    def _cell_height(self) -> int:
        return TILE_PX + GAP_PX + BAR_PX + GAP_PX // 2 + 2 * self._line_px

    @property
    def _top(self) -> int:
        return self._line_px + 2 * GRID_PX

    def _cell_rect(self, place: int) -> QRectF:
        row, column = divmod(place, self._columns)
        left = GRID_PX + column * (CELL_PX + GRID_PX)
        return QRectF(
            left, self._top + row * (self._cell_height + GRID_PX), CELL_PX, self._cell_height
        )

    @override
    def heightForWidth(self, width: int) -> int:
        columns = max(1, (width - GRID_PX) // (CELL_PX + GRID_PX))
        rows = max(1, -(-len(self._items) // columns))
        return self._top + rows * (self._cell_height + GRID_PX)

    @override
    def sizeHint(self) -> QSize:
        width = GRID_PX + 3 * (CELL_PX + GRID_PX)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(CELL_PX + 2 * GRID_PX, self._top + self._cell_height + GRID_PX)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setFont(self._small)
        painter.setPen(self._theme.color("text_muted"))
        inner = QRectF(self.rect()).adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
        if not self._items:
            painter.setFont(text_font())
            painter.drawText(inner, _CENTER | Qt.TextFlag.TextWordWrap, EMPTY_TEXT)
            return
        line = QRectF(inner.x(), inner.y(), inner.width(), self._line_px)
        painter.drawText(line, _LEFT, self.summary())
        for place, item in enumerate(self._items):
            self._paint_cell(painter, place, item)

    def _paint_cell(self, painter: QPainter, place: int, item: PinnedItem) -> None:
        theme, tile, cell = self._theme, self.tile_rect(place), self._cell_rect(place)
        painter.fillRect(tile, theme.color("paper"))
        image = self._images.get(item.id)
        if image is not None:
            smooth = QPainter.RenderHint.SmoothPixmapTransform
            painter.setRenderHint(smooth, TILE_PX % image.width() != 0)  # whole pixels stay sharp
            painter.drawImage(tile, image)
        active = place == self._hover or (self.hasFocus() and place == self._place)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("text" if active else "border"), FRAME_PX if active else 1))
        out = (FRAME_PX if active else 1) / 2
        painter.drawRect(tile.adjusted(-out, -out, out, out))
        self._paint_answer(painter, cell, item)
        if active:
            self._paint_cross(painter, self.cross_rect(place))

    def _paint_answer(self, painter: QPainter, cell: QRectF, item: PinnedItem) -> None:
        theme, answer = self._theme, self._answers.get(item.id)
        wrong = self.verdict(item.id) is False
        bar = QRectF(cell.x(), cell.y() + TILE_PX + GAP_PX, cell.width(), BAR_PX)
        painter.fillRect(bar, theme.color("border"))
        if answer is not None:
            filled = QRectF(bar.x(), bar.y(), bar.width() * answer.probability, BAR_PX)
            painter.fillRect(filled, theme.color("warning" if wrong else "bar"))
        line = QRectF(cell.x(), bar.bottom() + GAP_PX / 2, cell.width(), self._line_px)
        winner, percent, third = self.texts(item.id)
        painter.setFont(self._small)
        painter.setPen(theme.color("text_muted"))
        painter.drawText(line, _RIGHT, percent)
        room = line.width() - painter.fontMetrics().horizontalAdvance(percent) - GAP_PX
        painter.setFont(self._bold)
        painter.setPen(theme.color("text" if answer is not None else "text_muted"))
        elide = Qt.TextElideMode.ElideRight
        painter.drawText(line, _LEFT, painter.fontMetrics().elidedText(winner, elide, int(room)))
        line.translate(0, self._line_px)
        painter.setFont(self._small)
        painter.setPen(theme.color("warning" if wrong else "text_muted"))
        text = painter.fontMetrics().elidedText(third, elide, int(line.width()))
        painter.drawText(line, _LEFT, text)

    def _paint_cross(self, painter: QPainter, place: QRectF) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("border_strong"), 1))
        painter.setBrush(self._theme.color("raised"))
        painter.drawEllipse(place.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QPen(self._theme.color("text"), 1.5))
        arm, middle = CROSS_PX / 2 - 6, place.center()
        painter.drawLine(middle + QPointF(-arm, -arm), middle + QPointF(arm, arm))
        painter.drawLine(middle + QPointF(-arm, arm), middle + QPointF(arm, -arm))
        painter.restore()

    def _draw_images(self) -> None:
        """Colour the images as the pad has them, paper to ink."""
        paper, ink = (_rgb(self._theme, token) for token in ("paper", "ink"))
        self._images = {}
        for item in self._items:
            if item.pixels is not None and item.pixels.ndim == 3:
                self._images[item.id] = picture_of(item.pixels)
            elif item.pixels is not None:
                share = item.pixels[..., np.newaxis]  # (H, W, 1)
                rgb = np.round(paper + (ink - paper) * share).astype(np.uint32)  # (H, W, 3)
                packed = np.uint32(0xFF000000) | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
                self._images[item.id] = image_of(packed.astype(np.uint32))

    def _place_at(self, position: QPointF) -> int | None:
        for place in range(len(self._items)):
            if self._cell_rect(place).contains(position) or self.cross_rect(place).contains(
                position
            ):
                return place
        return None

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        hover = None if event is None else self._place_at(event.position())
        if hover != self._hover:
            self._hover = hover
            self.setToolTip("" if hover is None else self._tip(self._items[hover]))
            self.update()

    def _tip(self, item: PinnedItem) -> str:
        answer = self._answers.get(item.id)
        said = "" if answer is None else f"{answer.winner}: {answer.probability:.9g}\n"
        label = "" if item.label is None else f"Label {item.label}\n"
        return f"{said}{label}Click to put it on the pad, Delete to remove it"

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._hover = None
        self.update()
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        place = self._place_at(event.position())
        if place is None:
            return
        self._place = place
        signal = self.removed if self.cross_rect(place).contains(event.position()) else self.chosen
        signal.emit(self._items[place].id)
        self.update()

    @override
    def event(self, event: QEvent | None) -> bool:
        # Delete is a shortcut of the window, too: here it means the drawing at hand.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            mine = bool(self._items) and event.key() in _REMOVE
            event.setAccepted(mine)
            return mine or super().event(event)
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = event.key()
        if not self._items:
            super().keyPressEvent(event)
        elif key in CHOOSE:
            self.chosen.emit(self._items[self._place].id)
        elif key in _REMOVE:
            self.removed.emit(self._items[self._place].id)
        elif (step := tile_step(key, self._columns)) is not None:
            if 0 <= self._place + step < len(self._items):
                self._place += step
                self.update()
        else:
            super().keyPressEvent(event)


def _answer(values: FloatArray | None, class_names: Sequence[str]) -> _Answer | None:
    if values is None or not len(values):
        return None
    best = int(values.argmax())
    name = class_names[best] if best < len(class_names) else str(best)
    return _Answer(name, float(values[best]))


def _rgb(theme: Theme, token: str) -> FloatArray:
    color = theme.color(token)
    return np.array([color.red(), color.green(), color.blue()], np.float32)
