"""What the rows in the table of layers are made of: columns, a mark, a row that is fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.nets.table import RowReport
    from viewer.widgets.theme import Theme

NAME_PX = 93  # "Average pooling"
SHAPE_PX = 92  # "1024 × 28 × 28"
PARAMETERS_PX = 70  # "50,000,000"
COLUMN_GAP_PX = 6  # leaves four editors room in a dock of 480 pixels
MARK_PX = 16


class WarningMark(QWidget):
    """A triangle with an exclamation mark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setFixedSize(MARK_PX, MARK_PX)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color, inside = self._theme.color("warning"), self._theme.color("surface")
        painter.setPen(QPen(color, 2, join=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(color)
        middle, low = MARK_PX / 2, MARK_PX - 3.0
        corners = [QPointF(middle, 3), QPointF(MARK_PX - 2.5, low), QPointF(2.5, low)]
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(QPen(inside, 1.6, cap=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(middle, 6), QPointF(middle, 9))
        painter.drawPoint(QPointF(middle, 12))


class PlainRow(QFrame):
    """A layer that is always there: a name, what it is, and what it gives."""

    def __init__(self, name: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._name = ElidedLabel(name, self, size_pt=TextSize.BODY)
        self._text = ElidedLabel(text, self)
        self.shape_text = figure(SHAPE_PX, self)
        self.parameters_text = figure(PARAMETERS_PX, self)
        fix_width(self._name, NAME_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(*row_margins())
        layout.setSpacing(COLUMN_GAP_PX)
        layout.addWidget(self._name)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.shape_text)
        layout.addWidget(self.parameters_text)

    def set_shape(self, shape: tuple[int, ...]) -> None:
        """Show a shape alone."""
        self.shape_text.setText(_times(shape))

    def set_report(self, report: RowReport) -> None:
        """Show shape and parameters."""
        self.shape_text.setText(shape_text(report))
        self.parameters_text.setText(parameters_text(report))

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._name.set_color(theme.color("text_muted"))
        self._text.set_color(theme.color("text_muted"))
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        paint_frame(painter, self, self._theme, "surface")


def row_margins() -> tuple[int, int, int, int]:
    """Return the margins inside a row: left, top, right, bottom."""
    return GRID_PX, GRID_PX // 2, GRID_PX // 2, GRID_PX // 2 + 1


def shape_text(report: RowReport) -> str:
    """Return an output shape to show, ``16 × 28 × 28``; a dash for none."""
    return _times(report.shape) if report.shape else "–"


def parameters_text(report: RowReport) -> str:
    """Return a number of parameters to show; empty for none."""
    return f"{report.parameters:,}" if report.parameters else ""


def _times(shape: tuple[int, ...]) -> str:
    return f"{shape[0]:,}" if len(shape) == 1 else " × ".join(str(side) for side in shape)


def paint_frame(painter: QPainter, row: QWidget, theme: Theme, background: str) -> None:
    """Fill a row with a colour of the theme, and draw the line below it."""
    painter.fillRect(row.rect(), theme.color(background))
    painter.setPen(theme.color("border"))
    painter.drawLine(0, row.height() - 1, row.width(), row.height() - 1)


def fix_width(label: ElidedLabel, width: int) -> None:
    """Give a label a width that the layout keeps to."""
    fixed = QSizePolicy.Policy.Fixed
    label.setFixedWidth(width)
    label.setSizePolicy(fixed, fixed)  # its own ignores what it asks for


def figure(width: int, parent: QWidget) -> QLabel:
    """Return a label for numbers at the right of its column."""
    label = QLabel(parent)
    label.setFixedWidth(width)
    label.setFont(text_font(TextSize.SMALL))
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
