"""The outermost fields of an ONNX file, read without the library that it takes to open it.

ONNX is a protocol buffer (Encoding, protobuf.dev): a sequence of fields, each a number that
holds field number and wire type, then the value. Of a ``ModelProto`` field 1 is the version of
the representation, 7 the graph.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_KNOWN_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_VARINT, _LENGTH_DELIMITED = 0, 2
_MAX_VARINT_BYTES = 10
_MAX_FIELDS = 10_000
_IR_VERSION, _GRAPH = 1, 7


def is_onnx(path: Path) -> bool:
    """Tell whether a file reads as an ONNX model from its first to its last field.

    The last field may go beyond the end of the file: then it was cut off.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        found: set[int] = set()
        for _ in range(_MAX_FIELDS):
            if file.tell() >= size:
                break
            field = _skip_field(file, size)
            if field not in _KNOWN_FIELDS:
                return False
            found.add(field)
    return {_IR_VERSION, _GRAPH} <= found


def _skip_field(file: BinaryIO, size: int) -> int | None:
    """Return the number of the next field, and go behind it; None of what can't be one."""
    key = _varint(file)
    if key is None:
        return None
    number, wire = key >> 3, key & 7
    value = _varint(file)
    if value is None or wire not in (_VARINT, _LENGTH_DELIMITED):
        return None
    if wire == _LENGTH_DELIMITED:
        file.seek(min(file.tell() + value, size))
    return number


def _varint(file: BinaryIO) -> int | None:
    value = 0
    for i in range(_MAX_VARINT_BYTES):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << 7 * i
        if byte[0] < 0x80:
            return value
    return None
