"""What was said about each file, kept until the file changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PyQt6.QtCore import QSettings

from viewer.core.errors import UserError
from viewer.core.nets.model_names import HELD_PREFIX
from viewer.core.nets.profile import Profile

GROUP, ORDER_KEY = "profiles", "profiles_order"
MAX_PROFILES = 200


def identity_of(model: str) -> str:
    """Return what a network is remembered by: another one once its file has changed.

    Of a file its path, size and time of change, without reading it; of a name the name.
    """
    path = Path(model).expanduser()
    try:
        found = path.stat()
        text = f"{path.resolve()}|{found.st_size}|{found.st_mtime_ns}"
    except (OSError, ValueError):
        text = model
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class ProfileStore:
    """Profiles by network, in the settings; the oldest of too many are forgotten."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def get(self, model: str) -> Profile | None:
        """Return what was said about a network; None if nothing was."""
        text = self._settings.value(f"{GROUP}/{identity_of(model)}", "")
        if not isinstance(text, str) or not text:
            return None
        try:
            return Profile.from_json(text)
        except UserError:
            return None  # somebody else wrote there: as if nothing had been said

    def put(self, model: str, profile: Profile) -> None:
        """Remember what was said about a network."""
        if model.startswith(HELD_PREFIX):
            return  # gone with the process
        identity = identity_of(model)
        order = [name for name in self._order() if name != identity]
        for forgotten in order[: max(len(order) + 1 - MAX_PROFILES, 0)]:
            self._settings.remove(f"{GROUP}/{forgotten}")
        self._settings.setValue(f"{GROUP}/{identity}", profile.to_json())
        self._settings.setValue(ORDER_KEY, [*order, identity][-MAX_PROFILES:])

    def _order(self) -> list[str]:
        stored = self._settings.value(ORDER_KEY, [])
        names = [stored] if isinstance(stored, str) else stored  # an INI file's list of one
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
