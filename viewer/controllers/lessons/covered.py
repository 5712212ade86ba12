"""What tells a covered answer elsewhere in the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from viewer.core.lessons.actions import TRACE
from viewer.core.records import Kind

if TYPE_CHECKING:
    from viewer.core.lessons.lesson import Step
    from viewer.core.records import NetworkRecord, Selection

PREDICTION = "prediction"  # the panel's name in lessons


def covered(
    step: Step, network: NetworkRecord | None, selection: Selection | None
) -> Sequence[str]:
    """Return what is to be covered in a step: with the prediction all that tells it, too.

    Those are the cards of logits and probabilities, and what explains the one that is selected.
    The card that the step points at is to be read, and stays.
    """
    if PREDICTION not in step.hide or network is None:
        return step.hide
    telling = (n for n in network.nodes if n.name == network.logits or n.kind is Kind.SOFTMAX)
    cards = [card for node in telling if (card := f"card:{node.name}") != step.point_at]
    if selection is not None and f"card:{selection.node}" in cards:
        cards += ["inspector", TRACE]
    return (*step.hide, *cards)
