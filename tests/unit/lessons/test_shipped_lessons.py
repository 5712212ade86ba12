"""The lessons in the box: they parse, and ask nothing that the shipped networks don't have."""

from __future__ import annotations

import re
from functools import cache

import pytest

from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.lessons.actions import ACTIONS, TARGETS
from viewer.core.lessons.expression import FUNCTIONS
from viewer.core.lessons.fitting import misfits
from viewer.core.lessons.lesson import Lesson
from viewer.core.lessons.lesson_file import parse_lesson
from viewer.core.lessons.library import read_library
from viewer.core.lessons.live import LIVE_NAMES
from viewer.core.lessons.trained import DATA, TRAINED, trained_network
from viewer.core.records import NetworkRecord
from viewer.core.resources import resource_path

FOLDER = resource_path("lessons")
LIBRARY = read_library([FOLDER], {path.stem for path in (FOLDER / "drawings").iterdir()})


trained = cache(trained_network)


@cache
def network(name: str) -> NetworkRecord | None:
    try:
        return Engine.open(name).network
    except UserError:
        return None


def test_every_file_is_a_lesson() -> None:
    assert LIBRARY.broken == ()
    assert len(LIBRARY.lessons) == len(list(FOLDER.glob("*.toml"))) >= 10


@pytest.mark.parametrize("lesson", LIBRARY.lessons, ids=lambda lesson: lesson.id)
def test_a_lesson_fits_the_networks_in_the_box(lesson: Lesson) -> None:
    assert misfits(lesson, network, trained) == ()


@pytest.mark.parametrize("lesson", LIBRARY.lessons, ids=lambda lesson: lesson.id)
def test_a_lesson_asks_and_begins_from_a_known_state(lesson: Lesson) -> None:
    assert lesson.goals
    assert lesson.steps[0].do[0].name == "open"
    assert sum(step.ask is not None for step in lesson.steps) >= len(lesson.steps) - 1
    for step in lesson.steps:
        assert step.point_at
        if step.ask is not None:
            assert step.ask.hints and step.reveal


@pytest.mark.parametrize("lesson", LIBRARY.lessons, ids=lambda lesson: lesson.id)
def test_a_covered_prediction_is_not_told_by_the_comparison(lesson: Lesson) -> None:
    for step in lesson.steps:
        compares = any((a.name, a.value) == ("panel", "comparison") for a in step.do)
        assert not compares or "prediction" not in step.hide or "training" in step.hide


HEAD = 'id = "a"\ntitle = "A"\ngoals = []\n[[steps]]\ntitle = "S"\ntext = "T"\n'


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ('do = [{ show = "conv1" }]', "no network was opened"),
        ('do = [{ open = "nothing" }]', "no network 'nothing'"),
        ('do = [{ open = "mlp" }, { show = "conv1" }]', "no layer 'conv1'"),
        ('do = [{ open = "digits" }, { select = { layer = "conv1", channel = 16 } }]', "0 to 15"),
        (
            'do = [{ open = "mlp" }, { trace = { layer = "input", channel = 0, y = 0, x = 28 } }]',
            "0 to 27",
        ),
        ('do = [{ open = "digits" }]\npoint_at = "map:conv1:99"', "0 to 15"),
        ('do = [{ open = "digits" }]\npoint_at = "card:conv9"', "'conv9'"),
        ('do = [{ open = "digits" }]\nreveal = "{=weight(\'fc\')}"', "'fc'"),
        ('do = [{ train = { steps = 1, network = "dense" } }, { show = "conv1" }]', "'conv1'"),
        (
            'do = [{ open = "digits" }]\n[steps.ask]\nquestion = "Q"\nanswer = "1"\n'
            "hints = [\"{=bias('fc')}\"]",
            "'fc'",
        ),
    ],
)
def test_what_does_not_fit_is_told(rest: str, words: str) -> None:
    lesson = parse_lesson(f"{HEAD}{rest}\n", FOLDER / "x.toml").lesson
    assert lesson is not None
    (sentence,) = misfits(lesson, network, trained)
    assert words in sentence
    assert sentence.startswith("Line 4, step 1")


def test_the_readme_for_teachers_names_everything() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    for name in (*ACTIONS, *TARGETS, *LIVE_NAMES, *FUNCTIONS, *TRAINED, *DATA):
        assert re.search(rf"\b{re.escape(name)}\b", text), name


def test_the_example_in_the_readme_is_a_lesson() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert parse_lesson(example, FOLDER / "example.toml").problems == ()
