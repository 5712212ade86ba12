"""The choice of a class, or of all: a row of buttons, or a list where they have no room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from viewer.widgets.theme import TextSize, text_font
from viewer.widgets.training.setting_editors import ChoiceBox, outline

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

BUTTON_PX = 22
ALL = 0  # id of the button for every class; class n has n + 1
MAX_BUTTONS = 10
MAX_BUTTON_LETTERS = 2
DIGITS = tuple("0123456789")
COUNTED = "{name} ({count:,})"


class ClassFilter(QWidget):
    """Chooses which class is shown.

    Parameters
    ----------
    class_names : sequence of str
    counted : bool
        Whether `set_counts` will say how many there are of each class.

    Signals
    -------
    chosen(object)
        Number of the class that a person chose (int), or None for all.
    """

    chosen = pyqtSignal(object)

    def __init__(
        self,
        class_names: Sequence[str] = DIGITS,
        parent: QWidget | None = None,
        *,
        counted: bool = False,
    ) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._label: int | None = None
        self._counted = counted
        self._counts: tuple[int, ...] = ()
        self._theme: Theme | None = None
        self._buttons = QButtonGroup(self)
        self._numbers: list[QLabel] = []
        self._box: ChoiceBox | None = None
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._page = QWidget(self)
        self._stack.addWidget(self._page)
        self._buttons.idClicked.connect(self._on_button_clicked)
        self.set_classes(class_names)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self._names

    @property
    def label(self) -> int | None:
        """Number of the class that is chosen, None for all."""
        return self._label

    def set_classes(self, names: Sequence[str]) -> None:
        """Offer other classes; all are chosen then, and no signal is given."""
        if tuple(names) == self._names:
            self.set_label(None)
            return
        self._names, self._counts, self._label = tuple(names), (), None
        for button in self._buttons.buttons():
            self._buttons.removeButton(button)
        self._numbers, self._box = [], None
        page = QWidget(self)
        short = max(map(len, self._names), default=0) <= MAX_BUTTON_LETTERS
        if short and len(self._names) <= MAX_BUTTONS:
            self._build_buttons(page)
        else:
            self._build_box(page)
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        self._stack.removeWidget(self._page)
        self._page.deleteLater()
        self._page = page
        self.set_label(None)
        if self._theme is not None:
            self.set_theme(self._theme)

    def set_label(self, label: int | None) -> None:
        """Show another choice; gives no signal."""
        self._label = label
        number = ALL if label is None else label + 1
        button = self._buttons.button(number)
        if button is not None:
            button.setChecked(True)
        if self._box is not None:
            self._box.set_key(str(number))

    def set_counts(self, counts: Sequence[int]) -> None:
        """Say how many there are of each class."""
        self._counts = tuple(counts)
        for label, count in zip(self._numbers, (sum(counts), *counts), strict=False):
            label.setText(f"{count:,}")
        if self._box is not None:
            self._box.set_choices(self._choices())

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        outline(self, theme)

    def _build_buttons(self, page: QWidget) -> None:
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for number, name in enumerate(("All", *self._names)):
            button = QToolButton(page)
            button.setText(name)
            button.setCheckable(True)
            button.setMinimumWidth(BUTTON_PX)
            button.setToolTip(
                "Images of every class" if number == ALL else f"Images of class {name}"
            )
            self._buttons.addButton(button, number)  # ids below 0 mean something else to Qt
            grid.addWidget(button, 0, number)
            if self._counted:
                count = QLabel("0", page)
                count.setFont(text_font(TextSize.SMALL))
                count.setObjectName("muted")
                self._numbers.append(count)
                grid.addWidget(count, 1, number, Qt.AlignmentFlag.AlignHCenter)
        grid.setColumnStretch(len(self._names) + 1, 1)

    def _build_box(self, page: QWidget) -> None:
        self._box = ChoiceBox(page)
        self._box.setAccessibleName("Class")
        self._box.setToolTip("Images of one class, or of all")
        self._box.set_choices(self._choices())
        self._box.chosen.connect(lambda key: self._choose(int(key)))
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._box, 0, 0)

    def _choices(self) -> list[tuple[str, str]]:
        names = ("All classes", *self._names)
        if self._counts:
            counts = (sum(self._counts), *self._counts)
            pairs = zip(names, counts, strict=False)
            names = tuple(COUNTED.format(name=name, count=count) for name, count in pairs)
        return [(str(number), name) for number, name in enumerate(names)]

    def _on_button_clicked(self, number: int) -> None:
        self._choose(number)

    def _choose(self, number: int) -> None:
        self._label = None if number == ALL else number - 1
        self.chosen.emit(self._label)
