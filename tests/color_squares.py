"""A data set in colour, registered as the README says that one is added."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from viewer.core.data import registry
from viewer.core.data.dataset import ImageDataset, pixel_mean_std
from viewer.core.data.registry import DatasetEntry
from viewer.core.errors import UserError
from viewer.core.registry import Registry

NAME = "squares"
CLASS_NAMES = ("red", "green", "blue")
COUNTS = {"train": 120, "test": 30}
SIDE_PX = 32


def load_squares(part: str, root: Path) -> ImageDataset:
    """Return plain squares, each a little lighter or darker than the one before."""
    del root
    if part not in COUNTS:
        raise UserError(f"The squares have no part {part!r}: choose train or test.")
    labels = (np.arange(COUNTS[part]) % 3).astype(np.uint8)
    images = np.full((len(labels), SIDE_PX, SIDE_PX, 3), 20, np.uint8)
    shades = 150 + np.arange(len(labels)) % 100
    images[np.arange(len(labels)), :, :, labels] = shades[:, np.newaxis, np.newaxis]
    mean, std = pixel_mean_std(images)
    return ImageDataset(NAME, part, images, labels, CLASS_NAMES, mean, std)


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the program know the squares until the test is over."""
    known = registry.datasets

    def with_squares() -> Registry[DatasetEntry]:
        found = known()
        found.add(
            NAME,
            DatasetEntry(
                NAME,
                "Coloured squares",
                drawn=False,
                counts=(COUNTS["train"], COUNTS["test"]),
                input_shape=(3, SIDE_PX, SIDE_PX),
                class_names=CLASS_NAMES,
                load=load_squares,
            ),
        )
        return found

    monkeypatch.setattr(registry, "datasets", with_squares)
