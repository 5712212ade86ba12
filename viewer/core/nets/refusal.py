"""Why a network was not opened, and what a person can do about it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.errors import UserError
from viewer.core.nets.formats.errors import AmbiguousNetwork, UnknownSize, UntrustedPickle

PLAIN = "plain"
UNTRUSTED = "untrusted"  # opening it would run code: a person may say that they trust it
AMBIGUOUS = "ambiguous"  # several architectures fit: a person may choose one
SIZE = "size"  # it takes no image of a usual size: a person may say which
KINDS = (PLAIN, UNTRUSTED, AMBIGUOUS, SIZE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What crosses a thread, or comes out of another process.

    Attributes
    ----------
    kind : str
        `PLAIN`, `UNTRUSTED`, `AMBIGUOUS` or `SIZE`.
    sentence : str
        What is wrong, and what to do.
    names : tuple of str
        What an untrusted file would import; the architectures that fit an ambiguous one.
    """

    kind: str
    sentence: str
    names: tuple[str, ...] = ()


def refusal_of(error: UserError) -> Refusal:
    """Return the values of an exception of `viewer.core.nets.opening.open_network`."""
    if isinstance(error, UntrustedPickle):
        return Refusal(UNTRUSTED, str(error), error.imports)
    if isinstance(error, AmbiguousNetwork):
        return Refusal(AMBIGUOUS, str(error), error.names)
    return Refusal(SIZE if isinstance(error, UnknownSize) else PLAIN, str(error))
