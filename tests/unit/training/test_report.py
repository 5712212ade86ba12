import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.mnist import load_mnist
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata, load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.training.evaluation import (
    EvaluationCancelled,
    build_network,
    check_fit,
    evaluate_in_detail,
    pixels_of,
)
from viewer.core.training.metrics import BATCH
from viewer.core.training.report import Report, reliability_of, report_of

PLAIN = ((0.0,), (1.0,))
NAMES = ("a", "b", "c")


class _Pixels(nn.Module):
    """Logits are log of the image's three pixels: probabilities are the pixels' shares."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).log()


def tiny(pixels: list[list[int]], labels: list[int]) -> ImageDataset:
    images = np.array(pixels, np.uint8).reshape(-1, 1, 3)
    return ImageDataset("tiny", "test", images, np.array(labels, np.uint8), NAMES, 0.0, 1.0)


def by_hand() -> Report:
    """Shares of 100: (a, b, c) for each image."""
    images = [[80, 10, 10], [60, 30, 10], [10, 80, 10], [20, 70, 10], [50, 40, 10]]
    return evaluate_in_detail(_Pixels(), tiny(images, [0, 1, 1, 0, 0]), PLAIN)


def test_every_figure_by_hand() -> None:
    report = by_hand()
    assert (report.n, report.correct, report.accuracy) == (5, 3, 0.6)
    assert report.predictions.tolist() == [0, 0, 1, 1, 0]
    assert report.confidences == pytest.approx([0.8, 0.6, 0.8, 0.7, 0.5])
    assert report.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert report.precision[:2] == pytest.approx([2 / 3, 1 / 2])
    assert report.recall[:2] == pytest.approx([2 / 3, 1 / 2])
    assert report.f1[:2] == pytest.approx([2 / 3, 1 / 2])
    assert np.isnan([report.precision[2], report.recall[2], report.f1[2]]).all()
    assert report.mistakes.tolist() == [3, 1]  # at 0.7, at 0.6
    assert report.loss == pytest.approx(-np.log([0.8, 0.3, 0.8, 0.2, 0.5]).mean(), rel=1e-6)


def test_the_images_of_a_cell_come_the_most_confident_first() -> None:
    report = by_hand()
    assert report.images_of(0, 0).tolist() == [0, 4]
    assert report.images_of(1, 0).tolist() == [1]
    assert report.images_of(2, 2).tolist() == []


def test_a_mistake_is_a_picture_with_its_label() -> None:
    picture = by_hand().picture(1)
    assert (picture.label, picture.prepared, picture.title) == ("b", True, "tiny test image 1")
    assert picture.pixels.dtype == np.float32
    assert picture.pixels[0] == pytest.approx([60 / 255, 30 / 255, 10 / 255])


def test_calibration_by_hand() -> None:
    # Bins of (0, 1/2] and (1/2, 1]: one half belongs to the lower.
    found = reliability_of(
        np.array([0.5, 0.25, 0.75, 1.0], np.float32), np.array([True, False, True, True]), 2
    )
    assert found.count.tolist() == [2, 2]
    assert found.confidence == pytest.approx([0.375, 0.875])
    assert found.accuracy == pytest.approx([0.5, 1.0])
    assert found.error == pytest.approx(0.125)


def test_an_empty_bin_has_no_accuracy() -> None:
    found = reliability_of(np.array([0.9], np.float32), np.array([True]))
    assert len(found.count) == 15
    assert np.isnan(found.accuracy[0])
    assert found.error == pytest.approx(0.1)


def test_the_records_arrays_cant_be_written_to() -> None:
    report = by_hand()
    for array in (report.confusion, report.mistakes, report.recall, report.reliability.count):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_shipped_network_against_plain_torch() -> None:
    mnist = load_mnist("test").select(np.arange(0, 10_000, 13))
    loaded = load_checkpoint(resolve_model("mlp"))
    mean, std = loaded.metadata.mean, loaded.metadata.std
    report = evaluate_in_detail(loaded.module, mnist, (mean, std))
    x = torch.from_numpy(mnist.images.astype(np.float32) / 255)[:, None]
    with torch.inference_mode():
        probabilities = loaded.module((x - mean[0]) / std[0]).softmax(1).numpy()
    labels = mnist.labels.astype(np.int64)
    assert np.array_equal(report.predictions, probabilities.argmax(1))
    assert np.allclose(report.confidences, probabilities.max(1), atol=1e-6)
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    assert report.loss == pytest.approx(loss, rel=1e-4)
    nine = probabilities.argmax(1) == 9
    assert report.precision[9] == pytest.approx((labels[nine] == 9).mean())
    assert report.recall[9] == pytest.approx(nine[labels == 9].mean())
    assert report.confusion.sum() == report.n == len(labels)
    assert set(report.mistakes) == set(np.flatnonzero(probabilities.argmax(1) != labels))


def test_the_mode_is_put_back() -> None:
    network = nn.Sequential(nn.Dropout(0.9), _Pixels()).train()
    report = evaluate_in_detail(network, tiny([[80, 10, 10]] * 20, [0] * 20), PLAIN)
    assert report.accuracy == 1.0  # dropout was off
    assert network.training


def test_progress_and_cancel() -> None:
    n = 2 * BATCH + 1
    data, told = tiny([[80, 10, 10]] * n, [0] * n), list[tuple[int, int]]()
    evaluate_in_detail(_Pixels(), data, PLAIN, progress=lambda *parts: told.append(parts))
    assert told == [(BATCH, n), (2 * BATCH, n), (n, n)]
    told.clear()
    with pytest.raises(EvaluationCancelled):
        evaluate_in_detail(
            _Pixels(),
            data,
            PLAIN,
            progress=lambda *parts: told.append(parts),
            cancelled=lambda: len(told) == 1,
        )
    assert told == [(BATCH, n)]


def test_answers_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(UserError, match="no numbers"):
        evaluate_in_detail(_Pixels(), tiny([[0, 10, 10]], [0]), PLAIN)  # log of 0


def test_no_image_is_refused() -> None:
    with pytest.raises(UserError, match="no image"):
        evaluate_in_detail(_Pixels(), tiny([], []), PLAIN)


def test_colour_has_a_mean_for_each_channel() -> None:
    images = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    pixels = pixels_of(images)
    assert pixels.shape == (2, 3, 4, 5)
    assert float(pixels[1, 2, 3, 4]) == pytest.approx(images[1, 3, 4, 2] / 255)


def metadata() -> Metadata:
    return Metadata("mlp", {"units1": 4, "units2": 4, "batch_norm": True}, mean=(0.1,), std=(0.3,))


def test_a_snapshot_becomes_a_network() -> None:
    module = architectures().get("mlp").build(metadata().hyper)
    built = build_network("run, step 3", metadata(), module.state_dict())
    x = torch.rand(3, 1, 28, 28)
    assert torch.equal(built.module(x), module.eval()(x))
    assert built.module is not module
    assert not built.module.training


def test_weights_of_another_network_are_refused() -> None:
    other = architectures().get("mlp").build({"units1": 5, "units2": 4})
    with pytest.raises(UserError, match="don't fit its architecture"):
        build_network("run", metadata(), other.state_dict())


def test_a_network_for_other_classes_is_refused() -> None:
    loaded = LoadedNetwork(nn.Flatten(), metadata(), "here", "net")
    with pytest.raises(UserError, match="net does not fit the data set tiny"):
        check_fit(loaded, tiny([[1, 1, 1]], [0]))


def test_many_classes() -> None:
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 47, (2, 900))
    images = np.zeros((900, 2, 2), np.uint8)
    names = tuple(f"class {i}" for i in range(47))
    report = report_of("many", names, images, labels, predictions, np.ones(900, np.float32), 0.0)
    for true, predicted in ((3, 5), (46, 46), (0, 46)):
        expected = int(((labels == true) & (predictions == predicted)).sum())
        assert report.confusion[true, predicted] == expected


def test_the_cells_of_mistakes_are_those_of_the_matrix() -> None:
    rng = np.random.default_rng(1)
    labels, predictions = rng.integers(0, 5, 60), rng.integers(0, 7, 60)
    names = tuple("abcdefg")
    report = report_of("x", names, None, labels, predictions, np.ones(60, np.float32), 0.0)
    cells, rows = report.mistaken_cells, report.confusion.sum(axis=1)
    assert report.class_counts.tolist() == rows.tolist()
    found = dict(zip(zip(cells.true, cells.predicted, strict=True), cells.share, strict=True))
    expected = {
        (t, p): report.confusion[t, p] / rows[t] for t, p in np.argwhere(report.confusion) if t != p
    }
    assert found == expected and len(cells.share) == len(expected)
    assert (np.diff(cells.share) >= 0).all()
