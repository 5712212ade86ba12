"""What a pickle holds and would import, found without importing or calling anything of it.

Two passes: the first walks over the opcodes (``pickletools``), so that every length is known to
fit the file; the second runs them with inert objects in the place of everything that a pickle
could name. Torch's own unpickler, which allows a small list of harmless names
(``weights_only=True``), reads the numbers only after both.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import torch

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import damaged
from viewer.core.nets.formats.errors import UntrustedPickle, some_of
from viewer.core.sentences import export_line

MAX_PICKLE_BYTES = 128 << 20
MAX_MEMO = 10_000_000
MAX_STORAGES = 100_000  # as often as a pickle may refer to numbers: once a tensor
# Some 3 seconds; torchvision's network of the most tensors with Adam's state has 144,000.
MAX_OPCODES = 2_000_000
TORCH_PROTOCOL = 2
_MEMO_OPCODES = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_STORAGE_OPCODES = frozenset({"PERSID", "BINPERSID"})
# The registry of extensions is somebody else's code; what comes out of band is not in the file;
# a BYTEARRAY8 takes its memory before its bytes are there.
_REFUSED_OPCODES = frozenset(
    {"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER", "BYTEARRAY8"}
)


@dataclass(frozen=True)
class StorageClaim:
    """Memory that a pickle refers to: bytes elsewhere in the file."""

    key: str
    numel: int
    item_bytes: int


@dataclass(frozen=True)
class TensorClaim:
    """A tensor that a pickle would build."""

    storage: StorageClaim
    shape: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        """Memory of its numbers."""
        return math.prod(self.shape) * self.storage.item_bytes


class _Inert:
    """Stands in for whatever a pickle names: takes any call and does nothing."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __call__(self, *_: object, **__: object) -> _Inert:
        return self

    def __setitem__(self, key: object, value: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...

    def append(self, item: object) -> None:
        """Do nothing."""

    def extend(self, items: object) -> None:
        """Do nothing."""

    def add(self, item: object) -> None:
        """Do nothing."""

    def update(self, items: object) -> None:
        """Do nothing."""


@dataclass
class Inventory:
    """What a pickle holds.

    Attributes
    ----------
    root : object
        Lists, dicts, texts and numbers as they are, `TensorClaim` for tensors, something
        inert for the rest.
    imports : set of str
        Names that torch's safe unpickler, or this program, doesn't allow.
    storages : mapping of str to StorageClaim
    protocol : int
    """

    root: object = None
    imports: set[str] = field(default_factory=set)
    storages: dict[str, StorageClaim] = field(default_factory=dict)
    protocol: int = 0


def inventory(path: Path, stream: BinaryIO) -> Inventory:
    """Return what the next pickle of `stream` holds; reads to its end.

    Parameters
    ----------
    path : pathlib.Path
        For messages.
    stream : binary file

    Raises
    ------
    UserError
        If it is cut off, or claims more than is there.
    """
    data, protocol = _checked(path, stream)
    reader = _Reader(path, data)
    try:
        reader.found.root = reader.load()
    except UserError:
        raise
    except (pickle.UnpicklingError, EOFError, LookupError, ValueError, TypeError) as error:
        raise damaged(path, str(error)) from None
    except (AttributeError, RecursionError, OverflowError, AssertionError, MemoryError) as error:
        raise damaged(path, str(error)) from None
    reader.found.protocol = protocol
    return reader.found


def refuse_imports(path: Path, imports: set[str]) -> None:
    """Refuse a file that would import something when it is opened.

    Raises
    ------
    UntrustedPickle
        A UserError with the names, if there are any.
    """
    if imports and imports <= _UNUSUAL_TENSORS:
        raise UserError(
            f"{path} has weights that are sparse, quantised or without numbers: save them as "
            "plain floats on the CPU."
        )
    if imports:
        names = tuple(sorted(imports))
        raise UntrustedPickle(
            f"{path} holds code and not only weights (it imports {some_of(names)}): open it with "
            f"--trust if you know who made it, or run {export_line()} where it was made and open "
            "that file.",
            names,
        )


def _checked(path: Path, stream: BinaryIO) -> tuple[bytes, int]:
    """Return the bytes of one pickle and its protocol; its opcodes are known to be whole."""
    start, protocol, storages = stream.tell(), 0, 0
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            storages += opcode.name in _STORAGE_OPCODES
            if storages > MAX_STORAGES or count > MAX_OPCODES:
                raise UserError(
                    f"{path} has more tensors or other entries than any network: choose another."
                )
            if opcode.name in _REFUSED_OPCODES:
                raise damaged(path, f"its pickle has the opcode {opcode.name}")
            if opcode.name in _MEMO_OPCODES and int(argument or 0) > MAX_MEMO:
                raise damaged(path, "its pickle claims too much memory")
            if opcode.name == "PROTO":
                protocol = int(argument or 0)
            if stream.tell() - start > MAX_PICKLE_BYTES:
                raise damaged(path, f"its pickle is larger than {MAX_PICKLE_BYTES >> 20} MB")
    except UserError:
        raise
    except (ValueError, EOFError, OverflowError, MemoryError, TypeError) as error:
        raise damaged(path, str(error)) from None
    end = stream.tell()
    stream.seek(start)
    return stream.read(end - start), protocol


# The C unpickler takes memory for a memo of any size; the one in Python does not.
class _Reader(pickle._Unpickler):
    """Runs the opcodes of a pickle with inert objects."""

    def __init__(self, path: Path, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._path = path
        self.found = Inventory()

    def find_class(self, module: str, name: str) -> Any:
        """Return a stand-in, and keep the name unless it is known to be harmless."""
        full = f"{module}.{name}"
        if full in _STORAGES:
            return _STORAGES[full]
        if full in _TENSOR_FUNCTIONS:
            return self._tensor
        if full in _HARMLESS:
            return _HARMLESS[full]
        self.found.imports.add(full)
        return _Inert

    def persistent_load(self, pid: Any) -> Any:
        """Keep what is said about a storage."""
        if self.found.imports:  # refused anyway; torch's old format has classes here too
            return _Inert()
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] in ("storage", b"storage")):
            raise damaged(self._path, "it refers to something that is no storage")
        _, kind, key, _, numel = pid[:5]
        item_bytes = kind.item_bytes if isinstance(kind, _StorageType) else None
        if item_bytes is None or not _is_count(numel):
            raise damaged(self._path, "it refers to a storage of an unknown type")
        claim = StorageClaim(str(key), numel, item_bytes)
        known = self.found.storages.setdefault(claim.key, claim)
        if known.numel * known.item_bytes < numel * item_bytes:
            raise damaged(self._path, "it gives one storage two sizes")
        return claim

    def _tensor(self, storage: Any, offset: Any, size: Any, *rest: Any) -> Any:
        """Return a claim for what ``torch._utils._rebuild_tensor_v2`` would build."""
        if self.found.imports:
            return _Inert()
        stride: Any = rest[0] if rest else None
        if not (isinstance(storage, StorageClaim) and _is_count(offset)):
            raise damaged(self._path, "a tensor in it has no storage")
        if not (_are_counts(size) and _are_counts(stride) and len(size) == len(stride)):
            raise damaged(self._path, "a tensor in it has no shape")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if 0 not in size and (last >= storage.numel or math.prod(size) > storage.numel):
            raise UserError(
                f"{self._path} has a tensor that claims {_short(math.prod(size))} numbers and "
                f"holds {storage.numel:,}: get the file again."
            )
        return TensorClaim(storage, tuple(size))


@dataclass(frozen=True)
class _StorageType:
    item_bytes: int


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


def _are_counts(values: Any) -> bool:
    return isinstance(values, tuple | list) and len(values) <= 16 and all(map(_is_count, values))


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**15 else "countless"


def _parameter(data: object, *_: object) -> object:
    return data


def _nothing(*_: object) -> object:
    return None


def _shape(values: object = ()) -> object:
    return tuple(values) if isinstance(values, list | tuple) else ()


def _storage_types() -> dict[str, _StorageType]:
    untyped = ("torch.storage.UntypedStorage", "torch.UntypedStorage")
    found = {name: _StorageType(1) for name in untyped}
    for dtype, name in torch.storage._dtype_to_storage_type_map().items():
        found[f"torch.{name}"] = _StorageType(dtype.itemsize)
    return found


_TENSOR_FUNCTIONS = frozenset(
    f"torch._utils.{name}"
    for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")
)
_STORAGES = _storage_types()
# By what torch rebuilds tensors that are no plain numbers, and what that takes.
_UNUSUAL_TENSORS = frozenset({"torch.per_tensor_affine", "torch.per_channel_affine"}) | {
    f"torch._utils._rebuild_{kind}"
    for kind in (
        *("sparse_tensor", "sparse_csr_tensor", "qtensor", "nested_tensor"),
        "meta_tensor_no_storage",
    )
}
_HARMLESS: Mapping[str, Callable[..., object] | type] = {
    "collections.OrderedDict": OrderedDict,
    "builtins.set": set,
    "builtins.complex": complex,
    "__builtin__.set": set,
    "__builtin__.complex": complex,
    "_codecs.encode": _nothing,
    "torch.Size": _shape,
    "torch.device": _nothing,
    "torch.serialization._get_layout": _nothing,
    "torch.nn.parameter.Parameter": _Inert,
    "torch._utils._rebuild_parameter": _parameter,
    **{
        str(value): _Inert
        for name in sorted(vars(torch))
        if isinstance(value := getattr(torch, name), torch.dtype)
    },
}
