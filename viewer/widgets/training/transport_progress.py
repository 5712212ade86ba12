"""How far a training is: two thin bars, and figures that never move when they change."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple, Protocol

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

BARS_PX = 88
BAR_PX = 4
BAR_GAP_PX = 4
SEPARATOR = "  ·  "
UNKNOWN = "–"
FINISHED_TEXT, STOPPED_TEXT, PAUSED_TEXT = "Finished", "Stopped", "Paused"
OVER_RANK = -1  # of them: they stay longest
NAME_RANK = -2  # but for the run's name, which says whose figures they are
NAME_LENGTH = 20  # characters, of those up to 200 that a name may have
WHILE_AT_WORK = (3, 5)  # ranks of the figures that mean nothing afterwards


class Progress(Protocol):
    """How far a training is; `viewer.core.training.progress` has such records.

    What is not known yet is None, NaN or, for the speed, 0.
    """

    @property
    def step(self) -> int:
        """Return the steps done."""

    @property
    def steps(self) -> int:
        """Return the steps of the whole run."""

    @property
    def steps_per_epoch(self) -> int:
        """Return the steps of an epoch."""

    @property
    def epoch(self) -> int:
        """Return the epoch of the last step, from 1."""

    @property
    def epochs(self) -> int:
        """Return the epochs of the whole run."""

    @property
    def images_per_s(self) -> float | None:
        """Return how many images a second are learned from."""

    @property
    def seconds_left(self) -> float | None:
        """Return the time to the end of the run."""

    @property
    def loss(self) -> float | None:
        """Return the loss as it is now."""

    @property
    def accuracy(self) -> float | None:
        """Return the accuracy as it is now, [0, 1]."""


def run_share(progress: Progress) -> float:
    """Return the share of the run that is done, [0, 1]."""
    return min(progress.step / max(progress.steps, 1), 1.0)


def epoch_share(progress: Progress) -> float:
    """Return the share of the epoch that is done, [0, 1]."""
    done = progress.step - (progress.epoch - 1) * progress.steps_per_epoch
    return min(max(done / max(progress.steps_per_epoch, 1), 0.0), 1.0)


class Figure(NamedTuple):
    """One part of the text: a number between two words.

    Attributes
    ----------
    before, number, after : str
    widest : str
        A number that is as wide as any to come.
    rank : int
        0 stays longest where there is little room.
    """

    before: str
    number: str
    after: str
    widest: str
    rank: int

    @property
    def text(self) -> str:
        """Return it as one text."""
        return f"{self.before}{self.number}{self.after}"


def figures(progress: Progress, *, over: bool = False, paused: bool = False) -> tuple[Figure, ...]:
    """Return the parts of the text, in the order shown; of a run that is at rest, no speed."""
    epochs, steps = f"{progress.epochs:,}", f"{progress.steps:,}"
    parts = (
        Figure("Epoch ", f"{progress.epoch:,}", f" of {epochs}", epochs, 1),
        Figure("step ", f"{progress.step:,}", f" of {steps}", steps, 4),
        Figure("", _rate_text(progress.images_per_s), " images/s", "0,000", 5),
        Figure("", duration_text(progress.seconds_left), " left", "0:00", 3),
        Figure("loss ", _loss_text(progress.loss), "", "0.000", 0),
        Figure("accuracy ", _percent_text(progress.accuracy), "", "00.0 %", 2),
    )
    if not (over or paused):
        return parts
    ended = FINISHED_TEXT if progress.step >= progress.steps else STOPPED_TEXT
    return (
        Figure(ended if over else PAUSED_TEXT, "", "", "", OVER_RANK),
        *(p for p in parts if p.rank not in WHILE_AT_WORK),
    )


def duration_text(seconds: float | None) -> str:
    """Return a time as minutes and seconds, or hours, minutes and seconds."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _rate_text(rate: float | None) -> str:
    if not rate or not math.isfinite(rate):
        return UNKNOWN
    # Two significant digits of thousands flicker less and say as much.
    return f"{round(rate, -2):,.0f}" if rate >= 1000 else f"{rate:.0f}"


def _loss_text(loss: float | None) -> str:
    if loss is None or math.isnan(loss):
        return UNKNOWN
    if not math.isfinite(loss):
        return "not finite"
    return f"{loss:.3f}" if abs(loss) < 100 else f"{loss:.3g}"


def _percent_text(share: float | None) -> str:
    return UNKNOWN if share is None or math.isnan(share) else f"{100 * share:.1f} %"


class ProgressText(QWidget):
    """The figures in one line; the least important ones go where there is no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._message = ""
        self._name: tuple[Figure, ...] = ()
        self._run: tuple[Figure, ...] = ()
        self._figures: tuple[Figure, ...] = ()
        self._slots: dict[int, float] = {}  # widest number so far, by rank
        self.setFont(text_font(TextSize.SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def set_progress(
        self, progress: Progress | None, *, over: bool = False, paused: bool = False
    ) -> None:
        """Show figures; None for none, `over` for those of a run that has ended, or `paused`."""
        self._run = () if progress is None else figures(progress, over=over, paused=paused)
        if progress is None:
            self._slots.clear()
        self._take_figures()

    def set_name(self, name: str) -> None:
        """Say whose figures they are; empty where that goes without saying."""
        short = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1].rstrip()}…"
        self._name = (Figure(short, "", "", "", NAME_RANK),) if name else ()
        self._take_figures()

    def _take_figures(self) -> None:
        self._figures = (*self._name, *self._run) if self._run else ()
        metrics = QFontMetricsF(self.font())
        for figure in self._figures:
            widths = (metrics.horizontalAdvance(t) for t in (figure.widest, figure.number))
            self._slots[figure.rank] = max(self._slots.get(figure.rank, 0.0), *widths)
        self._tell()

    def set_message(self, message: str) -> None:
        """Show a sentence in place of the figures; empty for the figures."""
        self._message = message
        self._tell()

    def text(self) -> str:
        """Return all that there is to say, shortened or not."""
        return self._message or " · ".join(figure.text for figure in self._figures)

    def shown(self) -> tuple[str, ...]:
        """Return the figures that there is room for."""
        return tuple(figure.text for figure in self._fitting())

    def full_width(self) -> int:
        """Return how wide it is with all figures."""
        return math.ceil(self._width_of(self._figures))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.full_width(), math.ceil(QFontMetricsF(self.font()).height()) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def event(self, a0: QEvent | None) -> bool:
        if a0 is not None and a0.type() == QEvent.Type.ToolTip:
            fits = not self._message and len(self._fitting()) == len(self._figures)
            # Escaped: a run may be called anything, even what would be shown as HTML.
            self.setToolTip("" if fits else f"<p>{escape(self.text())}</p>")
        return super().event(a0)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        metrics = QFontMetricsF(self.font())
        middle = Qt.AlignmentFlag.AlignVCenter
        if self._message:
            text = metrics.elidedText(self._message, Qt.TextElideMode.ElideRight, self.width())
            painter.setPen(self._theme.color("text_muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | middle, text)
            return
        x = 0.0
        for index, figure in enumerate(self._fitting()):
            if index:
                x = self._draw(painter, x, SEPARATOR, "text_muted")
            x = self._draw(painter, x, figure.before, "text_muted")
            slot = self._slots[figure.rank]
            x += slot - metrics.horizontalAdvance(figure.number)  # flush right
            x = self._draw(painter, x, figure.number, "text")
            x = self._draw(painter, x, figure.after, "text_muted")

    def _draw(self, painter: QPainter, x: float, text: str, token: str) -> float:
        metrics = QFontMetricsF(self.font())
        width = metrics.horizontalAdvance(text)
        painter.setPen(self._theme.color(token))
        place = QRectF(x, 0, width + 2, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
        return x + width

    def _tell(self) -> None:
        self.setAccessibleName(self.text())
        self.update()

    def _fitting(self) -> list[Figure]:
        """Return the figures that fit, without those of the highest ranks where need be."""
        kept = list(self._figures)
        while len(kept) > 1 and self._width_of(kept) > self.width():
            kept.remove(max(kept, key=lambda figure: figure.rank))
        return kept

    def _width_of(self, parts: list[Figure] | tuple[Figure, ...]) -> float:
        metrics = QFontMetricsF(self.font())
        words = sum(metrics.horizontalAdvance(p.before + p.after) for p in parts)
        gaps = metrics.horizontalAdvance(SEPARATOR) * max(len(parts) - 1, 0)
        return words + gaps + sum(self._slots[p.rank] for p in parts) + 2


class ProgressBars(QWidget):
    """The epoch above, the run below: two thin bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._progress: Progress | None = None
        self.setFixedSize(BARS_PX, 2 * BAR_PX + BAR_GAP_PX + 4)
        self.setAccessibleName("Progress of epoch and run")

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def set_progress(self, progress: Progress | None) -> None:
        """Show how far it is; None for empty bars."""
        self._progress = progress
        self.update()

    @override
    def event(self, a0: QEvent | None) -> bool:
        if a0 is not None and a0.type() == QEvent.Type.ToolTip:
            epoch, run = self.shares()
            self.setToolTip(f"Above the epoch, {epoch:.0%}; below the run, {run:.0%}")
        return super().event(a0)

    def shares(self) -> tuple[float, float]:
        """Return the shares of epoch and run that are shown, [0, 1]."""
        if self._progress is None:
            return 0.0, 0.0
        return epoch_share(self._progress), run_share(self._progress)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, share in enumerate(self.shares()):
            y = 2 + row * (BAR_PX + BAR_GAP_PX)
            for length, token in ((1.0, "border"), (share, "bar")):
                if length > 0:
                    painter.setBrush(self._theme.color(token))
                    width = max(length * self.width(), BAR_PX)
                    painter.drawRoundedRect(QRectF(0, y, width, BAR_PX), BAR_PX / 2, BAR_PX / 2)
