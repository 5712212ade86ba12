"""What is painted over the maps: the selection, where a value comes from, its readout."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

from viewer.core.card_layout import Card
from viewer.core.explain.contributions import Contribution
from viewer.core.imaging.color_scale import AUTOMATIC, table
from viewer.core.imaging.numbers import format_exact, format_number
from viewer.core.records import Kind, Selection, WeightsKind
from viewer.widgets.flow.geometry import kernel_rect, patch_rect, tile_rect
from viewer.widgets.flow.scene import FlowScene
from viewer.widgets.flow.titles import TitleFonts
from viewer.widgets.theme import RADIUS_PX, Theme

OUTLINE_PX = 2.0
MIN_CELL_PX = 5.0  # outlines of smaller cells are drawn at this size, to be seen
THINNEST_PX, THICKEST_PX = 1.0, 3.5
HALO_PX = 1.5  # of the surface's colour, so that lines stand off every colour of a map
LINE_ALPHA = 210
# Entries of a signed table whose colours are strong but not yet nearly black or white.
_NEGATIVE_ENTRY, _POSITIVE_ENTRY = 40, 216
_NEGATIVE_DARK_ENTRY, _POSITIVE_DARK_ENTRY = 14, 242

READOUT_OFFSET_PX = 16
READOUT_PADDING_PX = 8
READOUT_LINE_PX = 16
MESSAGE_PADDING_PX = 16
MESSAGE_HEIGHT_PX = 40

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def cell_rect(scene: FlowScene, selection: Selection) -> QRectF:
    """Return where a selected pixel, unit, class or weight is; empty if it isn't shown."""
    card = scene.card_of(selection.node)
    if card is None:
        return QRectF()
    if selection.in_channel is not None:
        return kernel_rect(card, selection, scene.dpr)
    row = scene.row_of(card, selection.channel)
    if row is None:
        return QRectF()
    return patch_rect(card, row, (selection.y, selection.x), (1, 1), scene.dpr)


def paint_selection(painter: QPainter, scene: FlowScene, selection: Selection) -> None:
    """Outline the selected map and its pixel in the accent."""
    card = scene.card_of(selection.node)
    cell = cell_rect(scene, selection)
    if card is None or cell.isEmpty():
        return
    accent = scene.theme.color("accent")
    row = scene.row_of(card, selection.channel)
    if selection.in_channel is None and row is not None:
        _outline(painter, tile_rect(card, row, scene.dpr), accent, scene.theme)
        if card.grid.height == card.grid.width == 1:
            return
    _outline(painter, _enlarged(cell), accent, scene.theme)


def paint_hover(
    painter: QPainter, scene: FlowScene, hover: Selection, sources: Sequence[Contribution]
) -> None:
    """Light up what makes up the value under the mouse, and join it by curves."""
    cell = cell_rect(scene, hover)
    strongest = max((abs(source.amount) for source in sources), default=0.0)
    for source in reversed(sources):  # the strongest on top
        card = scene.card_of(source.source)
        row = scene.row_of(card, source.channel) if card is not None else None
        if card is None or row is None:
            continue
        share = abs(source.amount) / strongest if strongest > 0 else 0.0
        _paint_source(painter, scene, (card, row), source, cell, share)
    _outline(painter, _enlarged(cell), scene.theme.color("text"), scene.theme)


def _paint_source(
    painter: QPainter,
    scene: FlowScene,
    place: tuple[Card, int],
    source: Contribution,
    cell: QRectF,
    share: float,
) -> None:
    card, row = place
    patch = source.patch
    size = patch.bottom - patch.top, patch.right - patch.left
    covered = patch_rect(card, row, (patch.top, patch.left), size, scene.dpr)
    color = _contribution_color(scene.theme, source.amount)
    if card.grid.height > 1 or card.grid.width > 1:
        _outline(painter, tile_rect(card, row, scene.dpr), color, scene.theme)
    _outline(painter, _enlarged(covered), color, scene.theme)
    curve = _curve(covered.center(), cell.center())
    width = THINNEST_PX + (THICKEST_PX - THINNEST_PX) * share
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for line, extra in ((scene.theme.color("surface"), HALO_PX), (color, 0.0)):
        line.setAlpha(LINE_ALPHA)
        painter.setPen(QPen(line, width + extra))
        painter.drawPath(curve)


def _contribution_color(theme: Theme, amount: float) -> QColor:
    # The automatic colours, whatever is chosen for maps: they show on any of them.
    lut = table(AUTOMATIC, signed=True, dark=theme.dark)
    negative, positive = (
        (_NEGATIVE_DARK_ENTRY, _POSITIVE_DARK_ENTRY)
        if theme.dark
        else (_NEGATIVE_ENTRY, _POSITIVE_ENTRY)
    )
    return QColor.fromRgb(int(lut[negative if amount < 0 else positive]))


def _curve(start: QPointF, end: QPointF) -> QPainterPath:
    """Return a curve that leaves and arrives along the longer side of what lies between."""
    path = QPainterPath(start)
    way = end - start
    flat = abs(way.x()) >= abs(way.y())
    bend = QPointF(way.x() / 2, 0) if flat else QPointF(0, way.y() / 2)
    path.cubicTo(start + bend, end - bend, end)
    return path


def _enlarged(cell: QRectF) -> QRectF:
    dx = max(0.0, (MIN_CELL_PX - cell.width()) / 2)
    dy = max(0.0, (MIN_CELL_PX - cell.height()) / 2)
    return cell.adjusted(-dx, -dy, dx, dy)


def _outline(painter: QPainter, rect: QRectF, color: QColor, theme: Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("surface"), OUTLINE_PX + HALO_PX))
    half = OUTLINE_PX / 2
    outside = rect.adjusted(-half, -half, half, half)
    painter.drawRect(outside)
    painter.setPen(QPen(color, OUTLINE_PX))
    painter.drawRect(outside)


def readout(scene: FlowScene, hover: Selection) -> tuple[str, ...]:
    """Return what to say of the value under the mouse: where it is, and all its digits."""
    node = scene.node(hover.node)
    value = scene.value(hover)
    lines = [f"{hover.node}  {_place(scene, hover)}"]
    if colors := scene.color_weights(hover) or scene.color_values(hover):
        lines += [f"{name} {format_exact(weight)}" for name, weight in colors]
    elif value is not None:
        lines.append(f"{format_number(value * 100)} %" if _is_share(node.kind) else "")
        lines[-1] = f"{lines[-1]}  {format_exact(value)}".strip()
    kind = WeightsKind.WEIGHTS if scene.weights is None else scene.weights.kind
    if hover.in_channel is not None and kind is not WeightsKind.WEIGHTS:
        lines.append(kind.noun)
    card = scene.card_of(hover.node)
    if hover.in_channel is None and card is not None and card.reduce > 1:
        lines.append(f"1 px = {card.reduce} × {card.reduce} values")
    if hover.in_channel is None and hover.channel in scene.dead.get(hover.node, ()):
        lines.append("stayed at 0 over the last drawings")
    return tuple(lines)


def _is_share(kind: Kind) -> bool:
    return kind is Kind.SOFTMAX


def _place(scene: FlowScene, hover: Selection) -> str:
    node = scene.node(hover.node)
    if hover.in_channel is not None:
        kernel = f"filter {hover.channel}, input channel {hover.in_channel}"
        if scene.color_weights(hover):
            kernel = f"filter {hover.channel}"
        if node.kind is Kind.DENSE:
            kernel = f"weights of unit {hover.channel}, channel {hover.in_channel}"
        return f"{kernel}, y {hover.y}, x {hover.x}"
    if node.kind is Kind.SOFTMAX and hover.channel < len(scene.network.class_names):
        return f"class {scene.network.class_names[hover.channel]}"
    if len(node.output_shape) == 1:
        return f"unit {hover.channel}"
    if scene.color_values(hover):
        return f"y {hover.y}, x {hover.x}"
    return f"channel {hover.channel}, y {hover.y}, x {hover.x}"


def paint_readout(
    painter: QPainter,
    lines: Sequence[str],
    cursor: QPointF,
    bounds: QRectF,
    theme: Theme,
    fonts: TitleFonts,
) -> None:
    """Write lines into a box near the cursor that stays within bounds."""
    width = max(fonts.small_px(line) for line in lines) + 2 * READOUT_PADDING_PX
    height = len(lines) * READOUT_LINE_PX + READOUT_PADDING_PX
    box = _near(cursor, QSizeF(width, height), bounds)
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.setBrush(theme.color("raised"))
    painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
    line_box = QRectF(
        box.x() + READOUT_PADDING_PX, box.y() + READOUT_PADDING_PX / 2, width, READOUT_LINE_PX
    )
    for number, line in enumerate(lines):
        painter.setFont(fonts.small_bold if number == 1 else fonts.small)
        painter.setPen(theme.color("text" if number == 1 else "text_muted"))
        painter.drawText(line_box, _LEFT, line)
        line_box.translate(0, READOUT_LINE_PX)


def _near(cursor: QPointF, size: QSizeF, bounds: QRectF) -> QRectF:
    """Return a box below and right of the cursor, on its other side at the border."""
    x, y = cursor.x() + READOUT_OFFSET_PX, cursor.y() + READOUT_OFFSET_PX
    if x + size.width() > bounds.right():
        x = cursor.x() - READOUT_OFFSET_PX - size.width()
    if y + size.height() > bounds.bottom():
        y = cursor.y() - READOUT_OFFSET_PX - size.height()
    x = min(max(x, bounds.left()), bounds.right() - size.width())
    y = max(y, bounds.top())
    return QRectF(QPointF(round(x) + 0.5, round(y) + 0.5), size)


def paint_message(
    painter: QPainter,
    message: str,
    bounds: QRectF,
    theme: Theme,
    fonts: TitleFonts,
    *,
    over_cards: bool,
) -> None:
    """Say why there is nothing to see: in the middle, or at the foot where cards are."""
    if not over_cards:
        painter.setFont(fonts.name)
        painter.setPen(theme.color("text_muted"))
        painter.drawText(bounds, Qt.AlignmentFlag.AlignCenter, message)
        return
    width = fonts.small_px(message) * 1.2 + 2 * MESSAGE_PADDING_PX
    box = QRectF(0, 0, round(width), MESSAGE_HEIGHT_PX)
    box.moveCenter(QPointF(round(bounds.center().x()), 0))
    box.moveBottom(bounds.bottom() - MESSAGE_PADDING_PX + 0.5)
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.setBrush(theme.color("raised"))
    painter.drawRoundedRect(box, MESSAGE_HEIGHT_PX / 2, MESSAGE_HEIGHT_PX / 2)
    painter.setFont(fonts.name)
    painter.setPen(theme.color("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, message)


def paint_focus_ring(painter: QPainter, bounds: QRectF, theme: Theme) -> None:
    """Show that the keys go to this view."""
    painter.setPen(QPen(theme.color("text_muted"), OUTLINE_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bounds.adjusted(1, 1, -1, -1))
