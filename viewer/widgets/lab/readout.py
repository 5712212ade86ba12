"""The arithmetic of one cell of a map: window, kernel, products, and the sum in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings
from viewer.widgets.lab.cells import CellCanvas
from viewer.widgets.lab.plates import Plate, grey_levels
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.explain.lab_cell import CellArithmetic
    from viewer.widgets.theme import Theme

GRIDS_FROM_PX = 88  # below, there is no room for cells with numbers
LOWEST_PX = 66
HIGHEST_PX = 168
PLATES = 3
WINDOW = "Window"


class LabReadout(QWidget):
    """A heading and lines of text; with room, window, kernel and products beside them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = DisplaySettings()
        self.grids = CellCanvas("Window, kernel and products", 96, 48)
        self.text = _Lines()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.grids)
        layout.addWidget(self.text, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMaximumHeight(HIGHEST_PX)
        self.grids.hide()
        self._has_cell = False

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.grids.set_theme(theme)
        self.text.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the cells by these settings from the next one on."""
        self._display = display

    def set_cell(self, cell: CellArithmetic, channel: int, heading: str, lines: list[str]) -> None:
        """Show the arithmetic of a cell, one of its channels as cells."""
        self._has_cell = True
        plates = []
        turned = (
            (WINDOW, cell.window),
            ("Kernel", cell.kernel),
            ("Products", cell.products),
        )
        for title, values in turned:
            shown = values[channel]
            if title == WINDOW:  # as the input itself is shown
                colors = grey_levels(shown)
            else:
                scale = scale_for(values.astype(np.float32), signed=True, settings=self._display)
                colors = scale.apply(shown)
            plates.append(Plate(colors, shown, title))
        self.grids.set_plates(plates)
        self.text.set_lines(heading, lines)
        self._show_grids()

    def set_sentence(self, sentence: str, *, warning: bool = False) -> None:
        """Show a sentence in place of a cell: what to do, or why nothing can be computed."""
        self._has_cell = False
        self.text.set_lines(sentence, [], warning=warning)
        self._show_grids()

    def shown_text(self) -> str:
        """Return heading and lines, one below the other."""
        return self.text.shown_text()

    def _show_grids(self) -> None:
        room = self.height()
        self.grids.setVisible(self._has_cell and room >= GRIDS_FROM_PX)
        self.grids.setFixedWidth(min(PLATES * room, self.width() // 2))

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, LOWEST_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, LOWEST_PX)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._show_grids()
        super().resizeEvent(event)


class _Lines(QWidget):
    """A heading and lines below it, wrapped; what does not fit ends in an ellipsis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._heading = ""
        self._lines: list[str] = []
        self._warning = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_lines(self, heading: str, lines: list[str], *, warning: bool = False) -> None:
        self._heading, self._lines, self._warning = heading, lines, warning
        self.setToolTip("".join(f"<p>{line}</p>" for line in lines))
        self.update()

    def shown_text(self) -> str:
        return "\n".join((self._heading, *self._lines))

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.color("warning" if self._warning else "text"))
        painter.setFont(text_font(TextSize.BODY if self._lines else TextSize.SMALL, bold=False))
        top = self._paint_wrapped(painter, self._heading, 0.0, bold=bool(self._lines))
        for number, line in enumerate(self._lines):
            painter.setPen(self._theme.color("text" if number == 0 else "text_muted"))
            top = self._paint_wrapped(painter, line, top + 1)

    def _paint_wrapped(
        self, painter: QPainter, text: str, top: float, *, bold: bool = False
    ) -> float:
        """Paint a text over as many lines as there is room for; return where it ends."""
        font = text_font(TextSize.SMALL, bold=bold)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        line_px = metrics.height()
        words, line = text.split(" "), ""
        for number, word in enumerate(words):
            longer = f"{line} {word}" if line else word
            if metrics.horizontalAdvance(longer) <= self.width() or not line:
                line = longer
                continue
            if top + 2 * line_px > self.height():
                line = " ".join((line, *words[number:]))
                break
            painter.drawText(QRectF(0, top, self.width(), line_px), 0, line)
            top, line = top + line_px, word
        if top + line_px > self.height() + 1:
            return top
        line = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, top, self.width(), line_px), 0, line)
        return top + line_px
