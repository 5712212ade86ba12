"""Brings drawings, data and the network's filters to the convolution lab, and kernels back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.explain.lab_settings import MAX_KERNEL
from viewer.core.records import Kind
from viewer.widgets.lab.filter_chooser import FilterLayer
from viewer.widgets.lab.input import DATASET, DRAWING, PICTURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import (
        ActivationRecord,
        FloatArray,
        NetworkRecord,
        Node,
        Selection,
        WeightsRecord,
    )
    from viewer.widgets.lab.view import LabView
    from viewer.widgets.theme import Theme

INPUT_CHANNELS = (1, 3)  # of what can be in the lab


@dataclass(frozen=True, slots=True)
class _Offer:
    """A filter of the network, or one kernel of it."""

    node: str
    index: int
    channel: int | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        channel = "" if self.channel is None else f", channel {self.channel}"
        return f"{self.node}, filter {self.index}{channel}"


class LabController(QObject):
    """Keeps the lab's drawing and the network's filters up to date while it is in sight.

    Parameters
    ----------
    view : LabView
    get_drawing : callable
        Returns what the network sees, (H, W) or (C, H, W) float32 in [0, 1], or None for
        nothing.
    get_network, get_weights : callable
        Return the network on screen and its weights, or None.
    get_selection : callable
        Returns what is selected on screen: a filter or a kernel is offered first.

    Signals
    -------
    dataset_image_requested()
        Another image of the data set: `set_dataset_image`.
    picture_requested()
        A picture is to be opened: `set_picture`.
    replacement_requested(str, int, object)
        Name of the network's first convolution, filter, and the (C, kH, kW) float32 kernel
        that is to replace it in a copy of the network; `set_replaced` once it has.
    undo_requested()
        The network is to have its own filters back; `set_replaced` then, too.
    """

    dataset_image_requested = pyqtSignal()
    picture_requested = pyqtSignal()
    replacement_requested = pyqtSignal(str, int, object)
    undo_requested = pyqtSignal()

    def __init__(
        self,
        view: LabView,
        get_drawing: Callable[[], FloatArray | None],
        get_network: Callable[[], NetworkRecord | None],
        get_weights: Callable[[], WeightsRecord | None],
        parent: QObject | None = None,
        *,
        get_selection: Callable[[], Selection | None] = lambda: None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._get_drawing = get_drawing
        self._get_network = get_network
        self._get_weights = get_weights
        self._active = False
        self._replaced = False
        self._get_selection = get_selection
        self._selected: _Offer | None = None  # the filter that was offered as selected
        self._taken: _Offer | None = None  # the filter that was put on the bench last
        view.source_changed.connect(self._on_source_changed)
        view.next_image_requested.connect(self.dataset_image_requested)
        view.picture_requested.connect(self.picture_requested)
        view.network_filters_requested.connect(self._offer_filters)
        view.network_filter_chosen.connect(self._on_filter_chosen)
        view.selected_filter_chosen.connect(self._on_selected_chosen)
        view.network_channel_chosen.connect(self._on_channel_chosen)
        view.kernel_applied.connect(self._on_kernel_applied)
        view.kernel_undo_requested.connect(self.undo_requested)

    def set_theme(self, theme: Theme) -> None:
        """Give the page the theme's colours."""
        self._view.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Give the page the colours of values."""
        self._view.set_display(display)

    def set_active(self, active: bool) -> None:
        """Say whether the page is in sight: nothing is computed while it is not."""
        self._active = active
        if active:
            self._view.set_image(DRAWING, self._get_drawing())
            self.on_network_changed()

    def on_record_ready(self, record: ActivationRecord) -> None:
        """Take the drawing of another record."""
        if self._active:
            self._view.set_image(DRAWING, record.image.pixels)

    def on_network_changed(self) -> None:
        """Take another network, or other weights of it."""
        if not self._active:
            return
        node, weights = self._first(), self._get_weights()
        if node is None or weights is None:
            self._view.set_network_target(0, None)
            return
        filters, channels, height, width = weights.weights[node.name].shape
        self._view.set_network_target(filters, (channels, height, width), replaced=self._replaced)

    def set_dataset_image(self, pixels: NDArray[np.floating], title: str = "") -> None:
        """Show an image of the data set, (H, W) or (C, H, W) in [0, 1]."""
        self._view.set_image(DATASET, pixels, title)

    def set_picture(self, pixels: NDArray[np.floating], title: str = "") -> None:
        """Show a picture, (H, W), (C, H, W) or (H, W, 3) in [0, 1]; it is made small."""
        self._view.set_image(PICTURE, pixels, title)

    def set_replaced(self, replaced: bool) -> None:
        """Say whether the network has a kernel of the lab in it."""
        self._replaced = replaced
        self.on_network_changed()

    def _first(self) -> Node | None:
        """Return the first convolution with weights."""
        network, weights = self._get_network(), self._get_weights()
        if network is None or weights is None:
            return None
        convolutions = (node for node in network.nodes if node.kind is Kind.CONVOLUTION)
        return next((n for n in convolutions if _kernels_of(n, weights) is not None), None)

    def _on_source_changed(self, source: str) -> None:
        if source == DATASET:
            self.dataset_image_requested.emit()
        elif source == DRAWING:
            self._view.set_image(DRAWING, self._get_drawing())

    def _offer_filters(self) -> None:
        network, weights = self._get_network(), self._get_weights()
        layers: list[FilterLayer] = []
        self._selected = None
        if network is not None and weights is not None:
            self._selected = self._find_selected(network, weights)
            for node in network.nodes:
                kernels = _kernels_of(node, weights)
                if kernels is not None and max(kernels.shape[2:]) <= MAX_KERNEL:
                    count, channels, height, width = kernels.shape
                    layers.append(FilterLayer(node.name, count, (channels, height, width)))
        if self._selected is None:
            self._view.set_network_filters(layers)
        else:
            offer = self._selected
            self._view.set_network_filters(layers, offer.title, offer.node, offer.index)

    def _find_selected(self, network: NetworkRecord, weights: WeightsRecord) -> _Offer | None:
        """Return the filter or kernel that is selected, if it fits."""
        selection = self._get_selection()
        node = next((n for n in network.nodes if selection and n.name == selection.node), None)
        kernels = None if node is None else _kernels_of(node, weights)
        if selection is None or kernels is None or max(kernels.shape[2:]) > MAX_KERNEL:
            return None
        channel = selection.in_channel
        if selection.channel >= len(kernels) or (channel or 0) >= kernels.shape[1]:
            return None
        return _Offer(selection.node, selection.channel, channel)

    def _on_filter_chosen(self, layer: str, index: int) -> None:
        self._take(_Offer(layer, index))

    def _on_selected_chosen(self) -> None:
        if self._selected is not None:
            self._take(self._selected)

    def _on_channel_chosen(self, channel: int) -> None:
        if self._taken is not None:
            self._take(replace(self._taken, channel=channel))

    def _take(self, offer: _Offer) -> None:
        """Put a filter on the bench, or one kernel of it."""
        weights = self._get_weights()
        kernels = None if weights is None else weights.weights.get(offer.node)
        if kernels is None or offer.index >= len(kernels):
            return
        kernel = kernels[offer.index]  # (C, kH, kW)
        if offer.channel is None and len(kernel) not in INPUT_CHANNELS:
            # Deeper layers look at maps: the first of them, until another one is chosen.
            offer = replace(offer, channel=0)
        if offer.channel is None:
            self._view.set_kernel(kernel, offer.title)
            return
        if offer.channel < len(kernel):
            self._taken = offer
            self._view.set_kernel(kernel[offer.channel : offer.channel + 1], offer.title)
            self._view.set_network_channels(offer.title, offer.channel, len(kernel))

    def _on_kernel_applied(self, kernel: FloatArray, index: int) -> None:
        node, weights = self._first(), self._get_weights()
        if node is None or weights is None:
            return
        shape = weights.weights[node.name].shape[1:]
        self.replacement_requested.emit(node.name, index, fitted(kernel, shape))


def fitted(kernel: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Return a kernel of the lab in the shape of a network's filter.

    Parameters
    ----------
    kernel : (C, kH, kW) float32
        At most as large as the filter; with one channel, every channel of the filter gets it.
    shape : (C, kH, kW)

    Returns
    -------
    (C, kH, kW) float32
        The kernel in the middle, zeros around it.
    """
    result = np.zeros(shape, np.float32)
    _, height, width = kernel.shape
    top, left = (shape[1] - height) // 2, (shape[2] - width) // 2
    result[:, top : top + height, left : left + width] = kernel
    return result


def _kernels_of(node: Node, weights: WeightsRecord) -> FloatArray | None:
    """Return the (out, in, kH, kW) weights of a convolution; None of anything else."""
    if node.kind is not Kind.CONVOLUTION:
        return None
    kernels = weights.weights.get(node.name)
    return kernels if kernels is not None and kernels.ndim == 4 else None
