from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from viewer.core.training.history import Columns, History, Mark
from viewer.widgets.plot_style import RUN_COLORS_LIGHT, depth_colors, run_color
from viewer.widgets.style import Appearance
from viewer.widgets.theme import Theme
from viewer.widgets.training.curves import EMPTY_TEXT, WAITING_TEXT, CurvesView, RunCurves
from viewer.widgets.training.curves_axis import (
    Frame,
    Range,
    ValueAxis,
    automatic_range,
    linear_ticks,
    log_ticks,
    step_ticks,
    tick_texts,
)
from viewer.widgets.training.curves_legend import share_room
from viewer.widgets.training.curves_lines import epoch_at
from viewer.widgets.training.curves_plot import Plot
from viewer.widgets.training.curves_series import BUCKET, MovingAverage, Trace
from viewer.widgets.training.layer_curves import LayerCurves

QTest: Any = _QTest  # its stubs give its static methods a `self`


def _columns(values: Any) -> Columns:
    columns = Columns(("step", "loss"))
    for step, value in enumerate(values, start=1):
        columns.append(step, value)
    return columns


def _history(batches: int, *, per_epoch: int = 10, marks: tuple[Mark, ...] = ()) -> History:
    history = History(marks=list(marks))
    for step in range(1, batches + 1):
        history.batches.append(step, 2.0 / step, 0.5, 1e-3)
        if step % per_epoch == 0:
            history.epochs.append(step, 1.0, 0.6, 0.25, 0.75)
    return history


@pytest.fixture
def view(qtbot: QtBot, appearance: Appearance) -> Iterator[CurvesView]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1024, 300)
    widget = CurvesView(window)
    widget.resize(1024, 300)
    with qtbot.waitExposed(window):
        window.show()
    yield widget


def _hover(plot: Plot, step: float) -> None:
    frame = plot.frame()
    place = QPointF(frame.one_x_px(step), frame.rect.center().y())
    QTest.mouseMove(plot, place.toPoint())


def _wheel(plot: Plot, place: QPointF, notches: int) -> None:
    event = QWheelEvent(
        place,
        plot.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot, event)


# --- series


def test_moving_average_is_the_weighted_mean_whatever_the_portions() -> None:
    values = np.random.default_rng(0).normal(size=500)
    average = MovingAverage(0.9)
    got = np.concatenate([average.extend(part) for part in np.split(values, [1, 7, 200, 263])])
    for step in (0, 1, 6, 7, 199, 499):
        weights = 0.9 ** np.arange(step, -1, -1)
        assert got[step] == pytest.approx(np.average(values[: step + 1], weights=weights))
    assert got[0] == values[0]


def test_moving_average_by_hand_and_without_numbers() -> None:
    got = MovingAverage(0.5).extend(np.array([np.nan, 4.0, np.nan, 1.0]))
    assert np.isnan(got[0])
    assert got[1:].tolist() == pytest.approx([4.0, 4.0, (1.0 + 4.0 / 4) / (1 + 1 / 4)])


@pytest.mark.parametrize("room", [50, 400, 3000])
def test_thinning_keeps_extremes(room: int) -> None:
    values = np.zeros(10_000)
    values[[3, 5_000, 9_999]] = [7.0, -8.0, 9.0]
    trace = Trace(_columns(values), "loss")
    trace.update()
    x, y = trace.points(0, 10_000, room)
    assert len(x) == len(y) <= 2 * room + 2
    assert (y.min(), y.max()) == (-8.0, 9.0)
    near = 10_000 / room * 2
    assert abs(x[y == 7.0][0] - 4) <= near
    assert abs(x[y == -8.0][0] - 5_001) <= near
    assert (x[0], x[-1]) == (1, 10_000)


def test_taking_up_rows_one_by_one_equals_all_at_once() -> None:
    values = np.random.default_rng(1).normal(size=3 * BUCKET + 5)
    columns = Columns(("step", "loss"))
    slow = Trace(columns, "loss", smoothing=0.8)
    for step, value in enumerate(values, start=1):
        columns.append(step, value)
        assert slow.update()
    assert not slow.update()
    fast = Trace(_columns(values), "loss", smoothing=0.8)
    fast.update()
    for room in (4, 20):
        for mine, other in zip(slow.points(0, 99, room), fast.points(0, 99, room), strict=True):
            np.testing.assert_allclose(mine, other)


def test_few_rows_are_drawn_as_they_are() -> None:
    trace = Trace(_columns([3.0, np.nan, np.inf, 1.0]), "loss", scale=100.0)
    trace.update()
    x, y = trace.points(0, 4, 100)
    assert (x.tolist(), y.tolist()) == ([1, 4], [300, 100])


def test_a_cut_history_that_grew_again_is_read_anew() -> None:
    columns = _columns([1.0] * 100)
    trace = Trace(columns, "loss")
    trace.update()
    columns.cut(50)
    for step in range(51, 121):
        columns.append(step, 5.0)
    assert trace.update()
    assert trace.values.tolist() == [1.0] * 50 + [5.0] * 70
    columns.cut(10)
    assert trace.update()
    assert len(trace) == 10


def test_value_at_a_step() -> None:
    columns = Columns(("step", "loss"))
    for step, value in ((10, 1.0), (20, 2.0), (30, np.nan)):
        columns.append(step, value)
    trace = Trace(columns, "loss")
    assert trace.value_at(10) is None
    trace.update()
    found = [trace.value_at(step) for step in (9, 10, 19, 20, 30, 41)]
    assert found == [None, 1.0, 1.0, 2.0, None, None]


def test_limits_can_leave_odd_values_out() -> None:
    values = np.full(BUCKET * 1000, 0.5)
    values[7] = 1e6
    trace = Trace(_columns(values), "loss")
    trace.update()
    assert trace.limits(0, 1e9) == (0.5, 1e6)
    assert trace.limits(0, 1e9, trim=0.02) == (0.5, 0.5)
    assert Trace(_columns([np.nan]), "loss").limits(0, 1) is None


# --- axes


def test_ticks() -> None:
    assert linear_ticks(0, 1, 4) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert step_ticks(0, 3, 9) == [0, 1, 2, 3]
    assert log_ticks(-2, 1, 4) == pytest.approx([0.01, 0.1, 1, 10])
    assert 0.02 in log_ticks(-2, 1, 20)
    assert len(log_ticks(0.1, 0.2, 4)) >= 2  # less than a decade, between two powers
    # A low plot: the power of ten in it comes first, then what there is room for beside it.
    assert log_ticks(-1.5, -0.3, 3) == pytest.approx([0.1, 0.3])
    assert tick_texts([0, 0.25, 0.5], log=False) == ["0.00", "0.25", "0.50"]
    assert tick_texts([0.1, 1.0], log=True) == ["0.1", "1"]
    assert linear_ticks(1, 1, 5) == []


def test_automatic_ranges() -> None:
    percent = ValueAxis("accuracy (%)", floor=0.0, ceiling=100.0, least_span=2.0)
    assert automatic_range(percent, 99.9, 100.0).high == 100.0
    assert automatic_range(percent, 99.9, 99.9).span >= 1.0
    assert automatic_range(percent, 0.0, 50.0).low == 0.0
    loss = automatic_range(ValueAxis("loss", from_zero=True), 1.0, 2.0)
    assert loss.low == 0 and loss.high > 2
    low, high = automatic_range(ValueAxis("loss", log=True), 0.0, 10.0)
    assert np.isfinite(low) and high > 1


def test_frame_goes_both_ways() -> None:
    from PyQt6.QtCore import QRectF

    frame = Frame(QRectF(50, 10, 200, 100), Range(100, 300), Range(-2, 0), log=True)
    assert frame.step_at(frame.one_x_px(170)) == pytest.approx(170)
    assert frame.one_y_px(0.1) == pytest.approx(60)
    assert frame.one_y_px(0.0) > frame.rect.bottom()


# --- colours


def _luminance(color: QColor) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _rgb(color: QColor) -> tuple[float, float, float]:
    return color.redF(), color.greenF(), color.blueF()


def test_every_curve_stands_out_from_the_surface(theme: Theme) -> None:
    surface = _luminance(theme.color("surface"))
    colors = [run_color(i, theme) for i in range(len(RUN_COLORS_LIGHT))] + depth_colors(9, theme)
    for color in colors:
        light, dark = sorted((_luminance(color), surface), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.0, color.name()
    depth = [_luminance(color) for color in depth_colors(9, theme)]
    assert depth == sorted(depth, reverse=True)


# --- widget


def test_says_what_to_do_while_there_is_nothing(view: CurvesView) -> None:
    assert view.empty_text() == EMPTY_TEXT
    history = History()
    view.set_runs([RunCurves("a", "Run 1", 0, history, current=True)])
    assert view.empty_text() == WAITING_TEXT
    history.batches.append(1, 2.3, 0.1, 1e-3)
    view.refresh()
    assert view.empty_text() is None


def test_cross_hair_follows_both_plots(view: CurvesView) -> None:
    view.set_runs([RunCurves("a", "Run 1", 0, _history(100), current=True)])
    view.set_smoothing(1)
    _hover(view.loss, 50)
    loss = {row.name: row.value for row in view.loss.readout()}
    assert loss == {
        "step 50 · epoch 5": "", "training": "0.04", "this batch": "0.04", "validation": "0.25",
    }  # fmt: skip
    accuracy = {row.name: row.value for row in view.accuracy.readout()}
    assert accuracy["validation"] == "75.00"
    QApplication.sendEvent(view.loss, _leave())
    assert view.accuracy.readout() == []


def _leave() -> Any:
    from PyQt6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)


def test_cross_hair_names_the_runs_and_the_changes(view: CurvesView) -> None:
    marked = _history(100, marks=(Mark(50, "lr 0.1 → 0.01"),))
    view.set_runs(
        [RunCurves("a", "Run 1", 0, marked, current=True), RunCurves("b", "mlp", 1, _history(60))]
    )
    _hover(view.accuracy, 50)
    names = [row.name for row in view.accuracy.readout()]
    assert {"Run 1, validation", "mlp, training", "lr 0.1 → 0.01"} <= set(names)
    _hover(view.accuracy, 90)
    assert not any(row.name.startswith("mlp") for row in view.accuracy.readout())


def test_click_tells_the_step(qtbot: QtBot, view: CurvesView) -> None:
    view.set_runs([RunCurves("a", "Run 1", 0, _history(100))])
    frame = view.accuracy.frame()
    place = QPointF(frame.one_x_px(50), 80).toPoint()
    with qtbot.waitSignal(view.step_clicked) as signal:
        QTest.mouseClick(view.accuracy, Qt.MouseButton.LeftButton, pos=place)
    assert signal.args == [pytest.approx(50, abs=1)]


def test_wheel_zooms_both_and_double_click_fits(view: CurvesView) -> None:
    view.set_runs([RunCurves("a", "Run 1", 0, _history(100))])
    frame = view.loss.frame()
    _wheel(view.loss, QPointF(frame.one_x_px(50), 80), 3)
    shown = view.loss.frame().x
    assert shown.span < 60 and shown.low < 50 < shown.high
    assert view.accuracy.frame().x == shown
    chosen: list[int] = []
    view.step_clicked.connect(chosen.append)
    centre = frame.rect.center().toPoint()
    QTest.mouseClick(view.loss, Qt.MouseButton.LeftButton, pos=centre)
    QTest.mouseDClick(view.loss, Qt.MouseButton.LeftButton, pos=centre)
    assert not view.loss.zoomed and not view.accuracy.zoomed
    QApplication.processEvents()
    assert len(chosen) <= 1


def test_drag_pans_within_the_data(view: CurvesView) -> None:
    view.set_runs([RunCurves("a", "Run 1", 0, _history(1000))])
    _wheel(view.loss, view.loss.frame().rect.center(), 4)
    before = view.loss.frame().x
    start = view.loss.frame().rect.center().toPoint()
    chosen: list[int] = []
    view.step_clicked.connect(chosen.append)
    QTest.mousePress(view.loss, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.loss, start + QPoint(60, 0))
    QTest.mouseRelease(view.loss, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    after = view.accuracy.frame().x
    assert after.low < before.low and after.span == pytest.approx(before.span)
    QTest.mousePress(view.loss, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.loss, start + QPoint(5000, 0))
    QTest.mouseRelease(view.loss, Qt.MouseButton.LeftButton, pos=start)
    assert view.loss.frame().x.low == pytest.approx(0)
    QApplication.processEvents()
    assert chosen == []


def test_the_curves_begin_where_the_first_of_the_runs_does(view: CurvesView) -> None:
    branch = History()
    for step in range(1124, 1161):
        branch.batches.append(step, 1.0, 0.5, 1e-3)
    branch.epochs.append(1160, 1.0, 0.5, 1.0, 0.5)
    view.set_runs([RunCurves("a", "Branch", 0, branch)])
    for plot in (view.loss, view.accuracy):
        assert (plot.frame().x.low, plot.frame().x.high) == (1123, 1160)
    _wheel(view.loss, view.loss.frame().rect.center(), -20)  # no further than that
    assert view.loss.frame().x == (1123, 1160)
    _wheel(view.loss, view.loss.frame().rect.center(), 4)
    start = view.loss.frame().rect.center().toPoint()
    QTest.mousePress(view.loss, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.loss, start + QPoint(5000, 0))
    QTest.mouseRelease(view.loss, Qt.MouseButton.LeftButton, pos=start)
    assert view.loss.frame().x.low == pytest.approx(1123)
    view.fit()
    view.set_runs([RunCurves("a", "Branch", 0, branch), RunCurves("b", "Run", 1, _history(100))])
    assert (view.loss.frame().x.low, view.loss.frame().x.high) == (0, 1160)


def test_log_scale(view: CurvesView) -> None:
    view.set_runs([RunCurves("a", "Run 1", 0, _history(100))])
    linear = view.loss.frame()
    view.set_log(True)
    assert view.loss.frame().log and not linear.log
    assert not view.accuracy.frame().log


def test_refresh_draws_what_is_new(view: CurvesView) -> None:
    history = _history(20)
    view.set_runs([RunCurves("a", "Run 1", 0, history)])
    before = view.loss.grab().toImage()
    view.refresh()
    assert view.loss.grab().toImage() == before
    for step in range(21, 41):
        history.batches.append(step, 1.5, 0.5, 1e-3)
    view.refresh()
    assert view.loss.frame().x.high == 40
    assert view.loss.grab().toImage() != before


def test_cursor_is_painted_in_the_accent(view: CurvesView, theme: Theme) -> None:
    view.set_theme(theme)
    view.set_runs([RunCurves("a", "Run 1", 1, _history(100))])
    accent = theme.color("accent").rgb()
    frame = view.accuracy.frame()
    x, bottom = int(frame.one_x_px(30)), int(frame.rect.bottom()) - 4

    def has_line() -> bool:
        image = view.accuracy.grab().toImage()
        return any(image.pixel(x + dx, bottom) == accent for dx in (-1, 0, 1))

    assert not has_line()
    view.set_cursor(30)
    assert has_line()
    view.set_cursor(None)
    assert not has_line()


def test_epoch_of_a_step() -> None:
    history = _history(25)
    assert [epoch_at(history, step) for step in (0, 1, 10, 11, 25)] == [1, 1, 1, 2, 3]
    assert epoch_at(History(), 5) is None


def test_room_in_the_legend_goes_to_the_long_names() -> None:
    assert share_room([10, 20], 100) == [10, 20]
    assert share_room([10, 200, 300], 110) == [10, 50, 50]
    assert share_room([], 10) == []


# --- layers


def test_layers_in_order_of_depth(qtbot: QtBot, appearance: Appearance) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    view = LayerCurves(window)
    view.resize(1024, 260)
    window.resize(1024, 260)
    with qtbot.waitExposed(window):
        window.show()
    history = History()
    view.set_history(history)
    assert view.empty_text() is not None
    for step in range(1, 50):
        history.add_layer("conv1", step, 2.0, 1e-3, 0.25)
        history.add_layer("fc", step, 4.0, 1e-2, float("nan"))
    view.refresh()
    assert view.empty_text() is None
    ratio = view.plots["update_ratio"]
    frame = ratio.frame()
    QTest.mouseMove(ratio, QPointF(frame.one_x_px(20), frame.one_y_px(1e-3)).toPoint())
    rows = {row.name: row.value for row in ratio.readout()}
    assert (rows["conv1"], rows["fc"]) == ("0.001", "0.01")
    assert any("healthy" in name for name in rows)
    dead = {row.name: row.value for row in view.plots["dead_share"].readout()}
    assert dead["conv1"] == "25.0" and "fc" not in dead
    view.set_history(None)
    assert view.empty_text() is not None
