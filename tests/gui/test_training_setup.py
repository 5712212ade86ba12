"""Every setting of a training, in the window."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QPushButton,
    QScrollArea,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from viewer.controllers.training.setup import table_sum
from viewer.core.errors import UserError
from viewer.core.training import schedule
from viewer.core.training.config import Augmentation, TrainingConfig, load_recipe, recipe_names
from viewer.widgets.icons import IconSet
from viewer.widgets.switch import Switch
from viewer.widgets.theme import Theme
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox, SettingRow
from viewer.widgets.training.setting_help import HYPER_HELP, SETTING_HELP, hyper_stem
from viewer.widgets.training.setup import SetupView
from viewer.widgets.training.setup_bar import SetupBar
from viewer.widgets.training.setup_schedule import ScheduleView
from viewer.widgets.training.setup_sections import SectionFlow

QTest: Any = _QTest  # its stubs give its static methods a `self`


@dataclass(frozen=True)
class Hyper:
    name: str
    help: str
    default: bool | int | float | str
    low: float = 0
    high: float = 1


ARCHITECTURES = {
    "digits": (
        Hyper("maps1", "feature maps of conv1", 16, 1, 1024),
        Hyper("maps2", "feature maps of conv2", 32, 1, 1024),
        Hyper("kernel1", "kernel size of conv1", 5, 1, 11),
        Hyper("batch_norm", "normalise batches while training", False),
        Hyper("dropout", "share of units dropped while training", 0.0, 0.0, 0.9),
    ),
    "lenet5": (Hyper("dropout", "share of units dropped while training", 0.0, 0.0, 0.9),),
    "mlp": (Hyper("units1", "units of dense1", 128, 1, 8192),),
    "table": (Hyper("layers", "rows of the table", "[]"),),
}
DATASETS = (
    ("mnist", "MNIST", True, 60_000, "28 × 28, grey, 10 classes"),
    ("fashion-mnist", "Fashion-MNIST", False),
)
DEVICES = (("cpu", "CPU"), ("cuda", "A graphics card"))


@pytest.fixture
def view(qtbot: QtBot, fonts: None) -> SetupView:
    view = SetupView()
    qtbot.addWidget(view)
    view.set_choices(DATASETS, ARCHITECTURES, DEVICES)
    view.resize(1440, 330)
    with qtbot.waitExposed(view):
        view.show()
    return view


def _number(view: SetupView, name: str) -> NumberBox:
    return next(box for box in view.findChildren(NumberBox) if box.accessibleName() == name)


def _choice(view: SetupView, name: str) -> ChoiceBox:
    return next(box for box in view.findChildren(ChoiceBox) if box.accessibleName() == name)


def _choose(box: ChoiceBox, key: str) -> None:
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())  # as a person's choice does


def _said(view: SetupView) -> str:
    return view.findChildren(SetupBar)[0].text()


def test_every_setting_has_its_help() -> None:
    for owner in (TrainingConfig, Augmentation):
        for item in fields(owner):
            if item.name not in ("hyper", "augmentation"):
                text = SETTING_HELP.get(item.name, "")
                assert len(text) > 40, item.name
                assert text.endswith("."), item.name


def test_every_hyper_parameter_has_its_help() -> None:
    from viewer.core.nets.architectures import architectures

    known = architectures()
    names = [row.name for name in known.names() for row in known.get(name).hyper_parameters]
    assert {hyper_stem(name) for name in names} <= set(HYPER_HELP)


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_goes_through_unchanged(qtbot: QtBot, view: SetupView, name: str) -> None:
    with qtbot.assertNotEmitted(view.config_changed):
        view.set_config(load_recipe(name))
    assert view.config() == load_recipe(name)
    assert view.problems() == ()


def test_unusual_values_go_through_unchanged(view: SetupView) -> None:
    config = TrainingConfig(
        dataset="mnist",
        architecture="digits",
        hyper={"maps1": 16, "maps2": 7, "dropout": 1 / 3},
        epochs=10_000,
        batch_size=65_536,
        lr=1.2345678901234567e-7,
        ema=0.99999,
        seed=2**32 - 1,
        label_smoothing=1 / 7,
        augmentation=Augmentation(gain_low=0.05, gain_high=20, shear=1 / 3),
    )
    view.set_config(config)
    assert view.problems() == ()
    assert view.config() == config


@pytest.mark.parametrize(
    ("name", "field"),
    [("Epochs", "epochs"), ("Learning rate", "lr"), ("Batch size", "batch_size")],
)
def test_a_changed_setting_is_told(qtbot: QtBot, view: SetupView, name: str, field: str) -> None:
    before = getattr(view.config(), field)
    with qtbot.waitSignal(view.config_changed) as signal:
        QTest.keyClick(_number(view, name), Qt.Key.Key_Up)
    assert signal.args is not None
    assert getattr(signal.args[0], field) > before
    assert view.config() == signal.args[0]


def test_a_changed_distortion_is_told(qtbot: QtBot, view: SetupView) -> None:
    with qtbot.waitSignal(view.config_changed):
        QTest.keyClick(_number(view, "Rotation"), Qt.Key.Key_Up)
    assert view.config().augmentation == Augmentation(rotation_deg=1)


def test_hyper_parameters_that_differ_from_the_default_are_given(view: SetupView) -> None:
    assert view.config().hyper == {}
    QTest.keyClick(_number(view, "Feature maps of conv2"), Qt.Key.Key_Up)
    assert view.config().hyper == {"maps2": 36}
    switch = next(s for s in view.findChildren(Switch) if s.accessibleName().startswith("Normal"))
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert view.config().hyper == {"maps2": 36, "batch_norm": True}


def test_another_architecture_has_its_own_and_the_first_keeps_its(view: SetupView) -> None:
    QTest.keyClick(_number(view, "Feature maps of conv1"), Qt.Key.Key_Up)
    box = _choice(view, "Architecture")
    view.set_frozen(["conv1"])
    _choose(box, "mlp")
    assert (view.config().architecture, view.config().hyper) == ("mlp", {})
    assert getattr(view.config(), "frozen", ()) == ()
    QTest.keyClick(_number(view, "Units of dense1"), Qt.Key.Key_Up)
    assert view.config().hyper == {"units1": 256}


def test_a_table_keeps_its_layers_and_asks_for_its_editor(qtbot: QtBot, view: SetupView) -> None:
    edit = view.findChildren(QPushButton)[0]
    assert not edit.isVisible()
    _choose(_choice(view, "Architecture"), "table")
    assert edit.isVisible()
    with qtbot.waitSignal(view.table_edit_requested):
        QTest.mouseClick(edit, Qt.MouseButton.LeftButton)
    view.set_hyper({"layers": '[{"kind": "dense"}]'})
    assert view.config().hyper == {"layers": '[{"kind": "dense"}]'}


def test_starting_weights_bring_their_architecture_and_leave_with_it(view: SetupView) -> None:
    view.set_starts([("screen", "network on screen", "mlp", {"units1": 32})])
    start = _choice(view, "Start from")
    _choose(start, "screen")
    assert view.config().start == "screen"
    assert (view.config().architecture, view.config().hyper) == ("mlp", {"units1": 32})
    _choose(_choice(view, "Architecture"), "digits")
    assert view.config().start == ""


def test_frozen_layers_and_a_file_to_start_from_are_part_of_it(view: SetupView) -> None:
    config = TrainingConfig(frozen=("conv1", "conv2"), start="/a/folder/network.safetensors")
    view.set_config(config)
    assert view.problems() == ()
    assert view.config() == config
    assert _choice(view, "Start from").currentText() == "network.safetensors"
    view.set_frozen(["conv2"])
    assert view.config().frozen == ("conv2",)


def _row_shown(view: SetupView, name: str) -> bool:
    return any(
        widget.accessibleName() == name and widget.isVisible()
        for kind in (NumberBox, Switch)
        for widget in view.findChildren(kind)
    )


def test_only_what_the_optimiser_and_schedule_use_is_shown(view: SetupView) -> None:
    view.set_config(TrainingConfig(optimiser="adamw", schedule="cosine"))
    hidden = ("Momentum", "Nesterov momentum", "Epochs between two drops", "Factor of a drop")
    assert not any(_row_shown(view, name) for name in hidden)
    _choose(_choice(view, "Optimiser"), "sgd")
    _choose(_choice(view, "Schedule of the learning rate"), "step")
    assert all(_row_shown(view, name) for name in hidden)
    assert (view.config().optimiser, view.config().schedule) == ("sgd", "step")


def test_an_impossible_pair_is_said_in_a_sentence(qtbot: QtBot, view: SetupView) -> None:
    before = view.config()
    with qtbot.assertNotEmitted(view.config_changed), qtbot.waitSignal(view.problems_changed):
        _number(view, "Lowest ink gain").setValue(3)
    assert view.config() == before
    assert len(view.problems()) == 1
    assert _said(view).startswith("The first number of the ink gain is above the second")
    with qtbot.waitSignal(view.config_changed):
        _number(view, "Highest ink gain").setValue(4)
    assert view.problems() == ()
    assert view.config().augmentation == Augmentation(gain_low=3, gain_high=4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "nowhere"}, "no data set 'nowhere'"),
        ({"dataset": "fashion-mnist"}, "Fashion-MNIST is not on this computer yet"),
        ({"architecture": "resnet", "hyper": {}}, "no architecture 'resnet'"),
        ({"device": "mps"}, "device mps is not available"),
    ],
)
def test_what_is_not_there_is_said(view: SetupView, changes: dict[str, Any], words: str) -> None:
    view.set_config(replace(TrainingConfig(), **changes))
    assert len(view.problems()) == 1
    assert words in view.problems()[0]
    assert _said(view) == view.problems()[0]
    view.set_config(TrainingConfig())
    assert view.problems() == ()


def test_a_download_is_asked_for_and_the_choice_stays(qtbot: QtBot, view: SetupView) -> None:
    box = _choice(view, "Data set")
    with qtbot.waitSignal(view.dataset_requested) as signal:
        _choose(box, "fashion-mnist")
    assert signal.args == ["fashion-mnist"]
    assert (box.key(), view.config().dataset) == ("mnist", "mnist")
    with qtbot.waitSignal(view.folder_requested):
        _choose(box, str(box.itemData(box.count() - 1)))
    assert (box.key(), view.config().dataset) == ("mnist", "mnist")
    view.set_datasets([*DATASETS[:1], ("fashion-mnist", "Fashion-MNIST", True, 60_000)])
    with qtbot.waitSignal(view.config_changed):
        _choose(box, "fashion-mnist")
    assert view.config().dataset == "fashion-mnist"


def test_the_length_of_the_run_is_told(view: SetupView) -> None:
    view.set_config(TrainingConfig(epochs=5, batch_size=64, validation=0.1))
    assert _said(view) == "54,000 images · 843 steps an epoch · 4,215 steps in all"


@pytest.mark.parametrize("kind", ["constant", "step", "cosine", "onecycle"])
def test_the_curve_is_that_of_the_training(view: SetupView, kind: str) -> None:
    config = TrainingConfig(schedule=kind, epochs=20, lr=0.5, batch_size=600)
    view.set_config(config)
    rates = view.findChildren(ScheduleView)[0].rates()
    assert rates[0] == schedule.learning_rate(config, 0, 2000, 100)
    assert rates[-1] == schedule.learning_rate(config, 1999, 2000, 100)
    assert max(rates) == pytest.approx(0.5, rel=1e-3)


def test_the_shortest_run_has_a_curve(view: SetupView) -> None:
    view.set_config(TrainingConfig(epochs=1, batch_size=65_536))
    assert len(view.findChildren(ScheduleView)[0].rates()) == 1
    view.grab()


def test_presets_and_files_are_asked_for(qtbot: QtBot, view: SetupView) -> None:
    buttons = {b.accessibleName(): b for b in view.findChildren(QToolButton)}
    assert not buttons["Presets"].isEnabled()
    view.set_presets([("quick", "Quick", "One epoch")])
    menu = buttons["Presets"].menu()
    assert menu is not None
    with qtbot.waitSignal(view.preset_chosen) as signal:
        menu.actions()[0].trigger()
    assert signal.args == ["quick"]
    with qtbot.waitSignal(view.load_requested):
        buttons["Load"].click()
    with qtbot.waitSignal(view.save_requested):
        buttons["Save"].click()
    with qtbot.waitSignal(view.preview_toggled) as signal:
        buttons["Preview"].click()
    assert signal.args == [True]
    assert view.preview.isVisible()


def test_every_control_has_a_name_and_a_tooltip(view: SetupView) -> None:
    controls = [
        widget
        for kind in (QAbstractSpinBox, QComboBox, Switch, QToolButton, QPushButton)
        for widget in view.findChildren(kind)
    ]
    assert len(controls) > 35
    for control in controls:
        assert control.toolTip(), control.accessibleName()
        assert control.accessibleName() or getattr(control, "text", str)(), control.toolTip()


@pytest.mark.parametrize("width", [400, 640, 1024, 1440, 2560])
@pytest.mark.parametrize("recipe", ["digits", "mlp"])
def test_rows_neither_overlap_nor_stick_out(view: SetupView, width: int, recipe: str) -> None:
    view.set_config(replace(load_recipe(recipe), optimiser="sgd", schedule="step"))
    view.resize(width, 330)
    flow = view.findChildren(SectionFlow)[0]
    rows = [row for row in flow.findChildren(SettingRow) if row.isVisible()]
    places = [row.geometry() for row in rows]
    for index, place in enumerate(places):
        assert flow.rect().contains(place)
        assert not any(place.intersects(other) for other in places[index + 1 :])
    for row in rows:
        assert row.minimumSizeHint().width() <= row.width()


def _scrolls(view: SetupView) -> bool:
    QApplication.processEvents()  # layouts are made anew by an event
    bar = view.findChildren(QScrollArea)[0].verticalScrollBar()
    assert bar is not None
    return bar.isVisible()


@pytest.mark.parametrize("recipe", recipe_names())
@pytest.mark.parametrize("size", [(1440, 240), (1024, 330)])
def test_the_usual_window_needs_no_scroll_bar(
    view: SetupView, recipe: str, size: tuple[int, int]
) -> None:
    view.resize(*size)
    view.set_config(load_recipe(recipe))
    assert not _scrolls(view)


def test_it_scrolls_where_it_must(view: SetupView) -> None:
    view.resize(1024, 310)
    view.set_config(TrainingConfig())
    assert not _scrolls(view)
    view.set_config(TrainingConfig(optimiser="sgd", schedule="step"))
    assert _scrolls(view)
    view.set_config(TrainingConfig())
    assert not _scrolls(view)


def test_it_follows_the_theme(view: SetupView, theme: Theme) -> None:
    view.set_theme(theme)
    view.set_icons(IconSet(), theme)
    flow = view.findChildren(SectionFlow)[0]
    shown = flow.grab().toImage()
    assert shown.pixelColor(2, flow.height() - 2) == theme.color("surface")
    view.preview.set_pairs([(np.zeros((28, 28), np.float32), np.ones((28, 28), np.float32))])
    view.set_preview_shown(True)
    view.grab()


def test_a_configuration_is_always_possible() -> None:
    with pytest.raises(UserError):
        Augmentation(gain_low=3, gain_high=1)


def test_what_a_table_comes_to_is_said_below_its_button(view: SetupView) -> None:
    network = view._network
    view.set_config(TrainingConfig(architecture="table"))
    view.set_table_sum("10 layers, 26,698 parameters")
    assert network._sum_row.isVisible() and network._sum.text() == "10 layers, 26,698 parameters"
    view.set_config(TrainingConfig(architecture="mlp"))
    assert not network._sum_row.isVisible()


def test_nothing_frozen_is_called_none_and_the_tooltip_says_how(view: SetupView) -> None:
    network = view._network
    view.set_frozen(())
    for freezable in (True, False):
        view.set_freezable(freezable)
        assert network._frozen_text.text() == "none"
        assert ("another network" in network._frozen_row.toolTip()) == (not freezable)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, "10 layers, 26,698 parameters"),
        ('[{"kind": "dense", "units": 4}]', "3 layers, 3,190 parameters"),
        ('[{"kind": "dense", "units": 0}]', "dense1: "),
        ("no table", ""),
    ],
)
def test_the_sum_of_a_table(text: str | None, found: str) -> None:
    said = table_sum(text, (1, 28, 28), 10)
    assert said.startswith(found) and bool(said) == bool(found)
