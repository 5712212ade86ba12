"""Dense against convolutional: two configurations that differ in nothing but the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import torch

from viewer.core.errors import UserError
from viewer.core.nets.architectures import InputShape, architectures
from viewer.core.training.config import TrainingConfig

Hyper = Mapping[str, bool | int | float | str]

DENSE, CONVOLUTIONAL = "mlp", "digits"
WIDEST = 16  # maps of the first convolution; the others have twice as many
SHARED = ("batch_norm", "dropout")  # hyper-parameters that both have: taken over for both


def comparison_configs(
    base: TrainingConfig, input_shape: InputShape = (1, 28, 28), classes: int = 10
) -> tuple[TrainingConfig, TrainingConfig]:
    """Return a dense and a convolutional training with the same data, budget and seed.

    Parameters
    ----------
    base : TrainingConfig
        Decides everything but the network.
    input_shape : (C, H, W)
    classes : int
        Of the base's data set.

    Returns
    -------
    (dense, convolutional)
        The convolutional network has no more parameters than the dense one.

    Raises
    ------
    UserError
        If the images are so small that no such network exists.
    """
    shared = {name: base.hyper[name] for name in SHARED if name in base.hyper}
    most = parameter_count(DENSE, shared, input_shape, classes)
    for width in range(WIDEST, 0, -1):
        maps: dict[str, int] = {"maps1": width, "maps2": 2 * width, "maps3": 2 * width}
        hyper: Hyper = {**shared, **maps}
        if parameter_count(CONVOLUTIONAL, hyper, input_shape, classes) <= most:
            return _with(base, DENSE, shared), _with(base, CONVOLUTIONAL, hyper)
    raise UserError(
        "These images are too small for a convolutional network with no more parameters than "
        "the dense one: choose another data set."
    )


def parameter_count(architecture: str, hyper: Hyper, input_shape: InputShape, classes: int) -> int:
    """Return the number of trainable numbers, without memory for any of them."""
    with torch.device("meta"):
        network = architectures().get(architecture).build(hyper, input_shape, classes)
    return sum(p.numel() for p in network.parameters())


def _with(base: TrainingConfig, architecture: str, hyper: Hyper) -> TrainingConfig:
    # Where the base's own network starts from, and which of its layers are frozen, goes with it.
    settings = MappingProxyType(dict(hyper))
    return replace(base, architecture=architecture, hyper=settings, start="", frozen=())
