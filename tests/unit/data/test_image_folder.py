import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from viewer.core.data import image_folder as module
from viewer.core.data.class_pictures import has_color, read_square
from viewer.core.data.image_folder import FolderCancelled, folder_input, image_folder
from viewer.core.errors import UserError

SHADES = {"dark": 40, "light": 200, "mid": 120}


def write_classes(folder: Path, counts: Mapping[str, int], *, side: int = 30) -> None:
    """Write grey squares, each class of a shade of its own, and each file a little different."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            shade = SHADES[name] + number % 20
            Image.new("L", (side + 10, side), shade).save(folder / name / f"{number:03}.png")


def test_a_folder_of_classes(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 20, "dark": 20})
    (tmp_path / "dark" / "notes.txt").write_text("no image")
    (tmp_path / ".hidden").mkdir()
    told: list[tuple[int, int]] = []
    found = image_folder(tmp_path, progress=lambda *n: told.append(n))
    assert found.train.class_names == found.test.class_names == ("dark", "light")
    assert len(found.train) + len(found.test) == 40
    assert 2 <= len(found.test) <= 16
    assert found.train.images.shape[1:] == (28, 28)
    for dataset in (found.train, found.test):
        for image, label in zip(dataset.images, dataset.labels, strict=True):
            assert image.min() == image.max()
            assert (image[0, 0] >= 200) == (label == 1)
    assert found.train.mean_std() == found.test.mean_std()
    assert found.train.mean_std()[0] == pytest.approx((found.train.images.mean() / 255,))
    assert told == [(n, 40) for n in range(1, 41)]
    assert found.notice() == ""


def test_the_split_follows_from_the_names_alone(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write_classes(tmp_path / place, {"light": 30, "dark": 30})
    one = image_folder(tmp_path / "one")
    two = image_folder(tmp_path / "two")
    assert np.array_equal(one.test.images, two.test.images)
    removed = next((tmp_path / "two" / "dark").glob("*.png"))
    removed.unlink()
    fewer = image_folder(tmp_path / "two")
    shades = set(one.test.images[one.test.labels == 1, 0, 0].tolist())
    assert set(fewer.test.images[fewer.test.labels == 1, 0, 0].tolist()) == shades


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_every_class_is_learnt_and_tested(tmp_path: Path, share: float) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 2, "mid": 2})
    found = image_folder(tmp_path, test_share=share)
    assert found.train.labels.tolist() == found.test.labels.tolist() == [0, 1, 2]


def test_no_test_share(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 2})
    assert len(image_folder(tmp_path, test_share=0).test) == 0


@pytest.mark.parametrize("test_folder", ["test", "val"])
def test_folders_for_training_and_testing(tmp_path: Path, test_folder: str) -> None:
    write_classes(tmp_path / "train", {"light": 3, "dark": 4})
    write_classes(tmp_path / test_folder, {"light": 1})
    found = image_folder(tmp_path)
    assert found.train.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert found.test.labels.tolist() == [1]


def test_a_training_folder_alone_is_split(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"light": 10, "dark": 10})
    found = image_folder(tmp_path, test_share=0.3)
    assert len(found.test) >= 2
    assert len(found.train) + len(found.test) == 20


def test_an_unknown_class_to_test_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"light": 2, "dark": 2})
    write_classes(tmp_path / "test", {"mid": 1})
    with pytest.raises(UserError, match="has the class mid"):
        image_folder(tmp_path)


def colored(folder: Path) -> None:
    write_classes(folder, {"light": 3, "dark": 3})
    Image.new("RGB", (40, 40), (255, 0, 0)).save(folder / "dark" / "red.png")


def test_one_image_with_a_colour_makes_it_a_set_in_colour(tmp_path: Path) -> None:
    colored(tmp_path)
    found = image_folder(tmp_path, test_share=0, size=8)
    assert found.train.input_shape == (3, 8, 8)
    assert found.train.images[3, 4, 4].tolist() == [255, 0, 0]
    assert found.train.images[0, 4, 4].tolist() == [40, 40, 40]
    assert len(found.train.mean_std()[0]) == 3


def test_colour_can_be_left_out_or_asked_for(tmp_path: Path) -> None:
    colored(tmp_path)
    grey = image_folder(tmp_path, test_share=0, size=8, color=False)
    assert grey.train.images[3, 4, 4] == 76  # 0.299 of 255
    write_classes(tmp_path / "more", {"light": 2, "dark": 2})
    asked = image_folder(tmp_path / "more", color=True)
    assert asked.train.input_shape == (3, 28, 28)


def test_grey_found_out_is_the_grey_asked_for(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 5, "dark": 5})
    found, asked = image_folder(tmp_path), image_folder(tmp_path, color=False)
    assert np.array_equal(found.train.images, asked.train.images)


def test_the_square_in_the_middle_is_taken_and_scaled(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 2})
    wide = np.zeros((20, 60), np.uint8)
    wide[:, 20:40] = 255  # the middle square alone
    Image.fromarray(wide).save(tmp_path / "light" / "000.png")
    found = image_folder(tmp_path, size=10, test_share=0)
    assert (found.train.images[2, :, 1:-1] == 255).all()
    assert (found.train.images[2] > 200).all()  # the edges have a little of what is beside


def test_transparent_and_16_bit_images(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 2})
    Image.new("RGBA", (9, 9), (0, 0, 255, 0)).save(tmp_path / "light" / "000.png")
    Image.fromarray(np.full((9, 9), 65535, np.uint16)).save(tmp_path / "light" / "001.png")
    found = image_folder(tmp_path, size=8, test_share=0, color=True)
    assert (found.train.images[2:] == 255).all()


def test_broken_files_are_counted_and_named(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 8, "dark": 8})
    for number in range(5):
        (tmp_path / "dark" / f"{number:03}.png").write_bytes(b"\x89PNG\r\n\x1a\nnot")
    found = image_folder(tmp_path)
    assert len(found.unreadable) == 5
    assert len(found.train) + len(found.test) == 11
    notice = found.notice()
    assert notice.startswith("5 of 16 files were left out: 000.png is ")
    assert notice.endswith("; and 2 more: replace or remove these files.")
    assert "002.png" in notice
    assert "003.png" not in notice


def test_a_class_of_broken_files_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 1})
    (tmp_path / "dark" / "000.png").write_bytes(b"broken")
    with pytest.raises(UserError, match="no readable image of the class dark"):
        image_folder(tmp_path)
    for path in (tmp_path / "light").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(UserError, match="no image that can be read: the first says"):
        image_folder(tmp_path)


def test_too_few_classes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="0 folders with images"):
        image_folder(tmp_path)
    write_classes(tmp_path, {"light": 2})
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="1 folders with images, and two classes are the least"):
        image_folder(tmp_path)


def test_too_many_classes_or_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 2, "mid": 2})
    monkeypatch.setattr(module, "MAX_BYTES", 6 * 28 * 28 * 3 - 1)
    with pytest.raises(UserError, match="6 images, too many at 28 px"):
        image_folder(tmp_path)
    monkeypatch.setattr(module, "MAX_CLASSES", 2)
    with pytest.raises(UserError, match="3 classes: at most 2"):
        image_folder(tmp_path)


@pytest.mark.parametrize("size", [0, 7, 513])
def test_sizes_out_of_range(tmp_path: Path, size: int) -> None:
    with pytest.raises(UserError, match="can't be learnt from: choose 8 to 512"):
        image_folder(tmp_path, size=size)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_shares_out_of_range(tmp_path: Path, share: float) -> None:
    with pytest.raises(UserError, match="test share"):
        image_folder(tmp_path, test_share=share)


def test_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        image_folder(tmp_path / "none")


def test_cancelling(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 4, "dark": 4})
    done: list[int] = []
    with pytest.raises(FolderCancelled):
        image_folder(
            tmp_path, progress=lambda n, _: done.append(n), cancelled=lambda: len(done) == 3
        )
    assert done == [1, 2, 3]


@pytest.mark.parametrize("color", [None, False, True])
@pytest.mark.parametrize("colored", [False, True])
def test_what_a_folder_holds_is_told_without_keeping_it(
    tmp_path: Path, color: bool | None, colored: bool
) -> None:
    write_classes(tmp_path, {"light": 3, "dark": 3, "mid": 2})
    if colored:
        Image.new("RGB", (9, 9), "red").save(tmp_path / "mid" / "red.png")
    (tmp_path / "dark" / "broken.png").write_bytes(b"no image")
    found = image_folder(tmp_path, size=16, color=color).train
    assert folder_input(tmp_path, size=16, color=color) == (found.input_shape, found.class_names)


def test_looking_into_a_folder_can_be_given_up(tmp_path: Path) -> None:
    write_classes(tmp_path, {"light": 3, "dark": 3})
    with pytest.raises(FolderCancelled):
        folder_input(tmp_path, cancelled=lambda: True)
    with pytest.raises(UserError, match="is no folder"):
        folder_input(tmp_path / "gone")


def test_a_class_that_can_not_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_classes(tmp_path, {"light": 2, "dark": 2, "mid": 2})
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if Path(path).name == "mid":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    for reader in (image_folder, folder_input):
        with pytest.raises(UserError, match=r"mid can't be read \(Permission denied\): check"):
            reader(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "a.png")
    opened: list[Any] = []
    monkeypatch.setattr(Image, "open", lambda path, **_: opened.append(path))
    assert not has_color(tmp_path / "a.png", 8)
    for color in (True, False):
        with pytest.raises(UserError, match=r"a\.png is not an ordinary file: choose a picture"):
            read_square(tmp_path / "a.png", 8, color=color)
    assert not opened


@pytest.mark.parametrize(("number", "channels"), [(1, 1), (2, 3)])
def test_a_sample_of_bounded_size_tells_whether_there_are_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, channels: int
) -> None:
    write_classes(tmp_path, {"dark": 4, "light": 4})
    Image.new("RGB", (9, 9), "red").save(tmp_path / "dark" / f"{number:03}.png")
    (tmp_path / "dark" / "003.png").write_bytes(b"no image")
    asked: list[str] = []

    def has_color_told(path: Path, size: int) -> bool:
        asked.append(f"{path.parent.name}/{path.name}")
        return has_color(path, size)

    monkeypatch.setattr(module, "has_color", has_color_told)
    monkeypatch.setattr(module, "COLOR_SAMPLE", 4)
    shape, _ = folder_input(tmp_path)
    assert shape == (channels, 28, 28)
    spread = ["dark/000.png", "dark/002.png", "light/000.png", "light/003.png"]
    assert asked == (spread if channels == 1 else spread[:2])
    # What is learnt from is what the network was made for.
    assert image_folder(tmp_path).train.input_shape == shape
