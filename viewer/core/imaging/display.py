"""How values are shown as colours: what the person chose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

GRADIENT_COLORS = ("purple-white-orange", "pink-black-green")  # on light, on dark


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

    def for_input(self) -> DisplaySettings:
        """Return them as an image is shown: in greys, as what it is, with a scale of its own.

        What changed in it between two steps is no image, and has the signed colours.
        """
        return replace(self, sequential="grey", scope=Scope.LAYER)

    def for_gradients(self) -> DisplaySettings:
        """Return them with other signed colours, so that gradients aren't taken for weights.

        They share a scale with nothing else: each layer has its own, or each channel.
        """
        colors = GRADIENT_COLORS[self.dark]
        if colors == self.signed:
            colors = "automatic"
        return replace(self, signed=colors)
