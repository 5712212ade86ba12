import json
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import (
    METADATA_KEY,
    Metadata,
    load_checkpoint,
    save_checkpoint,
)
from viewer.core.nets.shipped import resolve_model, shipped_models

HYPER = {"units1": 3, "units2": 4, "batch_norm": False, "dropout": 0.0}
METADATA = Metadata(
    architecture="mlp",
    hyper=HYPER,
    input_shape=(1, 5, 5),
    mean=(0.1,),
    std=(0.3,),
    class_names=("a", "b"),
    dataset="mnist",
    test_accuracy=0.875,
    training_command="convnet-viewer train -o RUN",
)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    built = architectures().get("mlp").build(HYPER, (1, 5, 5), 2)
    assert isinstance(built, nn.Sequential)
    return built


def weights() -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network().state_dict().items()}


def write(path: Path, tensors: dict[str, Tensor], metadata: object) -> None:
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    save_file(tensors, path, {METADATA_KEY: text})


def write_raw(path: Path, header: object, content: bytes = b"", length: int | None = None) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    path.write_bytes(struct.pack("<Q", size) + text + content)


def plain(**changes: Any) -> dict[str, Any]:
    values = json.loads(METADATA.to_json()) | changes
    return {key: value for key, value in values.items() if value is not ...}


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    saved = network()
    save_checkpoint(path, saved, METADATA)
    loaded = load_checkpoint(path)
    images = torch.rand(4, 1, 5, 5)
    assert torch.equal(loaded.module(images), saved(images))
    assert loaded.metadata == METADATA
    assert (loaded.source, loaded.title) == (str(path), "mine")
    assert not loaded.module.training
    assert not any(p.is_meta for p in loaded.module.parameters())


def test_training_layers_come_back_too(tmp_path: Path) -> None:
    hyper = HYPER | {"batch_norm": True}
    saved = architectures().get("mlp").build(hyper, (1, 5, 5), 2)
    saved(torch.rand(8, 1, 5, 5))  # moves the running statistics
    save_checkpoint(tmp_path / "x.safetensors", saved, replace(METADATA, hyper=hyper))
    loaded = load_checkpoint(tmp_path / "x.safetensors").module
    images = torch.rand(4, 1, 5, 5)
    assert torch.equal(loaded(images), saved.eval()(images))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_cast(tmp_path: Path, dtype: torch.dtype) -> None:
    path = tmp_path / "x.safetensors"
    write(path, {name: value.to(dtype) for name, value in weights().items()}, plain())
    module = load_checkpoint(path).module
    assert {p.dtype for p in module.parameters()} == {torch.float32}
    wanted = weights()["dense1.weight"].to(dtype).float()
    assert torch.equal(module.get_parameter("dense1.weight"), wanted)


@pytest.mark.parametrize("key", ["dataset", "test_accuracy", "training_command"])
def test_what_is_only_told_may_be_left_out(tmp_path: Path, key: str) -> None:
    path = tmp_path / "x.safetensors"
    write(path, weights(), plain(**{key: ...}))
    assert getattr(load_checkpoint(path).metadata, key) is None


def test_metadata_of_later_versions_may_have_more(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write(path, weights(), plain(colour="green"))
    assert load_checkpoint(path).metadata == METADATA


BAD_METADATA: dict[str, tuple[Any, str]] = {
    "not JSON": ("{", "not a JSON object"),
    "a list": ([1], "not a JSON object"),
    "nested beyond reason": ("[" * 100_000, "not a JSON object"),
    "no version": (plain(format_version=...), "format version None"),
    "another version": (plain(format_version=2), "format version 2"),
    "version true": (plain(format_version=True), "format version True"),
    "no architecture": (plain(architecture=...), "doesn't say its architecture"),
    "no hyper": (plain(hyper=...), "doesn't say its hyper"),
    "no input shape": (plain(input_shape=...), "doesn't say its input_shape"),
    "no mean": (plain(mean=...), "doesn't say its mean"),
    "no std": (plain(std=...), "doesn't say its std"),
    "no class names": (plain(class_names=...), "doesn't say its class_names"),
    "architecture unknown": (plain(architecture="vgg99"), "no architecture 'vgg99'"),
    "architecture a number": (plain(architecture=3), "wrong type"),
    "hyper a list": (plain(hyper=[]), "wrong type"),
    "hyper unknown": (plain(hyper={"depth": 3}), "no hyper-parameter 'depth'"),
    "hyper hostile": (plain(hyper={"units1": 10**9}), "1 to 8192"),
    "hyper beyond int64": (plain(hyper={"units1": 10**400}), "1 to 8192"),
    "hyper a text": (plain(hyper={"units1": "3"}), "whole number"),
    "hyper infinite": (plain(hyper={"dropout": float("inf")}), "0 to 0.9"),
    "input shape short": (plain(input_shape=[5, 5]), "input_shape of 2 numbers"),
    "input shape fraction": (plain(input_shape=[1, 5, 5.5]), "whole numbers"),
    "input shape hostile": (plain(input_shape=[1, 10**9, 10**9]), "pixels a side"),
    "input shape negative": (plain(input_shape=[1, -5, 5]), "pixels a side"),
    "input shape null": (plain(input_shape=None), "not a list"),
    "mean of three channels": (plain(mean=[0, 0, 0]), "one mean and std for each"),
    "mean not finite": (plain(mean=[float("nan")]), "mean that is not a list of numbers"),
    "mean too large": (plain(mean=[10**400]), "mean that is not a list of numbers"),
    "mean a text": (plain(mean=["0"]), "mean that is not a list of numbers"),
    "std zero": (plain(std=[0]), "std of 0"),
    "std negative": (plain(std=[-0.5]), "std of -0.5"),
    "std empty": (plain(std=[]), "std that is not a list"),
    "class names too few": (plain(class_names=["a"]), "2 to 1000 classes"),
    "class names too many": (plain(class_names=["a", "b", "c"]), r"class names ask for \[3, 4\]"),
    "class names twice": (plain(class_names=["a", "a"]), "names a class twice"),
    "class name of two lines": (plain(class_names=["a\nb", "b"]), "no short line of text"),
    "class name endless": (plain(class_names=["a" * 10_000, "b"]), "no short line of text"),
    "dataset endless": (plain(dataset="m" * 900_000), "no short line of text"),
    "class names numbers": (plain(class_names=[0, 1]), "not a list of names"),
    "class names empty text": (plain(class_names=["", "b"]), "not a list of names"),
    "accuracy above one": (plain(test_accuracy=98.7), "not between 0 and 1"),
    "accuracy a text": (plain(test_accuracy="high"), "not between 0 and 1"),
    "command a number": (plain(training_command=1), "training_command that is not a text"),
}


@pytest.mark.parametrize("case", BAD_METADATA)
def test_bad_metadata_is_refused(tmp_path: Path, case: str) -> None:
    metadata, message = BAD_METADATA[case]
    path = tmp_path / "bad.safetensors"
    write(path, weights(), metadata)
    assert_refused(path, message)


def without(name: str) -> dict[str, Tensor]:
    tensors = weights()
    del tensors[name]
    return tensors


BAD_WEIGHTS: dict[str, tuple[Callable[[], dict[str, Tensor]], str]] = {
    "one missing": (lambda: without("dense2.bias"), r"lacks the weights dense2\.bias"),
    "none at all": (dict, "lacks the weights"),
    "one too many": (lambda: weights() | {"extra": torch.zeros(1)}, "weights extra"),
    "another shape": (
        lambda: weights() | {"dense1.weight": torch.zeros(3, 24)},
        r"dense1\.weight of the shape \[3, 24\]",
    ),
    "transposed": (
        lambda: weights() | {"dense1.weight": torch.zeros(25, 3)},
        r"ask for \[3, 25\]",
    ),
    "whole numbers": (
        lambda: weights() | {"dense1.bias": torch.zeros(3, dtype=torch.int32)},
        r"dense1\.bias of the type 'I32'",
    ),
    "not a number": (
        lambda: weights() | {"dense1.bias": torch.tensor([0, float("nan"), 0])},
        r"dense1\.bias that are not finite",
    ),
    "infinite": (
        lambda: weights() | {"dense3.bias": torch.tensor([0, -float("inf")])},
        r"dense3\.bias that are not finite",
    ),
    "beyond float32": (
        lambda: weights() | {"dense3.bias": torch.tensor([0, 1e300], dtype=torch.float64)},
        r"dense3\.bias that are not finite",
    ),
}


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights_are_refused(tmp_path: Path, case: str) -> None:
    tensors, message = BAD_WEIGHTS[case]
    path = tmp_path / "bad.safetensors"
    write(path, tensors(), plain())
    assert_refused(path, message)


def ours(**entries: object) -> dict[str, object]:
    return {"__metadata__": {METADATA_KEY: json.dumps(plain())}, **entries}


def zeros_header() -> dict[str, object]:
    """Return a correct header, all tensors of which share the file's first bytes."""
    entries = {
        name: {"dtype": "F32", "shape": list(value.shape), "data_offsets": [0, value.numel() * 4]}
        for name, value in weights().items()
    }
    return ours(**entries)


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "can't be read"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "a pipe": (lambda path: os.mkfifo(path), "not a plain file"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "three bytes": (lambda path: path.write_bytes(b"abc"), "not a safetensors file"),
    "a picture": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" * 99), "not a safetensors"),
    "a pickle": (lambda path: torch.save(weights(), path), "not a safetensors file"),
    "header longer than file": (
        lambda path: write_raw(path, {}, length=5000),
        "cut off within its header",
    ),
    "header of exabytes": (lambda path: write_raw(path, {}, length=2**63), "not a safetensors"),
    "header not JSON": (lambda path: write_raw(path, b"{{{{"), "not a safetensors file"),
    "header not text": (lambda path: write_raw(path, b"\xff\xfe\xfd"), "not a safetensors file"),
    "header a list": (lambda path: write_raw(path, []), "not a safetensors file"),
    "header nested": (lambda path: write_raw(path, b"[" * 200_000), "not a safetensors file"),
    "no metadata": (lambda path: save_file(weights(), path), "not which network"),
    "metadata of others": (
        lambda path: save_file(weights(), path, {"format": "pt"}),
        "not which network",
    ),
    "metadata a list": (lambda path: write_raw(path, {"__metadata__": []}), "not which network"),
    "entry not an object": (
        lambda path: write_raw(path, zeros_header() | {"dense1.bias": 3}),
        r"dense1\.bias of the type None",
    ),
    "tensors overlap": (
        lambda path: write_raw(path, zeros_header(), b"\0" * 1000),
        "damaged or cut off",
    ),
    "tensors beyond the end": (lambda path: write_raw(path, zeros_header()), "damaged or cut off"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused(tmp_path: Path, case: str) -> None:
    make, message = BAD_FILES[case]
    path = tmp_path / "bad.safetensors"
    make(path)
    assert_refused(path, message)


@pytest.mark.parametrize("kept", [4, 100, 700, 900])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "bad.safetensors"
    save_checkpoint(path, network(), METADATA)
    path.write_bytes(path.read_bytes()[:kept])
    assert_refused(path, "cut off|not a safetensors")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    with path.open("wb") as file:
        file.truncate(3 << 30)  # sparse: takes no room
    assert_refused(path, "larger than 2 GB")


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "bad.safetensors"
    save_checkpoint(path, network(), METADATA)
    monkeypatch.setattr(Path, "open", refuse)  # root may read anything, so chmod would not do
    assert_refused(path, "Permission denied")


def assert_refused(path: Path, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_checkpoint(path)
    text = str(caught.value)
    assert "bad.safetensors" in text
    assert "\n" not in text
    assert text.endswith(".")


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UserError, match="No space left"):
        save_checkpoint(path, network(), METADATA)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_default_network_is_listed_first() -> None:
    assert shipped_models() == ("digits", "lenet5", "mlp")


def test_a_name_in_the_box_and_a_path_are_resolved(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"")
    assert resolve_model(str(path)) == path
    assert resolve_model("digits").name == "digits.safetensors"
    with pytest.raises(UserError, match=r"no model 'nothing'.*digits, lenet5, mlp"):
        resolve_model("nothing")


@pytest.mark.parametrize(("name", "least"), [("digits", 0.995), ("lenet5", 0.989), ("mlp", 0.982)])
def test_the_networks_in_the_box_open_and_are_good(name: str, least: float) -> None:
    loaded = load_checkpoint(resolve_model(name))
    metadata = loaded.metadata
    assert (loaded.source, loaded.title) == ("in the box", name)
    assert metadata.architecture == name
    assert metadata.test_accuracy is not None
    assert metadata.test_accuracy >= least
    assert metadata.training_command == f"convnet-viewer train --recipe {name} -o RUN"
