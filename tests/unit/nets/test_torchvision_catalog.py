"""What torchvision offers, and its weights from a server on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision import models  # type: ignore[import-untyped]  # no stubs

from tests.unit.data.server import FileServer, without_proxies
from viewer.core.data.downloads import Cancel
from viewer.core.errors import UserError
from viewer.core.nets import torchvision_catalog
from viewer.core.nets.opening import open_network
from viewer.core.nets.profile import Profile
from viewer.core.nets.torchvision_catalog import (
    catalog,
    checkpoints_folder,
    download_weights,
    weights_file,
)

CONTENT = b"weights" * 40_000
SUM = hashlib.sha256(CONTENT).hexdigest()
KEY = "resnet18:IMAGENET1K_V1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    without_proxies(monkeypatch)
    with FileServer() as running:
        running.files["/w.pth"] = CONTENT
        yield running


def serve(server: FileServer, monkeypatch: pytest.MonkeyPatch, sha256: str) -> None:
    file = replace(
        weights_file("resnet18", "IMAGENET1K_V1"), urls=(f"{server.url}/w.pth",), sha256=sha256
    )
    monkeypatch.setattr(torchvision_catalog, "weights_file", lambda *_: file)


def test_every_classification_network_is_listed() -> None:
    entries = {entry.name: entry for entry in catalog()}
    assert set(entries) == set(models.list_models(module=models))
    resnet = entries["resnet50"]
    assert resnet.parameters == 25_557_032
    assert [w.key for w in resnet.weights] == ["IMAGENET1K_V2", "IMAGENET1K_V1"]
    assert resnet.weights[0].title == "ImageNet V2"
    assert resnet.weights[0].accuracy == pytest.approx(0.80858)
    # 102,540,417 bytes, as torchvision's server has it.
    assert resnet.weights[0].size_bytes == pytest.approx(102_540_417, rel=1e-4)


def test_the_sum_of_a_file_is_in_its_name() -> None:
    file = weights_file("resnet18", "IMAGENET1K_V1")
    assert (file.name, file.sha256) == ("resnet18-f37072fd.pth", "f37072fd")
    assert file.urls[0].endswith(file.name) and file.max_bytes > 46_830_571


@pytest.mark.parametrize(("name", "key"), [("resnet18", "V9"), ("resnet1", "IMAGENET1K_V1")])
def test_weights_that_there_are_not(name: str, key: str) -> None:
    with pytest.raises(UserError, match=f"no weights {key} for {name}"):
        weights_file(name, key)


def test_weights_arrive_whole_and_once(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(server, monkeypatch, SUM[:8])
    told: list[tuple[int, int]] = []
    for _ in range(2):
        download_weights(
            KEY, tmp_path, progress=lambda *values: told.append(values), cancel=Cancel()
        )
    assert (tmp_path / "resnet18-f37072fd.pth").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT)) and server.asked == ["/w.pth"]


def test_a_wrong_sum_leaves_nothing(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(server, monkeypatch, "0" * 8)
    with pytest.raises(UserError, match="wrong checksum"):
        download_weights(KEY, tmp_path, progress=lambda *_: None, cancel=Cancel())
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_it_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_proxies(monkeypatch)
    file = replace(weights_file("resnet18", "IMAGENET1K_V1"), urls=("http://127.0.0.1:9/w.pth",))
    monkeypatch.setattr(torchvision_catalog, "weights_file", lambda *_: file)
    with pytest.raises(UserError, match=r"resnet18 \(ImageNet V1\) could not be downloaded") as e:
        download_weights(KEY, tmp_path, progress=lambda *_: None, cancel=Cancel())
    assert "check the network connection" in str(e.value)


def test_published_weights_bring_their_names_and_preparation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match="are not on this computer"):
        open_network("squeezenet1_1:IMAGENET1K_V1")
    module = models.squeezenet1_1()
    path = checkpoints_folder() / weights_file("squeezenet1_1", "IMAGENET1K_V1").name
    path.parent.mkdir(parents=True)
    torch.save(module.state_dict(), path)
    loaded = open_network("squeezenet1_1:IMAGENET1K_V1")
    published = models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    assert loaded.title == "squeezenet1_1 (ImageNet V1)" and not loaded.note
    assert list(loaded.metadata.class_names) == published.meta["categories"]
    assert loaded.metadata.test_accuracy == pytest.approx(0.58178)
    assert loaded.metadata.preparation.resize == 256
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(loaded.module(x), module.eval()(x))
    other = open_network("squeezenet1_1:IMAGENET1K_V1", profile=Profile(mean=(0.5, 0.5, 0.5)))
    assert other.metadata.mean == (0.5, 0.5, 0.5)
