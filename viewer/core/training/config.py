"""What a training is to do: settings, checked, to and from JSON. No torch here.

Each setting carries its own range and help, so that the command line and the window are
made from the same table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from viewer.core.errors import UserError
from viewer.core.resources import resource_path

OPTIMISERS = ("sgd", "adam", "adamw")
SCHEDULES = ("constant", "step", "cosine", "onecycle")
_MAX_SEED = 2**32 - 1


def _setting(
    default: Any,
    help_text: str,
    low: float = 0.0,
    high: float = math.inf,
    choices: tuple[str, ...] = (),
) -> Any:
    metadata = {"help": help_text, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a training image may be distorted; the defaults leave it as it is.

    Each amount is the largest, drawn evenly from plus to minus for every image anew.
    """

    rotation_deg: float = _setting(0.0, "rotation, degrees", high=180)
    shift_px: float = _setting(0.0, "shift, pixels", high=28)
    scale: float = _setting(0.0, "size times 1 ± this", high=0.9)
    aspect: float = _setting(0.0, "width to height times 1 ± this", high=0.9)
    shear: float = _setting(0.0, "slant, pixels sideways a pixel of height", high=1)
    elastic_px: float = _setting(0.0, "smooth random displacement, standard deviation", high=5)
    thickness: float = _setting(0.0, "share of a 3 × 3 dilation (half of it of an erosion)", high=1)
    gain_low: float = _setting(1.0, "ink times at least this, cut off at white", 0.05, 20)
    gain_high: float = _setting(1.0, "ink times at most this, cut off at white", 0.05, 20)
    simulated: float = _setting(0.0, "share of simulated pen drawings among the images", high=0.9)

    def __post_init__(self) -> None:
        _check_fields(self)
        if self.gain_low > self.gain_high:
            raise UserError("The setting gain_low must not be above gain_high.")

    @property
    def moves(self) -> bool:
        """Whether it resamples images at all."""
        amounts = (self.rotation_deg, self.shift_px, self.scale, self.aspect, self.shear)
        return any(amounts) or self.elastic_px > 0

    @property
    def distorts(self) -> bool:
        """Whether it changes images at all."""
        gains = (self.gain_low, self.gain_high) != (1.0, 1.0)
        return self.moves or self.thickness > 0 or gains


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides the outcome of a training.

    Attributes
    ----------
    hyper : mapping of str to bool, int, float or str
        Hyper-parameters of the architecture that differ from its defaults.
    augmentation : Augmentation
    frozen : tuple of str
        Layers whose parameters stay as they are, by their names in the network.
    start : str
        Network to start from: a name in the box or a file; empty for random weights.
    drawings_share : float
        How many of the training images are drawings of one's own, [0, 0.9].
    """

    dataset: str = _setting("mnist", "data set")
    architecture: str = _setting(
        "digits", "architecture, or a network of torchvision's by its name"
    )
    hyper: Mapping[str, bool | int | float | str] = field(
        default_factory=lambda: MappingProxyType({})
    )
    epochs: int = _setting(5, "passes over the training images", 1, 10_000)
    batch_size: int = _setting(64, "images a step", 1, 65_536)
    optimiser: str = _setting("adamw", "optimiser", choices=OPTIMISERS)
    lr: float = _setting(1e-3, "learning rate, the largest of the schedule", 1e-9, 1e3)
    momentum: float = _setting(0.9, "momentum of sgd", high=0.9999)
    nesterov: bool = _setting(True, "Nesterov's momentum in sgd")
    weight_decay: float = _setting(0.0, "decay of weights, not of biases and norms", high=10)
    schedule: str = _setting("onecycle", "course of the learning rate", choices=SCHEDULES)
    step_epochs: int = _setting(10, "schedule step: epochs between two drops", 1, 10_000)
    step_factor: float = _setting(0.1, "schedule step: factor of a drop", 1e-6, 1)
    label_smoothing: float = _setting(0.0, "share of the target spread over all classes", high=0.9)
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = _setting(0, "seed of weights, order, augmentation and dropout", 0, _MAX_SEED)
    validation: float = _setting(0.0, "share of the training images kept for validation", high=0.9)
    ema: float = _setting(0.0, "decay of the running average of weights; 0 for none", high=0.99999)
    device: str = _setting("cpu", "device: cpu, cuda, cuda:1, mps")
    threads: int = _setting(1, "threads of the computation", 1, 1024)
    channels_last: bool = _setting(False, "channels last in memory: faster, rounds differently")
    frozen: tuple[str, ...] = ()
    start: str = _setting("", "network to start from: a name in the box, or a file")
    drawings_share: float = _setting(0.0, "share of own drawings among the images", high=0.9)

    def __post_init__(self) -> None:
        _check_fields(self)
        if not isinstance(self.hyper, Mapping):
            raise UserError(f"The setting hyper must be an object, not {self.hyper!r}.")
        if not isinstance(self.augmentation, Augmentation):
            raise UserError(f"The setting augmentation is no object: {self.augmentation!r}.")
        frozen = self.frozen
        if not isinstance(frozen, list | tuple) or not all(isinstance(n, str) for n in frozen):
            raise UserError(f"The setting frozen must be a list of layers, not {frozen!r}.")
        object.__setattr__(self, "frozen", tuple(frozen))  # JSON has lists only

    def to_json(self) -> str:
        """Return it as an indented JSON object that `from_json` reads."""
        # asdict would try to copy the mapping proxy, which can't be.
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["hyper"] = dict(self.hyper)
        values["augmentation"] = asdict(self.augmentation)
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "The configuration") -> TrainingConfig:
        """Read a JSON object; what it leaves out has its default.

        Parameters
        ----------
        text : str or bytes
        name : str
            What the text is, for messages: a file's name.

        Raises
        ------
        UserError
            If it is no JSON object, or a setting is unknown, of the wrong type or range.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise UserError(f"{name} is not valid JSON: correct it.") from None
        if not isinstance(values, dict):
            raise UserError(f"{name} is not a JSON object of settings: correct it.")
        try:
            return cls.from_mapping(values)
        except UserError as error:
            raise UserError(f"{name}: {error}") from None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Build it from plain values, `augmentation` being a mapping in turn.

        Raises
        ------
        UserError
            If a setting is unknown, of the wrong type or out of range.
        """
        augmentation = values.get("augmentation", {})
        if not isinstance(augmentation, Mapping):
            raise UserError(f"The setting augmentation must be an object, not {augmentation!r}.")
        _refuse_unknown(cls, values)
        _refuse_unknown(Augmentation, augmentation)
        return cls(**{**values, "augmentation": Augmentation(**augmentation)})


def _refuse_unknown(cls: type, values: Mapping[str, Any]) -> None:
    known = [f.name for f in fields(cls)]
    for name in values:
        if name not in known:
            raise UserError(f"There is no setting {name!r}: there are {', '.join(known)}.")


def _check_fields(config: Augmentation | TrainingConfig) -> None:
    """Check every plain setting, and turn whole numbers into floats where one is meant."""
    for item in fields(config):
        if "help" in item.metadata:
            checked = _checked(item.name, getattr(config, item.name), item.default, item.metadata)
            object.__setattr__(config, item.name, checked)


def _checked(name: str, value: object, default: object, limits: Mapping[str, Any]) -> object:
    what = f"The setting {name} must be"
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise UserError(f"{what} true or false, not {value!r}.")
        return value
    if isinstance(default, str):
        choices = limits["choices"]
        if not isinstance(value, str) or (choices and value not in choices):
            noun = f"one of {', '.join(choices)}" if choices else "a name"
            raise UserError(f"{what} {noun}, not {value!r}.")
        return value
    wanted: tuple[type, ...] = (int,) if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        noun = "a whole number" if wanted == (int,) else "a number"
        raise UserError(f"{what} {noun}, not {value!r}.")
    assert isinstance(value, int | float)
    low, high = limits["low"], limits["high"]
    if not low <= value <= high:  # not a number fails this too
        raise UserError(f"{what} {low:g} to {high:g}, not {value}.")
    return value if isinstance(default, int) else float(value)


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes in the box: the configurations of what is shipped.

    Raises
    ------
    UserError
        If the installation has none.
    """
    return tuple(sorted(path.stem for path in resource_path("recipes").glob("*.json")))


def load_recipe(name: str) -> TrainingConfig:
    """Return a recipe in the box by its name; UserError if there is none."""
    if name not in recipe_names():
        known = ", ".join(recipe_names())
        raise UserError(f"There is no recipe {name!r}: choose one of {known}.")
    return load_config(resource_path("recipes", f"{name}.json"))


def load_config(path: Path) -> TrainingConfig:
    """Read a configuration file; UserError if it can't be read or is wrong."""
    try:
        text = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path} can't be read ({reason}): give a configuration file.") from None
    return TrainingConfig.from_json(text, str(path))
