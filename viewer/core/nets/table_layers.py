"""The layers of a table of rows, as PyTorch modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from torch import nn

from viewer.core.errors import UserError
from viewer.core.nets.table import (
    FLATTEN_NAME,
    OUTPUT_NAME,
    check_table,
    has_bias,
    rows_from_json,
)
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

_FUNCTIONS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
    }
)


def table_layers(
    text: str, input_shape: tuple[int, int, int], classes: int
) -> Iterator[tuple[str, nn.Module]]:
    """Yield each layer of a table with its name, ``flatten`` and ``output`` included.

    Parameters
    ----------
    text : str
        JSON of the table.
    input_shape : (C, H, W)
    classes : int

    Raises
    ------
    UserError
        If the table is not possible; before anything is built.
    """
    rows = rows_from_json(text)
    report = check_table(rows, input_shape, classes)
    if report.problem:
        raise UserError(f"The table of layers can't be built. {report.problem}")
    shape: tuple[int, ...] = input_shape
    for index, (row, row_report) in enumerate(zip(rows, report.rows, strict=True)):
        if index == report.flatten_at:
            yield FLATTEN_NAME, nn.Flatten()
            shape = _known(report.flatten.shape)
        yield row_report.name, _module(row, shape, bias=has_bias(rows, index))
        shape = _known(row_report.shape)
    if report.flatten_at == len(rows):
        yield FLATTEN_NAME, nn.Flatten()
        shape = _known(report.flatten.shape)
    yield OUTPUT_NAME, nn.Linear(shape[0], classes)


def _module(row: LayerRow, shape: tuple[int, ...], *, bias: bool) -> nn.Module:
    """Return the module of a row whose input has the shape (C, H, W) or (units,)."""
    if row.kind == CONVOLUTION:
        return nn.Conv2d(
            shape[0],
            row.number("filters"),
            row.number("kernel_size"),
            row.number("stride"),
            row.number("padding"),
            bias=bias,
        )
    if row.kind == DENSE:
        return nn.Linear(shape[0], row.number("units"), bias=bias)
    if row.kind == BATCH_NORM:
        return nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
    plain: dict[str, Callable[[], nn.Module]] = {
        ACTIVATION: lambda: _FUNCTIONS[str(row.values["function"])](),
        MAX_POOLING: lambda: nn.MaxPool2d(row.number("kernel_size"), row.number("stride")),
        AVERAGE_POOLING: lambda: nn.AvgPool2d(row.number("kernel_size"), row.number("stride")),
        DROPOUT: lambda: nn.Dropout(float(row.values["share"])),
    }
    return plain[row.kind]()


def _known(shape: tuple[int, ...] | None) -> tuple[int, ...]:
    assert shape is not None, "a table without problems has every shape"
    return shape
