"""From a request to the record of what every layer answered: the one way round."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from viewer.core.data.registry import dataset_title
from viewer.core.errors import UserError
from viewer.core.imaging.preparation import denormalised, normalisation, prepare
from viewer.core.nets.allocation import keep_freed_memory
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.graph import Graph
from viewer.core.nets.opening import open_network
from viewer.core.nets.profile import Profile
from viewer.core.overview import LARGE_PASS_BYTES, pass_bytes
from viewer.core.records import (
    ActivationRecord,
    DigitImage,
    FloatArray,
    InferenceRequest,
    Legibility,
    NetworkRecord,
    Picture,
    Preparation,
    Step,
    WeightsRecord,
)

Size = tuple[int, int, int]


class Engine:
    """A loaded network that answers requests; belongs to one thread.

    The pad, ``predict``, ``export`` and ``screenshot`` all go through `run`.

    Attributes
    ----------
    network : NetworkRecord
        What the network is. A request for a picture at its own size (`Fit.NATIVE`) describes it
        anew, with the shapes at that size: it is another object then.
    weights : WeightsRecord
        Its weights: read-only views, which stay what they are when others take their place.
    """

    def __init__(self, loaded: LoadedNetwork) -> None:
        metadata = loaded.metadata
        self._own_size: Size = metadata.input_shape
        self._own = self._graph = Graph(loaded.module, self._own_size)
        if pass_bytes(self._own.nodes) > LARGE_PASS_BYTES:
            keep_freed_memory()
        self._own_filters: dict[str, torch.Tensor] = {}  # of nodes that have others now
        # Mean and std as columns, (C, 1, 1), by whether the step is switched off.
        self._columns: dict[bool, tuple[FloatArray, FloatArray]] = {}
        self._batches = True  # whether it takes several images at once, as far as is known
        self.weights: WeightsRecord = self._graph.weights(step=0)
        self.network = NetworkRecord(
            title=loaded.title,
            architecture=metadata.architecture,
            nodes=self._graph.nodes,
            logits=self._graph.logits,
            input_shape=self._own_size,
            mean=tuple(metadata.mean),
            std=tuple(metadata.std),
            class_names=self._class_names(metadata.class_names),
            parameters=sum(p.numel() for p in loaded.module.parameters()),
            test_accuracy=metadata.test_accuracy,
            dataset=None if metadata.dataset is None else dataset_title(metadata.dataset),
            source=loaded.source,
            hyper=MappingProxyType(dict(metadata.hyper)),
            preparation=metadata.preparation,
            modules=self._graph.modules,
            dataset_name=metadata.dataset or "",
        )
        self._own_network = self.network

    @classmethod
    def open(cls, model: str, *, trust: bool = False, profile: Profile | None = None) -> Engine:
        """Open a network, see `viewer.core.nets.opening.open_network`."""
        return cls(open_network(model, trust=trust, profile=profile))

    def set_weights(self, step: int, weights: Mapping[str, torch.Tensor]) -> WeightsRecord:
        """Answer with the weights of another training step from now on.

        Parameters
        ----------
        step : int
        weights : mapping of str to Tensor
            State dict of the network.
        """
        self._graph.load(weights)
        self._own_filters.clear()
        self.weights = self._graph.weights(step)
        return self.weights

    def replace_filter(self, node: str, index: int, kernel: FloatArray) -> WeightsRecord:
        """Answer with another kernel in one filter from now on, until `restore_filters`.

        Parameters
        ----------
        node : str
            Name of a convolution.
        index : int
            Filter (output channel).
        kernel : (in / groups, kH, kW) float32

        Returns
        -------
        WeightsRecord
            All weights, as the network answers by them from now on.

        Raises
        ------
        UserError
            If there is no such filter, or the kernel has another shape.
        """
        own = self._graph.weight(node)
        if own is None or not 0 <= index < len(own) or own[index].shape != kernel.shape:
            raise UserError(f"{node} has no filter {index} of the kernel's shape: choose another.")
        self._own_filters.setdefault(node, own)
        other = own.clone()  # records are views of the old one
        other[index] = torch.from_numpy(np.ascontiguousarray(kernel))
        self._graph.set_weight(node, other)
        self.weights = self._graph.weights(self.weights.step)
        return self.weights

    def restore_filters(self) -> WeightsRecord:
        """Answer with the network's own filters again."""
        for node, own in self._own_filters.items():
            self._graph.set_weight(node, own)
        self._own_filters.clear()
        self.weights = self._graph.weights(self.weights.step)
        return self.weights

    def weights_of(self, step: int, values: Mapping[str, torch.Tensor]) -> WeightsRecord:
        """Return other values in the shape of the weights as a record: gradients.

        Parameters
        ----------
        step : int
        values : mapping of str to Tensor
            By the names of the parameters; what is missing is left out.
        """
        return self._graph.weights_of(step, values)

    def run(self, request: InferenceRequest) -> ActivationRecord:
        """Preprocess, run the network, and keep what every layer answered.

        Returns
        -------
        ActivationRecord
            Its arrays are read-only. A blank canvas, or a speck on it, has outputs, because
            the layers do answer to it, but no softmax and no probabilities; so has a network
            whose output is not one score a class.

        Raises
        ------
        UserError
            If the picture can't be made into what the network takes.
        """
        image, x = self._input(request)
        outputs = self.capture(x, request.keep)
        answer = outputs.get(self._graph.probabilities)
        if image.legibility is not Legibility.OK:
            answer = None
            outputs.pop(self._graph.probabilities, None)
        return ActivationRecord(
            generation=request.generation,
            weights_step=self.weights.step,
            image=image,
            outputs=MappingProxyType(outputs),
            probabilities=answer,
            whole=request.keep is None,
        )

    def capture(
        self, x: torch.Tensor, keep: Collection[str] | None = None
    ) -> dict[str, FloatArray]:
        """Run the network on what it takes, and return what its nodes answered.

        Parameters
        ----------
        x : (1, C, H, W) float32
            Normalised.
        keep : collection of str, optional
            Names of the nodes that are wanted beside those of the answer; all by default.

        Returns
        -------
        dict of str to float32 array
            Read-only, without the batch axis, channels first.

        Raises
        ------
        UserError
            If the network can't take such an image.
        """
        self._take_size((x.shape[1], x.shape[2], x.shape[3]))
        if keep is not None and self._graph.logits:  # an answer is always wanted
            keep = {*keep, self._graph.logits, self._graph.probabilities}
        return _arrays(self._graph.run(x, keep))

    def answer(self, request: InferenceRequest) -> FloatArray | None:
        """Return the probabilities alone; the network stays described as it is.

        Returns
        -------
        (K,) float32 or None
            None where the record of `run` has none.

        Raises
        ------
        UserError
            If the picture can't be made into what the network takes.
        """
        name = self._own.probabilities
        image, x = self._input(request)
        if not name or image.legibility is not Legibility.OK:
            return None
        found: FloatArray = self._own.run(x, (name,))[name][0].numpy()
        return found

    def outputs_at(
        self, requests: Sequence[InferenceRequest], node: str
    ) -> list[FloatArray | None]:
        """Return what one node answers to several images, at once if the network can.

        Nothing behind the node is computed, and what it answers may differ from `run` by
        rounding.

        Returns
        -------
        list of (C, H, W), (N,) or (L, D) float32, or None
            As `run` has them; None where the record of `run` has none.

        Raises
        ------
        UserError
            If a picture can't be made into what the network takes.
        """
        inputs = [self._input(request) for request in requests]
        found = self._at_once([x for _, x in inputs], node)
        if found is None:
            found = [self.capture(x, (node,))[node] for _, x in inputs]
        silent = self._own.probabilities == node
        return [
            None if silent and image.legibility is not Legibility.OK else values
            for (image, _), values in zip(inputs, found, strict=True)
        ]

    def _at_once(self, images: list[torch.Tensor], node: str) -> list[FloatArray] | None:
        """Return one node's outputs from one pass; None where one pass can't take them all."""
        sizes = {tuple(x.shape[1:]) for x in images}
        if len(images) < 2 or not self._batches or sizes != {self._own_size}:
            return None
        try:
            outputs = self._own.run(torch.cat(images), (node,))[node]
        except UserError:  # some exported programs know no batch but that of one image
            self._batches = False
            return None
        return [values.numpy() for values in outputs] if len(outputs) == len(images) else None

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Classify images that are already as the network's data set has them.

        Parameters
        ----------
        images : (N, H, W) or (N, C, H, W) uint8
            Ink 255, paper 0.

        Returns
        -------
        (N,) int64
            Index of the class with the largest logit.

        Raises
        ------
        UserError
            If the network tells no classes apart.
        """
        logits = self._answers(images.astype(np.float32) / np.float32(255), self._own.logits)
        return logits.argmax(dim=1).numpy()

    def probabilities(self, pixels: FloatArray) -> FloatArray:
        """Answer many prepared images in one forward pass.

        Parameters
        ----------
        pixels : (N, H, W) or (N, C, H, W) float32, [0, 1]
            As in `DigitImage`.

        Returns
        -------
        (N, K) float32
            Softmax of the logits.

        Raises
        ------
        UserError
            If the network tells no classes apart.
        """
        found: FloatArray = self._answers(pixels, self._own.probabilities).numpy()
        return found

    def _answers(self, pixels: FloatArray, name: str) -> torch.Tensor:
        """Return one node's outputs for many prepared images, (N, K)."""
        if not name:
            raise UserError(f"{self.network.title} gives no scores of classes: open a classifier.")
        batch = pixels[:, np.newaxis] if pixels.ndim == 3 else pixels  # (N, C, H, W)
        x = self._normalised(batch, self._own_network.preparation)
        if len(x) > 1 and self._batches:
            try:
                return self._own.run(x, (name,))[name]
            except UserError:  # some exported programs know no batch but that of one image
                self._batches = False
        return torch.cat([self._own.run(image[None], (name,))[name] for image in x])

    def _input(self, request: InferenceRequest) -> tuple[DigitImage, torch.Tensor]:
        """Return what a request shows to the network, and the same as it takes it, (1, C, H, W)."""
        network = self._own_network
        source, preparation = request.source, request.preparation or network.preparation
        values = source.values if isinstance(source, Picture) else None
        if values is not None and len(values) == self._own_size[0]:
            shown = denormalised(values, network.mean, network.std)
            image = DigitImage(shown[0] if len(shown) == 1 else shown, Legibility.OK)
            return image, torch.tensor(values[np.newaxis])
        image = prepare(source, self._own_size, preparation, raw=request.raw, mean=network.mean)
        pixels = image.pixels[np.newaxis] if image.pixels.ndim == 2 else image.pixels  # (C, H, W)
        # One channel is enough for a network of several: each gets the same.
        return image, self._normalised(pixels[np.newaxis], preparation)

    def _normalised(self, pixels: FloatArray, preparation: Preparation) -> torch.Tensor:
        """Return what the network takes, (N, C, H, W), of pixels in [0, 1]."""
        network = self._own_network
        off = Step.NORMALISE in preparation.off
        if off not in self._columns:
            mean, std = normalisation(preparation, network.mean, network.std)
            self._columns[off] = (_column(mean), _column(std))
        mean_column, std_column = self._columns[off]
        # With numpy: the same numbers, and of one small image in a third of the time.
        return torch.from_numpy((pixels - mean_column) / std_column)

    def _take_size(self, size: Size) -> None:
        """Describe the network for images of this size, if it isn't that already."""
        if size == self.network.input_shape:
            return
        if size == self._own_size:
            self._graph, self.network = self._own, self._own_network
            return
        try:
            graph = self._own.at(size)
        except UserError:
            wanted = f"{self._own_size[1]} × {self._own_size[2]}"
            raise UserError(
                f"{self.network.title} answers only at {wanted} pixels: choose another fit."
            ) from None
        self._graph = graph
        self.network = replace(
            self._own_network, nodes=graph.nodes, logits=graph.logits, input_shape=size
        )

    def _class_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return a name for each logit: numbers where the file has names for others."""
        if not self._graph.logits:
            return ()
        shapes = {node.name: node.output_shape for node in self._graph.nodes}
        count = shapes[self._graph.logits][0]
        return tuple(names) if len(names) == count else tuple(map(str, range(count)))


def _column(numbers: tuple[float, ...]) -> FloatArray:
    return np.array(numbers, np.float32).reshape(-1, 1, 1)  # (C, 1, 1)


def _arrays(outputs: Mapping[str, torch.Tensor]) -> dict[str, FloatArray]:
    arrays: dict[str, FloatArray] = {}
    for name, tensor in outputs.items():
        array = tensor.numpy()[0]
        array.flags.writeable = False
        arrays[name] = array
    return arrays
