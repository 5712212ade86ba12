"""Lessons and glossary: joined with the window, built when they are first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, QStandardPaths

from viewer.controllers.glossary import GlossaryController
from viewer.controllers.lessons.panel import LessonsController
from viewer.core.resources import resource_path

if TYPE_CHECKING:
    from viewer.controllers.lessons.stage import MainStage
    from viewer.controllers.main import MainController
    from viewer.services.all import Services
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.main_window import MainWindow

FOLDER = "lessons"


class LearningController(QObject):
    """What the Learn menu does.

    Attributes
    ----------
    lessons : LessonsController
    glossary : GlossaryController
    """

    def __init__(
        self,
        main: MainController,
        window: MainWindow,
        settings: QSettings,
        services: Services,
        runs_root: Path,
    ) -> None:
        super().__init__(main)
        self._main = main
        self._window = window
        self._services = services
        self._runs_root = runs_root
        folders = (resource_path(FOLDER), own_folder())
        self.lessons = LessonsController(
            window, self._make_stage, services.lessons, settings, folders, self
        )
        self.glossary = GlossaryController(
            window,
            main.views,
            main.flow,
            main.inspector,
            resource_path("glossary.toml"),
            self,
        )
        window.close_requested.connect(self.lessons.close)

    @property
    def in_lesson(self) -> bool:
        """Whether a lesson is under way: its dock is not to be covered then."""
        return self.lessons.lesson is not None

    def set_theme(self, theme: Theme) -> None:
        """Give the docks the theme's colours."""
        self.lessons.set_theme(theme)
        self.glossary.set_theme(theme)

    def _make_stage(self) -> MainStage:
        from viewer.controllers.lessons.stage import MainStage  # with the dock, not before

        drawings = resource_path(FOLDER, "drawings")
        return MainStage(self._main, self._window, self._services, self._runs_root, drawings)


def own_folder() -> Path:
    """Return where a teacher puts lessons, which need not exist."""
    location = QStandardPaths.StandardLocation.AppDataLocation
    return Path(QStandardPaths.writableLocation(location), FOLDER)
