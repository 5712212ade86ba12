"""A dock that explains: built when it is first asked for, and fed while it is in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from PyQt6.QtCore import QObject, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

if TYPE_CHECKING:
    from viewer.controllers.views import ViewController
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, NetworkRecord, WeightsRecord
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

FLOATING_SIZE = QSize(960, 640)


class Fed(Protocol):
    """What is given network, weights, records, colours."""

    def set_theme(self, theme: Theme, /) -> None:
        """Take the theme's colours."""

    def set_display(self, display: DisplaySettings, /) -> None:
        """Take the colours of values."""

    def set_network(self, network: NetworkRecord, weights: WeightsRecord, /) -> None:
        """Take another network."""

    def set_weights(self, weights: WeightsRecord, /) -> None:
        """Take other weights of the same network."""

    def set_record(self, record: ActivationRecord, /) -> None:
        """Take another record."""


View = TypeVar("View", bound=QWidget)


class ExplainDock(QObject, Generic[View]):
    """A dock that comes as a window of its own, and is fed while it is in sight.

    Attributes
    ----------
    view : QWidget or None
        None until it is first shown.
    takes_keys : bool
        Whether `show` gives it the keyboard.

    Signals
    -------
    shown_changed(bool)
        It has come into sight, or gone.
    """

    NAME = ""
    TITLE = ""
    NEEDS_OUTPUTS = True  # of any node; else the image, and what is in the picture, will do
    shown_changed = pyqtSignal(bool)

    def __init__(
        self, window: MainWindow, views: ViewController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._views = views
        self.view: View | None = None
        self.fed: Fed | None = None
        self.dock: Dock | None = None
        self.takes_keys = True
        self._active = False
        self._theme: Theme | None = None
        self._icons: IconSet | None = None
        views.network_shown.connect(self._on_network_shown)
        views.weights_shown.connect(self._on_weights_shown)
        views.record_shown.connect(self._on_record_shown)
        views.display_changed.connect(self._on_display_changed)

    def show(self) -> None:
        """Bring it to the front."""
        if self.dock is None:
            self._build_dock()
        assert self.dock is not None
        self.dock.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, not self.takes_keys)
        if self.takes_keys:
            self.dock.bring(self.view)  # a window's keys would go to the buttons of its title
        else:
            self.dock.show()
            self.dock.raise_()

    def toggle(self) -> None:
        """Show it and give it the keyboard; hide it if it has that already."""
        if self.dock is not None and self.dock.isVisible() and self.dock.has_keys:
            self.dock.dismiss()
        else:
            self.show()

    def set_theme(self, theme: Theme) -> None:
        """Give it the theme's colours."""
        self._theme = theme
        if self.fed is not None:
            self.fed.set_theme(theme)
            self._give_icons()

    def set_icons(self, icons: IconSet) -> None:
        """Give it its icons, now or when it is built."""
        self._icons = icons
        self._give_icons()

    def _build(self) -> tuple[View, Fed]:
        """Build the view and what feeds it."""
        raise NotImplementedError

    def _give_icons(self) -> None:
        """Give the view its icons, if it has any."""

    def _build_dock(self) -> None:
        from viewer.widgets.window.docks import as_page
        from viewer.widgets.window.window_state import place_inside

        self.view, self.fed = self._build()
        if self._theme is not None:
            self.set_theme(self._theme)
        self.fed.set_display(self._views.display)
        area = Qt.DockWidgetArea.RightDockWidgetArea
        self.dock = self._window.add_dock(self.NAME, self.TITLE, as_page(self.view), area)
        self.dock.explains = True
        self.dock.setFloating(True)
        place_inside(self.dock, FLOATING_SIZE, self._window)
        self.dock.visibilityChanged.connect(self._on_visibility_changed)

    def _on_visibility_changed(self, visible: bool) -> None:
        if visible == self._active:
            return
        self._active = visible
        self.shown_changed.emit(visible)
        views = self._views
        views.set_explaining(self, explains=visible and self.NEEDS_OUTPUTS)
        if visible and views.network is not None and views.weights is not None:
            self._on_network_shown(views.network, views.weights)
            if views.record is not None:
                self._on_record_shown(views.record)

    def _on_network_shown(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        if self._active and self.fed is not None:
            self.fed.set_network(network, weights)

    def _on_weights_shown(self, weights: WeightsRecord) -> None:
        if self._active and self.fed is not None:
            self.fed.set_weights(weights)

    def _on_record_shown(self, record: ActivationRecord) -> None:
        if self._active and self.fed is not None and (record.whole or not self.NEEDS_OUTPUTS):
            self.fed.set_record(record)  # one that is whole follows any other

    def _on_display_changed(self, display: DisplaySettings) -> None:
        if self.fed is not None:
            self.fed.set_display(display)
