"""Optimisation: the namespace of `scipy.optimize`, with derivatives in both directions.

Its solvers get the derivatives of your function without being asked for them, and their solutions
can be differentiated with respect to `args`: `minimize`, `least_squares`, `curve_fit`, `root` and
the others imported below. Those of SciPy's functions that are not among them say so when they meet
a Tensor. `ScalarFunction` and `VectorFunction` are for who calls SciPy or another solver directly.
"""

from typing import TYPE_CHECKING

import scipy.optimize

from ..guarded import guarded

if TYPE_CHECKING:
    from scipy.optimize import *  # noqa: F403
else:
    globals().update(guarded(scipy.optimize))

from .fitting import curve_fit, least_squares  # noqa: F401 (after SciPy's own of these names)
from .functions import ScalarFunction, VectorFunction  # noqa: F401
from .minimizing import minimize, minimize_scalar  # noqa: F401
from .roots import fixed_point, fsolve, root  # noqa: F401
from .scalar_roots import (  # noqa: F401
    bisect,
    brenth,
    brentq,
    newton,
    ridder,
    root_scalar,
    toms748,
)
from .systems import solve_cg, solve_gmres  # noqa: F401

OURS = ("ScalarFunction", "VectorFunction", "solve_cg", "solve_gmres")
__all__ = sorted(n for n in [*scipy.optimize.__all__, *OURS] if n in globals())  # without modules
