"""The order of a graph's nodes, and whether a part of it can stand for one node."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from viewer.core.records import Node


def users_of(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Return which nodes take each node's output."""
    users: dict[str, list[str]] = {node.name: [] for node in nodes}
    for node in nodes:
        for name in node.inputs:
            users[name].append(node.name)
    return users


def single_output(
    nodes: Sequence[Node],
    places: Mapping[str, int],
    users: Mapping[str, Sequence[str]],
    inside: Sequence[str],
) -> str | None:
    """Return the one node of a set that the rest of the network uses; None if it can't be one."""
    members = frozenset(inside)
    # The network's own output is used by nobody.
    outputs = [name for name in inside if not users[name] or not members.issuperset(users[name])]
    if len(outputs) != 1:
        return None
    after: set[str] = set()  # outside, and fed from inside
    for node in nodes[places[inside[0]] : places[inside[-1]] + 1]:
        if node.name in members:
            if not after.isdisjoint(node.inputs):
                return None  # a way leads out and back
        elif any(name in members or name in after for name in node.inputs):
            after.add(node.name)
    return outputs[0]


def in_order(nodes: Mapping[str, Node]) -> tuple[Node, ...] | None:
    """Return the nodes so that each comes after its inputs; None if there is a circle."""
    places = {name: place for place, name in enumerate(nodes)}
    missing = {name: len(node.inputs) for name, node in nodes.items()}
    users = users_of(tuple(nodes.values()))
    ready = [places[name] for name, count in missing.items() if not count]
    heapq.heapify(ready)
    names = list(nodes)
    found: list[Node] = []
    while ready:
        name = names[heapq.heappop(ready)]
        found.append(nodes[name])
        for user in users[name]:
            missing[user] -= 1
            if not missing[user]:
                heapq.heappush(ready, places[user])
    return tuple(found) if len(found) == len(nodes) else None
