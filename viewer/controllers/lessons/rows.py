"""Lessons and broken files as the list shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from viewer.core.lessons.markup import rich
from viewer.widgets.lessons.list import BEGUN, BROKEN, DONE, LessonRow

if TYPE_CHECKING:
    from viewer.controllers.lessons.progress import ProgressStore
    from viewer.core.lessons.lesson import Lesson
    from viewer.core.lessons.lesson_file import LessonFile


def list_rows(
    lessons: Iterable[Lesson], broken: Iterable[LessonFile], progress: ProgressStore
) -> list[LessonRow]:
    """Return the rows of the list: lessons first, numbered, then what is broken."""
    rows = [_row(number, lesson, progress) for number, lesson in enumerate(lessons, 1)]
    return rows + [_broken(file) for file in broken]


def misfit_sentence(file: str, problems: Sequence[str]) -> str:
    """Return why a lesson can't begin: the first of its problems, and how many others wait."""
    first = f"{file} does not fit its networks. {problems[0]}"
    others = len(problems) - 1
    if not others:
        return first
    return f"{first} {others} more {'mistake' if others == 1 else 'mistakes'} of this kind."


def _row(number: int, lesson: Lesson, store: ProgressStore) -> LessonRow:
    progress = store.of(lesson.id)
    count = len(lesson.steps)
    note = f"{count} steps"
    mark = DONE if progress.done else ""
    if not progress.done and 0 < progress.step < count:
        mark, note = BEGUN, f"step {progress.step + 1} of {count}"
    goals = "".join(f"<br>• {rich(goal)}" for goal in lesson.goals)
    about = f"Afterwards you can{goals}" if goals else ""
    return LessonRow(lesson.id, f"{number}  {lesson.title}", note, mark, about)


def _broken(file: LessonFile) -> LessonRow:
    about = "<br>".join(rich(problem) for problem in file.problems)
    return LessonRow(str(file.path), file.path.name, "This file is no lesson", BROKEN, about)
