"""Watches a run for trouble, and says what it is and what would help.

Fed with the events of a run, in their order. It only looks at numbers, so that a run that is
followed from its folder can be watched as well. Every limit is set so that a run that learns
at all keeps it silent: a false alarm costs a learner more than a late one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from statistics import fmean, pvariance
from types import MappingProxyType
from typing import Any, Literal

from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.events import (
    BatchFinished,
    Diverged,
    EpochFinished,
    Event,
    LayersMeasured,
)

WINDOW = 100  # batches that a mean loss is taken over
MIN_WINDOW = 20  # in a run of few steps
AT_CHANCE = 0.97  # times ln K: a loss above it is no better than guessing
WELL_BELOW_CHANCE = 0.93
STANDARD_ERRORS = 3.0  # a fall that is larger than so many is a fall
EXPLODED = 3.0  # times what the run began with, and times chance level
CALMED = 1.5
DEAD_SHARE, REVIVED_SHARE = 0.9, 0.7
DEAD_MEASUREMENTS = 3  # one after another
RISING_EPOCHS = 3  # since the best one
RISE = 0.15  # of the best validation loss
RECOVERED = 0.05
TRAINING_FALL = 0.05  # of the training loss at the best epoch
LOW_UPDATE_RATIO = 1e-5  # of a layer that hardly moves; 1e-3 is usual
GOOD_BATCH = 2.0  # times the lowest mean loss: a batch up to there is a good one
GOOD_MARGIN = 0.1  # nats: noise of a loss that is near 0
LR_LIMITS = (1e-9, 1e3)
# Below these a run that stands still is too slow rather than too fast.
_USUAL_LR = MappingProxyType({"sgd": 1e-2, "adam": 1e-4, "adamw": 1e-4})
_GENTLE = Augmentation(rotation_deg=8, shift_px=1, scale=0.1, shear=0.1)
_MIN_DECAY, _MAX_DECAY = 0.01, 1.0


class TroubleKind(Enum):
    """What can go wrong."""

    DIVERGED = "diverged"
    EXPLODING = "exploding"
    NOT_FALLING = "not falling"
    DEAD = "dead"
    OVERFITTING = "overfitting"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would help.

    Attributes
    ----------
    text : str
        For a button, in a few words.
    changes : mapping of str to object
        Settings to give to ``adjust``: ``lr``, ``weight_decay``, ``augmentation``.
    go_back_to : str or None
        ``last_good`` if the run is to go on from `Trouble.good_step`, ``best`` from the step
        with the best validation loss (`Trouble.good_step` too); None to go on as it is.
    """

    text: str
    changes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    go_back_to: Literal["last_good", "best"] | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong with a run.

    Attributes
    ----------
    kind : TroubleKind
    sentence : str
        For a learner: what is seen and what it means.
    remedy : Remedy
    step : int
        When it was noticed.
    good_step : int
        Last step whose weights were still good.
    """

    kind: TroubleKind
    sentence: str
    remedy: Remedy
    step: int
    good_step: int


class Monitor:
    """Finds trouble in the events of one run.

    Parameters
    ----------
    config : TrainingConfig
        As it is now; `set_config` when it is adjusted.
    classes : int
    steps : int
        Steps in all: a short run is judged sooner.

    Attributes
    ----------
    active : mapping of TroubleKind to Trouble
        What has been told and has not gone away.
    """

    def __init__(self, config: TrainingConfig, classes: int, steps: int) -> None:
        self._config = config
        self._chance = math.log(classes)  # nats
        self._window = min(WINDOW, max(MIN_WINDOW, steps // 4))
        self.active: dict[TroubleKind, Trouble] = {}
        self._good_step = 0
        self._alive_step = 0
        self._step = 0  # of the newest event
        self._rates = [(0, config.lr)]  # from which step on, growing
        self._forget()

    def set_config(self, config: TrainingConfig) -> None:
        """Go on with other settings: what was wrong is looked for afresh."""
        if config.lr != self._config.lr:
            self._rates.append((self._step + 1, config.lr))
        self._config = config
        self._forget()

    def _forget(self) -> None:
        self.active.clear()
        self._losses: deque[float] = deque(maxlen=2 * self._window)
        self._first_loss: float | None = None
        self._lowest_mean = math.inf
        self._update_ratio: float | None = None
        self._dead_for: dict[str, int] = {}
        self._epochs: list[tuple[int, float, float]] = []  # step, training, validation loss

    def feed(self, event: Event) -> tuple[Trouble, ...]:
        """Return the trouble that an event brings to light: each kind once until it is gone."""
        if isinstance(event, BatchFinished):
            self._step = event.step
            return self._feed_batch(event)
        if isinstance(event, LayersMeasured):
            return self._feed_layers(event)
        if isinstance(event, EpochFinished):
            return self._feed_epoch(event)
        if isinstance(event, Diverged):
            self.active.pop(TroubleKind.DIVERGED, None)  # somebody went on, and it came again
            return self._tell(self._diverged(event))
        return ()

    def _tell(self, trouble: Trouble) -> tuple[Trouble, ...]:
        if trouble.kind in self.active:
            return ()
        self.active[trouble.kind] = trouble
        return (trouble,)

    def _feed_batch(self, event: BatchFinished) -> tuple[Trouble, ...]:
        self._losses.append(event.loss)
        if self._first_loss is None:
            self._first_loss = event.loss
        recent = list(self._losses)[-self._window :]
        mean = fmean(recent)
        if len(recent) >= MIN_WINDOW:
            self._lowest_mean = min(self._lowest_mean, mean)
        self._note_good(event, self._first_loss)
        return (
            *self._check_exploding(event.step, self._first_loss),
            *self._check_falling(event.step, mean),
        )

    def _note_good(self, event: BatchFinished, first_loss: float) -> None:
        """Remember the weights before a step whose loss was in order."""
        usual = min(self._lowest_mean, max(self._chance, first_loss))
        if event.loss <= GOOD_BATCH * usual + GOOD_MARGIN:
            self._good_step = event.step - 1

    def _check_exploding(self, step: int, first_loss: float) -> tuple[Trouble, ...]:
        if len(self._losses) < MIN_WINDOW:
            return ()
        mean = fmean(list(self._losses)[-MIN_WINDOW:])
        # What a run starts with is no explosion: a network may come from another data set.
        start = max(self._chance, first_loss)
        if mean <= CALMED * self._chance:
            self.active.pop(TroubleKind.EXPLODING, None)
        if mean <= EXPLODED * start:
            return ()
        sentence = (
            f"The loss has grown to {_number(mean)}, far above the {self._chance:.2f} of pure "
            "guessing: the steps are too large and overshoot."
        )
        return self._tell(self._with_lower_rate(TroubleKind.EXPLODING, sentence, step))

    def _check_falling(self, step: int, mean: float) -> tuple[Trouble, ...]:
        if mean < WELL_BELOW_CHANCE * self._chance:
            self.active.pop(TroubleKind.NOT_FALLING, None)
        if len(self._losses) < 2 * self._window or mean <= AT_CHANCE * self._chance:
            return ()
        if TroubleKind.EXPLODING in self.active or self._falls():
            return ()
        guessing = f"pure guessing ({self._chance:.2f})"
        if self._lowest_mean < WELL_BELOW_CHANCE * self._chance:
            sentence = (
                f"The loss is back at {mean:.2f}, the level of {guessing}: "
                "the network has lost what it had learned."
            )
            return self._tell(self._with_lower_rate(TroubleKind.NOT_FALLING, sentence, step))
        sentence = (
            f"The loss has not fallen for {2 * self._window} batches: it is {mean:.2f}, "
            f"no better than {guessing}."
        )
        if not self._moves_too_little():
            return self._tell(self._with_lower_rate(TroubleKind.NOT_FALLING, sentence, step, 0))
        remedy = self._higher_rate()
        return self._tell(Trouble(TroubleKind.NOT_FALLING, sentence, remedy, step, self._good_step))

    def _higher_rate(self) -> Remedy:
        higher, usual = _limited_lr(10 * self._config.lr), _USUAL_LR[self._config.optimiser]
        text = f"Go on with ten times the learning rate ({_number(higher)})"
        if higher < usual:  # from far below, ten times would change nothing that can be seen
            higher, text = usual, f"Go on with a learning rate of {_number(usual)}"
        return Remedy(text, MappingProxyType({"lr": higher}))

    def _falls(self) -> bool:
        """Tell whether the newer half of the losses lies clearly below the older half."""
        losses = list(self._losses)
        older, newer = losses[: self._window], losses[self._window :]
        noise = math.sqrt((pvariance(older) + pvariance(newer)) / self._window)
        return fmean(older) - fmean(newer) > STANDARD_ERRORS * noise

    def _moves_too_little(self) -> bool:
        if self._update_ratio is not None:
            return self._update_ratio < LOW_UPDATE_RATIO
        return self._config.lr < _USUAL_LR[self._config.optimiser]

    def _feed_layers(self, event: LayersMeasured) -> tuple[Trouble, ...]:
        ratios = [layer.update_ratio for layer in event.layers if layer.update_ratio > 0]
        self._update_ratio = max(ratios, default=0.0)
        shares = [layer.dead_share for layer in event.layers if layer.dead_share is not None]
        if max(shares, default=0.0) <= REVIVED_SHARE:
            self._alive_step = event.step
        dying: list[tuple[str, float]] = []
        for layer in event.layers:
            share = layer.dead_share
            if share is None:
                continue
            limit = REVIVED_SHARE if TroubleKind.DEAD in self.active else DEAD_SHARE
            dead = share > limit
            self._dead_for[layer.name] = self._dead_for.get(layer.name, 0) + 1 if dead else 0
            if self._dead_for[layer.name] >= DEAD_MEASUREMENTS:
                dying.append((layer.name, share))
        if not dying:
            if not any(self._dead_for.values()):
                self.active.pop(TroubleKind.DEAD, None)
            return ()
        name, share = dying[0]
        sentence = (
            f"{_percent(share)} of the units of {name} answer 0 to every image: "
            "such units are dead, and no longer learn."
        )
        return self._tell(
            self._with_lower_rate(TroubleKind.DEAD, sentence, event.step, self._alive_step)
        )

    def _feed_epoch(self, event: EpochFinished) -> tuple[Trouble, ...]:
        if event.validation is None:
            return ()
        self._epochs.append((event.step, event.loss, event.validation.loss))
        best = min(range(len(self._epochs)), key=lambda i: self._epochs[i][2])
        best_step, training, lowest = self._epochs[best]
        since = self._epochs[best + 1 :]
        if event.validation.loss <= (1 + RECOVERED) * lowest:
            self.active.pop(TroubleKind.OVERFITTING, None)
        if len(since) < RISING_EPOCHS or TroubleKind.EXPLODING in self.active:
            return ()
        # Of few validation images the mean loss is uncertain by about √(loss / n).
        margin = max(RISE * lowest, 1.5 * math.sqrt(lowest / event.validation.n))
        latest = since[-RISING_EPOCHS:]
        risen = min(validation for _, _, validation in latest) > lowest + margin
        learned = fmean(loss for _, loss, _ in latest) < (1 - TRAINING_FALL) * training
        if not (risen and learned):
            return ()
        sentence = (
            f"The validation loss has risen from {lowest:.3g} to {event.validation.loss:.3g} in "
            f"{len(since)} epochs while the training loss fell: "
            "the network learns its images by heart."
        )
        remedy = self._against_overfitting()
        return self._tell(Trouble(TroubleKind.OVERFITTING, sentence, remedy, event.step, best_step))

    def _against_overfitting(self) -> Remedy:
        if not self._config.augmentation.moves:
            text = "Go back to the best epoch and vary the images (turn, shift, scale)"
            return Remedy(text, MappingProxyType({"augmentation": _GENTLE}), "best")
        decay = min(max(_MIN_DECAY, 3 * self._config.weight_decay), _MAX_DECAY)
        if decay <= self._config.weight_decay:
            return Remedy("Go back to the best epoch and stop there", go_back_to="best")
        text = f"Go back to the best epoch with a weight decay of {_number(decay)}"
        return Remedy(text, MappingProxyType({"weight_decay": decay}), "best")

    def _diverged(self, event: Diverged) -> Trouble:
        what = {"loss": "the loss"}.get(event.what, f"the {event.what} of {event.layer}")
        sentence = (
            f"After {event.step} steps {what} is no longer a finite number: the steps were too "
            "large, and the numbers grew without bound."
        )
        return self._with_lower_rate(TroubleKind.DIVERGED, sentence, event.step)

    def _with_lower_rate(
        self, kind: TroubleKind, sentence: str, step: int, good_step: int | None = None
    ) -> Trouble:
        good = min(self._good_step if good_step is None else good_step, step)
        lower = self._lower_rate(good)
        rate = f"a third of the learning rate ({_number(lower)})"
        if lower != _limited_lr(self._config.lr / 3):
            rate = f"a learning rate of {_number(lower)}"
        text = f"Go back to the last good step with {rate}"
        remedy = Remedy(text, MappingProxyType({"lr": lower}), "last_good")
        return Trouble(kind, sentence, remedy, step, good)

    def _lower_rate(self, good_step: int) -> float:
        """Return a rate to go on with from a step: the one that it had, if that was raised since.

        What holds by now says little: somebody may have lowered it after the harm was done.
        """
        then = [lr for step, lr in self._rates if step <= good_step][-1]
        highest = max([then, *(lr for step, lr in self._rates if step > good_step)])
        return _limited_lr(min(highest / 3, then) if highest > then else then / 3)


def _limited_lr(lr: float) -> float:
    low, high = LR_LIMITS
    return min(max(float(f"{lr:.2g}"), low), high)


def _number(value: float) -> str:
    return f"{value:.3g}"


def _percent(share: float) -> str:
    return "All" if share == 1 else f"{math.floor(100 * share)} %"
