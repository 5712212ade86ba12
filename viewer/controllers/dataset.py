"""MNIST's test images: a dock to browse them, random ones, and mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt

if TYPE_CHECKING:
    from viewer.controllers.networks import NetworkController
    from viewer.core.records import Drawing, Picture
    from viewer.services.dataset import DatasetService, Page
    from viewer.widgets.dataset_browser import DatasetBrowser, PageRequest
    from viewer.widgets.docks import Dock
    from viewer.widgets.icons import IconSet
    from viewer.widgets.main_window import MainWindow
    from viewer.widgets.theme import Theme


KEPT_PICTURES = 16  # undo brings back at most that many


class DatasetController(QObject):
    """Opens the browser when it is first asked for, and fetches what it wants to show.

    Attributes
    ----------
    index : int or None
        Of the test image that the network is asked about, if it is one.
    """

    def __init__(
        self,
        window: MainWindow,
        service: DatasetService,
        networks: NetworkController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._service = service
        self._networks = networks
        self._browser: DatasetBrowser | None = None
        self._dock: Dock | None = None
        self._theme: Theme | None = None
        self.index: int | None = None
        self._pictures: list[tuple[object, int]] = []
        service.page_ready.connect(self._on_page_ready)
        service.picture_ready.connect(self._on_picture_ready)
        service.busy.connect(self._on_busy)

    def set_theme(self, theme: Theme) -> None:
        """Give the browser the theme's colours."""
        self._theme = theme
        if self._browser is not None:
            self._browser.set_theme(theme)

    def set_source(self, source: Drawing | Picture) -> None:
        """Mark the test image that the network is asked about, if it is one."""
        found = (index for picture, index in self._pictures if picture is source)
        self.index = next(found, None)
        if self._browser is not None:
            self._browser.set_current(self.index)

    def browse(self) -> None:
        """Show the browser."""
        if self._dock is None:
            self._build()
        assert self._dock is not None and self._browser is not None
        self._dock.show()
        self._dock.raise_()
        self._browser.setFocus()

    def random(self) -> None:
        """Put a random test image on the pad."""
        self._service.request_random(None)

    def _build(self) -> None:
        # Only now: few sessions open it, and its modules need not delay the start.
        from viewer.widgets.dataset_browser import DatasetBrowser
        from viewer.widgets.docks import as_page

        browser = DatasetBrowser()
        browser.page_requested.connect(self._on_page_requested)
        browser.image_chosen.connect(self._service.request_image)
        browser.random_requested.connect(self._service.request_random)
        browser.next_mistake_requested.connect(self._on_next_mistake_requested)
        self._browser = browser
        self._dock = self._window.add_dock(
            "dataset", "MNIST test images", as_page(browser), Qt.DockWidgetArea.RightDockWidgetArea
        )
        self._window.tabifyDockWidget(self._window.inspector_dock, self._dock)
        if self._theme is not None:
            browser.set_theme(self._theme)
        icons: IconSet | None = self._window.icons
        if icons is not None:
            browser.set_icons(icons)
        browser.set_current(self.index)

    def _on_page_requested(self, request: PageRequest) -> None:
        self._service.request_page(request.label, request.offset, request.count)

    def _on_next_mistake_requested(self) -> None:
        self._service.request_mistake(self._networks.model)

    def _on_page_ready(self, page: Page) -> None:
        if self._browser is not None:
            self._browser.set_page(page.images, page.labels, page.indices, page.total)

    def _on_picture_ready(self, picture: Picture, index: int) -> None:
        self._pictures = [*self._pictures, (picture, index)][-KEPT_PICTURES:]
        self.set_source(picture)

    def _on_busy(self, text: str) -> None:
        if self._browser is not None:
            self._browser.set_busy(text or None)
