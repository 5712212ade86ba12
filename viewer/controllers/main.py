"""Joins the window and the services; knows what every action does."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEventLoop, QObject, QSettings, QTimer
from PyQt6.QtWidgets import QApplication

from viewer.controllers.colors import ColorController
from viewer.controllers.dataset import DatasetController
from viewer.controllers.drawings import DrawingsController
from viewer.controllers.exchange import ExchangeController
from viewer.controllers.exciting import ExcitingDock
from viewer.controllers.explain import LabDock, SlidingDock, TraceDock
from viewer.controllers.hover import HoverController
from viewer.controllers.inputs import InputController
from viewer.controllers.lessons.learning import LearningController
from viewer.controllers.motion import MotionController
from viewer.controllers.network_form import NetworkFormController
from viewer.controllers.networks import ABOUT_NETWORK, NetworkController
from viewer.controllers.pictures import PicturesController
from viewer.controllers.pinned import PinnedController
from viewer.controllers.torchvision import TorchvisionController
from viewer.controllers.training.gradients import GradientsController
from viewer.controllers.training.panel import TrainingController
from viewer.controllers.views import ViewController
from viewer.core.errors import UserError
from viewer.core.nets.shipped import MODEL_SUFFIXES
from viewer.core.training.progress import Until
from viewer.widgets.flow.view import FlowView
from viewer.widgets.inspector.view import Inspector

if TYPE_CHECKING:
    from viewer.core.records import (
        ActivationRecord,
        Drawing,
        NetworkRecord,
        Picture,
        Selection,
        WeightsRecord,
    )
    from viewer.services.all import Services
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.main_window import MainWindow

RUN_FILE = "config.json"  # what every run's folder has from its beginning
ABOUT_DROP = "drop"  # what notices on files that were dropped together are about
ABOUT_INPUT = "input"  # what notices on pictures that can't be used are about
WAKE_MS = 50  # how soon a wait sees that its time is over


class MainController(QObject):
    """Builds the views that need numpy, and the controllers, each with one job."""

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        settings: QSettings,
        services: Services,
        runs_root: Path,
    ) -> None:
        super().__init__()
        inference, files, dataset = services.inference, services.files, services.dataset
        self._window = window
        self._inference = inference
        self._files = files
        self._services = services
        self._failure = ""
        self._run_to_follow: Path | None = None  # once a network is loaded
        self._is_first_network = True
        self.flow = FlowView(theme)
        self.inspector = Inspector()
        panel = window.pad_panel
        self.views = ViewController(
            self.flow, self.inspector, window.prediction, panel.preview, self
        )
        HoverController(self.flow, self.inspector, self.views, window.status, self)
        self.inputs = InputController(panel, window.prediction, inference, files, dataset, self)
        self.networks = NetworkController(window, inference, settings, self)
        self.pictures = PicturesController(
            window, self.inputs, self.views, self.networks, services, settings, self
        )
        self.network_form = NetworkFormController(
            window, self.networks, self.views, self.inputs, services.form_preview, self
        )
        self.torchvision = TorchvisionController(
            window, self.networks.opening, services.catalog, services.weights, self
        )
        self.colors = ColorController(window, self.views, settings, self)
        self.dataset = DatasetController(window, dataset, self.networks, self)
        self.exchange = ExchangeController(
            window, self.inputs, self.networks, self.views, files, self
        )
        self.training = TrainingController(
            window, services, settings, runs_root, self._network_on_screen, self.inputs, self
        )
        self.training.built.connect(self._on_training_built)
        self.drawings = DrawingsController(window, self.inputs, services.drawings, self)
        self.pinned = PinnedController(window, self.inputs, self.views, inference, self)
        self.sliding = SlidingDock(window, self.views, self)
        self.lab = LabDock(window, self.views, services, self, dataset=lambda: self.dataset.name)
        self.trace = TraceDock(window, self.views, self.flow, self)
        self.exciting = ExcitingDock(
            window,
            self.views,
            services.excitations,
            self.training.network_source,
            lambda: self.dataset.name,
            lambda: self.pictures.folder.folder,
            self.inputs.show_source,
            self,
        )
        self.explaining = (self.sliding, self.lab, self.trace, self.exciting)
        self.motion = MotionController(window, settings, (self.sliding, self.lab), self)
        self.gradients = GradientsController(window.action_set, services.training, self)
        self.learning = LearningController(self, window, settings, services, runs_root)
        self._connect_signals()
        window.set_central(self.flow)
        window.set_inspector(self.inspector)
        self._on_theme_changed(theme)

    def start(self, source: Path | Drawing | Picture | None, run: Path | None = None) -> None:
        """Show the empty views; `source` is put on the pad, `run` is followed, if named."""
        self._run_to_follow = run
        self.flow.set_message("Loading network…")
        self._window.prediction.set_loading()
        if isinstance(source, Path) and source.is_dir():
            self.pictures.folder.open(source)
        elif isinstance(source, Path):
            self.inputs.open_file(source)
        elif source is not None:
            self.inputs.show_source(source)

    def set_icons(self, icons: IconSet) -> None:
        """Give the views their icons, once they are loaded."""
        self.inspector.set_icons(icons)
        self.training.set_icons(icons)
        self.pictures.set_icons(icons)
        self.drawings.set_icons(icons)
        for dock in self.explaining:
            dock.set_icons(icons)

    def select(self, layer: str, channel: int) -> None:
        """Select a feature map by its layer's name and its number.

        Raises
        ------
        UserError
            If the network on screen has no such map.
        """
        network = self.views.network
        names = [] if network is None else [node.name for node in network.nodes]
        if network is None or layer not in names:
            raise UserError(f"There is no layer {layer!r}: choose one of {', '.join(names)}.")
        count = network.node(layer).output_shape[0]
        if not 0 <= channel < count:
            raise UserError(f"{layer} has the channels 0 to {count - 1}, not {channel}.")
        self.views.select_strongest(layer, channel)

    @property
    def is_shown(self) -> bool:
        """Whether the record at hand answers what is on the pad now."""
        record = self.views.record
        newest = self.inputs.generation
        answered = record is not None and record.generation == newest and record.whole
        return answered and not self.inputs.pending

    def wait_until_shown(self, timeout_s: float) -> None:
        """Run the event loop until the newest input's record has been painted.

        Raises
        ------
        UserError
            If something failed on the way, or it took longer than `timeout_s`.
        """
        end = time.monotonic() + timeout_s
        tick = QTimer()  # wakes the wait below, which has no time limit of its own
        tick.start(WAKE_MS)
        try:
            while not self.is_shown:
                if self._failure:
                    raise UserError(self._failure)
                if time.monotonic() > end:
                    raise UserError(f"The network did not answer within {timeout_s:.0f} seconds.")
                QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        finally:
            tick.stop()

    def disconnect_services(self) -> None:
        """Take no more signals: the window is about to go."""
        self._services.block_signals()

    def stop(self) -> None:
        """Do nothing more that was put off: the window goes now."""
        for timer in self.findChildren(QTimer):  # of every controller
            timer.stop()

    def _connect_signals(self) -> None:
        window = self._window
        self._inference.record_ready.connect(self._on_record_ready)
        self._inference.failed.connect(partial(self._on_failed, ABOUT_NETWORK))
        self._inference.run_shown.connect(self._on_run_shown)
        self._inference.weights_changed.connect(self._on_weights_changed)
        self._inference.network_resized.connect(self._on_network_resized)
        self._inference.filters_replaced.connect(self._on_filters_replaced)
        self.training.told.connect(window.show_message)
        self.training.tried_again.connect(window.messages.settle)
        for hinting in (self.training, self.drawings):
            hinting.hinted.connect(window.show_hint)
        self.drawings.failed.connect(window.show_message)
        self.lab.failed.connect(window.show_message)
        self.exciting.failed.connect(window.show_hint)
        self.pinned.told.connect(window.show_hint)
        self.drawings.told.connect(window.status.set_timing_text)
        window.closing_question = self.training.closing_question
        window.close_requested.connect(self.training.close)
        self.networks.failed.connect(partial(self._on_failed, ABOUT_NETWORK))
        for source in (self.inputs, self.pictures):
            source.failed.connect(partial(self._on_failed, ABOUT_INPUT))
        self.inputs.opened.connect(partial(window.messages.settle, ABOUT_INPUT))
        self.pictures.told.connect(window.show_hint)
        # What an action lacks to be done, such as a picture on the clipboard.
        for refusing in (self.exchange, self.network_form):
            refusing.failed.connect(window.show_hint)
        self.inputs.source_changed.connect(window.messages.drop_hint)
        self.inputs.told.connect(partial(window.show_message, about=ABOUT_INPUT))
        self.inputs.source_changed.connect(self.dataset.set_source)
        self.inputs.source_changed.connect(self.views.set_source)
        self.views.network_changed.connect(self.dataset.set_network)
        self.inputs.needed = self.views.needed
        self.views.all_wanted.connect(self.inputs.ask_for_all)
        self._files.exported.connect(self._on_exported)
        self.networks.network_changed.connect(self._on_network_changed)
        self.views.winner_changed.connect(self._on_winner_changed)
        self.flow.selection_changed.connect(self._on_map_selected)
        self.flow.record_painted.connect(self._on_record_painted)
        self.flow.minimap_changed.connect(partial(window.action_set.set_checked, "minimap"))
        self.inspector.heading.why_requested.connect(self.trace.show)
        window.theme_changed.connect(self._on_theme_changed)
        window.files_dropped.connect(self._on_files_dropped)
        window.recent_chosen.connect(self.networks.open)
        window.action_triggered.connect(self._on_action_triggered)

    def _on_action_triggered(self, name: str) -> None:
        action = self._actions().get(name)
        if action is not None:
            action()

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "open_model": self.exchange.choose_model,
            "open_torchvision": self.torchvision.show,
            "network_form": self.network_form.show,
            "open_picture": self.exchange.choose_picture,
            "save_network": self.exchange.save_network,
            "save_drawing": self.exchange.save_drawing,
            "export_view": self.exchange.export_view,
            "export_layer": self.exchange.export_layer,
            "copy": self.exchange.copy,
            "paste": self.exchange.paste,
            **self.pictures.actions,
            "draw": self._window.pad_panel.pad.clear,
            "browse_mnist": self.dataset.browse,
            "random_mnist": self.dataset.random,
            "my_drawings": self.drawings.show,
            "pin": self.pinned.pin,
            "pinned": self.pinned.toggle,
            "sliding": self.sliding.toggle,
            "lab": self.lab.toggle,
            "trace": self.trace.toggle,
            "exciting": self.exciting.search_selected,
            "training": self.training.toggle,
            "train_toggle": self.training.toggle_run,
            "train_batch": lambda: self.training.go(Until.BATCH),
            "train_epoch": lambda: self.training.go(Until.EPOCH),
            "train_stop": self._services.training.stop,
            "follow_run": self.training.following.choose,
            "lessons": self.learning.lessons.toggle,
            "glossary": self.learning.glossary.toggle,
            "what_is": self.learning.glossary.explain_pointer,
            "find": self.flow.open_search,
            "minimap": self.flow.toggle_minimap,
            "zoom_fit": self.flow.zoom_to_fit,
            "zoom_in": lambda: self.flow.zoom_by(1),
            "zoom_out": lambda: self.flow.zoom_by(-1),
        }

    def _on_failed(self, about: str, sentence: str) -> None:
        self._failure = sentence
        self._window.show_message(sentence, about)

    def _on_exported(self, path: str) -> None:
        self._window.status.set_timing_text(f"Saved {Path(path).name}")

    def _on_record_ready(self, record: ActivationRecord) -> None:
        self.views.set_record(record)

    def _on_record_painted(self, _generation: int) -> None:
        record = self.views.record
        if record is not None:
            self._services.training.acknowledge(record.weights_step)

    def _on_network_changed(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        self.flow.set_message("")
        self.views.set_network(network, weights)
        self.inputs.submit()
        if self._is_first_network:
            self._is_first_network = False
            QTimer.singleShot(0, self._on_first_network_shown)

    def _on_first_network_shown(self) -> None:
        """Go on where the window was closed, now that nothing has to wait for it."""
        self.training.restore()
        if self._run_to_follow is not None:
            self.training.following.follow(self._run_to_follow)

    def _on_run_shown(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        self.networks.set_run(network, weights)
        self.flow.set_message("")
        self.views.set_network(network, weights)

    def _on_weights_changed(self, weights: WeightsRecord) -> None:
        self.views.set_weights(weights)
        network = self.views.network
        if network is not None:
            self._window.set_network(network, weights.step, weights.kind)

    def _on_network_resized(self, network: NetworkRecord) -> None:
        """Show the shapes that the same network has for an image of another size."""
        if self.views.weights is not None:
            self.views.set_network(network, self.views.weights)

    def _on_training_built(self) -> None:
        from viewer.controllers.training.freezing import (
            FreezingController,  # with the dock, not before
        )

        assert self.training.panel is not None
        FreezingController(
            self.flow, self.views, self.training.panel, self.training.setup, self.training
        )
        self.views.network_changed.connect(lambda _network: self.training.setup.refresh_starts())
        self.training.setup.dataset_changed.connect(self.dataset.set_dataset)
        self.training.setup.tell_dataset()

    def _on_filters_replaced(self, replaced: bool) -> None:
        if replaced:
            self._window.caption.set_edited()

    def _network_on_screen(self) -> tuple[NetworkRecord | None, str]:
        return self.views.network, self.networks.model

    def _on_winner_changed(self, winner: str) -> None:
        self._window.set_winner(winner)

    def _on_map_selected(self, selection: Selection | None) -> None:
        dock = self._window.inspector_dock
        # A click asks for the values: they come to the front of the docks they share a place with.
        # Not over a lesson, though: it is what told to click.
        shared = bool(self._window.tabifiedDockWidgets(dock))
        if selection is not None and shared and not self.learning.in_lesson:
            dock.raise_()

    def _open_folder(self, folder: Path) -> None:
        """Follow a run, or go through pictures: whichever a folder is of."""
        if (folder / RUN_FILE).exists():
            self.training.following.follow(folder)
        else:
            self.pictures.folder.open(folder)

    def _on_theme_changed(self, theme: Theme) -> None:
        self.views.set_theme(theme)
        self.dataset.set_theme(theme)
        self.torchvision.set_theme(theme)
        self.training.set_theme(theme)
        self.pictures.set_theme(theme)
        self.drawings.set_theme(theme)
        for dock in self.explaining:
            dock.set_theme(theme)
        self.pinned.set_theme(theme)
        self.learning.set_theme(theme)

    def _on_files_dropped(self, paths: list[str]) -> None:
        path = Path(paths[0])
        self._window.messages.settle(ABOUT_DROP)
        if len(paths) > 1:
            sentence = f"Only {path.name} was taken: to go through pictures, drop their folder."
            self._window.show_message(sentence, ABOUT_DROP)
        if path.is_dir():
            self._open_folder(path)
        elif path.suffix.lower() in MODEL_SUFFIXES:
            self.networks.open(str(path))
        else:
            self.inputs.open_file(path)
