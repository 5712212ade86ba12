import json
from pathlib import Path

import numpy as np
import pytest

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.drawings import DrawingStore
from viewer.core.errors import UserError
from viewer.core.imaging.digit import digit_from_drawing
from viewer.core.imaging.stroke_file import read_stroke_file, write_stroke_file
from viewer.core.records import Drawing, Stroke

DIGITS = tuple("0123456789")


def line(x: float, label: str | None = None) -> Drawing:
    points = np.array([[x, 20], [x, 80]], np.float32)
    return Drawing((Stroke(points, 6.0),), (100, 100), label)


def xs(store: DrawingStore) -> list[float]:
    return [float(drawing.strokes[0].points[0, 0]) for drawing in store.items()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine" / "drawings.jsonl"


@pytest.fixture
def store(path: Path) -> DrawingStore:
    store = DrawingStore(path)
    for x, label in ((10, "1"), (20, "7"), (30, "1")):
        store.add(line(x), label)
    return store


def test_without_a_file_there_are_none(path: Path) -> None:
    store = DrawingStore(path)
    assert (len(store), store.items(), store.counts(), store.notice()) == (0, (), {}, "")
    assert not path.parent.exists()


def test_drawings_are_kept_with_their_labels(store: DrawingStore, path: Path) -> None:
    again = DrawingStore(path)
    assert xs(again) == [10, 20, 30]
    assert [drawing.label for drawing in again.items()] == ["1", "7", "1"]
    assert again.counts() == {"1": 2, "7": 1}
    assert [drawing.label for drawing in read_stroke_file(path)] == ["1", "7", "1"]


def test_adding_appends_and_leaves_the_lines_before_as_they_are(path: Path) -> None:
    path.parent.mkdir()
    mine = b'{"label": "3",   "strokes": [[[1, 2], [3, 40]]]}'
    path.write_bytes(mine)  # without a newline, as somebody's editor leaves it
    assert DrawingStore(path).add(line(5), "4") == 1
    assert path.read_bytes().startswith(mine + b"\n{")
    assert DrawingStore(path).counts() == {"3": 1, "4": 1}


def test_relabelling(store: DrawingStore, path: Path) -> None:
    store.relabel(0, "4")
    assert store.counts() == DrawingStore(path).counts() == {"1": 1, "4": 1, "7": 1}
    assert xs(DrawingStore(path)) == [10, 20, 30]


def test_deleting_and_bringing_back(store: DrawingStore, path: Path) -> None:
    store.delete(1)
    store.delete(0)
    assert xs(DrawingStore(path)) == [30]
    assert store.can_undo
    assert store.undo_delete() == 0
    assert store.undo_delete() == 1
    assert store.undo_delete() is None
    assert xs(store) == xs(DrawingStore(path)) == [10, 20, 30]


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_there_cannot_be_changed(store: DrawingStore, index: int) -> None:
    with pytest.raises(UserError, match="not there any more"):
        store.relabel(index, "1")
    with pytest.raises(UserError, match="not there any more"):
        store.delete(index)


@pytest.mark.parametrize("label", ["", "  ", "x" * 41, "a\nb"])
def test_a_label_is_a_short_name(store: DrawingStore, label: str) -> None:
    with pytest.raises(UserError, match="short name"):
        store.add(line(1), label)
    assert len(store) == 3


def test_an_empty_drawing_is_not_kept(store: DrawingStore) -> None:
    with pytest.raises(UserError, match="draw something first"):
        store.add(Drawing(canvas=(100, 100)), "1")


@pytest.mark.parametrize("broken", [b'{"strokes": [[[1, 2', b"\xff\xfe", b"[1]"])
def test_a_broken_line_is_kept_aside_and_told(
    store: DrawingStore, path: Path, broken: bytes
) -> None:
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], broken, lines[1], lines[2], broken]))
    again = DrawingStore(path)
    assert xs(again) == [10, 20, 30]
    assert again.aside.read_bytes() == broken + b"\n" + broken + b"\n"
    assert again.notice() == (
        f"2 lines of drawings.jsonl could not be read and went to {again.aside}."
    )
    assert path.read_bytes().splitlines() == lines
    assert DrawingStore(path).notice() == ""


def test_a_broken_line_stays_where_it_is_if_it_cannot_be_kept_aside(
    store: DrawingStore, path: Path
) -> None:
    content = path.read_bytes() + b"broken"
    path.write_bytes(content)
    store.aside.mkdir()
    with pytest.raises(UserError, match="can't be written"):
        DrawingStore(path)
    assert path.read_bytes() == content


def test_what_another_window_added_is_not_lost(store: DrawingStore, path: Path) -> None:
    other = DrawingStore(path)
    other.delete(0)
    other.add(line(40), "9")
    store.relabel(1, "2")  # the 7, which is the first by now
    assert xs(store) == [20, 30, 40]
    assert [drawing.label for drawing in store.items()] == ["2", "1", "9"]
    with pytest.raises(UserError, match="not there any more"):
        other.relabel(0, "8")  # this very drawing has become another


def test_exported_drawings_can_be_imported_once(store: DrawingStore, tmp_path: Path) -> None:
    assert store.export_file(tmp_path / "out.jsonl") == 3
    other = DrawingStore(tmp_path / "other.jsonl")
    assert other.import_file(tmp_path / "out.jsonl") == 3
    assert other.import_file(tmp_path / "out.jsonl") == 0
    assert xs(other) == [10, 20, 30]


def test_unlabelled_drawings_are_not_imported(store: DrawingStore, tmp_path: Path) -> None:
    write_stroke_file(tmp_path / "in.jsonl", [line(1), line(2, "8")])
    assert store.import_file(tmp_path / "in.jsonl") == 1
    write_stroke_file(tmp_path / "in.jsonl", [line(1)])
    with pytest.raises(UserError, match="no drawing with a label"):
        store.import_file(tmp_path / "in.jsonl")


def test_nothing_is_exported_from_nothing(path: Path) -> None:
    with pytest.raises(UserError, match="no drawings to export"):
        DrawingStore(path).export_file(path)


def test_a_file_that_cannot_be_written_changes_nothing(
    store: DrawingStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="No space left"):
        store.delete(0)
    assert not store.can_undo
    assert xs(store) == xs(DrawingStore(path)) == [10, 20, 30]


def test_images_follow_their_drawings(store: DrawingStore) -> None:
    before = store.images([0, 1, 2])
    store.relabel(0, "4")
    store.delete(1)
    store.add(line(80), "8")
    fresh = DrawingStore(store.path)
    assert np.array_equal(store.images(range(3)), fresh.images(range(3)))
    assert np.array_equal(store.images([0, 1]), before[[0, 2]])
    assert store.images([], 32).shape == (0, 32, 32)
    for size in range(20, 60):  # beyond what is kept
        assert np.array_equal(store.images([2], size), fresh.images([2], size))


def like(shape: tuple[int, ...], names: tuple[str, ...] = DIGITS) -> ImageDataset:
    channels = shape[3] if len(shape) == 4 else 1
    labels = np.zeros(shape[0], np.uint8)
    mean, std = (0.2,) * channels, (0.3,) * channels
    return ImageDataset("like", "train", np.zeros(shape, np.uint8), labels, names, mean, std)


def test_the_data_set_is_prepared_as_the_pad_prepares(store: DrawingStore) -> None:
    dataset = store.dataset(like((1, 28, 28)))
    assert dataset.labels.tolist() == [1, 7, 1]
    assert dataset.mean_std() == ((0.2,), (0.3,))
    seen = digit_from_drawing(store.items()[1]).pixels
    assert np.abs(dataset.images[1] / 255 - seen).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(store.images([1])[0], dataset.images[1])


def test_the_data_set_has_the_others_size_channels_and_classes(store: DrawingStore) -> None:
    store.add(line(50), "B")
    dataset = store.dataset(like((1, 32, 32, 3), ("a", "b", "7")))
    assert dataset.images.shape == (2, 32, 32, 3)
    assert dataset.labels.tolist() == [2, 1]
    assert (dataset.images[..., 0] == dataset.images[..., 2]).all()


def test_no_drawing_of_these_classes(store: DrawingStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no drawings of yours yet.* cat to dog"):
        DrawingStore(tmp_path / "none.jsonl").dataset(like((1, 28, 28), ("cat", "dog")))
    with pytest.raises(UserError, match=r"None of your 3 drawings.* cat to dog"):
        store.dataset(like((1, 28, 28), ("cat", "dog")))
    with pytest.raises(UserError, match="squares"):
        store.dataset(like((1, 28, 32)))


def test_the_file_is_the_stated_format(store: DrawingStore, path: Path) -> None:
    value = json.loads(path.read_bytes().splitlines()[1])
    assert value == {"canvas": [100, 100], "strokes": [[[20, 20], [20, 80]]], "label": "7"}
