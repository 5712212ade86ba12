"""Drawings from elsewhere, brought onto the pad's canvas."""

from __future__ import annotations

from viewer.core.imaging.strokes import ink_extent
from viewer.core.records import Drawing
from viewer.widgets.inputs.ink import CANVAS_UNITS, Ink, Point

FIT_SHARE = 0.7  # of the canvas, for ink whose canvas is unknown: as people draw
THINNEST_SHARE, THICKEST_SHARE, USUAL_SHARE = 0.04, 0.20, 0.08  # pen widths, of the canvas


def inks_of(drawing: Drawing) -> tuple[Ink, ...]:
    """Return the strokes of `drawing` in canvas units.

    A drawing that knows its canvas keeps its place and size on it; any other is centred.
    Pens are kept between the thinnest and the thickest that the pad itself has, since a
    stroke file says nothing of its pen.
    """
    scale, offset = _placement(drawing)
    inks = []
    for stroke in drawing.strokes:
        if len(stroke.points):
            ink = Ink.from_record(stroke, scale, offset)
            share = USUAL_SHARE if drawing.canvas is None else ink.width / CANVAS_UNITS
            ink.width = CANVAS_UNITS * min(max(share, THINNEST_SHARE), THICKEST_SHARE)
            inks.append(ink)
    return tuple(inks)


def _placement(drawing: Drawing) -> tuple[float, Point]:
    if drawing.canvas is not None:
        width, height = drawing.canvas
        return _centred((0.0, 0.0, width, height), CANVAS_UNITS)
    return _centred(ink_extent(drawing) or (0.0, 0.0, 1.0, 1.0), FIT_SHARE * CANVAS_UNITS)


def _centred(box: tuple[float, float, float, float], side: float) -> tuple[float, Point]:
    left, top, right, bottom = box
    longest = max(right - left, bottom - top)
    scale = side / longest if longest > 0 else 1.0  # a dot has no size to fit
    middle = CANVAS_UNITS / 2
    return scale, (middle - scale * (left + right) / 2, middle - scale * (top + bottom) / 2)
