"""What a file doesn't say about its network: class names, mean and std, guessed or told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from viewer.core.errors import UserError
from viewer.core.nets.architectures import InputShape, Setting
from viewer.core.nets.checkpoint import Metadata
from viewer.core.nets.profile import IMAGENET_MEAN, IMAGENET_STD, Profile, per_channel
from viewer.core.nets.torchvision_models import IMAGENET_CLASSES, torchvision_metadata
from viewer.core.records import Fit, Preparation
from viewer.core.sentences import count_of

_IMAGENET_RESIZE = 256 / 224  # of the shorter side, before the crop
_DIGIT_SIDE = 32  # up to here a grey image is taken for a digit
_ANY = "resnet18"  # all of torchvision's networks have the same classes


def described(
    architecture: str,
    input_shape: InputShape,
    classes: int,
    labels: tuple[str, ...] = (),
    hyper: Mapping[str, Setting] | None = None,
) -> tuple[Metadata, list[str]]:
    """Return what is to be used with a network, and what of it was guessed.

    Parameters
    ----------
    architecture : str
    input_shape : (C, H, W)
    classes : int
        0 for a network that is no classifier.
    labels : tuple of str
        Class names out of the file; left aside where they are not as many.
    hyper : mapping, optional

    Returns
    -------
    Metadata
    list of str
        Nouns for `noted`.
    """
    guessed = ["mean and std"]
    names = labels if len(labels) == classes else ()
    if not names and classes:
        guessed.insert(0, "class names")
        names = _usual_names(classes)
    channels, height, width = input_shape
    grey = channels == 1
    metadata = Metadata(
        architecture=architecture,
        hyper=dict(hyper or {}),
        input_shape=input_shape,
        mean=(0.0,) * channels if grey else _for_channels(IMAGENET_MEAN, channels),
        std=(1.0,) * channels if grey else _for_channels(IMAGENET_STD, channels),
        class_names=names,
        preparation=_preparation(grey=grey, side=min(height, width)),
    )
    return metadata, guessed


def _usual_names(classes: int) -> tuple[str, ...]:
    if classes == IMAGENET_CLASSES:
        return torchvision_metadata(_ANY, pretrained=True).class_names
    return tuple(f"class {i}" for i in range(classes))


def _for_channels(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Return ImageNet's numbers for three channels, their mean for any other count."""
    if channels == len(values):
        return values
    return (sum(values) / len(values),) * channels


def _preparation(*, grey: bool, side: int) -> Preparation:
    if grey and side <= _DIGIT_SIDE:
        return Preparation()
    return Preparation(digit=False, fit=Fit.CROP, resize=round(side * _IMAGENET_RESIZE))


def told(metadata: Metadata, profile: Profile | None, what: str) -> Metadata:
    """Return `metadata` with what a person has said in its place.

    Raises
    ------
    UserError
        If there are not as many names as classes, or not a mean and std for each channel.
    """
    if profile is None:
        return metadata
    if profile.class_names is not None and len(profile.class_names) != len(metadata.class_names):
        raise UserError(
            f"{what} tells {len(metadata.class_names):,} classes apart, and "
            f"{len(profile.class_names):,} names were given: give one for each."
        )
    shape = profile.input_shape or metadata.input_shape
    mean = per_channel(profile.mean or _for_channels_of(metadata.mean, shape[0]), shape[0])
    std = per_channel(profile.std or _for_channels_of(metadata.std, shape[0]), shape[0])
    if len(mean) != shape[0] or len(std) != shape[0]:
        raise UserError(
            f"{what} takes {count_of(shape[0], 'channel')}: give one mean and one std for each, "
            "or one for all."
        )
    return replace(
        metadata,
        input_shape=shape,
        mean=mean,
        std=std,
        class_names=profile.class_names or metadata.class_names,
        preparation=profile.preparation or metadata.preparation,
    )


def _for_channels_of(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    return values if len(values) == channels else (sum(values) / len(values),) * channels


def noted(guessed: list[str], profile: Profile | None, owner: str = "file") -> str:
    """Return one sentence about what was guessed and nobody has said; empty of nothing.

    Parameters
    ----------
    guessed : list of str
    profile : Profile or None
    owner : str
        Who could have said it: the file, or the network where there need not be one.
    """
    said = set()
    if profile is not None:
        pairs = (("class names", profile.class_names), ("input size", profile.input_shape))
        said = {noun for noun, value in pairs if value is not None}
        said |= {"mean and std"} if profile.mean is not None and profile.std is not None else set()
    left = [noun for noun in guessed if noun not in said]
    if not left:
        return ""
    listed = " and ".join((", ".join(left[:-1]), left[-1])) if len(left) > 1 else left[0]
    return f"The {listed} were guessed: the {owner} doesn't say them."
