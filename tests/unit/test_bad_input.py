"""Bad input, end to end: through the command line, and through the services of the window.

One sentence each, exit code 1 or a `failed` signal, and the last good network stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.unit.bad_files import CHECKPOINTS, GOOD_MODEL, INPUTS, LINE, Bad, png_claiming
from tests.unit.cli.running import run_here, run_process
from viewer.core.records import ActivationRecord, Drawing, InferenceRequest, Stroke
from viewer.services.files import FileService
from viewer.services.inference import InferenceService

TIMEOUT_MS = 60_000


def test_the_table_is_as_long_as_it_has_to_be() -> None:
    assert len(CHECKPOINTS) + len(INPUTS) >= 40
    for table in (CHECKPOINTS, INPUTS):
        assert len({case.name for case in table}) == len(table)


@pytest.mark.parametrize("case", CHECKPOINTS, ids=str)
def test_the_command_line_refuses_a_bad_checkpoint(
    case: Bad, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = case.at(tmp_path)
    result = run_here(capsys, "inspect", path)
    result.assert_one_sentence(case.name, *case.words)
    assert result.out == ""
    assert not (tmp_path / "taken-over").exists()


@pytest.mark.parametrize("case", INPUTS, ids=str)
def test_the_command_line_refuses_a_bad_input(
    case: Bad, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "predict", "--model", GOOD_MODEL, case.at(tmp_path))
    result.assert_one_sentence(case.name, *case.words)
    assert result.out == ""


# --- the services of the window


SEVEN = Drawing(
    (Stroke(np.array([[80, 60], [200, 60], [130, 230]], np.float32)),), canvas=(280.0, 280.0)
)


class Signals(QObject):
    """What a service has told, in the order told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[Any, ...]] = []

    def note(self, *values: object) -> None:
        self.told.append(values)


@pytest.fixture(scope="module")
def bad_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Bad, Path]]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return [(case, case.at(folder)) for case in CHECKPOINTS]


@pytest.fixture
def inference(qtbot: QtBot) -> Iterator[InferenceService]:
    service = InferenceService()
    service.start()
    yield service
    assert service.shutdown()


@pytest.fixture
def files(qtbot: QtBot) -> Iterator[FileService]:
    service = FileService()
    service.start()
    yield service
    assert service.shutdown()


def test_after_every_bad_checkpoint_the_last_good_network_answers(
    inference: InferenceService, bad_checkpoints: list[tuple[Bad, Path]], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(inference.network_loaded, timeout=TIMEOUT_MS):
        inference.open_network(GOOD_MODEL)
    first = _answer(inference, qtbot, 1)
    loaded = Signals()
    inference.network_loaded.connect(loaded.note)
    for number, (case, path) in enumerate(bad_checkpoints, start=2):
        with qtbot.waitSignal(inference.network_failed, timeout=TIMEOUT_MS) as refusal:
            inference.open_network(str(path))
        model, sentence = refusal.args
        assert model == str(path)
        _assert_sentence(sentence, case)
        again = _answer(inference, qtbot, number)
        np.testing.assert_array_equal(again.probabilities, first.probabilities)
    assert loaded.told == []


def test_a_bad_checkpoint_before_any_good_one_leaves_the_service_alive(
    inference: InferenceService, bad_checkpoints: list[tuple[Bad, Path]], qtbot: QtBot
) -> None:
    _, path = bad_checkpoints[0]
    with qtbot.waitSignal(inference.network_failed, timeout=TIMEOUT_MS):
        inference.open_network(str(path))
    with qtbot.waitSignal(inference.network_loaded, timeout=TIMEOUT_MS):
        inference.open_network(GOOD_MODEL)
    assert _answer(inference, qtbot, 1).probabilities is not None


def test_after_every_bad_input_a_good_one_is_read(
    files: FileService, tmp_path: Path, qtbot: QtBot
) -> None:
    good = tmp_path / "good.jsonl"
    good.write_text(json.dumps({"strokes": LINE, "label": "1"}) + "\n", encoding="utf-8")
    folder = tmp_path / "bad"
    folder.mkdir()
    for case in INPUTS:
        path = case.at(folder)
        with qtbot.waitSignal(files.failed, timeout=TIMEOUT_MS) as refusal:
            files.open_file(path)
        _assert_sentence(refusal.args[0], case)
    with qtbot.waitSignal(files.inputs_ready, timeout=TIMEOUT_MS) as read:
        files.open_file(good)
    (drawing,), title = read.args
    assert (drawing.label, title) == ("1", "good.jsonl")


@pytest.mark.parametrize("data", [b"", b"nonsense", png_claiming(60_000, 60_000)])
def test_what_is_pasted_may_be_bad_too(data: bytes, files: FileService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(files.failed, timeout=TIMEOUT_MS) as refusal:
        files.decode_picture(data, "the clipboard")
    sentence = refusal.args[0]
    assert "the clipboard" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def _answer(service: InferenceService, qtbot: QtBot, generation: int) -> ActivationRecord:
    with qtbot.waitSignal(service.record_ready, timeout=TIMEOUT_MS) as answer:
        service.submit(InferenceRequest(generation, SEVEN))
    record: ActivationRecord = answer.args[0]
    assert record.generation == generation
    return record


def _assert_sentence(sentence: str, case: Bad) -> None:
    assert case.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    for word in case.words:
        assert word in sentence


# --- the rest of the command line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inspect", "resnet9000"], ("no model 'resnet9000'", "digits")),
        (["inspect", ""], ()),
        (["inspect", "~nobody-of-that-name/net.safetensors"], ("no model",)),
        (["inspect", "x" * 5000], ("no model",)),
        (["inspect", "two\nlines"], ("no model",)),
        (["inspect", "nul\0inside"], ()),
        (["predict", "--model", "resnet9000", "seven.png"], ("no model 'resnet9000'",)),
        (["predict", "x" * 5000 + ".png"], ()),
        (["predict", "nul\0inside.png"], ()),
        (["predict", "nul\0inside.jsonl"], ()),
        (["evaluate", "resnet9000"], ("no model 'resnet9000'",)),
        (["evaluate", "mlp", "--dataset", "emnist-of-mars"], ("emnist-of-mars",)),
        (["screenshot", "gone.png", "-o", "window.png"], ("no file gone.png",)),
        (["screenshot", "-o", "no/such/folder/window.png"], ("no/such/folder",)),
        (["screenshot", "x" * 5000 + ".png", "-o", "window.png"], ()),
        (["export", "--layer", "conv1", "-o", "maps.png"], ("name a picture",)),
        (["export", "--layer", "conv99", "--what", "filters", "-o", "f.png"], ("conv99",)),
        (["export", "--layer", "conv1", "--what", "filters", "-o", "f.gif"], ("f.gif",)),
        (["export", "--layer", "conv1", "gone.png", "-o", "maps.png"], ("gone.png",)),
        (
            ["export", "--layer", "conv1", "--what", "filters", "-o", "no/where/f.png"],
            ("no/where",),
        ),
        (["train", "--config", "gone.json", "-o", "run"], ("gone.json",)),
        (["train", "--recipe", "gone", "-o", "run"], ("gone",)),
        (["train", "--resume", "-o", "run"], ("run",)),
        (["train", "--epochs", "-3", "-o", "run"], ("epochs",)),
        (["train", "--dataset", "emnist-of-mars", "-o", "run"], ("emnist-of-mars",)),
        (["train", "--arch", "hal9000", "-o", "run"], ("hal9000",)),
        (["train", "-o", "/dev/null/run"], ("/dev/null/run",)),
        (["gone.png"], ("no file gone.png",)),
        (["mlp", "gone.png"], ("no file gone.png",)),
        (["x" * 5000 + ".png"], ()),
    ],
    ids=lambda value: " ".join(value)[:60].replace("\0", "NUL") if isinstance(value, list) else "",
)
def test_bad_arguments_are_one_sentence(
    arguments: list[str],
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QT_SCALE_FACTOR", "1")  # screenshot sets it for its process
    run_here(capsys, *arguments).assert_one_sentence(*words)
    assert not list(tmp_path.iterdir()), "something was written all the same"


def test_missing_data_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An installation without its data: the networks, MNIST, recipes."""
    monkeypatch.setattr("viewer.core.resources._PACKAGE", tmp_path / "viewer")
    for arguments, missing in (
        (["inspect"], "resources/models"),
        (["train", "-o", str(tmp_path / "run"), "--epochs", "1"], "resources/mnist"),
        (["train", "--recipe", "digits", "-o", str(tmp_path / "run")], "resources/recipes"),
    ):
        run_here(capsys, *arguments).assert_one_sentence(missing, "install convnet-viewer again")


# Below a file that is no folder: not even the superuser can write there.
NO_HOME = dict.fromkeys(
    ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"), "/dev/null/nowhere"
)


@pytest.mark.slow
def test_a_home_that_can_t_be_written_to_does_not_hinder_predict(tmp_path: Path) -> None:
    strokes = tmp_path / "seven.jsonl"
    points = [[80, 60], [200, 60], [130, 230]]
    strokes.write_text(json.dumps({"strokes": [points]}) + "\n", encoding="utf-8")
    result = run_process("predict", "--json", strokes, variables=NO_HOME)
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["prediction"] == "7"


@pytest.mark.slow
def test_a_home_that_can_t_be_written_to_does_not_hinder_a_screenshot(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    result = run_process("screenshot", "-o", picture, variables=NO_HOME)
    assert (result.code, result.err) == (0, "")
    assert picture.exists()


CLOSE_WHEN_PREDICTED = """
import argparse, sys
from PyQt6.QtCore import QTimer
from viewer.cli import window

def observe(application):
    def look():
        if application.window.prediction.winner is not None:
            print(application.window.prediction.winner)
            application.window.close()
    application.timer = QTimer()
    application.timer.timeout.connect(look)
    application.timer.start(10)

parser = argparse.ArgumentParser()
window.configure(parser)
sys.exit(window.run(parser.parse_args(), observe))
"""


@pytest.mark.slow
def test_a_home_that_can_t_be_written_to_does_not_hinder_the_window(tmp_path: Path) -> None:
    strokes = tmp_path / "seven.jsonl"
    points = [[80, 60], [200, 60], [130, 230]]
    strokes.write_text(json.dumps({"strokes": [points]}) + "\n", encoding="utf-8")
    result = run_process(
        strokes,
        program=("-c", CLOSE_WHEN_PREDICTED),
        variables=NO_HOME | {"QT_QPA_PLATFORM": "offscreen"},
    )
    assert (result.code, result.out, result.err) == (0, "7\n", "")
