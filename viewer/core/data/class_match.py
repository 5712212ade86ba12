"""Which class of a data set each class of a network is: by name, whatever their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewer.core.errors import UserError

IMAGENET_CLASSES = 1000
_BETWEEN_WORDS = re.compile(r"[\s_\-]+")
_WORDNET_ID = re.compile(r"n\d{8}")
_CLASS_NUMBER = re.compile(r"class (\d+)")


def match_classes(
    network: Sequence[str], dataset: Sequence[str], network_title: str, dataset_title: str
) -> NDArray[np.int64]:
    """Find the classes of a data set among those of a network.

    Names are the same if they differ in nothing but upper and lower case, spaces, underscores
    and hyphens: folders can't always be called as classes are. Where a network has only numbers
    for names, "class 141" is the same as "141", as its predictions are called; and if a name
    doesn't fit, but it has as many classes as the data set, they are taken in the order of the
    data set, which is that of its sorted folders (``ImageFolder``). So are the thousand folders of
    ImageNet, which are called by their WordNet IDs (``n01440764``).

    Parameters
    ----------
    network, dataset : sequence of str
        Class names.
    network_title, dataset_title : str
        For the message.

    Returns
    -------
    (K,) int64
        For each class of the network, the index of the data set's class, or -1 for none.

    Raises
    ------
    UserError
        If the data set has a class that the network doesn't have.
    """
    # Two folders whose names differ by so little are told apart by their whole names.
    key = _key if len({_key(name) for name in dataset}) == len(dataset) else str
    named = [key(name) for name in dataset]
    if are_numbers(network):
        bare = [_CLASS_NUMBER.sub(r"\1", _key(name)) for name in dataset]
        named = bare if len(set(bare)) == len(bare) else named  # not beside a folder "141"
    places = {name: index for index, name in enumerate(named)}
    found = np.array([places.get(key(name), -1) for name in network], np.int64)
    missing = sorted(set(places.values()) - set(found.tolist()))
    if not missing:
        return found
    ordered = are_numbers(network) or (len(network) == IMAGENET_CLASSES and are_ids(dataset))
    if len(network) == len(dataset) and ordered:
        return np.arange(len(network), dtype=np.int64)
    known = ", ".join(list(network)[:3])
    more = ", …" if len(network) > 3 else ""
    others = f" (and {len(missing) - 1:,} more)" if len(missing) > 1 else ""
    raise UserError(
        f"{network_title} has no class called {dataset[missing[0]]}{others}, as {dataset_title} "
        f"has: name the folders as its classes are ({known}{more}), or set its class names."
    )


def are_numbers(names: Sequence[str]) -> bool:
    """Return whether classes are called by their index alone."""
    return list(names) == [str(i) for i in range(len(names))]


def are_ids(names: Sequence[str]) -> bool:
    """Return whether classes are called by WordNet IDs, as ImageNet's folders are."""
    return all(_WORDNET_ID.fullmatch(name) for name in names)


def _key(name: str) -> str:
    return _BETWEEN_WORDS.sub(" ", name).strip().casefold()
