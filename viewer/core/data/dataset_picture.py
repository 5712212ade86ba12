"""One image of a data set as the pad takes it."""

from __future__ import annotations

import numpy as np

from viewer.core.data.class_pictures import to_grey
from viewer.core.data.dataset import ByteArray, ImageDataset
from viewer.core.data.folder_name import FolderName
from viewer.core.records import Fit, Picture, Preparation


def is_drawn(dataset_name: str) -> bool:
    """Return whether 255 is ink in a data set's images; otherwise it is light, as in a folder."""
    return FolderName.parse(dataset_name) is None


def preparation_of_dataset(dataset_name: str) -> Preparation:
    """Return what makes of a picture what a network learnt from a data set's images.

    A folder's images are the squares in the middle of pictures, brought to one size.
    """
    return Preparation() if is_drawn(dataset_name) else Preparation(digit=False, fit=Fit.CROP)


def picture_of(dataset: ImageDataset, index: int, title: str) -> Picture:
    """Return an image of a data set called `title`; IndexError if there is none."""
    return picture_of_image(
        dataset.images[index],
        f"{title} test image {index}",
        dataset.class_names[int(dataset.labels[index])],
        drawn=is_drawn(dataset.name),
    )


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
