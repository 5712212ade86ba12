"""The choice of a network: architecture, its numbers, where its weights come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QPushButton

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import TextSize, text_font
from viewer.widgets.training.setting_editors import ROW_PX, ChoiceBox, SettingRow, outline
from viewer.widgets.training.setting_help import hyper_help, setting_help
from viewer.widgets.training.setup_network import (
    RANDOM_WEIGHTS,
    HyperEditors,
    HyperRow,
    HyperValue,
    StartChoice,
)

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme
    from viewer.widgets.training.setup_sections import SectionFlow

NOT_FREEZABLE = (
    "Layers are frozen by the locks on their cards. The cards on screen are those of another "
    "network now: open the one to start from, and the locks are there."
)
FIXED = (
    "A branch goes on with the weights of the run that it leaves, so it has the same network: for "
    "another one, cancel the branch and start a new run."
)
TABLE = "table"  # the architecture whose layers stand in a table of their own


class NetworkSetting(QObject):
    """The rows of the section that is about the network.

    Parameters
    ----------
    flow : SectionFlow
    title : str
        Of the section that the rows go to.
    parent : QObject

    Signals
    -------
    changed()
        A person changed something.
    table_edit_requested()
        The table of layers is to be edited.
    """

    changed = pyqtSignal()
    table_edit_requested = pyqtSignal()

    def __init__(self, flow: SectionFlow, title: str, parent: QObject) -> None:
        super().__init__(parent)
        self._flow, self._title = flow, title
        self._architectures: dict[str, tuple[HyperRow, ...]] = {}
        self._hyper: dict[str, dict[str, HyperValue]] = {}  # of each architecture, as last seen
        self._starts: dict[str, StartChoice] = {"": RANDOM_WEIGHTS}
        self._frozen: tuple[str, ...] = ()
        self._freezable = True
        self._fixed = False
        self._editors = HyperEditors((), self.changed.emit)
        self._theme: Theme | None = None
        self._box = _choice("Architecture")
        self._start = _choice("Start from")
        self._frozen_text = ElidedLabel()
        self._table = QPushButton("Edit layers…")
        self._sum = ElidedLabel()
        self._build()
        self._box.chosen.connect(self._on_architecture_chosen)
        self._start.chosen.connect(self._on_start_chosen)
        self._table.clicked.connect(self.table_edit_requested)
        self.set_starts(())
        self.set_frozen(())

    def set_architectures(self, architectures: Mapping[str, Sequence[HyperRow]]) -> None:
        """Offer architectures by name, with their hyper-parameters; gives no signal."""
        current, hyper = self.architecture(), self.hyper()
        self._architectures = {name: tuple(rows) for name, rows in architectures.items()}
        self._box.set_choices([(name, _architecture_title(name)) for name in architectures])
        if current:
            self.set_architecture(current, hyper)
        else:
            self._show_rows()

    def set_starts(self, starts: Iterable[tuple[object, ...]]) -> None:
        """Offer weights to start from, each a StartChoice or its values, besides random ones."""
        choices = [StartChoice(*start) for start in starts]  # type: ignore[arg-type]  # rows
        chosen = self._starts.get(self.start(), RANDOM_WEIGHTS)
        # What was chosen stays, though another network is on screen now.
        self._starts = {choice.key: choice for choice in (RANDOM_WEIGHTS, *choices)}
        self._starts.setdefault(chosen.key, chosen)
        self._start.set_choices([(choice.key, choice.title) for choice in self._starts.values()])

    def set_architecture(self, name: str, hyper: Mapping[str, HyperValue]) -> None:
        """Show an architecture with its hyper-parameters; gives no signal."""
        self._remember()
        self._hyper[name] = dict(hyper)
        self._box.set_key(name, _architecture_title(name))
        self._show_rows()

    def set_hyper(self, hyper: Mapping[str, HyperValue]) -> None:
        """Show other hyper-parameters of the same architecture; gives no signal."""
        self._hyper[self.architecture()] = dict(hyper)
        self._editors.set_values(hyper)

    def set_start(self, key: str) -> None:
        """Show where the weights come from; gives no signal."""
        self._start.set_key(key, PurePath(key).name)  # of a file, its name will do

    def set_frozen(self, names: Sequence[str]) -> None:
        """Show which layers stay as they are; gives no signal."""
        self._frozen = tuple(names)
        self._show_frozen()

    def set_freezable(self, freezable: bool) -> None:
        """Say whether layers can be frozen on their cards: those are of this network."""
        self._freezable = freezable
        self._show_frozen()

    def set_fixed(self, fixed: bool) -> None:
        """Say whether architecture, its numbers and the start are given, and only shown."""
        self._fixed = fixed
        self._show_fixed()

    def _show_fixed(self) -> None:
        for row in (self._box_row, self._table_row, self._start_row, *self._editors.rows):
            row.set_refusal(FIXED if self._fixed else "")

    def set_table_sum(self, text: str) -> None:
        """Say what the table of layers comes to; empty for nothing."""
        self._sum.set_text(text)
        self._sum_row.setVisible(self.architecture() == TABLE and bool(text))
        self._flow.lay_out()

    def _show_frozen(self) -> None:
        self._frozen_text.set_text(", ".join(self._frozen) or "none")
        where = setting_help("frozen") if self._freezable else NOT_FREEZABLE
        self._frozen_row.setToolTip(f"<p>{where}</p>")
        self._frozen_text.setToolTip(f"<p>{where}</p>")

    def architecture(self) -> str:
        """Return the architecture's name."""
        return self._box.key()

    def hyper(self) -> dict[str, HyperValue]:
        """Return its hyper-parameters: those once given, and those that are no default."""
        return self._editors.values(self._hyper.get(self.architecture(), {}))

    def start(self) -> str:
        """Return the key of the weights to start from."""
        return self._start.key()

    def frozen(self) -> tuple[str, ...]:
        """Return the layers that stay as they are."""
        return self._frozen

    def problem(self) -> str:
        """Return why no such network can be trained, or nothing."""
        name = self.architecture()
        if self._architectures and name not in self._architectures:
            start = self._starts.get(self.start())
            if start is not None and start.key and start.architecture == name:
                return (
                    f"{start.title}, can be looked at but not trained: its file has no "
                    "architecture that could be built again, so start from another one."
                )
            return f"There is no architecture {name!r} here: choose another one."
        return ""

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._editors.set_theme_of(lambda switch: switch.set_theme(theme))
        for row in self._editors.rows:
            outline(row, theme)

    def _build(self) -> None:
        self._frozen_text.setFixedHeight(ROW_PX)
        self._frozen_text.setAccessibleName("Frozen layers")
        self._table.setFont(text_font(TextSize.SMALL))
        self._table.setFixedHeight(ROW_PX)
        self._table_row = SettingRow("", [self._table], hyper_help("layers"))
        self._frozen_row = SettingRow("Frozen", [self._frozen_text])
        self._sum.setFixedHeight(ROW_PX)
        self._sum.setAccessibleName("What the table comes to")
        self._sum_row = SettingRow("", [self._sum], hyper_help("layers"))
        self._box_row = SettingRow("", [self._box], setting_help("architecture"))
        self._start_row = SettingRow("Start from", [self._start], setting_help("start"))
        for row in (
            self._box_row,
            self._table_row,
            self._sum_row,
            self._start_row,
            self._frozen_row,
        ):
            self._flow.add_row(self._title, row)

    def _remember(self) -> None:
        if self.architecture():
            self._hyper[self.architecture()] = self.hyper()

    def _show_rows(self) -> None:
        """Put the controls of the current architecture in the place of those of before."""
        name = self.architecture()
        for row in self._editors.rows:
            self._flow.remove_row(self._title, row)
        self._editors = HyperEditors(self._architectures.get(name, ()), self.changed.emit)
        self._editors.set_values(self._hyper.get(name, {}))
        for place, row in enumerate(self._editors.rows, start=3):
            self._flow.add_row(self._title, row, place)
        self._table_row.setVisible(name == TABLE)
        self._sum_row.setVisible(name == TABLE and bool(self._sum.text()))
        if self._theme is not None:
            self.set_theme(self._theme)
        self._show_fixed()
        self._flow.lay_out()

    def _on_architecture_chosen(self, name: str) -> None:
        start = self._starts.get(self.start())
        if start is None or start.architecture not in ("", name):
            self._start.set_key("")  # those weights don't fit
        self.set_frozen(())  # its layers have other names
        self._show_rows()
        self.changed.emit()

    def _on_start_chosen(self, key: str) -> None:
        start = self._starts.get(key, RANDOM_WEIGHTS)
        if start.architecture:
            if start.architecture != self.architecture():
                self.set_frozen(())
            self.set_architecture(start.architecture, start.hyper or {})
        self.changed.emit()


def _choice(name: str) -> ChoiceBox:
    box = ChoiceBox()
    box.setAccessibleName(name)
    return box


def _architecture_title(name: str) -> str:
    return {"lenet5": "LeNet-5", "mlp": "MLP (dense layers)", TABLE: "from a table"}.get(name, name)
