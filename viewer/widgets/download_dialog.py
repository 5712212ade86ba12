"""A small window on a download: how far it is, and the means to give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from PyQt6.QtGui import QKeyEvent

    from viewer.widgets.theme import Theme

WIDTH_PX = 400
BAR_PX = 6
MEGABYTE = 1e6
WORDING = "Cancel", "Close", "Try again"
UNPACKING = "Unpacking…"


class DownloadDialog(QDialog):
    """Shows one download at a time; the window behind stays usable.

    Closing it while it downloads gives the download up.

    Signals
    -------
    cancel_requested()
        The download is not wanted any more.
    retry_requested()
        A download that failed is wanted again.
    """

    cancel_requested = pyqtSignal()
    retry_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Download")
        self.setModal(False)
        self._running = False
        self._last_step = UNPACKING
        self._name = QLabel(self)
        self._name.setFont(text_font(TextSize.TITLE, bold=True))
        self._bar = ThinBar(self)
        self._text = QLabel(self)
        self._text.setFont(text_font(TextSize.SMALL))
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        # Room for a sentence of four lines: the window keeps its size when something goes wrong.
        self._text.setMinimumHeight(4 * self._text.fontMetrics().lineSpacing())
        cancel, _, again = WORDING
        self._close = QPushButton(cancel, self)
        self._retry = QPushButton(again, self)
        kept = self._retry.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._retry.setSizePolicy(kept)
        self._retry.hide()
        self._build_layout()
        self._close.clicked.connect(self.close)
        self._retry.clicked.connect(self.retry_requested)
        self.set_theme(LIGHT)

    def _build_layout(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX)
        buttons.addStretch(1)
        buttons.addWidget(self._retry)
        buttons.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._name)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self._bar)
        layout.addWidget(self._text, 1)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH_PX)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._bar.set_theme(theme)

    def show_download(self, title: str, last_step: str = UNPACKING) -> None:
        """Show that something is being fetched, before the first byte.

        Parameters
        ----------
        title : str
        last_step : str
            What is said once all bytes are there.
        """
        self._running = True
        self._last_step = last_step
        self._name.setText(title)
        self.setWindowTitle(f"Download {title}")
        self._bar.set_share(0.0)
        self._text.setText("Asking the server…")
        self._close.setText(WORDING[0])
        self._retry.hide()
        self.show()

    def set_progress(self, done: int, total: int) -> None:
        """Show the bytes that arrived, and all bytes (0: not known)."""
        if not self._running:
            return
        self._bar.set_share(done / total if total else 0.0)
        if total and done >= total:
            self._text.setText(self._last_step)
        elif total:
            self._text.setText(f"{done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB")
        else:
            self._text.setText(f"{done / MEGABYTE:.1f} MB")

    def set_failed(self, sentence: str) -> None:
        """Say what went wrong, and offer another try."""
        self._end(sentence)
        self._retry.show()

    def set_finished(self) -> None:
        """Close: the data set is there."""
        self._running = False
        self.close()

    def text(self) -> str:
        """Return what is said below the bar."""
        return self._text.text()

    def _end(self, text: str) -> None:
        self._running = False
        self._text.setText(text)
        self._close.setText(WORDING[1])

    @override
    def closeEvent(self, a0: QCloseEvent | None) -> None:
        if self._running:
            self._running = False
            self.cancel_requested.emit()
        super().closeEvent(a0)

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() == Qt.Key.Key_Escape:
            self.close()  # a dialog's own answer hides it without a word
            return
        super().keyPressEvent(a0)


class ThinBar(QWidget):
    """A bar that fills from the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Progress")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_share(self, share: float) -> None:
        """Fill so much of it, [0, 1]."""
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.update()

    @property
    def share(self) -> float:
        """How much of it is filled."""
        return self._share

    @override
    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX // 2, BAR_PX)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for share, token in ((1.0, "border"), (self._share, "bar")):
            if share > 0:
                painter.setBrush(self._theme.color(token))
                width = max(share * self.width(), BAR_PX)
                painter.drawRoundedRect(QRectF(0, 0, width, BAR_PX), BAR_PX / 2, BAR_PX / 2)
