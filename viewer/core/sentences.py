"""Parts of sentences that several modules say to the person at the screen."""

from __future__ import annotations

REASON_LETTERS = 120  # of somebody else's message, in the middle of a sentence of ours
PROGRAM_FILE = "net.pt2"


def shortened(text: object, letters: int = REASON_LETTERS) -> str:
    """Return a message as one line without its last full stop, cut between words.

    Parameters
    ----------
    text : object
        A text, or an exception.
    letters : int
        At most so many, with the ellipsis.

    Returns
    -------
    str
        A single word that is longer is cut where it has to be.
    """
    line = " ".join(str(text).split()).rstrip(".:")
    if len(line) <= letters:
        return line
    start, _, rest = line[:letters].rpartition(" ")
    return f"{(start if start else rest[:-1]).rstrip('.,:;(')}…"


def export_line(size: str = "1, 3, 224, 224") -> str:
    """Return the Python that writes a network called ``model`` as a program that opens anywhere.

    Parameters
    ----------
    size : str
        Of its input, with the batch axis.
    """
    return (
        f"torch.export.save(torch.export.export(model.eval(), (torch.zeros({size}),)), "
        f'"{PROGRAM_FILE}")'
    )


def count_of(number: int, noun: str) -> str:
    """Return a number of things: ``1 channel``, ``3 channels``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
