"""Definitions in tooltips: of every control that is called by a term of the glossary."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QGroupBox,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from viewer.core.lessons.glossary import plain
from viewer.widgets.overrides import override

if TYPE_CHECKING:
    from viewer.core.lessons.glossary import Glossary, Term

MORE = "Shift+F1: more"
# What a definition helps with; a whole view would pop one up wherever the mouse rests.
CONTROLS = (
    QLabel,
    QAbstractButton,
    QGroupBox,
    QComboBox,
    QAbstractSpinBox,
    QAbstractSlider,
    QLineEdit,
)
_PAGED = (QTabWidget, QStackedWidget)
# Words that mean something else in one part of the window: the term there; none if empty.
IN_PART: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("ValuesPanel", "linear"): "histogram",
        ("ValuesPanel", "log"): "histogram",
        ("LabKernels", "size"): "kernel",
        ("AnswerBox", "answer"): "",
    }
)
_WITHOUT = ("GlossaryPanel",)  # its terms are explained where they stand
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


class GlossaryTips(QObject):
    """Appends a term's definition to the tooltips of the controls that use it.

    A control that changes its own tooltip later has the definition behind the new one.

    Parameters
    ----------
    glossary : callable
        Returns the glossary: read when the first controls are there.
    """

    def __init__(self, glossary: Callable[[], Glossary], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._glossary = glossary
        self._terms: dict[QWidget, Term] = {}
        self._paged: set[QWidget] = set()
        self._due: set[QWidget] = set()

    def watch(self, dock: QDockWidget) -> None:
        """Give a dock its definitions, and what comes into it later whenever it is shown."""
        self.give(dock)
        dock.destroyed.connect(lambda: self._due.discard(dock))
        dock.visibilityChanged.connect(lambda visible: self._give_soon(dock) if visible else None)

    def give(self, root: QWidget) -> None:
        """Append definitions to the tooltips of all controls in a widget; twice does no harm."""
        glossary = self._glossary()
        for widget in (root, *root.findChildren(QWidget)):
            if isinstance(widget, _PAGED):
                self._watch_pages(widget)
            if widget in self._terms or not isinstance(widget, CONTROLS):
                continue
            term = term_of_control(widget, glossary)
            if term is not None:
                self._terms[widget] = term
                widget.destroyed.connect(lambda _gone=None, key=widget: self._terms.pop(key, None))
                self._append(widget, term)
                widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.ToolTipChange:
            term = self._terms.get(watched) if isinstance(watched, QWidget) else None
            if term is not None and isinstance(watched, QWidget):
                self._append(watched, term)
        return False

    def _append(self, widget: QWidget, term: Term) -> None:
        own = widget.toolTip()
        if MORE not in own:
            widget.setToolTip(with_definition(own, term))

    def _watch_pages(self, pages: QWidget) -> None:
        if pages in self._paged:
            return
        self._paged.add(pages)
        assert isinstance(pages, _PAGED)
        pages.destroyed.connect(lambda _gone=None, key=pages: self._forget_pages(key))
        pages.currentChanged.connect(lambda _index: self._give_soon(pages))

    def _give_soon(self, root: QWidget) -> None:
        # Not at once: what a page shows is often built by whoever hears of the same change.
        if not self._due:
            QTimer.singleShot(0, self._give_due)
        self._due.add(root)

    def _give_due(self) -> None:
        due, self._due = self._due, set()
        for root in due:
            self.give(root)

    def _forget_pages(self, pages: QWidget) -> None:
        self._paged.discard(pages)
        self._due.discard(pages)


def with_definition(tip: str, term: Term) -> str:
    """Return a tooltip with the definition of a term behind it, as rich text."""
    own = tip if tip.startswith("<") else html.escape(tip).replace("\n", "<br>")
    first = own if own.startswith("<p>") else f"<p>{own}</p>" if own else ""
    name = html.escape(term.name[:1].upper() + term.name[1:])
    return f"{first}<p><b>{name}.</b> {html.escape(short_definition(term))}</p><p>{MORE}</p>"


def term_of_control(widget: QWidget, glossary: Glossary) -> Term | None:
    """Return the entry of a control by what it is called on screen; None if it has none."""
    parts = _parts(widget)
    if any(part in _WITHOUT for part in parts):
        return None
    for name in names_of(widget):
        word = next((w for p in parts if (w := IN_PART.get((p, plain(name)))) is not None), name)
        term = glossary.find(word)
        if term is not None:
            return term
    return None


def _parts(widget: QWidget) -> tuple[str, ...]:
    """Return what a control is in, by the names of the classes."""
    found: list[str] = []
    within: QWidget | None = widget.parentWidget()
    while within is not None:
        found.append(type(within).__name__)
        within = within.parentWidget()
    return tuple(found)


def short_definition(term: Term) -> str:
    """Return the first sentence of an entry."""
    match = _SENTENCE.match(term.text)
    return term.text if match is None else match.group(1)


def names_of(widget: QWidget) -> tuple[str, ...]:
    """Return what a control is called on screen."""
    names = [widget.accessibleName()]
    if isinstance(widget, QLabel | QAbstractButton):
        names.insert(0, widget.text())
    elif isinstance(widget, QGroupBox):
        names.insert(0, widget.title())
    elif isinstance(widget, QDockWidget):
        names.insert(0, widget.windowTitle())
    return tuple(name for name in names if name)
