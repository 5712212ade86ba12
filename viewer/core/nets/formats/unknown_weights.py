"""What to tell about weights that fit no known architecture: what they lack, and what to run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from viewer.core.errors import UserError
from viewer.core.nets.formats.errors import printable
from viewer.core.nets.formats.recognition import Shapes, nearest
from viewer.core.nets.profile import MAX_CHANNELS
from viewer.core.sentences import export_line

_RGB = 3
# As `viewer.core.nets.table.layer_names` has them; the network that a table gives ends in `output`.
_TABLE_LAYER = re.compile(r"conv\d+(_norm)?|dense\d+(_norm)?|norm\d+|output")
# How the embeddings of words are called in networks of the transformers library and its kin.
_WORDS = re.compile(
    r"(.*\.)?(word_embeddings|embed_tokens|tok_embeddings|token_embedding|wte)\.weight"
)
_KINDS: Mapping[int, str] = MappingProxyType({2: "dense layer", 4: "convolution"})  # by rank
_NOT_STORED = "strides, paddings, poolings, activations"


def unknown_weights(path: Path, shapes: Shapes) -> UserError:
    """Return what to tell about weights that no known architecture has.

    Parameters
    ----------
    path : pathlib.Path
    shapes : mapping of str to tuple of int
        Of every weight.
    """
    words = next((name for name in shapes if _WORDS.fullmatch(name)), "")
    if words:
        return UserError(
            f"{path} holds the weights of a network for texts (it has {printable(words)}): choose "
            "a network that takes an image."
        )
    if _is_table(shapes):
        return UserError(
            f"{path} holds the weights of a network out of the layer table, but not the table "
            f"({_NOT_STORED}): open the file that the training or File → Save network wrote, "
            "which has it."
        )
    channels = next((shape[1] for shape in shapes.values() if len(shape) == 4), _RGB)
    size = f"1, {channels if channels <= MAX_CHANNELS else _RGB}, HEIGHT, WIDTH"
    what = nearest(shapes) or _counted(shapes)
    said = f" ({what})" if what else ""
    return UserError(
        f"{path} holds weights that fit no known architecture{said}, and not what lies between "
        f"them ({_NOT_STORED}): load them into the network in Python and run "
        f"{export_line(size)} there, then open that file, or show the network from there with "
        "viewer.show(model, image)."
    )


def _is_table(shapes: Shapes) -> bool:
    layers = {name.rpartition(".")[0] for name in shapes}
    return len(layers) > 1 and "output" in layers and all(map(_TABLE_LAYER.fullmatch, layers))


def _counted(shapes: Shapes) -> str:
    """Return how many layers of each kind the weights are of; empty if there are others."""
    kinds: dict[str, str] = {}
    for name, shape in shapes.items():
        layer, _, part = name.rpartition(".")
        if part == "running_mean":
            kinds[layer] = "normalisation"
        elif part == "weight" and len(shape) in _KINDS:
            kinds[layer] = _KINDS[len(shape)]
        else:
            kinds.setdefault(layer, "")
    counts = Counter(kinds.values())
    if not counts or "" in counts:
        return ""
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in counts.items())
