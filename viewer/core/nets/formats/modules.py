"""Networks that are Python objects: out of a pickle that somebody trusts, or from a script."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.formats.archives import damaged
from viewer.core.nets.formats.describing import described, noted, told
from viewer.core.nets.formats.errors import UnknownSize
from viewer.core.nets.formats.labels import labels_of
from viewer.core.nets.guessing import likely_shapes
from viewer.core.nets.profile import Profile

_KEYS = ("model", "net", "network", "module", "ema")


def load_trusted(path: Path) -> Any:
    """Unpickle a file, which runs whatever code is in it: only for one that is trusted.

    Raises
    ------
    UserError
        If it is damaged, or the code that it takes is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old files
            return torch.load(path, "cpu", weights_only=False)
    except (ImportError, AttributeError) as error:
        text = " ".join(str(error).split())[:160].rstrip(".")
        raise UserError(
            f"{path} needs code that is not here ({text}): open it where that can be imported, or "
            "save model.state_dict()."
        ) from None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the file's own code: whatever it is, it is told
        raise damaged(path, f"{type(error).__name__} {error}") from None


def module_in(root: object) -> nn.Module | None:
    """Return the network in what a file gave; None if there is none."""
    if isinstance(root, nn.Module):
        return root
    if isinstance(root, Mapping):
        return next((v for k in _KEYS if isinstance(v := root.get(k), nn.Module)), None)
    return None


def network_of_module(
    module: nn.Module,
    title: str,
    source: str,
    profile: Profile | None = None,
    labels: tuple[str, ...] = (),
) -> LoadedNetwork:
    """Return a network with what is needed to use it; runs it to see what it takes and gives.

    Parameters
    ----------
    module : torch.nn.Module
        Becomes float32 on the CPU, in evaluation mode.
    title, source : str
    profile : Profile, optional
        What is known about it.
    labels : tuple of str
        Class names.

    Raises
    ------
    UnknownSize
        If it takes no image of a usual size, or of the one that the profile says.
    """
    module = module.to("cpu", torch.float32).eval()
    given = profile.input_shape if profile is not None else None
    shapes = [given] if given is not None else list(likely_shapes(module.state_dict()))
    reason = ""
    for shape in shapes:
        try:
            with torch.no_grad():
                result = module(torch.zeros(1, *shape))
        except Exception as error:  # noqa: BLE001 - somebody else's code
            reason = reason or " ".join(str(error).split())[:120].rstrip(".")
            continue
        first = _first(result)
        classes = first.shape[1] if first is not None and first.dim() == 2 else 0
        metadata, guessed = described(type(module).__name__, shape, classes, labels)
        note = noted([*([] if given else ["input size"]), *guessed], profile)
        return LoadedNetwork(
            module, told(metadata, profile, title), source, title, rebuildable=False, note=note
        )
    raise UnknownSize(title, given, reason)


def labels_in(root: object) -> tuple[str, ...]:
    """Return the class names beside a network in a checkpoint."""
    return labels_of(root) if isinstance(root, Mapping) else ()


def _first(result: Any) -> Tensor | None:
    while isinstance(result, list | tuple | Mapping) and result:
        result = next(iter(result.values())) if isinstance(result, Mapping) else result[0]
    return result if isinstance(result, Tensor) else None
