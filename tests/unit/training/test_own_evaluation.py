"""Networks of any kind on folders of images by class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.folder_name import FolderName
from viewer.core.data.image_folder import image_folder
from viewer.core.data.mnist import load_mnist
from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata, load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Fit, InferenceRequest, Preparation
from viewer.core.training import evaluation_folder
from viewer.core.training.evaluation import EvaluationCancelled
from viewer.core.training.evaluation_folder import list_pictures
from viewer.core.training.own_evaluation import (
    OTHERS,
    dataset_to_evaluate,
    evaluate_folder,
    evaluate_network,
    evaluate_on,
)
from viewer.core.training.report import THUMBNAIL_PX

COLORS = {"red": (230, 20, 30), "green": (10, 200, 40), "blue": (20, 30, 210)}
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


class MeanColor(nn.Module):
    """Scores of red, green, blue: how much of each there is; more classes have none."""

    def __init__(self, classes: int = 3, favourite: int | None = None) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.score = nn.Linear(3, classes)
        with torch.no_grad():
            self.score.weight.zero_()
            self.score.weight[:3] = 9 * torch.eye(3)
            self.score.bias.fill_(-20.0)
            self.score.bias[:3] = 0
            if favourite is not None:
                self.score.bias[favourite] = 99

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.score(self.pool(x).flatten(1))
        return scores


def network(
    names: tuple[str, ...] = ("red", "green", "blue"), favourite: int | None = None
) -> LoadedNetwork:
    metadata = Metadata(
        "mine",
        input_shape=(3, 16, 16),
        mean=MEAN,
        std=STD,
        class_names=names,
        preparation=Preparation(digit=False, fit=Fit.CROP, resize=20),
    )
    module = MeanColor(len(names), favourite).eval()
    return LoadedNetwork(module, metadata, "a file", "mine", rebuildable=False)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, color in COLORS.items():
        (tmp_path / name).mkdir()
        for i in range(4):
            noise = rng.integers(-10, 10, (24, 40, 3))
            pixels = (np.array(color) + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    return tmp_path


def read(folder: Path) -> ImageDataset:
    """Return the same as a data set in memory."""
    return image_folder(folder, size=20, color=True, test_share=0).train


def test_a_test_folder_is_all_that_is_looked_at(folder: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        for name in COLORS:
            target = tmp_path / "parts" / part / name
            target.mkdir(parents=True)
            for i in range(2):
                (target / f"{i}.png").write_bytes((folder / name / f"{i}.png").read_bytes())
    assert evaluate_folder(network(), tmp_path / "parts").n == 6


@pytest.mark.parametrize("streamed", [True, False])
def test_classes_are_told_by_name(folder: Path, streamed: bool) -> None:
    loaded = network()
    report = evaluate_folder(loaded, folder) if streamed else evaluate_network(loaded, read(folder))
    assert report.class_names == ("red", "green", "blue")  # as the network has them
    assert (report.accuracy, report.n) == (1.0, 12)
    assert np.array_equal(report.confusion, 4 * np.eye(3, dtype=np.int64))


def test_it_answers_what_the_window_answers(folder: Path) -> None:
    loaded = network()
    report = evaluate_folder(loaded, folder)
    engine = Engine(loaded)
    losses = []
    for index in range(report.n):
        record = engine.run(InferenceRequest(0, report.picture(index)))
        assert record.probabilities is not None
        best = engine.network.class_names[int(record.probabilities.argmax())]
        assert report.class_names[report.predictions[index]] == best
        assert report.confidences[index] == pytest.approx(record.probabilities.max(), rel=1e-5)
        label = engine.network.class_names.index(report.class_names[report.labels[index]])
        losses.append(-np.log(record.probabilities[label]))
    assert report.loss == pytest.approx(np.mean(losses), rel=1e-4)


def test_nothing_of_the_images_is_kept(folder: Path) -> None:
    report = evaluate_folder(network(), folder)
    assert report.images is None
    assert report.files[0] == str(folder / "blue" / "0.png")
    assert report.thumbnail(0).shape == (THUMBNAIL_PX, THUMBNAIL_PX, 3)
    picture = report.picture(5)
    assert (picture.label, picture.path) == ("green", str(folder / "green" / "1.png"))
    assert picture.rgb is not None and picture.rgb.shape == (24, 40, 3)
    (folder / "green" / "1.png").unlink()
    with pytest.raises(UserError, match=r"1\.png does not exist"):
        report.picture(5)


def test_an_image_of_a_data_set_goes_to_the_pad_in_its_colours(folder: Path) -> None:
    report = evaluate_network(network(), read(folder))
    picture = report.picture(0)
    assert picture.rgb is not None and report.images is not None
    assert np.array_equal(picture.rgb, report.images[0])
    assert np.array_equal(report.thumbnail(0), report.images[0])
    assert picture.label == "blue"


def test_what_can_not_be_read_is_told_and_left_out(folder: Path) -> None:
    whole = evaluate_folder(network(), folder)
    (folder / "blue" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    (folder / "red" / "9.jpg").write_text("no picture")
    (folder / "red" / "notes.txt").write_text("nor meant as one")
    report = evaluate_folder(network(), folder)
    assert (report.n, report.correct, len(report.left_out)) == (11, 11, 2)
    assert np.delete(whole.confidences, 1) == pytest.approx(report.confidences)
    assert len(report.files) == 11 and report.files[1].endswith("2.png")
    assert report.notice().startswith("2 of 13 files could not be read and were left out: 1.png")
    assert report.notice().count(": ") == 2
    assert report.notice().endswith(": replace or remove these files.")
    assert whole.notice() == ""


def test_a_folder_of_nothing_but_damage(folder: Path) -> None:
    for path in folder.glob("*/*.png"):
        path.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"no image that can be read: the first says, 0\.png is"):
        evaluate_folder(network(), folder)


def test_more_classes_than_a_byte_can_name(tmp_path: Path) -> None:
    names = tuple(f"n{i:08}" for i in range(1000))
    for i in range(1000):
        (tmp_path / names[i]).mkdir()
        Image.new("RGB", (4, 4), "blue").save(tmp_path / names[i] / "a.png")
    loaded = network(tuple(f"class {i}" for i in range(1000)))
    report = evaluate_folder(loaded, tmp_path)
    assert (report.n, report.correct) == (1000, 1)
    # ImageNet's folders say nothing to people.
    assert report.class_names == loaded.metadata.class_names
    assert report.confusion[:, 2].tolist() == [1] * 1000


def test_a_folder_without_classes_and_one_too_large(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="has no folders with images"):
        list_pictures(folder / "red")
    with pytest.raises(UserError, match="is no folder"):
        list_pictures(folder / "gone")
    monkeypatch.setattr(evaluation_folder, "MAX_IMAGES", 11)
    with pytest.raises(UserError, match="more than 4,096 classes or 11 images"):
        list_pictures(folder)


def test_listing_ends_at_the_bound_and_when_cancelled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[int] = []

    def endless(_folder: Path) -> Iterator[str]:
        for number in range(1000):
            listed.append(number)
            yield f"{number}.png"

    monkeypatch.setattr(evaluation_folder, "pictures_below", endless)
    with pytest.raises(EvaluationCancelled):
        list_pictures(folder, cancelled=lambda: len(listed) == 7)
    assert len(listed) == 7
    monkeypatch.setattr(evaluation_folder, "MAX_IMAGES", 20)
    with pytest.raises(UserError, match="20 images: choose a smaller folder"):
        list_pictures(folder)
    assert len(listed) == 7 + 21


def test_a_class_that_can_not_be_listed_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if Path(path).name == "green":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(UserError, match=r"green can't be read \(Permission denied\): check"):
        list_pictures(folder)


def test_of_the_folder_that_it_learnt_from_only_the_kept_images(folder: Path) -> None:
    plain = network()
    own = str(FolderName(folder, 16, True))
    trained = replace(plain, metadata=replace(plain.metadata, dataset=own))
    asked: list[str] = []

    def load(name: str) -> ImageDataset:
        asked.append(name)
        return image_folder(folder, size=16, color=True).test

    report = evaluate_on(trained, str(FolderName(folder)), "mnist", load)
    assert asked == [own] and report.n < 12
    assert evaluate_on(plain, str(FolderName(folder)), "mnist", load).n == 12


def test_a_thousand_classes_are_bounded(folder: Path) -> None:
    names = ("red", "green", "blue", *(f"class {i}" for i in range(3, 1000)))
    loaded = network(names, favourite=700)
    report = evaluate_folder(loaded, folder)
    assert report.class_names == ("red", "green", "blue", "class 700")
    assert report.accuracy == 0
    assert report.confusion[:, 3].tolist() == [4, 4, 4, 0]


def test_what_there_is_no_room_for_is_one_class(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewer.core.training import own_evaluation

    monkeypatch.setattr(own_evaluation, "MAX_SHOWN_CLASSES", 4)
    names, shown = own_evaluation._shown_classes(
        ("a", "b", "c", "d", "e"),
        ("a", "b"),
        np.array([0, 1, -1, -1, -1]),
        np.array([4, 4, 2, 3, 3, 3, 0]),
    )
    assert names == ("a", "b", "d", OTHERS)
    assert shown.tolist() == [0, 1, 3, 2, 3]


def test_progress_and_cancel(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    loaded = network()
    evaluate_folder(loaded, folder, progress=lambda *parts: told.append(parts))
    assert told[-1] == (12, 12)
    with pytest.raises(EvaluationCancelled):
        evaluate_folder(loaded, folder, cancelled=lambda: True)
    # It is asked of three classes and twelve images when they are listed, then of each image.
    asked = iter([False] * 20 + [True])
    with pytest.raises(EvaluationCancelled):
        evaluate_folder(loaded, folder, cancelled=lambda: next(asked))
    with pytest.raises(EvaluationCancelled):
        evaluate_network(loaded, read(folder), cancelled=lambda: True)


def test_a_network_without_classes(folder: Path) -> None:
    class Same(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            maps: Tensor = self.conv(x)
            return maps

    plain = network()
    loaded = replace(plain, module=Same().eval(), metadata=replace(plain.metadata, class_names=()))
    for ask in (
        lambda: evaluate_network(loaded, read(folder)),
        lambda: evaluate_folder(loaded, folder),
        lambda: dataset_to_evaluate(loaded, "", "mnist"),
    ):
        with pytest.raises(UserError, match="mine gives no scores of classes"):
            ask()


def test_which_data_set(tmp_path: Path) -> None:
    plain, digits = network(), load_checkpoint(resolve_model("digits"))
    assert dataset_to_evaluate(digits, "", "mnist") == "mnist"
    folder = str(FolderName(tmp_path))
    assert dataset_to_evaluate(plain, folder, "mnist") == folder
    with pytest.raises(UserError, match="doesn't say what it was trained on"):
        dataset_to_evaluate(plain, "", "mnist")
    published = replace(plain, metadata=replace(plain.metadata, dataset="ImageNet-1K"))
    with pytest.raises(UserError, match="images of ImageNet-1K are not here"):
        dataset_to_evaluate(published, "", "mnist")


def test_digits_in_photographs(tmp_path: Path) -> None:
    mnist = load_mnist("test")
    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
        for index in np.flatnonzero(mnist.labels == digit)[:3].tolist():
            paper = np.full((60, 60), 255, np.uint8)
            paper[16:44, 16:44] -= mnist.images[index]  # dark ink on white paper, with a margin
            Image.fromarray(paper).save(tmp_path / str(digit) / f"{index}.png")
    loaded = load_checkpoint(resolve_model("digits"))
    report = evaluate_folder(loaded, tmp_path)
    assert report.class_names == tuple("0123456789")
    assert report.correct >= 28
