"""Lessons in the window: sets up their steps, checks answers, and brings back what was there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, Qt, QTimer

from viewer.controllers.lessons.marks import LessonMarks, Marks
from viewer.controllers.lessons.progress import Progress, ProgressStore
from viewer.controllers.lessons.rows import list_rows, misfit_sentence
from viewer.core.errors import UserError
from viewer.core.lessons.answers import check
from viewer.core.lessons.expression import ExpressionError
from viewer.core.lessons.library import Library, needs, read_library
from viewer.core.lessons.markup import Block, blocks, filled_in, rich
from viewer.widgets.lessons.list import BROKEN, DONE
from viewer.widgets.lessons.panel import LessonsPanel
from viewer.widgets.window.docks import as_page

if TYPE_CHECKING:
    from viewer.controllers.lessons.stage import MainStage
    from viewer.core.lessons.expression import Value
    from viewer.core.lessons.lesson import Action, Lesson, Step
    from viewer.core.lessons.live import Live
    from viewer.services.lessons import LessonService
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

REFRESH_MS = 100  # how soon live values in the text follow the pen


class LessonsController(QObject):
    """The lessons dock, and the lesson that is under way.

    Attributes
    ----------
    panel : LessonsPanel or None
        None until it is first shown.
    lesson : Lesson or None
        Under way now.
    step : int
        Its step, from 0.
    """

    def __init__(
        self,
        window: MainWindow,
        stage: Callable[[], MainStage],
        service: LessonService,
        settings: QSettings,
        folders: Sequence[Path],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._make_stage = stage
        self._stage: MainStage | None = None
        self._service = service
        self._wanted: Lesson | None = None  # to begin once it was checked
        self._folders = tuple(folders)
        self._progress = ProgressStore(settings)
        self._theme: Theme | None = None
        self._library = Library((), ())
        self.panel: LessonsPanel | None = None
        self.dock: Dock | None = None
        self.lesson: Lesson | None = None
        self.step = 0
        self._queue: list[Action] = []
        self._ready = False
        self._problem = ""
        self._kept: dict[str, Value] = {}
        self._answered: set[int] = set()
        self._wrong: dict[int, int] = {}  # wrong answers, by step
        self._marks = LessonMarks(
            window,
            self._wanted_marks,
            lambda target: self.stage.place(target),
            self._close_ways,
            self,
        )
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setInterval(REFRESH_MS)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(self._refresh)

    @property
    def is_ready(self) -> bool:
        """Whether everything that the step speaks of is on screen."""
        return self._ready

    @property
    def stage(self) -> MainStage:
        """The program as lessons see it; there once the dock is."""
        assert self._stage is not None, "the dock was shown"
        return self._stage

    def set_theme(self, theme: Theme) -> None:
        """Give the dock the theme's colours."""
        self._theme = theme
        self._marks.set_theme(theme)
        if self.panel is not None:
            self.panel.set_theme(theme)

    def show(self) -> None:
        """Show the dock."""
        if self.dock is None:
            self._build()
        assert self.dock is not None and self.panel is not None
        self.dock.bring()
        if self.lesson is None:
            self._show_list()
        else:
            self._panel.page.take_focus()

    def toggle(self) -> None:
        """Show the dock; hide it if it is in sight, unless the keyboard is in another window."""
        if self.dock is not None and self.dock.isVisible() and self.dock.isActiveWindow():
            self.dock.hide()
        else:
            self.show()

    def close(self) -> None:
        """Point at nothing any more: the window is about to go."""
        self._refresh_timer.stop()
        self._marks.stop()

    def begin(self, key: str) -> None:
        """Begin a lesson, or go on with it where it was left."""
        lesson = next((found for found in self._library.lessons if found.id == key), None)
        if lesson is None:
            return
        self.leave()
        self._panel.list.set_message("")
        self._wanted = lesson
        if lesson.path.parent == self._folders[0]:
            self._begin(lesson)  # it is in the box
        else:
            self._service.check(lesson)

    def _on_checked(self, lesson: Lesson, problems: tuple[str, ...]) -> None:
        """Begin a lesson that fits its networks; say why one doesn't, and leave all as it is."""
        if lesson is not self._wanted:
            return
        if problems:
            self._wanted = None
            self._panel.list.set_message(misfit_sentence(lesson.path.name, problems))
        else:
            self._begin(lesson)

    def _begin(self, lesson: Lesson) -> None:
        self._wanted = None
        self.lesson = lesson
        self._answered, self._wrong = set(), {}
        self.stage.remember()
        kept = self._progress.of(lesson.id)
        self._panel.show_page()
        self._marks.start()
        self._go(0 if kept.done or kept.step >= len(lesson.steps) else kept.step, replay=True)

    def leave(self) -> None:
        """Close the lesson; what was on screen before it comes back."""
        lesson, self.lesson = self.lesson, None
        self._wanted = None
        if lesson is None:
            return
        self._queue, self._ready = [], False
        self._kept = {}
        self.close()
        self.stage.restore()
        self._show_list(lesson.id)

    def next(self) -> None:
        """Go on, answered or not; after the last step the lesson is done."""
        if self.lesson is None:
            return
        if self.step + 1 < len(self.lesson.steps):
            self._go(self.step + 1)
            return
        self._progress.set(self.lesson.id, Progress(0, done=True))
        self.leave()

    def back(self) -> None:
        """Go back one step; the steps before it are set up again."""
        if self.lesson is not None and self.step > 0:
            self._go(self.step - 1, replay=True)

    def again(self) -> None:
        """Set the step up again."""
        if self.lesson is not None:
            self._go(self.step, replay=True)

    def answer(self, given: str) -> None:
        """Check an answer against what is on screen now."""
        step = self._step()
        if step is None or step.ask is None or not self._ready:
            return
        verdict = check(step.ask, given, self._live())
        sentence = verdict.sentence
        if verdict.right:
            self._answered.add(self.step)
        elif verdict.right is False:
            tries = self._wrong.get(self.step, 0)
            self._wrong[self.step] = tries + 1
            hints = step.ask.hints
            if hints:
                sentence += f" {filled_in(hints[min(tries, len(hints) - 1)], self._live())}"
            elif tries:
                sentence += " You can go on with Next."
        self._panel.page.answer.set_feedback(sentence, verdict.right)
        self._show_reveal(step)
        self._marks.refresh()
        if verdict.right:
            self._panel.page.go_on()

    def reset(self) -> None:
        """Forget all progress."""
        self._progress.reset()
        self._show_list()

    @property
    def _panel(self) -> LessonsPanel:
        assert self.panel is not None, "the dock was shown"
        return self.panel

    def _build(self) -> None:
        self._stage = self._make_stage()
        self.panel = LessonsPanel()
        area = Qt.DockWidgetArea.RightDockWidgetArea
        window = self._window
        self.dock = window.add_dock("lessons", "Lessons", as_page(self.panel), area)
        window.tabifyDockWidget(window.inspector_dock, self.dock)
        if self._theme is not None:
            self.panel.set_theme(self._theme)
        self._connect_signals()

    def _connect_signals(self) -> None:
        assert self._stage is not None and self.dock is not None
        page, listing = self._panel.page, self._panel.list
        self._stage.changed.connect(self._on_changed)
        self._stage.failed.connect(self._on_failed)
        self._stage.moved.connect(self._marks.refresh)
        self._service.checked.connect(self._on_checked)
        listing.lesson_chosen.connect(self.begin)
        listing.reset_requested.connect(self.reset)
        page.next_requested.connect(self.next)
        page.back_requested.connect(self.back)
        page.again_requested.connect(self.again)
        page.leave_requested.connect(self.leave)
        page.answer_given.connect(self.answer)
        page.shift_requested.connect(self._on_shift_requested)
        self.dock.visibilityChanged.connect(self._on_visibility_changed)

    def _show_list(self, current: str = "") -> None:
        drawings = {path.stem for folder in self._folders for path in folder.glob("drawings/*")}
        self._library = read_library(self._folders, drawings)
        there = self.stage.capabilities()
        lessons = [lesson for lesson in self._library.lessons if needs(lesson) <= there]
        rows = list_rows(lessons, self._library.broken, self._progress)
        if not current:
            unfinished = (row.key for row in rows if row.mark not in (DONE, BROKEN))
            current = next(unfinished, "")
        self._panel.list.set_rows(rows, current)
        self._panel.show_list()

    def _step(self) -> Step | None:
        return None if self.lesson is None else self.lesson.steps[self.step]

    def _live(self) -> Live:
        return replace(self.stage.live(), kept=self._kept)

    def _go(self, step: int, *, replay: bool = False) -> None:
        """Show a step; with `replay` everything from the first on is done again."""
        lesson = self.lesson
        assert lesson is not None
        self.step, self._ready, self._problem = step, False, ""
        if not self._progress.of(lesson.id).done:
            self._progress.set(lesson.id, Progress(step))
        first = 0 if replay else step
        self._queue = [a for found in lesson.steps[first : step + 1] for a in found.do]
        shown = lesson.steps[step]
        page = self._panel.page
        page.set_step(lesson.title, shown, step + 1, len(lesson.steps))
        page.set_ready(False)
        page.set_blocks(blocks(shown.text, self._live()))
        if shown.ask is not None:
            page.answer.set_question(rich(filled_in(shown.ask.question, self._live())))
        self.stage.tidy(shown)
        self._marks.refresh()
        page.take_focus()
        self._advance()

    def _advance(self) -> None:
        """Do what is next, as long as nothing has to be waited for."""
        while self.lesson is not None and self.stage.settled():
            if not self._queue:
                self._on_settled()
                return
            action = self._queue.pop(0)
            try:
                self._do(action)
                self._marks.refresh()  # nothing is seen of an answer before it is hidden
            except (UserError, ExpressionError) as error:
                self._on_failed(str(error))
                return

    def _do(self, action: Action) -> None:
        if action.name == "keep":
            assert isinstance(action.value, dict)
            self._kept[action.value["name"]] = self._live().evaluate(action.value["value"])
            return
        self.stage.do(action)
        assert self.dock is not None
        self.dock.raise_()  # whatever was opened shares the place with it

    def _on_settled(self) -> None:
        first, self._ready = not self._ready, True
        if first:
            self._panel.page.set_ready(True)
            self._refresh()
            step = self._step()
            if step is not None:
                self.stage.reveal(step.point_at)
            self._marks.refresh()
        elif not self._refresh_timer.isActive():
            self._refresh_timer.start()

    def _refresh(self) -> None:
        step = self._step()
        if step is None or self.dock is None or not self.dock.isVisible():
            return
        page, live = self._panel.page, self._live()
        page.set_blocks(blocks(step.text, live))
        if step.ask is not None:
            page.answer.set_question(rich(filled_in(step.ask.question, live)))
        page.set_pixels(None if live.record is None else live.record.image.grey)
        page.set_message(rich(self._problem))
        self._show_reveal(step)

    def _show_reveal(self, step: Step) -> None:
        open_now = self._ready and (step.ask is None or self.step in self._answered)
        found: tuple[Block, ...] = blocks(step.reveal, self._live()) if open_now else ()
        self._panel.page.set_reveal(found)

    def _wanted_marks(self) -> Marks:
        step = self._step()
        if step is None:
            return Marks()
        point_at = step.point_at if self._ready and self.dock_is_in_sight else ""
        if self.step in self._answered:
            return Marks(point_at)
        return Marks(point_at, self.stage.hidden(step))

    def _close_ways(self, hidden: Sequence[str]) -> None:
        if self._stage is not None:
            self._stage.close_ways(hidden)

    @property
    def dock_is_in_sight(self) -> bool:
        """Whether the dock is shown, and in front of those that share its place."""
        return (
            self.dock is not None
            and self.dock.isVisible()
            and not self._panel.visibleRegion().isEmpty()
        )

    def _on_changed(self) -> None:
        if self.lesson is not None:
            self._advance()

    def _on_failed(self, sentence: str) -> None:
        if self.lesson is None:
            return
        self._queue = []
        self._problem = sentence
        self._panel.page.set_message(rich(sentence))

    def _on_shift_requested(self, dx: int, dy: int) -> None:
        try:
            self.stage.shift(dx, dy)
        except UserError as error:
            self._on_failed(str(error))

    def _on_visibility_changed(self, _visible: bool) -> None:
        # A dock behind another one of its place isn't hidden: only one that was closed is.
        if self.dock is not None and self.dock.isHidden() and self._window.isVisible():
            self.leave()
