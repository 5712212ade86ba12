"""Only one process trains in a run's folder. No torch here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from viewer.core.errors import UserError
from viewer.core.files import disk_error

LOCK_NAME = "run.lock"

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class RunLock:
    """Held as long as the process lives, or until it is released; a kill releases it too.

    Parameters
    ----------
    folder : pathlib.Path
        Of a run; exists.

    Raises
    ------
    UserError
        If another one holds it, or the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK_NAME
        try:
            self._file: BinaryIO = path.open("ab")
        except OSError as error:
            raise disk_error(path, error) from None
        try:
            _lock(self._file)
        except BlockingIOError:
            self._file.close()
            raise _in_use(folder) from None
        except OSError as error:
            if os.name == "nt":
                self._file.close()
                raise _in_use(folder) from error
            # A shared file system without locks: training there is better than not training.

    def release(self) -> None:
        """Let another one train here; again does nothing."""
        self._file.close()


def _in_use(folder: Path) -> UserError:
    return UserError(f"{folder} is in use by another training: stop that one first.")
