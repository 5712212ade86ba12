"""The list of lessons: what is done, what was begun, and which files are broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPen
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.lessons.markup import rich
from viewer.widgets.lessons.blocks import paragraph
from viewer.widgets.theme import GRID_PX, LIGHT, RADIUS_PX, TextSize, text_font

if TYPE_CHECKING:
    from PyQt6.QtCore import QModelIndex

    from viewer.widgets.theme import Theme

ROW_PX = 44
MARK_PX = 20
DONE, BEGUN, BROKEN = "✓", "•", "!"
NOTHING = "No lessons were found"
BEGIN_TIP = "Begin the chosen lesson; your drawing and network come back when it is closed"
GO_ON_TIP = "Go on where the lesson was left; your drawing and network come back afterwards"


class LessonRow(NamedTuple):
    """A lesson as the list shows it.

    Attributes
    ----------
    key : str
        Id of the lesson, or the path of a broken file.
    title : str
    note : str
        Small, below the title.
    mark : str
        `DONE`, `BEGUN`, `BROKEN` or empty.
    about : str
        Shown below the list while the row is chosen: the goals, or what is wrong.
    """

    key: str
    title: str
    note: str
    mark: str = ""
    about: str = ""


class LessonList(QWidget):
    """Shows what there is to learn.

    Signals
    -------
    lesson_chosen(str)
        Id of the lesson that is to begin, or go on.
    reset_requested()
        All progress is to be forgotten.
    """

    lesson_chosen = pyqtSignal(str)
    reset_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[LessonRow, ...] = ()
        self.list = QListWidget()
        self.about = paragraph(TextSize.SMALL)
        self.message = paragraph()
        self.begin = QPushButton("Begin")
        self.reset = QPushButton("Reset progress")
        self.reset.setToolTip("Forget which lessons were done, and how far the others have come")
        self._delegate = _Delegate(self.list)
        self._build()
        self.list.currentRowChanged.connect(self._on_row_changed)
        self.list.itemActivated.connect(lambda _item: self._begin())
        self.begin.clicked.connect(self._begin)
        self.reset.clicked.connect(self.reset_requested)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._delegate.theme = theme
        colors = self.about.palette()
        colors.setColor(QPalette.ColorRole.WindowText, theme.color("text_muted"))
        self.about.setPalette(colors)
        self.list.viewport().update()  # type: ignore[union-attr]  # a list has a viewport

    def set_message(self, sentence: str) -> None:
        """Say why the chosen lesson can't begin; empty for nothing."""
        self.message.setText(rich(sentence))
        self.message.setVisible(bool(sentence))

    def set_rows(self, rows: Sequence[LessonRow], current: str = "") -> None:
        """Show other lessons; `current` is the key of the one to be chosen."""
        self.rows = tuple(rows)
        self.list.clear()
        for row in self.rows:
            item = QListWidgetItem(row.title)
            item.setData(Qt.ItemDataRole.UserRole, row)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, f"{row.note} {row.mark}")
            item.setToolTip(row.title)
            self.list.addItem(item)
        keys = [row.key for row in self.rows]
        self.list.setCurrentRow(keys.index(current) if current in keys else min(0, len(keys) - 1))
        self._on_row_changed(self.list.currentRow())

    def _build(self) -> None:
        self.list.setItemDelegate(self._delegate)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Lessons")
        self.list.setUniformItemSizes(True)
        self.message.setVisible(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.reset)
        buttons.addStretch(1)
        buttons.addWidget(self.begin)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, GRID_PX, 12, GRID_PX)
        foot.setSpacing(GRID_PX)
        foot.addWidget(self.about)
        foot.addWidget(self.message)
        foot.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)

    def _chosen(self) -> LessonRow | None:
        number = self.list.currentRow()
        return self.rows[number] if 0 <= number < len(self.rows) else None

    def _on_row_changed(self, _number: int) -> None:
        row = self._chosen()
        self.set_message("")
        self.about.setText(NOTHING if row is None else row.about)
        self.begin.setEnabled(row is not None and row.mark != BROKEN)
        begun = row is not None and row.mark == BEGUN
        self.begin.setText("Go on" if begun else "Begin")
        self.begin.setToolTip(GO_ON_TIP if begun else BEGIN_TIP)

    def _begin(self) -> None:
        row = self._chosen()
        if row is not None and row.mark != BROKEN:
            self.lesson_chosen.emit(row.key)


class _Delegate(QStyledItemDelegate):
    """Paints a row: a mark, the title, a note below it."""

    theme: Theme = LIGHT

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, ROW_PX)

    @override
    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        if painter is None or not isinstance(row, LessonRow):
            return
        theme, area = self.theme, option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(area.adjusted(4, 2, -5, -3), RADIUS_PX, RADIUS_PX)
        mark = area.adjusted(12, 0, 0, 0)
        mark.setWidth(MARK_PX)
        painter.setFont(text_font(TextSize.BODY, bold=True))
        painter.setPen(theme.color("warning" if row.mark == BROKEN else "text"))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, row.mark)
        text = area.adjusted(12 + MARK_PX + GRID_PX, 5, -12, -5)
        self._line(painter, row.title, text, TextSize.BODY, theme.color("text"), top=True)
        self._line(painter, row.note, text, TextSize.SMALL, theme.color("text_muted"), top=False)
        painter.restore()

    @staticmethod
    def _line(
        painter: QPainter, text: str, area: QRect, size: float, color: QColor, *, top: bool
    ) -> None:
        font = text_font(size)
        painter.setFont(font)
        painter.setPen(color)
        side = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignBottom
        width = area.width()
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | side, shown)
