"""What lessons can do with the program: a narrow door to inputs, networks, views and panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PyQt6.QtCore import QObject, QRect, QRectF, pyqtSignal
from PyQt6.QtWidgets import QWidget

from viewer.controllers.lessons.covered import PREDICTION, covered
from viewer.controllers.lessons.lab import LessonLab
from viewer.controllers.lessons.memory import LessonMemory
from viewer.controllers.lessons.panels import LessonPanels
from viewer.controllers.lessons.training import LessonTraining
from viewer.core.errors import UserError
from viewer.core.imaging.stroke_file import read_stroke_file
from viewer.core.lessons.actions import DATASET, EXCITING, LAB, SLIDING, TRACE, TRAINING
from viewer.core.lessons.live import Live
from viewer.core.lessons.trained import MNIST
from viewer.core.records import Legibility, Picture, Selection
from viewer.widgets.flow.scroll import reveal

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.core.lessons.lesson import Action, Step
    from viewer.core.records import ActivationRecord, FloatArray
    from viewer.services.all import Services
    from viewer.services.opening import OpenRequest
    from viewer.widgets.window.main_window import MainWindow

NOT_OPENED = "The network of this step was not opened: choose Again to open it."
PAGES: Mapping[str, str] = {
    "comparison": "Dense and convolutional",
    "curves": "Curves",
    "evaluation": "Evaluation",
}


class Stage(Protocol):
    """What the lessons' controller asks of the program.

    Attributes
    ----------
    changed : signal
        Something that a lesson may wait for, or ask about, is different.
    failed : signal of str
        One sentence on what could not be done.
    moved : signal
        What is pointed at or covered is somewhere else now.
    """

    changed: Any
    failed: Any
    moved: Any

    def capabilities(self) -> frozenset[str]:
        """Return the parts of the program that are there."""

    def settled(self) -> bool:
        """Return whether everything that was asked for is on screen."""

    def live(self) -> Live:
        """Return the tensors on screen, without what lessons keep."""

    def do(self, action: Action) -> None:
        """Begin an action; UserError if it can't be done."""

    def place(self, target: str) -> tuple[QWidget, QRect] | None:
        """Return the widget to point at and where in it; None if it isn't shown."""

    def reveal(self, target: str) -> None:
        """Scroll what is to be pointed at into sight."""

    def hidden(self, step: Step) -> Sequence[str]:
        """Return what is to be covered in a step, with whatever tells the same."""

    def close_ways(self, hidden: Sequence[str]) -> None:
        """Close the ways around what is covered."""

    def tidy(self, step: Step) -> None:
        """Hide the panels that a lesson has opened and the step has no use for."""

    def remember(self) -> None:
        """Note what is on screen, for `restore`."""

    def restore(self) -> None:
        """Bring back what was on screen."""


class MainStage(QObject):
    """The stage that is the program's own window.

    Signals
    -------
    changed()
        Something that a lesson may wait for, or ask about, is different.
    failed(str)
        One sentence on what could not be done.
    moved()
        The cards are somewhere else now, or another one is selected.
    """

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    moved = pyqtSignal()

    def __init__(
        self,
        main: MainController,
        window: MainWindow,
        services: Services,
        runs_root: Path,
        drawings: Path,
    ) -> None:
        super().__init__(main)
        self._main = main
        self._window = window
        self._services = services
        self._drawings = drawings
        self._network = ""  # that was asked for and isn't there yet
        self._image: int | None = None  # of the test set, likewise
        self._dataset = MNIST
        self._dataset_was_changed = False
        self._base: FloatArray | None = None  # the picture before it was shifted
        self._training = LessonTraining(main, services, runs_root)
        self._memory = LessonMemory(main, services, window.pad_panel)
        self._panels = LessonPanels(main, window)
        self._lab = LessonLab(lambda: getattr(main, "lab", None))
        self._deeds: Mapping[str, Callable[[Any], None]] = {
            "open": self._open,
            "drawing": self._draw,
            "mnist": self._show_image,
            "image": lambda value: self._show_image(value["index"], value["data"]),
            "clear": lambda _value: window.pad_panel.pad.clear(),
            "shift": lambda value: self.shift(*value),
            "select": self._select,
            "show": lambda value: main.flow.show_only(None if value == "all" else value),
            "lab": self._lab.set,
            "sliding": self._slide,
            "trace": self._trace,
            "exciting": self._excite,
            "panel": self._show_panel,
            "train": lambda value: self._training.train(**value),
        }
        self._connect_signals()

    def _connect_signals(self) -> None:
        services, networks = self._services, self._main.networks
        services.inference.record_ready.connect(self._on_record_ready)
        services.inference.network_failed.connect(self._on_network_failed)
        services.inference.opening.began.connect(self._on_opening_began)
        services.inference.opening.cancelled.connect(self._on_opening_cancelled)
        services.dataset.picture_ready.connect(self._on_picture_ready)
        services.dataset.dataset_changed.connect(self._on_dataset_changed)
        services.dataset.failed.connect(self._on_dataset_failed)
        services.training.state_changed.connect(self._on_changed)
        services.training.failed.connect(self._on_training_failed)
        networks.network_changed.connect(self._on_network_changed)
        self._main.inputs.source_changed.connect(self._on_source_changed)
        self._main.views.selection_changed.connect(lambda _selection: self.moved.emit())
        for bar in (self._main.flow.horizontalScrollBar(), self._main.flow.verticalScrollBar()):
            if bar is not None:
                bar.valueChanged.connect(self.moved)

    def capabilities(self) -> frozenset[str]:
        """Return the parts of the program that are there."""
        parts = {DATASET, TRAINING}
        for name in (LAB, SLIDING, TRACE, EXCITING):
            if getattr(self._main, name, None) is not None:
                parts.add(name)
        return frozenset(parts)

    def settled(self) -> bool:
        """Return whether everything that was asked for is on screen."""
        waiting = self._network or self._image is not None
        return not waiting and self._main.is_shown and self._training.settled()

    def live(self) -> Live:
        """Return the tensors on screen, without what lessons keep."""
        views = self._main.views
        return Live(views.network, views.weights, views.record, self._lab.tensors())

    def do(self, action: Action) -> None:
        """Begin an action.

        Raises
        ------
        UserError
            If it can't be done.
        """
        with self._panels.keys_kept():
            self._deeds[action.name](action.value)
        self._panels.make_room(action.name)

    def hidden(self, step: Step) -> Sequence[str]:
        """Return what is to be covered in a step."""
        return covered(step, self._main.views.network, self._main.views.selection)

    def close_ways(self, hidden: Sequence[str]) -> None:
        """Keep the prediction out of the title, and the lab's maps out of its other window."""
        self._window.cover_winner(PREDICTION in hidden)
        self._lab.set_covered("lab:maps" in hidden)

    def tidy(self, step: Step) -> None:
        """Hide the panels that a lesson has opened and the step has no use for."""
        self._panels.tidy(step)

    def remember(self) -> None:
        """Note what is on screen, for `restore`."""
        self._panels.remember()
        self._memory.remember()
        self._lab.remember()

    def restore(self) -> None:
        """Bring back what was on screen; a training of the lesson ends."""
        anew = bool(self._network)  # it may come yet, and so may the image
        if self._image is not None:
            self._services.dataset.drop_image()
        self._network, self._image, self._base = "", None, None
        self._training.leave()
        self._services.excitations.cancel()
        self._lab.restore()
        self._panels.restore()
        self._memory.restore(anew=anew)
        if self._dataset_was_changed:
            self._dataset_was_changed = False
            self._main.training.setup.tell_dataset()

    def shift(self, dx: int, dy: int) -> None:
        """Show what the network sees, moved by whole pixels; what leaves the image is lost.

        Raises
        ------
        UserError
            If there is nothing to move.
        """
        record = self._main.views.record
        if self._base is None:
            if record is None or record.image.legibility is not Legibility.OK:
                raise UserError("There is nothing to move: draw a digit first.")
            self._base = record.image.grey
        base = self._base
        self._show(Picture(shifted(base, dx, dy), "Moved", prepared=True))
        self._base = base  # `_show` made it a new input

    def place(self, target: str) -> tuple[QWidget, QRect] | None:
        """Return the widget to point at and where in it; None if it isn't shown."""
        kind, _, rest = target.partition(":")
        if kind in ("card", "map"):
            found = self._place_in_flow(kind, rest)
        else:
            widget = self._widget(target)
            area = self._lab.formula_area() if target == "lab:formula" else None
            found = None if widget is None else (widget, area or widget.rect())
        return found if found is not None and found[0].isVisible() else None

    def reveal(self, target: str) -> None:
        """Scroll what is to be pointed at into sight."""
        kind, _, rest = target.partition(":")
        found = self._place_in_flow(kind, rest) if kind in ("card", "map") else None
        if found is not None:
            viewport, area = found
            reveal(self._main.flow, QRectF(area), QRectF(viewport.rect()))

    def _widget(self, target: str) -> QWidget | None:
        window, main = self._window, self._main
        kind = target.partition(":")[0]
        if kind == LAB:
            return self._lab.widget(target)
        if kind in (SLIDING, TRACE, EXCITING):
            controller = getattr(main, kind, None)
            return None if controller is None else getattr(controller, "view", None)
        return {
            "pad": window.pad_panel.pad,
            "input": window.pad_panel.preview,
            PREDICTION: window.prediction,
            "inspector": main.inspector,
            "network": main.flow,
            "chooser": window.tool_bar.chooser,
            "training": main.training.panel,
        }.get(target)

    def _place_in_flow(self, kind: str, rest: str) -> tuple[QWidget, QRect] | None:
        flow = self._main.flow
        viewport, layout = flow.viewport(), flow.layout_shown()
        layer, channel = (rest, "0") if kind == "card" else rest.rsplit(":", 1)
        if viewport is None or layout is None or layer not in layout.cards:
            return None
        if kind == "map":
            network = self._main.views.network
            assert network is not None, "there are cards"
            height, width = (*network.node(layer).output_shape, 1, 1)[1:3]
            first = flow.cell_rect(Selection(layer, int(channel)))
            last = flow.cell_rect(Selection(layer, int(channel), height - 1, width - 1))
            area = first.united(last).toAlignedRect()
        else:
            frame = layout.cards[layer].frame
            corner = flow.cell_rect(Selection(layer, 0)).topLeft()
            maps = layout.cards[layer].maps
            area = QRect(frame.x, frame.y, frame.width, frame.height)
            area.translate(round(corner.x()) - maps.x, round(corner.y()) - maps.y)
        return viewport, area

    def _open(self, name: str) -> None:
        if self._main.networks.model != name:
            self._network = name
            self._main.networks.open(name)

    def _draw(self, name: str) -> None:
        path = self._drawings / f"{name}.jsonl"
        if not path.is_file():
            raise UserError(f"There is no drawing {name!r}.")
        (drawing, *_) = read_stroke_file(path)
        self._set_prepared()
        self._show(drawing)

    def _show_image(self, index: int, data: str = MNIST) -> None:
        self._image = index
        if self._dataset != data:
            self._dataset_was_changed = True
            self._services.dataset.set_dataset(data)
        self._services.dataset.request_image(index)

    def _show(self, source: Any) -> None:
        self._main.inputs.show_source(source)

    def _set_prepared(self) -> None:
        panel = self._window.pad_panel
        if not panel.preview.prepared:
            panel.set_prepared(True)

    def _select(self, value: dict[str, Any]) -> None:
        if "y" in value:
            place = Selection(value["layer"], value["channel"], value["y"], value.get("x", 0))
            self._main.views.select(place)
        else:
            self._main.select(value["layer"], value["channel"])

    def _slide(self, value: dict[str, Any]) -> None:
        sliding = self._part(SLIDING, "sliding window")
        sliding.show()
        sliding.view.select(value["layer"], value["channel"])
        predicting = bool(value.get("predict", False))
        if sliding.view.predicting != predicting:
            sliding.view.chooser.predict.click()
        if "y" in value:
            sliding.view.move_to(value["y"], value.get("x", 0))

    def _trace(self, value: dict[str, Any]) -> None:
        trace = self._part(TRACE, "pixel trace")
        self._main.views.select(
            Selection(value["layer"], value["channel"], value.get("y", 0), value.get("x", 0))
        )
        trace.show()

    def _excite(self, value: dict[str, Any]) -> None:
        exciting = self._part(EXCITING, "search for what excites a map")
        self._select(value)
        exciting.search_selected()

    def _part(self, name: str, title: str) -> Any:
        found = getattr(self._main, name, None)
        if found is None:
            raise UserError(f"This program has no {title}.")
        return found

    def _show_panel(self, name: str) -> None:
        self._main.training.show()
        self._main.training.panel_shown(PAGES[name])

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_record_ready(self, _record: ActivationRecord) -> None:
        self._training.on_record()
        self.changed.emit()

    def _on_source_changed(self) -> None:
        self._base = None  # another input, whoever brought it

    def _on_network_changed(self) -> None:
        if self._main.networks.model == self._network:
            self._network = ""
        self.changed.emit()

    def _on_network_failed(self, model: str, sentence: str) -> None:
        if model == self._network:
            self._network = ""
            self.failed.emit(sentence)

    def _on_opening_began(self, request: OpenRequest) -> None:
        if request.model != self._network:
            self._give_network_up()  # a person wants another one

    def _on_opening_cancelled(self, request: OpenRequest) -> None:
        if request.model == self._network:
            self._give_network_up()

    def _give_network_up(self) -> None:
        if self._network:
            self._network = ""
            self.failed.emit(NOT_OPENED)

    def _on_picture_ready(self, _picture: Picture, index: int) -> None:
        if index == self._image:
            self._image = None
        elif self._image is not None:  # a person's, which may have taken the place of ours
            self._services.dataset.request_image(self._image)
        self.changed.emit()

    def _on_dataset_changed(self, summary: Any) -> None:
        self._dataset = summary.name

    def _on_dataset_failed(self, sentence: str) -> None:
        if self._image is not None:
            self._image = None
            self.failed.emit(sentence)

    def _on_training_failed(self, sentence: str) -> None:
        if self._training.fail():
            self.failed.emit(sentence)


def shifted(pixels: FloatArray, dx: int, dy: int) -> FloatArray:
    """Return an image (H, W) moved to the right and down; zeros come in."""
    height, width = pixels.shape
    found = np.zeros_like(pixels)
    rows = slice(max(0, dy), min(height, height + dy))
    columns = slice(max(0, dx), min(width, width + dx))
    from_rows = slice(max(0, -dy), min(height, height - dy))
    from_columns = slice(max(0, -dx), min(width, width - dx))
    if rows.start < rows.stop and columns.start < columns.stop:
        found[rows, columns] = pixels[from_rows, from_columns]
    return found
