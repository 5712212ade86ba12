"""An experiment of the convolution lab as a small network, with what the lab computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from viewer.core.explain.lab import LabResult
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
        Outputs are the lab's, in single precision: nothing is computed again.
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
    outputs = {INPUT: result.image, convolution_name(result): result.sums}
    if result.settings.activation is not Activation.NONE:
        outputs[ACTIVATION] = result.activated
    if result.settings.pooling is not Pooling.NONE:
        outputs[POOLING] = result.maps
    return MappingProxyType({n: values.astype(np.float32) for n, values in outputs.items()})


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
