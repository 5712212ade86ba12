"""The dialogs around opening: the form, torchvision's list, the two questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QAbstractSpinBox, QDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from viewer.core.errors import UserError
from viewer.core.nets.catalog_entries import CatalogEntry, PublishedWeights
from viewer.core.nets.profile import Profile
from viewer.core.records import Fit, Kind, NetworkRecord, Node, Preparation
from viewer.core.sentences import export_line
from viewer.widgets.inputs.fit_chooser import CHOICES
from viewer.widgets.opening.architecture_choice import ArchitectureChoice
from viewer.widgets.opening.network_form import NetworkForm
from viewer.widgets.opening.network_form_fields import DIGIT
from viewer.widgets.opening.size_question import SizeQuestion
from viewer.widgets.opening.torchvision_dialog import FROM_FILE, UNTRAINED, TorchvisionDialog
from viewer.widgets.opening.trust_dialog import TrustDialog
from viewer.widgets.style import Appearance
from viewer.widgets.window.caption_notice import CaptionNotice, Notice

QTest: Any = _QTest  # its stubs give its static methods a `self`
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PREPARATION = Preparation(digit=False, resize=256, interpolation="bicubic")
LOGITS = Node("fc", Kind.DENSE, "Linear", (), (3,), 0, True)


def network(**changes: Any) -> NetworkRecord:
    fields: dict[str, Any] = {
        "title": "mine",
        "architecture": "resnet18",
        "nodes": (LOGITS,),
        "logits": "fc",
        "input_shape": (3, 224, 224),
        "mean": MEAN,
        "std": STD,
        "class_names": ("a", "b", "c"),
        "parameters": 3,
        "test_accuracy": None,
        "dataset": None,
        "source": "/mine.pth",
        "preparation": PREPARATION,
    }
    return NetworkRecord(**fields | changes)


@pytest.fixture
def form(qtbot: QtBot, appearance: Appearance) -> NetworkForm:
    form = NetworkForm(network(), Profile(architecture="resnet18"))
    form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # qtbot does it
    qtbot.addWidget(form)
    form.show()
    return form


def choose(box: Any, data: str) -> None:
    box.setCurrentIndex(box.findData(data))


# The form


def test_an_untouched_form_says_what_the_network_is(form: NetworkForm) -> None:
    assert form.profile() == Profile(
        "resnet18", (3, 224, 224), MEAN, STD, ("a", "b", "c"), PREPARATION
    )
    assert form.fields.scaling.currentData() == "imagenet"
    assert form.apply_button.isEnabled() and not form.problem.text()


def test_every_field_is_in_the_profile(form: NetworkForm) -> None:
    form.fields.height_px.setValue(160)
    form.fields.width_px.setValue(96)
    form.fields.resize_px.setValue(0)
    choose(form.fields.fit, Fit.PAD.value)
    form.fields.invert.setChecked(True)
    form.fields.mean_text.setText("0.1, 0.2 0.3")
    form.names.setPlainText("x\n y \nz\n\n")
    profile = form.profile()
    assert profile.input_shape == (3, 160, 96)
    assert profile.preparation == Preparation(
        digit=False, fit=Fit.PAD, resize=0, interpolation="bicubic", invert=True
    )
    assert profile.mean == (0.1, 0.2, 0.3) and profile.class_names == ("x", "y", "z")
    assert form.fields.scaling.currentData() == "custom"
    assert form.fields.resize_px.isHidden()  # it is for cropping


def test_a_digit_is_a_way_to_fit(form: NetworkForm) -> None:
    choose(form.fields.fit, DIGIT)
    preparation = form.profile().preparation
    assert preparation is not None and preparation.digit


def test_other_channels_have_other_means(form: NetworkForm) -> None:
    choose(form.fields.colour, "1")
    profile = form.profile()
    assert profile.input_shape == (1, 224, 224)
    assert profile.mean == pytest.approx((0.449,)) and len(profile.std or ()) == 1
    form.fields.scaling.setCurrentIndex(form.fields.scaling.findData("signed"))
    form.fields.scaling.activated.emit(form.fields.scaling.currentIndex())
    assert (form.profile().mean, form.profile().std) == ((0.5,), (0.5,))
    assert form.fields.scaling.findData("imagenet") < 0


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("mean_text", "0.5, x, 0.5", "can't be read"),
        ("mean_text", "0.5, 0.5", "2 numbers for 3 channels"),
        ("std_text", "1, 1, 0", "not above 0"),
    ],
)
def test_what_is_not_possible_is_said_and_not_applied(
    form: NetworkForm, field: str, text: str, words: str
) -> None:
    getattr(form.fields, field).setText(text)
    assert words in form.problem.text() and not form.apply_button.isEnabled()
    with pytest.raises(UserError):
        form.profile()


def test_there_is_a_name_for_each_output_or_none(form: NetworkForm) -> None:
    form.names.setPlainText("a\nb")
    assert "2 names for 3 outputs" in form.problem.text()
    assert form.count.text() == "2 of 3"
    form.set_class_names(["cat", "dog", "bird"])
    assert form.profile().class_names == ("cat", "dog", "bird") and not form.problem.text()
    form.names.undo()
    assert form.class_names() == ("a", "b")
    form.names.clear()
    assert form.profile().class_names is None and form.apply_button.isEnabled()


def test_a_preview_is_asked_for_once_after_changes(form: NetworkForm, qtbot: QtBot) -> None:
    asked: list[Profile] = []
    form.preview_requested.connect(asked.append)
    for side in (100, 101, 102):
        form.fields.height_px.setValue(side)
    qtbot.waitUntil(lambda: len(asked) == 1, timeout=5000)
    assert asked[0].input_shape == (3, 102, 224)
    image = QImage(102, 102, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    form.set_preview(image, "102 × 224 px")
    assert form.preview.text == "102 × 224 px"
    shown = form.preview.picture.grab().toImage()
    assert shown.pixelColor(shown.width() // 2, shown.height() // 2) == Qt.GlobalColor.red


def test_applying_tells_the_profile(form: NetworkForm, qtbot: QtBot) -> None:
    form.fields.height_px.setValue(128)
    with qtbot.waitSignal(form.applied, timeout=1000) as applied:
        form.apply_button.click()
    assert applied.args[0].input_shape == (3, 128, 224)
    form.set_problem("mine can't take that: use another size.")
    assert form.problem.text().startswith("mine can't take that")


def test_no_text_of_the_form_is_clipped(form: NetworkForm) -> None:
    for label in form.findChildren(QLabel):
        if label.text() and not label.wordWrap():
            assert label.width() >= label.fontMetrics().size(0, label.text()).width(), label.text()
    for button in form.findChildren(QPushButton):
        assert button.width() >= button.fontMetrics().horizontalAdvance(button.text())


# torchvision's list


def weights(key: str, *, here: bool = False) -> PublishedWeights:
    return PublishedWeights(key, "http://x", 0.7654, "ImageNet-1K", 46_830_571, is_here=here)


ENTRIES = (
    CatalogEntry("resnet101", 44_549_160, (weights("IMAGENET1K_V2"), weights("IMAGENET1K_V1"))),
    CatalogEntry("resnet18", 11_689_512, (weights("IMAGENET1K_V1", here=True),)),
    CatalogEntry("alexnet", 61_100_840, ()),
)


@pytest.fixture
def dialog(qtbot: QtBot, appearance: Appearance) -> TorchvisionDialog:
    dialog = TorchvisionDialog()
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # qtbot does it
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def names(dialog: TorchvisionDialog) -> list[str]:
    model = dialog.table.model()
    assert model is not None
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_until_there_is_a_list_nothing_can_be_opened(dialog: TorchvisionDialog) -> None:
    assert dialog.state.isVisible() and not dialog.open_button.isEnabled()
    dialog.set_failed("torchvision can't be asked.")
    assert dialog.state.text() == "torchvision can't be asked."


def test_architectures_stand_in_the_order_of_their_numbers(dialog: TorchvisionDialog) -> None:
    dialog.set_catalog(ENTRIES)
    assert names(dialog) == ["alexnet", "resnet18", "resnet101"]
    assert not dialog.state.isVisible()
    dialog.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert names(dialog) == ["alexnet", "resnet101", "resnet18"]


def test_a_search_keeps_what_has_the_letters(dialog: TorchvisionDialog) -> None:
    dialog.set_catalog(ENTRIES)
    dialog.search.setText("RESNET1")
    assert names(dialog) == ["resnet18", "resnet101"]
    dialog.search.setText("nothing")
    assert dialog.state.isVisible()
    assert not dialog.open_button.isEnabled()
    dialog.search.clear()
    assert dialog.entry in ENTRIES and dialog.open_button.isEnabled()


def test_the_ways_to_have_weights(dialog: TorchvisionDialog, qtbot: QtBot) -> None:
    dialog.set_catalog(ENTRIES)
    assert dialog.entry == ENTRIES[1]
    texts = [dialog.weights.itemText(i) for i in range(dialog.weights.count())]
    assert texts == [
        "ImageNet V1 · 76.54 % right on ImageNet-1K · on this computer",
        "Untrained: random weights",
        "From a file…",
    ]
    dialog.select("resnet101")
    assert "46.8 MB to download" in dialog.weights.itemText(0)
    with qtbot.waitSignal(dialog.chosen, timeout=1000) as chosen:
        dialog.open_button.click()
    assert chosen.args == ["resnet101", "IMAGENET1K_V2"]
    choose(dialog.weights, UNTRAINED)
    with qtbot.waitSignal(dialog.chosen, timeout=1000) as chosen:
        dialog.open_button.click()
    assert chosen.args == ["resnet101", ""]
    choose(dialog.weights, FROM_FILE)
    with qtbot.waitSignal(dialog.file_requested, timeout=1000) as asked:
        dialog.open_button.click()
    assert asked.args == ["resnet101"]


def test_a_new_list_keeps_what_was_chosen(dialog: TorchvisionDialog) -> None:
    dialog.set_catalog(ENTRIES)
    dialog.select("resnet101")
    choose(dialog.weights, "IMAGENET1K_V1")
    dialog.set_catalog(ENTRIES[::-1])
    assert dialog.entry == ENTRIES[0] and dialog.weights.currentData() == "IMAGENET1K_V1"


# The question of trust, and the notice


def test_return_does_not_trust(qtbot: QtBot, appearance: Appearance) -> None:
    dialog = TrustDialog("<b>x</b>.pt", ["posix.system"] * 30, None)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # qtbot does it
    qtbot.addWidget(dialog)
    accepted: list[bool] = []
    dialog.accepted.connect(lambda: accepted.append(True))
    dialog.show()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible() and accepted == []


def test_the_question_of_trust_has_a_line_to_copy(qtbot: QtBot, appearance: Appearance) -> None:
    dialog = TrustDialog("own.pt", ["__main__.Net"], None)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # qtbot does it
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.focusWidget() is dialog.cancel_button
    assert dialog.line.text == export_line()
    content = dialog.line.document()
    assert content is not None
    assert dialog.line.height() >= content.size().height()


@pytest.mark.parametrize("kind", ["form", "list", "trust", "size", "architecture"])
def test_tab_goes_as_the_eye_does(qtbot: QtBot, appearance: Appearance, kind: str) -> None:
    dialogs: dict[str, Callable[[], QDialog]] = {
        "form": lambda: NetworkForm(network(), Profile()),
        "list": TorchvisionDialog,
        "trust": lambda: TrustDialog(120 * "x" + ".pt", ["posix.system"], None),
        "size": lambda: SizeQuestion(120 * "x" + ".pt", "It failed.", None, None),
        "architecture": lambda: ArchitectureChoice(120 * "x" + ".pt", ["a", "b"], None),
    }
    dialog = dialogs[kind]()
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # qtbot does it
    qtbot.addWidget(dialog)
    if isinstance(dialog, TorchvisionDialog):
        dialog.set_catalog(ENTRIES)
    dialog.show()
    assert dialog.width() <= 640 and dialog.height() <= 600  # whatever the file is called
    places = []
    widget = dialog.nextInFocusChain()
    while widget is not None and widget is not dialog:
        inside_another = isinstance(widget.parentWidget(), QAbstractSpinBox)
        tabs = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if widget.isVisible() and widget.isEnabled() and tabs and not inside_another:
            corner = widget.mapTo(dialog, QPoint(0, 0))
            places.append((corner.y(), corner.x()))
        widget = widget.nextInFocusChain()
    assert len(places) > 2
    assert places == sorted(places)
    (default,) = [b for b in dialog.findChildren(QPushButton) if b.isDefault()]
    assert default.text() == {"trust": "Cancel", "form": "Apply"}.get(kind, "Open")


def test_arrow_keys_walk_the_list_from_the_search(dialog: TorchvisionDialog) -> None:
    dialog.set_catalog(ENTRIES)
    dialog.select("resnet18")
    dialog.search.setFocus()
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.entry is not None and dialog.entry.name == "resnet101"
    QTest.keyClicks(dialog.search, "alex")
    assert dialog.entry.name == "alexnet"


def test_the_most_urgent_notice_is_shown(qtbot: QtBot) -> None:
    notice = CaptionNotice(("first", "second"))
    qtbot.addWidget(notice)
    pressed: list[str] = []
    notice.pressed.connect(pressed.append)
    notice.show_notice("second", Notice("Two", "Do it", "", dismissible=True))
    notice.show_notice("first", Notice("One", "", ""))
    assert notice.text == "One" and notice.button.isHidden()
    notice.clear("first")
    assert notice.text == "Two" and not notice.button.isHidden()
    notice.button.click()
    assert pressed == ["second"]
    notice.dismiss_button.click()
    assert notice.isHidden() and notice.text == ""
    with pytest.raises(ValueError, match="third"):
        notice.show_notice("third", Notice("Three", "", ""))


def test_ways_to_fit_are_called_as_below_the_pad(form: NetworkForm) -> None:
    box = form.fields.fit
    texts = [box.itemText(index) for index in range(box.count())]
    assert texts == [*(text for _, text, _ in CHOICES), "As a digit of MNIST"]


def test_only_a_crop_has_a_side_to_resize_first(form: NetworkForm) -> None:
    fields = form.fields
    for fit in (*Fit, Fit.CROP):
        fields.fit.setCurrentIndex(fields.fit.findData(fit.value))
        shown = [not widget.isHidden() for widget in (fields._resize_label, fields.resize_px)]
        assert shown == [fit is Fit.CROP] * 2
