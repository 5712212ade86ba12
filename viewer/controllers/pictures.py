"""Pictures as inputs: their preparation, folders of them, and the camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.controllers.camera import CameraController
from viewer.controllers.folder import FolderController
from viewer.controllers.preparation import PreparationController
from viewer.widgets.inputs.source_bar import SourceBar

if TYPE_CHECKING:
    from PyQt6.QtCore import QSettings

    from viewer.controllers.inputs import InputController
    from viewer.controllers.networks import NetworkController
    from viewer.controllers.views import ViewController
    from viewer.services.all import Services
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.main_window import MainWindow


class PicturesController(QObject):
    """Joins what concerns pictures to the pad's panel.

    Attributes
    ----------
    preparation : PreparationController
    folder : FolderController
    camera : CameraController
    bar : SourceBar

    Signals
    -------
    failed(str)
        One sentence.
    told(str)
        One sentence on what has to be done first.
    """

    failed = pyqtSignal(str)
    told = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inputs: InputController,
        views: ViewController,
        networks: NetworkController,
        services: Services,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        panel = window.pad_panel
        self._theme: Theme | None = None
        self._icons: IconSet | None = None
        self.bar = SourceBar()
        panel.add_source_bar(self.bar)
        self.preparation = PreparationController(
            panel, inputs, views, networks, services.inference, services.files, settings, self
        )
        self.folder = FolderController(window, inputs, services.files, self)
        self.camera = CameraController(window, inputs, views, services.camera, self)
        panel.pad.walk_requested.connect(self.folder.walk_quietly)
        self.folder.told.connect(self.told)
        self._connect_bar()
        for source in (self.folder, self.camera):
            source.failed.connect(self.failed)

    @property
    def actions(self) -> dict[str, Callable[[], None]]:
        """What the actions of the table do that concern pictures."""
        return {
            "browse_folder": self.folder.choose,
            "previous_picture": lambda: self.folder.walk(-1),
            "next_picture": lambda: self.folder.walk(1),
            "camera": self.camera.toggle,
        }

    def set_theme(self, theme: Theme) -> None:
        """Give the widgets the theme's colours."""
        self._theme = theme
        self.bar.set_theme(theme)
        self.preparation.set_theme(theme)
        if self._icons is not None:
            self.bar.set_icons(self._icons, theme)

    def set_icons(self, icons: IconSet) -> None:
        """Give the buttons their icons."""
        self._icons = icons
        if self._theme is not None:
            self.bar.set_icons(icons, self._theme)

    def _connect_bar(self) -> None:
        self.bar.walk_requested.connect(self.folder.walk)
        self.bar.stop_requested.connect(self.camera.toggle)
        self.folder.place_changed.connect(self.bar.show_place)
        self.folder.left.connect(self._hide_place)
        self.camera.told.connect(self.bar.show_camera)
        self.camera.stopped.connect(self.bar.hide)

    def _hide_place(self) -> None:
        if not self.bar.shows_camera:
            self.bar.hide()
