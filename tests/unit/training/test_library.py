import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from viewer.core.errors import UserError
from viewer.core.training import run_lock
from viewer.core.training.config import TrainingConfig
from viewer.core.training.library import (
    RunSummary,
    delete_run,
    list_runs,
    new_run_path,
    rename_run,
)
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.run_info import STALE_S, Parent, RunStatus, new_info
from viewer.core.training.run_lock import LOCK_NAME, RunLock, is_held


def make(path: Path, name: str = "A run", parent: Parent | None = None) -> RunFolder:
    folder = RunFolder(path)
    folder.create(TrainingConfig(), info=new_info(name, parent, 100))
    return folder


def only(root: Path) -> RunSummary:
    (found,) = list_runs(root)
    return found


def test_what_a_list_of_runs_shows(tmp_path: Path) -> None:
    first = make(tmp_path / "one").info()
    folder = make(tmp_path / "two", "Branch", Parent(first.id, 40))
    folder.update_info(status=RunStatus.FINISHED, step=100, test_accuracy=0.5, created="2999-01-01")
    one, two = list_runs(tmp_path)
    assert (one.name, one.status, one.parent_id, one.accuracy) == ("A run", "running", None, None)
    assert (two.parent_id, two.parent_step, two.status) == (first.id, 40, "finished")
    assert (two.step, two.steps, two.accuracy) == (100, 100, 0.5)
    files = [p for p in (tmp_path / "two").rglob("*") if p.is_file()]
    assert two.size_bytes == sum(p.stat().st_size for p in files)


def test_what_is_no_run_is_not_listed(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "gone") == []
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    assert list_runs(tmp_path) == []


def test_a_killed_run_does_not_run_for_ever(tmp_path: Path) -> None:
    make(tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    assert only(tmp_path).status is RunStatus.RUNNING
    long_ago = path.stat().st_mtime - 2 * STALE_S
    os.utime(path, (long_ago, long_ago))
    assert only(tmp_path).status is RunStatus.STOPPED


def test_a_run_on_this_machine_runs_as_long_as_it_is_locked(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    lock = RunLock(folder.path)
    path = tmp_path / "run" / "run.json"
    long_ago = path.stat().st_mtime - 2 * STALE_S
    os.utime(path, (long_ago, long_ago))
    assert only(tmp_path).status is RunStatus.RUNNING
    os.utime(path)
    lock.release()  # as a kill does
    assert only(tmp_path).status is RunStatus.STOPPED
    RunLock(folder.path).release()  # looking at it left it free


def test_a_lock_of_another_machine_tells_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    RunLock(folder.path).release()
    (folder.path / LOCK_NAME).write_bytes(b"elsewhere")
    assert only(tmp_path).status is RunStatus.RUNNING


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"id": "a", "name": "", "created": "2024-01-01", "parent": null, "status": "paused", '
        b'"step": 0, "steps": 1, "test_accuracy": null}',
        b'{"id": "a", "name": "a\\nb", "created": "2024-01-01", "parent": null, '
        b'"status": "paused", "step": 0, "steps": 1, "test_accuracy": null}',
        b'{"id": "a", "name": "b", "created": "2024-01-01", "parent": {"id": 3}, '
        b'"status": "paused", "step": 0, "steps": 1, "test_accuracy": null}',
        b'{"id": "a", "name": "b", "created": "x", "parent": null, "status": "paused", '
        b'"step": 0, "steps": 1, "test_accuracy": null}',
        b'{"id": "a", "name": "b", "created": "2024-01-01", "parent": null, "status": "paused", '
        b'"step": true, "steps": 1, "test_accuracy": NaN}',
    ],
)
def test_a_damaged_run_is_listed_as_such(tmp_path: Path, content: bytes) -> None:
    make(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_bytes(content)
    found = only(tmp_path)
    assert (found.status, found.name) == (RunStatus.DAMAGED, "run")
    with pytest.raises(UserError, match=r"run\.json is damaged"):
        rename_run(found.path, "new")
    delete_run(found.path)
    assert not found.path.exists()


def test_a_folder_for_a_new_run(tmp_path: Path) -> None:
    assert new_run_path(tmp_path, "Größer, 2. Versuch!") == tmp_path / "groer-2-versuch"
    (tmp_path / "run").mkdir()
    assert new_run_path(tmp_path, "  ../ ") == tmp_path / "run-2"
    assert len(new_run_path(tmp_path, "x" * 500).name) <= 60


def test_rename(tmp_path: Path) -> None:
    make(tmp_path / "run")
    rename_run(tmp_path / "run", "  Zweiter Versuch ")
    assert only(tmp_path).name == "Zweiter Versuch"
    for name in ("", "  ", "two\nlines", "x" * 300):
        with pytest.raises(UserError, match="name"):
            rename_run(tmp_path / "run", name)


def test_delete_takes_only_what_a_run_has_written(tmp_path: Path) -> None:
    make(tmp_path / "run")
    (tmp_path / "run" / "steps").mkdir()
    (tmp_path / "run" / "steps" / "00000001.safetensors").write_text("x")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    delete_run(tmp_path / "run")
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["notes.txt"]
    with pytest.raises(UserError, match="no folder of a run"):
        delete_run(tmp_path / "run")
    with pytest.raises(UserError, match="no folder of a run"):
        delete_run(tmp_path)


def test_a_run_that_is_trained_in_is_not_deleted(tmp_path: Path) -> None:
    make(tmp_path / "run")
    lock = RunLock(tmp_path / "run")
    with pytest.raises(UserError, match="being trained"):
        delete_run(tmp_path / "run")
    lock.release()
    delete_run(tmp_path / "run")
    assert list_runs(tmp_path) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path / "run")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with pytest.raises(UserError, match="no folder of a run"):
        delete_run(tmp_path / "link")
    assert (tmp_path / "run" / "run.json").exists()


def test_it_is_cheap_to_import() -> None:
    code = "import sys, viewer.core.training.library; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_nobody_begins_in_a_run_that_is_being_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "run")
    held: list[bool | None] = []
    original = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name in ("run.json", "config.json"):
            held.append(is_held(tmp_path / "run"))
        original(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    delete_run(tmp_path / "run")
    assert held == [True, True]
    assert not (tmp_path / "run").exists()


def test_the_lock_of_a_process_that_lives_stays_young(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "HEARTBEAT_S", 0.01)
    lock = RunLock(tmp_path)
    path = tmp_path / LOCK_NAME
    os.utime(path, (0, 0))
    end_s = time.monotonic() + 10
    while path.stat().st_mtime < 1 and time.monotonic() < end_s:
        threading.Event().wait(0.01)
    assert path.stat().st_mtime > 1
    lock.release()
    os.utime(path, (0, 0))
    threading.Event().wait(0.05)
    assert path.stat().st_mtime == 0
    assert "run lock" not in {thread.name for thread in threading.enumerate()}


def test_a_look_at_the_lock_keeps_nobody_from_training(tmp_path: Path) -> None:
    RunLock(tmp_path).release()
    looking = threading.Event()
    with (tmp_path / LOCK_NAME).open("rb") as file:
        run_lock._lock(file)  # as `is_held` does for a moment

        def look_away() -> None:
            file.close()
            looking.set()

        threading.Timer(0.03, look_away).start()
        RunLock(tmp_path).release()
    assert looking.wait(5)
