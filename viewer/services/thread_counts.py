"""How many threads torch computes with, on behalf of which thread of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord

# Measured on two busy cores: a small network's forward pass has a p99 of 80 ms with two
# OpenMP threads and of 0.2 ms with one.
INTRA_OP_THREADS = 1
SMALL_PX = 64 * 64  # images up to here are seen at once by one thread


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def live_threads(network: NetworkRecord) -> int:
    """Return how many threads a network that answers live is to have: half are the window's."""
    if _is_small(network):
        return INTRA_OP_THREADS
    return max(INTRA_OP_THREADS, processors() // 2)


def first_threads(network: NetworkRecord) -> int:
    """Return how many its first answer is to have, for which a person waits."""
    return INTRA_OP_THREADS if _is_small(network) else processors()


def use_threads(count: int) -> None:
    """Compute with so many threads on this thread of ours; the others keep theirs."""
    # There already where something is computed.
    import torch

    if torch.get_num_threads() != count:
        torch.set_num_threads(count)


def _is_small(network: NetworkRecord) -> bool:
    _, height, width = network.input_shape
    return height * width <= SMALL_PX
