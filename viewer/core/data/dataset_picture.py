"""One image of a data set as the pad takes it."""

from __future__ import annotations

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.image_picture import picture_of_image
from viewer.core.data.registry import is_drawn
from viewer.core.records import Fit, Picture, Preparation


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
