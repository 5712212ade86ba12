"""Names that weights had in older versions of torchvision; files that it publishes have them still.

``torchvision/models/densenet.py`` and ``vision_transformer.py`` rename them the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")
_TRANSFORMER = re.compile(r"(encoder\.layers\.encoder_layer_\d+\.mlp)\.(linear_[12])(\.\w+)")
_LINEAR: Mapping[str, str] = MappingProxyType({"linear_1": "0", "linear_2": "3"})


def with_present_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under the names that torchvision's networks give them today.

    Parameters
    ----------
    tensors : mapping of str to Tensor

    Returns
    -------
    dict of str to Tensor
        In the same order; as it was where a new name is taken already.
    """
    found = {_present(name): value for name, value in tensors.items()}
    return found if len(found) == len(tensors) else dict(tensors)


def _present(name: str) -> str:
    if match := _DENSENET.fullmatch(name):
        return match[1] + match[2]
    if match := _TRANSFORMER.fullmatch(name):
        return f"{match[1]}.{_LINEAR[match[2]]}{match[3]}"
    return name
