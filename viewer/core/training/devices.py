"""The devices of this machine that a network can be trained on."""

from __future__ import annotations

import torch


def devices() -> tuple[tuple[str, str], ...]:
    """Return what there is as (name, title), the processor first."""
    found = [("cpu", "CPU")]
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        for index in range(count):
            name = "cuda" if count == 1 else f"cuda:{index}"
            found.append((name, torch.cuda.get_device_name(index)))
    if torch.backends.mps.is_available():
        found.append(("mps", "Apple GPU"))
    return tuple(found)
