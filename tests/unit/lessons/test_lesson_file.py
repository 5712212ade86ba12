from __future__ import annotations

from pathlib import Path

import pytest

from viewer.core.lessons.lesson import AnswerKind
from viewer.core.lessons.lesson_file import MAX_BYTES, parse_lesson, read_lesson
from viewer.core.lessons.library import needs, read_library

HEAD = 'id = "a"\ntitle = "A"\norder = 1\ngoals = ["g"]\n\n'
STEP = '[[steps]]\ntitle = "S"\ntext = "T"\n'
PATH = Path("lesson.toml")


def problems(text: str) -> tuple[str, ...]:
    found = parse_lesson(text, PATH)
    assert (found.lesson is None) == bool(found.problems)
    return found.problems


def test_a_small_lesson_is_read() -> None:
    text = (
        HEAD
        + STEP
        + (
            'do = [{ open = "digits" }, { lab = { preset = "sobel_x", stride = 2 } }]\n'
            'point_at = "card:conv1"\nreveal = "R {=step()}"\n'
            '[steps.ask]\nquestion = "Q"\nanswer = "1 + 1"\nhints = ["H"]\n'
        )
    )
    lesson = parse_lesson(text, PATH).lesson
    assert lesson is not None
    (step,) = lesson.steps
    assert [action.name for action in step.do] == ["open", "lab"]
    assert step.ask is not None
    assert step.ask.kind is AnswerKind.NUMBER
    assert step.line == 6
    assert needs(lesson) == {"lab"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + STEP + "do = [{ jump = 3 }]\n", 9, "no action 'jump'"),
        (HEAD + STEP + "do = [{ mnist = -1 }]\n", 9, "whole number"),
        (HEAD + STEP + "do = [{ mnist = true }]\n", 9, "whole number"),
        (HEAD + STEP + 'do = [{ select = { layer = "c" } }]\n', 9, "needs channel"),
        (HEAD + STEP + "do = [{ lab = { colour = 1 } }]\n", 9, "has no colour"),
        (HEAD + STEP + "do = [{ lab = { stride = 9 } }]\n", 9, "stride"),
        (HEAD + STEP + "do = [{ shift = [1] }]\n", 9, "list of 2"),
        (HEAD + STEP + 'do = [{ keep = { name = "a", value = "b" } }]\n', 9, "'b'"),
        (HEAD + STEP + 'do = "open"\n', 9, "must be a list"),
        (HEAD + STEP + 'do = [{ open = "a", clear = true }]\n', 9, "one entry"),
        (HEAD + STEP + 'point_at = "the moon"\n', 9, "the moon"),
        (HEAD + STEP + 'hide = ["lab:maps"]\n', 9, "needs a question"),
        (HEAD + STEP + "colour = 1\n", 9, "not known"),
        (HEAD + STEP + 'reveal = "{=import os}"\n', 9, "not a formula"),
        (HEAD + STEP + 'reveal = "$ \\\\frac{1}"\n', 9, "brace"),
        (HEAD + STEP + '[steps.ask]\nquestion = "Q"\n', 6, "answer is missing"),
        (HEAD + STEP + '[steps.ask]\nquestion = "Q"\nanswer = "os"\n', 11, "'os'"),
        (
            HEAD + STEP + '[steps.ask]\nquestion = "Q"\nanswer = "1"\nkind = "song"\n',
            12,
            "one of",
        ),
        (
            HEAD + STEP + '[steps.ask]\nquestion = "Q"\nanswer = "1"\nchoices = ["one"]\n',
            12,
            "two or more",
        ),
        (
            HEAD + STEP + '[steps.ask]\nquestion = "Q"\nanswer = "1"\ntolerance = -1\n',
            12,
            "0 or more",
        ),
        (
            HEAD + STEP + '[steps.ask]\nquestion = "Q"\nanswer = "1"\nhints = ["{=os}"]\n',
            12,
            "'os'",
        ),
        (HEAD + STEP + 'do = [{ train = { steps = 1, network = "x" } }]\n', 9, "one of small"),
        (HEAD + STEP + 'do = [{ image = { data = "cats", index = 0 } }]\n', 9, "one of mnist"),
        (HEAD + '[[steps]]\ntitle = "S"\n', 6, "text is missing"),
        ('id = "A b"\n' + HEAD.split("\n", 1)[1] + STEP, 1, "small letters"),
        (HEAD.replace("order = 1", 'order = "x"') + STEP, 3, "number"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    (sentence,) = problems(text)
    assert sentence.startswith(f"Line {line}")
    assert words in sentence
    assert sentence.endswith(".")


def test_a_second_step_is_named() -> None:
    (sentence,) = problems(HEAD + STEP + STEP + "drag = 3\n")
    assert sentence.startswith("Line 12, step 2: drag")


def test_every_problem_is_told() -> None:
    assert len(problems(HEAD + STEP + 'point_at = "x"\ndo = [{ jump = 1 }]\ndrag = 1\n')) == 3


@pytest.mark.parametrize("text", ["= 3", "id = ", "[[steps]", "id = 1\nid = 2", "\0"])
def test_what_is_no_toml_is_told(text: str) -> None:
    (sentence,) = problems(text)
    assert "not TOML" in sentence


def test_no_steps() -> None:
    assert "[[steps]]" in problems(HEAD)[0]


def test_files_that_can_not_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "large.toml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "folder.toml").mkdir()
    library = read_library([tmp_path, tmp_path / "nowhere"])
    assert library.lessons == ()
    assert len(library.broken) == 3
    assert read_lesson(tmp_path / "none.toml").lesson is None


def test_ids_are_unique_and_drawings_known(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(HEAD + STEP)
    (tmp_path / "b.toml").write_text(HEAD + STEP)
    (tmp_path / "c.toml").write_text(
        HEAD.replace('"a"', '"c"') + STEP + 'do = [{ drawing = "cat" }]\n'
    )
    library = read_library([tmp_path], {"seven"})
    assert [lesson.path.name for lesson in library.lessons] == ["a.toml"]
    told = {file.path.name: file.problems[0] for file in library.broken}
    assert "a.toml" in told["b.toml"]
    assert "'cat'" in told["c.toml"]
