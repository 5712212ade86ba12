"""The parts of the inspector, laid out for the room that there is."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QIcon, QResizeEvent
from PyQt6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.inspector.channels import ChannelBrowser
from viewer.widgets.inspector.classes import ClassTable
from viewer.widgets.inspector.kernels import KernelPanel
from viewer.widgets.inspector.values import ValuesPanel
from viewer.widgets.map_view import MapView
from viewer.widgets.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from viewer.widgets.inspector.model import Kernels

WIDE_FROM_PX = 560  # two columns, each as wide as a narrow dock
TALL_FROM_PX = 640  # room for all below one another
SIZE_HINT = QSize(300, 520)

SHOW_ALL_TIP = "Show all maps of this layer"
SHOW_ONE_TIP = "Show the selected map large"
NOTHING_DRAWN = "Draw a digit to see the values"


class Arrangement(Enum):
    """How the parts lie."""

    TABS = auto()  # the map, and below it the kernels or the values
    TALL = auto()  # all below one another
    WIDE = auto()  # the kernels beside map and values
    LOW = auto()  # kernels and values beside the map


def arrangement_for(width_px: int, height_px: int) -> Arrangement:
    """Return how the parts lie best in that much room."""
    if width_px >= WIDE_FROM_PX:
        return Arrangement.WIDE if height_px >= TALL_FROM_PX else Arrangement.LOW
    return Arrangement.TALL if height_px >= TALL_FROM_PX else Arrangement.TABS


class InspectorParts(QWidget):
    """Map or classes with a line for what is under the mouse; kernels; values.

    Attributes
    ----------
    map : MapView
    classes : ClassTable
    channels : ChannelBrowser
    browse : QToolButton
        Checked to show all channels in place of the map of one.
    kernels : KernelPanel
    values : ValuesPanel
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arrangement: Arrangement | None = None
        self._has_kernels = False
        self._wants_kernels = True  # rather than the values, where there is room for one of them
        self._main = QWidget(self)
        self._stack = QStackedWidget(self._main)
        self.map = MapView(self._stack)
        self.classes = ClassTable(self._stack)
        self.channels = ChannelBrowser(self._stack)
        self._waiting = QLabel(NOTHING_DRAWN, self._stack)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._readout = ElidedLabel("", self._main)
        self.browse = _tab("All", SHOW_ALL_TIP, self._main)
        self.browse.setAccessibleName(SHOW_ALL_TIP)
        self.browse.toggled.connect(self._on_browse_toggled)
        self.kernels = KernelPanel(self)
        self.values = ValuesPanel(self)
        self._tabs = QWidget(self)
        self._kernels_tab = _tab("Kernels", "Show the weights behind this channel", self._tabs)
        self._values_tab = _tab("Values", "Show how the values are spread", self._tabs)
        self._build_layout()
        self._arrange(Arrangement.TABS)

    def _build_layout(self) -> None:
        for page in (self.map, self.classes, self.channels, self._waiting):
            self._stack.addWidget(page)
        main = QVBoxLayout(self._main)
        main.setContentsMargins(0, 0, 0, 0)
        main.setSpacing(GRID_PX // 2)
        line = QHBoxLayout()
        line.addWidget(self._readout, 1)
        line.addWidget(self.browse)
        main.addLayout(line)
        main.addWidget(self._stack, 1)
        tabs = QHBoxLayout(self._tabs)
        tabs.setContentsMargins(0, 0, 0, 0)
        tabs.setSpacing(GRID_PX // 2)
        group = QButtonGroup(self)
        for tab in (self._kernels_tab, self._values_tab):
            group.addButton(tab)
            tabs.addWidget(tab)
            tab.clicked.connect(self._on_tab_clicked)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID_PX)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for part in (self.map, self.classes, self.channels, self.kernels, self.values):
            part.set_theme(theme)
        self._readout.set_color(theme.color("text_muted"))
        palette = self._waiting.palette()
        palette.setColor(self._waiting.foregroundRole(), theme.color("text_muted"))
        self._waiting.setPalette(palette)

    @property
    def arrangement(self) -> Arrangement | None:
        """How the parts lie now."""
        return self._arrangement

    def set_browse_icon(self, icon: QIcon) -> None:
        """Use an icon on the button that shows all channels."""
        self.browse.setIcon(icon)
        self.browse.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _on_browse_toggled(self, shown: bool) -> None:
        self.browse.setToolTip(SHOW_ONE_TIP if shown else SHOW_ALL_TIP)

    def show_map(self) -> None:
        """Show the map."""
        self._stack.setCurrentWidget(self.map)

    def show_classes(self) -> None:
        """Show the table of classes in place of the map."""
        self._stack.setCurrentWidget(self.classes)

    def show_channels(self) -> None:
        """Show all channels of the layer in place of the map of one."""
        self._stack.setCurrentWidget(self.channels)

    def show_waiting(self) -> None:
        """Say that there are no values yet."""
        self._stack.setCurrentWidget(self._waiting)
        self._readout.set_text("")

    def set_readout(self, text: str) -> None:
        """Say what is under the mouse, in a line that is always there."""
        self._readout.set_text(text)

    def readout(self) -> str:
        """Return what is said of what is under the mouse."""
        return self._readout.text()

    def set_kernels(self, kernels: Kernels | None) -> None:
        """Show `kernels`; where there are none the values get their room."""
        self._has_kernels = kernels is not None
        self.kernels.set_kernels(kernels)
        self._kernels_tab.setText(self.kernels.title)
        self._kernels_tab.setEnabled(self._has_kernels)
        self._show_tab()

    @override
    def sizeHint(self) -> QSize:
        return SIZE_HINT

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange(arrangement_for(self.width(), self.height()))

    def _arrange(self, arrangement: Arrangement) -> None:
        if arrangement is self._arrangement:
            return
        self._arrangement = arrangement
        for part in (self._main, self._tabs, self.kernels, self.values):
            self._grid.removeWidget(part)
        for index in range(4):
            self._grid.setRowStretch(index, 0)
            self._grid.setColumnStretch(index, 0)
        {
            Arrangement.TABS: self._arrange_tabs,
            Arrangement.TALL: self._arrange_tall,
            Arrangement.WIDE: self._arrange_wide,
            Arrangement.LOW: self._arrange_low,
        }[arrangement]()
        self._tabs.setVisible(arrangement is Arrangement.TABS)
        self._show_tab()

    def _arrange_tabs(self) -> None:
        self._grid.addWidget(self._main, 0, 0)
        self._grid.addWidget(self._tabs, 1, 0)
        self._grid.addWidget(self.kernels, 2, 0)
        self._grid.addWidget(self.values, 2, 0)
        self._grid.setRowStretch(0, 5)
        self._grid.setRowStretch(2, 4)

    def _arrange_tall(self) -> None:
        for row, (part, stretch) in enumerate(
            ((self._main, 5), (self.kernels, 3), (self.values, 3))
        ):
            self._grid.addWidget(part, row, 0)
            self._grid.setRowStretch(row, stretch)

    def _arrange_wide(self) -> None:
        self._grid.addWidget(self._main, 0, 0)
        self._grid.addWidget(self.values, 1, 0)
        self._grid.addWidget(self.kernels, 0, 1, 2, 1)
        self._grid.setRowStretch(0, 5)
        self._grid.setRowStretch(1, 3)
        self._share_columns()

    def _arrange_low(self) -> None:
        self._grid.addWidget(self._main, 0, 0, 2, 1)
        self._grid.addWidget(self.kernels, 0, 1)
        self._grid.addWidget(self.values, 1, 1)
        for row in range(2):
            self._grid.setRowStretch(row, 1)
        self._share_columns()

    def _share_columns(self) -> None:
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)

    def _on_tab_clicked(self) -> None:
        self._wants_kernels = self._kernels_tab.isChecked()
        self._show_tab()

    def _show_tab(self) -> None:
        wanted = self._wants_kernels and self._has_kernels
        (self._kernels_tab if wanted else self._values_tab).setChecked(True)
        both = self._arrangement is not Arrangement.TABS
        self.kernels.setVisible(self._has_kernels if both else wanted)
        self.values.setVisible(both or not wanted)
        # A row or column without anything in it would still take its share.
        if self._arrangement is Arrangement.TALL:
            self._grid.setRowStretch(1, 3 if self._has_kernels else 0)
        if self._arrangement is Arrangement.WIDE:
            self._grid.setColumnStretch(1, 2 if self._has_kernels else 0)


def _tab(text: str, tip: str, parent: QWidget) -> QToolButton:
    tab = QToolButton(parent)
    tab.setText(text)
    tab.setToolTip(tip)
    tab.setCheckable(True)
    return tab
