"""The download service: what its thread tells, and that it ends within a chunk."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication, Qt
from pytestqt.qtbot import QtBot
from torchvision import datasets as torchvision_datasets  # type: ignore[import-untyped]  # no stubs

from tests.unit.data.server import FileServer, without_proxies
from viewer.core.data.registry import load_dataset
from viewer.core.errors import UserError
from viewer.services.downloads import DownloadService

WAIT_MS = 20_000
NAMES = tuple(
    f"{part}-{what}-ubyte.gz"
    for part in ("train", "t10k")
    for what in ("images-idx3", "labels-idx1")
)


def content(name: str) -> bytes:
    shape = (3, 28, 28) if "images" in name else (3,)
    header = bytes((0, 0, 8, len(shape))) + np.array(shape, ">u4").tobytes()
    return gzip.compress(header + bytes(np.prod(shape)))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    without_proxies(monkeypatch)
    known = torchvision_datasets.KMNIST
    with FileServer() as running:
        running.files = {f"/{name}": content(name) for name in NAMES}
        sums = [hashlib.md5(content(n), usedforsecurity=False).hexdigest() for n in NAMES]
        monkeypatch.setattr(known, "resources", list(zip(NAMES, sums, strict=True)))
        monkeypatch.setattr(known, "mirrors", [f"{running.url}/"])
        yield running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[DownloadService]:
    service = DownloadService(tmp_path)
    service.start()
    yield service
    assert service.shutdown()


def test_a_data_set_is_downloaded_and_can_be_read(
    server: FileServer, service: DownloadService, qtbot: QtBot, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    service.progress.connect(lambda *values: told.append(values))
    with qtbot.waitSignal(service.finished, timeout=WAIT_MS) as finished:
        service.download("kmnist")
    assert finished.args == ["kmnist"]
    assert {name for name, _, _ in told} == {"kmnist"}
    total = sum(map(len, server.files.values()))
    assert told[-1][1:] == (total, total)
    assert len(load_dataset("kmnist", "test", tmp_path)) == 3


def test_what_goes_wrong_is_one_sentence(
    server: FileServer, service: DownloadService, qtbot: QtBot
) -> None:
    server.files.clear()
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.download("kmnist")
    (sentence,) = failed.args
    assert sentence.startswith("KMNIST could not be downloaded: the server answered 404")
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.download("mnist")
    assert "can't be downloaded" in failed.args[0]


def test_cancelling_a_download_that_waits(
    server: FileServer, service: DownloadService, qtbot: QtBot, tmp_path: Path
) -> None:
    server.stalled.add(f"/{NAMES[0]}")
    service.download("kmnist")
    qtbot.waitUntil(server.sent_first.is_set, timeout=WAIT_MS)
    with qtbot.waitSignal(service.cancelled, timeout=WAIT_MS) as cancelled:
        service.cancel()
    assert cancelled.args == ["kmnist"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    server.stalled.clear()
    with qtbot.waitSignal(service.finished, timeout=WAIT_MS):
        service.download("kmnist")


def test_shutdown_does_not_wait_for_the_server(
    server: FileServer, service: DownloadService, qtbot: QtBot
) -> None:
    server.stalled.add(f"/{NAMES[0]}")
    service.download("kmnist")
    qtbot.waitUntil(server.sent_first.is_set, timeout=WAIT_MS)
    with qtbot.assertNotEmitted(service.cancelled):
        assert service.shutdown()
        QCoreApplication.sendPostedEvents()  # what the thread said until it ended
    assert not server.release.is_set()


def test_a_cancel_without_a_download_is_nothing(service: DownloadService, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(service.cancelled):
        service.cancel()
        assert service.shutdown()
        QCoreApplication.sendPostedEvents()


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("wanted", ["", "other"])
def test_what_ends_just_as_it_is_given_up_was_given_up(
    qtbot: QtBot, tmp_path: Path, wanted: str, fails: bool
) -> None:
    def download(name: str, _root: Path, **_: object) -> None:
        if fails and name == "first":
            raise UserError("The server is gone.")

    service = DownloadService(tmp_path, download=download)
    told: list[str] = []
    for signal in (service.cancelled, service.finished, service.failed):
        signal.connect(told.append)
    ended = threading.Event()
    service._told.connect(ended.set, Qt.ConnectionType.DirectConnection)  # type: ignore[call-arg]  # not in the stub
    service.start()
    try:
        service.download("first")
        assert ended.wait(WAIT_MS / 1000)  # what it came to is on its way to this thread
        if wanted:
            service.download(wanted)
        else:
            service.cancel()
        expected = ["first", wanted] if wanted else ["first"]
        with qtbot.assertNotEmitted(service.failed):
            qtbot.waitUntil(lambda: told == expected, timeout=WAIT_MS)
    finally:
        assert service.shutdown()
