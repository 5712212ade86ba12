"""Tables to start from. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from viewer.core.nets.table_rows import (
    ACTIVATION,
    AVERAGE_POOLING,
    BATCH_NORM,
    CONVOLUTION,
    DENSE,
    DROPOUT,
    MAX_POOLING,
    LayerRow,
)

Rows = tuple[LayerRow, ...]


def _convolution(filters: int, kernel_size: int, padding: int) -> LayerRow:
    return LayerRow(
        CONVOLUTION, {"filters": filters, "kernel_size": kernel_size, "padding": padding}
    )


def _activation(function: str) -> LayerRow:
    return LayerRow(ACTIVATION, {"function": function})


def _dense(units: int) -> LayerRow:
    return LayerRow(DENSE, {"units": units})


_NORM, _RELU, _TANH = LayerRow(BATCH_NORM), _activation("relu"), _activation("tanh")
_POOL, _MEAN = LayerRow(MAX_POOLING), LayerRow(AVERAGE_POOLING)

SMALL = "Small convnet"

TABLE_PRESETS: Mapping[str, Rows] = MappingProxyType(
    {
        SMALL: (
            _convolution(8, 3, 1),
            _RELU,
            _POOL,
            _convolution(16, 3, 1),
            _RELU,
            _POOL,
            _dense(32),
            _RELU,
        ),
        "As digits": (
            *(_convolution(16, 5, 2), _NORM, _RELU, _POOL),
            *(_convolution(32, 5, 2), _NORM, _RELU, _POOL),
            *(_convolution(32, 5, 2), _NORM, _RELU),
            LayerRow(DROPOUT),
        ),
        "As LeNet-5": (
            *(_convolution(6, 5, 2), _TANH, _MEAN),
            *(_convolution(16, 5, 0), _TANH, _MEAN),
            *(_convolution(120, 5, 0), _TANH),
            *(_dense(84), _TANH),
        ),
        "Dense layers only": (_dense(128), _RELU, _dense(64), _RELU),
        "Output layer only": (),
    }
)
