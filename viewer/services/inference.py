"""Live inference: a thread that owns the network and always answers the newest request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, QThread, QTimer, pyqtSignal

from viewer.core.nets.shipped import DEFAULT_MODEL
from viewer.services.inference_thread import (
    Compare,
    InferenceThread,
    Item,
    ReplaceFilter,
    SetPinned,
    ShowSnapshot,
    TakeNetwork,
)
from viewer.services.opening import PATIENCE_S, OpeningService, OpenRequest
from viewer.services.worker import SHUTDOWN_TIMEOUT_S

if TYPE_CHECKING:
    from viewer.core.live import Snapshot
    from viewer.core.nets.refusal import Refusal
    from viewer.core.pinned import Pinned
    from viewer.core.records import FloatArray, InferenceRequest
    from viewer.services.opening import Opened

HANGS_AFTER_S = 10.0  # a pass of the largest networks takes a few seconds on a slow machine
WATCH_MS = 500


class InferenceService(QObject):
    """Answers inference requests on its own thread; a newer request replaces a waiting one.

    Networks are opened beside it: the one on screen answers until the new one is there.

    Attributes
    ----------
    opening : OpeningService
        Opens what `open_network` asks for.
    patience_s : float
        So long `shutdown` waits for a network that is being opened, and for an import.
    hangs_after_s : float
        An answer that takes longer is told by `hanging`.
    snapshot : Snapshot or None
        The weights of a run that answer now; None if a network that was opened does.

    Signals
    -------
    network_loaded(str, NetworkRecord, WeightsRecord)
        The model as it was asked for; requests from now on are answered by it.
    network_failed(str, str)
        The model that could not be opened, and why; the last good network stays.
    network_resized(NetworkRecord)
        The same network answers an image of another size: its shapes are others from now on.
    run_shown(NetworkRecord, WeightsRecord)
        A run's network answers from now on.
    weights_changed(WeightsRecord)
        The same network answers with other weights from now on.
    record_ready(ActivationRecord)
        The answer to a request, and to the newest one again whenever the weights change.
    pinned_prepared(mapping of id to DigitImage)
        What the network is shown of the pinned drawings: they, or its size, are others now.
    pinned_answered(int, mapping of id to (K,) float32 or None)
        Step of the weights, and the probabilities of every pinned drawing; None for one that
        can't be read. Again whenever the weights change.
    compared(int, int, object)
        Generation and place of a request that `compare` was given, and its probabilities,
        (K,) float32, or None where it has none.
    filters_replaced(bool)
        Whether the network on screen has filters that are not its own.
    opening_left(OpenRequest)
        It is not opened any more: a run was asked for meanwhile.
    hanging(bool)
        An answer takes so long that a person may want to `give_up` the network; False once it
        is over.
    failed(str)
        One sentence on an inference that went wrong.
    """

    network_loaded = pyqtSignal(str, object, object)
    network_failed = pyqtSignal(str, str)
    network_resized = pyqtSignal(object)
    run_shown = pyqtSignal(object, object)
    weights_changed = pyqtSignal(object)
    record_ready = pyqtSignal(object)
    pinned_prepared = pyqtSignal(object)
    pinned_answered = pyqtSignal(int, object)
    compared = pyqtSignal(int, int, object)
    filters_replaced = pyqtSignal(bool)
    opening_left = pyqtSignal(object)
    hanging = pyqtSignal(bool)
    failed = pyqtSignal(str)
    # Before `network_loaded` and `run_shown`: what tells the network from others, and the
    # OpenRequest that it answers, or None.
    _taken = pyqtSignal(object, object)

    def __init__(
        self, parent: QObject | None = None, *, hangs_after_s: float = HANGS_AFTER_S
    ) -> None:
        super().__init__(parent)
        self._origin: str | None = None  # whose snapshots are shown; a name is replaced at once
        self.hangs_after_s = hangs_after_s
        self.patience_s = PATIENCE_S
        self._hangs = False
        self._was_busy = False
        self._left: str | None = None  # whose were shown when the network was asked for
        self._pinned: tuple[Pinned, ...] = ()
        self._opened: OpenRequest | None = None  # what answers
        self._before: OpenRequest | None = None  # what answered before that
        self._shown: object = None  # tells the network that answers from others
        self._ready: OpenRequest | None = None  # what is to answer as soon as the thread is free
        self._taken.connect(self._on_taken)
        self._thread = self._new_thread()
        self._abandoned: list[InferenceThread] = []
        self.opening = OpeningService(self)
        self.opening.opened.connect(self._take)
        self.opening.refused.connect(self._on_refused)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.setTimerType(Qt.TimerType.CoarseTimer)
        self._watch.timeout.connect(self._look)

    @property
    def snapshot(self) -> Snapshot | None:
        """The weights of a run that answer now."""
        return self._thread.snapshot

    @property
    def opened(self) -> OpenRequest | None:
        """What the network that answers was opened by; None before the first."""
        return self._opened

    def start(self) -> None:
        """Start the worker, which imports torch at once: it takes a second."""
        self._thread.start()

    def open_network(self, model: str) -> None:
        """Open a network by its name in the box or its path, and answer with it from then on."""
        self.open(OpenRequest(model))

    def open(self, request: OpenRequest) -> None:
        """Open a network, and answer with it once it is there."""
        self._left = self._origin
        self.opening.open(request)

    def follow(self, origin: str) -> None:
        """Show the snapshots of one origin from now on, until a network is opened."""
        request = self.opening.request
        # The first one is for what comes after the run, too.
        if self._opened is not None and request is not None:
            self.opening.cancel()
            self.opening_left.emit(request)
        self._origin = origin

    @property
    def follows(self) -> bool:
        """Whether snapshots are shown, or will be as soon as there are some."""
        return self._origin is not None

    def is_following(self, origin: str) -> bool:
        """Return whether the snapshots of one origin are shown, or will be."""
        return self._origin == origin

    def show(self, snapshot: Snapshot) -> None:
        """Answer with these weights, if their origin is followed; from any thread."""
        if snapshot.origin == self._origin:
            self._thread.put("snapshot", ShowSnapshot(snapshot))

    def submit(self, request: InferenceRequest) -> None:
        """Ask for an answer; dropped if a newer request comes before it is begun."""
        self._put("request", request)

    def compare(self, requests: tuple[InferenceRequest, ...]) -> None:
        """Answer variants of the request on screen, one by one, when nothing else waits.

        Parameters
        ----------
        requests : tuple of InferenceRequest
            At least one; given up once another generation is on screen.
        """
        self._put("compare", Compare(requests))

    def replace_filter(self, node: str, index: int, kernel: FloatArray) -> None:
        """Put a kernel, (in / groups, kH, kW), into a filter of the network on screen.

        The network is a copy: its file, or the run that it belongs to, keeps its own.
        """
        self._put("filter", ReplaceFilter(self._shown, node, index, kernel))

    def restore_filters(self) -> None:
        """Give the network its own filters back."""
        self._put("filter", ReplaceFilter(self._shown))

    def set_pinned(self, pinned: tuple[Pinned, ...]) -> None:
        """Answer these drawings now, and whenever the weights change."""
        self._pinned = pinned
        self._put("pinned", SetPinned(pinned))

    def give_up(self) -> None:
        """Leave a network that doesn't answer, and open the one that was shown before it.

        One that is ready to take its place is opened instead.
        """
        self._abandoned = [t for t in self._abandoned if t.is_alive]
        self._abandoned.append(self._thread)
        self._thread.abandon()
        self._origin = None
        self._thread = self._new_thread()
        self._thread.start()
        self._thread.put("pinned", SetPinned(self._pinned))
        self._tell_hanging(hangs=False)
        ready = None if self._ready == self._opened else self._ready
        self.open(ready or self._before or OpenRequest(DEFAULT_MODEL))
        self._opened = self._before = self._ready = None

    def shutdown(self) -> bool:
        """End the threads; call before any receiver of the signals is deleted.

        Returns
        -------
        bool
            Whether all have ended, also one that was given up.
        """
        if QThread.currentThread() == self.thread():
            self.stop_watching()
        opening = self.opening.shutdown(self.patience_s)
        answering = self._thread.shutdown(max(self.patience_s, SHUTDOWN_TIMEOUT_S))
        return opening and answering and not any(t.is_alive for t in self._abandoned)

    def stop_watching(self) -> None:
        """Look no more for a network that hangs; call it on the thread of the window."""
        self._watch.stop()

    def _new_thread(self) -> InferenceThread:
        return InferenceThread(
            lambda signal, *values: getattr(self, signal).emit(*values),
            lambda origin: origin == self._origin,
        )

    def _put(self, topic: str, item: Item) -> None:
        self._thread.put(topic, item)
        if not self._watch.isActive():
            self._was_busy = True
            self._watch.start()

    def _take(self, opened: Opened) -> None:
        if self._origin == self._left:  # no run was asked for meanwhile
            self._origin = None
        self._ready = opened.request
        self._put("network", TakeNetwork(opened))

    def _on_taken(self, shown: object, request: OpenRequest | None) -> None:
        """Take note of what answers now: until then, the one before did."""
        self._shown = shown
        if request is None:
            return
        if self._ready == request:
            self._ready = None
        if request != self._opened:
            self._before, self._opened = self._opened, request

    def _on_refused(self, request: OpenRequest, refusal: Refusal) -> None:
        self.network_failed.emit(request.model, refusal.sentence)

    def _look(self) -> None:
        busy_s = self._thread.busy_s
        self._tell_hanging(hangs=busy_s > self.hangs_after_s)
        if not (busy_s or self._was_busy):  # twice: what was just put may not be taken yet
            self._watch.stop()
        self._was_busy = busy_s > 0

    def _tell_hanging(self, *, hangs: bool) -> None:
        if hangs != self._hangs:
            self._hangs = hangs
            self.hanging.emit(hangs)
