"""``convnet-viewer inspect``: the layers of a network as a table or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from viewer.cli.model_options import MODEL_HELP, add_model_options, engine_of

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord, Node

HELP = "List the layers of a network: name, type, output shape, parameters."
EXAMPLE = "convnet-viewer inspect lenet5 --json"

PARAMETERS = "parameters"
HEADINGS = ("layer", "type", "output shape", PARAMETERS, "settings")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "model",
        nargs="?",
        default="digits",
        help=f"{MODEL_HELP}; default: digits",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the layers."""
    network = engine_of(args).network
    if args.json:
        sys.stdout.write(json.dumps(as_object(network), indent=2) + "\n")
    else:
        _print_table(network)
    return 0


def as_object(network: NetworkRecord) -> dict[str, Any]:
    """Return what ``inspect --json`` prints."""
    return {
        "title": network.title,
        "architecture": network.architecture,
        "source": network.source,
        "input_shape": list(network.input_shape),
        "mean": list(network.mean),
        "std": list(network.std),
        "class_names": list(network.class_names),
        "parameters": network.parameters,
        "test_accuracy": network.test_accuracy,
        "dataset": network.dataset,
        "layers": [_layer(node) for node in network.nodes],
    }


def _layer(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "type": node.type_name,
        "kind": str(node.kind),
        "inputs": list(node.inputs),
        "output_shape": list(node.output_shape),
        "parameters": node.parameters,
        "settings": dict(node.settings),
    }


def _print_table(network: NetworkRecord) -> None:
    rows = [HEADINGS, *(_row(node) for node in network.nodes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        # Never broken to the terminal's width: one line a layer, for grep and its like.
        cells = [
            cell.rjust(width) if heading == PARAMETERS else cell.ljust(width)
            for heading, cell, width in zip(HEADINGS, row, widths, strict=True)
        ]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    accuracy = (
        ""
        if network.test_accuracy is None
        else f", {network.test_accuracy:.2%} right on {network.dataset}'s test images"
    )
    sys.stdout.write(f"{network.title}: {network.parameters:,} parameters{accuracy}\n")


def _row(node: Node) -> tuple[str, ...]:
    return (
        node.name,
        node.type_name,
        " × ".join(map(str, node.output_shape)),
        f"{node.parameters:,}",
        ", ".join(f"{key} {value}" for key, value in node.settings.items()),
    )
