"""Take what belongs to training out of a trained network, without changing its answers.

In evaluation a batch normalisation is y = gain · (x - mean) + bias with fixed numbers, so
the layer before it can do it: its weights are multiplied by the gain, and its bias b becomes
gain · (b - mean) + bias, with gain = weight / √(variance + eps)
(Ioffe, Szegedy 2015, 3.1). Dropout does nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_Weighted = (nn.Conv2d, nn.Linear)


def fold(network: nn.Module) -> nn.Module:
    """Return a copy of `network` without dropout and the batch normalisation behind weights.

    Parameters
    ----------
    network : torch.nn.Module
        Every other layer may stand anywhere in it.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, on the same device; the same logits up to rounding. A normalisation
        that is not right behind a convolution or dense layer stays as it is: behind an
        activation nothing else can do what it does. A network that is no sequence of layers is
        left as it is.
    """
    if not isinstance(network, nn.Sequential):
        return deepcopy(network).eval()
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    last = ""
    for name, layer in network.named_children():
        if isinstance(layer, nn.Dropout):
            continue
        before = layers.get(last)
        if isinstance(layer, _BatchNorm) and isinstance(before, _Weighted):
            _absorb(before, layer)
        else:
            layers[name], last = deepcopy(layer), name
    return nn.Sequential(layers).eval()


def _absorb(layer: nn.Conv2d | nn.Linear, norm: _BatchNorm) -> None:
    if norm.running_mean is None or norm.running_var is None:
        raise TypeError("Only a normalisation with running statistics can be taken up.")
    with torch.no_grad():
        gain, shift = _gain_and_shift(norm, norm.running_mean, norm.running_var)
        bias = torch.zeros_like(gain) if layer.bias is None else layer.bias.double()
        weight = layer.weight.double() * gain.view(-1, *[1] * (layer.weight.dim() - 1))
        layer.weight = nn.Parameter(weight.to(layer.weight.dtype))
        layer.bias = nn.Parameter((bias * gain + shift).to(layer.weight.dtype))


def _gain_and_shift(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    """Return the factor and the summand of each channel, (C,) float64: only one rounding."""
    gain = (variance.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        gain = gain * norm.weight.double()
    shift = -mean.double() * gain
    return gain, shift if norm.bias is None else shift + norm.bias.double()
