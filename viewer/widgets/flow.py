"""The network view: every layer as a card, from left to right, live."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from typing_extensions import override

from viewer.core.explain.contributions import Contribution
from viewer.core.imaging.display import DisplaySettings
from viewer.core.layout import FlowLayout, lay_out
from viewer.core.records import ActivationRecord, NetworkRecord, Selection, WeightsRecord
from viewer.widgets import flow_keys, flow_overlay
from viewer.widgets.flow_scene import FlowScene
from viewer.widgets.flow_titles import TitleFonts
from viewer.widgets.theme import Theme

MIN_ZOOM, MAX_ZOOM = 1, 12
WHEEL_STEP = 120  # of QWheelEvent.angleDelta: one notch
SCROLL_STEP_PX = 48
_SCROLL_MARGIN_PX = 16  # kept around what is scrolled to

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_LAYER_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class FlowView(QAbstractScrollArea):
    """Shows a network's layers as cards, and their values as pictures.

    Signals
    -------
    selection_changed : Selection
        The person chose a pixel, a unit, a class or a weight.
    hover_changed : Selection or None
        What is under the mouse.
    record_painted : int
        Generation of the record that has just become visible.
    zoom_changed : int or None
        The person chose another zoom; None fits everything.
    """

    selection_changed = pyqtSignal(object)
    hover_changed = pyqtSignal(object)
    record_painted = pyqtSignal(int)
    zoom_changed = pyqtSignal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._display = DisplaySettings(dark=theme.dark)
        self._fonts = TitleFonts()
        self._network: NetworkRecord | None = None
        self._record: ActivationRecord | None = None
        self._weights: WeightsRecord | None = None
        self._dead: Mapping[str, frozenset[int]] = {}
        self._message = ""
        self._zoom: int | None = None
        self._focused: str | None = None
        self._selection: Selection | None = None
        self._hover: Selection | None = None
        self._cursor = QPointF()
        self._pan_from: QPointF | None = None
        self._space_down = False
        self._scene: FlowScene | None = None
        self._chrome: QPixmap | None = None
        self._unreported: int | None = None
        self._sources: tuple[object, tuple[Contribution, ...]] = (None, ())
        self._build()
