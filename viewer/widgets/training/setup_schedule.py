"""A tiny curve of the learning rate over the run that is being set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.training.schedule import learning_rate
from viewer.widgets.theme import LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.widgets.theme import Theme

HEIGHT_PX = 40
POINTS = 160  # of the curve: finer than the pixels it has


def schedule_points(
    config: TrainingConfig, steps_per_epoch: int, points: int = POINTS
) -> tuple[float, ...]:
    """Return the learning rate at evenly spread steps, the first and the last among them."""
    steps = config.epochs * steps_per_epoch
    count = min(points, steps)
    last = max(count - 1, 1)
    return tuple(
        learning_rate(config, i * (steps - 1) // last, steps, steps_per_epoch) for i in range(count)
    )


class ScheduleView(QWidget):
    """The learning rate from the first step to the last, and its largest value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rates: tuple[float, ...] = ()
        self._texts = ("", "")
        self.setFont(text_font(TextSize.SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate over the run")

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def set_schedule(self, config: TrainingConfig, steps_per_epoch: int) -> None:
        """Show the schedule of a configuration."""
        self._rates = schedule_points(config, steps_per_epoch)
        first, top, last = self._rates[0], max(self._rates), self._rates[-1]
        ends = "1 epoch" if config.epochs == 1 else f"{config.epochs:,} epochs"
        self._texts = (f"{top:.3g}", ends)
        told = f"The learning rate over the run: {first:.3g} at first, {top:.3g} at most,"
        told += f" {last:.3g} at the end."
        self.setToolTip(f"<p>{told}</p>")
        self.setAccessibleDescription(told)
        self.update()

    def rates(self) -> tuple[float, ...]:
        """Return what is shown."""
        return self._rates

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT_PX)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        if not self._rates:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.font())
        left, right = 1.0, self.width() - 1.0
        top, bottom = metrics.height() + 2.0, self.height() - 3.0
        painter.setPen(self._theme.color("text_muted"))
        line = self.rect().adjusted(0, 0, 0, -int(bottom - top))
        edge = Qt.AlignmentFlag.AlignTop
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | edge, self._texts[0])
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | edge, self._texts[1])
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawLine(QPointF(left, bottom + 1.5), QPointF(right, bottom + 1.5))
        painter.setPen(QPen(self._theme.color("text"), 1.25))
        painter.drawPolyline(self._curve(left, right, top, bottom))

    def _curve(self, left: float, right: float, top: float, bottom: float) -> QPolygonF:
        highest = max(self._rates)
        across = (right - left) / max(len(self._rates) - 1, 1)
        points = [
            QPointF(left + i * across, bottom - rate / highest * (bottom - top))
            for i, rate in enumerate(self._rates)
        ]
        if len(points) == 1:
            points.append(QPointF(right, points[0].y()))
        return QPolygonF(points)
