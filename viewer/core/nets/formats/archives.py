"""Zip archives whose claims are checked against the file before anything is unpacked.

Torch writes its archives without compression, apart from small texts. So an entry may be as
large as what it takes up in the file, and what is compressed may grow only so much.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from viewer.core.errors import UserError
from viewer.core.sentences import shortened

MAX_ENTRIES = 200_000
MAX_NAME_LENGTH = 500
MAX_GROWTH = 20  # times the file's size, of what is compressed in it
SMALL_BYTES = 32 << 20  # of what may be unpacked from however small a file
MAX_TEXT_BYTES = 256 << 20  # of one entry that is read whole
_ENCRYPTED = 0x1
_KNOWN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """An open archive that has passed every check.

    Attributes
    ----------
    path : pathlib.Path
    sizes : mapping of str to int
        Bytes of each entry, unpacked, under its name without the archive's own folder.
    """

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self.path = path
        self._file = file
        infos = file.infolist()
        _check(path, infos)
        files = [info for info in infos if not info.is_dir()]
        root = _root(files)
        self._infos = {info.filename[len(root) :]: info for info in files}
        self.sizes: Mapping[str, int] = MappingProxyType(
            {name: info.file_size for name, info in self._infos.items()}
        )

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def is_stored(self, name: str) -> bool:
        """Tell whether an entry stands in the file as it is."""
        return self._infos[name].compress_type == zipfile.ZIP_STORED

    def read(self, name: str, *, limit: int = MAX_TEXT_BYTES) -> bytes:
        """Return the bytes of an entry; UserError if it is not there, too large or damaged."""
        if name not in self._infos:
            raise damaged(self.path, f"{name} is missing")
        if self.sizes[name] > limit:
            raise damaged(self.path, f"{name} is larger than {limit >> 20} MB")
        try:
            return self._file.read(self._infos[name])
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError) as error:
            raise damaged(self.path, str(error)) from None
        except Exception as error:
            if type(error).__module__ != "zlib":  # zlib.error derives from Exception only
                raise
            raise damaged(self.path, "an entry can't be unpacked") from None


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Open a zip file and check its list of entries.

    Raises
    ------
    UserError
        If it is cut off, claims more than there is, or has entries that no network has.
    """
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError) as error:
        raise damaged(path, str(error)) from None
    except (NotImplementedError, EOFError, OverflowError, MemoryError) as error:
        raise damaged(path, str(error)) from None
    with file:
        yield Archive(path, file)


def damaged(path: Path, reason: str) -> UserError:
    """Return what to tell about a file that is not what it claims to be."""
    line = shortened(reason, 160)
    text = line if line.isprintable() else line.encode("unicode_escape").decode()
    return UserError(f"{path} is damaged or cut off ({text}): get or export the file again.")


def _check(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    size = path.stat().st_size
    if not infos:
        raise UserError(f"{path} is an empty archive: choose a file that holds a network.")
    if len(infos) > MAX_ENTRIES:
        raise UserError(f"{path} has {len(infos):,} entries, as no network has: choose another.")
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise UserError(f"{path} has two entries of one name, so it can't be trusted: get another.")
    for info in infos:
        _check_entry(path, info)
    if sum(info.compress_size for info in infos) > size:
        raise damaged(path, "its entries are larger than the file")
    grown = sum(i.file_size for i in infos if i.compress_type != zipfile.ZIP_STORED)
    if grown > SMALL_BYTES + MAX_GROWTH * size:
        raise UserError(
            f"{path} would take {grown / 1e9:.3g} GB unpacked, {grown / max(size, 1):,.0f} times "
            "its size: save it again without compression."
        )


def _check_entry(path: Path, info: zipfile.ZipInfo) -> None:
    parts = PurePosixPath(info.filename).parts
    outside = not parts or parts[0] == "/" or ".." in parts or "\\" in info.filename
    if outside or ":" in info.filename or len(info.filename) > MAX_NAME_LENGTH:
        raise UserError(f"{path} has an entry with a name that leads outside it: get another file.")
    if info.flag_bits & _ENCRYPTED:
        raise UserError(f"{path} is encrypted: unpack it with its password first.")
    if info.compress_type not in _KNOWN_COMPRESSION:
        raise UserError(f"{path} is compressed in a way that torch doesn't use: save it again.")
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise damaged(path, f"{info.filename} claims another size than it has")
    if info.header_offset + info.compress_size > path.stat().st_size:
        raise damaged(path, f"{info.filename} ends behind the end of the file")


def _root(infos: list[zipfile.ZipInfo]) -> str:
    """Return the folder that all entries stand in, with its slash; empty without one."""
    firsts = {info.filename.split("/", 1)[0] for info in infos}
    nested = all("/" in info.filename for info in infos)
    return f"{firsts.pop()}/" if nested and len(firsts) == 1 else ""
