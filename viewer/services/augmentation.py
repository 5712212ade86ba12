"""What an augmentation does to real images, on a thread of its own."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Question:
    dataset: str
    settings: Augmentation
    seed: int
    samples: int


class AugmentationService(QObject):
    """Distorts a few training images as a training would.

    Signals
    -------
    pairs_ready(list of (before, after))
        Each (H, W) or (H, W, 3) float32, [0, 1].
    failed(str)
        One sentence.
    """

    pairs_ready = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Question] = Mailbox("question")
        self._worker = Worker("augmentation", self._mailbox, self._handle, self._on_error)
        self._loaded: tuple[str, ImageDataset] | None = None  # the worker's thread alone

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def ask(self, dataset: str, settings: Augmentation, seed: int, samples: int = SAMPLES) -> None:
        """Ask for pairs; the same seed gives the same images and the same distortions."""
        self._mailbox.put("question", _Question(dataset, settings, seed, samples))

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, question: _Question) -> None:
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
