"""The rate of what is shown while training, with durations made up by hand."""

from __future__ import annotations

import pytest

from viewer.core.training.live_rate import (
    LONGEST_S,
    MAX_SHARE,
    PATIENCE_S,
    QUIET_EVERY_STEPS,
    REST,
    LiveRate,
)

SHORTEST_S = 0.03


class Training:
    """A training that is slowed down by every frame, on a clock of its own.

    Parameters
    ----------
    step_s, extra_s : float
        Duration of a step without a frame beside it, and how much longer it is with one.
    paint_s : float or None
        From the begin of a frame until it is painted; None if nobody looks.
    """

    def __init__(self, step_s: float, extra_s: float, paint_s: float | None = 0.005) -> None:
        self.rate = LiveRate(SHORTEST_S)
        self.step_s, self.extra_s, self.paint_s = step_s, extra_s, paint_s
        self.now_s = 50.0
        self.frames: list[float] = []
        self.quiet = 0

    def run(self, steps: int) -> None:
        for _ in range(steps):
            begun_s = self.now_s
            shows = self.rate.due(begun_s)
            if shows:
                self.rate.begin(begun_s)
                self.frames.append(begun_s)
            self.quiet += not shows
            self.now_s += self.step_s + (self.extra_s if shows else 0.0)
            if shows and self.paint_s is not None:
                self.rate.end(begun_s + self.paint_s)
            self.rate.add_step(self.now_s - begun_s)


def test_without_acknowledgement_the_shortest_interval_counts() -> None:
    training = Training(0.001, 0.0, paint_s=None)
    training.run(3000)

    assert len(training.frames) / 3.0 == pytest.approx(1 / SHORTEST_S, rel=0.05)
    assert training.rate.interval_s == SHORTEST_S


def test_steps_that_end_too_late_for_the_interval_keep_its_rate() -> None:
    # A step of 20 ms ends at 20, 40, 60 …: to wait for the next one after 30 ms each time
    # would give a frame every 40 ms.
    training = Training(0.020, 0.0)
    training.run(3000)

    assert len(training.frames) / (training.now_s - 50.0) == pytest.approx(1 / 0.03, rel=0.05)


def test_a_frame_that_costs_nothing_is_shown_at_the_full_rate() -> None:
    training = Training(0.010, 0.0)
    training.run(500)

    assert training.rate.cost_s == pytest.approx(0.0, abs=1e-9)
    assert training.rate.interval_s == SHORTEST_S


@pytest.mark.parametrize("step_s", [0.002, 0.010, 0.028])
def test_frames_never_take_more_than_their_share(step_s: float) -> None:
    extra_s = 0.005 if step_s > 0.005 else 0.0018
    training = Training(step_s, extra_s)
    training.run(400)
    training.frames.clear()
    begun_s = training.now_s
    training.run(1000)

    assert training.rate.cost_s == pytest.approx(extra_s, rel=0.01)
    assert training.rate.interval_s == pytest.approx(max(SHORTEST_S, extra_s / MAX_SHARE), rel=0.01)
    lost_s = extra_s * len(training.frames)
    assert lost_s / (training.now_s - begun_s) <= MAX_SHARE * 1.1


def test_a_cost_that_is_over_lets_the_rate_recover() -> None:
    training = Training(0.020, 0.016)
    training.run(500)
    assert training.rate.interval_s > 2.5 * SHORTEST_S
    training.extra_s = 0.0
    training.run(2000)

    assert training.rate.interval_s == SHORTEST_S


def test_whatever_it_costs_there_is_a_frame_now_and_then() -> None:
    training = Training(0.100, 0.090)
    training.run(300)

    assert training.rate.interval_s == LONGEST_S


def test_a_step_that_took_very_long_once_changes_little() -> None:
    training = Training(0.010, 0.0)
    training.run(200)
    training.extra_s = 5.0  # the disk was busy, just beside a frame
    while training.now_s < 55.0:
        training.run(1)
    training.extra_s = 0.0

    assert training.rate.cost_s < 0.001


def test_there_are_always_steps_without_a_frame_to_compare_with() -> None:
    training = Training(0.100, 0.0)  # longer than the interval: a frame would fit beside each
    training.run(20 * (QUIET_EVERY_STEPS + 1))

    assert 18 <= training.quiet <= 22


def test_the_next_frame_waits_until_the_last_one_is_painted() -> None:
    rate = LiveRate(SHORTEST_S)
    rate.begin(1.0)
    rate.end(1.01)
    rate.begin(2.0)
    assert not rate.due(2.9)
    rate.end(2.95)
    assert rate.due(2.95)


def test_the_window_has_a_rest_between_two_frames() -> None:
    rate = LiveRate(SHORTEST_S)
    for start_s in range(40):  # the first one builds the views: its time doesn't count
        rate.begin(float(start_s))
        rate.end(start_s + (0.04 if start_s else 0.9))
    assert rate.interval_s == pytest.approx(REST * 0.04, rel=0.001)


def test_a_frame_that_nobody_looks_at_is_not_waited_for_for_ever() -> None:
    rate = LiveRate(SHORTEST_S)
    rate.begin(1.0)
    rate.end(1.01)
    rate.add_step(0.05)
    rate.begin(2.0)
    assert not rate.due(2.0 + 0.9 * PATIENCE_S)
    assert rate.due(2.0 + PATIENCE_S)


def test_a_frame_out_of_turn_puts_the_next_one_off_by_a_whole_interval() -> None:
    rate = LiveRate(SHORTEST_S)
    rate.begin(1.0, due=False)
    assert not rate.due(1.0 + 0.9 * SHORTEST_S)
    assert rate.due(1.0 + 1.01 * SHORTEST_S)


def test_a_shorter_interval_holds_at_once() -> None:
    rate = LiveRate(1000.0)
    rate.begin(1.0, due=False)
    assert not rate.due(2.0)
    rate.shortest_s = 0.5
    assert rate.due(2.0)


def test_a_new_network_is_measured_anew() -> None:
    training = Training(0.010, 0.008)
    training.run(500)
    training.rate.reset()

    assert training.rate.interval_s == SHORTEST_S
    assert training.rate.due(training.now_s)
