"""The classification networks of torchvision as architectures: built by name, lazily.

torchvision is imported where it is first needed, never while this module is.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from viewer.core.errors import UserError
from viewer.core.nets.architectures import (
    Architecture,
    HyperParameter,
    InputShape,
    Setting,
    Settings,
)
from viewer.core.nets.checkpoint import Metadata
from viewer.core.nets.formats.torchvision_table import TORCHVISION, VERSION
from viewer.core.nets.profile import IMAGENET_MEAN, IMAGENET_STD
from viewer.core.records import Fit, Preparation

IMAGENET_CLASSES = 1000
MAX_PX = 1024
# Below this a small forward pass, without numbers, tells whether the layers can take the image.
SURE_PX = 224

# They have further classifiers in the middle, for training, and can undo ImageNet's mean and std.
_WITH_AUXILIARY = ("googlenet", "inception_v3")
_AUXILIARY = HyperParameter("aux_logits", "classifiers in the middle", False)
TRANSFORM = "transform_input"
_TRANSFORM = HyperParameter(TRANSFORM, "take ImageNet's mean and std out again", False)
_RGB = 3


def torchvision_names() -> tuple[str, ...]:
    """Return the names of torchvision's classification networks, sorted."""
    if table_holds():
        return tuple(sorted(TORCHVISION))
    from torchvision import models  # type: ignore[import-untyped]  # it has no stubs

    return tuple(sorted(models.list_models(module=models)))


@cache
def table_holds() -> bool:
    """Return whether `TORCHVISION` is of the torchvision that is installed."""
    # Not by importing it: that takes half a second, and few files need it.
    installed = importlib.metadata.version("torchvision")
    return installed.split(".")[:2] == VERSION.split(".")


def torchvision_architecture(name: str) -> Architecture | None:
    """Return one of torchvision's networks as an architecture; None if it has no such network."""
    if name not in torchvision_names():
        return None

    def network(input_shape: InputShape, classes: int, hyper: Settings) -> nn.Module:
        return build_torchvision(name, classes, input_shape, hyper)

    return Architecture(
        name,
        f"{name} of torchvision",
        (_AUXILIARY, _TRANSFORM) if name in _WITH_AUXILIARY else (),
        network=network,
        largest_px=MAX_PX,
        folded=dict,
    )


def build_torchvision(
    name: str,
    classes: int = IMAGENET_CLASSES,
    input_shape: InputShape | None = None,
    hyper: Mapping[str, Setting] | None = None,
) -> nn.Module:
    """Build a classification network of torchvision with fresh weights.

    Under ``torch.device("meta")`` it takes no memory.

    Parameters
    ----------
    name : str
        One of `torchvision_names`.
    classes : int
    input_shape : (C, H, W), optional
        Size that it was published for by default. For other than three channels the first
        convolution is another.
    hyper : mapping of str to bool, optional
        ``aux_logits`` and ``transform_input`` of googlenet and inception_v3; False by default.

    Returns
    -------
    torch.nn.Module
        In training mode; returns logits, (N, classes), in training too.

    Raises
    ------
    UserError
        If there is no such network, or it can't take images of this size.
    """
    if name not in torchvision_names():
        raise UserError(f"torchvision has no classification network {name!r}: choose another.")
    shape = torchvision_metadata(name, pretrained=False).input_shape
    shape = shape if input_shape is None else input_shape
    settings = dict(hyper or {})
    if shape[0] != _RGB:
        settings[TRANSFORM] = False  # it is for the three channels of ImageNet
    network = _built(name, classes, shape, settings)
    if min(shape[1:]) < SURE_PX:
        _check_size(name, classes, shape, settings)
    return network


def torchvision_metadata(name: str, *, pretrained: bool, key: str = "") -> Metadata:
    """Return what torchvision publishes about a network; nothing is downloaded.

    Parameters
    ----------
    name : str
    pretrained : bool
        With the default weights' class names, size and accuracy; otherwise classes are numbers
        and the size is the smallest that weights are published for.
    key : str
        torchvision's name for other weights than the default ones (``IMAGENET1K_V1``).
    """
    weights = _weights(name, key, pretrained=pretrained)
    transform: Any = weights.transforms()
    side = int(transform.crop_size[0])
    hyper = {}
    if name in _WITH_AUXILIARY:  # the published weights are used without further classifiers
        hyper = {"aux_logits": False, TRANSFORM: pretrained}
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100  # from percent
    names = tuple(weights.meta["categories"])
    return Metadata(
        architecture=name,
        hyper=hyper,
        input_shape=(_RGB, side, side),
        mean=tuple(transform.mean) if pretrained else IMAGENET_MEAN,
        std=tuple(transform.std) if pretrained else IMAGENET_STD,
        class_names=names if pretrained else tuple(map(str, range(IMAGENET_CLASSES))),
        dataset="ImageNet-1K" if pretrained else None,
        test_accuracy=accuracy if pretrained else None,
        preparation=Preparation(
            digit=False,
            fit=Fit.CROP,
            resize=int(transform.resize_size[0]),
            interpolation=transform.interpolation.value,
        ),
    )


def _weights(name: str, key: str, *, pretrained: bool) -> Any:
    """Return one of torchvision's ``WeightsEnum``."""
    from torchvision.models import get_model_weights  # type: ignore[import-untyped]  # no stubs

    found = get_model_weights(name)
    if key:
        return found[key]
    if pretrained:
        return found.DEFAULT
    return min(found, key=lambda weights: int(weights.transforms().crop_size[0]))


def published_key(name: str, side_px: int) -> str:
    """Return torchvision's name for weights that are for images of this size; empty of none.

    Those that torchvision uses by default come first.
    """
    from torchvision.models import get_model_weights

    found = get_model_weights(name)
    for weights in sorted(found, key=lambda one: one is not found.DEFAULT):
        if int(weights.transforms().crop_size[0]) == side_px:
            return str(weights.name)
    return ""


def _built(name: str, classes: int, shape: InputShape, hyper: Settings) -> nn.Module:
    from torchvision.models import get_model

    try:
        arguments = _arguments(name, shape, hyper)
        with _NumbersOnCpu() if name.startswith("regnet") else nullcontext():
            network: nn.Module = get_model(name, weights=None, num_classes=classes, **arguments)
    except (ValueError, RuntimeError, AssertionError, TypeError) as error:
        raise UserError(_refusal(name, shape, error)) from None
    if shape[0] != _RGB:
        _take_channels(network, shape[0])
    if hyper.get("aux_logits"):
        # A training takes one score a class, no further outputs.
        setattr(network, "eager_outputs", _first)  # noqa: B010 - a method of these two alone
    return network


class _NumbersOnCpu(TorchFunctionMode):
    """Plain numbers have values whatever the device: a RegNet's widths are computed with them."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.arange, torch.tensor):
            kwargs.setdefault("device", "cpu")
        return func(*args, **kwargs)


def _arguments(name: str, shape: InputShape, hyper: Settings) -> dict[str, Any]:
    if name in _WITH_AUXILIARY:
        auxiliary, transform = (bool(hyper.get(key)) for key in ("aux_logits", TRANSFORM))
        # Said outright, for torchvision warns of its default.
        return {"aux_logits": auxiliary, TRANSFORM: transform, "init_weights": True}
    if name.startswith("vit_"):
        if shape[1] != shape[2]:
            raise UserError(f"{name} takes square images, not {shape[1]} × {shape[2]} pixels.")
        return {"image_size": shape[1]}
    return {"input_size": shape[1:]} if name.startswith("maxvit") else {}


def _first(x: Tensor, *_auxiliary: Tensor | None) -> Tensor:
    return x


def _take_channels(network: nn.Module, channels: int) -> None:
    """Replace the first convolution by one that is the same but for its input channels."""
    path, first = next((p, m) for p, m in network.named_modules() if isinstance(m, nn.Conv2d))
    settings: Mapping[str, Any] = MappingProxyType(
        {
            key: getattr(first, key)
            for key in ("out_channels", "kernel_size", "stride", "padding", "dilation")
        }
    )
    other = nn.Conv2d(channels, **settings, bias=first.bias is not None)
    parent, _, child = path.rpartition(".")
    setattr(network.get_submodule(parent), child, other)


def _check_size(name: str, classes: int, shape: InputShape, hyper: Settings) -> None:
    """Run the network without numbers; UserError if it can't take the image."""
    try:
        with torch.device("meta"), torch.no_grad():
            _built(name, classes, shape, hyper).eval()(torch.zeros(1, *shape))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise UserError(_refusal(name, shape, error)) from None


def _refusal(name: str, shape: InputShape, error: Exception) -> str:
    reason = str(error).partition("\n")[0].rstrip(".")
    size = f"{shape[1]} × {shape[2]}"
    return f"{name} can't take images of {size} pixels ({reason}): use another size."
