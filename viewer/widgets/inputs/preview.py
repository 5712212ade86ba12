"""The image that the network sees, pixel by pixel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

IMAGE_PX = 84  # 28 × 28 three times enlarged
USUAL_SIDE = 28  # what an empty view announces: the side of MNIST's images
CAPTION = "What the network sees"
SWITCH_TEXT = "Centre and scale\nlike MNIST"
SWITCH_TOOLTIP = (
    "<p>MNIST's digits fill a box of 20 × 20 pixels and their centre of mass lies in the"
    " middle. A network that has seen nothing else misreads a digit that is small or off"
    " centre. Switched off, it is fed the canvas just as it is: try it with a small digit"
    " in a corner.</p>"
)


class PixelView(QWidget):
    """An image enlarged by a whole number without smoothing, or reduced where it is larger.

    Signals
    -------
    pixel_hovered(int, int, float)
        Row, column and value under the pointer; of several channels the mean.
    hover_left()
        The pointer is on no pixel any more.
    """

    pixel_hovered = pyqtSignal(int, int, float)
    hover_left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._frame = QPen(LIGHT.color("border_strong"), 1)
        self._ground = QBrush(LIGHT.color("surface"))
        self._black = QBrush(Qt.GlobalColor.black)  # the paper of MNIST is 0
        self._pixels: FloatArray | None = None
        self._image = QImage()
        self._reduced = QImage()  # as large as it is shown, where that is smaller
        self._hovered: tuple[int, int] | None = None
        self._field: tuple[tuple[int, int, int, int], ...] = ()
        self._field_pens = _field_pens(LIGHT)
        self.setMouseTracking(True)
        self.setFixedSize(IMAGE_PX, IMAGE_PX)
        self.setAccessibleName(CAPTION)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's frame; the pixels are data and keep their greys."""
        self._frame = QPen(theme.color("border_strong"), 1)
        self._ground = QBrush(theme.color("surface"))
        self._field_pens = _field_pens(theme)
        self.update()

    def set_field(self, edges: tuple[tuple[int, int, int, int], ...]) -> None:
        """Outline a part of the image, such as a receptive field.

        Parameters
        ----------
        edges : tuple of (x, y, x, y)
            Lines between pixels, in pixels of the image; none for no outline.
        """
        if edges != self._field:
            self._field = edges
            self.update()

    def set_image(self, pixels: FloatArray | None) -> None:
        """Show (H, W) or (C, H, W) float32 in [0, 1], 1 as white; None for nothing.

        Three channels are red, green and blue; of other numbers the mean is shown.
        """
        self._pixels = pixels
        self._image = QImage() if pixels is None else image_of(pixels)
        self._reduced = QImage()
        if pixels is None and self._hovered is not None:
            self._leave()
        elif self._hovered is not None:
            self._tell()
        self.update()

    @property
    def is_pointed_at(self) -> bool:
        """Whether the pointer is on a pixel."""
        return self._hovered is not None

    def values_at(self, row: int, column: int) -> tuple[float, ...]:
        """Return the value of every channel at a pixel; none without an image."""
        if self._pixels is None:
            return ()
        values = self._pixels[..., row, column]
        return tuple(float(value) for value in values.reshape(-1))

    @property
    def image_area(self) -> QRectF:
        """Where the image is drawn, centred: a whole number of device pixels a pixel.

        Where it has more pixels than there is room for, they are averaged.
        """
        ratio = self.devicePixelRatioF()
        if self._image.isNull():
            return QRectF(self.rect())
        longest = max(self._image.width(), self._image.height())
        zoom = math.floor(IMAGE_PX * ratio / longest) / ratio or IMAGE_PX / longest
        width, height = zoom * self._image.width(), zoom * self._image.height()
        left, top = (math.floor((IMAGE_PX - side) / 2 * ratio) / ratio for side in (width, height))
        return QRectF(left, top, width, height)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        # A picture lies on the window, a digit on more of its own paper.
        picture = self._pixels is not None and self._pixels.ndim == 3
        painter.fillRect(QRectF(self.rect()), self._ground if picture else self._black)
        if not self._image.isNull():
            area = self.image_area
            painter.drawImage(area, self._image_for(area))
            self._paint_field(painter, area)
        painter.setPen(self._frame)
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _image_for(self, area: QRectF) -> QImage:
        """Return the image, averaged where it is shown smaller than it is."""
        if area.width() >= self._image.width() / self.devicePixelRatioF():
            return self._image
        size = (area.size() * self.devicePixelRatioF()).toSize().expandedTo(QSize(1, 1))
        if self._reduced.size() != size:
            smooth = Qt.TransformationMode.SmoothTransformation
            ignore = Qt.AspectRatioMode.IgnoreAspectRatio
            self._reduced = self._image.scaled(size, ignore, smooth)
        return self._reduced

    def _paint_field(self, painter: QPainter, area: QRectF) -> None:
        across, down = area.width() / self._image.width(), area.height() / self._image.height()
        lines = [
            QLineF(
                area.x() + x * across,
                area.y() + y * down,
                area.x() + u * across,
                area.y() + v * down,
            )
            for x, y, u, v in self._field
        ]
        for pen in self._field_pens if lines else ():
            painter.setPen(pen)
            painter.drawLines(*lines)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        assert event is not None
        hovered = self._pixel_at(event.position())
        if hovered is None:
            self._leave()
        elif hovered != self._hovered:
            self._hovered = hovered
            self._tell()

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._leave()

    def _pixel_at(self, place: QPointF) -> tuple[int, int] | None:
        area = self.image_area
        if self._pixels is None or not area.contains(place):
            return None
        rows, columns = self._pixels.shape[-2:]
        row = int((place.y() - area.y()) / area.height() * rows)
        column = int((place.x() - area.x()) / area.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)

    def _tell(self) -> None:
        assert self._pixels is not None and self._hovered is not None
        rows, columns = self._pixels.shape[-2:]
        row, column = min(self._hovered[0], rows - 1), min(self._hovered[1], columns - 1)
        values = self.values_at(row, column)
        self.pixel_hovered.emit(row, column, sum(values) / len(values))

    def _leave(self) -> None:
        if self._hovered is not None:
            self._hovered = None
            self.hover_left.emit()


class NetworkInputView(QWidget):
    """The network's input, what it is, and the switch for how a digit is prepared.

    Signals
    -------
    preparation_toggled(bool)
        A person switched "Centre and scale like MNIST".
    """

    preparation_toggled = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PixelView()
        self.switch = Switch(SWITCH_TEXT)
        self._size_text = _size_text(USUAL_SIDE, USUAL_SIDE)
        self._control: QWidget | None = None  # in place of the switch
        self._texts = QVBoxLayout()
        self._caption = QLabel(CAPTION)
        self._detail = QLabel(self._size_text)
        self._build()
        self.view.pixel_hovered.connect(self._on_pixel_hovered)
        self.view.hover_left.connect(self._on_hover_left)
        self.switch.clicked.connect(self.preparation_toggled)

    @property
    def prepared(self) -> bool:
        """Whether drawings are centred and scaled as MNIST was."""
        return self.switch.isChecked()

    @property
    def detail(self) -> str:
        """What stands under the caption: the image's size, or the pixel under the pointer."""
        return self._detail.text()

    def set_prepared(self, prepared: bool) -> None:
        """Set the switch; gives no signal."""
        self.switch.setChecked(prepared)

    def set_control(self, control: QWidget | None) -> None:
        """Put something else in place of the switch; None for the switch."""
        if self._control is not None and self._control is not control:
            self._control.hide()
            self._texts.removeWidget(self._control)
        if control is not None and control is not self._control:
            self._texts.addWidget(control)
            control.show()
        self._control = control
        self.switch.setVisible(control is None)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.view.set_theme(theme)
        self.switch.set_theme(theme)

    def set_image(self, pixels: FloatArray | None) -> None:
        """Show what the network sees; None for nothing.

        Parameters
        ----------
        pixels : (H, W) or (C, H, W) float32, [0, 1]
            Of a digit, ink is 1.
        """
        if pixels is not None:
            height, width = pixels.shape[-2:]
            self._size_text = _size_text(width, height)
        self.view.set_image(pixels)
        if not self.view.is_pointed_at:
            self._detail.setText(self._size_text)

    def _build(self) -> None:
        for label in (self._caption, self._detail):
            label.setFont(text_font(TextSize.SMALL))
            label.setObjectName("muted")
            # A pixel's value may be longer than the size: the layout is not to move for it.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.switch.setChecked(True)
        self.switch.setFont(text_font(TextSize.SMALL))
        self.switch.setToolTip(SWITCH_TOOLTIP)
        texts = self._texts
        texts.setSpacing(2)
        texts.addWidget(self._caption)
        texts.addWidget(self._detail)
        texts.addStretch()
        texts.addWidget(self.switch)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.view)
        layout.addLayout(texts, 1)

    def _on_pixel_hovered(self, row: int, column: int) -> None:
        values = self.view.values_at(row, column)
        digits = 4 if len(values) == 1 else 2  # three of them have to find room
        told = ", ".join(f"{value:.{digits}g}" for value in values)
        self._detail.setText(f"row {row}, column {column}: {told}")

    def _on_hover_left(self) -> None:
        self._detail.setText(self._size_text)

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), IMAGE_PX)


def _field_pens(theme: Theme) -> tuple[QPen, QPen]:
    """Return a wide pen for the gap around an outline, and one for the outline."""
    return QPen(theme.color("surface"), 3.5), QPen(theme.color("accent"), 1.5)


def _size_text(width: int, height: int) -> str:
    return f"{width:,} × {height:,} pixels"


def image_of(pixels: FloatArray) -> QImage:
    """Return (H, W) or (C, H, W) float32 in [0, 1] as a picture, in colour if C is 3."""
    import numpy as np  # heavy: there is no image before the window is up

    colored = pixels.ndim == 3 and pixels.shape[0] == 3
    if pixels.ndim == 3 and not colored:
        pixels = pixels.mean(axis=0)
    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
    height, width = levels.shape[-2:]
    if colored:
        data = np.ascontiguousarray(levels.transpose(1, 2, 0)).tobytes()  # (H, W, 3)
        image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
        return image.convertToFormat(QImage.Format.Format_RGB32)
    grey = QImage(levels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    return grey.convertToFormat(QImage.Format.Format_RGB32)  # which Qt enlarges far faster
