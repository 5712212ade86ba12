"""Where a number that is not finite arose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def find_trouble(network: nn.Module, x: Tensor) -> tuple[str, str] | None:
    """Repeat a forward pass, and return the first layer with a number that is not finite.

    Parameters
    ----------
    network : torch.nn.Module
    x : (N, C, H, W) float32
        The batch; finite.

    Returns
    -------
    tuple of str, or None
        The layer's name, and ``weight`` if its own parameters are not finite or else
        ``output``; None where every layer answers with finite numbers.
    """
    found: list[tuple[str, str]] = []

    def hook(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def check(module: nn.Module, _: Any, output: Any) -> None:
            if not found and not all(_is_finite(p) for p in module.parameters()):
                found.append((name, "weight"))
            elif not found and not _is_finite(output):
                found.append((name, "output"))

        return check

    hooks = [m.register_forward_hook(hook(name)) for name, m in _leaves(network)]
    try:
        with torch.no_grad():
            network(x)
    finally:
        for handle in hooks:
            handle.remove()
    return found[0] if found else None


def find_bad_gradient(network: nn.Module) -> str | None:
    """Return the first layer in order of the backward pass whose gradient is not finite."""
    for name, module in reversed(_leaves(network)):
        if not all(p.grad is None or _is_finite(p.grad) for p in module.parameters()):
            return name
    return None


def find_bad_weight(network: nn.Module) -> str | None:
    """Return the first layer with a parameter that is not finite."""
    for name, module in _leaves(network):
        if not all(_is_finite(p) for p in module.parameters()):
            return name
    return None


def last_layer(network: nn.Module) -> str:
    """Return the name of the layer that gives the logits."""
    return _leaves(network)[-1][0]


def _leaves(network: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(n, m) for n, m in network.named_modules() if not any(m.children())]


def _is_finite(value: Tensor) -> bool:
    return bool(torch.isfinite(value.detach()).all())
