"""Networks on disk: safetensors weights, with what is needed to use them as metadata.

The file format is that of the safetensors project: eight bytes with the length of a JSON
header (little endian), the header (name to dtype, shape and byte range; strings under
``__metadata__``), then the bytes of the tensors. Ours has one metadata entry, ``convnet-viewer``,
the JSON of a `Metadata`. A file is read in stages and nothing is built or allocated before
the header has been found to fit the architecture that it names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from viewer.core.errors import UserError
from viewer.core.files import replace_file
from viewer.core.nets.architectures import InputShape, Setting, architectures
from viewer.core.nets.preparation_values import preparation_of, preparation_values
from viewer.core.nets.profile import MAX_NAME_LENGTH, MAX_NUMBER, MIN_STD
from viewer.core.records import Preparation
from viewer.core.resources import resource_path

FORMAT_VERSION = 1
METADATA_KEY = "convnet-viewer"
MAX_FILE_BYTES = 2 << 30  # as large as anything that makes sense here
MAX_HEADER_BYTES = 1 << 20  # ours have about 2 kB
DIGIT = Preparation()
_LENGTH_BYTES = 8
_FLOAT_DTYPES = frozenset({"F64", "F32", "F16", "BF16"})
_HINT = "choose a file that convnet-viewer train has written"
_DAMAGED = "get the file again, or choose another"  # whoever has written it


@dataclass(frozen=True, slots=True)
class Metadata:
    """What travels with the weights.

    Attributes
    ----------
    architecture : str
        Registered name.
    hyper : mapping of str to bool, int, float or str
        All hyper-parameters of the architecture.
    input_shape : (C, H, W)
    mean, std : tuple of float, one a channel
        For pixels in [0, 1], ink 1.
    class_names : tuple of str
        One for each logit.
    dataset : str or None
        What it was trained and tested on.
    test_accuracy : float or None
        In [0, 1].
    training_command : str or None
        The command that trains it again.
    format_version : int
    preparation : Preparation
        What is done to a picture first; that of a digit where the file says nothing.
    """

    architecture: str
    hyper: Mapping[str, Setting] = field(default_factory=dict)
    input_shape: InputShape = (1, 28, 28)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    class_names: tuple[str, ...] = tuple("0123456789")
    dataset: str | None = None
    test_accuracy: float | None = None
    training_command: str | None = None
    format_version: int = FORMAT_VERSION
    preparation: Preparation = DIGIT

    def to_json(self) -> str:
        """Return it as a JSON object."""
        plain = replace(self, hyper=dict(self.hyper))  # asdict can't copy a read-only mapping
        values = asdict(plain) | {"preparation": preparation_values(self.preparation)}
        if self.preparation == DIGIT:  # older versions read it too
            del values["preparation"]
        return json.dumps(values, allow_nan=False)


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A network that has passed every check.

    Attributes
    ----------
    module : torch.nn.Module
        In evaluation mode, float32, on the CPU.
    metadata : Metadata
    source : str
        ``in the box`` or the file's path.
    title : str
        Name to show: the file's without its suffix.
    rebuildable : bool
        Whether its architecture can be built again by name; if not, it can't be trained.
    note : str
        One sentence on what was guessed; empty if nothing was.
    """

    module: nn.Module
    metadata: Metadata
    source: str
    title: str
    rebuildable: bool = True
    note: str = ""


def save_checkpoint(path: Path, module: nn.Module, metadata: Metadata) -> None:
    """Write a network; `path` has the old or the new content at any time.

    Parameters
    ----------
    path : pathlib.Path
    module : torch.nn.Module
        Weights are stored as float32.
    metadata : Metadata

    Raises
    ------
    UserError
        If the file can't be written.
    """
    save_weights(path, module.state_dict(), metadata)


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: Metadata) -> None:
    """Write a network by its state dict, see `save_checkpoint`."""
    plain = {
        name: value.detach().to("cpu", torch.float32).contiguous()
        for name, value in weights.items()
    }
    replace_file(path, save(plain, {METADATA_KEY: metadata.to_json()}))


def load_checkpoint(path: Path) -> LoadedNetwork:
    """Read a network and check everything about it.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    LoadedNetwork

    Raises
    ------
    UserError
        If anything is wrong with the file: the sentence names the file and what it is.
    """
    header = _read_header(path)
    metadata = _parse_metadata(path, header.pop("__metadata__", None))
    module = _build_on_meta(path, metadata)
    _check_tensors(path, header, module.state_dict())
    # Whole numbers (indices, counts) are stored as floats, and are needed as what they are.
    types = {name: tensor.dtype for name, tensor in module.state_dict().items()}
    weights = {name: value.to(types[name]) for name, value in _read_weights(path).items()}
    module.load_state_dict(weights, assign=True)
    shipped = path.resolve().parent == resource_path("models").resolve()
    source = "in the box" if shipped else str(path)
    return LoadedNetwork(module.eval(), metadata, source, path.stem)


def _read_header(path: Path) -> dict[str, Any]:
    """Return the JSON header of a safetensors file, without trusting any length in it."""
    try:
        if path.exists() and not path.is_file():
            noun = "a folder" if path.is_dir() else "not a plain file"
            raise UserError(f"{path} is {noun}: {_HINT}.")
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_LENGTH_BYTES)
            _check_sizes(path, size, start)
            text = file.read(struct.unpack("<Q", start)[0])
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path} can't be read ({reason}): {_HINT}.") from None
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not a safetensors file: {_DAMAGED}.") from None
    if not isinstance(header, dict):
        raise UserError(f"{path} is not a safetensors file: {_DAMAGED}.")
    return header


def _check_sizes(path: Path, size: int, start: bytes) -> None:
    if size == 0:
        raise UserError(f"{path} is empty: {_DAMAGED}.")
    if size > MAX_FILE_BYTES:
        raise UserError(f"{path} is larger than 2 GB: {_HINT}.")
    if len(start) < _LENGTH_BYTES:
        raise UserError(f"{path} is not a safetensors file: {_DAMAGED}.")
    length = struct.unpack("<Q", start)[0]
    if length > MAX_HEADER_BYTES:
        raise UserError(f"{path} is not a safetensors file of a network: {_DAMAGED}.")
    if length > size - _LENGTH_BYTES:
        raise UserError(f"{path} is cut off within its header: get the file again.")


def parse_metadata(path: Path, text: str) -> Metadata:
    """Return what the JSON of a `Metadata` says, checked; `path` is where it was, for errors."""
    return _parse_metadata(path, {METADATA_KEY: text})


def _parse_metadata(path: Path, entries: object) -> Metadata:
    if not isinstance(entries, dict) or METADATA_KEY not in entries:
        raise UserError(
            f"{path} holds weights but not which network they belong to (no {METADATA_KEY!r} "
            f"metadata): {_HINT}, or that File → Save network wrote."
        )
    try:
        values = json.loads(entries[METADATA_KEY])
    except (TypeError, ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UserError(f"{path} has metadata that is not a JSON object: {_HINT}.")
    version = values.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise UserError(
            f"{path} has the format version {version!r}, and this program reads "
            f"{FORMAT_VERSION}: use the convnet-viewer that wrote it."
        )
    for required in ("architecture", "hyper", "input_shape", "mean", "std", "class_names"):
        if required not in values:
            raise UserError(f"{path} doesn't say its {required}: {_HINT}.")
    return _checked_metadata(path, values)


def _checked_metadata(path: Path, values: dict[str, Any]) -> Metadata:
    shape = _numbers(path, values, "input_shape", whole=True)
    if len(shape) != 3:
        raise UserError(f"{path} has an input_shape of {len(shape)} numbers, not 3: {_HINT}.")
    mean, std = (_numbers(path, values, key) for key in ("mean", "std"))
    if len(mean) != shape[0] or len(std) != shape[0]:
        raise UserError(f"{path} needs one mean and std for each of {shape[0]} channels: {_HINT}.")
    if min(std) < MIN_STD:
        raise UserError(f"{path} has a std of {min(std):g}, which is not above 0: {_HINT}.")
    names = _class_names(path, values)
    if not isinstance(values["hyper"], dict) or not isinstance(values["architecture"], str):
        raise UserError(f"{path} has an architecture or hyper of the wrong type: {_HINT}.")
    accuracy = values.get("test_accuracy")
    if accuracy is not None and not (_is_number(accuracy) and 0 <= accuracy <= 1):
        raise UserError(f"{path} has a test_accuracy that is not between 0 and 1: {_HINT}.")
    for key in ("dataset", "training_command"):
        if not isinstance(values.get(key), str | None):
            raise UserError(f"{path} has a {key} that is not a text: {_HINT}.")
    if not _can_be_shown(values.get("dataset") or ""):
        raise UserError(f"{path} has a dataset that is no short line of text: {_HINT}.")
    known = {f.name: values[f.name] for f in fields(Metadata) if f.name in values}
    known["preparation"] = _preparation(path, values)
    shape_chw = (int(shape[0]), int(shape[1]), int(shape[2]))
    return Metadata(
        **known | {"input_shape": shape_chw, "mean": mean, "std": std, "class_names": names}
    )


def _class_names(path: Path, values: Mapping[str, Any]) -> tuple[str, ...]:
    names = values["class_names"]
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise UserError(f"{path} has class_names that are not a list of names: {_HINT}.")
    if not all(_can_be_shown(name) for name in names):
        raise UserError(f"{path} has a class name that is no short line of text: {_HINT}.")
    if len(set(names)) != len(names):
        raise UserError(f"{path} names a class twice: {_HINT}.")
    return tuple(names)


def _preparation(path: Path, values: Mapping[str, Any]) -> Preparation:
    found = preparation_of(values["preparation"]) if "preparation" in values else DIGIT
    if found is None:
        raise UserError(f"{path} has a preparation that is none of ours: {_HINT}.")
    return found


def _can_be_shown(text: str) -> bool:
    return len(text) <= MAX_NAME_LENGTH and (not text or text.isprintable())


def _numbers(
    path: Path, values: Mapping[str, Any], key: str, *, whole: bool = False
) -> tuple[float, ...]:
    items = values[key]
    if (
        not isinstance(items, list)
        or not items
        or not all(_is_number(item) and (isinstance(item, int) or not whole) for item in items)
    ):
        noun = "whole numbers" if whole else "numbers"
        raise UserError(f"{path} has a {key} that is not a list of {noun}: {_HINT}.")
    return tuple(items)


def _is_number(value: object) -> bool:
    """Tell whether it is a number that float32 can hold; not a number fails the comparison."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -MAX_NUMBER <= value <= MAX_NUMBER
    )


def _build_on_meta(path: Path, metadata: Metadata) -> nn.Module:
    """Build the network without memory for its weights."""
    try:
        with torch.device("meta"):
            return (
                architectures()
                .get(metadata.architecture)
                .build(metadata.hyper, metadata.input_shape, len(metadata.class_names))
            )
    except UserError as error:
        raise UserError(f"{path} can't be opened: {error}") from None


def _check_tensors(path: Path, header: Mapping[str, Any], wanted: Mapping[str, Tensor]) -> None:
    """Compare names, types, shapes and byte ranges with the architecture's."""
    missing = sorted(wanted.keys() - header.keys())
    surplus = sorted(header.keys() - wanted.keys())
    if missing:
        raise UserError(f"{path} lacks the weights {missing[0]} ({len(missing)} missing): {_HINT}.")
    if surplus:
        raise UserError(
            f"{path} has weights {surplus[0]} that its architecture doesn't have: {_HINT}."
        )
    for name, tensor in wanted.items():
        entry = header[name] if isinstance(header[name], dict) else {}
        if entry.get("dtype") not in _FLOAT_DTYPES:
            kind = entry.get("dtype")
            raise UserError(f"{path} has {name} of the type {kind!r}, not floats: {_HINT}.")
        if entry.get("shape") != list(tensor.shape):
            found, right = entry.get("shape"), list(tensor.shape)
            raise UserError(
                f"{path} has {name} of the shape {found}, and its architecture and class names "
                f"ask for {right}: {_HINT}."
            )


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Read the tensors as float32; the library checks the byte ranges against the file."""
    try:
        weights = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is damaged or cut off ({error}): get the file again.") from None
    # Copied: what safetensors returns is mapped to the file, and would change, or end the
    # process, when somebody writes over it. A float64 beyond float32 becomes infinite here, and
    # is refused with the others.
    weights = {name: value.to(torch.float32, copy=True) for name, value in weights.items()}
    for name, value in weights.items():
        if not bool(torch.isfinite(value).all()):
            raise UserError(f"{path} has weights in {name} that are not finite: train it again.")
    return weights
