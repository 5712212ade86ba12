"""Finding one's way in a large network: blocks to open, a map of the whole, a search."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPen, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QMenu, QWidget
from typing_extensions import override

from viewer.core.layout import FlowLayout
from viewer.core.node_search import Found, find_nodes
from viewer.core.records import Kind, NetworkRecord, Node, Selection, same_nodes
from viewer.widgets.flow.blocks import BlockButton
from viewer.widgets.flow.canvas import FlowCanvas
from viewer.widgets.flow.minimap import Minimap
from viewer.widgets.flow.scroll import reveal, scroll_by
from viewer.widgets.flow.search import Hit, SearchBar
from viewer.widgets.theme import GRID_PX, RADIUS_PX, Theme

POINTED_PX = 2.0  # outline of a card that was searched for


class FlowNavigation(FlowCanvas):
    """The network view with blocks that can be opened, a map in a corner, and a search.

    Signals
    -------
    minimap_changed : bool
        The person hid the map, or had it shown again.
    """

    minimap_changed = pyqtSignal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pointed: str | None = None  # shown name of the card that was searched for
        self._found: tuple[Found, ...] = ()
        self._minimap_wanted = True
        self.minimap = Minimap(theme, self)
        self.minimap.place_chosen.connect(self._scroll_to)
        self.minimap.closed.connect(self._on_minimap_closed)
        self.search = SearchBar(self)
        self.search.query_changed.connect(self._on_query_changed)
        self.search.hit_chosen.connect(self._on_hit_chosen)
        self.search.resized.connect(self._place_overlays)
        self.search.closed.connect(self._on_search_closed)

    def open_blocks(self) -> frozenset[str]:
        """Return the paths of the blocks that are open."""
        return frozenset() if self._blocks is None else self._blocks.paths

    def all_blocks(self) -> frozenset[str]:
        """Return the paths of all blocks of the network."""
        return frozenset() if self._blocks is None else frozenset(self._blocks.tree.blocks)

    def set_open_blocks(self, paths: frozenset[str], keep: str = "") -> None:
        """Open the blocks of these paths, and collapse all others.

        Parameters
        ----------
        paths : frozenset of str
        keep : str
            Path of a block that stays where it is in the viewport.
        """
        if self._blocks is None:
            return
        before = self._top_of(keep)
        if not self._blocks.set(paths):
            return
        if self._focused is not None and self._focused not in self._blocks.shown.output_of:
            self._focused = None
        self._rebuild()
        after = self._top_of(keep)
        if before is not None and after is not None:
            scroll_by(self, QPointF(0, after - before))

    def toggle_block(self, path: str) -> None:
        """Open a block that is collapsed, or collapse one that is open."""
        self.set_open_blocks(self.open_blocks() ^ {path}, path)

    def open_all_blocks(self) -> None:
        """Open every block that is shown collapsed; those inside of it at the next call."""
        collapsed = (node.name for node in self._shown_nodes() if node.kind is Kind.BLOCK)
        self.set_open_blocks(self.open_blocks() | frozenset(collapsed))

    def close_all_blocks(self) -> None:
        """Collapse every block."""
        self.set_open_blocks(frozenset())

    def add_block_actions(self, menu: QMenu, place: QPoint) -> None:
        """Offer in a menu what can be opened and collapsed.

        Parameters
        ----------
        menu : QMenu
        place : QPoint
            Of the pointer, in the viewport.
        """
        if not self.all_blocks():
            return
        shown = self._shown_nodes()
        at = self._scene.card_at(QPointF(place) + self._offset()) if self._scene else None
        path = None if at is None or self._blocks is None else self._blocks.block_of(at.node)
        rows = [
            ("Open all blocks", self.open_all_blocks, any(n.kind is Kind.BLOCK for n in shown)),
            ("Close all blocks", self.close_all_blocks, bool(self.open_blocks())),
        ]
        if path is not None:
            verb = "Close" if path in self.open_blocks() else "Open"
            rows.insert(0, (f"{verb} {path}", lambda: self.toggle_block(path), True))
        for text, act, possible in rows:
            action = menu.addAction(text)
            assert action is not None
            action.setEnabled(possible)
            action.triggered.connect(lambda _checked, act=act: act())
        menu.addSeparator()

    def reveal_card(self, name: str) -> None:
        """Bring the card of a node, or a block, into sight, opening what it is inside of."""
        if self._blocks is None:
            return
        self.set_open_blocks(self._blocks.tree.to_show(name, self._blocks.paths))
        shown = self._blocks.shown.showing(name) or name
        if self._focused is not None and self._focused != shown:
            self._focused = None
            self._rebuild()
        bounds = QRectF(self._surface().rect())
        place = self._place_of(shown)
        place.setHeight(min(place.height(), bounds.height() / 2))  # its head, if it is high
        reveal(self, place.translated(-self._offset()), bounds)

    def open_search(self) -> None:
        """Show the field that finds layers."""
        self._place_overlays()
        self.search.open_search()
        self._on_query_changed(self.search.field.text())

    def set_minimap(self, wanted: bool) -> None:
        """Show a map of the whole where it is worthwhile, or never."""
        if wanted != self._minimap_wanted:
            self._minimap_wanted = wanted
            self._update_minimap()
            self.minimap_changed.emit(wanted)

    def toggle_minimap(self) -> None:
        """Hide the map, or show it again."""
        self.set_minimap(not self._minimap_wanted)

    @override
    def set_network(self, network: NetworkRecord | None) -> None:
        stays = same_nodes(self._network, network)
        super().set_network(network)
        if not stays:
            self._pointed = None
            self.search.close_search()
        self._update_minimap()

    @override
    def set_selection(self, selection: Selection | None) -> None:
        super().set_selection(selection)
        self._dodge()

    def picture(self) -> QPixmap:
        """Return what is shown of the network, without the map and the search over it."""
        shown = [overlay for overlay in (self.minimap, self.search) if overlay.isVisible()]
        for overlay in shown:
            overlay.hide()
        pixmap = self.grab()
        for overlay in shown:
            overlay.show()
        return pixmap

    @override
    def set_theme(self, theme: Theme) -> None:
        self.minimap.set_theme(theme)
        super().set_theme(theme)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place_overlays()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._tell_minimap_place()

    @override
    def _make_scene(self, layout: FlowLayout) -> None:
        super()._make_scene(layout)
        self._update_minimap()

    @override
    def _paint_on_top(self, painter: QPainter, bounds: QRectF) -> None:
        scene = self._scene
        if scene is not None:
            painter.translate(-self._offset())
            visible = bounds.translated(self._offset())
            for selection in (self._selection, self._hover):
                name = None if selection is None else scene.shown.showing(selection.node)
                if name is not None:
                    scene.paint_edges_of(painter, name, visible)
            if self._pointed is not None and not (place := self._place_of(self._pointed)).isEmpty():
                painter.setPen(QPen(self._theme.color("accent"), POINTED_PX))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), RADIUS_PX, RADIUS_PX)
            painter.resetTransform()
        super()._paint_on_top(painter, bounds)

    def _shown_nodes(self) -> tuple[Node, ...]:
        return () if self._blocks is None else self._blocks.shown.nodes

    def _button_at(self, position: QPointF) -> BlockButton | None:
        if self._scene is None or not self.all_blocks():
            return None
        return self._scene.block_button_at(position + self._offset())

    def _place_of(self, name: str) -> QRectF:
        """Return where a card, or the first row of an opened block, is in the layout."""
        layout = self._scene.layout if self._scene is not None else None
        if layout is None:
            return QRectF()
        rects = [layout.cards[name].frame] if name in layout.cards else []
        rects += [band.rects[0] for band in layout.bands if band.path == name]
        return (
            QRectF(rects[0].x, rects[0].y, rects[0].width, rects[0].height) if rects else QRectF()
        )

    def _top_of(self, path: str) -> float | None:
        """Return the y in the viewport at which a block begins; None if it isn't there."""
        place = self._place_of(path)
        return None if place.isEmpty() else place.y() - self._offset().y()

    def _scroll_to(self, middle: QPointF) -> None:
        shown = self._surface().size()
        half = QPointF(shown.width() / 2, shown.height() / 2)
        scroll_by(self, middle - half - self._offset())

    def _place_overlays(self) -> None:
        viewport = QRectF(self._surface().geometry())
        self.search.move(
            round(viewport.right()) - self.search.width() - GRID_PX, round(viewport.top()) + GRID_PX
        )
        self.minimap.place(viewport)

    def _update_minimap(self) -> None:
        scene = self._scene
        kinds = {node.name: node.kind for node in self._shown_nodes()}
        self.minimap.set_layout(None if scene is None else scene.layout, kinds)
        worthwhile = self._focused is None and self.minimap.is_worthwhile(self._surface().size())
        self._place_overlays()
        self._tell_minimap_place()
        self.minimap.set_pointed(self._pointed)
        self.minimap.setVisible(self._minimap_wanted and worthwhile)

    def _dodge(self) -> None:
        """Let the map make way for what is selected."""
        if self._selection is None or not self.minimap.isVisible():
            return
        cell = self.cell_rect(self._selection).translated(QPointF(self._surface().pos()))
        if cell.intersects(QRectF(self.minimap.geometry())):
            self.minimap.at_top = not self.minimap.at_top
            self._place_overlays()

    def _tell_minimap_place(self) -> None:
        self.minimap.set_in_sight(QRectF(self._surface().rect()).translated(self._offset()))

    def _on_minimap_closed(self) -> None:
        self.set_minimap(False)

    def _on_query_changed(self, query: str) -> None:
        self._found = ()
        if self._network is not None and self._blocks is not None:
            self._found = find_nodes(self._network, self._blocks.tree.blocks, query)
        self.search.set_hits(_hits(self._found))
        self._point(None)

    def _on_hit_chosen(self, row: int) -> None:
        name = self._found[row].name
        self.reveal_card(name)
        shown = None if self._blocks is None else self._blocks.shown.showing(name)
        self._point(shown or name)

    def _on_search_closed(self) -> None:
        self._point(None)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _point(self, name: str | None) -> None:
        self._pointed = name
        self.minimap.set_pointed(name)
        self._surface().update()


def _hits(found: Sequence[Found]) -> list[Hit]:
    return [Hit(item.name, item.type_name) for item in found]
