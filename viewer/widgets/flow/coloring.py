"""Which maps are coloured when: those in sight, a slice at a time, and none of them twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from viewer.core.card_layout import Card
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.layer_scales import LayerScales
from viewer.core.records import ActivationRecord, FloatArray, NetworkRecord, Node
from viewer.widgets.flow.color_picture import ColorPicture
from viewer.widgets.flow.picture import BandStore, MapsPicture
from viewer.widgets.theme import Theme

# What one repaint spends on colouring before the window has its turn: about nanoseconds on a
# slow machine, counted instead of measured, so that the same is painted on every machine.
SLICE_NS = 12_000_000
_LOOK_NS, _REDUCE_NS, _COLOR_NS = 1, 1.2, 5  # a value, a value and a pixel

InSight = Sequence[tuple[MapsPicture, range]]  # pictures, and which of their bands
Values = Callable[[str], FloatArray | None]  # what a node answered


@dataclass(frozen=True, slots=True)
class _Newest:
    """What bands are to be coloured with.

    They remember its number, not itself: a band that is kept must not keep a whole record.
    """

    record: ActivationRecord | None
    display: DisplaySettings
    number: int


class Coloring:
    """The pictures of a network's maps, brought up to date as far as they are in sight.

    Parameters
    ----------
    network : NetworkRecord
    theme : Theme
    display : DisplaySettings
    dpr : float
        Device pixel ratio.
    reuse : Coloring, optional
        One of the same network: what it knows and keeps is taken over.

    Attributes
    ----------
    store : BandStore
        What is kept of the pictures.
    """

    def __init__(
        self,
        network: NetworkRecord,
        theme: Theme,
        display: DisplaySettings,
        dpr: float,
        reuse: Coloring | None = None,
    ) -> None:
        self.store: BandStore = BandStore() if reuse is None else reuse.store
        self._network = network
        self._theme = theme
        self._display = display
        self._dpr = dpr
        self._scales: LayerScales = LayerScales() if reuse is None else reuse._scales
        first = _Newest(None, display, 0)
        self._newest: _Newest = first if reuse is None else reuse._newest
        self._pictures: dict[str, MapsPicture] = {}

    def take_over(
        self, reuse: Coloring, cards: Mapping[str, Card], nodes: Mapping[str, Node]
    ) -> None:
        """Keep the pictures that are shown here as well, at their new places."""
        same = (reuse._theme, reuse._dpr) == (self._theme, self._dpr)
        for name, picture in reuse._pictures.items():
            card = cards.get(name)
            if same and card and picture.fits(card) and _alike(picture.node, nodes[name]):
                picture.moved(card)
                self._pictures[name] = picture
            else:
                self.store.forget(picture)

    def picture(self, card: Card, node: Node) -> MapsPicture:
        """Return the picture of a card."""
        found = self._pictures.get(card.node)
        if found is None:
            kind = ColorPicture if card.color else MapsPicture
            found = kind(node, card, self._theme, self._dpr, self.store)
            self._pictures[card.node] = found
        return found

    def refresh(self, in_sight: InSight, record: ActivationRecord | None, values: Values) -> bool:
        """Colour what is not of the newest record, some of it; return whether that was all.

        Parameters
        ----------
        in_sight : sequence of (MapsPicture, range)
        record : ActivationRecord or None
        values : callable
            Returns what a node answered, by its name; None if it didn't.
        """
        newest = self._number_of(record)
        old = [
            (number, picture, index)
            for picture, bands in in_sight
            for index in bands
            if (number := picture.shown(index)) != newest
        ]
        if not old:
            return True
        # The oldest first, or a stream of records would never get to what is painted last.
        old.sort(key=lambda item: item[0])
        left: float = SLICE_NS
        if self._display.scope is Scope.NETWORK:
            left -= _LOOK_NS * self._scales.look(self._network.nodes, values, SLICE_NS)
        done = True
        for _, picture, index in old:
            if left <= 0:
                return False
            cost = self._color(picture, index, values(picture.node.name), newest)
            left -= cost
            done = done and cost > 0
        return done

    def _color(
        self, picture: MapsPicture, index: int, values: FloatArray | None, number: int
    ) -> float:
        """Colour a band of the newest record; return about what it cost, 0 if it has to wait."""
        work, reduce = picture.work(index), picture.card.reduce
        if values is None:
            picture.clear(index, number)
            return _COLOR_NS * work / reduce**2
        cost = 0.0
        scale = self._scales.known(picture.node.name)
        if scale is None:
            scale = self._scales.scale(picture.node, values)
            cost = _LOOK_NS * values.size
        if scale is None:  # one for the whole network, which isn't all seen yet
            return 0
        if isinstance(picture, ColorPicture):
            picture.record = self._newest.record
        picture.show(index, values, scale, number)
        if isinstance(picture, ColorPicture):
            picture.record = None  # a picture that is kept must not keep a whole record
        return cost + (_REDUCE_NS * work if reduce > 1 else 0) + _COLOR_NS * work / reduce**2

    def _number_of(self, record: ActivationRecord | None) -> int:
        """Return the number of what bands are to be coloured with from now on."""
        before = self._newest
        if before.record is not record or before.display != self._display:
            self._newest = _Newest(record, self._display, before.number + 1)
            self._scales.set(record, self._display)
        return self._newest.number


def _alike(one: Node, other: Node) -> bool:
    """Return whether two nodes have the same picture, whatever feeds them."""
    return (one.kind, one.output_shape, one.signed) == (
        other.kind,
        other.output_shape,
        other.signed,
    )
