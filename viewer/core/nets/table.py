"""A table of rows as a network: names, shapes and parameters of its layers, and what is wrong.

No torch here: the editor checks a table as it is typed. Two layers are never in the table and
always in the network: ``flatten`` before the first dense layer, and ``output``, a dense layer
with one unit a class, at the end.

A batch normalisation right behind a convolution or dense layer (dropout between does not count)
is taken up by that layer when training ends, see `viewer.core.nets.folding`; it is named after
it (``conv1_norm``). Any other stays in the network and has a number of its own (``norm1``), so
that names are the same before and after.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from viewer.core.errors import UserError
from viewer.core.nets.table_rows import (
    ACTIVATION,
    AVERAGE_POOLING,
    BATCH_NORM,
    CONVOLUTION,
    DENSE,
    DROPOUT,
    MAX_POOLING,
    MAX_ROWS,
    ROW_KINDS,
    LayerRow,
    rows_from_json,
    rows_to_json,
)

__all__ = [
    "ROW_KINDS",
    "LayerRow",
    "RowReport",
    "TableReport",
    "check_table",
    "checked_text",
    "rows_from_json",
    "rows_to_json",
    "without_training_rows",
]

MAX_PARAMETERS = 50_000_000
MAX_VALUES = 32_000_000  # outputs of all layers for one image: 128 MB as float32
FLATTEN_NAME, OUTPUT_NAME = "flatten", "output"

Shape = tuple[int, ...]
_WEIGHTED = (CONVOLUTION, DENSE)
_POOLING = (MAX_POOLING, AVERAGE_POOLING)
_PREFIXES = {
    CONVOLUTION: "conv",
    MAX_POOLING: "pool",
    AVERAGE_POOLING: "pool",
    BATCH_NORM: "norm",
    DROPOUT: "dropout",
    DENSE: "dense",
}


@dataclass(frozen=True, slots=True)
class RowReport:
    """What one row comes to.

    Attributes
    ----------
    name : str
        Of the layer.
    shape : tuple of int or None
        Of its output without the batch axis, (C, H, W) or (units,); None where the row is
        not possible.
    parameters : int
        0 where the row is not possible.
    problem : str
        One sentence: what is wrong and what to do. Empty if nothing is.
    """

    name: str
    shape: Shape | None
    parameters: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TableReport:
    """What a table comes to.

    A row that is not possible is taken for absent by those after it.

    Attributes
    ----------
    rows : tuple of RowReport
        One for each row of the table.
    flatten_at : int
        Index of the row that ``flatten`` is put before; the number of rows if it is put
        before ``output``.
    flatten, output : RowReport
        The two layers that are always added.
    """

    rows: tuple[RowReport, ...]
    flatten_at: int
    flatten: RowReport
    output: RowReport

    @property
    def parameters(self) -> int:
        """Of all layers together."""
        return self.output.parameters + sum(row.parameters for row in self.rows)

    @property
    def ok(self) -> bool:
        """Whether the network can be built."""
        return not self.problem

    @property
    def problem(self) -> str:
        """The first problem, with the name of its layer; empty if there is none."""
        for row in (*self.rows, self.output):
            if row.problem:
                return f"{row.name}: {row.problem}"
        return ""


def check_table(
    rows: Sequence[LayerRow], input_shape: tuple[int, int, int], classes: int
) -> TableReport:
    """Return shapes and parameters of every layer, and what is wrong with it.

    Parameters
    ----------
    rows : sequence of LayerRow
    input_shape : (C, H, W)
    classes : int
        Units of the last layer.
    """
    names = layer_names(rows)
    flatten_at = next((i for i, row in enumerate(rows) if row.kind == DENSE), len(rows))
    shape: Shape = input_shape
    flat = RowReport(FLATTEN_NAME, None)
    reports: list[RowReport] = []
    totals = _Totals()
    for index in range(len(rows)):
        if index == flatten_at:
            shape, flat = _flattened(shape)
        report = totals.limited(_row_report(rows, index, names[index], shape))
        reports.append(report)
        shape = report.shape or shape
    if flatten_at == len(rows):
        shape, flat = _flattened(shape)
    output = RowReport(OUTPUT_NAME, (classes,), classes * (shape[0] + 1))
    return TableReport(tuple(reports), flatten_at, flat, totals.limited(output))


def layer_names(rows: Sequence[LayerRow]) -> tuple[str, ...]:
    """Return the name of each row's layer (``conv1``, ``relu1``, ``pool1``, …)."""
    counts: Counter[str] = Counter()
    names: list[str] = []
    for index, row in enumerate(rows):
        host = _host(rows, index)
        if host is not None:
            names.append(f"{names[host]}_norm")
            continue
        prefix = str(row.values["function"]) if row.kind == ACTIVATION else _PREFIXES[row.kind]
        counts[prefix] += 1
        names.append(f"{prefix}{counts[prefix]}")
    return tuple(names)


def has_bias(rows: Sequence[LayerRow], index: int) -> bool:
    """Return whether a convolution or dense row has a bias.

    A normalisation right behind it subtracts the mean, so a bias would do nothing.
    """
    behind = next((row for row in rows[index + 1 :] if row.kind != DROPOUT), None)
    return behind is None or behind.kind != BATCH_NORM


def without_training_rows(text: str) -> str:
    """Return the table of a network after `viewer.core.nets.folding.fold`.

    Dropout is gone, and so is every normalisation that the layer before it takes up; the
    other layers keep their names.

    Parameters
    ----------
    text : str
        JSON of a table.

    Raises
    ------
    UserError
        If `text` is no table.
    """
    rows = rows_from_json(text)
    kept = (row for i, row in enumerate(rows) if row.kind != DROPOUT and _host(rows, i) is None)
    return rows_to_json(kept)


def checked_text(text: str) -> str:
    """Return the JSON of a table in its one way of writing; UserError if a row is impossible."""
    rows = rows_from_json(text)
    for number, row in enumerate(rows, 1):
        problem = row.value_problem()
        if problem:
            raise UserError(f"Row {number} of the table ({row.kind}): {problem}")
    return rows_to_json(rows)


class _Totals:
    """Counts what a network takes, and refuses the layer with which it is too much."""

    def __init__(self) -> None:
        self._rows = 0
        self._parameters = 0
        self._values = 0

    def limited(self, report: RowReport) -> RowReport:
        self._rows += 1
        if report.problem:
            return report
        problem = self._problem(report)
        if problem:
            return RowReport(report.name, None, 0, problem)
        self._parameters += report.parameters
        self._values += math.prod(report.shape or ())
        return report

    def _problem(self, report: RowReport) -> str:
        parameters = self._parameters + report.parameters
        if parameters > MAX_PARAMETERS:
            return (
                f"With it the network has {_count(parameters)} parameters, more than "
                f"{_count(MAX_PARAMETERS)}: use fewer filters or units, or pool before it."
            )
        values = self._values + math.prod(report.shape or ())
        if values > MAX_VALUES:
            return (
                f"With it the layers give {_count(values)} values an image, more than "
                f"{_count(MAX_VALUES)}: use fewer filters, or pool before it."
            )
        if self._rows > MAX_ROWS and report.name != OUTPUT_NAME:
            return f"A table has at most {MAX_ROWS} rows: delete this one."
        return ""


def _row_report(rows: Sequence[LayerRow], index: int, name: str, shape: Shape) -> RowReport:
    row = rows[index]
    problem = row.value_problem() or _place_problem(rows, index, shape)
    if problem:
        return RowReport(name, None, 0, problem)
    if row.kind == DENSE:
        units = row.number("units")
        return RowReport(name, (units,), units * (shape[0] + has_bias(rows, index)))
    if row.kind == BATCH_NORM:
        return RowReport(name, shape, 2 * shape[0])
    if row.kind == CONVOLUTION:
        filters, area = row.number("filters"), row.number("kernel_size") ** 2
        parameters = filters * (shape[0] * area + has_bias(rows, index))
        return RowReport(name, (filters, *_sides(row, shape)), parameters)
    if row.kind in _POOLING:
        return RowReport(name, (shape[0], *_sides(row, shape)))
    return RowReport(name, shape)


def _place_problem(rows: Sequence[LayerRow], index: int, shape: Shape) -> str:
    """Return what is wrong with a row whose own numbers are in range, where it stands."""
    row = rows[index]
    title = ROW_KINDS[row.kind].title
    if row.kind == BATCH_NORM:
        before = _before(rows, index)
        if before is not None and rows[before].kind == BATCH_NORM:
            return "Its input is normalised already: delete one of the two normalisations."
    if row.kind != CONVOLUTION and row.kind not in _POOLING:
        return ""
    if len(shape) == 1:
        return f"{title} needs rows and columns, which dense layers give up: move it before them."
    kernel, smallest = row.number("kernel_size"), min(shape[1:])
    size = f"{shape[1]} × {shape[2]}"
    if row.kind in _POOLING and kernel > smallest:
        if smallest == 1:
            return f"There is nothing left to pool in {size}: delete it, or pool less before it."
        return (
            f"The kernel, {kernel} × {kernel}, is larger than its input, {size}: "
            "use a smaller one, or pool less before it."
        )
    if row.kind == CONVOLUTION:
        padding = row.number("padding")
        if padding >= kernel:
            return (
                f"Padding of {padding} lets a kernel of {kernel} see nothing but zeros: "
                f"use {kernel // 2}."
            )
        if kernel > smallest + 2 * padding:
            return (
                f"The kernel, {kernel} × {kernel}, is larger than its input, {size}: "
                "use a smaller one, more padding, or less pooling before it."
            )
    return ""


def _sides(row: LayerRow, shape: Shape) -> tuple[int, int]:
    """Return height and width behind a convolution or pooling."""
    kernel, stride = row.number("kernel_size"), row.number("stride")
    padding = row.number("padding") if row.kind == CONVOLUTION else 0
    height, width = ((side + 2 * padding - kernel) // stride + 1 for side in shape[1:])
    return height, width


def _flattened(shape: Shape) -> tuple[Shape, RowReport]:
    flat = (math.prod(shape),)
    return flat, RowReport(FLATTEN_NAME, flat)


def _before(rows: Sequence[LayerRow], index: int) -> int | None:
    """Return the index of the last row before `index` that is no dropout."""
    return next((i for i in range(index - 1, -1, -1) if rows[i].kind != DROPOUT), None)


def _host(rows: Sequence[LayerRow], index: int) -> int | None:
    """Return the index of the layer that takes up a normalisation; None if nothing does."""
    if rows[index].kind != BATCH_NORM:
        return None
    before = _before(rows, index)
    return before if before is not None and rows[before].kind in _WEIGHTED else None


def _count(number: int) -> str:
    return f"{number / 1e6:,.1f} million".replace(".0 ", " ")
