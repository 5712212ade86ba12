"""An experiment of the convolution lab as a small network, with what torch makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.explain.lab import LEAK, LabResult
from viewer.core.explain.lab_settings import Activation, PaddingMode, Pooling
from viewer.core.explain.padding import SETTING
from viewer.core.records import (
    ActivationRecord,
    DigitImage,
    FloatArray,
    Kind,
    Legibility,
    NetworkRecord,
    Node,
    WeightsRecord,
    Window,
)

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "Convolution lab"
INPUT, ACTIVATION, POOLING = "input", "activation", "pooling"
_POOLINGS = MappingProxyType({Pooling.MAX: "MaxPool2d", Pooling.AVERAGE: "AvgPool2d"})


@dataclass(frozen=True, slots=True)
class LabRecords:
    """What views of networks take: `record` was computed with `weights`."""

    network: NetworkRecord
    weights: WeightsRecord
    record: ActivationRecord


def convolution_name(result: LabResult) -> str:
    """Return what the lab calls the operation: the name of its node."""
    return "convolution" if result.settings.flip else "correlation"


def lab_records(result: LabResult) -> LabRecords:
    """Return an experiment as a network of one convolution, activation and pooling behind it.

    Parameters
    ----------
    result : LabResult
        Its kernels are taken as they are laid on: turned for a true convolution.

    Returns
    -------
    LabRecords
        Outputs are torch's, in single precision.
    """
    name, settings = convolution_name(result), result.settings
    outputs = _outputs(result)
    bias = np.full(len(result.kernels), settings.bias, np.float32)
    weights = WeightsRecord(
        0,
        MappingProxyType({name: result.kernels.astype(np.float32)}),
        MappingProxyType({name: bias} if settings.bias else {}),
    )
    channels = len(result.image)
    nodes = _nodes(result, outputs)
    network = NetworkRecord(
        title=TITLE,
        architecture="",
        nodes=nodes,
        logits="",
        input_shape=(channels, *result.image.shape[1:]),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        class_names=(),
        parameters=sum(node.parameters for node in nodes),
        test_accuracy=None,
        dataset=None,
        source=TITLE,
    )
    image = DigitImage(outputs[INPUT], Legibility.OK)
    return LabRecords(network, weights, ActivationRecord(0, 0, image, outputs, None))


def _outputs(result: LabResult) -> Mapping[str, FloatArray]:
    # Heavy (torch), and long here by the time that somebody works in the lab.
    import torch
    from torch.nn import functional

    settings, (down, across) = result.settings, result.axes
    padded, kernels = (
        torch.from_numpy(a.astype(np.float32)) for a in (result.padded, result.kernels)
    )
    bias = torch.full((len(kernels),), settings.bias)
    values: Tensor = functional.conv2d(
        padded[None],
        kernels,
        bias,
        stride=(down.stride, across.stride),
        dilation=(down.dilation, across.dilation),
    )  # (1, n, out H, out W)
    outputs = {convolution_name(result): values}
    if settings.activation is not Activation.NONE:
        functions: dict[Activation, Callable[[Tensor], Tensor]] = {
            Activation.RELU: torch.relu,
            Activation.LEAKY_RELU: lambda x: functional.leaky_relu(x, LEAK),
            Activation.SIGMOID: torch.sigmoid,
            Activation.TANH: torch.tanh,
        }
        outputs[ACTIVATION] = values = functions[settings.activation](values)
    if settings.pooling is not Pooling.NONE:
        size = tuple(axis.kernel for axis in result.pooling_axes)
        pool = functional.max_pool2d if settings.pooling is Pooling.MAX else functional.avg_pool2d
        outputs[POOLING] = pool(values, size)
    arrays = {name: tensor[0].numpy() for name, tensor in outputs.items()}
    return MappingProxyType({INPUT: result.image.astype(np.float32), **arrays})


def _nodes(result: LabResult, outputs: Mapping[str, FloatArray]) -> tuple[Node, ...]:
    settings, (down, across) = result.settings, result.axes
    before, nodes = "", []
    for name, values in outputs.items():
        kind, type_name, window, parameters = Kind.INPUT, "Input", None, 0
        details: dict[str, str] = {}
        if name == ACTIVATION:
            kind, type_name = Kind.ACTIVATION, settings.activation.value
        elif name == POOLING:
            kind, type_name = Kind.POOLING, _POOLINGS[settings.pooling]
            size = result.pooling_axes[0].kernel, result.pooling_axes[1].kernel
            window = Window(size, size, (0, 0))
        elif name != INPUT:
            kind, type_name, parameters = Kind.CONVOLUTION, "Conv2d", result.kernels.size
            window = Window(
                (down.kernel, across.kernel),
                (down.stride, across.stride),
                (down.padding[0], across.padding[0]),  # where the first window begins
                (down.dilation, across.dilation),
            )
            if settings.mode is not PaddingMode.ZERO:
                details = {SETTING: settings.mode.value}
        inputs = (before,) if before else ()
        # All have colours for both signs, as in the lab: they don't change with the values.
        nodes.append(
            Node(
                name,
                kind,
                type_name,
                inputs,
                values.shape,
                parameters,
                signed=kind is not Kind.INPUT,
                settings=MappingProxyType(details),
                window=window,
            )
        )
        before = name
    return tuple(nodes)
