"""Everything a lesson can make the program do, and how each is written in its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from viewer.core.explain.lab_presets import KERNELS, PATTERNS, ROW_KERNELS, ROWS
from viewer.core.explain.lab_settings import (
    MAX_DILATION,
    MAX_KERNEL,
    MAX_PADDING,
    MAX_STRIDE,
    POOLING_SIZES,
    SAME,
    VALID,
    Activation,
    Combination,
    PaddingMode,
    Pooling,
)
from viewer.core.lessons.expression import Expression, ExpressionError
from viewer.core.lessons.live import LIVE_NAMES
from viewer.core.lessons.trained import DATA, TRAINED

LAB, SLIDING, TRACE, TRAINING, DATASET = "lab", "sliding", "trace", "training", "dataset"
EXCITING = "exciting"
PANELS = ("comparison", "curves", "evaluation")
MNIST_TEST_IMAGES = 10_000
MAX_TRAINING_STEPS = 2000
MAX_SHIFT = 27

Check = Callable[[object], str]  # what is wrong, as a phrase after the key; empty for nothing


@dataclass(frozen=True, slots=True)
class ActionKind:
    """One kind of action.

    Attributes
    ----------
    check : callable
        Returns what is wrong with a value; empty for nothing.
    needs : str
        Part of the program without which it can't be done; empty for none.
    """

    check: Check
    needs: str = ""


def _text(value: object) -> str:
    return "" if isinstance(value, str) and value else "must be a text"


def _true(value: object) -> str:
    return "" if value is True else "must be true"


def _flag(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _whole(low: int, high: int) -> Check:
    def check(value: object) -> str:
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if right else f"must be a whole number from {low} to {high}"

    return check


def _number(value: object) -> str:
    right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6
    return "" if right else "must be a number"


def _one_of(*choices: str) -> Check:
    def check(value: object) -> str:
        return "" if value in choices else f"must be one of {', '.join(choices)}"

    return check


def _list_of(check_item: Check, low: int, high: int) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, list) or not low <= len(value) <= high:
            return f"must be a list of {low} to {high} entries" if low < high else (
                f"must be a list of {low} entries"
            )  # fmt: skip
        return next((f"has an entry that {p}" for p in map(check_item, value) if p), "")

    return check


def _either(first: Check, *others: Check) -> Check:
    def check(value: object) -> str:
        problems = [check(value) for check in (first, *others)]
        return "" if "" in problems else problems[0]

    return check


def _table(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def check(value: object) -> str:
        if not isinstance(value, dict):
            return f"must be a table with {', '.join(known)}"
        for key in required:
            if key not in value:
                return f"needs {key}"
        for key, item in value.items():
            if key not in known:
                return f"has no {key}: it may have {', '.join(known)}"
            problem = known[key](item)
            if problem:
                return f"has a {key} that {problem}"
        return ""

    return check


def formula(value: object) -> str:
    """Return what is wrong with a formula of a lesson."""
    if not isinstance(value, str):
        return "must be a text"
    try:
        Expression(value, LIVE_NAMES)
    except ExpressionError as error:
        return str(error)
    return ""


_index = _whole(0, 4095)
_MAP = MappingProxyType({"layer": _text, "channel": _index})
_PLACE = MappingProxyType({"y": _index, "x": _index})
_row_of_numbers = _list_of(_number, 1, 32)
_grid = _list_of(_row_of_numbers, 1, MAX_KERNEL)
_LAB_FIELDS: Mapping[str, Check] = MappingProxyType(
    {
        "input": _one_of("pattern", "drawing", "picture", "row"),
        "pattern": _either(_one_of(*PATTERNS), _list_of(_text, 2, 24)),
        "row": _either(_one_of(*ROWS), _row_of_numbers),
        "preset": _one_of(*(preset.key for preset in (*KERNELS, *ROW_KERNELS))),
        "kernel": _grid,
        "stride": _whole(1, MAX_STRIDE),
        "padding": _either(_one_of(VALID, SAME), _whole(0, MAX_PADDING)),
        "mode": _one_of(*PaddingMode),
        "dilation": _whole(1, MAX_DILATION),
        "bias": _number,
        "flip": _flag,
        "activation": _one_of(*Activation),
        "pooling": _one_of(*Pooling),
        "pooling_size": _whole(min(POOLING_SIZES), max(POOLING_SIZES)),
        "combination": _one_of(*Combination),
        "cell": _list_of(_index, 3, 3),
    }
)

ACTIONS: Mapping[str, ActionKind] = MappingProxyType(
    {
        "open": ActionKind(_text),
        "drawing": ActionKind(_text),
        "mnist": ActionKind(_whole(0, MNIST_TEST_IMAGES - 1), DATASET),
        "image": ActionKind(
            _table({"data": _one_of(*DATA), "index": _whole(0, MNIST_TEST_IMAGES - 1)}), DATASET
        ),
        "clear": ActionKind(_true),
        "shift": ActionKind(_list_of(_whole(-MAX_SHIFT, MAX_SHIFT), 2, 2)),
        "select": ActionKind(_table(_MAP, _PLACE)),
        "show": ActionKind(_text),
        "lab": ActionKind(_table({}, _LAB_FIELDS), LAB),
        "sliding": ActionKind(_table(_MAP, {**_PLACE, "predict": _flag}), SLIDING),
        "trace": ActionKind(_table({**_MAP, **_PLACE}), TRACE),
        "exciting": ActionKind(_table(_MAP), EXCITING),
        "panel": ActionKind(_one_of(*PANELS), TRAINING),
        "train": ActionKind(
            _table(
                {"steps": _whole(1, MAX_TRAINING_STEPS)},
                {"network": _one_of(*TRAINED), "data": _one_of(*DATA)},
            ),
            TRAINING,
        ),
        "keep": ActionKind(_table({"name": _text, "value": formula})),
    }
)

# What a step can point at; "card:" and "map:" go on with a layer (and a channel).
TARGETS = (
    "pad",
    "input",
    "prediction",
    "inspector",
    "network",
    "chooser",
    "lab",
    "lab:input",
    "lab:kernels",
    "lab:maps",
    "lab:settings",
    "lab:formula",
    "lab:arithmetic",
    "sliding",
    "trace",
    "exciting",
    "training",
)


def target_problem(target: str) -> str:
    """Return what is wrong with the name of something to point at."""
    kind, _, rest = target.partition(":")
    if target in TARGETS or (kind == "card" and rest):
        return ""
    layer, _, channel = rest.rpartition(":")
    if kind == "map" and layer and channel.isdecimal():
        return ""
    names = ", ".join((*TARGETS, "card:LAYER", "map:LAYER:CHANNEL"))
    return f"names {target!r}: it can name {names}"
