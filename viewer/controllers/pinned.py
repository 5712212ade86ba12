"""Pinned drawings: kept in a dock, and read again whenever the weights change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from viewer.core.pinned import Pinned
from viewer.core.records import Drawing

if TYPE_CHECKING:
    from viewer.controllers.inputs import InputController
    from viewer.controllers.views import ViewController
    from viewer.core.records import DigitImage, FloatArray
    from viewer.services.inference import InferenceService
    from viewer.widgets.inputs.pinned_view import PinnedView
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

ACTION = "pinned"
ROOM_BELOW_PX = 820  # of the window: where it is less high, the dock stands behind the prediction
DOCK_HEIGHT_PX = 208


class PinnedController(QObject):
    """Pins what is on the pad, and shows what the network takes it for.

    Attributes
    ----------
    pinned : tuple of Pinned
        The oldest first.

    Signals
    -------
    told(str)
        One sentence.
    """

    told = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inputs: InputController,
        views: ViewController,
        inference: InferenceService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inputs = inputs
        self._views = views
        self._inference = inference
        self.pinned: tuple[Pinned, ...] = ()
        self._next = 1
        self._images: Mapping[int, DigitImage] = {}
        self._theme: Theme | None = None
        self._dock: Dock | None = None
        self.view: PinnedView | None = None

    def pin(self) -> None:
        """Pin what is on the pad."""
        source = self._inputs.source
        if isinstance(source, Drawing) and not source.strokes:
            self.told.emit("There is nothing to pin: draw a digit first.")
            return
        if self._dock is None or self._dock.isHidden():
            self.show()  # but one that stands behind the prediction stays there
        self.pinned = (*self.pinned, Pinned(self._next, source, self._inputs.raw))
        self._window.status.set_timing_text(f"Pinned drawing {self._next}")
        self._next += 1
        self._on_pinned_changed()

    def toggle(self) -> None:
        """Show the dock, or hide it if it is in sight."""
        if self._dock is not None and self._dock.isVisible() and self._in_front:
            self._dock.hide()
        else:
            self.show()
        self._show_switch()

    def show(self) -> None:
        """Show the dock."""
        if self._dock is None:
            self._build()
        assert self._dock is not None
        self._dock.show()
        self._dock.raise_()

    def set_theme(self, theme: Theme) -> None:
        """Give the dock the theme's colours."""
        self._theme = theme
        if self.view is not None:
            self.view.set_theme(theme)

    @property
    def _in_front(self) -> bool:
        assert self.view is not None
        return not self.view.visibleRegion().isEmpty()

    def _build(self) -> None:
        from viewer.widgets.inputs.pinned_view import PinnedView
        from viewer.widgets.window.docks import scrolling

        view = self.view = PinnedView()
        view.chosen.connect(self._on_chosen)
        view.removed.connect(self._on_removed)
        if self._theme is not None:
            view.set_theme(self._theme)
        window = self._window
        area = Qt.DockWidgetArea.LeftDockWidgetArea
        page = scrolling(view)
        page.setMinimumHeight(view.minimumSizeHint().height())  # one row of them
        self._dock = window.add_dock("pinned", "Pinned drawings", page, area)
        if window.height() < ROOM_BELOW_PX:
            window.tabifyDockWidget(window.prediction_dock, self._dock)
        else:
            window.resizeDocks([self._dock], [DOCK_HEIGHT_PX], Qt.Orientation.Vertical)
        switch = self._dock.toggleViewAction()
        if switch is not None:
            switch.setVisible(False)  # the table of actions has one, with a key
            switch.toggled.connect(self._show_switch)
        self._inference.pinned_prepared.connect(self._on_prepared)
        self._inference.pinned_answered.connect(self._on_answered)

    def _show_switch(self) -> None:
        shown = self._dock is not None and not self._dock.isHidden()
        self._window.action_set.set_checked(ACTION, shown)

    def _on_pinned_changed(self) -> None:
        self._show_items()
        self._inference.set_pinned(self.pinned)

    def _show_items(self) -> None:
        from viewer.widgets.inputs.pinned_view import PinnedItem

        assert self.view is not None
        images = self._images
        self.view.set_items(
            [
                PinnedItem(p.id, images[p.id].pixels if p.id in images else None, p.source.label)
                for p in reversed(self.pinned)  # the newest is in sight
            ]
        )

    def _on_prepared(self, images: Mapping[int, DigitImage]) -> None:
        self._images = images
        self._show_items()

    def _on_answered(self, step: int, answers: Mapping[int, FloatArray | None]) -> None:
        network = self._views.network
        if network is None or self.view is None:
            return
        known = {p.id for p in self.pinned}  # one may have gone since it was asked for
        shown = {i: answer for i, answer in answers.items() if i in known}
        in_training = network.source == "training"
        self.view.set_answers(step if in_training else None, shown, network.class_names)

    def _on_chosen(self, pinned: int) -> None:
        for each in self.pinned:
            if each.id == pinned:
                self._inputs.show_source(each.source)

    def _on_removed(self, pinned: int) -> None:
        self.pinned = tuple(each for each in self.pinned if each.id != pinned)
        self._on_pinned_changed()
