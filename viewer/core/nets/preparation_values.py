"""A `Preparation` as plain values, for files; needs no torch."""

from __future__ import annotations

from viewer.core.records import INTERPOLATIONS, Fit, Preparation, Step

MAX_RESIZE_PX = 4096  # of the shorter side, before the crop


def preparation_values(preparation: Preparation) -> dict[str, object]:
    """Return what JSON can hold of a preparation."""
    return {
        "digit": preparation.digit,
        "fit": preparation.fit.value,
        "resize": preparation.resize,
        "interpolation": preparation.interpolation,
        "invert": preparation.invert,
        "off": sorted(step.value for step in preparation.off),
    }


def preparation_of(values: object) -> Preparation | None:
    """Return the preparation that plain values say; None if they say none."""
    if not isinstance(values, dict):
        return None
    given = preparation_values(Preparation()) | values
    off, resize = given["off"], given["resize"]
    if not (isinstance(given["digit"], bool) and isinstance(given["invert"], bool)):
        return None
    if not isinstance(resize, int) or isinstance(resize, bool) or not 0 <= resize <= MAX_RESIZE_PX:
        return None
    if given["interpolation"] not in INTERPOLATIONS or not isinstance(off, list):
        return None
    try:
        fit, steps = Fit(str(given["fit"])), frozenset(Step(str(step)) for step in off)
    except ValueError:
        return None
    return Preparation(
        digit=given["digit"],
        fit=fit,
        resize=resize,
        interpolation=str(given["interpolation"]),
        invert=given["invert"],
        off=steps,
    )
