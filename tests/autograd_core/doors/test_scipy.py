"""autograd_core.scipy: values as SciPy's, derivatives against stored ones and differences."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.special
import scipy.stats

import tests.reference
from autograd_core import (
    ArgumentError,
    DtypeError,
    MissingRuleError,
    ShapeError,
    grad,
    vjp,
    vmap,
)
from autograd_core.scipy import integrate, linalg, signal, special, stats
from autograd_core.test_util import check_grads

# of the package autograd 1.9.1
SPECIAL = {
    *("beta", "betainc", "betaln", "digamma", "psi", "polygamma", "gamma", "rgamma", "gammaln"),
    *("gammasgn", "gammainc", "gammaincc", "multigammaln", "erf", "erfc", "erfinv", "erfcinv"),
    *("expit", "logit", "i0", "i1", "iv", "ive", "j0", "j1", "jn", "y0", "y1", "yn", "logsumexp"),
}
FURTHER = {
    *("softmax", "log_softmax", "xlogy", "xlog1py", "entr", "rel_entr", "log_ndtr", "ndtr"),
    *("ndtri", "zeta", "exprel", "erfcx", "kv", "loggamma", "expi", "ellipk", "hyp1f1"),
}
STATS = {
    "norm": {"pdf", "cdf", "sf", "logpdf", "logcdf", "logsf"},
    "t": {"pdf", "cdf", "logpdf", "logcdf"},
    "beta": {"pdf", "cdf", "logpdf"},
    "gamma": {"pdf", "cdf", "logpdf"},
    "chi2": {"pdf", "cdf", "logpdf"},
    "poisson": {"pmf", "cdf", "logpmf"},
    "dirichlet": {"pdf", "logpdf"},
    "multivariate_normal": {"pdf", "logpdf", "entropy"},
}


def test_the_names_of_the_package_autograd_are_there() -> None:
    assert len(SPECIAL) == 30 and sum(map(len, STATS.values())) == 27
    assert set(special.__all__) >= SPECIAL | FURTHER
    for name, functions in STATS.items():
        assert functions <= set(getattr(stats, name).__all__)
    four = {"solve_triangular", "solve_banded", "solve_sylvester", "sqrtm"}
    assert four | {"expm", "cho_solve", "block_diag"} <= set(linalg.DIFFERENTIABLE)
    assert "odeint" in integrate.__all__ and "convolve" in signal.__all__
    for module, original in ((special, scipy.special), (linalg, scipy.linalg)):
        missing = {n for n in original.__all__ if not hasattr(module, n)} - {"test"}
        assert [n for n in missing if not inspect.ismodule(getattr(original, n))] == []


def test_plain_scipy_differentiates_and_is_imported_by_nobody_else() -> None:
    code = (
        "import sys, autograd_core; assert 'scipy' not in sys.modules\n"
        "from scipy.special import gammaln, psi, gammasgn\n"
        "assert 'autograd_core.rules.scipy' not in sys.modules\n"
        "assert autograd_core.grad(gammaln)(2.5) == psi(2.5)\n"
        "assert autograd_core.grad(lambda x: x * gammasgn(x))(2.5) == 1.0\n"
        "assert 'scipy.stats' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- special --------------------------------------------------------------------------------------

STORED = json.loads((Path(tests.reference.__file__).parent / "special.json").read_text())


def number(x: Any) -> Any:
    return complex(*x) if isinstance(x, list) else x


def slope(f: Any, i: int) -> Any:
    """Return the derivative in argument i, of a holomorphic function too."""

    def of_all(*xs: Any) -> Any:
        y, pull = vjp(lambda x: f(*xs[:i], x, *xs[i + 1 :]), xs[i])
        return pull(np.ones(y.shape, y.dtype)[()])[0]

    return of_all


@pytest.mark.parametrize("row", STORED, ids=lambda r: f"{r['op']}{r['point']}".replace(" ", ""))
def test_first_and_second_derivative_as_calculated_with_many_digits(row: dict) -> None:
    f, i, point = getattr(special, row["op"]), row["argnum"], list(map(number, row["point"]))
    if row["op"] == "polygamma":
        point[0] = int(point[0])
    first, second = slope(f, i), slope(slope(f, i), i)
    np.testing.assert_allclose(first(*point), number(row["d1"]), rtol=2e-12)
    atol = 1e-12 * abs(number(row["d1"])) + 1e-300  # at a maximum of the slope
    np.testing.assert_allclose(second(*point), number(row["d2"]), rtol=2e-9, atol=atol)


INF = np.inf
EDGES: list[tuple[Any, tuple, int, Any]] = [  # function, point, operand, derivative
    (special.xlogy, (0.0, 0.0), 0, 0.0),  # safe subgradients, where nothing is multiplied by log 0
    (special.xlogy, (0.0, 0.0), 1, 0.0),
    (special.xlogy, (0.0, 2.0), 0, np.log(2)),
    (special.xlogy, (1.0, 0.0), 0, -INF),
    (special.xlog1py, (0.0, -1.0), 0, 0.0),
    (special.xlog1py, (0.0, -1.0), 1, 0.0),
    (special.rel_entr, (0.0, 0.0), 1, 0.0),
    (special.rel_entr, (0.0, 0.5), 1, 0.0),
    (special.kl_div, (0.0, 0.0), 0, 0.0),
    (special.kl_div, (0.0, 0.0), 1, 1.0),
    (special.kl_div, (0.0, 0.5), 1, 1.0),
    (special.powm1, (0.0, 0.0), 0, 0.0),
    (special.boxcox, (0.0, 2.0), 1, 0.25),
    (special.boxcox1p, (-1.0, 0.5), 1, 4.0),
    (lambda x: special.spherical_yn(0, x), (0.0,), 0, INF),
    (lambda x: special.spherical_in(0, x), (800.0,), 0, INF),
    (special.entr, (0.0,), 0, INF),  # as it is
    (lambda x: special.sici(x)[0], (0.0,), 0, 1.0),  # the other results have none there
    (lambda x: special.shichi(x)[0], (0.0,), 0, 1.0),
    (lambda x: special.itj0y0(x)[0], (0.0,), 0, 1.0),
    (lambda x: special.iti0k0(x)[0], (-2.0,), 0, special.i0(2.0)),
    (lambda x: special.airy(x)[0], (200.0,), 0, 0.0),
    (grad(lambda x: special.sici(x)[0] ** 2), (0.0,), 0, 2.0),
    # what SciPy reads as whole numbers
    (special.yn, (0.7, 2.0), 1, grad(special.yn, 1)(0, 2.0)),
    (special.kn, (0.7, 2.0), 1, grad(special.kn, 1)(0, 2.0)),
    (special.expn, (0.7, 2.0), 1, grad(special.expn, 1)(0, 2.0)),
    (special.nbdtr, (1.5, 2.6, 0.3), 2, grad(special.nbdtr, 2)(1, 2, 0.3)),
    (special.nbdtrc, (1.5, 2.6, 0.3), 2, grad(special.nbdtrc, 2)(1, 2, 0.3)),
    (special.nbdtri, (1.5, 2.6, 0.3), 2, grad(special.nbdtri, 2)(1, 2, 0.3)),
    (special.ndtri, (0.0,), 0, INF),
    (special.ndtri, (1.0,), 0, INF),
    (special.logit, (0.0,), 0, INF),
    (special.erfinv, (1.0,), 0, INF),
    (special.log_ndtr, (40.0,), 0, 0.0),
    (special.log_ndtr, (-1e10,), 0, 1e10),
    (special.expit, (800.0,), 0, 0.0),
    (special.log_expit, (-800.0,), 0, 1.0),
    (special.betainc, (1.0, 1.0, 0.0), 2, 1.0),
    (special.betainc, (2.0, 3.0, 0.0), 2, 0.0),
    (special.betainc, (3.0, 1.0, 1.0), 2, 3.0),
    (special.betainc, (0.5, 2.0, 0.0), 2, INF),
    (special.gammainc, (1.0, 0.0), 1, 1.0),
    (special.gammainc, (2.0, INF), 1, 0.0),
    (stats.gamma.cdf, (0.0, 1.0), 0, 1.0),
    (stats.beta.cdf, (0.0, 1.0, 1.0), 0, 1.0),
    (stats.beta.sf, (1.0, 1.0, 1.0), 0, -1.0),
    (special.jv, (1, 0.0), 1, 0.5),
    (special.ive, (0, 0.0), 1, 0.0),
    (special.spherical_jn, (1, 0.0), 1, 1 / 3),
    (special.exprel, (0.0,), 0, 0.5),
    (special.exprel, (1e300,), 0, INF),  # where a series would never end
    (special.exprel, (-1e300,), 0, 0.0),
    (special.rgamma, (-3.0,), 0, -6.0),
    (special.binom, (1.0, 2.0), 0, 0.5),
    (special.poch, (-2.0, 3.0), 0, 2.0),
    (special.tklmbda, (8.0, 2.0), 0, 0.0),
    (stats.gamma.pdf, (0.0, 2.0), 0, 1.0),
    (stats.beta.pdf, (1.0, 2.0, 2.0), 0, -6.0),
    (stats.chi2.pdf, (0.0, 4.0), 0, 0.25),
    (stats.beta.pdf, (0.5, 0.5, 0.5), 0, 0.0),
    (stats.beta.pdf, (0.0, 1.0, 2.0), 0, -2.0),
    (stats.poisson.pmf, (1.0, 0.0), 1, 1.0),
    (stats.poisson.logpmf, (0.0, 0.0), 1, -1.0),
    (stats.norm.logcdf, (-1e8,), 0, 1e8),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "point", "i", "expected"), EDGES, ids=[f"{f.__name__}{p}d{i}" for f, p, i, _ in EDGES]
)
def test_derivatives_at_edges(f: Any, point: tuple, i: int, expected: Any) -> None:
    np.testing.assert_allclose(grad(f, i)(*point), expected, rtol=1e-12, atol=1e-300)
    if np.isfinite(expected):
        assert not np.isnan(grad(grad(f, i), i)(*point))


X = np.array([0.3, 1.7, 2.5])
COV = np.array([[2.0, 0.3, -0.4], [0.3, 1.0, 0.2], [-0.4, 0.2, 1.5]])
A = np.array([[0.3, -1.0, 2.0], [1.5, 0.2, -0.7]])
CALLS = {
    "zeta": (lambda m, x: m.zeta(2.5, x), X),
    "polygamma": (lambda m, x: m.polygamma(np.array([0, 1, 3]), x), X),
    "polygamma 0": (lambda m, x: m.polygamma(0, x), X),
    "multigammaln": (lambda m, x: m.multigammaln(x + 1, 3), X),
    "softmax": (lambda m, x: m.softmax(x, axis=1), A),
    "softmax of all": (lambda m, x: m.softmax(x), A),
    "log_softmax": (lambda m, x: m.log_softmax(x, axis=0), A),
    "lambertw": (lambda m, x: np.real(m.lambertw(x)), X),
    "lambertw, branch": (lambda m, x: np.imag(m.lambertw(x, -1)), X),
    "spherical_jn": (lambda m, x: m.spherical_jn(np.array([0, 1, 4]), x), X),
    "spherical_jn'": (lambda m, x: m.spherical_jn(2, x, derivative=True), X),
    "spherical_yn": (lambda m, x: m.spherical_yn(1, x), X),
    "spherical_in": (lambda m, x: m.spherical_in(0, x, derivative=True), X),
    "spherical_kn": (lambda m, x: m.spherical_kn(1, x), X),
    "jvp": (lambda m, x: m.jvp(1, x, 2), X),
    "logsumexp of integers": (lambda m, x: m.logsumexp([1, 2]) + x, X),
    "zeta of plain SciPy": (lambda _, x: scipy.special.zeta(2.5, x), X),
    "lambertw of plain SciPy": (lambda _, x: np.real(scipy.special.lambertw(x)), X),
    "logsumexp, complex": (lambda m, x: m.logsumexp(x * (1 + 2j), axis=1, return_sign=True)[0], A),
    "its sign": (
        lambda m, x: np.imag(m.logsumexp(x * (1 + 2j), axis=1, return_sign=True)[1]),
        A,
    ),
    "logsumexp, sign": (
        lambda m, x: m.logsumexp(x, axis=1, b=np.array([1.0, -3.0, 0.5]), return_sign=True)[0],
        A,
    ),
}


@pytest.mark.parametrize(("f", "x"), CALLS.values(), ids=CALLS.keys())
def test_functions_written_in_python(f: Any, x: np.ndarray) -> None:
    np.testing.assert_allclose(f(special, x), f(scipy.special, x), rtol=1e-13)
    check_grads(lambda x: f(special, x), rtol=1e-5, atol=1e-5)(x)
    batch = np.stack([x, x + 0.5])
    mapped = vmap(lambda x: f(special, x))(batch)
    np.testing.assert_allclose(mapped, [f(scipy.special, x) for x in batch], rtol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1), -1])
@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize(
    "b", [None, np.array([[1.0, 2.0, 0.0], [0.5, 1.0, 3.0]]), np.array([[0.5], [3.0]])]
)
def test_logsumexp(axis: Any, keepdims: bool, b: Any) -> None:
    ours = special.logsumexp(A, axis=axis, b=b, keepdims=keepdims)
    theirs = scipy.special.logsumexp(A, axis=axis, b=b, keepdims=keepdims)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    assert np.shape(ours) == np.shape(theirs) and type(ours) is type(theirs)
    check_grads(lambda a: special.logsumexp(a, axis=axis, b=b, keepdims=keepdims))(A)
    if b is not None and np.all(b):
        check_grads(lambda a, b: special.logsumexp(a, axis=axis, b=b, keepdims=keepdims))(A, b)


def test_logsumexp_at_infinity() -> None:
    assert special.logsumexp([-np.inf, -np.inf]) == -np.inf
    assert grad(special.logsumexp)(np.array([-np.inf, -np.inf])).tolist() == [0.0, 0.0]
    assert grad(special.logsumexp)(np.array([-np.inf, 3.0])).tolist() == [0.0, 1.0]
    np.testing.assert_allclose(grad(special.logsumexp)(np.array([1e5, 1e5])), [0.5, 0.5])
    y, sign = special.logsumexp(np.log([3.0, 2.0]), b=[1.0, -2.0], return_sign=True)
    assert (y.round(12), sign) == (0.0, -1.0)
    y, sign = special.logsumexp([np.inf, 0.0], b=[0.0, -2.0], return_sign=True)
    assert (y, sign) == (np.log(2.0), -1.0)
    nothing = np.full((2, 2), [[-np.inf] * 2, [0.0, -np.inf]])
    y, pull = vjp(lambda a: special.logsumexp(a, axis=1, return_sign=True)[0], nothing)
    assert y.tolist() == [-np.inf, 0.0] and pull(np.ones(2))[0].tolist() == [[0, 0], [1, 0]]
    assert special.logsumexp(np.zeros((0,))) == -np.inf


def test_dtypes_are_scipys() -> None:
    x = np.float32([0.5, 2.0])
    for f, args in [("zeta", (3, x)), ("zeta", (x, 2.0)), ("zeta", (2, 3)), ("zeta", ([2.0], x))]:
        assert getattr(special, f)(*args).dtype == getattr(scipy.special, f)(*args).dtype
    for b in (2.0, 2, [2.0], x):
        assert special.logsumexp(x, b=b).dtype == scipy.special.logsumexp(x, b=b).dtype
    M = np.eye(2, dtype=np.float32) + x
    assert linalg.det(M) == scipy.linalg.det(M) and linalg.det(M).dtype == np.float64


def far_left(x: Any) -> Any:
    return np.real(special.psi(x * (1j - 1e6)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: special.jv(x, 1.0), MissingRuleError, ["jv", "operand 0", "detach"]),
        (lambda x: special.ive(x, 1.0), MissingRuleError, ["ive", "operand 0", "detach"]),
        (lambda x: special.gammainc(x, 1.0), MissingRuleError, ["gammainc", "operand 0"]),
        (lambda x: special.polygamma(x, 1.0), TypeError, ["polygamma", "whole numbers"]),
        (lambda x: special.zetac(x), MissingRuleError, ["zetac"]),
        (lambda x: special.comb(x, 2), MissingRuleError, ["scipy.special.comb", "detach"]),
        (lambda x: special.multigammaln(x, 9), ValueError, ["d = 9"]),
        (
            lambda x: linalg.eigh(np.eye(2) * x),
            MissingRuleError,
            ["scipy.linalg.eigh", "np.linalg"],
        ),
        (lambda x: linalg.solve_banded((1, 1), np.eye(2) * x, X), ShapeError, ["3 rows", "(2, 2)"]),
        (lambda x: linalg.solve_triangular(np.eye(2) * x, X[:2], 3), ArgumentError, ["trans", "3"]),
        (
            lambda x: linalg.solve(np.eye(2) * x, X[:2], assume_a="round"),
            ArgumentError,
            ["'round'"],
        ),
        (lambda x: linalg.solve(np.eye(2) * x, [1.0, np.nan]), ArgumentError, ["check_finite"]),
        (lambda x: linalg.sqrtm(np.eye(2) * x, disp=False), ArgumentError, ["scipy.linalg.sqrtm"]),
        (lambda x: linalg.expm([["a"]]) * x, DtypeError, ["arrays of numbers", "<U1", "float"]),
        (lambda x: special.softmax(np.array([1, None])) * x, DtypeError, ["object"]),
        (lambda x: special.zeta(x), MissingRuleError, ["scipy.special.zeta", "operand 0"]),
        (lambda x: grad(far_left)(x), ArgumentError, ["psi(1 - z)", "-2e+06"]),
        (lambda x: signal.convolve(X, X * x, "circular"), ArgumentError, ["'circular'", "same"]),
        (lambda x: signal.convolve(X, X * x, method="slow"), ArgumentError, ["'slow'", "direct"]),
        (lambda x: signal.convolve(A, X * x), ShapeError, ["(2, 3)", "axes"]),
        (lambda x: signal.convolve(A, A * x, ([0], [0, 1])), ShapeError, ["as many", "(2, 3)"]),
        (lambda x: signal.convolve(A, A * x, ([0], [0]), ([1], [])), ShapeError, ["dot_axes"]),
        (
            lambda x: signal.convolve(A, A.T * x, ([], []), ([0, 1], [0, 1])),
            ShapeError,
            ["same lengths"],
        ),
        (lambda x: signal.convolve(A, A * x, ([7], [0])), ValueError, ["7", "2"]),
        (lambda x: signal.convolve(A, A * x, ([0], [1]), ([0], [0])), ArgumentError, ["once"]),
        (lambda x: signal.convolve(X[:0], X * x), ShapeError, ["at least one"]),
        (lambda x: special.polygamma(1.5, x), ArgumentError, ["polygamma", "1.5"]),
        (lambda x: special.polygamma(-1, x), ArgumentError, ["polygamma", "-1"]),
        (lambda x: special.spherical_jn(0.5, x), ArgumentError, ["orders", "0.5"]),
        (lambda x: special.multigammaln(x, 1.5), ArgumentError, ["multigammaln", "1.5"]),
        (lambda x: signal.convolve(A * x, A.T, "valid"), ShapeError, ["valid"]),
        (lambda x: stats.dirichlet.logpdf(X * x, X), ArgumentError, ["add up to 1"]),
        (lambda x: stats.dirichlet.logpdf(X * x, X[:1]), ShapeError, ["(3,)", "(1,)"]),
        (lambda x: stats.multivariate_normal.pdf(X, X[:2] * x), ShapeError, ["(3,)", "(2,)"]),
        (lambda x: stats.t.cdf(1.0, x), MissingRuleError, ["stdtr"]),
        (lambda x: stats.gamma.pdf(x * 1j, 2.0), DtypeError, ["real numbers", "complex128"]),
        (lambda x: stats.poisson.pmf(1, x * 1j), DtypeError, ["real numbers", "complex128"]),
        (lambda x: stats.multivariate_normal.pdf(X, X, COV * x * 1j), DtypeError, ["complex128"]),
        (
            lambda x: integrate.odeint(np.sin, x, X, full_output=True),
            ArgumentError,
            ["full_output"],
        ),
        (lambda x: integrate.odeint(np.sin, x, X, x), ArgumentError, ["args=(p,)"]),
        (lambda x: integrate.odeint(np.sin, x * 1j, X), DtypeError, ["y0", "real"]),
        (lambda x: integrate.odeint(np.sin, 1.0, X, (x * 1j,)), DtypeError, ["args", "complex"]),
    ],
)
def test_the_message_helps(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        grad(lambda x: np.sum(call(x)))(2.0)
    for word in words:
        assert word in str(caught.value)
