"""Layers that a training leaves as they are."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from viewer.core.errors import UserError


def freeze(network: nn.Module, layers: Sequence[str]) -> None:
    """Take layers out of the training of a network in training mode.

    Their parameters need no gradient any more; a batch normalisation uses the statistics
    that it has and changes them no further.

    Parameters
    ----------
    network : torch.nn.Module
    layers : sequence of str
        Names, as in the network.

    Raises
    ------
    UserError
        If there is no such layer, or nothing is left to learn.
    """
    known, parameters = dict(network.named_modules()), list(network.named_parameters())
    for name in layers:
        if not name or name not in known:
            learned = {parameter.rpartition(".")[0]: None for parameter, _ in parameters}
            raise UserError(
                f"There is no layer {name!r} to freeze: there are {', '.join(learned)}."
            )
        layer = known[name].requires_grad_(requires_grad=False)
        for part in layer.modules():  # a block has layers of its own
            if isinstance(part, _BatchNorm):
                part.eval()
    if not any(p.requires_grad for p in network.parameters()):
        raise UserError("Every layer is frozen, so nothing can be learned: free one.")
