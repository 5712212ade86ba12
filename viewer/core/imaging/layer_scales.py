"""Scales of the colours of a record's layers, each computed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from viewer.core.imaging.color_scale import (
    ColorScale,
    Limits,
    finite_range,
    network_limits,
    scale_for,
)
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.records import ActivationRecord, FloatArray, Kind, NetworkRecord, Node

# Neither is part of the scale that all layers share: pixels and probabilities.
OWN_SCALE = frozenset({Kind.INPUT, Kind.SOFTMAX})


class LayerScales:
    """What the layers of the newest record are coloured with.

    With one scale for the whole network, all layers have to be looked at before any can be
    coloured. That is done in slices, so that a window never waits for a large network.
    """

    def __init__(self) -> None:
        self._record: ActivationRecord | None = None
        self._display = DisplaySettings()
        self._scales: dict[str, ColorScale] = {}
        self._largest: dict[str, float] = {}  # magnitude in each layer that shares a scale
        self._seen_all = False

    def set(self, record: ActivationRecord | None, display: DisplaySettings) -> None:
        """Answer for a record from now on; what is known of the same one is kept."""
        if record is not self._record:
            self._largest.clear()
            self._seen_all = False
        if record is not self._record or display != self._display:
            self._scales.clear()
        self._record, self._display = record, display

    def known(self, name: str) -> ColorScale | None:
        """Return the scale of a layer if it is there without looking at its values."""
        return self._scales.get(name)

    def scale(self, node: Node, values: FloatArray) -> ColorScale | None:
        """Return the scale of a layer.

        Parameters
        ----------
        node : Node
        values : (C, H, W), (L, D) or (N,) float32
            All that the node answered.

        Returns
        -------
        ColorScale or None
            None with one scale for the whole network, until `look` has seen all of it.
        """
        found = self._scales.get(node.name)
        if found is None:
            display, limits = self._display, None
            if node.kind is Kind.INPUT:
                display = display.for_input()
            elif display.scope is Scope.NETWORK and node.kind not in OWN_SCALE:
                if not self._seen_all:
                    return None
                largest = max(self._largest.values(), default=0.0)
                limits = (-largest if node.signed else 0.0), largest
            found = scale_for(values, signed=node.signed, settings=display, limits=limits)
            self._scales[node.name] = found
        return found

    def look(
        self, nodes: Iterable[Node], values: Callable[[str], FloatArray | None], count: int
    ) -> int:
        """Look at layers that share a scale and were not seen yet.

        Parameters
        ----------
        nodes : iterable of Node
            The whole network.
        values : callable
            Returns what a node answered; None if it didn't.
        count : int
            Values after which to stop; at least one layer is looked at.

        Returns
        -------
        int
            How many values were looked at now.
        """
        seen = 0
        for node in nodes:
            if node.kind in OWN_SCALE or node.name in self._largest:
                continue
            if seen >= count:
                return seen
            found = values(node.name)
            low, high = (0.0, 0.0) if found is None else finite_range(found)
            self._largest[node.name] = max(abs(low), abs(high))
            seen += 0 if found is None else found.size
        self._seen_all = True
        return seen


def display_of(
    network: NetworkRecord, record: ActivationRecord, node: Node, display: DisplaySettings
) -> tuple[DisplaySettings, Limits | None]:
    """Return how a layer is shown that stands alone: as on its card.

    Parameters
    ----------
    network : NetworkRecord
    record : ActivationRecord
    node : Node
    display : DisplaySettings
        What the person chose.

    Returns
    -------
    display : DisplaySettings
    limits : (float, float) or None
        Of the scale that all layers share; None where this one doesn't.
    """
    if node.kind is Kind.INPUT:
        return display.for_input(), None
    if display.scope is not Scope.NETWORK or node.kind in OWN_SCALE:
        return display, None
    shared = (n.name for n in network.nodes if n.kind not in OWN_SCALE)
    layers = (record.outputs[name] for name in shared if name in record.outputs)
    return display, network_limits(layers, signed=node.signed)


def of_channels(scale: ColorScale, first: int, end: int) -> ColorScale:
    """Return a scale for some channels of the layer that it was made for."""
    if scale.channels is None:
        return scale
    return replace(scale, channels=scale.channels[first:end])
