"""How the curves are drawn, remembered from one start of the program to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings

from viewer.widgets.training.curves import DEFAULT_STEPS, MAX_STEPS

if TYPE_CHECKING:
    from viewer.widgets.training.curves import CurvesView

LOG_KEY, SMOOTHING_KEY = "training/curves_log", "training/curves_smoothing"


class CurvesMemory(QObject):
    """Shows the curves as they were shown last, and keeps what a person changes."""

    def __init__(
        self, view: CurvesView, settings: QSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        view.set_log(settings.value(LOG_KEY, defaultValue=False, type=bool))
        view.set_smoothing(self._stored_steps())
        view.log_changed.connect(lambda log: settings.setValue(LOG_KEY, log))
        view.smoothing_changed.connect(lambda steps: settings.setValue(SMOOTHING_KEY, steps))

    def _stored_steps(self) -> int:
        try:
            steps = int(self._settings.value(SMOOTHING_KEY, DEFAULT_STEPS))
        except (TypeError, ValueError):
            return DEFAULT_STEPS  # or whatever somebody else wrote there
        return steps if 1 <= steps <= MAX_STEPS else DEFAULT_STEPS
