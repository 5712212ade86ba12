"""Which network is on screen: choosing, opening, remembering."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from viewer.controllers.opening import OpeningController
from viewer.core.nets.model_names import HELD_PREFIX, shown_name
from viewer.core.nets.shipped import DEFAULT_MODEL, shipped_models
from viewer.widgets.window.tool_bar import NetworkChoice

if TYPE_CHECKING:
    from viewer.core.live import Snapshot
    from viewer.core.records import NetworkRecord, WeightsRecord
    from viewer.services.inference import InferenceService
    from viewer.services.opening import OpenRequest
    from viewer.widgets.window.main_window import MainWindow

RUN_KEY = "\0run"  # of the entry of a run in the chooser: no file is called that
ABOUT_NETWORK = "network"  # what notices on files that were not opened are about
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
        One sentence on a file that is no network, or was not opened; the last good one stays.
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
        self._in_place = False  # whether the next network stands in for one that was refused
        self.opening = OpeningController(window, inference, settings, self)
        self._offer()
        window.network_chosen.connect(self.open)
        inference.network_loaded.connect(self._on_loaded)
        inference.opening.began.connect(self._on_began)
        self.opening.refused.connect(self._on_refused)
        self.opening.dropped.connect(self._on_dropped)
        self.opening.told.connect(self.failed)

    @property
    def snapshot(self) -> Snapshot | None:
        """Weights of a run that are on screen; None if those of a file are."""
        return self._inference.snapshot

    @property
    def opened(self) -> OpenRequest | None:
        """How the network on screen was opened; None if it is a run's."""
        return self._inference.opened

    def open(self, model: str, *, trust: bool = False) -> None:
        """Open a network in the box or of torchvision's by its name, any other by its path.

        Parameters
        ----------
        model : str
        trust : bool
            Whether a person has said that its file may run code.
        """
        if model == RUN_KEY:
            return
        self.opening.open(model, trust=trust)

    def set_run(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        """Say that the network of a run is on screen; it is no file to be opened again."""
        self._title = network.title
        self.model = ""
        self._window.messages.settle(ABOUT_NETWORK)
        self._window.tool_bar.set_current_network(NetworkChoice(RUN_KEY, network.title))
        self._window.set_network(network, weights.step, weights.kind)
        self.opening.clear_note()

    def _offer(self) -> None:
        recent = self._recent()
        self._window.tool_bar.set_networks(
            [NetworkChoice(name, name) for name in shipped_models()],
            [NetworkChoice(path, text) for path, text in zip(recent, titles(recent), strict=True)],
        )
        self._window.set_recent([(path, shown_name(path)) for path in recent])

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
        if model not in shipped_models() and not model.startswith(HELD_PREFIX):
            # The chooser knows a file by its whole path, whatever it was opened by.
            path = Path(model).expanduser()
            self.model = str(path.resolve()) if path.exists() else model
            others = [entry for entry in self._recent() if entry != self.model]
            self._settings.setValue(RECENT_KEY, [self.model, *others][:MAX_RECENT])
            self._offer()
        self._show_choice()
        if not self._in_place:  # then the reason stays to be read
            self._window.messages.settle(ABOUT_NETWORK)  # all of it is about a try before this one
        self._in_place = False
        self._window.set_network(network, weights.step)
        self.network_changed.emit(network, weights)

    def _on_began(self) -> None:
        if not self._in_place:
            self._window.messages.settle(ABOUT_NETWORK)

    def _on_refused(self, model: str, sentence: str) -> None:
        self._in_place = not self._title
        self._forget(model)
        self._stay(model)
        self._window.messages.settle(ABOUT_NETWORK)
        self.failed.emit(sentence)

    def _on_dropped(self, model: str) -> None:
        # Not if another one is on its way already: it will be shown.
        if self._inference.opening.request is None:
            self._stay(model)

    def _stay(self, model: str) -> None:
        """Say that the network on screen is the one that it was."""
        if self._title:
            self._show_choice()
        elif model != DEFAULT_MODEL:
            self.open(DEFAULT_MODEL)  # named on the command line, say: never an empty window

    def _show_choice(self) -> None:
        choice = NetworkChoice(self.model or RUN_KEY, self._title)
        self._window.tool_bar.set_current_network(choice)

    def _forget(self, model: str) -> None:
        left = [entry for entry in self._recent() if entry != model]
        self._settings.setValue(RECENT_KEY, left)
        self._offer()


def titles(models: Sequence[str]) -> list[str]:
    """Return a short name of each network; those of one name are told apart.

    By their folders, and those of one folder by their endings.
    """
    short = [Path(m).stem if Path(m).is_absolute() else shown_name(m) for m in models]
    places = [(text, Path(model).parent) for model, text in zip(models, short, strict=True)]
    named = [
        Path(model).name if places.count(place) > 1 else place[0]
        for model, place in zip(models, places, strict=True)
    ]
    return [
        f"{text} – {Path(model).parent.name}" if named.count(text) > 1 else text
        for model, text in zip(models, named, strict=True)
    ]
