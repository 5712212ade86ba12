"""What a person has said about a network's file: class names, input size, mean, std.

Needs no torch: the window keeps it, and the opening takes it.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields

from viewer.core.errors import UserError
from viewer.core.nets.preparation_values import preparation_of, preparation_values
from viewer.core.records import Preparation
from viewer.core.sentences import count_of

MAX_SIDE_PX = 4096
MAX_CHANNELS = 4
MAX_CLASSES = 100_000
MAX_NAME_LENGTH = 200  # of a class or a data set: it is laid out on the window's thread
MAX_NUMBER = 1e9
MIN_STD = 1e-6  # a smaller one would blow pixels up beyond float32's precision
# Of the pixels of ImageNet in [0, 1], red, green and blue, as torchvision has them.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is to be used in place of what a file says, or of what was guessed.

    Attributes
    ----------
    architecture : str
        Which of several that fit; empty: as the file says.
    input_shape : (C, H, W) or None
        None: as the file says. So are the others.
    mean, std : tuple of float or None
        One a channel, or one for all, for pixels in [0, 1].
    class_names : tuple of str or None
        One for each logit.
    preparation : Preparation or None

    Raises
    ------
    UserError
        If a value is not possible: the sentence says which.
    """

    architecture: str = ""
    input_shape: tuple[int, int, int] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    class_names: tuple[str, ...] | None = None
    preparation: Preparation | None = None

    def __post_init__(self) -> None:
        if self.input_shape is not None:
            _check_shape(self.input_shape)
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None:
                _check_numbers(name, values, self.input_shape)
        if self.std is not None and min(self.std) < MIN_STD:
            raise UserError(f"A std of {min(self.std):g} is not above 0: give a larger one.")
        if self.class_names is not None:
            _check_names(self.class_names)

    def to_json(self) -> str:
        """Return it as a JSON object that `from_json` reads."""
        values = asdict(self)
        if self.preparation is not None:
            values["preparation"] = preparation_values(self.preparation)
        return json.dumps(values, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """Read what `to_json` wrote; it may have been changed by anyone.

        Raises
        ------
        UserError
            If it is no such object, or a value in it is not possible.
        """
        try:
            values = dict(json.loads(text))
            known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
            for name in ("input_shape", "mean", "std", "class_names"):
                if known.get(name) is not None:
                    known[name] = tuple(known[name])
            if known.get("preparation") is not None:
                known["preparation"] = _preparation(known["preparation"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise UserError(
                "What was kept about this network can't be read: set it again."
            ) from None
        return cls(**known)


def per_channel(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Return one number a channel, of as many or of one for all."""
    return values * channels if len(values) == 1 else values


def _preparation(values: object) -> Preparation:
    found = preparation_of(values)
    if found is None:
        raise ValueError(values)
    return found


def _check_shape(shape: tuple[int, int, int]) -> None:
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in shape)
    if len(shape) != 3 or not whole:
        raise UserError("An input size is three whole numbers: give channels, height and width.")
    channels, *sides = shape
    if not 1 <= channels <= MAX_CHANNELS:
        raise UserError(f"An image has 1 to {MAX_CHANNELS} channels, not {channels}: give another.")
    if not all(1 <= side <= MAX_SIDE_PX for side in sides):
        raise UserError(
            f"An image of {sides[0]} × {sides[1]} pixels is not possible: "
            f"give sides of 1 to {MAX_SIDE_PX}."
        )


def _check_numbers(
    name: str, values: tuple[float, ...], shape: tuple[int, int, int] | None
) -> None:
    numbers = (isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if not values or not all(numbers) or not all(map(math.isfinite, values)):
        raise UserError(f"The {name} is not a list of numbers: give one a channel.")
    if max(map(abs, values)) > MAX_NUMBER:
        raise UserError(f"The {name} has a number beyond {MAX_NUMBER:g}: give a smaller one.")
    if shape is not None and len(values) not in (1, shape[0]):
        have, channels = count_of(len(values), "number"), count_of(shape[0], "channel")
        raise UserError(
            f"The {name} has {have} for {channels}: give one for each channel, or one for all."
        )


def _check_names(names: tuple[str, ...]) -> None:
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise UserError("A class has no name: give one name a line.")
    if len(names) > MAX_CLASSES:
        raise UserError(f"There are {len(names):,} class names: give at most {MAX_CLASSES:,}.")
    for name in names:
        if len(name) > MAX_NAME_LENGTH or not name.isprintable():
            shown = name[:20].encode("ascii", "backslashreplace").decode()
            raise UserError(f"The class name {shown}… is no short line of text: give another.")
    if len(set(names)) != len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise UserError(f"Two classes are called {twice}: give each a name of its own.")
