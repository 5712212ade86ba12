"""``viewer.capture``: every kind of network and image that a script may give."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import viewer
from viewer.core.capture import capture
from viewer.core.errors import UserError
from viewer.core.images import source_of
from viewer.core.nets.held import held_network, hold, let_go, own_copy
from viewer.core.nets.opening import network_of_module, open_network
from viewer.core.records import Drawing, Picture, Preparation

CLASSES = 3


class Net(nn.Module):
    """Has what could go wrong: dropout, batch statistics, an addition, in-place operations."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(4, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.conv(x))
        x = self.relu(x + 0.5 * x)
        x = nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)
        result: torch.Tensor = self.dense(self.dropout(x))
        return result


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def test_every_output_is_torch_s_own(net: Net) -> None:
    image = torch.randn(3, 20, 24)
    found = capture(net, image)
    own = copy.deepcopy(net).eval()
    with torch.no_grad():
        conv = own.conv(image[None])
        logits = own(image[None])[0]
    np.testing.assert_array_equal(found["input"], image.numpy())
    np.testing.assert_allclose(found["conv"], conv[0].numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["dense"], logits.numpy(), rtol=1e-5, atol=1e-6)
    assert found.probabilities is not None
    np.testing.assert_allclose(found.probabilities, logits.softmax(0).numpy(), rtol=1e-5)
    assert found.prediction == f"class {int(logits.argmax())}"
    assert found.network.title == "Net"
    for node in found.network.nodes:
        assert found.outputs[node.name].shape == node.output_shape
        assert found.outputs[node.name].dtype == np.float32
        assert not found.outputs[node.name].flags.writeable


def test_a_module_stays_as_it_is(net: Net) -> None:
    net.train()
    net.norm.eval()
    calls: list[str] = []
    net.conv.register_forward_hook(lambda *_: calls.append("hook"))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [part.training for part in net.modules()]
    capture(net, torch.randn(3, 16, 16))
    assert calls == []
    assert len(net.conv._forward_hooks) == 1
    assert [part.training for part in net.modules()] == modes
    assert all(p.requires_grad and p.grad is None for p in net.parameters())
    assert net.relu.inplace
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])


def test_weights_of_the_copy_are_its_own(net: Net) -> None:
    twin = own_copy(net)
    with torch.no_grad():
        net.conv.weight.zero_()
    assert float(twin.get_parameter("conv.weight").abs().sum()) > 0


def test_half_precision_and_computed_weights_are_taken() -> None:
    net = Net().half()
    net.dense = torch.nn.utils.parametrizations.weight_norm(net.dense)
    found = capture(net, torch.randn(3, 16, 16))
    assert found["dense"].dtype == np.float32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old
        old = nn.utils.weight_norm(nn.Conv2d(1, 2, 3))
    model = nn.Sequential(old, nn.Flatten(), nn.Linear(2 * 6 * 6, 2))
    image = torch.randn(1, 8, 8)
    with torch.no_grad():
        expected = model(image[None])[0].numpy()
    np.testing.assert_allclose(capture(model, image)["2"], expected, rtol=1e-5, atol=1e-6)


def test_wrappers_are_taken_off(net: Net) -> None:
    names = [
        node.name for node in capture(nn.DataParallel(net), torch.randn(3, 9, 9)).network.nodes
    ]
    assert "conv" in names


def test_exported_and_compiled_programs(net: Net) -> None:
    image = torch.randn(3, 16, 16)
    expected = capture(net, image)["dense"]
    program = torch.export.export(net.eval(), (image[None],))
    np.testing.assert_allclose(capture(program, image).outputs["dense"], expected, rtol=1e-5)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old
        script = torch.jit.trace(net.eval(), image[None])  # type: ignore[no-untyped-call]
    np.testing.assert_allclose(capture(script, image).outputs["dense"], expected, rtol=1e-5)


def test_arrays_pictures_and_paths_are_prepared_alike(net: Net, tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(rgb).save(path)
    images: list[Any] = [rgb, rgb / 255, Image.fromarray(rgb), path, str(path)]
    found = [capture(net, image, input_shape=(3, 16, 16))["input"] for image in images]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
    assert found[0].shape == (3, 16, 16)


def test_a_drawing_and_a_grey_array_go_to_a_network_in_the_box() -> None:
    assert capture("digits", Drawing()).prediction is None
    ink = np.zeros((28, 28))
    ink[4:24, 13:16] = 1
    assert capture("digits", ink).prediction == "1"


def test_what_is_said_is_used(net: Net) -> None:
    grey = np.full((8, 8), 0.5)
    found = capture(
        net,
        grey,
        class_names=["a", "b", "c"],
        mean=(0.5, 0.5, 0.5),
        std=(2, 2, 2),
        input_shape=(3, 8, 8),
        preparation=Preparation(digit=False),
        title="Mine",
    )
    assert (found.network.title, found.network.class_names) == ("Mine", ("a", "b", "c"))
    np.testing.assert_allclose(found["input"], (128 / 255 - 0.5) / 2, atol=1e-6)


def test_an_unknown_node_is_answered_with_the_names(net: Net) -> None:
    with pytest.raises(KeyError, match=r"conv1.*conv"):
        capture(net, torch.randn(3, 9, 9))["conv1"]


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"conv.weight": torch.zeros(1)}, "state dict.*load_state_dict"),
        (Net, r"class Net.*Net\(\)"),
        (3, "type int.*torch.nn.Module"),
        (None, "type NoneType"),
    ],
)
def test_what_is_no_network_is_one_sentence(model: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        capture(model, torch.zeros(3, 8, 8))


def test_networks_that_can_t_be_shown_are_one_sentence(net: Net) -> None:
    with pytest.raises(UserError, match="no model"):
        capture("no_such_file.pth", torch.zeros(3, 8, 8))
    with pytest.raises(UserError, match="without a size"):
        capture(nn.Sequential(nn.LazyConv2d(3, 3)), torch.zeros(3, 8, 8))
    with torch.device("meta"):
        empty = Net()
    with pytest.raises(UserError, match="without numbers"):
        capture(empty, torch.zeros(3, 8, 8))
    with pytest.raises(TypeError, match="list of names"):
        capture(net, torch.zeros(3, 8, 8), class_names="abc")
    with pytest.raises(UserError, match="3 classes apart"):
        capture(net, torch.zeros(3, 8, 8), class_names=["a"])


def test_one_mean_is_for_all_channels(net: Net) -> None:
    image = np.full((8, 8, 3), 51, np.uint8)
    preparation = Preparation(digit=False)
    options: dict[str, Any] = {"input_shape": (3, 8, 8), "preparation": preparation}
    one = capture(net, image, mean=[0.5], std=[0.25], **options)
    each = capture(net, image, mean=[0.5] * 3, std=[0.25] * 3, **options)
    np.testing.assert_array_equal(one["input"], each["input"])
    assert one["input"][2, 0, 0] == pytest.approx((0.2 - 0.5) / 0.25)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.zeros((3, 8, 8)), "channels last"),
        (np.zeros((0, 8)), "shape"),
        (np.full((8, 8), 1.5), "values from 1.5 to 1.5"),
        (np.full((8, 8), np.nan), "values from nan"),
        (np.full((8, 8), 256), "values from"),
        (np.zeros((8, 8), complex), "complex128"),
        (torch.zeros(2, 3, 8, 8), "one image"),
        (torch.zeros(8, 8), "one image"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "torch.uint8"),
        (torch.full((3, 8, 8), torch.inf), "not finite"),
        (torch.zeros(1, 8, 8), "has 1 channel and Net takes 3"),
        (None, "NoneType"),
        ([[0.0]], "a list"),
        ("no_such_file.png", "does not exist"),
    ],
)
def test_what_is_no_image_is_one_sentence(net: Net, image: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as error:
        capture(net, image, input_shape=(3, 8, 8))
    assert re.fullmatch(r"[^\n]+: [^\n]+\.", str(error.value))


def test_a_tensor_is_shown_as_the_pixels_that_it_stands_for() -> None:
    values = (torch.tensor([0.0, 0.5, 1.0]).reshape(3, 1, 1).expand(3, 2, 2) - 0.5) / 0.25
    picture = source_of(values, (0.5,) * 3, (0.25,) * 3)
    assert isinstance(picture, Picture)
    assert picture.rgb is not None
    assert picture.rgb[0, 0].tolist() == [0, 128, 255]
    assert picture.values is not None
    np.testing.assert_array_equal(picture.values, values.numpy())


def test_a_held_network_opens_by_its_name_and_shares_its_numbers(net: Net) -> None:
    loaded = network_of_module(own_copy(net), "Net", "Python")
    names = [hold(loaded), hold(loaded)]
    try:
        assert len(set(names)) == 2
        one, other = open_network(names[0]), open_network(names[0])
        assert one.module is not other.module
        weights = [m.module.get_parameter("conv.weight") for m in (loaded, one, other)]
        assert len({w.data_ptr() for w in weights}) == 1
        weights[1].data = torch.zeros_like(weights[1])
        assert float(weights[2].abs().sum()) > 0
    finally:
        for name in names:
            let_go(name)
    assert held_network(names[0]) is None


def test_neither_qt_nor_torch_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys, viewer; assert not {'torch', 'numpy', 'PyQt6'} & set(sys.modules); "
        "dir(viewer); viewer.capture; assert not {'PyQt6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-B", "-c", script], check=True)
    with pytest.raises(AttributeError, match="nothing"):
        viewer.nothing  # type: ignore[attr-defined]  # noqa: B018 - the access is what is tested
    assert {"show", "capture", "Preparation"} <= set(dir(viewer))
