"""Opens a network and runs it once, in a process of its own: ``python -m viewer.core.nets.trial``.

What a network's own code does to this process (crash, hang, take all memory) is seen by
`viewer.core.nets.trial_run`, which started it, and does nothing to the window. It is no sandbox:
code that is tried here may still do what its user may do.

It reads one JSON object from its input, and writes one to its output.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import IO, Any

WATCH_EVERY_S = 1.0
OUT_OF_MEMORY = "out of memory"
OK = "ok"
REASON_LETTERS = 300  # of what the network's own code says
_MEMORY_WORDS = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory")


def main() -> None:
    """Answer the request on the input; ends the process without running destructors."""
    request = json.loads(sys.stdin.buffer.readline())
    answer = _private_output()
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    result = _result_of(request)
    answer.write(json.dumps(result))
    answer.flush()
    os._exit(0)


def _private_output() -> IO[str]:
    """Return our output, and send what the network prints nowhere."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answer


def _end_with(parent: int) -> None:
    """End this process soon after the one that started it; code in C may keep that from working."""
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(WATCH_EVERY_S)
    os._exit(1)


def _result_of(request: dict[str, Any]) -> dict[str, Any]:
    # Heavy (torch): before the limits, which are for the network and not for the library.
    from viewer.core.engine import Engine
    from viewer.core.errors import UserError
    from viewer.core.nets.opening import open_network
    from viewer.core.nets.profile import Profile
    from viewer.core.nets.refusal import refusal_of
    from viewer.core.records import Drawing, InferenceRequest
    from viewer.core.sentences import shortened

    text = request["profile"]
    profile = None if text is None else Profile.from_json(text)
    _limit(request["memory_bytes"], request["time_s"])
    try:
        loaded = open_network(request["model"], trust=request["trust"], profile=profile)
        Engine(loaded).run(InferenceRequest(0, Drawing()))
    except UserError as error:
        refusal = refusal_of(error)
        return {"kind": refusal.kind, "sentence": refusal.sentence, "names": refusal.names}
    except MemoryError:
        return {"kind": OUT_OF_MEMORY}
    except Exception as error:  # noqa: BLE001 - the network's own code: whatever it is, it is told
        if any(word in str(error).lower() for word in _MEMORY_WORDS):
            return {"kind": OUT_OF_MEMORY}
        told = shortened(f"{type(error).__name__}: {error}", REASON_LETTERS)
        return {"kind": "error", "sentence": told}
    return {"kind": OK}


def _limit(memory_bytes: int, time_s: float) -> None:
    """Let this process take so much more memory, and so much time of a processor."""
    try:
        import resource
    except ImportError:  # Windows: the time is watched from outside
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Also ends code in C that holds the interpreter when whoever started it is gone.
    cpu_s = int(time_s * (os.cpu_count() or 1)) + 1
    _lower(resource.RLIMIT_CPU, cpu_s)
    taken = _address_space()
    if memory_bytes and taken:
        _lower(resource.RLIMIT_AS, taken + memory_bytes)


def _lower(what: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or value < hard:
        resource.setrlimit(what, (value, hard))


def _address_space() -> int:
    """Return the bytes of addresses that this process has; 0 where the system doesn't say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
