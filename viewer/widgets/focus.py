"""Where the keyboard goes when the button that has it goes out of sight."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget


def hand_over(gone: QWidget, successor: QWidget) -> bool:
    """Give the keyboard to what takes a widget's place, if the widget has it.

    Call it before `gone` is hidden or disabled, with `successor` already shown and enabled: Qt
    would take the next one in the window, which may be far away and about something else.

    Parameters
    ----------
    gone, successor : QWidget
        In the same window, which may be in the background: behind the dialog that was just
        answered, say.

    Returns
    -------
    bool
        Whether it had the keyboard.
    """
    window = gone.window()
    had_it = window is not None and window.focusWidget() is gone
    if had_it:
        successor.setFocus(Qt.FocusReason.OtherFocusReason)
    return had_it
