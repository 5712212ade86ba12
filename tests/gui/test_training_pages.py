"""The pages of the training dock in the smallest window: all of them can be read and used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PyQt6.QtCore import QByteArray
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QScrollArea,
    QSlider,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.few_digits import few_digits
from tests.gui.training_desk import Desk
from viewer.controllers.training.comparison_training import BUSY
from viewer.controllers.training.dock import SHARE
from viewer.controllers.training.panel import COMPARISON, EVALUATION
from viewer.core.data.dataset_picture import picture_of
from viewer.core.training.library import list_runs
from viewer.core.training.progress import RunState
from viewer.widgets.evaluation.comparison import TRAIN_TIP, ComparisonView
from viewer.widgets.evaluation.view import EvaluationView
from viewer.widgets.training.panel import CURVES, RUNS
from viewer.widgets.training.setting_editors import NumberBox
from viewer.widgets.window.dialogs import ClosingDialog
from viewer.widgets.window.dock_sizes import SETTLING_MS

SMALLEST = (1024, 640)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, fonts: None, tmp_path: Path) -> Iterator[Desk]:
    """Start the program in its smallest window, with the training dock."""
    desk = Desk(qapp, tmp_path, qtbot)
    desk.window.resize(*SMALLEST)
    desk.wait(lambda: desk.controller.is_shown)
    desk.training.show()
    desk.wait(lambda: desk.training.dock_height._lent > 0)  # all is laid out: room for any page
    yield desk
    desk.close()
    assert [text for text in desk.sentences if "Something went wrong" in text] == []


def height(desk: Desk) -> int:
    assert desk.training.dock is not None
    return desk.training.dock.height()


def area_of(page: QWidget) -> QScrollArea:
    area = page.parentWidget()
    while not isinstance(area, QScrollArea):
        assert area is not None
        area = area.parentWidget()
    return area


def scrolls(page: QWidget) -> bool:
    """Return whether a page is larger than its room."""
    bars = area_of(page).horizontalScrollBar(), area_of(page).verticalScrollBar()
    return any(bar is not None and bar.maximum() > 0 for bar in bars)


def is_in_sight(part: QWidget) -> bool:
    """Return whether all of a widget is seen in the window, and no area around it cuts it."""
    rect, around = part.rect(), part
    while part.isVisible() and not around.isWindow():
        rect.translate(around.pos())
        parent = around.parentWidget()
        assert parent is not None
        if not parent.rect().contains(rect):
            return False
        around = parent
    return part.isVisible()


def test_the_comparison_is_used_without_scrolling(desk: Desk) -> None:
    (view,) = desk.panel.findChildren(ComparisonView)
    desk.controller.inputs.show_source(picture_of(few_digits().test, 0, "MNIST"))
    desk.training.panel_shown(COMPARISON)
    desk.wait(lambda: not scrolls(view))
    desk.wait(lambda: all(column.winner() for column in view.columns))
    assert (desk.window.width(), desk.window.height()) == SMALLEST
    parts = [*view.findChildren(QSlider), *view.columns, view.shift_plot, view.rotation_plot]
    parts += [b for b in view.findChildren(QAbstractButton) if b.text() not in ("", "Cancel")]
    assert len(parts) == 3 + 2 + 2 + 3
    desk.wait(lambda: all(is_in_sight(part) for part in parts))
    assert not desk.controller.flow.visibleRegion().isEmpty()


def test_the_tabs_stay_under_the_pointer(desk: Desk) -> None:
    bar = next(bar for bar in desk.panel.findChildren(QTabBar) if bar.count() > 4)
    before = bar.mapTo(desk.window, bar.rect().topLeft())
    for index in (*range(bar.count()), 0):
        bar.setCurrentIndex(index)
        for _ in range(3):  # the height is given once what is in the dock is laid out
            QApplication.processEvents()
        assert bar.mapTo(desk.window, bar.rect().topLeft()) == before, bar.tabText(index)


def test_the_evaluation_is_read_without_scrolling(desk: Desk) -> None:
    (view,) = desk.panel.findChildren(EvaluationView)
    desk.training.panel_shown(EVALUATION)
    desk.wait(lambda: not scrolls(view) and is_in_sight(view))
    desk.training.evaluation.evaluate()
    desk.wait(lambda: view.report is not None)
    desk.wait(lambda: not scrolls(view))
    desk.wait(lambda: all(is_in_sight(p) for p in (view.confusion, view.tiles, view.scores)))
    assert view.confusion.horizontalScrollBar().maximum() == 0  # type: ignore[union-attr]  # it has one
    assert view.confusion.verticalScrollBar().maximum() == 0  # type: ignore[union-attr]  # it has one
    (tabs,) = view.findChildren(QTabBar)
    tabs.setCurrentIndex(1)
    desk.wait(lambda: is_in_sight(view.reliability) and not scrolls(view))


def test_the_keyboard_stays_at_the_tabs_when_a_page_goes(desk: Desk) -> None:
    desk.training.show()
    panel, tabs = desk.panel, desk.panel.findChild(QTabBar)
    box = next(box for box in panel.setup.findChildren(NumberBox) if box.isVisible())
    box.setFocus()
    assert desk.window.focusWidget() is box
    panel.show_page(CURVES)
    assert desk.window.focusWidget() is tabs
    pad = desk.window.pad_panel.pad
    pad.setFocus()
    panel.show_page(RUNS)
    assert desk.window.focusWidget() is pad


def test_what_was_said_goes_when_the_same_is_tried_again(desk: Desk) -> None:
    messages = desk.window.messages
    desk.training.evaluation.failed.emit("The folder has no class called 3.")
    desk.training.run.told.emit("The data set is not here.")
    desk.training.comparison.failed.emit("It can't be measured.")
    assert messages.text == "It can't be measured."
    desk.training.comparison.measure()
    assert messages.text == "The data set is not here."
    desk.training.run.asked_changed.emit(desk.root / "another run")
    assert messages.text == "The folder has no class called 3."
    desk.training.evaluation.evaluate()
    assert messages.text == ""
    desk.training.run.asked_changed.emit(None)


def test_a_height_that_a_person_has_chosen_stays(desk: Desk) -> None:
    desk.window.resize(1024, 900)
    desk.training.panel_shown(EVALUATION)
    (view,) = desk.panel.findChildren(EvaluationView)
    desk.wait(lambda: not scrolls(view))
    desk.qtbot.wait(2 * SETTLING_MS)  # nobody is as fast as the dock is given its own height
    desk.training.dock_height._resize(0.5)
    desk.wait(lambda: abs(height(desk) - 450) <= 1)
    desk.training.panel_shown(CURVES)
    QApplication.processEvents()
    desk.wait(lambda: desk.training.dock_height._own is None)
    assert abs(height(desk) - 450) <= 1


def test_the_height_that_was_lent_is_not_remembered(desk: Desk) -> None:
    before = height(desk)
    layouts: list[QByteArray] = []

    def question() -> str:
        layouts.append(desk.window.saveState())
        return "Close?"

    desk.window.closing_question = question
    desk.window.close()
    (dialog,) = desk.window.findChildren(ClosingDialog)
    dialog.reject()  # and stay
    QApplication.processEvents()
    desk.wait(lambda: height(desk) == before)  # the pages have their room again
    desk.window.restoreState(layouts[0])
    QApplication.processEvents()
    assert height(desk) == round(SHARE * desk.window.height()) < before


def train_both(desk: Desk) -> QAbstractButton:
    buttons = desk.panel.findChildren(QAbstractButton)
    (found,) = (button for button in buttons if button.text() == "Train both")
    return found


def test_both_are_not_trained_while_a_run_is_under_way(desk: Desk) -> None:
    train = train_both(desk)
    assert (train.isEnabled(), train.toolTip()) == (True, TRAIN_TIP)
    desk.start()
    opened = desk.training.run.opened
    assert opened is not None
    desk.wait(lambda: not train.isEnabled())
    assert train.toolTip() == BUSY
    train.click()
    desk.training.comparison.train_requested.emit()  # as once the folder to learn from is known
    assert desk.sentences == [BUSY]
    step = desk.own_step
    desk.wait(lambda: desk.own_step > step + 3)
    assert desk.training.run.opened is opened
    assert len(list_runs(desk.root)) == 1

    desk.application.services.training.pause()
    desk.wait(lambda: desk.state is RunState.PAUSED)
    QApplication.processEvents()
    assert not train.isEnabled()
    desk.application.services.training.stop()
    desk.wait(train.isEnabled)
    assert train.toolTip() == TRAIN_TIP


def test_both_are_trained_one_after_the_other(desk: Desk) -> None:
    train = train_both(desk)
    train.click()
    assert not train.isEnabled()  # before the first has begun
    desk.training.comparison.train_requested.emit()
    assert desk.sentences == [BUSY]
    desk.wait(lambda: desk.training.run.opened is not None)
    opened = desk.training.run.opened
    assert opened is not None and opened.path.name == "dense-run"
