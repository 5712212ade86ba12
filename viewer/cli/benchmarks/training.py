"""Training in the window: its throughput beside other loops, and how the window feels meanwhile.

The default recipe (the first settings of the set-up: preset "standard") is trained in the real
window, all its views painted as the weights change. In turns with it, in the same process and
with one thread each, the same network is trained with the same optimiser, batch and schedule by

- the bare loop: tensors that are loaded beforehand, distorted by the same function a whole
  batch at a time, and nothing else: no numbers kept, nothing stored, nothing looked at; in
  torch's default memory layout, as such loops are written, where the recipe trains with channels
  last; ``same_layout_ratio`` is against the bare loop with channels last, too;
- the usual loop: ``torchvision.datasets.MNIST`` and ``DataLoader(num_workers=0)``, with
  ``ToTensor`` and ``Normalize``, against the training without augmentation;
- the same with torchvision's transforms that distort sample by sample.

While one of them trains, the others do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from viewer.cli.benchmarks.event_loop_gap import gaps_while_drawing
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median, p99
from viewer.cli.benchmarks.session import Session, running
from viewer.cli.benchmarks.training_loops import Loop, from_loader, preloaded, unpack_mnist
from viewer.cli.benchmarks.training_window import WindowTraining
from viewer.core.training.config import Augmentation
from viewer.core.training.presets import load_preset

RECIPE = "standard"
EPOCHS = 1_000  # so that it does not end meanwhile: the throughput is the same
ROUNDS, STRETCH_S = 6, 2.5
DRAWING_S = 12.0
UPDATES = 240


def measure() -> dict[str, object]:
    """Return the part's object."""
    torch.set_num_threads(1)
    config = replace(load_preset(RECIPE), epochs=EPOCHS)
    plain = replace(config, augmentation=Augmentation())
    with TemporaryDirectory() as folder, running() as session:
        unpack_mnist(Path(folder))
        training = WindowTraining(session, config)
        training.begin()
        training.pause()
        rates: list[float] = []

        def window(augmentation: Augmentation) -> float:
            training.set_augmentation(augmentation)
            images_per_s, frames_per_s = training.stretch(STRETCH_S)
            rates.append(frames_per_s)
            return images_per_s

        loops = {
            "bare": Loop(config, preloaded(config)),
            "same_layout": Loop(config, preloaded(config), channels_last=True),
            "loader": Loop(plain, from_loader(plain, Path(folder))),
            "augmented_loader": Loop(config, from_loader(config, Path(folder))),
        }
        session.update_s()  # there is something on the pad that the views follow
        speeds = interleaved(
            {
                "window": (lambda: window(config.augmentation), 1),
                "bare": (lambda: loops["bare"].images_per_s(STRETCH_S), 1),
                "same_layout": (lambda: loops["same_layout"].images_per_s(STRETCH_S), 1),
                "plain_window": (lambda: window(plain.augmentation), 1),
                "loader": (lambda: loops["loader"].images_per_s(STRETCH_S), 1),
                "augmented_loader": (lambda: loops["augmented_loader"].images_per_s(STRETCH_S), 1),
            },
            rounds=ROUNDS,
        )
        training.set_augmentation(config.augmentation)
        gaps_ms, updates_s = _drawing(session, training)
    return {
        **ratios(speeds),
        "gap_p99_ms": p99(gaps_ms),
        "gap_max_ms": max(gaps_ms),
        "update_p99_ms": MS_PER_S * p99(updates_s),
        "update_median_ms": MS_PER_S * median(updates_s),
        "frames_per_s": median(rates),
        "images_per_s": {name: median(values) for name, values in speeds.items()},
    }


def ratios(speeds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return how the window compares with the loops, from samples of images a second.

    Each round gives a ratio of neighbours in time; the median round counts.
    """
    return {
        "throughput_ratio": _ratio(speeds["window"], speeds["bare"]),
        "same_layout_ratio": _ratio(speeds["window"], speeds["same_layout"]),
        "dataloader_speedup": _ratio(speeds["plain_window"], speeds["loader"]),
        "augmented_speedup": _ratio(speeds["window"], speeds["augmented_loader"]),
    }


def _ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    return median([mine / other for mine, other in zip(ours, others, strict=True)])


def _drawing(session: Session, training: WindowTraining) -> tuple[list[float], list[float]]:
    """Draw while it trains: gaps of the event loop, and times from a movement to all views."""
    training.go()
    updates_s = [session.update_s() for _ in range(UPDATES)]
    gaps_while_drawing(session, 1.0)  # warm-up
    gaps_ms, _ = gaps_while_drawing(session, DRAWING_S)
    training.pause()
    return gaps_ms, updates_s


if __name__ == "__main__":
    print_part(measure)
