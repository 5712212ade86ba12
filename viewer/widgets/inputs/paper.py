"""The pad's picture of its content: painted once, added to as the pen moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPixmap, qRgb

from viewer.widgets.inputs.ink import CANVAS_UNITS, Ink

if TYPE_CHECKING:
    from viewer.core.records import Picture
    from viewer.widgets.inputs.history import Content
    from viewer.widgets.theme import Theme

LEVELS = 256
DIRTY_MARGIN_PX = 2.0  # antialiasing reaches one pixel out, rounding another


class Paper:
    """A square pixmap on which ink is added in time that does not grow with what is there.

    Parameters
    ----------
    theme : Theme
        Gives ink and paper.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._side_px = 0
        self._ratio = 1.0
        self._image: tuple[Picture, QImage] | None = None
        self.pixmap = QPixmap()

    @property
    def scale(self) -> float:
        """Pixels of the widget in one canvas unit."""
        return self._side_px / CANVAS_UNITS

    @property
    def side_px(self) -> int:
        """Side of the square, in pixels of the widget."""
        return self._side_px

    def set_theme(self, theme: Theme) -> None:
        """Take other colours; paint again afterwards."""
        self._theme = theme
        self._image = None

    def fit(self, side_px: int, ratio: float) -> bool:
        """Take another size; True if it was another, and all has to be painted again."""
        if (side_px, ratio) == (self._side_px, self._ratio) and not self.pixmap.isNull():
            return False
        self._side_px, self._ratio = side_px, ratio
        device = max(1, round(side_px * ratio))
        self.pixmap = QPixmap(QSize(device, device))
        self.pixmap.setDevicePixelRatio(ratio)
        return True

    def paint(self, content: Content, area: QRectF | None = None) -> None:
        """Paint everything, or all that lies in `area` (canvas units), from the start."""
        painter = self._painter()
        if area is not None:
            painter.setClipRect(area)
        whole = QRectF(0, 0, CANVAS_UNITS, CANVAS_UNITS)
        painter.fillRect(whole, self._theme.color("paper"))
        if content.picture is not None:
            self._paint_picture(painter, content.picture)
        ink_color = self._theme.color("ink")
        for ink in content.strokes:
            if area is None or ink.bounds().intersects(area):
                ink.paint(painter, ink_color, area=area)
        painter.end()

    def extend(self, ink: Ink, first: int) -> QRectF:
        """Add the newest part of `ink`; return what changed, in pixels from the corner."""
        painter = self._painter()
        ink.paint(painter, self._theme.color("ink"), first)
        painter.end()
        return self.to_pixels(ink.bounds(max(first - 1, 0)))

    def to_pixels(self, area: QRectF) -> QRectF:
        """Return `area`, in canvas units, as pixels from the square's corner, with a margin."""
        scale, margin = self.scale, DIRTY_MARGIN_PX
        return QRectF(
            area.x() * scale, area.y() * scale, area.width() * scale, area.height() * scale
        ).adjusted(-margin, -margin, margin, margin)

    def _painter(self) -> QPainter:
        painter = QPainter(self.pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.scale, self.scale)
        return painter

    def _paint_picture(self, painter: QPainter, picture: Picture) -> None:
        if self._image is None or self._image[0] is not picture:
            self._image = (picture, picture_image(picture, self._theme))
        image = self._image[1]
        shown = max(image.width(), image.height())
        enlarged = shown < self._side_px * self._ratio
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not enlarged)
        width, height = (CANVAS_UNITS * side / shown for side in (image.width(), image.height()))
        target = QRectF((CANVAS_UNITS - width) / 2, (CANVAS_UNITS - height) / 2, width, height)
        painter.drawImage(target, self._reduced(image, target))

    def _reduced(self, image: QImage, target: QRectF) -> QImage:
        """Return `image` averaged down to the size it is shown at; itself where enlarged."""
        factor = self.scale * self._ratio
        width, height = (max(1, round(side * factor)) for side in (target.width(), target.height()))
        size = QSize(width, height)
        if size.width() >= image.width():
            return image
        smooth = Qt.TransformationMode.SmoothTransformation
        return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def picture_image(picture: Picture, theme: Theme) -> QImage:
    """Return `picture` as it looks on the pad.

    A picture with colours is shown in them. A grey one that is prepared has ink 1 on paper 0
    and takes the theme's ink and paper; any other is shown as the file has it.
    """
    import numpy as np  # heavy: there is no picture before the window is up

    if picture.rgb is not None:
        height, width = picture.rgb.shape[:2]
        data = np.ascontiguousarray(picture.rgb).tobytes()
        colors = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
        return colors.convertToFormat(QImage.Format.Format_RGB32)
    levels = np.rint(np.clip(picture.pixels, 0, 1) * (LEVELS - 1)).astype(np.uint8)  # (H, W)
    height, width = levels.shape
    indexed = QImage.Format.Format_Indexed8
    image = QImage(levels.tobytes(), width, height, width, indexed).copy()
    dark, light = QColor("black"), QColor("white")
    ends = (theme.color("paper"), theme.color("ink")) if picture.prepared else (dark, light)
    image.setColorTable(_ramp(*ends))
    return image


def _ramp(start: QColor, end: QColor) -> list[int]:
    """Return LEVELS colours from `start` to `end`."""
    pairs = list(zip(start.getRgb()[:3], end.getRgb()[:3], strict=True))
    return [
        qRgb(*(round(a + (b - a) * level / (LEVELS - 1)) for a, b in pairs))
        for level in range(LEVELS)
    ]
