"""Every function of `autograd.scipy` (1.9): ours is at the same path, with its value and gradient.

Where the package gives no gradient, or a wrong one, the row says which operands are left out.
"""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

import numpy as np
import pytest

import autograd_core

autograd = pytest.importorskip("autograd")
if tuple(map(int, metadata.version("autograd").split(".")[:2])) < (1, 9):
    pytest.skip("an older version has fewer functions", allow_module_level=True)

X = np.array([0.3, 1.7, 2.5])
NEGATIVE = np.array([-0.5, -2.3])
U = np.array([0.1, 0.5, 0.8])
Z = np.array([-1.2, 0.4, 2.5])
P = np.array([0.3, 1.4, 2.2])
A = np.array([[0.3, -1.0, 2.0], [1.5, 0.2, -0.7]])
M = np.array([[3.0, 0.4, -0.2], [0.3, 2.0, 0.5], [0.1, -0.6, 4.0]])
COV = np.array([[2.0, 0.3, -0.4], [0.3, 1.0, 0.2], [-0.4, 0.2, 1.5]])
WEIGHTS = np.array([[1.0, 2.0, 0.5], [0.5, 1.0, 3.0]])
PROPORTIONS, ALPHA = np.array([0.2, 0.5, 0.3]), np.array([1.5, 0.7, 3.0])
RNG = np.random.default_rng(0)
IMAGES, KERNELS = RNG.standard_normal((2, 3, 6, 5)), RNG.standard_normal((4, 3, 3, 2))

# module, functions, arguments, which of them are differentiated, keywords
Row = tuple[str, str, tuple, tuple, dict]
ROWS: list[Row] = [
    ("special", "beta betaln", (X, P), (0, 1), {}),
    ("special", "betainc", (P, X, U), (2,), {}),
    ("special", "psi digamma gamma rgamma gammaln gammasgn", (X,), (0,), {}),
    ("special", "psi digamma gamma rgamma gammaln gammasgn", (NEGATIVE,), (0,), {}),
    ("special", "j0 j1 y0 y1 i0 i1 erf erfc expit", (X,), (0,), {}),
    ("special", "logit erfinv erfcinv", (U,), (0,), {}),
    ("special", "polygamma", (0, X), (1,), {}),
    ("special", "polygamma", (2, X), (1,), {}),
    ("special", "gammainc gammaincc", (P, X), (1,), {}),
    ("special", "multigammaln", (X + 2, 3), (0,), {}),
    ("special", "multigammaln", (5.3, 3), (0,), {}),
    ("special", "jn yn", (2, X), (1,), {}),
    ("special", "iv ive", (1.5, X), (1,), {}),
    *(
        ("special", "logsumexp", (A,), (0,), {"axis": axis, "keepdims": keepdims, **b})
        for axis in (None, 0, (0, 1), -1)
        for keepdims in (True, False)
        for b in ({}, {"b": WEIGHTS})
    ),
    ("stats.norm", "pdf cdf sf logpdf logcdf logsf", (Z, Z[::-1], P), (0, 1, 2), {}),
    ("stats.norm", "pdf cdf sf logpdf logcdf logsf", (A, Z, 1.2), (0, 1, 2), {}),
    ("stats.norm", "pdf cdf sf logpdf logcdf logsf", (0.3,), (0,), {}),
    ("stats.t", "pdf logpdf", (Z, P + 2, Z[::-1], P), (0, 1, 2, 3), {}),
    ("stats.t", "cdf logcdf", (Z, P + 2, Z[::-1], P), (0, 2), {}),
    ("stats.beta", "pdf logpdf", (U, P, P[::-1]), (0, 1, 2), {}),
    ("stats.beta", "cdf", (U, P, P[::-1]), (0,), {}),
    ("stats.gamma", "pdf logpdf", (P, P + 1), (0, 1), {}),
    ("stats.gamma", "cdf", (P, P + 1), (0,), {}),
    ("stats.chi2", "pdf logpdf", (P, np.array([2.0, 3.0, 5.0])), (0,), {}),  # 0 for broken df
    ("stats.chi2", "cdf", (P, P + 1), (0,), {}),
    ("stats.poisson", "pmf logpmf cdf", (np.array([0, 2, 5]), P), (1,), {}),
    ("stats.dirichlet", "pdf logpdf", (PROPORTIONS, ALPHA), (0, 1), {}),
    ("stats.multivariate_normal", "pdf logpdf", (Z, P, COV), (0, 1, 2), {}),
    ("stats.multivariate_normal", "pdf logpdf", (np.stack([Z, P]), P, COV), (0, 1, 2), {}),
    ("stats.multivariate_normal", "pdf logpdf", (Z, P, COV, True), (0, 1), {}),
    ("stats.multivariate_normal", "entropy", (P, COV), (1,), {}),
    *(
        ("linalg", "solve_triangular", (M, b), (0, 1), {"trans": trans, "lower": lower})
        for b in (Z, M[:, :2])
        for trans in (0, 1, "N", "T")
        for lower in (True, False)
    ),
    ("linalg", "solve_banded", ((1, 1), M + 1, Z), (1, 2), {}),
    ("linalg", "solve_sylvester", (M, M[:2, :2], M[:, :2]), (0, 1, 2), {}),
    ("linalg", "sqrtm", (M,), (0,), {}),
    *(
        ("signal", "convolve", (a, b), (0, 1), {"mode": mode, **axes})
        for mode in ("full", "valid", "same")
        for a, b, axes in (
            (X, np.ones(2), {}),
            (np.ones(2), X, {}),
            (IMAGES[0, 0], KERNELS[0, 0], {}),
            (IMAGES, KERNELS, {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1])}),
            (IMAGES, KERNELS, {"axes": ([2], [3]), "dot_axes": ([1], [1])}),
            (IMAGES[0], KERNELS[0, 0], {"axes": ([1], [0])}),
        )
    ),
]
EACH = [(module, f, *rest) for module, names, *rest in ROWS for f in names.split()]


def public(package: str, module: str) -> Any:
    return importlib.import_module(f"{package}.scipy.{module}")


@pytest.mark.parametrize(
    ("module", "name", "args", "argnums", "kwargs"), EACH, ids=[f"{m}.{f}" for m, f, *_ in EACH]
)
def test_value_and_gradient(
    module: str, name: str, args: tuple, argnums: tuple, kwargs: dict
) -> None:
    theirs, ours = (getattr(public(p, module), name) for p in ("autograd", "autograd_core"))
    y, expected = ours(*args, **kwargs), theirs(*args, **kwargs)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-13)
    assert type(y) is type(expected) and np.shape(y) == np.shape(expected)
    u = np.cos(np.arange(np.size(y))).reshape(np.shape(y))[()]
    for i in argnums:
        expected = autograd.make_vjp(lambda *xs: theirs(*xs, **kwargs), i)(*args)[0](u)
        found = autograd_core.make_vjp(lambda *xs: ours(*xs, **kwargs), i)(*args)[0](u)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
        assert np.shape(found) == np.shape(expected)


def test_odeint() -> None:
    def loss(package: Any, numpy: Any) -> Any:
        def field(y: Any, t: Any, k: Any, drive: Any) -> Any:
            return numpy.array([-1.0, 0.5]) * k * y + numpy.sin(t) * drive - 0.1 * y[0] * y[1]

        def f(y0: Any, t: Any, args: Any) -> Any:
            y = public(package, "integrate").odeint(field, y0, t, args, rtol=1e-10, atol=1e-10)
            return numpy.sum(y * y)

        return f

    args = (np.array([1.0, 0.3]), np.array([0.1, 0.4, 0.9]), (np.array(0.7), np.array([0.2, -0.5])))
    expected = autograd.grad(loss("autograd", autograd.numpy), (0, 1, 2))(*args)
    found = autograd_core.grad(loss("autograd_core", np), (0, 1, 2))(*args)
    for a, b in zip([*found[:2], *found[2]], [*expected[:2], *expected[2]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_every_function_of_theirs_is_in_the_table() -> None:
    from autograd.core import primitive_vjps

    tested = {(module, name) for module, name, *_ in EACH} | {("integrate", "odeint")}
    there = {f for m, _ in tested for f in vars(public("autograd", m)).values() if callable(f)}
    own = {f for f in there & set(primitive_vjps) if not f.__module__.startswith("numpy")}
    assert own - {getattr(public("autograd", module), name) for module, name in tested} == set()
