"""Networks with blocks for tests: torchvision's, traced, and small ones made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from viewer.core.records import Kind, NetworkRecord, Node

SIDE = 64  # of the images: enough for all that halve five times


@cache
def traced(name: str, side: int = SIDE) -> NetworkRecord:
    """Return a classification network of torchvision as a record."""
    # Only where it is needed: it takes seconds.
    import torchvision  # type: ignore[import-untyped]  # as it comes

    from viewer.core.nets.graph import Graph

    options = {"init_weights": False} if name == "googlenet" else {}
    builder = torchvision.models.get_model_builder(name)
    graph = Graph(builder(weights=None, **options), (3, side, side))
    return record(graph.nodes, graph.modules, name)


def record(
    nodes: Iterable[Node], modules: Mapping[str, str], title: str = "by hand"
) -> NetworkRecord:
    """Return a network of these nodes."""
    found = tuple(nodes)
    return NetworkRecord(
        title=title,
        architecture=title,
        nodes=found,
        logits=found[-1].name,
        input_shape=(3, SIDE, SIDE),
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
        class_names=(),
        parameters=sum(node.parameters for node in found),
        test_accuracy=None,
        dataset=None,
        source="a test",
        modules=modules,
    )


def by_hand(
    edges: Mapping[str, tuple[str, ...]], modules: Mapping[str, str], parameters: int = 0
) -> NetworkRecord:
    """Return a network by its nodes' inputs: all of 8 maps of 16 × 16."""
    return record(
        (
            Node(
                name,
                Kind.OTHER if inputs else Kind.INPUT,
                "op",
                inputs,
                (8, 16, 16),
                parameters if inputs else 0,
                signed=True,
            )
            for name, inputs in edges.items()
        ),
        modules,
    )


def residual(blocks: int = 12) -> NetworkRecord:
    """Return a chain of residual blocks ``body.0`` …, each of three nodes."""
    edges: dict[str, tuple[str, ...]] = {"input": ()}
    modules = {"body": "Sequential"}
    last = "input"
    for number in range(blocks):
        path = f"body.{number}"
        modules[path] = "Residual"
        edges[f"{path}.conv"] = (last,)
        edges[f"{path}.norm"] = (f"{path}.conv",)
        edges[f"{path}.add"] = (f"{path}.norm", last)
        last = f"{path}.add"
    edges["head"] = (last,)
    return by_hand(edges, modules, parameters=10)
