"""Parts of sentences: cut between words, counted, and a line that can be run."""

from __future__ import annotations

import pytest

from viewer.core.sentences import count_of, export_line, shortened


@pytest.mark.parametrize(
    ("text", "letters", "expected"),
    [
        ("It is short.", 20, "It is short"),
        ("two\n  lines:", 20, "two lines"),
        (
            "to have 3 channels, but got 1 channels instead",
            44,
            "to have 3 channels, but got 1 channels…",
        ),
        ("exactly ten", 11, "exactly ten"),
        ("one, two", 7, "one…"),
        ("x" * 30, 10, "x" * 9 + "…"),
        ("", 10, ""),
    ],
)
def test_a_message_is_cut_between_words(text: str, letters: int, expected: str) -> None:
    assert shortened(text, letters) == expected
    assert len(shortened(text, letters)) <= letters


def test_an_exception_is_told_by_its_message() -> None:
    assert shortened(ValueError("no such size.")) == "no such size"


def test_one_thing_is_no_plural() -> None:
    assert (count_of(1, "channel"), count_of(3, "channel")) == ("1 channel", "3 channels")
    assert count_of(1200, "name") == "1,200 names"


def test_the_line_to_run_is_python() -> None:
    compile(export_line(), "line", "eval")
    assert "(torch.zeros(1, 1, 28, 28),)" in export_line("1, 1, 28, 28")
