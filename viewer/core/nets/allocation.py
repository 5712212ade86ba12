"""Memory between forward passes: kept by the process, in place of being fetched anew each time.

A pass that keeps every output takes tens of megabytes. Where they are given back to the system
after each pass, the next one pays for every page again, which is up to half of its time.
"""

from __future__ import annotations

import ctypes
import functools
import sys

# Of glibc's malloc.h. Blocks up to the first size come from the heap, not from the system; so
# much free memory stays at the heap's end.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_HEAP_BLOCK_BYTES = 32 << 20  # the largest map of vgg16 has 13 MB; files of weights are larger
_KEPT_BYTES = 512 << 20


@functools.cache
def keep_freed_memory() -> bool:
    """Let the process keep the memory that a forward pass gives back, for the next one.

    Returns
    -------
    bool
        Whether this system's allocator can be told so: glibc's can.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    options = ((_M_MMAP_THRESHOLD, _HEAP_BLOCK_BYTES), (_M_TRIM_THRESHOLD, _KEPT_BYTES))
    return all(mallopt(option, value) == 1 for option, value in options)
