"""How each layer learns: measured on a step now and then, at no cost on the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from viewer.core.nets.kinds import module_kind
from viewer.core.records import Kind
from viewer.core.training.events import LayersMeasured, LayerStatistic

# Activations that answer exactly 0 to much of their input, so that a unit can be dead.
_WITH_ZERO = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid)
_WEIGHTED = (Kind.CONVOLUTION, Kind.DENSE)


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    module: nn.Module
    weight: Tensor
    activation: nn.Module | None


class LayerStatistics:
    """Measures one step: watch its forward pass, then call `begin`, step, and `result`.

    Parameters
    ----------
    network : torch.nn.Module
        With its layers named in the order of execution.
    """

    def __init__(self, network: nn.Module) -> None:
        self._layers = tuple(_layers_with_weights(network))
        self._dead: dict[nn.Module, float] = {}  # by activation
        self._gradient_norms: list[float] = []
        self._before: list[Tensor] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note which units answer nothing in the forward passes within."""
        self._dead = {}
        activations = {layer.activation for layer in self._layers} - {None}
        hooks = [a.register_forward_hook(self._note) for a in activations if a is not None]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def begin(self) -> None:
        """Note gradients and weights: the step of the optimiser comes next."""
        self._gradient_norms = [_gradient_norm(layer.module) for layer in self._layers]
        self._before = [layer.weight.detach().clone() for layer in self._layers]

    def result(self, step: int) -> LayersMeasured:
        """Return what was measured; `step` is done."""
        found = []
        together = zip(self._layers, self._gradient_norms, self._before, strict=True)
        for layer, gradient_norm, before in together:
            norm, change = float(before.norm()), float((layer.weight.detach() - before).norm())
            ratio = change / norm if norm else 0.0
            dead = self._dead.get(layer.activation) if layer.activation else None
            found.append(LayerStatistic(layer.name, gradient_norm, ratio, dead))
        self._before = []
        return LayersMeasured(step, tuple(found))

    def _note(self, module: nn.Module, _: object, output: Tensor) -> None:
        alive = output.detach().ne(0).transpose(0, 1).flatten(1).any(1)  # (units,)
        self._dead[module] = 1 - float(alive.float().mean())


def _layers_with_weights(network: nn.Module) -> Iterator[_Layer]:
    leaves = [(n, m) for n, m in network.named_modules() if not any(m.children())]
    for place, (name, module) in enumerate(leaves):
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor):
            behind = [leaf for _, leaf in leaves[place + 1 :]]
            yield _Layer(name, module, weight, _activation(behind))


def _activation(behind: list[nn.Module]) -> nn.Module | None:
    """Return the activation that comes before the next weights; None if it has no zero."""
    for module in behind:
        kind = module_kind(module)
        if kind is Kind.ACTIVATION:
            return module if isinstance(module, _WITH_ZERO) else None
        if kind in _WEIGHTED:
            return None
    return None


def _gradient_norm(module: nn.Module) -> float:
    norms = [p.grad.norm() for p in module.parameters() if p.grad is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0
