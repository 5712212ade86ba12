"""What a training is to do: every setting, in sections across the width of the dock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.core.errors import UserError
from viewer.core.training.config import TrainingConfig
from viewer.widgets.training.augmentation_preview import AugmentationPreview
from viewer.widgets.training.setting_editors import ChoiceBox, SettingRow, outline
from viewer.widgets.training.setting_help import setting_help
from viewer.widgets.training.setup_architecture import NetworkSetting
from viewer.widgets.training.setup_bar import SetupBar
from viewer.widgets.training.setup_data import DatasetSetting
from viewer.widgets.training.setup_fields import DATA, NETWORK, SECTIONS
from viewer.widgets.training.setup_form import SettingForm
from viewer.widgets.training.setup_schedule import ScheduleView
from viewer.widgets.training.setup_sections import SectionFlow

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme
    from viewer.widgets.training.setup_network import HyperRow, HyperValue

USUAL_STEPS_PER_EPOCH = 100  # for the schedule's curve while no number of images is known
PREVIEW_PX = 288  # two pairs of 28 × 28 images side by side, twice enlarged
SCROLL_STEP_PX = 26  # a row


class SetupView(QWidget):
    """All settings of a training, with presets over them.

    Attributes
    ----------
    preview : AugmentationPreview
        Hidden until it is asked for.

    Signals
    -------
    config_changed(object)
        TrainingConfig after a person's change; not while a setting is impossible.
    problems_changed(object)
        Tuple of str, one sentence for each reason why no training can start.
    preset_chosen(str)
        Key of a preset; answer with `set_config`.
    load_requested(), save_requested()
        Settings are to be read from or written to a JSON file.
    dataset_requested(str)
        Key of a data set that is to be downloaded.
    folder_requested()
        A folder of images is to be used as data set.
    preview_toggled(bool)
        A person had the preview of the augmentation shown or hidden.
    table_edit_requested()
        The table of layers is to be edited; answer with `set_hyper`.
    """

    config_changed = pyqtSignal(object)
    problems_changed = pyqtSignal(object)
    preset_chosen = pyqtSignal(str)
    load_requested = pyqtSignal()
    save_requested = pyqtSignal()
    dataset_requested = pyqtSignal(str)
    folder_requested = pyqtSignal()
    preview_toggled = pyqtSignal(bool)
    table_edit_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dock_page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._config = TrainingConfig()  # the last one that was possible
        self._problems: tuple[str, ...] = ()
        self._devices: tuple[str, ...] = ()
        self._bar = SetupBar()
        self._flow = SectionFlow(tuple(SECTIONS))
        self._data = DatasetSetting(self)
        self._network = NetworkSetting(self._flow, NETWORK, self)
        self._device = ChoiceBox()
        self._schedule = ScheduleView()
        self.preview = AugmentationPreview()
        self._form = SettingForm(self._flow, self)
        self._add_rows()
        self._build_layout()
        self._connect_signals()
        self.set_config(self._config)

    def add_heading(self, widget: QWidget) -> None:
        """Put a line above everything."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(0, widget)

    def set_choices(
        self,
        datasets: Iterable[tuple[object, ...]],
        architectures: Mapping[str, Sequence[HyperRow]],
        devices: Iterable[tuple[str, str]],
    ) -> None:
        """Offer data sets, architectures and devices at once; gives no `config_changed`."""
        self.set_datasets(datasets)
        self.set_architectures(architectures)
        self.set_devices(devices)

    def set_datasets(self, datasets: Iterable[tuple[object, ...]]) -> None:
        """Offer data sets, each a DatasetChoice or (key, title, …)."""
        self._data.set_choices(datasets)
        self._refresh()

    def set_architectures(self, architectures: Mapping[str, Sequence[HyperRow]]) -> None:
        """Offer architectures by name, with the rows of their hyper-parameters."""
        self._network.set_architectures(architectures)
        self._refresh()

    def set_devices(self, devices: Iterable[tuple[str, str]]) -> None:
        """Offer devices as (key, title)."""
        current = self._device.key()
        pairs = list(devices)
        self._devices = tuple(key for key, _ in pairs)
        self._device.set_choices(pairs)
        self._device.set_key(current)
        self._refresh()

    def set_starts(self, starts: Iterable[tuple[object, ...]]) -> None:
        """Offer weights to start from, each a StartChoice or (key, title, …)."""
        self._network.set_starts(starts)

    def set_presets(self, presets: Iterable[tuple[str, ...]]) -> None:
        """Offer presets as (key, title, description)."""
        self._bar.set_presets(presets)

    def set_frozen(self, names: Sequence[str]) -> None:
        """Show which layers stay as they are: they are ticked on their cards."""
        self._network.set_frozen(names)
        self._refresh()

    def set_freezable(self, freezable: bool) -> None:
        """Say whether the cards on screen are those of the network to be trained."""
        self._network.set_freezable(freezable)

    def set_network_fixed(self, fixed: bool) -> None:
        """Say whether the network is given, as a branch's is, and can't be changed."""
        self._network.set_fixed(fixed)

    def set_table_sum(self, text: str) -> None:
        """Say how large the network from the table is; empty for nothing."""
        self._network.set_table_sum(text)

    def set_hyper(self, hyper: Mapping[str, HyperValue]) -> None:
        """Show other hyper-parameters of the architecture, a table's layers among them."""
        self._network.set_hyper(hyper)
        self._refresh()

    def set_config(self, config: TrainingConfig) -> None:
        """Show a configuration; gives no `config_changed`."""
        self._config = config
        self._form.fill(config)
        self._data.set_key(config.dataset)
        self._network.set_architecture(config.architecture, config.hyper)
        self._network.set_start(getattr(config, "start", self._network.start()))
        self._network.set_frozen(getattr(config, "frozen", self._network.frozen()))
        self._device.set_key(config.device)
        self._refresh()

    def config(self) -> TrainingConfig:
        """Return what is set; where that is impossible, what was set before."""
        return self._config

    def set_preview_shown(self, shown: bool) -> None:
        """Show or hide the preview of the augmentation; gives no signal."""
        self._bar.set_preview_shown(shown)
        self.preview.setVisible(shown)

    def problems(self) -> tuple[str, ...]:
        """Return why no training can start, a sentence each; empty if one can."""
        return self._problems

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._bar.set_theme(theme)
        self._flow.set_theme(theme)
        self._data.set_theme(theme)
        self._network.set_theme(theme)
        self._schedule.set_theme(theme)
        self.preview.set_theme(theme)
        self._form.set_theme(theme)
        outline(self._flow, theme)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the buttons their icons."""
        self._bar.set_icons(icons, theme)
        self.preview.set_icons(icons, theme)

    def _add_rows(self) -> None:
        for row in self._data.rows:
            self._flow.add_row(DATA, row)
        self._device.setAccessibleName("Device")
        device = SettingRow("Device", [self._device], setting_help("device"))
        self._form.add_rows({"schedule": self._schedule, "device": device})

    def _build_layout(self) -> None:
        area = QScrollArea()
        area.setWidget(self._flow)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.verticalScrollBar().setSingleStep(SCROLL_STEP_PX)  # type: ignore[union-attr]  # has one
        page = QHBoxLayout()
        page.setSpacing(0)
        page.addWidget(area, 1)
        page.addWidget(self.preview)
        self.preview.setFixedWidth(PREVIEW_PX)
        self.preview.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addLayout(page, 1)

    def _connect_signals(self) -> None:
        self._bar.preset_chosen.connect(self.preset_chosen)
        self._bar.load_requested.connect(self.load_requested)
        self._bar.save_requested.connect(self.save_requested)
        self._bar.preview_toggled.connect(self.set_preview_shown)
        self._bar.preview_toggled.connect(self.preview_toggled)
        self._data.changed.connect(self._on_edited)
        self._data.dataset_requested.connect(self.dataset_requested)
        self._data.folder_requested.connect(self.folder_requested)
        self._network.changed.connect(self._on_edited)
        self._network.table_edit_requested.connect(self.table_edit_requested)
        self._device.chosen.connect(self._on_edited)
        self._form.changed.connect(self._on_edited)

    def _on_edited(self) -> None:
        before = self._config
        self._refresh()
        if self._config != before:
            self.config_changed.emit(self._config)

    def _refresh(self) -> None:
        """Take up what the controls say, and show what follows from it."""
        problem = ""
        try:
            self._config = self._read()
        except UserError as error:
            problem = str(error)
        self._form.show_needed()
        problems = (problem, self._data.problem(), self._network.problem(), self._device_problem())
        self._show_problems(tuple(p for p in problems if p))
        steps = self._steps_per_epoch()
        self._schedule.set_schedule(self._config, steps or USUAL_STEPS_PER_EPOCH)

    def _read(self) -> TrainingConfig:
        values, moved = self._form.values()
        known = {item.name for item in fields(TrainingConfig)}
        special = {
            "dataset": self._data.key(),
            "architecture": self._network.architecture(),
            "start": self._network.start(),
            "frozen": self._network.frozen(),
            "device": self._device.key(),
        }
        values |= {name: value for name, value in special.items() if name in known}
        values["hyper"] = MappingProxyType(self._network.hyper())
        values["augmentation"] = replace(self._config.augmentation, **moved)
        return replace(self._config, **values)

    def _show_problems(self, problems: tuple[str, ...]) -> None:
        if problems:
            self._bar.set_text(problems[0], problem=True)
        else:
            self._bar.set_text(self._summary())
        if problems != self._problems:
            self._problems = problems
            self.problems_changed.emit(problems)

    def _device_problem(self) -> str:
        device = self._device.key()
        if not self._devices or device in self._devices:
            return ""
        return f"The device {device} is not available on this computer: choose another one."

    def _steps_per_epoch(self) -> int:
        images = self._data.images(self._config)
        return max(1, images // self._config.batch_size) if images else 0

    def _summary(self) -> str:
        steps = self._steps_per_epoch()
        if not steps:
            return ""
        images, total = self._data.images(self._config), steps * self._config.epochs
        return f"{images:,} images · {_count(steps)} an epoch · {_count(total)} in all"


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
