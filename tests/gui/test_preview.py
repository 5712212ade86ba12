"""What the network sees, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.widgets.inputs.preview import NetworkInputView
from viewer.widgets.theme import LIGHT

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.fixture
def view(qtbot: QtBot, fonts: None) -> NetworkInputView:
    view = NetworkInputView()
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_every_pixel_is_three_by_three_and_grey(view: NetworkInputView) -> None:
    pixels = np.random.default_rng(0).random((28, 28), np.float32)
    view.set_image(pixels)
    shown = view.view.grab().toImage()
    for row in range(1, 27):  # the frame lies over the outermost
        for column in range(1, 27):
            level = round(float(pixels[row, column]) * 255)
            for x in range(3):
                for y in range(3):
                    color = shown.pixelColor(3 * column + x, 3 * row + y)
                    assert color == QColor(level, level, level)


@pytest.mark.parametrize(("shape", "side"), [((28, 28), 84), ((32, 32), 64), ((64, 48), 64)])
def test_the_zoom_is_a_whole_number(
    view: NetworkInputView, shape: tuple[int, int], side: int
) -> None:
    view.set_image(np.zeros(shape, np.float32))
    area = view.view.image_area
    assert area.height() == side
    assert area.width() == side * shape[1] / shape[0]
    assert view.detail == f"{shape[1]} × {shape[0]} pixels"


def test_a_part_is_outlined_until_it_is_not(view: NetworkInputView) -> None:
    view.set_image(np.zeros((28, 28), np.float32))
    plain = view.view.grab().toImage()
    view.view.set_field(((5, 5, 20, 5), (20, 5, 20, 20)))
    outlined = view.view.grab().toImage()
    assert outlined.pixelColor(3 * 10, 3 * 5) == LIGHT.color("accent")
    assert outlined.pixelColor(3 * 20, 3 * 10) == LIGHT.color("accent")
    assert outlined.pixelColor(3 * 10, 3 * 20) == QColor("black")
    view.view.set_field(())
    assert view.view.grab().toImage() == plain


def test_values_out_of_range_are_shown_as_the_nearest(view: NetworkInputView) -> None:
    view.set_image(np.array([[-1.0, 2.0], [0.5, 1.0]], np.float32))
    shown = view.view.grab().toImage()
    assert shown.pixelColor(20, 20) == QColor("black")
    assert shown.pixelColor(60, 20) == QColor("white")
    assert shown.pixelColor(20, 60) == QColor(128, 128, 128)


def test_hover_tells_the_value_and_leaving_takes_it_away(
    qtbot: QtBot, view: NetworkInputView
) -> None:
    pixels = np.zeros((28, 28), np.float32)
    pixels[5, 20] = 0.83146
    view.set_image(pixels)
    with qtbot.waitSignal(view.view.pixel_hovered) as signal:
        QTest.mouseMove(view.view, QPoint(3 * 20 + 1, 3 * 5 + 1))
    assert signal.args is not None
    assert signal.args[:2] == [5, 20]
    assert signal.args[2] == pytest.approx(0.83146)
    assert view.detail == "row 5, column 20: 0.8315"
    with qtbot.waitSignal(view.view.hover_left):
        QApplication.sendEvent(view.view, QEvent(QEvent.Type.Leave))
    assert view.detail == "28 × 28 pixels"


def test_a_new_image_under_the_pointer_tells_the_new_value(view: NetworkInputView) -> None:
    view.set_image(np.zeros((28, 28), np.float32))
    QTest.mouseMove(view.view, QPoint(40, 40))
    assert view.detail.endswith(": 0")
    view.set_image(np.full((28, 28), 0.25, np.float32))
    assert view.detail.endswith(": 0.25")


def test_nothing_to_see(view: NetworkInputView) -> None:
    view.set_image(np.ones((28, 28), np.float32))
    view.set_image(None)
    assert view.view.grab().toImage().pixelColor(42, 42) == QColor("black")
    QTest.mouseMove(view.view, QPoint(40, 40))
    assert view.detail == "28 × 28 pixels"


def test_the_switch_tells_a_person_s_choice_only(qtbot: QtBot, view: NetworkInputView) -> None:
    assert view.prepared
    with qtbot.waitSignal(view.preparation_toggled) as signal:
        QTest.mouseClick(view.switch, Qt.MouseButton.LeftButton)
    assert signal.args == [False]
    with qtbot.assertNotEmitted(view.preparation_toggled):
        view.set_prepared(True)
    assert view.prepared
    assert "centre of mass" in view.switch.toolTip()


def test_the_switch_works_with_the_space_bar(qtbot: QtBot, view: NetworkInputView) -> None:
    view.switch.setFocus()
    with qtbot.waitSignal(view.preparation_toggled):
        QTest.keyClick(view.switch, Qt.Key.Key_Space)
    assert not view.prepared
