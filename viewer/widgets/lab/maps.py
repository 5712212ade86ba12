"""What the kernels of the convolution lab make of the input: one map each, on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from viewer.core.explain.lab_settings import Combination
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings
from viewer.widgets.color_bar import ColorBar
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.lab.cells import CellCanvas
from viewer.widgets.lab.plates import Outline, Plate, Spot
from viewer.widgets.theme import GRID_PX
from viewer.widgets.training.setting_editors import ROW_PX

if TYPE_CHECKING:
    from viewer.core.explain.lab import LabResult
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.widgets.theme import Theme

COMBINED_TITLES = {Combination.SUM: "sum of all", Combination.MAXIMUM: "maximum of all"}


class LabMaps(QWidget):
    """The maps and their colour bar.

    Signals
    -------
    cell_hovered(object)
        Spot under the mouse, or None; plate n is the map of all kernels together.
    cell_chosen(object)
        Spot that was clicked.
    """

    cell_hovered = pyqtSignal(object)
    cell_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = DisplaySettings()
        self._result: LabResult | None = None
        self._names: tuple[str, ...] = ()
        self._scale: ColorScale | None = None
        self._title = ElidedLabel(bold=True)
        self._title.setFixedHeight(ROW_PX)
        self.canvas = CellCanvas("Feature maps: click a cell to keep its arithmetic", 120, 96)
        self._bar = ColorBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._title)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._bar)
        self.canvas.hover_changed.connect(self.cell_hovered)
        self.canvas.pressed.connect(self._on_pressed)

    @property
    def scale(self) -> ColorScale | None:
        """What colours all maps, and is their colour bar."""
        return self._scale

    def title(self) -> str:
        """Return what stands above the maps."""
        return self._title.text()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.canvas.set_theme(theme)
        self._bar.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the maps by these settings; all of them have one scale."""
        self._display = display
        self._show()

    def set_result(self, result: LabResult | None, names: tuple[str, ...]) -> None:
        """Show what an experiment gave; None for nothing."""
        self._result, self._names = result, names
        self._show()

    def set_pinned(self, spot: Spot | None) -> None:
        """Outline the cell whose arithmetic is kept."""
        if spot is None:
            self.canvas.set_outlines(())
        else:
            outline = Outline(*spot, spot.y + 1, spot.x + 1, selected=True)
            self.canvas.set_outlines((outline,))

    def _show(self) -> None:
        result = self._result
        if result is None:
            self._scale = None
            self._title.set_text("Feature maps")
            self.canvas.set_plates(())
            self._bar.set_scale(None)
            return
        maps, titles = list(result.maps), [*self._names]
        if result.combined is not None:
            maps.append(result.combined)
            titles.append(COMBINED_TITLES[result.settings.combination])
        stacked = np.stack(maps)
        signed = bool(stacked.min() < 0)
        flat = stacked.astype(np.float32).ravel()  # one scale, whatever the scope
        self._scale = scale_for(flat, signed=signed, settings=self._display)
        height, width = stacked.shape[1:]
        count = "1 feature map" if len(result.maps) == 1 else f"{len(result.maps)} feature maps"
        self._title.set_text(f"{count}, {height} × {width}")
        self.canvas.set_plates(
            [
                Plate(self._scale.apply(values), values, title, _short(number, len(self._names)))
                for number, (values, title) in enumerate(zip(maps, titles, strict=True))
            ]
        )
        self._bar.set_scale(self._scale)

    def _on_pressed(self, spot: Spot, right: bool) -> None:
        if not right:
            self.cell_chosen.emit(spot)


def _short(number: int, count: int) -> str:
    """Return the number that a kernel has in the list; "all" for the map of all of them."""
    return str(number) if number < count else "all"
