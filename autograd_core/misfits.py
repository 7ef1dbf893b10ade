"""Why operands do not fit each other, in words that help more than NumPy's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .calling import name_of
from .errors import ArgumentError, AutogradError, DtypeError, ShapeError, describe

__all__ = ["not_numbers", "refuse_misfits"]

NUMBERS = (int, float, complex, list, tuple)


def refuse_misfits(error: Exception, f: Any, operands: Sequence) -> None:
    """Raise a better error for a call that NumPy refused, if there is one."""
    if f is np.linalg.norm and "Improper number of dimensions" in str(error):
        raise ArgumentError(
            f"np.linalg.norm is taken over one axis or two, or without axis= over all; got more of "
            f"them, of {describe(operands[0])}. np.linalg.vector_norm takes them as one vector."
        ) from None
    if isinstance(error, AutogradError) or not (isinstance(f, np.ufunc) or f is np.where):
        return
    if isinstance(error, TypeError) and not all(map(is_number, operands)):
        raise not_numbers(f, operands) from None
    shapes = [np.shape(x) for x in operands]
    if isinstance(error, ValueError) and f is np.matmul:
        raise matrices_do_not_fit(*shapes) from None
    if isinstance(error, ValueError) and "broadcast" in str(error):
        raise shapes_do_not_fit(f, shapes) from None


def is_number(x: Any) -> bool:
    """Whether an operand is made of numbers."""
    return x.dtype.kind in "fciub" if hasattr(x, "dtype") else isinstance(x, NUMBERS)


def not_numbers(f: Any, operands: Sequence) -> DtypeError:
    """Say that an operand is no number."""
    given = " and ".join(map(describe, operands))
    return DtypeError(
        f"{name_of(f)} calculates with numbers, got {given}. Convert strings and objects "
        f"first: np.asarray(x, dtype=float)."
    )


def shapes_do_not_fit(f: Any, shapes: list[tuple[int, ...]]) -> ShapeError:
    """Say how shapes are compared."""
    return ShapeError(
        f"{name_of(f)}: shapes {' and '.join(map(str, shapes))} do not fit. They are compared "
        f"from the right; two lengths must be equal, or one of them 1. x[:, None] puts in an axis "
        f"of length 1."
    )


def matrices_do_not_fit(a: tuple[int, ...], b: tuple[int, ...]) -> ShapeError:
    """Say which axes a matrix product compares."""
    if not a or not b:
        return ShapeError(
            f"np.matmul: a product of shapes {a} and {b}; each needs an axis. Multiply by a number "
            f"with x * y."
        )
    columns, rows = a[-1], b[max(len(b) - 2, 0)]
    if columns == rows:
        return ShapeError(f"np.matmul: the stacks in shapes {a} and {b} do not broadcast")
    return ShapeError(
        f"np.matmul: a product of shapes {a} and {b} needs as many columns in the first as rows in "
        f"the second, got {columns} and {rows}. Turn one of them: x.mT."
    )
