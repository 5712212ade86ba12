"""Rows of a table that describes a network: kinds, settings, to and from JSON. No torch here.

The JSON is a list of objects, one a row, in the order of execution::

    [{"kind": "convolution", "filters": 16, "kernel_size": 5, "stride": 1, "padding": 2},
     {"kind": "activation", "function": "relu"}]

A setting that a row leaves out has its default.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from viewer.core.errors import UserError

Value = int | float | str

MAX_ROWS = 64
MAX_TEXT_LENGTH = 20_000  # characters; 64 rows with every setting take about 6,000
MAX_NUMBER = 1e9  # beyond it a number is no setting at all, not one that is out of range
MAX_FILTERS = 1024
MAX_UNITS = 8192
MAX_KERNEL = 31
MAX_STRIDE = 16
MAX_DROPOUT = 0.9
_SHOWN_CHARACTERS = 40  # of a wrong value in a message

CONVOLUTION = "convolution"
ACTIVATION = "activation"
MAX_POOLING = "max_pooling"
AVERAGE_POOLING = "average_pooling"
BATCH_NORM = "batch_norm"
DROPOUT = "dropout"
DENSE = "dense"

FUNCTION_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "relu": "ReLU",
        "leaky_relu": "LeakyReLU",
        "gelu": "GELU",
        "silu": "SiLU",
        "tanh": "tanh",
        "sigmoid": "sigmoid",
    }
)


@dataclass(frozen=True, slots=True)
class RowField:
    """One setting of a kind of row.

    Attributes
    ----------
    name : str
        In JSON.
    label : str
        Short, for a caption.
    help : str
        What it does, and what raising it does.
    default : int, float or str
        Its type is the type that a value must have.
    low, high : float
        Smallest and largest number.
    choices : tuple of str
        The texts that are possible.
    """

    name: str
    label: str
    help: str
    default: Value
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()

    def read(self, value: object) -> Value | None:
        """Return `value` as this setting's type, whatever its range; None if it has another."""
        if isinstance(self.default, str):
            return value if isinstance(value, str) and value in self.choices else None
        wanted = int if isinstance(self.default, int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            return None
        if not -MAX_NUMBER <= value <= MAX_NUMBER:  # not a number fails this too
            return None
        return type(self.default)(value)

    def wanted(self) -> str:
        """Return what a value must be, in a phrase."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        noun = "a whole number from" if isinstance(self.default, int) else "a number from"
        return f"{noun} {self.low:g} to {self.high:g}"

    def fits(self, value: Value) -> bool:
        """Return whether a value of the right type is in range."""
        return value in self.choices if isinstance(value, str) else self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class RowKind:
    """One kind of row.

    Attributes
    ----------
    kind : str
        In JSON.
    title : str
        To show.
    help : str
        What such a layer does, in a sentence.
    fields : tuple of RowField
    """

    kind: str
    title: str
    help: str
    fields: tuple[RowField, ...] = ()


def _pooling_fields() -> tuple[RowField, ...]:
    return (
        RowField(
            "kernel_size",
            "kernel",
            "Side of the square that becomes one pixel; larger ones lose more detail.",
            2,
            1,
            MAX_KERNEL,
        ),
        RowField(
            "stride",
            "stride",
            "Pixels from one square to the next; 2 halves height and width.",
            2,
            1,
            MAX_STRIDE,
        ),
    )


ROW_KINDS: Mapping[str, RowKind] = MappingProxyType(
    {
        row_kind.kind: row_kind
        for row_kind in (
            RowKind(
                CONVOLUTION,
                "Convolution",
                "Slides small filters over its input; each makes one feature map.",
                (
                    RowField(
                        "filters",
                        "filters",
                        "Number of feature maps; more see more patterns and take longer.",
                        16,
                        1,
                        MAX_FILTERS,
                    ),
                    RowField(
                        "kernel_size",
                        "kernel",
                        "Side of a filter in pixels; larger ones see more at once.",
                        3,
                        1,
                        MAX_KERNEL,
                    ),
                    RowField(
                        "stride",
                        "stride",
                        "Pixels from one place to the next; 2 halves height and width.",
                        1,
                        1,
                        MAX_STRIDE,
                    ),
                    RowField(
                        "padding",
                        "padding",
                        "Zeros around the input; half of the kernel keeps height and width.",
                        1,
                        0,
                        MAX_KERNEL - 1,
                    ),
                ),
            ),
            RowKind(
                ACTIVATION,
                "Activation",
                "Bends each value; without it many layers could do no more than one.",
                (
                    RowField(
                        "function",
                        "function",
                        "ReLU is the usual one; the smooth ones have no units that die.",
                        "relu",
                        choices=tuple(FUNCTION_TITLES),
                    ),
                ),
            ),
            RowKind(
                MAX_POOLING,
                "Max pooling",
                "Keeps the largest value of each square: smaller maps, less exact about place.",
                _pooling_fields(),
            ),
            RowKind(
                AVERAGE_POOLING,
                "Average pooling",
                "Keeps the mean of each square: smaller, smoother maps.",
                _pooling_fields(),
            ),
            RowKind(
                BATCH_NORM,
                "Batch normalisation",
                "Shifts and scales each map over the batch, so that training can go faster.",
            ),
            RowKind(
                DROPOUT,
                "Dropout",
                "Sets a random share of values to 0 while training, against overfitting.",
                (
                    RowField(
                        "share",
                        "share",
                        "Share of values set to 0; more holds back overfitting, and learning.",
                        0.2,
                        0.0,
                        MAX_DROPOUT,
                    ),
                ),
            ),
            RowKind(
                DENSE,
                "Dense",
                "Connects every value of its input with every unit.",
                (
                    RowField(
                        "units",
                        "units",
                        "Number of outputs; more can learn more and overfit more.",
                        64,
                        1,
                        MAX_UNITS,
                    ),
                ),
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One row.

    Attributes
    ----------
    kind : str
        Of `ROW_KINDS`.
    values : mapping of str to int, float or str
        All its settings; those that are left out at first get their defaults. A number may be
        out of range: `viewer.core.nets.table.check_table` says so.

    Raises
    ------
    UserError
        If there is no such kind or setting, or a value is of the wrong type.
    """

    kind: str
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in ROW_KINDS:
            known = ", ".join(ROW_KINDS)
            raise UserError(f"There is no kind of layer {shown(self.kind)}: use one of {known}.")
        known_fields = {f.name: f for f in self.fields}
        for name in self.values:
            if name not in known_fields:
                has = ", ".join(known_fields) or "none"
                raise UserError(
                    f"A row of the kind {self.kind} has no setting {shown(name)}: it has {has}."
                )
        complete = {f.name: self._read(f) for f in self.fields}
        object.__setattr__(self, "values", MappingProxyType(complete))

    @property
    def fields(self) -> tuple[RowField, ...]:
        """The settings that its kind has."""
        return ROW_KINDS[self.kind].fields

    def number(self, name: str) -> int:
        """Return a whole number among its settings."""
        return int(self.values[name])

    def with_value(self, name: str, value: Value) -> LayerRow:
        """Return the row with one setting changed."""
        return LayerRow(self.kind, {**self.values, name: value})

    def value_problem(self) -> str:
        """Return a sentence on the first number that is out of range; empty if there is none."""
        for item in self.fields:
            value = self.values[item.name]
            if not item.fits(value):
                return f"The setting {item.label} must be {item.wanted()}, not {value:g}."
        return ""

    def _read(self, item: RowField) -> Value:
        given = self.values.get(item.name, item.default)
        value = item.read(given)
        if value is None:
            raise UserError(
                f"The setting {item.name} of {self.kind} must be {item.wanted()}, "
                f"not {shown(given)}."
            )
        return value


def rows_to_json(rows: Iterable[LayerRow]) -> str:
    """Return rows as a compact JSON list that `rows_from_json` reads."""
    return json.dumps([{"kind": row.kind, **row.values} for row in rows], allow_nan=False)


def rows_from_json(text: str) -> tuple[LayerRow, ...]:
    """Read the rows of a table; of what kind and type they are is checked, not their ranges.

    Parameters
    ----------
    text : str
        May come from anywhere.

    Raises
    ------
    UserError
        If it is too long, no JSON list, or a row is not possible: the sentence names the row.
    """
    if not isinstance(text, str):
        raise UserError("The table of layers is not a text: give a JSON list of rows.")
    if len(text) > MAX_TEXT_LENGTH:
        raise UserError(
            f"The table of layers has more than {MAX_TEXT_LENGTH:,} characters: "
            f"give one of at most {MAX_ROWS} rows."
        )
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("The table of layers is not valid JSON: correct it.") from None
    return rows_from_list(items)


def rows_from_list(items: object) -> tuple[LayerRow, ...]:
    """Read rows from what JSON gives for them.

    Parameters
    ----------
    items : object
        Of any type; a list of objects is right.

    Raises
    ------
    UserError
        If it is no list, has too many rows, or a row is not possible: the sentence names the row.
    """
    if not isinstance(items, list):
        raise UserError("The table of layers is not a JSON list: give a list of rows.")
    if len(items) > MAX_ROWS:
        raise UserError(
            f"The table of layers has {len(items)} rows: give one of at most {MAX_ROWS}."
        )
    return tuple(_row(number, item) for number, item in enumerate(items, 1))


def _row(number: int, item: Any) -> LayerRow:
    if not isinstance(item, dict) or "kind" not in item:
        raise UserError(f"Row {number} of the table is no object with a kind: correct it.")
    try:
        return LayerRow(item["kind"], {k: v for k, v in item.items() if k != "kind"})
    except UserError as error:
        raise UserError(f"Row {number} of the table: {error}") from None


def shown(value: object) -> str:
    """Return a value for a message: short, whatever it is."""
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return "that"
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
