"""Derivatives against judges that share nothing with `check_grads`.

Each row of the sample table: the whole Jacobian, entry by entry, against differences of fourth
order that are written down here. Analytic functions: complex steps, which have no rounding error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import jvp, vjp
from autograd_core.trees import flatten
from tests.ops import SAMPLES, Sample

STEP = 1e-4
WEIGHTS = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}  # f' = sum w_k f(x + k h) / h + O(h^4)


def outputs(y: Any) -> np.ndarray:
    """Write all that a call returns as one vector of real numbers."""
    parts = [np.asarray(v).ravel() for v in flatten(y)[0]]
    return np.concatenate([np.concatenate([v.real, v.imag]) for v in parts]).astype(float)


def units(x: np.ndarray) -> list[np.ndarray]:
    """Return the unit vectors of an array; of a complex one, those of both parts."""
    basis = np.eye(x.size, dtype=x.dtype).reshape((x.size, *x.shape))
    return [*basis, *(1j * basis if x.dtype.kind == "c" else ())]


def directions(xs: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Return all directions in which one number of the operands moves."""
    zeros = [np.zeros_like(x) for x in xs]
    return [[*zeros[:i], e, *zeros[i + 1 :]] for i, x in enumerate(xs) for e in units(x)]


def differences(f: Callable[..., Any], xs: list[np.ndarray], d: list[np.ndarray]) -> np.ndarray:
    """Return the derivative along a direction."""
    total: Any = 0.0
    for k, w in WEIGHTS.items():
        total = total + w * outputs(f(*(x + k * STEP * e for x, e in zip(xs, d, strict=True))))
    return total / STEP


def pulled(f: Callable[..., Any], xs: list[np.ndarray], ds: list) -> np.ndarray:
    """Return the Jacobian row by row: the pullback of each number of the outputs, along all
    directions. A cotangent u means Re(u dy), so 1 reads the real part and -i the imaginary one.
    """
    y, pull = vjp(f, *xs)
    parts, rebuild = flatten(y)
    parts = list(map(np.asarray, parts))
    rows = []
    for i, v in enumerate(parts):
        for unit in (1.0, -1j):
            for e in np.eye(v.size, dtype=v.dtype).reshape((v.size, *v.shape)):
                seeds = [np.zeros_like(p) for p in parts]
                seeds[i] = e * unit if v.dtype.kind == "c" or unit == 1.0 else seeds[i]
                gs = pull(rebuild(seeds))
                rows.append([sum(np.sum(g * x).real for g, x in zip(gs, d)) for d in ds])
    return np.array(rows).reshape(-1, len(ds)).T


@pytest.mark.parametrize("op", SAMPLES, ids=lambda op: op.id)
def test_each_entry_of_the_jacobian(op: Sample) -> None:
    xs = op.draw()
    ds = directions(xs)
    if not ds:
        return
    expected = np.array([differences(op, xs, d) for d in ds])
    forward = np.array([outputs(jvp(op, tuple(xs), tuple(d))[1]) for d in ds])
    scale = np.nanmax(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(forward, expected, rtol=1e-6, atol=1e-7 * scale)
    np.testing.assert_allclose(pulled(op, xs, ds), forward, rtol=1e-10, atol=1e-11 * scale)


# --- complex steps --------------------------------------------------------------------------------

ANALYTIC = {
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.square, np.reciprocal,
    np.exp, np.expm1, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh,
    np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.sqrt, np.log, np.log2, np.log10, np.log1p,
    np.power,
}  # fmt: skip
ROWS = [op for op in SAMPLES if op.f in ANALYTIC and not any(map(np.iscomplexobj, op.draw()))]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.id)
def test_analytic_functions_against_complex_steps(op: Sample) -> None:
    """Im f(x + ih) / h is f'(x) to the last digits, however small h."""
    xs = op.draw()
    for d in directions(xs):
        z = [x + 1e-100j * e for x, e in zip(xs, d, strict=True)]
        step = op(*z).imag / 1e-100
        np.testing.assert_allclose(jvp(op, tuple(xs), tuple(d))[1], step, rtol=1e-12, atol=1e-300)
