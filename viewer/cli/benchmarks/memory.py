"""Memory of the running program after many updates, beside a process that holds the network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from viewer.cli.benchmarks import bare
from viewer.cli.benchmarks.output import print_part
from viewer.core.errors import UserError

EARLY_UPDATES, UPDATES = 1_000, 5_000
MODEL = "digits"
TIMEOUT_S = 60.0
BYTES_PER_MB = 1e6

_STATM = Path("/proc/self/statm")  # Linux: sizes in pages, the second is the resident one
_RESIDENT_FIELD = 1


def measure() -> dict[str, object]:
    """Return the part's object; all sizes are resident sets (RSS), as task managers show them."""
    # Qt and torch: this module is also imported by a process that must not hold more.
    from viewer.cli.benchmarks.session import running

    bare_mb = holder_bytes() / BYTES_PER_MB
    with running(MODEL) as session:
        for _ in range(EARLY_UPDATES):
            session.update_s()
        early_mb = resident_bytes() / BYTES_PER_MB
        for _ in range(UPDATES - EARLY_UPDATES):
            session.update_s()
        late_mb = resident_bytes() / BYTES_PER_MB
    return {
        "ratio": late_mb / bare_mb,
        "growth_mb": late_mb - early_mb,
        "app_mb": late_mb,
        "bare_mb": bare_mb,
        "of": "resident set",
    }


def holder_bytes() -> int:
    """Return the resident memory of a process that imports the libraries and holds the network.

    Raises
    ------
    UserError
        If it fails.
    """
    done = subprocess.run(
        [sys.executable, "-c", bare.HOLDER.format(model=MODEL)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0 or not done.stdout.strip().isdigit():
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise UserError(f"The bare process could not be measured: {lines[-1]}")
    return int(done.stdout)


def resident_bytes() -> int:
    """Return how much of this process is in main memory now.

    Raises
    ------
    UserError
        If the system can't be asked: psutil is then needed.
    """
    if _STATM.exists():
        import resource

        return int(_STATM.read_text("ascii").split()[_RESIDENT_FIELD]) * resource.getpagesize()
    try:
        import psutil
    except ModuleNotFoundError:
        raise UserError(
            "Memory can't be measured on this system without psutil: run pip install psutil."
        ) from None
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    print_part(measure)
