"""From records and selection to the trace, and from it back to the other views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from viewer.core.explain.mask_outline import outline
from viewer.core.explain.receptive_field import receptive_field

if TYPE_CHECKING:
    from viewer.controllers.views import ViewController
    from viewer.core.explain.mask_outline import Edge
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, NetworkRecord, Selection, WeightsRecord
    from viewer.widgets.flow.view import FlowView
    from viewer.widgets.inputs.preview import PixelView
    from viewer.widgets.theme import Theme
    from viewer.widgets.trace.view import TraceView

MAP_DIMENSIONS = 2  # of the mask of a map; that of a vector has one


class TraceController(QObject):
    """Gives the view weights and records that belong together, and outlines receptive fields.

    While a network learns, its weights arrive a moment before the record that was computed
    with them: they wait for it.

    Parameters
    ----------
    view : TraceView
    views : ViewController
        Selects, for all views, what the person goes to.
    flow : FlowView
    drawing : PixelView
        What the network sees.
    """

    def __init__(
        self,
        view: TraceView,
        views: ViewController,
        flow: FlowView,
        drawing: PixelView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._views = views
        self._flow = flow
        self._drawing = drawing
        self._network: NetworkRecord | None = None
        self._weights: WeightsRecord | None = None
        self._waiting: WeightsRecord | None = None
        self._generation = -1
        self._active = False
        view.selection_requested.connect(views.select)
        views.selection_changed.connect(self._on_selection_changed)

    def set_active(self, active: bool) -> None:
        """Follow the selection, or stop it and take the outlines away."""
        self._active = active
        self._on_selection_changed(self._views.selection)

    def set_theme(self, theme: Theme) -> None:
        """Give the view the theme's colours."""
        self._view.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the values as the other views do."""
        self._view.set_display(display)

    def set_network(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        """Show another network; its first record follows."""
        self._network, self._weights, self._waiting = network, weights, None
        self._generation = -1
        self._view.set_network(network)
        self._view.set_weights(weights)
        self._on_selection_changed(self._views.selection)

    def set_weights(self, weights: WeightsRecord) -> None:
        """Take other weights of the same network, as soon as their record is here."""
        self._waiting = weights

    def set_record(self, record: ActivationRecord) -> None:
        """Show a record, unless it is older than the one that is shown."""
        if self._network is None or record.generation < self._generation:
            return
        self._generation = record.generation
        if self._waiting is not None and self._waiting.step <= record.weights_step:
            self._weights, self._waiting = self._waiting, None
            self._view.set_weights(self._weights)
        self._view.set_record(record)

    def _on_selection_changed(self, selection: Selection | None) -> None:
        fields: dict[str, tuple[Edge, ...]] = {}
        if self._active and self._network is not None:
            self._view.set_selection(selection)
            fields = _fields(self._network, self._weights, selection)
        self._flow.set_fields(fields)
        first = "" if self._network is None else self._network.nodes[0].name
        self._drawing.set_field(fields.get(first, ()))


def _fields(
    network: NetworkRecord, weights: WeightsRecord | None, selection: Selection | None
) -> dict[str, tuple[Edge, ...]]:
    """Return the outline of the receptive field on the maps of every layer before."""
    if selection is None or selection.in_channel is not None:
        return {}
    try:
        masks = receptive_field(
            network,
            selection.node,
            selection.y,
            selection.x,
            channel=selection.channel,
            weights=weights,
        )
    except (KeyError, IndexError):  # a selection of the network before
        return {}
    return {
        name: outline(mask)
        for name, mask in masks.items()
        if mask.ndim == MAP_DIMENSIONS and name != selection.node
    }
