"""The curves of runs: which lines there are, how each is called and how strong it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from viewer.widgets.plot_style import RAW_SHARE, blend, run_color
from viewer.widgets.training.curves_legend import Entry
from viewer.widgets.training.curves_paint import Line, PlotMark, Strength
from viewer.widgets.training.curves_series import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.core.training.history import History
    from viewer.widgets.theme import Theme

PERCENT = 100.0
QUANTITIES = ("loss", "accuracy")
NAME_LIMIT = 20  # characters in the read-out


@dataclass(frozen=True, slots=True)
class RunCurves:
    """A run whose curves are shown.

    Attributes
    ----------
    key : str
        Tells it from the others.
    name : str
    color_index : int
        Its colour in every theme.
    history : History
        Its numbers; may grow and be cut at any time.
    current : bool
        The one that the window trains or follows: drawn strongest.
    """

    key: str
    name: str
    color_index: int
    history: History
    current: bool = False


class RunTraces:
    """The traces of one run, kept over refreshes.

    Attributes
    ----------
    run : RunCurves
    """

    def __init__(self, run: RunCurves, smoothing: float) -> None:
        self.run = run
        batches, epochs = run.history.batches, run.history.epochs
        scales = {"loss": 1.0, "accuracy": PERCENT}
        self._raw = {q: Trace(batches, q, scale=scales[q]) for q in QUANTITIES}
        self._validation = {
            q: Trace(epochs, f"validation_{q}", scale=scales[q]) for q in QUANTITIES
        }
        self._scales = scales
        self.set_smoothing(smoothing)

    def set_smoothing(self, smoothing: float) -> None:
        """Average the batches over more or fewer steps."""
        batches = self.run.history.batches
        self._smooth = {
            q: Trace(batches, q, scale=self._scales[q], smoothing=smoothing) for q in QUANTITIES
        }

    def update(self) -> bool:
        """Take up what the history holds now."""
        traces = (*self._raw.values(), *self._smooth.values(), *self._validation.values())
        changed = [trace.update() for trace in traces]  # each of them, whatever the others say
        return any(changed)

    def lines(self, quantity: str, theme: Theme, *, several: bool) -> list[Line]:
        """Return the lines of one quantity, in the order of the read-out."""
        color = run_color(self.run.color_index, theme)
        strength = Strength.STRONG if self.run.current or not several else Strength.NORMAL
        before = f"{short_name(self.run.name)}, " if several else ""
        lines = [
            Line(self._smooth[quantity], f"{before}training", color, strength),
            Line(self._validation[quantity], f"{before}validation", color, strength, dots=True),
        ]
        if strength is Strength.STRONG:  # the batches of several runs would hide each other
            faint = blend(color, theme.color("surface"), RAW_SHARE)
            lines.insert(1, Line(self._raw[quantity], f"{before}this batch", faint, Strength.FAINT))
        return lines

    def marks(self, theme: Theme, *, several: bool) -> list[PlotMark]:
        """Return the changes of settings as marks."""
        if not several:
            color = theme.color("text_muted")
            return [PlotMark(mark.step, mark.text, color) for mark in self.run.history.marks]
        color = run_color(self.run.color_index, theme)
        name = short_name(self.run.name)
        current = self.run.current
        return [
            PlotMark(mark.step, mark.text if current else f"{name}: {mark.text}", color)
            for mark in self.run.history.marks
        ]

    def entry(self, theme: Theme, *, several: bool) -> Entry:
        """Return its place in the legend."""
        color = run_color(self.run.color_index, theme)
        return Entry(self.run.name, color, strong=self.run.current or not several)


def short_name(name: str) -> str:
    """Return a name that fits into the read-out: what tells runs apart is often at the end."""
    if len(name) <= NAME_LIMIT:
        return name
    half = (NAME_LIMIT - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def epoch_at(history: History, step: int) -> int | None:
    """Return the epoch that a step belongs to, from 1; None while no epoch has ended."""
    ends = history.epochs.column("step")
    if not len(ends):
        return None
    return int(np.searchsorted(ends, step, side="left")) + 1 if step else 1


def heading_at(runs: Sequence[RunCurves], step: int) -> str:
    """Return the first line of the read-out: step and epoch of the current run."""
    chosen = next((run for run in runs if run.current), runs[0] if runs else None)
    epoch = None if chosen is None else epoch_at(chosen.history, step)
    if chosen is not None and epoch is not None:
        epoch = min(epoch, _last_epoch(chosen.history))
    return f"step {step:,}" + ("" if epoch is None else f" · epoch {epoch}")


def _last_epoch(history: History) -> int:
    ends, steps = history.epochs.column("step"), history.batches.column("step")
    unfinished = bool(len(steps)) and steps[-1] > ends[-1]
    return len(ends) + int(unfinished)
