"""Frozen records that cross threads. Numpy only, and they own their arrays.

Dimensions, everywhere: a feature map is ``(C, H, W)``, a dense layer ``(N,)``, an image
``(H, W)`` with ink 1 and paper 0; convolution weights are ``(out, in / groups, kH, kW)``,
dense weights ``(out, in)``. All are float32 and without a batch axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class Kind(StrEnum):
    """What a node of the network does: decides how its card looks."""

    INPUT = "input"
    CONVOLUTION = "convolution"
    ACTIVATION = "activation"
    POOLING = "pooling"
    NORMALISATION = "normalisation"
    DROPOUT = "dropout"
    FLATTEN = "flatten"
    DENSE = "dense"
    SOFTMAX = "softmax"
    OTHER = "other"
    BLOCK = "block"  # several nodes shown as one; no network has a node of this kind


@dataclass(frozen=True, slots=True)
class Stroke:
    """One pen-down to pen-up.

    Attributes
    ----------
    points : (N, 2) float32, N >= 1
        x to the right and y downwards, in canvas pixels.
    width_px : float
        Pen width in canvas pixels: what the pad shows, not what the network sees.
    pressure : (N,) float32 in [0, 1], or None
        Tablet pressure at each point; None for a mouse or a finger.
    """

    points: FloatArray
    width_px: float = 16.0
    pressure: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """Vector strokes, and the canvas that they were drawn on.

    Attributes
    ----------
    strokes : tuple of Stroke
        In the order drawn.
    canvas : (width, height) or None
        In the unit of the points; None means the ink's own extent.
    label : str or None
        What the writer meant, where that is known.
    """

    strokes: tuple[Stroke, ...] = ()
    canvas: tuple[float, float] | None = None
    label: str | None = None


class Legibility(StrEnum):
    """Whether there is anything to classify."""

    OK = "ok"
    BLANK = "blank"
    SPECK = "speck"


@dataclass(frozen=True, slots=True)
class DigitImage:
    """What preprocessing makes of a drawing or a picture.

    Attributes
    ----------
    pixels : (H, W), or (C, H, W) for a network of several channels, float32, [0, 1]
        Before the network's own mean and std are applied; of a digit ink 1, paper 0.
    legibility : Legibility
        BLANK has no prediction; SPECK is ink too small to be read as a digit.
    """

    pixels: FloatArray
    legibility: Legibility

    @property
    def grey(self) -> FloatArray:
        """The pixels as one channel, (H, W): the mean of several."""
        return self.pixels if self.pixels.ndim == 2 else self.pixels.mean(axis=0)

    def pixel(self, channel: int, y: int, x: int) -> float:
        """Return the value of one pixel of one channel."""
        return float(self.pixels[y, x] if self.pixels.ndim == 2 else self.pixels[channel, y, x])


@dataclass(frozen=True, slots=True)
class Transparency:
    """What became of a picture's transparent parts.

    Attributes
    ----------
    ground : str
        ``white`` or ``black``: what the picture's colours were laid on.
    beneath : (H, W, 3) uint8
        The colours that the file has for every pixel, as Pillow's ``convert("RGB")`` has them.
    """

    ground: str
    beneath: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that somebody opened, pasted, or chose from a data set.

    Attributes
    ----------
    pixels : (H, W) float32, [0, 1]
        Luminance as in the file; for a prepared picture ink 1, paper 0.
    title : str
        File name, or ``MNIST test 42``.
    prepared : bool
        True if it is already as the network's data set has it (an MNIST image):
        background, polarity, scale and position are then left alone.
    label : str or None
        The true class, where known.
    rgb : (H, W, 3) uint8 or None
        Colours as in the file; None for a picture that is grey.
    path : str or None
        File that it was read from.
    values : (C, H, W) float32, or None
        Goes into a network of so many channels as it is, in place of the pixels: nothing is
        resized, cropped or normalised.
    size : (width, height) or None
        Of the file, upright, in pixels; None where it is that of the colours, or of the pixels.
    transparency : Transparency or None
        What the colours were laid on; None of a picture that is opaque.
    """

    pixels: FloatArray
    title: str
    prepared: bool = False
    label: str | None = None
    rgb: NDArray[np.uint8] | None = None
    path: str | None = None
    values: FloatArray | None = None
    size: tuple[int, int] | None = None
    transparency: Transparency | None = None


class Fit(StrEnum):
    """How a picture of any size becomes one of the network's size."""

    CROP = "crop"  # the shorter side to `Preparation.resize`, then the middle is cut out
    STRETCH = "stretch"  # to the network's size, whatever becomes of the proportions
    PAD = "pad"  # the longer side to the network's size, the rest in the network's mean
    NATIVE = "native"  # as it is: the network answers at the picture's own size


class Step(StrEnum):
    """One step of a preparation that a person can switch off, in the order they are done."""

    TRANSPARENCY = "transparency"
    INVERT = "invert"
    GREY = "grey"
    RESIZE = "resize"
    CROP = "crop"
    NORMALISE = "normalise"


INTERPOLATIONS = ("nearest", "bilinear", "bicubic")


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is done to a picture before the network sees it.

    Attributes
    ----------
    digit : bool
        As a handwritten digit: ink found, cropped, scaled and centred as MNIST does it; all
        that follows is for pictures that are not.
    fit : Fit
    resize : int
        Pixels of the shorter side before the crop; 0 for the network's own size.
    interpolation : str
        ``nearest``, ``bilinear`` or ``bicubic``, with antialiasing, as torchvision has it.
    invert : bool
        Light becomes dark: for networks of white ink on black.
    off : frozenset of Step
        Steps that a person has switched off, to see what they do.
    """

    digit: bool = True
    fit: Fit = Fit.CROP
    resize: int = 0
    interpolation: str = "bilinear"
    invert: bool = False
    off: frozenset[Step] = frozenset()


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """One question to the network; carries all that the answer needs.

    Attributes
    ----------
    generation : int
        Grows by one a request.
    source : Drawing or Picture
        What to classify.
    raw : bool
        Feed the canvas as it is, scaled to the network's size, without crop, scaling to
        20 pixels and centring.
    preparation : Preparation or None
        In place of the network's own; None for that.
    keep : frozenset of str, or None
        Names of the nodes whose outputs are wanted: fewer are faster. None for all.
    """

    generation: int
    source: Drawing | Picture
    raw: bool = False
    preparation: Preparation | None = None
    keep: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Geometry of an operation that slides over its input: convolution or pooling.

    Attributes
    ----------
    kernel_size, stride, padding, dilation : (vertical, horizontal)
        In pixels of the input; `padding` on each side.
    groups : int
        Of a convolution; 1 for pooling.
    """

    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a network: a node of its graph.

    Attributes
    ----------
    name : str
        Unique in the network, as PyTorch names it (``features.conv1``).
    kind : Kind
        Decides how it is shown.
    type_name : str
        The operation's own name (``Conv2d``, ``relu``).
    inputs : tuple of str
        Names of the nodes whose outputs it takes, in order; empty for the input.
    output_shape : tuple of int
        Without the batch axis: ``(C, H, W)`` or ``(N,)``.
    parameters : int
        Trainable numbers it holds itself.
    signed : bool
        Whether its output can be negative: decides between the two families of colours.
    settings : mapping of str to str
        What a person would ask next (``kernel_size: 5 × 5``, ``stride: 1``), for display.
    window : Window or None
        Geometry, for convolution and pooling.
    """

    name: str
    kind: Kind
    type_name: str
    inputs: tuple[str, ...]
    output_shape: tuple[int, ...]
    parameters: int
    signed: bool
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    window: Window | None = None


class WeightsKind(StrEnum):
    """What stands in a record of weights."""

    WEIGHTS = "weights"
    GRADIENTS = "gradients"
    DIFFERENCES = "differences"

    @property
    def noun(self) -> str:
        """What one of the numbers is called."""
        return self.value.removesuffix("s")


@dataclass(frozen=True, slots=True)
class WeightsRecord:
    """A snapshot of a network's weights, or of what is shown in their place.

    Attributes
    ----------
    step : int
        Training step that they belong to; 0 for a network as loaded.
    weights, biases : mapping of node name to array
        Only nodes that have them.
    buffers : mapping of node name to mapping of str to float32 array
        What else a node computes with: ``running_mean``, ``running_var`` (C,), and its numbers
        that are not trained (``eps``, ``negative_slope``), each of shape () or (n,). Empty if
        the values are not a network's own weights (gradients, differences).
    kind : WeightsKind
        What the numbers are.
    """

    step: int
    weights: Mapping[str, FloatArray]
    biases: Mapping[str, FloatArray]
    buffers: Mapping[str, Mapping[str, FloatArray]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    kind: WeightsKind = WeightsKind.WEIGHTS


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """What a network is: its graph in order of execution, and what its file says of it.

    Attributes
    ----------
    title : str
        Name to show (``digits``, or a file's name).
    architecture : str
        Registered name of the architecture.
    nodes : tuple of Node
        Topologically sorted; the first is the input, the last gives the probabilities.
    logits : str
        Name of the node whose output is the logits.
    input_shape : (C, H, W)
        What the network takes.
    mean, std : tuple of float, one a channel
        Applied to pixels in [0, 1] before the network.
    class_names : tuple of str
        One for each logit.
    parameters : int
        Trainable numbers in all.
    test_accuracy : float or None
        In [0, 1], on the data set named; None if the file doesn't say.
    dataset : str or None
        Data set of `test_accuracy`.
    source : str
        Where it came from: ``in the box``, ``training`` or a path.
    hyper : mapping of str to number or text
        Hyper-parameters that the architecture was built with.
    preparation : Preparation
        What is done to a picture before the network sees it.
    modules : mapping of str to str
        Class name of every module by its path (``layer1.0: BasicBlock``), without the root:
        what the nodes' paths mean. Empty where nothing is known.
    dataset_name : str
        What its data set is called where images are loaded: as registered, or a folder's name as
        text. Empty if the file doesn't say.
    """

    title: str
    architecture: str
    nodes: tuple[Node, ...]
    logits: str
    input_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    class_names: tuple[str, ...]
    parameters: int
    test_accuracy: float | None
    dataset: str | None
    source: str
    hyper: Mapping[str, int | float | bool | str] = field(
        default_factory=lambda: MappingProxyType({})
    )
    preparation: Preparation = Preparation()
    modules: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    dataset_name: str = ""

    def node(self, name: str) -> Node:
        """Return the node called `name`; KeyError if there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


def same_nodes(one: NetworkRecord | None, other: NetworkRecord | None) -> bool:
    """Return whether two networks have nodes of the same names and shapes, in the same order."""
    if one is None or other is None:
        return False
    described = (
        [(node.name, node.kind, node.output_shape) for node in network.nodes]
        for network in (one, other)
    )
    return next(described) == next(described)


@dataclass(frozen=True, slots=True)
class ActivationRecord:
    """Everything one forward pass produced.

    Attributes
    ----------
    generation : int
        Number of the request it answers; grows by one a request.
    weights_step : int
        Training step of the weights that it was computed with.
    image : DigitImage
        What the network was shown.
    outputs : mapping of node name to (C, H, W) or (N,) float32
        The output of every node that was asked for, the input's is normalised.
    probabilities : (K,) float32 or None
        Softmax of the logits; None when there was nothing to classify.
    whole : bool
        Whether every node was asked for, see `InferenceRequest.keep`.
    """

    generation: int
    weights_step: int
    image: DigitImage
    outputs: Mapping[str, FloatArray]
    probabilities: FloatArray | None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """One pixel of one map, or one weight of one kernel.

    Attributes
    ----------
    node : str
        Name of the node.
    channel : int
        Feature map, unit or class; for a weight, the filter (output channel) it belongs to.
    y, x : int
        In pixels of the map or of the kernel; 0 for a unit.
    in_channel : int or None
        For a weight, the input channel of its kernel; None for a pixel of a map.
    """

    node: str
    channel: int
    y: int = 0
    x: int = 0
    in_channel: int | None = None
