"""Architectures without memory for their weights, to compare names and shapes with a file's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from viewer.core.nets.architectures import InputShape, Setting
from viewer.core.nets.torchvision_models import build_torchvision, torchvision_names

# Buffers that older files lack, and that a forward pass doesn't use.
COUNTERS = "num_batches_tracked"


class _Weightless(TorchFunctionMode):
    """Makes tensors that are only filled later on the meta device, where they take nothing.

    ``torch.device("meta")`` would also take the numbers that some constructors compute with.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones) and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def build_empty_torchvision(
    name: str,
    classes: int,
    input_shape: InputShape | None = None,
    hyper: Mapping[str, Setting] | None = None,
) -> nn.Module:
    """Build one of torchvision's architectures; its weights are on the meta device."""
    with _Weightless():
        return build_torchvision(name, classes, input_shape, hyper)


def shapes_of(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shapes of everything that a state dict of `module` has."""
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


def torchvision_rows() -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each architecture's name, fingerprint and last weight, of the torchvision installed."""
    for name in torchvision_names():
        one, other = (shapes_of(build_empty_torchvision(name, n)) for n in (1000, 7))
        last = [key for key in one if one[key] != other[key] and key.endswith(".weight")]
        if last:
            yield name, (fingerprint(one), last[-1])


def fingerprint(names: Iterable[str]) -> str:
    """Return a short text that tells the names of one architecture from others'."""
    text = "\n".join(sorted(name for name in names if not name.endswith(COUNTERS)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
