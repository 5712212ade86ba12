"""``convnet-viewer evaluate``: how many test images a network reads rightly."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING

from viewer.cli.messages import remark
from viewer.cli.model_options import MODEL_HELP, add_model_options, profile_of

if TYPE_CHECKING:
    from viewer.core.nets.checkpoint import LoadedNetwork
    from viewer.core.training.report import Report

HELP = "Print the test accuracy of networks; by default of all in the box."
EXAMPLE = "convnet-viewer evaluate digits lenet5"

DEFAULT_DATASET = "mnist"
EVERY_S = 0.5  # between two lines on the progress
LINE = 48  # characters that such a line takes


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
    from viewer.core.training.own_evaluation import dataset_to_evaluate

    profile = profile_of(args)
    for text in args.models or shipped_models():
        network = open_network(text, trust=args.trust, profile=profile)
        remark(text, network.note)
        wanted = args.dataset or ""
        name = dataset_to_evaluate(network, wanted, DEFAULT_DATASET)
        report = _evaluated(network, wanted)
        remark(text, report.notice())
        sys.stdout.write(_result(text, name, network, report, as_json=args.json) + "\n")
        sys.stdout.flush()  # the next one may take its time
    return 0


def _evaluated(network: LoadedNetwork, wanted: str) -> Report:
    from viewer.core.data.registry import load_dataset
    from viewer.core.training.own_evaluation import evaluate_on

    watched = sys.stderr is not None and sys.stderr.isatty()
    try:
        return evaluate_on(
            network,
            wanted,
            DEFAULT_DATASET,
            lambda name: load_dataset(name, "test"),
            progress=_Progress() if watched else no_progress,
        )
    finally:
        if watched:
            sys.stderr.write(f"\r{'':<{LINE}}\r")
            sys.stderr.flush()


def no_progress(_done: int, _total: int) -> None:
    """Tell nothing: a script gets the figures and nothing else."""


class _Progress:
    """Tells somebody who watches how far it is, on one line."""

    def __init__(self) -> None:
        self._begun_s = self._told_s = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < EVERY_S:
            return
        self._told_s = now_s
        minutes, seconds = divmod(round((now_s - self._begun_s) / done * (total - done)), 60)
        text = f"{done:,} of {total:,} images, {minutes}:{seconds:02} left"
        sys.stderr.write(f"\r{text:<{LINE}}")
        sys.stderr.flush()


def _result(
    text: str, dataset: str, network: LoadedNetwork, report: Report, *, as_json: bool
) -> str:
    parameters = sum(p.numel() for p in network.module.parameters())
    if as_json:
        values = {
            "model": text,
            "dataset": dataset,
            "n": report.n,
            "correct": report.correct,
            "accuracy": report.accuracy,
            "loss": report.loss,
            "parameters": parameters,
            "unreadable": len(report.left_out),
        }
        return json.dumps(values)
    images = f"images of {dataset}" if report.files else f"{dataset} test images"
    return (
        f"{text}: {report.accuracy:.2%} of the {images} "
        f"({report.correct} of {report.n}), {parameters:,} parameters"
    )
