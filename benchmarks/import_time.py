"""What `import nnkit` costs over NumPy's own import; at most 0.25 s.

Each sample is a fresh interpreter that times one import statement; the two take turns, so that a
busy machine slows both alike.
"""

import os
import statistics
import subprocess
import sys

SAMPLES = 15
TIME = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def seconds(module):
    """Return how long importing `module` takes in a fresh interpreter."""
    command = [sys.executable, "-c", TIME.format(module)]
    cached = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return float(subprocess.check_output(command, text=True, env=cached))


def main():
    pairs = [(seconds("numpy"), seconds("nnkit")) for _ in range(SAMPLES + 1)][1:]
    numpy_time, nnkit_time = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"import numpy {numpy_time:.3f} s, nnkit {nnkit_time:.3f} s (medians of {SAMPLES})")
    print(f"nnkit over numpy: {nnkit_time - numpy_time:+.3f} s, allowed +0.250 s")


if __name__ == "__main__":
    main()
