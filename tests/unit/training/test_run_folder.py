import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import EpochFinished, Finished
from viewer.core.training.loop import Trainer, TrainingData
from viewer.core.training.metrics import Evaluation
from viewer.core.training.run_folder import RunFolder

CONFIG = TrainingConfig(
    architecture="mlp", hyper={"units1": 3, "units2": 2}, epochs=2, batch_size=8, ema=0.5
)


def trainer() -> Trainer:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (32, 4, 4), dtype=np.uint8)
    labels = (np.arange(32) % 2).astype(np.uint8)
    dataset = ImageDataset("noise", "train", images, labels, ("a", "b"), 0.5, 0.3)
    return Trainer(CONFIG, TrainingData(dataset, dataset))


def epoch(number: int, validation: Evaluation | None = None) -> EpochFinished:
    return EpochFinished(number * 4, number, 1 / number, 0.5, validation)


def test_a_new_folder_says_what_was_asked_for_and_where(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "a" / "b")
    folder.create(CONFIG)
    assert folder.config() == CONFIG
    environment = json.loads((folder.path / "environment.json").read_text())
    assert environment["torch"] == str(torch.__version__)
    assert folder.metrics() == []
    assert folder.load_state() is None


def test_a_training_is_never_overwritten(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.create(CONFIG)
    with pytest.raises(UserError, match=r"holds a training already.*--resume"):
        folder.create(replace(CONFIG, seed=1))
    assert folder.config() == CONFIG


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="can't be made"):
        RunFolder(tmp_path / "file" / "run").create(CONFIG)


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no training"):
        RunFolder(tmp_path).config()


def test_a_line_of_metrics_an_epoch(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.create(CONFIG)
    folder.add_epoch(epoch(1))
    folder.add_epoch(epoch(2, Evaluation(0.25, 3, 4)))
    text = (tmp_path / "metrics.csv").read_text().splitlines()
    assert text == [
        "epoch,step,loss,accuracy,validation_loss,validation_accuracy",
        "1,4,1.000000,0.500000,,",
        "2,8,0.500000,0.500000,0.250000,0.750000",
    ]


def test_an_epoch_done_again_replaces_its_line_and_later_ones(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.create(CONFIG)
    for number in (1, 2, 3, 2):
        folder.add_epoch(epoch(number))
    assert [line["epoch"] for line in folder.metrics()] == ["1", "2"]


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"\xff\xfe\n\xff\n", b",".join([b"epoch"] * 6) + b"\nx,,,,,\n", None]
)
def test_damaged_metrics_are_refused(tmp_path: Path, content: bytes | None) -> None:
    folder = RunFolder(tmp_path)
    folder.create(CONFIG)
    path = tmp_path / "metrics.csv"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match=r"metrics\.csv is damaged"):
        folder.add_epoch(epoch(1))


def test_a_stored_state_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    first = trainer()
    list(itertools.islice(first.events(), 6))
    folder.save_state(first.state())
    second = trainer()
    state = folder.load_state()
    assert state is not None
    second.restore(state)
    rest, wanted = list(second.events()), list(trainer().events())
    assert isinstance(rest[-1], Finished)
    assert isinstance(wanted[-1], Finished)
    for a, b in zip(rest[-1].network.parameters(), wanted[-1].network.parameters(), strict=True):
        assert torch.equal(a, b)


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.mkdir, (Path("pwned"),))  # type: ignore[return-value]  # as an attacker would


@pytest.mark.parametrize("content", [b"", b"no state", b"PK\x03\x04cut off"])
def test_a_damaged_state_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"checkpoint\.pt is damaged"):
        RunFolder(tmp_path).load_state()


@pytest.mark.parametrize("state", [[1, 2], torch.zeros(3)])
def test_a_state_of_another_kind_is_refused(tmp_path: Path, state: object) -> None:
    torch.save(state, tmp_path / "checkpoint.pt")
    with pytest.raises(UserError, match=r"checkpoint\.pt is damaged"):
        RunFolder(tmp_path).load_state()


def test_code_in_a_state_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"step": _Hostile()}, "checkpoint.pt")
    with pytest.raises(UserError, match=r"checkpoint\.pt is damaged"):
        RunFolder(tmp_path).load_state()
    assert not Path("pwned").exists()


def test_the_result_can_be_opened(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    run = trainer()
    events = list(run.events())
    assert isinstance(events[-1], Finished)
    folder.save_result(events[-1], run.result_metadata(events[-1], "the command"))
    loaded = load_checkpoint(folder.network_path)
    assert loaded.metadata.test_accuracy == events[-1].test.accuracy
    x = torch.rand(3, 1, 4, 4)
    assert torch.equal(loaded.module(x), events[-1].network(x))
