"""Torchvision's architectures with random weights, always the same."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import nn

from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.formats.describing import told
from viewer.core.nets.formats.empty import build_empty_torchvision
from viewer.core.nets.profile import Profile
from viewer.core.nets.torchvision_models import torchvision_metadata

SEED = 0
_LAYER_SCALE = 1e-6  # of ConvNeXt: Liu et al., A ConvNet for the 2020s (2022)
_SMALL = 0.02  # deviation of embeddings, as vision transformers have it


def untrained_network(name: str, profile: Profile | None = None) -> LoadedNetwork:
    """Return one of torchvision's networks with fresh weights.

    Parameters
    ----------
    name : str
        One of ``torchvision_names()``.
    profile : Profile, optional
        Its class names decide how many classes there are.

    Raises
    ------
    UserError
        If a value of the profile is not possible with it.
    """
    metadata = torchvision_metadata(name, pretrained=False)
    names = profile.class_names if profile is not None else None
    if names is not None:
        metadata = replace(metadata, class_names=names)
    metadata = told(metadata, profile, name)
    module = build_empty_torchvision(
        name, len(metadata.class_names), metadata.input_shape, metadata.hyper
    )
    _initialise(module)
    return LoadedNetwork(
        module.eval(),
        metadata,
        "torchvision",
        f"{name} (untrained)",
        note="Its weights are random: what it answers means nothing.",
    )


def _initialise(module: nn.Module) -> None:
    """Give numbers to what has none.

    They come from a generator of their own: a training on another thread draws from the global
    one, and would not be what it was.
    """
    generator = torch.Generator().manual_seed(SEED)
    for part in module.modules():
        for key, value in part._parameters.items():
            if value is not None and value.is_meta:
                fresh = _fresh(key, value, generator)
                part._parameters[key] = nn.Parameter(fresh, requires_grad=value.requires_grad)
        for key, buffer in part._buffers.items():
            if buffer is not None and buffer.is_meta:
                fill = 1.0 if key == "running_var" else 0.0
                part._buffers[key] = torch.full(buffer.shape, fill, dtype=buffer.dtype)


def _fresh(key: str, value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    shape = value.shape
    if key == "layer_scale":
        return torch.full(shape, _LAYER_SCALE)
    if value.dim() < 2:
        return torch.zeros(shape) if "bias" in key else torch.ones(shape)
    # He et al., Delving deep into rectifiers (2015): the variance stays from layer to layer.
    deviation = math.sqrt(2 / math.prod(shape[1:])) if "weight" in key else _SMALL
    return torch.empty(shape).normal_(0, deviation, generator=generator)
