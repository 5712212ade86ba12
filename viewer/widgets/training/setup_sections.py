"""Sections of settings that flow over as many columns as the width has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from PyQt6.QtCore import QEvent, QRect, QSize
from PyQt6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, Theme, text_font
from viewer.widgets.training.setting_editors import ROW_PX, SettingRow

COLUMN_MIN_PX = 162
COLUMN_MAX_PX = 248
COLUMN_GAP_PX = 12  # a line stands in its middle where a section ends
ROW_STEP_PX = 4  # between two rows
TITLE_PX = 20
MARGIN_PX = 12


@dataclass(slots=True)
class Section:
    """A title and the rows under it, in order."""

    title: QLabel
    rows: list[QWidget] = field(default_factory=list)

    def heights(self) -> list[int]:
        """Return the height of every row that is shown."""
        return [_height(row) for row in self.shown()]

    def shown(self) -> list[QWidget]:
        """Return the rows that are shown."""
        return [row for row in self.rows if not row.isHidden()]


@dataclass(slots=True)
class _Plan:
    places: list[tuple[QWidget, QRect]]
    lines: list[int]
    height: int


class SectionFlow(QWidget):
    """Sections side by side; where there is room, one of many rows takes several columns."""

    def __init__(self, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dock_page")
        self._theme = LIGHT
        self._lines: list[int] = []
        self._sections = {title: Section(self._build_title(title)) for title in titles}
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def add_row(self, title: str, row: QWidget, place: int | None = None) -> None:
        """Add a row to a section, at its end or at `place`."""
        rows = self._sections[title].rows
        rows.insert(len(rows) if place is None else place, row)
        row.setParent(self)
        row.show()

    def remove_row(self, title: str, row: QWidget) -> None:
        """Take a row out and delete it."""
        self._sections[title].rows.remove(row)
        row.hide()
        row.deleteLater()

    def rows(self, title: str) -> tuple[QWidget, ...]:
        """Return the rows of a section, hidden ones too."""
        return tuple(self._sections[title].rows)

    def lay_out(self) -> None:
        """Place all rows anew, after some were added, shown or hidden."""
        for section in self._sections.values():
            _align_labels(section)
        self.updateGeometry()
        self._place()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, a0: int) -> int:
        return self._plan(a0).height

    @override
    def sizeHint(self) -> QSize:
        width = max(self.width(), self.minimumSizeHint().width())
        return QSize(width, self._plan(width).height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(COLUMN_MIN_PX + 2 * MARGIN_PX, TITLE_PX)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._place()

    @override
    def event(self, a0: QEvent | None) -> bool:
        if a0 is not None and a0.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(a0)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        painter.setPen(QPen(self._theme.color("border"), 1))
        for x in self._lines:
            painter.drawLine(x, GRID_PX, x, self.height() - GRID_PX)

    def _build_title(self, text: str) -> QLabel:
        title = QLabel(text, self)
        title.setFont(text_font(TextSize.SMALL, bold=True))
        return title

    def _place(self) -> None:
        plan = self._plan(self.width())
        self._lines = plan.lines
        for widget, place in plan.places:
            widget.setGeometry(place)
        self.update()

    def _plan(self, width: int) -> _Plan:
        inner = width - 2 * MARGIN_PX
        room = max(1, (inner + COLUMN_GAP_PX) // (COLUMN_MIN_PX + COLUMN_GAP_PX))
        sections = list(self._sections.values())
        if room < len(sections):
            return _stacked(_stacks(sections, room), inner)
        return _side_by_side(sections, _shares(sections, room), inner)


def _side_by_side(sections: list[Section], shares: list[int], inner: int) -> _Plan:
    plan = _Plan([], [], 0)
    column_px = _column_width(sum(shares), inner)
    x = MARGIN_PX
    for number, (section, share) in enumerate(zip(sections, shares, strict=True)):
        if number:
            plan.lines.append(x - COLUMN_GAP_PX // 2)
        plan.places.append((section.title, QRect(x, 4, column_px, TITLE_PX)))
        left = x
        for column in _split(section.shown(), share):
            bottom = _fill_column(plan, column, left, 4 + TITLE_PX, column_px)
            plan.height = max(plan.height, bottom + 1)  # what lies below has a margin
            left += column_px + COLUMN_GAP_PX
        x += share * (column_px + COLUMN_GAP_PX)
    return plan


def _stacked(stacks: list[list[Section]], inner: int) -> _Plan:
    plan = _Plan([], [], 0)
    column_px = _column_width(len(stacks), inner)
    for number, stack in enumerate(stacks):
        x = MARGIN_PX + number * (column_px + COLUMN_GAP_PX)
        if number:
            plan.lines.append(x - COLUMN_GAP_PX // 2)
        y = 4
        for section in stack:
            plan.places.append((section.title, QRect(x, y, column_px, TITLE_PX)))
            y = _fill_column(plan, section.shown(), x, y + TITLE_PX, column_px) + GRID_PX
        plan.height = max(plan.height, y)
    return plan


def _column_width(columns: int, inner: int) -> int:
    return min((inner + COLUMN_GAP_PX) // columns - COLUMN_GAP_PX, COLUMN_MAX_PX)


def _fill_column(plan: _Plan, rows: Sequence[QWidget], x: int, y: int, width: int) -> int:
    """Place rows below each other; return where the last one ends."""
    for row in rows:
        plan.places.append((row, QRect(x, y, width, _height(row))))
        y += _height(row) + ROW_STEP_PX
    return y - ROW_STEP_PX


def _align_labels(section: Section) -> None:
    rows = [row for row in section.rows if isinstance(row, SettingRow)]
    width = max((row.label_width() for row in rows), default=0)
    for row in rows:
        row.set_label_width(width)


def _split(rows: list[QWidget], columns: int) -> list[list[QWidget]]:
    """Return the rows in order, in at most `columns` columns, the tallest as low as it can be."""
    heights = [_height(row) + ROW_STEP_PX for row in rows]
    limit = max(max(heights, default=0), -(-sum(heights) // columns))
    while True:
        result: list[list[QWidget]] = [[]]
        used = 0
        for row, height in zip(rows, heights, strict=True):
            if used + height > limit:
                result.append([])
                used = 0
            result[-1].append(row)
            used += height
        if len(result) <= columns:
            return result
        limit += 1


def _tallest(section: Section, columns: int) -> int:
    split = _split(section.shown(), columns)
    return max(sum(_height(row) + ROW_STEP_PX for row in column) for column in split)


def _shares(sections: list[Section], room: int) -> list[int]:
    """Return how many columns each section takes: the tallest ones get what is left."""
    shares = [1] * len(sections)
    while sum(shares) < room:
        heights = [_tallest(s, n) for s, n in zip(sections, shares, strict=True)]
        tallest = heights.index(max(heights))
        if _tallest(sections[tallest], shares[tallest] + 1) == heights[tallest]:
            break
        shares[tallest] += 1
    return shares


def _stacks(sections: list[Section], columns: int) -> list[list[Section]]:
    """Return the sections in order, in `columns` stacks, the tallest as low as it can be."""
    heights = [sum(s.heights()) + ROW_STEP_PX * len(s.heights()) + TITLE_PX for s in sections]

    def parts(cuts: tuple[int, ...]) -> list[tuple[int, int]]:
        edges = (0, *cuts, len(sections))
        return list(pairwise(edges))

    def tallest(cuts: tuple[int, ...]) -> int:
        return max(sum(heights[a:b]) for a, b in parts(cuts))

    best = min(combinations(range(1, len(sections)), columns - 1), key=tallest)
    return [sections[a:b] for a, b in parts(best)]


def _height(row: QWidget) -> int:
    return max(row.sizeHint().height(), ROW_PX)
