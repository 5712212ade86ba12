"""Files that must be refused: broken, wrong, huge and hostile ones."""

from __future__ import annotations

import json
import math
import os
import pickle
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from viewer.core.nets.shipped import resolve_model

GOOD_MODEL = "mlp"


@dataclass(frozen=True)
class Bad:
    """A file that must be refused.

    Attributes
    ----------
    name : str
        Of the file, and of the case.
    make : callable
        Writes it at the path that it is given.
    words : tuple of str
        That the sentence must have, so that it says what is wrong with this very file.
    """

    name: str
    make: Callable[[Path], object]
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    def at(self, folder: Path) -> Path:
        path = folder / self.name
        self.make(path)
        return path


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content, encoding="utf-8")


# --- checkpoints: a good one, changed in one place


def _good() -> bytes:
    return resolve_model(GOOD_MODEL).read_bytes()


def _split(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def _joined(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _header(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        header, data = _split(_good())
        change(header)
        path.write_bytes(_joined(header, data))

    return make


def _metadata(**values: object) -> Callable[[Path], object]:
    """Change entries of the metadata; None takes one away."""

    def change(header: dict[str, Any]) -> None:
        entries = json.loads(header["__metadata__"]["convnet-viewer"])
        entries |= values
        kept = {key: value for key, value in entries.items() if value is not None}
        header["__metadata__"]["convnet-viewer"] = json.dumps(kept)

    return _header(change)


def _tensor(header: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of the first weights."""
    name = next(key for key in header if key != "__metadata__")
    entry: dict[str, Any] = header[name]
    return entry


def _weights_with(value: float) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        header, data = _split(_good())
        path.write_bytes(_joined(header, struct.pack("<f", value) + data[4:]))

    return make


class _Hostile:
    """Unpickled, it makes a file: a loader that unpickles has been taken over."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.mark),)


def _sparse(size: int) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def _overlapping(header: dict[str, Any]) -> None:
    first, second = [name for name in header if name != "__metadata__"][:2]
    start = header[first]["data_offsets"][0]
    size = header[second]["data_offsets"][1] - header[second]["data_offsets"][0]
    header[second]["data_offsets"] = [start, start + size]


CHECKPOINTS = [
    Bad("empty.safetensors", _bytes(b""), ("empty",)),
    Bad("five-bytes.safetensors", _bytes(b"\x01\0\0\0\0"), ("not a safetensors file",)),
    Bad("noise.safetensors", _bytes(bytes(range(256)) * 40), ("not a safetensors file",)),
    Bad("zeros.safetensors", _bytes(bytes(4096)), ("not a safetensors file",)),
    Bad("text.safetensors", _text("I am a network, honestly.\n" * 9), ("not a safetensors",)),
    Bad("cut-in-header.safetensors", lambda p: p.write_bytes(_good()[:300]), ("cut off",)),
    Bad("cut-in-weights.safetensors", lambda p: p.write_bytes(_good()[:-1000]), ("cut off",)),
    Bad("longer.safetensors", lambda p: p.write_bytes(_good() + b"\0" * 64), ("damaged",)),
    Bad("huge.safetensors", _sparse(3 << 30), ("larger than 2 GB",)),
    Bad(
        "header-of-exabytes.safetensors",
        _bytes(struct.pack("<Q", 1 << 62) + b"{}"),
        ("not a safetensors file",),
    ),
    Bad(
        "deeply-nested.safetensors",
        _bytes(struct.pack("<Q", 200_000) + b"[" * 200_000),
        ("not a safetensors file",),
    ),
    Bad("a-list.safetensors", _bytes(_joined([1, 2, 3], b"")), ("not a safetensors file",)),
    Bad(
        "metadata-not-json.safetensors",
        _header(lambda h: h["__metadata__"].update({"convnet-viewer": "{"})),
        ("metadata",),
    ),
    Bad("future.safetensors", _metadata(format_version=99), ("version", "99")),
    Bad("no-architecture.safetensors", _metadata(architecture=None), ("architecture",)),
    Bad("unknown-architecture.safetensors", _metadata(architecture="hal9000"), ("hal9000",)),
    Bad("wrong-architecture.safetensors", _metadata(architecture="lenet5", hyper={}), ()),
    Bad("hyper-list.safetensors", _metadata(hyper=[1]), ("hyper",)),
    Bad("hyper-unknown.safetensors", _metadata(hyper={"wings": 2}), ("wings",)),
    Bad("input-of-terabytes.safetensors", _metadata(input_shape=[1, 10**6, 10**6]), ()),
    Bad("input-negative.safetensors", _metadata(input_shape=[1, -28, -28]), ()),
    Bad("input-flat.safetensors", _metadata(input_shape=[784]), ("input_shape",)),
    Bad("std-zero.safetensors", _metadata(std=[0.0]), ("std",)),
    Bad("two-means.safetensors", _metadata(mean=[0.1, 0.2]), ("mean",)),
    Bad("one-class.safetensors", _metadata(class_names=["only"]), ()),
    Bad("class-twice.safetensors", _metadata(class_names=["0"] * 10), ("twice",)),
    Bad("accuracy-of-7.safetensors", _metadata(test_accuracy=7), ("test_accuracy",)),
    Bad("wrong-shape.safetensors", _header(lambda h: _tensor(h).update(shape=[7, 7])), ("shape",)),
    Bad("integers.safetensors", _header(lambda h: _tensor(h).update(dtype="I64")), ("I64",)),
    Bad(
        "beyond-the-end.safetensors",
        _header(lambda h: _tensor(h).update(data_offsets=[0, 1 << 40])),
        ("damaged",),
    ),
    Bad("overlapping.safetensors", _header(_overlapping), ("damaged",)),
    Bad("surplus.safetensors", _header(lambda h: h.update(extra=_tensor(h))), ("extra",)),
    Bad("nan.safetensors", _weights_with(math.nan), ("finite",)),
    Bad("infinite.safetensors", _weights_with(math.inf), ("finite",)),
    Bad("whole-model.pt", lambda p: torch.save(torch.nn.Linear(2, 2), p), ()),
    Bad("state-dict.pth", lambda p: torch.save(torch.nn.Linear(2, 2).state_dict(), p), ()),
    Bad(
        "hostile.pt",
        lambda p: p.write_bytes(pickle.dumps(_Hostile(p.parent / "taken-over"))),
        (),
    ),
    Bad("folder.safetensors", lambda p: p.mkdir(), ("folder",)),
    Bad("pipe.safetensors", lambda p: os.mkfifo(p), ("not a plain file",)),
    Bad("loop.safetensors", lambda p: p.symlink_to(p), ()),
    Bad("gone.safetensors", lambda p: None, ("no model",)),
    Bad("a-picture.png", lambda p: Image.new("L", (28, 28)).save(p), ()),
]

# --- pictures and stroke files


def png_claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _cut_png(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:900])


def _cut_jpeg(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:200])


def _line(**values: object) -> Callable[[Path], object]:
    return _text(json.dumps(values) + "\n")


LINE = [[[1, 2], [3, 4]]]

INPUTS = [
    Bad("empty.png", _bytes(b""), ("empty",)),
    Bad("text.png", _text("not a picture"), ("not a picture",)),
    Bad("noise.jpg", _bytes(bytes(range(256)) * 9), ("not a picture",)),
    Bad("cut.png", _cut_png, ("cut.png",)),
    Bad("cut.jpg", _cut_jpeg, ("cut.jpg",)),
    Bad("bomb.png", _bytes(png_claiming(60_000, 60_000)), ("pixels",)),
    Bad("no-data.png", _bytes(png_claiming(8, 8)), ("cut off",)),
    Bad("huge.png", _sparse(200 << 20), ("larger than 100 MB",)),
    Bad("vector.svg", _text("<svg xmlns='http://www.w3.org/2000/svg'/>"), ("not a picture",)),
    Bad("network.safetensors", lambda p: p.write_bytes(_good()), ("not a picture",)),
    Bad("folder.png", lambda p: p.mkdir(), ("folder",)),
    Bad("pipe.png", lambda p: os.mkfifo(p), ("not an ordinary file",)),
    Bad("loop.png", lambda p: p.symlink_to(p), ()),
    Bad("gone.png", lambda p: None, ("does not exist",)),
    Bad("no-suffix", _text("{}"), ("not a picture",)),
    Bad("gone.jsonl", lambda p: None, ("does not exist",)),
    Bad("folder.jsonl", lambda p: p.mkdir(), ("folder",)),
    Bad("empty.jsonl", _bytes(b""), ("no drawing",)),
    Bad("blank-lines.jsonl", _text("\n \n\n"), ("no drawing",)),
    Bad("noise.jsonl", _bytes(b"\xff\xfe\x00binary\n"), ("line 1",)),
    Bad("half.jsonl", _text('{"strokes": [[[1, 2], [3,'), ("line 1",)),
    Bad("list.jsonl", _text("[1, 2]\n"), ("line 1",)),
    Bad("nested.jsonl", _text("[" * 200_000), ("line 1",)),
    Bad("no-strokes.jsonl", _line(label="7"), ("strokes",)),
    Bad("strokes-number.jsonl", _line(strokes=5), ("line 1",)),
    Bad("stroke-text.jsonl", _line(strokes=["zigzag"]), ("line 1",)),
    Bad("point-of-one.jsonl", _line(strokes=[[[1]]]), ("line 1",)),
    Bad("point-text.jsonl", _line(strokes=[[["1", "2"]]]), ("line 1",)),
    Bad("point-nan.jsonl", _text('{"strokes": [[[NaN, 1]]]}\n'), ("line 1",)),
    Bad("point-1e999.jsonl", _text('{"strokes": [[[1e999, 1]]]}\n'), ("line 1",)),
    Bad("canvas-text.jsonl", _line(strokes=LINE, canvas="large"), ("canvas",)),
    Bad("canvas-zero.jsonl", _line(strokes=LINE, canvas=[0, 0]), ("canvas",)),
    Bad("canvas-one.jsonl", _line(strokes=LINE, canvas=[5]), ("canvas",)),
    Bad("label-list.jsonl", _line(strokes=LINE, label=["7"]), ("label",)),
    Bad(
        "second-line.jsonl",
        _text(json.dumps({"strokes": LINE}) + "\nnot json\n"),
        ("line 2",),
    ),
    Bad("huge.jsonl", _sparse(60 << 20), ("larger than 50 MB",)),
]
