"""The glossary's pictures of training and of what is measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QTransform

from viewer.core.explain.lab_presets import PATTERNS
from viewer.widgets.glossary.kit import Pen
from viewer.widgets.glossary.pictures import Painter

_PLOT = QRectF(36, 10, 180, 80)
_SEVEN = PATTERNS["Seven"]


def _loss(pen: Pen) -> None:
    pen.axes(_PLOT, "step", "loss")
    pen.curve(_PLOT, lambda t: 0.1 + 0.85 * math.exp(-4 * t) + 0.03 * math.sin(60 * t))


def _accuracy(pen: Pen) -> None:
    pen.axes(_PLOT, "step", "right")
    pen.curve(_PLOT, lambda t: 0.95 - 0.8 * math.exp(-5 * t))


def _overfitting(pen: Pen) -> None:
    pen.axes(_PLOT, "epoch", "loss")
    pen.curve(_PLOT, lambda t: 0.06 + 0.85 * math.exp(-4 * t), "bar")
    pen.curve(_PLOT, lambda t: 0.25 + 0.7 * math.exp(-6 * t) + 0.35 * t * t)
    pen.text(QRectF(150, 14, 80, 14), "validation")
    pen.text(QRectF(150, 66, 66, 14), "training", "text_muted")


def _descent(pen: Pen) -> None:
    pen.axes(_PLOT, "weight", "loss")
    pen.curve(_PLOT, lambda t: 0.1 + 3.2 * (t - 0.62) ** 2, "bar")
    places = (0.12, 0.3, 0.43, 0.52, 0.58)
    points = [
        (_PLOT.x() + t * _PLOT.width(), _PLOT.bottom() - (0.1 + 3.2 * (t - 0.62) ** 2) * 80)
        for t in places
    ]
    for start, end in pairwise(points):
        pen.arrow(start, end)


def _rate(pen: Pen) -> None:
    pen.axes(_PLOT, "weight", "loss")
    pen.curve(_PLOT, lambda t: 0.08 + 3.4 * (t - 0.5) ** 2, "bar")
    points = [(50.0, 22.0), (196.0, 34.0), (62.0, 44.0), (184.0, 54.0)]
    for start, end in pairwise(points):
        pen.arrow(start, end)


def _schedule(pen: Pen) -> None:
    pen.axes(_PLOT, "step", "rate")
    pen.curve(
        _PLOT,
        lambda t: (
            0.1 + 0.8 * math.sin(math.pi * t / 0.6)
            if t < 0.3
            else 0.02 + 0.44 * (1 + math.cos(math.pi * (t - 0.3) / 0.7))
        ),
    )


def _batch(pen: Pen) -> None:
    for index in range(3):
        pen.grid(14 + index * 56, 30, np.roll(_SEVEN, index, axis=1), 4.6)
    pen.arrow((182, 54), (204, 54))
    pen.text(QRectF(202, 40, 44, 28), "1 step")


def _epoch(pen: Pen) -> None:
    for index in range(10):
        area = QRectF(14 + index * 21, 34, 18, 26)
        pen.card(area, str(index + 1))
    pen.arrow((16, 78), (222, 78))
    pen.text(QRectF(20, 84, 200, 16), "every batch once", "text_muted")


def _split(pen: Pen) -> None:
    x = 12.0
    for share, text in ((0.66, "training"), (0.16, "valid."), (0.18, "test")):
        width = 224 * share
        pen.card(QRectF(x, 36, width - 3, 38), text)
        x += width


def _augmentation(pen: Pen) -> None:
    for index, (angle, shear) in enumerate(((0, 0.0), (14, 0.0), (-10, 0.2), (6, -0.25))):
        pen.painter.save()
        middle = QPointF(36 + index * 60, 54)
        change = QTransform().translate(middle.x(), middle.y()).rotate(angle).shear(shear, 0)
        pen.painter.setTransform(change, combine=True)
        pen.grid(-24, -24, _SEVEN, 4.8)
        pen.painter.restore()


def _confusion(pen: Pen) -> None:
    values = np.eye(5) * 0.9
    values[1, 3], values[4, 2] = 0.35, 0.2
    area = pen.grid(76, 6, values, 17)
    pen.text(QRectF(area.x(), area.bottom() + 2, area.width(), 14), "predicted", "text_muted")
    pen.text(QRectF(30, 40, 44, 14), "true", "text_muted")


def _calibration(pen: Pen) -> None:
    area = QRectF(70, 8, 110, 82)
    pen.axes(area, "said", "right")
    pen.curve(area, lambda t: t, "bar", dashed=True)
    pen.curve(area, lambda t: t**1.5)


def _robustness(pen: Pen) -> None:
    pen.axes(_PLOT, "shift in pixels", "right")
    pen.curve(_PLOT, lambda t: 0.1 + 0.85 / (1 + math.exp(14 * (t - 0.3))), "bar")
    pen.curve(_PLOT, lambda t: 0.1 + 0.85 / (1 + math.exp(14 * (t - 0.6))))
    pen.text(QRectF(140, 12, 80, 14), "convolutional")
    pen.text(QRectF(56, 66, 50, 14), "dense", "text_muted")


def _branch(pen: Pen) -> None:
    pen.arrow((16, 36), (226, 36))
    pen.dots(16, (36,))
    pen.dots(110, (36,))
    pen.arrow((112, 42), (140, 76))
    pen.arrow((142, 78), (226, 78))
    pen.text(QRectF(20, 12, 80, 16), "run", "text_muted")
    pen.text(QRectF(144, 84, 90, 16), "branch", "text_muted")


def _slider(pen: Pen) -> None:
    pen.stroke("border_strong", 4)
    pen.painter.drawLine(QPointF(20, 50), QPointF(228, 50))
    pen.dots(140, (50,), 8)
    for x in range(20, 229, 26):
        pen.stroke("text_muted")
        pen.painter.drawLine(QPointF(x, 62), QPointF(x, 68))
    pen.text(QRectF(20, 76, 60, 14), "step 0", "text_muted")
    pen.text(QRectF(168, 76, 60, 14), "last step", "text_muted")


def _lock(pen: Pen) -> None:
    for index, name in enumerate(("conv1", "conv2", "dense")):
        area = QRectF(14 + index * 78, 30, 66, 48)
        pen.card(area, name)
        if index < 2:
            pen.frame(area)
    pen.text(QRectF(14, 86, 144, 16), "frozen", "text_muted")
    pen.text(QRectF(170, 86, 66, 16), "learns", "text_muted")


def _smoothing(pen: Pen) -> None:
    pen.bars(QRectF(20, 16, 90, 72), (0, 0, 0, 1, 0))
    pen.bars(QRectF(138, 16, 90, 72), (0.08, 0.08, 0.08, 0.76, 0.08))
    pen.stroke("text_muted")
    for x in (20, 138):
        pen.painter.drawLine(QPointF(x, 88), QPointF(x + 90, 88))
    pen.arrow((114, 52), (134, 52))


def _average(pen: Pen) -> None:
    pen.axes(_PLOT, "step", "weight")
    pen.curve(_PLOT, lambda t: 0.2 + 0.6 * t + 0.16 * math.sin(44 * t), "bar")
    pen.curve(_PLOT, lambda t: 0.17 + 0.57 * t)


TRAINING_PICTURES: Mapping[str, Painter] = MappingProxyType(
    {
        "loss": _loss,
        "accuracy": _accuracy,
        "overfitting": _overfitting,
        "descent": _descent,
        "rate": _rate,
        "schedule": _schedule,
        "batch": _batch,
        "epoch": _epoch,
        "split": _split,
        "augmentation": _augmentation,
        "confusion": _confusion,
        "calibration": _calibration,
        "robustness": _robustness,
        "branch": _branch,
        "slider": _slider,
        "lock": _lock,
        "smoothing": _smoothing,
        "average": _average,
    }
)
