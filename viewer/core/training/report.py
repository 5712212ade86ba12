"""What an evaluation found: records of numbers, ready to be shown. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.data.class_pictures import read_square
from viewer.core.data.image_picture import picture_of_image
from viewer.core.data.left_out import named_files
from viewer.core.imaging.pictures import open_picture
from viewer.core.records import Picture

IntArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

RELIABILITY_BINS = 15  # as many as Guo et al. take
THUMBNAIL_PX = 112  # side of what is shown of a file: sharp on a screen of two pixels a point


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidence against accuracy, in bins of equal width over (0, 1].

    Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks (ICML 2017). Bin m
    of M holds the images whose confidence is in ((m − 1)/M, m/M].

    Attributes
    ----------
    confidence, accuracy : (M,) float64, [0, 1]
        Means over the images of each bin; NaN for a bin without any.
    count : (M,) int64
        Images in each bin.
    error : float
        Expected calibration error: mean of |accuracy − confidence| over the bins, weighted by
        their counts.
    """

    confidence: DoubleArray
    accuracy: DoubleArray
    count: IntArray
    error: float


@dataclass(frozen=True, slots=True)
class MistakenCells:
    """The cells of a confusion matrix that hold mistakes, the largest share of its row last.

    Attributes
    ----------
    true, predicted : (M,) int64
        Index of the true class, and of the predicted one.
    share : (M,) float64, (0, 1]
        Of the images of the true class that are in the cell.
    """

    true: IntArray
    predicted: IntArray
    share: DoubleArray


@dataclass(frozen=True, slots=True)
class Report:
    """How a network did on a set of images, in detail; its arrays are read-only.

    Attributes
    ----------
    dataset : str
        Title of the data set (``MNIST``).
    class_names : tuple of K str
    images : (N, H, W) or (N, H, W, 3) uint8, or None
        What was classified; shared with the data set, not copied. None where it is in files.
    labels, predictions : (N,) int64
        Index of the true class, and of the class with the largest logit.
    confidences : (N,) float32, [0, 1]
        Probability of the predicted class.
    loss : float
        Mean cross-entropy, in nats.
    confusion : (K, K) int64
        Images by [true class, predicted class].
    class_counts : (K,) int64
        Images of each true class.
    mistaken_cells : MistakenCells
        What is coloured of `confusion`: found here, since it may have millions of cells.
    precision, recall, f1 : (K,) float64, [0, 1]
        Of each class; NaN where there is nothing to take the share of.
    mistakes : (M,) int64
        Indices of the images classified wrongly, the most confident first.
    reliability : Reliability
    drawn : bool
        Whether 255 is ink in the images; otherwise it is light, as in a photograph.
    files : tuple of N str
        Paths of the images, where they were read one after the other and not kept.
    left_out : tuple of str
        A sentence on each file that could not be read; it counts nowhere else.
    """

    dataset: str
    class_names: tuple[str, ...]
    images: ByteArray | None
    labels: IntArray
    predictions: IntArray
    confidences: NDArray[np.float32]
    loss: float
    confusion: IntArray
    class_counts: IntArray
    mistaken_cells: MistakenCells
    precision: DoubleArray
    recall: DoubleArray
    f1: DoubleArray
    mistakes: IntArray
    reliability: Reliability
    drawn: bool = True
    files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Images in all."""
        return len(self.labels)

    @property
    def correct(self) -> int:
        """Images classified rightly."""
        return self.n - len(self.mistakes)

    @property
    def accuracy(self) -> float:
        """Share of images classified rightly, [0, 1]."""
        return self.correct / self.n

    def images_of(self, true: int, predicted: int) -> IntArray:
        """Return the indices of a cell's images, the most confident first.

        Parameters
        ----------
        true, predicted : int
            Indices of classes.

        Returns
        -------
        (n,) int64
        """
        found = np.flatnonzero((self.labels == true) & (self.predictions == predicted))
        return _by_confidence(found, self.confidences)

    def picture(self, index: int) -> Picture:
        """Return one image as it is put on the pad; one in a file is read.

        Raises
        ------
        IndexError
            If there is none.
        UserError
            If its file can't be read any more.
        """
        label = self.class_names[int(self.labels[index])]
        if self.images is None:
            return replace(open_picture(Path(self.files[index])), label=label)
        title = f"{self.dataset} test image {index}"
        return picture_of_image(self.images[index], title, label, drawn=self.drawn)

    def thumbnail(self, index: int) -> ByteArray:
        """Return one image to be shown small, (H, W) or (H, W, 3); of a file, its middle.

        Raises
        ------
        IndexError, UserError
            As of `picture`.
        """
        if self.images is None:
            return read_square(Path(self.files[index]), THUMBNAIL_PX, color=True)
        image: ByteArray = self.images[index]
        return image

    def notice(self) -> str:
        """Return one sentence on the files that were left out; empty if none was."""
        if not self.left_out:
            return ""
        count = len(self.left_out)
        verb = "was" if count == 1 else "were"
        return (
            f"{count:,} of {self.n + count:,} files could not be read and {verb} left out: "
            f"{named_files(self.left_out)}"
        )


@dataclass(frozen=True, slots=True)
class Robustness:
    """Accuracy of several networks on the same images, moved.

    Attributes
    ----------
    names : tuple of M str
        Titles of the networks.
    dataset : str
        Title of the data set.
    n : int
        Images that each figure is from.
    shifts : (S,) int64
        Pixels; each figure is the mean over the eight directions.
    shift_accuracy : (M, S) float64, [0, 1]
    rotations : (R,) float64
        Degrees, anticlockwise.
    rotation_accuracy : (M, R) float64, [0, 1]
    """

    names: tuple[str, ...]
    dataset: str
    n: int
    shifts: IntArray
    shift_accuracy: DoubleArray
    rotations: DoubleArray
    rotation_accuracy: DoubleArray


def report_of(
    dataset: str,
    class_names: tuple[str, ...],
    images: ByteArray | None,
    labels: IntArray,
    predictions: IntArray,
    confidences: NDArray[np.float32],
    loss: float,
    *,
    drawn: bool = True,
    files: tuple[str, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Report:
    """Count what follows from the answers; see `Report` for what isn't said here.

    Parameters
    ----------
    dataset : str
        Title.
    class_names : tuple of str, (K,)
    images : (N, H, W) or (N, H, W, 3) uint8, or None
        Read-only from now on, as all arrays are.
    labels, predictions : (N,) int64
        Indices into `class_names`.
    confidences : (N,) float32, [0, 1]
    loss : float
        Mean cross-entropy, nats.
    """
    confusion = confusion_of(labels, predictions, len(class_names))
    right = np.diag(confusion).astype(np.float64)  # (K,)
    predicted, true = confusion.sum(axis=0), confusion.sum(axis=1)  # (K,)
    report = Report(
        dataset=dataset,
        class_names=class_names,
        images=images,
        labels=labels,
        predictions=predictions,
        confidences=confidences,
        loss=loss,
        confusion=confusion,
        class_counts=true,
        mistaken_cells=mistaken_cells_of(labels, predictions, true),
        precision=_share(right, predicted),
        recall=_share(right, true),
        f1=_share(2 * right, predicted + true),
        mistakes=_by_confidence(np.flatnonzero(labels != predictions), confidences),
        reliability=reliability_of(confidences, labels == predictions),
        drawn=drawn,
        files=files,
        left_out=left_out,
    )
    for name in ("labels", "predictions", "confidences", "confusion", "precision", "recall"):
        getattr(report, name).flags.writeable = False
    cells = report.mistaken_cells
    for array in (true, cells.true, cells.predicted, cells.share):
        array.flags.writeable = False
    for array in (report.f1, report.mistakes, *(() if images is None else (images,))):
        array.flags.writeable = False
    return report


def confusion_of(labels: IntArray, predictions: IntArray, classes: int) -> IntArray:
    """Count images by [true class, predicted class]: (K, K) int64."""
    cells = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def mistaken_cells_of(
    labels: IntArray, predictions: IntArray, class_counts: IntArray
) -> MistakenCells:
    """Find the cells that hold mistakes.

    Parameters
    ----------
    labels, predictions : (N,) int64
    class_counts : (K,) int64
        Images of each true class.
    """
    wrong, classes = labels != predictions, len(class_counts)
    cells, count = np.unique(labels[wrong] * classes + predictions[wrong], return_counts=True)
    true, predicted = np.divmod(cells, classes)  # (M,)
    share = count / class_counts[true]
    order = np.argsort(share, kind="stable")
    return MistakenCells(true[order], predicted[order], share[order])


def reliability_of(
    confidences: NDArray[np.float32], right: NDArray[np.bool_], bins: int = RELIABILITY_BINS
) -> Reliability:
    """Sort answers into bins of confidence.

    Parameters
    ----------
    confidences : (N,) float32, [0, 1]
    right : (N,) bool
        Whether each answer was right.
    bins : int
    """
    exact = confidences.astype(np.float64)
    place = np.clip(np.ceil(exact * bins).astype(np.int64) - 1, 0, bins - 1)  # (N,)
    count = np.bincount(place, minlength=bins).astype(np.int64)
    confidence = _share(np.bincount(place, exact, bins), count)
    accuracy = _share(np.bincount(place, right.astype(np.float64), bins), count)
    gaps = np.abs(np.nan_to_num(accuracy - confidence))
    error = float(gaps @ count / max(1, count.sum()))
    for array in (confidence, accuracy, count):
        array.flags.writeable = False
    return Reliability(confidence, accuracy, count, error)


def _share(part: NDArray[Any], whole: IntArray) -> DoubleArray:
    """Return part / whole, NaN where there is no whole."""
    share = np.full(len(whole), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _by_confidence(indices: IntArray, confidences: NDArray[np.float32]) -> IntArray:
    order = np.argsort(-confidences[indices], kind="stable")
    return indices[order].astype(np.int64)
