"""autograd_core.scipy.stats: values as SciPy's, derivatives against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

from autograd_core import grad, jacobian, vjp, vmap
from autograd_core.scipy import stats
from autograd_core.test_util import check_grads

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
