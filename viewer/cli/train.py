"""``convnet-viewer train``: train a network, with a progress bar, to be resumed at will."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from viewer.core.errors import UserError
from viewer.core.training.config import (
    Augmentation,
    TrainingConfig,
    load_config,
    load_recipe,
    recipe_names,
)

if TYPE_CHECKING:
    from viewer.core.training.events import EpochFinished, Event
    from viewer.core.training.loop import Trainer
    from viewer.core.training.run_folder import RunFolder

HELP = "Train a network on a data set in the box, and write it as a file that can be opened."
EXAMPLE = "convnet-viewer train --dataset mnist --arch lenet5 --epochs 5 --seed 1 -o runs/lenet5"

EXIT_STOPPED = 130  # as shells report a program ended by Ctrl-C
_SHORTER = {"architecture": "--arch"}
_REFRESHES_PER_SECOND = 4  # of the progress bar: more costs training time


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: where to, where settings come from, and every setting."""
    parser.add_argument("-o", "--output", metavar="RUN", type=Path, required=True, help="folder")
    parser.add_argument("--resume", action="store_true", help="go on with the training in RUN")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--recipe", metavar="NAME", help=f"settings of a network in the box: {_known_recipes()}"
    )
    source.add_argument("--config", metavar="FILE.json", type=Path, help="settings from a file")
    settings = parser.add_argument_group("settings, in place of those of --recipe or --config")
    settings.add_argument(
        "--hyper",
        metavar="NAME=VALUE",
        action="append",
        type=_hyper,
        default=argparse.SUPPRESS,
        help="hyper-parameter of the architecture; may be repeated",
    )
    for item in _plain_fields(TrainingConfig):
        _add_setting(settings, item)
    distortions = parser.add_argument_group("augmentation: largest amounts, 0 for none")
    for item in _plain_fields(Augmentation):
        _add_setting(distortions, item)


def run(args: argparse.Namespace) -> int:
    """Train; Ctrl-C stores the state first, for ``--resume``, a second one ends at once."""
    # torch is loaded here, so that --help and wrong usage answer at once.
    from viewer.core.training.loop import Trainer
    from viewer.core.training.run_folder import RunFolder

    folder = RunFolder(args.output)
    if args.resume:
        config = _resumed_config(args, folder.config())
        trainer = Trainer(config)
        state = folder.load_state()
        if state is not None:
            trainer.restore(state)
    else:
        config = _config(args)
        folder.refuse_if_used()
        if config.augmentation.simulated:
            sys.stderr.write("Drawing the simulated digits, which takes some seconds.\n")
        trainer = Trainer(config)  # checks what is asked for before anything is written
        folder.create(config)
    with _interrupt_flag() as interrupted, _Progress(trainer) as progress:
        for event in trainer.events():
            progress.show(event)
            _store(event, trainer, folder)
            last = event
            if interrupted and trainer.step < trainer.steps:
                break
    if trainer.step < trainer.steps:
        folder.save_state(trainer.state())
        sys.stderr.write(
            f"Stopped after step {trainer.step} of {trainer.steps}: "
            f"go on with convnet-viewer train -o {shlex.quote(str(args.output))} --resume.\n"
        )
        return EXIT_STOPPED
    _report(last, folder)
    return 0


def training_command(config: TrainingConfig) -> str:
    """Return the command that trains with a configuration: by its recipe if it has one."""
    for name in recipe_names():
        if load_recipe(name) == config:
            return f"convnet-viewer train --recipe {name} -o RUN"
    words = ["convnet-viewer", "train", "--dataset", config.dataset, "--arch", config.architecture]
    words += ["--epochs", str(config.epochs), "--seed", str(config.seed)]
    for name, value in config.hyper.items():
        words += ["--hyper", f"{name}={json.dumps(value)}"]
    stated = {"dataset", "architecture", "epochs", "seed"}
    for owner in (config, config.augmentation):
        for item in _plain_fields(type(owner)):
            value = getattr(owner, item.name)
            if item.name not in stated and value != item.default:
                words += _option_words(item.name, value)
    return shlex.join([*words, "-o", "RUN"])


def _store(event: Event, trainer: Trainer, folder: RunFolder) -> None:
    from viewer.core.training.events import CheckpointDue, EpochFinished, Finished

    match event:
        case EpochFinished():
            folder.add_epoch(event)
        case CheckpointDue():
            folder.save_state(trainer.state())
        case Finished():
            folder.save_result(event, trainer.metadata(event, training_command(trainer.config)))


def _report(last: Event, folder: RunFolder) -> None:
    from viewer.core.training.events import Finished

    assert isinstance(last, Finished)
    sys.stdout.write(
        f"test accuracy {last.test.accuracy:.2%} "
        f"({last.test.correct} of {last.test.n}), {folder.network_path}\n"
    )


def _config(args: argparse.Namespace) -> TrainingConfig:
    """Return the settings of the recipe or file, with those of the command line over them."""
    if args.recipe is not None:
        base = load_recipe(args.recipe)
    elif args.config is not None:
        base = load_config(args.config)
    else:
        base = TrainingConfig()
    given = vars(args)
    plain = {f.name: given[f.name] for f in _plain_fields(TrainingConfig) if f.name in given}
    moved = {f.name: given[f.name] for f in _plain_fields(Augmentation) if f.name in given}
    if plain.get("architecture", base.architecture) != base.architecture:
        base = replace(base, hyper={})  # another architecture has other hyper-parameters
    if "hyper" in given:
        plain["hyper"] = {**base.hyper, **dict(given["hyper"])}
    return replace(base, **plain, augmentation=replace(base.augmentation, **moved))


def _resumed_config(args: argparse.Namespace, stored: TrainingConfig) -> TrainingConfig:
    """Return the stored settings; UserError if the command line asks for others."""
    names = {f.name for owner in (TrainingConfig, Augmentation) for f in fields(owner)}
    sourced = args.recipe is not None or args.config is not None
    if (sourced or names & vars(args).keys()) and _config(args) != stored:
        raise UserError(
            f"{args.output} was begun with other settings: "
            "give --resume alone, or choose another folder."
        )
    return stored


def _known_recipes() -> str:
    try:
        return ", ".join(recipe_names())
    except UserError:  # an incomplete installation still has a --help
        return "none installed"


def _plain_fields(owner: type[TrainingConfig | Augmentation]) -> Iterator[Field[Any]]:
    return (f for f in fields(owner) if "help" in f.metadata)


def _add_setting(group: argparse._ArgumentGroup, item: Field[Any]) -> None:
    default = "" if item.default is MISSING else f" [{item.default}]"
    common: dict[str, Any] = {
        "dest": item.name,
        "default": argparse.SUPPRESS,  # only what is given replaces the recipe's value
        "help": (item.metadata["help"] + default).replace("%", "%%"),
    }
    if isinstance(item.default, bool):
        group.add_argument(_option(item.name), action=argparse.BooleanOptionalAction, **common)
    else:
        choices = item.metadata["choices"] or None
        metavar = None if choices else type(item.default).__name__.upper()
        group.add_argument(
            _option(item.name),
            type=type(item.default),
            choices=choices,
            metavar=metavar,
            **common,
        )


def _option(name: str) -> str:
    return _SHORTER.get(name, "--" + name.replace("_", "-"))


def _option_words(name: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [_option(name) if value else "--no-" + name.replace("_", "-")]
    return [_option(name), str(value)]


def _hyper(text: str) -> tuple[str, bool | int | float]:
    name, _, value = text.partition("=")
    try:
        number = json.loads(value)
    except ValueError:
        number = None
    if not name or not isinstance(number, bool | int | float):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, like maps1=16")
    return name, number


@contextmanager
def _interrupt_flag() -> Iterator[list[int]]:
    """Give a list that Ctrl-C fills, so that a run stops between two steps, not within one."""
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        if received:  # somebody is in a hurry
            raise KeyboardInterrupt
        received.append(number)

    before = signal.signal(signal.SIGINT, receive)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, before)


class _Progress:
    """The progress bar, or a line an epoch where nobody watches (output into a file)."""

    def __init__(self, trainer: Trainer) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        self._trainer = trainer
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            console=console,
            disable=not console.is_terminal,
            refresh_per_second=_REFRESHES_PER_SECOND,
        )
        self._task = self._bar.add_task(
            self._epoch_title(1), total=trainer.steps, completed=trainer.step, loss=float("nan")
        )

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: Event) -> None:
        """Bring the bar up to an event."""
        from viewer.core.training.events import BatchFinished, EpochFinished

        match event:
            case BatchFinished():
                title = self._epoch_title(event.epoch)
                self._bar.update(
                    self._task, completed=event.step, description=title, loss=event.loss
                )
            case EpochFinished():
                self._bar.console.print(self._epoch_line(event), highlight=False)

    def _epoch_title(self, epoch: int) -> str:
        return f"epoch {epoch}/{self._trainer.config.epochs}"

    def _epoch_line(self, event: EpochFinished) -> str:
        line = f"{self._epoch_title(event.epoch)}  loss {event.loss:.4f}"
        line += f"  accuracy {event.accuracy:.2%}"
        if event.validation is not None:
            line += f"  validation {event.validation.accuracy:.2%}"
        return line
