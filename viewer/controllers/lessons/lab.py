"""The convolution lab as lessons set it, and as the person had it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QRect

from viewer.core.errors import UserError
from viewer.core.explain.lab_presets import PATTERNS, ROWS, kernel_preset
from viewer.core.explain.lab_settings import (
    Activation,
    Combination,
    LabSettings,
    PaddingMode,
    Pooling,
)
from viewer.core.lessons.live import LabTensors
from viewer.widgets.lab.input import PATTERN, ROW
from viewer.widgets.lab.plates import Spot

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from viewer.core.explain.lab_settings import Array
    from viewer.widgets.lab.view import LabView

INK = "#"
_NOT_CHANGED = ("kernels", "row")
_ENUMS: Mapping[str, type[StrEnum]] = {
    "mode": PaddingMode,
    "activation": Activation,
    "pooling": Pooling,
    "combination": Combination,
}


class LessonLab:
    """Drives the lab.

    Parameters
    ----------
    get : callable
        Returns the lab's controller, with `view` and `show`; None without a lab.
    """

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get
        self._kept: tuple[str, Array | None, str, LabSettings, tuple[str, ...]] | None = None

    def tensors(self) -> LabTensors | None:
        """Return what the lab shows; None if it isn't built or shows nothing."""
        view = self._view()
        result = None if view is None else view.result
        return None if result is None else LabTensors(result.image, result.kernels, result.maps)

    def set(self, value: dict[str, Any]) -> None:
        """Show the lab with these settings; what isn't named is as in a new lab.

        Raises
        ------
        UserError
            If there is no lab, it can't be shown, or has no such setting.
        """
        controller = self._get()
        if controller is None:
            raise UserError("This program has no convolution lab.")
        controller.show()
        view = self._view()
        if view is None:
            raise UserError("The convolution lab can't be shown.")
        if self._kept is None:
            self._keep(view)
        self._set_input(view, value)
        if "kernel" in value:
            view.set_kernels(np.array(value["kernel"], float)[np.newaxis, np.newaxis], ("Kernel",))
        elif "preset" in value:
            preset = kernel_preset(value["preset"])
            view.set_kernels(preset.kernels[:, np.newaxis], preset.names)
        names = {field.name: field.default for field in fields(LabSettings)}
        changes = {n: value.get(n, d) for n, d in names.items() if n not in _NOT_CHANGED}
        for name, kind in _ENUMS.items():
            changes[name] = kind(changes[name])
        view.change_settings(**changes)
        view.pin(Spot(*value["cell"]) if "cell" in value else None)

    def remember(self) -> None:
        """Note how the person has it, before the first lesson changes it."""
        self._kept = None
        view = self._view()
        if view is not None:
            self._keep(view)

    def restore(self) -> None:
        """Bring that back."""
        view, kept, self._kept = self._view(), self._kept, None
        if view is None or kept is None:
            return
        source, image, title, settings, names = kept
        view.set_source(source)
        if image is not None:
            view.set_image(source, image[0] if len(image) == 1 else image, title)
        view.set_kernels(settings.kernels, names)
        changes = {
            field.name: getattr(settings, field.name)
            for field in fields(LabSettings)
            if field.name not in _NOT_CHANGED
        }
        view.change_settings(**changes)
        view.pin(None)

    def formula_area(self) -> QRect | None:
        """Return where the sizes stand in the view: between the settings and the arithmetic."""
        view = self._view()
        if view is None:
            return None
        top, foot = view.settings_bar.geometry().bottom() + 1, view.readout.geometry().top()
        return QRect(0, top, view.width(), foot - top)

    def widget(self, target: str) -> QWidget | None:
        """Return the part of the lab that a lesson points at."""
        view = self._view()
        if view is None:
            return None
        return {
            "lab": view,
            "lab:formula": view,
            "lab:input": view.input,
            "lab:kernels": view.kernels,
            "lab:maps": view.maps,
            "lab:settings": view.settings_bar,
            "lab:arithmetic": view.readout,
        }.get(target)

    def set_covered(self, covered: bool) -> None:
        """Say whether the maps are covered: no other window may show them then."""
        controller = self._get()
        if self._view() is not None:
            controller.set_covered(covered)

    def _view(self) -> LabView | None:
        controller = self._get()
        view: LabView | None = None if controller is None else getattr(controller, "view", None)
        return view

    def _keep(self, view: LabView) -> None:
        image = view.input.image()
        kept = None if image is None else image.copy()
        self._kept = (
            view.input.source(),
            kept,
            view.input.title(),
            view.settings,
            tuple(view.kernels.kernel_set.names),
        )

    def _set_input(self, view: LabView, value: dict[str, Any]) -> None:
        source = value.get("input", ROW if "row" in value else PATTERN)
        view.set_source(source)
        if source == PATTERN:
            given = value.get("pattern", "Face")
            if isinstance(given, str):
                view.set_image(PATTERN, PATTERNS[given], given)
            else:
                width = max(map(len, given))
                cells = [[float(mark == INK) for mark in line.ljust(width)] for line in given]
                view.set_image(PATTERN, np.array(cells))
        elif source == ROW:
            given = value.get("row", "Two in the middle")
            if isinstance(given, str):
                view.set_image(ROW, ROWS[given], given)
            else:
                view.set_image(ROW, np.array([given], float))
