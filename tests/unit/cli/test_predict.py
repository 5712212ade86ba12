"""``convnet-viewer predict``: the contract that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.unit.cli.running import run_here, run_process
from viewer.cli.predict import Answer, as_text
from viewer.core.data.mnist import load_mnist
from viewer.core.imaging.digit import digit
from viewer.core.nets.checkpoint import load_checkpoint, save_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Drawing, Stroke

FIELDS = ["source", "index", "prediction", "probabilities", "label"]
SEVEN = [[[80, 60], [200, 60], [130, 230]]]
ONE = [[[140, 50], [140, 230]]]


def _stroke_file(path: Path, *drawings: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(d) + "\n" for d in drawings), encoding="utf-8")
    return path


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    return _stroke_file(
        tmp_path / "two.jsonl",
        {"canvas": [280, 280], "strokes": SEVEN, "label": "7"},
        {"canvas": [280, 280], "strokes": ONE, "label": "8"},
    )


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a photo of a 3, so to speak: dark ink on light paper, enlarged."""
    dataset = load_mnist("test")
    index = int(np.flatnonzero(dataset.labels == 3)[0])
    image = Image.fromarray(255 - dataset.images[index]).resize((280, 280))
    path = tmp_path / "three.png"
    image.save(path)
    return path


def test_one_json_object_a_drawing_and_a_summary(
    strokes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "predict", "--json", strokes)
    assert (result.code, result.err) == (0, "")
    first, second, summary = [json.loads(line) for line in result.out.splitlines()]
    for index, answer in enumerate((first, second)):
        assert list(answer) == FIELDS
        assert (answer["source"], answer["index"]) == (str(strokes), index)
        assert list(answer["probabilities"]) == list("0123456789")
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        best = max(answer["probabilities"], key=answer["probabilities"].__getitem__)
        assert answer["prediction"] == best
    assert (first["prediction"], first["label"]) == ("7", "7")
    assert (second["prediction"], second["label"]) == ("1", "8")
    assert list(summary.items()) == [("n", 2), ("correct", 1), ("accuracy", 0.5)]


def test_probabilities_are_plain_torch_s(strokes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(run_here(capsys, "predict", "--json", strokes).out.splitlines()[0])
    loaded = load_checkpoint(resolve_model("digits"))
    points = np.array(SEVEN[0], np.float32)
    image = digit(Drawing((Stroke(points),), canvas=(280.0, 280.0)))
    mean, std = loaded.metadata.mean[0], loaded.metadata.std[0]
    with torch.no_grad():
        x = (torch.tensor(image.pixels)[None, None] - mean) / std
        expected = torch.softmax(loaded.module(x), dim=1)[0]
    np.testing.assert_allclose(
        list(answer["probabilities"].values()), expected.numpy(), rtol=1e-5, atol=1e-7
    )


def test_a_picture_has_no_label_and_no_summary(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "predict", "--json", picture)
    (answer,) = [json.loads(line) for line in result.out.splitlines()]
    assert result.code == 0
    assert list(answer) == FIELDS
    assert (answer["prediction"], answer["label"], answer["index"]) == ("3", None, 0)


def test_the_summary_counts_labelled_drawings_of_all_files(
    strokes: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unlabelled = _stroke_file(tmp_path / "more.jsonl", {"strokes": SEVEN}, {"strokes": SEVEN})
    result = run_here(capsys, "predict", "--json", strokes, picture, unlabelled)
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line.get("source") for line in lines] == [
        *[str(strokes)] * 2,
        str(picture),
        *[str(unlabelled)] * 2,
        None,
    ]
    assert lines[-1] == {"n": 2, "correct": 1, "accuracy": 0.5}


def test_without_a_canvas_the_ink_s_extent_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _stroke_file(tmp_path / "free.jsonl", {"strokes": SEVEN, "label": "7"})
    result = run_here(capsys, "predict", "--json", path)
    assert json.loads(result.out.splitlines()[0])["prediction"] == "7"


def test_a_blank_drawing_has_no_prediction_and_counts_as_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = {"canvas": [280, 280], "strokes": [], "label": "7"}
    path = _stroke_file(tmp_path / "blank.jsonl", blank)
    result = run_here(capsys, "predict", "--json", path)
    answer, summary = [json.loads(line) for line in result.out.splitlines()]
    assert result.code == 0
    assert answer == {
        "source": str(path),
        "index": 0,
        "prediction": None,
        "probabilities": None,
        "label": "7",
    }
    assert summary == {"n": 1, "correct": 0, "accuracy": 0.0}


def test_a_broken_file_does_not_take_the_others_answers_away(
    strokes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    result = run_here(capsys, "predict", "--json", broken, strokes, tmp_path / "gone.png")
    assert result.code == 1
    assert len(result.out.splitlines()) == 3
    complaints = result.err.splitlines()
    assert len(complaints) == 2
    assert "broken.png" in complaints[0]
    assert "gone.png" in complaints[1]


def test_another_network_may_answer(
    strokes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "own.safetensors"
    copy.write_bytes(resolve_model("lenet5").read_bytes())
    by_name = run_here(capsys, "predict", "--json", "--model", "lenet5", strokes)
    by_path = run_here(capsys, "predict", "--json", "--model", copy, strokes)
    default = run_here(capsys, "predict", "--json", strokes)
    assert by_name.code == by_path.code == 0
    assert by_name.out == by_path.out != default.out


def test_raw_feeds_the_canvas_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = [[[x * 0.25, y * 0.25] for x, y in SEVEN[0]]]
    corner = {"canvas": [280, 280], "strokes": small}
    path = _stroke_file(tmp_path / "corner.jsonl", corner)
    prepared = json.loads(run_here(capsys, "predict", "--json", path).out)
    raw = json.loads(run_here(capsys, "predict", "--json", "--raw", path).out)
    assert prepared["prediction"] == "7"
    assert raw["probabilities"]["7"] < prepared["probabilities"]["7"]


def test_text_for_people(strokes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_here(capsys, "predict", strokes)
    first, second, summary = result.out.splitlines()
    assert first.startswith(f"{strokes} [0]: 7 (")
    assert first.endswith("%), label 7")
    assert second.endswith(", label 8")
    assert summary == "1 of 2 right (50.00%)"


def test_text_of_a_blank_canvas() -> None:
    text = as_text(Answer("a.jsonl", 3, None, None, None))
    assert text == "a.jsonl [3]: nothing to read, so there is no prediction"


def test_the_real_program_needs_no_display(strokes: Path) -> None:
    result = run_process("predict", "--json", strokes)
    assert (result.code, result.err) == (0, "")
    assert [json.loads(line).get("prediction") for line in result.out.splitlines()] == [
        "7",
        "1",
        None,
    ]


def test_a_file_name_that_is_no_text_is_printed_all_the_same(tmp_path: Path) -> None:
    path = _stroke_file(tmp_path / "seven-\udcff.jsonl", {"strokes": SEVEN})
    result = run_process("predict", "--json", path)
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["source"] == str(path)


def test_a_network_whose_numbers_run_away_is_refused_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = load_checkpoint(resolve_model("mlp"))
    for parameter in loaded.module.parameters():
        parameter.data.fill_(1e30)
    path = tmp_path / "wild.safetensors"
    save_checkpoint(path, loaded.module, loaded.metadata)
    drawing = tmp_path / "one.jsonl"
    drawing.write_text('{"strokes": [[[0, 0], [0, 100]]]}\n', "utf-8")

    result = run_here(capsys, "predict", "--json", "--model", path, drawing)

    result.assert_one_sentence("wild", "not finite")
    assert result.out == ""
