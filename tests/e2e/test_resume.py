"""The real command, killed at random moments and resumed: the weights are bit for bit the same.

``CONVNET_VIEWER_KILLS=20`` asks for more kills than a normal run of the tests does.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from viewer.core.training.history_reader import HistoryReader
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.run_folder import RunFolder

KILLS = int(os.environ.get("CONVNET_VIEWER_KILLS", "3"))
SEED = int(os.environ.get("CONVNET_VIEWER_KILL_SEED", random.randrange(10**6)))
TIMEOUT_S = 300.0
POLL_S = 0.01

# Everything that has a state: momentum, running statistics, dropout, an average, augmentation.
HYPER = ("maps1=3", "maps2=4", "maps3=4", "kernel1=3", "kernel2=3", "kernel3=3")
SETTINGS = (
    *("--arch", "digits", "--hyper", "batch_norm=true", "--hyper", "dropout=0.1"),
    *(word for value in HYPER for word in ("--hyper", value)),
    *("--epochs", "2", "--batch-size", "192", "--lr", "0.01", "--ema", "0.99"),
    *("--validation", "0.05", "--rotation-deg", "5", "--elastic-px", "0.3", "--seed", "4"),
    # Often, so that some kills hit just when something is written.
    *("--checkpoint-seconds", "0.4", "--keep-mb", "3"),
)


def _start(run: Path) -> subprocess.Popen[str]:
    """Begin the training or, once there is one, go on with it."""
    words = ["--resume", "--keep-mb", "3"] if (run / "config.json").exists() else SETTINGS
    return subprocess.Popen(
        [sys.executable, "-m", "viewer", "train", "-o", str(run), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _begun(process: subprocess.Popen[str], run: Path) -> None:
    """Wait until the training has its folder; another process can only be polled."""
    while not (run / "config.json").exists() and process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)


def _finish(run: Path) -> float:
    """Train to the end; return how many seconds it took once the folder was there."""
    process = _start(run)
    _begun(process, run)
    begun_s = time.monotonic()
    _, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, said
    return time.monotonic() - begun_s


def _kill(run: Path, moment_s: float) -> bool:
    """Kill the training so long after it began; return whether it was still at work."""
    process = _start(run)
    _begun(process, run)
    try:
        process.communicate(timeout=moment_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Return an uninterrupted run and how many seconds it took."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    return run, _finish(run)


def _same(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(_same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and all(map(_same, one, other))
    return one == other


@pytest.mark.slow
@pytest.mark.parametrize("trial", range(KILLS))
def test_killed_and_resumed_is_never_interrupted(
    whole: tuple[Path, float], tmp_path: Path, trial: int
) -> None:
    wanted, duration_s = whole
    moments = random.Random(SEED * 1000 + trial)
    run = tmp_path / "killed"
    note = f"CONVNET_VIEWER_KILL_SEED={SEED} trial {trial}:"
    moment_s = moments.uniform(0.0, 0.95) * duration_s
    while not _kill(run, moment_s):  # it was done sooner than the one before
        note += " too late;"
        run = tmp_path / f"killed{len(note)}"
        moment_s *= 0.8
    note += f" killed after {moment_s:.2f} s of {duration_s:.2f} s, "
    note += f"at step {RunFolder(run).info().step}"
    sys.stdout.write(note + "\n")  # shown where the test fails

    _finish(run)
    # Weights and what is stored with them, then everything that a next step would depend on.
    assert (run / "network.safetensors").read_bytes() == (
        wanted / "network.safetensors"
    ).read_bytes(), note
    assert _same(RunFolder(run).load_state(), RunFolder(wanted).load_state()), note
    for name in ("metrics.csv", "batches.csv", "config.json"):
        assert (run / name).read_text() == (wanted / name).read_text(), (note, name)
    assert RunFolder(run).info().status == "finished"
    assert not list(run.rglob("*.part")), note
    reader = HistoryReader(run)
    reader.update()
    assert reader.kept_steps[0] == 0
    assert len(reader.history.batches) == RunFolder(run).info().steps
    kept = KeptSteps(run)
    assert kept.bytes_used() <= 3 << 20
    for step in set(kept.steps()) & set(KeptSteps(wanted).steps()):
        assert _same(kept.weights(step), KeptSteps(wanted).weights(step)), (note, step)
