"""Reading a lesson: everything that is wrong with its file is told, one sentence each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from viewer.core.lessons.actions import ACTIONS, formula, target_problem
from viewer.core.lessons.formula import FormulaError, parse
from viewer.core.lessons.lesson import Action, AnswerKind, Ask, Lesson, Step
from viewer.core.lessons.markup import live_parts

MAX_BYTES = 200_000
MAX_STEPS = 40
MAX_TEXT = 4000  # characters of a page
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LESSON_KEYS = frozenset({"id", "title", "order", "goals", "steps"})
_STEP_KEYS = frozenset({"title", "text", "do", "point_at", "ask", "reveal", "hide", "drag"})
_ASK_KEYS = frozenset({"question", "kind", "answer", "choices", "tolerance", "hints"})


@dataclass(frozen=True, slots=True)
class LessonFile:
    """What a file holds.

    Attributes
    ----------
    path : pathlib.Path
    lesson : Lesson or None
        None if anything is wrong with it.
    problems : tuple of str
        One sentence each, with the line where it can be told.
    """

    path: Path
    lesson: Lesson | None
    problems: tuple[str, ...] = ()


def read_lesson(path: Path) -> LessonFile:
    """Read a lesson; whatever is wrong with it is in the result, never an exception."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return LessonFile(path, None, (f"The file is larger than {MAX_BYTES:,} bytes.",))
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return LessonFile(path, None, ("The file is not UTF-8 text.",))
    except OSError as error:
        return LessonFile(path, None, (f"The file can't be read: {error.strerror}.",))
    return parse_lesson(text, path)


def parse_lesson(text: str, path: Path) -> LessonFile:
    """Read the text of a lesson."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = re.sub(r" \(at (.*)\)$", r", at \1", str(error)).rstrip(".")
        return LessonFile(path, None, (f"This is not TOML: {reason}.",))
    reader = _Reader(text)
    lesson = reader.lesson(values, path)
    return LessonFile(path, None if reader.problems else lesson, tuple(reader.problems))


class _Reader:
    """Reads values and notes what is wrong, with the line it stands in."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        heads = [i for i, line in enumerate(self._lines) if line.strip() == "[[steps]]"]
        self._heads = heads
        self.problems: list[str] = []

    def lesson(self, values: dict[str, object], path: Path) -> Lesson:
        self._unknown(values, _LESSON_KEYS, None)
        key = self._text(values, "id", None)
        if key and not _ID.fullmatch(key):
            self._note(None, "id", "must be of small letters, digits and hyphens")
        order = values.get("order", 100)
        if isinstance(order, bool) or not isinstance(order, int | float):
            self._note(None, "order", "must be a number")
            order = 0
        title = self._text(values, "title", None)
        goals = self._texts(values, "goals", None)
        return Lesson(key, title, order, goals, self._steps(values.get("steps")), path)

    def _steps(self, values: object) -> tuple[Step, ...]:
        if not isinstance(values, list) or not values:
            self.problems.append("The lesson needs at least one [[steps]].")
            return ()
        if len(values) > MAX_STEPS:
            self.problems.append(f"The lesson has more than {MAX_STEPS} steps.")
            return ()
        steps = []
        for index, value in enumerate(values):
            if isinstance(value, dict):
                steps.append(self._step(value, index))
            else:
                self._note(index, "steps", "must be a table")
        return tuple(steps)

    def _step(self, values: dict[str, object], index: int) -> Step:
        self._unknown(values, _STEP_KEYS, index)
        text = self._page(values, "text", index)
        reveal = self._page(values, "reveal", index, needed=False)
        point_at = self._text(values, "point_at", index, needed=False)
        if point_at and (problem := target_problem(point_at)):
            self._note(index, "point_at", problem)
        hide = self._texts(values, "hide", index, needed=False)
        for target in hide:
            if problem := target_problem(target):
                self._note(index, "hide", problem)
        if hide and "ask" not in values:
            self._note(index, "hide", "needs a question: what is hidden would stay so")
        drag = values.get("drag", False)
        if not isinstance(drag, bool):
            self._note(index, "drag", "must be true or false")
        return Step(
            self._text(values, "title", index),
            text,
            self._actions(values.get("do", []), index),
            point_at,
            self._ask(values.get("ask"), index),
            reveal,
            hide,
            drag is True,
            self._line(index, None),
        )

    def _actions(self, values: object, index: int) -> tuple[Action, ...]:
        if not isinstance(values, list):
            self._note(index, "do", "must be a list")
            return ()
        found = []
        for value in values:
            if not isinstance(value, dict) or len(value) != 1:
                self._note(index, "do", 'must hold tables of one entry, as { open = "digits" }')
                continue
            ((name, argument),) = value.items()
            if name not in ACTIONS:
                self._note(index, "do", f"has no action {name!r}: there are {', '.join(ACTIONS)}")
            elif problem := ACTIONS[name].check(argument):
                self._note(index, f"{name} =", f"{problem}", shown=name)
            else:
                found.append(Action(name, argument))
        return tuple(found)

    def _ask(self, values: object, index: int) -> Ask | None:
        if values is None:
            return None
        if not isinstance(values, dict):
            self._note(index, "ask", "must be a table")
            return None
        self._unknown(values, _ASK_KEYS, index)
        answer = self._text(values, "answer", index)
        if answer and (problem := formula(answer)):
            self._note(index, "answer", problem)
        choices = self._texts(values, "choices", index, needed=False)
        given = values.get("kind", "choice" if choices else "number")
        kind = AnswerKind.NUMBER
        if given in tuple(AnswerKind):
            kind = AnswerKind(str(given))
        else:
            self._note(index, "kind", f"must be one of {', '.join(AnswerKind)}")
        if (kind is AnswerKind.CHOICE) != bool(choices) or len(choices) == 1:
            self._note(index, "choices", "must be two or more where one is to be chosen")
        tolerance = values.get("tolerance")
        if tolerance is not None and (
            isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or tolerance < 0
        ):
            self._note(index, "tolerance", "must be a number, 0 or more")
            tolerance = None
        question = self._text(values, "question", index)
        self._live(question, "question", index)
        hints = self._texts(values, "hints", index, needed=False)
        for hint in hints:
            self._live(hint, "hints", index)
        return Ask(question, kind, answer, choices, tolerance, hints)

    def _page(
        self, values: Mapping[str, object], key: str, index: int, *, needed: bool = True
    ) -> str:
        text = self._text(values, key, index, needed=needed)
        if len(text) > MAX_TEXT:
            self._note(index, key, f"must be no longer than {MAX_TEXT:,} characters")
        self._live(text, key, index)
        for part in re.split(r"\n\s*\n", text.strip()):
            if part.startswith("$"):
                try:
                    parse(re.sub(r"\{=[^{}]*\}", "1", part[1:]))
                except FormulaError as error:
                    self._note(index, key, f"holds a formula that {error}")
        return text

    def _live(self, text: str, key: str, index: int) -> None:
        for part in live_parts(text):
            if problem := formula(part):
                self._note(index, key, f"holds {part!r}, which {problem}")

    def _text(
        self, values: Mapping[str, object], key: str, index: int | None, *, needed: bool = True
    ) -> str:
        value = values.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value.strip()):
            problem = "is missing" if key not in values else "must be a text"
            self._note(index, key, problem)
            return ""
        return value

    def _texts(
        self, values: Mapping[str, object], key: str, index: int | None, *, needed: bool = True
    ) -> tuple[str, ...]:
        value = values.get(key, None if needed else [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._note(index, key, "is missing" if key not in values else "must be a list of texts")
            return ()
        return tuple(value)

    def _unknown(
        self, values: Mapping[str, object], known: frozenset[str], index: int | None
    ) -> None:
        for key in values:
            if key not in known:
                self._note(index, key, f"is not known: there are {', '.join(sorted(known))}")

    def _note(self, index: int | None, key: str, problem: str, shown: str = "") -> None:
        line = self._line(index, key)
        step = "" if index is None else f", step {index + 1}"
        self.problems.append(f"Line {line}{step}: {shown or key} {problem}.")

    def _line(self, index: int | None, key: str | None) -> int:
        """Return the line of a key in a step, or where the step begins; counted from 1."""
        start, end = 0, len(self._lines)
        if index is None:
            end = self._heads[0] if self._heads else end
        elif index < len(self._heads):
            start = self._heads[index]
            end = self._heads[index + 1] if index + 1 < len(self._heads) else end
        if key is not None:
            pattern = re.compile(rf"(^|[\s{{,]){re.escape(key)}" + ("" if "=" in key else r"\s*="))
            for number in range(start, end):
                if pattern.search(self._lines[number]):
                    return number + 1
        return start + 1
