"""Hyper-parameters of an architecture as rows of controls: those of a kind share a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from viewer.widgets.switch import Switch
from viewer.widgets.training.setting_editors import NumberBox, SettingRow
from viewer.widgets.training.setting_editors_steps import Stepper, by, doublings
from viewer.widgets.training.setting_help import hyper_help, hyper_stem

HyperValue = bool | int | float | str

_LABELS = {
    "maps": "Filters",
    "kernel": "Kernel size",
    "units": "Units",
    "batch_norm": "Batch norm",
    "dropout": "Dropout",
}
_STEPPERS: dict[str, Stepper] = {
    "maps": by(4),
    "kernel": by(2),
    "units": doublings,
    "dropout": by(0.05),
}
MAX_A_ROW = 3  # more numbers than that are not readable in one column


class HyperRow(Protocol):
    """What an architecture says of one of its numbers; `viewer.core.nets` has such records."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def help(self) -> str:
        """Return what it is, in a few words."""

    @property
    def default(self) -> HyperValue:
        """Return its default, which has its type."""

    @property
    def low(self) -> float:
        """Return its smallest value."""

    @property
    def high(self) -> float:
        """Return its largest value."""


class StartChoice(NamedTuple):
    """Weights to start from.

    Attributes
    ----------
    key : str
        What the configuration's `start` then is; empty for random weights.
    title : str
    architecture : str
        That the network has; empty if it fits any.
    hyper : mapping
        Its hyper-parameters.
    """

    key: str
    title: str
    architecture: str = ""
    hyper: Mapping[str, HyperValue] | None = None


RANDOM_WEIGHTS = StartChoice("", "scratch")


class HyperEditors:
    """The controls for one architecture.

    Attributes
    ----------
    rows : tuple of SettingRow
    """

    def __init__(self, hyper_rows: Sequence[HyperRow], on_changed: Callable[[], None]) -> None:
        self._editors: dict[str, NumberBox | Switch] = {}
        self._defaults = {row.name: row.default for row in hyper_rows}
        self.rows = tuple(
            self._build_row(group, on_changed)
            for group in _groups([row for row in hyper_rows if not isinstance(row.default, str)])
        )

    def set_values(self, hyper: Mapping[str, HyperValue]) -> None:
        """Show `hyper`, and the default of what it leaves out; gives no signal."""
        for name, editor in self._editors.items():
            value = hyper.get(name, self._defaults[name])
            if isinstance(editor, Switch):
                editor.setChecked(bool(value))
            else:
                editor.set_number(float(value))

    def values(self, given: Mapping[str, HyperValue]) -> dict[str, HyperValue]:
        """Return what `given` names and what differs from its default; texts as given."""
        result = dict(given)
        for name, editor in self._editors.items():
            value = editor.isChecked() if isinstance(editor, Switch) else editor.number()
            if name in given or value != self._defaults[name]:
                result[name] = value
        return result

    def set_theme_of(self, setter: Callable[[Switch], None]) -> None:
        """Call `setter` with every switch."""
        for editor in self._editors.values():
            if isinstance(editor, Switch):
                setter(editor)

    def _build_row(self, group: Sequence[HyperRow], on_changed: Callable[[], None]) -> SettingRow:
        editors = [self._build_editor(row, len(group) == 1, on_changed) for row in group]
        stem = hyper_stem(group[0].name)
        label = _LABELS.get(stem, stem.replace("_", " ").capitalize())
        return SettingRow(label, editors, hyper_help(group[0].name, group[0].help))

    def _build_editor(
        self, row: HyperRow, alone: bool, on_changed: Callable[[], None]
    ) -> NumberBox | Switch:
        editor: NumberBox | Switch
        if isinstance(row.default, bool):
            editor = Switch("")
            editor.clicked.connect(lambda _: on_changed())
        else:
            whole = isinstance(row.default, int)
            stepper = _STEPPERS.get(hyper_stem(row.name), by(1 if whole else 0.1))
            editor = NumberBox(row.low, row.high, stepper, whole=whole, buttons=alone)
            editor.number_changed.connect(lambda _: on_changed())
        if not alone:
            editor.setToolTip(f"<p><b>{row.name}</b>: {hyper_help(row.name, row.help)}</p>")
        editor.setAccessibleName(row.help[:1].upper() + row.help[1:] if row.help else row.name)
        self._editors[row.name] = editor
        return editor


def _groups(rows: Sequence[HyperRow]) -> list[list[HyperRow]]:
    """Return the rows in order, those that differ by a number only together."""
    groups: list[list[HyperRow]] = []
    for row in rows:
        numbered = hyper_stem(row.name) != row.name
        fits = bool(groups) and numbered and len(groups[-1]) < MAX_A_ROW
        if fits and hyper_stem(groups[-1][0].name) == hyper_stem(row.name):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
