"""See inside a convolutional network while you draw.

From a script, `viewer.show` opens the window on a network and an image, and `viewer.capture`
returns what every layer answers as arrays, without a window.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Where the names for scripts are. Imported when they are asked for: the window is to be on screen
# before anything heavy is. By name, so that no module below depends on one above by way of this.
_NAMES = {
    "show": "viewer.python",
    "capture": "viewer.core.capture",
    "Preparation": "viewer.core.records",
    "Fit": "viewer.core.records",
    "Drawing": "viewer.core.records",
    "Stroke": "viewer.core.records",
    "UserError": "viewer.core.errors",
}


def __getattr__(name: str) -> Any:
    place = _NAMES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(place), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
