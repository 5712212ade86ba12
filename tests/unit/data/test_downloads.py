import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.data.server import FileServer, without_proxies
from viewer.core.data.downloads import (
    CHUNK_BYTES,
    Cancel,
    DownloadCancelled,
    RemoteFile,
    fetch,
)
from viewer.core.errors import UserError

CONTENT = bytes(range(256)) * 1024  # four chunks
JOIN_S = 20


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    without_proxies(monkeypatch)
    with FileServer() as running:
        running.files["/a.bin"] = CONTENT
        yield running


@pytest.fixture
def file(server: FileServer) -> RemoteFile:
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    return RemoteFile("Some set", "a.bin", (f"{server.url}/a.bin",), md5, 1_000_000)


def get(file: RemoteFile, folder: Path, **settings: float) -> Path:
    return fetch(file, folder, progress=lambda *_: None, cancel=Cancel(), **settings)


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def test_a_good_file_arrives_and_its_progress_is_told(file: RemoteFile, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = tmp_path / "new" / "folder"
    path = fetch(file, folder, progress=lambda *n: told.append(n), cancel=Cancel())
    assert path == folder / "a.bin"
    assert path.read_bytes() == CONTENT
    assert [p.name for p in folder.iterdir()] == ["a.bin"]
    done = [n for n, _ in told]
    assert done[0] == 0
    assert done == sorted(done)
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert len(told) > len(CONTENT) // CHUNK_BYTES


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"md5": "0" * 32}, r"^Some set could not .*wrong checksum.*try again\.$"),
        ({"max_bytes": 1000}, "sends more than"),
        ({"urls": ()}, "no address"),
    ],
)
def test_what_is_not_the_file_is_refused_and_deleted(
    file: RemoteFile, tmp_path: Path, change: dict[str, object], match: str
) -> None:
    with pytest.raises(UserError, match=match):
        get(replace(file, **change), tmp_path)  # type: ignore[arg-type]  # of any field
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_names_the_servers_answer(
    server: FileServer, file: RemoteFile, tmp_path: Path
) -> None:
    server.files.clear()
    with pytest.raises(UserError, match=r"answered 404 \(Not Found\), so try again later\.$"):
        get(file, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_is_cut_off(server: FileServer, file: RemoteFile, tmp_path: Path) -> None:
    server.cut_off.add("/a.bin")
    with pytest.raises(UserError, match=r"cut off after 0\.1 of 0\.3 MB"):
        get(file, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_network(file: RemoteFile, tmp_path: Path) -> None:
    nowhere = replace(file, urls=(f"http://127.0.0.1:{closed_port()}/a.bin",))
    with pytest.raises(UserError, match=r"can't be reached .*check the network"):
        get(nowhere, tmp_path)


def test_a_server_that_says_nothing_is_given_up(
    server: FileServer, file: RemoteFile, tmp_path: Path
) -> None:
    server.stalled.add("/a.bin")
    with pytest.raises(UserError, match="does not answer, so check the network"):
        get(file, tmp_path, timeout_s=0.2)
    assert list(tmp_path.iterdir()) == []


def test_cancelling_wakes_a_download_that_waits(
    server: FileServer, file: RemoteFile, tmp_path: Path
) -> None:
    server.stalled.add("/a.bin")
    cancel, raised = Cancel(), []

    def run() -> None:
        try:
            fetch(file, tmp_path, progress=lambda *_: None, cancel=cancel, timeout_s=600)
        except UserError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert server.sent_first.wait(JOIN_S)
    cancel.cancel()
    thread.join(JOIN_S)
    assert not thread.is_alive()
    assert not server.release.is_set()  # the server would still be silent
    assert isinstance(raised[0], DownloadCancelled)
    assert str(raised[0]).startswith("The download of Some set was cancelled")
    assert list(tmp_path.iterdir()) == []


def test_cancelling_stops_at_the_next_chunk(file: RemoteFile, tmp_path: Path) -> None:
    cancel, told = Cancel(), []

    def progress(done: int, _total: int) -> None:
        told.append(done)
        if done:
            cancel.cancel()

    with pytest.raises(DownloadCancelled):
        fetch(file, tmp_path, progress=progress, cancel=cancel)
    assert len(told) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_next_mirror_is_tried(server: FileServer, file: RemoteFile, tmp_path: Path) -> None:
    server.files["/bad/a.bin"] = b"something else"
    closed = f"http://127.0.0.1:{closed_port()}/a.bin"
    urls = (f"{server.url}/none/a.bin", closed, f"{server.url}/bad/a.bin", *file.urls)
    assert get(replace(file, urls=urls), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/none/a.bin", "/bad/a.bin", "/a.bin"]


def test_a_redirection_is_followed_but_not_to_a_file(
    server: FileServer, file: RemoteFile, tmp_path: Path
) -> None:
    server.redirects["/moved"] = "/a.bin"
    moved = replace(file, urls=(f"{server.url}/moved",))
    assert get(moved, tmp_path / "out").read_bytes() == CONTENT
    (tmp_path / "secret").write_bytes(CONTENT)
    server.redirects["/moved"] = (tmp_path / "secret").as_uri()
    with pytest.raises(UserError, match="could not be downloaded"):
        get(moved, tmp_path / "out2")


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x", "nonsense"]
)
def test_only_http_is_fetched(file: RemoteFile, tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="could not be downloaded"):
        get(replace(file, urls=(url,)), tmp_path)


def test_a_folder_that_cannot_be_made(file: RemoteFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"can't be written .*: make room or choose another"):
        get(file, tmp_path / "file" / "folder")


def test_a_full_disk(file: RemoteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match=r"a\.bin can't be written \(No space left on device\)"):
        get(file, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_parts_that_a_killed_process_left_are_cleared(file: RemoteFile, tmp_path: Path) -> None:
    old, new = tmp_path / ".a.bin.x1.part", tmp_path / ".b.bin.x2.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    get(file, tmp_path)
    assert not old.exists()
    assert new.exists()  # perhaps another window's
