from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from viewer.core.errors import UserError
from viewer.core.imaging import stroke_file
from viewer.core.imaging.simulate import simulate_drawing
from viewer.core.imaging.stroke_file import read_stroke_file, write_stroke_file
from viewer.core.records import Drawing, Stroke


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "digits.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_whole_line(tmp_path: Path) -> None:
    line = '{"canvas": [200, 100], "strokes": [[[1, 2], [3.5, 4]], [[9, 9]]], "label": "7"}'
    (drawing,) = read_stroke_file(written(tmp_path, line))
    assert drawing.canvas == (200.0, 100.0)
    assert drawing.label == "7"
    assert [stroke.points.tolist() for stroke in drawing.strokes] == [[[1, 2], [3.5, 4]], [[9, 9]]]
    assert drawing.strokes[0].points.dtype == np.float32
    assert drawing.strokes[0].pressure is None
    assert drawing.strokes[0].width_px == 6


def test_canvas_and_label_may_be_missing(tmp_path: Path) -> None:
    (drawing,) = read_stroke_file(written(tmp_path, '{"strokes": [[[0, 0], [100, 50]]]}'))
    assert drawing.canvas is None
    assert drawing.label is None
    assert drawing.strokes[0].width_px == 6


def test_pressure_a_number_as_label_and_unknown_keys(tmp_path: Path) -> None:
    line = '{"strokes": [[[0, 0, 0.25], [1, 1, 7]]], "label": 3, "writer": 12}'
    (drawing,) = read_stroke_file(written(tmp_path, line))
    assert drawing.label == "3"
    assert drawing.strokes[0].pressure is not None
    assert drawing.strokes[0].pressure.tolist() == [0.25, 1.0]


def test_byte_order_mark_blank_lines_and_windows_line_ends(tmp_path: Path) -> None:
    line = '{"strokes": [[[0, 0]]], "label": "é"}'
    content = b"\xef\xbb\xbf" + f"{line}\r\n\r\n   \n{line}".encode()
    assert [d.label for d in read_stroke_file(written(tmp_path, content))] == ["é", "é"]


def test_nothing_drawn_is_a_drawing_too(tmp_path: Path) -> None:
    content = '{"strokes": []}\n{"strokes": [[], []]}\n'
    assert [d.strokes for d in read_stroke_file(written(tmp_path, content))] == [(), ()]


GOOD = '{"strokes": [[[0, 0]]]}\n'
BAD = {
    "no json": "strokes",
    "cut off": '{"strokes": [[[0, 0], [1',
    "a list": "[[0, 0]]",
    "a number": "7",
    "null": "null",
    "no strokes": '{"canvas": [9, 9]}',
    "strokes a number": '{"strokes": 7}',
    "strokes null": '{"strokes": null}',
    "stroke a number": '{"strokes": [7]}',
    "stroke a string": '{"strokes": ["abc"]}',
    "point a number": '{"strokes": [[7]]}',
    "point of one": '{"strokes": [[[1]]]}',
    "point of four": '{"strokes": [[[1, 2, 3, 4]]]}',
    "point of strings": '{"strokes": [[["1", "2"]]]}',
    "point of booleans": '{"strokes": [[[true, false]]]}',
    "point an object": '{"strokes": [[{"x": 1, "y": 2}]]}',
    "not a number": '{"strokes": [[[NaN, 1]]]}',
    "infinite": '{"strokes": [[[Infinity, 1]]]}',
    "too large": '{"strokes": [[[1e300, 1]]]}',
    "an integer beyond floats": '{"strokes": [[[1' + "0" * 400 + ", 1]]]}",
    "an integer of 5,000 digits": '{"strokes": [[[1' + "0" * 5000 + ", 1]]]}",
    "canvas of one": '{"strokes": [], "canvas": [9]}',
    "canvas of zero": '{"strokes": [], "canvas": [0, 9]}',
    "canvas negative": '{"strokes": [], "canvas": [9, -9]}',
    "canvas of strings": '{"strokes": [], "canvas": ["9", "9"]}',
    "canvas infinite": '{"strokes": [], "canvas": [Infinity, 9]}',
    "label a list": '{"strokes": [], "label": [7]}',
    "label a boolean": '{"strokes": [], "label": true}',
    "nested too deep": "[" * 100_000,
    "another encoding": b'{"label": "\xe9", "strokes": []}',
    "binary": bytes(range(256)),
    "utf-16": '{"strokes": []}'.encode("utf-16"),
    "too many points": json.dumps({"strokes": [[[0, 0]] * 60_000] * 2}),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_named_in_one_sentence(tmp_path: Path, content: str | bytes) -> None:
    data = GOOD.encode() + (content.encode() if isinstance(content, str) else content)
    path = written(tmp_path, data)
    with pytest.raises(UserError) as caught:
        read_stroke_file(path)
    message = str(caught.value)
    # "binary" has a line feed in it: what is wrong stands on the line before.
    assert message.startswith(f"{path}, line 2: ")
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 200


@pytest.mark.parametrize("content", ["", "\n\n", " \t\r\n", "\ufeff"])
def test_a_file_without_a_drawing(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=r"no drawing|not JSON"):
        read_stroke_file(written(tmp_path, content))


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        read_stroke_file(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        read_stroke_file(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match=r"can't be read"):
        read_stroke_file(tmp_path / "a\0b.jsonl")


def test_a_file_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stroke_file, "MAX_FILE_BYTES", 2 * len(GOOD))
    assert len(read_stroke_file(written(tmp_path, GOOD * 2))) == 2
    with pytest.raises(UserError, match="larger than 50 MB"):
        read_stroke_file(written(tmp_path, GOOD * 3))
    with pytest.raises(UserError, match="larger than 50 MB"):
        read_stroke_file(written(tmp_path, "[" * 1000))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pressed = Stroke(np.array([[1, 2], [3, 4]], np.float32), 9.0, np.array([0.5, 0.25], np.float32))
    drawings = [*(simulate_drawing(d, rng) for d in range(10)), Drawing((pressed,))]
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    write_stroke_file(path, drawings)
    again = read_stroke_file(path)
    assert [d.label for d in again] == [*"0123456789", None]
    assert [d.canvas for d in again] == [d.canvas for d in drawings]
    for a, b in zip(again, drawings, strict=True):
        for left, right in zip(a.strokes, b.strokes, strict=True):
            assert np.allclose(left.points, right.points, atol=1e-3)
    assert again[-1].strokes[0].pressure is not None
    assert again[-1].strokes[0].pressure.tolist() == [0.5, 0.25]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"can't be written"):
        write_stroke_file(tmp_path / "none" / "out.jsonl", [Drawing()])


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UserError, match="No space left"):
        write_stroke_file(path, [Drawing()])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
