import gzip
import hashlib
import io
import json
import shutil
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from torchvision import datasets as torchvision_datasets  # type: ignore[import-untyped]  # no stubs

from tests.unit.data.server import FileServer, without_proxies
from viewer.core.data import archives
from viewer.core.data.archives import unpack_gzip, unpack_zipped
from viewer.core.data.downloads import Cancel, DownloadCancelled
from viewer.core.data.registry import dataset_infos, download_dataset, load_dataset
from viewer.core.data.torchvision_sets import SETS, is_downloaded
from viewer.core.errors import UserError

N = {"train": 12, "test": 5}


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def some_images(part: str) -> np.ndarray:
    rng = np.random.default_rng(N[part])
    return rng.integers(0, 256, (N[part], 28, 28), np.uint8)


def some_labels(part: str, first: int = 0) -> np.ndarray:
    return (np.arange(N[part]) % 10 + first).astype(np.uint8)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    without_proxies(monkeypatch)
    with FileServer() as running:
        yield running


@pytest.fixture
def fashion(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """Let torchvision's class name small files on this machine in place of its own."""
    resources = []
    for part, prefix in (("train", "train"), ("test", "t10k")):
        for what, array in (("images-idx3", some_images(part)), ("labels-idx1", some_labels(part))):
            name = f"{prefix}-{what}-ubyte.gz"
            content = gzip.compress(idx(array))
            server.files[f"/good/{name}"] = content
            resources.append((name, md5(content)))
    known = torchvision_datasets.FashionMNIST
    monkeypatch.setattr(known, "resources", resources)
    monkeypatch.setattr(known, "mirrors", [f"{server.url}/none/", f"{server.url}/good/"])
    return server


def get(name: str, root: Path) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    download_dataset(name, root, progress=lambda *n: told.append(n), cancel=Cancel())
    return told


def files(root: Path) -> set[str]:
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_what_is_said_of_the_sets_is_what_torchvision_says() -> None:
    for chosen in SETS.values():
        known: Any = getattr(torchvision_datasets, chosen.class_name)
        if chosen.split:
            names = [name for name in known.classes_split_dict[chosen.split] if name != "N/A"]
            assert [name.casefold() for name in chosen.class_names] == names
        else:
            assert list(chosen.class_names) == known.classes
            packed = [name.removesuffix(".gz") for name, _ in known.resources]
            assert list(chosen.file_names()) == packed


def test_what_is_not_downloaded_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^Fashion-MNIST is not on this machine: .*\(31 MB\)"):
        load_dataset("fashion-mnist", "train", tmp_path)
    with pytest.raises(UserError, match=r"^EMNIST letters is not on this machine: .*\(562 MB\)"):
        load_dataset("emnist-letters", "test", tmp_path)


def test_a_downloaded_set_is_read(fashion: FileServer, tmp_path: Path) -> None:
    told = get("fashion-mnist", tmp_path)
    assert told[-1][0] == told[-1][1] == sum(len(c) for c in fashion.files.values())
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    train, test = (load_dataset("fashion-mnist", part, tmp_path) for part in ("train", "test"))
    assert np.array_equal(train.images, some_images("train"))
    assert np.array_equal(test.images, some_images("test"))
    assert test.labels.tolist() == some_labels("test").tolist()
    assert train.class_names[9] == "Ankle boot"
    assert train.mean_std()[0] == pytest.approx((some_images("train").mean() / 255,))
    assert train.mean_std() == test.mean_std()
    assert dataset_infos(tmp_path)[1].ready
    with pytest.raises(UserError, match="no part 'valid'"):
        load_dataset("fashion-mnist", "valid", tmp_path)


def test_the_mean_is_kept_beside_and_worked_out_anew_for_other_files(
    fashion: FileServer, tmp_path: Path
) -> None:
    get("fashion-mnist", tmp_path)
    expected = load_dataset("fashion-mnist", "test", tmp_path).mean_std()
    path = tmp_path / "FashionMNIST" / "raw" / "fashion-mnist-mean-std.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "mean": 0.5}))
    assert load_dataset("fashion-mnist", "test", tmp_path).mean_std() == ((0.5,), expected[1])
    for spoilt in (json.dumps({**kept, "file": [1, 2]}), "[]", "{", '{"file": 1}'):
        path.write_text(spoilt)
        assert load_dataset("fashion-mnist", "test", tmp_path).mean_std() == expected


def test_only_what_is_missing_is_fetched(fashion: FileServer, tmp_path: Path) -> None:
    get("fashion-mnist", tmp_path)
    (tmp_path / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    assert not is_downloaded(SETS["fashion-mnist"], tmp_path)
    fashion.asked.clear()
    get("fashion-mnist", tmp_path)
    assert fashion.asked == [f"/{m}/t10k-labels-idx1-ubyte.gz" for m in ("none", "good")]
    assert is_downloaded(SETS["fashion-mnist"], tmp_path)


def test_a_wrong_checksum_leaves_nothing(fashion: FileServer, tmp_path: Path) -> None:
    fashion.files["/good/train-images-idx3-ubyte.gz"] += b"more"
    with pytest.raises(
        UserError, match=r"^Fashion-MNIST could not be downloaded: .*wrong checksum"
    ):
        get("fashion-mnist", tmp_path)
    assert files(tmp_path) == set()


def test_cancelling_keeps_whole_files_only(fashion: FileServer, tmp_path: Path) -> None:
    slow = "/good/train-labels-idx1-ubyte.gz"
    fashion.stalled.add(slow)
    cancel, raised = Cancel(), []

    def run() -> None:
        try:
            download_dataset("fashion-mnist", tmp_path, progress=lambda *_: None, cancel=cancel)
        except UserError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert fashion.sent_first.wait(20)
    cancel.cancel()
    thread.join(20)
    assert isinstance(raised[0], DownloadCancelled)
    assert files(tmp_path) == {"train-images-idx3-ubyte"}


def test_no_room_on_the_disk(
    fashion: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int = 50_000_000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(UserError, match=r"needs 86 MB and .* has 50 MB left: make room"):
        get("fashion-mnist", tmp_path)
    assert fashion.asked == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="can't be written"):
        get("fashion-mnist", tmp_path / "file")


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x03\0\0", idx(np.zeros((12, 9, 9), np.uint8))])
def test_damaged_files_are_refused(fashion: FileServer, tmp_path: Path, content: bytes) -> None:
    get("fashion-mnist", tmp_path)
    (tmp_path / "FashionMNIST" / "raw" / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(UserError, match=r"^Fashion-MNIST is damaged \(.*\): delete .* again\.$"):
        load_dataset("fashion-mnist", "train", tmp_path)


@pytest.mark.parametrize("labels", [np.full(12, 10, np.uint8), np.zeros(11, np.uint8)])
def test_labels_that_do_not_fit_are_refused(
    fashion: FileServer, tmp_path: Path, labels: np.ndarray
) -> None:
    get("fashion-mnist", tmp_path)
    raw = tmp_path / "FashionMNIST" / "raw"
    (raw / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(UserError, match="damaged"):
        load_dataset("fashion-mnist", "train", tmp_path)


def emnist_archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil.txt", "outside")
        archive.writestr("gzip/emnist-byclass-train-images-idx3-ubyte.gz", b"of no use here")
        for split, first in (("digits", 0), ("letters", 1)):
            for part in N:
                lying = some_images(part).transpose(0, 2, 1)
                for what, array in (
                    ("images-idx3", lying),
                    ("labels-idx1", some_labels(part, first)),
                ):
                    name = f"gzip/emnist-{split}-{part}-{what}-ubyte.gz"
                    archive.writestr(name, gzip.compress(idx(np.ascontiguousarray(array))))
    return packed.getvalue()


def test_emnist_comes_in_one_archive_and_is_shown_upright(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = emnist_archive()
    server.files["/gzip.zip"] = content
    monkeypatch.setattr(torchvision_datasets.EMNIST, "url", f"{server.url}/gzip.zip")
    monkeypatch.setattr(torchvision_datasets.EMNIST, "md5", md5(content))
    root = tmp_path / "a" / "b"
    get("emnist-letters", root)
    letters = load_dataset("emnist-letters", "train", root)
    assert np.array_equal(letters.images, some_images("train"))
    assert letters.labels.tolist() == some_labels("train").tolist()
    assert (letters.class_names[0], len(letters.class_names)) == ("A", 26)
    digits = load_dataset("emnist-digits", "test", root)  # from the same archive
    assert digits.labels.tolist() == some_labels("test").tolist()
    names = {
        name for chosen in ("emnist-digits", "emnist-letters") for name in SETS[chosen].file_names()
    }
    kept = {"emnist-letters-mean-std.json", "emnist-digits-mean-std.json"}
    assert files(tmp_path) == names | kept


def nothing() -> None:
    """Let the work go on."""


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"../{name}.gz", content)
    return path


def test_an_archive_that_holds_too_much_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(2_000_000))
    archive = zipped(tmp_path / "x.zip", a=bomb)
    with pytest.raises(UserError, match="holds more than"):
        unpack_zipped(archive, {"a.gz": tmp_path / "a"}, max_bytes=1_999_999, check=nothing)
    (tmp_path / "a.gz").write_bytes(bomb)
    with pytest.raises(UserError, match="holds more than"):
        unpack_gzip(tmp_path / "a.gz", tmp_path / "a", max_bytes=1_999_999, check=nothing)
    assert files(tmp_path) == {"x.zip", "a.gz"}


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(bytes(999))[:-9]])
def test_damaged_archives_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    wanted = {"a.gz": tmp_path / "a"}
    with pytest.raises(UserError, match=r"x\.zip is damaged .*: download it again"):
        unpack_zipped(tmp_path / "x.zip", wanted, max_bytes=10_000, check=nothing)
    if content:
        archive = zipped(tmp_path / "y.zip", a=content)
        with pytest.raises(UserError, match=r"y\.zip is damaged"):
            unpack_zipped(archive, wanted, max_bytes=10_000, check=nothing)
    assert not (tmp_path / "a").exists()


def test_an_archive_without_a_file_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", b=b"")
    with pytest.raises(UserError, match=r"lacks a\.gz"):
        unpack_zipped(archive, {"a.gz": tmp_path / "a"}, max_bytes=9, check=nothing)


def test_unpacking_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_CHUNK_BYTES", 100)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(1000)))
    chunks = []

    def check() -> None:
        chunks.append(1)
        if len(chunks) == 3:
            raise DownloadCancelled("given up")

    with pytest.raises(DownloadCancelled):
        unpack_gzip(tmp_path / "a.gz", tmp_path / "a", max_bytes=10_000, check=check)
    assert files(tmp_path) == {"a.gz"}
