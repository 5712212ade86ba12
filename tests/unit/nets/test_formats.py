from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.unit.nets.foreign import (
    PROGRAMS,
    RESIDUAL_SHAPE,
    WEIGHTS,
    Residual,
    residual,
    save_ours,
)
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import LoadedNetwork, load_checkpoint
from viewer.core.nets.formats import assembling, onnx_file
from viewer.core.nets.formats.empty import (
    build_empty_torchvision,
    fingerprint,
    shapes_of,
    torchvision_rows,
)
from viewer.core.nets.formats.modules import load_trusted
from viewer.core.nets.formats.recognition import fits
from viewer.core.nets.formats.torchvision_table import TORCHVISION
from viewer.core.nets.graph import SOFTMAX_NAME, Graph
from viewer.core.nets.opening import AmbiguousNetwork, UntrustedPickle, open_network
from viewer.core.nets.profile import Profile
from viewer.core.nets.shipped import resolve_model
from viewer.core.nets.torchvision_models import torchvision_names
from viewer.core.records import Preparation
from viewer.core.sentences import export_line

# Convolutions that have taken in the normalisation behind them, as exporters to ONNX have it.
FOLDED = frozenset({"layer1.0.conv1", "layer1.1.conv1"})
CLOSE = 1e-5  # of float32, where batch normalisation was folded into convolutions


def maps(module: nn.Module, shape: tuple[int, int, int], images: Tensor) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in Graph(module, shape).run(images).items()}


def images_of(shape: tuple[int, int, int], count: int = 1) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(5))


def assert_same_maps(loaded: LoadedNetwork, module: nn.Module, *, exactly: bool = True) -> None:
    """Compare every map that both have, and what has to be there in both."""
    shape = loaded.metadata.input_shape
    images = images_of(shape)
    found, wanted = maps(loaded.module, shape, images), maps(module, shape, images)
    if exactly:
        assert list(found) == list(wanted)
    assert found[SOFTMAX_NAME].argmax() == wanted[SOFTMAX_NAME].argmax()
    both = (found.keys() & wanted.keys()) - FOLDED if not exactly else wanted.keys()
    assert len(both) >= len(wanted) / 2
    for name in both:
        torch.testing.assert_close(found[name], wanted[name], rtol=CLOSE, atol=CLOSE)


@pytest.fixture(scope="module")
def digits() -> LoadedNetwork:
    return load_checkpoint(resolve_model("digits"))


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_the_digit_network_come_back(
    tmp_path: Path, digits: LoadedNetwork, name: str
) -> None:
    path = tmp_path / "mine"  # formats are told by what is in a file
    WEIGHTS[name](digits.module, (1, 28, 28), path)
    loaded = open_network(str(path))
    assert loaded.metadata.architecture == "digits"
    assert loaded.metadata.hyper == digits.metadata.hyper
    assert loaded.metadata.input_shape == (1, 28, 28)
    assert loaded.rebuildable
    assert (loaded.source, loaded.title) == (str(path), "mine")
    assert_same_maps(loaded, digits.module)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_the_digit_network_come_back(
    tmp_path: Path, digits: LoadedNetwork, name: str
) -> None:
    path = tmp_path / "mine"
    PROGRAMS[name](digits.module, (1, 28, 28), path)
    loaded = open_network(str(path))
    assert loaded.metadata.input_shape == (1, 28, 28)
    assert len(loaded.metadata.class_names) == 10
    assert loaded.metadata.preparation == Preparation()
    assert not loaded.rebuildable
    assert_same_maps(loaded, digits.module, exactly=name not in ("exported and decomposed", "ONNX"))


def test_a_checkpoint_of_ours_comes_back_with_all_that_it_says(
    tmp_path: Path, digits: LoadedNetwork
) -> None:
    path = tmp_path / "mine.pt"
    save_ours(digits.module, digits.metadata, path)
    loaded = open_network(str(path))
    assert loaded.metadata == digits.metadata
    assert loaded.note == ""
    assert_same_maps(loaded, digits.module)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_a_residual_network_come_back(tmp_path: Path, name: str) -> None:
    network = residual()
    path = tmp_path / "mine"
    PROGRAMS[name](network, RESIDUAL_SHAPE, path)
    loaded = open_network(str(path), profile=Profile(input_shape=RESIDUAL_SHAPE))
    assert loaded.metadata.input_shape == RESIDUAL_SHAPE
    assert not loaded.metadata.preparation.digit
    assert_same_maps(loaded, network, exactly=name not in ("exported and decomposed", "ONNX"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_take_several_images_at_once(tmp_path: Path, name: str) -> None:
    network = residual()
    path = tmp_path / "mine"
    PROGRAMS[name](network, RESIDUAL_SHAPE, path)
    images = images_of(RESIDUAL_SHAPE, 3)
    with torch.no_grad():
        found = open_network(str(path)).module(images)
        torch.testing.assert_close(found, network(images), rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("name", ["exported", "exported for any batch", "traced", "scripted"])
def test_the_nodes_of_a_program_are_those_of_the_network(tmp_path: Path, name: str) -> None:
    network = residual()
    path = tmp_path / "mine"
    PROGRAMS[name](network, RESIDUAL_SHAPE, path)
    loaded = open_network(str(path))
    found, wanted = (Graph(m, RESIDUAL_SHAPE) for m in (loaded.module, network))
    for one, other in zip(found.nodes, wanted.nodes, strict=True):
        assert (one.name, one.kind, one.inputs) == (other.name, other.kind, other.inputs)
        assert (one.output_shape, one.window) == (other.output_shape, other.window)
        assert one.parameters == other.parameters
    assert found.modules == wanted.modules
    assert "layer1.0.add" in {node.name for node in found.nodes}


def test_onnx_nodes_stand_under_the_modules_that_they_came_from(tmp_path: Path) -> None:
    PROGRAMS["ONNX"](residual(), RESIDUAL_SHAPE, tmp_path / "mine")
    names = {n.name for n in Graph(open_network(str(tmp_path / "mine")).module, (3, 32, 32)).nodes}
    assert {"stem", "layer1.0.conv1", "layer1.1.conv2", "layer1.1.add", "pool", "fc"} <= names


@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5"])
def test_weights_of_torchvision_are_recognised(tmp_path: Path, name: str) -> None:
    network = open_network(name, profile=Profile(class_names=("a", "b", "c"))).module
    path = tmp_path / "mine.pth"
    torch.save({"state_dict": network.state_dict(), "classes": ["x", "y", "z"]}, path)
    loaded = open_network(str(path))
    assert loaded.metadata.architecture == name
    assert loaded.metadata.class_names == ("x", "y", "z")
    assert loaded.rebuildable
    image = images_of((3, 64, 64))
    with torch.no_grad():
        assert torch.equal(loaded.module(image), network(image))


def test_a_torchvision_network_has_the_same_random_weights_each_time() -> None:
    state = torch.get_rng_state()
    one, other = (open_network("squeezenet1_1") for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)  # a training's generator is left alone
    assert one.title == "squeezenet1_1 (untrained)"
    for name, value in one.module.state_dict().items():
        assert torch.equal(value, other.module.state_dict()[name])
        assert bool(torch.isfinite(value).all())
    assert "random" in one.note


def test_the_table_of_torchvision_fits_its_state_dicts() -> None:
    assert set(TORCHVISION) == set(torchvision_names())
    for name in ("alexnet", "densenet121", "maxvit_t", "regnet_x_400mf", "swin_v2_t", "vgg11_bn"):
        shapes = shapes_of(build_empty_torchvision(name, 12))
        mark, last = TORCHVISION[name]
        assert (fingerprint(shapes), shapes[last][0]) == (mark, 12)


@pytest.mark.large
def test_the_table_of_torchvision_is_that_of_the_installed_version() -> None:
    assert dict(torchvision_rows()) == dict(TORCHVISION)


def test_fingerprints_and_shapes_tell_torchvision_s_architectures_apart() -> None:
    for name in ("resnet50", "wide_resnet50_2", "convnext_base", "vit_b_16", "swin_s"):
        found = fits(shapes_of(build_empty_torchvision(name, 7)))
        assert [(fit.architecture, fit.classes) for fit in found] == [(name, 7)]


def test_weights_that_fit_several_architectures_ask(
    tmp_path: Path, digits: LoadedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fit,) = fits({k: tuple(v.shape) for k, v in digits.module.state_dict().items()})

    class Other(type(fit)):  # type: ignore[misc]  # the class of a value
        architecture = "other"

    other = Other("other", fit.hyper, fit.input_shape, fit.classes)
    monkeypatch.setattr(assembling, "fits", lambda shapes: (fit, other))
    path = tmp_path / "mine.pt"
    torch.save(digits.module.state_dict(), path)
    with pytest.raises(AmbiguousNetwork, match="digits, other") as caught:
        open_network(str(path))
    assert caught.value.names == ("digits", "other")
    chosen = open_network(str(path), profile=Profile(architecture="digits"))
    assert chosen.metadata.architecture == "digits"
    with pytest.raises(UserError, match="doesn't fit lenet5"):
        open_network(str(path), profile=Profile(architecture="lenet5"))


def test_weights_that_fit_nothing_explain_what_to_export(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    torch.save(residual().state_dict(), path)
    with pytest.raises(UserError, match=r"torch\.export\.save\(.*viewer\.show"):
        open_network(str(path))


def test_weights_that_nearly_fit_say_what_differs(tmp_path: Path) -> None:
    state = open_network("squeezenet1_1").module.state_dict()
    state["features.0.weight"] = torch.zeros(64, 3, 5, 5)
    torch.save(state, tmp_path / "mine.pt")
    with pytest.raises(UserError, match=r"features\.0\.weight of the shape \(64, 3, 3, 3\)"):
        open_network(str(tmp_path / "mine.pt"))


@pytest.mark.parametrize("name", ["lenet5", "mlp"])
def test_the_other_networks_in_the_box_are_recognised(tmp_path: Path, name: str) -> None:
    network = load_checkpoint(resolve_model(name))
    torch.save(network.module.state_dict(), tmp_path / "x")
    loaded = open_network(str(tmp_path / "x"))
    assert loaded.metadata.architecture == name
    assert_same_maps(loaded, network.module)


def test_a_whole_module_is_opened_only_when_trusted(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    network = residual()
    torch.save({"model": network, "class_names": ["a", "b", "c", "d", "e"]}, path)
    with pytest.raises(UntrustedPickle, match=r"tests\.unit\.nets\.foreign\.Block") as caught:
        open_network(str(path))
    assert "tests.unit.nets.foreign.Residual" in caught.value.imports
    loaded = open_network(str(path), trust=True, profile=Profile(input_shape=RESIDUAL_SHAPE))
    assert isinstance(loaded.module, Residual)
    assert loaded.metadata.class_names == ("a", "b", "c", "d", "e")
    assert not loaded.rebuildable
    assert_same_maps(loaded, network)


def test_a_class_of_a_script_is_named_and_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.pt"
    kind = type("Own", (Residual,), {"__module__": "__main__"})
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["__main__"], "Own", kind, raising=False)
        torch.save(kind(), path)
    with pytest.raises(UserError) as error:
        open_network(str(path), trust=True)
    assert str(error.value) == (
        f"{path} needs the class Own of the script that saved it: run {export_line()} there and "
        "open that file, or show the network from there with viewer.show(model, image)."
    )


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("no_such_package_here", "needs the Python module no_such_package_here, which is not"),
        ("json", "needs the class Own of the Python module json: run torch.export"),
    ],
)
def test_code_that_is_not_here_is_named(tmp_path: Path, module: str, words: str) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(f"\x80\x02c{module}\nOwn\n.".encode("latin1"))
    with pytest.raises(UserError, match=words):
        load_trusted(path)


def test_trusted_weights_are_recognised(tmp_path: Path, digits: LoadedNetwork) -> None:
    path = tmp_path / "mine.pt"
    torch.save({"state_dict": digits.module.state_dict(), "args": Path("x")}, path)
    with pytest.raises(UntrustedPickle, match="pathlib"):
        open_network(str(path))
    assert open_network(str(path), trust=True).metadata.architecture == "digits"


def test_class_names_in_safetensors(tmp_path: Path, digits: LoadedNetwork) -> None:
    path = tmp_path / "mine.safetensors"
    names = {str(i): f"digit {i}" for i in range(10)}
    save_file(digits.module.state_dict(), path, {"id2label": json.dumps(names)})
    loaded = open_network(str(path))
    assert loaded.metadata.class_names == tuple(names.values())
    assert "class names" not in loaded.note


def test_a_profile_comes_before_what_was_guessed(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt2"
    PROGRAMS["exported"](residual(), RESIDUAL_SHAPE, path)
    assert open_network(str(path)).note == (
        "The class names and mean and std were guessed: the file doesn't say them."
    )
    profile = Profile(
        mean=(0.1, 0.2, 0.3),
        std=(1.0, 2.0, 3.0),
        class_names=tuple("abcde"),
        preparation=Preparation(digit=False, resize=40),
    )
    loaded = open_network(str(path), profile=profile)
    assert loaded.note == ""
    assert loaded.metadata.mean == (0.1, 0.2, 0.3)
    assert loaded.metadata.class_names == tuple("abcde")
    assert loaded.metadata.preparation == profile.preparation
    with pytest.raises(UserError, match="5 classes apart, and 2 names were given"):
        open_network(str(path), profile=Profile(class_names=("a", "b")))
    with pytest.raises(UserError, match="one mean and one std"):
        open_network(str(path), profile=Profile(mean=(0.5, 0.5)))
    one = open_network(str(path), profile=Profile(mean=(0.5,), std=(0.2,)))
    assert (one.metadata.mean, one.metadata.std) == ((0.5,) * 3, (0.2,) * 3)


def test_half_precision_becomes_float32(tmp_path: Path, digits: LoadedNetwork) -> None:
    torch.save({k: v.half() for k, v in digits.module.state_dict().items()}, tmp_path / "x")
    loaded = open_network(str(tmp_path / "x"))
    assert {p.dtype for p in loaded.module.parameters()} == {torch.float32}


def test_opened_weights_outlive_their_file(tmp_path: Path, digits: LoadedNetwork) -> None:
    path = tmp_path / "mine.pt"
    torch.save(digits.module.state_dict(), path)
    loaded = open_network(str(path))
    path.write_bytes(b"")  # a file mapped to memory would end the process here
    assert_same_maps(loaded, digits.module)


def test_without_its_packages_onnx_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PROGRAMS["ONNX"](residual(), RESIDUAL_SHAPE, tmp_path / "x")
    monkeypatch.setattr(onnx_file, "PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(UserError, match=r"\.venv/bin/python -m pip install '\.\[onnx\]'"):
        open_network(str(tmp_path / "x"))


class Branching(nn.Module):
    """Does another thing for bright images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        if bool(y.sum() > 0):
            y = y + 1
        return y.mean(dim=[2, 3])


class Unrolled(nn.Module):
    """Loops and branches whose course no image changes."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 3, 3, padding=1) for _ in range(3)])
        self.fc = nn.Linear(9, 2)

    def forward(self, x: Tensor) -> Tensor:
        found: list[Tensor] = []
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i != 1:
                x = torch.relu(x)
            found.append(x)
        if x.dim() != 4 or x.shape[1] != 3:
            raise ValueError("an image has three channels")
        y = torch.cat(found, 1)
        scores: Tensor = self.fc(y.mean(dim=[2, 3]))
        return scores


def test_a_script_that_decides_by_the_image_is_refused(tmp_path: Path) -> None:
    PROGRAMS["scripted"](Branching(), RESIDUAL_SHAPE, tmp_path / "x")
    with pytest.raises(UserError, match="decides by the image"):
        open_network(str(tmp_path / "x"))


def test_a_script_with_loops_becomes_a_plain_graph(tmp_path: Path) -> None:
    network = Unrolled().eval()
    PROGRAMS["scripted"](network, RESIDUAL_SHAPE, tmp_path / "x")
    loaded = open_network(str(tmp_path / "x"))
    image = images_of(RESIDUAL_SHAPE)
    assert torch.equal(loaded.module(image), network(image))
    names = [node.name for node in Graph(loaded.module, RESIDUAL_SHAPE).nodes]
    assert names == ["input", "convs.0", "relu", "convs.1", "convs.2", "relu_1", "cat", "mean",
                     "fc", "softmax"]  # fmt: skip


class Slicing(nn.Module):
    """Takes parts of tensors, and reckons with sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        half = y.size(1) // 2
        y = y[:, half:] * 2 - y[:, :half]
        return y.view(y.size(0), half, -1).mean(2)


@pytest.mark.parametrize("name", ["exported", "exported for any batch", "traced", "scripted"])
def test_parts_of_tensors_come_back(tmp_path: Path, name: str) -> None:
    network = Slicing().eval()
    PROGRAMS[name](network, RESIDUAL_SHAPE, tmp_path / "x")
    images = images_of(RESIDUAL_SHAPE, 2)
    with torch.no_grad():
        assert torch.equal(open_network(str(tmp_path / "x")).module(images), network(images))


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


@pytest.mark.parametrize("name", ["exported", "traced"])
def test_a_program_of_two_inputs_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.unit.nets.foreign._example", lambda shape, batch=1: (torch.rand(1, *shape),) * 2
    )
    PROGRAMS[name](TwoInputs(), RESIDUAL_SHAPE, tmp_path / "x")
    with pytest.raises(UserError, match="takes 2 inputs"):
        open_network(str(tmp_path / "x"))


def test_a_network_that_is_no_classifier_has_no_classes(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.ConvTranspose2d(4, 2, 3)).eval()
    PROGRAMS["exported"](network, RESIDUAL_SHAPE, tmp_path / "x")
    loaded = open_network(str(tmp_path / "x"))
    assert loaded.metadata.class_names == ()
    image = images_of(RESIDUAL_SHAPE)
    assert torch.equal(loaded.module(image), network(image))


@pytest.mark.parametrize("name", ["exported", "traced", "scripted"])
@pytest.mark.parametrize(
    "builder", ["mobilenet_v3_small", "densenet121", "shufflenet_v2_x0_5", "efficientnet_b0"]
)
@pytest.mark.large
def test_torchvision_s_networks_come_back_as_programs(
    tmp_path: Path, name: str, builder: str
) -> None:
    network = open_network(builder).module
    PROGRAMS[name](network, (3, 64, 64), tmp_path / "x")
    loaded = open_network(str(tmp_path / "x"), profile=Profile(input_shape=(3, 64, 64)))
    image = images_of((3, 64, 64))
    with torch.no_grad():
        found, wanted = loaded.module(image), network(image)
    torch.testing.assert_close(found, wanted, rtol=CLOSE, atol=CLOSE)
