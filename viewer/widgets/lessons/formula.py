"""A formula set as in a book: fractions, sums with limits, indices, all in the theme's font."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QSize, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.lessons.formula import (
    Floor,
    FormulaError,
    Fraction,
    Part,
    Root,
    Row,
    Script,
    Sum,
    Text,
    parse,
)
from viewer.widgets.theme import GRID_PX, TextSize, text_font

SCRIPT_SHARE = 0.72  # of the size of what it stands at
SUM_SHARE = 1.7
SMALLEST_PT = 6.0
LINE_PX = 1.2
GAP_SHARE = 0.22  # around operators, of the font's size
BRACKET_PX = 4.0


@dataclass(frozen=True, slots=True)
class Box:
    """Something that was measured: where its baseline is, and how to draw it from there."""

    width: float
    ascent: float
    descent: float
    draw: Callable[[QPainter, float, float], None]


class FormulaView(QWidget):
    """Shows one formula, made smaller where it is wider than there is room."""

    def __init__(self, source: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: Row = ()
        self._source = ""
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.set_source(source)

    @property
    def source(self) -> str:
        """What is shown, as it was given."""
        return self._source

    def set_source(self, source: str) -> None:
        """Show another formula; one that is none as it stands."""
        if source == self._source and self._row:
            return
        self._source = source
        try:
            self._row = parse(source)
        except FormulaError:
            self._row = (Text(source),)
        self.setAccessibleName(f"Formula: {source}")
        self.updateGeometry()
        self.update()

    def _box(self) -> Box:
        return _row_box(self._row, TextSize.BODY * 1.15)

    @override
    def sizeHint(self) -> QSize:
        box = self._box()
        return QSize(round(box.width) + 2, round(box.ascent + box.descent) + GRID_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().windowText().color())
        box = self._box()
        room = max(1.0, self.width() - 2.0 * GRID_PX)
        scale = min(1.0, room / max(1.0, box.width))
        painter.translate(GRID_PX, self.height() / 2)
        painter.scale(scale, scale)
        box.draw(painter, 0.0, (box.ascent - box.descent) / 2)


def _font(size_pt: float, *, italic: bool = False) -> QFont:
    font = text_font(max(SMALLEST_PT, size_pt))
    font.setItalic(italic)
    return font


def _row_box(row: Row, size_pt: float) -> Box:
    boxes = []
    for place, part in enumerate(row):
        box = _box(part, size_pt)
        # A sign at the start is of the number behind it, one in the middle an operation.
        if isinstance(part, Text) and part.spaced and place > 0:
            box = _padded(box, GAP_SHARE * size_pt)
        boxes.append(box)

    def draw(painter: QPainter, x: float, y: float) -> None:
        for box in boxes:
            box.draw(painter, x, y)
            x += box.width

    return Box(
        sum(box.width for box in boxes),
        max((box.ascent for box in boxes), default=0.0),
        max((box.descent for box in boxes), default=0.0),
        draw,
    )


def _box(part: Part, size_pt: float) -> Box:
    if isinstance(part, Text):
        return _text_box(part.text, _font(size_pt, italic=part.italic))
    if isinstance(part, Fraction):
        return _fraction_box(part, size_pt)
    if isinstance(part, Floor | Root):
        return _fenced_box(part, size_pt)
    if isinstance(part, Sum):
        return _sum_box(Script(part), part.sign, size_pt)
    if isinstance(part.base, Sum):
        return _sum_box(part, part.base.sign, size_pt)
    return _script_box(part, size_pt)


def _text_box(text: str, font: QFont) -> Box:
    metrics = QFontMetricsF(font)

    def draw(painter: QPainter, x: float, y: float) -> None:
        painter.setFont(font)
        painter.drawText(QPointF(x, y), text)

    return Box(metrics.horizontalAdvance(text), metrics.capHeight(), metrics.descent(), draw)


def _padded(box: Box, gap: float) -> Box:
    def draw(painter: QPainter, x: float, y: float) -> None:
        box.draw(painter, x + gap, y)

    return Box(box.width + 2 * gap, box.ascent, box.descent, draw)


def _fraction_box(part: Fraction, size_pt: float) -> Box:
    above, below = _row_box(part.above, 0.92 * size_pt), _row_box(part.below, 0.92 * size_pt)
    axis = QFontMetricsF(_font(size_pt)).capHeight() / 2
    gap = 0.3 * size_pt
    width = max(above.width, below.width) + 2 * gap

    def draw(painter: QPainter, x: float, y: float) -> None:
        line = y - axis
        above.draw(painter, x + (width - above.width) / 2, line - gap - above.descent)
        below.draw(painter, x + (width - below.width) / 2, line + gap + below.ascent)
        _line(painter, (x, line), (x + width, line))

    over = above.ascent + above.descent + gap + axis
    return Box(width, over, below.ascent + below.descent + gap - axis, draw)


def _fenced_box(part: Floor | Root, size_pt: float) -> Box:
    inside = _row_box(part.inside, size_pt)
    rise, fall = inside.ascent + 2, inside.descent + 2
    margin = BRACKET_PX + 2

    def draw(painter: QPainter, x: float, y: float) -> None:
        inside.draw(painter, x + margin, y)
        right = x + 2 * margin + inside.width
        if isinstance(part, Floor):
            for edge, foot in ((x + 1, BRACKET_PX), (right - 1, -BRACKET_PX)):
                _line(painter, (edge, y - rise), (edge, y + fall))
                _line(painter, (edge, y + fall), (edge + foot, y + fall))
        else:
            _line(painter, (x, y - rise / 3), (x + margin / 2, y + fall))
            _line(painter, (x + margin / 2, y + fall), (x + margin - 1, y - rise))
            _line(painter, (x + margin - 1, y - rise), (right - margin, y - rise))

    return Box(inside.width + 2 * margin, rise, fall, draw)


def _sum_box(part: Script, character: str, size_pt: float) -> Box:
    sign = _text_box(character, _font(SUM_SHARE * size_pt))
    limits = [_row_box(row or (), SCRIPT_SHARE * size_pt) for row in (part.below, part.above)]
    width = max(sign.width, *(limit.width for limit in limits)) + 0.3 * size_pt
    drop = 0.35 * size_pt  # the sign is larger than its line

    def draw(painter: QPainter, x: float, y: float) -> None:
        below, above = limits
        sign.draw(painter, x + (width - sign.width) / 2, y + drop)
        top = y + drop - sign.ascent - 2
        above.draw(painter, x + (width - above.width) / 2, top - above.descent)
        foot = y + drop + sign.descent * 0.5 + 2
        below.draw(painter, x + (width - below.width) / 2, foot + below.ascent)

    below, above = limits
    rise = sign.ascent - drop + above.ascent + above.descent + 2
    fall = drop + sign.descent * 0.5 + below.ascent + below.descent + 2
    return Box(width, rise, fall, draw)


def _script_box(part: Script, size_pt: float) -> Box:
    base = _box(part.base, size_pt)
    below = _row_box(part.below or (), SCRIPT_SHARE * size_pt)
    above = _row_box(part.above or (), SCRIPT_SHARE * size_pt)
    lift, drop = 0.55 * size_pt, 0.25 * size_pt

    def draw(painter: QPainter, x: float, y: float) -> None:
        base.draw(painter, x, y)
        above.draw(painter, x + base.width + 1, y - lift)
        below.draw(painter, x + base.width + 1, y + drop)

    return Box(
        base.width + max(below.width, above.width) + 1,
        max(base.ascent, above.ascent + lift if part.above else 0.0),
        max(base.descent, below.descent + drop if part.below else 0.0),
        draw,
    )


def _line(painter: QPainter, start: tuple[float, float], end: tuple[float, float]) -> None:
    pen = QPen(painter.pen())
    pen.setWidthF(LINE_PX)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.save()
    painter.setPen(pen)
    painter.drawLine(QPointF(*start), QPointF(*end))
    painter.restore()
