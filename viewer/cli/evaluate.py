"""``convnet-viewer evaluate``: how many test images a network reads rightly."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.core.nets.checkpoint import LoadedNetwork
    from viewer.core.training.metrics import Evaluation

HELP = "Print the test accuracy of networks; by default of all in the box."
EXAMPLE = "convnet-viewer evaluate digits lenet5"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="a name in the box, or a file")
    parser.add_argument("--dataset", help="in place of the one that the file names")
    parser.add_argument("--json", action="store_true", help="one JSON object a network")


def run(args: argparse.Namespace) -> int:
    """Evaluate one network after the other; nothing is printed of one that is bad."""
    # torch is loaded here, so that --help answers at once.
    from viewer.core.data.registry import load_dataset
    from viewer.core.nets.checkpoint import load_checkpoint
    from viewer.core.nets.shipped import resolve_model, shipped_models
    from viewer.core.training.metrics import evaluate

    for text in args.models or shipped_models():
        network = load_checkpoint(resolve_model(text))
        name = args.dataset or network.metadata.dataset or "mnist"
        dataset = load_dataset(name, "test")
        _check_fit(network, dataset.input_shape, dataset.class_names, name)
        mean, std = network.metadata.mean[0], network.metadata.std[0]
        result = evaluate(network.module, dataset, mean=mean, std=std)
        sys.stdout.write(_report(text, name, network, result, as_json=args.json) + "\n")
    return 0


def _check_fit(
    network: LoadedNetwork, shape: tuple[int, int, int], classes: tuple[str, ...], name: str
) -> None:
    metadata = network.metadata
    if metadata.input_shape != shape or metadata.class_names != classes:
        raise UserError(
            f"{network.title} does not fit the data set {name}: "
            "its image size or its class names are others."
        )


def _report(
    text: str, dataset: str, network: LoadedNetwork, result: Evaluation, *, as_json: bool
) -> str:
    parameters = sum(p.numel() for p in network.module.parameters())
    if as_json:
        values = {
            "model": text,
            "dataset": dataset,
            "n": result.n,
            "correct": result.correct,
            "accuracy": result.accuracy,
            "loss": result.loss,
            "parameters": parameters,
        }
        return json.dumps(values)
    return (
        f"{text}: {result.accuracy:.2%} of the {dataset} test images "
        f"({result.correct} of {result.n}), {parameters:,} parameters"
    )
