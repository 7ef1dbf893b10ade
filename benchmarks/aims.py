"""The ratios to the limit that nnkit aims at, on one thread unless said otherwise."""

from __future__ import annotations

EAGER = {
    "W1": 4.0, "W2": 1.25, "W2b": 1.2, "W3": 1.05, "W4": 1.15, "W4b": 1.2, "W5": 1.2, "W6": 1.2,
    "W7:1e4": 3.0, "W7:1e6": 2.5, "W7:1e7": 3.0,
    "W8:10": 5.0, "W8:100": 5.0, "W8:1000": 5.0, "W8:10000": 5.0, "W8:100000": 5.0,
    "W9:big": 1.3, "W9:small": 5.0, "W9:hessian": 150.0, "W9:jacobian": 20.0,
}  # fmt: skip
COMPILED = {
    "W1": 1.3, "W2": 1.0, "W2b": 0.9, "W3": 1.02, "W4": 1.0, "W4b": 1.0, "W5": 1.05, "W6": 1.05,
    "W7:1e4": 1.0, "W7:1e6": 1.0, "W7:1e7": 1.0,
    "W8:10": 1.1, "W8:100": 1.1, "W8:1000": 1.1, "W8:10000": 1.1, "W8:100000": 1.1,
    "W9:big": 1.1, "W9:small": 1.5, "W9:hessian": 10.0, "W9:jacobian": 5.0,
}  # fmt: skip
COMPILED_TWO_THREADS = {"W4": 0.8, "W4b": 0.65, "W7:1e6": 0.9, "W7:1e7": 0.9}
IMPORT = {"cpu": 40.0, "memory": 10.0}  # autograd_core over NumPy: milliseconds and MB

AIMS = {(1, "nnkit"): EAGER, (1, "nnkit-compiled"): COMPILED}
AIMS[2, "nnkit-compiled"] = COMPILED_TWO_THREADS
