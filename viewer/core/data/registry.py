"""The data sets that training, evaluation and the window can name."""

from __future__ import annotations

from collections.abc import Callable

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.mnist import load_mnist
from viewer.core.registry import Registry

Loader = Callable[[str], ImageDataset]


def datasets() -> Registry[Loader]:
    """Return the known data sets: name to a function from ``train`` or ``test`` to its images."""
    known: Registry[Loader] = Registry("data set")
    known.add("mnist", load_mnist)
    return known


def load_dataset(name: str, part: str) -> ImageDataset:
    """Return one part of a data set by its name; UserError if it is unknown or unreadable."""
    return datasets().get(name)(part)


# Names as their authors write them.
_TITLES = {"mnist": "MNIST"}


def dataset_title(name: str) -> str:
    """Return a data set's name as it is shown; one that is not registered stays as it is."""
    return _TITLES.get(name, name)
