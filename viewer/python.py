"""The window from a script or a notebook: a network and an image that are in memory."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.diagnostics import display_problem, library_sentence
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

    from viewer.app import Application
    from viewer.core.capture import ModelLike
    from viewer.core.images import ImageLike
    from viewer.core.nets.checkpoint import LoadedNetwork
    from viewer.core.records import Drawing, Picture, Preparation

_QT_LOOPS = ("qt", "qt6")  # names of ``%gui`` in IPython
_WITHOUT_WINDOW = "viewer.capture(model, image) needs no window"


def show(
    model: ModelLike,
    image: ImageLike | None = None,
    *,
    class_names: Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input_shape: Sequence[int] | None = None,
    preparation: Preparation | None = None,
    title: str | None = None,
    trust: bool = False,
    block: bool | None = None,
) -> Window:
    """Open the window on a network and an image.

    Parameters
    ----------
    model, image, class_names, mean, std, input_shape, preparation, title, trust
        See `viewer.capture`; without an image the pad is empty.
    block : bool, optional
        Whether to return only when the window has been closed. Default: yes, unless an event
        loop of Qt runs already, as after ``%gui qt`` in IPython.

    Returns
    -------
    Window
        To be kept for as long as the window is wanted, if it is still open.

    Raises
    ------
    TypeError
        If `model` is nothing that can be opened.
    UserError
        If the network or the image can't be used, or no window can be opened here: one sentence.
    """
    _check_place()
    # Heavy (torch): only now that a window is possible.
    from viewer.core.capture import network_of, profile_of, source_for
    from viewer.core.nets.held import hold

    profile = profile_of(class_names, mean, std, input_shape, preparation)
    loaded = network_of(model, image, profile, title, trust=trust)
    _check_graph(loaded)
    source = None if image is None else source_for(loaded, image)
    window = Window(hold(loaded), loaded, source)
    if block or (block is None and not _loop_runs()):
        window.wait()
    return window


class Window:
    """A window that `show` has opened.

    Parameters
    ----------
    model : str
        Name under which the network is held.
    loaded : LoadedNetwork
    source : Drawing or Picture, optional
        What to show it first.
    """

    def __init__(
        self, model: str, loaded: LoadedNetwork, source: Drawing | Picture | None = None
    ) -> None:
        # Qt: only now that a window is possible.
        try:
            from PyQt6.QtCore import QSettings

            from viewer.app import Application, install_exception_hooks
        except ImportError as error:
            raise _no_library(error) from error
        self._model, self._loaded = model, loaded
        self._qt, self._was_there = _application()
        qt = self._qt
        style = qt.style()
        self._looks = qt.palette(), qt.styleSheet(), qt.font(), style.name() if style else ""
        self._hooks = sys.excepthook, threading.excepthook
        # A script's window looks the same for everybody, and leaves what the program remembers.
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        file = Path(self._folder.name, "settings.ini")
        settings = QSettings(str(file), QSettings.Format.IniFormat)
        self._application: Application | None = Application(
            qt, settings, model=model, source=source
        )
        install_exception_hooks(self._application.window)
        self._application.window.close_requested.connect(self._on_close_requested)
        self._application.start()

    @property
    def is_open(self) -> bool:
        """Whether the window is there."""
        return self._application is not None

    def set_image(self, image: ImageLike) -> None:
        """Show the network another image.

        Raises
        ------
        UserError
            If it is no image, or the window has been closed.
        """
        from viewer.core.capture import source_for

        application = self._opened()
        application.complete()
        assert application.controller is not None
        application.controller.inputs.show_source(source_for(self._loaded, image))

    def save(self, path: str | os.PathLike[str], *, timeout_s: float = 60.0) -> None:
        """Save a picture of the window, once it shows the answer to its image.

        Raises
        ------
        UserError
            If that takes too long, the file can't be written, or the window has been closed.
        """
        application = self._opened()
        application.complete()
        assert application.controller is not None
        application.controller.wait_until_shown(timeout_s)
        if not application.window.grab().save(os.fspath(path)):
            raise UserError(
                f"{Path(path)} could not be written: check the folder and that it ends with .png."
            )

    def wait(self) -> None:
        """Run the window until it has been closed."""
        if self._application is None:
            return
        from PyQt6.QtCore import QEventLoop

        loop = QEventLoop()
        self._application.window.close_requested.connect(loop.quit)
        loop.exec()
        self.close()

    def close(self) -> None:
        """Close the window without a question, and end its threads."""
        from viewer.core.nets.held import let_go

        application, self._application = self._application, None
        if application is None:
            return
        application.window.close_requested.disconnect(self._on_close_requested)
        application.close()
        self._folder.cleanup()
        gc.unfreeze()
        let_go(self._model)
        sys.excepthook, threading.excepthook = self._hooks
        if self._was_there:  # somebody else's windows are to look as they did
            palette, sheet, font, style = self._looks
            self._qt.setStyle(style)
            self._qt.setStyleSheet(sheet)
            self._qt.setPalette(palette)
            self._qt.setFont(font)

    def _opened(self) -> Application:
        if self._application is None:
            raise UserError("The window has been closed: call viewer.show again.")
        return self._application

    def _on_close_requested(self) -> None:
        from PyQt6.QtCore import QTimer

        QTimer.singleShot(0, self.close)  # after Qt has closed it


def _application() -> tuple[QApplication, bool]:
    """Return the QApplication, and whether somebody else had made it."""
    from PyQt6.QtWidgets import QApplication

    from viewer.app import create_qt_application

    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        from viewer.core.resources import resource_path
        from viewer.widgets import theme

        theme.load_fonts([str(path) for path in sorted(resource_path("fonts").glob("*.otf"))])
        return existing, True
    _OWN.append(create_qt_application())  # Qt ends with its last reference
    return _OWN[0], False


_OWN: list[QApplication] = []


def _check_place() -> None:
    """Refuse, in one sentence, where no window can be opened."""
    if threading.current_thread() is not threading.main_thread():
        raise UserError(
            "viewer.show was called on another thread than the main one, where Qt opens no window: "
            f"call it there; {_WITHOUT_WINDOW}."
        )
    problem = display_problem()
    if problem is not None:
        raise UserError(f"{problem.rstrip('.')}; {_WITHOUT_WINDOW}.")


def _no_library(error: ImportError) -> Exception:
    sentence = library_sentence(str(error))
    return error if sentence is None else UserError(sentence)


def _check_graph(loaded: LoadedNetwork) -> None:
    """Refuse a network that can't be followed before a window is opened for it."""
    from viewer.core.nets.tracing import traced

    traced(loaded.module)


def _loop_runs() -> bool:
    """Tell whether an event loop of Qt runs, or does as soon as this call returns."""
    from PyQt6.QtCore import QThread

    thread = QThread.currentThread()
    if thread is not None and thread.loopLevel() > 0:
        return True
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "active_eventloop", None) in _QT_LOOPS
