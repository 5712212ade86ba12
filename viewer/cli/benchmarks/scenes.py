"""Pictures like photographs, made by numbers: for networks that take them."""

from __future__ import annotations

import numpy as np

from viewer.core.records import Picture

SIZE_PX = (480, 640)  # of a camera
NOISE = 0.03
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def scene(number: int, size: tuple[int, int] = SIZE_PX) -> Picture:
    """Return a picture with an edge, a light, a gradient and noise; another for every number.

    Parameters
    ----------
    number : int
    size : (height, width)
    """
    height, width = size
    y, x = np.mgrid[0:height, 0:width] / max(size)
    turn = number / 7
    red = 0.5 + 0.4 * np.sin(9 * x + 4 * y + turn)
    green = np.exp(-9 * ((x - 0.5 - 0.3 * np.sin(turn)) ** 2 + (y - 0.4) ** 2))
    image = np.stack((red, green, y + 0.2), axis=-1)
    top = int(0.2 * height + 0.1 * height * np.sin(turn))
    image[top : top + height // 5, width // 2 : 3 * width // 4] *= 0.3
    noise = np.random.default_rng(number).normal(0, NOISE, image.shape)
    rgb = np.clip(255 * (image + noise), 0, 255).astype(np.uint8)  # (H, W, 3)
    pixels = np.asarray(rgb @ LUMINANCE / 255, np.float32)  # (H, W)
    return Picture(pixels, f"frame {number}", rgb=rgb)
