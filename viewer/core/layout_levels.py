"""How large maps are: what is tried to show a whole network at once."""

from __future__ import annotations

from viewer.core.card_level import Level

# What "Fit" tries, from large to small. The last one is taken even if it doesn't fit.
FIT_LEVELS = tuple(
    Level(zoom, growth)
    for zoom, growth in (
        *((zoom, 0.5) for zoom in (20, 16, 14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3.5)),
        (3.4, 0.75),
        (3.0, 0.5),
        (2.5, 0.5),
        (2.4, 0.75),
        *((zoom, 0.5) for zoom in (2.25, 2, 1.75, 1.5)),
        (1.5, 0.0),
        (1.45, 0.75),
        (1.4, 0.5),
        (1.4, 0.25),
        (1.0, 0.5),
    )
)
# Of networks of large images, where maps are reduced; where not even the last one fits, the
# view scrolls over maps of a size that can be read.
REDUCED_LEVELS = (*FIT_LEVELS, *(Level(zoom) for zoom in (0.7, 0.5, 0.35, 0.25)))
READABLE = Level(0.5)
