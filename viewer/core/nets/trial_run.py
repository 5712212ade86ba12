"""Tries a network in a process of its own, before its code runs in this one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.core.errors import UserError
from viewer.core.nets.profile import Profile
from viewer.core.nets.refusal import KINDS, Refusal
from viewer.core.nets.trial import OK, OUT_OF_MEMORY

TIME_S = 120.0  # an interpreter, torch, the largest converter, and one pass of a slow network
MEMORY_SHARE = 0.75  # of what is free: the window has to live on
GIGABYTE = 1e9
_ROOT = Path(__file__).resolve().parents[3]  # what `viewer` is imported from


class TrialRefused(UserError):  # noqa: N818 - it carries a refusal
    """The network was not opened in the other process; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class TrialCancelled(UserError):  # noqa: N818 - it is no error
    """Whoever asked for the trial doesn't want it any more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network may take while it is tried.

    Attributes
    ----------
    time_s : float
        From the start of the process.
    memory_bytes : int
        Beyond what the libraries take; 0 for no limit.
    """

    time_s: float = TIME_S
    memory_bytes: int = 0


def usual_limits() -> Limits:
    """Return the limits for this machine as it is now."""
    return Limits(memory_bytes=int(MEMORY_SHARE * _free_memory()))


class Trial:
    """One trial; `cancel` may come from another thread.

    Parameters
    ----------
    limits : Limits, optional
        Default: `usual_limits`.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = usual_limits() if limits is None else limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """End the process, or never start it."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                _kill(self._process)

    def run(self, model: str, *, trust: bool = False, profile: Profile | None = None) -> None:
        """Open a network and run it once, there; returns if both went well.

        Parameters
        ----------
        model, trust, profile
            As of `viewer.core.nets.opening.open_network`.

        Raises
        ------
        TrialRefused
            If it was refused there, with the reason.
        TrialCancelled
            If `cancel` was called.
        UserError
            If it crashed, took too long or too much memory.
        """
        name = Path(model).name
        request = {
            "model": model,
            "trust": trust,
            "profile": None if profile is None else profile.to_json(),
            "memory_bytes": self._limits.memory_bytes,
            "time_s": self._limits.time_s,
        }
        output = self._output(json.dumps(request).encode() + b"\n", name)
        process = self._process
        assert process is not None
        if self._cancelled:
            raise TrialCancelled(f"{name} was not opened: open it again to have it.")
        _check(name, output, process.returncode, self._limits)

    def _output(self, request: bytes, name: str) -> bytes:
        with self._lock:
            if self._cancelled:
                raise TrialCancelled(f"{name} was not opened: open it again to have it.")
            self._process = process = _started()
        try:
            return process.communicate(request, self._limits.time_s)[0]
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{name} gave no answer within {self._limits.time_s:.0f} seconds and was given "
                "up because its own code hangs, or this machine is too slow for it: open a smaller "
                "network."
            ) from None
        finally:
            _kill(process)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what nobody has read
                        pipe.close()


def _started() -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(_search_path()),
        # One that waits spins, and the window's threads want the processors.
        "OMP_WAIT_POLICY": "passive",
    }
    return subprocess.Popen(
        # -P: no module beside the network, in the current folder, takes the place of any other.
        [sys.executable, "-P", "-m", "viewer.core.nets.trial"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # so that what it starts ends with it
    )


def _search_path() -> list[str]:
    """Return where modules are found here, so that a trusted network's classes are found there.

    The current folder comes last, wherever it stands here: beside the network there may be a
    module that is called as one of the standard library.
    """
    here = str(Path.cwd())
    others = [folder for folder in sys.path if folder not in ("", here, str(_ROOT))]
    last = [here] if "" in sys.path or here in sys.path else []
    return [str(_ROOT), *others, *last]


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    with contextlib.suppress(OSError):  # it has just ended by itself
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _check(name: str, output: bytes, code: int, limits: Limits) -> None:
    result = _parsed(output)
    kind = result.get("kind")
    if kind == OK:
        return
    if kind in KINDS:
        names = tuple(map(str, result["names"]))
        raise TrialRefused(Refusal(kind, str(result["sentence"]), names))
    if kind == OUT_OF_MEMORY:
        raise UserError(
            f"{name} needs more than the {limits.memory_bytes / GIGABYTE:.2g} GB of memory that "
            "it may take here: close other programs, or open a smaller network."
        )
    if kind == "error":
        raise UserError(f"{name} could not be run ({result['sentence']}): export it again.")
    raise UserError(
        f"{name} crashed while it was tried in a process of its own ({_ending(code)}): "
        "export it again with the version of PyTorch that is installed here."
    )


def _parsed(output: bytes) -> dict[str, Any]:
    try:
        result = json.loads(output)
    except ValueError:
        return {}
    return result if isinstance(result, dict) else {}


def _ending(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def _free_memory() -> int:
    """Return the bytes of memory that are free; 0 where the system doesn't say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0
