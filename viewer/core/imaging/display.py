"""How values are shown as colours: what the person chose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Over which values a colour scale reaches."""

    LAYER = "layer"
    CHANNEL = "channel"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class DisplaySettings:
    """Choice of colours.

    Attributes
    ----------
    sequential : str
        Colours of values that are never negative: one of ``color_scale.available(False)``.
    signed : str
        Colours of values of both signs: one of ``color_scale.available(True)``.
    scope : Scope
        Which values share a scale.
    dark : bool
        Whether the window is dark: ``automatic`` signed colours then have a dark middle.
    """

    sequential: str = "viridis"
    signed: str = "automatic"
    scope: Scope = Scope.LAYER
    dark: bool = False
