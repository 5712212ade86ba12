"""Which network is on screen: choosing, opening, remembering."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from viewer.core.nets.shipped import DEFAULT_MODEL, shipped_models
from viewer.widgets.tool_bar import NetworkChoice

if TYPE_CHECKING:
    from viewer.core.live import Snapshot
    from viewer.core.records import NetworkRecord, WeightsRecord
    from viewer.services.inference import InferenceService
    from viewer.widgets.main_window import MainWindow

RUN_KEY = "\0run"  # of the entry of a run in the chooser: no file is called that
RECENT_KEY = "files/recent_models"
MAX_RECENT = 8


class NetworkController(QObject):
    """Switches between the networks in the box and files; a failed load changes nothing.

    Attributes
    ----------
    model : str
        Name or path of the network on screen.

    Signals
    -------
    network_changed(NetworkRecord, WeightsRecord)
        Another network answers from now on.
    failed(str)
        One sentence on a file that is no network; the last good one stays.
    """

    network_changed = pyqtSignal(object, object)
    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inference: InferenceService,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inference = inference
        self._settings = settings
        self.model = self._title = ""
        self._offer()
        window.network_chosen.connect(self.open)
        inference.network_loaded.connect(self._on_loaded)
        inference.network_failed.connect(self._on_failed)

    @property
    def snapshot(self) -> Snapshot | None:
        """Weights of a run that are on screen; None if those of a file are."""
        return self._inference.snapshot

    def open(self, model: str) -> None:
        """Load a network in the box by its name, or a checkpoint by its path."""
        if model == RUN_KEY:
            return
        self._inference.open_network(model)

    def set_run(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        """Say that the network of a run is on screen; it is no file to be opened again."""
        self._title = network.title
        self.model = ""
        self._window.tool_bar.set_current_network(NetworkChoice(RUN_KEY, network.title))
        self._window.set_network(network, weights.step, weights.kind)

    def _offer(self) -> None:
        recent = self._recent()
        self._window.tool_bar.set_networks(
            [NetworkChoice(name, name) for name in shipped_models()],
            [NetworkChoice(path, Path(path).stem) for path in recent],
        )
        self._window.set_recent([(path, Path(path).name) for path in recent])

    def _recent(self) -> list[str]:
        stored = self._settings.value(RECENT_KEY, [])
        # An INI file gives one entry back as a string and an empty list as None.
        paths = [stored] if isinstance(stored, str) else stored
        if not isinstance(paths, list):
            return []  # or whatever somebody else wrote there
        return [path for path in paths if isinstance(path, str) and path][:MAX_RECENT]

    def _on_loaded(self, model: str, network: NetworkRecord, weights: WeightsRecord) -> None:
        self.model = model
        self._title = network.title
        if model not in shipped_models():
            # The chooser knows a file by its whole path, whatever it was opened by.
            self.model = str(Path(model).expanduser().resolve())
            others = [entry for entry in self._recent() if entry != self.model]
            self._settings.setValue(RECENT_KEY, [self.model, *others][:MAX_RECENT])
            self._offer()
        self._show_choice()
        self._window.set_network(network, weights.step)
        self.network_changed.emit(network, weights)

    def _on_failed(self, model: str, sentence: str) -> None:
        self._forget(model)
        if self._title:
            self._show_choice()
        elif model != DEFAULT_MODEL:
            self.open(DEFAULT_MODEL)  # named on the command line, say: never an empty window
        self.failed.emit(sentence)

    def _show_choice(self) -> None:
        choice = NetworkChoice(self.model or RUN_KEY, self._title)
        self._window.tool_bar.set_current_network(choice)

    def _forget(self, model: str) -> None:
        left = [entry for entry in self._recent() if entry != model]
        self._settings.setValue(RECENT_KEY, left)
        self._offer()
