"""What a network would see with other values, computed beside the window."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.nets.profile import Profile
    from viewer.core.records import Drawing, Picture


@dataclass(frozen=True, slots=True)
class PreviewJob:
    """A source, and the values that it is to be prepared with; all of `profile` is set."""

    source: Drawing | Picture
    profile: Profile


class FormPreviewService(QObject):
    """Prepares the newest of what is asked for.

    Signals
    -------
    ready((h, w, 3) uint8, str)
        The picture, and a line on its size.
    failed(str)
        One sentence on why there is none.
    class_names_read(tuple of str)
        Lines of a file that was asked for.
    """

    ready = pyqtSignal(object, str)
    failed = pyqtSignal(str)
    class_names_read = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[PreviewJob | str] = Mailbox("names", "preview")
        self._worker = Worker("form preview", self._mailbox, self._handle, self._on_error)

    def start(self) -> None:
        """Start the thread; nothing happens on it before the first request."""
        self._worker.start()

    def request(self, job: PreviewJob) -> None:
        """Ask for a preview; dropped if a newer one comes before it is begun."""
        self._mailbox.put("preview", job)

    def read_class_names(self, path: str) -> None:
        """Ask for the lines of a file of class names."""
        self._mailbox.put("names", path)

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, item: PreviewJob | str) -> None:
        if isinstance(item, str):
            # Not before the first paint.
            from viewer.core.nets.class_names import read_class_names

            self.class_names_read.emit(read_class_names(item))
            return
        # Heavy (numpy, Pillow): on this thread.
        from viewer.core.imaging.prepared_picture import prepared_picture

        picture, text = prepared_picture(item.source, item.profile)
        self.ready.emit(picture, text)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(
            f"There is no preview ({type(error).__name__}: {error}): try other values."
        )
