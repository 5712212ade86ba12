"""What a training is to do: choices, presets, files, the preview of the augmentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from viewer.core.data.folder_name import FolderName
from viewer.core.data.registry import DatasetInfo, dataset_infos
from viewer.core.errors import UserError
from viewer.core.files import replace_file
from viewer.core.nets.architectures import architectures
from viewer.core.nets.shipped import shipped_models
from viewer.core.nets.table import LayerRow, check_table, rows_from_json
from viewer.core.nets.table_presets import TABLE_PRESETS
from viewer.core.training.config import TrainingConfig
from viewer.core.training.devices import devices
from viewer.core.training.presets import load_preset, presets
from viewer.widgets.folder_dialog import ask_for_folder
from viewer.widgets.training.setup_architecture import TABLE
from viewer.widgets.training.setup_data import DatasetChoice
from viewer.widgets.training.setup_network import RANDOM_WEIGHTS, StartChoice

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord
    from viewer.services.samples import SamplesService
    from viewer.widgets.training.panel import TrainingPanel
    from viewer.widgets.training.setup import SetupView

CONFIG_KEY = "training/config"
CONFIG_FILTER = "Training settings (*.json);;All files (*)"
IN_THE_BOX = "mnist"
FIRST_PRESET = "standard"
MAX_CONFIG_BYTES = 1 << 20
MAX_FOLDER_PX = 512  # images of a folder are no larger
COLORS = 3

DatasetInput = tuple[tuple[int, int, int], int]  # (C, H, W) of the images, number of classes


class SetupController(QObject):
    """Fills the set-up, and keeps what is set from one start of the program to the next.

    Signals
    -------
    failed(str)
        One sentence on a file.
    dataset_requested(str)
        A data set that has to be downloaded first.
    table_requested()
        The table of layers is to be edited.
    config_changed(TrainingConfig)
    dataset_changed(str)
        Name of the data set to learn from, if it is on this machine; else of the one in the box.
    input_known()
        `input_of_dataset` has an answer that it didn't have before.
    """

    failed = pyqtSignal(str)
    dataset_requested = pyqtSignal(str)
    table_requested = pyqtSignal()
    config_changed = pyqtSignal(object)
    dataset_changed = pyqtSignal(str)
    input_known = pyqtSignal()

    def __init__(
        self,
        panel: TrainingPanel,
        augmentation: SamplesService,
        settings: QSettings,
        network_source: Callable[[], tuple[NetworkRecord | None, str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._view: SetupView = panel.setup
        self._augmentation = augmentation
        self._settings = settings
        self._network_source = network_source
        self._folders: list[FolderName] = []
        self._ready: set[str] = set()  # names of data sets that are on this machine
        self._inputs: dict[str, DatasetInput] = {}  # of folders that were looked into
        self._input_asked = ""  # the folder that was asked about last
        self._preview_shown = False
        self._preview_seed = 0
        self._asked: tuple[object, ...] = ()
        self._parent: TrainingConfig | None = None  # of the branch that is set up
        self.refresh_datasets()
        self._offered: tuple[str, ...] = ()  # architectures
        self._offer_architectures()
        self._view.set_devices(devices())
        self._view.set_presets([(k, p.title, p.description) for k, p in presets().items()])
        self.refresh_starts()
        self._view.set_config(self._stored())
        self._offer_architectures(self._view.config().architecture)
        self._start = self._view.config().start
        self._connect_signals()
        self._on_problems_changed(self._view.problems())
        self._show_table_sum()

    def config(self) -> TrainingConfig:
        """Return what is set."""
        return self._view.config()

    def input_of_dataset(self) -> DatasetInput | None:
        """Return (C, H, W) of the images of the data set, and the number of its classes.

        None for a folder that nobody has looked into yet: `ask_for_input` has it done.
        """
        name = self.config().dataset
        for info in dataset_infos():
            if info.name == name:
                return info.input_shape, len(info.class_names)
        return self._inputs.get(name)

    def ask_for_input(self) -> None:
        """Have the folder to learn from looked into; `input_known` or `failed` follows."""
        self._input_asked = self.config().dataset
        self._augmentation.ask_input(self._input_asked)

    def problem(self) -> str:
        """Return why no training can start; empty if one can."""
        return next(iter(self._view.problems()), "")

    def set_config(self, config: TrainingConfig) -> None:
        """Show other settings."""
        if FolderName.parse(config.dataset) is not None:
            self.add_folder(config.dataset)
        self._offer_architectures(config.architecture)
        self._start = config.start
        self._view.set_config(config)
        self._on_config_changed(self._view.config())

    def set_parent(self, parent: TrainingConfig | None) -> None:
        """Set up a branch of a run with these settings, whose network stays; None for no branch."""
        self._parent = parent
        self._view.set_network_fixed(parent is not None)

    def set_frozen(self, names: tuple[str, ...]) -> None:
        """Freeze these layers in the next run."""
        self._view.set_frozen(names)

    def add_folder(self, name: str) -> None:
        """Offer a folder of images as a data set."""
        folder = FolderName.parse(name)
        if folder is not None and folder not in self._folders:
            self._folders.append(folder)
            self.refresh_datasets()

    def refresh_datasets(self) -> None:
        """Offer what there is now."""
        found = [_choice(info) for info in dataset_infos()]
        found += [_folder_choice(folder) for folder in self._folders]
        self._ready = {choice.key for choice in found if choice.ready}
        self._view.set_datasets(found)

    def refresh_starts(self) -> None:
        """Offer the weights that a training can start from now."""
        starts = [RANDOM_WEIGHTS]
        network, model = self._network_source()
        if network is not None and model and model not in shipped_models():
            self._offer_architectures(network.architecture)
            title = f"{network.title}, on screen"
            starts.append(StartChoice(model, title, network.architecture, dict(network.hyper)))
        starts += [StartChoice(name, f"{name}, in the box", name) for name in shipped_models()]
        self._view.set_starts(starts)

    def _offer_architectures(self, other: str = "") -> None:
        """Offer ours, and one of torchvision's if it is wanted."""
        known = architectures()
        names = [*known, *(name for name in self._offered if name not in known.names())]
        if other not in names and _is_torchvisions(other):
            names.append(other)
        if tuple(names) != self._offered:
            self._offered = tuple(names)
            self._view.set_architectures({n: known.get(n).hyper_parameters for n in names})

    def _folder_for_start(self, path: Path, start: str) -> FolderName:
        """Return a folder of images as the network to start from takes them."""
        network, model = self._network_source()
        if network is None or model != start or network.preparation.digit:
            return FolderName(path)
        channels, height, width = network.input_shape
        return FolderName(path, min(max(height, width), MAX_FOLDER_PX), channels == COLORS)

    def save(self) -> None:
        """Remember what is set."""
        self._settings.setValue(CONFIG_KEY, self.config().to_json())

    def _stored(self) -> TrainingConfig:
        text = self._settings.value(CONFIG_KEY)
        if isinstance(text, str):
            try:
                config = TrainingConfig.from_json(text)
                if FolderName.parse(config.dataset) is not None:
                    self.add_folder(config.dataset)
                return config
            except UserError:
                pass  # of another version, or damaged: begin anew
        return load_preset(FIRST_PRESET)

    def _connect_signals(self) -> None:
        view = self._view
        view.config_changed.connect(self._on_config_changed)
        view.problems_changed.connect(self._on_problems_changed)
        view.preset_chosen.connect(self._on_preset_chosen)
        view.load_requested.connect(self._on_load_requested)
        view.save_requested.connect(self._on_save_requested)
        view.dataset_requested.connect(self.dataset_requested)
        view.folder_requested.connect(self._on_folder_requested)
        view.table_edit_requested.connect(self.table_requested)
        view.preview_toggled.connect(self._on_preview_toggled)
        view.preview.more_requested.connect(self._on_more_requested)
        self._augmentation.pairs_ready.connect(view.preview.set_pairs)
        self._augmentation.input_ready.connect(self._on_input_ready)
        self._augmentation.failed.connect(self.failed)

    def _on_config_changed(self, config: TrainingConfig) -> None:
        folder = FolderName.parse(config.dataset)
        if config.start != self._start and config.start and folder is not None:
            fitting = self._folder_for_start(folder.path, config.start)
            self.add_folder(str(fitting))
            self.set_config(replace(config, dataset=str(fitting)))
            return
        self._start = config.start
        self._ask_for_preview()
        self._show_table_sum()
        self.config_changed.emit(config)
        self.tell_dataset()

    def tell_dataset(self) -> None:
        """Say which data set is to be learned from."""
        name = self.config().dataset
        self.dataset_changed.emit(name if name in self._ready else IN_THE_BOX)

    def _show_table_sum(self) -> None:
        config = self.config()
        text = ""
        if config.architecture == TABLE:
            known = self.input_of_dataset()
            if known is not None:
                text = table_sum(config.hyper.get("layers"), *known)
            elif config.dataset != self._input_asked:
                self.ask_for_input()
        self._view.set_table_sum(text)

    def _on_input_ready(self, name: str, shape: tuple[int, int, int], classes: int) -> None:
        self._inputs[name] = shape, classes
        if name == self.config().dataset:
            self._show_table_sum()
            self.input_known.emit()

    def _on_problems_changed(self, problems: tuple[str, ...]) -> None:
        self._panel.transport.set_blocked(problems[0] if problems else "")

    def _on_preset_chosen(self, key: str) -> None:
        chosen = load_preset(key)
        # The person's own choices of data and machine stay.
        now = self.config()
        self._take(replace(chosen, dataset=now.dataset, device=now.device, seed=now.seed))

    def _take(self, config: TrainingConfig) -> None:
        """Show the settings of a preset or a file; a branch's network stays its parent's."""
        parent = self._parent
        if parent is not None:
            config = replace(
                config,
                architecture=parent.architecture,
                hyper=parent.hyper,
                start=parent.start,
                frozen=parent.frozen,
            )
        self.set_config(config)

    def _on_preview_toggled(self, shown: bool) -> None:
        self._preview_shown = shown
        self._ask_for_preview()

    def _on_more_requested(self) -> None:
        self._preview_seed += 1
        self._ask_for_preview()

    def _ask_for_preview(self) -> None:
        config = self.config()
        question = (config.dataset, config.augmentation, self._preview_seed)
        if self._preview_shown and question != self._asked:
            self._asked = question
            self._augmentation.ask(*question)

    def _on_load_requested(self) -> None:
        dialog = self._dialog("Load settings")
        dialog.fileSelected.connect(lambda path: self._load(Path(path)))
        dialog.open()

    def _load(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_CONFIG_BYTES)
            self._take(TrainingConfig.from_json(content, path.name))
        except OSError as error:
            reason = error.strerror or error
            self.failed.emit(f"{path} can't be read ({reason}): choose another file.")
        except UserError as error:
            self.failed.emit(str(error))

    def _on_save_requested(self) -> None:
        dialog = self._dialog("Save settings")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(lambda path: self._save_to(Path(path)))
        dialog.open()

    def _save_to(self, path: Path) -> None:
        try:
            replace_file(path, self.config().to_json().encode())
        except UserError as error:
            self.failed.emit(str(error))

    def _on_folder_requested(self) -> None:
        title = "Images in folders by class"
        ask_for_folder(self._panel.window(), title, self._on_folder_chosen)

    def _on_folder_chosen(self, path: Path) -> None:
        name = str(self._folder_for_start(path, self.config().start))
        self.add_folder(name)
        self.set_config(replace(self.config(), dataset=name))

    def _dialog(self, title: str) -> QFileDialog:
        return QFileDialog(self._panel.window(), title, filter=CONFIG_FILTER)


def table_sum(text: object, input_shape: tuple[int, int, int], classes: int) -> str:
    """Return how large the network of a table is, in a few words.

    Parameters
    ----------
    text : object
        JSON of the table; the first preset's rows in place of what is none.
    input_shape : (C, H, W)
    classes : int
    """
    rows: Sequence[LayerRow] = next(iter(TABLE_PRESETS.values()))
    if isinstance(text, str):
        try:
            rows = rows_from_json(text)
        except UserError:
            return ""
    report = check_table(rows, input_shape, classes)
    # Two are always added: the one that flattens, and the output.
    return report.problem or f"{len(rows) + 2} layers, {report.parameters:,} parameters"


def _is_torchvisions(name: str) -> bool:
    if not name or name in architectures().names():
        return False
    return name in architectures()


def _folder_choice(folder: FolderName) -> DatasetChoice:
    kind = {None: "", False: ", grey", True: ", colour"}[folder.color]
    detail = f"{folder.size} × {folder.size}{kind}: {folder.path}"
    return DatasetChoice(str(folder), folder.path.name, True, 0, detail)


def _choice(info: DatasetInfo) -> DatasetChoice:
    channels, height, width = info.input_shape
    kind = "grey" if channels == 1 else "colour"
    detail = f"{height} × {width}, {kind}, {len(info.class_names)} classes"
    return DatasetChoice(info.name, info.title, info.ready, info.counts[0], detail)
