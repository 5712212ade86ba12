"""The docks that explain: sliding window, convolution lab, trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from viewer.controllers.explain_dock import ExplainDock, Fed
from viewer.controllers.lab_steps import LabSteps
from viewer.core.records import Kind, Selection

if TYPE_CHECKING:
    from viewer.controllers.lab import LabController
    from viewer.controllers.sliding import SlidingController
    from viewer.controllers.trace import TraceController
    from viewer.controllers.views import ViewController
    from viewer.core.records import (
        FloatArray,
        NetworkRecord,
        WeightsRecord,
    )
    from viewer.services.all import Services
    from viewer.widgets.flow.view import FlowView
    from viewer.widgets.icons import IconSet
    from viewer.widgets.lab.view import LabView
    from viewer.widgets.sliding.view import SlidingView
    from viewer.widgets.theme import Theme
    from viewer.widgets.trace.view import TraceView
    from viewer.widgets.window.main_window import MainWindow

PICTURE_FILTER = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)"
SELECT_MS = 100  # how soon the cell that the window is at is selected
DATASET = "mnist"  # what the lab takes its images from, unless it is told of another


class SlidingDock(ExplainDock["SlidingView"]):
    """The sliding window: it goes where something is selected, and selects where it goes."""

    NAME, TITLE = "sliding", "Sliding window"

    def __init__(
        self, window: MainWindow, views: ViewController, parent: QObject | None = None
    ) -> None:
        super().__init__(window, views, parent)
        self._animated = True
        self._following = False  # a move of the window that nobody made here
        self._pace = QTimer(self)  # it may move 64 times a second, and all views follow
        self._pace.setSingleShot(True)
        self._pace.setInterval(SELECT_MS)
        self._pace.timeout.connect(self._select_cell)
        self._cell: Selection | None = None
        views.selection_changed.connect(self._on_selection_changed)
        window.close_requested.connect(self._pace.stop)

    def show(self) -> None:
        """Bring it to the front, at the filter that is selected."""
        super().show()
        self.select_shown()

    def select_shown(self) -> None:
        """Let the selected filter slide, or the first one."""
        network = self._views.network
        if self.view is None or network is None:
            return
        self._follow(self._views.selection)
        if self.view.slide is None:
            first = next((n for n in network.nodes if n.kind is Kind.CONVOLUTION), None)
            if first is not None:
                self._follow(Selection(first.name, 0))

    def set_animated(self, on: bool) -> None:
        """Let the window glide from cell to cell, or jump."""
        self._animated = on
        if self.view is not None:
            self.view.set_animated(on)

    def _build(self) -> tuple[SlidingView, SlidingController]:
        from viewer.controllers.sliding import SlidingController
        from viewer.widgets.sliding.view import SlidingView

        view = SlidingView()
        view.set_animated(self._animated)
        view.filter_changed.connect(self._on_filter_changed)
        view.cell_changed.connect(self._on_cell_changed)
        return view, SlidingController(view, self)

    def _give_icons(self) -> None:
        if self.view is not None and self._icons is not None and self._theme is not None:
            self.view.set_icons(self._icons, self._theme)

    def _on_network_shown(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        self._following = True
        super()._on_network_shown(network, weights)
        self._following = False

    def _follow(self, selection: Selection | None) -> None:
        """Go to what is selected, if it is of a map that a filter or pooling makes."""
        view = self.view
        if view is None or selection is None or selection.in_channel is not None:
            return
        self._following = True
        if view.select(selection.node, selection.channel):
            view.move_to(selection.y, selection.x)
        self._following = False

    def _on_selection_changed(self, selection: Selection | None) -> None:
        if self._active and not self._following:
            self._follow(selection)

    def _on_filter_changed(self, _layer: str, _channel: int) -> None:
        self._select_cell()

    def _on_cell_changed(self, cell: Selection) -> None:
        # Selected, the cell's value would stand in the inspector before it is predicted.
        if self._following or self.view is None or self.view.predicting or not self._active:
            return
        self._cell = cell
        if not self._pace.isActive():
            self._pace.start()

    def _select_cell(self) -> None:
        if self._cell is None or not self._active:
            return
        cell, self._cell = self._cell, None
        self._following = True
        self._views.select(cell)
        self._following = False


class LabDock(ExplainDock["LabView"]):
    """The convolution lab.

    Parameters
    ----------
    window : MainWindow
    views : ViewController
    services : Services
    dataset : callable, optional
        Returns the name of the data set that it takes images from; MNIST's by default.

    Signals
    -------
    failed(str)
        One sentence.
    """

    NAME, TITLE = "lab", "Convolution lab"
    NEEDS_OUTPUTS = False
    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        views: ViewController,
        services: Services,
        parent: QObject | None = None,
        *,
        dataset: Callable[[], str] = lambda: DATASET,
    ) -> None:
        super().__init__(window, views, parent)
        self._services = services
        self._dataset = dataset
        self._seed = 0
        self._replaced = False  # whether the network has a kernel of the lab in it
        self._weights: WeightsRecord | None = None  # on screen
        self.controller: LabController | None = None
        self.steps = LabSteps(window, views, self)
        self.steps.shown_changed.connect(lambda _: self._on_result_changed())
        services.inference.filters_replaced.connect(self._on_filters_replaced)
        views.network_shown.connect(self._on_other_weights)
        views.weights_shown.connect(lambda weights: self._on_other_weights(None, weights))

    def _build(self) -> tuple[LabView, Fed]:
        from viewer.controllers.lab import LabController
        from viewer.widgets.lab.view import LabView

        view = LabView()
        views, services = self._views, self._services
        controller = LabController(
            view,
            self._drawing,
            lambda: views.network,
            lambda: views.weights,
            self,
            get_selection=lambda: views.selection,
        )
        controller.dataset_image_requested.connect(self._on_image_requested)
        controller.picture_requested.connect(self._on_picture_requested)
        controller.replacement_requested.connect(services.inference.replace_filter)
        controller.undo_requested.connect(services.inference.restore_filters)
        controller.set_replaced(self._replaced)
        services.samples.image_ready.connect(controller.set_dataset_image)
        services.samples.picture_ready.connect(controller.set_picture)
        services.samples.failed.connect(self.failed)
        self.shown_changed.connect(controller.set_active)
        view.result_changed.connect(self._on_result_changed)
        view.steps_requested.connect(self._on_steps_requested)
        self.controller = controller
        return view, _LabFeed(controller)

    def set_theme(self, theme: Theme) -> None:
        """Give it the theme's colours."""
        super().set_theme(theme)
        self.steps.set_theme(theme)

    def set_icons(self, icons: IconSet) -> None:
        """Give it its icons, now or when it is built."""
        super().set_icons(icons)
        self.steps.set_icons(icons)

    def set_animated(self, on: bool) -> None:
        """Let the window that steps glide from cell to cell, or jump."""
        self.steps.set_animated(on)

    def set_covered(self, covered: bool) -> None:
        """Show the maps nowhere else while they are covered here."""
        if self.view is not None:
            self.view.set_covered(covered)
        if covered and self.steps.dock is not None:
            self.steps.dock.hide()

    def _on_result_changed(self) -> None:
        if self.view is not None and self.view.result is not None and self.steps.in_sight:
            self.steps.set_result(self.view.result)

    def _on_steps_requested(self) -> None:
        view = self.view
        if view is None or view.result is None:
            return
        self.steps.show()
        self.steps.set_result(view.result)
        spot = view.pinned
        of_map = spot is not None and view.result.maps.shape == view.result.sums.shape
        cell = (spot.y, spot.x) if spot is not None and of_map else None
        self.steps.start(view.kernels.index, cell)

    def _drawing(self) -> FloatArray | None:
        record = self._views.record
        return None if record is None else record.image.pixels

    def _on_filters_replaced(self, replaced: bool) -> None:
        self._replaced = replaced
        if self.controller is not None:
            self.controller.set_replaced(replaced)

    def _on_other_weights(self, network: NetworkRecord | None, weights: WeightsRecord) -> None:
        """Weights of another network, or of another step, have their own filters."""
        if weights is self._weights:
            return  # the same network, shown for images of another size
        before, self._weights = self._weights, weights
        same = before is not None and (before.step, before.kind) == (weights.step, weights.kind)
        if network is not None or not same:
            self._on_filters_replaced(False)

    def _on_image_requested(self) -> None:
        self._services.samples.ask_image(self._dataset(), self._seed)
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
        self._controller.on_network_changed()

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

    def _build(self) -> tuple[TraceView, TraceController]:
        from viewer.controllers.trace import TraceController
        from viewer.widgets.trace.view import TraceView

        view = TraceView()
        drawing = self._window.pad_panel.preview.view
        controller = TraceController(view, self._views, self._flow, drawing, self)
        self.shown_changed.connect(controller.set_active)
        return view, controller
