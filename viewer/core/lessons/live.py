"""What a lesson's formulas can ask of the program: the tensors on screen, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from viewer.core.lessons.expression import Array, Expression, ExpressionError, Function, Value
from viewer.core.records import (
    ActivationRecord,
    NetworkRecord,
    Node,
    WeightsRecord,
    Window,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LabTensors:
    """What the convolution lab shows.

    Attributes
    ----------
    image : (C, H, W) float64
    kernels : (n, C, kH, kW) float64
    maps : (n, H, W) float64
    """

    image: Array
    kernels: Array
    maps: Array


@dataclass(frozen=True, slots=True)
class Live:
    """The state of the program at one moment.

    Attributes
    ----------
    network, weights, record
        What is on screen; None where there is nothing yet.
    lab : LabTensors or None
    kept : mapping of str to value
        What earlier steps kept.
    """

    network: NetworkRecord | None = None
    weights: WeightsRecord | None = None
    record: ActivationRecord | None = None
    lab: LabTensors | None = None
    kept: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def evaluate(self, text: str) -> Value:
        """Return the value of a formula now.

        Raises
        ------
        ExpressionError
            If it is none, or has no value now.
        """
        return Expression(text, LIVE_NAMES).evaluate(self._functions())

    def _functions(self) -> Mapping[str, Function]:
        return {
            "output": self._output,
            "weight": lambda name: self._named(self._weights().weights, name, "weights"),
            "bias": lambda name: self._named(self._weights().biases, name, "biases"),
            "image": lambda: self._record().image.grey,
            "probabilities": self._probabilities,
            "prediction": lambda: int(self._probabilities().argmax()),
            "parameters": self._parameters,
            "accuracy": self._accuracy,
            "pixel_mean": lambda: self._network().mean[0],
            "pixel_std": lambda: self._network().std[0],
            "layers": self._layers,
            "classes": lambda: len(self._network().class_names),
            "kernel": lambda name: self._window(name).kernel_size[0],
            "stride": lambda name: self._window(name).stride[0],
            "padding": lambda name: self._window(name).padding[0],
            "step": lambda: self._weights().step,
            "lab_image": lambda: self._lab().image,
            "lab_kernel": lambda index: self._lab().kernels[index],
            "lab_map": lambda index: self._lab().maps[index],
            "lab_maps": lambda: self._lab().maps,
            "kept": self._kept,
        }

    def _network(self) -> NetworkRecord:
        return _there(self.network, "a network")

    def _weights(self) -> WeightsRecord:
        return _there(self.weights, "a network")

    def _record(self) -> ActivationRecord:
        return _there(self.record, "the network's answer")

    def _lab(self) -> LabTensors:
        return _there(self.lab, "a result in the lab")

    def _node(self, name: str) -> Node:
        try:
            return self._network().node(name)
        except KeyError:
            raise ExpressionError(f"needs the layer {name!r}, which is not on screen") from None

    def _output(self, name: str) -> Array:
        return self._named(self._record().outputs, name, "values")

    def _named(self, arrays: Mapping[str, Array], name: str, what: str) -> Array:
        self._node(name)
        if name not in arrays:
            raise ExpressionError(f"needs {what} of the layer {name!r}, which has none")
        return arrays[name]

    def _window(self, name: str) -> Window:
        window = self._node(name).window
        if window is None:
            raise ExpressionError(f"needs a window of the layer {name!r}, which has none")
        return window

    def _probabilities(self) -> Array:
        found = self._record().probabilities
        if found is None:
            raise ExpressionError("needs a digit on the pad")
        return found

    def _parameters(self, name: str | None = None) -> int:
        return self._network().parameters if name is None else self._node(name).parameters

    def _layers(self, kind: str) -> int:
        return sum(node.kind == kind for node in self._network().nodes)

    def _accuracy(self) -> float:
        return _there(self._network().test_accuracy, "an accuracy in the network's file")

    def _kept(self, name: str) -> Value:
        if name not in self.kept:
            raise ExpressionError(f"needs {name!r}, which no step before kept")
        found = self.kept[name]
        return found.copy() if isinstance(found, np.ndarray) else found


def _there(value: T | None, what: str) -> T:
    if value is None:
        raise ExpressionError(f"needs {what}, which is not there")
    return value


LIVE_NAMES = frozenset(Live()._functions())
