"""Folders of pictures are gone through in the order in which people count."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from viewer.core.errors import UserError
from viewer.core.imaging.picture_folder import natural_order, pictures_below, pictures_in


def test_numbers_count_and_case_does_not(tmp_path: Path) -> None:
    names = ["b.png", "A 10.JPG", "a 2.jpg", "a 1.jpeg", "10.webp", "9.tif", "a.png", "ab.gif"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    found = [path.name for path in pictures_in(tmp_path)]
    assert found == [
        "9.tif", "10.webp", "a 1.jpeg", "a 2.jpg", "A 10.JPG", "a.png", "ab.gif", "b.png",
    ]  # fmt: skip


def test_only_pictures_of_the_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "deeper.png").mkdir()
    (tmp_path / "deeper.png" / "1.png").write_bytes(b"")
    for name in (".hidden.png", "notes.txt", "run.json", "cat.png"):
        (tmp_path / name).write_bytes(b"")
    assert pictures_in(tmp_path) == (tmp_path / "cat.png",)


@pytest.mark.parametrize("name", ["", "missing"])
def test_without_pictures_there_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="choose"):
        pictures_in(tmp_path / name)


def test_names_of_every_kind_can_be_compared() -> None:
    names = ["", "1", "a", "a1", "1a", "²", "٣", "a٣b", "01", "1.0", "é", "É" * 9]
    assert len(sorted(names, key=natural_order)) == len(names)
    assert natural_order("01") != natural_order("1")


def test_pictures_below_a_folder_are_sorted_and_circles_are_not_followed(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "notes.txt", ".c.png", "deep/1.tif", ".git/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    found = [str(tmp_path / name) for name in ("a.JPG", "b.png", "deep/1.tif")]
    assert list(pictures_below(tmp_path)) == found


def test_a_folder_that_can_not_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(PermissionError):
        list(pictures_below(tmp_path))
