"""The glossary's pictures of known kernels, of kinds of padding, and of what is measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from PyQt6.QtCore import QPointF, QRectF

from viewer.core.explain.lab_presets import PATTERNS, kernel_preset
from viewer.core.training.config import TrainingConfig
from viewer.core.training.schedule import learning_rate
from viewer.widgets.glossary.kit import Pen
from viewer.widgets.glossary.pictures import Painter, convolved

_PLOT = QRectF(36, 10, 180, 80)
_SEVEN = PATTERNS["Seven"]
_CONFUSED = np.diag((0.9, 0.6, 0.9, 0.8, 0.7))
_CONFUSED[1, 3], _CONFUSED[3, 1], _CONFUSED[4, 1] = 0.35, 0.15, 0.2
_ROW = np.array([[3, 1, 4, 2, 5.0]])
_BORDER = 2
_STEPS = 1000


def _known_kernel(key: str, pen: Pen, parts: int = 1) -> None:
    """Draw a kernel of the lab, its weights in whole `parts` of 1, and what it makes of a 7."""
    kernel = kernel_preset(key).kernels[0]
    area = pen.grid(12, 16, kernel * parts, 26, signed=True, numbers=True)
    if parts > 1:
        below = QRectF(area.x(), area.bottom() + 2, area.width(), 14)
        pen.text(below, f"all / {parts}", "text_muted")
    pen.arrow((98, 55), (122, 55))
    pen.grid(132, 8, convolved(_SEVEN, kernel), 12, signed=True)


def _border(mode: Callable[[np.ndarray], np.ndarray], text: str, pen: Pen) -> None:
    """Draw a row of numbers and what a kind of padding puts beside it."""
    cell = 24
    area = pen.grid(14, 26, mode(_ROW), cell, numbers=True)
    inside = QRectF(area.x() + _BORDER * cell, area.y(), _ROW.shape[1] * cell, cell)
    pen.frame(inside)
    pen.text(QRectF(14, 66, area.width(), 30), text, "text_muted")


def _reflected(row: np.ndarray) -> np.ndarray:
    return np.pad(row, ((0, 0), (_BORDER, _BORDER)), mode="reflect")


def _replicated(row: np.ndarray) -> np.ndarray:
    return np.pad(row, ((0, 0), (_BORDER, _BORDER)), mode="edge")


def _rates(schedule: str, pen: Pen) -> None:
    """Draw the learning rate of a run as trainings compute it."""
    config = TrainingConfig(schedule=schedule, epochs=1, lr=1.0)
    pen.axes(_PLOT, "step", "rate")
    pen.curve(_PLOT, lambda t: 0.9 * learning_rate(config, round(t * (_STEPS - 1)), _STEPS, _STEPS))


def _confusion(marks: str, pen: Pen) -> None:
    """Draw a confusion matrix with what a measure is taken of: a column, a row or both."""
    cell, chosen = 17, 1
    area = pen.grid(76, 6, _CONFUSED, cell)
    at = chosen * cell
    if "c" in marks:
        pen.frame(QRectF(area.x() + at, area.y(), cell, area.height()))
    if "r" in marks:
        pen.frame(QRectF(area.x(), area.y() + at, area.width(), cell))
    pen.text(QRectF(area.x(), area.bottom() + 2, area.width(), 14), "predicted", "text_muted")
    pen.text(QRectF(30, 40, 44, 14), "true", "text_muted")


def _calibration_error(pen: Pen) -> None:
    area = QRectF(70, 8, 110, 82)
    pen.axes(area, "said", "right")
    pen.stroke("warning", 3)
    for index in range(1, 8):
        share = index / 8
        x = area.x() + share * area.width()
        ends = (area.bottom() - value * area.height() for value in (share, share**1.7))
        pen.painter.drawLine(*(QPointF(x, y) for y in ends))
    pen.curve(area, lambda t: t, "bar", dashed=True)
    pen.curve(area, lambda t: t**1.7)


def _update_ratio(pen: Pen) -> None:
    healthy = QRectF(_PLOT.x(), 42, _PLOT.width(), 18)
    pen.painter.fillRect(healthy, pen.color("border"))
    pen.axes(_PLOT, "step", "ratio")
    pen.curve(_PLOT, lambda t: 0.52 + 0.34 * math.exp(-7 * t) + 0.04 * math.sin(50 * t))
    pen.text(QRectF(150, 62, 66, 14), "0.001", "text_muted")


def _gradient_norm(pen: Pen) -> None:
    def norm(level: float, t: float) -> float:
        return level + 0.2 * math.exp(-5 * t) + 0.03 * math.sin(40 * t)

    pen.axes(_PLOT, "step", "norm")
    for level, token in ((0.25, "bar"), (0.45, "text_muted"), (0.7, "text")):
        pen.curve(_PLOT, partial(norm, level), token)
    pen.text(QRectF(150, 8, 80, 14), "a line a layer", "text_muted")


def _dead_unit(pen: Pen) -> None:
    values = np.abs(np.sin(np.arange(5 * 9).reshape(5, 9) * 2.3))
    values[:, 5] = 0
    area = pen.grid(62, 8, values, 15)
    pen.frame(QRectF(area.x() + 5 * 15, area.y(), 15, area.height()))
    pen.text(QRectF(area.x(), area.bottom() + 2, area.width(), 14), "units", "text_muted")
    pen.text(QRectF(6, 36, 54, 14), "images", "text_muted")


def _divergence(pen: Pen) -> None:
    pen.axes(_PLOT, "step", "loss")
    pen.curve(_PLOT, lambda t: 0.25 + 0.3 * math.exp(-6 * t) + 0.02 * math.exp(4.6 * t))
    pen.text(QRectF(174, 22, 50, 14), "NaN", "warning")


def _logarithm(pen: Pen) -> None:
    for y, values in ((32, (0, 25, 50, 75, 100)), (82, (1, 10, 100, 1000, 10_000))):
        pen.stroke("text_muted")
        pen.painter.drawLine(QPointF(20, y), QPointF(228, y))
        for index, value in enumerate(values):
            x = 24 + index * 50
            pen.stroke("text_muted")
            pen.painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
            pen.text(QRectF(x - 24, y + 5, 48, 14), f"{value:,}")
    pen.text(QRectF(20, 10, 120, 14), "+ 25 a mark", "text_muted")
    pen.text(QRectF(20, 60, 120, 14), "times 10 a mark", "text_muted")


def _nat(pen: Pen) -> None:
    pen.axes(_PLOT, "probability of the right class", "loss")
    pen.curve(_PLOT, lambda t: -math.log(max(t, 1e-3)) / 4)


def _temperature(pen: Pen) -> None:
    logits = np.array([1.0, 2.6, 0.4, 3.4])
    for x, temperature in ((14, 0.5), (94, 1.0), (174, 3.0)):
        shares = np.exp(logits / temperature)
        pen.bars(QRectF(x, 12, 60, 74), (shares / shares.sum()).tolist(), "text")
        pen.text(QRectF(x, 90, 60, 14), f"T = {temperature:g}", "text_muted")


def _deviation(pen: Pen) -> None:
    area = QRectF(40, 12, 168, 78)
    middle, deviation = 0.5, 0.17
    pen.curve(area, lambda t: 0.9 * math.exp(-(((t - middle) / deviation) ** 2) / 2))
    pen.axes(area, "value", "how many")
    centre, y = area.x() + middle * area.width(), area.y() + 36
    for side in (-1, 1):
        pen.arrow((centre, y), (centre + side * deviation * area.width(), y))
    pen.text(QRectF(centre - 8, y + 4, 60, 14), "std", "text_muted")


MEASURE_PICTURES: Mapping[str, Painter] = MappingProxyType(
    {
        "sobel": partial(_known_kernel, "sobel_x"),
        "prewitt": partial(_known_kernel, "prewitt_x"),
        "laplacian": partial(_known_kernel, "laplacian"),
        "blur": partial(_known_kernel, "gaussian_blur", parts=16),
        "sharpen": partial(_known_kernel, "sharpen"),
        "emboss": partial(_known_kernel, "emboss"),
        "reflect": partial(_border, _reflected, "a mirror at each end"),
        "replicate": partial(_border, _replicated, "the last value, again and again"),
        "one_cycle": partial(_rates, "onecycle"),
        "cosine": partial(_rates, "cosine"),
        "precision": partial(_confusion, "c"),
        "recall": partial(_confusion, "r"),
        "f1": partial(_confusion, "cr"),
        "calibration_error": _calibration_error,
        "update_ratio": _update_ratio,
        "gradient_norm": _gradient_norm,
        "dead_unit": _dead_unit,
        "divergence": _divergence,
        "logarithm": _logarithm,
        "nat": _nat,
        "temperature": _temperature,
        "deviation": _deviation,
    }
)
