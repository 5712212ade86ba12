"""The steps of a preparation, the fit, and where a picture comes from."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from viewer.core.imaging.preparation_steps import StepResult, steps
from viewer.core.records import Fit, Picture, Preparation, Step
from viewer.widgets.inputs.fit_chooser import CHOICES, FitChooser
from viewer.widgets.inputs.paper import picture_image
from viewer.widgets.inputs.preparation_view import THUMBNAIL_PX, PreparationView
from viewer.widgets.inputs.preview import NetworkInputView
from viewer.widgets.inputs.source_bar import SourceBar
from viewer.widgets.theme import LIGHT, Theme

CROP = Preparation(digit=False, resize=256)


def results(preparation: Preparation = CROP) -> tuple[StepResult, ...]:
    y, x = np.mgrid[0:80, 0:120]
    rgb = np.stack([x * 2, y * 3, np.full_like(x, 40)], axis=2).astype(np.uint8)
    picture = Picture(rgb[..., 0].astype(np.float32) / np.float32(255), "a", rgb=rgb)
    return steps(picture, (3, 24, 24), preparation, mean=(0.5,) * 3, std=(0.2,) * 3)


@pytest.fixture
def view(qtbot: QtBot, fonts: None) -> PreparationView:
    view = PreparationView()
    qtbot.addWidget(view)
    view.resize(264, 400)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_every_step_has_its_words_switch_and_picture(view: PreparationView) -> None:
    told = results()
    view.set_steps(told)
    assert [row.title for row in view.rows] == ["Invert", "Resize", "Crop", "Normalise"]
    for row, result in zip(view.rows, told, strict=True):
        assert row.text == result.description
        assert row.switch.isChecked() is result.done
        assert row.picture.width() == THUMBNAIL_PX
    resized = view.rows[1].picture.toImage()
    height, width = told[1].picture.shape[:2]
    assert height < width
    half = THUMBNAIL_PX // 2
    assert resized.pixelColor(half, 2) == LIGHT.color("surface")  # above a wide picture
    middle = resized.pixelColor(half, half).getRgb()[:3]
    size = (THUMBNAIL_PX, round(THUMBNAIL_PX * height / width))
    expected = np.asarray(Image.fromarray(told[1].picture).resize(size, Image.Resampling.BOX))
    row = half - (THUMBNAIL_PX - size[1]) // 2
    assert middle == pytest.approx(expected[row, half].tolist(), abs=6)


def test_a_switch_tells_its_step(qtbot: QtBot, view: PreparationView) -> None:
    view.set_steps(results())
    with qtbot.waitSignal(view.step_switched) as signal:
        view.rows[2].switch.click()
    assert signal.args == [Step.CROP]
    with qtbot.assertNotEmitted(view.step_switched):
        view.set_steps(results(Preparation(digit=False, off=frozenset({Step.CROP}))))
    assert not view.rows[2].switch.isChecked()


def test_rows_follow_the_steps_there_are(view: PreparationView) -> None:
    view.set_steps(results())
    view.set_effect(3, "Off: cat 12 %")
    assert view.rows[3].effect == "Off: cat 12 %"
    view.set_steps(results(Preparation(digit=False, fit=Fit.NATIVE)))
    assert [row.title for row in view.rows] == ["Invert", "Normalise"]
    assert view.rows[1].effect == ""
    view.set_effect(3, "of a row that is gone")


def test_reset_is_offered_only_after_a_change(qtbot: QtBot, view: PreparationView) -> None:
    assert not view._reset.isEnabled()
    view.set_changed(True)
    with qtbot.waitSignal(view.reset_requested):
        view._reset.click()


def test_folded_it_names_what_is_done(qtbot: QtBot, view: PreparationView) -> None:
    view.set_steps(results())
    assert view.is_open
    qtbot.waitUntil(view.rows[1].isVisible)
    with qtbot.assertNotEmitted(view.shown):
        view.suggest_open(False)
    assert not view.rows[1].isVisible()
    assert view.summary == "Resize, crop, normalise"
    view.set_steps(results(Preparation(digit=False, off=frozenset({Step.CROP}))))
    assert view.summary == "Resize, normalise"
    with qtbot.waitSignal(view.shown):
        view._fold.click()
    assert view.rows[1].isVisible()
    view.suggest_open(False)  # the person's choice stays
    assert view.is_open


def test_long_texts_never_make_it_wider(view: PreparationView) -> None:
    view.set_steps(results())
    view.set_answer("Answer: " + "a very long name of a class " * 9)
    view.set_effect(0, "Off: " + "another very long name " * 9)
    assert view.minimumSizeHint().width() <= 200


def test_the_fit_is_chosen_by_a_person_alone(qtbot: QtBot, fonts: None) -> None:
    chooser = FitChooser()
    qtbot.addWidget(chooser)
    assert [choice[0] for choice in CHOICES] == list(Fit)
    with qtbot.assertNotEmitted(chooser.fit_chosen):
        chooser.set_fit(Fit.PAD)
    assert chooser.fit.value == "pad"
    with qtbot.waitSignal(chooser.fit_chosen) as signal:
        chooser.setCurrentIndex(3)
        chooser.activated.emit(3)
    assert signal.args == [Fit.NATIVE]


def test_the_source_bar_says_where_a_picture_is_from(
    qtbot: QtBot, fonts: None, theme: Theme
) -> None:
    bar = SourceBar()
    qtbot.addWidget(bar)
    bar.set_theme(theme)
    assert bar.isHidden()
    bar.show_place(3, 1042, "cat.jpg")
    assert (bar.text, bar.shows_camera) == ("3 of 1,042 · cat.jpg", False)
    with qtbot.waitSignal(bar.walk_requested) as signal:
        bar._next.click()
    assert signal.args == [1]
    bar.show_camera("Camera · 12.3 answers a second")
    assert (bar.text, bar.shows_camera) == ("Camera · 12.3 answers a second", True)
    with qtbot.waitSignal(bar.stop_requested):
        bar._stop.click()


class TestColours:
    @pytest.fixture
    def preview(self, qtbot: QtBot, fonts: None) -> NetworkInputView:
        preview = NetworkInputView()
        qtbot.addWidget(preview)
        with qtbot.waitExposed(preview):
            preview.show()
        return preview

    def test_three_channels_are_red_green_and_blue(self, preview: NetworkInputView) -> None:
        pixels = np.zeros((3, 28, 28), np.float32)
        pixels[0, :14], pixels[2, 14:] = 1, 0.2
        preview.set_image(pixels)
        shown = preview.view.grab().toImage()
        assert shown.pixelColor(40, 20).getRgb()[:3] == (255, 0, 0)
        assert shown.pixelColor(40, 60).getRgb()[:3] == (0, 0, 51)
        assert preview.detail == "28 × 28 pixels"
        assert preview.view.values_at(20, 3) == pytest.approx((0, 0, 0.2))

    def test_large_images_are_averaged_into_the_view(self, preview: NetworkInputView) -> None:
        board = np.indices((224, 448)).sum(axis=0) % 2
        preview.set_image(np.repeat(board[np.newaxis], 3, axis=0).astype(np.float32))
        area = preview.view.image_area
        assert (area.width(), area.height()) == (84, 42)
        shown = preview.view.grab().toImage()
        assert shown.pixelColor(42, 42).red() == pytest.approx(128, abs=3)
        assert preview.detail == "448 × 224 pixels"

    def test_something_else_can_take_the_place_of_the_switch(
        self, qtbot: QtBot, preview: NetworkInputView
    ) -> None:
        chooser = FitChooser()
        qtbot.addWidget(chooser)
        preview.set_control(chooser)
        assert chooser.isVisible()
        assert not preview.switch.isVisible()
        preview.set_control(None)
        assert not chooser.isVisible()
        assert preview.switch.isVisible()
        preview.set_control(chooser)
        assert chooser.isVisible()

    def test_the_pad_shows_a_picture_in_its_colours(self, qtbot: QtBot) -> None:
        rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
        for prepared in (False, True):
            picture = Picture(
                rgb[..., 0].astype(np.float32) / np.float32(255), "a", prepared=prepared, rgb=rgb
            )
            image = picture_image(picture, LIGHT)
            for y in range(5):
                for x in range(7):
                    assert image.pixelColor(x, y).getRgb()[:3] == tuple(rgb[y, x])
