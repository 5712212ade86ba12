"""The parts of the benchmark: where each is measured, its figures, and what each must hold."""

from __future__ import annotations

from dataclasses import dataclass

# Of torchvision, at 224 × 224: what opening any network is measured with.
LARGE_NETWORKS = ("resnet18", "resnet50", "vgg16", "mobilenet_v3_large", "densenet121")


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to be.

    Attributes
    ----------
    limit : float
        In the figure's own unit.
    at_most : bool
        Whether `limit` is the largest value allowed, or the smallest.
    """

    limit: float
    at_most: bool = True

    def holds(self, value: float) -> bool:
        """Return whether `value` is as it has to be; NaN never is."""
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a part.

    Attributes
    ----------
    key : str
        In the JSON object.
    meaning : str
        For the table.
    unit : str
        ``ms``, ``×`` (a ratio), ``MB`` or ``/s``.
    target : Target or None
        None for a number that is only there to be read.
    """

    key: str
    meaning: str
    unit: str
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One object of the output.

    Attributes
    ----------
    name : str
        Key in the JSON object, and the value of ``--only``.
    figures : tuple of Figure
        Empty for a part that describes instead of measuring.
    """

    name: str
    figures: tuple[Figure, ...] = ()

    @property
    def module(self) -> str:
        """Module that is run, and prints the part as one JSON object."""
        return f"viewer.cli.benchmarks.{self.name}"


PARTS: tuple[Part, ...] = (
    Part("machine"),
    Part(
        "live_update",
        (
            Figure("median_ms", "one pen movement until all views are painted, median", "ms"),
            Figure("p99_ms", "the same, 99th percentile", "ms"),
            Figure("bare_forward_ms", "bare forward pass of the same network", "ms"),
            Figure("matplotlib_blit_ms", "matplotlib, the same mosaics by blit", "ms"),
            Figure("matplotlib_axes_ms", "matplotlib, one axes a map and set_data", "ms"),
            Figure("ratio_to_forward", "pen movement over bare forward pass", "×", Target(8)),
            Figure(
                "speedup_over_blit", "matplotlib's blit over pen movement", "×", Target(4, False)
            ),
            Figure(
                "speedup_over_axes", "matplotlib's axes over pen movement", "×", Target(30, False)
            ),
        ),
    ),
    Part(
        "traced_update",
        (
            Figure("median_ms", "one pen movement with a trace open, median", "ms"),
            Figure("p99_ms", "the same, 99th percentile", "ms"),
            Figure("bare_forward_ms", "bare forward pass of the same network", "ms"),
            Figure("trace_ms", "from a pen movement until the trace shows it, median", "ms"),
            Figure("arithmetic_ms", "the trace's arithmetic and painting alone, median", "ms"),
            Figure("ratio_to_forward", "pen movement over bare forward pass", "×", Target(12)),
        ),
    ),
    Part(
        "event_loop_gap",
        (
            Figure(
                "p99_ms", "between two turns of the event loop, 99th percentile", "ms", Target(16)
            ),
            Figure("max_ms", "the same, longest", "ms", Target(50)),
        ),
    ),
    Part(
        "startup",
        (
            Figure(
                "window_ratio", "first painted window over a bare PyQt6 window's", "×", Target(3)
            ),
            Figure(
                "live_ratio", "first prediction over importing torch and PyQt6", "×", Target(1.5)
            ),
        ),
    ),
    Part(
        "memory",
        (
            Figure("ratio", "after 5,000 updates over a bare process", "×", Target(1.3)),
            Figure("growth_mb", "growth over the last 4,000 updates", "MB", Target(5)),
        ),
    ),
    Part(
        "training",
        (
            Figure(
                "throughput_ratio",
                "training in the window over the bare loop",
                "×",
                Target(0.9, False),
            ),
            Figure(
                "dataloader_speedup",
                "training in the window over a DataLoader's loop",
                "×",
                Target(1.1, False),
            ),
            Figure(
                "augmented_speedup",
                "the same, both with augmentation",
                "×",
                Target(3, False),
            ),
            Figure("frames_per_s", "steps of the training that were shown a second", "/s"),
            Figure(
                "gap_p99_ms",
                "between two turns while training and drawing, 99th p.",
                "ms",
                Target(20),
            ),
            Figure("gap_max_ms", "the same, longest", "ms", Target(80)),
            Figure("update_median_ms", "one pen movement while training, median", "ms"),
            Figure("update_p99_ms", "the same, 99th percentile", "ms", Target(40)),
        ),
    ),
    Part(
        "capture",
        tuple(
            Figure(name, f"{name}: pass with the maps in view over bare pass", "×", Target(1.15))
            for name in LARGE_NETWORKS
        )
        + tuple(
            Figure(f"{name}_whole", f"{name}: pass with all maps over bare pass", "×")
            for name in LARGE_NETWORKS
        ),
    ),
    Part(
        "images",
        (
            Figure(
                "gap_p99_ms",
                "between two turns while networks answer a stream, 99th p.",
                "ms",
                Target(20),
            ),
            Figure("gap_max_ms", "the same, longest", "ms", Target(80)),
            *(
                Figure(f"{name}_answers_per_s", f"images that {name} answered a second", "/s")
                for name in LARGE_NETWORKS
            ),
        ),
    ),
    Part(
        "open_vgg16",
        (
            Figure(
                "ratio", "vgg16's file until maps are painted over bare script", "×", Target(1.5)
            ),
            Figure("window_ms", "the file until the first maps are painted, median", "ms"),
            Figure("script_ms", "torch.load, building and one forward pass, median", "ms"),
        ),
    ),
    Part(
        "scroll_vgg16",
        (
            Figure(
                "frame_p99_ms",
                "scroll or zoom step until all is painted, 99th p.",
                "ms",
                Target(33),
            ),
            Figure("frame_median_ms", "the same, median", "ms"),
            Figure(
                "memory_ratio",
                "memory beyond weights over one pass's activations",
                "×",
                Target(1.3),
            ),
        ),
    ),
)
