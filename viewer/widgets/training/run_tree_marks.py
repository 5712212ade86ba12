"""Small marks in the tree of runs: what is in its boxes, lines of colour, icons of states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QModelIndex, QPointF, QRect, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF
from PyQt6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from viewer.widgets.icons import ICON_PX
from viewer.widgets.overrides import override
from viewer.widgets.theme import LIGHT

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

MARK = ((0.22, 0.52), (0.43, 0.72), (0.78, 0.30))  # shares of the box
PEN_PX = 1.8
SWATCH_PX = 12


class CheckMarks(QStyledItemDelegate):
    """Paints items as Qt does, and a mark in the box of each that is ticked.

    A style sheet gives the boxes, but nothing in them.
    """

    _theme = LIGHT

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme

    @override
    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        super().paint(painter, option, index)
        ticked = index.data(Qt.ItemDataRole.CheckStateRole)
        if painter is not None and ticked is not None and ticked != Qt.CheckState.Unchecked.value:
            self._paint_mark(painter, self._box(option, index))

    def _box(self, option: QStyleOptionViewItem, index: QModelIndex) -> QRect:
        whole = QStyleOptionViewItem(option)
        self.initStyleOption(whole, index)
        style = QApplication.style() if whole.widget is None else whole.widget.style()
        assert style is not None
        element = QStyle.SubElement.SE_ItemViewItemCheckIndicator
        return style.subElementRect(element, whole, whole.widget)

    def _paint_mark(self, painter: QPainter, box: QRect) -> None:
        corner, side = QPointF(box.topLeft()), min(box.width(), box.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.color("text"), PEN_PX)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF([corner + QPointF(x, y) * side for x, y in MARK]))
        painter.restore()


def swatch(color: QColor, theme: Theme) -> QIcon:
    """Return a short line as thick as a curve; in selected rows on the surface's colour."""
    icon = QIcon(_line(color, QColor(Qt.GlobalColor.transparent)))
    # Qt's own is a tint, but the colour is its meaning; and it is chosen for the surface.
    icon.addPixmap(_line(color, theme.color("surface")), QIcon.Mode.Selected)
    return icon


def _line(color: QColor, ground: QColor) -> QPixmap:
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(ground)
    painter = QPainter(pixmap)
    painter.fillRect(1, SWATCH_PX // 2 - 1, SWATCH_PX - 2, 3, color)
    painter.end()
    return pixmap


def also_selected(icon: QIcon, theme: Theme) -> QIcon:
    """Return `icon` with a picture for selected rows: Qt's own is a tint without contrast."""
    pixmap = icon.pixmap(ICON_PX)
    painter = QPainter(pixmap)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), theme.color("on_accent"))
    painter.end()
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
