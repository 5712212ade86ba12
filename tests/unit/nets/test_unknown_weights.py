"""Weights that no known architecture has: what is missing, and what to run, is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.opening import open_network


def sentence(path: Path, content: object) -> str:
    torch.save(content, path)
    with pytest.raises(UserError) as caught:
        open_network(str(path))
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and len(text) < 600
    return text


def of(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return {name: torch.zeros(shape) for name, shape in shapes.items()}


LENET = of(
    {
        **{"conv1.weight": (6, 3, 5, 5), "conv1.bias": (6,)},
        **{"conv2.weight": (16, 6, 5, 5), "conv2.bias": (16,)},
        **{
            "fc1.weight": (120, 400),
            "fc1.bias": (120,),
            "fc2.weight": (10, 120),
            "fc2.bias": (10,),
        },
    }
)
LINE = 'torch.export.save(torch.export.export(model.eval(), (torch.zeros({}),)), "net.pt2")'


def test_a_lenet_of_a_tutorial_is_told_what_it_lacks(tmp_path: Path) -> None:
    text = sentence(tmp_path / "lenet.pth", LENET)
    assert "known architecture (2 convolutions, 2 dense layers)" in text
    assert "strides, paddings, poolings, activations" in text
    assert LINE.format("1, 3, HEIGHT, WIDTH") in text
    assert "viewer.show(model, image)" in text


def test_the_line_to_run_makes_a_file_that_opens(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 3))
    text = sentence(tmp_path / "mine.pt", network.state_dict())
    assert "(1 convolution, 1 normalisation, 1 dense layer)" in text
    line = text[text.index("torch.export.save") : text.index(" there, then")]
    line = line.replace("HEIGHT", "8").replace("WIDTH", "8").replace('"net.pt2"', "path")
    exec(line, {"torch": torch, "model": network, "path": tmp_path / "model.pt2"})
    loaded = open_network(str(tmp_path / "model.pt2"))
    image = torch.rand(1, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(loaded.module(image), network(image))


def test_layers_with_the_names_of_keras_are_counted(tmp_path: Path) -> None:
    content = of({"conv2d.weight": (8, 1, 3, 3), "conv2d_1.weight": (8, 8, 3, 3)})
    assert "(2 convolutions)" in sentence(tmp_path / "x", content)


def test_a_checkpoint_of_lightning_with_plain_settings_is_read(tmp_path: Path) -> None:
    content = {
        "state_dict": {f"model.{name}": value for name, value in LENET.items()},
        "hyper_parameters": {"lr": 0.1},
        "pytorch-lightning_version": "2.1.0",
    }
    assert "(2 convolutions, 2 dense layers)" in sentence(tmp_path / "x.ckpt", content)


def test_other_than_plain_layers_are_not_counted(tmp_path: Path) -> None:
    content = of({"patch_embed.proj.weight": (8, 3, 4, 4), "cls_token": (1, 1, 8)})
    assert "fit no known architecture, and not what lies between" in sentence(
        tmp_path / "timm.pth", content
    )


@pytest.mark.parametrize(
    "name", ["bert.embeddings.word_embeddings.weight", "model.embed_tokens.weight", "wte.weight"]
)
def test_a_network_for_texts_is_told_as_such(tmp_path: Path, name: str) -> None:
    content = of({name: (30, 8), "layer.0.weight": (8, 8)})
    assert "network for texts" in sentence(tmp_path / "x", content)


def test_a_layer_table_without_its_table_names_the_file_that_has_it(tmp_path: Path) -> None:
    rows = '[{"kind": "convolution"}, {"kind": "batch_norm"}, {"kind": "activation"}]'
    network = architectures().get("table").build({"layers": rows})
    assert "conv1_norm.weight" in network.state_dict()
    text = sentence(tmp_path / "x", network.state_dict())
    assert "out of the layer table, but not the table" in text
    assert "File → Save network" in text


def test_that_an_architecture_of_ours_was_guessed_is_said(tmp_path: Path) -> None:
    """Anybody may call layers so: what lies between them is not in the weights."""
    torch.save(architectures().get("mlp").build().state_dict(), tmp_path / "x")
    assert open_network(str(tmp_path / "x")).note == (
        "The architecture (mlp), input size, class names and mean and std were guessed: "
        "the file doesn't say them."
    )
