"""Files that are whole at any time, whatever goes wrong while one is written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from viewer.core.errors import UserError
from viewer.core.files import FILE_MODE, remove_leftovers, replace_file


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_whole(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old and longer")
    replace_file(path, b"new", durable=durable)

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == FILE_MODE
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises((UserError, KeyboardInterrupt)) as raised:
        replace_file(path, b"new")
    if isinstance(error, OSError):
        assert "No space left on device" in str(raised.value)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["gone/x", "a\0b"])
def test_a_place_that_takes_nothing_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"can't be written \(.+\): make room or choose"):
        replace_file(tmp_path / name, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)  # root may write anywhere
    with pytest.raises(UserError, match="Permission denied"):
        replace_file(tmp_path / "a", b"")


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".a.json.xyz.part").write_bytes(b"half")
    (tmp_path / "a.json").write_bytes(b"whole")
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "gone")

    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
