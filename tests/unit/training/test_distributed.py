"""Two real processes, joined by gloo on this machine, against one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.training import in_processes
from viewer.core.errors import UserError
from viewer.core.training.distributed import Team, team_of_processes

ROOT = Path(in_processes.__file__).parents[3]
LIMIT_S = 120.0  # of a machine that is busy; it takes about ten seconds


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with what each of two processes has written."""
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(in_processes.__file__), str(folder)]
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    return folder


def read(path: Path) -> dict[str, Any]:
    found = torch.load(path, weights_only=True)
    assert isinstance(found, dict)
    return found


def test_two_processes_equal_one(two: Path, tmp_path: Path) -> None:
    in_processes.work(Team(), tmp_path / "one.pt")
    one, leader, other = map(read, (tmp_path / "one.pt", two / "whole.0.pt", two / "whole.1.pt"))
    assert (leader["finished"], leader["step"], other["step"]) == (1, one["step"], one["step"])
    assert not (other["batches"] or other["epochs"] or other["finished"])  # one alone reports
    assert len(leader["batches"]) == len(one["batches"]) == 8
    for found, wanted in zip(leader["batches"], one["batches"], strict=True):
        assert found == pytest.approx(wanted, rel=1e-5)
    for found, wanted in zip(leader["epochs"], one["epochs"], strict=True):
        assert found == pytest.approx(wanted, rel=1e-5)
    for part in ("network", "average"):
        for name, value in one["state"][part].items():
            close(leader["state"][part][name], value)
            assert torch.equal(leader["state"][part][name], other["state"][part][name])


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    """Check that they differ by no more than 1e-5 of the tensor's size."""
    assert float((found - wanted).norm() / wanted.norm()) <= 1e-5


def test_all_stop_when_the_first_does(two: Path) -> None:
    leader, other = read(two / "stopped.0.pt"), read(two / "stopped.1.pt")
    assert (leader["step"], other["step"]) == (in_processes.STOP_AFTER, in_processes.STOP_AFTER)
    assert not leader["finished"]


@pytest.mark.parametrize(("batch", "size"), [(15, 2), (64, 3), (3, 3), (10, 1)])
def test_shares_are_the_whole_batch(batch: int, size: int) -> None:
    team = Team()
    covered: list[int] = []
    for rank in range(size):
        team.rank, team.size = rank, size
        share = team.share(batch)
        assert share.stop > share.start
        covered += range(share.start, share.stop)
    assert covered == list(range(batch))


def test_a_batch_too_small_to_share() -> None:
    team = Team()
    team.size = 4
    with pytest.raises(UserError, match="batch of 3 can't be shared by 4 processes"):
        team.share(3)


def test_a_process_that_nobody_joined_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with team_of_processes() as team:
        assert (team.rank, team.size, team.leads) == (0, 1, True)
        assert team.device("cuda") == "cuda"


def test_others_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="start them with torchrun"), team_of_processes():
        pass
