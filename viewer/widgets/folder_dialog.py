"""Asking for a folder, without stopping the event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QWidget


def ask_for_folder(
    parent: QWidget | None, title: str, chosen: Callable[[Path], object]
) -> QFileDialog:
    """Open a dialog that asks for a folder.

    Parameters
    ----------
    parent : QWidget or None
    title : str
    chosen : callable
        Called with the folder; not at all if the dialog is cancelled.

    Returns
    -------
    QFileDialog
        Open, and gone once it is answered.
    """
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    # Of a path that was typed Qt may name the folder around it, too, and then gives no
    # `fileSelected`: the inner one is what was meant.
    dialog.filesSelected.connect(lambda paths: chosen(Path(max(paths, key=len))))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
