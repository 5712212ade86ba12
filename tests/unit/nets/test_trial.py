"""Networks that are tried in a process of their own: what they do to it is one sentence here."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from viewer.core.errors import UserError
from viewer.core.nets import trial_run
from viewer.core.nets.own_code import runs_own_code
from viewer.core.nets.refusal import UNTRUSTED
from viewer.core.nets.shipped import resolve_model
from viewer.core.nets.trial_run import Limits, Trial, TrialCancelled, TrialRefused, usual_limits

LIMITS = Limits(time_s=100, memory_bytes=4 << 30)
FOREVER = "[0 for _ in iter(int, 1)]"


class Calls:
    """Pickled, it is a call of something when it is opened."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


def saved(path: Path, function: Any, *arguments: Any) -> str:
    torch.save(Calls(function, *arguments), path)
    return str(path)


def failure(model: str, limits: Limits = LIMITS) -> str:
    with pytest.raises(UserError) as error:
        Trial(limits).run(model, trust=True)
    assert not isinstance(error.value, TrialRefused)
    return str(error.value)


def test_a_sound_network_passes() -> None:
    Trial(LIMITS).run(str(resolve_model("mlp")))


def test_a_network_that_aborts(tmp_path: Path) -> None:
    sentence = failure(saved(tmp_path / "aborts.pt", os.abort))
    assert sentence.startswith("aborts.pt crashed while it was tried in a process of its own")
    assert "SIGABRT" in sentence


def test_a_network_that_reads_where_there_is_nothing(tmp_path: Path) -> None:
    assert "SIGSEGV" in failure(saved(tmp_path / "crashes.pt", ctypes.string_at, 0))


def test_a_network_that_ends_the_process(tmp_path: Path) -> None:
    assert "exit code 3" in failure(saved(tmp_path / "exits.pt", os._exit, 3))


def test_a_network_that_takes_all_memory(tmp_path: Path) -> None:
    sentence = failure(saved(tmp_path / "eats.pt", bytearray, 64 << 30))
    assert sentence.startswith("eats.pt needs more than the 4.3 GB of memory")


def test_a_network_that_hangs(tmp_path: Path) -> None:
    sentence = failure(saved(tmp_path / "hangs.pt", eval, FOREVER), Limits(time_s=8))
    assert sentence.startswith("hangs.pt gave no answer within 8 seconds and was given up")


def test_what_a_network_prints_is_not_taken_for_the_answer(tmp_path: Path) -> None:
    model = saved(tmp_path / "prints.pt", os.write, 1, b'{"kind": "ok"}')
    with pytest.raises(UserError):  # it is no network, whatever it says
        Trial(LIMITS).run(model, trust=True)


def test_a_file_that_is_not_trusted_is_refused_with_what_it_would_import(tmp_path: Path) -> None:
    model = saved(tmp_path / "runs.pt", os.system, f"touch {tmp_path / 'touched'}")
    with pytest.raises(TrialRefused) as error:
        Trial(LIMITS).run(model)
    refusal = error.value.refusal
    assert refusal.kind == UNTRUSTED and refusal.names == ("posix.system",)
    assert not (tmp_path / "touched").exists()


def test_a_trial_is_cancelled(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = f"open({str(started)!r}, 'w').close() or {FOREVER}"
    trial, ended = Trial(LIMITS), threading.Event()

    def run() -> None:
        with pytest.raises(TrialCancelled):
            trial.run(saved(tmp_path / "hangs.pt", eval, code), trust=True)
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    watch = threading.Event()
    while not started.exists() and thread.is_alive():
        watch.wait(0.05)
    trial.cancel()
    thread.join(10)
    assert ended.is_set()


def test_a_trial_that_is_cancelled_first_never_starts() -> None:
    trial = Trial(LIMITS)
    trial.cancel()
    with pytest.raises(TrialCancelled):
        trial.run("mlp")


def test_the_usual_limits_leave_something_to_the_window() -> None:
    limits = usual_limits()
    assert limits.time_s > 0 and limits.memory_bytes >= 0


class Doubled(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_which_files_are_tried(tmp_path: Path) -> None:
    scripted, weights = str(tmp_path / "a.pt"), str(tmp_path / "b.pt")
    torch.jit.save(torch.jit.trace(Doubled(), torch.ones(1)), scripted)  # type: ignore[no-untyped-call]  # torch's own
    torch.save({"a": torch.ones(2)}, weights)
    assert runs_own_code(scripted)
    assert not runs_own_code(weights)
    assert runs_own_code(weights, trust=True)
    assert not runs_own_code("digits", trust=True)
    assert not runs_own_code("resnet18")
    assert not runs_own_code(str(resolve_model("digits")), trust=True)


def test_modules_beside_the_network_come_after_those_of_the_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for first in ("", str(tmp_path)):  # as of python -c, and of python -m
        monkeypatch.setattr(sys, "path", [first, "/library", "/site"])
        assert trial_run._search_path()[1:] == ["/library", "/site", str(tmp_path)]
    monkeypatch.setattr(sys, "path", ["/library"])
    assert trial_run._search_path()[1:] == ["/library"]
