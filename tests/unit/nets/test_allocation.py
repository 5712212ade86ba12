"""The memory of one forward pass is there for the next one."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

# In a process of its own, for it changes the process: the fewest pages that one of several rounds
# fetches which take and give back 64 blocks of 1 MB. The first rounds only settle the heap: where
# the blocks fall into it depends on what the process imported before.
CODE = """
import resource, sys
import torch
from viewer.core.nets.allocation import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def round():
    blocks = [torch.zeros(1 << 18) for _ in range(64)]
    del blocks
def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    round()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(min([pages() for _ in range(6)][2:]))
"""
PAGES = (64 << 20) // 4096
# Every large block from the system and straight back to it: else glibc moves these bounds by what
# the process freed before, and may keep the blocks of its own accord.
FETCHING = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "131072"}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_a_later_pass_fetches_no_pages() -> None:
    def fetched(how: str) -> int:
        result = subprocess.run(
            [sys.executable, "-c", CODE, how],
            env={**os.environ, **FETCHING},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(result.stdout)

    assert fetched("kept") < PAGES / 20
    assert fetched("as it is") > PAGES / 2
