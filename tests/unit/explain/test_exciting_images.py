from __future__ import annotations

import numpy as np
import pytest

from tests.small_net import DEAD_CHANNEL, SmallNet, drawing, small_net
from viewer.core.explain.exciting_images import (
    ExcitingImage,
    ExcitingImages,
    is_silent,
    scattered,
)
from viewer.core.records import ActivationRecord, InferenceRequest, Picture

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
