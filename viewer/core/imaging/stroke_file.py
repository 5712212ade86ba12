"""Stroke files: JSON Lines, one drawing a line.

``{"canvas": [w, h], "strokes": [[[x, y], …], …], "label": "7"}``, y downwards; `label` and
`canvas` may be missing, and a point may have a third number, the pen's pressure in [0, 1].
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from viewer.core.errors import UserError
from viewer.core.files import replace_file
from viewer.core.records import Drawing, FloatArray, Stroke

MAX_FILE_BYTES = 50_000_000
MAX_POINTS = 100_000  # of one drawing: hours of drawing with a fast tablet
MAX_COORDINATE = 1e9  # beyond, float32 can't tell neighbouring points apart

# Pen width in a file's drawing, as a part of the canvas: the format has none. It only
# shows on the pad and when the raw canvas is fed.
_PEN_PART = 0.06


def read_stroke_file(path: Path) -> list[Drawing]:
    """Read all drawings of a stroke file.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, with or without a byte-order mark; blank lines are skipped.

    Returns
    -------
    list of Drawing
        At least one, in the file's order.

    Raises
    ------
    UserError
        Naming the file and the line: what is wrong there, and what to do.
    """
    drawings = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            drawings.append(drawing_from_line(line))
        except LineError as error:
            raise UserError(f"{path}, line {number}: {error}.") from None
    if not drawings:
        raise UserError(f"{path} holds no drawing: write one JSON object a line.")
    return drawings


class LineError(Exception):
    """What is wrong in a line, without the full stop."""


def _lines(path: Path) -> Iterator[bytes]:
    """Yield a file's lines, never more than the limit in all: a pipe has no size."""
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder: choose a stroke file in it.")
        with path.open("rb") as file:
            left = MAX_FILE_BYTES
            while line := file.readline(left + 1):
                left -= len(line)
                if left < 0:
                    raise UserError(f"{path} is larger than 50 MB: split it into smaller files.")
                yield line
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: check the name.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{path} can't be read ({reason}): check its permissions.") from None


def _parsed(line: bytes) -> dict[str, object]:
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LineError("this is not UTF-8 text, so it is no stroke file") from None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise LineError(
            f"this is not JSON ({error.msg}, column {error.colno}): write one object a line"
        ) from None
    except (RecursionError, ValueError):  # nested too deep, or a number of 5,000 digits
        raise LineError("this JSON is nested too deep or has a number too long") from None
    if not isinstance(value, dict):
        raise LineError('a drawing is an object such as {"strokes": [[[0, 0], [9, 9]]]}')
    return value


def drawing_from_line(line: bytes) -> Drawing:
    """Read one line of a stroke file.

    Parameters
    ----------
    line : bytes
        UTF-8 JSON, an object.

    Raises
    ------
    LineError
        If there is anything wrong in it.
    """
    value = _parsed(line)
    strokes = value.get("strokes")
    if not isinstance(strokes, list):
        raise LineError('"strokes" is missing or no list: write [[[x, y], …], …]')
    canvas = _canvas(value.get("canvas"))
    if sum(len(stroke) for stroke in strokes if isinstance(stroke, list)) > MAX_POINTS:
        raise LineError("the drawing has more than 100,000 points: leave some out")
    arrays = [_points(stroke, index) for index, stroke in enumerate(strokes, start=1)]
    width_px = _PEN_PART * (min(canvas) if canvas else _own_side(arrays))
    made = (_stroke(array, width_px) for array in arrays if len(array))
    return Drawing(tuple(made), canvas, _label(value.get("label")))


def _is_number(value: object) -> bool:
    # JSON's true is Python's 1; NaN and Infinity are accepted by Python's parser.
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= MAX_COORDINATE and math.isfinite(value)


def _canvas(value: object) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(_is_number(side) for side in value):
        width, height = (float(side) for side in value)
        if width > 0 and height > 0:
            return width, height
    raise LineError('"canvas" must be [width, height], both numbers above 0')


def _label(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise LineError('"label" must be a string such as "7"')


def _points(stroke: object, index: int) -> FloatArray:
    """Return (N, 3) float32: x, y, pressure (NaN where a point has none)."""
    if not isinstance(stroke, list):
        raise LineError(f"stroke {index} is no list of points [x, y]")
    for position, point in enumerate(stroke, start=1):
        if not isinstance(point, list) or len(point) not in (2, 3):
            raise LineError(f"point {position} of stroke {index} is not [x, y]")
        if not all(_is_number(number) for number in point):
            raise LineError(
                f"point {position} of stroke {index} holds something that is no finite number"
                " below a billion"
            )
    rows = [(*point, math.nan)[:3] for point in stroke]
    return np.array(rows, np.float32).reshape(-1, 3)


def _stroke(array: FloatArray, width_px: float) -> Stroke:
    pressure = array[:, 2]
    known = bool(np.isfinite(pressure).all())
    return Stroke(
        np.ascontiguousarray(array[:, :2]),
        width_px,
        np.clip(pressure, 0, 1) if known else None,
    )


def _own_side(arrays: list[FloatArray]) -> float:
    points = np.concatenate([np.zeros((0, 3), np.float32), *arrays])[:, :2]
    side = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
    return side or 1.0


def write_stroke_file(path: Path, drawings: Iterable[Drawing]) -> None:
    """Write drawings as a stroke file; an existing file is replaced whole, or not at all.

    Parameters
    ----------
    path : pathlib.Path
    drawings : iterable of Drawing
        Pen widths are not kept: the format has none.

    Raises
    ------
    UserError
        If the file can't be written.
    """
    replace_file(path, b"".join(line_of(drawing) + b"\n" for drawing in drawings))


def line_of(drawing: Drawing) -> bytes:
    """Return the line of a stroke file that `drawing_from_line` reads, without its end."""
    value: dict[str, object] = {}
    if drawing.canvas is not None:
        value["canvas"] = list(drawing.canvas)
    value["strokes"] = [_point_rows(stroke) for stroke in drawing.strokes]
    if drawing.label is not None:
        value["label"] = drawing.label
    return json.dumps(value).encode()


def _point_rows(stroke: Stroke) -> list[list[float]]:
    columns = [stroke.points[:, 0], stroke.points[:, 1]]
    if stroke.pressure is not None:
        columns.append(stroke.pressure)
    # Three decimals of a pixel: a tablet reports fewer.
    rows: list[list[float]] = np.round(np.stack(columns, axis=1).astype(np.float64), 3).tolist()
    return rows
