"""Rows of classes are painted anew only where they change, and look as if all had been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.small_net import drawing, small_net
from viewer.core.records import ActivationRecord, FloatArray, Legibility, NetworkRecord
from viewer.widgets.flow.view import FlowView
from viewer.widgets.prediction.view import DIGITS, PredictionPanel
from viewer.widgets.theme import DARK, LIGHT

# Letters that reach beyond their own line.
TALL_NAMES = tuple(f"Ågjy {index}" for index in range(10))
ANSWERS = 12


def answers() -> list[FloatArray]:
    """Return probabilities, (10,) each, of which few differ from one to the next."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, 10)
    found = []
    for _ in range(ANSWERS):
        logits[random.integers(10, size=2)] += random.normal(0, 3, 2)
        shares = np.exp(logits - logits.max())
        found.append((shares / shares.sum()).astype(np.float32))
    return found


def panel_with(qtbot: QtBot, names: Sequence[str]) -> PredictionPanel:
    panel = PredictionPanel()
    qtbot.addWidget(panel)
    panel.resize(280, 200)
    panel.set_result(answers()[0], names, Legibility.OK)
    return panel


def panel_image(qtbot: QtBot, names: Sequence[str], answer: FloatArray) -> QImage:
    """Return a panel that has shown nothing else before."""
    panel = panel_with(qtbot, names)
    panel.set_result(answer, names, Legibility.OK)
    return panel.grab().toImage()


@pytest.mark.parametrize("names", [DIGITS, TALL_NAMES], ids=["digits", "names"])
def test_the_panel_is_as_if_painted_at_once(
    qtbot: QtBot, fonts: None, names: tuple[str, ...]
) -> None:
    panel = panel_with(qtbot, names)
    seen = []
    for answer in answers():
        panel.set_result(answer, names, Legibility.OK)
        seen.append(panel.grab().toImage())
        assert seen[-1] == panel_image(qtbot, names, answer)
    assert any(one != seen[0] for one in seen)


def test_other_names_leave_nothing_of_the_rows_before(qtbot: QtBot, fonts: None) -> None:
    answer = answers()[1]
    panel = panel_with(qtbot, DIGITS)
    panel.grab()
    panel.set_result(answer, TALL_NAMES, Legibility.OK)
    assert panel.grab().toImage() == panel_image(qtbot, TALL_NAMES, answer)


def test_a_message_and_another_theme_leave_nothing_of_the_answer(qtbot: QtBot, fonts: None) -> None:
    panel, fresh = panel_with(qtbot, DIGITS), PredictionPanel()
    qtbot.addWidget(fresh)
    fresh.resize(panel.size())
    panel.grab()
    for shown in (panel, fresh):
        shown.set_result(None, DIGITS, Legibility.BLANK)
        shown.set_theme(DARK)
    assert panel.grab().toImage() == fresh.grab().toImage()


def flow_with(qtbot: QtBot, network: NetworkRecord) -> FlowView:
    view = FlowView(LIGHT)
    qtbot.addWidget(view)
    view.resize(860, 760)
    view.set_network(network)
    return view


@pytest.mark.parametrize("names", [DIGITS, TALL_NAMES], ids=["digits", "names"])
def test_the_last_card_is_as_if_painted_at_once(
    qtbot: QtBot, fonts: None, names: tuple[str, ...]
) -> None:
    net = small_net()
    record: ActivationRecord = net.record(drawing(0))
    assert record.probabilities is not None and len(record.probabilities) == len(names)
    network = replace(net.network, class_names=names)
    view = flow_with(qtbot, network)
    nothing = replace(record, probabilities=None)
    records = [replace(record, probabilities=answer) for answer in answers()]
    for shown in (*records[:6], nothing, *records[6:]):
        view.set_record(shown)
        fresh = flow_with(qtbot, network)
        fresh.set_record(shown)
        assert view.grab().toImage() == fresh.grab().toImage()
