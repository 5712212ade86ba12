"""Somebody's own labelled drawings, kept in a stroke file.

One drawing a line: adding one appends a line, everything else replaces the file whole. A line
that can't be read is moved to a file beside, so nothing that was drawn is ever lost.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from viewer.core.data.dataset import ByteArray, ImageDataset
from viewer.core.errors import UserError
from viewer.core.files import disk_error, replace_file
from viewer.core.imaging.digit import digit_from_drawing
from viewer.core.imaging.stroke_file import (
    MAX_FILE_BYTES,
    LineError,
    drawing_from_line,
    line_of,
    read_stroke_file,
    write_stroke_file,
)
from viewer.core.records import Drawing, Legibility

NAME = "drawings"  # of the data set that they make
MAX_LABEL = 40  # characters
_SPARE = 4  # images kept for each drawing: of a few sizes, and of some that were deleted


class DrawingStore:
    """Labelled drawings in a file; belongs to one thread.

    What another process writes meanwhile is read before anything is changed here.

    Parameters
    ----------
    path : pathlib.Path
        A stroke file; it and its folder are made with the first drawing.

    Raises
    ------
    UserError
        If the file can't be read, or a broken line can't be put aside.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[bytes] = []
        self._drawings: list[Drawing] = []
        self._deleted: list[tuple[int, bytes, Drawing]] = []
        self._version: tuple[int, int, int] | None = None
        self._broken = 0
        # Strokes (held, so that their id stays theirs) and their image, by id and size.
        self._painted: dict[tuple[int, int], tuple[object, ByteArray]] = {}
        self._read()

    @property
    def path(self) -> Path:
        """Where the drawings are kept."""
        return self._path

    @property
    def aside(self) -> Path:
        """Where lines that can't be read are kept."""
        return self._path.with_suffix(f".broken{self._path.suffix}")

    def notice(self) -> str:
        """Return one sentence on broken lines found since the start; empty without any."""
        if not self._broken:
            return ""
        lines = "1 line" if self._broken == 1 else f"{self._broken} lines"
        return f"{lines} of {self._path.name} could not be read and went to {self.aside}."

    def __len__(self) -> int:
        return len(self._drawings)

    def items(self) -> tuple[Drawing, ...]:
        """Return all drawings, oldest first; `label` is what each shows."""
        return tuple(self._drawings)

    def counts(self) -> dict[str, int]:
        """Return how many drawings there are of each label, sorted by label."""
        counts = Counter(drawing.label or "" for drawing in self._drawings)
        return dict(sorted(counts.items()))

    def images(self, indices: Iterable[int], size: int = 28) -> ByteArray:
        """Return some drawings as the network sees them, (N, size, size) uint8, ink 255."""
        return self._images([self._drawings[index] for index in indices], size)

    def add(self, drawing: Drawing, label: str) -> int:
        """Keep a drawing.

        Returns
        -------
        int
            Its index.

        Raises
        ------
        UserError
            If there is nothing drawn, the label is none, or the file can't be written.
        """
        labelled = replace(drawing, label=_checked(label))
        if _is_blank(drawing):
            raise UserError("There is nothing to keep: draw something first.")
        self._refresh()
        self._append([labelled])
        return len(self._drawings) - 1

    def relabel(self, index: int, label: str) -> None:
        """Give a drawing another label; UserError if it isn't there or can't be written."""
        index = self._located(index)
        drawing = replace(self._drawings[index], label=_checked(label))
        self._rewrite(
            [*self._lines[:index], line_of(drawing), *self._lines[index + 1 :]],
            [*self._drawings[:index], drawing, *self._drawings[index + 1 :]],
        )

    def delete(self, index: int) -> None:
        """Take a drawing away; `undo_delete` brings it back. UserError as for `relabel`."""
        index = self._located(index)
        gone = (index, self._lines[index], self._drawings[index])
        self._rewrite(
            self._lines[:index] + self._lines[index + 1 :],
            self._drawings[:index] + self._drawings[index + 1 :],
        )
        self._deleted.append(gone)

    @property
    def can_undo(self) -> bool:
        """Whether there is a deletion to take back."""
        return bool(self._deleted)

    def undo_delete(self) -> int | None:
        """Bring back what was deleted last; return its index, None if nothing was."""
        if not self._deleted:
            return None
        self._refresh()
        index, line, drawing = self._deleted[-1]
        index = min(index, len(self._lines))
        self._rewrite(
            [*self._lines[:index], line, *self._lines[index:]],
            [*self._drawings[:index], drawing, *self._drawings[index:]],
        )
        self._deleted.pop()
        return index

    def export_file(self, path: Path) -> int:
        """Write all drawings to a stroke file; return how many. UserError if there is none."""
        if not self._drawings:
            raise UserError("There are no drawings to export: keep some first.")
        write_stroke_file(path, self._drawings)
        return len(self._drawings)

    def import_file(self, path: Path) -> int:
        """Add the labelled drawings of a stroke file that are not here yet.

        Returns
        -------
        int
            How many were added.

        Raises
        ------
        UserError
            If the file can't be read, or no drawing in it has a label.
        """
        found = [drawing for drawing in read_stroke_file(path) if drawing.label]
        found = [drawing for drawing in found if not _is_blank(drawing)]
        if not found:
            raise UserError(f'{path} has no drawing with a label: add "label" to its lines.')
        self._refresh()
        known = {line_of(drawing) for drawing in self._drawings}
        new = {line_of(d): d for d in (replace(d, label=_checked(d.label or "")) for d in found)}
        added = [drawing for line, drawing in new.items() if line not in known]
        self._append(added)
        return len(added)

    def dataset(self, like: ImageDataset) -> ImageDataset:
        """Return the drawings as images to learn from, beside those of another data set.

        Parameters
        ----------
        like : ImageDataset
            Square images; the result has its size, channels, classes, mean and std. Drawings
            whose label is none of its classes are left out.

        Raises
        ------
        UserError
            If no drawing is left, or `like` has no square images.
        """
        _, height, width = like.input_shape
        if height != width:
            raise UserError(f"Drawings are prepared as squares, and {like.name} has others.")
        number = {name.casefold(): n for n, name in enumerate(like.class_names)}
        chosen = [d for d in self._drawings if (d.label or "").casefold() in number]
        if not chosen:
            needed = f"{like.class_names[0]} to {like.class_names[-1]}"
            if not len(self):
                raise UserError(f"There are no drawings of yours yet: keep some labelled {needed}.")
            raise UserError(
                f"None of your {len(self)} drawings has a label of this data set: keep some "
                f"labelled {needed}."
            )
        images = self._images(chosen, width)  # (N, S, S)
        if like.input_shape[0] > 1:
            images = np.repeat(images[..., np.newaxis], like.input_shape[0], axis=3)
        labels = np.array([number[(d.label or "").casefold()] for d in chosen], np.uint8)
        return ImageDataset(NAME, like.part, images, labels, like.class_names, like.mean, like.std)

    def _images(self, drawings: list[Drawing], size: int) -> ByteArray:
        """Return (N, size, size) uint8; each drawing is painted once, whatever its label."""
        images = np.empty((len(drawings), size, size), np.uint8)
        if len(self._painted) > _SPARE * (len(self) + 1):
            self._painted.clear()  # most of them are of drawings that are gone
        for image, drawing in zip(images, drawings, strict=True):
            key = (id(drawing.strokes), size)
            if key not in self._painted:
                pixels = digit_from_drawing(drawing, size=size).pixels
                self._painted[key] = drawing.strokes, np.rint(pixels * 255).astype(np.uint8)
            image[:] = self._painted[key][1]
        return images

    def _located(self, index: int) -> int:
        """Return where the drawing at `index` is once other processes' changes are read."""
        if not 0 <= index < len(self._lines):
            raise UserError("That drawing is not there any more: choose another.")
        line = self._lines[index]
        self._refresh()
        if index < len(self._lines) and self._lines[index] == line:
            return index
        if line not in self._lines:
            raise UserError("That drawing is not there any more: choose another.")
        return self._lines.index(line)

    def _append(self, drawings: list[Drawing]) -> None:
        lines = [line_of(drawing) for drawing in drawings]
        content = b"".join(line + b"\n" for line in lines)
        if sum(map(len, self._lines)) + len(self._lines) + len(content) > MAX_FILE_BYTES:
            raise UserError(f"{self._path} is full (50 MB): export it, and delete some drawings.")
        _append_durably(self._path, content)
        self._lines += lines
        self._drawings += [drawing_from_line(line) for line in lines]  # as they are read later
        self._version = _version(self._path)

    def _rewrite(self, lines: list[bytes], drawings: list[Drawing]) -> None:
        replace_file(self._path, b"".join(line + b"\n" for line in lines), durable=True)
        self._lines, self._drawings = lines, drawings
        self._version = _version(self._path)

    def _refresh(self) -> None:
        if _version(self._path) != self._version:
            self._read()

    def _read(self) -> None:
        self._version = _version(self._path)
        lines, drawings, broken = _read_lines(self._path)
        if broken:
            _append_durably(self.aside, b"".join(line + b"\n" for line in broken))
            self._broken += len(broken)
            self._rewrite(lines, drawings)
        self._lines, self._drawings = lines, drawings


def _read_lines(path: Path) -> tuple[list[bytes], list[Drawing], list[bytes]]:
    """Return the lines of a file that hold a drawing, these drawings, and the other lines."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UserError(f"{path} is larger than 50 MB: split it into smaller files.")
        content = path.read_bytes()
    except FileNotFoundError:
        return [], [], []
    except OSError as error:
        raise UserError(
            f"{path} can't be read ({error.strerror}): check its permissions."
        ) from None
    lines, drawings, broken = [], [], []
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            drawing = drawing_from_line(line)
        except LineError:
            broken.append(line)
        else:
            lines.append(line.rstrip(b"\r"))
            drawings.append(drawing)
    return lines, drawings, broken


def _version(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file's content; None without the file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


def _append_durably(path: Path, content: bytes) -> None:
    """Add lines to a file's end, and wait until the disk has them."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":  # the last line was cut off: it stays one of its own
                    content = b"\n" + content
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(path, error) from None


def _checked(label: str) -> str:
    label = label.strip()
    if not label or len(label) > MAX_LABEL or not label.isprintable():
        raise UserError(f"A label is a short name such as 7, not {label[:MAX_LABEL]!r}.")
    return label


def _is_blank(drawing: Drawing) -> bool:
    return digit_from_drawing(drawing).legibility is Legibility.BLANK
