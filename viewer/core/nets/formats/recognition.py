"""Which known architectures weights fit, by their names and shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from viewer.core.errors import UserError
from viewer.core.nets.architectures import InputShape, Setting, architectures
from viewer.core.nets.formats.empty import (
    COUNTERS,
    build_empty_torchvision,
    fingerprint,
    shapes_of,
    torchvision_rows,
)
from viewer.core.nets.formats.torchvision_table import TORCHVISION
from viewer.core.nets.profile import MAX_CHANNELS
from viewer.core.nets.torchvision_models import (
    table_holds,
    torchvision_metadata,
    torchvision_names,
)

Shapes = Mapping[str, tuple[int, ...]]
Rows = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Fit:
    """An architecture that weights fit.

    Attributes
    ----------
    architecture : str
    hyper : mapping of str to setting
    input_shape : (C, H, W)
        Smallest or usual one that the weights allow.
    classes : int
    torchvision : bool
    """

    architecture: str
    hyper: Mapping[str, Setting]
    input_shape: InputShape
    classes: int
    torchvision: bool = False

    def build_empty(self) -> nn.Module:
        """Build it without memory for its weights: they are on the meta device."""
        if self.torchvision:
            return build_empty_torchvision(
                self.architecture, self.classes, self.input_shape, self.hyper
            )
        with torch.device("meta"):
            return (
                architectures()
                .get(self.architecture)
                .build(self.hyper, self.input_shape, self.classes)
            )


def fits(shapes: Shapes) -> tuple[Fit, ...]:
    """Return every known architecture that weights of these names and shapes fit."""
    found = _fitting(shapes, TORCHVISION)
    # Of another version of torchvision the table knows some architectures only.
    return found or (() if table_holds() else _fitting(shapes, _installed_rows()))


def nearest(shapes: Shapes) -> str:
    """Return what keeps weights from fitting the architecture with the same names; or empty."""
    for fit in _candidates(shapes, TORCHVISION if table_holds() else _installed_rows()):
        for name, found, wanted in _differences(fit, shapes):
            return f"{fit.architecture} has {name} of the shape {wanted}, not {found}"
    return ""


def _fitting(shapes: Shapes, rows: Rows) -> tuple[Fit, ...]:
    return tuple(fit for fit in _candidates(shapes, rows) if _differences(fit, shapes) == ())


@cache
def _installed_rows() -> Rows:
    """Return the table of the torchvision that is installed: takes seconds, once."""
    return dict(torchvision_rows())


def _differences(
    fit: Fit, shapes: Shapes
) -> tuple[tuple[str, tuple[int, ...] | None, tuple[int, ...] | None], ...]:
    try:
        wanted = shapes_of(fit.build_empty())
    except UserError:  # of sizes beyond what the architecture takes
        return (("a layer", None, None),)
    names = {n for n in wanted.keys() | shapes.keys() if not n.endswith(COUNTERS)}
    different = (n for n in sorted(names) if wanted.get(n) != shapes.get(n))
    return tuple((name, shapes.get(name), wanted.get(name)) for name in different)


def _candidates(shapes: Shapes, rows: Rows) -> Iterator[Fit]:
    for guess in (_digits, _lenet5, _mlp):
        fit = guess(shapes)
        if fit is not None:
            yield fit
    mark = fingerprint(shapes)
    for name, (known, last) in rows.items():
        # The names last: they take torchvision's import, half a second and more.
        if known == mark and shapes.get(last) and name in torchvision_names():
            shape = _image_shape(name, shapes)
            yield Fit(name, {}, shape, shapes[last][0], torchvision=True)


def _image_shape(name: str, shapes: Shapes) -> InputShape:
    """Return the size that one of torchvision's architectures has these weights for."""
    channels, height, width = torchvision_metadata(name, pretrained=False).input_shape
    first = next((shape for shape in shapes.values() if len(shape) == 4), ())
    if first and first[1] <= MAX_CHANNELS:
        channels = first[1]
    patches = shapes.get("encoder.pos_embedding", ())
    if name.startswith("vit_") and len(patches) == 3 and first:
        height = width = math.isqrt(max(patches[1] - 1, 1)) * first[2]
    return channels, height, width


def _has(shapes: Shapes, ranks: Mapping[str, int]) -> bool:
    return all(len(shapes.get(name, ())) == rank for name, rank in ranks.items())


def _digits(shapes: Shapes) -> Fit | None:
    convolutions = {f"conv{i}.weight": 4 for i in (1, 2, 3)}
    if not _has(shapes, {**convolutions, "dense.weight": 2}):
        return None
    hyper: dict[str, Setting] = {"batch_norm": "norm1.weight" in shapes}
    for i in (1, 2, 3):
        hyper[f"maps{i}"], _, hyper[f"kernel{i}"], _ = shapes[f"conv{i}.weight"]
    classes, units = shapes["dense.weight"]
    pooled = _square_side(units, shapes["conv3.weight"][0])
    if pooled is None:
        return None
    side = pooled * 4  # two poolings by 2; the remainder of the division is not in the weights
    return Fit("digits", hyper, (shapes["conv1.weight"][1], side, side), classes)


def _lenet5(shapes: Shapes) -> Fit | None:
    layers = {"c1.weight": 4, "c3.weight": 4, "c5.weight": 4, "f6.weight": 2, "output.weight": 2}
    if not _has(shapes, layers):
        return None
    pooled = _square_side(shapes["f6.weight"][1], 120)
    if pooled is None:
        return None
    side = ((pooled + 4) * 2 + 4) * 2
    return Fit("lenet5", {}, (shapes["c1.weight"][1], side, side), shapes["output.weight"][0])


def _mlp(shapes: Shapes) -> Fit | None:
    if not _has(shapes, {f"dense{i}.weight": 2 for i in (1, 2, 3)}):
        return None
    units, pixels = shapes["dense1.weight"]
    for channels in (1, 3, 4, 2):
        side = _square_side(pixels, channels)
        if side is not None:
            hyper = {
                "units1": units,
                "units2": shapes["dense2.weight"][0],
                "batch_norm": "norm1.weight" in shapes,
            }
            return Fit("mlp", hyper, (channels, side, side), shapes["dense3.weight"][0])
    return None


def _square_side(units: int, channels: int) -> int | None:
    """Return the side of square maps that have `units` pixels in all; None if there are none."""
    if channels < 1 or units < 1 or units % channels:
        return None
    side = math.isqrt(units // channels)
    return side if side * side * channels == units else None
