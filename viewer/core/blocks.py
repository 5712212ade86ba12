"""The repeated blocks of a network, and the nodes that are shown while some are collapsed.

A deep network is a few kinds of blocks over and over: residual blocks, inceptions, dense
layers. They are found by the classes of the modules that the nodes' paths name, and are
collapsed only where that tells the truth: a block has one output, and no way leads out of it
and back into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from viewer.core.graph_order import in_order, single_output, users_of
from viewer.core.records import Kind, NetworkRecord, Node

FEW_NODES = 24  # so many are shown one by one
MANY_CARDS = 40  # with more, the stages around blocks are collapsed, too
MIN_NODES = 2  # of a block
OPERATIONS = "operations"  # setting of a collapsed block: how many nodes it has

_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})
_REPEAT = "#"  # a module that is called again: ``relu#2``


@dataclass(frozen=True, slots=True)
class Block:
    """Nodes that can be shown as one.

    Attributes
    ----------
    path : str
        Of the module: ``layer1.0``.
    type_name : str
        Its class: ``BasicBlock``.
    nodes : tuple of str
        Names of all nodes inside, in the network's order.
    output : str
        The one whose output is the block's.
    parent : str
        Path of the block around it; empty for none.
    """

    path: str
    type_name: str
    nodes: tuple[str, ...]
    output: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class OpenedBlock:
    """A block that is open: what is to be framed.

    Attributes
    ----------
    path, type_name : str
    members : frozenset of str
        Names of the shown nodes inside.
    depth : int
        How many opened blocks are around it.
    """

    path: str
    type_name: str
    members: frozenset[str]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class ShownGraph:
    """The nodes to show while some blocks are collapsed.

    Attributes
    ----------
    nodes : tuple of Node
        Topologically sorted; a collapsed block is one of `Kind.BLOCK`.
    output_of : mapping of str to str
        Name of a shown node to the network's node whose values it shows: itself, or the output
        of a block.
    shown_of : mapping of str to str
        Name of any of the network's nodes to the shown node that it is, or is inside of.
    opened : tuple of OpenedBlock
        Outer ones first.
    """

    nodes: tuple[Node, ...]
    output_of: Mapping[str, str]
    shown_of: Mapping[str, str]
    opened: tuple[OpenedBlock, ...] = ()

    def showing(self, name: str) -> str | None:
        """Return the shown node that has the values of a node of the network; None if hidden."""
        shown = self.shown_of.get(name)
        return shown if shown is not None and self.output_of[shown] == name else None

    def labels(self) -> dict[str, str]:
        """Return what shown nodes inside of opened blocks are called there: without the path."""
        labels: dict[str, str] = {}
        for block in self.opened:  # inner ones come later, and have the last word
            start = len(block.path) + 1
            labels.update((name, name[start:]) for name in block.members)
        return labels


class BlockTree:
    """The blocks of a network, one inside the other.

    Parameters
    ----------
    network : NetworkRecord

    Attributes
    ----------
    blocks : mapping of path to Block
        In the network's order, outer ones before those inside.
    open_at_first : frozenset of str
        Paths of the blocks that are open until a person says otherwise.
    """

    def __init__(self, network: NetworkRecord) -> None:
        self._nodes = network.nodes
        self._places = {node.name: place for place, node in enumerate(network.nodes)}
        self._users = users_of(network.nodes)
        self._outputs: dict[str, str | None] = {}
        inside = _nodes_inside(network)
        repeated = _repeated(network.modules, inside)
        found = {path: network.modules[path] for path in inside if path in repeated}
        self.blocks = self._nested(found, inside)
        if len(network.nodes) <= FEW_NODES:
            self.open_at_first = frozenset(self.blocks)
        else:
            self.open_at_first = frozenset()
            self._add_stages(network.modules, inside, found)
        self._of_node = {
            node.name: tuple(path for path in _ancestors(node.name) if path in self.blocks)
            for node in network.nodes
        }

    def around(self, name: str) -> tuple[str, ...]:
        """Return the paths of the blocks around a node or a block, outer ones first."""
        if name in self.blocks:
            parents = []
            path = self.blocks[name].parent
            while path:
                parents.append(path)
                path = self.blocks[path].parent
            return tuple(reversed(parents))
        return self._of_node.get(name, ())

    def to_show(self, name: str, open_blocks: frozenset[str]) -> frozenset[str]:
        """Return which blocks are open once a node's values, or a block, are in the picture.

        Parameters
        ----------
        name : str
            Of a node of the network, or path of a block.
        open_blocks : frozenset of str
            Paths of those that are open now.
        """
        for path in self.around(name):
            if path in open_blocks:
                continue
            if self.blocks[path].output == name:
                return open_blocks  # collapsed, it shows just this
            open_blocks = open_blocks | {path}  # a set given must stay
        return open_blocks

    def shown(self, open_blocks: frozenset[str]) -> ShownGraph:
        """Return the nodes to show while the blocks of these paths are open."""
        shown_of = {}
        for node in self._nodes:
            closed = (path for path in self._of_node[node.name] if path not in open_blocks)
            shown_of[node.name] = next(closed, node.name)
        members: dict[str, list[Node]] = {}
        for node in self._nodes:
            members.setdefault(shown_of[node.name], []).append(node)
        made = {
            name: self._collapsed(self.blocks[name], inside, shown_of)
            if name in self.blocks
            else _rewired(inside[0], shown_of)
            for name, inside in members.items()
        }
        ordered = in_order(made)
        if ordered is None:  # two blocks that feed each other: only one by one is true
            return self.shown(frozenset(self.blocks))
        output_of = {
            node.name: self.blocks[node.name].output if node.kind is Kind.BLOCK else node.name
            for node in ordered
        }
        return ShownGraph(
            ordered,
            MappingProxyType(output_of),
            MappingProxyType(shown_of),
            self._opened(open_blocks, shown_of),
        )

    def _nested(
        self, found: Mapping[str, str], inside: Mapping[str, list[str]]
    ) -> Mapping[str, Block]:
        """Return blocks of these paths and classes, without those that can't be collapsed."""
        blocks: dict[str, Block] = {}
        order = sorted(found, key=lambda path: (self._places[inside[path][0]], path.count(".")))
        for path in order:
            output = self._output(path, inside[path])
            if output is not None:
                # Those around it begin no later, and have shorter paths.
                outer = [parent for parent in _ancestors(path) if parent in blocks]
                names = tuple(inside[path])
                parent = outer[-1] if outer else ""
                blocks[path] = Block(path, found[path], names, output, parent)
        return MappingProxyType(blocks)

    def _output(self, path: str, inside: Sequence[str]) -> str | None:
        if path not in self._outputs:
            usable = path not in self._places  # a node that is called the same keeps its name
            self._outputs[path] = (
                single_output(self._nodes, self._places, self._users, inside) if usable else None
            )
        return self._outputs[path]

    def _add_stages(
        self,
        modules: Mapping[str, str],
        inside: Mapping[str, list[str]],
        found: dict[str, str],
    ) -> None:
        """Make blocks of the containers around blocks, the inner ones first, while too many."""
        around = [path for path, name in modules.items() if name in _CONTAINERS and path in inside]
        for depth in sorted({path.count(".") for path in around}, reverse=True):
            if self._cards() <= MANY_CARDS:
                return
            outermost = [block.path for block in self.blocks.values() if not block.parent]
            for path in around:
                within = [block for block in outermost if block.startswith(f"{path}.")]
                # Not all that there is: a network that is one card shows nothing.
                if path.count(".") == depth and MIN_NODES <= len(within) < len(outermost):
                    found[path] = modules[path]
            self.blocks = self._nested(found, inside)

    def _cards(self) -> int:
        hidden = sum(len(block.nodes) - 1 for block in self.blocks.values() if not block.parent)
        return len(self._nodes) - hidden

    def _collapsed(self, block: Block, inside: Sequence[Node], shown_of: Mapping[str, str]) -> Node:
        output = next(node for node in inside if node.name == block.output)
        inputs = dict.fromkeys(shown_of[name] for node in inside for name in node.inputs)
        return Node(
            name=block.path,
            kind=Kind.BLOCK,
            type_name=block.type_name,
            inputs=tuple(name for name in inputs if name != block.path),
            output_shape=output.output_shape,
            # A module that is called again has its parameters only once.
            parameters=sum(node.parameters for node in inside if _REPEAT not in node.name),
            signed=output.signed,
            settings=MappingProxyType({OPERATIONS: str(len(inside))}),
        )

    def _opened(
        self, open_blocks: frozenset[str], shown_of: Mapping[str, str]
    ) -> tuple[OpenedBlock, ...]:
        opened = []
        for block in self.blocks.values():
            parents = self.around(block.path)
            if block.path in open_blocks and open_blocks.issuperset(parents):
                members = frozenset(shown_of[name] for name in block.nodes)
                opened.append(OpenedBlock(block.path, block.type_name, members, len(parents)))
        return tuple(opened)


def _ancestors(name: str) -> tuple[str, ...]:
    """Return the paths of the modules that a node or a module is in, outer ones first."""
    parts = name.split(".")[:-1]
    return tuple(".".join(parts[: count + 1]) for count in range(len(parts)))


def _nodes_inside(network: NetworkRecord) -> dict[str, list[str]]:
    """Return the nodes of every module that has several."""
    inside: dict[str, list[str]] = {}
    for node in network.nodes:
        for path in _ancestors(node.name):
            if path in network.modules:
                inside.setdefault(path, []).append(node.name)
    return {path: names for path, names in inside.items() if len(names) >= MIN_NODES}


def _repeated(modules: Mapping[str, str], inside: Mapping[str, list[str]]) -> frozenset[str]:
    """Return the paths of the modules that are blocks.

    Besides the modules whose class occurs again, those made of blocks that stand beside blocks:
    the one ``InceptionB`` between an ``InceptionA`` and an ``InceptionC``.
    """
    own = [path for path in inside if modules[path] not in _CONTAINERS]
    counts = Counter(modules[path] for path in own)
    repeated = {path for path in own if counts[modules[path]] > 1}
    parents = Counter(path.rpartition(".")[0] for path in repeated)
    made_of_blocks = {parent for path in repeated for parent in _ancestors(path)}
    beside = {path for path in own if parents[path.rpartition(".")[0]] > 1}
    return frozenset(repeated | (beside & made_of_blocks))


def _rewired(node: Node, shown_of: Mapping[str, str]) -> Node:
    inputs = tuple(dict.fromkeys(shown_of[name] for name in node.inputs))
    if inputs == node.inputs:
        return node
    return Node(
        node.name,
        node.kind,
        node.type_name,
        inputs,
        node.output_shape,
        node.parameters,
        node.signed,
        node.settings,
        node.window,
    )
