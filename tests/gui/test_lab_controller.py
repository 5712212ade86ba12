from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.conftest import WindowMaker
from tests.small_net import SmallNet, drawing, small_net
from viewer.controllers.explain import LabDock
from viewer.controllers.lab import LabController, fitted
from viewer.controllers.views import ViewController
from viewer.core.records import FloatArray, Selection, WeightsRecord
from viewer.services.all import Services
from viewer.widgets.flow.view import FlowView
from viewer.widgets.inspector.view import Inspector
from viewer.widgets.lab.filter_chooser import FilterLayer
from viewer.widgets.lab.input import DATASET, DRAWING, PICTURE
from viewer.widgets.lab.plates import Spot
from viewer.widgets.sliding.view import SlidingView
from viewer.widgets.theme import LIGHT


class FakeView(QObject):
    """The lab's signals; what it is told goes into `calls`."""

    source_changed = pyqtSignal(str)
    next_image_requested = pyqtSignal()
    picture_requested = pyqtSignal()
    network_filters_requested = pyqtSignal()
    network_filter_chosen = pyqtSignal(str, int)
    selected_filter_chosen = pyqtSignal()
    network_channel_chosen = pyqtSignal(int)
    kernel_applied = pyqtSignal(object, int)
    kernel_undo_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.calls = MagicMock()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("set_"):
            raise AttributeError(name)
        return getattr(self.calls, name)


class Bench:
    """A controller of a fake view over a small network."""

    def __init__(self) -> None:
        self.net: SmallNet = small_net()
        self.view = FakeView()
        self.drawing: FloatArray | None = drawing(1)
        self.weights: WeightsRecord | None = self.net.weights
        self.controller = LabController(
            self.view,  # type: ignore[arg-type]  # has its signals and setters
            lambda: self.drawing,
            lambda: self.net.network,
            lambda: self.weights,
        )

    @property
    def calls(self) -> Any:
        return self.view.calls


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_nothing_is_given_to_a_page_out_of_sight(bench: Bench) -> None:
    bench.controller.on_record_ready(bench.net.record(drawing(2)))
    bench.controller.on_network_changed()
    assert bench.calls.mock_calls == []


def test_a_page_in_sight_has_the_drawing_and_the_first_layer(bench: Bench) -> None:
    bench.controller.set_active(True)
    source, pixels = bench.calls.set_image.call_args.args
    assert source == DRAWING
    np.testing.assert_array_equal(pixels, drawing(1))
    filters, channels, height, width = bench.net.weights.weights["conv1"].shape
    bench.calls.set_network_target.assert_called_with(
        filters, (channels, height, width), replaced=False
    )
    record = bench.net.record(drawing(2))
    bench.controller.on_record_ready(record)
    assert bench.calls.set_image.call_args.args[1] is record.image.pixels


def test_filters_of_the_network_are_listed_and_brought(bench: Bench) -> None:
    bench.view.network_filters_requested.emit()
    (layers,) = bench.calls.set_network_filters.call_args.args
    for layer, name in zip(layers, ("conv1", "conv2"), strict=True):
        count, *shape = bench.net.weights.weights[name].shape
        assert layer == FilterLayer(name, count, tuple(shape))
    bench.view.network_filter_chosen.emit("conv1", 1)
    kernel, name = bench.calls.set_kernel.call_args.args
    assert name == "conv1, filter 1"
    np.testing.assert_array_equal(kernel, bench.net.weights.weights["conv1"][1])
    bench.view.network_filter_chosen.emit("conv2", 0)
    kernel, name = bench.calls.set_kernel.call_args.args
    assert name == "conv2, filter 0, channel 0"
    np.testing.assert_array_equal(kernel, bench.net.weights.weights["conv2"][0, :1])
    count = bench.net.weights.weights["conv2"].shape[1]
    bench.calls.set_network_channels.assert_called_with(name, 0, count)


def test_another_channel_of_a_deep_filter_is_brought(bench: Bench) -> None:
    bench.view.network_filter_chosen.emit("conv2", 1)
    bench.view.network_channel_chosen.emit(3)
    kernel, name = bench.calls.set_kernel.call_args.args
    assert name == "conv2, filter 1, channel 3"
    np.testing.assert_array_equal(kernel, bench.net.weights.weights["conv2"][1, 3:4])
    count = bench.net.weights.weights["conv2"].shape[1]
    bench.calls.set_network_channels.assert_called_with(name, 3, count)
    before = bench.calls.set_kernel.call_count
    bench.weights = None  # another network is on its way
    bench.view.network_channel_chosen.emit(2)
    assert bench.calls.set_kernel.call_count == before


def test_a_kernel_is_asked_into_the_network_in_its_shape(bench: Bench, qtbot: QtBot) -> None:
    small = np.ones((1, 1, 1), np.float32)
    with qtbot.waitSignal(bench.controller.replacement_requested) as asked:
        bench.view.kernel_applied.emit(small, 2)
    node, index, kernel = asked.args
    assert (node, index) == ("conv1", 2)
    assert kernel.shape == bench.net.weights.weights["conv1"].shape[1:]
    assert kernel.sum() == 1
    bench.controller.set_active(True)
    bench.controller.set_replaced(True)
    assert bench.calls.set_network_target.call_args.kwargs == {"replaced": True}
    with qtbot.waitSignal(bench.controller.undo_requested):
        bench.view.kernel_undo_requested.emit()


def test_a_network_without_convolutions(bench: Bench, qtbot: QtBot) -> None:
    empty: MappingProxyType[str, FloatArray] = MappingProxyType({})
    bench.weights = WeightsRecord(0, empty, empty)
    bench.controller.set_active(True)
    bench.calls.set_network_target.assert_called_with(0, None)
    bench.view.network_filters_requested.emit()
    bench.calls.set_network_filters.assert_called_with([])
    with qtbot.assertNotEmitted(bench.controller.replacement_requested):
        bench.view.kernel_applied.emit(np.ones((1, 3, 3), np.float32), 0)


def test_requests_of_images_are_passed_on(bench: Bench, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bench.controller.dataset_image_requested):
        bench.view.source_changed.emit(DATASET)
    with qtbot.waitSignal(bench.controller.picture_requested):
        bench.view.picture_requested.emit()
    pixels = np.zeros((28, 28), np.float32)
    bench.controller.set_dataset_image(pixels, "MNIST test 3")
    bench.calls.set_image.assert_called_with(DATASET, pixels, "MNIST test 3")
    bench.controller.set_picture(pixels, "cat")
    bench.calls.set_image.assert_called_with(PICTURE, pixels, "cat")
    bench.view.source_changed.emit(DRAWING)
    assert bench.calls.set_image.call_args.args[0] == DRAWING


def test_a_kernel_is_fitted_into_the_middle_of_every_channel() -> None:
    kernel = np.arange(1, 5, dtype=np.float32).reshape(1, 2, 2)
    result = fitted(kernel, (3, 5, 4))
    assert result.shape == (3, 5, 4)
    np.testing.assert_array_equal(result[0, 1:3, 1:3], kernel[0])
    assert result.sum() == 3 * kernel.sum()


class Joined:
    """A window with its views and the lab as a dock, and a service that replaces filters."""

    def __init__(self, make_window: WindowMaker, net: SmallNet) -> None:
        self.window, self.net = make_window(1024, 640), net
        flow, inspector = FlowView(LIGHT), Inspector()
        self.views = ViewController(
            flow, inspector, self.window.prediction, self.window.pad_panel.preview, self.window
        )
        self.window.set_central(flow)
        self.window.set_inspector(inspector)
        self.services = Services()
        self.dataset = "mnist"
        self.dock = LabDock(
            self.window, self.views, self.services, self.window, dataset=lambda: self.dataset
        )
        self.views.set_network(net.network, net.weights)

    def replaced(self) -> bool:
        assert self.dock.controller is not None
        return self.dock.controller._replaced

    def replace(self) -> None:
        """As the service tells it."""
        self.views.set_weights(replace(self.net.weights))
        self.services.inference.filters_replaced.emit(True)


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.fixture
def joined(make_window: WindowMaker, net: SmallNet) -> Joined:
    return Joined(make_window, net)


def test_a_replaced_filter_is_known_to_a_lab_that_was_closed(joined: Joined) -> None:
    joined.dock.show()
    joined.replace()
    assert joined.replaced()
    assert joined.dock.dock is not None
    joined.dock.dock.close()
    joined.dock.show()
    assert joined.replaced()


def test_a_snapshot_or_another_network_has_its_own_filters(joined: Joined) -> None:
    joined.dock.show()
    joined.replace()
    assert joined.dock.dock is not None
    joined.dock.dock.close()  # the snapshots come while nobody looks
    joined.views.set_weights(replace(joined.net.weights, step=40))
    joined.dock.show()
    assert not joined.replaced()
    joined.services.inference.filters_replaced.emit(True)
    joined.views.set_weights(replace(joined.net.weights, step=40))  # with the filter in it
    assert joined.replaced()
    assert joined.views.weights is not None
    joined.views.set_network(joined.net.network, joined.views.weights)  # of another size
    assert joined.replaced()
    joined.views.set_network(joined.net.network, joined.net.weights)
    assert not joined.replaced()


def test_the_drawing_of_a_network_of_three_channels_keeps_its_colours(joined: Joined) -> None:
    joined.dock.show()
    record = joined.net.record(np.ones((28, 28), np.float32))
    pixels = np.stack([np.full((28, 28), value, np.float32) for value in (0.25, 0.5, 1)])
    image = replace(record.image, pixels=pixels)
    assert joined.dock.fed is not None and joined.dock.view is not None
    joined.dock.view.set_source(DRAWING)
    joined.dock.fed.set_record(replace(record, image=image, generation=2))
    result = joined.dock.view.result
    assert result is not None
    assert result.image[:, 14, 14].tolist() == [0.25, 0.5, 1]


@pytest.mark.parametrize(
    ("selection", "entry"),
    [
        (Selection("conv2", 5, 1, 2), "conv2, filter 5"),
        (Selection("conv2", 5, 1, 2, in_channel=3), "conv2, filter 5, channel 3"),
        (Selection("fc1", 5), None),
        (Selection("relu1", 1, 2, 2), None),
    ],
)
def test_the_selected_filter_is_offered_first(
    joined: Joined, selection: Selection, entry: str | None
) -> None:
    joined.dock.show()
    joined.views.select(selection)
    view = joined.dock.view
    assert view is not None
    menu, chooser = view.kernels.preset_menu, view.kernels.chooser
    menu.aboutToShow.emit()
    offered = [a for a in menu.actions() if a.isVisible() and a.text().startswith("Selected: ")]
    if entry is None:
        assert offered == []
        assert chooser.number.value() == 0
        return
    assert [action.text() for action in offered] == [f"Selected: {entry}"]
    item = chooser.list.currentItem()
    assert item is not None and item.text().startswith("conv2: ")
    assert chooser.number.value() == 5  # it proposes the same one
    offered[0].trigger()
    kernel = joined.net.weights.weights["conv2"][5, selection.in_channel or 0]
    assert view.result is not None
    np.testing.assert_array_equal(view.result.kernels[0, 0], kernel)


def test_images_are_of_the_data_set_at_hand(joined: Joined, qtbot: QtBot, tmp_path: Path) -> None:
    for place, name in enumerate(("oak", "elm")):
        (tmp_path / "leaves" / name).mkdir(parents=True)
        for number in range(3):
            image = Image.new("RGB", (40, 40), (200, 100 * place, 20 * number))
            image.save(tmp_path / "leaves" / name / f"{number}.png")
    samples = joined.services.samples
    samples.start()
    joined.dock.show()
    view = joined.dock.view
    assert view is not None
    try:
        titles: list[str] = []
        samples.image_ready.connect(lambda _image, title: titles.append(title))
        for dataset, title in (("mnist", "MNIST "), (f"{tmp_path / 'leaves'}@32color", "leaves ")):
            joined.dataset = dataset
            view.set_source(DATASET)
            view.next_image_requested.emit()
            # One of the set before may still be under way.
            qtbot.waitUntil(lambda: bool(titles) and titles[-1].startswith(title), timeout=30_000)  # noqa: B023 - of this turn
        assert view.result is not None
        assert view.result.image.shape == (3, 32, 32)
        assert (view.result.image[0] == np.float32(200 / 255)).all()
    finally:
        assert samples.shutdown()


def test_the_experiment_is_stepped_through(joined: Joined) -> None:
    dock = joined.dock
    dock.show()
    assert dock.view is not None
    lab = dock.view
    lab.set_image(PICTURE, np.random.default_rng(0).random((9, 9)))
    lab.set_source(PICTURE)
    lab.set_kernels(np.ones((2, 1, 3, 3)), ("one", "two"))
    lab.kernels.select(1)
    lab.pin(Spot(1, 2, 4))
    assert not joined.window.findChildren(SlidingView)  # nothing is built before it is wanted
    button = next(b for b in lab.findChildren(QPushButton) if b.text() == "Step through")
    dock.set_covered(True)  # a lesson asks for what stands in the maps
    assert not button.isEnabled() and "answer" in button.toolTip()
    dock.set_covered(False)
    button.click()
    steps = dock.steps.view
    assert steps is not None and steps.isVisible()
    assert steps.slide is not None and steps.slide.channel == 1
    assert steps.cell == (2, 4)
    assert lab.result is not None and steps.scene is not None
    assert steps.scene.item.value == pytest.approx(lab.result.maps[1, 2, 4], rel=1e-5)
    lab.change_settings(bias=0.5)  # it follows the lab, and stays where it is
    assert steps.cell == (2, 4) and steps.scene.item.bias == 0.5
    assert steps.scene.item.value == pytest.approx(lab.result.maps[1, 2, 4], rel=1e-5)
    lab.change_settings(stride=2)
    assert steps.slide.map_shape == (4, 4)
    lab.change_settings(padding=0, dilation=3, stride=1)
    lab.set_kernels(np.ones((1, 1, 5, 5)), ("five",))  # larger than the input: no result
    assert lab.problem and not button.isEnabled()
    dock.set_covered(True)
    assert not steps.isVisible()
    lab.set_kernels(np.ones((1, 1, 3, 3)), ("three",))
    lab.change_settings(dilation=1)
    assert steps.slide.dilation == (3, 3)  # nobody looks
    joined.dock.steps.toggle()
    assert steps.slide.dilation == (1, 1)
