"""Where a run stands, for a person to read. No torch here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

SPEED_WINDOW_S = 3.0  # of the throughput that is shown


class RunState(StrEnum):
    """What the training thread does."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHING = "finishing"
    FINISHED = "finished"


class Until(StrEnum):
    """How far a training is to go before it pauses by itself."""

    BATCH = "batch"
    EPOCH = "epoch"
    END = "end"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes
    ----------
    step, steps, steps_per_epoch : int
        Done, in all, in an epoch.
    images_per_s : float
        Over the last seconds that it ran; 0 before the first.
    loss, accuracy : float
        Of the last batch; NaN before the first.
    """

    step: int
    steps: int
    steps_per_epoch: int
    images_per_s: float = 0.0
    loss: float = float("nan")
    accuracy: float = float("nan")
    batch_size: int = 1

    @property
    def epoch(self) -> int:
        """Epoch of the last step, from 1."""
        return max(0, self.step - 1) // self.steps_per_epoch + 1

    @property
    def epochs(self) -> int:
        """Epochs in all."""
        return self.steps // self.steps_per_epoch

    @property
    def seconds_left(self) -> float | None:
        """Time to the end at this speed; None before it is known."""
        if not self.images_per_s:
            return None
        return (self.steps - self.step) * self.batch_size / self.images_per_s


class Speedometer:
    """Images a second over a window of time; pauses don't count.

    Parameters
    ----------
    window_s : float
    """

    def __init__(self, window_s: float = SPEED_WINDOW_S) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, float, int]] = deque()  # end, duration, images

    def add(self, now_s: float, duration_s: float, images: int) -> None:
        """Take up a step that ended at `now_s` and took `duration_s`."""
        self._samples.append((now_s, duration_s, images))
        while self._samples[0][0] < now_s - self._window_s:
            self._samples.popleft()

    @property
    def images_per_s(self) -> float:
        """Images a second of the time that was spent on steps; 0 without any."""
        spent = sum(duration for _, duration, _ in self._samples)
        return sum(images for _, _, images in self._samples) / spent if spent else 0.0
