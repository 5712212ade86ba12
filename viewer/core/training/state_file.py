"""A trainer's state as one safetensors file, and the way back, which trusts nothing.

Tensors are named by the way to them (``network.conv1.weight``); everything else of the state
is JSON in the file's metadata. So no code is ever run, and the weights are read alone without
the rest, which is three times as large.

The format is described at https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from viewer.core.errors import UserError

STATE_KEY = "convnet-viewer-state"
NETWORK = "network"
# Checked for infinity; an optimiser's averages of squares may hold it and still be right.
_FINITE = (f"{NETWORK}.", "average.")
_ALIGNMENT = 8  # bytes; of the first number, which is of the largest type
_TYPES = {
    torch.float64: "F64",
    torch.int64: "I64",
    torch.float32: "F32",
    torch.int32: "I32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def state_parts(state: Mapping[str, Any]) -> tuple[bytes | memoryview, ...]:
    """Return the content of the file of a state: mappings, lists, tensors, plain values.

    Tensors are not copied, but seen where they are: ``safetensors.torch.save`` puts the whole
    file together without letting go of the interpreter, and all other threads, the window's
    too, stand still for as long.
    """
    tensors: dict[str, Tensor] = {}
    plain = _encode(state, "", tensors)
    header: dict[str, object] = {"__metadata__": {STATE_KEY: json.dumps(plain)}}
    contents: list[memoryview] = []
    end = 0
    # From the largest type to the smallest: all of them are aligned then.
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        content = tensor.reshape(-1).view(torch.uint8).numpy().data
        begin, end = end, end + len(content)
        offsets = [begin, end]
        kind = _TYPES[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": offsets}
        contents.append(content)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text, *contents


def read_state(path: Path) -> dict[str, Any]:
    """Return a whole state; its tensors are copies.

    Raises
    ------
    UserError
        If there is no such file, or it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {})[STATE_KEY]
            tensors = {name: _checked(file, name) for name in file.keys()}  # noqa: SIM118 - no mapping
        state = _decode(json.loads(text), tensors)
    except FileNotFoundError:
        raise _gone(path) from None
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        raise _damaged(path) from None
    if not isinstance(state, dict) or not isinstance(state.get(NETWORK), dict):
        raise _damaged(path)
    return state


def read_network(path: Path) -> dict[str, Tensor]:
    """Return the state dict of the network alone; copies, every number finite.

    Raises
    ------
    UserError
        If there is no such file, or it is damaged.
    """
    prefix = f"{NETWORK}."
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
            weights = {name.removeprefix(prefix): _checked(file, name) for name in names}
    except FileNotFoundError:
        raise _gone(path) from None
    except (OSError, SafetensorError, ValueError):
        raise _damaged(path) from None
    if not weights:
        raise _damaged(path)
    return weights


def network_of(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the network's part of a state; UserError if it is no state dict."""
    network = state.get(NETWORK)
    if not isinstance(network, dict) or not all(isinstance(v, Tensor) for v in network.values()):
        raise _spoiled()
    return network


def check_state(state: Mapping[str, Any], network: nn.Module) -> None:
    """Refuse a state that would spoil a training, though it has the form of one.

    What `Trainer.restore` finds by itself, such as weights of another shape, is left to it.

    Parameters
    ----------
    state : mapping
    network : torch.nn.Module
        Of the trainer that is to take it up.

    Raises
    ------
    UserError
        If a weight is not finite, or the optimiser's memory doesn't fit the network.
    """
    learned = [p for p in network.parameters() if p.requires_grad]
    # In the order of `build_optimiser`'s groups.
    shapes = [p.shape for p in learned if p.dim() > 1] + [p.shape for p in learned if p.dim() <= 1]
    try:
        for index, memory in state["optimiser"]["state"].items():
            for value in memory.values():
                if isinstance(value, Tensor) and value.dim() and value.shape != shapes[index]:
                    raise _spoiled()
        values = [*state["network"].values(), *(state["average"] or {}).values()]
        finite = all(bool(torch.isfinite(value).all()) for value in values)
    except (KeyError, IndexError, TypeError, AttributeError):
        raise _spoiled() from None
    if not finite:
        raise _spoiled()


def _checked(file: Any, name: str) -> Tensor:
    # Copied: what safetensors gives is mapped to the file, and would end the process when
    # somebody cuts the file short.
    tensor: Tensor = file.get_tensor(name).clone()
    if tensor.is_floating_point():
        wrong = ~torch.isfinite(tensor) if name.startswith(_FINITE) else torch.isnan(tensor)
        if bool(wrong.any()):
            raise ValueError(name)
    return tensor


def _encode(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        if name in tensors:
            raise ValueError(f"two tensors are called {name}")
        tensors[name] = value.detach().to("cpu").contiguous()
        return {"tensor": name}
    if isinstance(value, Mapping):
        items = [[key, _encode(item, _joined(name, key), tensors)] for key, item in value.items()]
        return {"mapping": items}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        items = [_encode(item, _joined(name, i), tensors) for i, item in enumerate(value)]
        return {kind: items}
    return value


def _joined(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)


def _decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "mapping":
        return {key: _decode(item, tensors) for key, item in content}
    items = [_decode(item, tensors) for item in content]
    if kind not in ("list", "tuple"):
        raise ValueError(kind)
    return items if kind == "list" else tuple(items)


def _spoiled() -> UserError:
    return UserError("The stored state is damaged: choose another step, or start a new run.")


def _gone(path: Path) -> UserError:
    step = int(path.stem) if path.stem.isdecimal() else path.stem
    return UserError(f"Step {step} is not kept in {path.parent.parent}: choose another step.")


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is damaged: choose another step.")
