"""From a request to the record of what every layer answered: the one way round."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from viewer.core.data.registry import dataset_title
from viewer.core.errors import UserError
from viewer.core.imaging.digit import digit
from viewer.core.nets.checkpoint import LoadedNetwork, load_checkpoint
from viewer.core.nets.graph import SOFTMAX_NAME, Graph
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    InferenceRequest,
    Legibility,
    NetworkRecord,
    WeightsRecord,
)


class Engine:
    """A loaded network that answers requests; belongs to one thread.

    The pad, ``predict``, ``export`` and ``screenshot`` all go through `run`.

    Attributes
    ----------
    network : NetworkRecord
        What the network is.
    weights : WeightsRecord
        Copies of its weights as loaded.
    """

    def __init__(self, loaded: LoadedNetwork) -> None:
        metadata = loaded.metadata
        channels, height, width = metadata.input_shape
        if height != width:
            raise UserError(
                f"{loaded.title} takes images of {height} × {width} pixels, and digits are "
                "prepared as squares: open another network."
            )
        self._graph = Graph(loaded.module, (channels, height, width))
        self._mean = np.array(metadata.mean, np.float32).reshape(-1, 1, 1)  # (C, 1, 1)
        self._std = np.array(metadata.std, np.float32).reshape(-1, 1, 1)  # (C, 1, 1)
        self._own_filters: dict[str, torch.Tensor] = {}  # of nodes that have others now
        self.weights: WeightsRecord = self._graph.weights(step=0)
        self.network = NetworkRecord(
            title=loaded.title,
            architecture=metadata.architecture,
            nodes=self._graph.nodes,
            logits=self._graph.logits,
            input_shape=(channels, height, width),
            mean=tuple(metadata.mean),
            std=tuple(metadata.std),
            class_names=tuple(metadata.class_names),
            parameters=sum(p.numel() for p in loaded.module.parameters()),
            test_accuracy=metadata.test_accuracy,
            dataset=None if metadata.dataset is None else dataset_title(metadata.dataset),
            source=loaded.source,
            hyper=MappingProxyType(dict(metadata.hyper)),
        )

    @classmethod
    def open(cls, model: str) -> Engine:
        """Load a network in the box by its name, or a checkpoint by its path.

        Raises
        ------
        UserError
            If there is no such network, or the file is not a sound checkpoint.
        """
        return cls(load_checkpoint(resolve_model(model)))

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

        Raises
        ------
        UserError
            If there is no such filter, or the kernel has another shape.
        """
        own = self._graph.weight(node)
        if own is None or not 0 <= index < len(own) or own[index].shape != kernel.shape:
            raise UserError(f"{node} has no filter {index} of the kernel's shape: choose another.")
        if node not in self._own_filters:
            self._own_filters[node] = own.clone()
        own[index] = torch.from_numpy(np.ascontiguousarray(kernel))
        self.weights = self._graph.weights(self.weights.step)
        return self.weights

    def restore_filters(self) -> WeightsRecord:
        """Answer with the network's own filters again."""
        for node, own in self._own_filters.items():
            weight = self._graph.weight(node)
            if weight is not None:
                weight.copy_(own)
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
            the layers do answer to it, but no softmax and no probabilities.
        """
        size = self.network.input_shape[1]
        image = digit(request.source, size=size, raw=request.raw)
        outputs = _arrays(self._graph.run(self._normalised(image.pixels[np.newaxis])))
        answer: FloatArray | None = outputs[self._probabilities]
        if image.legibility is not Legibility.OK:
            answer = None
            outputs = {k: v for k, v in outputs.items() if k != self._probabilities}
        return ActivationRecord(
            generation=request.generation,
            weights_step=self.weights.step,
            image=image,
            outputs=MappingProxyType(outputs),
            probabilities=answer,
        )

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Classify images that are already as the network's data set has them.

        Parameters
        ----------
        images : (N, H, W) uint8
            Ink 255, paper 0.

        Returns
        -------
        (N,) int64
            Index of the class with the largest logit.
        """
        outputs = self._graph.run(self._normalised(images.astype(np.float32) / np.float32(255)))
        return outputs[self.network.logits].argmax(dim=1).numpy()

    def probabilities(self, pixels: FloatArray) -> FloatArray:
        """Answer many prepared images in one forward pass.

        Parameters
        ----------
        pixels : (N, H, W) float32, [0, 1]
            As in `DigitImage`.

        Returns
        -------
        (N, K) float32
            Softmax of the logits.
        """
        found: FloatArray = self._graph.run(self._normalised(pixels))[self._probabilities].numpy()
        return found

    def _normalised(self, pixels: FloatArray) -> torch.Tensor:
        """Return what the network takes, (N, C, H, W), of (N, H, W) in [0, 1]."""
        # With numpy: the same numbers, and of one small image in a third of the time.
        return torch.from_numpy((pixels[:, np.newaxis] - self._mean) / self._std)

    @property
    def _probabilities(self) -> str:
        return self.network.nodes[-1].name if self.network.nodes else SOFTMAX_NAME


def _arrays(outputs: Mapping[str, torch.Tensor]) -> dict[str, FloatArray]:
    arrays: dict[str, FloatArray] = {}
    for name, tensor in outputs.items():
        array = tensor.numpy()[0]
        array.flags.writeable = False
        arrays[name] = array
    return arrays
