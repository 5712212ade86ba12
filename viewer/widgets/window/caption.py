"""Which network is on screen: always said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QFrame, QVBoxLayout, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize
from viewer.widgets.window.caption_notice import CaptionNotice

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord


WEIGHTS = "weights"
SEPARATOR = " · "
# Shown in place of the weights, by `WeightsKind`.
_INSTEAD = {
    "gradients": "filters show the gradients of step {step:,}",
    "differences": "filters and maps show what changed between the two steps",
}
EDITED = "a filter is replaced, so the accuracy is unknown"
# Notices beside the name, the most urgent first.
HANGING, OPENING, GUESSED = "hanging", "opening", "guessed"
TRAINING = "training"  # source of a network that belongs to a run


def title_of(network: NetworkRecord, step: int, kind: str = WEIGHTS) -> str:
    """Return a network's title: of a run, with the step that is shown."""
    if network.source != TRAINING or kind == "differences":  # these two steps are in it
        return network.title
    return f"{network.title} · step {step:,}"


def details_of(network: NetworkRecord, step: int, kind: str = WEIGHTS) -> str:
    """Return the line below a network's title, in parts of which the first matter most.

    The accuracy in its file is that of the weights in the file: once they were trained
    further it is named as such.

    Parameters
    ----------
    network : NetworkRecord
    step : int
        Training step of the weights.
    kind : str
        What stands in the place of the weights: one of `WeightsKind`.
    """
    if network.source == TRAINING:
        instead = _INSTEAD.get(kind, "").format(step=step)
        learned = f"trained on {network.dataset}" if network.dataset else ""
        parts = [instead, f"{network.parameters:,} parameters", learned]
        return SEPARATOR.join(part for part in parts if part)
    size = f"{network.parameters:,} parameters"
    known = network.test_accuracy is not None
    accuracy = "test accuracy unknown"
    if network.test_accuracy is not None:
        where = f"on {network.dataset} test" if network.dataset else "in its test"
        accuracy = f"{100 * network.test_accuracy:.2f} % {where}"
    if step:
        return SEPARATOR.join((f"step {step:,}", size, accuracy + (" as loaded" if known else "")))
    told = (accuracy, size) if known else (size, accuracy)
    return SEPARATOR.join((*told, "weights as loaded"))


class NetworkCaption(QFrame):
    """Title of the network; test accuracy, parameters and training step below.

    Where there is no room for a notice beside them, it stands below; what of the second line has
    no room is in its tooltip.

    Attributes
    ----------
    notice : CaptionNotice
        What is going on with the network: `HANGING`, `OPENING`, `GUESSED`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network_caption")
        self._network: NetworkRecord | None = None
        self.title = ElidedLabel(size_pt=TextSize.TITLE, bold=True)
        self.details = ElidedLabel(separator=SEPARATOR)
        self.details.setObjectName("muted")
        self.notice = CaptionNotice((HANGING, OPENING, GUESSED))
        lines = QVBoxLayout()
        lines.setSpacing(0)
        for line in (self.title, self.details):
            lines.addWidget(line)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(2 * GRID_PX, GRID_PX - 2, 2 * GRID_PX, GRID_PX - 2)
        self._lines.addLayout(lines, 1)
        self._lines.addWidget(self.notice, 0, Qt.AlignmentFlag.AlignVCenter)
        self.notice.changed.connect(self._arrange)
        self._arrange()

    @property
    def has_network(self) -> bool:
        """Whether a network is named already."""
        return self._network is not None

    def set_network(self, network: NetworkRecord, step: int = 0, kind: str = WEIGHTS) -> None:
        """Show what `network` is, with the weights of a training step, or what replaces them."""
        self._network = network
        self.setToolTip(f"{network.title}, {network.architecture}, {network.source}")
        self.set_step(step, kind)

    def set_edited(self) -> None:
        """Say that filters were replaced: accuracy and weights are not the file's any more."""
        if self._network is not None:
            self._set_details(f"{EDITED}{SEPARATOR}{self._network.parameters:,} parameters")

    def set_step(self, step: int, kind: str = WEIGHTS) -> None:
        """Show another training step of the same network; 0 for the weights as loaded."""
        if self._network is not None:
            self.title.set_text(title_of(self._network, step, kind))
            self._set_details(details_of(self._network, step, kind))

    def _set_details(self, text: str) -> None:
        self.details.set_text(text)
        self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put the notice beside the lines if both have room there, below them otherwise."""
        lines_px = max(self.title.needed_px(), self.details.needed_px())
        margins = self._lines.contentsMargins()
        room = self.width() - margins.left() - margins.right() - 2 * GRID_PX
        below = lines_px + self.notice.sizeHint().width() > room
        directions = QBoxLayout.Direction
        self._lines.setDirection(directions.TopToBottom if below else directions.LeftToRight)
        self._lines.setSpacing(GRID_PX // 2 if below else 2 * GRID_PX)
        self.notice.set_wide(below)
