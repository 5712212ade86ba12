"""A network and an image from a script, and what every layer answers, without a window."""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import nn

from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.images import source_of
from viewer.core.nets.held import own_copy
from viewer.core.nets.opening import network_of_module, open_network
from viewer.core.nets.profile import Profile
from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    InferenceRequest,
    NetworkRecord,
    Picture,
    Preparation,
)
from viewer.core.sentences import count_of

if TYPE_CHECKING:
    from viewer.core.images import ImageLike
    from viewer.core.nets.checkpoint import LoadedNetwork

ModelLike: TypeAlias = "nn.Module | torch.export.ExportedProgram | str | os.PathLike[str]"

SOURCE = "Python"
_PROGRAM_FILE = "program.pt2"


@dataclass(frozen=True, slots=True)
class Capture:
    """What one forward pass made.

    Attributes
    ----------
    network : NetworkRecord
        The network: its nodes in order of execution, with their shapes.
    record : ActivationRecord
        As the window has it.
    """

    network: NetworkRecord
    record: ActivationRecord

    @property
    def outputs(self) -> Mapping[str, FloatArray]:
        """The output of every node by its name: (C, H, W), (N,) or (L, D) float32, read-only."""
        return self.record.outputs

    @property
    def probabilities(self) -> FloatArray | None:
        """Softmax of the logits, (K,) float32; None where there is nothing to classify."""
        return self.record.probabilities

    @property
    def prediction(self) -> str | None:
        """Name of the most probable class; None without probabilities."""
        found = self.record.probabilities
        return None if found is None else self.network.class_names[int(found.argmax())]

    def __getitem__(self, node: str) -> FloatArray:
        """Return the output of a node; KeyError with the names that there are."""
        try:
            return self.record.outputs[node]
        except KeyError:
            names = ", ".join(self.record.outputs)
            raise KeyError(f"There is no node {node!r}: choose one of {names}.") from None


def capture(
    model: ModelLike,
    image: ImageLike,
    *,
    class_names: Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input_shape: Sequence[int] | None = None,
    preparation: Preparation | None = None,
    title: str | None = None,
    trust: bool = False,
) -> Capture:
    """Run a network on an image once, and return what every layer answered.

    Parameters
    ----------
    model : torch.nn.Module, torch.export.ExportedProgram, str or path
        A module is copied and stays as it is: its mode, device, gradients and hooks. A str is
        the name of a network in the box (``"digits"``), of one of torchvision's
        (``"resnet18"``, ``"resnet18:IMAGENET1K_V1"``), or the path of a file.
    image : path, PIL image, array, tensor or Drawing
        An array is (H, W) or (H, W, 3), uint8 or floats in [0, 1]; like a picture it is resized
        and normalised for the network. A tensor, (C, H, W) or (1, C, H, W), goes in as it is.
    class_names : sequence of str, optional
        One for each logit.
    mean, std : sequence of float, optional
        One a channel, or one for all, for pixels in [0, 1]; default: the file's, or ImageNet's
        for colours.
    input_shape : (C, H, W), optional
        Default: the file's, a tensor's own, or the usual one that fits the weights.
    preparation : viewer.Preparation, optional
        What is done to a picture before it is normalised.
    title : str, optional
        Name of the network.
    trust : bool
        Run the code in a pickle that holds some; only for a file whose maker you know.

    Returns
    -------
    Capture

    Raises
    ------
    TypeError
        If `model` is nothing that can be opened.
    UserError
        If the network or the image can't be used: one sentence.
    """
    profile = profile_of(class_names, mean, std, input_shape, preparation)
    loaded = network_of(model, image, profile, title, trust=trust)
    source = source_for(loaded, image)
    engine = Engine(loaded)
    record = engine.run(InferenceRequest(1, source))
    return Capture(engine.network, record)


def profile_of(
    class_names: Sequence[str] | str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input_shape: Sequence[int] | None = None,
    preparation: object = None,
) -> Profile | None:
    """Return what a script says about a network; None if it says nothing.

    Raises
    ------
    TypeError
        If something is of the wrong type.
    UserError
        If a value is not possible.
    """
    if isinstance(class_names, str):
        raise TypeError("class_names is one text: give a list of names.")
    if preparation is not None and not isinstance(preparation, Preparation):
        kind = type(preparation).__name__
        raise TypeError(f"preparation is of the type {kind}: give a viewer.Preparation.")
    given = (class_names, mean, std, input_shape, preparation)
    if all(value is None for value in given):
        return None
    shape: Any = None if input_shape is None else tuple(map(int, input_shape))
    return Profile(
        input_shape=shape,
        mean=None if mean is None else tuple(map(float, mean)),
        std=None if std is None else tuple(map(float, std)),
        class_names=None if class_names is None else tuple(class_names),
        preparation=preparation,
    )


def network_of(
    model: ModelLike,
    image: object = None,
    profile: Profile | None = None,
    title: str | None = None,
    *,
    trust: bool = False,
) -> LoadedNetwork:
    """Return a network that a script gives: a module, a program, a name or a path.

    Parameters
    ----------
    model : torch.nn.Module, torch.export.ExportedProgram, str or path
    image : object
        A tensor says what the network takes, where `profile` doesn't.
    profile, title : optional
    trust : bool
        Of a file.

    Raises
    ------
    TypeError
        If `model` is none of these.
    UserError
        If it can't be opened.
    """
    if isinstance(model, str | os.PathLike):
        path = os.fspath(model)
        loaded = open_network(path, trust=trust, profile=profile)
        return loaded if title is None else replace(loaded, title=title)
    if isinstance(model, torch.jit.ScriptModule | torch.export.ExportedProgram):
        return _of_program(model, profile, title or type(model).__name__)
    if isinstance(model, nn.Module):
        shaped = profile or Profile()
        if shaped.input_shape is None and isinstance(image, torch.Tensor):
            shape = tuple(image.shape[-3:])
            if len(shape) == 3:
                shaped = replace(shaped, input_shape=shape)
        name = title or type(model).__name__
        own = own_copy(model)
        return network_of_module(own, name, SOURCE, shaped if shaped != Profile() else None)
    raise TypeError(_wrong_model(model))


def source_for(loaded: LoadedNetwork, image: object) -> Any:
    """Return what the window would have of an image for this network.

    Raises
    ------
    UserError
        If it is no image, or a tensor of other channels than the network takes.
    """
    source = source_of(image, loaded.metadata.mean, loaded.metadata.std)
    values = source.values if isinstance(source, Picture) else None
    channels = loaded.metadata.input_shape[0]
    if values is not None and len(values) != channels:
        raise UserError(
            f"The tensor has {count_of(len(values), 'channel')} and {loaded.title} takes "
            f"{' × '.join(map(str, loaded.metadata.input_shape))} (channels, height, width): give "
            f"one of {count_of(channels, 'channel')}."
        )
    return source


def _of_program(
    program: torch.jit.ScriptModule | torch.export.ExportedProgram,
    profile: Profile | None,
    title: str,
) -> LoadedNetwork:
    """Return a compiled or exported network: through a file, as these are read."""
    data = io.BytesIO()
    if isinstance(program, torch.export.ExportedProgram):
        torch.export.save(program, data)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is old
            torch.jit.save(program, data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _PROGRAM_FILE)
        path.write_bytes(data.getvalue())
        loaded = open_network(str(path), profile=profile)
    return replace(loaded, title=title, source=SOURCE)


def _wrong_model(model: object) -> str:
    if isinstance(model, Mapping):
        return (
            "model is a state dict, which has no graph: load it into its network "
            "(network.load_state_dict(state)) and give that, or save it and give the path."
        )
    if isinstance(model, type) and issubclass(model, nn.Module):
        return f"model is the class {model.__name__}, not a network: give {model.__name__}()."
    return (
        f"model is of the type {type(model).__name__}: give a torch.nn.Module, the name of a "
        "network, or a path."
    )
