"""MNIST, from the four files in the box.

LeCun, Cortes, Burges: The MNIST database of handwritten digits. The files are gzipped IDX:
two zero bytes, a type byte, the number of dimensions, each dimension as a big-endian uint32,
then the bytes in C order.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from viewer.core.data.dataset import ByteArray, ImageDataset
from viewer.core.errors import UserError
from viewer.core.resources import resource_path

CLASS_NAMES = tuple("0123456789")
MEAN, STD = 0.1307, 0.3081  # of the 60,000 training images, pixels in [0, 1]

FILES: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {  # part -> (images, labels), each a file name and the md5 sum of its unpacked bytes
        "train": (
            ("train-images-idx3-ubyte.gz", "6bbc9ace898e44ae57da46a324031adb"),
            ("train-labels-idx1-ubyte.gz", "a25bea736e30d166cdddb491f175f624"),
        ),
        "test": (
            ("t10k-images-idx3-ubyte.gz", "2646ac647ad5339dbf082846283269ea"),
            ("t10k-labels-idx1-ubyte.gz", "27ae3e4e09519cfbb04c329615203637"),
        ),
    }
)

_IDX_UINT8 = 8
_MAX_DIMENSIONS = 3


def load_mnist(part: str, folder: Path | None = None) -> ImageDataset:
    """Read one part of MNIST and check it.

    Parameters
    ----------
    part : str
        ``train`` (60,000 images) or ``test`` (10,000).
    folder : pathlib.Path, optional
        Where the four files are; default: those in the box.

    Returns
    -------
    ImageDataset
        Images (N, 28, 28) uint8, labels (N,) uint8.

    Raises
    ------
    UserError
        If there is no such part, or a file is missing or damaged.
    """
    if part not in FILES:
        raise UserError(f"MNIST has no part {part!r}: choose train or test.")
    root = resource_path("mnist") if folder is None else folder
    images, labels = (read_idx(root / name, md5) for name, md5 in FILES[part])
    return ImageDataset("mnist", part, images, labels, CLASS_NAMES, MEAN, STD)


def read_idx(path: Path, md5: str) -> ByteArray:
    """Read a gzipped IDX file of bytes.

    Parameters
    ----------
    path : pathlib.Path
    md5 : str
        Hexadecimal sum of the unpacked bytes.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape that the file's header states.

    Raises
    ------
    UserError
        If the file is missing, not gzip, or not the one that the sum belongs to.
    """
    try:
        unpacked = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing: install convnet-viewer again.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} can't be read ({error}): install convnet-viewer again.") from None
    # The sum guards against damage, not against an attacker.
    if hashlib.md5(unpacked, usedforsecurity=False).hexdigest() != md5:
        raise UserError(f"{path} is damaged (wrong checksum): install convnet-viewer again.")
    return _parse_idx(unpacked, path)


def _parse_idx(unpacked: bytes, path: Path) -> ByteArray:
    header = np.frombuffer(unpacked[:4], np.uint8)
    if len(header) < 4 or header[2] != _IDX_UINT8 or not 1 <= header[3] <= _MAX_DIMENSIONS:
        raise UserError(f"{path} is not an IDX file of bytes: install convnet-viewer again.")
    start = 4 + 4 * int(header[3])
    sizes = np.frombuffer(unpacked[4:start].ljust(start - 4, b"\xff"), ">u4")
    shape = tuple(int(n) for n in sizes)
    pixels = np.frombuffer(unpacked, np.uint8)[start:]
    if pixels.size != math.prod(shape):
        raise UserError(f"{path} holds less or more than it states: install convnet-viewer again.")
    return pixels.reshape(shape)
