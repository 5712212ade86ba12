"""Which network is on screen: always said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from viewer.widgets.caption_notice import CaptionNotice
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, TextSize

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord


WEIGHTS = "weights"
# Shown in place of the weights, by `WeightsKind`.
_INSTEAD = {
    "gradients": "filters show the gradients of step {step:,}",
    "differences": "filters and maps show what changed between the two steps",
}
EDITED = "a filter is replaced, so the accuracy is unknown"
# Notices beside the name, the most urgent first.
HANGING, OPENING, GUESSED = "hanging", "opening", "guessed"
TITLE_MIN_PX = 120  # what a notice leaves of the name
TRAINING = "training"  # source of a network that belongs to a run


def title_of(network: NetworkRecord, step: int, kind: str = WEIGHTS) -> str:
    """Return a network's title: of a run, with the step that is shown."""
    if network.source != TRAINING or kind == "differences":  # these two steps are in it
        return network.title
    return f"{network.title} · step {step:,}"


def details_of(network: NetworkRecord, step: int, kind: str = WEIGHTS) -> str:
    """Return the line below a network's title.

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
        return " · ".join(part for part in parts if part)
    parts = [f"{network.parameters:,} parameters"]
    if network.test_accuracy is None:
        parts.append("test accuracy unknown")
    else:
        accuracy = f"{100 * network.test_accuracy:.2f} %"
        where = f" on {network.dataset} test" if network.dataset else " in its test"
        parts.append(accuracy + where + (" as loaded" if step else ""))
    if step:
        return " · ".join((f"step {step:,}", *parts))
    return " · ".join((*reversed(parts), "weights as loaded"))


class NetworkCaption(QFrame):
    """Title of the network; test accuracy, parameters and training step below.

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
        self.details = ElidedLabel()
        self.details.setObjectName("muted")
        self.notice = CaptionNotice((HANGING, OPENING, GUESSED))
        lines = QVBoxLayout()
        lines.setSpacing(0)
        for line in (self.title, self.details):
            line.setMinimumWidth(TITLE_MIN_PX)
            lines.addWidget(line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, GRID_PX - 2, 2 * GRID_PX, GRID_PX - 2)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(lines, 1)
        layout.addWidget(self.notice, 0, Qt.AlignmentFlag.AlignVCenter)

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
            self.details.set_text(f"{self._network.parameters:,} parameters · {EDITED}")

    def set_step(self, step: int, kind: str = WEIGHTS) -> None:
        """Show another training step of the same network; 0 for the weights as loaded."""
        if self._network is not None:
            self.title.set_text(title_of(self._network, step, kind))
            self.details.set_text(details_of(self._network, step, kind))
