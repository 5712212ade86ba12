"""Writes `torchvision_table.py`: ``python -m tests.unit.nets.torchvision_table_maker``.

To compare weights with each of torchvision's architectures takes seconds, because each has to be
built. The table has, for each, a fingerprint of the names in its state dict, and the weight of its
last layer, which has a row for each class.
"""

from __future__ import annotations

from pathlib import Path

import torchvision  # type: ignore[import-untyped]  # no stubs

from viewer.core.nets.formats import torchvision_table
from viewer.core.nets.formats.empty import torchvision_rows

_HEADER = '''"""What is in torchvision's state dicts; written by `torchvision_table_maker`."""

from collections.abc import Mapping
from types import MappingProxyType

VERSION = "%s"  # of torchvision

# Name: fingerprint of the names in its state dict, and the weight of its last layer.
TORCHVISION: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
'''
_FOOTER = "    }\n)\n"


def main() -> None:
    """Write the table where the program has it."""
    rows = torchvision_rows()
    lines = [f'        "{name}": ("{mark}", "{last}"),\n' for name, (mark, last) in rows]
    path = Path(torchvision_table.__file__)
    version = ".".join(torchvision.__version__.split(".")[:2])
    path.write_text(_HEADER % version + "".join(lines) + _FOOTER)


if __name__ == "__main__":
    main()
