import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.runs import resume, start, train_to, whole
from viewer.core.errors import UserError
from viewer.core.training.history_reader import HistoryReader
from viewer.core.training.run_log import RunLog

HEADER = "step,epoch,loss,accuracy,lr\n"


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def steps(reader: HistoryReader) -> list[float]:
    return list(reader.history.batches.column("step"))


def test_half_a_line_waits_for_the_rest(tmp_path: Path) -> None:
    reader = HistoryReader(tmp_path)
    assert not reader.update()  # nothing there yet
    file = tmp_path / "batches.csv"
    append(file, HEADER + "1,1,0.5,0.25,0.1\n2,1,0.")
    assert reader.update()
    assert steps(reader) == [1]
    assert not reader.update()
    append(file, "75,1,0.1\n")
    assert reader.update()
    assert steps(reader) == [1, 2]
    assert list(reader.history.batches.column("loss")) == [0.5, 0.75]


@pytest.mark.parametrize("in_place", [True, False])
def test_a_file_that_was_cut_is_read_from_its_start(tmp_path: Path, in_place: bool) -> None:
    file, other = tmp_path / "batches.csv", tmp_path / "other"
    append(file, HEADER + "".join(f"{i},1,0.5,0.5,0.1\n" for i in range(1, 30)))
    reader = HistoryReader(tmp_path)
    reader.update()
    history = reader.history
    # Another content of more bytes than before: the size alone doesn't tell.
    text = HEADER + "".join(f"{i},1,0.125,0.5,0.1\n" for i in range(1, 40))
    if in_place:
        file.write_text(text)
    else:
        other.write_text(text)
        other.replace(file)
    assert reader.update()
    assert reader.history is history
    assert steps(reader) == list(range(1, 40))
    assert set(history.batches.column("loss")) == {0.125}


def test_steps_done_again_replace_those_before(tmp_path: Path) -> None:
    file = tmp_path / "batches.csv"
    append(file, HEADER + "1,1,1,0,0.1\n2,1,2,0,0.1\n3,1,3,0,0.1\n")
    reader = HistoryReader(tmp_path)
    reader.update()
    append(file, "2,1,20,0,0.1\n")
    reader.update()
    assert list(reader.history.batches.column("loss")) == [1, 20]


def test_damaged_lines_are_left_out(tmp_path: Path) -> None:
    append(tmp_path / "batches.csv", HEADER + "1,1,x,0,0\n\n1,1\n\xff,,,,\n2,1,inf,0.5,0.1\n")
    append(tmp_path / "changes.jsonl", '{"step": 1}\n[]\n{\n{"step": 2, "text": "lr 1 → 2"}\n')
    reader = HistoryReader(tmp_path)
    reader.update()
    assert steps(reader) == [2]
    assert np.isnan(reader.history.batches.column("loss")[0])  # no curve can show infinity
    assert [(mark.step, mark.text) for mark in reader.history.marks] == [(2, "lr 1 → 2")]


def test_a_run_is_followed_while_it_is_written_and_resumed(tmp_path: Path) -> None:
    reader = HistoryReader(tmp_path)
    with pytest.raises(UserError):
        _ = reader.info
    session = start(tmp_path, checkpoint_s=0.0)
    train_to(session, 8)
    assert reader.update()
    assert reader.info.status == "running"
    assert steps(reader) == list(range(1, 9))
    assert len(reader.history.epochs) == 1
    assert {0, 1, 2, 4} <= set(reader.kept_steps)
    assert "epoch" in reader.kept_marks[6]
    stored = (tmp_path / "checkpoint.pt").read_bytes()
    train_to(session, 11)
    session.close()
    (tmp_path / "checkpoint.pt").write_bytes(stored)  # as after a kill
    again = resume(tmp_path)
    assert reader.update()
    assert steps(reader) == list(range(1, 9))
    list(again.events())
    again.close()
    assert reader.update()
    assert reader.info.status == "finished"
    assert steps(reader) == list(range(1, 19))
    assert reader.kept_steps == again.kept.steps()
    assert not reader.update()


def test_nothing_is_changed_by_reading(tmp_path: Path) -> None:
    whole(tmp_path / "run")
    before = {p: p.stat().st_mtime_ns for p in [tmp_path / "run", *(tmp_path / "run").rglob("*")]}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        reader = HistoryReader(tmp_path / "run")
        assert reader.update()
    finally:
        for path in before:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert len(reader.history.batches) == 18
    after = {p: p.stat().st_mtime_ns for p in [tmp_path / "run", *(tmp_path / "run").rglob("*")]}
    assert after == before


def test_no_torch_is_needed() -> None:
    code = "import sys, viewer.core.training.history_reader; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_lines_wait_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = RunLog(tmp_path / "log.csv", "step")
    log.add("1")
    log.flush()
    log.add("2")
    write_all = "viewer.core.training.run_log._write_all"

    def half(write: object, content: bytes) -> None:
        write(content[:1])  # type: ignore[operator]  # a file's write
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(write_all, half)
        with pytest.raises(UserError, match="No space left"):
            log.flush()
    assert (tmp_path / "log.csv").read_text() == "step\n1\n"
    log.add("3")
    log.flush()
    assert (tmp_path / "log.csv").read_text() == "step\n1\n2\n3\n"
