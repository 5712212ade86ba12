"""What the network would see with the values of a form."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize, text_font

SIDE_PX = 192
NOTHING = "Open a picture to see what the network would make of it."


class FormPreview(QWidget):
    """A picture in a square, and a line below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("What the network would see")
        title.setObjectName("muted")
        title.setFont(text_font(TextSize.SMALL))
        self.picture = _Picture()
        self._text = QLabel(NOTHING)
        self._text.setFont(text_font(TextSize.SMALL))
        self._text.setObjectName("muted")
        self._text.setWordWrap(True)
        self._text.setMinimumHeight(2 * self._text.fontMetrics().lineSpacing())
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setFixedWidth(SIDE_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        for widget in (title, self.picture, self._text):
            layout.addWidget(widget)

    @property
    def text(self) -> str:
        """What is said below the picture."""
        return self._text.text().replace("\u00a0", " ")

    def set_picture(self, image: QImage | None, text: str) -> None:
        """Show a picture, enlarged to whole pixels where it is small; None for none."""
        self.picture.set_image(image)
        # A size is not torn apart at the end of a line.
        self._text.setText((text or NOTHING).replace(" × ", "\u00a0×\u00a0"))


class _Picture(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(SIDE_PX, SIDE_PX)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        colors = self.palette()
        painter.setPen(colors.mid().color())
        painter.setBrush(colors.alternateBase())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self._image is None or self._image.isNull():
            return
        place = self._place(self._image.size())
        small = place.width() >= self._image.width()
        # Small ones in whole pixels, as everywhere; large ones smoothly, or they would flicker.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not small)
        painter.drawImage(place, self._image)

    def _place(self, size: QSize) -> QRect:
        room = self.size() - QSize(2, 2)
        scale = min(room.width() / size.width(), room.height() / size.height())
        if scale > 1:
            scale = int(scale)
        shown = QSize(max(round(size.width() * scale), 1), max(round(size.height() * scale), 1))
        x, y = (self.width() - shown.width()) // 2, (self.height() - shown.height()) // 2
        return QRect(x, y, shown.width(), shown.height())
