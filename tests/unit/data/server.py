"""A server of files on this machine, for tests of downloads."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class FileServer:
    """Serves bytes by path; some of it badly, as asked.

    Attributes
    ----------
    files : dict of path to bytes
    cut_off : set of path
        Answered with half of the bytes that were announced.
    stalled : set of path
        Answered with a first piece, and then with nothing until `release` is set.
    redirects : dict of path to address
    asked : list of path
    sent_first : threading.Event
        A stalled file's first piece is on its way.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_off: set[str] = set()
        self.stalled: set[str] = set()
        self.redirects: dict[str, str] = {}
        self.asked: list[str] = []
        self.sent_first = threading.Event()
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FileServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        self.asked.append(path)
        if path in self.redirects:
            handler.send_response(302)
            handler.send_header("Location", self.redirects[path])
            handler.end_headers()
            return
        if path not in self.files:
            handler.send_error(404)
            return
        content = self.files[path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        half = len(content) // 2
        if path in self.cut_off:
            handler.wfile.write(content[:half])
        elif path in self.stalled:
            handler.wfile.write(content[:half])
            handler.wfile.flush()
            self.sent_first.set()
            self.release.wait(30)
        else:
            handler.wfile.write(content)


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach this machine directly, whatever the environment says."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
