"""Icons from one set, Phosphor, out of the fonts that QtAwesome brings along.

``import qtawesome`` rewrites every class of Qt through qtpy and takes 90 ms on the thread
that draws; its font alone takes 6 ms. So the font is opened by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.widgets.theme import Theme

ICON_PX = 18
_SCALES = (1, 2, 3)  # device pixel ratios that get a sharp picture of their own
_FONT_PATTERN = "phosphor-*.ttf"
_NAMES_PATTERN = "phosphor-charmap-*.json"


def blank_icon() -> QIcon:
    """Return an icon that holds the place of one to come, so that nothing moves then."""
    pixmap = QPixmap(ICON_PX, ICON_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)


class IconSet:
    """Icons by their Phosphor names (``folder-open``), in a theme's colours.

    Reads two files when it is made, so make it after the first paint.
    """

    def __init__(self) -> None:
        self._family, self._characters = _open_font()

    def icon(self, name: str, theme: Theme) -> QIcon:
        """Return the icon called `name`, in the theme's text colour, muted when disabled.

        Raises
        ------
        KeyError
            If the set has no such icon.
        """
        result = QIcon()
        disabled = theme.color("text_muted")
        disabled.setAlphaF(0.5)
        for mode, color in (
            (QIcon.Mode.Normal, theme.color("text")),
            (QIcon.Mode.Disabled, disabled),
        ):
            for scale in _SCALES:
                result.addPixmap(self._draw(name, color, scale), mode)
        return result

    def _draw(self, name: str, color: QColor, scale: int) -> QPixmap:
        character = self._characters[name]  # may raise: not while a painter is at work
        side = ICON_PX * scale
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        font = QFont(self._family)
        font.setPixelSize(side)
        painter.setFont(font)
        painter.setPen(color)
        area = QRectF(0, 0, side, side)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, character)
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        return pixmap


def _open_font() -> tuple[str, dict[str, str]]:
    import json  # none of what this function needs is to delay the first paint

    folder = _font_folder()
    font_file = next(folder.glob(_FONT_PATTERN))
    names_file = next(folder.glob(_NAMES_PATTERN))
    number = QFontDatabase.addApplicationFont(str(font_file))
    codes = json.loads(names_file.read_text(encoding="utf-8"))
    family = QFontDatabase.applicationFontFamilies(number)[0]
    return family, {name: chr(int(code, 16)) for name, code in codes.items()}


def _font_folder() -> Path:
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("qtawesome")  # finds the package without running it
    assert spec is not None and spec.origin is not None, "qtawesome is a dependency"
    return Path(spec.origin).parent / "fonts"
