"""Networks with large maps: reduced pictures, only what is in sight, bounded memory."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.large_net import NETWORK, NODES, large_record, large_weights
from viewer.core.card_layout import Card, TextSizes
from viewer.core.card_level import ZOOMS, Level
from viewer.core.card_ways import card_options
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.kernels import color_kernels
from viewer.core.imaging.reduce import area_mean
from viewer.core.records import ActivationRecord, Selection
from viewer.widgets.flow import overlay as flow_overlay
from viewer.widgets.flow.fields import Fields
from viewer.widgets.flow.geometry import patch_rect, selection_at, tile_rect
from viewer.widgets.flow.picture import BAND_PIXELS, KEPT_PIXELS, BandStore, MapsPicture
from viewer.widgets.flow.scene import FlowScene
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import LIGHT

BY_NAME = {node.name: node for node in NODES}


@pytest.fixture(scope="module")
def record() -> ActivationRecord:
    return large_record()


@pytest.fixture
def view(qtbot: QtBot, fonts: None, record: ActivationRecord) -> FlowView:
    view = FlowView(LIGHT)
    qtbot.addWidget(view)
    view.resize(860, 700)
    view.set_display(DisplaySettings())
    view.set_network(NETWORK)
    view.set_weights(large_weights())
    view.set_zoom(1)
    with qtbot.waitExposed(view):
        view.show()
    view.set_record(record)
    return view


def scene_of(view: FlowView) -> FlowScene:
    assert view._scene is not None
    return view._scene


def complete(view: FlowView) -> QImage:
    """Paint until all that is in sight is of the newest record."""
    for _ in range(100):
        image = view.grab().toImage()
        if scene_of(view).complete:
            return image
    raise AssertionError("painting never ends")


def scroll_to(view: FlowView, node: str) -> None:
    layout = view.layout_shown()
    bar = view.verticalScrollBar()
    assert layout is not None
    assert bar is not None
    bar.setValue(layout.cards[node].frame.y)


def card_at_level(node: str, zoom: float) -> Card:
    return card_options(BY_NAME[node], BY_NAME, Level(zoom), TextSizes(), 1000)[0].card


def color_at(image: QImage, place: QPointF) -> int:
    return image.pixelColor(int(place.x()), int(place.y())).rgb()


def test_how_far_maps_are_reduced() -> None:
    found = {
        zoom: [Level(zoom).reduction(n, n) for n in (224, 112, 56, 28, 14, 7)] for zoom in ZOOMS
    }
    assert found[0.25] == [8, 8, 4, 4, 2, 1]
    assert found[0.5] == [4, 4, 2, 2, 1, 1]
    assert found[1] == [2, 2, 1, 1, 1, 1]
    assert found[2] == [1, 1, 1, 1, 1, 1]


def test_an_area_mean_by_hand() -> None:
    values = np.arange(15, dtype=np.float32).reshape(1, 3, 5)
    found = area_mean(values, 2)
    assert found.tolist() == [[[3, 5, 6.5], [10.5, 12.5, 14]]]
    assert area_mean(values, 1) is values


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("shape", [(3, 16, 24), (2, 17, 23), (1, 3, 40)])
def test_area_means_are_means_of_what_is_there(shape: tuple[int, int, int], factor: int) -> None:
    values = np.random.default_rng(0).standard_normal(shape, np.float32)
    found = area_mean(values, factor)
    for index in np.ndindex(found.shape):
        channel, y, x = index
        part = values[channel, y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
        assert found[index] == pytest.approx(part.mean(dtype=np.float64), abs=1e-6)


def test_what_is_no_number_stays_none() -> None:
    values = np.zeros((1, 4, 4), np.float32)
    values[0, 1, 1], values[0, 3, 3] = np.nan, np.inf
    assert np.isnan(area_mean(values, 2)[0, 0, 0])
    assert np.isinf(area_mean(values, 2)[0, 1, 1])
    assert area_mean(values, 2)[0, 0, 1] == 0


@pytest.mark.parametrize("zoom", [0.25, 0.5, 1, 2])
@pytest.mark.parametrize("dpr", [1.0, 1.25, 2.0])
@pytest.mark.parametrize("node", ["relu1", "pool", "conv2"])
def test_a_point_is_the_real_pixel_under_it(node: str, zoom: float, dpr: float) -> None:
    card = card_at_level(node, zoom).placed(node, 24, 40)
    channels, height, width = BY_NAME[node].output_shape
    assert card.map_size == (height, width)
    for channel in (0, 5, channels - 1):
        for y, x in ((0, 0), (1, 2), (height // 2, width - 3), (height - 1, width - 1)):
            cell = patch_rect(card, channel, (y, x), (1, 1), dpr).center()
            found = selection_at(card, cell.x(), cell.y(), dpr)
            assert found == Selection(node, channel, y, x)


def test_a_reduced_map_is_where_its_pixels_are() -> None:
    card = card_at_level("relu1", 0.5).placed("relu1", 8, 8)
    assert (card.reduce, card.scale, card.grid.height) == (4, 1, 56)
    whole = patch_rect(card, 9, (0, 0), (224, 224), 1.0)
    assert whole == tile_rect(card, 9, 1.0)
    quarter = patch_rect(card, 9, (112, 112), (112, 112), 1.0)
    assert quarter.topLeft() == whole.center()
    assert (quarter.width(), quarter.height()) == (28, 28)


def test_pictures_show_the_mean_and_hover_the_real_value(
    view: FlowView, record: ActivationRecord
) -> None:
    scroll_to(view, "relu1")
    image = complete(view)
    values = record.outputs["relu1"]
    scale = scale_for(values, signed=False, settings=DisplaySettings())
    colors = scale.apply(area_mean(values, 2))
    selection = Selection("relu1", 3, 101, 60)
    cell = view.cell_rect(selection)
    assert (cell.width(), cell.height()) == (0.5, 0.5)
    assert color_at(image, cell.center()) == colors[3, 50, 30]
    scene = scene_of(view)
    assert scene.value(selection) == float(values[3, 101, 60])
    assert flow_overlay.readout(scene, selection)[-1] == "1 px = 2 × 2 values"
    assert len(flow_overlay.readout(scene, Selection("conv2", 3, 1, 1))) == 2


def test_only_bands_in_sight_are_coloured(view: FlowView) -> None:
    complete(view)
    scene = scene_of(view)
    store = scene.store
    layout = view.layout_shown()
    assert layout is not None
    everything = sum(card.grid.shape[0] * card.grid.shape[1] for card in layout.cards.values())
    viewport = view.viewport()
    assert viewport is not None
    seen = viewport.width() * viewport.height()
    # What is in sight, and of each of at most four cards a band above and one below.
    assert store.pixels <= seen + 8 * 2 * BAND_PIXELS
    assert store.pixels < everything / 2
    colored = store.colored
    complete(view)
    assert store.colored == colored  # painting again colours nothing
    bar = view.verticalScrollBar()
    assert bar is not None
    bar.setValue(bar.value() + 8)
    complete(view)
    assert store.colored <= colored + 4  # what came into sight


def test_scrolling_back_takes_kept_bands(view: FlowView) -> None:
    bar = view.verticalScrollBar()
    assert bar is not None
    complete(view)
    first = complete(view)
    bar.setValue(400)
    complete(view)
    colored = scene_of(view).store.colored
    bar.setValue(0)
    assert complete(view) == first
    assert scene_of(view).store.colored == colored


def test_memory_is_bounded_while_scrolling_over_everything(view: FlowView) -> None:
    view.set_zoom(3)
    bar = view.verticalScrollBar()
    assert bar is not None
    store = scene_of(view).store
    total = 0
    for value in range(0, bar.maximum(), 500):
        bar.setValue(value)
        complete(view)
        total = max(total, store.pixels)
        assert store.pixels <= KEPT_PIXELS + 2 * BAND_PIXELS
    assert store.colored > 50
    assert total > KEPT_PIXELS / 2  # the bound was reached, or nearly


def test_a_new_record_colours_what_is_in_sight_anew(view: FlowView) -> None:
    complete(view)
    record = large_record(5)
    view.set_record(record)
    image = complete(view)
    values = record.outputs["conv1"]
    scale = scale_for(values, signed=True, settings=DisplaySettings())
    colors = scale.apply(area_mean(values, 2))
    for channel in range(12):
        cell = view.cell_rect(Selection("conv1", channel, 30, 30)).center()
        if view.rect().contains(cell.toPoint()):
            assert color_at(image, cell) == colors[channel, 15, 15]
    assert view.rect().contains(view.cell_rect(Selection("conv1", 11)).center().toPoint())


def test_kept_bands_keep_no_records(view: FlowView) -> None:
    values: weakref.ref[object] | None = None
    bar = view.verticalScrollBar()
    assert bar is not None
    for seed in range(3):
        record = large_record(seed)
        if seed == 0:
            values = weakref.ref(record.outputs["conv1"])
        view.set_record(record)
        bar.setValue(400 * seed)
        complete(view)
        del record
    gc.collect()
    assert values is not None
    assert values() is None


def test_a_record_is_reported_once_all_in_sight_is_painted(
    view: FlowView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.widgets.flow.coloring.SLICE_NS", 1)  # a band at a time
    painted: list[bool] = []
    view.record_painted.connect(lambda _: painted.append(scene_of(view).complete))
    viewport = view.viewport()
    assert viewport is not None
    view.set_record(large_record(2))
    viewport.repaint()
    assert not scene_of(view).complete
    assert painted == []
    qtbot.waitUntil(lambda: bool(painted))
    assert painted == [True]


def test_a_stream_of_records_starves_no_card(
    view: FlowView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.widgets.flow.coloring.SLICE_NS", 1)
    viewport = view.viewport()
    assert viewport is not None
    records = [large_record(seed) for seed in range(2)]
    complete(view)
    scene = scene_of(view)
    seen: set[object] = set()
    for turn in range(40):
        view.set_record(replace(records[turn % 2], generation=10 + turn))
        viewport.repaint()
        newest = scene._coloring._newest.number
        seen |= {(p, i) for p, i in scene.store._order if p.shown(i) == newest}
    assert seen == set(scene.store._order)


def test_one_scale_for_the_network_is_found_in_slices(
    view: FlowView, record: ActivationRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.widgets.flow.coloring.SLICE_NS", 1000)
    view.set_display(DisplaySettings(scope=Scope.NETWORK))
    viewport = view.viewport()
    assert viewport is not None
    viewport.repaint()
    assert not scene_of(view).complete  # a layer a repaint
    image = complete(view)
    largest = max(
        float(np.abs(values).max())
        for name, values in record.outputs.items()
        if name not in ("input", "softmax")
    )
    values = record.outputs["conv1"]
    scale = scale_for(values, signed=True, settings=DisplaySettings(), limits=(-largest, largest))
    cell = view.cell_rect(Selection("conv1", 0, 2, 2)).center()
    assert color_at(image, cell) == scale.apply(area_mean(values[:1], 2))[0, 1, 1]


def test_channels_have_their_own_scales_in_every_band(
    view: FlowView, record: ActivationRecord
) -> None:
    view.set_display(DisplaySettings(scope=Scope.CHANNEL))
    scroll_to(view, "relu1")
    image = complete(view)
    values = record.outputs["relu1"]
    scale = scale_for(values, signed=False, settings=DisplaySettings(scope=Scope.CHANNEL))
    colors = scale.apply(area_mean(values, 2))
    card = scene_of(view).layout.cards["relu1"]
    assert MapsPicture(BY_NAME["relu1"], card, LIGHT, 1.0, BandStore()).bands > 1
    for channel in (0, card.grid.columns * 3 + 1):
        cell = view.cell_rect(Selection("relu1", channel, 20, 40)).center()
        assert color_at(image, cell) == colors[channel, 10, 20]


def test_zooming_keeps_what_fits_and_forgets_the_rest(view: FlowView) -> None:
    complete(view)
    store = scene_of(view).store
    before = store.pixels
    view.set_zoom(2)
    assert scene_of(view).store is store
    complete(view)
    view.set_zoom(1)
    complete(view)
    assert store.pixels <= before + 2 * BAND_PIXELS


def test_kernels_that_read_colours_are_shown_in_colour(view: FlowView) -> None:
    image = complete(view)
    weights = large_weights().weights["conv1"]
    scene = scene_of(view)
    card = scene.layout.cards["conv1"]
    assert card.matrix is not None
    assert card.matrix.color
    largest = np.abs(weights).max()
    for channel, y, x in ((0, 0, 0), (17, 2, 1), (63, 1, 2)):
        selection = Selection("conv1", channel, y, x, 0)
        pixel = image.pixelColor(view.cell_rect(selection).center().toPoint())
        share = weights[channel, :, y, x] / largest
        expected = np.round((share + 1) * 127.5).astype(int)
        assert [pixel.red(), pixel.green(), pixel.blue()] == expected.tolist()
        lines = flow_overlay.readout(scene, selection)
        assert lines[0] == f"conv1  filter {channel}, y {y}, x {x}"
        assert [line.split()[0] for line in lines[1:]] == ["red", "green", "blue"]
        assert float(lines[1].split()[1].replace("−", "-")) == pytest.approx(
            float(weights[channel, 0, y, x]), rel=1e-6
        )


def test_colours_of_kernels_by_hand() -> None:
    weights = np.zeros((2, 3, 1, 2), np.float32)
    weights[0, 0, 0, 0], weights[0, 2, 0, 1], weights[1, 1, 0, 0] = 2, -2, 1
    whole = color_kernels(weights)
    assert whole.shape == (2, 1, 1, 2)
    assert [hex(color) for color in whole.ravel()] == [
        "0xffff8080",
        "0xff808000",
        "0xff80bf80",
        "0xff808080",
    ]
    assert hex(color_kernels(weights, own_scale=True)[1, 0, 0, 0]) == "0xff80ff80"
    weights[0, 1, 0, 1] = np.nan
    assert hex(color_kernels(weights)[0, 0, 0, 1]) == "0xffff00ff"
    assert hex(color_kernels(weights)[0, 0, 0, 0]) == "0xffff8080"


def test_of_very_many_kernels_an_excerpt_is_shown_and_said_to_be_one(view: FlowView) -> None:
    card = scene_of(view).layout.cards["conv2"]
    matrix = card.matrix
    assert matrix is not None
    assert (matrix.outputs, matrix.inputs) == (32, 64)
    assert matrix.note == "first 32 of 512 filters"
    assert card.kernels is not None
    assert card.bar is not None
    assert card.bar.y >= card.kernels.bottom + 16
    weights = large_weights().weights["conv2"]
    assert scene_of(view).value(Selection("conv2", 31, 1, 2, 63)) == float(weights[31, 63, 1, 2])
    assert scene_of(view).value(Selection("conv2", 32, 1, 2, 63)) is None
    dense = card_at_level("fc", 1).matrix
    assert dense is not None
    assert dense.outputs * dense.inputs * dense.height * dense.width <= 256**2
    assert dense.note == "first 17 of 1,000 filters, 17 of 512 inputs"


def test_outlines_of_fields_are_placed_for_cards_in_sight_only(view: FlowView) -> None:
    fields = dict.fromkeys(("relu1", "conv2"), ((0, 0, 10, 0), (0, 0, 0, 10)))
    view.set_fields(fields)
    complete(view)
    placed = view._fields._placed
    assert "conv2" not in placed
    lines = Fields(fields).lines(scene_of(view), "relu1")
    assert len(lines) == 2 * 64
    assert lines[0].length() == pytest.approx(5)  # ten pixels of a map that is halved


def test_a_thousand_classes_with_long_names_are_not_clipped(view: FlowView) -> None:
    scroll_to(view, "softmax")
    scene = scene_of(view)
    card = scene.layout.cards["softmax"]
    assert card.grid.count == 10
    assert card.frame.right <= scene.layout.width
    bars = scene._bars["softmax"]
    widest = max(scene.fonts.small_px(name) for name in bars._names)
    assert card.maps.x + widest < bars._left
    assert bars._length >= 48
    complete(view)
