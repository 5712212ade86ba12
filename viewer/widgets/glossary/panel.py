"""The glossary: a search line, a list of terms, and the entry that is open."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.lessons.glossary import Glossary, Term
from viewer.core.lessons.markup import rich
from viewer.widgets.glossary.kit import HEIGHT, WIDTH, Pen
from viewer.widgets.glossary.pictures import LAYER_PICTURES
from viewer.widgets.glossary.pictures_measures import MEASURE_PICTURES
from viewer.widgets.glossary.pictures_networks import NETWORK_PICTURES
from viewer.widgets.glossary.pictures_training import TRAINING_PICTURES
from viewer.widgets.lessons.blocks import paragraph
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

LIST_SHARE, ENTRY_SHARE = 2, 3
MIN_WIDTH_PX, MIN_HEIGHT_PX = 280, 240
PICTURES = {
    **LAYER_PICTURES,
    **NETWORK_PICTURES,
    **TRAINING_PICTURES,
    **MEASURE_PICTURES,
}


class GlossaryPanel(QWidget):
    """Finds terms and shows one."""

    def __init__(self, glossary: Glossary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._glossary = glossary
        self._theme = LIGHT
        self.term: Term | None = None
        self.search = QLineEdit()
        self.list = QListWidget()
        self.title = paragraph(TextSize.TITLE, bold=True)
        self.picture = TermPicture()
        self.text = paragraph()
        self.also = paragraph(TextSize.SMALL)
        self.see = paragraph(TextSize.SMALL)
        self._area = QScrollArea()
        self._build()
        self.search.textChanged.connect(self._on_search)
        self.list.currentTextChanged.connect(self._on_chosen)
        self.see.linkActivated.connect(self.show_term)
        self.search.returnPressed.connect(self.list.setFocus)
        self._on_search("")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.picture.set_theme(theme)
        if self.term is not None:
            self._show(self.term)

    def show_term(self, word: str) -> bool:
        """Open the entry of a term, a synonym or a control's name; False if there is none."""
        term = self._glossary.find(word)
        if term is None:
            return False
        self.search.clear()
        for item in self.list.findItems(term.name, Qt.MatchFlag.MatchExactly):
            self.list.setCurrentItem(item)
            self.list.scrollToItem(item, QListWidget.ScrollHint.PositionAtCenter)
        self._show(term)
        return True

    def names(self) -> tuple[str, ...]:
        """Return the terms in the list."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(item.text() for item in items if item is not None)

    def _build(self) -> None:
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search the glossary")
        self.search.setToolTip("Find terms by their names, by other words for them, and by texts")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName("Terms")
        content = QWidget()
        content.setObjectName("dock_page")
        self.also.setObjectName("muted")
        self.see.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        column = QVBoxLayout(content)
        column.setContentsMargins(12, GRID_PX, 12, GRID_PX)
        column.setSpacing(GRID_PX)
        for part in (self.title, self.also, self.picture, self.text, self.see):
            column.addWidget(part)
        column.addStretch(1)
        self._area.setWidget(content)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        top = QVBoxLayout()
        top.setContentsMargins(12, GRID_PX // 2, 12, GRID_PX // 2)
        top.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        terms = QVBoxLayout()
        terms.setContentsMargins(GRID_PX, 0, 0, 0)
        terms.addWidget(self.list)
        layout.addLayout(terms, LIST_SHARE)
        layout.addWidget(self._area, ENTRY_SHARE)

    def _on_search(self, text: str) -> None:
        found = self._glossary.search(text)
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([term.name for term in found])
        self.list.blockSignals(False)
        if found:
            names = [term.name for term in found]
            kept = self.term is not None and self.term.name in names and not text
            row = names.index(self.term.name) if kept and self.term is not None else 0
            self.list.setCurrentRow(row)
            self._show(found[row])

    def _on_chosen(self, name: str) -> None:
        term = self._glossary.find(name)
        if term is not None:
            self._show(term)

    def _show(self, term: Term) -> None:
        self.term = term
        self.title.setText(html.escape(term.name))
        self.also.setText("Also: " + html.escape(", ".join(term.also)))
        self.also.setVisible(bool(term.also))
        self.picture.set_picture(term.picture)
        self.text.setText(rich(term.text))
        color = self._theme.text
        links = ", ".join(
            f'<a href="{html.escape(name)}" style="color: {color}">{html.escape(name)}</a>'
            for name in term.see
        )
        self.see.setText(f"See {links}")
        self.see.setVisible(bool(term.see))
        bar = self._area.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)

    @override
    def sizeHint(self) -> QSize:
        return QSize(MIN_WIDTH_PX + 40, 480)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)


class TermPicture(QWidget):
    """What a term looks like."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._key = ""
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_picture(self, key: str) -> None:
        """Show another of `PICTURES`."""
        self._key = key
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        paint = PICTURES.get(self._key)
        if paint is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate((self.width() - WIDTH) / 2, 0)
        paint(Pen(painter, self._theme))
