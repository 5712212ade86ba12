"""The glossary's dock, and the ways to it from what is under the pointer."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPoint, Qt, QTimer
from PyQt6.QtGui import QCursor
from PyQt6.QtWidgets import QApplication, QDockWidget, QMenu, QWidget

from viewer.controllers.glossary_tips import GlossaryTips, term_of_control
from viewer.core.lessons.glossary import Glossary, Term, read_glossary
from viewer.core.records import Kind, Selection

if TYPE_CHECKING:
    from viewer.controllers.views import ViewController
    from viewer.core.records import NetworkRecord
    from viewer.widgets.flow.view import FlowView
    from viewer.widgets.glossary.panel import GlossaryPanel
    from viewer.widgets.inspector.view import Inspector
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

# Actions about what is selected, offered by the menu of a map.
ASKED_OF_A_MAP = ("exciting",)
_KIND_TERMS = {
    Kind.INPUT: "input",
    Kind.CONVOLUTION: "convolution",
    Kind.ACTIVATION: "activation function",
    Kind.POOLING: "pooling",
    Kind.NORMALISATION: "batch normalisation",
    Kind.DROPOUT: "dropout",
    Kind.FLATTEN: "flatten",
    Kind.DENSE: "dense layer",
    Kind.SOFTMAX: "softmax",
}


class GlossaryController(QObject):
    """Shows definitions: of a term, or of what is pointed at.

    Attributes
    ----------
    panel : GlossaryPanel or None
        None until it is first shown.
    """

    def __init__(
        self,
        window: MainWindow,
        views: ViewController,
        flow: FlowView,
        inspector: Inspector,
        path: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._views = views
        self._flow = flow
        self._inspector = inspector
        self._path = path
        self._theme: Theme | None = None
        self._hovered: Selection | None = None
        self.panel: GlossaryPanel | None = None
        self.dock: Dock | None = None
        self.tips = GlossaryTips(lambda: self.glossary, self)
        self._connect_signals()

    @cached_property
    def glossary(self) -> Glossary:
        """All entries; read when they are first needed."""
        return read_glossary(self._path)

    def set_theme(self, theme: Theme) -> None:
        """Give the dock the theme's colours."""
        self._theme = theme
        if self.panel is not None:
            self.panel.set_theme(theme)

    def show(self, term: str = "") -> bool:
        """Show the dock, at a term if one is named; False if there is no such entry."""
        if self.dock is None:
            self._build()
        assert self.dock is not None and self.panel is not None
        self.dock.bring(self.panel.search)
        return self.panel.show_term(term) if term else True

    def toggle(self) -> None:
        """Show the dock and let the keys go to its search; hide it if it has them already."""
        if self.dock is not None and self.dock.isVisible() and self.dock.has_keys:
            self.dock.dismiss()
        else:
            self.show()

    def explain_pointer(self) -> None:
        """Show the entry of what is under the pointer, or of what has the keys."""
        widget = QApplication.widgetAt(QCursor.pos())
        term = None if widget is None else self.term_of(widget)
        if term is None and (focus := QApplication.focusWidget()) is not None:
            term = self.term_of(focus)
        self.show("" if term is None else term.name)

    def term_of(self, widget: QWidget) -> Term | None:
        """Return the entry of a control, by its name or that of what it is in."""
        within: QWidget | None = widget
        while within is not None and within is not self._window:
            if within is self._flow and self._hovered is not None:
                return self.term_of_place(self._hovered)
            term = term_of_control(within, self.glossary)
            if term is not None:
                return term
            within = within.parentWidget()
        return None

    def term_of_place(self, place: Selection) -> Term | None:
        """Return the entry of a layer, or of a filter of it."""
        network = self._views.network
        if network is None:
            return None
        node = network.node(place.node)
        if place.in_channel is not None:
            return self.glossary.find("kernel" if node.kind is Kind.CONVOLUTION else "weight")
        words = (node.type_name, _KIND_TERMS.get(node.kind, ""))
        return next((term for word in words if (term := self.glossary.find(word))), None)

    def _connect_signals(self) -> None:
        self._flow.hover_changed.connect(self._on_hover_changed)
        self._window.dock_added.connect(self.tips.watch)
        # The controls that are there from the start, once the window has nothing better to do.
        QTimer.singleShot(0, self._on_built)
        for view in (self._flow, self._inspector):
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._flow.customContextMenuRequested.connect(self._on_flow_menu)
        self._inspector.customContextMenuRequested.connect(self._on_inspector_menu)

    def _on_built(self) -> None:
        self.tips.give(self._window)
        for dock in self._window.findChildren(QDockWidget):
            self.tips.watch(dock)

    def _build(self) -> None:
        from viewer.widgets.glossary.panel import GlossaryPanel
        from viewer.widgets.window.docks import as_page  # with the dock, not before

        self.panel = GlossaryPanel(self.glossary)
        area = Qt.DockWidgetArea.RightDockWidgetArea
        self.dock = self._window.add_dock("glossary", "Glossary", as_page(self.panel), area)
        self._window.tabifyDockWidget(self._window.inspector_dock, self.dock)
        if self._theme is not None:
            self.panel.set_theme(self._theme)

    def _on_hover_changed(self, hovered: Selection | None) -> None:
        self._hovered = hovered

    def _on_flow_menu(self, place: QPoint) -> None:
        self._offer(self._flow, place, self.terms_at(self._hovered), self._hovered)

    def _on_inspector_menu(self, place: QPoint) -> None:
        selection = self._views.selection
        widget = self._inspector.childAt(place)
        own = None if widget is None else self.term_of(widget)
        terms = self.terms_at(selection)
        found = terms if own is None else (own, *terms)
        self._offer(self._inspector, place, found, selection)

    def terms_at(self, place: Selection | None) -> tuple[Term, ...]:
        """Return the entries that are about a place of the network."""
        if place is None:
            return tuple(t for word in ("network", "layer") if (t := self.glossary.find(word)))
        network: NetworkRecord | None = self._views.network
        node = None if network is None else network.node(place.node)
        words = ["unit" if node is None or len(node.output_shape) == 1 else "feature map"]
        if node is not None and node.kind is Kind.CONVOLUTION:
            words += ["filter", "stride", "padding"]
        own = self.term_of_place(place)
        found = [own, *(self.glossary.find(word) for word in words)]
        return tuple(dict.fromkeys(term for term in found if term is not None))

    def _offer(
        self, widget: QWidget, place: QPoint, terms: tuple[Term, ...], about: Selection | None
    ) -> None:
        menu = QMenu(widget)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if about is not None and about.in_channel is None:
            for name in ASKED_OF_A_MAP:
                action = menu.addAction(self._window.action_set[name].text())
                assert action is not None
                action.triggered.connect(partial(self._ask, name, about))
            menu.addSeparator()
        if widget is self._flow:
            self._flow.add_block_actions(menu, place)
        for term in terms:
            action = menu.addAction(f"What is “{term.name}”?")
            assert action is not None
            action.triggered.connect(lambda _checked, name=term.name: self.show(name))
        if menu.isEmpty():
            menu.deleteLater()
            return
        menu.popup(widget.mapToGlobal(place))

    def _ask(self, action: str, about: Selection) -> None:
        """Select a place and trigger the action that asks about what is selected."""
        self._views.select(about)
        self._window.action_set[action].trigger()
