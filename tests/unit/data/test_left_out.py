"""Files that were left out are named in one sentence, with one piece of advice."""

from __future__ import annotations

from viewer.core.data.left_out import named_files


def test_one_file_is_told_with_one_piece_of_advice() -> None:
    found = named_files(["a.png is empty: choose another picture."])
    assert found == "a.png is empty: replace or remove this file."


def test_only_the_last_colon_stands_before_advice() -> None:
    found = named_files(["C: a.png is damaged (no end): save it again.", "b.png is gone."])
    assert found == "C: a.png is damaged (no end); b.png is gone: replace or remove these files."


def test_three_files_are_named_and_the_others_counted() -> None:
    found = named_files([f"{n} is empty: choose another." for n in range(1005)])
    assert found == (
        "0 is empty; 1 is empty; 2 is empty; and 1,002 more: replace or remove these files."
    )
