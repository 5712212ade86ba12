"""Single images to look at: what an augmentation does to them, or for the lab."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from viewer.core.data.dataset import ImageDataset
    from viewer.core.training.config import Augmentation

SAMPLES = 12
PICTURE_PX = 64  # side of a picture for the lab


@dataclass(frozen=True, slots=True)
class _Question:
    dataset: str
    settings: Augmentation
    seed: int
    samples: int


@dataclass(frozen=True, slots=True)
class _ImageQuestion:
    dataset: str
    seed: int


@dataclass(frozen=True, slots=True)
class _PictureQuestion:
    path: Path


@dataclass(frozen=True, slots=True)
class _InputQuestion:
    dataset: str


_AnyQuestion = _Question | _ImageQuestion | _PictureQuestion | _InputQuestion


class SamplesService(QObject):
    """Reads single images on its own thread, and distorts some as a training would.

    Signals
    -------
    pairs_ready(list of (before, after))
        Each (H, W) or (H, W, 3) float32, [0, 1].
    image_ready(image, str)
        A training image, (H, W) or (H, W, 3) float32 in [0, 1], and what it is of.
    picture_ready(image, str)
        A picture from a file, (S, S, 3) float32 in [0, 1], and its name.
    input_ready(str, object, int)
        Name of a data set, shape (C, H, W) of its images, number of its classes.
    failed(str)
        One sentence.
    """

    pairs_ready = pyqtSignal(object)
    image_ready = pyqtSignal(object, str)
    picture_ready = pyqtSignal(object, str)
    input_ready = pyqtSignal(str, object, int)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_AnyQuestion] = Mailbox("question", "image", "picture", "input")
        self._worker = Worker("samples", self._mailbox, self._handle, self._on_error)
        self._loaded: tuple[str, ImageDataset] | None = None  # the worker's thread alone
        self._input_wanted = ""  # the data set asked for last: a folder takes its time

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def ask(self, dataset: str, settings: Augmentation, seed: int, samples: int = SAMPLES) -> None:
        """Ask for pairs; the same seed gives the same images and the same distortions."""
        self._mailbox.put("question", _Question(dataset, settings, seed, samples))

    def ask_image(self, dataset: str, seed: int) -> None:
        """Ask for one training image; another seed gives another one."""
        self._mailbox.put("image", _ImageQuestion(dataset, seed))

    def ask_picture(self, path: Path) -> None:
        """Ask for a picture from a file, cut to a small square."""
        self._mailbox.put("picture", _PictureQuestion(path))

    def ask_input(self, dataset: str) -> None:
        """Ask what the images and classes of a data set are, a folder's by looking into it."""
        self._input_wanted = dataset
        self._mailbox.put("input", _InputQuestion(dataset))

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, question: _AnyQuestion) -> None:
        if isinstance(question, _ImageQuestion):
            self._tell_image(question)
        elif isinstance(question, _PictureQuestion):
            self._tell_picture(question.path)
        elif isinstance(question, _InputQuestion):
            self._tell_input(question.dataset)
        else:
            self._tell_pairs(question)

    def _tell_image(self, question: _ImageQuestion) -> None:
        import numpy as np

        from viewer.core.data.registry import dataset_title

        dataset = self._dataset(question.dataset)
        index = int(np.random.default_rng(question.seed).integers(len(dataset)))
        pixels = dataset.select(np.array([index])).chw()[0].astype(np.float32) / 255
        label = dataset.class_names[int(dataset.labels[index])]
        title = f"{dataset_title(dataset.name)} {index}: {label}"
        self.image_ready.emit(_shown(pixels), title)

    def _tell_picture(self, path: Path) -> None:
        import numpy as np

        from viewer.core.data.class_pictures import read_square

        pixels = read_square(path, PICTURE_PX, color=True).astype(np.float32) / 255
        self.picture_ready.emit(pixels, path.name)

    def _tell_input(self, name: str) -> None:
        from viewer.core.data.image_folder import FolderCancelled
        from viewer.core.data.registry import dataset_input

        try:
            shape, classes = dataset_input(
                name, cancelled=lambda: self._mailbox.closed or self._input_wanted != name
            )
        except FolderCancelled:
            return
        self.input_ready.emit(name, shape, len(classes))

    def _tell_pairs(self, question: _Question) -> None:
        import numpy as np
        import torch

        from viewer.core.training.augment import augment

        dataset = self._dataset(question.dataset)
        rng = np.random.default_rng(question.seed)
        chosen = rng.choice(len(dataset), min(question.samples, len(dataset)), replace=False)
        before = torch.from_numpy(dataset.select(chosen).chw().astype(np.float32) / 255)
        generator = torch.Generator().manual_seed(question.seed)
        after = augment(before, question.settings, generator)
        pairs = list(zip(map(_shown, before.numpy()), map(_shown, after.numpy()), strict=True))
        self.pairs_ready.emit(pairs)

    def _dataset(self, name: str) -> ImageDataset:
        from viewer.core.data.registry import load_dataset

        if self._loaded is None or self._loaded[0] != name:
            self._loaded = name, load_dataset(name, "train")
        return self._loaded[1]

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The preview failed: {type(error).__name__}: {error}.")


def _shown(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (C, H, W) as (H, W) or (H, W, 3)."""
    return image[0] if image.shape[0] == 1 else image.transpose(1, 2, 0)
