"""A network out of weights alone: the architecture that they fit, with them in it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from viewer.core.errors import UserError
from viewer.core.nets.architectures import InputShape, architectures
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
from viewer.core.nets.formats.describing import described, noted, told
from viewer.core.nets.formats.empty import COUNTERS
from viewer.core.nets.formats.errors import AmbiguousNetwork, printable, some_of
from viewer.core.nets.formats.older_names import with_present_names
from viewer.core.nets.formats.recognition import Fit, Shapes, fits
from viewer.core.nets.formats.state_dicts import StateDict, owned
from viewer.core.nets.formats.unknown_weights import unknown_weights
from viewer.core.nets.profile import Profile
from viewer.core.nets.torchvision_models import (
    IMAGENET_CLASSES,
    TRANSFORM,
    published_key,
    torchvision_metadata,
)

# Further classifiers that networks have for training only.
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.", "aux_classifier.")
_OF_ONE_SIZE = "vit_"  # how torchvision calls networks whose weights have the size of the image


def network_of_weights(path: Path, state: StateDict, profile: Profile | None) -> LoadedNetwork:
    """Return the network that weights belong to.

    Parameters
    ----------
    path : pathlib.Path
    state : StateDict
    profile : Profile or None
        Chooses where several architectures fit.

    Raises
    ------
    UserError
        If none fits, `AmbiguousNetwork` if several do, or a weight is not finite.
    """
    tensors = with_present_names(state.tensors)
    found = fits(_shapes(tensors))
    if not found:
        tensors = {n: v for n, v in tensors.items() if not n.startswith(_AUXILIARY)}
        found = fits(_shapes(tensors))
    fit = _chosen(path, found, _shapes(tensors), profile)
    metadata, guessed = _described(fit, state.labels)
    metadata = told(metadata, profile, str(path))
    module = replace(
        fit, hyper=metadata.hyper, input_shape=_built_shape(fit, metadata)
    ).build_empty()
    wanted = module.state_dict()
    kept = {name: value for name, value in tensors.items() if name in wanted}
    weights = owned(path, kept, mapped=state.mapped)
    for name, value in weights.items():
        if not wanted[name].is_floating_point():  # indices, which some save as floats
            weights[name] = value.to(wanted[name].dtype)
        elif not value.is_floating_point():
            raise UserError(
                f"{path} has whole numbers in {printable(name)}, where the network has fractions: "
                "save its weights as floats."
            )
    _fill(module, weights)
    return LoadedNetwork(
        module.eval(), metadata, str(path), path.stem, note=noted(guessed, profile)
    )


def _shapes(tensors: dict[str, torch.Tensor]) -> Shapes:
    return {name: tuple(value.shape) for name, value in tensors.items()}


def _built_shape(fit: Fit, metadata: Metadata) -> InputShape:
    """Return the size to build for: where the weights depend on it, theirs."""
    fixed = not fit.torchvision or fit.architecture.startswith(_OF_ONE_SIZE)
    return fit.input_shape if fixed else metadata.input_shape


def _chosen(path: Path, found: tuple[Fit, ...], shapes: Shapes, profile: Profile | None) -> Fit:
    wanted = profile.architecture if profile is not None else ""
    for fit in found:
        if fit.architecture == wanted or (len(found) == 1 and not wanted):
            return fit
    names = tuple(fit.architecture for fit in found)
    if wanted and names:
        raise UserError(f"{path} doesn't fit {wanted}: choose {' or '.join(names)}.")
    if names:
        raise AmbiguousNetwork(
            f"{path} fits several architectures ({some_of(names)}): choose one of them.", names
        )
    raise unknown_weights(path, shapes)


def _described(fit: Fit, labels: tuple[str, ...]) -> tuple[Metadata, list[str]]:
    """Return what is to be used with the network, and what of it was guessed."""
    if not fit.torchvision:
        hyper = architectures().get(fit.architecture).complete(fit.hyper)
        metadata, guessed = described(fit.architecture, fit.input_shape, fit.classes, labels, hyper)
        # Anybody may have called layers so: a fit says nothing about what lies between them.
        return metadata, [f"architecture ({fit.architecture})", "input size", *guessed]
    known = fit.classes == IMAGENET_CLASSES and not labels
    has_size = fit.architecture.startswith(_OF_ONE_SIZE)
    key = published_key(fit.architecture, fit.input_shape[1]) if has_size else ""
    published = torchvision_metadata(fit.architecture, pretrained=known, key=key)
    metadata, guessed = described(
        fit.architecture, fit.input_shape, fit.classes, labels, published.hyper
    )
    guessed = [*([] if has_size else ["input size"]), *guessed]
    if TRANSFORM in published.hyper and fit.input_shape[0] == len(published.mean):
        guessed.append(f"{TRANSFORM} ({'on' if published.hyper[TRANSFORM] else 'off'})")
    if not known:
        return metadata, guessed
    usual = replace(published, dataset=None, test_accuracy=None)  # of other weights, maybe
    if usual.input_shape[0] != fit.input_shape[0]:
        usual = replace(usual, input_shape=fit.input_shape, mean=metadata.mean, std=metadata.std)
    if has_size and usual.input_shape != fit.input_shape:
        usual = replace(usual, input_shape=fit.input_shape, preparation=metadata.preparation)
    return usual, guessed


def _fill(module: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put weights in place of those without memory."""
    state = OrderedDict(weights)
    # What the modules' versions are is not kept with bare weights: that of the shapes compared.
    vars(state)["_metadata"] = vars(module.state_dict())["_metadata"]
    module.load_state_dict(state, strict=False, assign=True)
    for name, value in module.state_dict().items():
        if value.is_meta:
            if not name.endswith(COUNTERS):
                raise AssertionError(f"{name} was compared, and is missing")
            owner, _, key = name.rpartition(".")
            module.get_submodule(owner).register_buffer(key, torch.tensor(0))
