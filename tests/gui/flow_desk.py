"""A network view with blocks in it, and what tests do to it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
from PyQt6.QtCore import QPoint, QRectF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.core.card_layout import Rect
from viewer.core.imaging.display import DisplaySettings
from viewer.core.layout import FlowLayout
from viewer.core.records import ActivationRecord, DigitImage, Legibility, NetworkRecord
from viewer.widgets.flow.blocks import close_rects, open_rect
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import LIGHT, Theme

# PyQt's annotations of QTest take "self" for an argument.
KEYS_AND_MOUSE: Any = QTest
LEFT = Qt.MouseButton.LeftButton


def shown_view(
    qtbot: QtBot,
    network: NetworkRecord,
    size: tuple[int, int] = (700, 500),
    theme: Theme = LIGHT,
) -> FlowView:
    """Return a view on screen that shows a record of a network."""
    view = FlowView(theme)
    qtbot.addWidget(view)
    view.resize(*size)
    view.set_display(DisplaySettings(dark=theme.dark))
    view.set_network(network)
    view.set_record(record_of(network))
    with qtbot.waitExposed(view):
        view.show()
    settle(view)
    return view


def record_of(network: NetworkRecord, generation: int = 1) -> ActivationRecord:
    """Return random outputs of all nodes."""
    rng = np.random.default_rng(generation)
    outputs = {
        node.name: rng.normal(size=node.output_shape).astype(np.float32) for node in network.nodes
    }
    image = DigitImage(np.ones((28, 28), np.float32), Legibility.OK)
    return ActivationRecord(generation, 0, image, MappingProxyType(outputs), None)


def settle(view: FlowView) -> None:
    """Let it paint until all that is in sight is of the newest record."""
    for _ in range(200):
        QApplication.processEvents()
        if view._scene is None or view._scene.complete:
            return


def layout_of(view: FlowView) -> FlowLayout:
    layout = view.layout_shown()
    assert layout is not None
    return layout


def in_viewport(view: FlowView, place: QRectF) -> QPoint:
    """Return the middle of a place of the layout, in the viewport."""
    down, across = view.verticalScrollBar(), view.horizontalScrollBar()
    assert down is not None
    assert across is not None
    return (place.center().toPoint()) - QPoint(across.value(), down.value())


def top_in_viewport(view: FlowView, rect: Rect) -> int:
    bar = view.verticalScrollBar()
    assert bar is not None
    return rect.y - bar.value()


def click(view: FlowView, place: QRectF) -> None:
    KEYS_AND_MOUSE.mouseClick(view.viewport(), LEFT, pos=in_viewport(view, place))


def click_open(view: FlowView, path: str) -> None:
    click(view, open_rect(layout_of(view).cards[path]))


def click_close(view: FlowView, path: str) -> None:
    band = next(band for band in layout_of(view).bands if band.path == path)
    click(view, next(close_rects(band)))
