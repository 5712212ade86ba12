"""A network whose weights change while it answers: a training's, or a kept step's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from viewer.core.difference import difference_network, difference_record, difference_weights
from viewer.core.records import WeightsKind

if TYPE_CHECKING:
    from torch import Tensor

    from viewer.core.engine import Engine
    from viewer.core.nets.checkpoint import Metadata
    from viewer.core.records import (
        ActivationRecord,
        FloatArray,
        InferenceRequest,
        NetworkRecord,
        WeightsRecord,
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Weights of one step of a run, and what network they belong to.

    Attributes
    ----------
    origin : str
        Who sends it; weights of the origin that is shown replace one another.
    title : str
        Of the run.
    metadata : Metadata
    step : int
    weights : mapping of str to Tensor
        State dict; copies on the CPU.
    gradients : mapping of str to Tensor, or None
        Of the last batch, to be shown in place of the weights.
    reference : Snapshot or None
        Show what this one differs in from that one.
    """

    origin: str
    title: str
    metadata: Metadata
    step: int
    weights: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor] | None = None
    reference: Snapshot | None = None


class LiveNetwork:
    """Answers requests with the newest snapshot; belongs to one thread.

    Parameters
    ----------
    snapshot : Snapshot

    Attributes
    ----------
    network : NetworkRecord
    weights : WeightsRecord
        Of the step shown; differences or gradients where these are shown.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._key = _key(snapshot)
        self._engine = _engine(snapshot)
        self._reference: Engine | None = None
        if snapshot.reference is not None:
            self._reference = _engine(snapshot.reference)
        self.network: NetworkRecord = self._engine.network
        self.weights: WeightsRecord = self._engine.weights
        self.take(snapshot)

    def fits(self, snapshot: Snapshot) -> bool:
        """Return whether `take` can show it: the same network of the same run."""
        return _key(snapshot) == self._key

    def take(self, snapshot: Snapshot) -> None:
        """Answer with these weights from now on."""
        weights = self._engine.set_weights(snapshot.step, snapshot.weights)
        reference = snapshot.reference
        if reference is not None and self._reference is not None:
            before = self._reference.set_weights(reference.step, reference.weights)
            weights = difference_weights(weights, before)
            self.network = difference_network(self._engine.network, snapshot.step, reference.step)
        if snapshot.gradients is not None:
            gradients = self._engine.weights_of(snapshot.step, snapshot.gradients)
            weights = replace(gradients, kind=WeightsKind.GRADIENTS)
        self.weights = weights

    def replace_filter(self, node: str, index: int, kernel: FloatArray) -> None:
        """Answer with another kernel in one filter; the next snapshot has the run's own filters.

        Parameters
        ----------
        node, index, kernel
            As of `Engine.replace_filter`: the kernel is (in / groups, kH, kW) float32.

        Raises
        ------
        UserError
            If there is no such filter, or the kernel has another shape.
        """
        self.weights = self._engine.replace_filter(node, index, kernel)

    def restore_filters(self) -> None:
        """See `Engine.restore_filters`."""
        self.weights = self._engine.restore_filters()

    def run(self, request: InferenceRequest) -> ActivationRecord:
        """Answer a request, see `Engine.run`."""
        record = self._engine.run(request)
        if self._reference is None:
            return record
        return difference_record(record, self._reference.run(request))

    def answer(self, request: InferenceRequest) -> FloatArray | None:
        """Return the probabilities alone, (K,) float32, or None; see `Engine.answer`.

        Raises
        ------
        UserError
            If the picture can't be made into what the network takes.
        """
        return self._engine.answer(request)

    def probabilities(self, pixels: FloatArray) -> FloatArray:
        """Answer prepared images with the newest weights, see `Engine.probabilities`.

        Parameters
        ----------
        pixels : (N, H, W) or (N, C, H, W) float32, [0, 1]

        Returns
        -------
        (N, K) float32

        Raises
        ------
        UserError
            If the network tells no classes apart.
        """
        return self._engine.probabilities(pixels)


def _engine(snapshot: Snapshot) -> Engine:
    from viewer.core.engine import Engine
    from viewer.core.nets.architectures import architectures
    from viewer.core.nets.checkpoint import LoadedNetwork

    metadata = snapshot.metadata
    architecture = architectures().get(metadata.architecture)
    module = architecture.build_empty(
        metadata.hyper, metadata.input_shape, len(metadata.class_names)
    )
    module.load_state_dict(dict(snapshot.weights))
    module.eval().requires_grad_(requires_grad=False)
    return Engine(LoadedNetwork(module, metadata, "training", snapshot.title))


def _key(snapshot: Snapshot) -> tuple[object, ...]:
    metadata = snapshot.metadata
    hyper = tuple(sorted(metadata.hyper.items()))
    reference = None if snapshot.reference is None else snapshot.reference.step
    return (
        snapshot.title,
        metadata.architecture,
        hyper,
        metadata.input_shape,
        metadata.class_names,
        (tuple(metadata.mean), tuple(metadata.std), metadata.dataset),
        reference,
        # The title of a difference names the step.
        None if reference is None else snapshot.step,
    )
