"""Layers that the next training leaves as they are: ticked on their cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.records import Kind

if TYPE_CHECKING:
    from viewer.controllers.training.setup import SetupController
    from viewer.controllers.views import ViewController
    from viewer.core.records import NetworkRecord
    from viewer.core.training.config import TrainingConfig
    from viewer.widgets.flow.view import FlowView
    from viewer.widgets.training.panel import TrainingPanel

# Others hold parameters of a module around them (an attention, a position embedding): they have
# no name of their own in the network.
LAYERS = (Kind.CONVOLUTION, Kind.DENSE, Kind.NORMALISATION)


class FreezingController(QObject):
    """Offers locks while the set-up's network is the one on screen, and the dock is open."""

    def __init__(
        self,
        flow: FlowView,
        views: ViewController,
        panel: TrainingPanel,
        setup: SetupController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._flow = flow
        self._views = views
        self._panel = panel
        self._setup = setup
        self._open = False
        flow.frozen_changed.connect(setup.set_frozen)
        panel.page_changed.connect(self._on_page_changed)
        setup.config_changed.connect(self.refresh)
        views.network_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Offer locks where there is something to freeze, closed as the set-up has it."""
        config, network = self._setup.config(), self._views.network
        names = freezable(network, config)
        self._panel.setup.set_freezable(bool(names))
        self._flow.set_freezable(names if self._open else ())
        self._flow.set_frozen(config.frozen)

    def _on_page_changed(self, page: str) -> None:
        self._open = bool(page)
        self.refresh()


def freezable(network: NetworkRecord | None, config: TrainingConfig) -> tuple[str, ...]:
    """Return the layers with weights, if `network` is the one that `config` would train."""
    if network is None or network.architecture != config.architecture:
        return ()
    if _hyper(config.architecture, config.hyper) != _hyper(network.architecture, network.hyper):
        return ()
    return tuple(
        node.name
        for node in network.nodes
        if node.parameters and node.kind in LAYERS and "#" not in node.name
    )


def _hyper(architecture: str, hyper: Mapping[str, object]) -> Mapping[str, object] | None:
    try:
        return architectures().get(architecture).complete(hyper)
    except UserError:
        return None
