"""Derivatives that have no formula in SciPy's functions: with respect to an order, or a shape. And
the ufuncs that SciPy hides behind a function of its own.
"""

import scipy.special as sc

from ...errors import MissingRuleError


def unknown(name, operand):
    """Return the partial derivative that says that it is not known."""

    def partial(_y, _x, *_xs):
        raise MissingRuleError(
            f"scipy.special.{name} has no derivative rule for operand {operand}: there is no "
            f"formula for it in SciPy's functions. Pass that operand as a plain number or "
            f".detach() it."
        )

    return partial


def hidden(name):
    """Return SciPy's internal ufunc of this name in a list, an empty one if it has none."""
    return [f for f in [getattr(sc._ufuncs, name, None)] if f is not None]
