"""The switch that shows gradients in the place of the weights, while a training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from viewer.core.training.progress import RunState

if TYPE_CHECKING:
    from viewer.services.training import TrainingService
    from viewer.widgets.window.actions import ActionSet

ACTION = "gradients"
LIVE = (RunState.PREPARING, RunState.RUNNING, RunState.PAUSED, RunState.FINISHING)


class GradientsController(QObject):
    """Keeps the switch and the training in step; off whenever no run is at hand."""

    def __init__(
        self, actions: ActionSet, training: TrainingService, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._training = training
        actions.action_toggled.connect(self._on_action_toggled)
        training.state_changed.connect(self._on_state_changed)
        self._on_state_changed()

    def _on_action_toggled(self, name: str, on: bool) -> None:
        if name == ACTION:
            self._training.wants_gradients = on
            self._training.show()

    def _on_state_changed(self) -> None:
        live = self._training.state in LIVE
        self._actions.set_enabled(ACTION, live)
        if not live:
            # The training itself has shown its weights once more before it ended.
            self._actions.set_checked(ACTION, False)
            self._training.wants_gradients = False
