from dataclasses import replace

import numpy as np
import pytest

from tests.small_net import SmallNet, small_net
from viewer.core.difference import difference_network, difference_record
from viewer.core.imaging.color_scale import scale_for, table
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.layer_scales import LayerScales, display_of
from viewer.core.records import ActivationRecord


@pytest.fixture
def net() -> SmallNet:
    return small_net()


@pytest.fixture
def record(net: SmallNet) -> ActivationRecord:
    return net.record(np.linspace(0, 1, 784, dtype=np.float32).reshape(28, 28))


@pytest.mark.parametrize("dark", [False, True])
def test_an_image_is_grey_and_what_changed_in_it_is_not(
    net: SmallNet, record: ActivationRecord, dark: bool
) -> None:
    display = DisplaySettings(sequential="magma", dark=dark)
    scales = LayerScales()
    scales.set(record, display)
    shown = scales.scale(net.network.node("input"), record.outputs["input"])
    assert shown is not None
    assert np.array_equal(shown.lut, table("grey", signed=False, dark=dark))

    changed = difference_record(record, record)
    scales.set(changed, display)
    node = difference_network(net.network, 2, 1).node("input")
    shown = scales.scale(node, changed.outputs["input"])
    assert shown is not None
    assert np.array_equal(shown.lut, table("automatic", signed=True, dark=dark))


@pytest.mark.parametrize("scope", [Scope.LAYER, Scope.NETWORK])
def test_a_layer_alone_has_the_colours_of_its_card(
    net: SmallNet, record: ActivationRecord, scope: Scope
) -> None:
    display = DisplaySettings(sequential="magma", signed="automatic", scope=scope, dark=True)
    scales = LayerScales()
    scales.set(record, display)
    scales.look(net.network.nodes, record.outputs.get, 10**9)
    for node in net.network.nodes:
        values = record.outputs[node.name]
        on_card = scales.scale(node, values)
        assert on_card is not None
        settings, limits = display_of(net.network, record, node, display)
        alone = scale_for(values, signed=node.signed, settings=settings, limits=limits)
        assert (alone.low, alone.high) == (on_card.low, on_card.high)
        assert np.array_equal(alone.lut, on_card.lut)
    whole = scales.scale(net.network.node("input"), record.outputs["input"])
    own = replace(display, scope=Scope.LAYER)
    scales.set(record, own)
    assert whole is not None
    assert scales.scale(net.network.node("input"), record.outputs["input"]) == whole
