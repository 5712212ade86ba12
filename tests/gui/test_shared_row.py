from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QApplication, QTabBar, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from viewer.widgets.shared_row import SPACING_PX, Part, SharedRow

WIDTHS_PX = (100, 60, 80)


class _Part(QWidget):
    """Needs a certain width, and 40 px of height."""

    def __init__(self, least_px: int) -> None:
        super().__init__()
        self.least_px = least_px

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self.least_px, 40)


@pytest.fixture
def parts() -> tuple[_Part, ...]:
    return tuple(_Part(width) for width in WIDTHS_PX)


@pytest.fixture
def row(qtbot: QtBot, fonts: None, parts: tuple[_Part, ...]) -> Iterator[SharedRow]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 200)
    row = SharedRow(tuple(Part(name, part) for name, part in zip("abc", parts, strict=True)))
    row.setParent(window)
    row.resize(600, 100)
    window.show()
    yield row
    window.hide()


def seen(row: SharedRow, parts: tuple[_Part, ...]) -> str:
    QApplication.processEvents()
    return "".join(name for name, part in zip("abc", parts, strict=True) if part.isVisible())


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (100 + 60 + 80 + 2 * SPACING_PX, "abc"),
        (100 + 60 + 80 + 2 * SPACING_PX - 1, "ab"),
        (100 + 80 + SPACING_PX, "ab"),
        (100 + 80 + SPACING_PX - 1, "a"),
    ],
)
def test_as_many_parts_are_seen_as_fit(
    row: SharedRow, parts: tuple[_Part, ...], width: int, expected: str
) -> None:
    row.resize(width, 100)
    assert seen(row, parts) == expected
    (tabs,) = row.findChildren(QTabBar)
    shared = "" if expected == "abc" else "abc"[len(expected) - 1 :]
    assert "".join(tabs.tabText(i) for i in range(tabs.count()) if tabs.isVisible()) == shared
    for part in parts:
        assert not part.isVisible() or part.width() >= part.least_px


def test_what_was_chosen_comes_back(row: SharedRow, parts: tuple[_Part, ...]) -> None:
    row.resize(100, 100)
    row.show_part(parts[1])
    assert seen(row, parts) == "b"
    row.resize(200, 100)
    assert seen(row, parts) == "ab"
    row.resize(600, 100)
    assert seen(row, parts) == "abc"
    row.show_part(parts[2])  # is in sight anyway
    row.resize(100, 100)
    assert len(seen(row, parts)) == 1


def test_a_part_that_wants_more_room_shares_it(row: SharedRow, parts: tuple[_Part, ...]) -> None:
    row.resize(300, 100)
    assert seen(row, parts) == "abc"
    parts[2].least_px = 200
    parts[2].updateGeometry()
    assert seen(row, parts) == "a"
    assert row.minimumSizeHint().width() == 200


def test_tabs_take_room_only_where_they_are(row: SharedRow, parts: tuple[_Part, ...]) -> None:
    assert seen(row, parts) == "abc"
    assert row.minimumSizeHint().height() == 40
    row.resize(100, 100)
    assert seen(row, parts) == "a"
    (tabs,) = row.findChildren(QTabBar)
    assert row.minimumSizeHint().height() >= 40 + tabs.height()
