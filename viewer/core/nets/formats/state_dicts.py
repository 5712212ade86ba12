"""Weights without a network: state dicts in torch's files and in safetensors."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import Archive, damaged, opened_archive
from viewer.core.nets.formats.errors import printable
from viewer.core.nets.formats.labels import labels_of
from viewer.core.nets.formats.pickles import (
    MAX_PICKLE_BYTES,
    TORCH_PROTOCOL,
    Inventory,
    StorageClaim,
    TensorClaim,
    inventory,
    refuse_imports,
)

Item = TypeVar("Item")

# Under which key of a checkpoint the weights are, the likeliest first.
_KEYS = (
    *("state_dict", "model_state_dict", "model", "net", "network", "module", "params_ema"),
    *("ema", "model_ema", "ema_state_dict", "state_dict_ema", "params", "weights", "backbone"),
)
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")
_MUCH = 1.5  # times the weights
_DEPTH = 3  # how deep in a checkpoint weights are looked for
_MAX_CLAIM = 4  # times the file: tied weights are stored once and claimed twice
_SMALL_BYTES = 64 << 20
_LEGACY_PICKLES = 3  # magic number, protocol and system come before the object
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100 << 20  # the library's own bound


@dataclass(frozen=True)
class StateDict:
    """Weights by name.

    Attributes
    ----------
    tensors : mapping of str to Tensor
        Prefixes of wrappers are taken off; may be mapped to the file until `owned`.
    labels : tuple of str
        Class names, where the file has them.
    mapped : bool
        Whether the tensors are in the file, and not in memory of their own.
    """

    tensors: Mapping[str, Tensor]
    labels: tuple[str, ...] = ()
    mapped: bool = True


def owned(path: Path, tensors: Mapping[str, Tensor], *, mapped: bool = True) -> dict[str, Tensor]:
    """Return tensors that don't depend on the file; floats as float32, all finite.

    What is mapped to the file is copied: it would change, or end the process, when somebody
    writes over it. A tensor that stands under several names is copied once.

    Raises
    ------
    UserError
        If a number is not finite.
    """
    copies: dict[tuple[int, tuple[int, ...], tuple[int, ...]], Tensor] = {}
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        key = (value.data_ptr(), tuple(value.shape), value.stride())
        if key not in copies or not value.numel():
            copies[key] = _copied(path, name, value, needed=mapped)
        found[name] = copies[key]
    return found


def _copied(path: Path, name: str, value: Tensor, *, needed: bool) -> Tensor:
    alone = value.untyped_storage().nbytes() == value.numel() * value.itemsize
    if not needed and alone and value.is_contiguous() and value.dtype == torch.float32:
        check_finite(path, name, value)
        return value.detach()
    if not value.is_floating_point():
        return value.clone(memory_format=torch.contiguous_format)
    copy = value.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
    check_finite(path, name, copy)
    return copy


def check_finite(path: Path, name: str, value: Tensor) -> None:
    """Raise UserError if a weight, of any shape and type, has numbers that are not finite."""
    # The sum is a third of the time; it can overflow where every number is finite.
    if not bool(torch.isfinite(value.sum())) and not bool(torch.isfinite(value).all()):
        raise UserError(
            f"{path} has weights in {printable(name)} that are not finite: train it again."
        )


def read_safetensors(path: Path) -> StateDict:
    """Read a safetensors file that is not one of ours.

    Raises
    ------
    UserError
        If it is damaged, or has no weights.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
            notes = file.metadata() or {}
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError) as error:
        raise damaged(path, str(error)) from None
    return StateDict(_plain(path, tensors), labels_of(_decoded(notes)))


def safetensors_metadata(path: Path) -> dict[str, Any] | None:
    """Return the texts in the header of a safetensors file; None if it has no sound header."""
    with path.open("rb") as file:
        start = file.read(_LENGTH_BYTES)
        length = struct.unpack("<Q", start)[0] if len(start) == _LENGTH_BYTES else 0
        if not 0 < length <= min(_MAX_HEADER_BYTES, path.stat().st_size - _LENGTH_BYTES):
            return None
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):
            return None
    notes = header.get("__metadata__", {}) if isinstance(header, dict) else None
    return notes if isinstance(notes, dict) else None


def read_torch_archive(path: Path) -> StateDict:
    """Read what ``torch.save`` wrote, without running any of it.

    Raises
    ------
    UserError
        If it is damaged or has no weights; `UntrustedPickle` if it would import something.
    """
    with opened_archive(path) as archive:
        _check_byte_order(archive)
        claims = _archive_claims(archive)
        mapped = all(archive.is_stored(f"data/{key}") for key in claims.storages)
    _check_claims(path, claims)
    mapped = mapped and _has_much_else(claims)
    return state_dict_in(path, _loaded(path, mapped=mapped), mapped=mapped)


def read_pickled_tensors(path: Path, data: bytes) -> Any:
    """Return the tensors in an archive of ``torch.save`` that stands within another file."""
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise damaged(path, str(error)) from None
    claims = _archive_claims(Archive(path, file))
    _check_claims(path, claims)
    return _loaded(path, io.BytesIO(data))


def read_torch_legacy(path: Path) -> StateDict:
    """Read what ``torch.save`` wrote before PyTorch 1.6: pickles, then the numbers."""
    with path.open("rb") as file:
        imports: set[str] = set()
        for _ in range(_LEGACY_PICKLES):
            first = inventory(path, file)
            imports |= first.imports
            if not imports and not isinstance(first.root, int | dict):
                break  # a pickle that torch didn't write
        else:
            first = inventory(path, file)
            imports |= first.imports
        refuse_imports(path, imports)
        left = path.stat().st_size - file.tell()
    if sum(claim.numel * claim.item_bytes for claim in first.storages.values()) > left:
        raise damaged(path, "it claims more numbers than the file has")
    _check_claims(path, first)
    return state_dict_in(path, _loaded(path), mapped=False)


def legacy_imports(path: Path) -> set[str]:
    """Return what any of the pickles at the beginning of a file would import."""
    imports: set[str] = set()
    with path.open("rb") as file, contextlib.suppress(UserError):
        for _ in range(_LEGACY_PICKLES + 2):
            imports |= inventory(path, file).imports
    return imports


def _archive_claims(archive: Archive) -> Inventory:
    data = archive.read("data.pkl", limit=MAX_PICKLE_BYTES)
    claims = inventory(archive.path, io.BytesIO(data))
    refuse_imports(archive.path, claims.imports)
    for claim in claims.storages.values():
        _check_storage(archive, claim)
    return claims


def _check_storage(archive: Archive, claim: StorageClaim) -> None:
    wanted = claim.numel * claim.item_bytes
    if archive.sizes.get(f"data/{claim.key}", -1) < wanted:
        raise UserError(
            f"{archive.path} claims {wanted / 1e9:.3g} GB of numbers and has fewer: "
            "get the file again."
        )


def _check_byte_order(archive: Archive) -> None:
    if "byteorder" in archive and archive.read("byteorder", limit=64).strip() != b"little":
        raise UserError(
            f"{archive.path} has numbers in another byte order: save it on this kind of machine."
        )


def _check_claims(path: Path, claims: Inventory) -> None:
    if claims.protocol != TORCH_PROTOCOL:
        raise UserError(
            f"{path} was written with the pickle protocol {claims.protocol}: save it with "
            "torch.save without pickle_protocol."
        )
    claimed = sum(claim.n_bytes for claim in _claims_in(claims.root))
    if claimed > _MAX_CLAIM * path.stat().st_size + _SMALL_BYTES:
        raise UserError(
            f"{path} claims {claimed / 1e9:.3g} GB of numbers, which it doesn't hold: "
            "get the file again."
        )


def _claims_in(value: object, depth: int = 0) -> list[TensorClaim]:
    if isinstance(value, TensorClaim):
        return [value]
    inner: list[object] = []
    if isinstance(value, dict):
        inner = list(dict.values(value))
    elif isinstance(value, list | tuple):
        inner = list(value)
    if depth > 8:
        return []
    return [claim for item in inner for claim in _claims_in(item, depth + 1)]


def _loaded(path: Path, file: BinaryIO | None = None, *, mapped: bool = False) -> Any:
    """Read with torch's own safe unpickler."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old files: what is said about them is ours
            return torch.load(
                path if file is None else file, "cpu", weights_only=True, mmap=mapped or None
            )
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - of any kind, as damaged files have it
        raise damaged(path, str(error).split("\n")[0]) from None


def _has_much_else(claims: Inventory) -> bool:
    """Tell whether a checkpoint holds much more than weights, such as an optimiser's state."""
    weights = _find(claims.root, TensorClaim) or {}
    whole = sum(claim.numel * claim.item_bytes for claim in claims.storages.values())
    return whole > _MUCH * sum(claim.n_bytes for claim in weights.values())


def state_dict_in(path: Path, root: object, *, mapped: bool = False) -> StateDict:
    """Return the weights in what a file gave; UserError if there are none."""
    tensors = _find(root, Tensor)
    if tensors is None:
        raise UserError(f"{path} holds no weights by name: save model.state_dict() in it.")
    return StateDict(_plain(path, tensors), labels_of(root), mapped)


def _find(value: object, kind: type[Item], depth: int = 0) -> dict[str, Item] | None:
    """Return the first mapping that is a state dict, in a checkpoint's usual places."""
    if not isinstance(value, Mapping) or depth > _DEPTH:
        return None
    tensors = {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, kind)}
    dotted = any("." in name for name in tensors)
    if tensors and (dotted or 2 * len(tensors) >= len(value)):
        return tensors
    for key in (*_KEYS, *(k for k in value if isinstance(k, str) and "optim" not in k)):
        found = _find(value.get(key), kind, depth + 1)
        if found is not None:
            return found
    return None


def _plain(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors under the names that the network gives them."""
    plain = dict(tensors)
    plain.pop("n_averaged", None)  # of torch.optim.swa_utils.AveragedModel
    if not plain:
        raise UserError(f"{path} holds no weights: save model.state_dict() in it.")
    for name, value in plain.items():
        if value.layout != torch.strided or value.is_quantized or value.is_meta:
            raise UserError(f"{path} has {name} sparse, quantised or empty: save it as floats.")
        if value.is_complex():
            raise UserError(f"{path} has {name} of complex numbers: save a network of floats.")
    while True:
        prefix = next((p for p in _PREFIXES if all(n.startswith(p) for n in plain)), None)
        if prefix is None:
            return plain
        plain = {name.removeprefix(prefix): value for name, value in plain.items()}


def _decoded(notes: Mapping[str, str]) -> dict[str, Any]:
    """Return texts of a header, those that are JSON as what they say."""
    found: dict[str, Any] = {}
    for key, text in notes.items():
        try:
            found[key] = json.loads(text)
        except (ValueError, RecursionError):
            found[key] = text
    return found
