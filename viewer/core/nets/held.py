"""Networks that a script holds in memory: copied, and opened by a name like those of files."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.model_names import HELD_PREFIX

# What compiles or distributes a network holds it under this name.
_WRAPPERS = ("_orig_mod", "module")
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)
_HELD: dict[str, LoadedNetwork] = {}


def hold(network: LoadedNetwork) -> str:
    """Keep a network for as long as the process runs, or until `let_go`; return its name."""
    base = name = f"{HELD_PREFIX}{network.title}"
    count = 1
    while name in _HELD:
        count += 1
        name = f"{base} ({count})"
    _HELD[name] = network
    return name


def let_go(name: str) -> None:
    """Keep a network no longer."""
    _HELD.pop(name, None)


def held_network(name: str) -> LoadedNetwork | None:
    """Return a held network for one user of it, with numbers that all share; None of no name.

    Whoever changes a weight puts another tensor in its place, so the others keep theirs.
    """
    network = _HELD.get(name)
    if network is None:
        return None
    return replace(network, module=_copied(network.module, shares=True))


def own_copy(module: nn.Module) -> nn.Module:
    """Return a copy of a network that shares nothing with it: float32 on the CPU, evaluating.

    Hooks are left out, since they are the script's business; those by which torch computes a
    weight (``weight_norm``) stay.

    Raises
    ------
    UserError
        If it has weights without a size yet, or can't be copied.
    """
    for wrapper in _WRAPPERS:
        inner = module._modules.get(wrapper)
        if inner is not None and len(module._modules) == 1 and _is_wrapper(module):
            module = inner
    try:
        found = _copied(module, shares=False)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{type(module).__name__} can't be copied ({type(error).__name__}: {error}): "
            "keep only weights and layers in it."
        ) from error
    for part in found.modules():
        for name in _HOOKS:
            hooks = vars(part).get(name, {})
            for key in [k for k, hook in hooks.items() if not _computes_weights(hook)]:
                del hooks[key]
    return found.eval().requires_grad_(requires_grad=False)


def _is_wrapper(module: nn.Module) -> bool:
    names = {kind.__name__ for kind in type(module).__mro__}
    return bool(names & {"OptimizedModule", "DataParallel", "DistributedDataParallel"})


def _copied(module: nn.Module, *, shares: bool) -> nn.Module:
    """Copy modules; every tensor becomes one of its own, over the same numbers or a copy."""
    memo: dict[int, Any] = {}
    for value in _tensors(module):
        if id(value) not in memo:
            memo[id(value)] = _twin(value, shares=shares)
    found: nn.Module = copy.deepcopy(module, memo)
    return found


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    for part in module.modules():
        for value in (*part._parameters.values(), *part._buffers.values(), *vars(part).values()):
            if isinstance(value, Tensor):
                yield value


def _twin(value: Tensor, *, shares: bool) -> Tensor:
    if is_lazy(value):
        raise UserError("The network has weights without a size yet: run it on an image first.")
    if value.is_meta:
        raise UserError("The network has weights without numbers (meta): load them first.")
    dtype = torch.float32 if value.is_floating_point() else value.dtype
    data = value.detach() if shares else value.detach().to("cpu", dtype, copy=True)
    return nn.Parameter(data, requires_grad=False) if isinstance(value, nn.Parameter) else data


def _computes_weights(hook: object) -> bool:
    kind = type(hook) if not hasattr(hook, "__module__") else hook
    return str(getattr(kind, "__module__", "")).startswith("torch.nn.utils")
