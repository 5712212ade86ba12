"""The one way to open a network: by name, or out of a file of any known format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import METADATA_KEY, LoadedNetwork, load_checkpoint
from viewer.core.nets.formats.assembling import network_of_weights
from viewer.core.nets.formats.describing import described, noted, told
from viewer.core.nets.formats.detection import Format, detect
from viewer.core.nets.formats.errors import AmbiguousNetwork, UntrustedPickle
from viewer.core.nets.formats.exported import read_exported
from viewer.core.nets.formats.modules import (
    labels_in,
    load_trusted,
    module_in,
    network_of_module,
)
from viewer.core.nets.formats.onnx_network import read_onnx
from viewer.core.nets.formats.pickles import refuse_imports
from viewer.core.nets.formats.program import ForeignProgram
from viewer.core.nets.formats.script import read_script
from viewer.core.nets.formats.state_dicts import (
    StateDict,
    check_finite,
    legacy_imports,
    read_safetensors,
    read_torch_archive,
    read_torch_legacy,
    safetensors_metadata,
    state_dict_in,
)
from viewer.core.nets.formats.untrained import untrained_network
from viewer.core.nets.held import held_network
from viewer.core.nets.profile import MAX_CHANNELS, MAX_SIDE_PX, Profile
from viewer.core.nets.published import published_network
from viewer.core.nets.shipped import existing_path, resolve_model, shipped_models
from viewer.core.nets.torchvision_models import torchvision_names

__all__ = ["AmbiguousNetwork", "UntrustedPickle", "network_of_module", "open_network"]


def open_network(
    model: str, *, trust: bool = False, profile: Profile | None = None
) -> LoadedNetwork:
    """Open a network.

    Parameters
    ----------
    model : str
        Name of one in the box, of one of torchvision's architectures (with random weights, or
        with published ones: ``resnet18:IMAGENET1K_V1``), of one that is held in memory, or a
        path to a file of any known format, whatever it is called.
    trust : bool
        Run the code in a pickle that holds some.
    profile : Profile, optional
        In place of what the file says or what would be guessed.

    Returns
    -------
    LoadedNetwork

    Raises
    ------
    UserError
        If it can't be opened, in one sentence: `UntrustedPickle` if it would run code,
        `AmbiguousNetwork` if it fits several architectures.
    """
    held = held_network(model)
    if held is not None:
        return replace(held, metadata=told(held.metadata, profile, held.title))
    # Files first: to know torchvision's names takes its import, half a second.
    named = model not in shipped_models() and existing_path(model) is None
    if named and model in torchvision_names():
        return untrained_network(model, profile)
    published = published_network(model) if named else None
    if published is not None:
        chosen = Profile(architecture=published.architecture)
        return published.described(open_network(str(published.path), profile=chosen), profile)
    path = resolve_model(model)
    kind = detect(path)
    if kind is Format.SAFETENSORS:
        return _from_safetensors(path, profile)
    shape = profile.input_shape if profile is not None else None
    if kind is Format.TORCHSCRIPT:
        return _from_program(path, read_script(path, shape), profile)
    if kind is Format.EXPORTED:
        return _from_program(path, read_exported(path), profile)
    if kind is Format.ONNX:
        return _from_program(path, read_onnx(path, shape), profile)
    return _from_pickle(path, _READERS[kind], profile, trust=trust)


def _from_safetensors(path: Path, profile: Profile | None) -> LoadedNetwork:
    notes = safetensors_metadata(path)
    if notes is not None and METADATA_KEY not in notes:
        return network_of_weights(path, read_safetensors(path), profile)
    loaded = load_checkpoint(path)
    return replace(loaded, metadata=told(loaded.metadata, profile, str(path)))


def _read_tar(path: Path) -> NoReturn:
    """Refuse torch's oldest format: its safe unpickler doesn't read it."""
    raise UntrustedPickle(
        f"{path} is in PyTorch's format of before version 0.1.10, which can't be read without "
        "running what it says: save model.state_dict() again, or open it with --trust if you know "
        "who made it.",
        ("pickle.load",),
    )


_READERS: dict[Format, Callable[[Path], StateDict]] = {
    Format.TORCH_ZIP: read_torch_archive,
    Format.TORCH_LEGACY: read_torch_legacy,
    Format.TORCH_TAR: _read_tar,
}


def _from_pickle(
    path: Path, read: Callable[[Path], StateDict], profile: Profile | None, *, trust: bool
) -> LoadedNetwork:
    try:
        return network_of_weights(path, read(path), profile)
    except UntrustedPickle:
        if not trust:
            raise
    except UserError:
        # A pickle that torch didn't write is told by what it imports, not by what it lacks.
        if read is read_torch_legacy and not trust:
            refuse_imports(path, legacy_imports(path))
        raise
    root = load_trusted(path)
    module = module_in(root)
    if module is None:
        return network_of_weights(path, state_dict_in(path, root), profile)
    return network_of_module(module, path.stem, str(path), profile, labels_in(root))


def _from_program(path: Path, program: ForeignProgram, profile: Profile | None) -> LoadedNetwork:
    shape = program.input_shape[1:]
    if (
        len(shape) != 3
        or not 1 <= shape[0] <= MAX_CHANNELS
        or not 0 < max(shape[1:]) <= MAX_SIDE_PX
    ):
        raise UserError(
            f"{path} takes an input of the shape {program.input_shape}, and only networks of "
            f"images of 1 to {MAX_CHANNELS} channels can be shown: choose one of those."
        )
    for name, value in program.module.state_dict().items():
        if value.is_floating_point():
            check_finite(path, name, value)
    classes = program.output_shape[1] if len(program.output_shape) == 2 else 0
    chw = (shape[0], shape[1], shape[2])
    metadata, guessed = described(program.format, chw, classes, program.labels)
    if not program.exact:
        guessed = ["input size", *guessed]
    return LoadedNetwork(
        program.module,
        told(metadata, profile, str(path)),
        str(path),
        path.stem,
        rebuildable=False,
        note=noted(guessed, profile),
    )
