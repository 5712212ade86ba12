"""From records to views: what is shown, in which colours, and what is selected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from viewer.controllers.readout import hover_text
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.records import (
    ActivationRecord,
    NetworkRecord,
    Picture,
    Selection,
    WeightsRecord,
    same_nodes,
)
from viewer.core.statistics import DeadChannels

if TYPE_CHECKING:
    from PyQt6.QtGui import QImage

    from viewer.core.records import Drawing
    from viewer.widgets.flow.view import FlowView
    from viewer.widgets.inputs.preview import NetworkInputView
    from viewer.widgets.inspector.view import Inspector
    from viewer.widgets.prediction.view import PredictionPanel
    from viewer.widgets.theme import Theme


DEAD_MS = 40  # how soon dead channels are marked: nobody sees it sooner


class ViewController(QObject):
    """Gives every view the same network, record, colours and selection.

    Display settings never cause a forward pass: the views colour the record at hand anew.

    Signals
    -------
    winner_changed(str)
        Name of the most probable class; empty when there is none.
    network_changed(NetworkRecord)
        It is on screen; its first record follows.
    network_shown(NetworkRecord, WeightsRecord)
        The same, with its weights.
    weights_shown(WeightsRecord)
        Other weights of the same network.
    record_shown(ActivationRecord)
    display_changed(DisplaySettings)
    selection_changed(Selection or None)
    all_wanted()
        Somebody needs outputs that are not in the picture, and the record at hand lacks.
    """

    winner_changed = pyqtSignal(str)
    network_changed = pyqtSignal(object)
    network_shown = pyqtSignal(object, object)
    weights_shown = pyqtSignal(object)
    record_shown = pyqtSignal(object)
    display_changed = pyqtSignal(object)
    selection_changed = pyqtSignal(object)
    all_wanted = pyqtSignal()

    def __init__(
        self,
        flow: FlowView,
        inspector: Inspector,
        prediction: PredictionPanel,
        preview: NetworkInputView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._flow = flow
        self._inspector = inspector
        self._prediction = prediction
        self._preview = preview
        self.weights: WeightsRecord | None = None
        self.network: NetworkRecord | None = None
        self._dead: DeadChannels | None = None
        self._shown: str | None = None  # what tells the picture on the pad from others
        self._marked: Mapping[str, frozenset[int]] = {}
        self._winner = ""
        self._explaining: set[object] = set()
        self.display = DisplaySettings()
        self.record: ActivationRecord | None = None
        self.selection: Selection | None = None
        # What can wait until the record is on screen does.
        self._after_paint = QTimer(self)
        self._after_paint.setSingleShot(True)
        self._after_paint.setInterval(DEAD_MS)
        self._after_paint.timeout.connect(self._mark_dead)
        flow.selection_changed.connect(self.select)
        inspector.selection_changed.connect(self.select)

    def set_theme(self, theme: Theme) -> None:
        """Give the views the theme's colours; the maps' own colours follow it."""
        self._flow.set_theme(theme)
        self._inspector.set_theme(theme)
        self.set_display(dark=theme.dark)

    def set_display(
        self,
        *,
        sequential: str | None = None,
        signed: str | None = None,
        scope: Scope | None = None,
        dark: bool | None = None,
    ) -> None:
        """Change how values are coloured; what isn't named stays."""
        changes = {
            name: value
            for name, value in (
                ("sequential", sequential),
                ("signed", signed),
                ("scope", scope),
                ("dark", dark),
            )
            if value is not None
        }
        self.display = replace(self.display, **changes)  # type: ignore[arg-type]  # checked above
        if self.display.scope is Scope.NETWORK:
            self._want_all()
        self._flow.set_display(self.display)
        self._inspector.set_display(self.display)
        self.display_changed.emit(self.display)

    def set_network(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        """Show another network; its first record follows.

        Where its nodes are the same as before, what is selected stays.
        """
        stays = same_nodes(self.network, network)
        if self._dead is None or weights is not self.weights:  # not just for another image size
            self._dead = DeadChannels(network)
        self.network = network
        self.weights = weights
        self._marked = {}
        self.record = None
        self._flow.set_network(network)
        self._flow.set_weights(weights)
        self._inspector.set_network(network)
        self._inspector.set_weights(weights)
        self._prediction.set_pending(network.class_names)
        self._set_winner("")
        if not stays:
            self.select(None)
        self.network_changed.emit(network)
        self.network_shown.emit(network, weights)

    def set_weights(self, weights: WeightsRecord) -> None:
        """Show other weights of the same network; the record that belongs to them follows."""
        self.weights = weights
        self._flow.set_weights(weights)
        self._inspector.set_weights(weights)
        self.weights_shown.emit(weights)

    def set_source(self, source: Drawing | Picture) -> None:
        """Take what the next records answer: different pictures tell whether a channel is dead."""
        self._shown = picture_key(source)

    def set_record(self, record: ActivationRecord) -> None:
        """Show a record, unless it is older than the one that is shown."""
        if self.network is None:
            return
        if self.record is not None and record.generation < self.record.generation:
            return
        self.record = record
        self._flow.set_record(record)
        self._inspector.set_record(record)
        self._preview.set_image(record.image.pixels)
        names = self.network.class_names
        answer = record.probabilities
        probabilities = None if answer is None else answer.tolist()
        legibility, digit = record.image.legibility, self.network.preparation.digit
        self._prediction.set_result(probabilities, names, legibility, digit=digit)
        self._set_winner(self._prediction.winner or "")
        self.record_shown.emit(record)
        if not self._after_paint.isActive():
            self._after_paint.start()

    def needed(self) -> frozenset[str] | None:
        """Return which nodes' outputs are needed now, see `InferenceRequest.keep`."""
        anything = self.selection is not None or self._explaining
        return None if anything or self.display.scope is Scope.NETWORK else self._flow.needed()

    def set_explaining(self, who: object, *, explains: bool) -> None:
        """Take note that somebody needs any output from now on, or no longer."""
        if explains:
            self._explaining.add(who)
            self._want_all()
        else:
            self._explaining.discard(who)

    def describe(self, hovered: Selection | None) -> str:
        """Return name, place and value of what is under the pointer, in one line."""
        return hover_text(hovered, self.network, self.weights, self.record)

    def grab(self) -> QImage:
        """Return a picture of the view of the network."""
        return self._flow.picture().toImage()

    def _mark_dead(self) -> None:
        if self._dead is None or self.record is None:
            return
        self._dead.update(self.record, self._shown)
        dead = self._dead.dead()
        if dead != self._marked:
            self._marked = dead
            self._flow.set_dead(dead)
            self._inspector.set_dead(dead, self._dead.drawings)

    def select(self, selection: Selection | None) -> None:
        """Select a channel, a pixel, or nothing, everywhere at once."""
        self.selection = selection
        if selection is not None:
            self._want_all()
        self._flow.set_selection(selection)
        self._inspector.set_selection(selection)
        self.selection_changed.emit(selection)

    def select_strongest(self, layer: str, channel: int) -> None:
        """Select the pixel of a feature map that answers most."""
        values = None if self.record is None else self.record.outputs.get(layer)
        y, x = 0, 0
        if values is not None and values.ndim == 3:
            _, width = values.shape[1:]
            y, x = divmod(int(np.abs(values[channel]).argmax()), width)
        self.select(Selection(layer, channel, y, x))

    def _want_all(self) -> None:
        if self.record is None or not self.record.whole:
            self.all_wanted.emit()

    def _set_winner(self, winner: str) -> None:
        if winner != self._winner:
            self._winner = winner
            self.winner_changed.emit(winner)


def picture_key(source: Drawing | Picture) -> str | None:
    """Return what tells a picture from others; None where only its pixels can.

    That is its file, or its title in a data set. Frames of a camera, and pasted pictures, share
    one title.
    """
    if not isinstance(source, Picture):
        return None
    return source.path or (source.title if source.prepared else None)
