"""What the status bar says of a weight under the pointer."""

from __future__ import annotations

import numpy as np

from tests.small_net import small_net
from viewer.controllers.readout import exact, hover_text
from viewer.core.records import Selection


def test_a_dense_layers_weight_is_the_one_on_that_pixel_of_that_map() -> None:
    net = small_net()
    place = Selection("fc1", 2, 1, 2, in_channel=4)  # maps of 3 × 3 before the flattening

    text = hover_text(place, net.network, net.weights, None)

    value = net.module.state_dict()["fc1.weight"][2, 4 * 9 + 1 * 3 + 2].item()
    assert text == f"fc1  ·  filter 2  ·  input channel 4  ·  y 1  ·  x 2  ·  weight {exact(value)}"


def test_a_weight_on_a_unit_has_no_pixel() -> None:
    net = small_net()
    text = hover_text(Selection("fc2", 3, 0, 0, in_channel=13), net.network, net.weights, None)
    value = net.module.state_dict()["fc2.weight"][3, 13].item()
    assert text == f"fc2  ·  filter 3  ·  input channel 13  ·  weight {exact(value)}"


def test_a_kernels_weight_is_torchs() -> None:
    net = small_net()
    text = hover_text(Selection("conv2", 5, 2, 0, in_channel=3), net.network, net.weights, None)
    value = net.weights.weights["conv2"][5, 3, 2, 0]
    assert "y 2  ·  x 0" in text
    assert np.float32(text.rpartition(" ")[2].replace("−", "-")) == value
