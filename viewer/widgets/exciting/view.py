"""What excites a map most: the search, its progress, and the nine strongest images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.exciting.grid import ExcitingGrid
from viewer.widgets.focus import hand_over
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize

if TYPE_CHECKING:
    from viewer.widgets.exciting.grid import ExcitingTile
    from viewer.widgets.theme import Theme

NO_SELECTION: Final = "Select a feature map or a unit to see what excites it most"
READY: Final = (
    "“Search” shows the network every test image of its data set, or every picture of the folder "
    "that is browsed, and keeps the nine that excite it most."
)
SEARCHING: Final = "Reading the images…"
SILENT: Final = "No image excites this map: it is 0 everywhere for all of those searched."
HINT: Final = "The outline is what the value sees. A click puts the image on the pad"
PROGRESS_PX: Final = GRID_PX // 2  # of its height


class ExcitingView(QWidget):
    """Heading, one button, and the grid.

    Signals
    -------
    search_requested()
    cancel_requested()
    chosen(int)
        Place of the tile that is wanted on the pad.
    """

    search_requested = pyqtSignal()
    cancel_requested = pyqtSignal()
    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._running = False
        self._asks = ""  # what stands in place of the grid
        # Where it is narrow, the channel stays: it ends the text.
        middle = Qt.TextElideMode.ElideMiddle
        self.title = ElidedLabel("", self, size_pt=TextSize.TITLE, bold=True, mode=middle)
        self.about = ElidedLabel("", self)
        self.button = QPushButton("Search", self)
        self.progress = QProgressBar(self)
        self.grid = ExcitingGrid(self)
        self.message = QLabel(NO_SELECTION, self)
        self._pages = QStackedWidget(self)
        self._build_layout()
        self.button.clicked.connect(self._on_clicked)
        self.grid.chosen.connect(self.chosen)
        self.set_tiles(())

    def _build_layout(self) -> None:
        self.progress.setFixedHeight(PROGRESS_PX)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Images searched")
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # nothing jumps when a search begins
        self.progress.setSizePolicy(keep)
        self.progress.hide()
        self.button.setAutoDefault(False)
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setContentsMargins(4 * GRID_PX, 0, 4 * GRID_PX, 0)
        self._pages.addWidget(self.message)
        self._pages.addWidget(self.grid)
        heading = QHBoxLayout()
        heading.setSpacing(GRID_PX)
        heading.addWidget(self.title, 1)
        heading.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(heading)
        layout.addWidget(self.about)
        layout.addWidget(self.progress)
        layout.addWidget(self._pages, 1)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.grid.set_theme(theme)
        self.title.set_color(theme.color("text"))
        self.about.set_color(theme.color("text_muted"))
        palette = self.message.palette()
        palette.setColor(self.message.foregroundRole(), theme.color("text_muted"))
        self.message.setPalette(palette)

    def set_subject(self, name: str) -> None:
        """Say which map the next search is about; empty for none."""
        self.title.set_text(name)
        self._asks = READY if name else NO_SELECTION
        self._show_state()

    def set_about(self, text: str) -> None:
        """Say what was searched, in one line above the images."""
        self.about.set_text(text)

    def set_running(self, running: bool) -> None:
        """Say that a search is at work, or over."""
        self._running = running
        self.progress.setVisible(running)
        if running:
            self.progress.setRange(0, 0)
        self._show_state()

    def set_progress(self, done: int, total: int) -> None:
        """Tell how many images were looked at, and how many there are."""
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        self.progress.setToolTip(f"{done:,} of {total:,} images")

    def set_tiles(
        self, tiles: Sequence[ExcitingTile], *, drawn: bool = True, silent: bool = False
    ) -> None:
        """Show the images found.

        Parameters
        ----------
        tiles : sequence of ExcitingTile
        drawn : bool
            See `ExcitingGrid.set_tiles`.
        silent : bool
            Whether nothing excites the map: said in place of the images.
        """
        shown = () if silent else tiles
        self.grid.set_tiles(shown, drawn=drawn)
        if silent:
            self._asks = SILENT
        self._show_state()

    def set_problem(self, sentence: str) -> None:
        """Say why there is nothing to show."""
        self._asks = sentence
        self._show_state()

    @property
    def running(self) -> bool:
        """Whether a search is at work."""
        return self._running

    def _show_state(self) -> None:
        has_tiles = bool(self.grid.tiles)
        self.message.setText(SEARCHING if self._running else self._asks)
        self.button.setText("Cancel" if self._running else "Search")
        tip = "Stop; what was found stays" if self._running else "Look through all images"
        self.button.setToolTip(tip)
        self.button.setEnabled(self._running or bool(self.title.text()))
        if not has_tiles:
            hand_over(self.grid, self.button)
        self._pages.setCurrentWidget(self.grid if has_tiles else self.message)
        self.setFocusProxy(self.grid if has_tiles else self.button)

    def _on_clicked(self) -> None:
        if self._running:
            self.cancel_requested.emit()
        else:
            self.search_requested.emit()
