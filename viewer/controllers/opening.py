"""A network on its way: what is said of it meanwhile, and what has to be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from viewer.controllers.preparation_memory import PreparationMemory
from viewer.controllers.profiles import ProfileStore, identity_of
from viewer.core.nets.model_names import shown_name
from viewer.core.nets.profile import Profile
from viewer.core.nets.refusal import AMBIGUOUS, SIZE, UNTRUSTED
from viewer.services.opening import OpenRequest
from viewer.widgets.window.caption import GUESSED, HANGING, OPENING
from viewer.widgets.window.caption_notice import Notice

if TYPE_CHECKING:
    from viewer.core.nets.refusal import Refusal
    from viewer.services.inference import InferenceService
    from viewer.services.opening import Opened
    from viewer.widgets.window.caption_notice import CaptionNotice
    from viewer.widgets.window.main_window import MainWindow

CANCEL_TEXT, GIVE_UP_TEXT, SET_TEXT = "Cancel", "Give up", "Input and classes…"
GUESS = "guessed"  # in a note: a person may know better
LEFT_TEXT = "{} was not opened: a run was asked for meanwhile. Open it again to see it."
HANGING_TEXT = "The network has not answered for {seconds:.0f} s"


class OpeningController(QObject):
    """Opens what it is told to, with what is known of it, and asks where a word is needed.

    Attributes
    ----------
    profiles : ProfileStore
    preparations : PreparationMemory
        What was changed in the preparation afterwards.
    asks : bool
        Whether a person is there to be asked; otherwise a question is a refusal.

    Signals
    -------
    refused(str, str)
        The model that could not be opened, and one sentence on why.
    opened(Opened)
        A network is ready; it is on screen as soon as the inference thread has taken it.
    dropped(str)
        The model that is not wanted any more: a person cancelled, or didn't trust it.
    told(str)
        One sentence on what became of a network that was to be opened.
    form_requested()
        A person wants to set what was guessed.
    """

    refused = pyqtSignal(str, str)
    opened = pyqtSignal(object)
    dropped = pyqtSignal(str)
    told = pyqtSignal(str)
    form_requested = pyqtSignal()

    def __init__(
        self,
        window: MainWindow,
        inference: InferenceService,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inference = inference
        self._trusted: set[str] = set()  # until the program is closed
        self.profiles = ProfileStore(settings)
        self.preparations = PreparationMemory(settings)
        self.asks = True
        self._connect_signals()

    @property
    def _notice(self) -> CaptionNotice:
        return self._window.caption.notice

    def open(self, model: str, *, trust: bool = False, profile: Profile | None = None) -> None:
        """Open a network with what was said about it before; the one on screen stays until then.

        Parameters
        ----------
        model : str
            Name or path.
        trust : bool
            Whether its file may run code; remembered while the program runs.
        profile : Profile, optional
            In place of what was said before.
        """
        identity = identity_of(model)
        if trust:
            self._trusted.add(identity)
        known = self.profiles.get(model) if profile is None else profile
        self._inference.open(OpenRequest(model, identity in self._trusted, known))

    def clear_note(self) -> None:
        """Say nothing more about what was guessed: another network is on screen."""
        self._notice.clear(GUESSED)

    def _connect_signals(self) -> None:
        opening = self._inference.opening
        opening.began.connect(self._on_began)
        opening.opened.connect(self._on_opened)
        opening.refused.connect(self._on_refused)
        opening.cancelled.connect(self._on_cancelled)
        self._inference.opening_left.connect(self._on_left)
        self._inference.hanging.connect(self._on_hanging)
        self._notice.pressed.connect(self._on_pressed)

    def _on_began(self, request: OpenRequest) -> None:
        if self._window.caption.has_network:  # before, the middle of the window says it
            text = f"Opening {shown_name(request.model)}…"
            notice = Notice(text, CANCEL_TEXT, "Stop opening it; the network on screen stays")
            self._notice.show_notice(OPENING, notice)

    def _on_opened(self, opened: Opened) -> None:
        self._notice.clear(OPENING)
        self._notice.clear(GUESSED)
        if opened.note:
            text = opened.note.rstrip(".")
            button = SET_TEXT if GUESS in text else ""
            notice = Notice(text, button, "Say what was guessed", dismissible=True)
            self._notice.show_notice(GUESSED, notice)
        if opened.request.profile is not None:
            self.profiles.put(opened.request.model, opened.request.profile)
        self.opened.emit(opened)

    def _on_cancelled(self, request: OpenRequest) -> None:
        self._notice.clear(OPENING)
        self.dropped.emit(request.model)

    def _on_left(self, request: OpenRequest) -> None:
        self.told.emit(LEFT_TEXT.format(shown_name(request.model)))

    def _on_refused(self, request: OpenRequest, refusal: Refusal) -> None:
        self._notice.clear(OPENING)
        if self.asks and refusal.kind == UNTRUSTED and not request.trust:
            self._ask_for_trust(request, refusal)
        elif self.asks and refusal.kind == AMBIGUOUS:
            self._ask_for_architecture(request, refusal)
        elif self.asks and refusal.kind == SIZE:
            self._ask_for_size(request, refusal)
        else:
            self.refused.emit(request.model, refusal.sentence)

    def _ask_for_trust(self, request: OpenRequest, refusal: Refusal) -> None:
        from viewer.widgets.opening.trust_dialog import TrustDialog  # rarely needed

        dialog = TrustDialog(Path(request.model).name, refusal.names, self._window)
        dialog.accepted.connect(
            lambda: self.open(request.model, trust=True, profile=request.profile)
        )
        dialog.rejected.connect(lambda: self.dropped.emit(request.model))
        dialog.open()

    def _ask_for_architecture(self, request: OpenRequest, refusal: Refusal) -> None:
        from viewer.widgets.opening.architecture_choice import ArchitectureChoice  # rarely needed

        dialog = ArchitectureChoice(Path(request.model).name, refusal.names, self._window)
        known = request.profile or Profile()
        dialog.chosen.connect(
            lambda name: self.open(
                request.model, trust=request.trust, profile=replace(known, architecture=name)
            )
        )
        dialog.rejected.connect(lambda: self.dropped.emit(request.model))
        dialog.open()

    def _ask_for_size(self, request: OpenRequest, refusal: Refusal) -> None:
        from viewer.widgets.opening.size_question import SizeQuestion  # rarely needed

        known = request.profile or Profile()
        dialog = SizeQuestion(
            Path(request.model).name, refusal.sentence, known.input_shape, self._window
        )
        dialog.answered.connect(
            lambda shape: self.open(
                request.model, trust=request.trust, profile=with_shape(known, shape)
            )
        )
        dialog.rejected.connect(lambda: self.dropped.emit(request.model))
        dialog.open()

    def _on_hanging(self, hangs: bool) -> None:
        if not hangs:
            self._notice.clear(HANGING)
            return
        text = HANGING_TEXT.format(seconds=self._inference.hangs_after_s)
        notice = Notice(text, GIVE_UP_TEXT, "Go back to the network that was shown before")
        self._notice.show_notice(HANGING, notice)

    def _on_pressed(self, name: str) -> None:
        if name == OPENING:
            self._inference.opening.cancel()
        elif name == HANGING:
            self._inference.give_up()
        else:
            self.form_requested.emit()


def with_shape(profile: Profile, shape: tuple[int, int, int]) -> Profile:
    """Return a profile with another input size; what was said of other channels goes."""
    before = profile.input_shape
    if before is not None and before[0] != shape[0]:
        profile = replace(profile, mean=None, std=None)
    return replace(profile, input_shape=shape)
