"""Files as torchvision publishes them: older names of weights, further classifiers, settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision import models  # type: ignore[import-untyped]  # no stubs

from viewer.core.nets.formats import assembling
from viewer.core.nets.formats.empty import build_empty_torchvision, shapes_of
from viewer.core.nets.formats.older_names import with_present_names
from viewer.core.nets.formats.recognition import fits
from viewer.core.nets.opening import open_network
from viewer.core.nets.torchvision_catalog import checkpoints_folder, weights_file

DENSENETS = ("densenet121", "densenet161", "densenet169", "densenet201")


def published(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under the names that the files had when they were published."""
    older = {}
    for name, value in state.items():
        name = re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", name)
        name = name.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2.")
        if not name.endswith("num_batches_tracked"):  # PyTorch 0.4.1 has brought it
            older[name] = value
    return older


@pytest.mark.parametrize("name", [*DENSENETS, "vit_b_16", "vit_b_32", "vit_h_14"])
def test_older_names_are_those_of_today(name: str) -> None:
    state = build_empty_torchvision(name, 1000).state_dict()
    older = published(state)
    assert fits({key: tuple(value.shape) for key, value in older.items()}) == ()
    found = with_present_names(older)
    (fit,) = fits({key: tuple(value.shape) for key, value in found.items()})
    assert (fit.architecture, fit.classes) == (name, 1000)


def test_names_of_today_stay() -> None:
    state = build_empty_torchvision("swin_t", 5).state_dict()  # it has an mlp.0 of its own
    assert list(with_present_names(state)) == list(state)
    both = {
        "encoder.layers.encoder_layer_0.mlp.linear_1.bias": torch.zeros(1),
        "encoder.layers.encoder_layer_0.mlp.0.bias": torch.ones(1),
    }
    assert with_present_names(both) == both


def test_a_published_densenet_opens_by_its_name_and_as_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.manual_seed(1)
    network = models.densenet121(weights=None).eval()
    path = checkpoints_folder() / weights_file("densenet121", "IMAGENET1K_V1").name
    path.parent.mkdir(parents=True)
    torch.save(published(network.state_dict()), path, _use_new_zipfile_serialization=False)
    image = torch.rand(1, 3, 64, 64)
    for model in ("densenet121:IMAGENET1K_V1", str(path)):
        loaded = open_network(model)
        with torch.no_grad():
            assert torch.equal(loaded.module(image), network(image))


@pytest.mark.parametrize(("classes", "on"), [(1000, True), (5, False)])
def test_that_transform_input_is_guessed_is_said(tmp_path: Path, classes: int, on: bool) -> None:
    torch.manual_seed(1)
    network = models.googlenet(
        weights=None,
        num_classes=classes,
        transform_input=on,
        aux_logits=True,
        init_weights=False,
    ).eval()
    torch.save(network.state_dict(), tmp_path / "googlenet-1378be20.pth")
    loaded = open_network(str(tmp_path / "googlenet-1378be20.pth"))
    assert loaded.metadata.hyper["transform_input"] is on
    assert loaded.note == (
        "The input size, class names, mean and std and transform_input "
        f"({'on' if on else 'off'}) were guessed: the file doesn't say them."
    )
    image = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(loaded.module(image), network(image))


@pytest.mark.parametrize(
    ("side", "resize", "interpolation"),
    [(224, 256, "bilinear"), (384, 384, "bicubic"), (320, 366, "bilinear")],
)
def test_a_vision_transformer_s_preparation_is_that_of_its_size(
    side: int, resize: int, interpolation: str
) -> None:
    """That of torchvision's weights for the size; where there are none, the usual one."""
    (fit,) = fits(shapes_of(build_empty_torchvision("vit_b_16", 1000, (3, side, side))))
    metadata, guessed = assembling._described(fit, ())
    assert metadata.input_shape == (3, side, side)
    assert metadata.preparation.resize == resize
    assert metadata.preparation.interpolation == interpolation
    assert "input size" not in guessed  # it is in the weights


@pytest.mark.large
@pytest.mark.parametrize("name", models.list_models(module=models))
def test_every_published_size_is_recognised(name: str) -> None:
    for weights in models.get_model_weights(name):
        side = int(weights.transforms().crop_size[0])
        state = build_empty_torchvision(name, 1000, (3, side, side)).state_dict()
        found = fits({k: tuple(v.shape) for k, v in with_present_names(published(state)).items()})
        assert [fit.architecture for fit in found] == [name]
