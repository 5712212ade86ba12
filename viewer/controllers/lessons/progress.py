"""How far a person has come in each lesson, remembered between sessions."""

from __future__ import annotations

import json
from dataclasses import dataclass

from PyQt6.QtCore import QSettings

KEY = "lessons/progress"


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one lesson.

    Attributes
    ----------
    step : int
        Where to go on, counted from 0.
    done : bool
        Whether its end was reached once.
    """

    step: int = 0
    done: bool = False


class ProgressStore:
    """Progress by the ids of lessons; what can't be read is no progress."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings
        self._known = self._read()

    def of(self, lesson: str) -> Progress:
        """Return the progress of a lesson."""
        return self._known.get(lesson, Progress())

    def set(self, lesson: str, progress: Progress) -> None:
        """Remember progress."""
        self._known[lesson] = progress
        values = {key: [item.step, item.done] for key, item in self._known.items()}
        self._settings.setValue(KEY, json.dumps(values))

    def reset(self) -> None:
        """Forget everything."""
        self._known = {}
        self._settings.remove(KEY)

    def _read(self) -> dict[str, Progress]:
        try:
            values = json.loads(str(self._settings.value(KEY, "{}")))
            return {
                str(key): Progress(max(0, int(step)), bool(done))
                for key, (step, done) in values.items()
            }
        except (ValueError, TypeError, AttributeError):
            return {}
