from __future__ import annotations

from tests.unit.blocky import traced
from viewer.core.blocks import BlockTree
from viewer.core.node_search import Found, find_nodes


def found(query: str, network: str = "resnet18") -> list[str]:
    record = traced(network)
    return [item.name for item in find_nodes(record, BlockTree(record).blocks, query)]


def test_names_come_before_types() -> None:
    names = found("conv1")
    assert names[0] == "conv1"
    assert all(name.endswith("conv1") for name in names)
    by_type = found("conv2")  # Conv2d, too
    split = [name.endswith("conv2") for name in by_type]
    assert split == sorted(split, reverse=True)
    assert {"layer4.0.downsample.0", "conv1"} <= set(by_type)


def test_a_block_is_found_by_its_class_before_what_is_inside() -> None:
    assert found("basicblock") == [f"layer{i}.{j}" for i in (1, 2, 3, 4) for j in (0, 1)]
    first = found("layer2.0")[:2]
    assert first == ["layer2.0", "layer2.0.conv1"]


def test_all_words_have_to_match() -> None:
    assert found("layer2 bn1") == ["layer2.0.bn1", "layer2.1.bn1"]
    assert found("LAYER3 Conv2d downsample") == ["layer3.0.downsample.0"]


def test_a_kind_is_found_by_its_word() -> None:
    assert found("pooling") == ["maxpool", "avgpool"]


def test_no_word_finds_nothing() -> None:
    assert found("") == found("   ") == found("transformer") == []


def test_what_is_found_says_what_it_is() -> None:
    record = traced("resnet18")
    blocks = BlockTree(record).blocks
    assert find_nodes(record, blocks, "layer4.1 block") == (
        Found("layer4.1", "BasicBlock", is_block=True),
    )
