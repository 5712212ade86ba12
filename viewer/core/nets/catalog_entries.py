"""Rows of the list of torchvision's architectures; the window shows them, so without torch."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.nets.model_names import weights_title


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """Weights that torchvision's authors have published.

    Attributes
    ----------
    key : str
        torchvision's name for them (``IMAGENET1K_V1``).
    url : str
    accuracy : float or None
        Top-1, in [0, 1], on the data set's validation images.
    dataset : str
        Of `accuracy`; empty where it isn't said.
    size_bytes : int
        Of the file.
    is_here : bool
        Whether it was downloaded before.
    """

    key: str
    url: str
    accuracy: float | None
    dataset: str
    size_bytes: int
    is_here: bool

    @property
    def title(self) -> str:
        """The key in words (``ImageNet V1``)."""
        return weights_title(self.key)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One architecture.

    Attributes
    ----------
    name : str
        torchvision's (``resnet18``).
    parameters : int
        0 where it isn't said.
    weights : tuple of PublishedWeights
        torchvision's default first.
    """

    name: str
    parameters: int
    weights: tuple[PublishedWeights, ...]
