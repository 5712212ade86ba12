"""Training images before and after augmentation, pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.icons import blank_icon
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

TITLE = "Before → after augmentation"
EMPTY = "Training images appear here once a data set is chosen."
UNCHANGED = "No augmentation is set: images stay as they are."
WANTED_PAIRS = 4  # that are to be seen at once before images are enlarged any further
MAX_ZOOM = 4
ARROW_PX = 12  # between the two images of a pair
PAIR_GAP_PX = 12
ROW_GAP_PX = 8
FRAME_PX = 1
BUTTON_PX = 24
SMALL_ICON_PX = 14


class Layout(NamedTuple):
    """How pairs are arranged: enlarged by `zoom`, in so many columns and rows."""

    zoom: int
    columns: int
    rows: int


def arrange(width: int, height: int, side: tuple[int, int], pairs: int) -> Layout:
    """Return the largest whole zoom at which `WANTED_PAIRS` of `pairs` still fit.

    Parameters
    ----------
    width, height : int
        Room, in pixels.
    side : (height, width)
        Of an image.
    pairs : int
        How many there are.
    """
    for zoom in range(MAX_ZOOM, 0, -1):
        pair_px = 2 * zoom * side[1] + ARROW_PX
        columns = max((width + PAIR_GAP_PX) // (pair_px + PAIR_GAP_PX), 0)
        rows = max((height + ROW_GAP_PX) // (zoom * side[0] + ROW_GAP_PX), 0)
        if columns * rows >= min(WANTED_PAIRS, pairs) or zoom == 1:
            return Layout(zoom, max(columns, 1), max(rows, 1))
    raise AssertionError("a zoom of 1 is always taken")


class PairsView(QWidget):
    """Pairs of images in a grid, as many as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._pairs: list[tuple[QImage, QImage]] = []
        self.setFont(text_font(TextSize.SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours; the pixels are data and keep theirs."""
        self._theme = theme
        self.update()

    def set_images(self, pairs: list[tuple[QImage, QImage]]) -> None:
        """Show other pairs."""
        self._pairs = pairs
        self.update()

    def layout_now(self) -> Layout:
        """Return how the pairs are arranged."""
        image = self._pairs[0][0]
        size = (image.height(), image.width())
        room = (self.width() - 2 * FRAME_PX, self.height() - 2 * FRAME_PX)
        return arrange(*room, size, len(self._pairs))

    def places(self) -> list[tuple[QRectF, QRectF]]:
        """Return where the two images of each pair that is shown are drawn."""
        if not self._pairs:
            return []
        zoom, columns, rows = self.layout_now()
        image = self._pairs[0][0]
        width, height = zoom * image.width(), zoom * image.height()
        result = []
        for index in range(min(columns * rows, len(self._pairs))):
            row, column = divmod(index, columns)
            x = FRAME_PX + column * (2 * width + ARROW_PX + PAIR_GAP_PX)
            y = FRAME_PX + row * (height + ROW_GAP_PX)
            before = QRectF(x, y, width, height)
            result.append((before, before.translated(width + ARROW_PX, 0)))
        return result

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(2 * 28 + ARROW_PX, 28)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        if not self._pairs:
            painter.setPen(self._theme.color("text_muted"))
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), int(wrapped), EMPTY)
            return
        for places, images in zip(self.places(), self._pairs, strict=False):
            for place, image in zip(places, images, strict=True):
                painter.drawImage(place, image)
                painter.setPen(QPen(self._theme.color("border_strong"), 1))
                painter.drawRect(place.adjusted(-0.5, -0.5, 0.5, 0.5))
            self._draw_arrow(painter, *places)

    def _draw_arrow(self, painter: QPainter, before: QRectF, after: QRectF) -> None:
        painter.setPen(QPen(self._theme.color("text_muted"), 1.25))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF((before.right() + after.left()) / 2 + 1.5, before.center().y())
        for dy in (-3, 3):
            painter.drawLine(middle, middle + QPointF(-3, dy))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


class AugmentationPreview(QWidget):
    """Real samples beside what augmentation makes of them.

    Signals
    -------
    more_requested()
        Other samples, or other distortions of the same, are wanted: answer with `set_pairs`.
    """

    more_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PairsView()
        self._title = ElidedLabel(TITLE)
        self._more = QToolButton()
        self._build()
        self._more.clicked.connect(self.more_requested)
        self.set_pairs(())

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.view.set_theme(theme)
        self._title.set_color(theme.color("text_muted"))

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the button its icon."""
        self._more.setIcon(icons.icon("arrows-clockwise", theme))

    def set_pairs(self, pairs: Sequence[tuple[FloatArray, FloatArray]]) -> None:
        """Show images before and after augmentation; none for the empty state.

        Parameters
        ----------
        pairs : sequence of (before, after)
            Each (H, W) or (H, W, 3) float32 in [0, 1], ink 1, all of one size.
        """
        self.view.set_images([(_image(before), _image(after)) for before, after in pairs])
        same = bool(pairs) and all(np.array_equal(before, after) for before, after in pairs)
        self._title.set_text(UNCHANGED if same else TITLE)
        self._more.setEnabled(bool(pairs))
        self.view.setAccessibleName(f"{len(pairs)} images before and after" if pairs else EMPTY)

    def title(self) -> str:
        """Return what stands over the images."""
        return self._title.text()

    def capacity(self) -> int:
        """Return how many pairs of 28 × 28 fit at least, to know how many to ask for."""
        _, columns, rows = arrange(self.view.width(), self.view.height(), (28, 28), 1000)
        return columns * rows

    def _build(self) -> None:
        self._more.setText("More")
        self._more.setFont(text_font(TextSize.SMALL))
        self._more.setIcon(blank_icon())
        self._more.setIconSize(QSize(SMALL_ICON_PX, SMALL_ICON_PX))
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.setToolTip("Distort other training images")
        self._more.setAccessibleName("More distorted images")
        text = self._more.fontMetrics().horizontalAdvance("More")
        self._more.setFixedSize(math.ceil(text) + SMALL_ICON_PX + 3 * GRID_PX, BUTTON_PX)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, GRID_PX)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)


def _image(pixels: FloatArray) -> QImage:
    """Return an image that owns its memory, of (H, W) or (H, W, 3) in [0, 1]."""
    levels = np.rint(np.clip(np.nan_to_num(pixels), 0, 1) * 255).astype(np.uint8)
    height, width = levels.shape[:2]
    grey = levels.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    line_bytes = width if grey else 3 * width
    return QImage(levels.tobytes(), width, height, line_bytes, kind).copy()
