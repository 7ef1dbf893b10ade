"""The sample table: one row for each row of the rule table, and the points it is tried at.

The rows are in the files `ops_*.py`, a family of functions in each; `tests/sampling.py` says what
a row is. `tests/autograd_core/test_ops.py` puts each row through everything.
"""

from __future__ import annotations

import importlib.util

from tests.sampling import SAMPLES, Maker, Sample, positive, real, sample

__all__ = ["SAMPLES", "Maker", "Sample", "positive", "real", "sample"]

from tests import (  # noqa: F401 (they add their rows to SAMPLES)
    ops_differences,
    ops_elementwise,
    ops_indexing,
    ops_linalg,
    ops_products,
    ops_reductions,
    ops_shaping,
)

if importlib.util.find_spec("scipy") is not None:
    from tests import ops_scipy  # noqa: F401
