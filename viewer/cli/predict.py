"""``convnet-viewer predict``: classify images and stroke files without a window."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.cli.messages import complain
from viewer.cli.model_options import MODEL_HELP, add_model_options, engine_of
from viewer.core.errors import UserError

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.records import Drawing, Picture

HELP = """Classify pictures and stroke files, through the very code that the drawing pad uses.

A stroke file is JSON Lines, one drawing a line:
  {"canvas": [w, h], "strokes": [[[x, y], ...], ...], "label": "7"}
y grows downwards; label and canvas may be left out."""
EXAMPLE = "convnet-viewer predict --json drawings.jsonl photo.jpg"


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the output; `prediction` is None for a blank canvas or a mere speck.

    So it is for a network that tells no classes apart.
    """

    source: str
    index: int
    prediction: str | None
    probabilities: dict[str, float] | None
    label: str | None
    reason: str = "nothing to read"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--model", default="digits", help=f"{MODEL_HELP}; default: digits")
    parser.add_argument("--json", action="store_true", help="print one JSON object a drawing")
    parser.add_argument(
        "--raw",
        action="store_true",
        help="feed the canvas as it is, without centring and scaling",
    )
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print an answer for each drawing and picture, as they come."""
    engine = engine_of(args)
    labelled, correct, bad = 0, 0, 0
    for path in args.files:
        try:
            for answer in answers(engine, path, raw=args.raw):
                sys.stdout.write((as_json(answer) if args.json else as_text(answer)) + "\n")
                labelled += answer.label is not None
                correct += answer.label is not None and answer.label == answer.prediction
        except UserError as error:
            bad += 1  # one file that can't be read doesn't take the others' answers away
            complain(error)
    if labelled:
        _print_summary(labelled, correct, as_object=args.json)
    return 1 if bad else 0


def answers(engine: Engine, path: Path, *, raw: bool) -> Iterator[Answer]:
    """Classify everything in one file.

    Raises
    ------
    UserError
        If the file can't be read.
    """
    from viewer.core.inputs import open_inputs
    from viewer.core.records import InferenceRequest

    for index, source in enumerate(open_inputs(path)):
        record = engine.run(InferenceRequest(index, source, raw=raw))
        yield _answer(engine, str(path), index, source, record.probabilities)


def _answer(
    engine: Engine, path: str, index: int, source: Drawing | Picture, probabilities: Any
) -> Answer:
    if probabilities is None:
        if not engine.network.class_names:
            reason = f"{engine.network.title} tells no classes apart"
            return Answer(path, index, None, None, source.label, reason)
        return Answer(path, index, None, None, source.label)
    if not all(map(math.isfinite, probabilities.tolist())):  # JSON has no word for it either
        raise UserError(
            f"{engine.network.title} answers {path} with numbers that are not finite: "
            "train it again, or choose another network."
        )
    names = engine.network.class_names
    return Answer(
        path,
        index,
        names[int(probabilities.argmax())],
        _by_name(names, probabilities.tolist()),
        source.label,
    )


def _by_name(names: tuple[str, ...], probabilities: list[float]) -> dict[str, float]:
    """Return the probability of every name; two of ImageNet's classes have the same one."""
    found: dict[str, float] = {}
    for name, probability in zip(names, probabilities, strict=True):
        found[name] = max(probability, found.get(name, 0.0))
    return found


def as_json(answer: Answer) -> str:
    """Return the answer as one line of JSON."""
    return json.dumps(
        {
            "source": answer.source,
            "index": answer.index,
            "prediction": answer.prediction,
            "probabilities": answer.probabilities,
            "label": answer.label,
        }
    )


def as_text(answer: Answer) -> str:
    """Return the answer as one line for people."""
    where = f"{answer.source} [{answer.index}]"
    if answer.prediction is None or answer.probabilities is None:
        return f"{where}: {answer.reason}, so there is no prediction"
    text = f"{where}: {answer.prediction} ({max(answer.probabilities.values()):.1%})"
    return text if answer.label is None else f"{text}, label {answer.label}"


def _print_summary(n: int, correct: int, *, as_object: bool) -> None:
    accuracy = correct / n
    if as_object:
        line = json.dumps({"n": n, "correct": correct, "accuracy": accuracy})
    else:
        line = f"{correct} of {n} right ({accuracy:.2%})"
    sys.stdout.write(line + "\n")
