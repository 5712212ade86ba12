import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.runs import (
    CONFIG,
    STEPS,
    data,
    resume,
    same,
    start,
    train_to,
    weights,
    whole,
)
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.training.events import (
    BatchFinished,
    EpochFinished,
    Finished,
    LayersMeasured,
    StepKept,
)
from viewer.core.training.history import History
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.library import list_runs
from viewer.core.training.loop import Trainer
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.session import RunSession


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def same_numbers(one: History, other: History) -> bool:
    pairs = [(one.batches, other.batches), (one.epochs, other.epochs)]
    assert one.layers.keys() == other.layers.keys()
    pairs += [(one.layers[name], other.layers[name]) for name in one.layers]
    return one.marks == other.marks and all(
        np.allclose(a.column(name), b.column(name), rtol=1e-5, equal_nan=True)
        for a, b in pairs
        for name in a.names
    )


def test_a_run_is_all_in_its_folder(tmp_path: Path) -> None:
    session = start(tmp_path / "run", name="First try")
    events = list(session.events())
    session.close()
    folder = RunFolder(tmp_path / "run")
    assert isinstance(events[-2] if isinstance(events[-1], StepKept) else events[-1], Finished)
    info = folder.info()
    assert (info.name, info.status, info.step, info.steps) == ("First try", "finished", 18, 18)
    assert folder.config() == CONFIG
    result = load_checkpoint(folder.network_path)
    assert info.test_accuracy == result.metadata.test_accuracy
    assert result.metadata.training_command is not None
    assert folder.metadata().hyper["units1"] == 5
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.tfevents.*"))
    history = folder.history()
    batches = [event for event in events if isinstance(event, BatchFinished)]
    assert len(batches) == STEPS
    for name in ("step", "loss", "accuracy", "lr"):
        wanted = [getattr(event, name) for event in batches]
        np.testing.assert_allclose(history.batches.column(name), wanted, rtol=1e-5)
    epochs = [event for event in events if isinstance(event, EpochFinished)]
    assert len(epochs) == 3
    for name in ("step", "loss", "accuracy"):
        wanted = [getattr(event, name) for event in epochs]
        np.testing.assert_allclose(history.epochs.column(name), wanted, rtol=1e-5)
    measured = [event for event in events if isinstance(event, LayersMeasured)]
    assert history.layers.keys() == {layer.name for event in measured for layer in event.layers}
    norms = [
        layer.gradient_norm
        for event in measured
        for layer in event.layers
        if layer.name == "dense1"
    ]
    found = history.layers["dense1"].column("gradient_norm")
    np.testing.assert_allclose(found, norms, rtol=1e-5)


def test_a_session_trains_as_the_bare_trainer_does(tmp_path: Path) -> None:
    trainer = Trainer(CONFIG, data())
    list(trainer.events())
    assert same(dict(trainer.network.state_dict()), weights(whole(tmp_path)))


@pytest.mark.parametrize("step", [1, 5, 6, 7, 13, 17])
def test_a_run_resumed_is_never_interrupted(tmp_path: Path, step: int) -> None:
    wanted = whole(tmp_path / "whole")
    session = start(tmp_path / "run")
    train_to(session, step)
    session.close()
    assert session.info.status == "stopped"
    assert session.info.step == step
    again = resume(tmp_path / "run")
    list(again.events())
    again.close()
    assert same(weights(again), weights(wanted))
    files = [tmp_path / name / "network.safetensors" for name in ("whole", "run")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert same_numbers(again.folder.history(), wanted.folder.history())


@pytest.mark.parametrize("step", [5, 6, 17])
def test_the_step_that_a_run_is_left_at_is_kept(tmp_path: Path, step: int) -> None:
    session = start(tmp_path / "run")
    train_to(session, step)
    session.close()
    kept = KeptSteps(tmp_path / "run")
    assert kept.steps()[-1] == step
    assert same(kept.weights(step), weights(session))
    branch = RunSession.start(
        tmp_path / "branch", CONFIG, data=data(), parent=tmp_path / "run", parent_step=step
    )
    list(branch.events())
    branch.close()
    assert same(weights(branch), weights(whole(tmp_path / "whole")))


def test_a_run_can_be_left_where_no_step_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start(tmp_path / "run")
    train_to(session, 5)

    def keep(*_: object, **__: object) -> bool:
        raise UserError("The disk is full: make room.")

    monkeypatch.setattr(KeptSteps, "keep", keep)
    session.close()
    assert RunFolder(tmp_path / "run").info().step == 5


def test_what_came_after_the_checkpoint_is_done_again(tmp_path: Path) -> None:
    wanted = whole(tmp_path / "whole")
    session = start(tmp_path / "run")
    train_to(session, 5)
    session.save()
    stored = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    train_to(session, 14)
    session.close()
    # As after a kill: the numbers and kept steps are further than the checkpoint.
    (tmp_path / "run" / "checkpoint.pt").write_bytes(stored)
    for name in ("batches.csv", "layers.csv"):
        with (tmp_path / "run" / name).open("a") as file:
            file.write("15,3,0.1")
    again = resume(tmp_path / "run")
    assert again.trainer.step == 5
    assert len(again.folder.history().batches) == 5
    assert again.folder.metrics() == []
    assert max(again.kept.steps()) <= 5
    list(again.events())
    again.close()
    assert same(weights(again), weights(wanted))
    assert same_numbers(again.folder.history(), wanted.folder.history())


def test_checkpoints_come_by_the_clock(tmp_path: Path) -> None:
    session = start(tmp_path, checkpoint_s=0.0)
    for event in session.events():
        state = session.folder.load_state()
        if isinstance(event, BatchFinished):
            assert state is not None
            assert state["step"] == event.step
    session.close()


def test_start_epochs_and_the_best_are_kept(tmp_path: Path) -> None:
    session = whole(tmp_path)
    marks = KeptSteps(tmp_path).marks()
    assert "start" in marks[0]
    assert all("epoch" in marks[step] for step in (6, 12, 18))
    accuracies = session.folder.history().epochs.column("validation_accuracy")
    best = 6 * (int(np.argmax(accuracies)) + 1)
    assert [step for step, found in marks.items() if "best" in found] == [best]


def test_kept_steps_are_announced(tmp_path: Path) -> None:
    session = start(tmp_path)
    announced = [event.step for event in session.events() if isinstance(event, StepKept)]
    session.close()
    assert tuple(announced) == session.kept.steps()
    assert {0, 1, 2, 4} <= set(announced)


@pytest.mark.parametrize("step", [0, 4, 6])
def test_a_branch_with_the_same_settings_is_the_same_run(tmp_path: Path, step: int) -> None:
    wanted = whole(tmp_path / "whole")
    branch = start(tmp_path / "branch", parent=tmp_path / "whole", parent_step=step)
    assert branch.trainer.step == step
    parent = branch.info.parent
    assert parent is not None
    assert (parent.id, parent.step) == (wanted.info.id, step)
    list(branch.events())
    branch.close()
    assert same(weights(branch), weights(wanted))
    metadata = load_checkpoint(branch.folder.network_path).metadata
    assert metadata.training_command is None  # no single command trains a branch


@pytest.mark.parametrize(
    "changes", [{"lr": 0.01}, {"optimiser": "sgd"}, {"batch_size": 12}, {"ema": 0.0}]
)
def test_a_branch_with_other_settings(tmp_path: Path, changes: dict[str, object]) -> None:
    wanted = whole(tmp_path / "whole")
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]  # the fields' own types
    branch = start(tmp_path / "branch", config, parent=tmp_path / "whole", parent_step=4)
    assert same(weights(branch), wanted.kept.weights(4))
    list(branch.events())
    branch.close()
    assert not same(weights(branch), weights(wanted)) or "ema" in changes
    assert branch.folder.config() == config
    assert branch.kept.steps()[0] == 4
    # A branch that was killed at once goes on from where it began.
    again = resume(tmp_path / "branch")
    assert again.trainer.step == branch.trainer.steps
    again.close()


def test_a_branch_needs_the_same_network_and_steps_to_do(tmp_path: Path) -> None:
    whole(tmp_path / "whole")
    with pytest.raises(UserError, match="epochs"):
        start(
            tmp_path / "branch", replace(CONFIG, lr=1.0), parent=tmp_path / "whole", parent_step=18
        )
    config = replace(CONFIG, hyper={"units1": 6})
    with pytest.raises(UserError):
        start(tmp_path / "branch", config, parent=tmp_path / "whole", parent_step=4)
    with pytest.raises(UserError, match="Step 5000 is not kept"):
        start(tmp_path / "branch", parent=tmp_path / "whole", parent_step=5000)
    assert not (tmp_path / "branch").exists()


def test_changed_settings_are_recorded_and_resumed(tmp_path: Path) -> None:
    def adjusted(path: Path, *, interrupt: bool) -> RunSession:
        session = start(path)
        train_to(session, 8)
        session.adjust(lr=0.01)
        if interrupt:
            train_to(session, 10)
            session.close()
            session = resume(path)
        list(session.events())
        session.close()
        return session

    one, other = adjusted(tmp_path / "1", interrupt=False), adjusted(tmp_path / "2", interrupt=True)
    assert same(weights(one), weights(other))
    (mark,) = one.folder.history().marks
    assert mark.step == 8
    assert "0.01" in mark.text
    change = json.loads((tmp_path / "1" / "changes.jsonl").read_text())
    assert change["settings"] == {"lr": 0.01}
    assert "change" in one.kept.marks()[8]
    assert one.folder.config() == CONFIG  # as it was begun
    assert load_checkpoint(one.folder.network_path).metadata.training_command is None
    # A branch from after the change, with the settings that held then, is exact too.
    config = replace(CONFIG, lr=0.01)
    branch = start(tmp_path / "3", config, parent=tmp_path / "1", parent_step=12)
    list(branch.events())
    branch.close()
    assert same(weights(branch), weights(one))


def test_only_one_trains_in_a_folder(tmp_path: Path) -> None:
    session = start(tmp_path)
    with pytest.raises(UserError, match="is being trained"):
        resume(tmp_path)
    session.close()
    resume(tmp_path).close()


def test_a_run_that_diverges_says_so_and_keeps_its_last_good_step(tmp_path: Path) -> None:
    config = replace(CONFIG, optimiser="sgd", lr=1e3, weight_decay=10.0, schedule="constant")
    session = whole(tmp_path, config)
    assert session.info.status == "diverged"
    assert all(bool(torch.isfinite(value).all()) for value in weights(session).values())
    assert same(session.kept.weights(session.kept.steps()[-1]), weights(session))
    assert not session.folder.network_path.exists()


def test_a_full_disk_is_one_sentence_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = whole(tmp_path / "whole")
    session = start(tmp_path / "run", checkpoint_s=0.0)
    train_to(session, 7)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.NamedTemporaryFile", full)
        with pytest.raises(UserError, match="No space left on device"):
            list(session.events())
        with pytest.raises(UserError, match="No space left on device"):
            session.close()
    again = resume(tmp_path / "run")
    assert again.trainer.step == 7
    list(again.events())
    again.close()
    assert same(weights(again), weights(wanted))
    assert same_numbers(again.folder.history(), wanted.folder.history())


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state["network"]["dense1.weight"].fill_(torch.nan),
        lambda state: state["average"]["dense1.weight"].fill_(torch.inf),
        lambda state: state["optimiser"]["state"][0].update(exp_avg=torch.zeros(2, 2)),
        lambda state: state["optimiser"]["state"].update({99: {"exp_avg": torch.zeros(2)}}),
        lambda state: state.pop("optimiser"),
        lambda state: state.update(network=3),
    ],
)
def test_a_state_that_would_spoil_the_run_is_refused(tmp_path: Path, damage: object) -> None:
    session = start(tmp_path)
    train_to(session, 3)
    session.close()
    state = session.folder.load_state()
    assert state is not None
    damage(state)  # type: ignore[operator]  # a list of lambdas has no better type
    torch.save(state, tmp_path / "checkpoint.pt")
    with pytest.raises(UserError):
        resume(tmp_path)


def test_a_run_of_an_older_program_can_be_resumed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    session = start(run)
    train_to(session, 8)
    session.close()
    for name in ("run.json", "network.json", "batches.csv"):
        (run / name).unlink()
    assert list_runs(tmp_path)[0].status == "stopped"
    again = resume(run)
    list(again.events())
    again.close()
    assert again.info.status == "finished"
    assert again.folder.metadata().architecture == "mlp"


def test_a_pause_is_seen_and_ends_with_the_next_batch(tmp_path: Path) -> None:
    session = start(tmp_path)
    events = session.events()
    while session.trainer.step < 3:
        next(events)
    session.save()
    assert RunFolder(tmp_path).info().status == "paused"
    assert RunFolder(tmp_path).info().step == 3
    while session.trainer.step < 4:
        next(events)
    assert RunFolder(tmp_path).info().status == "running"
    events.close()
    session.close()


def test_a_name_given_meanwhile_stays(tmp_path: Path) -> None:
    session = start(tmp_path)
    train_to(session, 2)
    session.folder.update_info(name="Renamed")
    session.close()
    assert RunFolder(tmp_path).info().name == "Renamed"


def test_a_name_that_cannot_be_shown(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name"):
        start(tmp_path / "run", name="two\nlines")
    assert not (tmp_path / "run").exists()
    session = start(tmp_path / "odd\nfolder")
    session.close()
    assert session.info.name == "oddfolder"
