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
    jacobian,
    jvp,
    tensor,
    vjp,
    vmap,
)
from autograd_core.scipy import integrate, linalg, signal, special, stats
from autograd_core.test_util import check_grads, combo_check

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
    (special.entr, (0.0,), 0, INF),  # as it is
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
    nothing = np.full((2, 2), [[-np.inf] * 2, [0.0, -np.inf]])
    y, pull = vjp(lambda a: special.logsumexp(a, axis=1, return_sign=True)[0], nothing)
    assert y.tolist() == [-np.inf, 0.0] and pull(np.ones(2))[0].tolist() == [[0, 0], [1, 0]]
    assert special.logsumexp(np.zeros((0,))) == -np.inf


def far_left(x: Any) -> Any:
    return np.real(special.psi(x * (1j - 1e6)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: special.jv(x, 1.0), MissingRuleError, ["jv", "operand 0", "detach"]),
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


# --- stats ----------------------------------------------------------------------------------------

P = np.array([0.3, 1.4, 2.2])
Z = np.array([-1.2, 0.4, 2.5])
U = np.array([0.1, 0.5, 0.8])
DENSITIES = [
    ("norm", ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"), (Z, Z[::-1], P), (0, 1, 2)),
    ("norm", ("ppf", "isf"), (U, Z, P), (0, 1, 2)),
    ("t", ("pdf", "logpdf"), (Z, P + 2, Z[::-1], P), (0, 1, 2, 3)),
    ("t", ("cdf", "sf", "logcdf", "logsf"), (Z, P + 2, Z[::-1], P), (0, 2, 3)),
    ("t", ("ppf",), (U, P + 2, Z, P), (0, 2, 3)),
    ("beta", ("pdf", "logpdf"), (U, P, P[::-1]), (0, 1, 2)),
    ("beta", ("pdf", "logpdf"), (Z, P, P[::-1], Z - 1.2, P + 3), (0, 1, 2, 3, 4)),
    ("beta", ("cdf", "sf", "logcdf", "logsf"), (U, P, P[::-1], -0.1, 1.5), (0, 3, 4)),
    ("gamma", ("pdf", "logpdf"), (P, P + 1, -0.2, 1.5), (0, 1, 2, 3)),
    ("gamma", ("cdf", "sf", "logcdf", "logsf"), (P, P + 1, -0.2, 1.5), (0, 2, 3)),
    ("chi2", ("pdf", "logpdf"), (P, P + 1, -0.2, 1.5), (0, 1, 2, 3)),
    ("chi2", ("cdf", "sf", "logcdf", "logsf"), (P, P + 1, -0.2, 1.5), (0, 2, 3)),
    ("poisson", ("pmf", "logpmf", "cdf", "sf"), (np.array([0.0, 2.0, 5.0]), P), (1,)),
]
EACH = [(name, f, args, nums) for name, fs, args, nums in DENSITIES for f in fs]


@pytest.mark.parametrize(("name", "f", "args", "argnums"), EACH, ids=lambda v: str(v)[:12])
def test_distributions(name: str, f: str, args: tuple, argnums: tuple) -> None:
    ours, theirs = getattr(getattr(stats, name), f), getattr(getattr(scipy.stats, name), f)
    np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-11, atol=1e-300)
    columns = tuple(np.expand_dims(a, -1) for a in args[:1]) + args[1:]
    np.testing.assert_allclose(ours(*columns), theirs(*columns), rtol=1e-11, atol=1e-300)
    scalars = tuple(float(np.ravel(a)[0]) for a in args)
    assert isinstance(ours(*scalars), np.floating)
    args = tuple(np.asarray(a, dtype=float) for a in args)
    check_grads(ours, argnums, rtol=2e-5, atol=2e-5)(*args)
    np.testing.assert_allclose(
        vmap(lambda x: ours(x, *args[1:]))(np.stack([args[0]] * 2)), [ours(*args)] * 2, rtol=1e-12
    )


@pytest.mark.parametrize(("name", "f", "args", "argnums"), EACH, ids=lambda v: str(v)[:12])
def test_what_is_no_argument_of_a_distribution_gives_nan(
    name: str, f: str, args: tuple, argnums: tuple
) -> None:
    """And infinities what they give in SciPy, but for a density at inf: 0, where SciPy has NaN."""
    ours, theirs = getattr(getattr(stats, name), f), getattr(getattr(scipy.stats, name), f)
    x = np.array([-np.inf, np.nan, -1.0, 0.0, 0.25, 1.0, 2.0])
    for changed in range(len(args)):
        for value in (0.0, -1.0) if changed else (None,):
            point = [x, *(np.ravel(a)[0] for a in args[1:])]
            if value is not None:
                point[changed] = value
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(ours(*point), theirs(*point), rtol=1e-11)


def test_outside_of_the_support_and_at_its_edge() -> None:
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    for ours, theirs, shapes in (
        (stats.beta, scipy.stats.beta, (1.0, 2.0)),
        (stats.gamma, scipy.stats.gamma, (1.0,)),
        (stats.chi2, scipy.stats.chi2, (2.0,)),
    ):
        for f in ("pdf", "logpdf", "cdf", "sf"):
            np.testing.assert_allclose(getattr(ours, f)(x, *shapes), getattr(theirs, f)(x, *shapes))
            _, pull = vjp(lambda x, f=f, o=ours, s=shapes: getattr(o, f)(x, *s)[:1], x[::2])
            assert pull(np.ones(1))[0].tolist() == [0.0] * 3
    k = np.array([-1.0, 0.5, 2.0])
    for f in ("pmf", "logpmf", "cdf", "sf"):
        theirs = getattr(scipy.stats.poisson, f)(k, 2.0)
        np.testing.assert_allclose(getattr(stats.poisson, f)(k, 2.0), theirs)
        assert np.all(np.isfinite(jacobian(getattr(stats.poisson, f), 1)(k, 2.0)))


def test_logarithms_far_out() -> None:
    np.testing.assert_allclose(grad(stats.norm.logcdf)(-1e3), 1e3, rtol=1e-5)
    np.testing.assert_allclose(stats.norm.logsf(50.0), scipy.stats.norm.logsf(50.0), rtol=1e-12)


def test_dirichlet() -> None:
    x, alpha = np.array([0.2, 0.5, 0.3]), np.array([1.5, 0.7, 3.0])
    for f in ("pdf", "logpdf"):
        ours, theirs = getattr(stats.dirichlet, f), getattr(scipy.stats.dirichlet, f)
        np.testing.assert_allclose(ours(x, alpha), theirs(x, alpha))
        np.testing.assert_allclose(ours(x[:2], alpha), theirs(x[:2], alpha))
        several = np.stack([x, x[::-1]], axis=1)
        np.testing.assert_allclose(ours(several, alpha), theirs(several, alpha))
        check_grads(lambda x, a, ours=ours: ours(x / np.sum(x), a))(x, alpha)
        np.testing.assert_allclose(vmap(ours, (0, None))(several.T, alpha), theirs(several, alpha))
    assert stats.dirichlet.rvs(alpha, size=4).shape == (4, 3)


COV = np.array([[2.0, 0.3, -0.4], [0.3, 1.0, 0.2], [-0.4, 0.2, 1.5]])


@pytest.mark.parametrize("f", ["pdf", "logpdf"])
def test_multivariate_normal(f: str) -> None:
    ours = getattr(stats.multivariate_normal, f)
    theirs = getattr(scipy.stats.multivariate_normal, f)
    mean = np.array([0.5, -0.2, 1.0])
    for args in (
        (Z, mean, COV),
        (np.stack([Z, P]), mean, COV),
        (Z, mean, 2.0),
        (Z, mean, np.diag(COV)),
        (0.7, 0.2, 2.0),
        (Z, None, 2.0),
        (Z, 0.2, np.array([[2.0]])),
    ):
        np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-12)
        assert np.shape(ours(*args)) == np.shape(theirs(*args))
    check_grads(ours)(np.stack([Z, P]), mean, COV)
    symmetric = grad(ours, 2)(Z, mean, COV)
    np.testing.assert_array_equal(symmetric, symmetric.T)
    with pytest.raises(np.linalg.LinAlgError):
        ours(Z, mean, -COV)


def test_multivariate_normal_with_a_singular_covariance() -> None:
    singular = np.zeros((4, 4))
    singular[0, 0] = singular[1, 1] = 1.0
    x = np.array([0.3, -0.4, 0.0, 0.0])
    ours, theirs = stats.multivariate_normal.logpdf, scipy.stats.multivariate_normal.logpdf
    np.testing.assert_allclose(
        ours(x, None, singular, allow_singular=True), theirs(x, None, singular, allow_singular=True)
    )
    g = grad(lambda x: ours(x, None, singular, allow_singular=True))(x)
    np.testing.assert_allclose(g, -x)

    def within(c: Any) -> Any:  # the rank stays as it is
        L = np.concatenate([c, np.zeros((2, 2))])
        return ours(x, None, L @ L.T, allow_singular=True)

    check_grads(within, rtol=1e-5, atol=1e-5)(np.array([[1.0, 0.3], [0.2, 2.0]]))


def test_entropy_of_the_multivariate_normal() -> None:
    ours = stats.multivariate_normal.entropy
    np.testing.assert_allclose(ours(None, COV), scipy.stats.multivariate_normal.entropy(None, COV))
    check_grads(ours, 1)(np.zeros(3), COV)


# --- linalg ---------------------------------------------------------------------------------------

M = np.array([[3.0, 0.4, -0.2], [0.3, 2.0, 0.5], [0.1, -0.6, 4.0]])
SPD = M @ M.T
MATRICES = {
    "solve_triangular": (lambda m, a, b: m.solve_triangular(a, b), (M, Z)),
    "solve_triangular, T": (lambda m, a, b: m.solve_triangular(a, b, trans="T"), (M, M[:, :2])),
    "solve_triangular, lower": (lambda m, a, b: m.solve_triangular(a, b, lower=True), (M, Z)),
    "solve_triangular, ones": (
        lambda m, a, b: m.solve_triangular(a, b, trans=1, lower=True, unit_diagonal=True),
        (M, Z),
    ),
    "solve_banded": (lambda m, ab, b: m.solve_banded((1, 1), ab, b), (M + 1, Z)),
    "solve_banded, more": (
        lambda m, ab, b: m.solve_banded((1, 2), ab, b),
        (np.vstack([M, M[:1]])[:, [0, 1, 2, 0, 1]] + 3 * np.arange(4)[:, None], np.ones((5, 2))),
    ),
    "solve_sylvester": (lambda m, a, b, q: m.solve_sylvester(a, b, q), (M, M[:2, :2], M[:, :2])),
    "lyapunov": (lambda m, a, q: m.solve_continuous_lyapunov(a, q), (M, SPD)),
    "sqrtm": (lambda m, a: m.sqrtm(a), (M,)),
    "expm": (lambda m, a: m.expm(0.3 * a), (M,)),
    "inv": (lambda m, a: m.inv(a), (M,)),
    "det": (lambda m, a: m.det(a), (M,)),
    "norm": (lambda m, a: m.norm(a, 1, axis=0), (M,)),
    "solve": (lambda m, a, b: m.solve(a, b), (M, Z)),
    "solve, transposed": (lambda m, a, b: m.solve(a, b, transposed=True), (M, Z)),
    "cholesky": (lambda m, a: m.cholesky(a @ a.T), (M,)),
    "cholesky, lower": (lambda m, a: m.cholesky(a @ a.T, lower=True), (M,)),
    "cho_solve": (lambda m, a, b: m.cho_solve(m.cho_factor(a @ a.T), b), (M, Z)),
    "cho_solve, lower": (lambda m, a, b: m.cho_solve(m.cho_factor(a @ a.T, True), b), (M, M)),
    "block_diag": (lambda m, a, b, c: m.block_diag(a, b, c * 2), (M, Z, M[:2])),
    "toeplitz": (lambda m, c, r: m.toeplitz(c, r), (Z, P[:2])),
    "toeplitz, one": (lambda m, c: m.toeplitz(c), (Z,)),
}


@pytest.mark.parametrize(("f", "args"), MATRICES.values(), ids=MATRICES.keys())
def test_linear_algebra(f: Any, args: tuple) -> None:
    np.testing.assert_allclose(f(linalg, *args), f(scipy.linalg, *args), rtol=1e-12, atol=1e-13)
    check_grads(lambda *xs: f(linalg, *xs), rtol=1e-5, atol=1e-5)(*args)
    mapped = vmap(lambda *xs: f(linalg, *xs))(*(np.stack([x, 2 * x]) for x in args))
    doubled = [f(linalg, *args), f(linalg, *(2 * x for x in args))]
    np.testing.assert_allclose(mapped, doubled, rtol=1e-12, atol=1e-13)


STRUCTURES = {
    "gen": M,
    "sym": np.triu(M) + np.triu(M, 1).T,
    "pos": np.triu(M) + np.triu(M, 1).T,
    "upper triangular": np.triu(M),
    "lower triangular": np.tril(M),
    "tridiagonal": np.triu(np.tril(M, 1), -1),
    "diagonal": np.diag(np.diag(M)),
}


@pytest.mark.parametrize(("structure", "meant"), STRUCTURES.items(), ids=STRUCTURES.keys())
def test_only_the_part_that_is_assumed_is_read(structure: str, meant: np.ndarray) -> None:
    np.testing.assert_allclose(linalg.solve(M, Z, assume_a=structure), np.linalg.solve(meant, Z))
    np.testing.assert_allclose(linalg.inv(M, assume_a=structure), np.linalg.inv(meant))
    check_grads(lambda a, b: linalg.solve(a, b, assume_a=structure))(M, Z)
    read = grad(lambda a: np.sum(linalg.solve(a, Z, assume_a=structure)))(M) != 0
    read_once = np.triu(meant) if structure in ("sym", "pos") else meant
    assert not np.any(read & (read_once == 0))


def test_a_hermitian_matrix_is_read_in_one_triangle() -> None:
    C = M + 1j * np.triu(M, 1)
    meant = np.tril(C) + np.tril(C, -1).conj().T
    np.testing.assert_allclose(
        linalg.solve(C, Z, lower=True, assume_a="her"), np.linalg.solve(meant, Z)
    )
    check_grads(lambda a: linalg.solve(a, Z, lower=True, assume_a="her"))(C)


BATCH = np.stack([M, M + 0.5, 2 * M])
BATCHES: dict[str, tuple[Any, tuple, tuple]] = {  # the last: which operands have the batch
    "triangular": (lambda a, b: linalg.solve_triangular(a, b), (BATCH, BATCH[..., :2]), (0, 0)),
    "of one vector": (lambda a, b: linalg.solve_triangular(a, b), (BATCH, Z), (0, None)),
    "sylvester": (
        lambda a, q: linalg.solve_sylvester(a, np.eye(2), q),
        (BATCH, BATCH[..., :2]),
        (0, 0),
    ),
    "sqrtm": (linalg.sqrtm, (BATCH,), (0,)),
    "expm": (linalg.expm, (0.3 * BATCH,), (0,)),
    "toeplitz": (linalg.toeplitz, (BATCH[0], Z), (0, None)),
    "block_diag": (linalg.block_diag, (BATCH, M), (0, None)),
    "cho_solve": (
        lambda a, b: linalg.cho_solve(linalg.cho_factor(a @ np.swapaxes(a, -1, -2)), b),
        (BATCH, BATCH),
        (0, 0),
    ),
}


@pytest.mark.parametrize(("f", "args", "axes"), BATCHES.values(), ids=BATCHES.keys())
def test_a_batch_of_matrices(f: Any, args: tuple, axes: tuple) -> None:
    np.testing.assert_allclose(f(*args), vmap(f, axes)(*args), rtol=1e-12)
    check_grads(f, order=1, rtol=1e-5, atol=1e-5)(*args)


def test_nans_pass_where_they_are_let() -> None:
    b = np.array([1.0, np.nan, 2.0])
    for f in (linalg.solve_triangular, linalg.solve):
        assert np.isnan(grad(lambda b, f=f: np.sum(f(M, b, check_finite=False) ** 2))(b)).any()


@pytest.mark.parametrize("trans", ["N", "T", "C"])
def test_complex_triangular_systems(trans: str) -> None:
    C, b = M + 1j * M.T, Z + 1j
    ours = linalg.solve_triangular(C, b, trans)
    np.testing.assert_allclose(ours, scipy.linalg.solve_triangular(C, b, trans))
    check_grads(lambda a, b: linalg.solve_triangular(a, b, trans))(C, b)


def test_matrix_functions_of_complex_matrices() -> None:
    C = M + 1j * M.T
    check_grads(linalg.sqrtm)(C)
    check_grads(lambda a: linalg.expm(0.2 * a))(C)
    check_grads(linalg.solve_sylvester)(C, M, C)


# --- signal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolve_is_scipys(mode: str) -> None:
    rng = np.random.default_rng(0)
    for a, b in [
        ((6,), (3,)),
        ((3,), (6,)),
        ((5, 6), (2, 3)),
        ((4, 3, 5), (2, 2, 4)),
        ((4,), (4,)),
    ]:
        x, y = rng.standard_normal(a), rng.standard_normal(b)
        expected = scipy.signal.convolve(x, y, mode, method="direct")
        np.testing.assert_allclose(signal.convolve(x, y, mode=mode), expected, atol=1e-13)
        np.testing.assert_allclose(signal.convolve(x, y, mode), expected, atol=1e-13)
        check_grads(lambda x, y: signal.convolve(x, y, mode))(x, y)


def test_convolve_along_some_axes() -> None:
    rng = np.random.default_rng(1)
    images, kernels = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    options: dict[str, Any] = {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1]), "mode": "valid"}
    y = signal.convolve(images, kernels, **options)
    assert y.shape == (2, 4, 4, 4)
    one = sum(scipy.signal.convolve(images[1, d], kernels[2, d], "valid") for d in range(3))
    np.testing.assert_allclose(y[1, 2], one)
    check_grads(lambda a, b: signal.convolve(a, b, **options), order=1)(images, kernels)
    np.testing.assert_allclose(
        signal.convolve(images, kernels, ([], []), ([1], [1])),
        np.tensordot(images, kernels, axes=([1], [1])),
    )
    combo_check(signal.convolve, order=1)(
        [images[0, 0]], [kernels[0]], axes=[([0], [1]), ([1], [2])], mode=["full", "same", "valid"]
    )


# --- integrate ------------------------------------------------------------------------------------

EXACT = {"rtol": 1e-11, "atol": 1e-11}


def field(y: Any, t: Any, k: Any, p: Any) -> Any:
    return np.array([-1.0, 0.5]) * k * y + np.sin(t) * p["drive"] - 0.1 * y[0] * y[1]


def test_odeint() -> None:
    def solve(y0: Any, t: Any, k: Any, drive: Any) -> Any:
        return integrate.odeint(field, y0, t, (k, {"drive": drive}), **EXACT)

    y0, t, drive = np.array([1.0, 0.3]), np.array([0.1, 0.4, 0.9]), np.array([0.2, -0.5])
    expected = scipy.integrate.odeint(field, y0, t, (0.7, {"drive": drive}), **EXACT)
    np.testing.assert_allclose(solve(y0, t, 0.7, drive), expected)
    check_grads(solve, order=1, rtol=1e-5)(y0, t, np.float64(0.7), drive)
    check_grads(lambda y0, k: solve(y0, t, k, drive)[-1], rtol=1e-4)(y0, np.float64(0.7))
    back = jacobian(lambda y0: solve(y0, t[::-1], 0.7, drive)[-1])(y0)
    ahead = jacobian(lambda y0: solve(y0, t, 0.7, drive)[-1])(solve(y0, t[::-1], 0.7, drive)[-1])
    np.testing.assert_allclose(back @ ahead, np.eye(2), atol=1e-8)


def test_odeint_against_the_closed_form() -> None:
    def y(rate: Any, y0: Any) -> Any:
        field = lambda t, y, k: -k * y
        return integrate.odeint(field, y0, [0.0, 1.5], (rate,), tfirst=True, **EXACT)[-1, 0]

    np.testing.assert_allclose(grad(y)(0.4, 2.0), -1.5 * 2 * np.exp(-0.6), rtol=1e-8)
    np.testing.assert_allclose(grad(y, 1)(0.4, 2.0), np.exp(-0.6), rtol=1e-8)
    np.testing.assert_allclose(grad(grad(y))(0.4, 2.0), 1.5**2 * 2 * np.exp(-0.6), rtol=1e-7)
    np.testing.assert_allclose(jvp(lambda k: y(k, 2.0), (0.4,), (1.0,))[1], -3 * np.exp(-0.6))
    np.testing.assert_allclose(
        vmap(lambda k: y(k, 2.0))(np.array([0.4, 0.8])), 2 * np.exp([-0.6, -1.2]), rtol=1e-8
    )


def test_odeint_stops_at_critical_times() -> None:
    def jump(y: Any, t: Any, k: Any) -> Any:
        return -k * y * (1.0 if t < 0.5 else 3.0)

    def y(k: Any) -> Any:
        options = {"tcrit": np.array([0.5]), **EXACT}
        return integrate.odeint(jump, [1.0], [0.0, 1.0], (k,), **options)[-1, 0]

    np.testing.assert_allclose(grad(y)(0.7), -2 * np.exp(-1.4), rtol=1e-7)
    np.testing.assert_allclose(jvp(y, (0.7,), (1.0,))[1], -2 * np.exp(-1.4), rtol=1e-7)


def test_what_the_field_closes_over_is_no_argument() -> None:
    k = tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match="drop its gradient"):
        integrate.odeint(lambda y, t: -k * y, [1.0], [0.0, 1.0])
