from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.gui.flow_desk import KEYS_AND_MOUSE, layout_of, shown_view
from tests.unit.blocky import residual
from viewer.widgets.flow.minimap import CLOSE_PX, LEAST_HEIGHT_PX
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import Theme

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(qtbot: QtBot, fonts: None, theme: Theme) -> FlowView:
    view = shown_view(qtbot, residual(), theme=theme)
    view.set_zoom(5)
    return view


def scrolled(view: FlowView) -> int:
    bar = view.verticalScrollBar()
    assert bar is not None
    return bar.value()


def viewport_height(view: FlowView) -> int:
    viewport = view.viewport()
    assert viewport is not None
    return viewport.height()


def test_it_is_there_only_where_there_is_much_more_than_fits(view: FlowView) -> None:
    assert view.minimap.isVisible()
    viewport = view.viewport()
    assert viewport is not None
    assert viewport.geometry().contains(view.minimap.geometry())
    view.show_only("body.1")
    assert not view.minimap.isVisible()
    view.show_only(None)
    assert view.minimap.isVisible()
    view.set_network(residual(blocks=1))
    view.set_zoom(1)
    assert not view.minimap.isVisible()


def test_every_card_is_on_it_at_its_place(view: FlowView) -> None:
    layout = layout_of(view)
    inside = QRectF(view.minimap.rect())
    for one in layout.cards.values():
        assert inside.contains(view.minimap.card_rect(one.node))
        for other in layout.cards.values():
            if one.frame.bottom <= other.frame.y:
                mine, its = (view.minimap.card_rect(card.node) for card in (one, other))
                assert mine.top() < its.top()


def test_cards_have_the_colour_of_their_kind(view: FlowView, theme: Theme) -> None:
    quiet = view.minimap.grab().toImage()
    view.minimap.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    image = view.minimap.grab().toImage()

    def color(name: str) -> QColor:
        return image.pixelColor(view.minimap.card_rect(name).center().toPoint())

    assert color("body.7") == theme.color("text_muted")
    assert color("head") == theme.color("border_strong")
    # While nobody points at it, what is below can be seen through it.
    place = view.minimap.card_rect("body.7").center().toPoint()
    assert quiet.pixelColor(place) != image.pixelColor(place)
    view.minimap.set_pointed("body.7")
    image = view.minimap.grab().toImage()
    assert color("body.7") == theme.color("accent")


def test_a_click_brings_a_card_into_the_middle(view: FlowView) -> None:
    assert scrolled(view) == 0
    place = view.minimap.card_rect("body.6").center().toPoint()
    KEYS_AND_MOUSE.mouseClick(view.minimap, LEFT, pos=place)
    frame = layout_of(view).cards["body.6"].frame
    middle = scrolled(view) + viewport_height(view) / 2
    on_map = layout_of(view).height / view.minimap.height()  # of the layout, a pixel of the map
    assert abs(frame.y + frame.height / 2 - middle) < 2 * on_map


def test_dragging_scrolls(view: FlowView) -> None:
    top, bottom = QPoint(20, 20), QPoint(20, view.minimap.height() - 4)
    KEYS_AND_MOUSE.mousePress(view.minimap, LEFT, pos=top)
    KEYS_AND_MOUSE.mouseMove(view.minimap, bottom)
    KEYS_AND_MOUSE.mouseRelease(view.minimap, LEFT, pos=bottom)
    bar = view.verticalScrollBar()
    assert bar is not None
    assert scrolled(view) == bar.maximum()


def test_what_is_in_sight_is_outlined(view: FlowView, theme: Theme) -> None:
    before = view.minimap.grab().toImage()
    bar = view.verticalScrollBar()
    assert bar is not None
    bar.setValue(bar.maximum())
    after = view.minimap.grab().toImage()
    assert before != after
    bar.setValue(0)
    assert view.minimap.grab().toImage() == before


def test_it_can_be_hidden_and_shown_again(view: FlowView, qtbot: QtBot) -> None:
    corner = QPoint(view.minimap.width() - CLOSE_PX // 2 - 2, CLOSE_PX // 2 + 2)
    with qtbot.waitSignal(view.minimap_changed) as told:
        KEYS_AND_MOUSE.mouseClick(view.minimap, LEFT, pos=corner)
    assert told.args == [False]
    assert not view.minimap.isVisible()
    assert scrolled(view) == 0
    view.set_zoom(6)
    assert not view.minimap.isVisible()
    view.toggle_minimap()
    assert view.minimap.isVisible()


def test_it_makes_way_for_what_is_selected(view: FlowView) -> None:
    view.resize(660, 500)
    view.set_zoom(7)  # with cards as wide as the view
    bar = view.verticalScrollBar()
    assert bar is not None
    made_way = 0
    for value in range(0, bar.maximum(), 40):
        bar.setValue(value)
        place = view.minimap.geometry()
        below = view._at(QPointF(place.center()))
        if below is not None:
            view.set_selection(below)
            assert view.minimap.geometry() != place
            assert not view.minimap.geometry().contains(view.cell_rect(below).center().toPoint())
            made_way += 1
    assert made_way > 3


def test_a_picture_of_the_network_is_without_the_map(view: FlowView) -> None:
    with_map = view.grab().toImage()
    without = view.picture().toImage()
    corner = view.minimap.geometry().center()
    assert with_map != without
    assert view.minimap.isVisible()
    view.set_minimap(False)
    assert view.grab().toImage().pixel(corner) == without.pixel(corner)


def test_blocks_that_are_opened_are_on_it(view: FlowView) -> None:
    view.set_open_blocks(frozenset({"body.3"}))
    assert not view.minimap.card_rect("body.3.conv").isEmpty()


def test_a_low_view_keeps_its_cards_in_sight(view: FlowView) -> None:
    assert view.minimap.isVisible()
    view.resize(view.width(), LEAST_HEIGHT_PX // 2)
    assert not view.minimap.isVisible()
    view.resize(view.width(), 2 * LEAST_HEIGHT_PX)
    assert view.minimap.isVisible()
