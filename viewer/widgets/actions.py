"""Everything the window can be told to do, as a table: menus, shortcuts, tooltips, icons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence

from viewer.widgets.icons import blank_icon

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

FILE, EDIT, VIEW, TRAIN, HELP = "&File", "&Edit", "&View", "&Train", "&Help"
EXPLAIN, LEARN, NETWORK = "E&xplain", "&Learn", "&Network"
SOURCE, THEME = "Source", "Theme"
MENU_BAR = (FILE, EDIT, VIEW, NETWORK, EXPLAIN, TRAIN, LEARN, HELP)


class ActionRow(NamedTuple):
    """One row of the table.

    Attributes
    ----------
    name : str
        What `ActionSet.action_triggered` carries.
    text : str
        In a menu.
    tooltip : str
        What it does, in a phrase; the shortcut is added to it.
    shortcuts : tuple of str
        Portable key sequences; the first is shown.
    icon : str
        Phosphor's name; empty for none.
    menus : tuple of str
        Where it stands, in the order of the table.
    checkable, checked : bool
        Whether it is a switch, and how it starts.
    group : str
        Of the switches of one group exactly one is on.
    separator : bool
        Whether a line stands above it.
    """

    name: str
    text: str
    tooltip: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    menus: tuple[str, ...] = ()
    checkable: bool = False
    checked: bool = False
    group: str = ""
    separator: bool = False


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow(
        "draw", "&Draw", "Clear the pad and draw a digit", ("D",), "pencil-simple", (SOURCE,)
    ),
    ActionRow(
        "browse_mnist",
        "Test i&mages…",
        "Choose one of the test images of the data set",
        ("M",),
        "squares-four",
        (SOURCE,),
    ),
    ActionRow(
        "random_mnist",
        "&Random test image",
        "Show a random test image of the data set",
        ("R",),
        "shuffle",
        (SOURCE,),
    ),
    ActionRow(
        "open_model",
        "&Open network…",
        "Open a trained network",
        ("Ctrl+O",),
        "folder-open",
        (FILE,),
    ),
    ActionRow(
        "open_torchvision",
        "Open from &torchvision…",
        "Open a network of torchvision, with its published weights or without",
        (),
        "cube",
        (FILE, NETWORK),
    ),
    ActionRow(
        "network_form",
        "&Input and classes…",
        "Set class names, input size, mean and std of the network on screen",
        (),
        "sliders-horizontal",
        (NETWORK,),
        separator=True,
    ),
    ActionRow(
        "open_picture",
        "Open &picture or strokes…",
        "Open a picture or a stroke file",
        ("Ctrl+Shift+O",),
        "image",
        (FILE, SOURCE),
    ),
    ActionRow(
        "browse_folder",
        "Browse &folder…",
        "Go through the pictures of a folder",
        ("Ctrl+Shift+F",),
        "folder-simple",
        (FILE, SOURCE),
    ),
    ActionRow(
        "previous_picture",
        "Pre&vious picture",
        "Show the picture before, in the folder of the one on the pad",
        ("Ctrl+PgUp",),
        "caret-left",
        (SOURCE,),
    ),
    ActionRow(
        "next_picture",
        "Ne&xt picture",
        "Show the next picture in the folder of the one on the pad",
        ("Ctrl+PgDown",),
        "caret-right",
        (SOURCE,),
    ),
    ActionRow(
        "camera",
        "Ca&mera",
        "Show the network what the camera sees, or stop that",
        ("Ctrl+Shift+C",),
        "camera",
        (SOURCE,),
        checkable=True,
    ),
    ActionRow(
        "save_network",
        "Save &network…",
        "Save the step of a run that is shown as a network",
        (),
        "",
        (FILE,),
        separator=True,
    ),
    ActionRow(
        "save_drawing",
        "&Save drawing…",
        "Save the drawing as a stroke file",
        ("Ctrl+S",),
        "floppy-disk",
        (FILE,),
    ),
    ActionRow(
        "export_view",
        "&Export view…",
        "Save the view of the network as a picture",
        ("Ctrl+E",),
        "export",
        (FILE,),
    ),
    ActionRow(
        "export_layer",
        "Export &layer…",
        "Save the selected layer's maps as a figure or as numbers",
        ("Ctrl+Shift+E",),
        "export",
        (FILE,),
    ),
    ActionRow(
        "quit", "&Quit", "Close the window", ("Ctrl+Q",), "sign-out", (FILE,), separator=True
    ),
    ActionRow(
        "undo",
        "&Undo",
        "Take back the last stroke, erasure or clearing",
        ("Ctrl+Z",),
        "arrow-u-up-left",
        (EDIT,),
    ),
    ActionRow(
        "redo",
        "&Redo",
        "Do again what was taken back",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "arrow-u-up-right",
        (EDIT,),
    ),
    ActionRow(
        "clear",
        "C&lear",
        "Take everything off the pad",
        ("Delete", "Backspace"),
        "trash",
        (EDIT,),
    ),
    ActionRow(
        "copy",
        "&Copy",
        "Copy the picture that the network sees",
        ("Ctrl+C",),
        "copy",
        (EDIT,),
        separator=True,
    ),
    ActionRow(
        "paste",
        "&Paste",
        "Paste a picture onto the pad",
        ("Ctrl+V",),
        "clipboard-text",
        (EDIT, SOURCE),
    ),
    ActionRow(
        "pen",
        "P&en",
        "Draw with the left button, erase with the right",
        ("P",),
        "pencil-simple",
        (EDIT,),
        checkable=True,
        checked=True,
        group="tool",
        separator=True,
    ),
    ActionRow(
        "eraser",
        "Er&aser",
        "Erase ink; the right button always does",
        ("E",),
        "eraser",
        (EDIT,),
        checkable=True,
        group="tool",
    ),
    ActionRow("thinner", "T&hinner pen", "Make the pen thinner", ("[",), "", (EDIT,)),
    ActionRow("thicker", "Th&icker pen", "Make the pen thicker", ("]",), "", (EDIT,)),
    ActionRow(
        "prepare",
        "Ce&ntre and scale like MNIST",
        "Feed the drawing as MNIST was made, or the raw canvas",
        ("C",),
        "",
        (EDIT,),
        checkable=True,
        checked=True,
        separator=True,
    ),
    ActionRow(
        "pin",
        "P&in drawing",
        "Pin what is on the pad: it is read again whenever the weights change",
        ("Ctrl+P",),
        "push-pin",
        (EDIT,),
    ),
    ActionRow(
        "pinned",
        "Pinned &drawings",
        "Show or hide the pinned drawings",
        ("Ctrl+Shift+P",),
        "",
        (VIEW,),
        checkable=True,
    ),
    ActionRow(
        "zoom_fit", "&Fit", "Show the whole network", ("Ctrl+0", "F"), "corners-out", (VIEW,)
    ),
    ActionRow(
        "zoom_in",
        "Zoom &in",
        "Zoom in",
        ("Ctrl++", "Ctrl+="),
        "magnifying-glass-plus",
        (VIEW,),
    ),
    ActionRow("zoom_out", "Zoom &out", "Zoom out", ("Ctrl+-",), "magnifying-glass-minus", (VIEW,)),
    ActionRow(
        "find",
        "&Find layer…",
        "Find a layer or a block of the network by name or type",
        ("Ctrl+F",),
        "magnifying-glass",
        (VIEW,),
        separator=True,
    ),
    ActionRow(
        "minimap",
        "&Map of the network",
        "Show a small map of the whole where the network is larger than the view",
        (),
        "",
        (VIEW,),
        checkable=True,
        checked=True,
    ),
    ActionRow(
        "theme_system",
        "Like the &system",
        "Light or dark as the desktop is",
        (),
        "desktop",
        (THEME,),
        checkable=True,
        checked=True,
        group="theme",
    ),
    ActionRow(
        "theme_light",
        "&Light",
        "Light at all times",
        (),
        "sun",
        (THEME,),
        checkable=True,
        group="theme",
    ),
    ActionRow(
        "theme_dark",
        "&Dark",
        "Dark at all times",
        (),
        "moon",
        (THEME,),
        checkable=True,
        group="theme",
    ),
    ActionRow(
        "trace",
        "&Why this number?",
        "Show the arithmetic of the selected value, down to the ink",
        ("T",),
        "calculator",
        (EXPLAIN,),
    ),
    ActionRow(
        "exciting",
        "What e&xcites this map?",
        "Look through the test images for those that the selected map answers most",
        ("X",),
        "lightning",
        (EXPLAIN,),
    ),
    ActionRow(
        "sliding",
        "Sliding &window",
        "Watch a filter slide over its input",
        ("W",),
        "squares-four",
        (EXPLAIN,),
    ),
    ActionRow(
        "lab",
        "Convolution &lab",
        "Try kernels, strides and paddings on images of your own",
        ("L",),
        "flask",
        (EXPLAIN,),
    ),
    ActionRow(
        "training",
        "&Training panel",
        "Show or hide the training panel",
        ("Ctrl+T",),
        "chart-line-up",
        (TRAIN,),
    ),
    ActionRow(
        "my_drawings",
        "My &drawings",
        "Show the drawings kept as examples: a digit key on the pad keeps one",
        (),
        "",
        (TRAIN,),
    ),
    ActionRow(
        "train_toggle",
        "&Start, pause or continue",
        "Start a training, pause it, or go on",
        ("Ctrl+Return",),
        "play",
        (TRAIN,),
        separator=True,
    ),
    ActionRow(
        "train_batch",
        "One &batch",
        "Train one batch, then pause",
        ("Ctrl+B",),
        "",
        (TRAIN,),
    ),
    ActionRow(
        "train_epoch",
        "One &epoch",
        "Train to the end of the epoch, then pause",
        ("Ctrl+Shift+B",),
        "",
        (TRAIN,),
    ),
    ActionRow(
        "train_stop",
        "S&top",
        "End the training and keep what it has learned",
        (),
        "stop",
        (TRAIN,),
    ),
    ActionRow(
        "follow_run",
        "&Follow a run…",
        "Look on while something else trains: choose the folder of its run",
        (),
        "",
        (TRAIN,),
        separator=True,
    ),
    ActionRow(
        "gradients",
        "Show &gradients on filters",
        "Colour the filters by the gradients of the last batch while a training runs",
        ("G",),
        "",
        (TRAIN,),
        checkable=True,
        separator=True,
    ),
    ActionRow(
        "lessons",
        "&Lessons",
        "Show or hide the lessons",
        ("Ctrl+L",),
        "graduation-cap",
        (LEARN,),
    ),
    ActionRow(
        "glossary",
        "&Glossary",
        "Look up a term",
        ("Ctrl+G",),
        "book-open",
        (LEARN,),
    ),
    ActionRow(
        "what_is",
        "&What is this?",
        "Explain the term under the pointer",
        ("Shift+F1",),
        "",
        (LEARN,),
    ),
    ActionRow(
        "projector",
        "&Projector size",
        "Everything half as large again, to be read from the back of a room",
        (),
        "",
        (VIEW,),
        checkable=True,
        separator=True,
    ),
    ActionRow(
        "reduce_motion",
        "&Reduce motion",
        "Nothing glides: windows jump from cell to cell, docks and menus open at once",
        (),
        "",
        (VIEW,),
        checkable=True,
    ),
    ActionRow(
        "shortcuts",
        "&Keyboard shortcuts",
        "List the keyboard shortcuts",
        ("F1", "?"),
        "question",
        (HELP,),
    ),
    ActionRow("about", "&About", "What this program is", (), "info", (HELP,)),
)


def plain_text(row: ActionRow) -> str:
    """Return the text of `row` without the marks of a menu."""
    return row.text.replace("&", "").removesuffix("…")


def key_text(shortcut: str) -> str:
    """Return a shortcut as this platform writes it."""
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)


def tooltip_of(row: ActionRow) -> str:
    """Return what `row` does and the key for it."""
    if not row.shortcuts:
        return row.tooltip
    return f"{row.tooltip} ({key_text(row.shortcuts[0])})"


class ActionSet(QObject):
    """The actions of a table of rows.

    Signals
    -------
    action_triggered(str)
        The action of that name was chosen by a person.
    action_toggled(str, bool)
        Beside it, for a switch: its new state.
    """

    action_triggered = pyqtSignal(str)
    action_toggled = pyqtSignal(str, bool)

    def __init__(self, rows: Iterable[ActionRow], parent: QObject) -> None:
        super().__init__(parent)
        self.rows = tuple(rows)
        self._groups: dict[str, QActionGroup] = {}
        self._actions = {row.name: self._build(row) for row in self.rows}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __contains__(self, name: object) -> bool:
        return name in self._actions

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def get(self, name: str) -> QAction | None:
        """Return the action called `name`; None where the table has no such row."""
        return self._actions.get(name)

    def of_menu(self, menu: str) -> list[tuple[ActionRow, QAction]]:
        """Return what stands in `menu`, from top to bottom."""
        return [(row, self._actions[row.name]) for row in self.rows if menu in row.menus]

    def set_checked(self, name: str, checked: bool) -> None:
        """Set a switch without a signal of this set; widgets that show it follow."""
        if name in self._actions:
            self._actions[name].setChecked(checked)

    def set_enabled(self, name: str, enabled: bool) -> None:
        """Grey out an action, or not."""
        if name in self._actions:
            self._actions[name].setEnabled(enabled)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give every action its icon."""
        for row in self.rows:
            if row.icon:
                self._actions[row.name].setIcon(icons.icon(row.icon, theme))

    def _build(self, row: ActionRow) -> QAction:
        action = QAction(row.text, self)
        action.setObjectName(row.name)
        action.setToolTip(tooltip_of(row))
        action.setShortcuts([QKeySequence(shortcut) for shortcut in row.shortcuts])
        action.setCheckable(row.checkable)
        action.setChecked(row.checked)
        if row.icon:
            action.setIcon(blank_icon())
        if row.group:
            group = self._groups.setdefault(row.group, QActionGroup(self))
            group.addAction(action)
        action.triggered.connect(lambda checked: self._on_triggered(row, checked))
        return action

    def _on_triggered(self, row: ActionRow, checked: bool) -> None:
        if row.checkable:
            self.action_toggled.emit(row.name, checked)
        self.action_triggered.emit(row.name)
