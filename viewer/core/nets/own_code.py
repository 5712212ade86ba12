"""Which files run code of their own, so that they are tried in another process first."""

from __future__ import annotations

from viewer.core.errors import UserError
from viewer.core.nets.formats.detection import Format, detect
from viewer.core.nets.shipped import existing_path, shipped_models

# Graphs that somebody else's program made; what runs them is a library, but it runs them as told.
_PROGRAMS = frozenset({Format.TORCHSCRIPT, Format.EXPORTED, Format.ONNX})


def runs_own_code(model: str, *, trust: bool = False) -> bool:
    """Return whether opening a network does what its file says, beyond known architectures.

    A trusted pickle runs any code. Of a program only the operations that the file lists are done,
    all of them ours, torch's or the converter's: but which and on how much, the file says.

    Parameters
    ----------
    model : str
        A name, or a path.
    trust : bool
        Whether its pickle may run code: if so, it does.

    Returns
    -------
    bool
        False for what holds no network: opening it says why.
    """
    path = existing_path(model)
    if model in shipped_models() or path is None or not path.is_file():
        return False
    try:
        kind = detect(path)
    except UserError:
        return False
    return kind in _PROGRAMS or (trust and kind is not Format.SAFETENSORS)
