"""Classes of a folder among those of a network."""

from __future__ import annotations

import pytest

from viewer.core.data.class_match import match_classes
from viewer.core.errors import UserError


@pytest.mark.parametrize(
    ("network", "dataset", "expected"),
    [
        (("cat", "dog"), ("cat", "dog"), [0, 1]),
        (("dog", "eel", "cat"), ("cat", "dog"), [1, -1, 0]),  # not the network's order
        (("Great white shark", "tench"), ("great_white-shark", "TENCH"), [0, 1]),
        (("crane", "ox", "crane"), ("crane", "ox"), [0, 1, 0]),  # ImageNet has two
        (("0", "1", "2"), ("ant", "bee", "cat"), [0, 1, 2]),  # numbers: the folders' order
        (("2", "0", "1"), ("0", "1", "2"), [2, 0, 1]),  # but a number that is a name is one
        (("0", "1", "2"), ("class 2", "Class_1"), [-1, 1, 0]),  # as the prediction calls them
        (("0", "1", "2"), ("class 2", "1"), [-1, 1, 0]),
        (("a b", "a_b"), ("a_b", "a b"), [1, 0]),  # told apart by their whole names
    ],
)
def test_by_name(network: tuple[str, ...], dataset: tuple[str, ...], expected: list[int]) -> None:
    assert match_classes(network, dataset, "net", "folder").tolist() == expected


IDS = tuple(f"n{100 * i:08}" for i in range(1000))


def test_the_thousand_folders_of_imagenet_are_in_its_order() -> None:
    names = tuple(f"class {i}" for i in range(1000))
    assert match_classes(names, IDS, "net", "folder").tolist() == list(range(1000))
    with pytest.raises(UserError, match="no class called n00000000"):
        match_classes(names[:10], IDS[:10], "net", "folder")  # ten of them may be any


@pytest.mark.parametrize(
    ("network", "dataset", "lacking"),
    [
        (("cat", "dog"), ("cat", "eel"), "eel"),
        (("0", "1", "2"), ("ant", "bee"), "ant (and 1 more)"),  # numbers, but not as many
        (("b", "a"), ("a", "b", "c"), "c"),
        (("0", "1", "2"), ("class 1", "1"), "class 1"),  # which of the two would it be?
        (("ant", "1"), ("class 1",), "class 1"),  # it has names
    ],
)
def test_a_class_that_the_network_lacks(
    network: tuple[str, ...], dataset: tuple[str, ...], lacking: str
) -> None:
    with pytest.raises(UserError) as error:
        match_classes(network, dataset, "net", "folder")
    assert str(error.value).startswith(f"net has no class called {lacking}, as folder has: ")
