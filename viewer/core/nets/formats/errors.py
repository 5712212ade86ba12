"""Refusals of a file that a person can do something about."""

from __future__ import annotations

from viewer.core.errors import UserError
from viewer.core.sentences import count_of

SHOWN_NAMES = 4  # in a sentence; the exception has them all


class AmbiguousNetwork(UserError):  # noqa: N818 - it is a question
    """Weights fit several architectures.

    Attributes
    ----------
    names : tuple of str
        The architectures that fit: `Profile.architecture` chooses one.
    """

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message, names)
        self.names = names

    def __str__(self) -> str:
        return str(self.args[0])


class UntrustedPickle(UserError):  # noqa: N818 - it is a question
    """Opening the file would run code that is in it.

    Attributes
    ----------
    imports : tuple of str
        What its pickle would import, ``module.name``, sorted.
    """

    def __init__(self, message: str, imports: tuple[str, ...]) -> None:
        super().__init__(message, imports)
        self.imports = imports

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownSize(UserError):  # noqa: N818 - it is a question
    """A network takes no image of any usual size, or not of the one that was said.

    Parameters
    ----------
    what : str
        The network.
    given : (C, H, W) or None
        The size that was said; None if usual ones were tried.
    reason : str
        What it says to such an image.
    takes : (C, H, W), optional
        A size that it does take, in place of `given`.
    """

    def __init__(
        self,
        what: str,
        given: tuple[int, int, int] | None,
        reason: str,
        takes: tuple[int, int, int] | None = None,
    ) -> None:
        if given is not None and takes is not None:
            super().__init__(_other_size(what, given, takes))
            return
        size = "a usual size" if given is None else " × ".join(map(str, given))
        said = "its" if given is None else "another"
        super().__init__(
            f"{what} takes no image of {size} ({reason or 'it gives no tensor'}): "
            f"say {said} input size."
        )


def _other_size(what: str, given: tuple[int, int, int], takes: tuple[int, int, int]) -> str:
    was, size = (" × ".join(map(str, shape)) for shape in (given, takes))
    if given[1:] == takes[1:]:
        wanted = f"an image of {count_of(takes[0], 'channel')}"
    else:
        wanted = "one of that size"
    return (
        f"{what} takes an image of {size} (channels, height, width), and was given {was}: "
        f"give {wanted}."
    )


def some_of(names: tuple[str, ...]) -> str:
    """Return the first names of many, for a sentence."""
    shown = ", ".join(printable(name) for name in names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def printable(name: str) -> str:
    """Return a name out of a file as one short line."""
    text = name if name.isprintable() else name.encode("unicode_escape").decode()
    return text if len(text) <= 80 else f"{text[:80]}…"
