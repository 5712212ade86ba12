"""Kernels that change while a network learns: painted over those of before."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from pytestqt.qtbot import QtBot

from tests.small_net import SmallNet, drawing, small_net
from viewer.core.imaging.display import DisplaySettings
from viewer.core.records import WeightsRecord
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import LIGHT


def other_weights(net: SmallNet) -> WeightsRecord:
    generator = np.random.default_rng(0)
    shuffled = {
        name: generator.permutation(values.ravel()).reshape(values.shape)
        for name, values in net.weights.weights.items()
    }
    return replace(net.weights, weights=MappingProxyType(shuffled))


def shown(qtbot: QtBot, net: SmallNet, weights: WeightsRecord) -> FlowView:
    view = FlowView(LIGHT)
    qtbot.addWidget(view)
    view.resize(860, 760)
    view.set_display(DisplaySettings())
    view.set_network(net.network)
    view.set_weights(weights)
    view.set_record(net.record(drawing(0)))
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_every_pixel_is_as_if_they_had_been_there_from_the_start(qtbot: QtBot, fonts: None) -> None:
    net = small_net()
    others = other_weights(net)
    fresh = shown(qtbot, net, others).grab().toImage()
    view = shown(qtbot, net, net.weights)
    before = view.grab().toImage()
    view.set_weights(others)
    after = view.grab().toImage()

    assert before != after
    assert after == fresh


def test_nothing_but_the_kernels_is_painted_anew(qtbot: QtBot, fonts: None) -> None:
    net = small_net()
    view = shown(qtbot, net, net.weights)
    view.grab()
    chrome = view._chrome
    view.set_weights(other_weights(net))
    view.grab()

    assert chrome is not None
    assert view._chrome is chrome
