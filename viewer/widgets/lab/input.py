"""The input of the convolution lab: what it is, how it looks with its padding, painting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from viewer.core.explain.lab_image import fit_image
from viewer.core.explain.lab_presets import PATTERNS, ROWS, sample_picture
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.lab.cells import CellCanvas
from viewer.widgets.lab.plates import Outline, Plate, Spot, grey_levels
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.setting_editors import ROW_PX, ChoiceBox, NumberBox

if TYPE_CHECKING:
    from viewer.core.explain.lab import LabResult
    from viewer.core.explain.lab_cell import CellArithmetic
    from viewer.core.explain.lab_settings import Array
    from viewer.widgets.theme import Theme

DRAWING, DATASET, PATTERN, PICTURE, ROW = "drawing", "dataset", "pattern", "picture", "row"
SOURCES = (
    (PATTERN, "Binary pattern"),
    (DRAWING, "The drawing"),
    (DATASET, "Data set image"),
    (PICTURE, "Picture in colour"),
    (ROW, "Row of numbers, 1-D"),
)
EMPTY_TEXTS = {
    DRAWING: "Draw a digit, and it is here",
    DATASET: "“Next image” brings one from the data set",
    PICTURE: "“Open…” brings a picture",
}
MIN_SIDE, MAX_PATTERN_SIDE, MAX_ROW_LENGTH = 2, 24, 32
MAX_VALUE = 99
EMPTY_KEY, EMPTY_TITLE = "", "Own"
SHORT_BOX_PX = 44


class LabInput(QWidget):
    """Choice of the input, and the input with its padding.

    Signals
    -------
    image_changed()
        Another source was chosen, or cells were painted.
    source_changed(str)
        One of `SOURCES` was chosen.
    next_image_requested()
        Another image of the data set is asked for.
    picture_requested()
        A picture file is to be opened.
    """

    image_changed = pyqtSignal()
    source_changed = pyqtSignal(str)
    next_image_requested = pyqtSignal()
    picture_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: dict[str, Array] = {
            PATTERN: PATTERNS["Face"][np.newaxis].copy(),
            PICTURE: sample_picture(),
            ROW: ROWS["Two in the middle"][np.newaxis].copy(),
        }
        self._titles: dict[str, str] = {}
        self._inside = (0, 0)  # top and left of the input in what is shown
        self._painting: float | None = None
        self._source = ChoiceBox()
        self._patterns, self._rows = ChoiceBox(), ChoiceBox()
        self._height = NumberBox(MIN_SIDE, MAX_PATTERN_SIDE, whole=True)
        self._width = NumberBox(MIN_SIDE, MAX_PATTERN_SIDE, whole=True)
        self._length = NumberBox(MIN_SIDE, MAX_ROW_LENGTH, whole=True)
        self._value = NumberBox(-MAX_VALUE, MAX_VALUE)
        self._next = QPushButton("Next image")
        self._open = QPushButton("Open…")
        self._drawing_size, self._picture_title = ElidedLabel(), ElidedLabel()
        self._dataset_title = ElidedLabel()
        self._tools = QStackedWidget()
        self.canvas = CellCanvas("Input with its padding", 96, 48)
        self._build()
        self._connect_signals()
        self._show_tools()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.canvas.set_theme(theme)

    def source(self) -> str:
        """Return which of `SOURCES` is chosen."""
        return self._source.key()

    def set_source(self, source: str) -> None:
        """Choose one of `SOURCES`."""
        if source != self.source():
            self._source.set_key(source)
            self._on_source_chosen(source)

    def image(self) -> Array | None:
        """Return the input, (C, H, W) float64; None while there is none."""
        return self._images.get(self.source())

    def title(self) -> str:
        """Return what the input is called; empty if it has no name."""
        source = self.source()
        if source in (PATTERN, ROW):
            return self._choice_of(source).key()
        return self._titles.get(source, "")

    @property
    def is_row(self) -> bool:
        """Whether the input is a row of numbers."""
        return self.source() == ROW

    def set_image(self, source: str, pixels: NDArray[np.floating] | None, title: str = "") -> None:
        """Take what one of the sources holds; one that is too large is made smaller.

        Parameters
        ----------
        source : str
            One of `SOURCES`.
        pixels : (H, W), (C, H, W) or (H, W, 3) float, [0, 1], or None for nothing
        title : str
            What it is, to show.
        """
        if pixels is None or pixels.size == 0:
            self._images.pop(source, None)
        else:
            self._images[source] = fit_image(pixels)
        self._titles[source] = title
        if source in (PATTERN, ROW):
            known = title in (ROWS if source == ROW else PATTERNS)
            self._choice_of(source).set_key(title if known else EMPTY_KEY)
        if source == self.source():
            self._show_tools()
            self.image_changed.emit()

    def set_result(self, result: LabResult | None) -> None:
        """Show the input with its padding; without a result, as it is."""
        image = self.image()
        if image is None:
            self._inside = (0, 0)
            self.canvas.set_plates((), EMPTY_TEXTS.get(self.source(), ""))
            return
        shown, inside = image, None
        if result is not None:
            down, across = result.axes
            shown = result.padded
            top, left = down.padding[0], across.padding[0]
            if shown.shape != image.shape:
                inside = (top, left, top + down.length, left + across.length)
            self._inside = (top, left)
        else:
            self._inside = (0, 0)
        values = shown[0] if len(shown) == 1 else None
        self.canvas.set_plates((Plate(_colors(shown), values, inside=inside),))

    def set_window(self, cell: CellArithmetic | None, pooled: Outline | None = None) -> None:
        """Outline the cells under the kernel, and with pooling all that the window reached."""
        if cell is None:
            self.canvas.set_outlines((pooled,) if pooled else ())
            return
        ys, xs = cell.ys.tolist(), cell.xs.tolist()
        bounds = Outline(0, ys[0], xs[0], ys[-1] + 1, xs[-1] + 1, selected=True)
        outlines = [bounds]
        dilated = (len(ys) > 1 and ys[1] - ys[0] > 1) or (len(xs) > 1 and xs[1] - xs[0] > 1)
        if dilated:
            outlines = [Outline(0, y, x, y + 1, x + 1) for y in ys for x in xs] + outlines
        if pooled is not None:
            outlines.insert(0, pooled)
        self.canvas.set_outlines(outlines)

    def _build(self) -> None:
        self._source.set_choices(SOURCES)
        self._source.setAccessibleName("Input")
        self._source.setToolTip("What the kernels are laid on")
        self._patterns.set_choices([(name, name) for name in PATTERNS] + [(EMPTY_KEY, EMPTY_TITLE)])
        self._rows.set_choices([(name, name) for name in ROWS] + [(EMPTY_KEY, EMPTY_TITLE)])
        self._patterns.set_key("Face")
        self._rows.set_key("Two in the middle")
        paint = "<p>Click or drag on the cells to paint; the right button clears them.</p>"
        self._patterns.setToolTip(paint)
        self._rows.setToolTip(paint)
        self._patterns.setAccessibleName("Pattern")
        self._rows.setAccessibleName("Row of numbers")
        for box, name in (
            (self._height, "Height of the pattern"),
            (self._width, "Width of the pattern"),
            (self._length, "Cells of the row"),
            (self._value, "Number that a click puts into a cell"),
        ):
            box.setToolTip(name)
            box.setAccessibleName(name)
            box.setFixedWidth(SHORT_BOX_PX)
        self._value.set_number(1)
        for button in (self._next, self._open):
            button.setFont(text_font(TextSize.SMALL))
            button.setFixedHeight(ROW_PX)
        for label in (self._drawing_size, self._picture_title, self._dataset_title):
            label.setObjectName("muted")
        pages = {
            PATTERN: (self._patterns, self._height, self._width),
            DRAWING: (self._drawing_size,),
            DATASET: (self._dataset_title, self._next),
            PICTURE: (self._picture_title, self._open),
            ROW: (self._rows, self._length, self._value),
        }
        for source, _ in SOURCES:
            self._tools.addWidget(_row(*pages[source]))
        self._tools.setFixedHeight(ROW_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._source)
        layout.addWidget(self._tools)
        layout.addWidget(self.canvas, 1)

    def _connect_signals(self) -> None:
        self._source.chosen.connect(self._on_source_chosen)
        self._patterns.chosen.connect(self._on_pattern_chosen)
        self._rows.chosen.connect(self._on_row_chosen)
        for box in (self._height, self._width, self._length):
            box.number_changed.connect(self._on_size_changed)
        self._next.clicked.connect(self.next_image_requested)
        self._open.clicked.connect(self.picture_requested)
        self.canvas.pressed.connect(self._on_pressed)
        self.canvas.dragged.connect(self._on_dragged)

    def _on_source_chosen(self, source: str) -> None:
        self._show_tools()
        self.source_changed.emit(source)
        self.image_changed.emit()

    def _show_tools(self) -> None:
        source, image = self.source(), self.image()
        self._tools.setCurrentIndex([key for key, _ in SOURCES].index(source))
        size = "" if image is None else f"{image.shape[1]} × {image.shape[2]}"
        title = self._titles.get(source, "")
        text = " · ".join(part for part in (title, size) if part)
        for label in (self._drawing_size, self._picture_title, self._dataset_title):
            label.set_text(text)
        if source == PATTERN and image is not None:
            self._height.set_number(image.shape[1])
            self._width.set_number(image.shape[2])
        elif source == ROW and image is not None:
            self._length.set_number(image.shape[2])

    def _on_pattern_chosen(self, name: str) -> None:
        if name in PATTERNS:
            self.set_image(PATTERN, PATTERNS[name], name)
        else:
            self.set_image(PATTERN, np.zeros(self._images[PATTERN].shape))

    def _on_row_chosen(self, name: str) -> None:
        if name in ROWS:
            self.set_image(ROW, ROWS[name], name)
        else:
            self.set_image(ROW, np.zeros(self._images[ROW].shape))

    def _on_size_changed(self) -> None:
        source = self.source()
        size = (round(self._height.number()), round(self._width.number()))
        if source == ROW:
            size = (1, round(self._length.number()))
        old = self._images[source][0]
        new = np.zeros(size)
        height, width = min(size[0], old.shape[0]), min(size[1], old.shape[1])
        new[:height, :width] = old[:height, :width]
        self.set_image(source, new)

    def _on_pressed(self, spot: Spot, right: bool) -> None:
        place = self._place_of(spot)
        if place is None:
            self._painting = None
            return
        value = float(self._value.number()) if self.is_row else 1.0
        current = self._images[self.source()][0][place]
        self._painting = 0.0 if right or current == value else value
        self._paint(place, self._painting)

    def _on_dragged(self, spot: Spot, right: bool) -> None:
        place = self._place_of(spot)
        if place is not None and self._painting is not None:
            self._paint(place, self._painting)

    def _choice_of(self, source: str) -> ChoiceBox:
        return self._rows if source == ROW else self._patterns

    def _place_of(self, spot: Spot) -> tuple[int, int] | None:
        """Return the cell of the input under a spot, if it can be painted."""
        image = self.image()
        if self.source() not in (PATTERN, ROW) or image is None:
            return None
        y, x = spot.y - self._inside[0], spot.x - self._inside[1]
        return (y, x) if 0 <= y < image.shape[1] and 0 <= x < image.shape[2] else None

    def _paint(self, place: tuple[int, int], value: float) -> None:
        source = self.source()
        if self._images[source][0][place] == value:
            return
        image = self._images[source].copy()  # a result may still hold the old one
        image[0][place] = value
        self._images[source] = image
        self._choice_of(source).set_key(EMPTY_KEY)
        self.image_changed.emit()


def _row(*widgets: QWidget) -> QWidget:
    page = QWidget()
    layout = QHBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX // 2)
    for widget in widgets:
        layout.addWidget(widget, 0 if isinstance(widget, QPushButton) else 1)
    return page


def _colors(image: Array) -> NDArray[np.uint32]:
    """Return (C, H, W) as colours: three channels as they are, one as greys from black."""
    if len(image) == 3:
        levels = np.rint(image.clip(0, 1) * 255).astype(np.uint32)
        return np.asarray(0xFF000000 | levels[0] << 16 | levels[1] << 8 | levels[2], np.uint32)
    return grey_levels(image[0])
