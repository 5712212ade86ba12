"""Unpacking what was downloaded: bounded, and only to names that we chose ourselves."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from viewer.core.data.downloads import PART
from viewer.core.errors import UserError
from viewer.core.files import FILE_MODE, disk_error

_CHUNK_BYTES = 1_000_000

Cancelled = Callable[[], None]  # raises what ends the work


def unpack_gzip(packed: Path, target: Path, *, max_bytes: int, check: Cancelled) -> None:
    """Unpack a gzip file; `target` appears only when it is whole.

    Parameters
    ----------
    packed, target : pathlib.Path
    max_bytes : int
        Content beyond is refused, whatever the file says of its size.
    check : callable
        Called at each chunk; what it raises ends the work.

    Raises
    ------
    UserError
        If the file is damaged or holds too much, or `target` can't be written.
    """
    try:
        source = packed.open("rb")
    except OSError as error:
        raise UserError(f"{packed} can't be read ({error.strerror}): download it again.") from None
    with source:
        _unpack(source, packed, target, max_bytes, check)


def unpack_zipped(
    archive: Path, wanted: Mapping[str, Path], *, max_bytes: int, check: Cancelled
) -> None:
    """Unpack some gzip files out of a zip archive.

    Parameters
    ----------
    archive : pathlib.Path
    wanted : mapping of file name in the archive (whatever its folder) to target
        The paths in the archive are never used as paths here.
    max_bytes : int
        Of the content of one file.
    check : callable
        As for `unpack_gzip`.

    Raises
    ------
    UserError
        If a file is missing, damaged or too large, or a target can't be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = {PurePosixPath(name).name: name for name in opened.namelist()}
            for name, target in wanted.items():
                if name not in names:
                    raise UserError(f"{archive.name} lacks {name}: download it again.")
                with opened.open(names[name]) as source:
                    _unpack(source, archive, target, max_bytes, check)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _damaged(archive, error) from None


def _unpack(
    source: IO[bytes], packed: Path, target: Path, max_bytes: int, check: Cancelled
) -> None:
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", suffix=PART, delete=False
        ) as sink:
            temporary = Path(sink.name)
            _copy(source, sink, packed, max_bytes, check)
        temporary.chmod(FILE_MODE)
        temporary.replace(target)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise disk_error(target, error) from None
        raise


def _copy(
    source: IO[bytes], sink: IO[bytes], packed: Path, max_bytes: int, check: Cancelled
) -> None:
    done = 0
    with gzip.GzipFile(fileobj=source) as content:
        while chunk := _read(content, packed):
            check()
            done += len(chunk)
            if done > max_bytes:
                raise UserError(
                    f"{packed.name} holds more than the {max_bytes / 1e6:.0f} MB that it can "
                    "have: download it again."
                )
            sink.write(chunk)


def _read(content: gzip.GzipFile, packed: Path) -> bytes:
    try:
        return content.read1(_CHUNK_BYTES)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise _damaged(packed, error) from None


def _damaged(packed: Path, error: Exception) -> UserError:
    return UserError(f"{packed.name} is damaged ({error}): download it again.")
