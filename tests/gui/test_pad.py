"""The drawing pad: what hands do, and what becomes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QLineF, QPoint, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QColor,
    QEventPoint,
    QImage,
    QInputDevice,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QTabletEvent,
    QTouchEvent,
)
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.core.records import Drawing, Picture, Stroke
from viewer.widgets.inputs.history import MAX_PICTURES, MAX_STEPS
from viewer.widgets.inputs.ink_surface import (
    MAX_PEN_SHARE,
    MIN_PEN_SHARE,
    Tool,
    size_text,
    title_place,
)
from viewer.widgets.inputs.pad import DrawingPad
from viewer.widgets.theme import DARK, LIGHT

QTest: Any = _QTest  # its stubs give its static methods a `self`
SIDE_PX = 280  # one pixel a canvas unit: positions can be compared
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def pad(qtbot: QtBot) -> DrawingPad:
    pad = DrawingPad()
    pad.resize(SIDE_PX, SIDE_PX)
    qtbot.addWidget(pad)
    with qtbot.waitExposed(pad):
        pad.show()
    return pad


def drag(pad: DrawingPad, *points: tuple[int, int], button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(pad, button, pos=QPoint(*points[0]))
    for point in points[1:]:
        QTest.mouseMove(pad, QPoint(*point))
    QTest.mouseRelease(pad, button, pos=QPoint(*points[-1]))


def pixels(pad: DrawingPad) -> QImage:
    QApplication.sendEvent(pad, QEvent(QEvent.Type.Leave))  # takes the pointer's circle away
    return pad.grab().toImage()


def is_ink(pad: DrawingPad, x: float, y: float) -> bool:
    return bool(pixels(pad).pixelColor(int(x), int(y)) == QColor(LIGHT.ink))


def is_paper(pad: DrawingPad, x: float, y: float) -> bool:
    return bool(pixels(pad).pixelColor(int(x), int(y)) == QColor(LIGHT.paper))


# Strokes


def test_a_new_pad_is_empty_and_says_what_to_do(pad: DrawingPad) -> None:
    words = pixels(pad)
    assert pad.source() == Drawing((), canvas=(280.0, 280.0))
    QTest.mousePress(pad, LEFT, pos=QPoint(20, 20))
    assert not pad.is_empty
    middle = [(x, 140) for x in range(80, 200)]
    assert any(words.pixelColor(*p) != QColor(LIGHT.paper) for p in middle)
    now = pad.grab().toImage()
    assert all(now.pixelColor(*p) == QColor(LIGHT.paper) for p in middle)
    QTest.mouseRelease(pad, LEFT, pos=QPoint(20, 20))


def test_sparse_moves_leave_no_gap(pad: DrawingPad) -> None:
    corners = [(30, 40), (250, 60), (60, 240), (240, 250)]
    drag(pad, *corners)
    image = pixels(pad)
    for (x0, y0), (x1, y1) in pairwise(corners):
        for step in range(301):
            x, y = x0 + (x1 - x0) * step / 300, y0 + (y1 - y0) * step / 300
            assert image.pixelColor(round(x), round(y)) == QColor(LIGHT.ink), (x, y)


def test_a_stroke_is_as_wide_as_the_pen_with_round_ends(pad: DrawingPad) -> None:
    pad.set_pen_share(20 / 280)
    drag(pad, (100, 100), (180, 100))
    assert is_ink(pad, 140, 92)
    assert is_ink(pad, 140, 108)
    assert is_paper(pad, 140, 87)
    assert is_paper(pad, 140, 112)
    assert is_ink(pad, 93, 100)  # the cap reaches 10 to the left …
    assert is_paper(pad, 91, 91)  # … and has no corner: 8.5√2 = 12 away


def test_press_and_release_without_a_move_is_a_dot(pad: DrawingPad) -> None:
    drag(pad, (140, 70))
    (stroke,) = pad.drawing().strokes
    np.testing.assert_array_equal(stroke.points, np.array([[140, 70]], np.float32))
    assert is_ink(pad, 140, 70)
    assert is_paper(pad, 140, 90)


def test_points_are_in_canvas_units_whatever_the_size(qtbot: QtBot, pad: DrawingPad) -> None:
    pad.resize(140, 140)
    drag(pad, (35, 35), (70, 105))
    (stroke,) = pad.drawing().strokes
    np.testing.assert_allclose(stroke.points, [[70, 70], [140, 210]])
    assert stroke.points.dtype == np.float32
    assert stroke.width_px == pytest.approx(0.08 * 280)
    assert pad.drawing().canvas == (280.0, 280.0)


def test_resizing_paints_the_vectors_again(pad: DrawingPad) -> None:
    drag(pad, (70, 140), (210, 140))
    pad.resize(560, 560)
    assert pad.grab().toImage().pixelColor(280, 280) == QColor(LIGHT.ink)
    pad.resize(QSize(140, 200))  # not square: the paper is
    image = pad.grab().toImage()
    assert image.pixelColor(70, 70) == QColor(LIGHT.ink)
    assert image.pixelColor(20, 70) == QColor(LIGHT.paper)


def test_incremental_and_complete_painting_give_the_same_picture(pad: DrawingPad) -> None:
    spiral = [
        (int(140 + t * math.cos(t / 5)), int(140 + t * math.sin(t / 5))) for t in range(1, 110, 3)
    ]
    drag(pad, *spiral)
    drawn = pixels(pad)
    pad.set_theme(DARK)
    pad.set_theme(LIGHT)
    assert pixels(pad) == drawn


def test_leaving_the_paper_and_coming_back_continues(pad: DrawingPad) -> None:
    drag(pad, (200, 100), (340, 100), (340, 200), (200, 200))
    first, second = pad.drawing().strokes
    np.testing.assert_allclose(first.points, [[200, 100], [280, 100]])
    np.testing.assert_allclose(second.points, [[280, 200], [200, 200]])
    pad.undo()
    assert pad.is_empty  # both at once: one movement of the hand


def test_crossing_a_corner_between_two_points_outside(pad: DrawingPad) -> None:
    # From (260, −20) to (320, 40): the line y = x − 280 touches the corner (280, 0) only.
    # From (240, −20) to (300, 40): y = x − 260, on the paper from (260, 0) to (280, 20).
    drag(pad, (240, 40), (240, -20), (300, 40))
    strokes = pad.drawing().strokes
    np.testing.assert_allclose(strokes[1].points, [[260, 0], [280, 20]], atol=1e-4)


def test_a_press_beside_the_paper_draws_nothing(pad: DrawingPad) -> None:
    pad.resize(280, 400)
    drag(pad, (140, 350), (140, 100))
    assert pad.is_empty
    assert not pad.can_undo


def test_the_middle_button_does_nothing(pad: DrawingPad) -> None:
    drag(pad, (50, 50), (100, 100), button=Qt.MouseButton.MiddleButton)
    assert pad.is_empty


def test_a_second_button_does_not_disturb_the_first(pad: DrawingPad) -> None:
    QTest.mousePress(pad, LEFT, pos=QPoint(40, 40))
    QTest.mousePress(pad, RIGHT, pos=QPoint(40, 40))
    QTest.mouseRelease(pad, RIGHT, pos=QPoint(40, 40))
    QTest.mouseMove(pad, QPoint(120, 40))
    QTest.mouseRelease(pad, LEFT, pos=QPoint(120, 40))
    (stroke,) = pad.drawing().strokes
    np.testing.assert_allclose(stroke.points, [[40, 40], [120, 40]])


def test_the_drawing_includes_the_stroke_under_way(pad: DrawingPad) -> None:
    QTest.mousePress(pad, LEFT, pos=QPoint(40, 40))
    QTest.mouseMove(pad, QPoint(80, 40))
    assert len(pad.drawing().strokes[0].points) == 2
    QTest.mouseMove(pad, QPoint(90, 60))
    assert len(pad.drawing().strokes[0].points) == 3
    QTest.mouseRelease(pad, LEFT, pos=QPoint(90, 60))


def test_a_record_does_not_change_as_the_pen_goes_on(pad: DrawingPad) -> None:
    QTest.mousePress(pad, LEFT, pos=QPoint(40, 40))
    before = pad.drawing()
    QTest.mouseMove(pad, QPoint(80, 40))
    QTest.mouseRelease(pad, LEFT, pos=QPoint(80, 40))
    assert len(before.strokes[0].points) == 1


# Signals


def test_signals_of_a_stroke(qtbot: QtBot, pad: DrawingPad) -> None:
    changes: list[None] = []
    pad.drawing_changed.connect(lambda: changes.append(None))
    with qtbot.waitSignals([pad.undo_available, pad.stroke_finished], order="strict") as caught:
        drag(pad, (40, 40), (80, 40), (120, 60))
    assert len(changes) == 3
    assert caught.all_signals_and_args[0].args == (True,)


def test_setting_from_outside_gives_no_drawing_changed(qtbot: QtBot, pad: DrawingPad) -> None:
    with qtbot.assertNotEmitted(pad.drawing_changed):
        pad.set_drawing(Drawing((Stroke(np.array([[1, 1], [9, 9]], np.float32)),)))
        pad.set_picture(Picture(np.zeros((28, 28), np.float32), "black"))
        pad.set_picture(None)


# Undo, redo, clear


def test_undo_redo_clear(pad: DrawingPad) -> None:
    drag(pad, (40, 40), (240, 40))
    drag(pad, (40, 140), (240, 140))
    pad.clear()
    assert pad.is_empty
    pad.undo()
    assert is_ink(pad, 140, 140)
    pad.undo()
    assert not is_ink(pad, 140, 140)
    assert is_ink(pad, 140, 40)
    pad.undo()
    assert pad.is_empty
    assert not pad.can_undo
    pad.undo()  # nothing to take back: nothing happens
    for _ in range(3):
        pad.redo()
    assert pad.is_empty
    assert not pad.can_redo
    pad.undo()
    assert len(pad.drawing().strokes) == 2


def test_drawing_forgets_the_future(qtbot: QtBot, pad: DrawingPad) -> None:
    drag(pad, (40, 40), (80, 40))
    pad.undo()
    assert pad.can_redo
    with qtbot.waitSignal(pad.redo_available) as signal:
        drag(pad, (40, 90), (80, 90))
    assert signal.args == [False]
    pad.redo()
    np.testing.assert_allclose(pad.drawing().strokes[0].points, [[40, 90], [80, 90]])


def test_clearing_an_empty_pad_is_no_step(qtbot: QtBot, pad: DrawingPad) -> None:
    with qtbot.assertNotEmitted(pad.drawing_changed):
        pad.clear()
    assert not pad.can_undo


def test_undo_while_the_pen_is_down_takes_that_stroke(pad: DrawingPad) -> None:
    QTest.mousePress(pad, LEFT, pos=QPoint(40, 40))
    QTest.mouseMove(pad, QPoint(90, 40))
    pad.undo()
    assert pad.is_empty
    QTest.mouseMove(pad, QPoint(150, 40))
    QTest.mouseRelease(pad, LEFT, pos=QPoint(150, 40))
    assert pad.is_empty


def test_history_is_bounded(pad: DrawingPad) -> None:
    for step in range(MAX_STEPS + 20):
        drag(pad, (40 + step % 200, 40))
    steps = 0
    while pad.can_undo:
        pad.undo()
        steps += 1
    assert steps == MAX_STEPS


def test_pictures_in_the_history_are_few(pad: DrawingPad) -> None:
    for number in range(3 * MAX_PICTURES):
        pad.set_picture(Picture(np.zeros((28, 28), np.float32), str(number)))
    titles = []
    while pad.can_undo:
        pad.undo()
        titles.append(pad.picture.title if pad.picture else "")
    assert len(titles) == MAX_PICTURES


# Eraser


def test_the_right_button_erases(qtbot: QtBot, pad: DrawingPad) -> None:
    drag(pad, (40, 140), (240, 140))
    with qtbot.waitSignal(pad.stroke_finished):
        drag(pad, (140, 140), button=RIGHT)
    assert is_paper(pad, 140, 140)
    assert is_ink(pad, 60, 140)
    assert is_ink(pad, 220, 140)
    left, right = pad.drawing().strokes
    # Radius 22.4 of the eraser, and half the pen's width: 33.6 to each side of 140.
    assert left.points[-1] == pytest.approx([106.4, 140], abs=0.1)
    assert right.points[0] == pytest.approx([173.6, 140], abs=0.1)


def test_nothing_is_left_in_the_eraser_circle(pad: DrawingPad) -> None:
    for y in range(60, 220, 10):
        drag(pad, (40, y), (240, y + 15))
    drag(pad, (140, 140), button=RIGHT)
    image, radius = pixels(pad), pad.eraser_radius - 2  # antialiasing
    for x in range(SIDE_PX):
        for y in range(SIDE_PX):
            if math.dist((x, y), (140, 140)) < radius:
                assert image.pixelColor(x, y) == QColor(LIGHT.paper), (x, y)


def test_a_fast_eraser_leaves_no_gap(pad: DrawingPad) -> None:
    drag(pad, (40, 140), (240, 140))
    drag(pad, (20, 140), (260, 140), button=RIGHT)
    assert pad.drawing().strokes == ()


def test_the_eraser_tool_and_undoing_it(pad: DrawingPad) -> None:
    drag(pad, (40, 140), (240, 140))
    drawn = pixels(pad)
    pad.set_tool(Tool.ERASER)
    drag(pad, (100, 140), (180, 140))
    assert is_paper(pad, 140, 140)
    pad.undo()
    pad.set_tool(Tool.PEN)
    assert pixels(pad) == drawn
    pad.redo()
    assert is_paper(pad, 140, 140)


def test_erasing_nothing_is_no_step(qtbot: QtBot, pad: DrawingPad) -> None:
    drag(pad, (40, 40), (60, 40))
    with qtbot.assertNotEmitted(pad.drawing_changed), qtbot.assertNotEmitted(pad.stroke_finished):
        drag(pad, (200, 200), button=RIGHT)
    pad.undo()
    assert pad.is_empty


def test_partial_repainting_after_erasing_is_complete(pad: DrawingPad) -> None:
    for y in range(60, 220, 30):
        drag(pad, (40, y), (240, y))
    drag(pad, (140, 100), (150, 180), button=RIGHT)
    erased = pixels(pad)
    pad.set_theme(DARK)
    pad.set_theme(LIGHT)
    assert pixels(pad) == erased


def test_the_eraser_shows_its_circle(pad: DrawingPad) -> None:
    pad.set_tool(Tool.ERASER)
    drag(pad, (20, 260))  # nothing there
    QTest.mouseMove(pad, QPoint(140, 60))
    image = pad.grab().toImage()
    edge = round(140 + pad.eraser_radius)
    assert any(image.pixelColor(x, 60) != QColor(LIGHT.paper) for x in (edge - 1, edge, edge + 1))
    QApplication.sendEvent(pad, QEvent(QEvent.Type.Leave))
    gone = pad.grab().toImage()
    assert gone.pixelColor(edge, 60) == QColor(LIGHT.paper)


def test_pen_width_stays_within_its_limits(qtbot: QtBot, pad: DrawingPad) -> None:
    with qtbot.waitSignal(pad.pen_changed) as signal:
        pad.set_pen_share(0.5)
    assert signal.args == [MAX_PEN_SHARE]
    pad.set_pen_share(0.0)
    assert pad.pen_share == MIN_PEN_SHARE
    with qtbot.assertNotEmitted(pad.pen_changed):
        pad.set_pen_share(MIN_PEN_SHARE)


# Pictures and drawings from elsewhere


def test_drawing_replaces_a_picture(qtbot: QtBot, pad: DrawingPad) -> None:
    picture = Picture(np.ones((28, 28), np.float32), "MNIST test 42", prepared=True)
    pad.set_picture(picture)
    assert pad.source() is picture
    assert is_ink(pad, 140, 140)
    with qtbot.waitSignal(pad.picture_discarded):
        drag(pad, (40, 40), (80, 40))
    assert pad.picture is None
    assert is_paper(pad, 140, 140)
    assert len(pad.drawing().strokes) == 1
    pad.undo()
    assert pad.source() is picture


def test_erasing_leaves_a_picture_alone(qtbot: QtBot, pad: DrawingPad) -> None:
    pad.set_picture(Picture(np.ones((28, 28), np.float32), "MNIST test 42", prepared=True))
    with qtbot.assertNotEmitted(pad.picture_discarded):
        drag(pad, (140, 140), button=RIGHT)
    assert pad.picture is not None


def test_a_picture_is_named_with_the_size_of_its_file(pad: DrawingPad) -> None:
    grey = np.full((30, 40), 0.5, np.float32)
    assert size_text(Picture(grey, "MNIST test 42")) == ""
    picture = Picture(grey, "photo.jpg", size=(4000, 3000))
    assert size_text(picture) == "4,000 × 3,000"
    images = []
    for shown in (picture, replace(picture, size=None)):
        pad.set_picture(shown)
        images.append(pad.grab().toImage())
    assert images[0] != images[1]


def test_the_title_lies_where_no_ink_is() -> None:
    square, plate = QRectF(0, 0, 280, 280), QRectF(0, 0, 100, 20)
    foot, head = QPointF(8, 252), QPointF(8, 8)
    beside = QPointF(280 - 8 - 100, 252)
    blank = np.zeros((28, 28), np.float32)
    blank[8:20, 8:20] = 1
    assert title_place(Picture(blank, "4", prepared=True), square, plate).topLeft() == foot
    tail = blank.copy()
    tail[20:27, 5:9] = 1  # of a 9
    assert title_place(Picture(tail, "9", prepared=True), square, plate).topLeft() == beside
    wide = tail.copy()
    wide[25, 5:23] = 1  # of a 2
    assert title_place(Picture(wide, "2", prepared=True), square, plate).topLeft() == head
    # A photo's title stays where it is from one to the next.
    assert title_place(Picture(tail, "photo"), square, plate).topLeft() == foot


def test_an_empty_pad_says_why_until_something_is_put_on_it(pad: DrawingPad) -> None:
    empty = pad.grab().toImage()
    pad.set_nothing("p2.png can't be read")
    assert pad.is_empty and pad.can_undo
    assert pad.grab().toImage() != empty
    drag(pad, (50, 50), (90, 90))
    assert pad.content.note == ""
    pad.undo()
    assert pad.content.note == "p2.png can't be read"


def test_clear_takes_off_why_there_is_nothing(pad: DrawingPad, qtbot: QtBot) -> None:
    empty = pad.grab().toImage()
    pad.set_nothing("p2.png can't be read")
    with qtbot.waitSignal(pad.drawing_changed):
        pad.clear()
    assert pad.content.note == "" and pad.grab().toImage() == empty
    pad.undo()
    assert pad.content.note == "p2.png can't be read"


def test_a_small_picture_has_hard_edges(pad: DrawingPad) -> None:
    board = np.indices((28, 28)).sum(axis=0) % 2
    pad.set_picture(Picture(board.astype(np.float32), "board", prepared=True))
    image = pixels(pad)
    for row in range(1, 24):  # the title lies over the last rows
        for column in range(1, 27):
            expected = LIGHT.ink if board[row, column] else LIGHT.paper
            for offset in (1, 8):
                color = image.pixelColor(10 * column + offset, 10 * row + offset)
                assert color == QColor(expected), (row, column)


def test_a_large_picture_is_averaged(pad: DrawingPad) -> None:
    stripes = np.zeros((1120, 1120), np.float32)
    stripes[:, ::2] = 1
    pad.set_picture(Picture(stripes, "stripes"))
    assert pixels(pad).pixelColor(140, 140).red() == pytest.approx(128, abs=4)


def test_a_wide_picture_keeps_its_shape(pad: DrawingPad) -> None:
    pad.set_picture(Picture(np.zeros((10, 20), np.float32), "wide"))
    image = pixels(pad)
    assert image.pixelColor(140, 140) == QColor("black")
    assert image.pixelColor(140, 60) == QColor(LIGHT.paper)


def test_a_drawing_keeps_its_place_on_its_canvas(pad: DrawingPad) -> None:
    points = np.array([[100, 200], [300, 200]], np.float32)
    pad.set_drawing(Drawing((Stroke(points, 40.0),), canvas=(400.0, 400.0)))
    (stroke,) = pad.drawing().strokes
    np.testing.assert_allclose(stroke.points, [[70, 140], [210, 140]])
    assert stroke.width_px == pytest.approx(28)


def test_a_drawing_without_a_canvas_is_centred(pad: DrawingPad) -> None:
    points = np.array([[1000, 1000], [1002, 1004]], np.float32)
    pad.set_drawing(Drawing((Stroke(points),)))
    (stroke,) = pad.drawing().strokes
    # 70 % of 280 is 196 high, and half as wide.
    np.testing.assert_allclose(stroke.points, [[91, 42], [189, 238]], atol=1e-3)
    assert stroke.width_px == pytest.approx(0.08 * 280)


def test_a_thin_pen_from_elsewhere_is_made_visible(pad: DrawingPad) -> None:
    points = np.array([[10, 10], [2000, 2000]], np.float32)
    pad.set_drawing(Drawing((Stroke(points, 2.0),), canvas=(2800.0, 2800.0)))
    assert pad.drawing().strokes[0].width_px == pytest.approx(MIN_PEN_SHARE * 280)


def test_a_dot_alone_is_put_in_the_middle(pad: DrawingPad) -> None:
    pad.set_drawing(Drawing((Stroke(np.array([[5, 7]], np.float32)),)))
    np.testing.assert_allclose(pad.drawing().strokes[0].points, [[140, 140]])


def test_ink_survives_a_round_trip(pad: DrawingPad) -> None:
    drag(pad, (40, 60), (200, 90), (80, 250))
    before = pad.drawing()
    pad.set_drawing(before)
    np.testing.assert_allclose(pad.drawing().strokes[0].points, before.strokes[0].points)
    assert pad.drawing().strokes[0].width_px == pytest.approx(before.strokes[0].width_px)


# Tablet and touch


def tablet(
    pad: DrawingPad,
    kind: QEvent.Type,
    place: tuple[float, float],
    pressure: float,
    pointer: QPointingDevice.PointerType = QPointingDevice.PointerType.Pen,
) -> QTabletEvent:
    device = QPointingDevice(
        "stylus",
        1,
        QInputDevice.DeviceType.Stylus,
        pointer,
        QInputDevice.Capability.Pressure | QInputDevice.Capability.Position,
        1,
        1,
        "",
        QPointingDeviceUniqueId(),
    )
    at = QPointF(*place)
    none = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(kind, device, at, at, pressure, 0, 0, 0, 0, 0, none, LEFT, LEFT)
    QApplication.sendEvent(pad, event)
    return event


def test_a_tablet_pen_draws_with_pressure(pad: DrawingPad) -> None:
    event = tablet(pad, QEvent.Type.TabletPress, (40, 140), 0.25)
    tablet(pad, QEvent.Type.TabletMove, (140, 140), 0.5)
    tablet(pad, QEvent.Type.TabletMove, (240, 140), 1.0)
    tablet(pad, QEvent.Type.TabletRelease, (240, 140), 0.0)
    assert event.isAccepted()
    (stroke,) = pad.drawing().strokes
    assert stroke.pressure is not None
    np.testing.assert_allclose(stroke.pressure, [0.25, 0.5, 1.0])
    # Pressure 0.5 gives 0.3 + 0.7 · 0.5 = 65 % of 22.4: 7.3 to each side; full gives 11.2.
    assert is_paper(pad, 90, 149)
    assert is_ink(pad, 200, 149)


def test_the_other_end_of_the_tablet_pen_erases(pad: DrawingPad) -> None:
    drag(pad, (40, 140), (240, 140))
    end = QPointingDevice.PointerType.Eraser
    tablet(pad, QEvent.Type.TabletPress, (140, 140), 0.5, end)
    tablet(pad, QEvent.Type.TabletRelease, (140, 140), 0.0, end)
    assert is_paper(pad, 140, 140)


def touch(
    pad: DrawingPad, kind: QEvent.Type, *fingers: tuple[QEventPoint.State, int, int]
) -> QTouchEvent:
    points = [
        QEventPoint(number, state, QPointF(x, y), pad.mapToGlobal(QPointF(x, y)))
        for number, (state, x, y) in enumerate(fingers)
    ]
    screen = QPointingDevice(
        "screen",
        2,
        QInputDevice.DeviceType.TouchScreen,
        QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.Position,
        10,
        0,
        "",
        QPointingDeviceUniqueId(),
    )
    event = QTouchEvent(kind, screen, Qt.KeyboardModifier.NoModifier, points)
    QApplication.sendEvent(pad, event)
    return event


DOWN, MOVED, UP, STILL = (
    QEventPoint.State.Pressed,
    QEventPoint.State.Updated,
    QEventPoint.State.Released,
    QEventPoint.State.Stationary,
)


def test_a_finger_draws(pad: DrawingPad) -> None:
    event = touch(pad, QEvent.Type.TouchBegin, (DOWN, 40, 40))
    touch(pad, QEvent.Type.TouchUpdate, (MOVED, 90, 40))
    touch(pad, QEvent.Type.TouchEnd, (UP, 90, 90))
    assert event.isAccepted()  # or else the mouse would draw the same again
    (stroke,) = pad.drawing().strokes
    np.testing.assert_allclose(stroke.points, [[40, 40], [90, 40], [90, 90]])
    assert pad.can_undo


def test_a_second_finger_takes_the_stroke_back(pad: DrawingPad) -> None:
    touch(pad, QEvent.Type.TouchBegin, (DOWN, 40, 40))
    touch(pad, QEvent.Type.TouchUpdate, (STILL, 40, 40), (DOWN, 200, 40))
    assert pad.is_empty
    touch(pad, QEvent.Type.TouchUpdate, (MOVED, 60, 90), (MOVED, 220, 90))
    touch(pad, QEvent.Type.TouchEnd, (UP, 60, 90), (UP, 220, 90))
    assert pad.is_empty
    assert not pad.can_undo


def test_a_cancelled_touch_leaves_nothing(pad: DrawingPad) -> None:
    touch(pad, QEvent.Type.TouchBegin, (DOWN, 40, 40))
    touch(pad, QEvent.Type.TouchCancel)
    assert pad.is_empty


def test_the_pad_can_be_reached_by_keyboard_and_screen_reader(pad: DrawingPad) -> None:
    assert pad.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert pad.accessibleName() == "Drawing pad"


def test_a_point_costs_the_same_at_any_time(
    pad: DrawingPad, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: one segment is painted a point, with 5,000 points on the paper."""
    from viewer.widgets.inputs import ink

    QTest.mousePress(pad, LEFT, pos=QPoint(10, 10))
    for step in range(5_000):
        pad.extend(QPointF(10 + step % 250, 10 + step // 20))
    painted: list[int] = []
    original = ink.Ink._segments

    def counting(self: ink.Ink, first: int, area: object) -> Iterator[tuple[int, QLineF]]:
        segments = list(original(self, first, None))
        painted.append(len(segments))
        return iter(segments)

    monkeypatch.setattr(ink.Ink, "_segments", counting)
    for step in range(10):
        pad.extend(QPointF(20 + 3 * step, 270))
    assert painted == [1] * 10
    QTest.mouseRelease(pad, LEFT, pos=QPoint(47, 270))
