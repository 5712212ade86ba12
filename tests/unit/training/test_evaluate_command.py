import json
from pathlib import Path

import numpy as np
import pytest
import torch

from viewer import cli
from viewer.core.data.mnist import load_mnist
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import Metadata, load_checkpoint, save_checkpoint
from viewer.core.nets.shipped import resolve_model

LEAST = {"digits": 0.995, "lenet5": 0.989, "mlp": 0.982}


def test_the_networks_in_the_box_are_as_good_as_they_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["evaluate", "--json"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [result["model"] for result in results] == list(LEAST)
    for result in results:
        stated = load_checkpoint(resolve_model(result["model"])).metadata.test_accuracy
        assert result["accuracy"] == pytest.approx(stated, abs=2e-4)  # rounding elsewhere
        assert result["accuracy"] == result["correct"] / 10_000
        assert result["accuracy"] >= LEAST[result["model"]]


def test_the_count_is_plain_torchs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "mlp"]) == 0
    dataset = load_mnist("test")
    network = load_checkpoint(resolve_model("mlp")).module
    pixels = (dataset.images.astype(np.float32) / 255 - 0.1307) / 0.3081
    with torch.no_grad():
        answers = network(torch.from_numpy(pixels).unsqueeze(1)).argmax(1).numpy()
    correct = int((answers == dataset.labels).sum())
    text = capsys.readouterr().out
    assert text.startswith(
        f"mlp: {correct / 100:.2f}% of the mnist test images ({correct} of 10000)"
    )
    assert "109,386 parameters" in text


def test_bad_input_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    for arguments, message in (
        (["nowhere"], "no model 'nowhere'"),
        ([str(tmp_path / "bad.safetensors")], "not a safetensors file"),
        (["--dataset", "cifar"], "no data set 'cifar'"),
    ):
        assert cli.main(["evaluate", *arguments]) == 1
        captured = capsys.readouterr()
        assert message in captured.err
        assert captured.err.count("\n") == 1
        assert captured.out == ""


def test_a_network_for_other_images_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small.safetensors"
    hyper = {"units1": 2, "units2": 2}
    network = architectures().get("mlp").build(hyper, (1, 5, 5), 10)
    save_checkpoint(path, network, Metadata("mlp", hyper, (1, 5, 5)))
    assert cli.main(["evaluate", str(path)]) == 1
    assert "small does not fit the data set MNIST" in capsys.readouterr().err
