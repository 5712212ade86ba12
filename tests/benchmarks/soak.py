"""The real window in use for a long time: ``python -m tests.benchmarks.soak --minutes 30``.

Somebody trains, pauses, goes on, adjusts, scrubs, plays the film, compares, branches, resumes,
deletes, opens other networks, draws, evaluates, turns pages, resizes: at random, by a seed that
is printed, in an offscreen window with runs and drawings in a temporary folder. What is written
on stdout is one JSON object; the exit code is 1 if anything of this does not hold:

- No exception in a slot or a thread, no warning of Python or of Qt, no error of a worker, no
  sentence to the user but the expected ones.
- Memory. After the warm-up (a fifth of the time, but three to five minutes: everything was done
  once, and networks of every sort were trained) the resident set grows by at most `GROWTH_MB`:
  medians of the first and the last quarter of the rest are compared, and only if the soak lasts
  `JUDGED_MINUTES` or more. What may grow are the numbers of the run at hand and of the overlaid
  ones (32 bytes a batch, a few MB an hour), what Qt and torch keep for the next time (fonts,
  pixmaps, allocators' pools), and the largest run's share of these.
  Kept steps don't count: they are on disk within their own bound, with one step's weights in
  memory.
- The window is closed while a training runs: asked, it saves and ends within `CLOSING_S`.
- At the end there is no Python thread that was not there before the window, no timer that
  still runs, no window.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication, QDialogButtonBox

from tests.benchmarks.soak_person import Person, spin
from tests.benchmarks.soak_watch import Heartbeat, Memory, Problems, Timers
from viewer.app import Application, create_qt_application, install_exception_hooks
from viewer.core.data.folder_name import FolderName
from viewer.core.data.registry import load_dataset
from viewer.core.training.progress import RunState
from viewer.widgets.window.dialogs import ClosingDialog

GROWTH_MB = 100.0
JUDGED_MINUTES = 5.0
CLOSING_S = 2.0
WARM_UP_SHARE, SHORTEST_WARM_UP_S, LONGEST_WARM_UP_S = 0.2, 180.0, 300.0
STARTED_S = 60.0  # the network is there, a training runs
HANGING_S = 180.0  # then where every thread stands is printed, and the soak ends
STDERR = 2  # the descriptor: `sys.stderr` is listened to
IMAGES_A_CLASS = 30
WINDOW_PX = (1440, 900)
# Sentences that tell a person what is so, not that something is broken.
EXPECTED = re.compile(
    r"Show the step to branch from first"
    r"|The branch would begin at step"
    r"|.+ was not opened: a run was asked for meanwhile"
)


class Soak:
    """One soak.

    Parameters
    ----------
    folder : pathlib.Path
        For runs, drawings and settings; empty.
    seed : int
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._seed = seed
        self._problems = Problems()
        self._sentences: Counter[str] = Counter()
        self._timers = Timers()
        self._figures: dict[str, Any] = {}
        # Names and folders of runs, before the last actions.
        self._at_hand: deque[tuple[str, ...]] = deque(maxlen=3)

    def run(self, duration_s: float) -> dict[str, Any]:
        """Use the program for so long; return the summary."""
        images = _folder_of_images(self._folder / "images")
        qt = create_qt_application()
        before = set(threading.enumerate())
        with self._timers.watched(), self._problems.listening() as ear:
            application = self._start(qt)
            self._ear = ear
            person = Person(application, random.Random(self._seed), images)
            self._use(application, person, duration_s)
            self._close(application, person)
            QApplication.processEvents()
        threads = [t.name for t in threading.enumerate() if t not in before and t.is_alive()]
        windows = [type(window).__name__ for window in QApplication.topLevelWidgets()]
        summary = {
            "seed": self._seed,
            "minutes": duration_s / 60,
            "actions": sum(person.done.values()),
            "done": person.done,
            **self._figures,
            "threads_left": threads,
            "timers_left": self._timers.left(),
            "windows_left": windows,
            "sentences": dict(self._sentences.most_common()),
            "problems": [asdict(problem) for problem in self._problems.found],
        }
        return summary | {"failed": _verdict(summary)}

    def _start(self, qt: QApplication) -> Application:
        settings = QSettings(str(self._folder / "s.ini"), QSettings.Format.IniFormat)
        application = Application(qt, settings, runs_root=self._folder / "runs")
        install_exception_hooks(application.window)
        application.window.resize(*WINDOW_PX)
        application.start()
        application.complete()
        assert application.controller is not None
        application.controller.wait_until_shown(STARTED_S)
        return application

    def _use(self, application: Application, person: Person, duration_s: float) -> None:
        memory, heartbeat = Memory(), Heartbeat(self._problems.trail)
        begun_s = told_s = time.monotonic()
        person.act("train")
        while (now_s := time.monotonic()) < begun_s + duration_s:
            faulthandler.dump_traceback_later(HANGING_S, exit=True, file=STDERR)
            name = person.next_action()
            self._at_hand.append(_run_at_hand(application))
            self._problems.trail.append(name)
            person.act(name)
            self._ear.take()
            self._read_messages(application)
            if now_s - told_s >= 60:
                told_s = now_s
                self._tell(now_s - begun_s, person, memory)
        memory.stop()
        heartbeat.stop()
        warm_up_s = max(WARM_UP_SHARE * duration_s, SHORTEST_WARM_UP_S)
        warm_up_s = min(warm_up_s, LONGEST_WARM_UP_S)
        self._figures["memory"] = memory.figures(warm_up_s) | {"bound_mb": GROWTH_MB}
        self._figures["longest_gaps_s"] = heartbeat.worst

    def _read_messages(self, application: Application) -> None:
        """Read what the window says, and take it away."""
        messages = application.window.messages
        while messages.text:
            sentence = messages.text
            messages.dismiss()
            self._sentences[re.sub(r"\d[\d.,]*", "#", sentence)] += 1
            # The run at hand can't be deleted; that of nobody can.
            refused = "is being trained" in sentence
            if not EXPECTED.match(sentence) and not (refused and self._is_at_hand(sentence)):
                self._problems.add(f"said: {sentence}")

    def _is_at_hand(self, sentence: str) -> bool:
        """Return whether a sentence is about a run that was at hand just now."""
        names = (name for names in self._at_hand for name in names)
        return any(sentence.startswith(f"{name} ") for name in names)

    def _close(self, application: Application, person: Person) -> None:
        """Close the window while a training runs, by its own question."""
        self._problems.trail.append("close")
        faulthandler.dump_traceback_later(HANGING_S, exit=True, file=STDERR)
        training = application.services.training
        end_s = time.monotonic() + STARTED_S
        while training.state is not RunState.RUNNING and time.monotonic() < end_s:
            if training.state is RunState.PAUSED:
                training.go()
            else:
                person.train()
            spin(0.2)
        self._figures["closed_while"] = str(training.state)
        person.stop()
        application.window.close()
        dialog = application.window.findChild(ClosingDialog)
        button = None if dialog is None else dialog.findChild(QDialogButtonBox)
        if button is not None:
            button.accepted.emit()
        begun_s = time.perf_counter()
        if not application.close():
            self._problems.add("A thread did not end in time.")
        self._figures["closing_s"] = time.perf_counter() - begun_s
        self._figures["asked_before_closing"] = button is not None
        faulthandler.cancel_dump_traceback_later()

    def _tell(self, after_s: float, person: Person, memory: Memory) -> None:
        _, rss_mb, native, widgets = memory.samples[-1]
        assert sys.__stderr__ is not None
        sys.__stderr__.write(
            f"{after_s / 60:5.1f} min  {sum(person.done.values()):6} actions  {rss_mb:6.0f} MB  "
            f"{native} threads  {widgets} widgets  {len(self._problems.found)} problems\n"
        )
        sys.__stderr__.flush()


def _run_at_hand(application: Application) -> tuple[str, ...]:
    """Return name and folder of the run that is trained or was last; nothing if there is none."""
    path = application.services.training.path
    assert application.controller is not None
    training = application.controller.training
    return () if path is None else (training.new_runs.name_of(path), str(path))


def _verdict(summary: dict[str, Any]) -> list[str]:
    """Return what does not hold."""
    memory = summary["memory"]
    checks = {
        "problems": bool(summary["problems"]),
        "memory": summary["minutes"] >= JUDGED_MINUTES and memory["growth_mb"] > GROWTH_MB,
        "closing": summary["closing_s"] > CLOSING_S,
        "threads": bool(summary["threads_left"]),
        "timers": bool(summary["timers_left"]),
        "windows": bool(summary["windows_left"]),
    }
    return [name for name, fails in checks.items() if fails]


def _folder_of_images(folder: Path) -> str:
    """Write a small folder of images by class; return its name as a data set."""
    test = load_dataset("mnist", "test")
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
        indices = [i for i in range(1000) if int(test.labels[i]) == label][:IMAGES_A_CLASS]
        for index in indices:
            Image.fromarray(test.images[index]).save(folder / str(label) / f"{index}.png")
    return str(FolderName(folder))


def main() -> int:
    """Run a soak by the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    assert sys.__stderr__ is not None
    sys.__stderr__.write(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        # The program's own way to find its data: drawings and downloads of nobody.
        for variable in ("XDG_DATA_HOME", "APPDATA"):
            os.environ[variable] = folder
        summary = Soak(Path(folder), arguments.seed).run(60 * arguments.minutes)
    sys.stdout.write(json.dumps(summary, indent=1) + "\n")
    sys.stdout.flush()
    return 1 if summary["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
