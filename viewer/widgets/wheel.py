"""Turns of a mouse wheel, in notches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PyQt6.QtGui import QWheelEvent

NOTCH = 120  # eighths of a degree that one notch of a mouse wheel reports


class Wheel:
    """Counts whole notches: a touchpad, and a fine wheel, report a notch in many small parts."""

    def __init__(self) -> None:
        self._rest = 0

    def notches(self, event: QWheelEvent) -> int:
        """Return how many notches are full with this event; above zero: away from the person.

        What is left counts on, until the wheel turns the other way.
        """
        turned = event.angleDelta().y()
        if turned * self._rest < 0:
            self._rest = 0
        self._rest += turned
        notches = int(self._rest / NOTCH)  # towards zero
        self._rest -= notches * NOTCH
        return notches
