"""How a folder of images is named where a data set's name is expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DEFAULT_SIZE_PX = 28
_FORM = re.compile(r"(?P<path>.+?)(?:@(?P<size>\d{1,4})(?P<color>grey|color)?)?")
_SEPARATORS = ("/", "\\")


@dataclass(frozen=True, slots=True)
class FolderName:
    """A folder of images as a data set: ``/home/me/leaves@64color``.

    Attributes
    ----------
    path : pathlib.Path
    size : int
        Side that its images are brought to, in pixels.
    color : bool or None
        Three channels or one; None: as the images are.
    """

    path: Path
    size: int = DEFAULT_SIZE_PX
    color: bool | None = None

    @classmethod
    def parse(cls, text: str) -> FolderName | None:
        """Return what `text` names; None if it is no path (it has no separator)."""
        if not any(separator in text for separator in _SEPARATORS):
            return None
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        color = {None: None, "grey": False, "color": True}[found["color"]]
        return cls(Path(found["path"]), int(found["size"] or DEFAULT_SIZE_PX), color)

    def __str__(self) -> str:
        color = {None: "", False: "grey", True: "color"}[self.color]
        return f"{self.path.absolute()}@{self.size}{color}"
