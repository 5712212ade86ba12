"""Walking through the pictures of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.records import Drawing, Picture
from viewer.widgets.folder_dialog import ask_for_folder

if TYPE_CHECKING:
    from viewer.controllers.inputs import InputController
    from viewer.services.files import FileService
    from viewer.widgets.window.main_window import MainWindow

NOTHING_OPEN = "There is no folder to go through: open a picture, or a folder of pictures, first."
UNREADABLE = "{} can't be read"


class FolderController(QObject):
    """Opens a folder, or that of the picture on the pad, and goes from picture to picture.

    Signals
    -------
    place_changed(int, int, str)
        Number of the picture on the pad, counted from one, how many there are, and its name.
    left()
        What is on the pad is no picture of the folder.
    failed(str)
        One sentence.
    told(str)
        One sentence on what has to be done first.
    """

    place_changed = pyqtSignal(int, int, str)
    left = pyqtSignal()
    failed = pyqtSignal(str)
    told = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inputs: InputController,
        files: FileService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inputs = inputs
        self._files = files
        self._pictures: tuple[Path, ...] = ()
        self._places: dict[str, int] = {}
        self._place = 0
        self._direction = 1  # in which somebody walks
        self._asked: tuple[Path, Path | None, int] | None = None  # folder, where from, how far
        self._at = ""  # path of the picture that was asked for last, while it is of the folder
        self._waiting = False  # whether that one is not on the pad yet
        self._broken = False  # whether the pad is empty because it can't be read
        self._failure = ""  # what was said of a picture on the way
        files.folder_listed.connect(self._on_listed)
        files.folder_failed.connect(self.failed)
        files.unreadable.connect(self._on_unreadable)
        files.failed.connect(self._on_file_failed)
        inputs.source_changed.connect(self._on_source_changed)

    @property
    def folder(self) -> Path | None:
        """The folder that is gone through: that of the picture on the pad; None without one."""
        path = self._at or self._path_of(self._inputs.source)
        return Path(path).parent if path else None

    def choose(self) -> None:
        """Ask for a folder of pictures."""
        ask_for_folder(self._window, "Browse folder", self.open)

    def open(self, folder: Path) -> None:
        """Put the first picture of a folder on the pad."""
        self._asked = (folder, None, 0)
        self._files.list_folder(folder)

    def walk(self, step: int) -> None:
        """Go on by `step` pictures, or back; after the last comes the first."""
        if not self._go(step):
            self.told.emit(NOTHING_OPEN)

    def walk_quietly(self, step: int) -> None:
        """Do the same, without a word where there is no folder: for the pad's own keys."""
        self._go(step)

    def _go(self, step: int) -> bool:
        path = self._at or self._path_of(self._inputs.source)
        if not path:
            return False
        if path in self._places:
            self._show(self._places[path] + step)
        else:
            self._asked = (Path(path).parent, Path(path), step)
            self._files.list_folder(Path(path).parent)
        return True

    def _show(self, place: int) -> None:
        # Whoever goes on has read it: a folder of broken pictures leaves no pile of messages.
        self._window.messages.withdraw(self._failure)
        self._direction = -1 if place < self._place else 1
        self._place = place % len(self._pictures)
        path = self._pictures[self._place]
        self._at, self._waiting, self._broken = str(path), True, False
        self._inputs.open_file(path)
        self._tell()

    def _tell(self) -> None:
        name = self._pictures[self._place].name
        self.place_changed.emit(self._place + 1, len(self._pictures), name)

    def _on_listed(self, folder: Path, pictures: tuple[Path, ...]) -> None:
        if self._asked is None or self._asked[0] != folder:
            return
        _, start, step = self._asked
        self._asked = None
        self._pictures = pictures
        self._places = {str(path): place for place, path in enumerate(pictures)}
        # A picture that is gone meanwhile, or whose ending says nothing: begin at the first.
        place = self._places.get(str(start))
        self._show(0 if place is None else place + step)

    def _on_source_changed(self, source: Drawing | Picture) -> None:
        path = self._path_of(source)
        if self._waiting and path != self._at and path in self._places:
            return  # one that was passed on the way
        if self._broken and isinstance(source, Drawing) and not source.strokes:
            return  # its place is kept: the next step goes on from there
        self._waiting = self._broken = False
        self._at = path if path in self._places else ""
        if self._at:
            self._place = self._places[path]
            self._tell()
            following = (self._place + self._direction) % len(self._pictures)
            self._files.read_ahead(self._pictures[following])
        else:
            self.left.emit()

    def _on_unreadable(self, path: Path) -> None:
        """Leave nothing on the pad that would pass for the picture of that name."""
        if self._waiting and str(path) == self._at:
            self._broken = True
            self._inputs.show_nothing(UNREADABLE.format(path.name))

    def _on_file_failed(self, sentence: str) -> None:
        # A picture that can't be read keeps its place: the next step goes on from there.
        if self._waiting:
            self._failure = sentence
        self._waiting = False

    def _path_of(self, source: Drawing | Picture) -> str:
        return (source.path or "") if isinstance(source, Picture) else ""
