"""The painting half of the network view: what is shown, and how it gets on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from typing_extensions import override

from viewer.core.blocks import ShownGraph
from viewer.core.explain.contributions import Contribution
from viewer.core.imaging.display import DisplaySettings
from viewer.core.layout import FlowLayout, lay_out
from viewer.core.overview import needed
from viewer.core.records import (
    ActivationRecord,
    NetworkRecord,
    Selection,
    WeightsRecord,
    same_nodes,
)
from viewer.widgets.flow import fields as flow_fields
from viewer.widgets.flow import overlay as flow_overlay
from viewer.widgets.flow.blocks import OpenBlocks
from viewer.widgets.flow.locks import Locks
from viewer.widgets.flow.scene import FlowScene
from viewer.widgets.flow.scroll import (
    offset_of,
    reveal,
    scroll_bar_px,
    scroll_by,
    set_content_size,
)
from viewer.widgets.flow.titles import TitleFonts
from viewer.widgets.theme import Theme

# What a hovered value is made of, and what that was computed for.
_Sources = tuple[
    Selection | None, ActivationRecord | None, WeightsRecord | None, tuple[Contribution, ...]
]


class FlowCanvas(QAbstractScrollArea):
    """Paints a network's layers as cards, and their values as pictures.

    What a record doesn't change (frames, titles, kernels, lines) is kept as a pixmap of the
    viewport; a new record only recolours the maps that are in sight and blits them.

    Signals
    -------
    record_painted : int
        Generation of the record that has just become visible.
    """

    record_painted = pyqtSignal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._display = DisplaySettings(dark=theme.dark)
        self._fonts = TitleFonts()
        self._network: NetworkRecord | None = None
        self._record: ActivationRecord | None = None
        self._weights: WeightsRecord | None = None
        self._dead: Mapping[str, frozenset[int]] = {}
        self._locks = Locks()
        self._fields = flow_fields.Fields({})
        self._message = ""
        self._zoom: float | None = None
        self._focused: str | None = None
        self._selection: Selection | None = None
        self._hover: Selection | None = None
        self._cursor = QPointF()
        self._blocks: OpenBlocks | None = None
        self._needed: tuple[ShownGraph | None, frozenset[str] | None] = (None, None)
        self._scene: FlowScene | None = None
        self._chrome: QPixmap | None = None
        self._kernels_changed = False  # since they were painted into it
        self._unreported: int | None = None
        # What one repaint doesn't get done is done by the next, after other events.
        self._unfinished = QTimer(self)
        self._unfinished.setSingleShot(True)
        self._unfinished.timeout.connect(self._surface().update)
        self._sources: _Sources = (None, None, None, ())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Network")
        self._surface().setMouseTracking(True)
        # Every pixel is painted every time, so Qt need not clear it first.
        self._surface().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_theme(self, theme: Theme) -> None:
        """Show the frame in the colours of `theme`; maps as `set_display` says."""
        self._theme = theme
        self._rebuild()

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the maps by other settings."""
        self._display = display
        self._rebuild_scene()

    def set_network(self, network: NetworkRecord | None) -> None:
        """Show another network, without values or weights as yet; None for none.

        Where its nodes are the same as before, selection and place stay, and so do values and
        weights until others come: a network that is visited at another step doesn't flicker.
        """
        stays = same_nodes(self._network, network)
        before = self._blocks
        self._network = network
        self._blocks = None if network is None else OpenBlocks(network)
        if stays and self._blocks is not None and before is not None:
            self._blocks.set(before.paths)
        self._hover = None
        self._dead = {}
        if not stays:
            self._record = self._weights = self._selection = None
            self._focused = self._unreported = None
        self._rebuild()
        if not stays:
            scroll_by(self, -self._offset())

    def set_weights(self, weights: WeightsRecord) -> None:
        """Show other kernels."""
        self._weights = weights
        if self._scene is not None:
            self._scene.weights = weights
        self._kernels_changed = True
        self._surface().update()

    def set_record(self, record: ActivationRecord | None) -> None:
        """Show what the layers answered; None for empty maps."""
        self._record = record
        self._unreported = record.generation if record is not None else None
        if self._scene is not None:
            self._scene.record = record
        self._surface().update()

    def set_dead(self, dead: Mapping[str, frozenset[int]]) -> None:
        """Mark channels that stayed at 0 over the last drawings.

        Parameters
        ----------
        dead : mapping of node name to frozenset of int
        """
        if dead == self._dead:
            return
        self._dead = dead
        if self._scene is not None:
            self._scene.dead = dead
        self._surface().update()

    def set_fields(self, fields: Mapping[str, Sequence[flow_fields.Edge]]) -> None:
        """Outline a part of every map of some layers, such as a receptive field.

        Parameters
        ----------
        fields : mapping of node name to lines (x, y, x, y)
            Between pixels of a map.
        """
        if fields != self._fields.of:
            self._fields = flow_fields.Fields(fields)
            self._surface().update()

    def set_freezable(self, names: Sequence[str]) -> None:
        """Offer locks on the cards of these layers; on none if it is empty."""
        self._set_locks(self._locks._replace(offered=tuple(names)))

    def set_frozen(self, names: Iterable[str]) -> None:
        """Close the locks of these layers and open all others; gives no signal."""
        self._set_locks(self._locks._replace(frozen=frozenset(names)))

    def set_zoom(self, zoom: float | None) -> None:
        """Show maps of 28 × 28 at a scale; None for the largest that fits."""
        if zoom != self._zoom:
            self._zoom = zoom
            self._rebuild()

    def set_message(self, message: str) -> None:
        """Say what is going on or to be done while there is no answer to show."""
        self._message = message
        self._surface().update()

    def set_selection(self, selection: Selection | None) -> None:
        """Outline a pixel and its map, and bring it into sight, opening what it is inside of."""
        known = self._network is not None and any(
            selection is not None and node.name == selection.node for node in self._network.nodes
        )
        self._selection = selection if known else None
        if self._selection is not None and self._blocks is not None:
            blocks, node = self._blocks, self._selection.node
            changed = blocks.set(blocks.tree.to_show(node, blocks.paths))
            card = blocks.shown.showing(node)
            if self._focused is not None and self._focused != card:
                self._focused, changed = card, True
            if changed:
                self._rebuild()
            self._reveal(self._selection)
        self._describe_selection()
        self._surface().update()

    @property
    def is_complete(self) -> bool:
        """Whether all that is in sight is painted as the newest record has it."""
        return self._scene is None or self._scene.complete

    def needed(self) -> frozenset[str] | None:
        """Return the nodes whose outputs the picture needs, see `viewer.core.overview`."""
        if self._network is None or self._blocks is None:
            return None
        shown, names = self._needed
        if shown is not self._blocks.shown:
            shown = self._blocks.shown
            names = needed(self._network, shown)
            self._needed = (shown, names)
        return names

    def layout_shown(self) -> FlowLayout | None:
        """Return where the cards are; None without a network."""
        return self._scene.layout if self._scene is not None else None

    def cell_rect(self, selection: Selection) -> QRectF:
        """Return where a pixel of a map or a weight is in the viewport; empty if nowhere."""
        if self._scene is None:
            return QRectF()
        return flow_overlay.cell_rect(self._scene, selection).translated(-self._offset())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._rebuild()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._repaint_chrome()

    @override
    def viewportEvent(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.DevicePixelRatioChange:
            self._rebuild()
        return super().viewportEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self._surface())
        bounds = QRectF(self._surface().rect())
        if self._scene is None:
            painter.fillRect(bounds, self._theme.color("window"))
        else:
            self._paint_scene(painter, self._scene, bounds)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_on_top(painter, bounds)
        painter.end()
        if self._scene is not None and not self._scene.complete:
            self._unfinished.start()
        elif self._unreported is not None and self._scene is not None:
            generation, self._unreported = self._unreported, None
            self.record_painted.emit(generation)

    def _paint_scene(self, painter: QPainter, scene: FlowScene, bounds: QRectF) -> None:
        offset = self._offset()
        if self._chrome is None:
            self._chrome = scene.chrome(self._surface().size(), offset)
        elif self._kernels_changed:
            scene.paint_kernels(self._chrome, offset)
        self._kernels_changed = False
        scene.paint_bars(self._chrome, offset)
        painter.drawPixmap(0, 0, self._chrome)
        painter.translate(-offset)
        scene.paint(painter, bounds.translated(offset))
        self._fields.paint(painter, scene)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._selection is not None:
            flow_overlay.paint_selection(painter, scene, self._selection)
        if self._hover is not None:
            flow_overlay.paint_hover(painter, scene, self._hover, self._hover_sources(scene))
        painter.resetTransform()

    def _paint_on_top(self, painter: QPainter, bounds: QRectF) -> None:
        theme, fonts = self._theme, self._fonts
        answered = self._record is not None and self._record.probabilities is not None
        if self._message and not answered:
            over = self._scene is not None
            flow_overlay.paint_message(
                painter, self._message, bounds, theme, fonts, over_cards=over
            )
        if self._hover is not None and self._scene is not None:
            lines = flow_overlay.readout(self._scene, self._hover)
            flow_overlay.paint_readout(painter, lines, self._cursor, bounds, theme, fonts)
        if self.hasFocus():
            flow_overlay.paint_focus_ring(painter, bounds, theme)

    def _hover_sources(self, scene: FlowScene) -> tuple[Contribution, ...]:
        if self._hover is None:
            return ()
        hover, record, weights, sources = self._sources
        if hover != self._hover or record is not self._record or weights is not self._weights:
            sources = scene.contributions(self._hover)
            self._sources = (self._hover, self._record, self._weights, sources)
        return sources

    def _surface(self) -> QWidget:
        viewport = self.viewport()
        assert viewport is not None, "a scroll area always has a viewport"
        return viewport

    def _offset(self) -> QPointF:
        return offset_of(self)

    def _rebuild(self) -> None:
        """Lay out anew."""
        if self._network is None:
            self._scene = None
            set_content_size(self, QSize(0, 0))
        else:
            layout = self._lay_out(self._network)
            set_content_size(self, QSize(layout.width, layout.height))
            self._make_scene(layout)

    def _rebuild_scene(self) -> None:
        """Make all pictures anew, at the same places."""
        if self._scene is not None:
            self._make_scene(self._scene.layout)

    def _make_scene(self, layout: FlowLayout) -> None:
        assert self._network is not None, "there is no layout without a network"
        dpr = self.devicePixelRatioF()
        reuse = self._scene if self._scene and self._scene.network is self._network else None
        shown = None if self._blocks is None else self._blocks.shown
        scene = FlowScene(
            self._network, layout, self._theme, self._display, dpr, self._fonts, reuse, shown
        )
        scene.weights, scene.record, scene.dead = self._weights, self._record, self._dead
        scene.locks = self._locks
        self._scene = scene
        self._repaint_chrome()

    def _lay_out(self, network: NetworkRecord) -> FlowLayout:
        # Not the viewport's own size: that depends on whether there are scroll bars now.
        size = self.maximumViewportSize()
        blocks = self._blocks
        assert blocks is not None, "a network has its blocks, if only none"
        nodes = blocks.shown.nodes
        self._fonts.labels = {} if self._focused else blocks.shown.labels()
        text = self._fonts.measure(network, nodes)
        zoom = self._zoom if self._focused is None else None

        return lay_out(
            nodes,
            size.width(),
            size.height(),
            zoom=zoom,
            text=text,
            only=self._focused,
            opened=blocks.shown.opened,
            scroll_bar=scroll_bar_px(self),
            ratio=self.devicePixelRatioF(),
        )

    def _set_locks(self, locks: Locks) -> None:
        shown_before, self._locks = self._locks, locks
        if self._scene is not None:
            self._scene.locks = locks
        if (locks.offered, locks.names()) != (shown_before.offered, shown_before.names()):
            self._repaint_chrome()

    def _repaint_chrome(self) -> None:
        self._chrome = None
        self._surface().update()

    def _reveal(self, selection: Selection) -> None:
        reveal(self, self.cell_rect(selection), QRectF(self._surface().rect()))

    def _describe_selection(self) -> None:
        """Tell screen readers what is selected."""
        text = ""
        if self._selection is not None and self._scene is not None:
            text = ", ".join(flow_overlay.readout(self._scene, self._selection))
        self.setAccessibleDescription(text)
