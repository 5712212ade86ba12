"""Which kind of file it is, by what is in it: names and suffixes say nothing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import Archive, opened_archive
from viewer.core.nets.formats.wire import is_onnx

HINT = "choose a file that holds a network"
_START_BYTES = 512
_LENGTH_BYTES = 8
_TAR_MAGIC = slice(257, 262)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOREIGN = (
    (0, b"\x89HDF\r\n\x1a\n", "a Keras file", "convert it to ONNX with tf2onnx"),
    (4, b"TFL3", "a TensorFlow Lite file", "convert it to ONNX with tf2onnx"),
    (0, b"\x1f\x8b", "compressed with gzip", "unpack it first"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (0, b"\x93NUMPY", "a numpy array", HINT),
    (0, b"GGUF", "a GGUF file of a language model", HINT),
    (0, b"\x89PNG", "a picture", "drop it on a network that is open"),
    (0, b"\xff\xd8\xff", "a picture", "drop it on a network that is open"),
    (0, b"GIF8", "a picture", "drop it on a network that is open"),
    (0, b"%PDF", "a PDF document", HINT),
    (0, b"\x7fELF", "a program", HINT),
    (0, b"MZ", "a program", HINT),
)


class Format(StrEnum):
    """A kind of file that a network comes in."""

    SAFETENSORS = "safetensors"
    TORCH_ZIP = "torch archive"  # torch.save since PyTorch 1.6
    TORCH_LEGACY = "torch pickle"  # torch.save before
    TORCH_TAR = "torch tar"  # torch.save before 0.1.10
    TORCHSCRIPT = "TorchScript"
    EXPORTED = "torch.export"
    ONNX = "ONNX"


def detect(path: Path) -> Format:
    """Return what a file is; reads its beginning and, of an archive, the list of entries.

    Raises
    ------
    UserError
        If it can't be read, or is none of them: the sentence says what it is where that shows.
    """
    start = _start(path)
    if start.startswith(_ZIP):
        with opened_archive(path) as archive:
            return _archive_format(archive)
    if start[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{":
        return Format.SAFETENSORS
    if start[_TAR_MAGIC] == b"ustar":
        return Format.TORCH_TAR
    if start[0] == 0x80 and start[1:2] <= b"\x05":
        return Format.TORCH_LEGACY
    for offset, magic, noun, advice in _FOREIGN:
        if start[offset : offset + len(magic)] == magic:
            raise UserError(f"{path} is {noun}: {advice}.")
    if is_onnx(path):
        return Format.ONNX
    if start[:1] in b"c(]}l\x8c" and b"." in start:  # pickles of the protocols 0 and 1
        return Format.TORCH_LEGACY
    if path.suffix == ".safetensors":  # damaged: its reader says what is wrong
        return Format.SAFETENSORS
    raise UserError(f"{path} is no file of a network that is known here: {HINT}.")


def _start(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            noun = "a folder" if path.is_dir() else "not a plain file"
            raise UserError(f"{path} is {noun}: {HINT}.")
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} can't be read ({reason}): {HINT}.") from None
    if not start:
        raise UserError(f"{path} is empty: {HINT}.")
    return start


def _archive_format(archive: Archive) -> Format:
    if "data.pkl" in archive:
        return Format.TORCHSCRIPT if "constants.pkl" in archive else Format.TORCH_ZIP
    exported = any(n.startswith("models/") and n.endswith(".json") for n in archive.sizes)
    if exported or "serialized_exported_program.json" in archive:
        return Format.EXPORTED
    if "config.json" in archive and "model.weights.h5" in archive:
        raise UserError(f"{archive.path} is a Keras file: convert it to ONNX with tf2onnx.")
    if any(name.endswith(".npy") for name in archive.sizes):
        raise UserError(f"{archive.path} holds numpy arrays and no network: {HINT}.")
    if "bytecode.pkl" in archive:
        raise UserError(
            f"{archive.path} is a program for PyTorch Mobile: save it with torch.jit.save."
        )
    raise UserError(f"{archive.path} is an archive that holds no network: unpack it first.")
