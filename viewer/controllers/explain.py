"""Docks that explain: each is built when it is first asked for, and fed while it is in sight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from PyQt6.QtCore import QObject, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from viewer.core.records import Kind

if TYPE_CHECKING:
    from viewer.controllers.lab import LabController
    from viewer.controllers.sliding import SlidingController
    from viewer.controllers.trace import TraceController
    from viewer.controllers.views import ViewController
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, FloatArray, NetworkRecord, WeightsRecord
    from viewer.services.all import Services
    from viewer.widgets.docks import Dock
    from viewer.widgets.flow import FlowView
    from viewer.widgets.icons import IconSet
    from viewer.widgets.lab_view import LabView
    from viewer.widgets.main_window import MainWindow
    from viewer.widgets.sliding_view import SlidingView
    from viewer.widgets.theme import Theme
    from viewer.widgets.trace_view import TraceView

PICTURE_FILTER = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)"
FLOATING_SIZE = QSize(960, 640)
DATASET = "mnist"  # what the lab takes its images from


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

    Signals
    -------
    shown_changed(bool)
        It has come into sight, or gone.
    """

    NAME = ""
    TITLE = ""
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
        self.dock.show()
        self.dock.raise_()

    def toggle(self) -> None:
        """Show it, or hide it if it is in sight."""
        if self.dock is not None and self.dock.isVisible():
            self.dock.hide()
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
        from viewer.widgets.docks import as_page

        self.view, self.fed = self._build()
        if self._theme is not None:
            self.set_theme(self._theme)
        self.fed.set_display(self._views.display)
        area = Qt.DockWidgetArea.RightDockWidgetArea
        self.dock = self._window.add_dock(self.NAME, self.TITLE, as_page(self.view), area)
        self.dock.setFloating(True)
        self.dock.resize(FLOATING_SIZE)
        frame = self._window.frameGeometry()
        self.dock.move(frame.center() - self.dock.rect().center())
        self.dock.visibilityChanged.connect(self._on_visibility_changed)

    def _on_visibility_changed(self, visible: bool) -> None:
        if visible == self._active:
            return
        self._active = visible
        self.shown_changed.emit(visible)
        views = self._views
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
        if self._active and self.fed is not None:
            self.fed.set_record(record)

    def _on_display_changed(self, display: DisplaySettings) -> None:
        if self.fed is not None:
            self.fed.set_display(display)


class SlidingDock(ExplainDock["SlidingView"]):
    """The sliding window."""

    NAME, TITLE = "sliding", "Sliding window"

    def show(self) -> None:
        """Bring it to the front, at the filter that is selected."""
        super().show()
        self.select_shown()

    def select_shown(self) -> None:
        """Let the selected filter slide, or the first one."""
        selection, network = self._views.selection, self._views.network
        if self.view is None or network is None:
            return
        if selection is not None and self.view.select(selection.node, selection.channel):
            return
        if self.view.slide is None:
            first = next((n for n in network.nodes if n.kind is Kind.CONVOLUTION), None)
            if first is not None:
                self.view.select(first.name, 0)

    def _build(self) -> tuple[SlidingView, SlidingController]:
        from viewer.controllers.sliding import SlidingController
        from viewer.widgets.sliding_view import SlidingView

        view = SlidingView()
        return view, SlidingController(view, self)

    def _give_icons(self) -> None:
        if self.view is not None and self._icons is not None and self._theme is not None:
            self.view.set_icons(self._icons, self._theme)


class LabDock(ExplainDock["LabView"]):
    """The convolution lab.

    Signals
    -------
    failed(str)
        One sentence.
    """

    NAME, TITLE = "lab", "Convolution lab"
    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        views: ViewController,
        services: Services,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(window, views, parent)
        self._services = services
        self._seed = 0
        self.controller: LabController | None = None

    def _build(self) -> tuple[LabView, Fed]:
        from viewer.controllers.lab import LabController
        from viewer.widgets.lab_view import LabView

        view = LabView()
        views, services = self._views, self._services
        controller = LabController(
            view, self._drawing, lambda: views.network, lambda: views.weights, self
        )
        controller.dataset_image_requested.connect(self._on_image_requested)
        controller.picture_requested.connect(self._on_picture_requested)
        controller.replacement_requested.connect(services.inference.replace_filter)
        controller.undo_requested.connect(services.inference.restore_filters)
        services.inference.filters_replaced.connect(controller.set_replaced)
        services.samples.image_ready.connect(controller.set_dataset_image)
        services.samples.picture_ready.connect(controller.set_picture)
        services.samples.failed.connect(self.failed)
        self.shown_changed.connect(controller.set_active)
        self.controller = controller
        return view, _LabFeed(controller)

    def _drawing(self) -> FloatArray | None:
        record = self._views.record
        return None if record is None else record.image.grey

    def _on_image_requested(self) -> None:
        self._services.samples.ask_image(DATASET, self._seed)
        self._seed += 1

    def _on_picture_requested(self) -> None:
        dialog = QFileDialog(self._window, "Open picture", filter=PICTURE_FILTER)
        dialog.fileSelected.connect(lambda path: self._services.samples.ask_picture(Path(path)))
        dialog.open()


class _LabFeed:
    """Gives the lab's controller what it needs of the network."""

    def __init__(self, controller: LabController) -> None:
        self._controller = controller
        self.set_theme = controller.set_theme
        self.set_display = controller.set_display
        self.set_record = controller.on_record_ready

    def set_network(self, _network: NetworkRecord, _weights: WeightsRecord) -> None:
        self._controller.set_replaced(False)

    def set_weights(self, _weights: WeightsRecord) -> None:
        self._controller.on_network_changed()


class TraceDock(ExplainDock["TraceView"]):
    """The arithmetic of the value that is selected.

    Parameters
    ----------
    window : MainWindow
    views : ViewController
    flow : FlowView
        Where receptive fields are outlined, beside the drawing that the network sees.
    """

    NAME, TITLE = "trace", "Why this number?"

    def __init__(
        self,
        window: MainWindow,
        views: ViewController,
        flow: FlowView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(window, views, parent)
        self._flow = flow

    def show(self) -> None:
        """Bring it to the front; the keys go to it."""
        super().show()
        if self.view is not None:
            self.view.setFocus()

    def _build(self) -> tuple[TraceView, TraceController]:
        from viewer.controllers.trace import TraceController
        from viewer.widgets.trace_view import TraceView

        view = TraceView()
        drawing = self._window.pad_panel.preview.view
        controller = TraceController(view, self._views, self._flow, drawing, self)
        self.shown_changed.connect(controller.set_active)
        return view, controller
