import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from viewer.core.data.mnist import CLASS_NAMES, load_mnist, read_idx
from viewer.core.errors import UserError
from viewer.core.resources import resource_path

# Images of each digit among the 60,000 and the 10,000, as the MNIST paper's data has them.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def idx(shape: tuple[int, ...], content: bytes) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + content


def write(path: Path, unpacked: bytes) -> str:
    path.write_bytes(gzip.compress(unpacked))
    return hashlib.md5(unpacked, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(("part", "counts"), [("train", TRAIN_COUNTS), ("test", TEST_COUNTS)])
def test_the_whole_of_mnist_is_in_the_box(part: str, counts: list[int]) -> None:
    dataset = load_mnist(part)
    assert dataset.images.shape == (sum(counts), 28, 28)
    assert dataset.images.dtype == dataset.labels.dtype == np.uint8
    assert np.bincount(dataset.labels).tolist() == counts
    assert dataset.class_names == CLASS_NAMES
    assert dataset.input_shape == (1, 28, 28)


def test_the_stated_mean_and_std_are_those_of_the_training_images() -> None:
    dataset = load_mnist("train")
    assert dataset.images.mean() / 255 == pytest.approx(dataset.mean, abs=5e-5)
    assert dataset.images.std() / 255 == pytest.approx(dataset.std, abs=5e-5)


def test_the_first_test_images_are_the_well_known_ones() -> None:
    dataset = load_mnist("test")
    assert dataset.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert dataset.images[0, 7, 6:16].tolist() == [84, 185, 159, 151, 60, 36, 0, 0, 0, 0]


def test_the_arrays_are_read_only() -> None:
    dataset = load_mnist("test")
    with pytest.raises(ValueError, match="read-only"):
        dataset.images[0] = 0


def test_select_takes_images_with_their_labels() -> None:
    dataset = load_mnist("test")
    few = dataset.select(np.array([2, 0]))
    assert few.labels.tolist() == [1, 7]
    assert np.array_equal(few.images[1], dataset.images[0])


def test_an_idx_file_is_read_as_worked_out_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    md5 = write(path, idx((2, 1, 3), bytes([1, 2, 3, 250, 251, 252])))
    assert read_idx(path, md5).tolist() == [[[1, 2, 3]], [[250, 251, 252]]]


def test_no_such_part() -> None:
    with pytest.raises(UserError, match="no part 'valid'"):
        load_mnist("valid")


def test_a_folder_without_the_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz is missing"):
        load_mnist("train", tmp_path)


def test_one_flipped_bit_is_noticed(tmp_path: Path) -> None:
    for source in resource_path("mnist").glob("t10k*"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    unpacked = bytearray(gzip.decompress(labels.read_bytes()))
    unpacked[100] ^= 1
    write(labels, bytes(unpacked))
    with pytest.raises(UserError, match=r"labels.*wrong checksum"):
        load_mnist("test", tmp_path)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not gzip at all",
        gzip.compress(b"0" * 999)[:-12],
        gzip.compress(b"0" * 999)[:10] + b"\xff" * 30,
    ],
    ids=["empty", "not gzip", "cut off", "corrupt"],
)
def test_what_is_not_gzip_is_refused(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(packed)
    with pytest.raises(UserError, match=r"x\.gz"):
        read_idx(path, "0" * 32)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read"):
        read_idx(tmp_path, "0" * 32)


@pytest.mark.parametrize(
    ("unpacked", "match"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01" + b"1234", "not an IDX file"),
        (b"\0\0\x08\x00", "not an IDX file"),
        (b"\0\0\x08\x03\0\0", "less or more"),
        (idx((3,), b"12"), "less or more"),
        (idx((3,), b"1234"), "less or more"),
        (idx((4_000_000_000,), b""), "less or more"),
    ],
)
def test_what_is_not_idx_is_refused(tmp_path: Path, unpacked: bytes, match: str) -> None:
    path = tmp_path / "x.gz"
    md5 = write(path, unpacked)
    with pytest.raises(UserError, match=match):
        read_idx(path, md5)
