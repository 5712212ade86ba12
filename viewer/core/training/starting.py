"""The network that a training starts from, where it doesn't start from random weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from viewer.core.errors import UserError
from viewer.core.nets.opening import AmbiguousNetwork, open_network
from viewer.core.nets.profile import Profile

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
    try:
        loaded = open_network(start)
    except AmbiguousNetwork:  # bare weights that fit several: they are wanted for this one
        loaded = open_network(start, profile=Profile(architecture=architecture))
    if not loaded.rebuildable:
        raise UserError(
            f"{loaded.title} has no architecture that could be built again, so it can be looked at "
            f"but not trained: {_REMEDY}."
        )
    if loaded.metadata.architecture != architecture:
        raise UserError(
            f"{start} is of the architecture {loaded.metadata.architecture}, "
            f"not {architecture}: {_REMEDY}."
        )
    return loaded.module.state_dict()


def take_up(network: nn.Module, weights: Mapping[str, Tensor], what: str) -> str:
    """Copy weights into a network; its last layer stays new where it has other classes.

    Parameters
    ----------
    network : torch.nn.Module
    weights : mapping of str to Tensor
        State dict.
    what : str
        Where they come from, for the message.

    Returns
    -------
    str
        One sentence on what was not taken up; empty if all was.

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
    new = [name for name, value in own.items() if value.shape != weights[name].shape]
    heads = _heads(network)
    for name in new:
        own_shape, shape = own[name].shape, weights[name].shape
        is_head = name.rpartition(".")[0] in heads and own_shape[1:] == shape[1:]
        if not is_head:
            raise UserError(
                f"{what} has {name} of the shape {list(shape)}, and the network "
                f"to train needs {list(own_shape)}: {_REMEDY}."
            )
    with torch.no_grad():
        for name, value in own.items():
            if name not in new:
                value.copy_(weights[name])
    if not new:
        return ""
    layers = ", ".join(dict.fromkeys(name.rpartition(".")[0] for name in new))
    before, now = len(weights[new[0]]), len(own[new[0]])
    return (
        f"{what} tells {before:,} classes apart and the data set has {now:,}: {layers} begins "
        "with random weights."
    )


def _heads(network: nn.Module) -> frozenset[str]:
    """Return the layers that give one number a class: the last one, and auxiliary ones."""
    layers = list(
        dict.fromkeys(
            name.rpartition(".")[0] for name, value in network.named_parameters() if value.dim() > 1
        )
    )
    auxiliary = [name for name in layers if name.startswith(("aux", "AuxLogits"))]
    main = [name for name in layers if name not in auxiliary]
    last = [of[-1] for of in (main, *_by_root(auxiliary)) if of]
    return frozenset(last)


def _by_root(layers: list[str]) -> list[list[str]]:
    roots: dict[str, list[str]] = {}
    for name in layers:
        roots.setdefault(name.partition(".")[0], []).append(name)
    return list(roots.values())
