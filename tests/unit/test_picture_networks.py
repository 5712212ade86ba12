"""A network of pictures answers a picture as plain torch and torchvision's transforms do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import transforms  # type: ignore[import-untyped]  # it has no types

from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.imaging.preparation_steps import switched
from viewer.core.inputs import open_inputs
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
from viewer.core.records import (
    Drawing,
    Fit,
    FloatArray,
    InferenceRequest,
    Picture,
    Preparation,
    Step,
)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OWN = Preparation(digit=False, resize=40)


def network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    ).eval()


@pytest.fixture
def engine() -> Engine:
    metadata = Metadata(
        "made by hand",
        input_shape=(3, 32, 32),
        mean=MEAN,
        std=STD,
        class_names=("ant", "bee", "cat", "dog"),
        preparation=OWN,
    )
    return Engine(LoadedNetwork(network(), metadata, "a.pt", "animals"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:77, 0:131]
    rgb = np.stack([x * 2 % 256, y * 3 % 256, (x * y) % 256], axis=2).astype(np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(rgb).save(path)
    return path


def answered(probabilities: FloatArray | None) -> FloatArray:
    assert probabilities is not None
    return probabilities


def by_torch(path: Path, *chain: object) -> tuple[np.ndarray, np.ndarray]:
    """Return the normalised input and the probabilities of plain torch."""
    chosen = chain or (transforms.Resize(40), transforms.CenterCrop(32))
    whole = transforms.Compose([*chosen, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    x = whole(Image.open(path))
    with torch.inference_mode():
        return x.numpy(), network()(x[None]).softmax(1)[0].numpy()


def test_a_file_is_answered_as_torch_answers_it(engine: Engine, photo: Path) -> None:
    (source,) = open_inputs(photo)  # as `predict` and `export` do
    assert isinstance(source, Picture)
    assert source.path == str(photo)
    record = engine.run(InferenceRequest(1, source))
    x, probabilities = by_torch(photo)
    np.testing.assert_allclose(record.outputs[engine.network.nodes[0].name], x, atol=1e-6)
    np.testing.assert_allclose(answered(record.probabilities), probabilities, atol=1e-6)
    np.testing.assert_array_equal(
        answered(engine.answer(InferenceRequest(1, source))), answered(record.probabilities)
    )


def test_what_a_person_changes_is_what_is_answered(engine: Engine, photo: Path) -> None:
    (source,) = open_inputs(photo)
    ways = {
        Preparation(digit=False, fit=Fit.STRETCH): (transforms.Resize((32, 32)),),
        switched(OWN, Step.RESIZE): (transforms.CenterCrop(32),),
        Preparation(digit=False, fit=Fit.NATIVE): (transforms.Lambda(lambda image: image),),
    }
    before = engine.network
    for preparation, chain in ways.items():
        request = InferenceRequest(1, source, preparation=preparation)
        expected = by_torch(photo, *chain)[1]
        np.testing.assert_allclose(answered(engine.answer(request)), expected, atol=1e-6)
        assert engine.network is before  # an answer alone leaves what is shown as it is
    for preparation, chain in ways.items():
        record = engine.run(InferenceRequest(1, source, preparation=preparation))
        np.testing.assert_allclose(
            answered(record.probabilities), by_torch(photo, *chain)[1], atol=1e-6
        )


def test_without_normalising_the_network_gets_levels(engine: Engine, photo: Path) -> None:
    (source,) = open_inputs(photo)
    off = switched(OWN, Step.NORMALISE)
    record = engine.run(InferenceRequest(1, source, preparation=off))
    plain = transforms.Compose(
        [transforms.Resize(40), transforms.CenterCrop(32), transforms.ToTensor()]
    )
    expected = plain(Image.open(photo)).numpy()
    np.testing.assert_array_equal(record.outputs[engine.network.nodes[0].name], expected)


def test_an_empty_pad_has_maps_but_no_answer(engine: Engine) -> None:
    record = engine.run(InferenceRequest(1, Drawing()))
    assert record.probabilities is None
    assert record.image.pixels.shape == (3, 32, 32)
    assert engine.answer(InferenceRequest(1, Drawing())) is None


def test_a_picture_too_small_for_the_network_is_one_sentence(engine: Engine) -> None:
    tiny = Picture(np.zeros((1, 1), np.float32), "dot", rgb=np.zeros((1, 1, 3), np.uint8))
    native = Preparation(digit=False, fit=Fit.NATIVE)
    request = InferenceRequest(1, tiny, preparation=native)
    for ask in (engine.run, engine.answer):
        with pytest.raises(UserError):
            ask(request)
    assert engine.run(InferenceRequest(2, tiny)).probabilities is not None
