"""The network that a training starts from, where it doesn't start from random weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model

_REMEDY = "choose another network, or start from random weights"


def starting_weights(start: str, architecture: str) -> Mapping[str, Tensor]:
    """Return the weights of a network in the box by its name, of any other by its file.

    Parameters
    ----------
    start : str
    architecture : str
        Name of the one that it must have.

    Raises
    ------
    UserError
        If there is no such network, it is damaged, or of another architecture.
    """
    loaded = load_checkpoint(resolve_model(start))
    if loaded.metadata.architecture != architecture:
        raise UserError(
            f"{start} is of the architecture {loaded.metadata.architecture}, "
            f"not {architecture}: {_REMEDY}."
        )
    return loaded.module.state_dict()


def take_up(network: nn.Module, weights: Mapping[str, Tensor], what: str) -> None:
    """Copy weights into a network.

    Parameters
    ----------
    network : torch.nn.Module
    weights : mapping of str to Tensor
        State dict.
    what : str
        Where they come from, for the message.

    Raises
    ------
    UserError
        If a name or a shape doesn't fit; `network` is as it was.
    """
    own = network.state_dict()
    different = sorted(own.keys() ^ weights.keys())
    if different:
        which = "lacks" if different[0] in own else "has"
        other = "needs" if different[0] in own else "doesn't have"
        raise UserError(
            f"{what} {which} {different[0]}, which this architecture with its settings {other}: "
            f"{_REMEDY}."
        )
    for name, value in own.items():
        if value.shape != weights[name].shape:
            raise UserError(
                f"{what} has {name} of the shape {list(weights[name].shape)}, and the network "
                f"to train needs {list(value.shape)}: {_REMEDY}."
            )
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(weights[name])
