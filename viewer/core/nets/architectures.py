"""The architectures that can be trained and opened by name.

Each of ours is a plain ``nn.Sequential`` whose layers are named in the order of execution and
which returns logits; those of torchvision are found by their names. Normalisation and dropout
belong to training: `viewer.core.nets.folding` takes them out of a trained network of ours without
changing what it computes.
"""

from __future__ import annotations

import difflib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from viewer.core.errors import UserError
from viewer.core.nets.table import checked_text, rows_to_json, without_training_rows
from viewer.core.nets.table_layers import table_layers
from viewer.core.nets.table_presets import SMALL, TABLE_PRESETS
from viewer.core.registry import Registry

Setting = bool | int | float | str
Settings = Mapping[str, Setting]
InputShape = tuple[int, int, int]
NamedLayers = Iterator[tuple[str, nn.Module]]

TABLE = "table"  # the architecture whose layers are rows of a table

MAX_MAPS = 1024
MAX_UNITS = 8192
MAX_INPUT_PX = 256
MAX_INPUT_CHANNELS = 4
MAX_CLASSES = 1000
EXAMPLE = "resnet18"  # of torchvision's names, for who asks for one that there is not


@dataclass(frozen=True, slots=True)
class HyperParameter:
    """One number, or text, that shapes an architecture.

    Attributes
    ----------
    name, help : str
    default : bool, int, float or str
        Its type is the type that a value must have.
    low, high : float
        Smallest and largest value of a number.
    read : callable
        Of a text: returns it in its one way of writing, or raises UserError.
    """

    name: str
    help: str
    default: Setting
    low: float = 0
    high: float = 1
    read: Callable[[str], str] = str

    def check(self, value: object, architecture: str) -> Setting:
        """Return `value` if its type and range are right; UserError otherwise."""
        what = f"The hyper-parameter {self.name} of {architecture}"
        if isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise UserError(f"{what} must be true or false, not {value!r}.")
            return value
        if isinstance(self.default, str):
            if not isinstance(value, str):
                raise UserError(f"{what} must be a text, not {type(value).__name__}.")
            return self.read(value)
        wanted = int if isinstance(self.default, int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            noun = "a whole number" if wanted is int else "a number"
            raise UserError(f"{what} must be {noun}, not {value!r}.")
        if not self.low <= value <= self.high:  # not a number fails this too
            raise UserError(f"{what} must be {self.low:g} to {self.high:g}, not {_short(value)}.")
        return type(self.default)(value)


def _short(value: float) -> str:
    """Return a number for a message; a whole one may have thousands of digits."""
    return f"{value:g}" if abs(value) < 1e300 else "that many"


def _without_training_settings(hyper: Settings) -> Settings:
    removed: Settings = {"batch_norm": False, "dropout": 0.0}
    return {name: removed.get(name, value) for name, value in hyper.items()}


@dataclass(frozen=True, slots=True)
class Architecture:
    """A family of networks.

    Attributes
    ----------
    name, description : str
    hyper_parameters : tuple of HyperParameter
    layers : callable
        ``layers(input_shape, classes, hyper)`` yields each layer with its name.
    smallest_px, largest_px : int
        Smallest and largest height and width of an image that its layers can take.
    folded : callable
        Returns what becomes of its hyper-parameters when a network is folded.
    network : callable or None
        ``network(input_shape, classes, hyper)`` returns it as a whole, in place of `layers`.
    """

    name: str
    description: str
    hyper_parameters: tuple[HyperParameter, ...]
    layers: Callable[[InputShape, int, Settings], NamedLayers] | None = None
    smallest_px: int = 1
    folded: Callable[[Settings], Settings] = _without_training_settings
    largest_px: int = MAX_INPUT_PX
    network: Callable[[InputShape, int, Settings], nn.Module] | None = None

    def complete(self, hyper: Mapping[str, object]) -> dict[str, Setting]:
        """Return `hyper` checked, with defaults for what it leaves out.

        Raises
        ------
        UserError
            If a name is unknown, or a value of the wrong type or out of range.
        """
        known = {parameter.name: parameter for parameter in self.hyper_parameters}
        for name in hyper:
            if name not in known:
                raise UserError(
                    f"{self.name} has no hyper-parameter {name!r}: it has {', '.join(known)}."
                )
        return {
            name: parameter.check(hyper.get(name, parameter.default), self.name)
            for name, parameter in known.items()
        }

    def folded_hyper(self, hyper: Mapping[str, object]) -> dict[str, Setting]:
        """Return the hyper-parameters of a network after `viewer.core.nets.folding.fold`.

        Parameters
        ----------
        hyper : mapping
            Of the network before; defaults for what it leaves out.

        Raises
        ------
        UserError
            If a name is unknown, or a value of the wrong type or out of range.
        """
        return self.complete(self.folded(self.complete(hyper)))

    def build(
        self,
        hyper: Mapping[str, object] | None = None,
        input_shape: InputShape = (1, 28, 28),
        classes: int = 10,
    ) -> nn.Module:
        """Build a network with fresh weights.

        Parameters
        ----------
        hyper : mapping, optional
            Values that differ from the defaults.
        input_shape : (C, H, W)
        classes : int
            Number of logits.

        Raises
        ------
        UserError
            If a value is not possible.
        """
        complete = self.complete({} if hyper is None else hyper)
        self._check_ends(input_shape, classes)
        if self.network is not None:
            return self.network(input_shape, classes, complete)
        layers = () if self.layers is None else self.layers(input_shape, classes, complete)
        return nn.Sequential(OrderedDict(layers))

    def build_empty(
        self, hyper: Mapping[str, object] | None, input_shape: InputShape, classes: int
    ) -> nn.Module:
        """Build a network whose weights are still to be loaded, see `build`.

        No random number is drawn, so that a training on another thread, whose dropout draws from
        the same generator, stays what it is.
        """
        with torch.device("meta"):
            network = self.build(hyper, input_shape, classes)
        return network.to_empty(device="cpu")

    def _check_ends(self, input_shape: InputShape, classes: int) -> None:
        channels, height, width = input_shape
        if not 1 <= channels <= MAX_INPUT_CHANNELS:
            raise UserError(
                f"{self.name} takes 1 to {MAX_INPUT_CHANNELS} channels, not {channels}: "
                "choose images of as many."
            )
        if not all(self.smallest_px <= side <= self.largest_px for side in (height, width)):
            raise UserError(
                f"{self.name} takes images of {self.smallest_px} to {self.largest_px} pixels a "
                f"side, not {height} × {width}: choose another size."
            )
        if not 2 <= classes <= MAX_CLASSES:
            raise UserError(
                f"{self.name} tells 2 to {MAX_CLASSES} classes apart, not {classes}: choose a data "
                "set with as many."
            )


def _digits(input_shape: InputShape, classes: int, hyper: Settings) -> NamedLayers:
    """Three convolutions with maximum pooling between, one dense layer."""
    channels, height, width = input_shape
    norm = bool(hyper["batch_norm"])
    for i in (1, 2, 3):
        maps, kernel = int(hyper[f"maps{i}"]), int(hyper[f"kernel{i}"])
        # A normalisation behind it subtracts the mean, so a bias would do nothing.
        yield f"conv{i}", nn.Conv2d(channels, maps, kernel, padding=kernel // 2, bias=not norm)
        if norm:
            yield f"norm{i}", nn.BatchNorm2d(maps)
        yield f"relu{i}", nn.ReLU()
        if i < 3:
            yield f"pool{i}", nn.MaxPool2d(2)
            height, width = height // 2, width // 2
        channels = maps
    yield "flatten", nn.Flatten()
    if hyper["dropout"]:
        yield "dropout", nn.Dropout(float(hyper["dropout"]))
    yield "dense", nn.Linear(channels * height * width, classes)


def _lenet5(input_shape: InputShape, classes: int, hyper: Settings) -> NamedLayers:
    """LeNet-5 of LeCun, Bottou, Bengio, Haffner: Gradient-based learning (1998), section II.B.

    Layers carry the paper's names and sizes: C1 6 maps, S2, C3 16 maps, S4, C5 120 units,
    F6 84 units, 10 outputs. What differs:

    - the 28 × 28 image is padded by 2 inside C1, in place of a 32 × 32 input;
    - S2 and S4 average, without the trainable coefficient, bias and squashing of the paper;
    - C3 sees all six maps of S2 (2,416 parameters) where the paper's table I leaves some
      connections out (1,516);
    - tanh(a) in place of 1.7159 tanh(2a/3): the weights around it can take up both factors;
    - the output is a dense layer with softmax and cross-entropy, not Euclidean RBF units.
    """
    channels, height, width = input_shape
    yield "c1", nn.Conv2d(channels, 6, 5, padding=2)  # (N, 6, 28, 28)
    yield "tanh1", nn.Tanh()
    yield "s2", nn.AvgPool2d(2)  # (N, 6, 14, 14)
    yield "c3", nn.Conv2d(6, 16, 5)  # (N, 16, 10, 10)
    yield "tanh3", nn.Tanh()
    yield "s4", nn.AvgPool2d(2)  # (N, 16, 5, 5)
    yield "c5", nn.Conv2d(16, 120, 5)  # (N, 120, 1, 1)
    yield "tanh5", nn.Tanh()
    yield "flatten", nn.Flatten()
    side_y, side_x = (((side // 2) - 4) // 2 - 4 for side in (height, width))
    yield "f6", nn.Linear(120 * side_y * side_x, 84)
    yield "tanh6", nn.Tanh()
    if hyper["dropout"]:
        yield "dropout", nn.Dropout(float(hyper["dropout"]))
    yield "output", nn.Linear(84, classes)


def _mlp(input_shape: InputShape, classes: int, hyper: Settings) -> NamedLayers:
    """Two hidden dense layers: no idea of neighbouring pixels at all."""
    units = math.prod(input_shape)
    yield "flatten", nn.Flatten()
    for i in (1, 2):
        hidden = int(hyper[f"units{i}"])
        yield f"dense{i}", nn.Linear(units, hidden, bias=not hyper["batch_norm"])
        if hyper["batch_norm"]:
            yield f"norm{i}", nn.BatchNorm1d(hidden)
        yield f"relu{i}", nn.ReLU()
        if hyper["dropout"]:
            yield f"dropout{i}", nn.Dropout(float(hyper["dropout"]))
        units = hidden
    yield "dense3", nn.Linear(units, classes)


def _table(input_shape: InputShape, classes: int, hyper: Settings) -> NamedLayers:
    """Return the layers of a table that somebody has put together."""
    return table_layers(str(hyper["layers"]), input_shape, classes)


def _folded_table(hyper: Settings) -> Settings:
    return {"layers": without_training_rows(str(hyper["layers"]))}


_BATCH_NORM = HyperParameter("batch_norm", "normalise batches while training", False)
_DROPOUT = HyperParameter("dropout", "share of units dropped while training", 0.0, 0.0, 0.9)


def _of_torchvision(name: str) -> Architecture | None:
    # Here, because that module needs this one, and imports torchvision.
    from viewer.core.nets.torchvision_models import torchvision_architecture

    return torchvision_architecture(name)


def _nearest_of_torchvision(name: str) -> str:
    from viewer.core.nets.torchvision_models import torchvision_names  # as above

    nearest = difflib.get_close_matches(name, torchvision_names()) or [EXAMPLE]
    return f"a classification network of torchvision's, such as {', '.join(nearest)}"


def architectures() -> Registry[Architecture]:
    """Return the known architectures by name; those of torchvision are found, and not listed."""
    known: Registry[Architecture] = Registry(
        "architecture", _of_torchvision, _nearest_of_torchvision
    )
    for architecture in (
        Architecture(
            "digits",
            "three convolutions that a learner can read in full",
            (
                HyperParameter("maps1", "feature maps of conv1", 16, 1, MAX_MAPS),
                HyperParameter("maps2", "feature maps of conv2", 32, 1, MAX_MAPS),
                HyperParameter("maps3", "feature maps of conv3", 32, 1, MAX_MAPS),
                HyperParameter("kernel1", "kernel size of conv1", 5, 1, 11),
                HyperParameter("kernel2", "kernel size of conv2", 5, 1, 11),
                HyperParameter("kernel3", "kernel size of conv3", 5, 1, 11),
                _BATCH_NORM,
                _DROPOUT,
            ),
            _digits,
            smallest_px=4,
        ),
        Architecture(
            "lenet5", "LeNet-5 of 1998, with the paper's layer sizes", (_DROPOUT,), _lenet5, 28
        ),
        Architecture(
            "mlp",
            "dense layers only, for comparison",
            (
                HyperParameter("units1", "units of dense1", 128, 1, MAX_UNITS),
                HyperParameter("units2", "units of dense2", 64, 1, MAX_UNITS),
                _BATCH_NORM,
                _DROPOUT,
            ),
            _mlp,
        ),
        Architecture(
            TABLE,
            "layers from a table that you put together",
            (
                HyperParameter(
                    "layers",
                    "rows of the table, as JSON",
                    rows_to_json(TABLE_PRESETS[SMALL]),
                    read=checked_text,
                ),
            ),
            _table,
            folded=_folded_table,
        ),
    ):
        known.add(architecture.name, architecture)
    return known
