"""The answer, its bars, and the reasons for having none."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from viewer.core.imaging.numbers import format_percent
from viewer.core.records import Legibility
from viewer.widgets.prediction.view import (
    DIGITS,
    NO_CLASSES_TEXT,
    PENDING_TEXT,
    PredictionPanel,
)
from viewer.widgets.theme import LIGHT, Theme

SEVEN = [0.001, 0.003, 0.010, 0.002, 0.0, 0.0005, 0.0, 0.9735, 0.004, 0.006]


@pytest.fixture
def panel(qtbot: QtBot, fonts: None) -> PredictionPanel:
    panel = PredictionPanel()
    panel.resize(264, 200)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def filled(image: QImage, panel: PredictionPanel, row: int, color: str) -> int:
    """Count the pixels of a colour along the middle of a row's bar."""
    area = panel.row_area(row)
    y = int(area.center().y())
    columns = range(int(area.left()) + 14, int(area.right()) - 52)
    return sum(image.pixelColor(x, y) == QColor(color) for x in columns)


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "0.0 %"),
        (0.0004, "0.0 %"),
        (0.12345, "12.3 %"),
        (0.9985, "99.9 %"),
        (0.99949, "99.9 %"),
        (0.9996, ">99.9 %"),
        (1.0, ">99.9 %"),
    ],
)
def test_percent(probability: float, text: str) -> None:
    assert format_percent(probability) == text


def test_it_starts_by_saying_that_a_network_is_loading(panel: PredictionPanel) -> None:
    assert panel.winner is None
    assert panel.message == "Loading network…"


def test_an_answer(panel: PredictionPanel) -> None:
    panel.set_result(np.array(SEVEN, np.float32), DIGITS, Legibility.OK)
    assert panel.winner == "7"
    assert panel.message == ""
    assert [name for name, _ in panel.rows] == list(DIGITS)
    assert panel.rows[7][1] == pytest.approx(0.9735)
    assert panel.accessibleDescription() == "7, 97.4 %"


@pytest.mark.parametrize(
    ("legibility", "message"),
    [
        (Legibility.BLANK, "Draw a digit"),
        (Legibility.SPECK, "Too small to read: draw larger"),
    ],
)
def test_no_answer_and_why(panel: PredictionPanel, legibility: Legibility, message: str) -> None:
    panel.set_result(SEVEN, DIGITS, Legibility.OK)
    panel.set_result(SEVEN if legibility is Legibility.SPECK else None, DIGITS, legibility)
    assert panel.winner is None
    assert panel.message == message
    assert all(probability == 0 for _, probability in panel.rows)
    image = panel.grab().toImage()
    assert filled(image, panel, 7, LIGHT.text) == 0


def test_bars_are_as_long_as_the_probabilities(panel: PredictionPanel, theme: Theme) -> None:
    panel.set_theme(theme)
    panel.set_result([0.5, 0.25, 0.25, *[0.0] * 7], DIGITS, Legibility.OK)
    image = panel.grab().toImage()
    first = filled(image, panel, 0, theme.text)
    second = filled(image, panel, 1, theme.bar)
    rest = filled(image, panel, 5, theme.border)
    assert first > 20
    assert second == pytest.approx(first / 2, abs=1)
    assert rest == pytest.approx(2 * first, abs=1)
    assert filled(image, panel, 1, theme.accent) == 0


def test_nothing_moves_when_numbers_change(panel: PredictionPanel) -> None:
    before = [panel.row_area(row) for row in range(10)]
    for result in (SEVEN, [1.0, *[0.0] * 9], [0.1] * 10):
        panel.set_result(result, DIGITS, Legibility.OK)
        panel.grab()
        assert [panel.row_area(row) for row in range(10)] == before


def test_the_label_is_right_or_wrong(panel: PredictionPanel) -> None:
    panel.set_result(SEVEN, DIGITS, Legibility.OK)
    plain = panel.grab().toImage()
    panel.set_label("7")
    right = panel.grab().toImage()
    panel.set_label("1")
    wrong = panel.grab().toImage()
    assert plain != right != wrong
    warning = QColor(LIGHT.warning)
    every = [(x, y) for x in range(90) for y in range(wrong.height())]
    assert any(wrong.pixelColor(x, y) == warning for x, y in every)
    assert not any(right.pixelColor(x, y) == warning for x, y in every)
    panel.set_label(None)
    assert panel.grab().toImage() == plain


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (tuple(str(number) for number in range(20)), "4"),  # classes without names
        (("ant", "bee", "cat"), "4"),  # of another data set
    ],
)
def test_a_label_that_is_no_class_is_told_and_no_mistake(
    panel: PredictionPanel, names: tuple[str, ...], label: str
) -> None:
    panel.set_result([1 / len(names)] * len(names), names, Legibility.OK, digit=False)
    plain = panel.grab().toImage()
    panel.set_label(label)
    told = panel.grab().toImage()
    assert told != plain
    warning = QColor(LIGHT.warning)
    every = [(x, y) for x in range(told.width()) for y in range(told.height())]
    assert not any(told.pixelColor(x, y) == warning for x, y in every)


def test_a_thousand_classes_show_the_ten_most_probable(panel: PredictionPanel) -> None:
    probabilities = np.full(1_000, 0.0005, np.float32)
    probabilities[[3, 999, 500]] = [0.2, 0.25, 0.05]
    names = [f"class number {index}" for index in range(1_000)]
    panel.resize(264, 240)
    panel.set_result(probabilities, names, Legibility.OK)
    assert [name for name, _ in panel.rows[:3]] == [names[999], names[3], names[500]]
    assert len(panel.rows) == 10
    assert panel.winner == names[999]
    panel.grab()


def test_two_classes_are_two_rows(panel: PredictionPanel) -> None:
    panel.set_result([0.25, 0.75], ["cat", "dog"], Legibility.OK)
    assert panel.rows == (("cat", 0.25), ("dog", 0.75))
    panel.grab()


def test_hover_has_all_digits(panel: PredictionPanel) -> None:
    value = float(np.float32(0.9735))
    panel.set_result(np.array(SEVEN, np.float32), DIGITS, Legibility.OK)
    assert panel.tip_at(panel.row_area(7).center()) == f"7: {value:.9g}"
    assert panel.tip_at(QPointF(-5, -5)) == ""
    panel.set_result(None, DIGITS, Legibility.BLANK)
    assert panel.tip_at(panel.row_area(7).center()) == ""


def test_all_rows_fit_at_the_smallest_size(panel: PredictionPanel) -> None:
    for names in (DIGITS, tuple(f"quite a long name {digit}" for digit in DIGITS)):
        panel.set_result(SEVEN, names, Legibility.OK)
        panel.resize(panel.minimumSizeHint())
        assert panel.row_area(len(panel.rows) - 1).bottom() <= panel.height()
        assert len(panel.rows) >= 7
        assert panel.row_area(0).height() >= panel.fontMetrics().xHeight()


def test_another_network_leaves_nothing_of_the_answer(qtbot: QtBot, fonts: None) -> None:
    panel = PredictionPanel()
    qtbot.addWidget(panel)
    panel.resize(240, 200)
    panel.set_result(SEVEN, DIGITS, Legibility.OK)
    for names, rows in ((DIGITS, 10), (("cat", "dog"), 0), ((), 0)):
        panel.set_pending(names)
        assert len(panel.rows) == rows
        assert panel.message == (PENDING_TEXT if names else NO_CLASSES_TEXT)
        assert panel.accessibleDescription() == panel.message
        assert not panel.winner
    panel.set_result([0.25, 0.75], ("cat", "dog"), Legibility.OK)
    assert panel.winner == "dog" and panel.message == ""


def test_long_names_are_shortened_and_whole_in_the_tip(qtbot: QtBot) -> None:
    names = tuple(f"Chesapeake Bay retriever {index}" for index in range(1000))
    probabilities = [0.1 / 999] * 1000
    probabilities[321] = 0.9
    panel = PredictionPanel()
    qtbot.addWidget(panel)
    panel.resize(200, 240)
    panel.set_result(probabilities, names, Legibility.OK)
    panel.set_label(names[321])
    panel.grab()
    assert len(panel.rows) == 10
    for place, (name, _) in zip(panel._layout.places, panel.rows, strict=True):
        shown = panel._page._elided(name, place.name_px)
        assert shown.endswith("…")
        assert panel._fonts.strong.metrics.horizontalAdvance(shown) <= place.name_px
    panel.resize(200, panel.minimumSizeHint().height())
    panel.grab()
    assert 5 <= len(panel.rows) < 10
    assert panel.row_area(len(panel.rows) - 1).bottom() <= panel.height()
    assert panel.tip_at(QPointF(20, 12)) == "Chesapeake Bay retriever 321: 0.9"
    assert panel.tip_at(panel.row_area(0).center()).startswith("Chesapeake Bay retriever 321: ")
