"""Every classification network of torchvision opens, and is captured as torch computes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models  # type: ignore[import-untyped]  # no stubs

from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.live import LiveNetwork, Snapshot
from viewer.core.nets import torchvision_models
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import (
    LoadedNetwork,
    Metadata,
    load_checkpoint,
    parse_metadata,
    save_checkpoint,
)
from viewer.core.nets.folding import fold
from viewer.core.nets.graph import CHANNELS_LAST, LAYOUT, Graph
from viewer.core.nets.torchvision_models import (
    build_torchvision,
    torchvision_metadata,
    torchvision_names,
)
from viewer.core.records import Fit, InferenceRequest, Picture, Preparation, Step

# Their weights alone take a second and more, or gigabytes, to draw.
LARGE = frozenset(
    {"convnext_base", "convnext_large", "efficientnet_b7", "efficientnet_v2_l", "efficientnet_v2_m"}
    | {"regnet_x_16gf", "regnet_x_32gf", "regnet_y_128gf", "regnet_y_16gf", "regnet_y_32gf"}
    | {"resnet152", "resnext101_32x8d", "resnext101_64x4d", "swin_b", "swin_v2_b", "swin_v2_s"}
    | {"vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"}
    | {"vit_h_14", "vit_l_16", "vit_l_32", "wide_resnet101_2", "densenet161", "densenet201"}
    | {"efficientnet_b5", "efficientnet_b6", "maxvit_t", "swin_s", "convnext_small"}
)
# The smallest images that the others can take are a few pixels; these have sizes of their own.
SIZES = {"inception_v3": 96, "maxvit_t": 224, "alexnet": 64}
SMALL_PX = 64
CLASSES = 7


def _names() -> list[object]:
    return [
        pytest.param(name, marks=pytest.mark.large) if name in LARGE else name
        for name in torchvision_names()
    ]


def _hooked(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Return what every module gave, by its path; from the second call on with its number."""
    found: dict[str, Tensor] = {}

    def watch(path: str, child: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def take(_module: nn.Module, _inputs: object, output: object) -> None:
            first = output[0] if isinstance(output, tuple) else output
            calls = sum(name.partition("#")[0] == path for name in found)
            assert isinstance(first, Tensor)
            found[path if not calls else f"{path}#{calls + 1}"] = first.clone()

        return child.register_forward_hook(take)

    handles = [watch(path, child) for path, child in module.named_modules() if path]
    with torch.inference_mode():
        module(x)
    for handle in handles:
        handle.remove()
    return found


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", _names())
def test_layer_outputs_equal_torchs_hooks(name: str) -> None:
    torch.manual_seed(0)
    side = SIZES.get(name, 56 if name == "vit_h_14" else SMALL_PX)
    module = build_torchvision(name, CLASSES, (3, side, side)).eval()
    graph = Graph(module, (3, side, side))
    x = torch.rand(1, 3, side, side)

    outputs = graph.run(x)
    hooked = _hooked(module, x)

    compared = 0
    for node in graph.nodes:
        expected = hooked.get(node.name)
        if expected is None:
            continue
        if node.settings.get(LAYOUT) == CHANNELS_LAST:
            expected = expected.permute(0, 3, 1, 2)
        assert torch.equal(outputs[node.name], expected), node.name
        assert tuple(expected.shape[1:]) == node.output_shape
        compared += 1
    weighted = [path for path, child in module.named_modules() if _has_own_weights(child)]
    used = [path for path in weighted if path in hooked]
    assert compared >= len(used) > 0
    assert {path for path in used if path not in outputs} == set()
    assert graph.logits
    assert outputs[graph.logits].shape == (1, CLASSES)
    aux = sum(p.numel() for path, p in module.named_parameters() if path.startswith("AuxLogits"))
    total = sum(p.numel() for p in module.parameters()) - aux
    assert sum(node.parameters for node in graph.nodes) == total


def _has_own_weights(module: nn.Module) -> bool:
    return type(module) in (nn.Conv2d, nn.BatchNorm2d, nn.LayerNorm, nn.MultiheadAttention)


def test_every_node_of_a_resnet_has_its_place() -> None:
    graph = Graph(build_torchvision("resnet18", 5).eval(), (3, 64, 64))
    nodes = {node.name: node for node in graph.nodes}

    assert nodes["layer1.0.add"].inputs == ("layer1.0.bn2", "maxpool")
    assert nodes["layer1.0.relu#2"].inputs == ("layer1.0.add",)
    assert nodes["layer2.0.add"].inputs == ("layer2.0.bn2", "layer2.0.downsample.1")
    assert nodes["flatten"].inputs == ("avgpool",)
    assert graph.modules["layer1"] == "Sequential"
    assert graph.modules["layer1.0"] == "BasicBlock"
    assert "" not in graph.modules
    assert "layer1.0.conv1" not in graph.modules


def test_tokens_and_channels_last_values_are_presented() -> None:
    vit = Graph(build_torchvision("vit_b_32", 3, (3, 64, 64)).eval(), (3, 64, 64))
    nodes = {node.name: node for node in vit.nodes}
    attention = nodes["encoder.layers.encoder_layer_0.self_attention"]
    assert attention.type_name == "MultiheadAttention"
    assert attention.output_shape == (5, 768)  # 2 × 2 patches, and the token of the class
    assert attention.inputs == ("encoder.layers.encoder_layer_0.ln_1",)
    assert nodes["cat"].parameters == 768  # that token
    assert nodes["encoder.add"].parameters == 5 * 768  # a position's numbers

    swin = Graph(build_torchvision("swin_t", 3, (3, 64, 64)).eval(), (3, 64, 64))
    norm = swin.weights(0)
    first = next(node for node in swin.nodes if node.type_name == "LayerNorm")
    assert first.output_shape == (96, 16, 16)
    assert first.settings[LAYOUT] == CHANNELS_LAST
    assert norm.weights[first.name].shape == (96,)
    assert swin.nodes[-2].output_shape == (3,)


def test_published_facts_need_no_download() -> None:
    metadata = torchvision_metadata("efficientnet_b3", pretrained=True)

    assert metadata.input_shape == (3, 300, 300)
    assert metadata.preparation == Preparation(
        digit=False, fit=Fit.CROP, resize=320, interpolation="bicubic"
    )
    assert metadata.class_names[:2] == ("tench", "goldfish")
    assert metadata.test_accuracy == pytest.approx(0.82008)
    assert metadata.mean == (0.485, 0.456, 0.406)
    older = torchvision_metadata("resnet50", pretrained=True, key="IMAGENET1K_V1")
    assert older.preparation.resize == 256
    assert torchvision_metadata("googlenet", pretrained=True).hyper["transform_input"] is True
    random = torchvision_metadata("vit_h_14", pretrained=False)
    assert (random.input_shape, random.test_accuracy) == ((3, 224, 224), None)
    assert len(set(random.class_names)) == 1000


@pytest.mark.parametrize("name", ["resnet18", "swin_t", "regnet_y_400mf", "inception_v3"])
def test_a_checkpoint_of_ours_brings_it_back(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    metadata = Metadata(
        name,
        architectures().get(name).complete({}),
        (3, 96, 96),
        (0.5, 0.4, 0.3),
        (0.2, 0.2, 0.2),
        ("cat", "dog", "owl"),
        preparation=Preparation(digit=False, resize=100, interpolation="bicubic"),
    )
    module = build_torchvision(name, 3, (3, 96, 96)).eval()
    save_checkpoint(tmp_path / "mine.safetensors", module, metadata)

    loaded = load_checkpoint(tmp_path / "mine.safetensors")

    assert loaded.metadata == metadata
    x = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(loaded.module(x), module(x))


def test_a_preparation_in_a_file_is_checked(tmp_path: Path) -> None:
    metadata = torchvision_metadata("resnet18", pretrained=False)
    values = json.loads(metadata.to_json())
    path = tmp_path / "x"
    assert parse_metadata(path, json.dumps(values)).preparation == metadata.preparation
    for wrong in ({"fit": "glue"}, {"resize": -1}, {"interpolation": 3}, {"off": ["x"]}, 7):
        with pytest.raises(UserError, match="preparation"):
            parse_metadata(path, json.dumps(values | {"preparation": wrong}))
    del values["preparation"]
    assert parse_metadata(path, json.dumps(values)).preparation == Preparation()


def test_as_an_architecture_it_is_built_trained_and_left_unfolded() -> None:
    architecture = architectures().get("mobilenet_v3_small")
    module = architecture.build({}, (1, 64, 64), 4)  # one channel: another first convolution
    logits = module(torch.rand(2, 1, 64, 64))
    logits.sum().backward()
    assert logits.shape == (2, 4)
    assert all(p.grad is not None for p in module.parameters())
    folded = fold(module)
    assert folded.state_dict().keys() == module.state_dict().keys()
    assert architecture.folded_hyper({}) == {}
    empty = architecture.build_empty({}, (1, 64, 64), 4)
    empty.load_state_dict(module.state_dict())
    assert not any(p.is_meta for p in empty.parameters())


def test_classifiers_in_the_middle_stay_out_of_a_trainings_way() -> None:
    hyper = {"aux_logits": True}
    module = architectures().get("googlenet").build(hyper, (3, 64, 64), 4)
    assert module.train()(torch.rand(2, 3, 64, 64)).shape == (2, 4)
    assert any(name.startswith("aux1.") for name in module.state_dict())


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("alexnet", (3, 32, 32), "alexnet can't take images of 32 × 32 pixels"),
        ("vit_b_16", (3, 100, 100), "vit_b_16 can't take images of 100 × 100 pixels"),
        ("vit_b_16", (3, 64, 32), "square images"),
        ("resnet18", (3, 4096, 64), "1 to 1024 pixels"),
    ],
)
def test_a_size_that_it_can_t_take_is_refused(
    name: str, shape: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        architectures().get(name).build({}, shape, 3)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UserError, match="no architecture 'resnet19'"):
        architectures().get("resnet19")
    assert "resnet18" in architectures()
    assert "resnet19" not in architectures()


def test_listing_architectures_does_not_import_torchvision() -> None:
    code = (
        "import sys; from viewer.core.nets.architectures import architectures; "
        "import viewer.core.nets.torchvision_models; architectures().names(); "
        "architectures().get('mlp'); sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def picture(height: int, width: int) -> Picture:
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Picture(rgb.mean(axis=2).astype(np.float32) / 255, "noise", rgb=rgb)


def test_an_engine_answers_to_a_colour_picture_as_torch_does() -> None:
    torch.manual_seed(2)
    metadata = torchvision_metadata("mobilenet_v3_small", pretrained=False)
    module = build_torchvision("mobilenet_v3_small").eval()
    engine = Engine(LoadedNetwork(module, metadata, "memory", "m"))

    record = engine.run(InferenceRequest(1, picture(300, 400)))

    assert record.image.pixels.shape == (3, 224, 224)
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (metadata.mean, metadata.std))
    x = torch.from_numpy((record.image.pixels - mean) / std)[None]
    with torch.inference_mode():
        expected = module(x).softmax(-1)[0].numpy()
    assert record.probabilities is not None
    np.testing.assert_array_equal(record.probabilities, expected)
    several = engine.probabilities(np.stack([record.image.pixels] * 2))
    np.testing.assert_allclose(several, np.stack([expected] * 2), rtol=1e-4, atol=1e-7)
    pixels = np.rint(np.stack([record.image.pixels] * 2) * 255).astype(np.uint8)
    # Nearly the same numbers for all classes: rounding may decide.
    assert expected[engine.classify(pixels)] == pytest.approx(expected.max(), rel=1e-4)


def test_a_picture_at_its_own_size_describes_the_network_anew() -> None:
    metadata = torchvision_metadata("resnet18", pretrained=False)
    engine = Engine(LoadedNetwork(build_torchvision("resnet18").eval(), metadata, "memory", "m"))
    own = engine.network
    native = Preparation(digit=False, fit=Fit.NATIVE)

    record = engine.run(InferenceRequest(1, picture(96, 160), preparation=native))
    other = engine.network

    assert other is not own
    assert other.input_shape == (3, 96, 160)
    assert other.node("maxpool").output_shape == (64, 24, 40)
    assert record.outputs["maxpool"].shape == (64, 24, 40)
    engine.run(InferenceRequest(2, picture(96, 160), preparation=native))
    assert engine.network is other
    engine.run(InferenceRequest(3, picture(96, 160)))
    assert engine.network is own


def test_a_network_of_one_size_says_so_when_asked_for_another() -> None:
    metadata = torchvision_metadata("vit_b_32", pretrained=False)
    engine = Engine(LoadedNetwork(build_torchvision("vit_b_32").eval(), metadata, "memory", "ViT"))
    request = InferenceRequest(1, picture(96, 160), preparation=Preparation(False, Fit.NATIVE))
    with pytest.raises(UserError, match="ViT answers only at 224 × 224 pixels"):
        engine.run(request)
    assert engine.network.input_shape == (3, 224, 224)


def test_a_digit_is_shown_to_every_channel_of_a_colour_network() -> None:
    metadata = Metadata("x", {}, (3, 32, 32), (0.1,) * 3, (0.5, 0.25, 0.5), tuple("ab"))
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(1800, 2))
    engine = Engine(LoadedNetwork(module, metadata, "memory", "m"))
    record = engine.run(InferenceRequest(1, picture(30, 30)))
    assert record.image.pixels.shape == (32, 32)
    shown = record.outputs["input"]
    assert shown.shape == (3, 32, 32)
    np.testing.assert_allclose(shown[1], (record.image.pixels - 0.1) / 0.25, rtol=1e-5)
    assert engine.network.input_shape == (3, 32, 32)


def test_only_the_outputs_asked_for_are_in_the_record() -> None:
    metadata = torchvision_metadata("resnet18", pretrained=False)
    engine = Engine(LoadedNetwork(build_torchvision("resnet18").eval(), metadata, "memory", "m"))
    everything = engine.run(InferenceRequest(1, picture(64, 64)))
    some = engine.run(InferenceRequest(2, picture(64, 64), keep=frozenset({"layer1.0.add"})))
    assert set(some.outputs) == {"layer1.0.add", "fc", "softmax"}
    for name, values in some.outputs.items():
        np.testing.assert_array_equal(values, everything.outputs[name])
    assert some.probabilities is not None
    assert not some.outputs["layer1.0.add"].flags.writeable


def test_without_its_last_step_the_network_sees_the_pixels_themselves() -> None:
    metadata = torchvision_metadata("squeezenet1_1", pretrained=False)
    module = build_torchvision("squeezenet1_1").eval()
    engine = Engine(LoadedNetwork(module, metadata, "memory", "m"))
    off = replace(metadata.preparation, off=frozenset({Step.NORMALISE}))
    record = engine.run(InferenceRequest(1, picture(64, 64), preparation=off))
    np.testing.assert_array_equal(record.outputs["input"], record.image.pixels)
    normalised = engine.run(InferenceRequest(2, picture(64, 64)))
    assert not np.array_equal(normalised.outputs["input"], record.image.pixels)


def test_a_live_network_is_independent_of_the_trainers_memory() -> None:
    torch.manual_seed(4)
    metadata = Metadata("squeezenet1_1", {}, (3, 32, 32), (0.0,) * 3, (1.0,) * 3, tuple("ab"))
    weights = build_torchvision("squeezenet1_1", 2, (3, 32, 32)).state_dict()
    live = LiveNetwork(Snapshot("run", "run", metadata, 1, weights))
    first, own = live.weights, live.weights.weights["features.0"].copy()
    answer = live.run(InferenceRequest(1, picture(40, 40))).probabilities
    for value in weights.values():
        value.add_(1)

    assert (first.weights["features.0"] == own).all()
    again = live.run(InferenceRequest(2, picture(40, 40))).probabilities
    assert answer is not None
    np.testing.assert_array_equal(again, answer)
    live.take(Snapshot("run", "run", metadata, 2, weights))
    assert (first.weights["features.0"] == own).all()
    np.testing.assert_allclose(live.weights.weights["features.0"], own + 1, rtol=1e-6)


def test_the_names_are_torchvision_s_own() -> None:
    assert list(torchvision_names()) == sorted(models.list_models(module=models))


def test_the_names_of_another_version_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_models, "table_holds", lambda: False)
    monkeypatch.setattr(torchvision_models, "TORCHVISION", {})
    assert list(torchvision_names()) == sorted(models.list_models(module=models))


def test_a_name_is_looked_up_without_torchvision() -> None:
    code = (
        "import sys; from viewer.core.nets.architectures import architectures; "
        "print('resnet18' in architectures(), 'mine' in architectures(), "
        "'torchvision' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]
