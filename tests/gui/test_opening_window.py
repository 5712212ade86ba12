"""Opening as a person sees it: the notice, the questions, what is remembered."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from viewer.controllers.network_form import NetworkFormController
from viewer.controllers.networks import ABOUT_NETWORK, NetworkController, titles
from viewer.controllers.opening import with_shape
from viewer.controllers.preparation_memory import PreparationMemory
from viewer.controllers.profiles import MAX_PROFILES, ProfileStore
from viewer.core.errors import UserError
from viewer.core.nets import opening as opening_module
from viewer.core.nets.formats.errors import AmbiguousNetwork, UnknownSize, UntrustedPickle
from viewer.core.nets.profile import Profile
from viewer.core.records import Fit, Preparation
from viewer.services.inference import InferenceService
from viewer.widgets.opening.architecture_choice import ArchitectureChoice
from viewer.widgets.opening.size_question import USUAL, SizeQuestion
from viewer.widgets.opening.trust_dialog import TrustDialog
from viewer.widgets.window.caption import GUESSED, HANGING, OPENING
from viewer.widgets.window.main_window import MainWindow

WAIT_MS = 20_000
open_for_real = opening_module.open_network


class Desk:
    """A window, the thread behind it, and what `open_network` is asked."""

    def __init__(self, window: MainWindow, settings: QSettings) -> None:
        self.window = window
        self.inference = InferenceService()
        self.inference.start()
        self.networks = NetworkController(window, self.inference, settings)
        self.notice = window.caption.notice
        self.asked: list[tuple[str, bool, Profile | None]] = []
        self.refuse: Callable[[bool, Profile | None], Exception | None] = lambda *_: None
        self.note = ""
        self.let_through = threading.Event()
        self.let_through.set()
        self.failures: list[str] = []
        self.networks.failed.connect(self.failures.append)

    def open_network(self, model: str, *, trust: bool, profile: Profile | None) -> Any:
        self.asked.append((model, trust, profile))
        assert self.let_through.wait(60)
        error = self.refuse(trust, profile)
        if error is not None:
            raise error
        return replace(open_for_real(model), note=self.note)

    def dialog(self, kind: type[QDialog]) -> Any:
        found = [child for child in self.window.findChildren(kind) if child.isVisible()]
        return found[0] if found else None


@pytest.fixture
def desk(
    make_window: Callable[..., MainWindow],
    settings: QSettings,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    importlib.import_module("viewer.core.engine")  # would keep the `open_network` of this test
    desk = Desk(make_window(), settings)
    monkeypatch.setattr(opening_module, "open_network", desk.open_network)
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open("digits")
    desk.asked.clear()
    yield desk
    desk.let_through.set()
    assert desk.inference.shutdown()
    desk.inference.blockSignals(True)


@pytest.fixture
def file(tmp_path: Path) -> str:
    from viewer.core.nets.shipped import resolve_model

    path = tmp_path / "mine.safetensors"
    path.write_bytes(resolve_model("mlp").read_bytes())
    return str(path)


def test_what_is_being_opened_is_said_and_can_be_cancelled(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.let_through.clear()
    desk.networks.open(file)
    assert desk.notice.isVisible() and desk.notice.name == OPENING
    assert desk.notice.text == "Opening mine.safetensors…"
    assert desk.notice.button.text() == "Cancel"
    desk.notice.button.click()
    assert not desk.notice.isVisible()
    assert desk.window.tool_bar.chooser.currentText() == "digits"
    assert desk.networks.model == "digits" and desk.failures == []


def test_the_notice_goes_when_the_network_is_there(desk: Desk, file: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert not desk.notice.isVisible() and desk.networks.model == file


def test_what_is_refused_leaves_the_network_and_says_why(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.refuse = lambda *_: UserError("mine is broken: get it again.")
    with qtbot.waitSignal(desk.networks.failed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.failures == ["mine is broken: get it again."]
    assert not desk.notice.isVisible() and desk.networks.model == "digits"


def test_a_refusal_is_taken_back_when_another_network_was_opened(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.networks.failed.connect(partial(desk.window.show_message, about=ABOUT_NETWORK))
    desk.window.show_message("Something else.")
    for sentence in ("It is broken: get it again.", "It is too large: take another."):
        desk.refuse = lambda *_, text=sentence: UserError(text)
        with qtbot.waitSignal(desk.networks.failed, timeout=WAIT_MS):
            desk.networks.open(file)
        assert desk.window.messages.text == sentence
    desk.refuse = lambda *_: None
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.window.messages.text == "Something else."


def test_a_refusal_goes_as_soon_as_another_network_is_opened(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.networks.failed.connect(partial(desk.window.show_message, about=ABOUT_NETWORK))
    desk.refuse = lambda *_: UserError("It is broken: get it again.")
    with qtbot.waitSignal(desk.networks.failed, timeout=WAIT_MS):
        desk.networks.open(file)
    desk.refuse = lambda *_: None
    said: list[str] = []
    began = desk.networks.opening.opened  # before it is on screen
    began.connect(lambda _opened: said.append(desk.window.messages.text))
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert said == [""]


def untrusted(trust: bool, _profile: Profile | None) -> Exception | None:
    return None if trust else UntrustedPickle("It would run code.", ("posix.system", "nt.system"))


def test_a_person_is_asked_for_trust_and_cancel_is_the_default(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.refuse = untrusted
    desk.networks.open(file)
    qtbot.waitUntil(lambda: desk.dialog(TrustDialog) is not None, timeout=WAIT_MS)
    dialog = desk.dialog(TrustDialog)
    assert dialog.imports.toPlainText().splitlines() == ["posix.system", "nt.system"]
    assert dialog.cancel_button.isDefault() and dialog.cancel_button.hasFocus()
    assert not dialog.trust_button.isDefault() and not dialog.trust_button.autoDefault()
    dialog.cancel_button.click()
    assert desk.asked == [(file, False, None)]
    assert desk.failures == [] and desk.networks.model == "digits"


def test_where_nobody_can_be_asked_a_question_is_a_refusal(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.refuse = untrusted
    desk.networks.opening.asks = False
    with qtbot.waitSignal(desk.networks.failed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.failures == ["It would run code."] and desk.dialog(TrustDialog) is None


def test_trust_is_kept_until_the_file_changes(desk: Desk, file: str, qtbot: QtBot) -> None:
    desk.refuse = untrusted
    desk.networks.open(file)
    qtbot.waitUntil(lambda: desk.dialog(TrustDialog) is not None, timeout=WAIT_MS)
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.dialog(TrustDialog).trust_button.click()
    assert [trust for _, trust, _ in desk.asked] == [False, True]
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.asked[-1][1]
    with Path(file).open("ab") as stream:
        stream.write(b" ")
    desk.networks.open(file)
    qtbot.waitUntil(lambda: desk.dialog(TrustDialog) is not None, timeout=WAIT_MS)
    desk.dialog(TrustDialog).reject()


def test_an_architecture_is_chosen_and_remembered(desk: Desk, file: str, qtbot: QtBot) -> None:
    def refuse(_trust: bool, profile: Profile | None) -> Exception | None:
        chosen = profile is not None and profile.architecture == "two"
        return None if chosen else AmbiguousNetwork("Two fit.", ("one", "two"))

    desk.refuse = refuse
    desk.networks.open(file)
    qtbot.waitUntil(lambda: desk.dialog(ArchitectureChoice) is not None, timeout=WAIT_MS)
    dialog = desk.dialog(ArchitectureChoice)
    assert [dialog.list.item(i).text() for i in range(dialog.list.count())] == ["one", "two"]
    dialog.list.setCurrentRow(1)
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        dialog.accept()
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.asked[-1] == (file, False, Profile(architecture="two"))


def of_20_px(_trust: bool, profile: Profile | None) -> Exception | None:
    given = None if profile is None else profile.input_shape
    return None if given == (3, 20, 20) else UnknownSize("mine", given, "a matrix does not fit")


def test_a_size_is_asked_for_until_it_fits_and_remembered(
    desk: Desk, file: str, qtbot: QtBot
) -> None:
    desk.refuse = of_20_px
    desk.networks.open(file)
    qtbot.waitUntil(lambda: desk.dialog(SizeQuestion) is not None, timeout=WAIT_MS)
    question = desk.dialog(SizeQuestion)
    assert question.shape() == USUAL and "mine.safetensors" in question.text.text()
    assert "takes no image of a usual size" in question.reason.text()
    question.width_px.setValue(20)
    question.accept()
    qtbot.waitUntil(
        lambda: desk.dialog(SizeQuestion) not in (None, question), timeout=WAIT_MS
    )  # it was wrong, which is said with the size that was given
    again = desk.dialog(SizeQuestion)
    assert again.shape() == (3, 224, 20) and "3 × 224 × 20" in again.reason.text()
    again.height_px.setValue(20)
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        again.accept()
    assert desk.networks.model == file and desk.failures == []
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.asked[-1] == (file, False, Profile(input_shape=(3, 20, 20)))


def test_who_does_not_know_the_size_keeps_the_network(desk: Desk, file: str, qtbot: QtBot) -> None:
    desk.refuse = of_20_px
    desk.networks.open(file)
    qtbot.waitUntil(lambda: desk.dialog(SizeQuestion) is not None, timeout=WAIT_MS)
    with qtbot.waitSignal(desk.networks.opening.dropped, timeout=WAIT_MS):
        desk.dialog(SizeQuestion).reject()
    assert desk.networks.model == "digits" and desk.failures == []
    assert desk.networks.opening.profiles.get(file) is None


def test_a_size_of_other_channels_forgets_their_mean_and_std() -> None:
    known = Profile(input_shape=(3, 20, 20), mean=(0.1, 0.2, 0.3), std=(1, 1, 1))
    assert with_shape(known, (3, 30, 30)) == Profile(
        input_shape=(3, 30, 30), mean=(0.1, 0.2, 0.3), std=(1, 1, 1)
    )
    assert with_shape(known, (1, 20, 20)) == Profile(input_shape=(1, 20, 20))


def test_what_the_form_says_goes_before_what_was_changed_below_the_pad(
    desk: Desk, file: str, settings: QSettings, qtbot: QtBot
) -> None:
    forms = NetworkFormController(
        desk.window, desk.networks, MagicMock(), MagicMock(), MagicMock(), desk.window
    )
    own = Preparation(digit=False)
    changed = replace(own, fit=Fit.STRETCH)
    memory = PreparationMemory(settings)
    memory.remember(file, changed)
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert memory.recall(file, own) == changed  # opening it alone leaves it
    said = replace(own, fit=Fit.PAD)
    forms._model = file
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        forms._on_applied(Profile(preparation=said))
    assert memory.recall(file, said) == said


def test_a_guess_is_said_until_another_network_comes(desk: Desk, file: str, qtbot: QtBot) -> None:
    desk.note = "Input size and class names were guessed."
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open(file)
    assert desk.notice.name == GUESSED
    assert desk.notice.text == "Input size and class names were guessed"
    with qtbot.waitSignal(desk.networks.opening.form_requested, timeout=WAIT_MS):
        desk.notice.button.click()
    desk.note = ""
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.networks.open("lenet5")
    assert not desk.notice.isVisible()


def test_a_network_that_hangs_can_be_given_up(desk: Desk, qtbot: QtBot) -> None:
    desk.inference.hanging.emit(True)
    assert desk.notice.name == HANGING and "10 s" in desk.notice.text
    with qtbot.waitSignal(desk.networks.network_changed, timeout=WAIT_MS):
        desk.notice.button.click()
    desk.inference.hanging.emit(False)
    assert not desk.notice.isVisible()


def test_files_of_one_name_are_told_apart() -> None:
    assert titles(["/a/best.pt", "/b/best.pt", "/a/x.onnx", "resnet18:IMAGENET1K_V1"]) == [
        "best – a",
        "best – b",
        "x",
        "resnet18 (ImageNet V1)",
    ]
    assert titles(["/a/net.pt2", "/a/net.onnx", "/b/net.pt2", "/b/net.onnx", "/c/net.pt"]) == [
        "net.pt2 – a",
        "net.onnx – a",
        "net.pt2 – b",
        "net.onnx – b",
        "net",
    ]
    assert titles(["/nets/resnet18.pt2", "/nets/resnet18.onnx"]) == [
        "resnet18.pt2",
        "resnet18.onnx",
    ]


def test_only_so_many_profiles_are_kept(settings: QSettings) -> None:
    store = ProfileStore(settings)
    for number in range(MAX_PROFILES + 2):
        store.put(f"net{number}", Profile(architecture=str(number)))
    assert store.get("net0") is None and store.get("net1") is None
    newest = store.get(f"net{MAX_PROFILES + 1}")
    assert newest == Profile(architecture=str(MAX_PROFILES + 1))
    assert store.get("net2") == Profile(architecture="2")


def test_a_profile_that_somebody_spoiled_is_none(settings: QSettings) -> None:
    from viewer.controllers.profiles import GROUP, identity_of

    store = ProfileStore(settings)
    settings.setValue(f"{GROUP}/{identity_of('a')}", '{"mean": "what"}')
    assert store.get("a") is None
