"""From opening a file with VGG-16's weights until its first maps are painted, beside a script."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PyQt6.QtCore import QEventLoop, QTimer

from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median, seconds_of
from viewer.cli.benchmarks.scenes import scene
from viewer.cli.benchmarks.session import TIMEOUT_MS, TIMEOUT_S, Session, running
from viewer.core.errors import UserError
from viewer.core.nets.shipped import DEFAULT_MODEL
from viewer.core.nets.torchvision_models import build_torchvision

NAME = "vgg16"
SEED = 0
ROUNDS = 5
INPUT_SHAPE = (1, 3, 224, 224)


class Opening:
    """Opens networks in the real window, and waits until their maps are painted.

    Parameters
    ----------
    session : Session
        Its pad has a picture already.
    """

    def __init__(self, session: Session) -> None:
        self._controller = session.controller
        self._title = ""
        self._loop = QEventLoop()
        self._alarm = QTimer()
        self._alarm.setSingleShot(True)
        self._alarm.timeout.connect(self._loop.quit)
        session.controller.flow.record_painted.connect(self._on_painted)

    def seconds(self, model: str, title: str) -> float:
        """Open a network; return how long it took until its maps were painted.

        Raises
        ------
        UserError
            If that took more than a minute.
        """
        self._title = title
        self._alarm.start(TIMEOUT_MS)
        start = time.perf_counter()
        self._controller.networks.open(model)
        self._loop.exec()
        taken = time.perf_counter() - start
        if not self._alarm.isActive():
            raise UserError(
                f"{title} was not painted within {TIMEOUT_S:.0f} s: "
                "try again on a machine that is less busy."
            )
        self._alarm.stop()
        return taken

    def _on_painted(self, _generation: int) -> None:
        network = self._controller.views.network
        if network is not None and network.title == self._title:
            self._loop.quit()


def measure(rounds: int = ROUNDS) -> dict[str, object]:
    """Return the part's object.

    Both are timed in this process, in turns, with the libraries imported and the file in the
    system's cache. The script reads the file, builds the network around its weights without
    drawing random ones first, and runs it once, with as many threads as torch takes by itself.

    Parameters
    ----------
    rounds : int
        How often each is timed, in turns.
    """
    threads = torch.get_num_threads()  # of a script: nothing of ours has said how many yet
    with TemporaryDirectory() as folder, running() as session:
        path = saved(Path(folder))
        session.controller.inputs.show_source(scene(0))
        opening = Opening(session)

        def window() -> float:
            taken = opening.seconds(str(path), path.stem)
            opening.seconds(DEFAULT_MODEL, DEFAULT_MODEL)  # not timed
            gc.collect()  # what is left of it is not to count for the script
            return taken

        def script() -> float:
            torch.set_num_threads(threads)
            return seconds_of(lambda: bare(path))

        samples = interleaved({"window": (window, 1), "script": (script, 1)}, rounds=rounds)
    return summary(samples)


def summary(samples: Mapping[str, list[float]]) -> dict[str, object]:
    """Return the figures of samples in seconds."""
    window, script = median(samples["window"]), median(samples["script"])
    return {
        "ratio": window / script,
        "window_ms": MS_PER_S * window,
        "script_ms": MS_PER_S * script,
    }


def saved(folder: Path) -> Path:
    """Write the weights of the network as torchvision builds it; return the file."""
    torch.manual_seed(SEED)
    path = folder / f"{NAME}.pth"
    torch.save(build_torchvision(NAME).state_dict(), path)
    return path


def bare(path: Path) -> torch.Tensor:
    """Load the weights, build the network and run it once; return its logits, (1, K)."""
    weights = torch.load(path, weights_only=True)
    with torch.device("meta"):
        network = build_torchvision(NAME)
    network.load_state_dict(weights, assign=True)
    network.eval()
    with torch.inference_mode():
        logits: torch.Tensor = network(torch.zeros(INPUT_SHAPE))
    return logits


if __name__ == "__main__":
    print_part(measure)
