"""An image of bytes, of whatever data set, as the pad takes it."""

from __future__ import annotations

import numpy as np

from viewer.core.data.class_pictures import to_grey
from viewer.core.data.dataset import ByteArray
from viewer.core.records import Picture


def picture_of_image(image: ByteArray, title: str, label: str, *, drawn: bool) -> Picture:
    """Return an image, (H, W) or (H, W, 3) uint8, as the pad takes it.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
    title, label : str
    drawn : bool
        Whether 255 is ink and 0 paper.
    """
    rgb = None
    if image.ndim == 3:
        rgb, image = image.copy(), to_grey(image[np.newaxis])[0]
    elif not drawn:
        # Grey, but of light as in a photograph: without colours it would be taken for ink.
        rgb = np.repeat(image[:, :, np.newaxis], 3, axis=2)
    pixels = image.astype(np.float32) / np.float32(255)
    return Picture(pixels=pixels, title=title, prepared=True, label=label, rgb=rgb)
