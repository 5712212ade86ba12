"""What a person has changed in the preparation of pictures, network by network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from viewer.controllers.profiles import identity_of
from viewer.core.nets.preparation_values import preparation_of, preparation_values

if TYPE_CHECKING:
    from PyQt6.QtCore import QSettings

    from viewer.core.records import Preparation

KEY = "input/preparations"
CHANGED = ("fit", "invert", "off")  # the rest is the network's
MAX_NETWORKS = 64  # the ones changed last


class PreparationMemory:
    """Keeps changes in the settings, by what `ProfileStore` knows a network by.

    They are on top of a network's own preparation, or of what its profile says in its place: one
    that is said anew takes them away, see `NetworkFormController`.
    """

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def recall(self, model: str, own: Preparation) -> Preparation:
        """Return a network's own preparation with what was changed in it."""
        changes = self._read().get(identity_of(model))
        if not isinstance(changes, dict):
            return own
        known = {key: changes[key] for key in CHANGED if key in changes}
        # None: of another version, or somebody else's.
        return preparation_of(preparation_values(own) | known) or own

    def remember(self, model: str, changed: Preparation | None) -> None:
        """Keep a change, or forget it where there is none; a run has no name to keep it by."""
        if not model:
            return
        identity = identity_of(model)
        kept = {name: value for name, value in self._read().items() if name != identity}
        if changed is not None:
            values = preparation_values(changed)
            kept[identity] = {key: values[key] for key in CHANGED}
        newest = dict(list(kept.items())[-MAX_NETWORKS:])
        self._settings.setValue(KEY, json.dumps(newest))

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(str(self._settings.value(KEY, "{}")))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
