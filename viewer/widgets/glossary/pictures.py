"""The glossary's pictures of layers and of what they compute."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from PyQt6.QtCore import QPointF, QRectF

from viewer.core.explain.lab_presets import PATTERNS, kernel_preset
from viewer.widgets.glossary.kit import HEIGHT, WIDTH, Pen

Painter = Callable[[Pen], None]

_SEVEN = PATTERNS["Seven"]
_VERTICAL = kernel_preset("vertical_line").kernels[0]
_LEFT = kernel_preset("left_edge").kernels[0]
_PATCH = np.array(
    [[0, 1, 0, 0, 1], [1, 1, 0, 1, 0], [0, 1, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, 0, 0, 1.0]]
)


def _image(pen: Pen) -> None:
    area = pen.grid(20, 8, _SEVEN, 9.5)
    part = _SEVEN[4:7, 4:8] * 0.9
    pen.frame(QRectF(area.x() + 4 * 9.5, area.y() + 4 * 9.5, 4 * 9.5, 3 * 9.5))
    pen.arrow((area.right() + 4, 60), (140, 60))
    pen.grid(146, 24, part, 24, numbers=True)


def _kernel(pen: Pen) -> None:
    pen.grid(80, 12, _LEFT, 29, signed=True, numbers=True)


def _filter(pen: Pen) -> None:
    for index, shift in enumerate((16, 8, 0)):
        values = np.roll(_LEFT, index, axis=1 if index else 0)
        pen.grid(52 + shift, 14 + shift, values, 20, signed=True)
    pen.arrow((136, 52), (166, 52))
    pen.grid(174, 28, np.abs(np.sin(np.arange(36).reshape(6, 6))), 8)


def _convolution(pen: Pen, stride: int = 1) -> None:
    cell = 16
    area = pen.grid(16, 14, _PATCH, cell)
    pen.grid(16 + 5 * cell + 14, 30, _VERTICAL, 12, numbers=True)
    kernel = _VERTICAL
    size = (5 - 3) // stride + 1
    values = np.array(
        [
            [
                (_PATCH[y * stride : y * stride + 3, x * stride : x * stride + 3] * kernel).sum()
                for x in range(size)
            ]
            for y in range(size)
        ]
    )
    pen.frame(QRectF(area.x(), area.y(), 3 * cell, 3 * cell))
    pen.arrow((152, 50), (170, 50))
    out = pen.grid(176, 22, values, 20, numbers=True)
    pen.frame(QRectF(out.x(), out.y(), 20, 20))


def _stride(pen: Pen) -> None:
    area = pen.grid(30, 10, np.zeros((5, 7)), 18)
    for step in (2, 0):
        pen.frame(QRectF(area.x() + step * 18, area.y(), 3 * 18, 3 * 18), dashed=step > 0)
    pen.arrow((area.x() + 27, 78), (area.x() + 27 + 36, 78))
    pen.text(QRectF(166, 30, 80, 40), "2 cells\na step")


def _padding(pen: Pen) -> None:
    cell = 15
    values = np.zeros((7, 7))
    values[1:6, 1:6] = 0.35 + 0.4 * _PATCH
    area = pen.grid(20, 4, values, cell)
    pen.stroke("text", 2)
    pen.painter.drawRect(QRectF(area.x() + cell, area.y() + cell, 5 * cell, 5 * cell))
    pen.frame(QRectF(area.x(), area.y(), 3 * cell, 3 * cell))
    pen.text(QRectF(134, 30, 104, 50), "a border of zeros:\nthe output keeps\nthe input's size")


def _dilation(pen: Pen) -> None:
    values = np.zeros((7, 7))
    values[1:6:2, 1:6:2] = 0.8
    area = pen.grid(20, 4, values, 15)
    pen.frame(QRectF(area.x() + 15, area.y() + 15, 75, 75))
    pen.text(QRectF(134, 30, 104, 50), "3 × 3 weights\nreach over\n5 × 5 pixels")


def _channels(pen: Pen) -> None:
    for index in range(3):
        values = np.clip(_SEVEN[::2, ::2] * (0.4 + 0.3 * index), 0, 1)
        pen.grid(24 + index * 22, 10 + index * 18, values, 9)
    pen.text(QRectF(128, 26, 116, 60), "red, green, blue:\none image,\nthree channels")


def _feature_map(pen: Pen) -> None:
    area = pen.grid(14, 10, _SEVEN, 9)
    values = convolved(_SEVEN, _LEFT)
    pen.arrow((area.right() + 8, 54), (area.right() + 36, 54))
    pen.grid(154, 14, values, 10.5, signed=True)


def _relu(pen: Pen) -> None:
    _function(pen, lambda t: 0.12 + max(0.0, t - 0.5) * 1.6, "max(0, x)")


def _tanh(pen: Pen) -> None:
    _function(pen, lambda t: 0.5 + 0.42 * math.tanh(8 * (t - 0.5)), "tanh x")


def _sigmoid(pen: Pen) -> None:
    _function(pen, lambda t: 0.08 + 0.84 / (1 + math.exp(-12 * (t - 0.5))), "1 / (1 + e⁻ˣ)")


def _function(pen: Pen, function: Callable[[float], float], name: str) -> None:
    area = QRectF(40, 10, 130, 84)
    pen.stroke("border_strong")
    pen.painter.drawLine(
        QPointF(area.center().x(), area.top()), QPointF(area.center().x(), area.bottom())
    )
    zero = (
        area.bottom()
        - (0.12 if name.startswith("max") else 0.5 if "tanh" in name else 0.08) * area.height()
    )
    pen.painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
    pen.curve(area, function)
    pen.text(QRectF(174, 36, 74, 30), name)


def _pooling(pen: Pen, *, average: bool = False) -> None:
    values = np.array([[1, 3, 0, 2], [5, 2, 1, 1], [0, 1, 4, 0], [2, 1, 3, 7.0]])
    area = pen.grid(24, 12, values, 22, numbers=True)
    blocks = values.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)
    found = blocks.mean(2) if average else blocks.max(2)
    pen.frame(QRectF(area.x(), area.y(), 44, 44))
    pen.arrow((122, 56), (148, 56))
    out = pen.grid(156, 24, found, 32, numbers=True)
    pen.frame(QRectF(out.x(), out.y(), 32, 32))


def _pooling_average(pen: Pen) -> None:
    _pooling(pen, average=True)


def _flatten(pen: Pen) -> None:
    values = np.array([[0.2, 0.9, 0.1], [0.6, 0.4, 0.8], [0.3, 1, 0.5]])
    pen.grid(14, 26, values, 20)
    pen.arrow((82, 56), (102, 56))
    pen.grid(108, 48, values.reshape(1, 9), 15)


def _dense(pen: Pen) -> None:
    pen.links(pen.dots(70, range(14, 106, 18)), pen.dots(176, range(26, 100, 24)))
    pen.dots(70, range(14, 106, 18))
    pen.dots(176, range(26, 100, 24))


def _unit(pen: Pen) -> None:
    starts = pen.dots(60, (20, 44, 68, 92))
    end = pen.dots(160, (56,), 12)
    pen.links(starts, end)
    pen.dots(60, (20, 44, 68, 92))
    pen.dots(160, (56,), 14)
    pen.text(QRectF(146, 42, 28, 28), "∑")
    pen.arrow((176, 56), (206, 56))


def _softmax(pen: Pen) -> None:
    logits = np.array([1.0, 2.6, 0.4, 3.4])
    pen.bars(QRectF(20, 16, 76, 76), (logits / 3.6).tolist())
    pen.arrow((108, 56), (136, 56))
    shares = np.exp(logits) / np.exp(logits).sum()
    pen.bars(QRectF(148, 16, 76, 76), shares.tolist(), "text")
    pen.text(QRectF(20, 94, 76, 14), "logits", "text_muted")
    pen.text(QRectF(148, 94, 76, 14), "sum is 1", "text_muted")


def _receptive(pen: Pen) -> None:
    first = pen.grid(16, 20, np.zeros((7, 7)), 11)
    second = pen.grid(116, 30, np.zeros((5, 5)), 11)
    third = pen.grid(192, 40, np.zeros((3, 3)), 11)
    one, three, five = (QRectF(203, 51, 11, 11), QRectF(127, 41, 33, 33), QRectF(27, 31, 55, 55))
    pen.stroke("text_muted", dashed=True)
    for inner, outer in ((one, three), (three, five)):
        pen.painter.drawLine(inner.topLeft(), outer.topRight())
        pen.painter.drawLine(inner.bottomLeft(), outer.bottomRight())
    for area in (one, three, five):
        pen.frame(area)
    for area, text in ((first, "input"), (second, "layer 1"), (third, "layer 2")):
        pen.text(QRectF(area.center().x() - 40, 98, 80, 14), text, "text_muted")


def _hierarchy(pen: Pen) -> None:
    pen.grid(14, 40, _VERTICAL, 10)
    corner = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0.0]])
    pen.arrow((50, 55), (70, 55))
    pen.grid(78, 34, corner, 10)
    pen.arrow((124, 55), (144, 55))
    pen.grid(152, 14, _SEVEN, 8)
    for x, width, text in ((4, 50, "lines"), (66, 64, "corners"), (152, 80, "digits")):
        pen.text(QRectF(x, 96, width, 14), text, "text_muted")


def _network(pen: Pen) -> None:
    names = ("input", "conv", "ReLU", "pool", "dense")
    for index, name in enumerate(names):
        pen.card(QRectF(6 + index * 48, 36, 40, 40), name)
        if index:
            pen.arrow((index * 48 - 2, 56), (index * 48 + 5, 56))


def _shape(pen: Pen) -> None:
    for shift in (24, 16, 8, 0):
        pen.grid(70 + shift, 8 + shift, np.zeros((5, 5)), 13)
    pen.text(QRectF(166, 36, 80, 44), "4 channels\n5 rows\n5 columns")


def _flip(pen: Pen) -> None:
    values = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9.0]])
    pen.grid(26, 20, values, 24, numbers=True)
    pen.arrow((108, 56), (138, 56))
    pen.grid(148, 20, values[::-1, ::-1], 24, numbers=True)


def _dot_product(pen: Pen) -> None:
    pen.grid(10, 20, _PATCH[:3, :3], 22, numbers=True)
    pen.text(QRectF(78, 44, 20, 20), "·", small=False, bold=True)
    pen.grid(100, 20, _VERTICAL, 22, numbers=True)
    total = (_PATCH[:3, :3] * _VERTICAL).sum()
    pen.text(QRectF(172, 42, 70, 24), f"∑ = {total:g}", small=False, bold=True)


def _bias(pen: Pen) -> None:
    area = QRectF(40, 14, 150, 78)
    pen.axes(area)
    pen.curve(area, lambda t: 0.15 + 0.5 * t, "bar", dashed=True)
    pen.curve(area, lambda t: 0.4 + 0.5 * t)
    pen.arrow((120, 62), (120, 42))
    pen.text(QRectF(196, 30, 44, 30), "+ bias")


def _dead(pen: Pen) -> None:
    for index in range(6):
        row, column = divmod(index, 3)
        values = (
            np.zeros((4, 4))
            if index == 4
            else np.abs(np.sin(np.arange(16) + 3 * index)).reshape(4, 4)
        )
        area = pen.grid(44 + column * 56, 6 + row * 52, values, 11)
        if index == 4:
            pen.frame(area)


def _norm(pen: Pen) -> None:
    for x, centre, spread in ((16, 0.72, 0.12), (140, 0.5, 0.2)):
        area = QRectF(x, 20, 92, 68)
        pen.axes(area)
        pen.curve(area, lambda t, c=centre, s=spread: 0.9 * math.exp(-(((t - c) / s) ** 2)))  # type: ignore[misc]
    pen.arrow((112, 56), (134, 56))
    pen.text(QRectF(126, 92, 120, 14), "mean 0, spread 1", "text_muted")


def _dropout(pen: Pen) -> None:
    left, right = (18, 42, 66, 90), (30, 54, 78)
    starts, ends = pen.dots(70, left), pen.dots(176, right)
    pen.links(
        [p for i, p in enumerate(starts) if i != 2], [p for i, p in enumerate(ends) if i != 0]
    )
    pen.dots(70, left)
    pen.dots(176, right)
    pen.stroke("warning", 2)
    for point in (starts[2], ends[0]):
        pen.painter.drawLine(point - QPointF(6, 6), point + QPointF(6, 6))
        pen.painter.drawLine(point - QPointF(6, -6), point + QPointF(6, -6))


def _color_map(pen: Pen) -> None:
    for y, signed in ((14, False), (64, True)):
        values = np.linspace(-1 if signed else 0, 1, 24).reshape(1, 24)
        area = pen.grid(16, y, values, 9, signed=signed)
        marks = ("−1", "0", "1") if signed else ("0", "", "1")
        for place, text in zip((area.left(), area.center().x(), area.right()), marks, strict=True):
            pen.text(QRectF(place - 20, area.bottom() + 2, 40, 14), text, "text_muted")


def _histogram(pen: Pen) -> None:
    area = QRectF(40, 12, 168, 78)
    values = [math.exp(-(((i - 10) / 4) ** 2)) * (0.8 + 0.2 * math.sin(5 * i)) for i in range(21)]
    pen.bars(area, values)
    pen.axes(area, "value", "how many")


def _prepared(pen: Pen) -> None:
    pen.stroke("text", 3)
    pen.painter.drawPolyline(QPointF(20, 18), QPointF(44, 16), QPointF(32, 46))
    pen.stroke("border_strong")
    pen.painter.drawRect(QRectF(10, 8, 92, 92))
    pen.arrow((110, 56), (138, 56))
    pen.grid(146, 10, np.pad(_SEVEN[::1], 1)[::1, ::1], 7.6)


def _dimension(pen: Pen) -> None:
    row = np.array([[0, 0, 0, 1, 1, 0, 0, 0.0]])
    area = pen.grid(36, 12, row, 22, numbers=True)
    pen.frame(QRectF(area.x() + 44, area.y(), 66, 22))
    pen.grid(80, 42, np.array([[0, 1, 0.0]]), 22, numbers=True)
    pen.grid(58, 80, np.array([[0, 0, 1, 1, 0, 0.0]]), 22, numbers=True)


def convolved(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return what a kernel (3, 3) makes of an image (H, W), without padding."""
    height, width = image.shape[0] - 2, image.shape[1] - 2
    return np.array(
        [
            [(image[y : y + 3, x : x + 3] * kernel).sum() for x in range(width)]
            for y in range(height)
        ]
    )


LAYER_PICTURES: Mapping[str, Painter] = MappingProxyType(
    {
        "image": _image,
        "kernel": _kernel,
        "filter": _filter,
        "convolution": _convolution,
        "stride": _stride,
        "padding": _padding,
        "dilation": _dilation,
        "channels": _channels,
        "feature_map": _feature_map,
        "relu": _relu,
        "tanh": _tanh,
        "sigmoid": _sigmoid,
        "pooling": _pooling,
        "average_pooling": _pooling_average,
        "flatten": _flatten,
        "dense": _dense,
        "unit": _unit,
        "softmax": _softmax,
        "receptive_field": _receptive,
        "hierarchy": _hierarchy,
        "network": _network,
        "shape": _shape,
        "flip": _flip,
        "dot_product": _dot_product,
        "bias": _bias,
        "dead": _dead,
        "normalisation": _norm,
        "dropout": _dropout,
        "color_map": _color_map,
        "histogram": _histogram,
        "prepared": _prepared,
        "row": _dimension,
    }
)
SIZE = (WIDTH, HEIGHT)
