"""Data sets in the set-up: one that was registered, and folders with classes of their own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from PIL import Image
from PyQt6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from tests import color_squares
from tests.gui.training_desk import Desk
from viewer.controllers.training.comparison import ComparisonController
from viewer.controllers.training.comparison_training import KNOWN_NOW, ComparisonTraining
from viewer.controllers.training.run import RunController
from viewer.controllers.training.runs import RunsController
from viewer.controllers.training.setup import table_sum
from viewer.core.data.folder_name import FolderName
from viewer.core.training.comparison import parameter_count
from viewer.core.training.progress import RunState
from viewer.services.training import NewRun, TrainingService
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.training.setup import SetupView
from viewer.widgets.training.setup_architecture import TABLE

CLASSES = 100  # of so many, ten of which would let the convolutional network be too large
SIDE_PX = 8


@pytest.fixture
def desk(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    color_squares.register(monkeypatch)
    desk = Desk(qapp, tmp_path / "desk", qtbot)
    desk.training.show()
    yield desk
    desk.close()


@pytest.fixture
def folder(tmp_path: Path) -> FolderName:
    """Return a folder of grey images, but for one of the last class."""
    for label in range(CLASSES):
        path = tmp_path / "many" / f"class {label:03}"
        path.mkdir(parents=True)
        for number in range(2):
            Image.new("L", (SIDE_PX, SIDE_PX), label + number).save(path / f"{number}.png")
    Image.new("RGB", (SIDE_PX, SIDE_PX), "red").save(path / "2.png")
    return FolderName(tmp_path / "many", SIDE_PX)


def comparison_of(desk: Desk) -> tuple[ComparisonTraining, list[NewRun], list[str]]:
    """Return a comparison that notes its first run and what it says in place of one."""
    begun: list[NewRun] = []
    said: list[str] = []
    run, comparison = MagicMock(spec=RunController), MagicMock(spec=ComparisonController)
    run.begin.side_effect = begun.append
    run.asked = None
    comparison.failed.emit.side_effect = said.append
    training = MagicMock(spec=TrainingService)
    training.state = RunState.IDLE
    trainer = ComparisonTraining(
        run,
        MagicMock(spec=RunsController),
        desk.training.setup,
        comparison,
        training,
        desk.root,
        desk.window,
    )
    return trainer, begun, said


def test_a_registered_set_can_be_chosen(desk: Desk) -> None:
    view: SetupView = desk.panel.setup
    (box,) = (b for b in view.findChildren(QComboBox) if b.accessibleName() == "Data set")
    assert box.findText("Coloured squares") == box.findData("squares") != -1
    desk.training.setup.set_config(replace(view.config(), dataset="squares", validation=0.0))
    assert view.problems() == ()
    shown = [label.text() for label in view.findChildren(ElidedLabel)]
    assert "32 × 32, colour, 3 classes" in shown
    assert any(text.startswith("120 images") for text in shown)
    assert desk.training.setup.input_of_dataset() == ((3, 32, 32), 3)


def test_a_folder_is_looked_into_for_the_tables_sum(desk: Desk, folder: FolderName) -> None:
    setup = desk.training.setup
    setup.set_config(replace(setup.config(), architecture=TABLE, hyper={}, dataset=str(folder)))
    desk.wait(lambda: setup.input_of_dataset() is not None)
    assert setup.input_of_dataset() == ((3, SIDE_PX, SIDE_PX), CLASSES)
    wanted = table_sum(None, (3, SIDE_PX, SIDE_PX), CLASSES)
    shown = [label.text() for label in desk.panel.setup.findChildren(ElidedLabel)]
    assert any(wanted in text for text in shown)


def test_the_editor_of_the_table_learns_of_the_folder(desk: Desk, folder: FolderName) -> None:
    setup = desk.training.setup
    setup.set_config(replace(setup.config(), dataset=str(folder)))
    assert setup.input_of_dataset() is None
    desk.training.architecture.edit()
    dialog = desk.training.architecture._dialog
    assert dialog is not None
    desk.wait(lambda: dialog.table.report().output.shape == (CLASSES,))
    dialog.close()


def test_networks_compared_on_a_folder_are_sized_by_its_classes(
    desk: Desk, folder: FolderName
) -> None:
    trainer, begun, said = comparison_of(desk)
    setup = desk.training.setup
    grey = replace(folder, color=False)
    setup.set_config(replace(setup.config(), dataset=str(grey), hyper={}))
    trainer.start()
    assert begun == []  # nobody has looked into the folder yet
    desk.wait(lambda: bool(begun))
    configs = [run.config for run in (*begun, *trainer._waiting)]
    dense, convolutional = (
        parameter_count(c.architecture, c.hyper, (1, SIDE_PX, SIDE_PX), CLASSES) for c in configs
    )
    assert [c.architecture for c in configs] == ["mlp", "digits"]
    assert 0 < convolutional <= dense
    assert said == []


def test_a_folder_that_is_gone_is_told_and_nothing_begins(desk: Desk, tmp_path: Path) -> None:
    trainer, begun, _ = comparison_of(desk)
    setup = desk.training.setup
    setup.set_config(replace(setup.config(), dataset=str(FolderName(tmp_path / "gone"))))
    trainer.start()
    desk.wait(lambda: any("is no folder" in sentence for sentence in desk.sentences))
    setup.input_known.emit()
    assert begun == []


def test_two_networks_are_not_trained_on_what_was_chosen_afterwards(
    desk: Desk, folder: FolderName
) -> None:
    trainer, begun, said = comparison_of(desk)
    setup = desk.training.setup
    first = replace(setup.config(), dataset=str(folder), hyper={})
    setup.set_config(first)
    trainer.start()
    other = replace(first, dataset=str(replace(folder, color=False)))
    setup.set_config(other)
    setup.ask_for_input()  # as the editor of the table does
    desk.wait(lambda: setup.input_of_dataset() is not None)
    setup.set_config(first)
    setup.ask_for_input()
    desk.wait(lambda: setup.input_of_dataset() is not None)
    assert begun == [] and said == []


def test_two_networks_whose_folder_is_known_after_a_failure_are_told_of(
    desk: Desk, folder: FolderName
) -> None:
    trainer, begun, said = comparison_of(desk)
    setup = desk.training.setup
    setup.set_config(replace(setup.config(), dataset=str(folder), hyper={}))
    trainer.start()
    setup.failed.emit("The preview failed.")
    desk.wait(lambda: setup.input_of_dataset() is not None)
    assert said == [KNOWN_NOW] and begun == []
    trainer.start()
    assert len(begun) == 1


def test_why_two_networks_cannot_be_compared_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, begun, said = comparison_of(desk)
    monkeypatch.setattr(desk.training.setup, "input_of_dataset", lambda: ((1, 2, 2), 10))
    trainer.start()
    assert begun == []
    (sentence,) = said
    assert sentence.startswith("digits takes images of 4 to 256 pixels a side, not 2 × 2")
