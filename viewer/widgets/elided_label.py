"""One line of text that is shortened with an ellipsis, never clipped, and moves nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import TextSize, text_font


class ElidedLabel(QWidget):
    """One line of text; where it had to be shortened, the whole of it is the tooltip.

    A QLabel asks for a new layout whenever its text changes; this one only paints, so it can
    change with every record.

    Parameters
    ----------
    text : str
    parent : QWidget, optional
    size_pt : float
        One of `TextSize`.
    bold : bool
    mode : Qt.TextElideMode
        Which end of the text gives way.
    fixed : bool
        Never grow beyond the text as it was when the layout last asked.
    separator : str
        Between parts of the text, of which the last give way whole where there is no room; empty
        for a text of one part.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        size_pt: float = TextSize.SMALL,
        bold: bool = False,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        fixed: bool = False,
        separator: str = "",
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self._fixed = fixed
        self._separator = separator
        self._color: QColor | None = None
        self.setFont(text_font(size_pt, bold=bold))
        across = QSizePolicy.Policy.Maximum if fixed else QSizePolicy.Policy.Ignored
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self._text = ""
        self._shorter: Sequence[str] = ()
        self.set_text(text)

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def set_text(self, text: str, shorter: Sequence[str] = ()) -> None:
        """Show another text; where there is no room for it, the first of `shorter` that fits."""
        if (text, shorter) == (self._text, self._shorter):
            return
        self._text, self._shorter = text, shorter
        if self._fixed:
            self.updateGeometry()
        self._update_tool_tip()
        self.update()

    def set_color(self, color: QColor) -> None:
        """Paint the text in `color`; the palette's text colour otherwise."""
        self._color = color
        self.update()

    def shown_text(self) -> str:
        """Return the text as it is painted."""
        metrics = QFontMetricsF(self.font())
        parts = self._text.split(self._separator) if self._separator else [self._text]
        while len(parts) > 1 and metrics.horizontalAdvance(self._joined(parts)) > self.width():
            parts.pop()
        for shorter in self._shorter:
            if metrics.horizontalAdvance(self._joined(parts)) > self.width():
                parts = [shorter]
        return metrics.elidedText(self._joined(parts), self._mode, self.width())

    def needed_px(self) -> int:
        """Return the width that the text takes, or its first part where others may give way."""
        text = self._text.split(self._separator)[0] if self._separator else self._text
        return math.ceil(QFontMetricsF(self.font()).horizontalAdvance(text)) + 1

    def _joined(self, parts: list[str]) -> str:
        return self._separator.join(parts)

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        width = int(metrics.horizontalAdvance(self._text)) + 2
        return QSize(width, int(metrics.height()) + 1)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._update_tool_tip()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(self._color or self.palette().windowText().color())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), left, self.shown_text())

    def _update_tool_tip(self) -> None:
        shown = self.shown_text() == self._text
        if shown != (self.toolTip() == ""):
            self.setToolTip("" if shown else self._text)
        elif not shown:
            self.setToolTip(self._text)
