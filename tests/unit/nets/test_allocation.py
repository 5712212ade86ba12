"""The memory of one forward pass is there for the next one."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# In a process of its own, for it changes the process: pages fetched by the second of two rounds
# that take and give back 64 blocks of 1 MB.
CODE = """
import resource, sys
import torch
from viewer.core.nets.allocation import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def round():
    blocks = [torch.zeros(1 << 18) for _ in range(64)]
    del blocks
round()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
round()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
PAGES = (64 << 20) // 4096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_a_second_pass_fetches_no_pages() -> None:
    def fetched(how: str) -> int:
        result = subprocess.run(
            [sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True
        )
        return int(result.stdout)

    assert fetched("kept") < PAGES / 20
    assert fetched("as it is") > PAGES / 2
