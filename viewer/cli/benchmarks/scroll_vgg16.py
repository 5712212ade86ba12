"""Scrolling and zooming over all maps of VGG-16 in the real window, and its memory meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from PyQt6.QtWidgets import QApplication

from viewer.cli.benchmarks.memory import BYTES_PER_MB, resident_bytes
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.sampling import MS_PER_S, median, p99, seconds_of
from viewer.cli.benchmarks.scenes import scene
from viewer.cli.benchmarks.session import running
from viewer.core.engine import Engine
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.torchvision_models import (
    build_torchvision,
    torchvision_metadata,
)
from viewer.core.records import ActivationRecord, InferenceRequest, Kind, NetworkRecord

if TYPE_CHECKING:
    from viewer.widgets.flow.view import FlowView

NAME = "vgg16"
SEED = 0
SCROLL_PX = 144  # three steps of a wheel's notch
ZOOMS = (0.5, 1.0, 2.0)  # at which all is scrolled over
ZOOM_STEPS = (1, 1, -1, -1, -1, 1)  # from there, at several places
PLACES = 12


def measure() -> dict[str, object]:
    """Return the part's object.

    A frame is a step of scrolling or zooming, and painting until all that is in sight then is
    there. Memory is the resident set beyond that of the window with the small network in the box,
    with all libraries loaded.
    """
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    with running() as session:
        import torchvision  # type: ignore[import-untyped]  # noqa: F401 - no stubs

        before = resident_bytes()
        network = loaded()
        engine = Engine(network)
        record = engine.run(InferenceRequest(1, scene(0)))
        views = session.controller.views
        views.set_network(engine.network, engine.weights)
        views.set_record(record)
        view = session.controller.flow
        view.set_open_blocks(frozenset(engine.network.modules))
        painted(view)
        samples, peak = [], 0
        for frame in frames(view):
            samples.append(seconds_of(frame))
            peak = max(peak, resident_bytes())
    weights = sum(p.numel() * p.element_size() for p in network.module.parameters())
    return summary(samples, peak - before - weights, record) | {
        "maps": convolution_maps(engine.network),
        "weights_mb": weights / BYTES_PER_MB,
    }


def summary(samples: list[float], beyond_bytes: int, record: ActivationRecord) -> dict[str, object]:
    """Return the figures of frames in seconds, and of memory beyond that of the weights."""
    activations = sum(values.nbytes for values in record.outputs.values())
    return {
        "frame_p99_ms": MS_PER_S * p99(samples),
        "frame_median_ms": MS_PER_S * median(samples),
        "frame_max_ms": MS_PER_S * max(samples),
        "frames": len(samples),
        "memory_ratio": beyond_bytes / activations,
        "activations_mb": activations / BYTES_PER_MB,
    }


def loaded() -> LoadedNetwork:
    """Return the network as torchvision builds it, with fresh weights."""
    module = build_torchvision(NAME).eval().requires_grad_(requires_grad=False)
    metadata = torchvision_metadata(NAME, pretrained=False)
    return LoadedNetwork(module, metadata, "torchvision", NAME)


def convolution_maps(network: NetworkRecord) -> int:
    """Return how many feature maps the convolutions of a network have."""
    return sum(n.output_shape[0] for n in network.nodes if n.kind is Kind.CONVOLUTION)


def painted(view: FlowView) -> None:
    """Paint until all that is in sight is there."""
    viewport = view.viewport()
    assert viewport is not None, "a scroll area has one"
    viewport.repaint()
    while not view.is_complete:
        viewport.repaint()


def frames(view: FlowView) -> Iterator[Callable[[], None]]:
    """Yield what makes one frame each: over everything at three zooms, then in and out."""
    bar = view.verticalScrollBar()
    assert bar is not None, "a scroll area has one"

    def scroll() -> None:
        bar.setValue(bar.value() + SCROLL_PX)
        painted(view)

    def zoom(steps: int) -> None:
        view.zoom_by(steps)
        painted(view)

    for level in ZOOMS:
        view.set_zoom(level)
        bar.setValue(0)
        painted(view)
        while bar.value() < bar.maximum():
            yield scroll
        QApplication.processEvents()
    view.set_zoom(1)
    for place in range(PLACES):
        bar.setValue(bar.maximum() * place // PLACES)
        painted(view)
        for steps in ZOOM_STEPS:
            yield lambda steps=steps: zoom(steps)  # type: ignore[misc]  # mypy: a default


if __name__ == "__main__":
    print_part(measure)
