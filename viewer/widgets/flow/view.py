"""The network view: every layer as a card, from left to right, live under mouse and keys."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QEvent, QKeyCombination, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from viewer.core.card_layout import least_zoom
from viewer.core.card_level import ZOOMS
from viewer.core.records import NetworkRecord, Node, Selection
from viewer.widgets.flow import keys as flow_keys
from viewer.widgets.flow.navigation import FlowNavigation
from viewer.widgets.flow.scroll import scroll_by
from viewer.widgets.keys import CLOSER, ENTER, arrow
from viewer.widgets.theme import Theme
from viewer.widgets.wheel import Wheel

_LAYER_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
# Not L alone: that opens the lab, whatever has the focus.
_LOCK = QKeyCombination(Qt.KeyboardModifier.ShiftModifier, Qt.Key.Key_L)


class FlowView(FlowNavigation):
    """Shows a network's layers as cards, and lets people point at what is in them.

    Hover reads values; a click selects; arrow keys walk maps, with Ctrl or Alt layers; Enter
    or a double click lets a card fill the view, Esc or another one goes back; Ctrl and the
    wheel, +, − and 0 zoom; the middle button, or Space and a drag, pans. Where locks are
    offered, a click on one, or Shift+L for the selected layer, freezes a layer or frees it. A click
    on the control of a block, or O for the one of what is selected, opens or collapses it.

    Signals
    -------
    selection_changed : Selection
        The person chose a pixel, a unit, a class or a weight.
    hover_changed : Selection or None
        What is under the mouse.
    record_painted : int
        Generation of the record that has just become visible.
    frozen_changed : tuple of str
        The person closed or opened the lock of a layer; the layers that are frozen now.
    """

    selection_changed = pyqtSignal(object)
    hover_changed = pyqtSignal(object)
    frozen_changed = pyqtSignal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pan_from: QPointF | None = None
        self._wheel = Wheel()
        self._space_down = False

    @override
    def set_network(self, network: NetworkRecord | None) -> None:
        hovered = self._hover is not None
        super().set_network(network)
        if hovered:
            self.hover_changed.emit(None)

    def zoom_by(self, steps: int) -> None:
        """Zoom in by steps from what is shown, out by negative ones."""
        layout = self.layout_shown()
        if layout is None or self._focused is not None:
            return
        now, nodes = layout.level.zoom, self._shown_nodes()
        levels = [zoom for zoom in ZOOMS if zoom >= least_zoom(nodes)]
        nearest = [z for z in levels if z > now] if steps > 0 else [z for z in levels if z < now]
        if not nearest:
            nearest = levels[-1:] if steps > 0 else levels[:1]
        # From between two steps, the nearest one is the first.
        wanted = nearest[min(steps, len(nearest)) - 1 if steps > 0 else max(steps, -len(nearest))]
        self._choose_zoom(wanted)

    def zoom_to_fit(self) -> None:
        """Zoom so that everything is in sight."""
        self._choose_zoom(None)

    def show_only(self, node: str | None) -> None:
        """Let one card fill the view, of a node or of a block; None goes back to all of them."""
        if node is not None and self._blocks is not None:
            self.set_open_blocks(self._blocks.tree.to_show(node, self._blocks.paths))
            node = self._blocks.shown.showing(node) or node
        if node != self._focused:
            self._focused = node
            self._set_hover(None)
            self._rebuild()
            if node is None and self._selection is not None:
                self._reveal(self._selection)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space_down):
            self._pan_from = event.position()
            self._surface().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif left and (name := self._lock_at(event.position())) is not None:
            self._toggle_lock(name)
        elif left and (button := self._button_at(event.position())) is not None:
            self.toggle_block(button.path)
        elif left:
            self._select(self._at(event.position()))

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._pan_from is not None:
            self._pan_to(event.position())
            return
        self._cursor = event.position()
        self._update_cursor()
        self._set_hover(self._at(self._cursor))
        if self._hover is not None:
            self._surface().update()  # the readout follows the cursor within a pixel too

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self._update_cursor()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._scene is None:
            return
        card = self._scene.card_at(event.position() + self._offset())
        lock = self._lock_at(event.position())
        if lock is not None:
            self._toggle_lock(lock)  # the second of two quick clicks
        elif (button := self._button_at(event.position())) is not None:
            self.toggle_block(button.path)
        elif self._focused is not None:
            self.show_only(None)
        elif card is not None:
            self.show_only(card.node)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if notches := self._wheel.notches(event):
                self.zoom_by(notches)
            event.accept()
            return
        super().wheelEvent(event)
        self._set_hover(self._at(event.position()))

    @override
    def viewportEvent(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Leave:
            self._set_hover(None)
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip_at(QPointF(event.pos())), self)
            return True
        return super().viewportEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if not self._key(event):
            super().keyPressEvent(event)

    @override
    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_down = False
            self._update_cursor()
        super().keyReleaseEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self._surface().update()

    @override
    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self._space_down = False
        self._update_cursor()
        self._surface().update()

    def _key(self, event: QKeyEvent) -> bool:
        """Do what a key asks for; False if it asks for nothing here."""
        key = event.key()
        if (step := arrow(key)) is not None:
            down, right = step
            return self._walk(right, down, layers=bool(event.modifiers() & _LAYER_MODIFIERS))
        if key in ENTER and self._selection is not None:
            self.show_only(None if self._focused else self._selection.node)
        elif key == Qt.Key.Key_Escape and self._focused is not None:
            self.show_only(None)
        elif key in CLOSER:
            self.zoom_by(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(-1)
        elif key == Qt.Key.Key_0:
            self.zoom_to_fit()
        elif event.keyCombination() == _LOCK and (lock := self._selected_lock()) is not None:
            self._toggle_lock(lock)
        elif key == Qt.Key.Key_O and self._selected_block() is not None:
            self.toggle_block(self._selected_block() or "")
        elif key == Qt.Key.Key_Space:
            self._space_down = True
            self._update_cursor()
        else:
            return False
        return True

    def _walk(self, dx: int, dy: int, *, layers: bool) -> bool:
        if self._scene is None or (layers and dy):
            return False
        nodes = self._walked_nodes()
        if self._selection is None:
            self._select(flow_keys.first_selection(nodes))
        elif layers:
            # From the card of the block, where what is selected is inside of a collapsed one.
            shown = self._scene.shown
            name = shown.output_of[shown.shown_of[self._selection.node]]
            from_here = replace(self._selection, node=name)
            self._select(flow_keys.next_layer(nodes, from_here, dx))
        else:
            card = self._scene.card_of(self._selection.node)
            if card is not None:
                node = self._scene.node(self._selection.node)
                self._select(flow_keys.next_channel(card, node, self._selection, dx, dy))
        return True

    @override
    def reveal_card(self, name: str) -> None:
        self._set_hover(None)
        super().reveal_card(name)

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._set_hover(None)  # it went with its map; the pointer is over something else

    @override
    def toggle_block(self, path: str) -> None:
        self._set_hover(None)
        super().toggle_block(path)
        self._update_cursor()

    def _walked_nodes(self) -> tuple[Node, ...]:
        """Return the nodes of the network whose values the cards show, in their order."""
        if self._scene is None:
            return ()
        shown = self._scene.shown
        return tuple(self._scene.node(shown.output_of[node.name]) for node in shown.nodes)

    def _selected_block(self) -> str | None:
        if self._selection is None or self._blocks is None:
            return None
        return self._blocks.block_of(self._selection.node)

    def _tip_at(self, position: QPointF) -> str:
        name = self._lock_at(position)
        if name is not None:
            return self._locks.tip(name)
        button = self._button_at(position)
        if button is None or self._blocks is None:
            return "" if self._scene is None else self._scene.name_tip(position + self._offset())
        return button.tip(len(self._blocks.tree.blocks[button.path].nodes))

    def _at(self, position: QPointF) -> Selection | None:
        if self._scene is None:
            return None
        return self._scene.selection_at(position + self._offset())

    def _lock_at(self, position: QPointF) -> str | None:
        if self._scene is None or not self._locks.offered:
            return None
        return self._scene.lock_at(position + self._offset())

    def _selected_lock(self) -> str | None:
        """Return the layer, or the collapsed block, that is selected and has a lock."""
        if self._selection is None or self._blocks is None:
            return None
        name = self._blocks.shown.shown_of.get(self._selection.node, "")
        return None if self._locks.closed(name) is None else name

    def _toggle_lock(self, name: str) -> None:
        self._set_locks(self._locks.toggled(name))
        self.frozen_changed.emit(self._locks.names())

    def _select(self, selection: Selection | None) -> None:
        if selection is not None and selection != self._selection:
            self.set_selection(selection)
            self.selection_changed.emit(selection)

    def _set_hover(self, hover: Selection | None) -> None:
        if hover != self._hover:
            self._hover = hover
            self._surface().update()
            self.hover_changed.emit(hover)

    def _choose_zoom(self, zoom: float | None) -> None:
        if zoom != self._zoom:
            self._set_hover(None)
            self.set_zoom(zoom)

    def _pan_to(self, position: QPointF) -> None:
        if self._pan_from is None:
            return
        moved = position - self._pan_from
        self._pan_from = position
        scroll_by(self, -moved)

    def _update_cursor(self) -> None:
        if self._pan_from is not None:
            return
        shape = Qt.CursorShape.OpenHandCursor if self._space_down else Qt.CursorShape.ArrowCursor
        if self._lock_at(self._cursor) is not None or self._button_at(self._cursor) is not None:
            shape = Qt.CursorShape.PointingHandCursor
        self._surface().setCursor(shape)
