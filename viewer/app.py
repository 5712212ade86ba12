"""The composition root: builds everything, starts it, and takes it down in order."""

from __future__ import annotations

import gc
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PyQt6.QtCore import (
    QEvent,
    QMessageLogContext,
    QSettings,
    QStandardPaths,
    Qt,
    QtMsgType,
    qInstallMessageHandler,
)
from PyQt6.QtWidgets import QApplication

from viewer.core.nets.shipped import DEFAULT_MODEL
from viewer.core.program import APPLICATION, ORGANISATION, TITLE
from viewer.core.resources import resource_path
from viewer.widgets import theme
from viewer.widgets.style import SYSTEM_MODE, Appearance
from viewer.widgets.window.main_window import MODE_KEY, PROJECTOR_KEY, MainWindow

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.core.nets.profile import Profile
    from viewer.core.records import Drawing, Picture
    from viewer.services.all import Services

EXIT_NO_WINDOW = 1
PROJECTOR_SCALE = "1.5"


class Application:
    """The program: window, services, and the controller that joins them.

    The window is shown first, on nothing but Qt. What needs numpy, icons or torch is built
    right after it was painted, so that it is on screen within a tenth of a second.

    Parameters
    ----------
    qt : QApplication
    settings : QSettings
    model : str, optional
        Network to open first.
    source : pathlib.Path, Drawing or Picture, optional
        What to show it first; the path of a picture or stroke file.
    run : pathlib.Path, optional
        Folder of a run to follow.
    runs_root : pathlib.Path, optional
        Folder of the runs; default: where the platform puts such things.
    trust : bool
        Whether the file of `model` may run code.
    profile : Profile, optional
        What is known about it, in place of what was said in the window before.

    Attributes
    ----------
    window : MainWindow
    services : Services
    controller : MainController or None
        None until `complete` has run.
    """

    def __init__(
        self,
        qt: QApplication,
        settings: QSettings,
        *,
        model: str | None = None,
        source: Path | Drawing | Picture | None = None,
        run: Path | None = None,
        runs_root: Path | None = None,
        trust: bool = False,
        profile: Profile | None = None,
    ) -> None:
        self._model = model
        self._trust = trust
        self._profile = profile
        self._source = source
        self._run = run
        self._runs_root = runs_folder() if runs_root is None else runs_root
        self._settings = settings
        self.appearance = Appearance(qt, str(settings.value(MODE_KEY, SYSTEM_MODE)))
        self.window = MainWindow(settings, self.appearance)
        self._services: Services | None = None
        self._closed = False
        self.controller: MainController | None = None

    @property
    def services(self) -> Services:
        """The threads of the window; built with the first question for them."""
        if self._services is None:
            # Their modules can wait until the window has been painted.
            from viewer.services.all import Services

            self._services = Services()
        return self._services

    def start(self) -> None:
        """Show the window, and build the rest once it has been painted."""
        self.window.first_painted.connect(self.complete)
        self.window.show()

    def complete(self) -> None:
        """Build the views, start the threads and load the network."""
        if self.controller is not None or self._closed:
            return
        # torch takes a second to import: its thread begins before our own views are built.
        self.services.start()
        # Heavy (numpy, icons): imported only now that the window has been painted.
        from viewer.controllers.main import MainController

        self.controller = MainController(
            self.window,
            self.appearance.theme,
            self._settings,
            self.services,
            self._runs_root,
        )
        # Only now: what the service tells before anyone listens is lost.
        self.controller.networks.opening.open(
            self._model or DEFAULT_MODEL, trust=self._trust, profile=self._profile
        )
        self.controller.start(self._source, self._run)
        self.window.set_icons()
        if self.window.icons is not None:
            self.controller.set_icons(self.window.icons)
        # What is there now stays for good: no collection has to walk through it again.
        gc.freeze()

    def shutdown(self) -> bool:
        """End every thread, then let go of the views; services go before widgets die.

        Returns
        -------
        bool
            Whether every thread ended in time.
        """
        ended = self._services is None or self._services.shutdown()
        if self.controller is not None:
            self.controller.disconnect_services()
        # What the threads told last is still in the queue: delivered while the views are there.
        QApplication.sendPostedEvents(None, QEvent.Type.MetaCall.value)
        if self.controller is not None:
            self.controller.stop()
        return ended

    def close(self, *, leaves: bool = False) -> bool:
        """Close the window, end the threads and delete the views, in this order.

        Parameters
        ----------
        leaves : bool
            The process ends right after: what has nothing to save is waited for only a moment.

        Returns
        -------
        bool
            Whether every thread ended in time; if not, the views are left alone.
        """
        self._closed = True  # also before it was painted: nothing is built any more
        self.window.closing_question = None
        self.window.close()
        self._settings.sync()  # what was remembered just now outlives a process that is ended hard
        if leaves and self._services is not None:
            from viewer.services.opening import LEAVE_S  # loaded with the services

            self._services.inference.patience_s = LEAVE_S
        ended = self.shutdown()
        if ended:
            self._delete_window()
        return ended

    def _delete_window(self) -> None:
        # Now: left to the interpreter's end, Qt would go before its widgets and crash.
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def runs_folder() -> Path:
    """Return where the platform puts the runs of this program."""
    location = QStandardPaths.StandardLocation.AppDataLocation
    return Path(QStandardPaths.writableLocation(location), "runs")


def run_window(
    *,
    model: str | None = None,
    source: Path | None = None,
    run: Path | None = None,
    trust: bool = False,
    profile: Profile | None = None,
    observe: Callable[[Application], None] | None = None,
) -> int:
    """Open the window and stay until it is closed.

    Parameters
    ----------
    model : str, optional
        A network in the box or of torchvision's by its name, any other by its path.
    source : pathlib.Path, optional
        A picture, a folder of pictures, or a stroke file.
    run : pathlib.Path, optional
        Folder of a run to follow.
    trust : bool
        Whether the file of `model` may run code.
    profile : Profile, optional
        What is known about it.
    observe : callable, optional
        Gets the application before its window is shown: what measures it looks on from there.

    Returns
    -------
    int
        Exit code.
    """
    settings = QSettings(ORGANISATION, APPLICATION)
    if settings.value(PROJECTOR_KEY, False, bool):
        # Qt reads it when it starts; whoever has set it knows better.
        os.environ.setdefault("QT_SCALE_FACTOR", PROJECTOR_SCALE)
    qt = create_qt_application()
    application = Application(
        qt, settings, model=model, source=source, run=run, trust=trust, profile=profile
    )
    install_exception_hooks(application.window)
    if observe is not None:
        observe(application)
    application.start()
    code = qt.exec()
    if not application.close(leaves=True):
        # A library call that can't be interrupted (an import, a download) is left behind:
        # the process ends all the same, without running destructors under its feet.
        _flush_output()
        os._exit(code)
    return code


def create_qt_application() -> QApplication:
    """Return the QApplication, with our fonts, style and names; created once a process."""
    messages = _QtMessages()
    qInstallMessageHandler(messages)
    # X11 would merge the moves of a fast pen into one; the pad is quick enough to take them all.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    existing = QApplication.instance()
    qt = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    messages.on_started()
    qt.setOrganizationName(ORGANISATION)
    qt.setApplicationName(APPLICATION)
    qt.setApplicationDisplayName(TITLE)
    theme.load_fonts([str(path) for path in sorted(resource_path("fonts").glob("*.otf"))])
    return qt


def install_exception_hooks(window: MainWindow) -> None:
    """Show an unexpected error in the window instead of aborting the process.

    PyQt6 aborts when an exception leaves a slot and no hook is installed.
    """

    def show(error: BaseException) -> None:
        traceback.print_exception(error)
        window.show_message(
            f"Something went wrong ({type(error).__name__}: {error}); your drawing is kept."
        )

    def on_exception(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        show(error.with_traceback(trace))

    def on_thread_exception(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            traceback.print_exception(args.exc_value)

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception


def _write_error(text: str) -> None:
    if sys.stderr is not None:  # a GUI entry point on Windows has none
        sys.stderr.write(f"{text}\n")


def _flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


class _QtMessages:
    """Qt's own messages on stderr; a fatal one ends the program with one sentence.

    Until Qt has started, its complaints are kept: if it gives up, the first is the reason.
    """

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._starting = True

    def on_started(self) -> None:
        """Tell what was kept: Qt started in spite of it."""
        self._starting = False
        for text in self._kept:
            _write_error(text)

    def __call__(self, kind: QtMsgType, _context: QMessageLogContext, message: str | None) -> None:
        text = (message or "").strip()
        if kind is QtMsgType.QtFatalMsg:
            # Qt aborts after this handler: leave before, without a core dump.
            _write_error(self._why_no_window(text) if self._starting else text)
            _flush_output()
            os._exit(EXIT_NO_WINDOW)
        if kind not in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg):
            return
        if self._starting:
            self._kept.append(text)
        else:
            _write_error(text)

    def _why_no_window(self, text: str) -> str:
        reason = (*self._kept, text or "no reason given")[0].partition("\n")[0].rstrip(".")
        return (
            f"convnet-viewer: Qt can't open a window ({reason}): "
            "run convnet-viewer doctor to see what is missing."
        )
