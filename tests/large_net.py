"""A network with large maps and very many kernels, made of numbers without torch."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

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

SIZE = 224
CLASSES = tuple(f"Chesapeake Bay retriever {index}" for index in range(1000))
_WINDOW = Window((3, 3), (1, 1), (1, 1))


def _nodes() -> tuple[Node, ...]:
    convolution, relu = Kind.CONVOLUTION, Kind.ACTIVATION
    shape = (64, SIZE, SIZE)
    return (
        Node("input", Kind.INPUT, "Input", (), (3, SIZE, SIZE), 0, signed=False),
        Node(
            "conv1", convolution, "Conv2d", ("input",), shape, 64 * 27, signed=True, window=_WINDOW
        ),
        Node("relu1", relu, "ReLU", ("conv1",), shape, 0, signed=False),
        Node("pool", Kind.POOLING, "MaxPool2d", ("relu1",), (64, 30, 31), 0, signed=False),
        Node(
            "conv2",
            convolution,
            "Conv2d",
            ("pool",),
            (512, 14, 14),
            512 * 64 * 9,
            signed=True,
            window=_WINDOW,
        ),
        Node("flatten", Kind.FLATTEN, "Flatten", ("conv2",), (512 * 196,), 0, signed=True),
        Node("fc", Kind.DENSE, "Linear", ("flatten",), (1000,), 1000 * 512 * 196, signed=True),
        Node("softmax", Kind.SOFTMAX, "Softmax", ("fc",), (1000,), 0, signed=False),
    )


NODES = _nodes()
NETWORK = NetworkRecord(
    title="large",
    architecture="large",
    nodes=NODES,
    logits="fc",
    input_shape=(3, SIZE, SIZE),
    mean=(0.5, 0.5, 0.5),
    std=(0.2, 0.2, 0.2),
    class_names=CLASSES,
    parameters=sum(node.parameters for node in NODES),
    test_accuracy=None,
    dataset=None,
    source="a test",
)


def large_record(seed: int = 0) -> ActivationRecord:
    """Return an answer with other values for every seed."""
    generator = np.random.default_rng(seed)
    outputs: dict[str, FloatArray] = {}
    for node in NODES:
        values = generator.standard_normal(node.output_shape, np.float32)
        outputs[node.name] = values if node.signed else np.abs(values)
    share = outputs["softmax"]
    share /= share.sum()
    image = DigitImage(outputs["input"], Legibility.OK)
    return ActivationRecord(seed, 0, image, MappingProxyType(outputs), share)


def large_weights() -> WeightsRecord:
    """Return weights of the convolutions; the dense layer's would take 400 MB."""
    generator = np.random.default_rng(1)
    weights = {
        "conv1": generator.standard_normal((64, 3, 3, 3), np.float32),
        "conv2": generator.standard_normal((512, 64, 3, 3), np.float32),
    }
    return WeightsRecord(0, MappingProxyType(weights), MappingProxyType({}))
