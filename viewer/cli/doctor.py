"""``convnet-viewer doctor``: what works on this machine and what doesn't."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from viewer import __version__
from viewer.core import diagnostics
from viewer.core.errors import UserError

HELP = "Say what works here and what doesn't: versions, display, devices, data, networks."
EXAMPLE = "convnet-viewer doctor"

PACKAGES = ("torch", "torchvision", "PyQt6", "numpy", "scipy", "pillow", "safetensors")
OPTIONAL = ("onnx", "onnx2torch")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    ok: bool
    name: str
    text: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: there are none."""


def run(args: argparse.Namespace) -> int:
    """Print the findings; the exit code is 1 if something doesn't work."""
    worst = 0
    for finding in findings():
        mark = "ok " if finding.ok else "BAD"
        sys.stdout.write(f"{mark}  {finding.name:<12} {finding.text}\n")
        worst = max(worst, 0 if finding.ok else 1)
    return worst


def findings() -> Iterator[Finding]:
    """Look at everything that the program needs, one after the other."""
    yield Finding(
        True,
        "program",
        f"convnet-viewer {__version__}, Python {platform.python_version()}, {platform.platform()}",
    )
    for package in PACKAGES:
        yield _package(package)
    for name, check in (
        ("Qt", _qt),
        ("display", _display),
        ("devices", _devices),
        ("MNIST", _mnist),
        ("networks", _networks),
        ("settings", _settings),
    ):
        yield _checked(name, check)
    yield _onnx()
    yield _camera()


def _package(package: str) -> Finding:
    try:
        return Finding(True, package, importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return Finding(False, package, f"is not installed: run pip install {package}")


def _onnx() -> Finding:
    """Say whether files of ONNX can be opened; without them everything else works."""
    versions = []
    for package in OPTIONAL:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            return Finding(
                True,
                "ONNX files",
                f"can't be opened without the package {package}: run .venv/bin/python -m pip "
                "install '.[onnx]' in the clone, if you need them",
            )
    return Finding(True, "ONNX files", ", ".join(versions))


def _camera() -> Finding:
    """Say whether Qt's part for cameras loads; without it everything else works."""
    try:
        with _quiet_qt():
            import_module("PyQt6.QtMultimedia")
    except ImportError as error:
        missing = diagnostics.shared_library(str(error)) or str(error)
        package = diagnostics.PACKAGES.get(missing)
        remedy = f"install {package or missing}"
        return Finding(True, "camera", f"can't be used without {missing}: {remedy}, if you need it")
    return Finding(True, "camera", "QtMultimedia can be imported")


@contextmanager
def _quiet_qt() -> Iterator[None]:
    """Keep what Qt says while it loads: of libraries for sound and screens that it lacks."""
    from PyQt6.QtCore import qInstallMessageHandler

    before = qInstallMessageHandler(lambda *_: None)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def _checked(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(True, name, check())
    except UserError as error:
        return Finding(False, name, str(error))
    except Exception as error:  # noqa: BLE001 - the report goes on, whatever one check raises
        return Finding(False, name, f"{type(error).__name__}: {error}")


def _qt() -> str:
    try:
        from PyQt6 import QtCore, QtWidgets
    except ImportError as error:
        raise UserError(diagnostics.library_sentence(str(error)) or str(error)) from error
    return f"Qt {QtCore.QT_VERSION_STR}, {QtWidgets.QApplication.__name__} can be imported"


def _display() -> str:
    problem = diagnostics.display_problem()
    if problem is not None:
        raise UserError(problem)
    missing = diagnostics.missing_library() if sys.platform.startswith("linux") else None
    if missing is not None:
        raise UserError(missing)
    chosen = os.environ.get("QT_QPA_PLATFORM")
    where = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "the desktop"
    return f"Qt platform {chosen}" if chosen else f"a window can be opened on {where}"


def _devices() -> str:
    import torch

    names = [f"CPU ({os.cpu_count()} cores, {torch.get_num_threads()} threads)"]
    names += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("Apple GPU (MPS)")
    return ", ".join(names)


def _mnist() -> str:
    from viewer.core.data.mnist import load_mnist

    counts = [len(load_mnist(part).labels) for part in ("train", "test")]
    return f"{counts[0]:,} training and {counts[1]:,} test images, checksums right"


def _networks() -> str:
    from viewer.core.engine import Engine
    from viewer.core.nets.shipped import shipped_models

    opened = [Engine.open(name).network for name in shipped_models()]
    return ", ".join(f"{n.title} ({n.parameters:,} parameters)" for n in opened)


def _settings() -> str:
    from PyQt6.QtCore import QSettings

    from viewer.core.program import APPLICATION, ORGANISATION

    settings = QSettings(ORGANISATION, APPLICATION)
    if not settings.isWritable():
        raise UserError(
            f"Settings can't be written to {settings.fileName()}: the window works, but forgets "
            "its layout; check the folder's permissions."
        )
    return settings.fileName()
