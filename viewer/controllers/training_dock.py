"""How high the training dock is: at first, and while something is to be read in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, Qt, QTimer

if TYPE_CHECKING:
    from viewer.widgets.docks import Dock
    from viewer.widgets.main_window import MainWindow
    from viewer.widgets.training_panel import TrainingPanel

SHARE = 0.4  # of the height of the window
OPEN_KEY = "training/open"  # whether the dock was when the window was closed


class TrainingDockHeight(QObject):
    """Gives the dock its height once, and back what a message took."""

    def __init__(
        self,
        window: MainWindow,
        dock: Dock,
        panel: TrainingPanel,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self._dock, self._panel = window, dock, panel
        self._before_px = 0  # while a message takes room
        panel.trouble.room_wanted.connect(self._on_room_wanted)
        # Qt says that it has restored a dock, too, that no layout knew of.
        known = settings.value(OPEN_KEY, False, bool)
        if not (known and window.restoreDockWidget(dock)):
            # Once it has been laid out: before, Qt takes the other docks' wishes for its own.
            QTimer.singleShot(0, self._give_share)

    def _give_share(self) -> None:
        self._resize(round(SHARE * self._window.height()))

    def _on_room_wanted(self, height_px: int) -> None:
        if height_px and not self._before_px:
            self._before_px = self._dock.height()
        elif not height_px and self._before_px:
            QTimer.singleShot(0, self._give_back)  # the message has left the layout by then

    def _give_back(self) -> None:
        before_px, self._before_px = self._before_px, 0
        # Where a person has made it higher still, it stays.
        rest_px = self._dock.height() - self._panel.height()
        if before_px and self._dock.height() > before_px >= self._panel.minimumHeight() + rest_px:
            self._resize(before_px)

    def _resize(self, height_px: int) -> None:
        if not self._dock.isFloating():
            self._window.resizeDocks([self._dock], [height_px], Qt.Orientation.Vertical)
