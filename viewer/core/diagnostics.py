"""What works on this machine and what doesn't, found without starting Qt."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

# Shared library that Qt asks for → Debian and Ubuntu package that has it.
PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "libEGL.so.1": "libegl1",
        "libGL.so.1": "libgl1",
        "libOpenGL.so.0": "libopengl0",
        "libX11-xcb.so.1": "libx11-xcb1",
        "libX11.so.6": "libx11-6",
        "libdbus-1.so.3": "libdbus-1-3",
        "libfontconfig.so.1": "libfontconfig1",
        "libfreetype.so.6": "libfreetype6",
        "libglib-2.0.so.0": "libglib2.0-0",
        "libpulse.so.0": "libpulse0",
        "libgthread-2.0.so.0": "libglib2.0-0",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-image.so.0": "libxcb-image0",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-randr.so.0": "libxcb-randr0",
        "libxcb-render-util.so.0": "libxcb-render-util0",
        "libxcb-render.so.0": "libxcb-render0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-shm.so.0": "libxcb-shm0",
        "libxcb-sync.so.1": "libxcb-sync1",
        "libxcb-xfixes.so.0": "libxcb-xfixes0",
        "libxcb-xinerama.so.0": "libxcb-xinerama0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxcb.so.1": "libxcb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
        "libxkbcommon.so.0": "libxkbcommon0",
    }
)

_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*)")
_DISPLAY = re.compile(r"^(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?$")
_X_BASE_PORT = 6000
_CONNECT_TIMEOUT_S = 1.0


def shared_library(message: str) -> str | None:
    """Return the shared library that a loader's message names, None if it names none."""
    found = _LIBRARY.search(message)
    return None if found is None else found.group(1)


def library_sentence(message: str) -> str | None:
    """Return what to install for a loader's message that names a missing library.

    Parameters
    ----------
    message : str
        Text of an ImportError or OSError.

    Returns
    -------
    str or None
        One sentence; None if the message names no shared library.
    """
    library = shared_library(message)
    if library is None:
        return None
    package = PACKAGES.get(library)
    remedy = (
        f"install the package {package} (sudo apt install {package})"
        if package
        else f"install the package that has {library}"
    )
    return f"Qt can't open a window because the library {library} is missing: {remedy}."


def display_problem(environment: Mapping[str, str] | None = None) -> str | None:
    """Return why no window can be opened, as one sentence; None if nothing speaks against it.

    Only Linux and its kin can lack a display or Qt's libraries; elsewhere the answer is None.
    """
    env = os.environ if environment is None else environment
    if not sys.platform.startswith("linux"):
        return None
    platform = env.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if platform not in ("", "xcb", "wayland"):
        return None
    if env.get("WAYLAND_DISPLAY") and platform != "xcb":
        return None
    display = env.get("DISPLAY", "")
    if not display:
        return (
            "There is no display to open a window on: start from a desktop session, set DISPLAY, "
            "or use a command that needs none, such as predict or screenshot."
        )
    if not _x_server_answers(display):
        return (
            f"The display {display} doesn't answer: start an X server there or set DISPLAY "
            "to one that runs."
        )
    return missing_library()


def missing_library() -> str | None:
    """Return what to install so that Qt's X11 plugin loads; None if it does."""
    plugin = xcb_plugin()
    if plugin is None:
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return library_sentence(str(error))
    return None


def xcb_plugin() -> Path | None:
    """Return the path of Qt's X11 plugin, or None where PyQt6 has none."""
    spec = importlib.util.find_spec("PyQt6")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    plugin = folder / "Qt6" / "plugins" / "platforms" / "libqxcb.so"
    return plugin if plugin.exists() else None


def _x_server_answers(display: str) -> bool:
    match = _DISPLAY.match(display)
    if match is None:
        return True  # a form that only X itself understands: let Qt decide
    number = int(match["number"])
    host = match["host"].removeprefix("unix").removesuffix("/")
    try:
        if host:
            with socket.create_connection((host, _X_BASE_PORT + number), _CONNECT_TIMEOUT_S):
                return True
        return any(_unix_socket_answers(p) for p in _unix_socket_names(number))
    except OSError:
        return False


def _unix_socket_names(number: int) -> tuple[str, str]:
    path = f"/tmp/.X11-unix/X{number}"  # where X servers put it by convention
    return path, "\0" + path


def _unix_socket_answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_TIMEOUT_S)
        return probe.connect_ex(address) == 0
