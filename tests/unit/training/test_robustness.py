import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms import (  # type: ignore[import-untyped]  # has no types
    InterpolationMode,
)
from torchvision.transforms.functional import (  # type: ignore[import-untyped]  # has no types
    rotate,
)

from viewer.core.data.dataset import MAX_CLASSES, ImageDataset
from viewer.core.data.mnist import load_mnist
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.training.comparison import comparison_configs, parameter_count
from viewer.core.training.config import TrainingConfig
from viewer.core.training.evaluation import EvaluationCancelled
from viewer.core.training.robustness import (
    DIRECTIONS,
    ROTATIONS_DEG,
    SHIFTS_PX,
    Candidate,
    measure_robustness,
    moved,
    rotated,
    shifted,
)


def test_a_shift_is_exact_and_paper_comes_in() -> None:
    image = torch.arange(1.0, 10).view(1, 1, 3, 3)
    assert shifted(image, 1, 0)[0, 0].tolist() == [[0, 1, 2], [0, 4, 5], [0, 7, 8]]
    assert shifted(image, -1, 2)[0, 0].tolist() == [[0, 0, 0], [0, 0, 0], [2, 3, 0]]
    assert torch.equal(shifted(image, 0, 0), image)
    assert not shifted(image, 3, 0).any()
    assert not shifted(image, -100, 100).any()


@pytest.mark.parametrize("shape", [(28, 28), (9, 14)])
@pytest.mark.parametrize("degrees", [-60, -10, 17, 45])
def test_a_rotation_is_torchvisions(shape: tuple[int, int], degrees: float) -> None:
    image = torch.rand(2, 1, *shape, generator=torch.Generator().manual_seed(0))
    expected = rotate(image, degrees, InterpolationMode.BILINEAR)
    assert torch.allclose(rotated(image, degrees), expected, atol=1e-5)


def test_a_quarter_turn_moves_whole_pixels() -> None:
    image = torch.rand(1, 1, 28, 28)
    assert torch.allclose(rotated(image, 90), torch.rot90(image, 1, (2, 3)), atol=1e-5)
    assert torch.equal(rotated(image, 0), image)


def test_what_is_moved_is_rotated_first() -> None:
    image = torch.rand(1, 1, 28, 28)
    assert torch.allclose(
        moved(image, 3, -2, 90), shifted(torch.rot90(image, 1, (2, 3)), 3, -2), atol=1e-5
    )


class _Column(nn.Module):
    """Says class 1 if there is ink in the middle column, class 0 otherwise."""

    def forward(self, x: Tensor) -> Tensor:
        ink = x[:, 0, :, x.shape[3] // 2].sum(1)  # (N,)
        return torch.stack([torch.full_like(ink, 0.5), ink], dim=1)


def line(n: int = 3) -> ImageDataset:
    """Return images with one pixel of ink, in the middle, of class 1."""
    images = np.zeros((n, 15, 15), np.uint8)
    images[:, 7, 7] = 255
    return ImageDataset("tiny", "test", images, np.ones(n, np.uint8), ("no", "yes"), 0.0, 1.0)


def test_accuracy_against_shift_by_hand() -> None:
    # Only straight up and straight down keep the ink in the column: 2 directions of 8.
    candidate = Candidate("column", _Column(), ((0.0,), (1.0,)))
    found = measure_robustness([candidate], line())
    assert found.shifts.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found.shift_accuracy.tolist() == [[1.0] + [0.25] * 6]
    assert found.rotation_accuracy.tolist() == [[1.0] * 13]  # the centre stays
    assert (found.names, found.n, found.dataset) == (("column",), 3, "tiny")


def test_a_shipped_network_against_plain_torch() -> None:
    mnist = load_mnist("test").select(np.arange(0, 10_000, 250))
    loaded = load_checkpoint(resolve_model("mlp"))
    mean, std = loaded.metadata.mean, loaded.metadata.std
    found = measure_robustness([Candidate("mlp", loaded.module, (mean, std))], mnist)
    x = torch.from_numpy(mnist.images.astype(np.float32) / 255)[:, None]  # (40, 1, 28, 28)
    labels = torch.from_numpy(mnist.labels.copy())
    accuracies = []
    for dx, dy in [(4, 0), (-4, 0), (0, 4), (0, -4), (4, 4), (-4, 4), (4, -4), (-4, -4)]:
        y = torch.zeros_like(x)
        for row in range(28):
            for column in range(28):
                if 0 <= row - dy < 28 and 0 <= column - dx < 28:
                    y[:, :, row, column] = x[:, :, row - dy, column - dx]
        with torch.inference_mode():
            answers = loaded.module((y - mean[0]) / std[0]).argmax(1)
        accuracies.append(float((answers == labels).float().mean()))
    assert found.shift_accuracy[0, 4] == pytest.approx(np.mean(accuracies), abs=1e-6)
    with torch.inference_mode():
        turned = rotate(x, 30, InterpolationMode.BILINEAR)
        answers = loaded.module((turned - mean[0]) / std[0]).argmax(1)
    place = ROTATIONS_DEG.index(30)
    expected = float((answers == labels).float().mean())
    assert found.rotation_accuracy[0, place] == pytest.approx(expected, abs=1e-6)


def test_the_sample_is_spread_over_the_data_set() -> None:
    data = line(100)
    images = data.images.copy()
    images[50:] = 0  # the second half has no ink: said to be class 0, and wrong
    half = ImageDataset("tiny", "test", images, data.labels.copy(), data.class_names, 0.0, 1.0)
    candidate = Candidate("column", _Column(), ((0.0,), (1.0,)))
    found = measure_robustness([candidate], half, n=10)
    assert found.n == 10
    assert found.shift_accuracy[0, 0] == 0.5


def test_progress_and_cancel() -> None:
    candidate = Candidate("column", _Column(), ((0.0,), (1.0,)))
    told: list[tuple[int, int]] = []
    measure_robustness([candidate] * 2, line(), progress=lambda *parts: told.append(parts))
    total = 2 * 3 * (1 + 6 * len(DIRECTIONS) + len(ROTATIONS_DEG))
    assert told[0] == (3, total)
    assert told[-1] == (total, total)
    told.clear()
    with pytest.raises(EvaluationCancelled):
        measure_robustness(
            [candidate],
            line(),
            progress=lambda *parts: told.append(parts),
            cancelled=lambda: len(told) == 2,
        )
    assert len(told) == 2
    assert (min(SHIFTS_PX), max(SHIFTS_PX)) == (0, 6)


@pytest.mark.parametrize(
    ("shape", "classes"),
    [
        ((1, 28, 28), 10),
        ((1, 28, 28), 50),
        ((1, 28, 28), 100),
        ((1, 8, 8), MAX_CLASSES),
        ((3, 32, 32), 10),
        ((3, 64, 64), MAX_CLASSES),
    ],
)
def test_the_convnet_has_no_more_parameters(shape: tuple[int, int, int], classes: int) -> None:
    base = TrainingConfig(hyper={"batch_norm": True}, start="digits", frozen=("conv1",), seed=7)
    dense, convolutional = comparison_configs(base, shape, classes)
    counts = [
        sum(
            p.numel()
            for p in architectures().get(name).build(config.hyper, shape, classes).parameters()
        )
        for name, config in (("mlp", dense), ("digits", convolutional))
    ]
    assert 0 < counts[1] <= counts[0]
    assert (dense.architecture, convolutional.architecture) == ("mlp", "digits")
    for config in (dense, convolutional):
        assert (config.seed, config.epochs, config.dataset) == (7, base.epochs, base.dataset)
        assert (config.start, config.frozen) == ("", ())
        assert config.hyper["batch_norm"] is True
    hyper = dict(convolutional.hyper)
    assert parameter_count("digits", hyper, shape, classes) == counts[1]


def test_images_too_small_for_a_convnet_are_refused() -> None:
    with pytest.raises(UserError):
        comparison_configs(TrainingConfig(), (1, 2, 2), 10)
