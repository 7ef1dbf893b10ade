"""SciPy's functions, for code written for the package `autograd`, and for those of them that
SciPy's own cannot do with Tensors: `import autograd_core.scipy.special as sp`.

The ufuncs of plain `scipy.special` differentiate, too. Here, in addition, its other functions,
and parts of `scipy.linalg`, `optimize`, `stats`, `signal` and `integrate`.
"""

try:
    import scipy  # noqa: F401
except ImportError as error:
    raise ImportError(
        "autograd_core.scipy needs SciPy. Install it with: pip install 'nnkit[scipy]'"
    ) from error

from . import integrate, linalg, optimize, signal, special, stats

__all__ = ["integrate", "linalg", "optimize", "signal", "special", "stats"]
