"""What excites a map most: the dock, its search, and the image that goes to the pad."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal

from viewer.controllers.explain_dock import ExplainDock
from viewer.core.imaging.numbers import format_exact, format_number
from viewer.core.records import Selection, WeightsKind, same_nodes

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtCore import QObject

    from viewer.controllers.views import ViewController
    from viewer.core.explain.exciting_images import ExcitingImage
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, NetworkRecord, Picture, WeightsRecord
    from viewer.services.evaluation import NetworkSource
    from viewer.services.excitations import ExcitationJob, ExcitationService
    from viewer.widgets.exciting.grid import ExcitingTile
    from viewer.widgets.exciting.view import ExcitingView
    from viewer.widgets.window.main_window import MainWindow

DIFFERENCES = "Show weights in place of differences to search for what excites this map."
NO_SOURCE = "There is no network to search with yet: wait until one is loaded."


class ExcitingDock(ExplainDock["ExcitingView"]):
    """Searches for what is selected, and puts chosen images on the pad.

    Parameters
    ----------
    window : MainWindow
    views : ViewController
    service : ExcitationService
    source : callable
        Returns the network on screen for another thread; None while there is none.
    dataset : callable
        Returns the name of the data set to search if the network's own is not here.
    folder : callable
        Returns the folder of pictures that is browsed, which is searched for a network of
        pictures; None without one.
    show_picture : callable
        Puts a `Picture` on the pad.

    Signals
    -------
    failed(str)
        One sentence.
    changed()
        A search began or ended, or what it found is different.
    """

    NAME, TITLE = "exciting", "What excites this map most?"
    NEEDS_OUTPUTS = False
    failed = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(
        self,
        window: MainWindow,
        views: ViewController,
        service: ExcitationService,
        source: Callable[[], NetworkSource | None],
        dataset: Callable[[], str],
        folder: Callable[[], Path | None],
        show_picture: Callable[[Picture], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(window, views, parent)
        self._service = service
        self._source = source
        self._dataset = dataset
        self._folder = folder
        self._show_picture = show_picture
        self._network: NetworkRecord | None = None
        self._job: ExcitationJob | None = None  # the last one, whose images are shown
        self._where = ""  # what is searched: "MNIST test images"
        self._left_out = 0  # images that can't be read
        self._images: tuple[ExcitingImage, ...] = ()
        views.selection_changed.connect(self._on_selection_changed)
        service.begun.connect(self._on_begun)
        service.left_out.connect(self._on_left_out)
        service.found.connect(self._on_found)
        service.progress.connect(self._on_progress)
        service.finished.connect(self._on_finished)
        service.cancelled.connect(self._on_finished)
        service.failed.connect(self._on_failed)

    @property
    def images(self) -> tuple[ExcitingImage, ...]:
        """What was found, the strongest first."""
        return self._images

    @property
    def subject(self) -> Selection | None:
        """The map or unit that a search would be about: the selected one."""
        selection = self._views.selection
        return None if selection is None or selection.in_channel is not None else selection

    def search_selected(self) -> None:
        """Come to the front, and search for what excites the selected map."""
        self.show()
        self.search()

    def search(self) -> None:
        """Search for what excites the selected map; a search at work is dropped."""
        subject, weights = self.subject, self._views.weights
        if self.view is None or subject is None:
            return
        if weights is not None and weights.kind is WeightsKind.DIFFERENCES:
            self._clear()
            self.view.set_problem(DIFFERENCES)
            return
        source = self._source()
        if source is None:
            self.failed.emit(NO_SOURCE)
            return
        from viewer.services.excitations import ExcitationJob  # with the dock, not before

        self._clear()
        self._job = ExcitationJob(
            source, subject.node, subject.channel, weights, self._dataset(), self._folder()
        )
        self.view.set_running(True)
        self._service.submit(self._job)
        self.changed.emit()

    def _build(self) -> tuple[ExcitingView, _Feed]:
        from viewer.widgets.exciting.view import ExcitingView

        view = ExcitingView()
        view.search_requested.connect(self.search)
        view.cancel_requested.connect(self._service.cancel)
        view.chosen.connect(self._on_chosen)
        return view, _Feed(self, view)

    def _clear(self) -> None:
        self._images, self._where = (), ""
        if self.view is not None:
            self.view.set_about("")
            self.view.set_tiles(())
            self._show_subject()

    def _show_subject(self) -> None:
        """Name the map whose images are shown, or else the one that would be searched for."""
        if self.view is None:
            return
        job, subject = self._job, self.subject
        # A search that was just given up still runs for a moment, for nobody.
        if job is not None and (self._images or self.view.running):
            self.view.set_subject(self._name(job.node, job.channel))
        else:
            named = "" if subject is None else self._name(subject.node, subject.channel)
            self.view.set_subject(named)

    def _name(self, node: str, channel: int) -> str:
        found = None if self._network is None else self._network.node(node)
        what = "unit" if found is not None and len(found.output_shape) == 1 else "channel"
        return f"{node} · {what} {channel}"

    def _on_selection_changed(self, selection: Selection | None) -> None:
        if self.view is None or not self._active or selection is None:
            return
        job = self._job
        same = job is not None and (job.node, job.channel) == (selection.node, selection.channel)
        if not same and not self.view.running and selection.in_channel is None:
            self._job = None
            self._clear()

    def _on_begun(self, where: str) -> None:
        self._where, self._left_out = where, 0

    def _on_left_out(self, count: int) -> None:
        self._left_out = count

    def _on_found(self, images: tuple[ExcitingImage, ...], job: ExcitationJob) -> None:
        if self.view is None or job is not self._job:
            return  # of a search before
        self._images = images
        self._show_images()
        self.changed.emit()

    def _show_images(self) -> None:
        from viewer.core.explain.exciting_images import is_silent

        assert self.view is not None
        network = self._network
        drawn = network is None or network.preparation.digit
        silent = is_silent(self._images) and not self.view.running
        self.view.set_tiles([_tile(image) for image in self._images], drawn=drawn, silent=silent)

    def _on_progress(self, done: int, total: int) -> None:
        if self.view is not None and self.view.running:
            self.view.set_progress(done, total)
            left_out = f", {self._left_out:,} not readable" if self._left_out else ""
            read = f"{done - self._left_out:,} of {total:,} {self._where}{left_out}"
            self.view.set_about(f"{read}. {self._hint()}")

    def _hint(self) -> str:
        from viewer.widgets.exciting.view import HINT

        return HINT

    def _on_finished(self) -> None:
        if self.view is None:
            return
        self.view.set_running(False)
        if self._images:
            self._show_images()
        self.changed.emit()

    def _on_failed(self, sentence: str) -> None:
        if self.view is not None:
            self.view.set_running(False)
            self.view.set_problem(sentence)
        self.failed.emit(sentence)
        self.changed.emit()

    def _on_chosen(self, place: int) -> None:
        if self._job is None or place >= len(self._images):
            return
        image = self._images[place]
        self._show_picture(image.picture)
        found = image.excitation
        self._views.select(Selection(self._job.node, self._job.channel, found.y, found.x))

    def set_network(self, network: NetworkRecord) -> None:
        """Forget what excited the maps of another network."""
        before, self._network = self._network, network
        if before is not None and not same_nodes(before, network):
            self._service.cancel()
            self._job = None
            self._clear()
        self._show_subject()


class _Feed:
    """Gives the dock what it needs of the network, and its view the theme.

    What was found stays while weights change: it says what excited the map with those of its
    time. Drawings have no part in it, and its images have colours of their own.
    """

    def __init__(self, dock: ExcitingDock, view: ExcitingView) -> None:
        self._dock = dock
        self.set_theme = view.set_theme

    def set_network(self, network: NetworkRecord, _weights: WeightsRecord) -> None:
        self._dock.set_network(network)

    def set_weights(self, _weights: WeightsRecord) -> None:
        pass

    def set_display(self, _display: DisplaySettings) -> None:
        pass

    def set_record(self, _record: ActivationRecord) -> None:
        pass


def _tile(image: ExcitingImage) -> ExcitingTile:
    from viewer.widgets.exciting.grid import ExcitingTile

    excitation, picture = image.excitation, image.picture
    named = "" if picture.label is None else f", {picture.label}"
    label = picture.label or ("" if picture.path is None else picture.title)
    tip = (
        f"{picture.title}{named}: {format_exact(excitation.value)} at y {excitation.y}, "
        f"x {excitation.x}. Click to put it on the pad."
    )
    value = format_number(excitation.value)
    return ExcitingTile(image.pixels, image.patch, image.field, value, label, tip)
