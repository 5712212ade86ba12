"""A small network with fixed weights, its records, and plain torch beside them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from viewer.core.data.mnist import MEAN, STD
from viewer.core.nets.graph import Graph
from viewer.core.records import (
    ActivationRecord,
    DigitImage,
    FloatArray,
    Legibility,
    NetworkRecord,
    WeightsRecord,
)

DEAD_CHANNEL = 3


@dataclass(frozen=True)
class SmallNet:
    """A network and what belongs to it."""

    module: nn.Sequential
    graph: Graph
    network: NetworkRecord
    weights: WeightsRecord

    def record(self, pixels: FloatArray, generation: int = 1, step: int = 0) -> ActivationRecord:
        """Return what the network answers to pixels, (28, 28) in [0, 1]."""
        outputs = {k: v[0].numpy() for k, v in self.graph.run(as_input(pixels)).items()}
        legibility = Legibility.OK if pixels.any() else Legibility.BLANK
        probabilities = outputs["softmax"] if pixels.any() else None
        if not pixels.any():
            del outputs["softmax"]
        return ActivationRecord(
            generation,
            step,
            DigitImage(pixels, legibility),
            MappingProxyType(outputs),
            probabilities,
        )

    def output(self, pixels: FloatArray, layer: str) -> FloatArray:
        """Return a layer's output by plain torch, without the program's own capture."""
        x = as_input(pixels)
        with torch.no_grad():
            for name, module in self.module.named_children():
                x = module(x)
                if name == layer:
                    break
        return x[0].numpy()


def as_input(pixels: FloatArray) -> torch.Tensor:
    return ((torch.from_numpy(pixels) - MEAN) / STD)[None, None]  # (1, 1, 28, 28)


def small_net() -> SmallNet:
    """Return the network; channel `DEAD_CHANNEL` of relu2 never answers."""
    generator = torch.Generator().manual_seed(0)
    module = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 4, 5, padding=2),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(4, 6, 3),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(4),
            flatten=nn.Flatten(),
            fc1=nn.Linear(54, 14),
            relu3=nn.ReLU(),
            fc2=nn.Linear(14, 10),
        )
    )
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
        weight, bias = module.get_submodule("conv2").parameters()
        weight[DEAD_CHANNEL], bias[DEAD_CHANNEL] = 0, -1
    graph = Graph(module.eval(), (1, 28, 28))
    network = NetworkRecord(
        title="small",
        architecture="small",
        nodes=graph.nodes,
        logits=graph.logits,
        input_shape=(1, 28, 28),
        mean=(MEAN,),
        std=(STD,),
        class_names=tuple("0123456789"),
        parameters=sum(p.numel() for p in module.parameters()),
        test_accuracy=None,
        dataset=None,
        source="a test",
    )
    return SmallNet(module, graph, network, graph.weights(0))


def drawing(seed: int) -> FloatArray:
    """Return pixels of a few random strokes, (28, 28) float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((28, 28), np.float32)
    for _ in range(3):
        y, x = rng.integers(4, 20, 2)
        pixels[y : y + rng.integers(2, 8), x : x + rng.integers(2, 8)] = 1
    return pixels
