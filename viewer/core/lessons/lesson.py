"""What a lesson is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class AnswerKind(StrEnum):
    """What the person types or chooses."""

    NUMBER = "number"
    NUMBERS = "numbers"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a step does to the program.

    Attributes
    ----------
    name : str
        Key of `actions.ACTIONS`.
    value : object
        As in the file, checked.
    """

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Ask:
    """A question whose answer is worked out from live values.

    Attributes
    ----------
    question : str
    kind : AnswerKind
    answer : str
        Formula; for a choice it gives the index of the right one.
    choices : tuple of str
        Of a choice.
    tolerance : float or None
        How far a number may be off; None for what rounding to three digits leaves.
    hints : tuple of str
        Told one by one after a wrong answer.
    """

    question: str
    kind: AnswerKind
    answer: str
    choices: tuple[str, ...] = ()
    tolerance: float | None = None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a lesson.

    Attributes
    ----------
    title, text : str
        Text as `markup` reads it.
    do : tuple of Action
        Done one after the other when the step is shown.
    point_at : str
        What is framed; empty for nothing.
    ask : Ask or None
    reveal : str
        Shown once the question is answered, or at once without one.
    hide : tuple of str
        What is covered until the question is answered; named as for `point_at`.
    drag : bool
        Whether the picture that the network sees can be dragged on the page.
    line : int
        Where it begins in the file.
    """

    title: str
    text: str
    do: tuple[Action, ...] = ()
    point_at: str = ""
    ask: Ask | None = None
    reveal: str = ""
    hide: tuple[str, ...] = ()
    drag: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson, complete and checked.

    Attributes
    ----------
    id : str
        Progress is remembered by it.
    title : str
    order : float
        Place in the list.
    goals : tuple of str
        What one can do afterwards.
    steps : tuple of Step
        At least one.
    path : pathlib.Path
        Its file.
    """

    id: str
    title: str
    order: float
    goals: tuple[str, ...]
    steps: tuple[Step, ...]
    path: Path

    def actions(self) -> Iterator[tuple[Step, Action]]:
        """Yield every action with its step."""
        for step in self.steps:
            for action in step.do:
                yield step, action
