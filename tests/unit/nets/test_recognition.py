"""Weights of a torchvision that is not the one that the table was made with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from viewer.core.nets.formats import recognition
from viewer.core.nets.formats.empty import build_empty_torchvision, fingerprint, shapes_of
from viewer.core.nets.formats.torchvision_table import TORCHVISION

NAME = "squeezenet1_1"
CLASSES = 3


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    table = {name: row for name, row in TORCHVISION.items() if name != NAME}
    monkeypatch.setattr(recognition, "TORCHVISION", table)
    recognition._installed_rows.cache_clear()
    yield
    recognition._installed_rows.cache_clear()


def test_an_architecture_that_the_table_lacks_is_built_to_know_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = shapes_of(build_empty_torchvision(NAME, CLASSES))
    rows = [(NAME, (fingerprint(shapes), "classifier.1.weight"))]
    monkeypatch.setattr(recognition, "torchvision_rows", lambda: iter(rows))
    assert recognition.fits(shapes) == ()  # the table is of this version: it has them all
    monkeypatch.setattr(recognition, "table_holds", lambda: False)
    (found,) = recognition.fits(shapes)
    assert (found.architecture, found.classes) == (NAME, CLASSES)


def test_nothing_is_built_where_the_table_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "table_holds", lambda: False)
    monkeypatch.setattr(recognition, "torchvision_rows", lambda: pytest.fail("it was built"))
    (found,) = recognition.fits(shapes_of(build_empty_torchvision("alexnet", CLASSES)))
    assert found.architecture == "alexnet"
