"""Files dropped anywhere on a window."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QMimeData, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QLabel, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX

DROP_TEXT = (
    "Drop a picture, a folder of pictures, a stroke file, a trained network or the folder of a run"
)


class FileDrop(QObject):
    """Takes local files that are dropped on `window`, and says so while they hover.

    Signals
    -------
    files_dropped(list of str)
        Their paths, in the order given; never empty.
    """

    files_dropped = pyqtSignal(list)

    def __init__(self, window: QWidget, stage: QWidget) -> None:
        super().__init__(window)
        self._stage = stage
        self.hint = QLabel(DROP_TEXT, stage)
        self.hint.setObjectName("drop_hint")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.hint.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QDragEnterEvent):  # a move event is one, too
            return self._on_entered(event)
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            return self._on_dropped(event)
        if event is not None and event.type() == QEvent.Type.DragLeave:
            self.hint.hide()
        return False

    def _on_entered(self, event: QDropEvent) -> bool:
        if not local_files(event.mimeData()):
            return False
        event.acceptProposedAction()
        margin = 2 * GRID_PX
        self.hint.setGeometry(self._stage.rect().adjusted(margin, margin, -margin, -margin))
        self.hint.raise_()
        self.hint.show()
        return True

    def _on_dropped(self, event: QDropEvent) -> bool:
        self.hint.hide()
        files = local_files(event.mimeData())
        if not files:
            return False
        event.acceptProposedAction()
        self.files_dropped.emit(files)
        return True


def local_files(data: QMimeData | None) -> list[str]:
    """Return the paths of the local files in `data`."""
    if data is None:
        return []
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
