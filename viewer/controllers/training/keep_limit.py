"""The bound of the kept steps: remembered, changed, and told to whoever keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings

from viewer.widgets.training.keep_limit_dialog import MAX_MB, MIN_MB, KeepLimitDialog

if TYPE_CHECKING:
    from viewer.controllers.training.time_machine import TimeMachine
    from viewer.services.training import TrainingService
    from viewer.widgets.training.time_slider import TimeSlider

LIMIT_KEY = "training/keep_mb"
DEFAULT_MB = 512
BYTES_PER_MB = 1_000_000


class KeepLimitController(QObject):
    """Lets a person choose how much disk space the kept steps of a run may take.

    It holds for the run that is trained now and for those that are trained later.

    Attributes
    ----------
    limit_mb : int
    """

    def __init__(
        self,
        slider: TimeSlider,
        time: TimeMachine,
        training: TrainingService,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._slider = slider
        self._time = time
        self._training = training
        self._settings = settings
        self.limit_mb = self._stored()
        slider.limit_requested.connect(self._on_limit_requested)
        self._apply()

    def set_limit(self, limit_mb: int) -> None:
        """Use another bound from now on; steps beyond it are dropped at once."""
        self.limit_mb = limit_mb
        self._settings.setValue(LIMIT_KEY, limit_mb)
        self._apply()

    def _stored(self) -> int:
        try:
            limit_mb = int(self._settings.value(LIMIT_KEY, DEFAULT_MB))
        except (TypeError, ValueError):
            return DEFAULT_MB  # or whatever somebody else wrote there
        return limit_mb if MIN_MB <= limit_mb <= MAX_MB else DEFAULT_MB

    def _apply(self) -> None:
        limit_bytes = self.limit_mb * BYTES_PER_MB
        self._training.set_keep_limit(limit_bytes)
        self._time.set_limit(limit_bytes)

    def _on_limit_requested(self) -> None:
        dialog = KeepLimitDialog(self.limit_mb, self._slider.window() or self._slider)
        dialog.chosen.connect(self.set_limit)
        dialog.open()
