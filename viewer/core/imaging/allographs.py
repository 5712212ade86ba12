"""The ways in which people write each digit, as control points of strokes.

A *run* is a list of control points of one smooth curve; a stroke is a list of runs joined
by corners, each starting where the one before ended; an allograph is a list of strokes.
The box is 1 high, y downwards, and about 0.65 wide. Every allograph draws its own
proportions from the generator; `viewer.core.imaging.simulate` bends the result further.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from viewer.core.imaging.allograph_pieces import Allograph
from viewer.core.imaging.allographs_0_4 import ZERO_TO_FOUR
from viewer.core.imaging.allographs_5_9 import FIVE_TO_NINE

# Digit -> its allographs and how often each is written.
ALLOGRAPHS: Mapping[int, tuple[tuple[float, Allograph], ...]] = MappingProxyType(
    {**ZERO_TO_FOUR, **FIVE_TO_NINE}
)
