"""Every lesson from its start to its end, in the whole program."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import QPoint, QPointF, QRect, QSettings, Qt
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.few_digits import CONFIG, load_few
from tests.lesson_answers import answers
from viewer.app import Application
from viewer.controllers.glossary_tips import (
    CONTROLS,
    MORE,
    short_definition,
    term_of_control,
)
from viewer.controllers.lessons import learning
from viewer.controllers.lessons.panel import LessonsController
from viewer.controllers.lessons.progress import ProgressStore
from viewer.controllers.main import MainController
from viewer.core.data import mnist_corner
from viewer.core.explain.lab_presets import PATTERNS
from viewer.core.imaging.stroke_file import line_of
from viewer.core.lessons.answers import right_answer as taken_for_right
from viewer.core.lessons.lesson import Action, AnswerKind
from viewer.core.lessons.library import read_library
from viewer.core.nets import opening
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.records import Drawing, Picture, Selection
from viewer.core.resources import resource_path
from viewer.core.training.config import TrainingConfig
from viewer.core.training.library import list_runs
from viewer.core.training.loop import TrainingData
from viewer.core.training.progress import RunState
from viewer.services.dataset import DatasetService
from viewer.services.inference_thread import InferenceThread
from viewer.services.opening import Opened
from viewer.services.training import OpenedRun
from viewer.widgets.glossary.kit import HEIGHT, WIDTH, Pen
from viewer.widgets.glossary.panel import PICTURES
from viewer.widgets.inputs.ink_surface import Tool
from viewer.widgets.lab.input import PATTERN
from viewer.widgets.lessons.cover import LessonCover
from viewer.widgets.lessons.list import BEGUN, BROKEN, DONE
from viewer.widgets.theme import Theme
from viewer.widgets.window.docks import Dock

WAIT_MS = 30_000
LONG = replace(CONFIG, epochs=5000)  # of which no test sees the end
FOLDER = resource_path("lessons")
DRAWINGS = {path.stem for path in (FOLDER / "drawings").iterdir()}
IDS = [lesson.id for lesson in read_library([FOLDER], DRAWINGS).lessons]
SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)


def load_few_of(config: TrainingConfig) -> TrainingData:
    """Return few digits; in the corner where the lesson wants them there."""
    found = load_few(config)
    if config.dataset != mnist_corner.NAME:
        return found
    parts = (
        replace(
            part,
            name=mnist_corner.NAME,
            images=mnist_corner.in_corner(part.images),
            mean=mnist_corner.MEAN,
            std=mnist_corner.STD,
        )
        for part in (found.train, found.test)
    )
    return TrainingData(*parts)


class Desk:
    """The program, and a person who learns."""

    def __init__(self, application: Application, qtbot: QtBot) -> None:
        self.application = application
        self.qtbot = qtbot

    @property
    def main(self) -> MainController:
        assert self.application.controller is not None
        return self.application.controller

    @property
    def lessons(self) -> LessonsController:
        return self.main.learning.lessons

    def open(self) -> None:
        self.application.window.action_set["lessons"].trigger()
        assert self.lessons.panel is not None

    def begin(self, key: str) -> None:
        panel = self.lessons.panel
        assert panel is not None
        keys = [row.key for row in panel.list.rows]
        panel.list.list.setCurrentRow(keys.index(key))
        panel.list.begin.click()
        self.ready()

    def ready(self) -> None:
        panel = self.lessons.panel
        assert panel is not None
        self.qtbot.waitUntil(
            lambda: self.lessons.is_ready or bool(panel.page.message.text()), timeout=WAIT_MS
        )
        assert panel.page.message.text() == ""

    def state(self) -> RunState:
        return self.application.services.training.state

    def feedback(self) -> str:
        assert self.lessons.panel is not None
        return self.lessons.panel.page.answer.feedback.text()

    def give(self, text: str) -> None:
        """Answer by the widgets: type the text, or choose the answer that is called so."""
        assert self.lessons.panel is not None
        box = self.lessons.panel.page.answer
        if box.field.isVisibleTo(box):
            box.field.setText(text)
        else:
            (button,) = (b for b in box._choice_buttons if b.text() == text)
            button.click()
        box.check.click()

    def draw(self) -> None:
        pad = self.application.window.pad_panel.pad
        side, corner = pad.square.width() / 280, QPointF(pad.square.topLeft())
        pad.begin(corner + QPointF(*SEVEN[0]) * side, Tool.PEN)
        for point in SEVEN[1:]:
            pad.extend(corner + QPointF(*point) * side)
        pad.finish()
        self.shown()

    def shown(self) -> None:
        self.qtbot.waitUntil(lambda: self.main.is_shown, timeout=WAIT_MS)


@pytest.fixture
def desk(
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    fonts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    # A teacher's own folder must not be that of whoever runs the tests.
    own = tmp_path / "lessons"
    monkeypatch.setattr(learning, "own_folder", lambda: own)
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, runs_root=tmp_path / "runs")
    application.services.training._load_data = load_few_of
    application.window.resize(1440, 900)
    application.start()
    application.complete()
    desk = Desk(application, qtbot)
    desk.shown()
    desk.open()
    yield desk
    assert application.close()


def written(desk: Desk) -> bytes:
    """Return what is on the pad, as a line of a stroke file."""
    source = desk.main.inputs.source
    assert isinstance(source, Drawing) and source.strokes
    return line_of(source)


def right_answer(desk: Desk, number: int) -> str:
    """Return the answer of a question of the lesson under way, as plain torch has it."""
    lesson, weights = desk.lessons.lesson, desk.main.views.weights
    assert lesson is not None and weights is not None
    found = answers()[lesson.id][number]
    if isinstance(found, str):
        return found
    names = {"weight": weights.weights, "bias": weights.biases}
    state = {
        f"{node}.{name}": torch.from_numpy(values.copy())
        for name, arrays in names.items()
        for node, values in arrays.items()
    }
    return found(state)


def live_answer(desk: Desk) -> str:
    """Return the answer that the lesson takes for right now, as it is typed."""
    step = desk.lessons._step()
    assert step is not None and step.ask is not None
    wanted = taken_for_right(step.ask, desk.lessons._live())
    if step.ask.kind is AnswerKind.CHOICE:
        return step.ask.choices[int(wanted[0])]
    return " ".join(map(str, wanted))


def wrong_answer(desk: Desk) -> str:
    """Return an answer that is wrong, whatever is on screen."""
    step = desk.lessons._step()
    assert step is not None and step.ask is not None
    right = live_answer(desk)
    if step.ask.kind is AnswerKind.CHOICE:
        return next(choice for choice in step.ask.choices if choice != right)
    return "-99" if step.ask.kind is AnswerKind.NUMBER else "-99 -98 -97"


def test_all_lessons_in_the_box_are_listed(desk: Desk) -> None:
    assert desk.lessons.panel is not None
    rows = desk.lessons.panel.list.rows
    assert [row.key for row in rows] == IDS
    assert len(IDS) >= 12
    assert BROKEN not in {row.mark for row in rows}


@pytest.mark.parametrize("key", IDS)
def test_lesson(desk: Desk, key: str) -> None:
    desk.begin(key)
    lesson = desk.lessons.lesson
    assert lesson is not None and desk.lessons.panel is not None
    page = desk.lessons.panel.page
    asked = 0
    for number, step in enumerate(lesson.steps):
        desk.ready()
        assert desk.lessons.step == number
        assert page.text.text() != "" and "…" not in page.text.text()
        assert "…" not in page.answer.question.text()
        if step.point_at:
            assert desk.lessons.stage.place(step.point_at) is not None, step.point_at
        if step.ask is not None:
            desk.give(wrong_answer(desk))
            assert "Not yet" in desk.feedback(), step.title
            assert "{=" not in desk.feedback()
            assert page.reveal.text() == ""
            desk.give(right_answer(desk, asked))
            assert "Right." in desk.feedback(), step.title
            asked += 1
            assert page.reveal.text() != "" and "…" not in page.reveal.text()
        page.next_button.click()
    assert asked == len(answers()[key])
    assert desk.lessons.lesson is None
    rows = {row.key: row.mark for row in desk.lessons.panel.list.rows}
    assert rows[key] == DONE


def test_the_drawing_the_network_and_the_selection_come_back(desk: Desk) -> None:
    desk.main.networks.open("lenet5")
    desk.qtbot.waitUntil(lambda: desk.main.networks.model == "lenet5", timeout=WAIT_MS)
    desk.draw()
    desk.main.select("c3", 5)
    drawing, selection = written(desk), desk.main.views.selection
    desk.begin("edges")
    assert desk.main.networks.model == "digits"
    assert desk.main.lab.dock is not None and desk.main.lab.dock.isVisible()
    desk.lessons.leave()
    desk.qtbot.waitUntil(lambda: desk.main.networks.model == "lenet5", timeout=WAIT_MS)
    desk.shown()

    assert written(desk) == drawing
    assert desk.main.views.selection == selection
    assert not desk.main.lab.dock.isVisible()


def test_closing_the_dock_closes_the_lesson(desk: Desk) -> None:
    desk.draw()
    drawing = written(desk)
    desk.begin("image")
    assert desk.lessons.dock is not None
    desk.lessons.dock.close()
    desk.shown()

    assert desk.lessons.lesson is None
    assert written(desk) == drawing


def test_the_text_follows_the_pen(desk: Desk) -> None:
    desk.begin("image")
    desk.lessons.next()
    desk.ready()
    desk.give(live_answer(desk))
    assert desk.lessons.panel is not None
    before = desk.lessons.panel.page.reveal.text()
    desk.draw()
    reveal = desk.lessons.panel.page.reveal
    desk.qtbot.waitUntil(lambda: reveal.text() not in ("", before), timeout=WAIT_MS)


def test_hints_come_one_by_one_and_one_can_go_on_anyway(desk: Desk) -> None:
    desk.begin("image")
    step = desk.lessons._step()
    assert step is not None and step.ask is not None and desk.lessons.panel is not None
    for hint in (*step.ask.hints, step.ask.hints[-1]):
        desk.give("1")
        assert hint in desk.feedback()
    desk.give("a lot")
    assert "Type a number" in desk.feedback()
    desk.lessons.panel.page.next_button.click()
    desk.ready()
    assert desk.lessons.step == 1


def test_progress_is_kept_and_can_be_reset(desk: Desk, tmp_path: Path) -> None:
    desk.begin("filter")
    desk.lessons.next()
    desk.ready()
    desk.lessons.leave()
    assert desk.lessons.panel is not None
    listing = desk.lessons.panel.list
    marks = {row.key: row.mark for row in listing.rows}
    assert marks["filter"] == BEGUN
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    assert ProgressStore(settings).of("filter").step == 1
    desk.begin("filter")
    assert desk.lessons.step == 1
    desk.lessons.leave()
    listing.reset.click()
    assert {row.mark for row in listing.rows} == {""}
    desk.begin("filter")
    assert desk.lessons.step == 0


@pytest.mark.parametrize("value", ["[", "3", '{"a": 1}', '{"a": ["x", 2]}'])
def test_damaged_progress_is_none(tmp_path: Path, value: str) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("lessons/progress", value)
    assert ProgressStore(settings).of("a").step == 0


def test_back_sets_the_step_before_up_again(desk: Desk) -> None:
    desk.begin("sliding")
    for _ in range(2):
        desk.lessons.next()
        desk.ready()
    assert desk.main.networks.model == "lenet5"
    desk.lessons.back()
    desk.ready()
    assert desk.main.networks.model == "digits"
    assert desk.lessons.step == 1


def test_a_teachers_lesson_is_listed_and_a_broken_one_says_what_is_wrong(
    desk: Desk, tmp_path: Path
) -> None:
    own = tmp_path / "lessons"
    own.mkdir()
    head = 'id = "mine"\ntitle = "Mine"\ngoals = ["see"]\n[[steps]]\ntitle = "S"\ntext = "T"\n'
    (own / "mine.toml").write_text(head)
    (own / "broken.toml").write_text(head + "do = [{ jump = 1 }]\n")
    desk.lessons._show_list()
    assert desk.lessons.panel is not None
    listing = desk.lessons.panel.list
    rows = {row.title: row for row in listing.rows}
    assert "broken.toml" in rows and rows["broken.toml"].mark == BROKEN
    assert "Line 7" in rows["broken.toml"].about
    assert [row.key for row in listing.rows if row.key == "mine"]
    listing.list.setCurrentRow(list(rows).index("broken.toml"))
    assert not listing.begin.isEnabled()
    desk.begin("mine")
    assert desk.lessons.is_ready


def test_an_action_that_fails_is_told_and_the_lesson_goes_on(desk: Desk, tmp_path: Path) -> None:
    own = tmp_path / "lessons"
    own.mkdir()
    text = 'id = "m"\ntitle = "M"\ngoals = []\n[[steps]]\ntitle = "S"\ntext = "T"\n'
    text += "do = [{ clear = true }, { shift = [1, 0] }]\n"
    (own / "m.toml").write_text(text + '[[steps]]\ntitle = "Two"\ntext = "T"\n')
    desk.lessons._show_list()
    desk.lessons.begin("m")
    panel = desk.lessons.panel
    assert panel is not None
    desk.qtbot.waitUntil(lambda: "nothing to move" in panel.page.message.text(), timeout=WAIT_MS)
    desk.lessons.next()
    desk.ready()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ('{ select = { layer = "conv9", channel = 0 } }', "digits has no layer 'conv9'"),
        ('{ sliding = { layer = "conv1", channel = 16 } }', "conv1 has channel 0 to 15, not 16"),
        (
            '{ train = { steps = 1, network = "dense" } }, { show = "conv1" }',
            "has no layer 'conv1'",
        ),
    ],
)
def test_a_lesson_that_does_not_fit_says_so_at_begin_and_harms_nothing(
    desk: Desk, tmp_path: Path, action: str, words: str
) -> None:
    desk.draw()
    drawing = written(desk)
    own = tmp_path / "lessons"
    own.mkdir()
    text = 'id = "m"\ntitle = "M"\ngoals = []\n[[steps]]\ntitle = "S"\ntext = "T"\n'
    text += 'do = [{ open = "digits" }, { clear = true }]\n'
    (own / "m.toml").write_text(f'{text}[[steps]]\ntitle = "2"\ntext = "T"\ndo = [{action}]\n')
    desk.lessons._show_list()
    assert desk.lessons.panel is not None
    listing = desk.lessons.panel.list
    listing.list.setCurrentRow([row.key for row in listing.rows].index("m"))
    listing.begin.click()
    desk.qtbot.waitUntil(lambda: words in html.unescape(listing.message.text()), timeout=WAIT_MS)
    assert "m.toml" in listing.message.text() and "Line 8, step 2" in listing.message.text()
    assert listing.message.isVisible()
    assert desk.lessons.lesson is None and not desk.lessons.panel.in_lesson
    assert written(desk) == drawing
    assert desk.main.networks.model == "digits"
    listing.list.setCurrentRow(0)
    assert not listing.message.isVisible()


def test_the_digit_can_be_dragged_and_its_maps_move_with_it(desk: Desk) -> None:
    desk.begin("translation")
    for _ in range(2):
        desk.lessons.next()
        desk.ready()
    assert desk.lessons.panel is not None and desk.main.views.record is not None
    before = desk.main.views.record.outputs["relu1"][:, 6:22, 6:18].copy()
    QTest.keyClick(desk.lessons.panel.page.drag, Qt.Key.Key_Right)  # type: ignore[call-overload]
    desk.shown()
    after = desk.main.views.record.outputs["relu1"][:, 6:22, 7:19]
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_what_the_translation_lesson_says_is_so(desk: Desk) -> None:
    """The brightest cell moves with the digit; the dense network fails, the other does not."""
    desk.begin("translation")
    live = desk.lessons._live
    desk.lessons.next()
    desk.ready()
    assert live().evaluate('place(output("relu1")[2])[1] - kept("column")') == 3
    for _ in range(3):
        desk.lessons.next()
        desk.ready()
    assert live().evaluate("prediction()") != 7
    desk.lessons.next()
    desk.ready()
    assert live().evaluate("prediction()") == 7


def test_a_persons_own_training_is_left_alone(desk: Desk) -> None:
    training = desk.main.training
    training.show()
    training.setup.set_config(LONG)
    training.toggle_run()
    service = desk.application.services.training
    desk.qtbot.waitUntil(lambda: service.state is RunState.RUNNING, timeout=WAIT_MS)
    desk.lessons.show()
    desk.lessons.begin("learning")
    assert desk.lessons.panel is not None
    message = desk.lessons.panel.page.message
    desk.qtbot.waitUntil(lambda: "A training is at hand" in message.text(), timeout=WAIT_MS)
    assert service.state is RunState.RUNNING
    desk.lessons.leave()
    assert service.state is RunState.RUNNING
    service.stop()
    desk.qtbot.waitUntil(lambda: service.state is RunState.IDLE, timeout=WAIT_MS)


def test_the_lessons_training_ends_with_the_lesson(desk: Desk, tmp_path: Path) -> None:
    desk.begin("learning")
    assert desk.state() is RunState.PAUSED
    assert desk.lessons._live().evaluate("step()") == 1
    desk.lessons.next()
    desk.ready()
    # Of the few images of this test there are fewer steps than the lesson wants.
    assert desk.state() is RunState.FINISHED
    assert desk.lessons._live().evaluate("step()") == 8
    desk.lessons.leave()
    desk.qtbot.waitUntil(lambda: desk.main.networks.model == "digits", timeout=WAIT_MS)
    assert len(list_runs(tmp_path / "runs")) == 1


def test_a_training_that_is_not_there_yet_ends_with_the_lesson(desk: Desk, tmp_path: Path) -> None:
    begun, let_through = threading.Event(), threading.Event()

    def load(config: TrainingConfig) -> TrainingData:
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)
        return load_few_of(config)

    desk.draw()
    drawing = written(desk)
    services = desk.application.services
    services.training._load_data = load
    opened: list[OpenedRun] = []
    services.training.run_opened.connect(opened.append)
    desk.lessons.begin("learning")
    desk.qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    desk.lessons.leave()
    let_through.set()
    desk.qtbot.waitUntil(lambda: desk.state() is RunState.IDLE and bool(opened), timeout=WAIT_MS)
    time = desk.main.training.time
    desk.qtbot.waitUntil(lambda: len(time.kept) > 0, timeout=WAIT_MS)  # its folder was looked at
    (run,) = list_runs(tmp_path / "runs")
    assert run.path == opened[0].path == time.path
    # Nothing of it is shown: the person's own network is asked for, or there again.
    assert not services.inference.follows and not time.live
    desk.qtbot.waitUntil(lambda: desk.main.networks.model == "digits", timeout=WAIT_MS)
    assert written(desk) == drawing


@pytest.mark.parametrize("where", ["read", "taken"])
def test_a_network_that_is_not_there_yet_never_comes_after_the_lesson(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    begun, let_through = threading.Event(), threading.Event()
    read, take = opening.open_network, InferenceThread._take

    def held(model: str) -> None:
        if model == "lenet5":
            begun.set()
            assert let_through.wait(WAIT_MS / 1000)

    def held_read(model: str, **how: Any) -> LoadedNetwork:
        held(model)
        return read(model, **how)

    def held_take(thread: InferenceThread, opened: Opened) -> None:
        held(opened.request.model)
        take(thread, opened)

    if where == "read":
        monkeypatch.setattr(opening, "open_network", held_read)
    else:
        monkeypatch.setattr(InferenceThread, "_take", held_take)
    desk.begin("image")
    desk.lessons.stage.do(Action("open", "lenet5"))
    desk.qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    loaded: list[str] = []
    desk.application.services.inference.network_loaded.connect(lambda name, *_: loaded.append(name))
    desk.lessons.leave()
    let_through.set()
    desk.qtbot.waitUntil(lambda: "digits" in loaded, timeout=WAIT_MS)
    desk.shown()
    assert loaded == (["digits"] if where == "read" else ["lenet5", "digits"])
    assert desk.main.networks.model == "digits"


@pytest.mark.parametrize("another", [False, True])
def test_a_network_that_does_not_come_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, another: bool
) -> None:
    let_through, read = threading.Event(), opening.open_network

    def held_read(model: str, **how: Any) -> LoadedNetwork:
        assert model != "lenet5" or let_through.wait(WAIT_MS / 1000)
        return read(model, **how)

    monkeypatch.setattr(opening, "open_network", held_read)
    desk.begin("image")
    stage, panel = desk.lessons.stage, desk.lessons.panel
    assert panel is not None
    stage.do(Action("open", "lenet5"))
    assert not stage.settled()
    if another:
        desk.main.networks.open("mlp")
        desk.qtbot.waitUntil(lambda: desk.main.networks.model == "mlp", timeout=WAIT_MS)
    else:
        desk.application.services.inference.opening.cancel()
    let_through.set()
    assert "was not opened: choose Again" in panel.page.message.text()
    desk.qtbot.waitUntil(stage.settled, timeout=WAIT_MS)


def hold_pictures(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> tuple[threading.Event, threading.Event]:
    """Let the data set read no image before the second event."""
    begun, let_through = threading.Event(), threading.Event()
    read = DatasetService._picture

    def held(service: DatasetService, index: int) -> Picture:
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)
        return read(service, index)

    monkeypatch.setattr(DatasetService, "_picture", held)
    return begun, let_through


def test_an_image_that_is_not_there_yet_never_comes_after_the_lesson(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.draw()
    drawing = written(desk)
    desk.begin("image")
    begun, let_through = hold_pictures(desk, monkeypatch)
    desk.lessons.stage.do(Action("mnist", 5))
    desk.qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    desk.lessons.leave()
    with desk.qtbot.waitSignal(desk.application.services.dataset._told, timeout=WAIT_MS):
        let_through.set()
    desk.shown()
    assert written(desk) == drawing


def test_an_image_that_a_person_chooses_does_not_take_the_place_of_the_lessons(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin("image")
    begun, let_through = hold_pictures(desk, monkeypatch)
    dataset, stage = desk.application.services.dataset, desk.lessons.stage
    dataset.request_image(1)
    desk.qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    stage.do(Action("mnist", 5))
    dataset.request_image(9)  # in the place of the one that waits
    let_through.set()
    desk.qtbot.waitUntil(stage.settled, timeout=WAIT_MS)
    assert desk.main.dataset.index == 5


def test_a_step_of_a_training_that_is_set_up_again_starts_anew(desk: Desk) -> None:
    desk.begin("learning")
    desk.lessons.next()
    desk.ready()
    changed = 'count(weight("conv1") - kept("first") != 0)'
    before = desk.lessons._live().evaluate(changed)
    assert before != 0
    desk.lessons.again()
    desk.ready()
    assert desk.lessons._live().evaluate(changed) == before


def test_both_networks_of_a_lesson_stay_in_the_curves(desk: Desk) -> None:
    desk.begin("dense-or-convolutional")
    titles = [step.title for step in desk.lessons.lesson.steps] if desk.lessons.lesson else []
    for _ in range(titles.index("The convolutional one learns")):
        desk.lessons.next()
        desk.ready()
    panel = desk.main.training.panel
    assert panel is not None

    def names() -> set[str]:
        return {run.name for run in panel.curves._runs()}

    desk.qtbot.waitUntil(
        lambda: names() == {"Lesson dense", "Lesson convolutional"}, timeout=WAIT_MS
    )


def test_a_click_on_a_map_does_not_hide_the_lesson(desk: Desk) -> None:
    desk.begin("image")
    selection = Selection("conv1", 3, 4, 5)
    desk.main.flow.selection_changed.emit(selection)
    assert desk.lessons.dock_is_in_sight
    desk.lessons.leave()
    desk.main.flow.selection_changed.emit(Selection("conv1", 4, 4, 5))
    desk.qtbot.waitUntil(lambda: not desk.lessons.dock_is_in_sight, timeout=WAIT_MS)


def test_the_frame_is_around_what_the_step_speaks_of(desk: Desk) -> None:
    desk.begin("channels")
    desk.lessons._marks.refresh()
    pointer = desk.lessons._marks.pointer
    assert pointer.isVisible()
    place = desk.lessons.stage.place("card:conv1")
    assert place is not None
    widget, area = place
    corner = widget.mapTo(desk.application.window, area.center())
    assert pointer.geometry().contains(corner)
    desk.lessons.leave()
    assert not pointer.isVisible()


def test_what_is_this_leads_to_the_glossary(desk: Desk) -> None:
    glossary = desk.main.learning.glossary
    places = {
        Selection("conv1", 0): "convolution",
        Selection("conv1", 0, in_channel=0): "kernel",
        Selection("relu1", 0): "ReLU",
        Selection("pool1", 0): "pooling",
        Selection("dense", 0): "dense layer",
        Selection("softmax", 0): "softmax",
    }
    for place, name in places.items():
        term = glossary.term_of_place(place)
        assert term is not None and term.name == name
    names = [term.name for term in glossary.terms_at(Selection("conv1", 0))]
    assert names == ["convolution", "feature map", "filter", "stride", "padding"]
    assert glossary.show("stride")
    assert glossary.panel is not None and glossary.panel.term is not None
    assert glossary.panel.term.name == "stride"
    assert not glossary.show("no such thing")


def test_the_settings_of_a_training_lead_to_the_glossary(desk: Desk) -> None:
    desk.main.training.show()
    glossary = desk.main.learning.glossary
    panel = desk.main.training.panel
    assert panel is not None
    (box,) = (
        w
        for w in panel.findChildren(QWidget)
        if w.accessibleName() == "Learning rate" and w.toolTip()
    )
    term = glossary.term_of(box)
    assert term is not None and term.name == "learning rate"
    assert MORE in box.toolTip()


def test_the_glossary_is_searched(desk: Desk) -> None:
    desk.application.window.action_set["glossary"].trigger()
    panel = desk.main.learning.glossary.panel
    assert panel is not None
    assert len(panel.names()) >= 60
    panel.search.setText("relu")
    assert panel.names()[0] == "ReLU"
    assert panel.term is not None and panel.term.name == "ReLU"
    panel.search.setText("no such thing")
    assert panel.names() == ()


def test_every_picture_of_the_glossary_is_there_and_paints(desk: Desk, theme: Theme) -> None:
    for term in desk.main.learning.glossary.glossary.terms:
        assert term.picture in PICTURES, term.name
    for paint in PICTURES.values():
        image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
        image.fill(theme.color("surface"))
        blank = image.copy()
        painter = QPainter(image)
        paint(Pen(painter, theme))
        painter.end()
        assert image != blank


def test_the_answer_is_covered_until_it_is_given(desk: Desk) -> None:
    desk.begin("filter")
    assert desk.main.lab.view is not None
    maps = desk.main.lab.view.maps
    (cover,) = maps.findChildren(LessonCover)
    assert cover.isVisible() and cover.geometry() == maps.rect()
    desk.give("99")
    assert cover.isVisible()
    desk.give(live_answer(desk))
    assert [c for c in maps.findChildren(LessonCover) if c.isVisible()] == []
    desk.lessons.next()
    desk.ready()
    assert [c for c in maps.findChildren(LessonCover) if c.isVisible()] != []
    desk.lessons.leave()
    assert [c for c in maps.findChildren(LessonCover) if not c.isHidden()] == []


def test_what_is_pointed_at_is_scrolled_into_sight(desk: Desk) -> None:
    desk.application.window.resize(1024, 640)
    desk.begin("stages")
    desk.lessons.next()
    desk.ready()
    place = desk.lessons.stage.place("card:flatten")
    assert place is not None
    viewport, area = place
    assert viewport.rect().contains(area)


def test_every_control_that_is_called_by_a_term_has_its_definition(desk: Desk) -> None:
    window, glossary = desk.application.window, desk.main.learning.glossary
    for name in ("training", "glossary", "lab", "sliding", "trace", "exciting", "browse_mnist"):
        window.action_set[name].trigger()
    panel = desk.main.training.panel
    assert panel is not None
    for page in ("Network", "Curves", "Evaluation", "Dense and convolutional"):
        panel.show_page(page)
        QApplication.processEvents()
    found: dict[str, list[QWidget]] = {}
    for widget in window.findChildren(QWidget):
        term = term_of_control(widget, glossary.glossary)
        if isinstance(widget, CONTROLS) and term is not None:
            assert short_definition(term) in html.unescape(widget.toolTip()), (widget, term.name)
            assert widget.toolTip().endswith(f"<p>{MORE}</p>")
            assert widget.toolTip().count(MORE) == 1
            found.setdefault(term.name, []).append(widget)
    for name in ("stride", "padding", "dilation", "bias", "learning rate", "layer", "robustness"):
        assert name in found, name
    assert len(found) >= 35


def test_a_definition_stays_when_a_control_has_another_tooltip(desk: Desk) -> None:
    chooser = desk.application.window.tool_bar.chooser
    QApplication.processEvents()
    for own in ("Another <tip>", "<p>A third</p>", ""):
        chooser.setToolTip(own)
        assert html.unescape(own) in html.unescape(chooser.toolTip())
        assert chooser.toolTip().count(MORE) == 1
        assert "<b>Network.</b>" in chooser.toolTip()


def test_a_word_means_something_else_elsewhere(desk: Desk) -> None:
    glossary = desk.main.learning.glossary
    (linear,) = (w for w in desk.main.inspector.findChildren(QToolButton) if w.text() == "Linear")
    term = glossary.term_of(linear)
    assert term is not None and term.name == "histogram"
    desk.application.window.action_set["training"].trigger()
    training = desk.main.training
    assert training.panel is not None
    named = {w.text(): w for w in training.panel.findChildren(QLabel)}
    for label, name in (("Smoothing", "smoothing"), ("Label smoothing", "label smoothing")):
        term = glossary.term_of(named[label])
        assert term is not None and term.name == name


def test_the_tool_bar_has_a_button_for_lessons(desk: Desk) -> None:
    window = desk.application.window
    action = window.action_set["lessons"]
    button = window.tool_bar.widgetForAction(action)
    assert isinstance(button, QToolButton) and button.accessibleName() == "Lessons"
    assert not button.icon().isNull()
    assert desk.lessons.dock is not None and desk.lessons.dock.isVisible()  # as the desk opened it
    button.click()
    assert not desk.lessons.dock.isVisible()
    button.click()
    assert desk.lessons.dock.isVisible()


def covered(desk: Desk) -> set[str]:
    """Return what lies below a cover: layers by their names, other things by theirs."""
    main, window = desk.main, desk.application.window
    flow, found = main.flow, set()
    layout, viewport = flow.layout_shown(), flow.viewport()
    assert layout is not None and viewport is not None
    parts = {"prediction": window.prediction, "inspector": main.inspector}
    for name, part in parts.items():
        if any(c.isVisibleTo(part) for c in part.findChildren(LessonCover)):
            found.add(name)
    areas = [c.geometry() for c in viewport.findChildren(LessonCover) if not c.isHidden()]
    for layer in layout.cards:
        place = desk.lessons.stage.place(f"card:{layer}")
        if place is not None and place[1] in areas:
            found.add(layer)
    return found


def test_nothing_tells_a_prediction_that_is_covered(desk: Desk, tmp_path: Path) -> None:
    text = """
id = "own"
title = "Own"
goals = ["see"]
[[steps]]
title = "Covered"
text = "Which digit?"
do = [{ open = "digits" }, { mnist = 0 }]
hide = ["prediction"]
[steps.ask]
question = "Which digit?"
answer = 'prediction()'
[[steps]]
title = "To be read"
text = "Look at the logits."
point_at = "card:dense"
hide = ["prediction"]
[steps.ask]
question = "Which digit?"
answer = 'prediction()'
"""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "own.toml").write_text(text)
    window, flow = desk.application.window, desk.main.flow
    desk.lessons.show()
    desk.begin("own")
    assert desk.main.views.record is not None
    assert window.windowTitle().startswith("digits")
    assert covered(desk) == {"prediction", "dense", "softmax"}
    flow.zoom_by(3)
    bar = flow.verticalScrollBar()
    assert bar is not None and bar.maximum() > bar.minimum()
    for place in (bar.maximum(), bar.minimum()):
        bar.setValue(place)  # at once: nothing is seen of them while one scrolls
        assert {"dense", "softmax"} <= covered(desk)
    desk.main.select("softmax", 7)
    assert "inspector" in covered(desk)
    desk.give(live_answer(desk))
    assert covered(desk) == set()
    assert window.windowTitle().startswith("7 – ")
    desk.lessons.next()
    desk.ready()
    assert covered(desk) == {"prediction", "softmax", "inspector"}
    desk.lessons.leave()
    desk.shown()
    assert covered(desk) == set()


def test_a_click_on_a_cover_selects_nothing(desk: Desk) -> None:
    desk.begin("dense-or-convolutional")  # its first step covers a card
    viewport = desk.main.flow.viewport()
    assert viewport is not None
    (cover,) = (c for c in viewport.findChildren(LessonCover) if not c.isHidden())
    desk.main.views.select(None)
    click: Any = QTest  # PyQt's annotations of QTest take "self" for an argument
    click.mouseClick(cover, Qt.MouseButton.LeftButton)
    assert desk.main.views.selection is None


def test_windows_of_a_lesson_leave_it_the_keyboard(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    activated: list[str] = []
    monkeypatch.setattr(Dock, "activateWindow", lambda dock: activated.append(dock.objectName()))
    desk.begin("one-dimension")
    lab = desk.main.lab.dock
    assert lab is not None and lab.isVisible() and lab.isFloating()
    assert lab.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert activated == []
    assert desk.lessons.panel is not None
    assert desk.lessons.panel.page.answer.field.hasFocus()
    desk.main.lab.show()  # the person wants it
    assert activated == ["lab"]


def test_a_window_that_floats_over_the_lesson_is_put_away_until_its_end(desk: Desk) -> None:
    lab, lessons = desk.main.lab, desk.application.window.findChild(Dock, "lessons")
    lab.show()
    assert lab.dock is not None and lessons is not None
    lab.dock.setFloating(True)
    beside = lab.dock.geometry()
    beside.moveBottomRight(desk.application.window.geometry().bottomRight())
    lab.dock.setGeometry(beside)
    desk.begin("image")
    assert not lab.dock.isVisible()
    desk.lessons.leave()
    assert lab.dock.isVisible() and lab.dock.geometry() == beside
    desk.begin("filter")  # whose first step opens the lab itself
    page = QRect(lessons.mapToGlobal(QPoint(0, 0)), lessons.size())
    assert lab.dock.isVisible() and not lab.dock.geometry().intersects(page)
    desk.lessons.leave()
    assert lab.dock.isVisible() and lab.dock.geometry() == beside


@pytest.mark.parametrize("name", list(PATTERNS))
def test_the_labs_pattern_keeps_its_name(desk: Desk, name: str) -> None:
    desk.main.lab.show()
    lab = desk.main.lab.view
    assert lab is not None
    lab.set_image(PATTERN, PATTERNS[name], name)
    desk.begin("filter")
    desk.lessons.next()
    desk.lessons.leave()
    assert lab.input.title() == name


def test_covered_maps_cannot_be_stepped_through(desk: Desk) -> None:
    desk.begin("one-dimension")
    lab = desk.main.lab.view
    assert lab is not None
    steps = next(b for b in lab.findChildren(QPushButton) if b.text() == "Step through")
    assert not steps.isEnabled()
    desk.give(live_answer(desk))
    assert steps.isEnabled()
    desk.lessons.leave()
    assert steps.isEnabled()


def test_what_follows_a_right_answer_is_scrolled_into_sight(desk: Desk) -> None:
    desk.application.window.resize(1024, 640)
    desk.begin("filter")
    panel = desk.lessons.panel
    assert panel is not None
    page = panel.page
    page.text.setMinimumHeight(page.height())  # of a step with a long text
    desk.give(live_answer(desk))

    def in_sight() -> None:
        assert page.reveal.isVisible() and page.reveal.y() > page.height()
        room = page.reveal.visibleRegion().boundingRect()
        assert room == page.reveal.rect()

    desk.qtbot.waitUntil(in_sight)
