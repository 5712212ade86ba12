"""The lab's kernel on its input, step by step: a sliding window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.controllers.explain_dock import ExplainDock
from viewer.core.records import same_nodes

if TYPE_CHECKING:
    from viewer.core.explain.lab import LabResult
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, NetworkRecord, WeightsRecord
    from viewer.widgets.sliding.view import SlidingView
    from viewer.widgets.theme import Theme


class LabSteps(ExplainDock["SlidingView"]):
    """Shows an experiment of the lab, and follows it while it is in sight."""

    NAME, TITLE = "lab_steps", "Lab, step by step"
    _animated = True
    _network: NetworkRecord | None = None  # the experiment as one

    @property
    def in_sight(self) -> bool:
        """Whether somebody can see it."""
        return self._active

    def set_animated(self, on: bool) -> None:
        """Let the window glide from cell to cell, or jump."""
        self._animated = on
        if self.view is not None:
            self.view.set_animated(on)

    def set_result(self, result: LabResult) -> None:
        """Show an experiment; the window stays where it is while the sizes do."""
        from viewer.core.explain.lab_records import lab_records

        if self.view is None:
            return
        found = lab_records(result)
        if not same_nodes(self._network, found.network):
            self._network = found.network
            self.view.set_network(found.network)
        self.view.set_weights(found.weights)
        self.view.set_record(found.record)

    def start(self, kernel: int, cell: tuple[int, int] | None) -> None:
        """Let one of the kernels slide, from a cell (y, x) of its map; None for the first one."""
        if self.view is None or self._network is None:
            return
        self.view.select(self._network.nodes[1].name, kernel)
        if cell is None:
            self.view.go_to_end(-1)
        else:
            self.view.move_to(*cell)

    def _build(self) -> tuple[SlidingView, _Colors]:
        from viewer.widgets.sliding.view import SlidingView

        view = SlidingView()
        view.set_animated(self._animated)
        return view, _Colors(view)

    def _give_icons(self) -> None:
        if self.view is not None and self._icons is not None and self._theme is not None:
            self.view.set_icons(self._icons, self._theme)

    def _on_visibility_changed(self, visible: bool) -> None:
        # Nothing here is of the network on screen: no record of it is asked for.
        if visible != self._active:
            self._active = visible
            self.shown_changed.emit(visible)


class _Colors:
    """Gives the view colours, and nothing of the network on screen."""

    def __init__(self, view: SlidingView) -> None:
        self._view = view

    def set_theme(self, theme: Theme) -> None:
        self._view.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        self._view.set_display(display)

    def set_network(self, _network: NetworkRecord, _weights: WeightsRecord) -> None:
        pass

    def set_weights(self, _weights: WeightsRecord) -> None:
        pass

    def set_record(self, _record: ActivationRecord) -> None:
        pass
