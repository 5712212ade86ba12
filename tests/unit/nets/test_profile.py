"""What a person says about a file: checked, written down, read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewer.core.errors import UserError
from viewer.core.nets.class_names import read_class_names
from viewer.core.nets.profile import Profile
from viewer.core.records import Fit, Preparation, Step

FULL = Profile(
    "resnet18",
    (3, 224, 200),
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
    ("a cat", "ein Hund"),
    Preparation(
        digit=False,
        fit=Fit.PAD,
        resize=256,
        interpolation="bicubic",
        invert=True,
        off=frozenset({Step.CROP, Step.NORMALISE}),
    ),
)


@pytest.mark.parametrize("profile", [Profile(), FULL, Profile(class_names=("0", "1"))])
def test_a_profile_comes_back_as_it_was(profile: Profile) -> None:
    assert Profile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"input_shape": (3, 0, 5)}, "0 × 5 pixels"),
        ({"input_shape": (7, 5, 5)}, "not 7"),
        ({"input_shape": (3, 5.5, 5)}, "whole numbers"),
        ({"mean": ()}, "one a channel"),
        ({"mean": (float("nan"),)}, "one a channel"),
        ({"std": (0.0,)}, "not above 0"),
        ({"std": (1e12,)}, "smaller"),
        ({"input_shape": (3, 8, 8), "mean": (0.5, 0.5)}, "2 numbers for 3 channels: give"),
        ({"input_shape": (1, 8, 8), "std": (0.5, 0.5)}, "2 numbers for 1 channel: give"),
        ({"class_names": ("a", "a")}, "Two classes are called a"),
        ({"class_names": ("a", " ")}, "no name"),
        ({"class_names": ("a", "b\nc")}, "no short line"),
        ({"class_names": ("a" * 201,)}, "no short line"),
    ],
)
def test_what_is_not_possible_is_one_sentence(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        Profile(**fields)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[3]",
        "3",
        '{"mean": 3}',
        '{"mean": ["x"]}',
        '{"input_shape": [1, 2]}',
        '{"preparation": {"fit": "what"}}',
        '{"preparation": []}',
        '{"class_names": [3]}',
        "[" * 100_000,
    ],
)
def test_what_somebody_else_wrote_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        Profile.from_json(text)


def test_an_unknown_interpolation_is_refused() -> None:
    values = json.loads(FULL.to_json())
    values["preparation"]["interpolation"] = "lanczos"
    with pytest.raises(UserError):
        Profile.from_json(json.dumps(values))


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\nbird\n",
        "\ufeffcat\r\n dog \r\nbird\r\n\r\n",
        '["cat", "dog", "bird"]',
        '{"0": "cat", "2": "bird", "1": "dog"}',
        '{"0": ["n01", "cat"], "1": ["n02", "dog"], "10": ["n03", "bird"]}',
    ],
)
def test_class_names_out_of_a_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "names.txt"
    path.write_text(text, "utf-8", newline="")
    assert read_class_names(path) == ("cat", "dog", "bird")


@pytest.mark.parametrize(
    "content", [b"", b"cat\n\ndog", b"\xff\xfe\x00", b"\n", b"[1, 2]", b'{"cat": 0}']
)
def test_files_without_class_names(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_class_names(path)
    with pytest.raises(UserError, match="can't be read"):
        read_class_names(tmp_path / "none.txt")


@pytest.mark.parametrize(("key", "value"), [("digit", "false"), ("invert", 1), ("resize", -1)])
def test_a_preparation_of_another_type_is_not_taken(key: str, value: object) -> None:
    values = json.loads(Profile(preparation=Preparation(digit=False)).to_json())
    values["preparation"][key] = value
    with pytest.raises(UserError, match="set it again"):
        Profile.from_json(json.dumps(values))
