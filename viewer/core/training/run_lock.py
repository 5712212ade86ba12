"""Only one process trains in a run's folder. No torch here."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from viewer.core.errors import UserError
from viewer.core.files import disk_error

LOCK_NAME = "run.lock"
# Other machines see by the time of the file that whoever holds it is alive.
HEARTBEAT_S = 5.0
# Somebody may be looking just now whether it is held.
TRIES, BETWEEN_TRIES_S = 5, 0.02

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
        path = self._path = folder / LOCK_NAME
        try:
            self._file: BinaryIO = path.open("ab")
        except OSError as error:
            raise disk_error(path, error) from None
        try:
            _lock_patiently(self._file)
        except BlockingIOError:
            self._file.close()
            raise _in_use(folder) from None
        except OSError as error:
            if os.name == "nt":
                self._file.close()
                raise _in_use(folder) from error
            # A shared file system without locks: training there is better than not training.
        self._sign()
        self._released = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="run lock", daemon=True)
        self._heart.start()

    def release(self) -> None:
        """Let another one train here; again does nothing."""
        self._released.set()
        self._heart.join(HEARTBEAT_S)  # a file system that hangs keeps nobody for ever
        self._file.close()

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT_S):
            with contextlib.suppress(OSError):  # the folder may have been moved
                os.utime(self._path)

    def _sign(self) -> None:
        """Say which machine holds it; without that it merely can't be told later."""
        try:
            self._file.truncate(0)
            self._file.write(platform.node().encode())
            self._file.flush()
        except OSError:
            return


def _lock_patiently(file: BinaryIO) -> None:
    """Lock a file; `is_held` of another process lets go of it at once."""
    for _ in range(TRIES - 1):
        try:
            _lock(file)
        except OSError:
            threading.Event().wait(BETWEEN_TRIES_S)
        else:
            return
    _lock(file)


def is_held(folder: Path) -> bool | None:
    """Return whether a process trains in a run's folder; None where that can't be told.

    Only of a process on this machine: not every shared file system tells others of a lock.
    """
    try:
        with (folder / LOCK_NAME).open("rb") as file:
            if file.read() != platform.node().encode():
                return None
            file.seek(0)
            _lock(file)  # let go of as the file is closed
    except BlockingIOError:
        return True
    except PermissionError:
        return True if os.name == "nt" else None  # there what is locked can't be read
    except OSError:
        return None
    return False


def _in_use(folder: Path) -> UserError:
    return UserError(f"{folder} is being trained: stop that training first.")
