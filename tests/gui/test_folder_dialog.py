"""Asking for a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QLineEdit, QListView, QWidget
from pytestqt.qtbot import QtBot

from viewer.widgets.folder_dialog import ask_for_folder


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def listed(dialog: QFileDialog) -> int:
    """Return how many folders the dialog shows: it reads them on a thread of its own."""
    view = dialog.findChild(QListView, "listView")
    model = None if view is None else view.model()
    return 0 if view is None or model is None else model.rowCount(view.rootIndex())


@pytest.mark.qt_log_ignore("does not support grabbing", extend=True)  # for the completer
@pytest.mark.parametrize("absolute", [False, True])
def test_a_folder_that_is_typed_is_chosen(
    qtbot: QtBot, parent: QWidget, tmp_path: Path, absolute: bool
) -> None:
    for name in ("ds", "other"):
        (tmp_path / name).mkdir()
    chosen: list[Path] = []
    dialog = ask_for_folder(parent, "Pictures", chosen.append)
    dialog.setDirectory(str(tmp_path))
    qtbot.waitUntil(lambda: listed(dialog) == 2)
    line = dialog.findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    QTest.keyClicks(line, str(tmp_path / "ds") if absolute else "ds")  # type: ignore[arg-type, call-arg]  # static
    with qtbot.waitSignal(dialog.accepted):
        QTest.keyClick(line, Qt.Key.Key_Return)  # type: ignore[call-overload]  # static
    assert chosen == [tmp_path / "ds"]


def test_of_a_folder_and_the_one_around_it_the_inner_one_is_meant(
    parent: QWidget, tmp_path: Path
) -> None:
    # What Qt gives of a typed path whose row it has selected; it gives no `fileSelected` then.
    chosen: list[Path] = []
    dialog = ask_for_folder(parent, "Pictures", chosen.append)
    dialog.filesSelected.emit([str(tmp_path), str(tmp_path / "ds")])
    dialog.reject()
    assert chosen == [tmp_path / "ds"]


def test_a_dialog_that_is_cancelled_chooses_nothing(parent: QWidget) -> None:
    chosen: list[Path] = []
    dialog = ask_for_folder(parent, "Pictures", chosen.append)
    dialog.reject()
    assert chosen == []
