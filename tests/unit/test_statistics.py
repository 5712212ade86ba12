import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.small_net import DEAD_CHANNEL, SmallNet, drawing, small_net
from viewer.core.records import ActivationRecord
from viewer.core.statistics import (
    ChannelStatistics,
    DeadChannels,
    channel_statistics,
    histogram,
)


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


def test_statistics_by_hand() -> None:
    found = channel_statistics(np.array([[0, 2], [-1, 3]], np.float32))
    # mean (0 + 2 - 1 + 3) / 4 = 1; squared distances 1 + 1 + 4 + 4 = 10, / 4 = 2.5
    assert found == ChannelStatistics(-1, 3, 1, math.sqrt(2.5), 0.25, 0, 0)


def test_statistics_equal_torch(net: SmallNet) -> None:
    values = net.output(drawing(1), "relu1")[2]
    found, tensor = channel_statistics(values), torch.from_numpy(values).double()
    assert found.min == tensor.min().item()
    assert found.max == tensor.max().item()
    assert found.mean == pytest.approx(tensor.mean().item(), rel=1e-12)
    assert found.std == pytest.approx(tensor.std(correction=0).item(), rel=1e-12)
    assert found.zero_share == (tensor == 0).sum().item() / tensor.numel()


def test_statistics_leave_out_what_is_no_number() -> None:
    values = np.array([1, np.nan, 3, np.inf, -np.inf, 0], np.float32)
    found = channel_statistics(values)
    assert (found.min, found.max, found.nan_count, found.inf_count) == (0, 3, 1, 2)
    assert found.mean == pytest.approx(4 / 3)
    assert found.zero_share == pytest.approx(1 / 6)


@pytest.mark.parametrize("values", [[], [np.nan, np.inf]])
def test_statistics_of_nothing(values: list[float]) -> None:
    found = channel_statistics(np.array(values, np.float32))
    assert math.isnan(found.mean)
    assert math.isnan(found.max)
    assert found.zero_share == 0


def test_histogram_by_hand() -> None:
    found = histogram(np.array([0, 0.1, 0.9, 1, 2], np.float32), 2)
    assert found.counts.tolist() == [3, 2]  # [0, 1) and [1, 2]
    assert found.edges.tolist() == [0, 1, 2]
    assert (found.low, found.high) == (0, 2)
    assert [found.bin_of(v) for v in (-0.1, 0, 0.99, 1, 2, 2.1, math.nan)] == [
        None,
        0,
        0,
        1,
        1,
        None,
        None,
    ]


@pytest.mark.parametrize("layer", ["conv1", "relu2", "fc1"])
def test_histogram_counts_every_value(net: SmallNet, layer: str) -> None:
    values = net.output(drawing(2), layer)
    assert histogram(values, 32).counts.sum() == values.size


def test_histogram_of_odd_values() -> None:
    assert histogram(np.array([1, np.nan, np.inf, 2], np.float32), 8).counts.sum() == 2
    constant = histogram(np.full(10, 7, np.float32), 8)
    assert constant.counts.sum() == 10
    assert constant.low == constant.high == 7
    nothing = histogram(np.full(3, np.nan, np.float32), 8)
    assert nothing.counts.sum() == 0
    assert math.isnan(nothing.low)
    huge = np.array([-3e38, 3e38], np.float32)
    assert histogram(huge, 8).counts.tolist() == [1, 0, 0, 0, 0, 0, 0, 1]


def _look(tracker: DeadChannels, net: SmallNet, count: int, frames: int = 1) -> None:
    for seed in range(count):
        for _ in range(frames):
            tracker.update(net.record(drawing(seed)), drawing=seed)


def test_a_silent_channel_is_dead_after_enough_drawings(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=5)
    _look(tracker, net, 4)
    assert DEAD_CHANNEL not in tracker.dead().get("relu2", frozenset())
    _look(tracker, net, 5)
    dead = tracker.dead()
    assert DEAD_CHANNEL in dead["relu2"]
    expected = {
        c for c in range(6) if all(net.output(drawing(s), "relu2")[c].max() <= 0 for s in range(5))
    }
    assert dead["relu2"] == expected


def test_frames_of_one_drawing_count_once(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=5)
    _look(tracker, net, 4, frames=10)
    assert not tracker.dead()


def test_only_layers_that_cannot_be_negative_die(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=3)
    _look(tracker, net, 5)
    assert set(tracker.dead()) <= {"relu1", "pool1", "relu2", "pool2", "relu3"}
    assert net.output(drawing(0), "conv2")[DEAD_CHANNEL].max() <= 0  # though it is silent too


def test_one_answer_brings_a_channel_back(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=2)
    _look(tracker, net, 3)
    record = net.record(drawing(9))
    alive = record.outputs["relu2"].copy()
    alive[DEAD_CHANNEL, 0, 0] = 1e-6
    outputs = {**record.outputs, "relu2": alive}
    tracker.update(
        ActivationRecord(1, 0, record.image, outputs, record.probabilities), drawing="other"
    )
    assert DEAD_CHANNEL not in tracker.dead().get("relu2", frozenset())


def test_drawings_are_told_apart_by_their_images(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=3)
    growing = np.zeros((28, 28), np.float32)
    for y in range(6, 22):  # one stroke, frame by frame
        growing[y, 10:13] = 1
        tracker.update(net.record(growing.copy()))
    assert not tracker.dead()
    blank = np.zeros((28, 28), np.float32)
    for _ in range(2):
        tracker.update(net.record(blank))
        tracker.update(net.record(growing))
    assert DEAD_CHANNEL in tracker.dead()["relu2"]
    tracker.update(net.record(growing, step=1))  # other weights
    assert not tracker.dead()


def test_nan_is_no_silence(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=1)
    record = net.record(drawing(0))
    broken = {**record.outputs, "relu2": np.full((6, 12, 12), np.nan, np.float32)}
    tracker.update(ActivationRecord(1, 0, record.image, broken, None))
    assert "relu2" not in tracker.dead()


def test_bright_photographs_are_told_apart(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=4)
    rng = np.random.default_rng(0)
    photographs = [0.7 + 0.3 * rng.random((28, 28), np.float32) for _ in range(4)]
    for pixels in photographs[:3]:
        tracker.update(net.record(pixels))
    assert not tracker.dead()
    for _ in range(3):  # the same scene, a little darker each time
        tracker.update(net.record(0.95 * photographs[2]))
    assert not tracker.dead()
    tracker.update(net.record(photographs[3]))
    assert DEAD_CHANNEL in tracker.dead()["relu2"]


def test_the_noise_of_a_covered_camera_tells_nothing(net: SmallNet) -> None:
    tracker, rng = DeadChannels(net.network, drawings=3), np.random.default_rng(0)
    for _ in range(10):
        tracker.update(net.record(0.02 * rng.random((28, 28), np.float32)))
    assert not tracker.dead()


def test_a_covered_camera_is_no_drawing_like_the_one_before(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=4)
    rng = np.random.default_rng(0)
    for pixels in (rng.random((28, 28), np.float32), np.full((28, 28), 0.5, np.float32)) * 2:
        assert not tracker.dead()
        tracker.update(net.record(pixels))
    assert DEAD_CHANNEL in tracker.dead()["relu2"]


def test_what_was_not_asked_for_is_not_counted(net: SmallNet) -> None:
    tracker = DeadChannels(net.network, drawings=2)
    for i in range(4):
        record = net.record(drawing(i))
        seen = {name: values for name, values in record.outputs.items() if name != "relu2"}
        tracker.update(replace(record, outputs=seen, whole=False))
    assert "relu2" not in tracker.dead()
    tracker.update(net.record(drawing(4)))
    assert "relu2" not in tracker.dead()
    tracker.update(net.record(drawing(5)))
    assert DEAD_CHANNEL in tracker.dead()["relu2"]
