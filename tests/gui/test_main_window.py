"""The window as a whole: docks, tool bar, menus, state, drops, messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QRect, QSettings, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from viewer.core.records import NetworkRecord
from viewer.widgets.color_menu import ColorChoice, ColorGroup
from viewer.widgets.inputs.ink_surface import Tool
from viewer.widgets.selectable_text import SelectableText
from viewer.widgets.style import DARK_MODE, Appearance
from viewer.widgets.theme import DARK
from viewer.widgets.window.action_row import ActionRow, tooltip_of
from viewer.widgets.window.actions import ACTIONS
from viewer.widgets.window.caption import GUESSED
from viewer.widgets.window.caption_notice import Notice
from viewer.widgets.window.dialogs import (
    NETWORK_ROWS,
    PAD_ROWS,
    AboutDialog,
    ShortcutsDialog,
    shortcut_rows,
)
from viewer.widgets.window.main_window import MainWindow
from viewer.widgets.window.tool_bar import NetworkChoice

QTest: Any = _QTest  # its stubs give its static methods a `self`
WindowMaker = Callable[..., MainWindow]
SIZES = [(1024, 640), (1440, 900)]
SHIPPED = [NetworkChoice(name, name) for name in ("digits", "lenet5", "mlp")]


def network(**changes: Any) -> NetworkRecord:
    fields: dict[str, Any] = {
        "title": "digits",
        "architecture": "digits",
        "nodes": (),
        "logits": "",
        "input_shape": (1, 28, 28),
        "mean": (0.1307,),
        "std": (0.3081,),
        "class_names": tuple("0123456789"),
        "parameters": 54_570,
        "test_accuracy": 0.9956,
        "dataset": "MNIST",
        "source": "in the box",
    }
    return NetworkRecord(**fields | changes)


# What stands where


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_is_inside_the_window(make_window: WindowMaker, width: int, height: int) -> None:
    window = make_window(width, height)
    assert (window.width(), window.height()) == (width, height)
    for widget in (
        window.pad_panel.pad,
        window.pad_panel.preview,
        window.prediction,
        window.caption,
        window.inspector_dock,
        *window.tool_bar.findChildren(QToolButton),
    ):
        if widget.objectName() != "qt_toolbar_ext_button":
            corner = widget.mapTo(window, QPoint(0, 0))
            place = widget.rect().translated(corner)
            assert window.rect().contains(place), widget
            assert widget.isVisible(), widget


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_scrolls(make_window: WindowMaker, width: int, height: int) -> None:
    window = make_window(width, height)
    for area in window.findChildren(QScrollArea):
        for bar in (area.verticalScrollBar(), area.horizontalScrollBar()):
            assert bar is not None
            assert not bar.isVisible(), area
        inside = area.widget()
        assert inside is not None
        assert not inside.findChildren(QScrollArea)  # never one in another


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_no_text_is_clipped(make_window: WindowMaker, width: int, height: int) -> None:
    window = make_window(width, height)
    window.set_icons()
    window.set_network(network())
    window.tool_bar.set_networks(SHIPPED)
    checked = 0
    for button in window.findChildren(QAbstractButton):
        shows_text = not isinstance(button, QToolButton) or (
            button.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        if button.isVisible() and button.text() and shows_text:
            needed = button.fontMetrics().size(0, button.text())
            assert button.width() >= needed.width() + button.iconSize().width(), button.text()
            assert button.height() >= needed.height(), button.text()
            checked += 1
    for label in window.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap():
            needed = label.fontMetrics().size(0, label.text())
            assert label.width() >= needed.width(), label.text()
            checked += 1
    assert checked > 5
    assert window.caption.details.shown_text() == window.caption.details.text()


def test_the_pad_is_square_and_shrinks(make_window: WindowMaker) -> None:
    window = make_window(1024, 640)
    small = window.pad_panel.pad.square
    assert small.width() == small.height() >= 160
    window.resize(1440, 900)
    large = window.pad_panel.pad.square
    assert large.width() == large.height() > small.width()
    assert window.pad_panel.pad.width() - large.width() <= 1


def test_icons_move_nothing(make_window: WindowMaker) -> None:
    window = make_window()
    buttons = window.findChildren(QToolButton)
    before = [(button.geometry(), button.sizeHint()) for button in buttons]
    window.set_icons()
    QApplication.processEvents()
    assert [(button.geometry(), button.sizeHint()) for button in buttons] == before
    assert not window.action_set["open_model"].icon().isNull()


def test_the_places_of_flow_and_inspector(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    texts = [label.text() for label in window.findChildren(QLabel)]
    assert "Loading network…" in texts
    assert "Click a map to see its values" in texts
    flow, inspector = QWidget(), QWidget()
    window.set_central(flow)
    window.set_inspector(inspector)
    qtbot.waitUntil(
        lambda: "Loading network…" not in [label.text() for label in window.findChildren(QLabel)]
    )
    assert flow.isVisible()
    assert flow.height() > 400
    area = window.inspector_dock.widget()
    assert isinstance(area, QScrollArea) and area.widget() is inspector


def test_the_pad_has_the_focus_at_first(make_window: WindowMaker) -> None:
    window = make_window()
    assert window.focusWidget() is window.pad_panel.pad


def test_every_control_has_a_tooltip_and_a_name(make_window: WindowMaker) -> None:
    window = make_window()
    for button in window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.toolTip(), button.text()
            assert button.accessibleName() or button.text(), button.toolTip()


# Which network it is


def test_the_caption_says_which_network(make_window: WindowMaker) -> None:
    window = make_window()
    window.set_network(network())
    assert window.caption.title.text() == "digits"
    details = window.caption.details.text()
    assert details == "99.56 % on MNIST test · 54,570 parameters · weights as loaded"
    assert window.windowTitle() == "digits – Convnet Viewer"
    window.set_winner("7")
    assert window.windowTitle() == "7 – digits – Convnet Viewer"


def test_after_training_the_accuracy_is_that_of_the_file(make_window: WindowMaker) -> None:
    window = make_window()
    window.set_network(network(), step=1_200)
    details = window.caption.details.text()
    assert details == "step 1,200 · 54,570 parameters · 99.56 % on MNIST test as loaded"
    window.caption.set_step(0)
    assert "weights as loaded" in window.caption.details.text()


@pytest.mark.parametrize(
    ("title", "kind", "heading", "details"),
    [
        ("my run", "weights", "my run · step 1,234", "54,570 parameters · trained on MNIST"),
        (
            "my run",
            "gradients",
            "my run · step 1,234",
            "filters show the gradients of step 1,234 · 54,570 parameters · trained on MNIST",
        ),
        (
            "my run: step 1,234 minus step 20",
            "differences",
            "my run: step 1,234 minus step 20",
            "filters and maps show what changed between the two steps · "
            "54,570 parameters · trained on MNIST",
        ),
    ],
)
def test_the_caption_says_what_is_shown_of_a_run(
    make_window: WindowMaker, title: str, kind: str, heading: str, details: str
) -> None:
    window = make_window()
    run = network(title=title, source="training", test_accuracy=None)
    window.set_network(run, 1_234, kind)
    assert window.caption.title.text() == heading
    assert window.caption.details.text() == details
    assert window.windowTitle() == f"{title} – Convnet Viewer"


def test_a_run_at_its_start_is_at_step_0(make_window: WindowMaker) -> None:
    window = make_window()
    window.set_network(network(title="my run", source="training"))
    assert window.caption.title.text() == "my run · step 0"


def test_an_unknown_accuracy_is_called_so(make_window: WindowMaker) -> None:
    window = make_window()
    window.set_network(network(test_accuracy=None, dataset=None))
    assert "test accuracy unknown" in window.caption.details.text()


def test_parts_that_have_no_room_go_whole_and_are_in_the_tooltip(make_window: WindowMaker) -> None:
    details = make_window().caption.details
    whole = "99.56 % on MNIST test · 54,570 parameters · weights as loaded"
    details.set_text(whole)
    metrics = details.fontMetrics()
    for count in (3, 2, 1):
        expected = " · ".join(whole.split(" · ")[:count])
        details.resize(metrics.horizontalAdvance(expected) + 4, details.height())
        assert details.shown_text() == expected
        assert details.toolTip() == ("" if count == 3 else whole)


NOTES = (
    "Its weights are random: what it answers means nothing",
    "The class names, mean and std were guessed: the file doesn't say them",
    "Opening a_network_with_all_of_its_hyper_parameters_in_its_name.safetensors…",
)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("note", NOTES)
def test_a_notice_leaves_the_name_its_room(
    make_window: WindowMaker, qtbot: QtBot, width: int, height: int, note: str
) -> None:
    window = make_window(width, height)
    window.set_network(network(title="wide_resnet101_2 (untrained)", test_accuracy=None))
    caption = window.caption
    caption.notice.show_notice(GUESSED, Notice(note, "Input and classes…", "", dismissible=True))
    qtbot.waitUntil(lambda: caption.title.shown_text() == caption.title.text())
    qtbot.waitUntil(lambda: caption.rect().contains(caption.notice.geometry()))
    assert caption.details.shown_text().startswith("54,570 parameters")
    assert not caption.notice.geometry().intersects(caption.title.geometry())
    label = next(found for found in caption.notice.findChildren(QLabel) if found.text())
    shown = label.text().replace("\u200b", "").replace("\u00a0", " ")
    assert note.startswith(shown) and len(shown) > 20
    assert shown == note or label.toolTip()
    needed = label.fontMetrics().boundingRect(
        QRect(0, 0, label.width(), 0), Qt.TextFlag.TextWordWrap, label.text()
    )
    assert needed.height() <= label.height() and needed.width() <= label.width()
    taken = caption.height()
    caption.notice.clear(GUESSED)
    qtbot.waitUntil(lambda: caption.height() <= taken and caption.notice.isHidden())


def test_choosing_a_network(qtbot: QtBot, make_window: WindowMaker) -> None:
    bar = make_window().tool_bar
    with qtbot.assertNotEmitted(bar.network_chosen):
        bar.set_networks(SHIPPED, [NetworkChoice("/tmp/mine.safetensors", "mine")])
        bar.set_current_network(SHIPPED[0])
    assert bar.chooser.currentText() == "digits"
    with qtbot.waitSignal(bar.network_chosen) as signal:
        bar.chooser.setFocus()
        QTest.keyClick(bar.chooser, Qt.Key.Key_Down)
    assert signal.args == ["lenet5"]
    with qtbot.waitSignal(bar.network_chosen) as signal:
        QTest.keyClick(bar.chooser, Qt.Key.Key_End)
    assert signal.args == ["/tmp/mine.safetensors"]


def test_a_network_that_was_not_offered_is_added(make_window: WindowMaker) -> None:
    bar = make_window().tool_bar
    bar.set_networks(SHIPPED)
    bar.set_current_network(NetworkChoice("/tmp/other.safetensors", "other"))
    assert bar.chooser.currentText() == "other"
    assert bar.chooser.count() == 4
    bar.set_current_network(NetworkChoice("/tmp/other.safetensors", "renamed"))
    assert bar.chooser.currentText() == "renamed"
    assert bar.chooser.count() == 4


# Actions


def test_every_action_is_told_by_its_name(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    for row in ACTIONS:
        if row.name in ("quit", "shortcuts", "about", "undo", "redo"):
            continue  # they open or close something, or are greyed out
        with qtbot.waitSignal(window.action_triggered) as signal:
            window.action_set[row.name].trigger()
        assert signal.args == [row.name]


def test_names_and_shortcuts_are_unique() -> None:
    assert len({row.name for row in ACTIONS}) == len(ACTIONS)
    shortcuts = [shortcut for row in ACTIONS for shortcut in row.shortcuts]
    assert len(set(shortcuts)) == len(shortcuts)
    assert all(not QKeySequence(shortcut).isEmpty() for shortcut in shortcuts)
    assert all(row.menus or row.shortcuts for row in ACTIONS)  # everything can be reached


def test_letters_of_menus_are_unique(make_window: WindowMaker) -> None:
    window = make_window()
    bar = window.menuBar()
    assert bar is not None
    menus = [bar, *bar.findChildren(QMenu), *window.tool_bar.findChildren(QMenu)]
    checked = 0
    for menu in menus:
        texts = [action.text().replace("&&", "") for action in menu.actions()]
        letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(set(letters)) == len(letters), texts
        checked += len(letters)
    assert checked > 50


def test_tooltips_name_the_shortcut() -> None:
    row = ActionRow("undo", "&Undo", "Take it back", ("Ctrl+Z", "Alt+Backspace"))
    assert tooltip_of(row) == f"Take it back ({QKeySequence('Ctrl+Z').toString()})"


def test_only_what_is_in_the_table_is_in_the_menus(make_window: WindowMaker) -> None:
    rows = [row for row in ACTIONS if row.name in ("open_model", "quit", "pen")]
    window = make_window(rows=rows)
    bar = window.menuBar()
    assert bar is not None
    assert [action.text() for action in bar.actions()] == ["&File", "&Edit", "&View"]
    (file_menu,) = [menu for menu in bar.findChildren(QMenu) if menu.title() == "&File"]
    texts = [action.text() for action in file_menu.actions() if not action.isSeparator()]
    assert texts == ["&Open network…", "Open &recent", "&Quit"]


def test_keys_work_on_the_pad(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    pad = window.pad_panel.pad
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=QPoint(90, 60))
    QTest.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(pad.drawing().strokes) == 1
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(pad, Qt.Key.Key_Z, both)
    assert len(pad.drawing().strokes) == 2
    QTest.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.is_empty
    QTest.keyClick(pad, Qt.Key.Key_E)
    assert pad.tool.value == "eraser"
    QTest.keyClick(pad, Qt.Key.Key_P)
    assert pad.tool.value == "pen"
    before = pad.pen_share
    QTest.keyClick(pad, Qt.Key.Key_BracketRight)
    assert pad.pen_share == pytest.approx(before + 0.01)
    with qtbot.waitSignal(window.pad_panel.preparation_toggled) as signal:
        QTest.keyClick(pad, Qt.Key.Key_C)
    assert signal.args == [False]
    assert not window.pad_panel.preview.prepared


def test_undo_is_grey_when_there_is_nothing_to_undo(make_window: WindowMaker) -> None:
    window = make_window()
    pad, undo, redo = window.pad_panel.pad, window.action_set["undo"], window.action_set["redo"]
    assert not undo.isEnabled()
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert undo.isEnabled()
    assert not redo.isEnabled()
    undo.trigger()
    assert not undo.isEnabled()
    assert redo.isEnabled()


def test_tool_and_action_agree_whoever_changes_it(make_window: WindowMaker) -> None:
    window = make_window()
    window.pad_panel.pad.set_tool(Tool.ERASER)
    assert window.action_set["eraser"].isChecked()
    assert not window.action_set["pen"].isChecked()


def test_the_pen_slider_and_the_pad_agree(make_window: WindowMaker) -> None:
    panel = make_window().pad_panel
    panel._slider.setValue(15)
    assert panel.pad.pen_share == pytest.approx(0.15)
    panel.pad.set_pen_share(0.05)
    assert panel._slider.value() == 5


def test_preparation_set_from_outside_is_silent(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    with qtbot.assertNotEmitted(window.pad_panel.preparation_toggled):
        window.pad_panel.set_prepared(False)
    assert not window.action_set["prepare"].isChecked()


def test_colours(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    groups = [
        ColorGroup(
            "sequential",
            "Activations",
            [
                ColorChoice("viridis", "Viridis", ("#440154", "#fde725")),
                ColorChoice("grey", "Grey"),
            ],
            "viridis",
        ),
        ColorGroup(
            "scope",
            "Scope",
            [ColorChoice("layer", "Per layer"), ColorChoice("channel", "Per channel")],
            "layer",
        ),
    ]
    with qtbot.assertNotEmitted(window.color_chosen):
        window.set_color_choices(groups)
    menu = window.tool_bar.color_button.menu()
    assert menu is not None
    (channel,) = [action for action in menu.actions() if action.text() == "Per channel"]
    with qtbot.waitSignal(window.color_chosen) as signal:
        channel.trigger()
    assert signal.args == ["scope", "channel"]
    assert window.color_menu.current("scope") == "channel"
    assert window.color_menu.current("sequential") == "viridis"
    with qtbot.assertNotEmitted(window.color_chosen):
        window.color_menu.set_current("sequential", "grey")
    assert window.color_menu.current("sequential") == "grey"


def test_recent_files(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    menu = window._recent_menu
    assert [(a.text(), a.isEnabled()) for a in menu.actions()] == [("Nothing opened yet", False)]
    window.set_recent([("/data/a&b.png", "a&b.png")])
    (action,) = menu.actions()
    assert action.text() == "a&&b.png"
    with qtbot.waitSignal(window.recent_chosen) as signal:
        action.trigger()
    assert signal.args == ["/data/a&b.png"]


# Theme


def test_the_projector_size_is_remembered(make_window: WindowMaker) -> None:
    window = make_window()
    window.action_set["projector"].trigger()
    assert "started again" in window.messages.text
    assert make_window().action_set["projector"].isChecked()


def test_theme_actions_reach_every_part(
    qtbot: QtBot, make_window: WindowMaker, appearance: Appearance, settings: QSettings
) -> None:
    window = make_window()
    window.set_icons()
    with qtbot.waitSignal(window.theme_changed) as signal:
        window.action_set["theme_dark"].trigger()
    assert signal.args == [DARK]
    pad = window.pad_panel.pad
    color = pad.grab().toImage().pixelColor(20, 20)
    assert color.name() == DARK.paper
    answers = window.prediction.grab().toImage().pixelColor(2, 2)
    assert answers.name() == DARK.surface
    assert settings.value("window/theme") == DARK_MODE
    assert appearance.mode == DARK_MODE


# Dialogs


def test_the_shortcuts_dialog_lists_the_table(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    window.action_set["shortcuts"].trigger()
    (dialog,) = window.findChildren(ShortcutsDialog)
    texts = {label.text() for label in dialog.findChildren(QLabel)}
    assert not dialog.isModal()
    for what, keys in (*shortcut_rows(ACTIONS), *NETWORK_ROWS, *PAD_ROWS):
        assert {what, keys} <= texts
    assert dialog.height() < 640
    dialog.close()
    qtbot.waitUntil(lambda: not window.findChildren(ShortcutsDialog))


def test_about(qtbot: QtBot, make_window: WindowMaker) -> None:
    from viewer import __version__

    window = make_window()
    window.action_set["about"].trigger()
    (dialog,) = window.findChildren(AboutDialog)
    assert any(__version__ in label.text() for label in dialog.findChildren(QLabel))
    dialog.close()
    qtbot.waitUntil(lambda: not window.findChildren(AboutDialog))


# Messages


def test_a_message_takes_no_focus_and_moves_nothing(make_window: WindowMaker) -> None:
    window = make_window()
    central = window.centralWidget()
    assert central is not None
    before = [child.geometry() for child in central.findChildren(QWidget) if child.isVisible()]
    focus = window.focusWidget()
    sentence = (
        "The file seven.png is not a picture: choose a PNG, JPEG, GIF, BMP or TIFF file. " * 2
    )
    window.show_message(sentence)
    strip = window.messages
    assert strip.isVisible()
    assert strip.text == sentence
    assert window.focusWidget() is focus
    assert central.rect().contains(strip.geometry())
    strip.dismiss()
    after = [child.geometry() for child in central.findChildren(QWidget) if child.isVisible()]
    assert after == before
    assert not strip.isVisible()


def test_messages_lie_on_top_of_each_other(make_window: WindowMaker) -> None:
    strip = make_window().messages
    for text in ("first", "second", "first"):
        strip.show_message(text)
    assert strip.text == "first"
    (button,) = strip.findChildren(QToolButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert strip.text == "second"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert strip.text == ""


def test_a_hint_goes_by_itself_or_with_the_next_action(
    make_window: WindowMaker, qtbot: QtBot
) -> None:
    window = make_window()
    strip = window.messages
    window.show_message("It is damaged.")
    window.show_hint("Draw first.")
    assert strip.text == "Draw first."
    window.action_set["undo"].setEnabled(True)
    window.action_set["undo"].trigger()
    assert strip.text == "It is damaged."  # which stays until it is dismissed
    strip._hint_timer.setInterval(10)
    window.show_hint("Draw first.")
    assert strip.text == "Draw first."
    qtbot.waitUntil(lambda: strip.text == "It is damaged.")
    window.show_hint("Draw first.")
    window.show_hint("Select first.")
    strip.dismiss()
    assert strip.text == "It is damaged."  # one hint at a time


def test_what_is_said_about_one_thing_goes_with_its_next_success(
    make_window: WindowMaker,
) -> None:
    window = make_window()
    strip = window.messages
    window.show_message("a.pt is broken.", about="network")
    window.show_message("a.png is broken.", about="picture")
    window.show_message("b.pt is broken.", about="network")
    strip.settle("network")
    assert strip.text == "a.png is broken."
    strip.settle("network")
    strip.settle("picture")
    assert strip.text == "" and not strip.isVisible()


def test_an_older_message_on_the_same_thing_does_not_come_back(make_window: WindowMaker) -> None:
    strip = make_window().messages
    strip.show_message("a.png is broken.", about="picture")
    for name in ("a.pt", "b.pt", "a.pt"):
        strip.show_message(f"{name} is broken.", about="network")
    assert strip.text == "a.pt is broken."
    strip.dismiss()
    assert strip.text == "a.png is broken."
    for _ in range(2):
        strip.show_message("Something else.")  # about nothing in particular
    strip.show_message("And more.")
    strip.dismiss()
    assert strip.text == "Something else."


def test_a_message_follows_the_window_s_size(make_window: WindowMaker) -> None:
    window = make_window(1440, 900)
    window.show_message("A sentence.")
    window.resize(1024, 640)
    central = window.centralWidget()
    assert central is not None
    assert central.rect().contains(window.messages.geometry())


def test_markup_in_a_message_is_shown_as_it_is(make_window: WindowMaker) -> None:
    window = make_window()
    window.show_message("<b>name</b>.png is no picture.")
    (text,) = window.messages.findChildren(SelectableText)
    assert text.text == "<b>name</b>.png is no picture."


def test_a_message_can_be_selected_and_copied(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window()
    sentence = "The class Net is missing: run torch.export.save(program, 'net.pt2') there."
    window.show_message(sentence)
    (text,) = window.messages.findChildren(SelectableText)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    clipboard.clear()
    viewport = text.viewport()
    assert viewport is not None
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(text.hasFocus)
    QTest.keyClick(text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == sentence
    assert text.isReadOnly()
    window.show_message("Another.")
    assert not text.textCursor().hasSelection()


def test_a_long_word_in_a_message_is_seen_whole(make_window: WindowMaker) -> None:
    window = make_window()
    window.show_message(f"{200 * 'x'}.pth is damaged.")
    (text,) = window.messages.findChildren(SelectableText)
    content = text.document()
    assert content is not None
    assert content.size().width() <= text.width()
    assert text.height() >= content.size().height() > 2 * text.fontMetrics().lineSpacing()


# Status bar


def test_a_long_hover_text_does_not_widen_the_window(make_window: WindowMaker) -> None:
    window = make_window()
    window.status.set_timing_text("0.42 ms")
    QApplication.processEvents()
    place = window.status.timing.geometry()
    window.status.set_hover_text("features.0.conv · channel 3 " * 30)
    QApplication.processEvents()
    assert window.width() == 1024
    assert window.status.timing.geometry() == place
    assert window.status.hover.shown_text().endswith("…")


def test_what_was_done_is_no_news_after_a_while(qtbot: QtBot, make_window: WindowMaker) -> None:
    status = make_window().status
    assert 5_000 <= status._old.interval() <= 30_000
    status._old.setInterval(50)
    status.set_timing_text("Kept as an example of 7: 12 in all")
    assert status.timing.text()
    qtbot.waitUntil(lambda: not status.timing.text())


# Drops


def drop(window: MainWindow, data: QMimeData) -> QDropEvent:
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(500, 300), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    event = QDropEvent(QPointF(500, 300), copy, data, left, none)
    if enter.isAccepted():
        assert window._drop.hint.isVisible()
        QApplication.sendEvent(window, event)
        assert not window._drop.hint.isVisible()
    else:
        event.ignore()
    return event


def test_dropped_files(qtbot: QtBot, make_window: WindowMaker, tmp_path: Path) -> None:
    window = make_window()
    names = [str(tmp_path / "seven.png"), str(tmp_path / "net with space.safetensors")]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(name) for name in names])
    with qtbot.waitSignal(window.files_dropped) as signal:
        event = drop(window, data)
    assert signal.args == [names]
    assert event.isAccepted()


@pytest.mark.parametrize("kind", ["text", "web"])
def test_what_is_no_local_file_is_not_taken(
    qtbot: QtBot, make_window: WindowMaker, kind: str
) -> None:
    window = make_window()
    data = QMimeData()
    if kind == "text":
        data.setText("seven")
    else:
        data.setUrls([QUrl("https://example.org/seven.png")])
    with qtbot.assertNotEmitted(window.files_dropped):
        event = drop(window, data)
    assert not event.isAccepted()


# Closing and coming back


def test_closing_saves_first_and_tells(
    qtbot: QtBot, make_window: WindowMaker, settings: QSettings
) -> None:
    window = make_window()
    saved: list[bool] = []
    window.close_requested.connect(lambda: saved.append(settings.contains("window/state")))
    with qtbot.waitSignal(window.close_requested):
        window.action_set["quit"].trigger()
    assert saved == [True]
    assert not window.isVisible()


def test_docks_and_size_come_back(make_window: WindowMaker) -> None:
    first = make_window(800, 707)  # the offscreen screen measures 800 × 800
    first.inspector_dock.close()
    first.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, first.prediction_dock)
    first.close()
    second = make_window_again(make_window)
    assert (second.width(), second.height()) == (800, 707)
    assert second.inspector_dock.isHidden()
    right = Qt.DockWidgetArea.RightDockWidgetArea
    assert second.dockWidgetArea(second.prediction_dock) == right


def make_window_again(make_window: WindowMaker) -> MainWindow:
    """Build a window that takes the size it remembers."""
    return make_window(0, 0)


def test_a_closed_dock_comes_back_by_the_view_menu(make_window: WindowMaker) -> None:
    window = make_window()
    window.input_dock.close()
    action = window.input_dock.toggleViewAction()
    assert action is not None
    assert not action.isChecked()
    action.trigger()
    assert window.input_dock.isVisible()


def test_a_dock_floats_and_comes_back(make_window: WindowMaker) -> None:
    dock = make_window().inspector_dock
    float_button = dock.title_bar.findChildren(QToolButton)[0]
    float_button.click()
    assert dock.isFloating()
    float_button.click()
    assert not dock.isFloating()


@pytest.mark.parametrize("corner", [(-5_000, -5_000), (90_000, 100), (100, 90_000)])
def test_a_window_is_never_restored_out_of_reach(
    make_window: WindowMaker, corner: tuple[int, int]
) -> None:
    first = make_window(700 + 324, 640)
    first.move(*corner)
    first.close()
    second = make_window_again(make_window)
    screen = QGuiApplication.primaryScreen()
    assert screen is not None
    visible = screen.availableGeometry().intersected(second.geometry())
    assert visible.width() >= 64
    assert screen.availableGeometry().contains(second.geometry().x(), second.geometry().y())


@pytest.mark.parametrize("rubbish", [b"rubbish", "text", 7, None])
def test_settings_that_make_no_sense_are_passed_over(
    make_window: WindowMaker, settings: QSettings, rubbish: object
) -> None:
    settings.setValue("window/geometry", rubbish)
    settings.setValue("window/state", rubbish)
    window = make_window_again(make_window)
    assert window.input_dock.isVisible()
    assert window.width() >= 800
