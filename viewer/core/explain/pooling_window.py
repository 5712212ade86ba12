"""Geometry of pooling: of modules, of functions, and of the adaptive kind."""

from __future__ import annotations

from viewer.core.records import FloatArray, Node, WeightsRecord, Window


def pooling_window(node: Node, weights: WeightsRecord | None) -> Window | None:
    """Return the window of a pooling node; None where it is adaptive or not known.

    Parameters
    ----------
    node : Node
    weights : WeightsRecord or None
        Its buffers have the arguments of functional pooling.
    """
    if node.window is not None or weights is None:
        return node.window
    numbers = weights.buffers.get(node.name, {})
    kernel_size = _pair(numbers.get("kernel_size"), (0, 0))
    if 0 in kernel_size:
        return None
    return Window(
        kernel_size,
        _pair(numbers.get("stride"), kernel_size),
        _pair(numbers.get("padding"), (0, 0)),
        _pair(numbers.get("dilation"), (1, 1)),
    )


def adaptive_span(position: int, parts: int, length: int) -> tuple[int, int]:
    """Return the first pixel, and the one behind the last, that adaptive pooling takes.

    The input in as many, nearly equal parts as there are outputs: they overlap by a pixel
    where the length is not a multiple.
    """
    return position * length // parts, -(-(position + 1) * length // parts)


def _pair(numbers: FloatArray | None, default: tuple[int, int]) -> tuple[int, int]:
    if numbers is None or not numbers.size:
        return default
    values = [int(number) for number in numbers.ravel()]
    return values[0], values[-1]
