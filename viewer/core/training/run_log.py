"""Files of a run that lines are added to: buffered, cut after a crash. No torch here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from viewer.core.files import disk_error, replace_file

MAX_PENDING = 10_000  # lines; more are written at once, whatever the time


class RunLog:
    """A text file that grows by lines.

    Lines wait in memory until `flush`. Where the disk doesn't take them they go on waiting, and
    what the file had stays as it was.

    Parameters
    ----------
    path : pathlib.Path
    header : str
        First line of the file, written with the first others; empty for none.
    """

    def __init__(self, path: Path, header: str = "") -> None:
        self.path = path
        self._header = header
        self._pending: list[str] = []

    def add(self, line: str) -> None:
        """Add one line, without its end."""
        self._pending.append(line)
        if len(self._pending) >= MAX_PENDING:
            self.flush()

    def flush(self) -> None:
        """Write the lines that wait; UserError if the disk doesn't take them."""
        if not self._pending:
            return
        try:
            # Not kept open: nothing to close after an error, and a moved folder is noticed.
            with self.path.open("ab", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                lines = self._pending if size or not self._header else self._with_header()
                try:
                    _write_all(file.write, "".join(f"{line}\n" for line in lines).encode())
                except OSError:
                    file.truncate(size)  # shrinking needs no room
                    raise
        except OSError as error:
            raise disk_error(self.path, error) from None
        self._pending.clear()

    def cut(self, keeps: Callable[[str], bool]) -> None:
        """Drop a half line at the end, and the lines that `keeps` refuses; the header stays.

        Raises
        ------
        UserError
            If the file can't be read or written.
        """
        self._pending.clear()
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise disk_error(self.path, error) from None
        *lines, half = content.decode(errors="replace").split("\n")
        kept = [line for line in lines if line == self._header or keeps(line)]
        if half or len(kept) < len(lines):
            # Replaced, not shortened: who follows the file sees that it is another one.
            replace_file(self.path, "".join(f"{line}\n" for line in kept).encode())

    def _with_header(self) -> list[str]:
        return [self._header, *self._pending]


def _write_all(write: Callable[[bytes], int | None], content: bytes) -> None:
    """Write everything: an unbuffered file may take only a part, as a full disk does."""
    view = memoryview(content)
    while view:
        written = write(view)  # type: ignore[arg-type]  # a buffer is as good as bytes here
        if not written:
            raise OSError("nothing was written")
        view = view[written:]


def first_number(line: str) -> int:
    """Return the whole number before the first comma, -1 if there is none."""
    text = line.partition(",")[0]
    return int(text) if text.isascii() and text.isdecimal() else -1
