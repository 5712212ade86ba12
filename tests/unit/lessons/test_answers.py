from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from viewer.core.lessons.answers import check, read_numbers, right_answer
from viewer.core.lessons.lesson import AnswerKind, Ask
from viewer.core.lessons.live import Live

LIVE = Live(
    kept=MappingProxyType(
        {"n": 12832, "x": -0.4242, "row": np.array([0.0, 0, 1, 1, 0, 0]), "half": 0.25}
    )
)


def ask(answer: str, kind: AnswerKind = AnswerKind.NUMBER, **more: object) -> Ask:
    return Ask("?", kind, answer, **more)  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("12", [12]),
        (" −0.5 ", [-0.5]),
        ("0,5", [0.5]),
        ("3/4", [0.75]),
        ("25 %", [0.25]),
        ("26 × 26", [26, 26]),
        ("[0, 0, 1]", [0, 0, 1]),
        ("1e3", [1000]),
        ("0 0 1 1", [0, 0, 1, 1]),
        (".5", [0.5]),
        ("", []),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, wanted: list[float]) -> None:
    assert read_numbers(text) == pytest.approx(wanted)


@pytest.mark.parametrize("text", ["seven", "1/0", "--1", "1 2 x", "nan", "inf"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_numbers(text) is None


@pytest.mark.parametrize(
    ("answer", "given", "right"),
    [
        ("kept('n')", "12832", True),
        ("kept('n')", "12,832", True),
        ("kept('n')", "12831", False),
        ("kept('x')", "-0.424", True),
        ("kept('x')", "−0,424", True),
        ("kept('x')", "0.424", False),
        ("kept('x')", "-0.43", False),
        ("kept('half')", "25 %", True),
        ("kept('half')", "1/4", True),
    ],
)
def test_a_number_is_compared_with_the_live_one(answer: str, given: str, right: bool) -> None:
    assert check(ask(answer), given, LIVE).right is right


def test_the_right_size_with_the_wrong_sign_is_told() -> None:
    assert "sign" in check(ask("kept('x')"), "0.4242", LIVE).sentence


def test_too_small_and_too_large_are_told() -> None:
    assert "larger" in check(ask("kept('n')"), "5", LIVE).sentence
    assert "smaller" in check(ask("kept('n')"), "99999", LIVE).sentence


def test_a_row_is_compared_number_by_number() -> None:
    row = ask("kept('row')", AnswerKind.NUMBERS)
    assert check(row, "0 0 1 1 0 0", LIVE).right
    assert check(row, "0, 0, 1, 1, 0, 0", LIVE).right
    assert "number 3" in check(row, "0 0 0 1 0 0", LIVE).sentence
    assert "6 numbers" in check(row, "0 1", LIVE).sentence


def test_a_choice_is_an_index() -> None:
    choice = ask("1 if kept('n') > 5 else 0", AnswerKind.CHOICE, choices=("few", "many"))
    assert check(choice, "1", LIVE).right
    assert check(choice, "0", LIVE).right is False
    assert check(choice, "", LIVE).right is None
    assert right_answer(choice, LIVE) == (1.0,)


def test_what_can_not_be_checked_is_neither_right_nor_wrong() -> None:
    verdict = check(ask("max(output('conv1'))"), "1", Live())
    assert verdict.right is None
    assert "can't be checked" in verdict.sentence


def test_nonsense_is_neither_right_nor_wrong() -> None:
    assert check(ask("1"), "a lot", LIVE).right is None
    assert check(ask("1"), "", LIVE).right is None


@pytest.mark.parametrize("given", ["3.1", "3.2", "3.05"])
def test_a_tolerance_is_kept(given: str) -> None:
    assert check(ask("3.1", tolerance=0.1), given, LIVE).right
    assert check(ask("3.1", tolerance=0.01), "3.2", LIVE).right is False


def test_the_right_answer_can_be_typed() -> None:
    for name in ("n", "x", "half"):
        question = ask(f"kept('{name}')")
        (wanted,) = right_answer(question, LIVE)
        assert check(question, str(wanted), LIVE).right
