"""Networks that are Python objects: out of a pickle that somebody trusts, or from a script."""

from __future__ import annotations

import contextlib
import re
import sys
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
from viewer.core.nets.formats.other_inputs import layers_checked
from viewer.core.nets.guessing import likely_shapes, other_shapes
from viewer.core.nets.profile import Profile
from viewer.core.nets.tracing import check_inputs
from viewer.core.sentences import export_line, shortened

# What Python's unpickler says of a class that its module doesn't have.
_NO_CLASS = re.compile(r"Can't get attribute '([^']+)' on <module '([\w.]*)'")
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
        raise _code_missing(path, error) from None
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
    UserError
        If it takes several inputs, or none that is an image; `UnknownSize` if it takes no image
        of a usual size, or of the one that the profile says.
    """
    module = module.to("cpu", torch.float32).eval()
    check_inputs(module)
    given = profile.input_shape if profile is not None else None
    weights = module.state_dict()
    reason = ""
    for shape in [given] if given is not None else likely_shapes(weights):
        try:
            result = _run(module, shape, title)
        except _Refused as error:
            reason = reason or shortened(error)
            continue
        first = _first(result)
        classes = first.shape[1] if first is not None and first.dim() == 2 else 0
        metadata, guessed = described(type(module).__name__, shape, classes, labels)
        note = noted([*([] if given else ["input size"]), *guessed], profile, "network")
        return LoadedNetwork(
            module, told(metadata, profile, title), source, title, rebuildable=False, note=note
        )
    for shape in other_shapes(given, weights):
        with contextlib.suppress(_Refused):
            _run(module, shape, title)
            raise UnknownSize(title, given, reason, shape)
    raise UnknownSize(title, given, reason)


class _Refused(Exception):  # noqa: N818 - the next size is tried
    """A network's own code takes no such image."""


def _run(module: nn.Module, shape: tuple[int, int, int], title: str) -> Any:
    try:
        with torch.no_grad(), layers_checked(module, title):
            return module(torch.zeros(1, *shape))
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody else's code
        raise _Refused(str(error)) from None


def _code_missing(path: Path, error: ImportError | AttributeError) -> UserError:
    """Return what to tell about a pickle whose class or module is not to be had here."""
    there = (
        f"run {export_line()} there and open that file, or show the network from there with "
        "viewer.show(model, image)."
    )
    lacking = _NO_CLASS.match(str(error))
    if lacking is not None:
        # A class of a script is looked for in whatever runs here, which has none.
        of_script = str(error).endswith(repr(sys.modules["__main__"]))
        place = "script that saved it" if of_script else f"Python module {lacking[2]}"
        return UserError(f"{path} needs the class {lacking[1]} of the {place}: {there}")
    if isinstance(error, ModuleNotFoundError) and error.name:
        return UserError(
            f"{path} needs the Python module {error.name}, which is not installed here: install "
            f"it, or have the one who has it {there}"
        )
    return UserError(
        f"{path} needs Python code that is not installed here ({shortened(error)}): where it is, "
        f"{there}"
    )


def labels_in(root: object) -> tuple[str, ...]:
    """Return the class names beside a network in a checkpoint."""
    return labels_of(root) if isinstance(root, Mapping) else ()


def _first(result: Any) -> Tensor | None:
    while isinstance(result, list | tuple | Mapping) and result:
        result = next(iter(result.values())) if isinstance(result, Mapping) else result[0]
    return result if isinstance(result, Tensor) else None
