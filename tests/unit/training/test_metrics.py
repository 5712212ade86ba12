import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.training.metrics import BATCH, BATCH_NUMBERS, Normalisation, batch_size, evaluate


class _Brightest(nn.Module):
    """Logits are the two pixels of the image: the class is the brighter one."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


def dataset(pixels: list[list[int]], labels: list[int]) -> ImageDataset:
    images = np.array(pixels, np.uint8).reshape(-1, 1, 2)
    return ImageDataset(
        "tiny", "test", images, np.array(labels, np.uint8), ("left", "right"), 0.0, 1.0
    )


def test_loss_and_accuracy_by_hand() -> None:
    result = evaluate(_Brightest(), dataset([[255, 0], [0, 255], [255, 0]], [0, 1, 1]))
    right, wrong = math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))
    assert (result.correct, result.n) == (2, 3)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.loss == pytest.approx((2 * right + wrong) / 3, rel=1e-6)


def test_images_are_normalised() -> None:
    result = evaluate(_Brightest(), dataset([[255, 0]], [0]), mean=0.5, std=0.25)
    assert result.loss == pytest.approx(math.log(1 + math.exp(-4)), rel=1e-5)


def test_the_mode_is_put_back() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5))
    data = dataset([[255, 0]] * 4, [0] * 4)
    results = {evaluate(network.train(), data).loss for _ in range(5)}
    assert len(results) == 1  # dropout was off
    assert network.training
    evaluate(network.eval(), data)
    assert not network.training


def test_the_last_batch_may_be_small() -> None:
    n = 1203
    labels = np.arange(n) % 2
    pixels = np.stack([1 - labels, labels], axis=1) * 255
    result = evaluate(_Brightest(), dataset(pixels.tolist(), labels.tolist()))
    assert (result.correct, result.n) == (n, n)
    assert not torch.is_inference_mode_enabled()


class _Sizes(nn.Module):
    """Remembers how many images came at once."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(len(x))
        return x.flatten(1)[:, :2]


@pytest.mark.parametrize(("side", "most"), [(28, BATCH), (224, 3), (2000, 1)])
def test_few_large_images_go_at_once(side: int, most: int) -> None:
    assert batch_size(3 * side * side) == most
    assert most == 1 or most * 3 * side * side <= BATCH_NUMBERS


def test_a_batch_is_as_large_as_its_images_allow() -> None:
    network, n = _Sizes(), 7
    images = np.zeros((n, 224, 224, 3), np.uint8)
    labels, mean, std = np.zeros(n, np.uint8), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    data = ImageDataset("tiny", "test", images, labels, ("a", "b"), mean, std)
    result = evaluate(network, data)
    assert network.seen == [3, 3, 1]
    assert (result.correct, result.n) == (n, n)


def test_each_layer_gets_its_own_mode_back() -> None:
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(2))
    network[1].eval()  # frozen, in a network that is in training
    evaluate(network, dataset([[255, 0]] * 4, [0] * 4))
    assert (network.training, network[1].training) == (True, False)


def test_every_channel_is_normalised_by_its_own_numbers() -> None:
    images = torch.rand(5, 3, 2, 2)
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.25, 0.125)
    found = Normalisation(mean, std, torch.device("cpu"))(images)
    for channel in range(3):
        wanted = (images[:, channel] - mean[channel]) / std[channel]
        torch.testing.assert_close(found[:, channel], wanted)
