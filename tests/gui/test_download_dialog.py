"""The small window on a download."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from viewer.widgets.download_dialog import DownloadDialog, ThinBar
from viewer.widgets.style import Appearance

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.fixture
def dialog(qtbot: QtBot, appearance: Appearance) -> DownloadDialog:
    dialog = DownloadDialog()
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show_download("KMNIST")
    return dialog


def button(dialog: DownloadDialog, text: str) -> QPushButton:
    (found,) = (b for b in dialog.findChildren(QPushButton) if b.text() == text)
    return found


def share(dialog: DownloadDialog) -> float:
    (bar,) = dialog.findChildren(ThinBar)
    return bar.share


def test_it_says_how_far_the_download_is(dialog: DownloadDialog) -> None:
    assert not dialog.isModal()
    assert "KMNIST" in [label.text() for label in dialog.findChildren(QLabel)]
    assert (dialog.text(), share(dialog)) == ("Asking the server…", 0.0)
    dialog.set_progress(5_250_000, 21_000_000)
    assert (dialog.text(), share(dialog)) == ("5.2 of 21.0 MB", 0.25)
    dialog.set_progress(5_250_000, 0)
    assert (dialog.text(), share(dialog)) == ("5.2 MB", 0.0)
    dialog.set_progress(21_000_000, 21_000_000)
    assert (dialog.text(), share(dialog)) == ("Unpacking…", 1.0)


def test_cancelling_asks_once(dialog: DownloadDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.cancel_requested):
        button(dialog, "Cancel").click()
    assert not dialog.isVisible()
    with qtbot.assertNotEmitted(dialog.cancel_requested):
        dialog.close()


def test_escape_cancels_too(dialog: DownloadDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.cancel_requested):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_what_went_wrong_stays_and_can_be_tried_again(dialog: DownloadDialog, qtbot: QtBot) -> None:
    size = dialog.size()
    sentence = "KMNIST could not be downloaded: " + "the server answered 404 (Not Found). " * 4
    dialog.set_failed(sentence)
    assert dialog.text() == sentence
    assert dialog.size() == size  # there was room for it
    dialog.set_progress(1, 2)  # told before, arrived after
    assert dialog.text() == sentence
    with qtbot.waitSignal(dialog.retry_requested):
        button(dialog, "Try again").click()
    dialog.show_download("KMNIST")
    assert not button(dialog, "Try again").isVisible()
    dialog.set_failed(sentence)
    with qtbot.assertNotEmitted(dialog.cancel_requested):
        button(dialog, "Close").click()


def test_it_closes_when_the_data_set_is_there(dialog: DownloadDialog, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(dialog.cancel_requested):
        dialog.set_finished()
    assert not dialog.isVisible()
