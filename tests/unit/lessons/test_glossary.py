from __future__ import annotations

import re
from pathlib import Path

import pytest

from viewer.core.errors import UserError
from viewer.core.lessons.glossary import plain, read_glossary
from viewer.core.nets.shipped import shipped_models
from viewer.core.resources import resource_path
from viewer.widgets.training.setup_fields import STYLES

GLOSSARY = read_glossary(resource_path("glossary.toml"))


def test_terms_are_sorted_unique_and_explained_in_a_few_sentences() -> None:
    names = [plain(term.name) for term in GLOSSARY.terms]
    assert names == sorted(set(names))
    assert len(names) >= 60
    for term in GLOSSARY.terms:
        assert 2 <= len(re.findall(r"[.!?](?=\s|$)", term.text)) <= 4, term.name
        assert term.text.endswith("."), term.name


def test_no_two_terms_share_a_word() -> None:
    for term in GLOSSARY.terms:
        for word in (term.name, *term.also):
            assert GLOSSARY.find(word) is term, word


def test_related_terms_are_there() -> None:
    for term in GLOSSARY.terms:
        for name in term.see:
            found = GLOSSARY.find(name)
            assert found is not None and found.name == name


@pytest.mark.parametrize("label", sorted({s.name or s.label for s in STYLES.values()}))
def test_every_setting_of_a_training_is_explained(label: str) -> None:
    assert GLOSSARY.find(label) is not None


def test_every_operation_of_the_shipped_networks_is_explained() -> None:
    from viewer.core.engine import Engine

    for model in shipped_models():
        for node in Engine.open(model).network.nodes:
            assert GLOSSARY.find(node.type_name) is not None, node.type_name


def test_names_come_before_texts_in_a_search() -> None:
    found = [term.name for term in GLOSSARY.search("stride")]
    assert found[0] == "stride"
    assert "output size" in found
    assert GLOSSARY.search("xyzzy") == ()
    assert GLOSSARY.search(" ") == GLOSSARY.terms


def test_labels_are_found_as_they_stand_on_screen() -> None:
    for label in ("Learning &rate", "learning rate:", "Rotation ±", "ReLU", "MaxPool2d"):
        assert GLOSSARY.find(label) is not None, label


@pytest.mark.parametrize("text", ["", "terms = 3", '[[terms]]\nname = "a"', "="])
def test_a_damaged_glossary_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "glossary.toml"
    path.write_text(text)
    with pytest.raises(UserError, match="can't be read"):
        read_glossary(path)
