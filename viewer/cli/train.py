"""``convnet-viewer train``: train a network, with a progress bar, to be resumed at will."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import MISSING, Field, fields, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from viewer.core.errors import UserError
from viewer.core.nets.table_file import load_table
from viewer.core.nets.table_rows import rows_to_json
from viewer.core.training.command import option, plain_fields
from viewer.core.training.config import (
    Augmentation,
    TrainingConfig,
    load_config,
    load_recipe,
    recipe_names,
)
from viewer.core.training.presets import load_preset, presets

if TYPE_CHECKING:
    from viewer.core.training.distributed import Team
    from viewer.core.training.events import Diverged, EpochFinished, Event, Finished
    from viewer.core.training.loop import Trainer
    from viewer.core.training.session import RunSession

HELP = "Train a network on a data set in the box, and write it as a file that can be opened."
EXAMPLE = "convnet-viewer train --dataset mnist --arch lenet5 --epochs 5 --seed 1 -o runs/lenet5"

EXIT_STOPPED = 130  # as shells report a program ended by Ctrl-C
_STATISTICS_EVERY = 50  # steps between two measurements of the layers
_KEEP_MB = 512  # bound of the kept steps
_CHECKPOINT_S = 10.0
_MAX_NUMBER = 1e9
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_REFRESHES_PER_SECOND = 4  # of the progress bar: more costs training time


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: where to, where settings come from, and every setting."""
    parser.add_argument("-o", "--output", metavar="RUN", type=Path, required=True, help="folder")
    parser.add_argument("--resume", action="store_true", help="go on with the training in RUN")
    parser.add_argument("--name", default="", help="name of the run, to show [the folder's]")
    parser.add_argument(
        "--keep-mb",
        metavar="MB",
        type=_number_from(0, int),
        default=_KEEP_MB,
        help=f"disk space for the steps that can be visited again, 0 for none [{_KEEP_MB}]",
    )
    parser.add_argument(
        "--checkpoint-seconds",
        metavar="S",
        type=_number_from(0, float),
        default=_CHECKPOINT_S,
        help=f"seconds of training between two checkpoints [{_CHECKPOINT_S:g}]",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--recipe", metavar="NAME", help=f"settings of a network in the box: {_known_recipes()}"
    )
    source.add_argument(
        "--preset", metavar="NAME", help=f"settings to begin with: {', '.join(presets())}"
    )
    source.add_argument("--config", metavar="FILE.json", type=Path, help="settings from a file")
    settings = parser.add_argument_group(
        "settings, in place of those of --recipe, --preset or --config"
    )
    settings.add_argument(
        "--hyper",
        metavar="NAME=VALUE",
        action="append",
        type=_hyper,
        default=argparse.SUPPRESS,
        help="hyper-parameter of the architecture; may be repeated",
    )
    settings.add_argument(
        "--layers",
        metavar="FILE.json",
        type=Path,
        default=argparse.SUPPRESS,
        help="table of layers that the window saved: the architecture is built from it",
    )
    settings.add_argument(
        "--frozen",
        metavar="LAYER",
        nargs="*",
        default=argparse.SUPPRESS,
        help="layers that stay as they are, by their names in the network",
    )
    for item in plain_fields(TrainingConfig):
        _add_setting(settings, item)
    distortions = parser.add_argument_group("augmentation: largest amounts, 0 for none")
    for item in plain_fields(Augmentation):
        _add_setting(distortions, item)


def run(args: argparse.Namespace) -> int:
    """Train; Ctrl-C stores the state first, for ``--resume``, a second one ends at once."""
    # torch is loaded here, so that --help and wrong usage answer at once.
    from viewer.core.training.distributed import team_of_processes
    from viewer.core.training.run_folder import RunFolder

    folder = RunFolder(args.output)
    if args.resume:
        config = _resumed_config(args, folder.config())
    else:
        config = _config(args)
        folder.refuse_if_used()
    with team_of_processes(config.device) as team:
        if not team.leads:
            return _follow(args, config, team)
        if config.augmentation.simulated:
            sys.stderr.write("Drawing the simulated digits, which takes some seconds.\n")
        return _lead(args, config, team)


def _lead(args: argparse.Namespace, config: TrainingConfig, team: Team) -> int:
    """Train, and write everything."""
    from viewer.core.training.events import Diverged

    session = _open(args, config, team)
    trainer = session.trainer
    last: Finished | Diverged | None = None
    patient = team.size > 1  # torchrun passes on what the terminal has sent already
    try:
        with (
            _interrupt_flag(patient=patient) as interrupted,
            _Progress(trainer) as progress,
            closing(session.events()) as events,
        ):
            for event in events:
                progress.show(event)
                last = _result(event) or last
                if interrupted and trainer.step < trainer.steps and not isinstance(last, Diverged):
                    break
    finally:
        session.close()
    return _report(args, session, last)


def _follow(args: argparse.Namespace, config: TrainingConfig, team: Team) -> int:
    """Train along with the process that leads: it alone writes, and decides when to stop."""
    from viewer.core.training.data_source import load_training_data
    from viewer.core.training.loop import Trainer
    from viewer.core.training.run_folder import RunFolder
    from viewer.core.training.state_file import network_of

    state = RunFolder(args.output).load_state() if args.resume else None
    start = None if state is None else network_of(state)
    data = load_training_data(config)
    trainer = Trainer(config, data, start=start, statistics_every=_STATISTICS_EVERY, team=team)
    if state is not None:
        trainer.restore(state)
    with _interrupt_flag(patient=True):
        for _ in trainer.events():
            pass
    return 0


def _open(args: argparse.Namespace, config: TrainingConfig, team: Team) -> RunSession:
    from viewer.core.training.data_source import load_training_data
    from viewer.core.training.session import RunSession

    options: dict[str, Any] = {
        "load_data": load_training_data,
        "keep_bytes": args.keep_mb << 20,
        "checkpoint_s": args.checkpoint_seconds,
        "statistics_every": _STATISTICS_EVERY,
        "team": team,
    }
    if args.resume:
        return RunSession.resume(args.output, **options)
    return RunSession.start(args.output, config, name=args.name, **options)


def _result(event: Event) -> Finished | Diverged | None:
    from viewer.core.training.events import Diverged, Finished

    return event if isinstance(event, Finished | Diverged) else None


def _report(args: argparse.Namespace, session: RunSession, last: Finished | Diverged | None) -> int:
    from viewer.core.training.events import Diverged, Finished

    trainer = session.trainer
    if isinstance(last, Finished):
        sys.stdout.write(
            f"test accuracy {last.test.accuracy:.2%} "
            f"({last.test.correct} of {last.test.n}), {session.folder.network_path}\n"
        )
        return 0
    if isinstance(last, Diverged):
        raise UserError(
            f"A number is not finite after {last.step} steps (the {last.what} of {last.layer}): "
            "start a new run with a lower learning rate."
        )
    sys.stderr.write(
        f"Stopped after step {trainer.step} of {trainer.steps}: "
        f"go on with convnet-viewer train -o {shlex.quote(str(args.output))} --resume.\n"
    )
    return EXIT_STOPPED


def _config(args: argparse.Namespace) -> TrainingConfig:
    """Return the settings of the recipe or file, with those of the command line over them."""
    if args.recipe is not None:
        base = load_recipe(args.recipe)
    elif args.preset is not None:
        base = load_preset(args.preset)
    elif args.config is not None:
        base = load_config(args.config)
    else:
        base = TrainingConfig()
    given = vars(args)
    plain = {f.name: given[f.name] for f in plain_fields(TrainingConfig) if f.name in given}
    moved = {f.name: given[f.name] for f in plain_fields(Augmentation) if f.name in given}
    if "layers" in given:
        base = _with_table(base, given["layers"], plain.get("architecture"))
    if plain.get("architecture", base.architecture) != base.architecture:
        base = replace(base, hyper={})  # another architecture has other hyper-parameters
    if "hyper" in given:
        plain["hyper"] = {**base.hyper, **dict(given["hyper"])}
    if "frozen" in given:
        plain["frozen"] = tuple(given["frozen"])
    return replace(base, **plain, augmentation=replace(base.augmentation, **moved))


def _with_table(base: TrainingConfig, path: Path, architecture: str | None) -> TrainingConfig:
    """Return settings whose network is built from the table of layers in a file."""
    from viewer.core.nets.architectures import TABLE

    if architecture not in (None, TABLE):
        raise UserError(
            f"--layers builds the network, and --arch asks for {architecture}: give one of them."
        )
    return replace(base, architecture=TABLE, hyper={"layers": rows_to_json(load_table(path))})


def _resumed_config(args: argparse.Namespace, stored: TrainingConfig) -> TrainingConfig:
    """Return the stored settings; UserError if the command line asks for others."""
    names = {f.name for owner in (TrainingConfig, Augmentation) for f in fields(owner)} | {"layers"}
    sourced = any(source is not None for source in (args.recipe, args.preset, args.config))
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


def _add_setting(group: argparse._ArgumentGroup, item: Field[Any]) -> None:
    default = "" if item.default is MISSING else f" [{item.default}]"
    common: dict[str, Any] = {
        "dest": item.name,
        "default": argparse.SUPPRESS,  # only what is given replaces the recipe's value
        "help": (item.metadata["help"] + default).replace("%", "%%"),
    }
    if isinstance(item.default, bool):
        group.add_argument(option(item.name), action=argparse.BooleanOptionalAction, **common)
    else:
        choices = item.metadata["choices"] or None
        metavar = None if choices else type(item.default).__name__.upper()
        group.add_argument(
            option(item.name),
            type=type(item.default),
            choices=choices,
            metavar=metavar,
            **common,
        )


def _hyper(text: str) -> tuple[str, bool | int | float | str]:
    name, _, value = text.partition("=")
    try:
        number = json.loads(value)
    except ValueError:
        number = None
    if isinstance(number, list):  # a table of layers, which its architecture reads itself
        number = value
    if not name or not isinstance(number, bool | int | float | str):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, like maps1=16")
    return name, number


def _number_from(low: int, kind: type[int] | type[float]) -> Callable[[str], int | float]:
    def read(text: str) -> int | float:
        try:
            number = kind(text)
        except ValueError:
            number = kind(-1)
        if not low <= number < _MAX_NUMBER:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low} up")
        return number

    return read


@contextmanager
def _interrupt_flag(*, patient: bool = False) -> Iterator[list[int]]:
    """Give a list that Ctrl-C and SIGTERM fill: a run stops between two steps, not within one.

    A second signal ends the program at once, unless `patient`.
    """
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        if received and not patient:  # somebody is in a hurry
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, receive) for number in _STOPPING}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
