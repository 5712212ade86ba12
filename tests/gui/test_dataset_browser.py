from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt, QTimer
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from viewer.widgets.inputs.dataset_browser import DatasetBrowser, PageRequest
from viewer.widgets.style import Appearance
from viewer.widgets.theme import Theme
from viewer.widgets.thumbnails import Thumbnails
from viewer.widgets.training.setting_editors import ChoiceBox

QTest: Any = _QTest  # its stubs give its static methods a `self`

TOTAL = 250
LABELS = (np.arange(TOTAL) % 10).astype(np.uint8)
IMAGES = np.zeros((TOTAL, 28, 28), np.uint8)
IMAGES[:, 10:18, 10:18] = 255


class Library:
    """Answers the browser as the controller does, and keeps what was asked."""

    def __init__(self, browser: DatasetBrowser) -> None:
        self.browser = browser
        self.requests: list[PageRequest] = []
        browser.page_requested.connect(self.answer)

    def answer(self, request: PageRequest) -> None:
        self.requests.append(request)
        matching = (
            np.arange(TOTAL) if request.label is None else np.flatnonzero(request.label == LABELS)
        )
        indices = matching[request.offset : request.offset + request.count]
        self.browser.set_page(IMAGES[indices], LABELS[indices], indices, len(matching))


@pytest.fixture
def library(qtbot: QtBot, appearance: Appearance) -> Iterator[Library]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(640, 560)
    browser = DatasetBrowser(window)
    browser.resize(300, 520)
    library = Library(browser)
    with qtbot.waitExposed(window), qtbot.waitSignal(browser.page_requested):
        window.show()
    yield library
    window.hide()


def _tiles(library: Library) -> Thumbnails:
    tiles = library.browser.findChild(Thumbnails)
    assert tiles is not None
    return tiles


def _button(library: Library, text: str) -> QToolButton | QPushButton:
    buttons = library.browser.findChildren(QToolButton) + library.browser.findChildren(QPushButton)
    (found,) = (b for b in buttons if text in (b.text(), b.toolTip()))
    return found


def test_it_asks_for_what_fits_once(library: Library) -> None:
    (request,) = library.requests
    assert request == PageRequest(None, 0, _tiles(library).capacity)
    assert request.count >= 16
    assert library.browser.status() == f"1–{request.count} of 250"


def test_classes_filter(library: Library) -> None:
    _button(library, "7").click()
    assert library.requests[-1] == PageRequest(7, 0, _tiles(library).capacity)
    assert library.browser.status().endswith("of 25")
    _button(library, "All").click()
    assert library.requests[-1].label is None


def test_pages(library: Library) -> None:
    count = _tiles(library).capacity
    assert not _button(library, "Previous page").isEnabled()
    _button(library, "Next page").click()
    assert library.requests[-1].offset == count
    _button(library, "Last page").click()
    last = library.requests[-1].offset
    assert last % count == 0
    assert last + count >= TOTAL > last
    assert not _button(library, "Next page").isEnabled()
    assert library.browser.status().endswith("–250 of 250")
    _button(library, "First page").click()
    assert library.requests[-1].offset == 0


def test_a_click_chooses(qtbot: QtBot, library: Library) -> None:
    tiles = _tiles(library)
    _button(library, "3").click()
    with qtbot.waitSignal(library.browser.image_chosen) as caught:
        place = tiles.tile_rect(5).center().toPoint()
        QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == [53]  # the sixth image of class 3


def test_keys_walk_and_choose(qtbot: QtBot, library: Library) -> None:
    tiles = _tiles(library)
    columns = next(i for i in range(1, 20) if tiles.tile_rect(i).top() > tiles.tile_rect(0).top())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(tiles, key)
    with qtbot.waitSignal(library.browser.image_chosen) as caught:
        QTest.keyClick(tiles, Qt.Key.Key_Return)
    assert caught.args == [columns + 1]


def test_walking_over_the_edge_turns_the_page(qtbot: QtBot, library: Library) -> None:
    tiles = _tiles(library)
    count = tiles.capacity
    for _ in range(count):
        QTest.keyClick(tiles, Qt.Key.Key_Right)
    assert library.requests[-1].offset == count
    with qtbot.waitSignal(library.browser.image_chosen) as caught:
        QTest.keyClick(tiles, Qt.Key.Key_Return)
    assert caught.args == [count]
    QTest.keyClick(tiles, Qt.Key.Key_Left)
    with qtbot.waitSignal(library.browser.image_chosen) as caught:
        QTest.keyClick(tiles, Qt.Key.Key_Return)
    assert caught.args == [count - 1]


def test_page_keys_and_wheel(library: Library) -> None:
    tiles = _tiles(library)
    count = tiles.capacity
    QTest.keyClick(tiles, Qt.Key.Key_PageDown)
    assert library.requests[-1].offset == count
    event = QWheelEvent(
        QPointF(20, 20),
        QPointF(tiles.mapToGlobal(QPoint(20, 20))),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(tiles, event)
    assert library.requests[-1].offset == 2 * count
    QTest.keyClick(tiles, Qt.Key.Key_PageUp)
    assert library.requests[-1].offset == count


def test_random_carries_the_class(qtbot: QtBot, library: Library) -> None:
    with qtbot.waitSignal(library.browser.random_requested) as caught:
        _button(library, "Random").click()
    assert caught.args == [None]
    _button(library, "0").click()
    with qtbot.waitSignal(library.browser.random_requested) as caught:
        _button(library, "Random").click()
    assert caught.args == [0]


def test_next_mistake_waits_while_busy(qtbot: QtBot, library: Library) -> None:
    with qtbot.waitSignal(library.browser.next_mistake_requested):
        _button(library, "Next mistake").click()
    library.browser.set_busy("Looking for mistakes")
    assert library.browser.status() == "Looking for mistakes"
    with qtbot.assertNotEmitted(library.browser.next_mistake_requested):
        _button(library, "Next mistake").click()
    library.browser.set_busy(None)
    assert library.browser.status().endswith("of 250")


def test_going_to_a_number(qtbot: QtBot, library: Library) -> None:
    _button(library, "4").click()
    edit = library.browser.findChild(QLineEdit)
    assert edit is not None
    QTest.keyClicks(edit, "177")
    with qtbot.waitSignal(library.browser.image_chosen) as caught:
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert caught.args == [177]
    request = library.requests[-1]
    assert request.label is None
    assert request.offset <= 177 < request.offset + request.count


@pytest.mark.parametrize("text", ["250", "-1", "", "seven"])
def test_a_number_that_is_not_there_does_nothing(qtbot: QtBot, library: Library, text: str) -> None:
    edit = library.browser.findChild(QLineEdit)
    assert edit is not None
    with qtbot.assertNotEmitted(library.browser.image_chosen):
        if text != "-1":  # a validator lets neither a sign nor letters in
            QTest.keyClicks(edit, text)
        QTest.keyClick(edit, Qt.Key.Key_Return)


def test_growing_asks_for_more_and_keeps_the_place(qtbot: QtBot, library: Library) -> None:
    _button(library, "Next page").click()
    first = library.requests[-1].offset
    with qtbot.waitSignal(library.browser.page_requested):
        library.browser.resize(620, 520)
    request = library.requests[-1]
    assert request.count > first
    assert request.offset <= first < request.offset + request.count


def test_images_are_ink_on_paper(library: Library, theme: Theme) -> None:
    library.browser.set_theme(theme)
    tiles = _tiles(library)
    picture = tiles.grab().toImage()
    tile = tiles.tile_rect(1)
    ink = picture.pixelColor(int(tile.left()) + 28, int(tile.top()) + 28)
    paper = picture.pixelColor(int(tile.left()) + 5, int(tile.top()) + 5)
    assert (ink.name(), paper.name()) == (theme.ink, theme.paper)


def test_a_hidden_browser_asks_for_nothing(qtbot: QtBot, appearance: Appearance) -> None:
    browser = DatasetBrowser()
    qtbot.addWidget(browser)
    with qtbot.assertNotEmitted(browser.page_requested):
        browser.resize(500, 700)
    assert not any(timer.isActive() for timer in browser.findChildren(QTimer))


def test_another_data_set_has_its_own_classes_and_numbers(qtbot: QtBot, library: Library) -> None:
    _button(library, "7").click()
    names = ("Sandal", "Sneaker")
    asked = len(library.requests)
    library.browser.set_dataset(names)
    assert library.requests[asked:] == [PageRequest(None, 0, _tiles(library).capacity)]
    (box,) = library.browser.findChildren(ChoiceBox)
    assert [box.itemText(row) for row in range(box.count())] == ["All classes", *names]
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert library.requests[-1].label == 1
    images = np.zeros((5, 9, 9), np.uint8)
    library.browser.set_page(images, np.zeros(5, np.uint8), np.arange(5), 5)
    assert library.browser.status() == "1–5 of 5"


@pytest.mark.parametrize(
    ("shape", "drawn", "expected"),
    [((9, 9), False, "#c8c8c8"), ((20, 20, 3), True, "#c8c8c8"), ((9, 9), True, None)],
)
def test_pictures_of_any_size_and_in_colour(
    library: Library, theme: Theme, shape: tuple[int, ...], drawn: bool, expected: str | None
) -> None:
    library.browser.set_theme(theme)
    library.browser.set_dataset(("a", "b"), drawn=drawn)
    images = np.full((2, *shape), 200, np.uint8)
    library.browser.set_page(images, np.zeros(2, np.uint8), np.arange(2), 2)
    tiles = _tiles(library)
    place = tiles.tile_rect(1).center().toPoint()
    found = tiles.grab().toImage().pixelColor(place)
    ink, paper = theme.color("ink"), theme.color("paper")
    between = round(paper.red() + (ink.red() - paper.red()) * 200 / 255)
    assert (found.name() if expected else found.red()) == (expected or between)
