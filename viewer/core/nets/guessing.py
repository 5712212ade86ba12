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
_USUAL = (3, _COLOUR_SIDES[0], _COLOUR_SIDES[0])


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
            found = list(_squares(value.shape[1]))
            yield from found or [_USUAL]
            return
    yield _USUAL


def _squares(numbers: int) -> Iterator[tuple[int, int, int]]:
    for channels in (1, 3):
        side = math.isqrt(numbers // channels)
        if side * side * channels == numbers:
            yield channels, side, side


def other_shapes(
    given: tuple[int, int, int] | None, weights: Mapping[str, Tensor]
) -> Iterator[tuple[int, int, int]]:
    """Yield what to try in place of a shape that a network doesn't take: (C, H, W).

    First its sides with the channels that fit the weights, then the usual sizes.

    Parameters
    ----------
    given : (C, H, W) or None
        None yields nothing: the usual sizes are what has been tried.
    weights : mapping of str to Tensor
        In the order of the layers.
    """
    if given is None:
        return
    likely = list(likely_shapes(weights))
    first = [(likely[0][0], *given[1:])] if likely else []
    yield from (shape for shape in dict.fromkeys([*first, *likely]) if shape != given)
