"""The trace of wide layers, of colour pictures, of every kind of layer, and its path by keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QFontMetricsF
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

from tests.unit.explain.networks import Explained, explained
from viewer.core.explain.trace_parts import UnexplainedPart
from viewer.core.explain.trace_weighted import ConvolutionPart
from viewer.core.records import Preparation, Selection
from viewer.widgets.style import Appearance
from viewer.widgets.theme import TextSize, text_font
from viewer.widgets.trace.blocks import MoreBlock, TextBlock
from viewer.widgets.trace.convolution import TermsBlock
from viewer.widgets.trace.page import TERMS
from viewer.widgets.trace.text import product_text, sum_text
from viewer.widgets.trace.view import TraceView

QTest: Any = _QTest  # its stubs give its static methods a `self`
WIDE = 512


class Kinds(nn.Module):
    """One layer of every kind that is explained, on a picture of three channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect")
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.SiLU()
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.grouped = nn.Conv2d(8, 8, (3, 5), stride=2, padding=(1, 2), groups=4)
        self.shrink = nn.Conv2d(8, 8, 1, stride=2)
        self.group_norm = nn.GroupNorm(2, 8)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.average = nn.AvgPool2d(3, 2, 1, count_include_pad=False)
        self.whole = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout()
        self.dense = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.first(x)))
        x = self.group_norm(self.grouped(self.depthwise(x)) + self.shrink(x))
        x = torch.cat([self.pool(x), self.average(x)], 1)
        result: Tensor = self.dense(self.drop(self.whole(x).flatten(1)))
        return result


@pytest.fixture(scope="module")
def kinds() -> Explained:
    torch.manual_seed(0)
    module = Kinds()
    for part in (module.norm, module.group_norm):
        with torch.no_grad():
            part.weight.uniform_(0.5, 1.5)
            part.bias.normal_()
    assert module.norm.running_mean is not None and module.norm.running_var is not None
    module.norm.running_mean.normal_()
    module.norm.running_var.uniform_(0.3, 2)
    case = explained(module, (3, 16, 16))
    network = replace(case.network, preparation=Preparation(digit=False), logits="dense")
    return replace(case, network=network)


@pytest.fixture(scope="module")
def wide() -> Explained:
    torch.manual_seed(1)
    module = nn.Sequential(
        nn.Conv2d(1, WIDE, 1), nn.Conv2d(WIDE, 3, 3, padding=1), nn.Flatten(), nn.Linear(432, 2)
    )
    return explained(module)


def shown(qtbot: QtBot, case: Explained) -> Iterator[TraceView]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(960, 640)
    view = TraceView(window)
    view.resize(960, 640)
    view.set_network(case.network)
    view.set_weights(case.weights)
    view.set_record(case.record)
    view.selection_requested.connect(view.set_selection)  # as the other views do
    with qtbot.waitExposed(window):
        window.show()
    yield view
    window.hide()


@pytest.fixture
def kinds_view(qtbot: QtBot, appearance: Appearance, kinds: Explained) -> Iterator[TraceView]:
    yield from shown(qtbot, kinds)


@pytest.fixture
def wide_view(qtbot: QtBot, appearance: Appearance, wide: Explained) -> Iterator[TraceView]:
    yield from shown(qtbot, wide)


def words(view: TraceView) -> str:
    lines = [b.lines for b in view.canvas.blocks if isinstance(b, TextBlock)]
    more = [b.line.text for b in view.canvas.blocks if isinstance(b, MoreBlock)]
    return "\n".join([line.text for part in lines for line in part] + more)


def rest(view: TraceView) -> tuple[int, float]:
    (block,) = (b for b in view.canvas.blocks if isinstance(b, MoreBlock))
    parts = block.line.text.split()
    return int(parts[1]), float(parts[5].rstrip(".").replace("−", "-"))


def test_a_wide_layer_shows_the_largest_and_the_sum_of_the_rest(wide_view: TraceView) -> None:
    wide_view.set_selection(Selection("1", 1, 4, 5))
    assert wide_view.trace is not None
    part = wide_view.trace.part
    assert isinstance(part, ConvolutionPart) and len(part.order) == WIDE
    for step in range(1, 4):
        count, amount = rest(wide_view)
        assert count == WIDE - step * TERMS
        left = np.sort(np.abs(part.sums))[:count].max()
        assert np.abs(part.sums[part.order[: step * TERMS]]).min() >= left
        assert amount == pytest.approx(part.sums[part.order[step * TERMS :]].sum(), rel=1e-3)
        if step == 1:  # by a key, then by a click
            QTest.keyClick(wide_view.canvas, Qt.Key.Key_Plus)
        else:
            wide_view.canvas.more_requested.emit()
    while any(isinstance(block, MoreBlock) for block in wide_view.canvas.blocks):
        wide_view.show_more()
    wide_view.set_selection(Selection("1", 1, 4, 6))
    assert rest(wide_view)[0] == WIDE - TERMS  # another value begins with the largest again


def test_a_click_on_the_rest_shows_more(wide_view: TraceView) -> None:
    wide_view.set_selection(Selection("1", 1, 4, 5))
    bar, canvas = wide_view.canvas.verticalScrollBar(), wide_view.canvas
    assert bar is not None
    bar.setValue(bar.maximum())
    viewport = canvas.viewport()
    assert viewport is not None
    place = QPointF(40, viewport.height() - 12).toPoint()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert rest(wide_view)[0] == WIDE - 2 * TERMS


def test_a_wide_layer_paints_no_more_terms_than_are_in_sight(
    wide_view: TraceView, wide: Explained
) -> None:
    wide_view.set_selection(Selection("1", 1, 4, 5))
    while any(isinstance(block, MoreBlock) for block in wide_view.canvas.blocks):
        wide_view.show_more()
    wide_view.set_record(replace(wide.record, generation=2))
    wide_view.show_now()
    (terms,) = (b for b in wide_view.canvas.blocks if isinstance(b, TermsBlock))
    assert terms.count >= WIDE
    painted: list[int] = []
    name = terms.name

    def noted(channel: int) -> str:
        painted.append(channel)
        return name(channel)

    terms.name = noted
    viewport, bar = wide_view.canvas.viewport(), wide_view.canvas.verticalScrollBar()
    assert viewport is not None and bar is not None
    bar.setValue(bar.maximum() // 2)
    painted.clear()
    viewport.repaint()
    assert 0 < len(set(painted)) <= len(painted) < WIDE // 4


def test_every_layer_is_explained_down_to_the_ink(kinds_view: TraceView, kinds: Explained) -> None:
    for node in kinds.network.nodes:
        middle = [size // 2 for size in (*node.output_shape, 1, 1)[:3]]
        kinds_view.set_selection(Selection(node.name, *middle))
        found = kinds_view.trace
        assert found is not None and found.agrees, node.name
        assert not isinstance(found.part, UnexplainedPart), (node.name, words(kinds_view))
        while kinds_view.trace is not None and len(kinds_view.trace.children):
            kinds_view.go_down()
        assert kinds_view.trace is not None and kinds_view.trace.node.name == "input"
        assert kinds_view.trace.agrees


class Moving(nn.Module):
    """Operations that are no modules: a shuffle, squeeze-and-excitation, a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Conv2d(6, 6, 1)
        self.norm = nn.LayerNorm(6)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat((x, -x), 1)  # (N, 6, H, W)
        shuffled = x.view(1, 2, 3, 16, 16).transpose(1, 2).reshape(1, 6, 16, 16)
        scale = torch.sigmoid(self.scale(shuffled.mean((2, 3), keepdim=True)))
        scaled = shuffled * scale
        normed = self.norm(scaled.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        result: Tensor = normed.mean((2, 3))
        return result


def test_what_is_no_module_is_explained_in_words(qtbot: QtBot, appearance: Appearance) -> None:
    torch.manual_seed(2)
    case = explained(Moving(), (3, 16, 16))
    names = {node.type_name: node.name for node in case.network.nodes}
    expected = {
        "reshape": "Channel 1 is channel 3 of cat.",
        "mean": f"Window of {names['permute']}, channel 1\nThe mean: ",
        "LayerNorm": "of channels 0 to 5 of this input at this pixel",
        "permute": "Nothing is changed here: same index, same value.",
        "mul": " · ",
    }
    views = shown(qtbot, case)
    view = next(views)
    for type_name, text in expected.items():
        view.set_selection(Selection(names[type_name], 1))
        assert view.trace is not None and view.trace.agrees
        assert text in words(view)
    factors = [child.contribution for child in view.trace.children] if view.trace else []
    assert len(factors) == 2
    assert product_text([0.5, -2.0]) == "0.5 · (−2)"
    next(views, None)


def test_where_it_is_narrow_the_place_gives_way_and_not_the_value(kinds_view: TraceView) -> None:
    kinds_view.resize(220, 400)
    kinds_view.set_selection(Selection("first", 2, 0, 7))
    assert kinds_view.title.shown_text() != kinds_view.title.text()
    value = kinds_view.title.text().partition("= ")[2]
    assert kinds_view.title.shown_text().endswith(f"= {value}")


def test_channels_of_a_picture_have_names(kinds_view: TraceView, kinds: Explained) -> None:
    kinds_view.set_selection(Selection("first", 2, 0, 7))
    assert "mirrors the input" in words(kinds_view)
    (terms,) = (b for b in kinds_view.canvas.blocks if isinstance(b, TermsBlock))
    found = {terms.name(channel) for channel in range(3)}
    assert found == {"channel 0 (red)", "channel 1 (green)", "channel 2 (blue)"}
    assert terms.part.windows.shape == (3, 3, 3)
    assert len({id(terms.source_scale(channel)) for channel in range(3)}) == 1  # comparable
    kinds_view.set_selection(Selection("input", 2, 5, 6))
    assert "channel 2 (blue)" in kinds_view.title.text()
    said = words(kinds_view)
    assert "the picture itself" in said and "ink" not in said.lower()
    assert f"{kinds.record.image.pixels[2, 5, 6]:.6f}"[:6] in said


def test_pages_say_what_is_done(kinds_view: TraceView) -> None:
    expected = {
        "norm": "fixed, from training",
        "group_norm": "of channels 4 to 7 of this input",
        "grouped": "4 groups",
        "depthwise": "no bias, sum of 1 channel",
        "average": "The mean: ",
        "whole": "/ 16 = ",
        "pool": "The largest of ",
        "cat": "This one comes from average.",
        "add": " = ",
    }
    for name, text in expected.items():
        places = {"cat": (12, 1, 1), "whole": (5, 0, 0)}
        kinds_view.set_selection(Selection(name, *places.get(name, (6, 1, 1))))
        assert text in words(kinds_view), (name, words(kinds_view))


def test_the_words_of_a_narrow_kernel_do_not_meet(kinds_view: TraceView) -> None:
    kinds_view.set_selection(Selection("shrink", 4, 4, 4))
    (terms,) = (b for b in kinds_view.canvas.blocks if isinstance(b, TermsBlock))
    metrics = QFontMetricsF(text_font(TextSize.SMALL, bold=True))
    for width in (240.0, 600.0, 1300.0):
        grid = terms._at(width)
        assert grid.item_width >= metrics.horizontalAdvance("channel 7   sum −1.253")
        assert grid.columns * grid.item_width <= max(width, grid.item_width)


def test_a_sum_has_its_signs_between_the_numbers() -> None:
    assert sum_text([0.5, -1.25, 2.0]) == "0.5 − 1.25 + 2"
    assert sum_text([-3.0]) == "−3"


def test_the_path_is_walked_by_keys(qtbot: QtBot, kinds_view: TraceView) -> None:
    kinds_view.set_selection(Selection("dense", 1))
    for _ in range(3):
        kinds_view.go_down()
    path = kinds_view.path
    assert len(path) == 4
    kinds_view.crumbs.setFocus()
    qtbot.waitUntil(kinds_view.crumbs.hasFocus)
    QTest.keyClick(kinds_view.crumbs, Qt.Key.Key_Return)  # on the last: it is there already
    assert list(kinds_view.path) == list(path)
    for _ in range(9):  # no further than the first
        QTest.keyClick(kinds_view.crumbs, Qt.Key.Key_Left)
    QTest.keyClick(kinds_view.crumbs, Qt.Key.Key_Right)
    QTest.keyClick(kinds_view.crumbs, Qt.Key.Key_Return)
    assert list(kinds_view.path) == list(path[:2])
