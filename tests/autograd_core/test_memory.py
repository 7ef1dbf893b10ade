"""The memory of large arrays is used again instead of being returned to the system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_core.memory import keep_freed_memory

COUNT = """
import resource
import numpy as np
import autograd_core

x = np.ones({size}, np.float32)
for _ in range(3):
    x + 1.0
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    x + 1.0
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(size: int, **environment: str) -> int:
    """Count the pages that 20 temporary arrays had to be given, in a process of its own."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC", "GLIBC"))}
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(size=size)],
        env=plain | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(not keep_freed_memory(), reason="the allocator is not glibc's")
@pytest.mark.parametrize("size", [1_000_000, 10_000_000])
def test_large_temporaries_need_no_new_pages(size: int) -> None:
    assert faults(size) < 20


@pytest.mark.skipif(not keep_freed_memory(), reason="the allocator is not glibc's")
def test_the_environment_has_the_last_word() -> None:
    assert faults(10_000_000, NNKIT_KEEP_MEMORY="0") > 200
    assert faults(10_000_000, MALLOC_MMAP_THRESHOLD_="131072") > 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_reserved_memory_is_the_process_own() -> None:
    """What a process that was forked writes is not seen in the other."""
    code = (
        "import os; from autograd_core.memory import reserve\n"
        "for n in (100, 1 << 21):\n"
        "    memory = reserve(n)\n"
        "    assert memory.nbytes == n and memory.ctypes.data % 64 == 0\n"
        "    memory[:] = 1\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        memory[:] = 2\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    assert (memory == 1).all()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)
