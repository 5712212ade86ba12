"""The list of torchvision's architectures, made beside the window."""

from __future__ import annotations

import traceback

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker


class CatalogService(QObject):
    """Lists what torchvision offers: importing it takes a second.

    Signals
    -------
    listed(tuple of CatalogEntry)
    failed(str)
        One sentence on why there is no list.
    """

    listed = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[bool] = Mailbox("list")
        self._worker = Worker("catalog", self._mailbox, self._handle, self._on_error)

    def start(self) -> None:
        """Start the thread; nothing happens on it before the first request."""
        self._worker.start()

    def request(self) -> None:
        """Ask for the list as it is now, with what has been downloaded."""
        self._mailbox.put("list", True)

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, _item: bool) -> None:
        from viewer.core.nets.torchvision_catalog import catalog

        self.listed.emit(catalog())

    def _on_error(self, error: Exception) -> None:
        traceback.print_exception(error)
        reason = f"{type(error).__name__}: {error}"
        self.failed.emit(f"torchvision can't be asked what it offers ({reason}): install it again.")
