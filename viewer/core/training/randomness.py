"""Random numbers of a training: each from (seed, purpose, step or epoch), none from the past."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch

RANK_STRIDE = 1 << 40  # of a step's index; no training has as many steps


class Purpose(IntEnum):
    """What random numbers are for: each purpose has its own stream."""

    WEIGHTS = 0
    ORDER = 1
    AUGMENTATION = 2
    DROPOUT = 3
    SPLIT = 4
    SIMULATION = 5


def stream_seed(seed: int, purpose: Purpose, index: int = 0) -> int:
    """Return a seed of its own for each purpose and step."""
    return int(np.random.SeedSequence((seed, purpose, index)).generate_state(1, np.uint64)[0] >> 1)


def stream(seed: int, purpose: Purpose, index: int = 0) -> torch.Generator:
    """Return a generator of its own, on the CPU, for each purpose and step."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose, index))


def seed_layers(seed: int, step: int, rank: int, device: torch.device) -> None:
    """Seed torch's global generator, from which dropout draws, for one step.

    It is the only generator that torch's dropout knows: another thread that draws from it, or
    seeds it, within a step changes that step. Nothing else here uses it after the start.
    """
    value = stream_seed(seed, Purpose.DROPOUT, step + rank * RANK_STRIDE)
    if device.type == "cpu":
        torch.default_generator.manual_seed(value)  # a fiftieth of manual_seed's time
    else:
        torch.manual_seed(value)
