"""Two networks beside each other: the same drawing moved, and accuracy on moved test images."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.evaluation import (
    DEFAULT_DATASET,
    INTRA_OP_THREADS,
    Cancelled,
    JobService,
    LoadTest,
    NetworkSource,
    Progress,
)
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.nets.checkpoint import LoadedNetwork
    from viewer.core.records import Drawing, FloatArray, Picture

# The pair in the box: dense first.
SHIPPED_PAIR = (NetworkSource("mlp", "mlp"), NetworkSource("digits", "digits"))


@dataclass(frozen=True, slots=True)
class MovedRequest:
    """One drawing, moved, as a question to both networks.

    Attributes
    ----------
    source : Drawing or Picture
    raw : bool
        Feed the canvas as it is, see `InferenceRequest`.
    dx, dy : int
        Pixels of the networks' input, to the right and down, after its preparation.
    degrees : float
        Rotation about the centre, anticlockwise, before the shift.
    """

    source: Drawing | Picture
    raw: bool = False
    dx: int = 0
    dy: int = 0
    degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class MovedAnswer:
    """What one network says to a moved drawing.

    Attributes
    ----------
    title : str
    class_names : tuple of K str
    probabilities : (K,) float32, or None
        None where there is nothing to classify.
    pixels : (H, W) or (C, H, W) float32, [0, 1]
        What the network was shown; of a digit (H, W), ink 1.
    """

    title: str
    class_names: tuple[str, ...]
    probabilities: FloatArray | None
    pixels: FloatArray


@dataclass(frozen=True, slots=True)
class RobustnessJob:
    """Networks whose accuracy on moved images is to be taken.

    Attributes
    ----------
    networks : tuple of NetworkSource
    dataset : str
        Registered name; empty for the one that the first network was trained on.
    """

    networks: tuple[NetworkSource, ...] = SHIPPED_PAIR
    dataset: str = ""


class RobustnessService(JobService[RobustnessJob]):
    """Takes accuracy against shift and rotation; see `JobService` for how jobs come and go.

    Signals
    -------
    robustness_ready(Robustness)
    """

    robustness_ready = pyqtSignal(object)

    def __init__(self, load_test: LoadTest | None = None, parent: QObject | None = None) -> None:
        super().__init__("robustness", load_test, parent)

    def _work(self, job: RobustnessJob, progress: Progress, unwanted: Callable[[], bool]) -> None:
        from viewer.core.training.evaluation import EvaluationCancelled, check_fit
        from viewer.core.training.robustness import Candidate, measure_robustness

        networks = [source.load() for source in job.networks]
        name = job.dataset or networks[0].metadata.dataset or DEFAULT_DATASET
        dataset = self._test_images(name)
        candidates = []
        for source, network in zip(job.networks, networks, strict=True):
            check_fit(network, dataset)
            mean_std = (tuple(network.metadata.mean), tuple(network.metadata.std))
            candidates.append(Candidate(source.title, network.module, mean_std))
        try:
            result = measure_robustness(candidates, dataset, progress=progress, cancelled=unwanted)
        except EvaluationCancelled:
            raise Cancelled from None
        self._end(self.robustness_ready, result)


class ComparisonService(QObject):
    """Answers moved drawings by two networks on its own thread; the latest request wins.

    Signals
    -------
    answers_ready(tuple of MovedAnswer)
        One a network, in their order.
    failed(str)
        One sentence on what went wrong; the last good networks stay.
    """

    answers_ready = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[tuple[NetworkSource, ...] | MovedRequest] = Mailbox(
            "networks", "request"
        )
        self._worker = Worker("comparison", self._mailbox, self._handle, self._on_error)
        # The worker's thread only: titles and networks.
        self._networks: list[tuple[str, LoadedNetwork]] = []

    def start(self) -> None:
        """Start the thread; nothing heavy is imported before there are networks."""
        self._worker.start()

    def set_networks(self, networks: tuple[NetworkSource, ...] = SHIPPED_PAIR) -> None:
        """Answer by these networks from now on."""
        self._mailbox.put("networks", networks)

    def submit(self, request: MovedRequest) -> None:
        """Ask all networks; dropped if a newer request comes before it is begun."""
        self._mailbox.put("request", request)

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, item: tuple[NetworkSource, ...] | MovedRequest) -> None:
        if isinstance(item, MovedRequest):
            if self._networks:
                answers = tuple(_answer(title, net, item) for title, net in self._networks)
                self.answers_ready.emit(answers)
            return
        import torch  # heavy: on this thread, and not before it is needed

        torch.set_num_threads(INTRA_OP_THREADS)
        self._networks = [(source.title, source.load()) for source in item]

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The networks could not answer: {type(error).__name__}: {error}.")


def _answer(title: str, network: LoadedNetwork, request: MovedRequest) -> MovedAnswer:
    """Prepare the drawing as the pad does, move it, and ask one network."""
    import numpy as np
    import torch

    from viewer.core.imaging.preparation import prepare
    from viewer.core.records import Legibility
    from viewer.core.training.evaluation import normalised, run
    from viewer.core.training.robustness import moved

    metadata = network.metadata
    preparation = metadata.preparation
    image = prepare(
        request.source, metadata.input_shape, preparation, raw=request.raw, mean=metadata.mean
    )
    chw = image.pixels[np.newaxis] if image.pixels.ndim == 2 else image.pixels  # (C, H, W)
    pixels = torch.from_numpy(np.array(chw, np.float32))[None]  # (1, C, H, W)
    if not preparation.digit and _is_drawn(request.source):  # white paper comes in, not black
        pixels = 1 - moved(1 - pixels, request.dx, request.dy, request.degrees)
    else:
        pixels = moved(pixels, request.dx, request.dy, request.degrees)
    x = normalised(pixels, (tuple(metadata.mean), tuple(metadata.std)))  # (1, C, H, W)
    answer = None
    if image.legibility is Legibility.OK:
        answer = run(network.module, x).softmax(1)[0].numpy()  # (K,)
    shown = pixels[0, 0] if preparation.digit else pixels[0]  # (H, W) or (C, H, W)
    return MovedAnswer(title, tuple(metadata.class_names), answer, shown.numpy())


def _is_drawn(source: Drawing | Picture) -> bool:
    """Return whether a source is ink on paper."""
    from viewer.core.records import Picture

    return not isinstance(source, Picture) or (source.prepared and source.rgb is None)
