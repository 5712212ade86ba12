"""Everything about the input: pad, tools, pen width, and what the network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QFontMetrics, QPalette, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from viewer.widgets.icons import ICON_PX
from viewer.widgets.inputs.ink_surface import EMPTY_TEXT, MAX_PEN_SHARE, MIN_PEN_SHARE, Tool
from viewer.widgets.inputs.pad import DrawingPad
from viewer.widgets.inputs.preview import NetworkInputView
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.inputs.preparation_view import PreparationView
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.actions import ActionSet

TOOL_BUTTON_PX = 28
TOOL_GAP_PX = 0
TOOLS = ("pen", "eraser", "undo", "redo", "clear")
PICTURE_TEXT = "Drop a picture here, or draw"
OPEN_FROM_PX = 420  # in a lower dock half of the preparation's steps would be out of sight
PEN_STEP_PERCENT = 1
PEN_PAGE_PERCENT = 4


class PadPanel(QWidget):
    """The drawing pad with its tools beside it and the network's input below.

    Attributes
    ----------
    pad : DrawingPad
    preview : NetworkInputView

    Signals
    -------
    preparation_toggled(bool)
        "Centre and scale like MNIST" was switched, here or by its action.
    """

    preparation_toggled = pyqtSignal(bool)

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dock_page")
        self.pad = DrawingPad()
        self.preview = NetworkInputView()
        self._drawing = QWidget()  # the pad and its tools
        self._layout = QVBoxLayout(self)
        self._actions = actions
        self._slider = self._build_slider()
        self._preparation: PreparationView | None = None
        self._pen_row = QWidget()
        self._width_text = QLabel()
        self._build()
        self._connect_signals()
        self._on_pen_changed(self.pad.pen_share)
        self._on_history_changed()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.pad.set_theme(theme)
        colors = self._slider.palette()
        colors.setColor(QPalette.ColorRole.Highlight, theme.color("bar"))  # no selection here
        self._slider.setPalette(colors)
        self.preview.set_theme(theme)

    def set_prepared(self, prepared: bool) -> None:
        """Set the switch "Centre and scale like MNIST" and its action; gives no signal."""
        self.preview.set_prepared(prepared)
        self._actions.set_checked("prepare", prepared)

    def set_digit(self, digit: bool) -> None:
        """Say whether drawings and pictures are prepared as digits, or as pictures."""
        self.pad.set_empty_text(EMPTY_TEXT if digit else PICTURE_TEXT)
        self._actions.set_enabled("prepare", digit)

    def set_pen_shown(self, shown: bool) -> None:
        """Show the pen's width, or leave its room to others."""
        self._pen_row.setVisible(shown)

    def add_source_bar(self, bar: QWidget) -> None:
        """Put a line on the picture's source right below the pad."""
        self._layout.insertWidget(self._layout.indexOf(self._drawing) + 1, bar)

    def add_preparation(self, view: PreparationView) -> None:
        """Put the steps of the preparation below what the network sees, folded in a low dock."""
        self._preparation = view
        self._layout.insertWidget(self._layout.indexOf(self.preview) + 1, view)
        sight = self.parentWidget()
        if sight is not None:
            sight.installEventFilter(self)  # the panel itself is as high as what is in it
        self._fit_preparation()

    def _build(self) -> None:
        tools = QVBoxLayout()
        tools.setSpacing(TOOL_GAP_PX)
        for name in TOOLS:
            action = self._actions.get(name)
            if action is not None:
                tools.addWidget(_button(action))
        tools.addStretch()
        drawing = QHBoxLayout(self._drawing)
        drawing.setContentsMargins(0, 0, 0, 0)
        drawing.setSpacing(GRID_PX)
        drawing.addWidget(self.pad, 1)
        drawing.addLayout(tools)
        layout = self._layout
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX // 2)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._drawing, 1)
        layout.addWidget(self._build_pen_row())
        layout.addWidget(self.preview)
        layout.addStretch()

    def _build_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(_percent(MIN_PEN_SHARE), _percent(MAX_PEN_SHARE))
        slider.setPageStep(PEN_PAGE_PERCENT)
        slider.setAccessibleName("Pen width")
        slider.setToolTip("Pen width, as a share of the canvas ([ and ])")
        return slider

    def _build_pen_row(self) -> QWidget:
        name = QLabel("Pen")
        for label in (name, self._width_text):
            label.setFont(text_font(TextSize.SMALL))
            label.setObjectName("muted")
        widest = QFontMetrics(self._width_text.font()).horizontalAdvance(_share_text(20))
        self._width_text.setFixedWidth(widest)
        self._width_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self._pen_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        row.addWidget(name)
        row.addWidget(self._slider, 1)
        row.addWidget(self._width_text)
        return self._pen_row

    def _connect_signals(self) -> None:
        self.pad.pen_changed.connect(self._on_pen_changed)
        self.pad.tool_changed.connect(self._on_tool_changed)
        self.pad.undo_available.connect(self._on_history_changed)
        self.pad.redo_available.connect(self._on_history_changed)
        self._slider.valueChanged.connect(lambda percent: self.pad.set_pen_share(percent / 100))
        self.preview.preparation_toggled.connect(self._on_preparation_toggled)
        self._actions.action_triggered.connect(self.on_action_triggered)

    def on_action_triggered(self, name: str) -> None:
        """Do what concerns the pad alone."""
        step = PEN_STEP_PERCENT / 100
        deeds = {
            "undo": self.pad.undo,
            "redo": self.pad.redo,
            "clear": self.pad.clear,
            "pen": lambda: self.pad.set_tool(Tool.PEN),
            "eraser": lambda: self.pad.set_tool(Tool.ERASER),
            "thinner": lambda: self.pad.set_pen_share(self.pad.pen_share - step),
            "thicker": lambda: self.pad.set_pen_share(self.pad.pen_share + step),
            "prepare": self._on_prepare_action,
        }
        if name in deeds:
            deeds[name]()

    def _on_prepare_action(self) -> None:
        checked = self._actions["prepare"].isChecked()
        self.preview.set_prepared(checked)
        self.preparation_toggled.emit(checked)

    def _on_preparation_toggled(self, prepared: bool) -> None:
        self._actions.set_checked("prepare", prepared)
        self.preparation_toggled.emit(prepared)

    def _on_pen_changed(self, share: float) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(_percent(share))
        self._width_text.setText(_share_text(_percent(share)))

    def _on_tool_changed(self, tool: Tool) -> None:
        self._actions.set_checked(tool.value, True)

    def _on_history_changed(self) -> None:
        self._actions.set_enabled("undo", self.pad.can_undo)
        self._actions.set_enabled("redo", self.pad.can_redo)

    @override
    def heightForWidth(self, width: int) -> int:
        # Before anything has to be scrolled away, the pad gets smaller: it is no use without
        # what stands below it.
        return self._layout.minimumHeightForWidth(width)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # A square, at the top: what is left over in a tall dock belongs below everything.
        tools = self._drawing.minimumSizeHint().height()
        self._drawing.setMaximumHeight(max(tools, self._pad_width()))

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() == QEvent.Type.Resize:
            self._fit_preparation()
        return False

    def _fit_preparation(self) -> None:
        sight = self.parentWidget()
        if self._preparation is not None and sight is not None:
            self._preparation.suggest_open(sight.height() >= OPEN_FROM_PX)

    def _pad_width(self) -> int:
        return self.width() - 3 * GRID_PX - TOOL_BUTTON_PX


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setFixedSize(TOOL_BUTTON_PX, TOOL_BUTTON_PX)
    button.setAccessibleName(action.text().replace("&", ""))
    return button


def _percent(share: float) -> int:
    return round(100 * share)


def _share_text(percent: int) -> str:
    return f"{percent} %"
