"""What lessons train: small networks that show something within seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from viewer.core.data.mnist_corner import NAME as CORNER
from viewer.core.nets.table_rows import (
    ACTIVATION,
    CONVOLUTION,
    MAX_POOLING,
    LayerRow,
    rows_to_json,
)
from viewer.core.training.config import TrainingConfig

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord

SMALL, DENSE, CONVOLUTIONAL = "small", "dense", "convolutional"
MNIST = "mnist"
DATA = (MNIST, CORNER)
BATCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that a lesson can train.

    Attributes
    ----------
    title : str
        Of its runs.
    architecture : str
    hyper : mapping
        Hyper-parameters that differ from the architecture's defaults.
    lr : float
        Learning rate.
    """

    title: str
    architecture: str
    hyper: Mapping[str, bool | int | float | str]
    lr: float


# The last pooling goes over all places of a map: only whether a feature is there stays.
_ROWS = (
    LayerRow(CONVOLUTION, {"filters": 16, "kernel_size": 5, "padding": 2}),
    LayerRow(ACTIVATION, {"function": "relu"}),
    LayerRow(MAX_POOLING, {"kernel_size": 2, "stride": 2}),
    LayerRow(CONVOLUTION, {"filters": 32, "kernel_size": 3, "padding": 1}),
    LayerRow(ACTIVATION, {"function": "relu"}),
    LayerRow(MAX_POOLING, {"kernel_size": 14, "stride": 14}),
)

TRAINED: Mapping[str, Trained] = MappingProxyType(
    {
        SMALL: Trained(
            "Lesson",
            "digits",
            {"maps1": 8, "maps2": 16, "maps3": 32, "kernel2": 3, "kernel3": 3},
            0.003,
        ),
        DENSE: Trained("Lesson dense", "mlp", {}, 0.003),
        CONVOLUTIONAL: Trained(
            "Lesson convolutional", "table", {"layers": rows_to_json(_ROWS)}, 0.005
        ),
    }
)


def training_config(network: str = SMALL, data: str = MNIST) -> TrainingConfig:
    """Return what a lesson trains.

    Parameters
    ----------
    network : str
        Key of `TRAINED`.
    data : str
        One of `DATA`.
    """
    chosen = TRAINED[network]
    return TrainingConfig(
        dataset=data,
        architecture=chosen.architecture,
        hyper=chosen.hyper,
        epochs=2,
        batch_size=BATCH_SIZE,
        lr=chosen.lr,
        schedule="constant",
        validation=0.0,
    )


def trained_network(network: str) -> NetworkRecord:
    """Return a network of `TRAINED` as it is on screen while it learns; its weights are unset."""
    from viewer.core.engine import Engine  # heavy (torch): this module is read with every lesson
    from viewer.core.nets.architectures import architectures
    from viewer.core.nets.checkpoint import LoadedNetwork, Metadata

    chosen = TRAINED[network]
    metadata = Metadata(chosen.architecture, chosen.hyper)
    module = architectures().get(chosen.architecture)
    empty = module.build_empty(chosen.hyper, metadata.input_shape, len(metadata.class_names))
    return Engine(LoadedNetwork(empty.eval(), metadata, "training", chosen.title)).network
