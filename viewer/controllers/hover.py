"""The status bar's line on what is under the pointer, which follows what is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

if TYPE_CHECKING:
    from viewer.controllers.views import ViewController
    from viewer.core.records import Selection
    from viewer.widgets.flow.view import FlowView
    from viewer.widgets.inspector.view import Inspector
    from viewer.widgets.window.status import StatusBar


class HoverController(QObject):
    """Tells name, place and value of what is under the pointer, once more with every record."""

    def __init__(
        self,
        flow: FlowView,
        inspector: Inspector,
        views: ViewController,
        status: StatusBar,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._views = views
        self._status = status
        self._hovered: Selection | None = None
        flow.hover_changed.connect(self._on_hover_changed)
        inspector.hover_changed.connect(self._on_hover_changed)
        views.record_shown.connect(self._on_values_changed)
        views.weights_shown.connect(self._on_values_changed)
        views.network_changed.connect(self._on_network_changed)

    def _on_hover_changed(self, hovered: Selection | None) -> None:
        self._hovered = hovered
        self._status.set_hover_text(self._views.describe(hovered))

    def _on_values_changed(self) -> None:
        if self._hovered is not None:
            self._status.set_hover_text(self._views.describe(self._hovered))

    def _on_network_changed(self) -> None:
        self._on_hover_changed(None)  # it was in another network, or in maps of another size
