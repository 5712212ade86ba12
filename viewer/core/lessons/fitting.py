"""Whether a lesson fits the networks that it opens: layers, channels, pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from viewer.core.lessons.expression import Expression
from viewer.core.lessons.lesson import Lesson, Step
from viewer.core.lessons.live import LIVE_NAMES
from viewer.core.lessons.markup import live_parts
from viewer.core.lessons.trained import SMALL
from viewer.core.records import NetworkRecord

_POINTING = ("select", "sliding", "trace", "exciting")  # actions at a place of the network
_OF_LAYERS = ("output", "weight", "bias", "parameters", "kernel", "stride", "padding")


def misfits(
    lesson: Lesson,
    network_of: Callable[[str], NetworkRecord | None],
    trained_of: Callable[[str], NetworkRecord],
) -> tuple[str, ...]:
    """Return what a lesson asks of networks that they don't have, one sentence each.

    Parameters
    ----------
    lesson : Lesson
    network_of : callable
        Returns the network of a name; None if there is none.
    trained_of : callable
        Returns what is on screen after a training of a network of `TRAINED` began.
    """
    problems: list[str] = []
    network: NetworkRecord | None = None
    for number, step in enumerate(lesson.steps, 1):
        where = f"Line {step.line}, step {number}"
        for action in step.do:
            value = action.value
            if action.name == "open":
                network = network_of(str(value))
                if network is None:
                    problems.append(f"{where}: there is no network {value!r}.")
            elif action.name == "train" and isinstance(value, dict):
                network = trained_of(value.get("network", SMALL))
            elif action.name == "show" and value != "all":
                problems += _missing(where, network, str(value))
            elif action.name in _POINTING and isinstance(value, dict):
                problems += _outside(where, network, value)
            elif action.name == "keep" and isinstance(value, dict):
                problems += _of_formula(where, network, str(value["value"]))
        problems += _of_step(where, network, step)
    return tuple(problems)


def _of_step(where: str, network: NetworkRecord | None, step: Step) -> Iterator[str]:
    for target in (step.point_at, *step.hide):
        kind, _, rest = target.partition(":")
        if kind == "card":
            yield from _missing(where, network, rest)
        elif kind == "map":
            layer, _, channel = rest.rpartition(":")
            yield from _outside(where, network, {"layer": layer, "channel": int(channel)})
    texts = [step.text, step.reveal]
    if step.ask is not None:
        texts += [step.ask.question, *step.ask.hints]
        yield from _of_formula(where, network, step.ask.answer)
    for text in texts:
        for part in live_parts(text):
            yield from _of_formula(where, network, part)


def _of_formula(where: str, network: NetworkRecord | None, text: str) -> Iterator[str]:
    expression = Expression(text, LIVE_NAMES)
    for function in _OF_LAYERS:
        for arguments in expression.calls(function):
            if arguments:
                yield from _missing(where, network, str(arguments[0]))


def _missing(where: str, network: NetworkRecord | None, layer: str) -> Iterator[str]:
    if network is None:
        yield f"{where}: no network was opened before {layer!r} is used."
    elif layer not in {node.name for node in network.nodes}:
        yield f"{where}: {network.title} has no layer {layer!r}."


def _outside(where: str, network: NetworkRecord | None, value: dict[str, object]) -> Iterator[str]:
    layer = str(value["layer"])
    missing = tuple(_missing(where, network, layer))
    if missing or network is None:
        yield from missing
        return
    shape = network.node(layer).output_shape
    given = (value["channel"], value.get("y", 0), value.get("x", 0))
    limits = (*shape, 1, 1)[:3]
    for name, place, limit in zip(("channel", "y", "x"), given, limits, strict=True):
        if not isinstance(place, int) or not 0 <= place < limit:
            yield f"{where}: {layer} has {name} 0 to {limit - 1}, not {place}."
