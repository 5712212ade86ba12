"""What a row of the table of actions says, and what is read off it."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtGui import QKeySequence

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
