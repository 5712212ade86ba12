"""A forward pass that keeps what the window shows, beside a bare one of the same network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.parts import LARGE_NETWORKS
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median, seconds_of
from viewer.core.engine import Engine
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.torchvision_models import build_torchvision, torchvision_metadata
from viewer.core.overview import needed_at_first

SEED = 0
ROUNDS, WARM_UP = 24, 2


def measure(names: Sequence[str] = LARGE_NETWORKS, rounds: int = ROUNDS) -> dict[str, object]:
    """Return the part's object.

    On one thread, on images of each network's own size, 224 × 224. Capture is what the window
    runs for each image of a stream, from the normalised image to the record's arrays of all that
    its default view shows, while the record before is still on screen; ``whole`` is the same for
    every node, as the window asks once the images pause or something is selected. The bare pass
    is the module's own, in inference mode.

    Parameters
    ----------
    names : sequence of str
        Of torchvision's architectures.
    rounds : int
        How often each pass is timed, in turns.
    """
    torch.set_num_threads(1)
    found: dict[str, object] = {}
    for name in names:
        found |= summary(name, samples_of(name, rounds))
    return found


def summary(name: str, samples: Mapping[str, list[float]]) -> dict[str, object]:
    """Return the figures of one network's samples in seconds.

    The ratio is the middle one of those of neighbours: what slows the machine for seconds slows
    both.
    """
    pairs = zip(samples["capture"], samples["bare"], strict=True)
    whole = zip(samples["whole"], samples["bare"], strict=True)
    return {
        name: median([capture / bare for capture, bare in pairs]),
        f"{name}_whole": median([capture / bare for capture, bare in whole]),
        f"{name}_capture_ms": MS_PER_S * median(samples["capture"]),
        f"{name}_bare_ms": MS_PER_S * median(samples["bare"]),
    }


def samples_of(name: str, rounds: int) -> dict[str, list[float]]:
    """Time the passes of a network with fresh weights, one after the other."""
    torch.manual_seed(SEED)
    module = build_torchvision(name).eval().requires_grad_(requires_grad=False)
    metadata = torchvision_metadata(name, pretrained=False)
    engine = Engine(LoadedNetwork(module, metadata, "torchvision", name))
    keep = needed_at_first(engine.network)
    x = torch.randn(1, *metadata.input_shape)

    def bare() -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = module(x)
        return logits

    variants = {
        "capture": (keeping(lambda: engine.capture(x, keep)), 1),
        "bare": (sampler(bare), 1),
        "whole": (keeping(lambda: engine.capture(x)), 1),
    }
    return interleaved(variants, rounds=rounds, warm_up=WARM_UP)


def sampler(forward: Callable[[], object]) -> Callable[[], float]:
    """Return what times one pass."""
    return lambda: seconds_of(forward)


def keeping(forward: Callable[[], object]) -> Callable[[], float]:
    """Return what times one pass, and keeps its result until the next one has its own."""
    kept: list[object] = [None]

    def replace() -> None:
        kept[0] = forward()

    return sampler(replace)


if __name__ == "__main__":
    print_part(measure)
