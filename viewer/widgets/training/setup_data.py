"""The choice of a data set: those at hand, those to download, a folder of images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.training.setting_editors import ROW_PX, ChoiceBox, SettingRow
from viewer.widgets.training.setting_help import setting_help

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.widgets.theme import Theme

FOLDER_KEY = "\0folder"  # of the entry that asks for a folder: no data set is called that


class DatasetChoice(NamedTuple):
    """A data set to learn from.

    Attributes
    ----------
    key, title : str
    ready : bool
        Whether it is on this computer; if not, choosing it asks for the download.
    images : int
        In the training part; 0 if that is not known.
    detail : str
        What its images are (``28 × 28, grey, 10 classes``).
    """

    key: str
    title: str
    ready: bool = True
    images: int = 0
    detail: str = ""


class DatasetSetting(QObject):
    """The rows that choose a data set.

    Attributes
    ----------
    rows : tuple of QWidget

    Signals
    -------
    changed()
        A person chose another data set.
    dataset_requested(str)
        Key of one that is not on this computer yet.
    folder_requested()
        A folder of images is to be opened.
    """

    changed = pyqtSignal()
    dataset_requested = pyqtSignal(str)
    folder_requested = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._choices: dict[str, DatasetChoice] = {}
        self._key = ""
        self._box = ChoiceBox()
        self._box.setAccessibleName("Data set")
        self._detail = ElidedLabel()
        self._detail.setFixedHeight(ROW_PX)
        self.rows = (SettingRow("", [self._box], setting_help("dataset")), self._detail)
        self._box.chosen.connect(self._on_chosen)

    def set_choices(self, choices: Iterable[tuple[object, ...]]) -> None:
        """Offer data sets, each a DatasetChoice or the values of one; gives no signal."""
        entries = [DatasetChoice(*choice) for choice in choices]  # type: ignore[arg-type]  # rows
        self._choices = {entry.key: entry for entry in entries}
        self._box.clear()
        for entry in entries:
            self._box.addItem(
                entry.title if entry.ready else f"{entry.title}: download…", entry.key
            )
        if entries:
            self._box.insertSeparator(self._box.count())
        self._box.addItem("Folder of images…", FOLDER_KEY)
        self.set_key(self._key)

    def key(self) -> str:
        """Return the chosen data set."""
        return self._key

    def set_key(self, key: str) -> None:
        """Show another data set; gives no signal."""
        self._key = key
        if key:
            self._box.set_key(key)
        choice = self._choices.get(key)
        detail = choice.detail if choice is not None else ""
        self._detail.set_text(detail)
        self._detail.setVisible(bool(detail))

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._detail.set_color(theme.color("text_muted"))

    def problem(self) -> str:
        """Return why no training can start on it, or nothing."""
        choice = self._choices.get(self._key)
        if not self._choices or (choice is not None and choice.ready):
            return ""
        if choice is None:
            return f"There is no data set {self._key!r} here: choose another one."
        return f"{choice.title} is not on this computer yet: choose it again to download it."

    def images(self, config: TrainingConfig) -> int:
        """Return how many images a configuration learns from; 0 if that is not known."""
        choice = self._choices.get(self._key)
        if choice is None or not choice.images:
            return 0
        learned = choice.images - round(config.validation * choice.images)
        return round(learned / (1 - config.augmentation.simulated))

    def _on_chosen(self, key: str) -> None:
        choice = self._choices.get(key)
        if key == FOLDER_KEY or (choice is not None and not choice.ready):
            self._box.set_key(self._key)  # until it is there, the one of before stands
            if key == FOLDER_KEY:
                self.folder_requested.emit()
            else:
                self.dataset_requested.emit(key)
        elif key != self._key:
            self.set_key(key)
            self.changed.emit()
