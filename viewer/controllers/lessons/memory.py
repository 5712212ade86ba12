"""What was on screen before a lesson began, to be brought back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.core.live import Snapshot
    from viewer.core.records import Drawing, Picture, Selection
    from viewer.services.all import Services
    from viewer.widgets.inputs.pad_panel import PadPanel


@dataclass(frozen=True, slots=True)
class _Kept:
    source: Drawing | Picture
    prepared: bool
    model: str
    snapshot: Snapshot | None
    selection: Selection | None
    focused: str | None


class LessonMemory(QObject):
    """The person's drawing, network and selection."""

    def __init__(self, main: MainController, services: Services, panel: PadPanel) -> None:
        super().__init__(main)
        self._main = main
        self._panel = panel
        self._returning: _Kept | None = None
        main.views.network_changed.connect(self._on_network_changed)
        self._inference = services.inference
        self._kept: _Kept | None = None

    def remember(self) -> None:
        """Note what is on screen."""
        self._returning = None
        main = self._main
        layout = main.flow.layout_shown()
        cards = () if layout is None else tuple(layout.cards)
        nodes = () if main.views.network is None else main.views.network.nodes
        self._kept = _Kept(
            main.inputs.source,
            not main.inputs.raw,
            main.networks.model,
            self._inference.snapshot,
            main.views.selection,
            cards[0] if len(cards) == 1 and len(nodes) > 1 else None,
        )

    def restore(self, *, anew: bool = False) -> None:
        """Bring it back.

        Parameters
        ----------
        anew : bool
            Also where the network on screen is the person's own: another is about to replace it.
        """
        kept, self._kept = self._kept, None
        if kept is None:
            return
        main = self._main
        main.flow.show_only(None)
        main.views.select(None)
        self._panel.set_prepared(kept.prepared)
        main.inputs.show_source(kept.source)
        self._returning = kept
        if anew:
            self._inference.opening.cancel()
        if kept.snapshot is not None:
            self._inference.follow(kept.snapshot.origin)
            self._inference.show(kept.snapshot)
        elif kept.model and (anew or main.networks.model != kept.model or self._inference.snapshot):
            main.networks.open(kept.model)
        else:
            self._on_network_changed()

    def _on_network_changed(self) -> None:
        """Select again what was selected, once its network is there."""
        kept, network = self._returning, self._main.views.network
        if kept is None or network is None or self._main.networks.model != kept.model:
            return
        self._returning = None
        known = [node.name for node in network.nodes]
        if kept.selection is not None and kept.selection.node in known:
            self._main.views.select(kept.selection)
        if kept.focused in known:
            self._main.flow.show_only(kept.focused)
