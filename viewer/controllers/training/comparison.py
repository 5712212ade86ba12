"""Joins the comparison's page with the threads that answer and measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.services.comparison import SHIPPED_PAIR, MovedRequest, RobustnessJob

if TYPE_CHECKING:
    from viewer.core.records import Drawing, Picture
    from viewer.core.training.report import Robustness
    from viewer.services.comparison import ComparisonService, MovedAnswer, RobustnessService
    from viewer.services.evaluation import NetworkSource
    from viewer.widgets.evaluation.comparison import ComparisonView
    from viewer.widgets.theme import Theme


class ComparisonController(QObject):
    """Moves the drawing on the pad for two networks, and takes their accuracy when asked to.

    Nothing is loaded or computed while the page is out of sight.

    Parameters
    ----------
    view : ComparisonView
    live : ComparisonService
    robustness : RobustnessService
        Both started and shut down by whoever made them.

    Signals
    -------
    train_requested()
        Both networks are to be trained anew; `set_networks` takes the result.
    begun()
        Accuracies are to be taken: what was said of a try before is of no use any more.
    failed(str)
        One sentence on what went wrong.
    """

    train_requested = pyqtSignal()
    begun = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self,
        view: ComparisonView,
        live: ComparisonService,
        robustness: RobustnessService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._live = live
        self._robustness = robustness
        self._networks = SHIPPED_PAIR
        self._dataset = ""
        self._source: Drawing | Picture | None = None
        self._raw = False
        self._active = False
        self._loaded = False  # whether the live service was given the networks
        self._connect_signals()

    def set_theme(self, theme: Theme) -> None:
        """Give the page the theme's colours."""
        self._view.set_theme(theme)

    def set_active(self, active: bool) -> None:
        """Say whether the page is in sight."""
        self._active = active
        self._ask()

    def set_source(self, source: Drawing | Picture, *, raw: bool = False) -> None:
        """Take what is on the pad, and whether its canvas is fed as it is."""
        self._source, self._raw = source, raw
        self._ask()

    def set_networks(
        self, dense: NetworkSource, convolutional: NetworkSource, dataset: str = ""
    ) -> None:
        """Compare these two from now on; `dataset` is empty for the one they were trained on."""
        self._networks, self._dataset = (dense, convolutional), dataset
        self._robustness.cancel()
        self._loaded = False
        self._ask()

    def set_trainable(self, reason: str = "") -> None:
        """Let both be trained anew; or not, for a reason that is told."""
        self._view.set_trainable(reason)

    def measure(self) -> None:
        """Take the accuracy of both networks on moved test images."""
        self.begun.emit()
        self._view.set_running(True)
        self._robustness.submit(RobustnessJob(self._networks, self._dataset))

    def _connect_signals(self) -> None:
        view, robustness = self._view, self._robustness
        view.shift_changed.connect(self._ask)
        view.measure_requested.connect(self.measure)
        view.cancel_requested.connect(robustness.cancel)
        view.train_requested.connect(self.train_requested)
        self._live.answers_ready.connect(self._on_answers_ready)
        self._live.failed.connect(self.failed)
        robustness.progress.connect(view.set_progress)
        robustness.robustness_ready.connect(self._on_robustness_ready)
        robustness.cancelled.connect(self._on_measuring_ended)
        robustness.failed.connect(self._on_measuring_failed)

    def _ask(self) -> None:
        if not self._active:
            return
        if not self._loaded:
            self._loaded = True
            self._view.set_names(tuple(network.title for network in self._networks))
            self._live.set_networks(self._networks)
        if self._source is not None:
            dx, dy, degrees = self._view.shift()
            self._live.submit(MovedRequest(self._source, self._raw, dx, dy, degrees))

    def _on_answers_ready(self, answers: tuple[MovedAnswer, ...]) -> None:
        titles = tuple(network.title for network in self._networks)
        if tuple(answer.title for answer in answers) != titles:
            return  # of networks that are no longer compared
        for index, answer in enumerate(answers):
            self._view.set_answers(index, answer.title, answer.probabilities, answer.class_names)
        self._view.set_picture(answers[0].pixels)

    def _on_robustness_ready(self, found: Robustness) -> None:
        self._view.set_running(False)
        self._view.set_robustness(found)

    def _on_measuring_ended(self) -> None:
        self._view.set_running(False)

    def _on_measuring_failed(self, sentence: str) -> None:
        self._view.set_running(False)
        self.failed.emit(sentence)
