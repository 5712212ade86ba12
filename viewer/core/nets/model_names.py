"""What a network is called for people, by what it is opened by; needs nothing heavy."""

from __future__ import annotations

import re
from pathlib import Path

# Of a network that a script holds in memory; no file and no architecture is called so.
HELD_PREFIX = "Python: "

# An architecture of torchvision's, and its name for published weights.
_PUBLISHED = re.compile(r"([a-z0-9_]+):([A-Z0-9_]+)")


def published_parts(model: str) -> tuple[str, str] | None:
    """Return architecture and weights of ``resnet18:IMAGENET1K_V1``; None for another name."""
    found = _PUBLISHED.fullmatch(model)
    return None if found is None else (found[1], found[2])


def weights_title(key: str) -> str:
    """Return torchvision's name for weights in words (``ImageNet V1``)."""
    return re.sub(r"^IMAGENET1K", "ImageNet", key).replace("_", " ")


def shown_name(model: str) -> str:
    """Return a short name: of a file its own, of published weights what they are."""
    parts = published_parts(model)
    if parts is not None:
        return f"{parts[0]} ({weights_title(parts[1])})"
    return Path(model).name or model
