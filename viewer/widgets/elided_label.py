"""One line of text that is shortened with an ellipsis, never clipped, and moves nothing."""

from __future__ import annotations

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
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self._fixed = fixed
        self._color: QColor | None = None
        self.setFont(text_font(size_pt, bold=bold))
        across = QSizePolicy.Policy.Maximum if fixed else QSizePolicy.Policy.Ignored
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self._text = ""
        self.set_text(text)

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text."""
        if text == self._text:
            return
        self._text = text
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
        return metrics.elidedText(self._text, self._mode, self.width())

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
