"""The test images of a data set: a dock to browse them, random ones, and mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt

from viewer.core.data.registry import is_drawn

if TYPE_CHECKING:
    from viewer.controllers.networks import NetworkController
    from viewer.core.records import Drawing, NetworkRecord, Picture
    from viewer.services.dataset import DatasetService, DatasetSummary, Page
    from viewer.widgets.icons import IconSet
    from viewer.widgets.inputs.dataset_browser import DatasetBrowser, PageRequest
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow


DEFAULT, DEFAULT_TITLE = "mnist", "MNIST test images"
ACTIONS = ("browse_mnist", "random_mnist")
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
        self._wanted = DEFAULT
        self._own = ""  # the data set of a network of pictures, if that is known
        self._takes_digits = True
        self._asked = DEFAULT  # of the service
        self._summary: DatasetSummary | None = None
        service.dataset_changed.connect(self._on_dataset_changed)
        service.failed.connect(self._on_failed)
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

    def set_dataset(self, name: str) -> None:
        """Show the test images of another data set, which is read when they are wanted."""
        self._wanted = name
        self._on_offer_changed()

    def set_network(self, network: NetworkRecord | None) -> None:
        """Offer test images of digits and the like only to a network that takes such.

        One of pictures is offered those of the folder that it was trained on.
        """
        self._service.drop_mistake()  # of the network before
        self._takes_digits = network is None or network.preparation.digit
        own = "" if network is None or self._takes_digits else network.dataset_name
        self._own = "" if is_drawn(own) else own
        self._on_offer_changed()

    @property
    def name(self) -> str:
        """Name of the data set whose test images are offered."""
        return self._own if self._own and is_drawn(self._wanted) else self._wanted

    def browse(self) -> None:
        """Show the browser."""
        self._ask_for_dataset()
        if self._dock is None:
            self._build()
        assert self._dock is not None and self._browser is not None
        self._dock.show()
        self._dock.raise_()
        self._browser.setFocus()

    def random(self) -> None:
        """Put a random test image on the pad."""
        self._ask_for_dataset()
        self._service.request_random(None)

    def _build(self) -> None:
        # Only now: few sessions open it, and its modules need not delay the start.
        from viewer.widgets.inputs.dataset_browser import DatasetBrowser
        from viewer.widgets.window.docks import as_page

        browser = DatasetBrowser()
        browser.page_requested.connect(self._on_page_requested)
        browser.image_chosen.connect(self._service.request_image)
        browser.random_requested.connect(self._service.request_random)
        browser.next_mistake_requested.connect(self._on_next_mistake_requested)
        self._browser = browser
        self._dock = self._window.add_dock(
            "dataset", DEFAULT_TITLE, as_page(browser), Qt.DockWidgetArea.RightDockWidgetArea
        )
        if self._summary is not None:
            self._show_summary(self._summary)
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
        opened = self._networks.opened
        self._service.request_mistake(
            self._networks.model,
            trust=opened is not None and opened.trust,
            profile=None if opened is None else opened.profile,
        )

    def _on_offer_changed(self) -> None:
        fits = self._takes_digits or not is_drawn(self.name)
        for name in ACTIONS:
            self._window.action_set.set_enabled(name, fits)
        if fits and self._dock is not None and not self._dock.isHidden():
            self._ask_for_dataset()

    def _ask_for_dataset(self) -> None:
        if self.name != self._asked:
            self._asked = self.name
            self._service.set_dataset(self.name)

    def _on_dataset_changed(self, summary: DatasetSummary) -> None:
        self._summary = summary
        self._pictures.clear()  # their places are those of another data set
        self.index = None
        self._show_summary(summary)

    def _show_summary(self, summary: DatasetSummary) -> None:
        if self._browser is not None and self._dock is not None:
            self._browser.set_dataset(summary.class_names, drawn=summary.drawn)
            self._dock.set_title(f"{summary.title} test images")

    def _on_failed(self) -> None:
        self._asked = self._served  # what could not be read is tried again when it is wanted

    @property
    def _served(self) -> str:
        return DEFAULT if self._summary is None else self._summary.name

    def _on_page_ready(self, page: Page) -> None:
        # A page of the data set before may have been under way.
        if self._browser is not None and page.dataset == self._served:
            self._browser.set_page(page.images, page.labels, page.indices, page.total)

    def _on_picture_ready(self, picture: Picture, index: int) -> None:
        self._pictures = [*self._pictures, (picture, index)][-KEPT_PICTURES:]
        self.set_source(picture)

    def _on_busy(self, text: str) -> None:
        if self._browser is not None:
            self._browser.set_busy(text or None)
