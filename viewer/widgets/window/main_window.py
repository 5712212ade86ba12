"""The window: where everything stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSettings, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QPaintEvent
from PyQt6.QtWidgets import QLabel, QMainWindow, QMenu, QVBoxLayout, QWidget

from viewer import __version__
from viewer.core.program import TITLE
from viewer.widgets.color_menu import ColorGroup, ColorMenu
from viewer.widgets.inputs.drops import FileDrop
from viewer.widgets.inputs.pad_panel import PadPanel
from viewer.widgets.overrides import override
from viewer.widgets.prediction.view import PredictionPanel
from viewer.widgets.style import Appearance
from viewer.widgets.theme import GRID_PX
from viewer.widgets.window.action_row import ActionRow
from viewer.widgets.window.actions import ACTIONS, ActionSet
from viewer.widgets.window.caption import WEIGHTS, NetworkCaption
from viewer.widgets.window.dialogs import AboutDialog, ClosingDialog, ShortcutsDialog
from viewer.widgets.window.dock_sizes import DockSizes
from viewer.widgets.window.docks import Dock, DockTitle, scrolling
from viewer.widgets.window.menus import RecentMenu, fill_menu_bar
from viewer.widgets.window.messages import MessageStrip
from viewer.widgets.window.status import StatusBar
from viewer.widgets.window.tool_bar import ToolBar
from viewer.widgets.window.window_state import restore_state, save_state

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

MODE_KEY = "window/theme"
PROJECTOR_KEY = "window/projector"
THEME_PREFIX = "theme_"
LEFT_PX, RIGHT_PX = 280, 304
PREDICTION_PX = 216
MIN_WIDTH_PX, MIN_HEIGHT_PX = 800, 480
LOADING_TEXT = "Loading network…"
INSPECTOR_TEXT = "Click a map to see its values"


class MainWindow(QMainWindow):
    """Menus, tool bar, docks, caption and status bar around the view of the network.

    Parameters
    ----------
    settings : QSettings
        Where the layout is remembered.
    appearance : Appearance
        Light or dark; the window follows it.
    rows : sequence of ActionRow
        What can be done: what isn't in it is in no menu, and on no button.

    Attributes
    ----------
    action_set : ActionSet
    pad_panel : PadPanel
    prediction : PredictionPanel
    messages : MessageStrip
    tool_bar : ToolBar
    color_menu : ColorMenu
    caption : NetworkCaption
    status : StatusBar
    icons : IconSet or None
        None before `set_icons`.
    closing_question : callable or None
        Returns what is to be asked before the window closes; empty for nothing.

    Signals
    -------
    action_triggered(str)
        An action of the table, by its name.
    action_toggled(str, bool)
        Beside it, for a switch.
    network_chosen(str)
        Key of a network in the tool bar.
    recent_chosen(str)
        Path of a file that was open before.
    color_chosen(str, str)
        Group and choice of the colours menu.
    files_dropped(list of str)
        Paths of local files.
    first_painted()
        The window is on screen for the first time, with all that is in it.
    close_requested()
        The window is about to close; its layout is saved.
    theme_changed(Theme)
        Another theme is in force; the window's own parts have it already.
    dock_added(Dock)
        With what is in it.
    """

    action_triggered = pyqtSignal(str)
    action_toggled = pyqtSignal(str, bool)
    network_chosen = pyqtSignal(str)
    recent_chosen = pyqtSignal(str)
    color_chosen = pyqtSignal(str, str)
    files_dropped = pyqtSignal(list)
    first_painted = pyqtSignal()
    close_requested = pyqtSignal()
    theme_changed = pyqtSignal(object)
    dock_added = pyqtSignal(object)

    def __init__(
        self, settings: QSettings, appearance: Appearance, rows: Sequence[ActionRow] = ACTIONS
    ) -> None:
        super().__init__()
        self._settings = settings
        self._appearance = appearance
        self.icons: IconSet | None = None
        self._painted = False
        self._view_menu: QMenu | None = None
        self._network_title = ""
        self._winner = ""
        self._winner_covered = False
        self.closing_question: Callable[[], str] | None = None
        self._closing = False
        self.setWindowTitle(TITLE)
        # What stands below keeps clear of the pad: people draw while a network learns.
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setMinimumSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)
        self.action_set = ActionSet(rows, self)
        self.addActions(list(self.action_set))  # shortcuts are to work without a menu, too
        self.color_menu = ColorMenu(self)
        self._recent_menu = RecentMenu(self)
        self.tool_bar = ToolBar(self.action_set, self.color_menu, self)
        self.addToolBar(self.tool_bar)
        self.caption = NetworkCaption()
        self._central: QWidget = _placeholder(LOADING_TEXT)
        self.pad_panel = PadPanel(self.action_set)
        self.prediction = PredictionPanel()
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self._centre_layout = self._build_centre()
        self._dock_sizes = DockSizes(self, "input")
        self._build_docks()
        self._fill_menu_bar()
        self._connect_signals()
        self._apply_theme()
        self.action_set.set_checked("projector", settings.value(PROJECTOR_KEY, False, bool))
        self._restore()
        self.pad_panel.pad.setFocus()

    def add_dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> Dock:
        """Add a dock around `widget`; `name` is what the layout is remembered by."""
        dock = Dock(name, title, self)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self._dock_sizes.watch(dock)
        if self._view_menu is not None:
            self._view_menu.insertAction(self._view_menu.actions()[0], dock.toggleViewAction())
        if self.icons is not None:
            dock.title_bar.set_icons(self.icons, self._appearance.theme)
        self.dock_added.emit(dock)
        return dock

    def set_central(self, widget: QWidget) -> None:
        """Put the view of the network in the middle; what stood there is deleted."""
        self._centre_layout.replaceWidget(self._central, widget)
        self._central.hide()  # at once: it would lie over what is there until it is deleted
        self._central.deleteLater()
        self._central = widget
        widget.show()
        self.messages.raise_()

    def set_inspector(self, widget: QWidget) -> None:
        """Put the inspector into its dock; what stood there is deleted.

        In a low dock it scrolls: a selection pushes no other dock away under the pointer.
        """
        previous = self.inspector_dock.widget()
        self.inspector_dock.setWidget(scrolling(widget))
        if previous is not None:
            previous.deleteLater()

    def set_network(self, network: NetworkRecord, step: int = 0, kind: str = WEIGHTS) -> None:
        """Say which network is on screen, with the weights of which training step.

        Parameters
        ----------
        network : NetworkRecord
        step : int
        kind : str
            What stands in the place of the weights: one of `WeightsKind`.
        """
        self.caption.set_network(network, step, kind)
        self._network_title = network.title
        self._update_title()

    def set_winner(self, class_name: str) -> None:
        """Put the prediction into the title, so that the task bar says it; empty for none."""
        self._winner = class_name
        self._update_title()

    def cover_winner(self, covered: bool) -> None:
        """Keep the prediction out of the title, or show it there again."""
        if covered != self._winner_covered:
            self._winner_covered = covered
            self._update_title()

    def set_recent(self, files: Sequence[tuple[str, str]]) -> None:
        """Offer recently opened files as (path, text), the newest first."""
        self._recent_menu.set_files(files)

    def set_color_choices(self, groups: Sequence[ColorGroup]) -> None:
        """Offer colour maps and scopes."""
        self.color_menu.set_groups(groups)

    def show_message(self, sentence: str, about: str = "") -> None:
        """Show a sentence that stays until it is dismissed, or what it is `about` goes well."""
        self.messages.show_message(sentence, about)

    def show_hint(self, sentence: str) -> None:
        """Show a sentence on what has to be done first: it goes by itself, or as it is done."""
        self.messages.show_hint(sentence)

    def set_icons(self) -> None:
        """Load the icons; call it after the first paint. Nothing moves by it."""
        from viewer.widgets.icons import IconSet

        self.icons = IconSet()
        self._apply_theme()

    def _build_centre(self) -> QVBoxLayout:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.caption)
        layout.addWidget(self._central, 1)
        self.setCentralWidget(centre)
        self.messages = MessageStrip(centre)
        self._drop = FileDrop(self, centre)
        return layout

    def _build_docks(self) -> None:
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        answers = scrolling(self.prediction)
        answers.setMinimumHeight(self.prediction.minimumSizeHint().height())  # all ten digits
        self.input_dock = self.add_dock("input", "Input", scrolling(self.pad_panel), left)
        self.prediction_dock = self.add_dock("prediction", "Prediction", answers, left)
        self.inspector_dock = self.add_dock(
            "inspector", "Inspector", _placeholder(INSPECTOR_TEXT, "dock_page"), right
        )

    def _fill_menu_bar(self) -> None:
        bar = self.menuBar()
        assert bar is not None
        docks = (self.input_dock, self.prediction_dock, self.inspector_dock)
        panels = [action for dock in docks if (action := dock.toggleViewAction())]
        self._view_menu = fill_menu_bar(
            bar, self.action_set, self._recent_menu, self.color_menu, panels
        )

    def _connect_signals(self) -> None:
        self.action_set.action_triggered.connect(self._on_action_triggered)
        self.action_set.action_toggled.connect(self.action_toggled)
        self.tool_bar.network_chosen.connect(self.network_chosen)
        self._recent_menu.recent_chosen.connect(self.recent_chosen)
        self.color_menu.color_chosen.connect(self.color_chosen)
        self._drop.files_dropped.connect(self.files_dropped)
        self._appearance.theme_changed.connect(self._on_theme_changed)

    def _on_action_triggered(self, name: str) -> None:
        self.messages.drop_hint()
        if name.startswith(THEME_PREFIX):
            self._appearance.set_mode(name.removeprefix(THEME_PREFIX))
            self._settings.setValue(MODE_KEY, self._appearance.mode)
        elif name == "projector":
            self._settings.setValue(PROJECTOR_KEY, self.action_set[name].isChecked())
            self.show_message("The size changes when the program is started again.")
        elif name == "shortcuts":
            ShortcutsDialog(self.action_set.rows, self).show()
        elif name == "about":
            AboutDialog(__version__, self).show()
        elif name == "quit":
            self.close()
        self.action_triggered.emit(name)

    def _update_title(self) -> None:
        winner = "" if self._winner_covered else self._winner
        parts = (winner, self._network_title, TITLE)
        self.setWindowTitle(" – ".join(part for part in parts if part))

    def _on_theme_changed(self, theme: Theme) -> None:
        self._apply_theme()
        self.theme_changed.emit(theme)

    def _apply_theme(self) -> None:
        theme = self._appearance.theme
        self.pad_panel.set_theme(theme)
        self.prediction.set_theme(theme)
        self.action_set.set_checked(THEME_PREFIX + self._appearance.mode, True)
        if self.icons is not None:
            self.action_set.set_icons(self.icons, theme)
            self.tool_bar.set_icons(self.icons, theme)
            for title in self.findChildren(DockTitle):
                title.set_icons(self.icons, theme)

    def _restore(self) -> None:
        if restore_state(self, self._settings):
            return
        vertical, horizontal = Qt.Orientation.Vertical, Qt.Orientation.Horizontal
        self.resizeDocks([self.input_dock, self.inspector_dock], [LEFT_PX, RIGHT_PX], horizontal)
        input_px = self.height() - PREDICTION_PX
        self.resizeDocks(
            [self.input_dock, self.prediction_dock], [input_px, PREDICTION_PX], vertical
        )

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # Qt paints a window and all that is in it in one go: the timer comes after that.
            # Not `first_painted.emit`: it would be called on a window that is gone by then.
            QTimer.singleShot(0, self._on_first_paint_done)

    def _on_first_paint_done(self) -> None:
        self.first_painted.emit()

    def _ask_and_close(self, question: str) -> None:
        """Ask without holding up the event loop: a training goes on meanwhile."""
        asked = self.findChild(ClosingDialog)
        if asked is not None and asked.isVisible():  # once is enough
            asked.raise_()
            asked.activateWindow()
            return
        dialog = ClosingDialog(question, self)
        dialog.accepted.connect(self._on_closing_agreed)
        dialog.open()

    def _on_closing_agreed(self) -> None:
        self._closing = True
        self.close()

    @override
    def closeEvent(self, event: QCloseEvent | None) -> None:
        question = "" if self.closing_question is None else self.closing_question()
        if question and not self._closing and event is not None:
            event.ignore()
            self._ask_and_close(question)
            return
        save_state(self, self._settings)
        self.close_requested.emit()
        super().closeEvent(event)


def _placeholder(text: str, name: str = "placeholder") -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setMargin(2 * GRID_PX)
    return label
