"""The lessons that there are: those in the box and a teacher's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from viewer.core.lessons.actions import ACTIONS
from viewer.core.lessons.lesson import Lesson
from viewer.core.lessons.lesson_file import LessonFile, read_lesson

SUFFIX = ".toml"
MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class Library:
    """Lessons to be taken, and files that are none.

    Attributes
    ----------
    lessons : tuple of Lesson
        In their order.
    broken : tuple of LessonFile
        With what is wrong with each.
    """

    lessons: tuple[Lesson, ...]
    broken: tuple[LessonFile, ...]


def read_library(folders: Iterable[Path], drawings: Collection[str] = ()) -> Library:
    """Read every lesson of some folders; a folder need not exist.

    Parameters
    ----------
    folders : iterable of pathlib.Path
        A lesson of a later one may not have the id of an earlier one's.
    drawings : collection of str
        Names of the stored drawings.
    """
    lessons: dict[str, Lesson] = {}
    broken: list[LessonFile] = []
    for folder in folders:
        for path in _files(folder):
            found = read_lesson(path)
            lesson = found.lesson
            if lesson is None:
                broken.append(found)
                continue
            problems = _unknown_drawings(lesson, drawings)
            if lesson.id in lessons:
                problems += (f"The id {lesson.id!r} is that of {lessons[lesson.id].path.name}.",)
            if problems:
                broken.append(replace(found, lesson=None, problems=problems))
            else:
                lessons[lesson.id] = lesson
    ordered = sorted(lessons.values(), key=lambda lesson: (lesson.order, lesson.title))
    return Library(tuple(ordered), tuple(broken))


def needs(lesson: Lesson) -> frozenset[str]:
    """Return the parts of the program that a lesson uses."""
    return frozenset(
        ACTIONS[action.name].needs for _, action in lesson.actions() if ACTIONS[action.name].needs
    )


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError:
        return []
    return found[:MAX_FILES]


def _unknown_drawings(lesson: Lesson, drawings: Collection[str]) -> tuple[str, ...]:
    return tuple(
        f"Line {step.line}: there is no drawing {action.value!r}; "
        f"there are {', '.join(sorted(drawings))}."
        for step, action in lesson.actions()
        if action.name == "drawing" and action.value not in drawings
    )
