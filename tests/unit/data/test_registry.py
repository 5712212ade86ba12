import string
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.data.test_image_folder import write_classes
from viewer.core.data.downloads import Cancel
from viewer.core.data.folder_name import FolderName
from viewer.core.data.folders import data_folder
from viewer.core.data.registry import (
    dataset_infos,
    dataset_input,
    dataset_title,
    datasets,
    download_dataset,
    is_drawn,
    load_dataset,
    load_parts,
)
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.registry import Registry


def test_a_name_is_given_once() -> None:
    registry: Registry[int] = Registry("thing")
    registry.add("one", 1)
    with pytest.raises(ValueError, match="'one' is registered already"):
        registry.add("one", 2)
    assert registry.get("one") == 1


def test_an_unknown_name_lists_what_there_is() -> None:
    registry: Registry[int] = Registry("thing")
    registry.add("one", 1)
    registry.add("two", 2)
    with pytest.raises(UserError, match="There is no thing 'three': choose one of one, two"):
        registry.get("three")
    assert registry.names() == ("one", "two")
    assert "one" in registry
    assert "three" not in registry


def test_what_can_be_found_but_is_not_listed_is_named() -> None:
    with pytest.raises(UserError) as refused:
        architectures().get("resnet19")
    assert str(refused.value) == (
        "There is no architecture 'resnet19': choose one of digits, lenet5, mlp, table, or a "
        "classification network of torchvision's, such as resnet18, resnet152, resnet101."
    )
    with pytest.raises(UserError, match=r"such as resnet18\.$"):
        architectures().get("nosuch")


def test_the_known_data_sets(tmp_path: Path) -> None:
    in_the_box = ("mnist", "mnist-corner")
    names = (*in_the_box, "fashion-mnist", "kmnist", "emnist-digits", "emnist-letters")
    assert sorted(datasets().names()) == sorted(names)
    infos = dataset_infos(tmp_path)
    assert tuple(info.name for info in infos) == datasets().names()
    assert tuple(info.name for info in infos if info.ready) == in_the_box
    assert [dataset_title(info.name) for info in infos] == [info.title for info in infos]
    assert len(load_dataset("mnist", "test")) == 10_000


def test_mnist_is_as_it_is_described() -> None:
    dataset = load_dataset("mnist", "test")
    info = dataset_infos()[0]
    assert (info.counts[1], info.input_shape) == (len(dataset), dataset.input_shape)
    assert info.class_names == dataset.class_names


def test_mnist_cannot_be_downloaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="MNIST can't be downloaded: choose one of fashion-mnist"):
        download_dataset("mnist", tmp_path, progress=lambda *_: None, cancel=Cancel())


def test_a_folder_of_images_is_a_data_set_by_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "shades"
    write_classes(folder, {"dark": 3, "light": 3})
    train = load_dataset(str(folder), "train")
    assert train.input_shape == (1, 28, 28)
    name = str(FolderName(folder, 16, True))
    train, test = load_parts(name)
    assert train.name == test.name == name
    assert train.input_shape == (3, 16, 16)
    assert np.array_equal(load_dataset(name, "test").images, test.images)
    assert dataset_title(name) == "shades"
    assert dataset_input(name) == ((3, 16, 16), ("dark", "light"))
    assert not is_drawn(name)
    with pytest.raises(UserError, match="no part 'valid'"):
        load_dataset(name, "valid")


def test_what_a_registered_set_holds_is_told_without_reading_it() -> None:
    assert dataset_input("emnist-letters") == ((1, 28, 28), tuple(string.ascii_uppercase))
    with pytest.raises(UserError, match="no data set 'cifar'"):
        dataset_input("cifar")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mnist", None),
        ("/a/b", FolderName(Path("/a/b"))),
        ("/a/b@64", FolderName(Path("/a/b"), 64)),
        ("/a/b@64grey", FolderName(Path("/a/b"), 64, False)),
        ("/a@home/b@32color", FolderName(Path("/a@home/b"), 32, True)),
        ("/a/b@x", FolderName(Path("/a/b@x"))),
    ],
)
def test_names_of_folders(text: str, expected: FolderName | None) -> None:
    found = FolderName.parse(text)
    assert found == expected
    if found is not None:
        assert FolderName.parse(str(found)) == found


def test_where_data_sets_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "convnet-viewer" / "convnet-viewer" / "datasets"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert data_folder().is_relative_to(Path.home() / ".local" / "share")


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(UserError, match="no data set 'cifar'"):
        load_dataset("cifar", "test")


def test_reading_data_loads_no_torch() -> None:
    code = (
        "import sys; from viewer.core.data.registry import load_dataset; "
        "load_dataset('mnist', 'test'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
