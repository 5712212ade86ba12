"""``convnet-viewer evaluate``: how many test images a network reads rightly."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from viewer.cli.messages import remark
from viewer.cli.model_options import MODEL_HELP, add_model_options, profile_of
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.core.nets.checkpoint import LoadedNetwork
    from viewer.core.training.metrics import Evaluation

HELP = "Print the test accuracy of networks; by default of all in the box."
EXAMPLE = "convnet-viewer evaluate digits lenet5"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument(
        "--dataset",
        help="in place of the one that the file names; or a folder with a folder of images a class",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a network")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate one network after the other; nothing is printed of one that is bad."""
    # torch is loaded here, so that --help answers at once.
    from viewer.core.nets.opening import open_network
    from viewer.core.nets.shipped import shipped_models

    profile = profile_of(args)
    for text in args.models or shipped_models():
        network = open_network(text, trust=args.trust, profile=profile)
        remark(text, network.note)
        name, result = _evaluated(network, args.dataset or "")
        sys.stdout.write(_report(text, name, network, result, as_json=args.json) + "\n")
    return 0


def _evaluated(network: LoadedNetwork, wanted: str) -> tuple[str, Evaluation]:
    """Return the name of the data set, and how the network did on it."""
    from viewer.core.data.folder_name import FolderName
    from viewer.core.data.registry import load_dataset
    from viewer.core.training.metrics import Evaluation, evaluate
    from viewer.core.training.own_evaluation import (
        dataset_to_evaluate,
        evaluate_network,
        folder_images,
        is_made_for,
    )

    metadata = network.metadata
    name = dataset_to_evaluate(network, wanted, "mnist")
    folder = FolderName.parse(name)
    if folder is not None and name != metadata.dataset:
        dataset = folder_images(folder.path, metadata)
    else:
        dataset = load_dataset(name, "test")
        if metadata.preparation.digit:
            _check_fit(network, dataset.input_shape, dataset.class_names, name)
    if is_made_for(network, dataset):
        return name, evaluate(network.module, dataset, mean=metadata.mean, std=metadata.std)
    report = evaluate_network(network, dataset)
    return name, Evaluation(report.loss, report.correct, report.n)


def _check_fit(
    network: LoadedNetwork, shape: tuple[int, int, int], classes: tuple[str, ...], name: str
) -> None:
    metadata = network.metadata
    if metadata.input_shape != shape or metadata.class_names != classes:
        raise UserError(
            f"{network.title} does not fit the data set {name}: "
            "its image size or its class names are others; choose another with --dataset."
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
