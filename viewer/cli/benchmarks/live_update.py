"""From a movement of the pen until every view is painted, beside what it could cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle

import torch

from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.pen import CANVAS_PX, three
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median, p99, seconds_of
from viewer.cli.benchmarks.session import POINTS, Session, running
from viewer.core.imaging.digit import digit
from viewer.core.nets.checkpoint import LoadedNetwork, load_checkpoint
from viewer.core.nets.graph import Graph
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Drawing, FloatArray, Stroke

MODEL = "digits"
# 12 rounds of A B C D; a drawing with one axes a map is so slow that three a round have to do.
ROUNDS = 12
UPDATES, FORWARDS, BLITS, AXES = 30, 60, 20, 3
NO_MATPLOTLIB = "matplotlib is not installed, so it is not compared with: pip install matplotlib"

Outputs = Mapping[str, FloatArray]


def measure() -> dict[str, object]:
    """Return the part's object."""
    loaded = load_checkpoint(resolve_model(MODEL))
    torch.set_num_threads(1)
    with running(MODEL) as session:
        variants: dict[str, tuple[Callable[[], float], int]] = {
            "update": (session.update_s, UPDATES),
            "forward": (bare_forward(loaded), FORWARDS),
        }
        variants |= matplotlib_variants(session, loaded)
        samples = interleaved(variants, rounds=ROUNDS)
    return summary(samples)


def summary(samples: Mapping[str, list[float]]) -> dict[str, object]:
    """Return the figures of samples in seconds; those of matplotlib are None without it."""
    update, forward = median(samples["update"]), median(samples["forward"])
    found: dict[str, object] = {
        "median_ms": MS_PER_S * update,
        "p99_ms": MS_PER_S * p99(samples["update"]),
        "bare_forward_ms": MS_PER_S * forward,
        "matplotlib_blit_ms": None,
        "matplotlib_axes_ms": None,
        "ratio_to_forward": update / forward,
        "speedup_over_blit": None,
        "speedup_over_axes": None,
        "samples": len(samples["update"]),
    }
    for name in ("blit", "axes"):
        if name in samples:
            found[f"matplotlib_{name}_ms"] = MS_PER_S * median(samples[name])
            found[f"speedup_over_{name}"] = median(samples[name]) / update
    if "blit" not in samples:
        found["note"] = NO_MATPLOTLIB
    return found


def inputs(loaded: LoadedNetwork) -> list[torch.Tensor]:
    """Return (1, 1, H, W) inputs, normalised: the second half of a digit as it grows."""
    size = loaded.metadata.input_shape[1]
    mean, std = loaded.metadata.mean[0], loaded.metadata.std[0]
    path = torch.tensor(three(POINTS)).mul(CANVAS_PX).numpy()  # (POINTS, 2)
    drawings = (
        Drawing((Stroke(path[: count + 1]),), canvas=(CANVAS_PX, CANVAS_PX))
        for count in range(POINTS // 2, POINTS)
    )
    images = (digit(drawing, size=size).pixels for drawing in drawings)
    return [(torch.tensor(image)[None, None] - mean) / std for image in images]


def bare_forward(loaded: LoadedNetwork) -> Callable[[], float]:
    """Return what measures a forward pass of the module itself: no hooks, no capture."""
    images = cycle(inputs(loaded))

    def sample() -> float:
        image = next(images)
        with torch.inference_mode():
            return seconds_of(lambda: loaded.module(image))

    return sample


def matplotlib_variants(
    session: Session, loaded: LoadedNetwork
) -> dict[str, tuple[Callable[[], float], int]]:
    """Return what measures matplotlib with the same maps at the same places; {} without it."""
    try:
        from viewer.cli.benchmarks.matplotlib_baseline import AxesPerMap, Mosaics, Place
    except ModuleNotFoundError:
        return {}
    graph = Graph(loaded.module, loaded.metadata.input_shape)
    images = inputs(loaded)
    first = answer(graph, images[0])
    view = session.controller.flow
    layout = view.layout_shown()
    assert layout is not None, "a network is shown"
    places = {
        card.node: Place(
            (card.maps.x, card.maps.y, card.maps.width, card.maps.height), card.grid.columns
        )
        for card in layout.cards.values()
    }
    viewport = view.viewport()
    assert viewport is not None, "a scroll area has one"
    size_px = viewport.width(), viewport.height()
    return {
        name: (_sampler(kind(first, places, size_px).update, graph, images), count)
        for name, kind, count in (("blit", Mosaics, BLITS), ("axes", AxesPerMap, AXES))
    }


def answer(graph: Graph, image: torch.Tensor) -> Outputs:
    """Return the output of every layer, (C, H, W) or (N,)."""
    return {name: values[0].numpy() for name, values in graph.run(image).items()}


def _sampler(
    show: Callable[[Outputs], None], graph: Graph, images: list[torch.Tensor]
) -> Callable[[], float]:
    following = cycle(images)

    def sample() -> float:
        image = next(following)
        return seconds_of(lambda: show(answer(graph, image)))

    return sample


if __name__ == "__main__":
    print_part(measure)
