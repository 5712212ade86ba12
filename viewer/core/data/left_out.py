"""Files that were left out, named in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

_NAMED = 3  # the others are counted


def named_files(sentences: Sequence[str]) -> str:
    """Return the end of a sentence that names files which can't be read, and says what to do.

    Parameters
    ----------
    sentences : sequence of str
        One or more, each on a file: what is wrong, a colon, and what to do about it, which is
        said once here in place of that.

    Returns
    -------
    str
        ``a.png is empty; b.png is damaged; and 2 more: replace or remove these files.``
    """
    wrong = [sentence.rstrip(".") for sentence in sentences[:_NAMED]]
    parts = [before or after for before, _, after in (text.rpartition(": ") for text in wrong)]
    more = len(sentences) - _NAMED
    if more > 0:
        parts.append(f"and {more:,} more")
    these = "this file" if len(sentences) == 1 else "these files"
    return f"{'; '.join(parts)}: replace or remove {these}."
