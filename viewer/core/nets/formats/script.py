"""TorchScript, traced or scripted, as a graph of ordinary modules.

The archive's code is checked first (`viewer.core.nets.formats.script_code`), then compiled by
torch, and never run: `viewer.core.nets.formats.script_interpreter` follows it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import damaged, opened_archive
from viewer.core.nets.formats.errors import UnknownSize
from viewer.core.nets.formats.program import ForeignProgram
from viewer.core.nets.formats.script_code import check_code, check_pickles
from viewer.core.nets.formats.script_interpreter import Interpreter, WrongShape
from viewer.core.nets.formats.state_dicts import owned
from viewer.core.nets.guessing import likely_shapes, other_shapes
from viewer.core.sentences import shortened

# What going through a program that torch compiled, but nobody thought of, may end in.
_UNEXPECTED = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError)


def read_script(path: Path, shape: tuple[int, int, int] | None = None) -> ForeignProgram:
    """Read a TorchScript archive.

    Parameters
    ----------
    path : pathlib.Path
    shape : (C, H, W), optional
        Of an image; guessed without.

    Raises
    ------
    UserError
        If it is damaged, isn't safe, or decides by the data what to do; `UnknownSize` if it
        takes no image of the size.
    """
    with opened_archive(path) as archive:
        check_code(archive)
        check_pickles(archive)
    unit, module = _compiled(path)
    weights = owned(path, _weights(path, module))

    def read(chw: tuple[int, int, int]) -> ForeignProgram:
        try:
            return Interpreter(path, unit, module, weights).read((1, *chw), exact=shape is not None)
        except _UNEXPECTED as error:
            raise UserError(
                f"{path} can't be followed step by step "
                f"({shortened(error) or type(error).__name__}): give the network as a "
                "torch.export program."
            ) from None

    reason = ""
    for chw in [shape] if shape is not None else likely_shapes(weights):
        try:
            return read(chw)
        except WrongShape as error:
            reason = reason or str(error)
    for chw in other_shapes(shape, weights):
        with contextlib.suppress(WrongShape):
            read(chw)
            raise UnknownSize(str(path), shape, reason, chw)
    raise UnknownSize(str(path), shape, reason)


def _compiled(path: Path) -> tuple[Any, Any]:
    unit = torch._C.CompilationUnit()
    try:
        load: Any = torch._C.import_ir_module
        return unit, load(unit, str(path), torch.device("cpu"), {}, False)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - C++ raises whatever it finds
        raise damaged(path, str(error).strip().split("\n")[0]) from None


def _weights(path: Path, module: Any) -> dict[str, Tensor]:
    """Return every tensor of the program under its qualified name."""
    parameters, buffers, parts = (
        cast(Any, kind)(module).items()
        for kind in (torch._C.ParameterDict, torch._C.BufferDict, torch._C.ModuleDict)
    )
    found = dict(parameters) | dict(buffers)
    for name, part in parts:
        for key, value in _weights(path, part).items():
            found[f"{name}.{key}"] = value
    return found
