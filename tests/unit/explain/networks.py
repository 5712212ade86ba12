"""Networks to explain, with their records: random ones, and those in the box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from viewer.core.explain.trace import trace
from viewer.core.explain.trace_parts import Trace
from viewer.core.nets.graph import Graph
from viewer.core.records import (
    ActivationRecord,
    DigitImage,
    FloatArray,
    Legibility,
    NetworkRecord,
    Selection,
    WeightsRecord,
)

ACTIVATIONS: tuple[Callable[[], nn.Module], ...] = (
    nn.ReLU,
    nn.ReLU6,
    lambda: nn.LeakyReLU(0.2),
    lambda: nn.PReLU(init=0.3),
    lambda: nn.ELU(0.7),
    nn.GELU,
    lambda: nn.GELU(approximate="tanh"),
    nn.SiLU,
    nn.Mish,
    nn.Tanh,
    nn.Sigmoid,
    nn.Hardswish,
    nn.Hardsigmoid,
    lambda: nn.Hardtanh(-0.5, 0.75),
    lambda: nn.Softplus(2, 1.5),
)


PADDING_MODES: tuple[Literal["zeros", "reflect", "replicate", "circular"], ...] = (
    *("zeros", "zeros", "zeros"),
    *("reflect", "replicate", "circular"),
)


@dataclass(frozen=True)
class Explained:
    """A network, and what it answered to one image."""

    network: NetworkRecord
    weights: WeightsRecord
    record: ActivationRecord

    def trace(self, node: str, channel: int, y: int = 0, x: int = 0) -> Trace:
        found = trace(self.network, self.weights, self.record, Selection(node, channel, y, x))
        assert found is not None
        return found

    def random_index(self, node: str, rng: np.random.Generator) -> tuple[int, int, int]:
        shape = self.record.outputs[node].shape
        channel, y, x = (int(rng.integers(size)) for size in (*shape, 1, 1)[:3])
        return channel, y, x


class Residual(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.body(x)
        return result


class Joined(nn.Module):
    def __init__(self, left: nn.Module, right: nn.Module) -> None:
        super().__init__()
        self.left = left
        self.right = right

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.left(x), x, self.right(x)), dim=1)


def explained(
    module: nn.Module,
    input_shape: tuple[int, int, int] = (1, 12, 12),
    seed: int = 0,
    pixels: FloatArray | None = None,
    mean_and_std: tuple[float, float] | None = None,
) -> Explained:
    """Return what a network answers to random pixels, others on every channel."""
    graph = Graph(module.eval(), input_shape)
    channels = input_shape[0]
    mean, std = (0.1307, 0.25, 0.5)[:channels], (0.3081, 0.5, 0.75)[:channels]
    if mean_and_std is not None:  # of any number of channels
        mean, std = ((value,) * channels for value in mean_and_std)
    network = NetworkRecord(
        title="n",
        architecture="n",
        nodes=graph.nodes,
        logits=graph.logits,
        input_shape=input_shape,
        mean=mean,
        std=std,
        class_names=(),
        parameters=0,
        test_accuracy=None,
        dataset=None,
        source="a test",
    )
    if pixels is None:
        shape = input_shape if channels > 1 else input_shape[1:]
        pixels = np.random.default_rng(seed).random(shape, np.float32)
    middle, spread = (np.array(n, np.float32).reshape(-1, 1, 1) for n in (mean, std))  # (C, 1, 1)
    x = (pixels - middle) / spread  # (C, H, W)
    outputs = {name: v[0].numpy() for name, v in graph.run(torch.from_numpy(x[None])).items()}
    record = ActivationRecord(
        1, 0, DigitImage(pixels, Legibility.OK), MappingProxyType(outputs), None
    )
    return Explained(network, graph.weights(0), record)


def random_network(
    seed: int,
    activations: tuple[Callable[[], nn.Module], ...] = ACTIVATIONS,
    *,
    maximum_pooling: bool = True,
) -> tuple[nn.Sequential, tuple[int, int, int]]:
    """Return a network of random layers with random weights, and the shape of its input."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    shape = (int(rng.integers(1, 4)), int(rng.integers(11, 18)), int(rng.integers(11, 18)))
    layers: list[nn.Module] = []
    x = torch.rand(1, *shape)  # (1, C, H, W)
    for _ in range(int(rng.integers(4, 9))):
        layer = _layer(rng, int(x.shape[1]), activations, maximum_pooling=maximum_pooling)
        try:
            with torch.no_grad():
                after = layer.eval()(x)
        except RuntimeError:
            continue  # a window larger than what is left of the maps
        if min(after.shape[2:]) < 2 or after.shape[1] > 16:
            continue
        layers.append(layer)
        x = after
    if rng.random() < 0.5:
        layers.append(nn.AdaptiveAvgPool2d((1, int(rng.integers(1, 3)))))
    layers += [nn.Flatten(), nn.Dropout(0.5)]
    size = nn.Sequential(*layers).eval()(torch.rand(1, *shape)).shape[1]
    layers += [nn.Linear(size, 9), nn.BatchNorm1d(9), _chosen(rng, activations)()]
    layers.append(nn.Linear(9, 5))
    if rng.random() < 0.5:
        layers.append(nn.Softmax(dim=1))
    module = nn.Sequential(*layers).eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            _random_statistics(part)
    return module.requires_grad_(requires_grad=False), shape


def _random_statistics(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    with torch.no_grad():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.2, 2)
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.normal_()


def _chosen(
    rng: np.random.Generator, choices: tuple[Callable[[], nn.Module], ...]
) -> Callable[[], nn.Module]:
    return choices[int(rng.integers(len(choices)))]


def _layer(
    rng: np.random.Generator,
    channels: int,
    activations: tuple[Callable[[], nn.Module], ...],
    *,
    maximum_pooling: bool,
) -> nn.Module:
    choice = int(rng.integers(9))
    if choice < 3:
        return _convolution(rng, channels)
    if choice == 3:
        return nn.BatchNorm2d(channels)
    if choice == 4:
        return nn.Sequential(_chosen(rng, activations)(), nn.Dropout(0.3))
    if choice == 5:
        return _pooling(rng, maximum=maximum_pooling and rng.random() < 0.6)
    if choice == 6:
        return nn.AdaptiveAvgPool2d((int(rng.integers(4, 8)), int(rng.integers(4, 8))))
    same = nn.Sequential(nn.Conv2d(channels, channels, 3, padding="same", dilation=2))
    if choice == 7:
        return Residual(same.append(_chosen(rng, activations)()))
    return Joined(same, nn.Conv2d(channels, 3, 1))


def _convolution(rng: np.random.Generator, channels: int) -> nn.Conv2d:
    groups = channels if rng.random() < 0.4 else 1
    return nn.Conv2d(
        channels,
        groups * int(rng.integers(1, 4)),
        (int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        stride=(int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        padding=(int(rng.integers(0, 3)), int(rng.integers(0, 3))),
        dilation=(int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        groups=groups,
        bias=bool(rng.integers(2)),
        padding_mode=PADDING_MODES[int(rng.integers(len(PADDING_MODES)))],
    )


def _pooling(rng: np.random.Generator, *, maximum: bool) -> nn.Module:
    kernel = int(rng.integers(2, 4))
    stride, padding = int(rng.integers(1, 4)), int(rng.integers(0, 2))
    ceil_mode = bool(rng.integers(2))
    if maximum:
        dilation = int(rng.integers(1, 3))
        return nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
    included = bool(rng.integers(2))
    divisor = int(rng.integers(1, 9)) if rng.random() < 0.3 else None
    return nn.AvgPool2d(kernel, stride, padding, ceil_mode, included, divisor)
