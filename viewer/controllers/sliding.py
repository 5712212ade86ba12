"""From records to the sliding window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

if TYPE_CHECKING:
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, NetworkRecord, WeightsRecord
    from viewer.widgets.sliding.view import SlidingView
    from viewer.widgets.theme import Theme


class SlidingController(QObject):
    """Gives the view weights and records that belong together.

    While a network learns, its weights arrive a moment before the record that was computed
    with them. They wait for it: otherwise the arithmetic and torch's value would differ for
    as long.
    """

    def __init__(self, view: SlidingView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._network: NetworkRecord | None = None
        self._waiting: WeightsRecord | None = None
        self._generation = -1

    def set_theme(self, theme: Theme) -> None:
        """Give the view the theme's colours."""
        self._view.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the values as the other views do."""
        self._view.set_display(display)

    def set_network(self, network: NetworkRecord, weights: WeightsRecord) -> None:
        """Show another network; its first record follows."""
        self._network, self._waiting, self._generation = network, None, -1
        self._view.set_network(network)
        self._view.set_weights(weights)

    def set_weights(self, weights: WeightsRecord) -> None:
        """Take other weights of the same network, as soon as their record is here."""
        self._waiting = weights

    def set_record(self, record: ActivationRecord) -> None:
        """Show a record, unless it is older than the one that is shown."""
        if self._network is None or record.generation < self._generation:
            return
        self._generation = record.generation
        if self._waiting is not None and self._waiting.step <= record.weights_step:
            self._view.set_weights(self._waiting)
            self._waiting = None
        self._view.set_record(record)

    def select(self, node: str, channel: int) -> bool:
        """Let a filter slide; False, and all stays, if nothing slides there."""
        return self._view.select(node, channel)
