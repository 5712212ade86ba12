"""Files that are whole at any time. No torch here."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from viewer.core.errors import UserError

_SUFFIX = ".part"
FILE_MODE = 0o644  # a temporary file is private, what it becomes is not


def replace_file(path: Path, *content: bytes | memoryview, durable: bool = False) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    Parameters
    ----------
    path : pathlib.Path
    *content : bytes or memoryview
        One after the other.
    durable : bool
        Wait until the disk has it: then it outlives a power failure too.

    Raises
    ------
    UserError
        If the folder or the file can't be written; an old file stays as it was.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX, delete=False
        ) as file:
            temporary = Path(file.name)
            for part in content:
                file.write(part)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.chmod(FILE_MODE)
        temporary.replace(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise disk_error(path, error) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)  # it is there only if something failed


def remove_leftovers(folder: Path) -> None:
    """Delete what `replace_file` left in `folder` where the process was killed within it."""
    with contextlib.suppress(OSError):  # none of them does any harm
        for path in folder.glob(f".*{_SUFFIX}"):
            path.unlink(missing_ok=True)


def disk_error(path: Path, error: OSError | ValueError) -> UserError:
    """Return what to tell somebody whose disk doesn't take a file."""
    reason = getattr(error, "strerror", None) or error
    return UserError(f"{path} can't be written ({reason}): make room or choose another folder.")
