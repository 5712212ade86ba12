"""What the code in a TorchScript archive may do, checked before torch compiles any of it.

TorchScript can write files (``torch.save``, ``aten::save``), map them (``from_file``) and run a
``__setstate__`` of its own while it is loaded. Its source is a subset of Python, so Python's own
parser reads it.
"""

from __future__ import annotations

import ast
import io
import warnings
from collections.abc import Iterator

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import Archive, damaged
from viewer.core.nets.formats.operators import ALLOWED, refused_operator, shown
from viewer.core.nets.formats.pickles import inventory

MAX_SOURCE_BYTES = 16 << 20
_ROOTS = frozenset({"torch", "ops"})
_FORBIDDEN_METHODS = frozenset({"__setstate__", "__getstate__"})
_FORBIDDEN = frozenset({"save", "load", "from_file", "classes", "jit", "distributed", "set_"})
# What TorchScript has beside the operators on tensors.
_WORDS = """annotate uninitialized unchecked_cast unchecked_unwrap_optional Uninitialized
    _unwrap_optional NumToTensor IntImplicit FloatImplicit ScalarImplicit Int Float Bool
    float int bool str len range isinstance getattr hasattr min max abs round list dict tuple
    append extend insert pop copy clear reverse keys values items get format rangelist
    RaiseException Exception ValueError AssertionError RuntimeError NotImplementedError
    IndexError TypeError KeyError
    device dtype layout is_cuda is_floating_point is_complex is_quantized requires_grad data
    ConstantChunk warn print zip enumerate add_ __is__ __isnot__ __not__ __and__ __or__
    __contains__ __getitem__ _set_item floordiv mod ceil floor sqrt shape ndimension
    nnc_prepacked mkldnn prim aten inf nan unused is_scripting fill_ manual_seed
    is_grad_enabled get_device is_tracing broadcast_tensors
    __range_length __derive_index empty empty_like new_empty rand rand_like randn randn_like
    randint bernoulli bernoulli_ uniform_ normal_ random_
    lstm gru rnn_tanh rnn_relu type is_nested is_autocast_enabled
    _native_multi_head_attention"""
JIT_ONLY = frozenset(_WORDS.split())


def check_code(archive: Archive) -> None:
    """Refuse an archive whose code does more than compute.

    Raises
    ------
    UserError
        That names what it does.
    """
    sources = [name for name in archive.sizes if name.startswith("code/") and name.endswith(".py")]
    if not sources:
        raise damaged(archive.path, "it has no code")
    if sum(archive.sizes[name] for name in sources) > MAX_SOURCE_BYTES:
        raise UserError(f"{archive.path} has more code than any network: choose another file.")
    trees = [_parsed(archive, name) for name in sources]
    defined = {name for tree in trees for name in _defined(tree)}
    for tree in trees:
        for node in ast.walk(tree):
            _check(node, defined, str(archive.path))


def check_pickles(archive: Archive) -> None:
    """Refuse an archive whose attributes claim memory that isn't there, or classes of torch's own.

    What its pickles name are types of its own code, which have been checked.
    """
    for name, folder in (("data.pkl", "data"), ("constants.pkl", "constants")):
        found = inventory(archive.path, io.BytesIO(archive.read(name)))
        for claim in found.storages.values():
            if archive.sizes.get(f"{folder}/{claim.key}", -1) < claim.numel * claim.item_bytes:
                raise damaged(archive.path, "it claims more numbers than it has")
        for full in sorted(found.imports):
            ours = full.startswith(("__torch__.", "torch.jit._pickle."))
            if not ours or ".torch.classes." in full:
                raise refused_operator(full, str(archive.path))


def _parsed(archive: Archive, name: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own, about escapes in texts
            return ast.parse(archive.read(name).decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise damaged(archive.path, f"{name[:80]} is no TorchScript") from None


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names of functions, methods and classes, and the short names of functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign) and _root(node.value) == "__torch__":
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _check(node: ast.AST, defined: set[str], what: str) -> None:
    if isinstance(node, ast.FunctionDef) and node.name in _FORBIDDEN_METHODS:
        raise UserError(
            f"{what} has code that runs while it is opened ({node.name}): give its state dict, or "
            "a torch.export program."
        )
    if isinstance(node, ast.Import | ast.ImportFrom | ast.AsyncFunctionDef | ast.Global):
        raise UserError(f"{what} is no TorchScript: get the file again.")
    if isinstance(node, ast.Attribute) and node.attr in _FORBIDDEN:
        raise refused_operator(node.attr, what)
    if isinstance(node, ast.Call):
        name = _called(node.func)
        if name not in defined and name not in ALLOWED and name not in JIT_ONLY:
            raise refused_operator(name, what)
    if isinstance(node, ast.Assign | ast.AnnAssign) and _is_alias(node.value):
        raise refused_operator(_called(node.value), what)


def _called(function: ast.expr | None) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    if isinstance(function, ast.Name):
        return function.id
    return shown(type(function).__name__)


def _is_alias(value: ast.expr | None) -> bool:
    """Tell whether an operator, or all of them, would get another name."""
    return _root(value) in _ROOTS


def _root(value: ast.expr | None) -> str:
    """Return the first of names joined by dots; empty for another expression."""
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.id if isinstance(value, ast.Name) else ""
