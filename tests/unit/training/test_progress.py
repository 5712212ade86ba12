"""Where a run stands, in numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from viewer.core.training.progress import Progress, Speedometer


@pytest.mark.parametrize(
    ("step", "epoch"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (30, 3)]
)
def test_a_step_belongs_to_the_epoch_that_it_was_done_in(step: int, epoch: int) -> None:
    progress = Progress(step, 30, 10)

    assert (progress.epoch, progress.epochs) == (epoch, 3)


def test_the_time_left_follows_from_the_speed() -> None:
    progress = Progress(step=40, steps=100, steps_per_epoch=50, images_per_s=320, batch_size=16)

    assert progress.seconds_left == pytest.approx(3.0)  # 60 steps of 16 images


def test_nothing_is_known_before_the_first_batch() -> None:
    progress = Progress(0, 100, 50)

    assert progress.seconds_left is None
    assert math.isnan(progress.loss) and math.isnan(progress.accuracy)
    assert Speedometer().images_per_s == 0


def test_at_the_end_no_time_is_left() -> None:
    assert Progress(100, 100, 50, images_per_s=7, batch_size=3).seconds_left == 0


def test_the_speed_is_that_of_the_time_spent_on_steps() -> None:
    speed = Speedometer(window_s=3.0)
    speed.add(0.5, 0.5, 64)
    speed.add(1.0, 0.5, 64)
    assert speed.images_per_s == pytest.approx(128)

    speed.add(2.0, 0.1, 64)  # after 0.9 s of a pause: only the step counts
    assert speed.images_per_s == pytest.approx(192 / 1.1)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    speed = Speedometer(window_s=3.0)
    speed.add(1.0, 1.0, 10)
    speed.add(4.0, 1.0, 30)
    assert speed.images_per_s == pytest.approx(20)  # just within it

    speed.add(4.5, 0.5, 30)
    assert speed.images_per_s == pytest.approx(40)
    speed.add(60.0, 0.25, 10)
    assert speed.images_per_s == pytest.approx(40)
