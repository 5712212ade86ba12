from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QSize, Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from viewer.core.explain.lab import LabResult, run
from viewer.core.explain.lab_presets import PATTERNS, ROWS, kernel_preset
from viewer.core.imaging.display import DisplaySettings
from viewer.widgets.lab.cells import CellCanvas
from viewer.widgets.lab.filter_chooser import FilterLayer
from viewer.widgets.lab.input import DATASET, DRAWING, PATTERN, PICTURE, ROW
from viewer.widgets.lab.numbers import NumberStyle
from viewer.widgets.lab.plates import Spot
from viewer.widgets.lab.view import HINT, LabView
from viewer.widgets.style import Appearance
from viewer.widgets.theme import Theme
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.fixture
def lab(qtbot: QtBot, appearance: Appearance) -> Iterator[LabView]:
    # In a window without a layout: the offscreen platform warns of a window's size hints.
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1024, 640)
    view = LabView(window)
    view.resize(1024, 640)
    with qtbot.waitExposed(window):
        window.show()
    yield view  # the window lives as long as this frame


def _at(canvas: CellCanvas, y: int, x: int, plate: int = 0) -> QPoint:
    return canvas.cell_rect(Spot(plate, y, x)).center().toPoint()


def _click(
    canvas: CellCanvas,
    y: int,
    x: int,
    plate: int = 0,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    QTest.mouseClick(canvas, button, Qt.KeyboardModifier.NoModifier, _at(canvas, y, x, plate))


def _hover(canvas: CellCanvas, y: int, x: int, plate: int = 0) -> None:
    QTest.mouseMove(canvas, _at(canvas, y, x, plate))


def _named(lab: LabView, name: str) -> Any:
    return next(
        child
        for kind in (NumberBox, ChoiceBox)
        for child in lab.findChildren(kind)
        if child.accessibleName() == name
    )


def _button(lab: LabView, text: str) -> QPushButton:
    return next(button for button in lab.findChildren(QPushButton) if button.text() == text)


def _result(lab: LabView) -> LabResult | None:
    """Return the result, which changes behind mypy's back."""
    return lab.result


def _single(lab: LabView, key: str) -> None:
    preset = kernel_preset(key)
    lab.set_kernels(preset.kernels[:, np.newaxis], preset.names)


def test_the_first_view_has_maps(lab: LabView) -> None:
    assert lab.result is not None
    assert [plate.title for plate in lab.maps.canvas.plates] == [
        "top edge",
        "left edge",
        "bottom edge",
        "right edge",
    ]
    assert lab.maps.title() == "4 feature maps, 5 × 5"
    assert lab.formula() == "Height and width: floor((7 + 2·0 − 1·(3 − 1) − 1) / 1) + 1 = 5"
    assert lab.readout.shown_text() == HINT


def test_hovering_a_map_shows_window_and_arithmetic(lab: LabView) -> None:
    _single(lab, "corner_count")
    _hover(lab.maps.canvas, 3, 1)
    text = lab.readout.shown_text()
    assert "Counting detector, row 3, column 1: 4" in text
    assert "0·0 + 0·0 + 1·1 + 1·1 + 0·0 + 0·0 + 0·0 + 1·1 + 1·1 = 4" in text
    assert "4 cells are 1 in both; 9 of 9 agree" in text
    assert [tuple(outline)[1:5] for outline in lab.input.canvas.outlines] == [(3, 1, 6, 4)]
    window, kernel, products = lab.readout.grids.plates
    assert products.values is not None
    assert products.values.sum() == 4
    assert lab.readout.grids.isVisible()
    assert (window.title, kernel.title) == ("Window", "Kernel")


def test_a_clicked_cell_stays_while_the_kernel_is_edited(lab: LabView) -> None:
    _single(lab, "corner_count")
    _click(lab.maps.canvas, 3, 1)
    QTest.mouseMove(lab.maps.canvas, QPoint(1, 1))
    lab.kernels.set_weight(0, 2, 5.0)
    assert "own kernel, row 3, column 1: 8" in lab.readout.shown_text()
    _click(lab.maps.canvas, 3, 1)
    QTest.mouseMove(lab.maps.canvas, QPoint(1, 1))
    assert lab.readout.shown_text() == HINT  # clicked again: no longer kept


def test_painting_the_pattern(lab: LabView) -> None:
    lab.set_image(PATTERN, np.zeros((6, 6)))
    canvas = lab.input.canvas
    start, end = _at(canvas, 1, 1), _at(canvas, 1, 4)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(canvas, end)  # in one move: the cells on the way are painted too
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    image = lab.input.image()
    assert image is not None
    assert image[0].tolist()[1] == [0, 1, 1, 1, 1, 0]
    assert image.sum() == 4
    _click(canvas, 1, 2)  # again: cleared
    _click(canvas, 1, 3, button=Qt.MouseButton.RightButton)
    image = lab.input.image()
    assert image is not None
    assert image[0].tolist()[1] == [0, 1, 0, 0, 1, 0]
    assert lab.result is not None
    np.testing.assert_array_equal(lab.result.image, image)


def test_padding_is_shown_and_cannot_be_painted(lab: LabView) -> None:
    lab.change_settings(padding=2)
    plate = lab.input.canvas.plates[0]
    assert plate.colors.shape == (11, 11)
    assert plate.inside == (2, 2, 9, 9)
    before = lab.input.image()
    _click(lab.input.canvas, 0, 0)
    assert lab.input.image() is before
    _click(lab.input.canvas, 2, 2)
    after = lab.input.image()
    assert after is not None
    assert after[0, 0, 0] == 1


def test_the_patterns_in_the_box_are_never_painted_on(lab: LabView) -> None:
    _click(lab.input.canvas, 0, 0)
    assert PATTERNS["Face"][0, 0] == 0


def test_the_row_example(lab: LabView) -> None:
    lab.set_source(ROW)
    assert lab.result is not None
    assert lab.result.maps[0].tolist() == [[0, 0, 1, 1, 0, 0]]
    assert lab.kernels.kernel.tolist() == [[[0, 1, 0]]]
    _hover(lab.maps.canvas, 0, 2)
    assert "0·0 + 1·1 + 1·0 = 1" in lab.readout.shown_text()
    _named(lab, "Number that a click puts into a cell").setValue(4)
    _click(lab.input.canvas, 0, 0)
    assert lab.result.image[0, 0].tolist() == [4, 0, 0, 1, 1, 0, 0, 0]
    assert ROWS["Two in the middle"][0, 0] == 0
    lab.set_source(PATTERN)  # its own kernels are back
    assert lab.kernels.kernel_set.names[0] == "top edge"


def test_size_of_the_pattern_can_be_set(lab: LabView) -> None:
    _named(lab, "Height of the pattern").setValue(9)
    image = lab.input.image()
    assert image is not None
    assert image.shape == (1, 9, 7)
    np.testing.assert_array_equal(image[0, :7], PATTERNS["Face"])


def test_weights_are_edited_by_number_and_by_keys(lab: LabView) -> None:
    _click(lab.kernels.canvas, 2, 1)
    weight = _named(lab, "Weight")
    assert weight.number() == 0
    weight.setValue(2.5)
    assert lab.kernels.kernel[0, 2, 1] == 2.5
    QTest.keyClick(lab.kernels.canvas, Qt.Key.Key_Up)
    assert weight.number() == 1  # the cell above
    QTest.keyClicks(lab.kernels.canvas, "7")
    QTest.keyClick(weight, Qt.Key.Key_Return)
    assert lab.kernels.kernel[0, 1, 1] == 7
    _click(lab.kernels.canvas, 0, 0, button=Qt.MouseButton.RightButton)
    assert lab.kernels.kernel[0, 0, 0] == 0
    assert lab.result is not None
    np.testing.assert_array_equal(lab.result.kernels[0], lab.kernels.kernel)


def test_weights_are_painted(lab: LabView) -> None:
    lab.kernels._paint.setChecked(True)
    _named(lab, "Weight").setValue(3)
    canvas = lab.kernels.canvas
    start, end = _at(canvas, 0, 0), _at(canvas, 2, 2)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert np.diag(lab.kernels.kernel[0]).tolist() == [3, 3, 3]


def test_kernels_are_added_removed_and_resized(lab: LabView) -> None:
    lab.kernels._add.click()
    assert len(lab.kernels.kernel_set.kernels) == 5
    assert lab.kernels.index == 4
    lab.kernels._remove.click()
    assert len(lab.kernels.kernel_set.kernels) == 4
    _named(lab, "Width of the kernels").setValue(4)
    assert lab.kernels.kernel_set.size == (3, 4)
    assert lab.result is not None
    assert lab.result.maps.shape == (4, 5, 4)


def test_a_picture_in_colour_has_a_kernel_for_every_channel(lab: LabView) -> None:
    lab.set_source(PICTURE)
    buttons = lab.kernels._channels
    assert [button.isVisible() for button in buttons] == [True] * 3
    buttons[2].click()
    lab.kernels.set_weight(1, 1, 9.0)
    assert lab.kernels.kernel[:, 1, 1].tolist() == [1, 1, 9]
    lab.pin(Spot(0, 4, 4))
    assert "channels: red" in lab.readout.shown_text()
    lab.set_source(PATTERN)
    assert not buttons[0].isVisible()


def test_impossible_settings_say_why_and_recover(lab: LabView) -> None:
    lab.change_settings(padding="same")
    _named(lab, "Stride").setValue(2)
    assert _result(lab) is None
    reason = lab.readout.shown_text()
    assert reason.startswith("“Same” padding is defined for stride 1 only")
    assert reason == lab.problem
    assert [*lab.maps.canvas.plates] == []
    assert "/ 2) + 1" in lab.formula()
    _named(lab, "Stride").setValue(1)
    assert _result(lab) is not None
    assert len(lab.maps.canvas.plates) == 4


def test_every_setting_reaches_the_result(lab: LabView) -> None:
    changes: dict[str, Any] = {
        "stride": 2,
        "padding": 3,
        "mode": "reflect",
        "dilation": 2,
        "bias": 0.5,
        "flip": True,
        "activation": "relu",
        "pooling": "average",
        "pooling_size": 3,
        "combination": "maximum",
    }
    lab.change_settings(**changes)
    assert lab.result is not None
    settings = lab.result.settings
    assert {name: getattr(settings, name) for name in changes} == changes
    assert lab.maps.canvas.plates[-1].title == "maximum of all"


def test_the_flip_is_shown(lab: LabView) -> None:
    before = lab.kernels.flipped.isVisible()
    lab.change_settings(flip=True)
    assert (before, lab.kernels.flipped.isVisible()) == (False, True)
    values = lab.kernels.flipped.plates[0].values
    assert values is not None
    assert values.tolist() == [[0, 0, 0], [1, 1, 1], [-1, -1, -1]]
    assert lab.result is not None
    np.testing.assert_array_equal(values, lab.result.kernels[0, 0])


def test_all_maps_share_one_scale(lab: LabView) -> None:
    lab.change_settings(combination="sum")
    lab.set_display(DisplaySettings(signed="tutorial"))
    scale = lab.maps.scale
    assert scale is not None
    assert scale.name == "tutorial"
    for plate in lab.maps.canvas.plates:
        assert plate.values is not None
        np.testing.assert_array_equal(plate.colors, scale.apply(plate.values))


def test_pooled_and_combined_cells_are_explained(lab: LabView) -> None:
    _single(lab, "vertical_and_horizontal")
    lab.change_settings(pooling="max", combination="sum", padding=1, activation="relu")
    lab.pin(Spot(2, 1, 1))
    text = lab.readout.shown_text()
    assert "sum of all, row 1, column 1" in text
    assert "max(" in text
    assert "ReLU(" in text
    assert "line: " in text  # whose arithmetic it is
    assert lab.result is not None
    assert lab.result.combined is not None
    assert lab.result.combined[1, 1] == lab.result.maps[:, 1, 1].sum()
    assert len(lab.input.canvas.outlines) == 2  # all that was pooled, and the winner's window


def test_a_drawing_that_comes_later(lab: LabView) -> None:
    lab.set_source(DRAWING)
    assert _result(lab) is None
    assert lab.readout.shown_text().startswith("Draw a digit")
    pixels = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    lab.set_image(DRAWING, pixels)
    assert lab.result is not None
    expected = run(pixels, lab.settings).maps
    np.testing.assert_array_equal(lab.result.maps, expected)


def test_large_pictures_are_made_small(lab: LabView) -> None:
    lab.set_source(PICTURE)
    lab.set_image(PICTURE, np.random.default_rng(0).random((300, 200, 3)), "cat.png")
    assert lab.result is not None
    assert lab.result.image.shape == (3, 64, 43)
    assert "cat.png · 64 × 43" in {label.text() for label in _elided(lab)}


def _elided(lab: LabView) -> list[Any]:
    from viewer.widgets.elided_label import ElidedLabel

    return lab.findChildren(ElidedLabel)


def test_requests(lab: LabView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(lab.source_changed) as source:
        lab.set_source(DATASET)
    assert source.args == [DATASET]
    with qtbot.waitSignal(lab.next_image_requested):
        _button(lab, "Next image").click()
    lab.set_source(PICTURE)
    with qtbot.waitSignal(lab.picture_requested):
        _button(lab, "Open…").click()


def test_kernels_are_counted_from_0_as_everywhere(lab: LabView) -> None:
    choice = _named(lab, "Kernel")
    names = lab.kernels.kernel_set.names
    assert [choice.itemText(row) for row in range(choice.count())] == [
        f"{number} · {name}" for number, name in enumerate(names)
    ]
    # Where a map is too narrow for its name, the same number stands there.
    assert [plate.short_title for plate in lab.maps.canvas._plates] == [
        str(number) for number in range(len(names))
    ]


def test_network_filters_are_offered_and_taken(lab: LabView, qtbot: QtBot) -> None:
    menu = lab.kernels.preset_menu
    with qtbot.waitSignal(lab.network_filters_requested):
        menu.aboutToShow.emit()
    next(a for a in menu.actions() if a.text() == "Filter of the network…").trigger()
    chooser = lab.kernels.chooser
    assert chooser.isVisible() and not chooser.take.isEnabled()
    lab.set_network_filters(
        [FilterLayer("conv1", 2, (1, 5, 5)), FilterLayer("deep", 512, (9, 3, 3))]
    )
    assert chooser.names() == ("conv1", "deep")
    chooser.search.setText("DEEP")
    assert chooser.names() == ("deep",)
    chooser.number.setValue(511)  # every filter can be reached
    with qtbot.waitSignal(lab.network_filter_chosen) as chosen:
        chooser.take.click()
    assert chosen.args == ["deep", 511]
    assert not chooser.isVisible()
    chooser.search.setText("nothing is called so")
    assert chooser.names() == () and not chooser.take.isEnabled()
    lab.set_kernel(np.full((5, 5), 2.0), "conv1, filter 1")
    assert lab.kernels.kernel.shape == (1, 5, 5)
    assert lab.kernels.kernel_set.names[0] == "conv1, filter 1"


def test_the_channel_of_a_deep_filter_is_chosen(lab: LabView, qtbot: QtBot) -> None:
    channel = _named(lab, "Input channel of the kernel")
    assert not channel.isVisible()
    lab.set_kernel(np.full((3, 3), 2.0), "conv2, filter 1, channel 0")
    lab.set_network_channels("conv2, filter 1, channel 0", 0, 64)
    assert channel.isVisible() and channel.maximum() == 63
    with qtbot.waitSignal(lab.network_channel_chosen) as chosen:
        channel.setValue(17)
    assert chosen.args == [17]
    lab.kernels.set_weight(0, 0, 9.0)  # it is none of the network's any more
    assert not channel.isVisible()


def test_a_kernel_goes_into_the_network_only_where_it_fits(lab: LabView, qtbot: QtBot) -> None:
    put, undo = _button(lab, "Put into network filter"), _button(lab, "Undo")
    assert not put.isEnabled()
    assert not undo.isEnabled()
    lab.set_network_target(8, (1, 3, 3))
    assert put.isEnabled()
    _named(lab, "Filter of the first layer").setValue(5)
    with qtbot.waitSignal(lab.kernel_applied) as applied:
        put.click()
    kernel, index = applied.args
    assert index == 5
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel, lab.kernels.kernel)
    lab.set_network_target(8, (1, 3, 3), replaced=True)
    with qtbot.waitSignal(lab.kernel_undo_requested):
        undo.click()
    _named(lab, "Width of the kernels").setValue(5)
    assert not put.isEnabled()
    assert "smaller than this kernel" in put.toolTip()


@pytest.mark.parametrize("size", [(720, 480), (1024, 640), (1440, 900)])
@pytest.mark.parametrize("source", [PATTERN, DRAWING, PICTURE, ROW])
def test_everything_has_its_room(
    lab: LabView, theme: Theme, size: tuple[int, int], source: str
) -> None:
    lab.set_theme(theme)
    window = lab.window()
    assert window is not None
    window.resize(*size)
    lab.set_image(DRAWING, np.eye(28))
    lab.set_source(source)
    lab.resize(*size)
    QTest.qWait(0)
    assert lab.minimumSizeHint().width() <= size[0]
    assert lab.layout() is not None
    for child in lab.findChildren(QWidget):
        # The line inside a spin box is the box's own business.
        if child.isVisible() and not isinstance(child, QLineEdit):
            hint = child.minimumSizeHint()
            assert child.width() >= min(hint.width(), child.maximumWidth()), child
            assert child.height() >= min(hint.height(), child.maximumHeight()), child
            corner = child.mapTo(lab, QPoint(child.width(), child.height()))
            assert corner.x() <= lab.width(), child
            assert corner.y() <= lab.height(), child
    for label in lab.findChildren(QLabel):
        if label.isVisible():
            assert label.width() >= label.sizeHint().width(), label.text()
    for line in lab._formula:
        assert line.shown_text() == line.text()
    lab.grab()  # paints without a complaint


def test_numbers_are_written_only_where_they_can_be_read(qtbot: QtBot, fonts: None) -> None:
    counts = np.array([[0.0, 4, 12]])
    style = NumberStyle.fit(counts, 20)
    assert style is not None
    assert style.decimals == 0
    assert NumberStyle.fit(counts, 9) is None
    shares = np.array([[0.25, -0.125]])
    assert NumberStyle.fit(shares, 20) is None
    wide = NumberStyle.fit(shares, 48)
    assert wide is not None
    assert wide.decimals == 2
    halves = NumberStyle.fit(np.array([[0.5, 1.5]]), 48)
    assert halves is not None
    assert halves.decimals == 1


def test_cells_are_found_where_they_are_painted(qtbot: QtBot, lab: LabView) -> None:
    canvas = lab.maps.canvas
    for plate in range(4):
        for y, x in ((0, 0), (4, 4), (2, 3)):
            center = canvas.cell_rect(Spot(plate, y, x)).center()
            assert canvas._spot_at(center) == Spot(plate, y, x)
    assert canvas._spot_at(QPointF(0, 0)) is None
    assert canvas.minimumSizeHint() == QSize(120, 96)
