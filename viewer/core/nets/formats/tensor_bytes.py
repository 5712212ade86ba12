"""A tensor out of bytes whose shape somebody else has written down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from viewer.core.nets.formats.archives import damaged


def tensor_of(
    path: Path,
    name: str,
    data: bytearray,
    dtype: torch.dtype | None,
    sizes: Sequence[int],
    strides: Sequence[int],
    offset: int,
) -> Tensor:
    """Return a tensor that shares the memory of `data`.

    Parameters
    ----------
    path, name
        For messages.
    data : bytearray
    dtype : torch.dtype or None
        None is refused.
    sizes, strides : sequence of int
    offset : int
        Of the first number, in numbers.

    Raises
    ------
    UserError
        If it would reach beyond the bytes, or has more numbers than they hold.
    """
    word = name[:80] if name.isprintable() else "a tensor"
    if dtype is None:
        raise damaged(path, f"{word} is of an unknown type")
    values = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    if len(sizes) != len(strides) or min((*sizes, *strides, offset, 0)) < 0 or len(sizes) > 16:
        raise damaged(path, f"{word} has an impossible shape")
    count = 1
    for size in sizes:
        count *= size
    last = offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    if count and (last >= values.numel() or count > values.numel()):
        raise damaged(path, f"{word} claims more numbers than it has")
    return (
        values.as_strided(list(sizes), list(strides), offset) if count else values.new_empty(sizes)
    )
