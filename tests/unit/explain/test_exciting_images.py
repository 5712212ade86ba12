from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.small_net import DEAD_CHANNEL, SmallNet, drawing, small_net
from viewer.core.data.dataset_picture import picture_of
from viewer.core.data.mnist import load_mnist
from viewer.core.engine import Engine
from viewer.core.explain.exciting_images import (
    BATCH,
    ExcitingImage,
    ExcitingImages,
    is_silent,
    scattered,
)
from viewer.core.records import ActivationRecord, FloatArray, InferenceRequest, Picture

IMAGES = 40


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


def pictures() -> list[Picture]:
    return [Picture(drawing(seed), f"image {seed}", prepared=True) for seed in range(IMAGES)]


def searched(net: SmallNet, node: str, channel: int) -> tuple[ExcitingImage, ...]:
    def run(request: InferenceRequest) -> ActivationRecord:
        assert isinstance(request.source, Picture)
        return net.record(request.source.pixels, request.generation)

    search = ExcitingImages(net.network, net.weights, run, node, channel)
    shown = pictures()
    order = list(scattered(IMAGES))
    assert list(search.look_at((i, shown[i]) for i in order)) == list(range(1, IMAGES + 1))
    return search.found()


@pytest.mark.parametrize("node", ["conv1", "relu1", "pool1", "conv2", "pool2", "fc1", "softmax"])
def test_the_strongest_of_all_images_are_found_in_every_layer(net: SmallNet, node: str) -> None:
    found = searched(net, node, 1)
    values = [float(net.record(p.pixels).outputs[node][1].max()) for p in pictures()]
    order = sorted(range(IMAGES), key=lambda i: (-values[i], i))[:9]
    assert [image.excitation.image for image in found] == order
    for image in found:
        excitation = image.excitation
        output = net.record(image.pixels).outputs[node][1]
        value = output[excitation.y, excitation.x] if output.ndim else output
        assert excitation.value == float(value)
        assert image.picture.title == f"image {excitation.image}"


def test_the_outlined_part_is_all_that_the_value_depends_on(net: SmallNet) -> None:
    for image in searched(net, "conv2", 2)[:3]:
        xs = [x for line in image.field for x in line[::2]]
        ys = [y for line in image.field for y in line[1::2]]
        blank = np.zeros_like(image.pixels)
        inside = np.s_[min(ys) : max(ys), min(xs) : max(xs)]
        blank[inside] = image.pixels[inside]
        excitation = image.excitation
        place = (2, excitation.y, excitation.x)
        output = net.record(blank).outputs["conv2"] if blank.any() else None
        if output is not None:
            assert output[place] == pytest.approx(excitation.value, abs=1e-5)
        assert image.patch.shape == (10, 10)  # 5 + (2 - 1) + (3 - 1) * 2


def test_a_dead_map_is_silent(net: SmallNet) -> None:
    assert is_silent(searched(net, "relu2", DEAD_CHANNEL))
    assert not is_silent(searched(net, "relu2", 0))
    assert not is_silent(())


def test_the_order_mixes_and_leaves_nothing_out() -> None:
    order = list(scattered(100))
    assert sorted(order) == list(range(100)) != order
    assert order == list(scattered(100))


class Passes:
    """An engine that counts its passes; several images at once answer `factor` times as much."""

    def __init__(self, factor: float = 1.0) -> None:
        self.engine = Engine.open("digits")
        self.single = 0
        self.several: list[int] = []
        self._factor = np.float32(factor)

    def run(self, request: InferenceRequest) -> ActivationRecord:
        self.single += 1
        return self.engine.run(request)

    def run_many(self, requests: Sequence[InferenceRequest], node: str) -> list[FloatArray | None]:
        self.several.append(len(requests))
        answers = self.engine.outputs_at(requests, node)
        return [None if values is None else values * self._factor for values in answers]

    def search(self, node: str, channel: int, *, batches: bool) -> tuple[ExcitingImage, ...]:
        dataset = load_mnist("test")
        engine = self.engine
        run_many = self.run_many if batches else None
        search = ExcitingImages(engine.network, engine.weights, self.run, node, channel, run_many)
        shown = [(i, picture_of(dataset, i, "MNIST")) for i in list(scattered(10_000))[:203]]
        shown.insert(20, (10_000, Picture(np.zeros((28, 28), np.float32), "blank", prepared=True)))
        assert list(search.look_at(shown)) == list(range(1, len(shown) + 1))
        return search.found()


@pytest.mark.parametrize(
    ("node", "channel"), [("conv1", 3), ("relu2", 5), ("dense", 8), ("softmax", 8)]
)
def test_batches_find_what_images_one_by_one_find(node: str, channel: int) -> None:
    several, single = Passes(), Passes()
    expected = single.search(node, channel, batches=False)
    found = several.search(node, channel, batches=True)
    assert [image.excitation for image in found] == [image.excitation for image in expected]
    assert single.single == 204
    assert several.single < 100
    assert several.several == [BATCH] * 25 + [4]


def test_of_equals_the_first_of_the_data_set_is_found_in_batches_too() -> None:
    passes = Passes()
    passes.engine.replace_filter("conv1", 2, np.zeros((1, 5, 5), np.float32))
    found = passes.search("conv1", 2, batches=True)
    places = sorted([*list(scattered(10_000))[:203], 10_000])
    assert [image.excitation.image for image in found] == places[:9]
    assert passes.single < 100


def test_a_network_that_answers_otherwise_to_several_images_is_asked_one_by_one() -> None:
    passes = Passes(factor=0.5)
    found = passes.search("conv2", 3, batches=True)
    expected = Passes().search("conv2", 3, batches=False)
    assert [image.excitation for image in found] == [image.excitation for image in expected]
    assert passes.several == [BATCH]


def test_nothing_behind_the_layer_is_computed() -> None:
    engine = Engine.open("digits")
    dataset = load_mnist("test")
    requests = [InferenceRequest(i, picture_of(dataset, i, "MNIST")) for i in range(3)]
    ran: list[str] = []
    for name, module in engine._own._module.named_children():
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
    several = engine.outputs_at(requests, "relu1")
    assert ran == ["conv1", "relu1"]
    (alone,) = engine.outputs_at(requests[2:], "relu1")
    expected = engine.run(requests[2]).outputs["relu1"]
    assert alone is not None and several[2] is not None
    np.testing.assert_array_equal(alone, expected)
    np.testing.assert_allclose(several[2], expected, atol=1e-5)
