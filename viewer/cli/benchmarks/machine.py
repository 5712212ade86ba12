"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from viewer import __version__
from viewer.cli.benchmarks.output import print_part

_CPU_INFO = Path("/proc/cpuinfo")


def measure() -> dict[str, object]:
    """Return the part's object."""
    # Heavy: this module is imported by tests that need neither.
    import torch
    from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR

    return {
        "system": platform.platform(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": memory_gb(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "qt": QT_VERSION_STR,
        "pyqt": PYQT_VERSION_STR,
        "convnet_viewer": __version__,
    }


def cpu_name() -> str:
    """Return the processor's name, as the system tells it."""
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def memory_gb() -> float | None:
    """Return the main memory in 10⁹ bytes; None where the system doesn't tell."""
    if sys.platform == "win32" or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)


if __name__ == "__main__":
    print_part(measure)
