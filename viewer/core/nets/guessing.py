"""What an image for a network may be like, by the shapes of its weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from torch import Tensor

from viewer.core.nets.profile import MAX_CHANNELS

# The commonest first: grey images are mostly digits, colour ones mostly ImageNet's.
_GREY_SIDES = (28, 32, 64, 224, 48, 96, 128, 256)
_COLOUR_SIDES = (
    224,
    32,
    64,
    28,
    96,
    128,
    256,
    299,
    160,
    192,
    112,
    48,
    227,
    384,
    320,
    331,
    448,
    512,
)


def likely_shapes(weights: Mapping[str, Tensor]) -> Iterator[tuple[int, int, int]]:
    """Yield the shapes, (C, H, W), that an image may have, the likeliest first.

    Parameters
    ----------
    weights : mapping of str to Tensor
        In the order of the layers.
    """
    for value in weights.values():
        if value.dim() == 4:
            channels = value.shape[1] if value.shape[1] <= MAX_CHANNELS else 3
            for side in _GREY_SIDES if channels == 1 else _COLOUR_SIDES:
                yield channels, side, side
            return
        if value.dim() == 2:
            for channels in (1, 3):
                side = math.isqrt(value.shape[1] // channels)
                if side * side * channels == value.shape[1]:
                    yield channels, side, side
            return
    yield 3, _COLOUR_SIDES[0], _COLOUR_SIDES[0]
