"""The training dock: run controls above, pages in the middle, the time slider below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.focus import hand_over
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.curves import CurvesView
from viewer.widgets.training.layer_curves import LayerCurves
from viewer.widgets.training.run_tree import RunTree
from viewer.widgets.training.setup import SetupView
from viewer.widgets.training.time_slider import TimeSlider
from viewer.widgets.training.transport import Transport
from viewer.widgets.training.trouble_strip import TroubleStrip

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

SETUP, CURVES, LAYERS, RUNS = "Set-up", "Curves", "Layers", "Runs"
MIN_HEIGHT_PX = 232


class TrainingPanel(QWidget):
    """Everything about training in one dock.

    Attributes
    ----------
    transport : Transport
    trouble : TroubleStrip
    setup : SetupView
    curves : CurvesView
    layers : LayerCurves
    runs : RunTree
    time : TimeSlider

    Signals
    -------
    page_changed(str)
        Title of the page in front; empty while the panel is out of sight.
    """

    page_changed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transport = Transport()
        self.trouble = TroubleStrip()
        self.setup = SetupView()
        self.curves = CurvesView()
        self.layers = LayerCurves()
        self.runs = RunTree()
        self.time = TimeSlider()
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setFont(text_font(TextSize.SMALL))
        self._tabs.setAccessibleName("Pages of the training")
        self._pages = QStackedWidget()
        self._pages.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(MIN_HEIGHT_PX)
        self._build_layout()
        self.add_page(SETUP, self.setup)
        self.add_page(CURVES, self.curves)
        self.add_page(LAYERS, self.layers)
        self.add_page(RUNS, self.runs)
        self._tabs.currentChanged.connect(self._on_tab_changed)
        self.trouble.room_wanted.connect(self._on_room_wanted)

    def add_page(self, title: str, page: QWidget) -> None:
        """Add a page behind the ones that are there."""
        self._pages.addWidget(page)
        self._tabs.addTab(title)

    def show_page(self, title: str) -> None:
        """Bring a page to the front."""
        for index in range(self._tabs.count()):
            if self._tabs.tabText(index) == title:
                self._tabs.setCurrentIndex(index)

    @property
    def page(self) -> str:
        """Title of the page in front."""
        return self._tabs.tabText(self._tabs.currentIndex())

    def needed_px(self) -> int:
        """Return the height at which no page need scroll: the tabs stay where they are."""
        pages = (self._pages.widget(index) for index in range(self._pages.count()))
        contents = [page.widget() for page in pages if isinstance(page, QScrollArea)]
        page_px = max((c.minimumSizeHint().height() for c in contents if c is not None), default=0)
        return max(self.minimumHeight(), self.height() - self._pages.height() + page_px)

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.page_changed.emit(self.page)

    @override
    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.page_changed.emit("")

    def _on_tab_changed(self, index: int) -> None:
        leaving, window = self._pages.currentWidget(), self.window()
        focused = None if window is None else window.focusWidget()
        if leaving is not None and focused is not None and leaving.isAncestorOf(focused):
            # Qt would give the keyboard to whatever is on the next page: a switch, say.
            hand_over(focused, self._tabs)
        self._pages.setCurrentIndex(index)
        if self.isVisible():
            self.page_changed.emit(self.page)

    def _on_room_wanted(self, height: int) -> None:
        """Grow by what is to be read: the curves keep their place."""
        self.setMinimumHeight(MIN_HEIGHT_PX + height)

    def set_theme(self, theme: Theme) -> None:
        """Give all parts the theme's colours."""
        self.transport.set_theme(theme)
        self.setup.set_theme(theme)
        self.curves.set_theme(theme)
        self.layers.set_theme(theme)
        self.runs.set_theme(theme)
        self.time.set_theme(theme)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give all parts their icons."""
        self.transport.set_icons(icons, theme)
        self.setup.set_icons(icons, theme)
        self.runs.set_icons(icons)
        self.time.set_icons(icons)

    def _build_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.transport)
        layout.addWidget(self.trouble)
        row = QHBoxLayout()
        row.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        row.addWidget(self._tabs)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.time)
