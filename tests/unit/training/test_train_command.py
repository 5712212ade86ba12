import shlex
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch

from viewer import cli
from viewer.cli import train as train_module
from viewer.core.data.drawings import DrawingStore
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.table_file import save_table
from viewer.core.nets.table_rows import LayerRow, rows_to_json
from viewer.core.records import Drawing, Stroke
from viewer.core.training.command import training_command
from viewer.core.training.config import (
    Augmentation,
    TrainingConfig,
    load_recipe,
    recipe_names,
)
from viewer.core.training.events import BatchFinished, Event
from viewer.core.training.presets import presets
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.session import RunSession

# Seconds, not minutes: a tiny dense network and few, large batches.
SMALL = (
    *("--arch", "mlp", "--hyper", "units1=8", "--epochs", "2"),
    *("--batch-size", "6000", "--lr", "0.03"),
)


@pytest.fixture(autouse=True)
def _interrupts() -> Iterator[None]:
    """Give Ctrl-C its meaning: what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def train(*arguments: str | float | Path) -> int:
    return cli.main(["train", *map(str, arguments)])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainingConfig]:
    """Collect the configurations that trainings would start with."""
    configs: list[TrainingConfig] = []

    def stop(config: TrainingConfig, *_: object, **__: object) -> NoReturn:
        configs.append(config)
        raise KeyboardInterrupt  # ends the command without a training

    monkeypatch.setattr("viewer.core.training.session.Trainer", stop)
    return configs


def test_a_whole_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert train(*SMALL, "--validation", 0.1, "--seed", 3, "-o", run) == 0
    captured = capsys.readouterr()
    loaded = load_checkpoint(run / "network.safetensors")
    accuracy = loaded.metadata.test_accuracy
    assert accuracy is not None
    assert accuracy > 0.5
    assert f"test accuracy {accuracy:.2%}" in captured.out
    assert "epoch 2/2" in captured.err
    assert "validation" in captured.err
    assert len(RunFolder(run).metrics()) == 2
    assert loaded.metadata.training_command == (
        "convnet-viewer train --dataset mnist --arch mlp --epochs 2 --seed 3 --hyper units1=8 "
        "--batch-size 6000 --lr 0.03 --validation 0.1 -o RUN"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed_gives_the_same_network(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train(*SMALL, "-o", whole) == 0

    events = RunSession.events

    def interrupt(session: RunSession) -> Generator[Event, None, None]:
        for event in events(session):
            if isinstance(event, BatchFinished) and event.step == 13:
                signal.raise_signal(number)
            yield event

    with monkeypatch.context() as patch:
        patch.setattr(RunSession, "events", interrupt)
        assert train(*SMALL, "-o", broken) == 130
    assert "Stopped after step 13 of 20" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert RunFolder(broken).info().status == "stopped"
    assert not (broken / "network.safetensors").exists()

    assert train("-o", broken, "--resume") == 0
    networks = [load_checkpoint(run / "network.safetensors") for run in (whole, broken)]
    pairs = zip(*(network.module.parameters() for network in networks), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert networks[0].metadata == networks[1].metadata
    assert RunFolder(whole).metrics() == RunFolder(broken).metrics()
    files = [(run / "batches.csv").read_text() for run in (whole, broken)]
    assert files[0] == files[1]
    assert RunFolder(broken).info().status == "finished"


def test_a_second_interrupt_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), train_module._interrupt_flag() as received:
        signal.raise_signal(signal.SIGINT)
        assert received == [signal.SIGINT]
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_finished_training_is_not_overwritten(
    tmp_path: Path, asked: list[TrainingConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    RunFolder(tmp_path).create(TrainingConfig())
    assert train("-o", tmp_path) == 1
    assert "holds a training already" in capsys.readouterr().err
    assert not asked  # told before anything is loaded


def test_settings_go_over_those_of_a_recipe(asked: list[TrainingConfig], tmp_path: Path) -> None:
    options = "--recipe digits --epochs 3 --hyper maps1=8 --shear 0 --no-nesterov --lr 1"
    train(*options.split(), "-o", tmp_path)
    recipe = load_recipe("digits")
    assert asked == [
        replace(
            recipe,
            epochs=3,
            hyper={**recipe.hyper, "maps1": 8},
            augmentation=replace(recipe.augmentation, shear=0.0),
            nesterov=False,
            lr=1.0,
        )
    ]


def test_settings_go_over_those_of_a_preset(asked: list[TrainingConfig], tmp_path: Path) -> None:
    train("--preset", "quick", "--seed", 2, "--frozen", "conv1", "conv2", "-o", tmp_path)
    quick = presets()["quick"].config
    assert asked == [replace(quick, seed=2, frozen=("conv1", "conv2"))]


def test_another_architecture_drops_the_recipes_hyper_parameters(
    asked: list[TrainingConfig], tmp_path: Path
) -> None:
    train("--recipe", "digits", "--arch", "mlp", "--hyper", "units1=9", "-o", tmp_path)
    assert asked[0].hyper == {"units1": 9}


def test_settings_from_a_file(asked: list[TrainingConfig], tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"epochs": 4, "augmentation": {"shear": 0.1}}')
    train("--config", path, "-o", tmp_path / "run", "--seed", "8")
    assert asked == [TrainingConfig(epochs=4, seed=8, augmentation=Augmentation(shear=0.1))]


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig(),
        TrainingConfig(
            architecture="lenet5",
            optimiser="sgd",
            nesterov=False,
            hyper={"dropout": 0.5},
            epochs=2,
            seed=9,
            augmentation=Augmentation(shear=0.1, gain_low=0.5),
        ),
        TrainingConfig(hyper={"batch_norm": True}, schedule="step", step_epochs=3),
        TrainingConfig(frozen=("conv1", "conv2"), start="digits"),
        *map(load_recipe, recipe_names()),
    ],
)
def test_the_command_stored_asks_for_the_same_training(
    asked: list[TrainingConfig], tmp_path: Path, config: TrainingConfig
) -> None:
    words = shlex.split(training_command(config))
    assert words[:2] == ["convnet-viewer", "train"]
    assert words[-2:] == ["-o", "RUN"]
    train(*words[2:-1], tmp_path / "run")
    assert asked == [config]


def test_a_table_of_layers_is_read_from_a_file(
    asked: list[TrainingConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (LayerRow("dense", {"units": 10}),)
    save_table(tmp_path / "layers.json", rows)
    layers = ("--layers", tmp_path / "layers.json")
    train(*layers, "--lr", 0.02, "-o", tmp_path / "a")
    train("--recipe", "lenet5", *layers, "--arch", "table", "-o", tmp_path / "b")

    for config in asked:
        assert (config.architecture, config.hyper) == ("table", {"layers": rows_to_json(rows)})
    assert [config.lr for config in asked] == [0.02, load_recipe("lenet5").lr]

    assert train(*layers, "--arch", "mlp", "-o", tmp_path / "c") == 1
    assert "--arch asks for mlp: give one of them" in capsys.readouterr().err
    assert train("--layers", tmp_path / "none.json", "-o", tmp_path / "c") == 1
    assert "none.json can't be read" in capsys.readouterr().err
    assert len(asked) == 2


def test_resume_takes_no_other_table(
    asked: list[TrainingConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(tmp_path / "layers.json", (LayerRow("dense", {"units": 10}),))
    RunFolder(tmp_path / "run").create(TrainingConfig(epochs=3))

    assert train("-o", tmp_path / "run", "--resume", "--layers", tmp_path / "layers.json") == 1
    assert "begun with other settings" in capsys.readouterr().err
    assert not asked


def test_a_share_of_own_drawings_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "mine.jsonl"
    monkeypatch.setattr("viewer.core.training.data_source.drawings_file", lambda: kept)
    mine = (*SMALL[:4], "--epochs", 1, "--batch-size", 6000, "--drawings-share", 0.1)
    assert train(*mine, "-o", tmp_path / "none") == 1
    assert "drawings" in capsys.readouterr().err

    stroke = Stroke(np.array([(70, 62), (210, 62), (126, 238)], np.float32), 12.0)
    DrawingStore(kept).add(Drawing((stroke,), (280.0, 280.0)), "7")
    assert train(*mine, "-o", tmp_path / "run") == 0
    assert RunFolder(tmp_path / "run").config().drawings_share == 0.1


def test_resume_takes_no_other_settings(
    asked: list[TrainingConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RunFolder(tmp_path).create(TrainingConfig(epochs=3))
    assert train("-o", tmp_path, "--resume", "--epochs", 9) == 1
    assert "begun with other settings" in capsys.readouterr().err
    assert not asked
    train("-o", tmp_path, "--resume", "--epochs", 3)  # the same are fine
    train("-o", tmp_path, "--resume")
    assert asked == [TrainingConfig(epochs=3)] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "soup"], "no recipe 'soup'"),
        (["--preset", "soup"], "no preset 'soup'"),
        (["--config", "gone.json"], "gone.json can't be read"),
        (["--dataset", "cifar"], "no data set 'cifar'"),
        (["--arch", "vgg"], "no architecture 'vgg'"),
        (["--hyper", "depth=3"], "no hyper-parameter 'depth'"),
        (["--hyper", "maps1=0"], "maps1 of digits must be 1 to 1024"),
        (["--lr", "-1"], "lr must be"),
        (["--epochs", "0"], "epochs must be"),
        (["--device", "teapot"], "no device 'teapot'"),
        (["--gain-low", "3"], "gain_low must not be above gain_high"),
        (["--resume"], "holds no training"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert train(*arguments, "-o", tmp_path / "run") == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()  # nothing is left behind


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-o", "run", "--epochs", "many"],
        ["-o", "run", "--optimiser", "lion"],
        ["-o", "run", "--hyper", "maps1"],
        ["-o", "run", "--hyper", "maps1=x"],
        ["-o", "run", "--hyper", "=3"],
        ["-o", "run", "--recipe", "digits", "--config", "x.json"],
        ["-o", "run", "--colour", "green"],
        ["-o", "run", "--keep-mb", "-1"],
        ["-o", "run", "--checkpoint-seconds", "nan"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        train(*arguments)
    assert caught.value.code == 2


def test_help_loads_no_torch_and_names_every_setting() -> None:
    code = (
        "import sys; from viewer import cli\n"
        "try: cli.main(['train', '--help'])\n"
        "except SystemExit: sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    for option in ("--recipe", "--resume", "--arch", "--label-smoothing", "--elastic-px"):
        assert option in done.stdout
    assert "example:" in done.stdout
