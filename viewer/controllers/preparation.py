"""How pictures are prepared for the network on screen, and what each step does to its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer

from viewer.controllers.preparation_memory import PreparationMemory
from viewer.core.imaging.numbers import format_percent
from viewer.core.records import Fit, Picture, Preparation, Step

if TYPE_CHECKING:
    from PyQt6.QtCore import QSettings

    from viewer.controllers.inputs import InputController
    from viewer.controllers.networks import NetworkController
    from viewer.controllers.views import ViewController
    from viewer.core.imaging.preparation_steps import StepResult
    from viewer.core.records import ActivationRecord, FloatArray, NetworkRecord, WeightsRecord
    from viewer.services.files import FileService, StepsJob
    from viewer.services.inference import InferenceService
    from viewer.widgets.inputs.fit_chooser import FitChooser
    from viewer.widgets.inputs.pad_panel import PadPanel
    from viewer.widgets.inputs.preparation_view import PreparationView
    from viewer.widgets.theme import Theme

# While a pen draws or a camera runs the steps are drawn anew this often at most,
STEPS_MS = 120
# and what they are worth is worked out once the picture has come to rest.
EFFECTS_MS = 300
IMPOSSIBLE = "this network can't answer that"
GIVEN = "A tensor goes in as it is: there is nothing to fit"


class PreparationController(QObject):
    """Shows the steps of the preparation for a network of pictures, and switches them.

    What a person has changed goes with every request, and is remembered for each network.
    """

    def __init__(
        self,
        panel: PadPanel,
        inputs: InputController,
        views: ViewController,
        networks: NetworkController,
        inference: InferenceService,
        files: FileService,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._inputs = inputs
        self._views = views
        self._networks = networks
        self._inference = inference
        self._files = files
        self._memory = PreparationMemory(settings)
        self._theme: Theme | None = None
        self._network: NetworkRecord | None = None  # a network of pictures, or none
        self._model = ""
        self._told = -1  # generation that the view's words are about
        self._rows: tuple[int, ...] = ()  # those whose effect is being worked out
        self.view: PreparationView | None = None
        self.chooser: FitChooser | None = None
        self._steps = self._timer(STEPS_MS, self._ask_for_steps)
        self._effects = self._timer(EFFECTS_MS, self._ask_for_effects)
        networks.network_changed.connect(self._on_network_changed)
        inference.run_shown.connect(self._on_run_shown)
        inference.compared.connect(self._on_compared)
        inputs.source_changed.connect(self._on_source_changed)
        views.record_shown.connect(self._on_record_shown)
        files.steps_ready.connect(self._on_steps_ready)

    @property
    def preparation(self) -> Preparation:
        """What pictures are prepared by now."""
        assert self._network is not None
        return self._inputs.preparation or self._network.preparation

    def set_theme(self, theme: Theme) -> None:
        """Give the view the theme's colours."""
        self._theme = theme
        if self.view is not None:
            self.view.set_theme(theme)

    def switch(self, step: Step) -> None:
        """Turn a step on or off."""
        from viewer.core.imaging.preparation_steps import switched  # with the view, not before

        self._change(switched(self.preparation, step))

    def set_fit(self, fit: Fit) -> None:
        """Fit pictures in another way; steps that were off for the one before are on again."""
        off = self.preparation.off - {Step.RESIZE, Step.CROP}
        self._change(replace(self.preparation, fit=fit, off=off))

    def reset(self) -> None:
        """Prepare pictures as the network has it."""
        if self._network is not None:
            self._change(self._network.preparation)

    def _change(self, preparation: Preparation) -> None:
        if self._network is None:
            return
        own = self._network.preparation
        changed = None if preparation == own else preparation
        self._inputs.set_preparation(changed)
        self._memory.remember(self._model, changed)
        self._show_choices()
        self._inputs.submit()

    def _on_network_changed(self, network: NetworkRecord, _weights: WeightsRecord) -> None:
        self._take(network, self._networks.model)

    def _on_run_shown(self, network: NetworkRecord) -> None:
        self._take(network, "")

    def _take(self, network: NetworkRecord, model: str) -> None:
        digit = network.preparation.digit
        self._panel.set_digit(digit)
        self._model = model
        self._network = None if digit else network
        own = network.preparation
        kept = own if digit else self._memory.recall(model, own)
        self._inputs.set_preparation(None if kept == own else kept)
        if not digit:
            self._build()
        if self.view is not None:
            self.view.setVisible(not digit)
            self.view.set_answer("")
            self._panel.preview.set_control(None if digit else self.chooser)
        if not digit:
            self._show_choices()
            self._ask_for_steps()
        self._on_source_changed()

    def _build(self) -> None:
        if self.view is not None:
            return
        # Only now: most sessions are about digits, and these modules bring numpy.
        from viewer.widgets.inputs.fit_chooser import FitChooser
        from viewer.widgets.inputs.preparation_view import PreparationView

        self.view, self.chooser = PreparationView(), FitChooser()
        self._panel.add_preparation(self.view)
        if self._theme is not None:
            self.view.set_theme(self._theme)
        self.view.step_switched.connect(self.switch)
        self.view.reset_requested.connect(self.reset)
        self.view.shown.connect(self._on_source_changed)
        self.chooser.fit_chosen.connect(self.set_fit)

    def _show_choices(self) -> None:
        if self.view is not None and self.chooser is not None:
            source = self._inputs.source
            given = isinstance(source, Picture) and source.values is not None
            self.view.set_changed(self._inputs.preparation is not None and not given)
            self.chooser.set_refusal(GIVEN if given else "")
            # Without its crop the picture is stretched: the chooser says what is done.
            uncropped = {Step.RESIZE, Step.CROP} & self.preparation.off == {Step.CROP}
            cut = self.preparation.fit is Fit.CROP and uncropped
            self.chooser.set_fit(Fit.STRETCH if cut else self.preparation.fit)

    @property
    def _in_sight(self) -> bool:
        return self._network is not None and self.view is not None and self.view.isVisible()

    def _on_source_changed(self) -> None:
        # A pen is of no use on a photo, and the room is: but a stroke still begins a drawing.
        photo = self._network is not None and isinstance(self._inputs.source, Picture)
        self._panel.set_pen_shown(not photo)
        if self._network is not None:
            self._show_choices()
        if self._in_sight and not self._steps.isActive():
            self._steps.start()

    def _ask_for_steps(self) -> None:
        if self._network is None:
            return
        from viewer.services.files import StepsJob

        self._files.describe_steps(StepsJob(self._inputs.source, self._network, self.preparation))

    def _on_steps_ready(self, job: StepsJob, results: Sequence[StepResult]) -> None:
        if self.view is None or job.network is not self._network:
            return
        if job.preparation != self.preparation:
            return  # of before a switch; the newer ones are under way
        self.view.set_steps(results)
        self._effects.start()

    def _on_record_shown(self, record: ActivationRecord) -> None:
        if self._network is None or self.view is None:
            return
        if record.generation != self._told:
            self._told = record.generation
            for index in range(len(self.view.rows)):
                self.view.set_effect(index, "")
        answer = record.probabilities
        self.view.set_answer("" if answer is None else f"Answer: {self._best(answer)}")
        self._effects.start()

    def _ask_for_effects(self) -> None:
        record = self._views.record
        if not self._in_sight or self.view is None or record is None or not self.view.is_open:
            return
        if record.generation != self._inputs.generation or record.probabilities is None:
            return
        others = [(i, result.otherwise) for i, result in enumerate(self.view.results)]
        wanted = [(i, other) for i, other in others if other is not None]
        self._rows = tuple(i for i, _ in wanted)
        if wanted:
            self._inference.compare(tuple(self._inputs.request(other) for _, other in wanted))

    def _on_compared(self, generation: int, place: int, answer: FloatArray | None) -> None:
        if generation != self._inputs.generation or self.view is None or self._network is None:
            return
        row = self._rows[place] if place < len(self._rows) else len(self.view.results)
        if row < len(self.view.results):
            switch = "Without" if self.view.results[row].done else "With"
            text = IMPOSSIBLE if answer is None else self._best(answer)
            self.view.set_effect(row, f"{switch}: {text}")

    def _best(self, probabilities: FloatArray) -> str:
        """Return the most probable class behind its probability: names may be cut short."""
        assert self._network is not None
        best = int(probabilities.argmax())
        names = self._network.class_names
        name = names[best] if best < len(names) else str(best)
        if name.isdecimal():  # a number alone would be taken for one of the values
            name = f"class {name}"
        return f"{format_percent(float(probabilities[best]))} {name}"

    def _timer(self, interval_ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self._panel)  # ends with what it shows
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        return timer
