"""Controls that settings are edited with: number, choice, and the row that names one.

Nothing heavy is imported here: the transport bar is part of the first window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QLocale, QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPaintEvent, QPalette, QValidator, QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolTip,
    QWidget,
)

from viewer.widgets.overrides import override
from viewer.widgets.theme import TextSize, text_font
from viewer.widgets.training.setting_editors_steps import Stepper, by

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

ROW_PX = 22
ROW_GAP_PX = 6  # between a name and its control
PART_GAP_PX = 2  # between the controls of one row
NUMBER_MIN_PX = 28  # three figures without buttons
CHOICE_MIN_PX = 64
UNBOUNDED = 1e12  # in place of infinity, which a spin box does not take
FUSION_DARKER = 140  # percent
_DECIMALS = 30  # so many that a spin box rounds no value that a setting can have


class NumberBox(QDoubleSpinBox):
    """A number, whole or not, with steps that suit it; ``1e-3`` can be typed.

    Parameters
    ----------
    low, high : float
        Smallest and largest value.
    stepper : Stepper
        What a press on an arrow does.
    whole : bool
        Whole numbers only.
    suffix : str
        Unit, with its space.

    Signals
    -------
    number_changed(float)
        A person changed it.
    """

    number_changed = pyqtSignal(float)

    def __init__(
        self,
        low: float,
        high: float,
        stepper: Stepper | None = None,
        *,
        whole: bool = False,
        suffix: str = "",
        buttons: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._stepper = by(1) if stepper is None else stepper
        self._whole = whole
        self.setFont(text_font(TextSize.SMALL))
        self.setLocale(QLocale.c())
        self.setDecimals(0 if whole else _DECIMALS)
        self.setRange(low, min(high, UNBOUNDED))
        self.setSuffix(suffix)
        self.setFixedHeight(ROW_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if not buttons:
            self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.valueChanged.connect(self.number_changed)
        line = self.lineEdit()
        assert line is not None
        line.textEdited.connect(self._on_text_edited)

    def number(self) -> int | float:
        """Return the value, an int where it is whole by nature."""
        return round(self.value()) if self._whole else self.value()

    def set_number(self, number: float) -> None:
        """Show another value; gives no signal."""
        with QSignalBlocker(self):
            self.setValue(number)

    @override
    def textFromValue(self, v: float) -> str:
        if self._whole:
            return str(round(v))
        text = f"{v:.6g}"
        if "e" not in text:
            return text
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}"

    @override
    def valueFromText(self, text: str | None) -> float:
        return _number(self._bare(text)) or 0.0

    @override
    def validate(self, input: str | None, pos: int) -> tuple[QValidator.State, str, int]:
        text = self._bare(input)
        number = _number(text)
        if number is not None:
            fits = self.minimum() <= number <= self.maximum()
            fits = fits and (not self._whole or text.isdecimal())
            state = QValidator.State.Acceptable if fits else QValidator.State.Intermediate
        elif set(text) <= set("0123456789.,eE+-"):
            state = QValidator.State.Intermediate
        else:
            state = QValidator.State.Invalid
        return state, input or "", pos

    @override
    def fixup(self, str: str | None) -> str:
        number = _number(self._bare(str))
        if number is None:
            return super().fixup(str)
        # Not the digits before the last one, which are another number altogether.
        return self.textFromValue(min(max(number, self.minimum()), self.maximum()))

    @override
    def stepBy(self, steps: int) -> None:
        value = self.value()
        for _ in range(abs(steps)):
            value = self._stepper(value, steps > 0)
            value = min(max(value, self.minimum()), self.maximum())
        self.setValue(value)
        self.selectAll()

    @override
    def wheelEvent(self, e: QWheelEvent | None) -> None:
        if self.hasFocus():
            super().wheelEvent(e)
        elif e is not None:
            e.ignore()  # the page scrolls; a setting is not changed by passing over it

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(NUMBER_MIN_PX, ROW_PX)

    def bounds_text(self) -> str:
        """Return what can be typed, in words."""
        low, high = self.textFromValue(self.minimum()), self.textFromValue(self.maximum())
        noun = "a whole number" if self._whole else "a number"
        at_least = f"{noun} of at least {low}{self.suffix()}"
        if self.maximum() >= UNBOUNDED:
            return at_least.capitalize()
        return f"{noun} from {low} to {high}{self.suffix()}".capitalize()

    def _on_text_edited(self, text: str) -> None:
        """Say at once what is possible, where a number is typed that isn't."""
        number = _number(self._bare(text))
        if number is not None and not self.minimum() <= number <= self.maximum():
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), self.bounds_text(), self)
        elif QToolTip.text() == self.bounds_text():
            QToolTip.hideText()

    def _bare(self, text: str | None) -> str:
        return (text or "").removesuffix(self.suffix()).strip()


class ChoiceBox(QComboBox):
    """One of several, by key; its text is shortened where there is no room.

    Signals
    -------
    chosen(str)
        Key of what a person chose.
    """

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(text_font(TextSize.SMALL))
        self.setFixedHeight(ROW_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.activated.connect(lambda _: self.chosen.emit(self.key()))

    def set_choices(self, choices: Iterable[Sequence[str]]) -> None:
        """Offer (key, title) pairs; gives no signal and keeps the current one where it can."""
        with QSignalBlocker(self):
            current = self.key()
            self.clear()
            for key, title in choices:
                self.addItem(title, key)
            self.setCurrentIndex(max(self.findData(current), 0))

    def key(self) -> str:
        """Return the key of the current choice, empty if there is none."""
        data = self.currentData()
        return data if isinstance(data, str) else ""

    def set_key(self, key: str, title: str = "") -> None:
        """Show a choice, adding it where it was not offered; gives no signal."""
        with QSignalBlocker(self):
            if self.findData(key) < 0:
                self.addItem(title or key, key)
            self.setCurrentIndex(self.findData(key))

    @override
    def showPopup(self) -> None:
        view = self.view()
        if view is not None:  # a narrow box still has a list in which everything can be read
            view.setMinimumWidth(view.sizeHintForColumn(0) + ROW_PX)
        super().showPopup()

    @override
    def wheelEvent(self, e: QWheelEvent | None) -> None:
        if self.hasFocus():
            super().wheelEvent(e)
        elif e is not None:
            e.ignore()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(CHOICE_MIN_PX, ROW_PX)

    @override
    def paintEvent(self, e: QPaintEvent | None) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.width() - ROW_PX - 4  # the arrow, and the text's own margins
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class SettingRow(QWidget):
    """A name, and the controls of one setting or of a few of a kind.

    Parameters
    ----------
    name : str
        Empty for a control that fills the row.
    editors : sequence of QWidget
    help_text : str
        What it does and what raising it would do: the tooltip of all.
    """

    def __init__(
        self,
        name: str,
        editors: Sequence[QWidget],
        help_text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._label = QLabel(name, self)
        self._label.setFont(text_font(TextSize.SMALL))
        self._label.setObjectName("muted")
        self._label.setVisible(bool(name))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(PART_GAP_PX)
        layout.addWidget(self._label)
        for editor in editors:
            layout.addWidget(editor, 1)
        if editors:
            self._label.setBuddy(editors[0])
        tip = f"<p>{help_text}</p>" if help_text else ""  # as rich text it is wrapped
        self._editors = tuple(editors)
        for widget in (self, self._label, *editors):
            widget.setToolTip(widget.toolTip() or tip)
        self._tips = {widget: widget.toolTip() for widget in (self, self._label, *editors)}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_refusal(self, reason: str) -> None:
        """Say why the setting can't be changed now; empty if it can be."""
        for editor in self._editors:
            editor.setEnabled(not reason)
        for widget, tip in self._tips.items():
            widget.setToolTip(f"<p>{reason}</p>" if reason else tip)

    def label_width(self) -> int:
        """Return how wide the name is, with the gap behind it; 0 if it has none."""
        if not self._label.text():
            return 0
        return self._label.fontMetrics().horizontalAdvance(self._label.text()) + ROW_GAP_PX

    def set_label_width(self, width: int) -> None:
        """Make the name as wide as those above and below it."""
        self._label.setFixedWidth(width)

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), ROW_PX)


def outline(page: QWidget, theme: Theme) -> None:
    """Give the controls on a page an outline that can be seen, in the dark too."""
    for kind in (NumberBox, ChoiceBox):
        for control in page.findChildren(kind):
            colors = control.palette()
            # Fusion draws a control's outline in its window colour, darker by this much.
            colors.setColor(
                QPalette.ColorRole.Window, theme.color("border_strong").lighter(FUSION_DARKER)
            )
            control.setPalette(colors)


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
