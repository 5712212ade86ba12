"""Parts beside each other; where there is too little room, the last ones share a place."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import QEvent, QSignalBlocker, QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QSizePolicy, QTabBar, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize, text_font

SPACING_PX = 12


class Part(NamedTuple):
    """One part of a row.

    Attributes
    ----------
    title : str
        Of its tab, where it shares its place.
    widget : QWidget
    stretch : int
        Of its share in what is left once all have their least width.
    """

    title: str
    widget: QWidget
    stretch: int = 1


class SharedRow(QWidget):
    """As many parts beside each other as fit; tabs choose among those that share the last place.

    The first parts stay in sight the longest; in the narrowest row all share one place.

    Parameters
    ----------
    parts : tuple of Part
        From left to right.
    """

    def __init__(self, parts: tuple[Part, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._places = 0  # beside each other
        self._chosen = 0  # the part that is in front where places are shared
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setFont(text_font(TextSize.SMALL))
        self._tabs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING_PX)
        self._grid.setVerticalSpacing(GRID_PX // 4)
        self._grid.setRowStretch(1, 1)
        self._tabs.currentChanged.connect(self._on_tab_changed)
        self._arrange(len(parts))

    def show_part(self, widget: QWidget) -> None:
        """Bring a part to the front, if it shares its place."""
        index = next(i for i, part in enumerate(self._parts) if part.widget is widget)
        if index >= self._places - 1:
            self._tabs.setCurrentIndex(index - self._places + 1)

    @override
    def minimumSizeHint(self) -> QSize:
        width = max(_least_px(part.widget) for part in self._parts)
        heights = [part.widget.minimumSizeHint().height() for part in self._parts]
        alone = self._places - 1
        shared_px = max(heights[alone:])
        if self._places < len(self._parts):
            shared_px += self._tabs.sizeHint().height() + self._grid.verticalSpacing()
        return QSize(width, max(*heights[:alone], shared_px, 0))

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._share_room()

    @override
    def event(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._share_room()  # a part may want more or less room than before
        return super().event(event)

    def _share_room(self) -> None:
        places = next((n for n in range(len(self._parts), 1, -1) if self._fits(n)), 1)
        if places != self._places:
            self._arrange(places)
            self.updateGeometry()

    def _fits(self, places: int) -> bool:
        least = [_least_px(part.widget) for part in self._parts]
        alone, shared = least[: places - 1], least[places - 1 :]
        return sum(alone) + max(shared) + SPACING_PX * (places - 1) <= self.width()

    def _arrange(self, places: int) -> None:
        self._places = places
        for part in self._parts:
            self._grid.removeWidget(part.widget)
        self._grid.removeWidget(self._tabs)
        for column in range(len(self._parts)):
            self._grid.setColumnStretch(column, 0)
            self._grid.setColumnMinimumWidth(column, 0)
        for column, part in enumerate(self._parts[: places - 1]):
            self._grid.addWidget(part.widget, 0, column, 2, 1)
            self._grid.setColumnStretch(column, part.stretch)
        shared = self._parts[places - 1 :]
        with QSignalBlocker(self._tabs):
            while self._tabs.count():
                self._tabs.removeTab(0)
            for part in shared:
                self._tabs.addTab(part.title)
            self._tabs.setCurrentIndex(max(0, self._chosen - places + 1))
        self._tabs.setAccessibleName(" or ".join(part.title for part in shared))
        self._grid.addWidget(self._tabs, 0, places - 1)
        for part in shared:
            self._grid.addWidget(part.widget, 1, places - 1)
        self._grid.setColumnStretch(places - 1, max(part.stretch for part in shared))
        # Nothing jumps when another one is chosen.
        self._grid.setColumnMinimumWidth(places - 1, max(_least_px(p.widget) for p in shared))
        self._show_chosen()

    def _show_chosen(self) -> None:
        alone, front = self._places - 1, self._places - 1 + self._tabs.currentIndex()
        for index, part in enumerate(self._parts):
            part.widget.setVisible(index < alone or index == front)
        self._tabs.setVisible(self._tabs.count() > 1)

    def _on_tab_changed(self, index: int) -> None:
        self._chosen = self._places - 1 + index
        self._show_chosen()


def _least_px(widget: QWidget) -> int:
    return max(widget.minimumWidth(), widget.minimumSizeHint().width())
