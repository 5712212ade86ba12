"""How high the training dock is: at first, and while something in it needs more room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QEvent, QObject, QSettings, Qt, QTimer
from typing_extensions import override

from viewer.widgets.window.dock_sizes import SETTLING_MS

if TYPE_CHECKING:
    from viewer.widgets.training.panel import TrainingPanel
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

SHARE = 0.4  # of the height of the window
MOST_SHARE = 0.6  # that a page gets by itself: the network stays in sight
SLACK_PX = 2  # by which a height is still the same, after the window was resized
OPEN_KEY = "training/open"  # whether the dock was when the window was closed


class TrainingDockHeight(QObject):
    """Gives the dock its height once; lends it what a message or a page needs, for that long.

    Heights are kept as shares of the window's: they mean the same after it was resized. A height
    that a person has chosen meanwhile stays.
    """

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
        self._page = ""
        self._own: float | None = None  # share that it goes back to, while it is lent more
        self._lent = 0.0  # share that came of it; 0 until it has been laid out
        panel.trouble.room_wanted.connect(self._on_room_wanted)
        panel.page_changed.connect(self._on_page_changed)
        window.installEventFilter(self)
        # Qt says that it has restored a dock, too, that no layout knew of.
        known = settings.value(OPEN_KEY, False, bool)
        if not (known and window.restoreDockWidget(dock)):
            # Once it has been laid out: before, Qt takes the other docks' wishes for its own.
            QTimer.singleShot(0, self._give_share)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        # The layout is about to be saved; should the window stay, the page gets its room again.
        if a1 is not None and a1.type() == QEvent.Type.Close and a0 is self._window:
            self._give_back()
            QTimer.singleShot(0, self._fit)
        return False

    def _give_share(self) -> None:
        self._resize(SHARE)
        self._own = None
        self._fit()

    def _on_room_wanted(self, height_px: int) -> None:
        if height_px and self._own is None:
            self._own = self._share()  # before Qt makes room for the message
        QTimer.singleShot(0, self._fit)  # the message is in the layout, or has left it, by then

    def _on_page_changed(self, page: str) -> None:
        was_hidden, self._page = not self._page, page
        if page:
            QTimer.singleShot(0, self._fit)
        if page and was_hidden:  # a dock that is shown again is given the height that it had
            QTimer.singleShot(SETTLING_MS, self._fit)

    def _fit(self) -> None:
        """Make the dock as high as it was, or as what is in it needs."""
        if sip.isdeleted(self._dock):  # the window was closed meanwhile
            return
        if self._dock.isFloating() or not self._panel.isVisible():
            return
        if self._own is None or self._was_changed():
            self._own = self._share()
        around_px = self._dock.height() - self._panel.height()
        needed = (self._panel.needed_px() + around_px) / self._window.height()
        wanted = max(self._own, min(needed, MOST_SHARE))
        self._lent = 0.0
        self._resize(wanted)
        if wanted > self._own:
            QTimer.singleShot(0, self._note_lent)
        else:
            self._own = None

    def _note_lent(self) -> None:
        if self._own is not None:
            self._lent = self._share()

    def _give_back(self) -> None:
        if self._own is not None and not self._was_changed():
            self._resize(self._own)
        self._own, self._lent = None, 0.0

    def _share(self) -> float:
        return self._dock.height() / self._window.height()

    def _was_changed(self) -> bool:
        """Return whether somebody has made it higher or lower since."""
        off_px = self._lent * self._window.height() - self._dock.height()
        return bool(self._lent) and abs(off_px) > SLACK_PX

    def _resize(self, share: float) -> None:
        height_px = round(share * self._window.height())
        if not self._dock.isFloating() and height_px != self._dock.height():
            self._window.resizeDocks([self._dock], [height_px], Qt.Orientation.Vertical)
