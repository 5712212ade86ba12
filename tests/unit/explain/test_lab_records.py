"""The lab's experiment as a network: what views of networks are given is what the lab computed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from viewer.core.explain import lab
from viewer.core.explain.lab_records import ACTIVATION, POOLING, lab_records
from viewer.core.explain.lab_settings import Activation, LabSettings, PaddingMode, Pooling
from viewer.core.explain.sliding import slidable, slide_of
from viewer.core.explain.sliding_values import placement

RNG = np.random.default_rng(0)
KERNELS = RNG.standard_normal((2, 3, 3, 4))
PLAIN = LabSettings(KERNELS)
TIMEOUT_S = 60


@pytest.mark.parametrize(
    "settings",
    [
        PLAIN,
        replace(PLAIN, stride=2, padding=3, dilation=2, bias=0.5),
        replace(PLAIN, padding="same", flip=True),
        replace(PLAIN, padding=2, mode=PaddingMode.REFLECT),
        replace(PLAIN, padding=2, mode=PaddingMode.REPLICATE, flip=True, bias=-1.0),
    ],
)
def test_every_cell_adds_up_to_what_the_lab_has(settings: LabSettings) -> None:
    result = lab.run(RNG.random((3, 9, 11)), settings)
    found = lab_records(result)
    name = "convolution" if settings.flip else "correlation"
    np.testing.assert_allclose(found.record.outputs[name], result.sums, atol=1e-5)
    slide = slide_of(found.network, name, 1)
    assert slide is not None and slide.map_shape == result.sums.shape[1:]
    for y in range(slide.map_shape[0]):
        for x in range(slide.map_shape[1]):
            item = placement(slide, found.weights, found.record, (y, x), 0)
            assert item is not None
            assert item.total == pytest.approx(result.sums[1, y, x], abs=1e-5)
            assert abs(item.difference) < 1e-5


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("pooling", Pooling)
def test_what_comes_behind_is_the_labs(activation: Activation, pooling: Pooling) -> None:
    settings = replace(PLAIN, activation=activation, pooling=pooling, pooling_size=3)
    result = lab.run(RNG.random((3, 11, 12)), settings)
    found = lab_records(result)
    assert (ACTIVATION in found.record.outputs) == (activation is not Activation.NONE)
    if activation is not Activation.NONE:
        np.testing.assert_allclose(found.record.outputs[ACTIVATION], result.activated, atol=1e-5)
    names = [node.name for node in slidable(found.network)]
    assert names == ["correlation", POOLING][: 1 if pooling is Pooling.NONE else 2]
    if pooling is not Pooling.NONE:
        np.testing.assert_allclose(found.record.outputs[POOLING], result.maps, atol=1e-5)
        slide = slide_of(found.network, POOLING, 1)
        assert slide is not None
        item = placement(slide, found.weights, found.record, (1, 1), 1)
        assert item is not None
        assert item.total == pytest.approx(result.maps[1, 1, 1], abs=1e-5)


def test_a_row_of_numbers() -> None:
    settings = LabSettings(np.array([[[[1.0, -1.0]]]]), padding=1, row=True)
    found = lab_records(lab.run(np.array([[[1.0, 3.0, 6.0]]]), settings))
    assert found.record.outputs["correlation"].tolist() == [[[-1.0, -2.0, -3.0, 6.0]]]
    assert found.network.nodes[0].output_shape == (1, 1, 3)


def test_the_lab_computes_nothing_again_and_needs_no_torch() -> None:
    check = """
import sys
import numpy as np
from viewer.core.explain import lab
from viewer.core.explain.lab_records import lab_records
from viewer.core.explain.lab_settings import Activation, LabSettings, Pooling
settings = LabSettings(np.ones((1, 1, 2, 2)), activation=Activation.RELU, pooling=Pooling.MAX)
lab_records(lab.run(np.ones((1, 6, 6)), settings))
sys.exit("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", check], timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0
