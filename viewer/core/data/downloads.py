"""Files from the network: streamed, bounded, checked, and whole or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from viewer.core.errors import UserError
from viewer.core.files import FILE_MODE, disk_error

Progress = Callable[[int, int], None]  # bytes done, bytes in all (0 where that is not known)

CHUNK_BYTES = 65_536
TIMEOUT_S = 15.0  # without a byte
PART = ".part"  # ending of a file that is still on its way
MEGABYTE = 1e6
_AGENT = "convnet-viewer"
_FORGOTTEN_S = 86_400.0  # a part so old was left by a process that was killed


class DownloadCancelled(UserError):  # noqa: N818 - it is no error
    """Whoever asked for a download doesn't want it any more."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to fetch.

    Attributes
    ----------
    title : str
        What it belongs to, for messages (``Fashion-MNIST``).
    name : str
        File name on this computer, without a folder.
    urls : tuple of str
        Where it can be had, tried in turn; http or https.
    md5 : str
        Hexadecimal sum of its bytes.
    max_bytes : int
        A larger one is refused.
    sha256 : str
        First digits of another sum, which is then checked in place of `md5`.
    """

    title: str
    name: str
    urls: tuple[str, ...]
    md5: str
    max_bytes: int
    sha256: str = ""


class Cancel:
    """A flag that also wakes a download which waits for the network.

    Call it to ask whether the work is unwanted. All methods are safe from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = True
        self._socket: socket.socket | None = None

    def __call__(self) -> bool:
        """Return whether the work is unwanted."""
        return not self._wanted

    def cancel(self) -> None:
        """Say that the work is unwanted; for good."""
        with self._lock:
            self._wanted = False
            self._wake()

    def watch(self, connection: socket.socket | None) -> None:
        """Wake whoever reads from `connection` when it comes to that; None: nobody."""
        with self._lock:
            self._socket = connection
            if not self._wanted:
                self._wake()

    def _wake(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it ended by itself
                # Past TLS's own shutdown, which would wait for the other side.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _MirrorError(Exception):
    """Why one address didn't give the file: a clause, and what to do."""


def fetch(
    file: RemoteFile,
    folder: Path,
    *,
    progress: Progress,
    cancel: Cancel,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Fetch a file into a folder; it appears there only when it is whole and checked.

    Parameters
    ----------
    file : RemoteFile
    folder : pathlib.Path
        Made if it isn't there.
    progress : callable
        Told the bytes that arrived and all bytes, after each chunk.
    cancel : Cancel
        Asked at each chunk; it also ends the wait for one.
    timeout_s : float
        How long a server may send nothing.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DownloadCancelled
        If `cancel` says so.
    UserError
        If no address gives the file, or it can't be written here.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_forgotten(folder)
    except OSError as error:
        raise disk_error(folder, error) from None
    problem = "there is no address for it, so install convnet-viewer again"
    for url in file.urls:
        try:
            return _fetch_from(url, file, folder, progress, cancel, timeout_s)
        except _MirrorError as error:
            problem = str(error)
            if cancel():
                raise cancelled(file.title) from None
        except OSError as error:
            raise disk_error(folder / file.name, error) from None
    raise UserError(f"{file.title} could not be downloaded: {problem}.")


def cancelled(title: str) -> DownloadCancelled:
    """Return what says that a download was given up."""
    return DownloadCancelled(f"The download of {title} was cancelled: start it again to have it.")


def _remove_forgotten(folder: Path) -> None:
    before = time.time() - _FORGOTTEN_S
    for path in folder.glob(f".*{PART}"):
        with contextlib.suppress(OSError):  # it does no harm
            if path.stat().st_mtime < before:
                path.unlink()


def _fetch_from(
    url: str,
    file: RemoteFile,
    folder: Path,
    progress: Progress,
    cancel: Cancel,
    timeout_s: float,
) -> Path:
    response = _opened(url, cancel, timeout_s)
    temporary = None
    try:
        with (
            response,
            tempfile.NamedTemporaryFile(
                dir=folder, prefix=f".{file.name}.", suffix=PART, delete=False
            ) as sink,
        ):
            temporary = Path(sink.name)
            _stream(response, sink, file, progress, cancel)
        temporary.chmod(FILE_MODE)
        return temporary.replace(folder / file.name)
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise
    finally:
        cancel.watch(None)


def _stream(
    response: http.client.HTTPResponse,
    sink: IO[bytes],
    file: RemoteFile,
    progress: Progress,
    cancel: Cancel,
) -> None:
    expected = _stated_length(response, file)
    # md5 is all that the data sets' authors state.
    sum_so_far = hashlib.sha256() if file.sha256 else hashlib.md5(usedforsecurity=False)
    done = 0
    progress(done, expected)
    while chunk := _read(response):
        if cancel():
            raise cancelled(file.title)
        done += len(chunk)
        if done > file.max_bytes:
            raise _too_large(file)
        sum_so_far.update(chunk)
        sink.write(chunk)
        progress(done, expected)
    if cancel():
        raise cancelled(file.title)
    if done < expected:
        raise _MirrorError(
            f"the connection was cut off after {done / MEGABYTE:.1f} of "
            f"{expected / MEGABYTE:.1f} MB, so try again"
        )
    found = sum_so_far.hexdigest()
    if not found.startswith(file.sha256) if file.sha256 else found != file.md5:
        raise _MirrorError(
            f"what arrived for {file.name} is not what its authors published (wrong checksum), "
            "so try again"
        )


def _stated_length(response: http.client.HTTPResponse, file: RemoteFile) -> int:
    length = response.headers.get("Content-Length", "")
    expected = int(length) if length.isdecimal() else 0
    if expected > file.max_bytes:
        raise _too_large(file)
    return expected


def _too_large(file: RemoteFile) -> _MirrorError:
    return _MirrorError(
        f"the server sends more than the {file.max_bytes / MEGABYTE:.0f} MB that {file.name} "
        "can have, so try again later"
    )


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(error) from None


class _WatchedHTTP(http.client.HTTPConnection):
    def __init__(self, host: str, *, cancel: Cancel, **settings: Any) -> None:
        super().__init__(host, **settings)
        self._cancel = cancel

    def connect(self) -> None:
        super().connect()
        self._cancel.watch(self.sock)


class _WatchedHTTPS(http.client.HTTPSConnection):
    def __init__(self, host: str, *, cancel: Cancel, **settings: Any) -> None:
        super().__init__(host, **settings)
        self._cancel = cancel

    def connect(self) -> None:
        super().connect()
        self._cancel.watch(self.sock)


class _HTTPHandler(urllib.request.HTTPHandler):
    def __init__(self, cancel: Cancel) -> None:
        super().__init__()
        self._cancel = cancel

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_WatchedHTTP, cancel=self._cancel), req)


class _HTTPSHandler(urllib.request.HTTPSHandler):
    def __init__(self, cancel: Cancel) -> None:
        super().__init__()
        self._cancel = cancel

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_WatchedHTTPS, cancel=self._cancel), req)


def _opened(url: str, cancel: Cancel, timeout_s: float) -> http.client.HTTPResponse:
    """Return the answer to a request; neither files nor FTP, whatever a server redirects to."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        _HTTPHandler(cancel),
        _HTTPSHandler(cancel),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    try:
        request = urllib.request.Request(url, headers={"User-Agent": _AGENT})
        response: http.client.HTTPResponse = opener.open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        raise _MirrorError(
            f"the server answered {error.code} ({error.reason}), so try again later"
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(error) from None
    return response


def _unreachable(error: Exception) -> _MirrorError:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return _MirrorError(
            "the server does not answer, so check the network connection and try again"
        )
    reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return _MirrorError(
        f"the server can't be reached ({reason}), so check the network connection and try again"
    )
