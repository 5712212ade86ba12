"""`override`, without what importing it costs.

Before Python 3.12 it lives in typing_extensions, which takes 7 ms to import: a tenth of
the time to the first painted window, for a mark that only the type checker reads.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

if sys.version_info >= (3, 12):
    from typing import override
elif TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: Callable[..., object]) -> Callable[..., object]:
        """Return `method` as it is."""
        return method


__all__ = ["override"]
