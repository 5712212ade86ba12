"""Reliability diagram: whether the network is right as often as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.training.report import Reliability
    from viewer.widgets.theme import Theme

TICKS = ((0.0, "0"), (0.5, "50"), (1.0, "100"))
FEW_IMAGES = 20  # with fewer, a share is off by 10 % and more by chance: drawn hollow
BAR_GAP_PX = 1
DOT_PX = 2.5
MAX_SIDE_PX = 320
HIGHEST = 1.4  # of the plot's width


class ReliabilityView(QWidget):
    """Accuracy of the images in each bin of confidence; calibrated answers lie on the diagonal.

    Bins of fewer than `FEW_IMAGES` images are drawn hollow. A dot stands at a bin's mean
    confidence.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._reliability: Reliability | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Reliability diagram")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_reliability(self, reliability: Reliability | None) -> None:
        """Show another one."""
        self._reliability, self._hover = reliability, None
        self.setAccessibleDescription("" if reliability is None else self.title())
        self.update()

    def title(self) -> str:
        """Return the line above the diagram."""
        error = 0.0 if self._reliability is None else self._reliability.error
        return f"Calibration error {100 * error:.1f} %"

    def text_of(self, index: int) -> str:
        """Return what a bin says."""
        assert self._reliability is not None
        count = int(self._reliability.count[index])
        bins = len(self._reliability.count)
        low, high = 100 * index / bins, 100 * (index + 1) / bins
        start = f"Confidence {low:.0f} to {high:.0f} %: "
        if not count:
            return start + "no image"
        confidence = 100 * float(self._reliability.confidence[index])
        accuracy = 100 * float(self._reliability.accuracy[index])
        noun = "image" if count == 1 else "images"
        return (
            f"{start}{count:,} {noun}, {accuracy:.1f} % read rightly, "
            f"mean confidence {confidence:.1f} %"
        )

    def plot_rect(self) -> QRectF:
        """Return where the data stand."""
        metrics = QFontMetricsF(text_font(TextSize.SMALL))
        line, number = metrics.height(), metrics.horizontalAdvance("100")
        left, top = line + number + GRID_PX / 2, line + GRID_PX
        right, bottom = number / 2 + 1, 2 * line + 2
        room = QRectF(self.rect()).adjusted(left, top, -right, -bottom)
        width = max(8.0, min(room.width(), room.height(), MAX_SIDE_PX))
        height = max(8.0, min(room.height(), width * HIGHEST, MAX_SIDE_PX))
        return QRectF(room.left(), room.top(), width, height)

    @override
    def sizeHint(self) -> QSize:
        return QSize(208, 208)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, 140)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._reliability is None:
            return
        plot, bins = self.plot_rect(), len(self._reliability.count)
        index = int((event.position().x() - plot.left()) / plot.width() * bins)
        inside = plot.contains(event.position()) and index < bins
        self._set_hover(index if inside else None)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.setToolTip("" if index is None else self.text_of(index))
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._reliability is None:
            return
        painter = QPainter(self)
        painter.setFont(text_font(TextSize.SMALL))
        plot = self.plot_rect()
        self._paint_axes(painter, plot)
        self._paint_bars(painter, plot, self._reliability)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("text_muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(plot.bottomLeft(), plot.topRight())
        self._paint_dots(painter, plot, self._reliability)

    def _paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        line = QFontMetricsF(painter.font()).height()
        painter.setPen(self._theme.color("text"))
        painter.drawText(QRectF(0, 0, self.width(), line), _LEFT, self.title())
        painter.setPen(self._theme.color("text_muted"))
        for share, text in TICKS:
            x, y = plot.left() + share * plot.width(), plot.bottom() - share * plot.height()
            painter.drawText(QRectF(x - 20, plot.bottom() + 1, 40, line), _CENTER, text)
            painter.drawText(QRectF(line, y - line / 2, plot.left() - line - 4, line), _RIGHT, text)
        wide = QRectF(plot.left() - 40, plot.bottom() + line + 1, plot.width() + 80, line)
        painter.drawText(wide, _CENTER, "Confidence (%)")
        painter.save()
        painter.translate(0, plot.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, 0, 120, line), _CENTER, "Accuracy (%)")
        painter.restore()
        painter.setPen(self._theme.color("border"))
        for share, _ in TICKS:
            y = round(plot.bottom() - share * plot.height())
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _paint_bars(self, painter: QPainter, plot: QRectF, found: Reliability) -> None:
        bar, text = self._theme.color("bar"), self._theme.color("text")
        pitch = plot.width() / len(found.count)
        for index, count in enumerate(found.count.tolist()):
            if not count:
                continue
            left, right = (round(plot.left() + i * pitch) for i in (index, index + 1))
            height = float(found.accuracy[index]) * plot.height()
            width = right - left - BAR_GAP_PX
            rect = QRectF(left, plot.bottom() - height, width, height)
            color = text if index == self._hover else bar
            if count >= FEW_IMAGES:
                painter.fillRect(rect, color)
            else:
                painter.setPen(QPen(color, 1))
                painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_dots(self, painter: QPainter, plot: QRectF, found: Reliability) -> None:
        painter.setPen(QPen(self._theme.color("surface"), 1))
        painter.setBrush(self._theme.color("text"))
        for index, count in enumerate(found.count.tolist()):
            if count:
                x = plot.left() + float(found.confidence[index]) * plot.width()
                y = plot.bottom() - float(found.accuracy[index]) * plot.height()
                painter.drawEllipse(QPointF(x, y), DOT_PX, DOT_PX)


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTER = Qt.AlignmentFlag.AlignCenter
