"""NumPy's functions at their edges: no elements, NaN, infinity, ties, zeros, keywords, mistakes."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    ConversionError,
    MissingRuleError,
    NotDifferentiableError,
    ShapeError,
    Tensor,
    grad,
    hessian,
    jvp,
    tensor,
    value_and_grad,
    vjp,
)
from autograd_core.table import REFUSED, existing
from autograd_core.test_util import check_grads
from autograd_core.trees import flatten, tree_map
from tests.ops import SAMPLES, Sample

NAN, INF = np.nan, np.inf
NO_INDEX = np.array([], int)

# --- no elements ----------------------------------------------------------------------------------

EMPTY = {
    (0,): [
        lambda x: np.diff(x, 0, prepend=[1.0]),
        np.prod, np.cumprod, np.cumsum, np.nansum, np.nancumsum, np.diff, np.ediff1d, np.sort,
        np.unique, np.vander, np.i0, np.sinc, np.unwrap, np.frexp, np.modf,
        np.flip, np.diag, np.roots, np.poly, np.polyint, np.meshgrid, np.trapezoid,
        lambda x: np.sum(x, where=True),
        lambda x: np.max(x, initial=3.0),
        lambda x: np.append(x, 1.0),
        lambda x: np.insert(x, 0, 1.0),
        lambda x: np.pad(x, 1),
        lambda x: np.pad(x, (1, 0), constant_values=2.0),
        lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0]),
        lambda x: np.einsum("i,i", x, x),
        lambda x: np.dot(x, x),
        lambda x: np.outer(x, x),
        lambda x: np.kron(x, x),
        lambda x: np.tensordot(x, x, 1),
        lambda x: np.repeat(x, 2),
        lambda x: np.tile(x, 2),
        lambda x: np.roll(x, 1),
        lambda x: np.concatenate([x, x]),
        lambda x: np.block([x, x]),
        lambda x: np.stack([x, x]),
        lambda x: np.split(x, [0]),
        lambda x: np.array_split(x, 2),
        lambda x: np.select([x > 1], [x]),
        lambda x: np.choose(NO_INDEX, [x, x]),
        lambda x: np.piecewise(x, [x > 1], [np.sin, np.cos]),
        lambda x: np.linspace(x, 1.0, 3),
        lambda x: np.polyval(x, 2.0),
        lambda x: np.polyval([1.0, 2.0], x),
        lambda x: np.logaddexp.reduce(x),
        lambda x: np.resize(x, 2),
    ],
    (1,): [np.diff, np.ptp, np.var, np.trapezoid, np.polyder, lambda x: np.convolve(x, [1.0])],
    (2,): [lambda x: np.quantile(x, [], axis=0), lambda x: np.delete(x, []),
           lambda x: np.linspace(x, 1.0, 0)],
    (3,): [np.trim_zeros, lambda x: np.take(x, NO_INDEX), lambda x: np.compress([], x),
           lambda x: np.extract(x > 1, x), lambda x: np.take_along_axis(x, NO_INDEX, 0)],
    (2, 0): [lambda x: np.prod(x, axis=1), lambda x: np.max(x, axis=1, initial=3.0),
             lambda x: np.median(x, axis=0), lambda x: np.einsum("ij,jk", x, x.T)],
    (0, 2): [np.rot90, lambda x: np.cumprod(x, axis=0),
             lambda x: np.apply_over_axes(np.sum, x, [0])],
    (0, 0): [np.trace, np.tril],
    (0, 3): [lambda x: np.cross(x, x)],
}  # fmt: skip


@pytest.mark.parametrize("shape", EMPTY, ids=str)
def test_few_or_no_elements(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    for f in EMPTY[shape]:
        expected = flatten(f(x))[0]
        y, pull = vjp(f, x)
        where = inspect.getsource(f) if f.__name__ == "<lambda>" else f.__name__
        for ours, numpys in zip(flatten(y)[0], expected, strict=True):
            np.testing.assert_array_equal(ours, numpys, strict=True, err_msg=where)
        assert pull(tree_map(np.ones_like, y))[0].shape == shape, where
        assert [np.shape(t) for t in flatten(jvp(f, (x,), (x,))[1])[0]] == [
            np.shape(v) for v in expected
        ], where


# --- axes -----------------------------------------------------------------------------------------

A_NUMBER = [
    *(np.sum, np.prod, np.max, np.min, np.ptp, np.cumsum, np.cumprod),
    *(np.nansum, np.nanprod, np.nanmax, np.nanmean, np.nanstd, np.add.reduce, np.logaddexp.reduce),
    lambda x, axis: np.repeat(x, 2, axis=axis),
    lambda x, axis: np.apply_over_axes(np.sum, x, [axis]),
]


@pytest.mark.parametrize("f", A_NUMBER)
@pytest.mark.parametrize("axis", [0, -1])
def test_the_only_axis_of_a_number(f: Any, axis: int) -> None:
    """NumPy's reductions take axis 0 of an array that has none."""
    np.testing.assert_array_equal(f(tensor(3.0), axis=axis), f(np.float64(3.0), axis=axis))
    check_grads(lambda x: f(x, axis=axis))(np.array(3.0))


AXIS = {
    "median": lambda x, i: np.median(x, axis=i),
    "quantile": lambda x, i: np.quantile(x, 0.5, axis=i),
    "nanpercentile": lambda x, i: np.nanpercentile(x, 50, axis=i),
    "norm": lambda x, i: np.linalg.norm(x, axis=i),
    "norm of order 1": lambda x, i: np.linalg.norm(x, 1, axis=i),
    "vector_norm": lambda x, i: np.linalg.vector_norm(x, ord=3, axis=i),
    "largest": lambda x, i: np.linalg.vector_norm(x, ord=np.inf, axis=i),
    "insert": lambda x, i: np.insert(x, 0, 1.0, axis=i),
    "delete": lambda x, i: np.delete(x, 0, axis=i),
    "rollaxis": np.rollaxis,
    "gradient": lambda x, i: np.gradient(x, axis=i),
}


@pytest.mark.parametrize("name", AXIS)
@pytest.mark.parametrize(("shape", "axis"), [((3, 4), 2), ((3, 4), 5), ((3, 4), -3), ((), 0)])
def test_an_axis_that_is_not_there_is_refused(name: str, shape: tuple, axis: int) -> None:
    with pytest.raises(np.exceptions.AxisError):
        AXIS[name](np.ones(shape), axis)
    with pytest.raises(np.exceptions.AxisError):
        AXIS[name](leaf(*shape), axis)


def test_an_axis_of_several_that_is_not_there_is_refused() -> None:
    for f in (
        lambda x: np.apply_over_axes(np.sum, x, [0, 3]),
        lambda x: np.linalg.norm(x, axis=(0, 3)),
        lambda x: np.median(x, axis=(0, 3)),
        lambda x: np.rollaxis(x, 0, 4),
        lambda x: np.rollaxis(x, 0, -4),
    ):
        for x in (np.ones((3, 4)), leaf(3, 4)):
            with pytest.raises(np.exceptions.AxisError):
                f(x)


# --- NaN, infinity, ties --------------------------------------------------------------------------


def of_two(f: Any) -> Any:
    """Let a function of two numbers be one of an array."""
    return lambda x: f(x[0], x[1])


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("pair", [(INF, INF), (-INF, 1.0), (1.0, -INF), (2.0, 2.0), (6e4, -6e4)])
def test_the_larger_of_two_at_infinity(f: Any, dtype: str, pair: tuple) -> None:
    """Ties share, also infinite ones; nothing overflows on the way, and dtypes stay."""
    x = np.array(pair, dtype)
    y, pull = vjp(of_two(f), x)
    (gradient,) = pull(np.ones((), dtype))
    hit = x == y
    np.testing.assert_array_equal(gradient, hit / np.sum(hit))
    assert gradient.dtype == dtype


@pytest.mark.parametrize(
    ("f", "x", "value", "gradient"),
    [
        (np.median, [1.0, INF, INF], INF, [0, 1, 0]),
        (np.median, [1.0, 2.0, INF], 2.0, [0, 1, 0]),
        (lambda x: np.quantile(x, 0.25), [-INF, 2.0, 3.0], -INF, [0.5, 0.5, 0]),
        (lambda x: np.gradient(x)[1], [1.0, NAN, 5.0], 2.0, [-0.5, 0, 0.5]),
        (np.median, [NAN, 1.0, 2.0], NAN, [0, 0, 0]),
        (np.median, [4.0, 1.0, 2.0, 3.0], 2.5, [0, 0, 0.5, 0.5]),
        (np.nanmedian, [NAN, 1.0, 2.0], 1.5, [0, 0.5, 0.5]),
        (lambda x: np.quantile(x, 1.0), [1.0, 3.0, 2.0], 3.0, [0, 1, 0]),
        (lambda x: np.quantile(x, 1.0, method="weibull"), [1.0, 3.0, 2.0], 3.0, [0, 1, 0]),
        (np.nanmax, [NAN, 2.0, 2.0], 2.0, [0, 0.5, 0.5]),
        (of_two(np.fmax), [NAN, 2.0], 2.0, [0, 1]),
        (of_two(np.fmin), [2.0, NAN], 2.0, [1, 0]),
        (of_two(np.maximum), [NAN, 2.0], NAN, [0, 0]),
        (lambda x: np.sum(np.clip(x, -INF, 1.0)), [-INF, 0.5, 1.0, 2.0], -INF, [0.5, 1, 0.5, 0]),
        (np.nansum, [NAN, NAN], 0.0, [0, 0]),
        (np.nanprod, [NAN, 3.0, 0.0], 0.0, [0, 0, 3]),
        (lambda x: np.max(x, initial=2.0), [2.0, 1.0, 2.0], 2.0, [1 / 3, 0, 1 / 3]),
        (lambda x: np.max(x, initial=5.0), [2.0, 1.0], 5.0, [0, 0]),
        (lambda x: np.max(x, initial=0.0, where=[False, True]), [2.0, 1.0], 1.0, [0, 1]),
        (lambda x: np.std(x, where=[True, False, True]), [2.0, 9.0, 2.0], 0.0, [0, 0, 0]),
        (np.ptp, [1.0, 4.0, 4.0], 3.0, [-1, 0.5, 0.5]),
        (lambda x: np.sum(np.maximum.accumulate(x)), [1.0, 3.0, 2.0], 7.0, [1, 2, 0]),
        (lambda x: np.logaddexp.reduce(x), [-INF, -INF], -INF, [0, 0]),
        (lambda x: np.sum(np.trim_zeros(x)), [0.0, 2.0, 0.0, 3.0, 0.0], 5.0, [0, 1, 1, 1, 0]),
        (lambda x: np.sum(np.unique(x)), [2.0, 1.0, 2.0], 3.0, [1, 1, 0]),
        (lambda x: np.sum(np.modf(x)[0]), [INF, -2.5], -0.5, [1, 1]),
        (lambda x: np.sum(x.astype(int) * 2.5), [1.5, 2.5], 7.5, [0, 0]),
        (lambda x: np.sum(x, dtype=int) * 2.5, [1.5, 2.5], 7.5, [0, 0]),
    ],
)
def test_values_at_the_edge(f: Any, x: list, value: float, gradient: list) -> None:
    with np.errstate(invalid="ignore"):
        y, pull = vjp(f, np.array(x))
        np.testing.assert_array_equal(y, value)
        np.testing.assert_allclose(pull(1.0)[0], gradient)


def test_products_with_zeros_to_second_order() -> None:
    x = np.array([0.0, 2.0, 0.0, 3.0])
    H = np.zeros((4, 4))
    H[0, 2] = H[2, 0] = 6.0
    np.testing.assert_array_equal(hessian(np.prod)(x), H)
    H = np.array([[0, 1, 8, 0], [1, 0, 0, 0], [8, 0, 0, 0], [0, 0, 0, 0]])  # 1+c+cd, b+bd
    np.testing.assert_array_equal(hessian(lambda v: np.sum(np.cumprod(v)))(x), H)


# 30 digits with mpmath: d^n/dx^n of sin(pi x) / (pi x), and of the Bessel function I0
DERIVATIVES = [
    (np.sinc, 0.0, [1.0, 0.0, -3.28986813369645287, 0.0, 19.4818182068004876]),
    (np.sinc, 1e-3, [0.999998355066744894, -0.00328986488672464928, -3.28985839278657811]),
    (np.sinc, 2.5, [0.127323954473516269, -0.0509295817894065074, -1.21589339600439209]),
    (np.i0, 0.0, [1.0, 0.0, 0.5, 0.0, 0.375]),
    (np.i0, 8.0, [427.564115721804785, 399.873136782560098, 377.579973623984773]),
]


@pytest.mark.parametrize("f", [np.median, np.quantile, np.percentile])
def test_quantiles_of_nan_are_nan_but_for_those_that_leave_it_out(f: Any) -> None:
    x, rest = np.array([3.0, np.nan, 1.0, 7.0]), () if f is np.median else (0.4,)
    among_numbers = getattr(np, f"nan{f.__name__}")
    assert np.isnan(value_and_grad(lambda v: f(v, *rest))(x)[0])
    value, gradient = value_and_grad(lambda v: among_numbers(v, *rest))(x)
    assert type(value) is np.float64 and np.isclose(value, among_numbers(x, *rest), rtol=1e-15)
    assert gradient[1] == 0.0 and np.isclose(gradient.sum(), 1.0)


@pytest.mark.parametrize(("f", "x", "expected"), DERIVATIVES)
def test_high_derivatives_of_special_functions(f: Any, x: float, expected: list) -> None:
    for order, value in enumerate(expected):
        np.testing.assert_allclose(f(x), value, rtol=1e-8, atol=1e-12, err_msg=str(order))
        f = grad(f)


def test_roots_in_no_fixed_order() -> None:
    check_grads(lambda p: np.real(np.sum(np.exp(np.roots(p)))))(np.array([1.0, 0.5, 2.0, 3.0]))


# --- ways to call ---------------------------------------------------------------------------------


def sliced(x: Any) -> Any:
    return x[:2]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sum(a=x, axis=0, keepdims=True),
        lambda x: np.mean(x, 0, None, None, True),
        lambda x: np.max(a=x, axis=1),
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.transpose(a=x, axes=(1, 0)),
        lambda x: np.clip(x, a_max=0.5, a_min=None),
        lambda x: np.repeat(repeats=2, a=x),
        lambda x: np.average(weights=[1.0, 2.0, 3.0], a=x, axis=1),
        lambda x: np.interp(fp=[1.0, 2.0], xp=[0.0, 1.0], x=x),
        lambda x: np.trapezoid(dx=0.5, y=x),
        lambda x: np.pad(pad_width=1, array=x, mode="edge"),
        lambda x: np.tensordot(b=x.T, a=x, axes=1),
        lambda x: np.dot(b=x.T, a=x),
        lambda x: np.cross(b=[1.0, 2.0, 3.0], a=x),
        lambda x: np.quantile(q=0.2, a=x, axis=1),
        lambda x: np.linspace(stop=x, start=0.0, num=3),
        lambda x: np.where(x > 0),
        lambda x: np.where(x),
        lambda x: np.median(x, axis=0, out=None, overwrite_input=False),
        lambda x: np.nansum(x, keepdims=np._NoValue),
        lambda x: np.add.reduce(x),
        lambda x: np.multiply.reduce(x, axis=1, keepdims=True),
        lambda x: np.add.outer(x, [1.0, 2.0]),
        lambda x: np.minimum.accumulate(x, axis=1),
        lambda x: np.logaddexp.reduce(x, axis=(0, 1)),
        lambda x: np.fmax.reduce(x, axis=None),
        lambda x: np.apply_along_axis(sliced, 1, x),
    ],
)
def test_by_position_and_by_keyword(call: Any) -> None:
    x = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.6]])
    expected = flatten(call(x))[0]
    for wrap in (lambda v: tensor(v), lambda v: tensor(v, requires_grad=True)):
        ours = flatten(call(wrap(x)))[0]
        for a, b in zip(ours, expected, strict=True):
            a = a.detach().numpy() if isinstance(a, Tensor) else a
            np.testing.assert_allclose(a, b, rtol=1e-14)
    if expected[0].dtype.kind == "f":
        check_grads(call, order=1, rtol=1e-5, atol=1e-5)(x)


def named(op: Sample) -> Sample | None:
    """Return the same call with all operands by keyword, if NumPy takes it."""
    try:
        names = list(inspect.signature(op.f).parameters)
        twin = Sample(op.f, (), dict(zip(names, op.operands, strict=False)) | op.settings)
        twin(*op.draw())
    except (TypeError, ValueError):
        return None
    return twin if twin.makers() == op.makers() else None


def test_every_operand_by_keyword() -> None:
    calls = [(op, named(op)) for op in SAMPLES if type(op) is Sample]
    calls = [(op, twin) for op, twin in calls if twin is not None]
    assert len(calls) > 400
    for op, twin in calls:
        expected, ours = (vjp(f, *op.draw()) for f in (op, twin))
        for a, b in zip(flatten(ours[0])[0], flatten(expected[0])[0], strict=True):
            np.testing.assert_array_equal(a, b, err_msg=op.id)
        g = tree_map(np.ones_like, expected[0])
        for a, b in zip(ours[1](g), expected[1](g), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=op.id)


@pytest.mark.skipif("min" not in inspect.signature(np.clip).parameters, reason="NumPy < 2.1")
def test_clip_with_the_newer_names() -> None:
    g = grad(lambda x: np.sum(np.clip(x, min=-1.0, max=tensor(2.0))))(np.array([-2.0, 0.0, 3.0]))
    assert g.tolist() == [0.0, 1.0, 0.0]


# --- what NumPy says of the same call -------------------------------------------------------------

MATRIX = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.6]])
PAIRS = np.array([[[0.3, -1.2], [0.8, 1.1], [0.4, -0.6]], [[2.0, 0.1], [-0.5, 0.9], [1.3, 0.2]]])
SINGLE, HALF = MATRIX.astype("f4"), MATRIX.astype("f2")

SAME: list[tuple[Any, np.ndarray]] = [
    # axes in lists and arrays
    (lambda x: np.median(x, axis=[0, 1]), MATRIX),
    (lambda x: np.quantile(x, 0.3, axis=np.array([1])), MATRIX),
    (lambda x: np.gradient(x, axis=[0]), MATRIX),
    # nothing in a lane
    (np.median, MATRIX[:0]),
    (lambda x: np.nanmedian(x, axis=0), MATRIX[:0]),
    (lambda x: np.nanquantile(x, 0.2, axis=1, keepdims=True), MATRIX[:, :0]),
    # dtypes
    (lambda x: np.quantile(x, np.array([0.1, 0.7]), axis=0), SINGLE),
    (lambda x: np.percentile(x, np.float64(30), axis=0), HALF),
    (lambda x: np.quantile(x, [0, 1], axis=0), SINGLE),
    (lambda x: np.quantile(x, 0.5, axis=1), SINGLE),
    (lambda x: np.average(x, 1, [1.0, 2.0, 5.0], returned=True), (MATRIX * (1 + 1j))),
    (lambda x: np.cov(x, dtype="f4"), MATRIX),
    (lambda x: np.corrcoef(x, dtype="f4"), MATRIX),
    (lambda x: np.select([x > 0, x < -1], [x, 0.5]), HALF),
    (lambda x: np.select([x > 0], [x], [1.0, 2.0, 3.0]), SINGLE),
    (lambda x: np.sum(x, 1, initial=np.float64(2), where=x > 0), SINGLE),
    (lambda x: np.max(x, axis=1, initial=np.float64(2), where=x > 0), SINGLE),
    (lambda x: np.linspace(x, -0.29, 6, dtype=int), MATRIX),
    # whole numbers beside Tensors
    (lambda x: np.linalg.lstsq(np.array([[1, 2], [3, 4], [5, 7]]), x)[0], MATRIX.T),
    (lambda x: np.polyfit(np.arange(3), x, 1), MATRIX[0]),
    (lambda x: np.polysub(x, np.array([1, 2, 3], "u1")), MATRIX[0]),
    (lambda x: x ** np.array([True, False, True]), MATRIX),
    # numbers in products
    (lambda x: np.dot(x, 2.0), MATRIX),
    (lambda x: np.dot(3, x), MATRIX),
    (lambda x: np.inner(x, 2), MATRIX),
    (lambda x: np.inner(2, x), MATRIX),
    (lambda x: np.outer(x, 2.0), MATRIX),
    (lambda x: np.outer(2.0, x), MATRIX),
    (lambda x: np.tensordot(x, 2.0, axes=0), MATRIX),
    (lambda x: np.tensordot(2.0, x, axes=0), MATRIX),
    (lambda x: np.convolve(x, 2, "same"), MATRIX[0]),
    # others
    (lambda x: np.cov(x, ddof=10), MATRIX),
    (lambda x: np.piecewise(x, [[True, False]], [np.sin, np.cos]), MATRIX),
    (lambda x: np.polyder(x, m=1.0), MATRIX[0]),
    (lambda x: np.var(x, axis=0, ddof=1), MATRIX[:1]),
    (lambda x: np.nanvar(x, axis=1, ddof=3), MATRIX),
    (lambda x: np.nanstd(x, axis=0, ddof=5, keepdims=True), MATRIX),
    (lambda x: np.nanvar(x, axis=0, ddof=1), np.array([[1.0, np.nan], [3.0, 2.0]])),
    (lambda x: np.linalg.cond(x, 1), np.array([[[1.0, 2.0], [2.0, 4.0]], [[1, 2], [0, 4]]])),
    (lambda x: np.linalg.cond(x, -np.inf), np.ones((2, 2))),
    (np.linalg.cond, np.zeros((2, 2))),
    (lambda x: np.linalg.cond(x, "fro"), MATRIX[:, :2]),
    (lambda x: np.polyadd(x, [[1.0], [2.0]]), MATRIX),
    (lambda x: np.polysub([[3.0], [1.0], [2.0]], x.T), MATRIX),
    (lambda x: np.polymul(x, [1.0, 2.0]), MATRIX[0, :0]),
    (lambda x: np.polymul([], x), MATRIX[0]),
    (lambda x: np.linalg.vector_norm(x, ord=3, keepdims=np.True_), MATRIX),
    (lambda x: x.astype(None), SINGLE),
    (lambda x: np.add.reduce(x, axis=1, where=MATRIX > 0), MATRIX),
]  # fmt: skip
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    SAME += [
        (lambda x: np.cumulative_sum(x, axis=1, include_initial=True), MATRIX[:, :0]),
        (lambda x: np.cumulative_prod(x, include_initial=True), np.array(2.0)),
        (np.cumulative_sum, np.array(2.0)),
    ]


@pytest.mark.parametrize(("call", "x"), SAME)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_same_as_of_an_array(call: Any, x: np.ndarray) -> None:
    """Values, shapes and dtypes are NumPy's; the gradient fits them."""
    expected, ours = flatten(call(x))[0], flatten(call(tensor(x, requires_grad=True)))[0]
    tolerance = 8 * np.finfo(x.dtype).eps
    for a, b in zip(ours, expected, strict=True):
        a = a.detach().numpy() if isinstance(a, Tensor) else a
        assert (np.shape(a), a.dtype) == (np.shape(b), b.dtype)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    if x.dtype == float and x.size and np.isfinite(expected[0]).all() and b.dtype == float:
        check_grads(call, order=1, rtol=1e-5, atol=1e-5)(x)


@pytest.mark.parametrize("a", [MATRIX, MATRIX.T, PAIRS.T[::-1], PAIRS.transpose(1, 2, 0)])
@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
def test_orders_in_memory(a: np.ndarray, order: Any) -> None:
    """The gradient puts each element back where it came from."""
    ways: list[Any] = [lambda x: np.ravel(x, order), lambda x: x.flatten(order)]
    if order != "K":
        ways += [lambda x: np.reshape(x, (-1, 2), order), lambda x: x.reshape(2, -1, order=order)]
    for way in ways:
        y, pull = vjp(way, a)
        np.testing.assert_array_equal(y, way(a))
        np.testing.assert_array_equal(pull(y)[0], a)
        np.testing.assert_array_equal(jvp(way, (a,), (a,))[1], y)


@pytest.mark.parametrize("f", [np.var, np.std])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_spread_of_one_number_has_a_gradient(f: Any) -> None:
    """No degree of freedom is left: NaN, as the value is."""
    y, pull = vjp(lambda x: f(x, axis=0, ddof=1), MATRIX[:1])
    assert np.isnan(y).all() and np.isnan(pull(np.ones(3))[0]).all()


def test_the_product_of_vectors_in_the_plane_is_a_number() -> None:
    a, b = PAIRS, PAIRS[::-1]
    expected = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    with warnings.catch_warnings(action="ignore"):
        y = np.cross(tensor(a.swapaxes(0, 2), requires_grad=True), b.swapaxes(0, 2), axis=0)
    np.testing.assert_allclose(y.detach().numpy(), expected.T)


@pytest.mark.parametrize("lengths", [(2, 2), (2, 3), (3, 2), (3, 3)])
@pytest.mark.parametrize("many", [(), (4,)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_products_of_vectors_in_the_plane_and_in_space(lengths: tuple, many: tuple) -> None:
    rng = np.random.default_rng(0)
    check_grads(np.cross)(rng.random((*many, lengths[0])), rng.random(lengths[1]))


TWICE = np.ones((2, 2, 3), bool)
REFUSED_BY_NUMPY = {
    "a mask that is larger": lambda x: np.sum(x, where=TWICE),
    "a mask of whole numbers": lambda x: np.sum(x, where=TWICE[0].astype(int)),
    "a maximum of nothing": lambda x: np.max(x, where=TWICE[0]),
    "several initial values": lambda x: np.sum(x, initial=np.ones(3)),
    "two names of one thing": lambda x: np.var(x, ddof=1, correction=1),
    "an order of complex numbers": lambda x: np.quantile(x * 1j, 0.5),
    "an axis twice": lambda x: np.gradient(x, axis=(0, -2)),
    "quarter turns about nothing": lambda x: np.rot90(x, 4, axes=(0, 2)),
    "a negative length": lambda x: np.resize(x, -1),
    "a negative number of columns": lambda x: np.vander(x[0], -1),
    "a negative number of samples": lambda x: np.geomspace(x + 2, 3.0, -1),
    "a negative derivative": lambda x: np.polyder(x[0], -1),
    "a negative degree": lambda x: np.polyfit(x[0], x[1], -1),
    "weights of another number": lambda x: np.polyfit(x[0], x[1], 1, w=[1.0]),
    "one weight for all": lambda x: np.cov(x, aweights=np.ones(1)),
    "one weight for some": lambda x: np.bincount([0, 1], x[0, :1]),
    "weights that are complex": lambda x: np.bincount([0, 1, 1], x[0] * 1j),
    "a point that is complex": lambda x: np.interp(x * 1j, [0.0, 1.0], [1.0, 2.0]),
    "values of another number": lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0, 3.0]),
    "no points": lambda x: np.interp(x, [], []),
    "no period": lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0], period=0),
    "a border of another mode": lambda x: np.pad(x, 1, "edge", constant_values=2.0),
    "lengths of another mode": lambda x: np.pad(x, 1, stat_length=2),
    "weights that add up to nothing": lambda x: np.average(x[0], weights=[1.0, -2.0, 1.0]),
    "a geometric sequence from zero": lambda x: np.geomspace(0.0 * x, 2.0),
    "polynomials along two axes": lambda x: np.polymul(x, x[0]),
    "a division of two axes": lambda x: np.polydiv(x[0], x[:, :2]),
    "a power of what is not square": lambda x: np.linalg.matrix_power(x, 1),
    "a power of a vector": lambda x: np.linalg.matrix_power(x[0], 2),
    "more equations than unknowns": lambda x: np.linalg.tensorsolve(x.T, x[0]),
    "vectors that are flat": lambda x: np.linalg.cross(x[0], x[0, :2]),
    "rows of a vector": lambda x: np.vsplit(x[0], 1),
    "columns of a number": lambda x: np.hsplit(x[0, 0], 1),
    "layers of a matrix": lambda x: np.dsplit(x, 1),
    "singular values of a vector": lambda x: np.linalg.svd(x[0]),
    "a factor of a vector": lambda x: np.linalg.qr(x[0]),
    "the condition of nothing": lambda x: np.linalg.cond(x[:0, :0]),
    "a product with a number": lambda x: np.vecdot(x[0, 0], x[0]),
    "conditions that do not fit": lambda x: np.piecewise(x, [[True, False, True]], [np.sin]),
}
if np.lib.NumpyVersion(np.__version__) >= "2.2.0":
    REFUSED_BY_NUMPY |= {
        "an end that is none": lambda x: np.trim_zeros(x[0], "zz"),
        "a matrix that is a vector": lambda x: np.matvec(x[0, :1], x[0, :1]),
        "a matrix that is a number": lambda x: np.vecmat(x[0], x[0, 0]),
    }


@pytest.mark.parametrize("name", REFUSED_BY_NUMPY)
def test_what_numpy_refuses_is_refused(name: str) -> None:
    call = REFUSED_BY_NUMPY[name]
    for x in (MATRIX, tensor(MATRIX, requires_grad=True)):
        allowed = (ValueError, TypeError, RuntimeError, ZeroDivisionError)
        with pytest.raises(allowed if isinstance(x, Tensor) else (*allowed, IndexError)):
            call(x)


# --- refusals -------------------------------------------------------------------------------------


def leaf(*shape: int) -> Any:
    return Tensor(np.ones(shape)).requires_grad_()


REFUSALS: list[tuple[Any, type[Exception], list[str]]] = [
    (lambda: np.put(leaf(3), [1], 2.0), NotDifferentiableError, ["np.put", "x["]),
    (lambda: np.copyto(np.ones(3), leaf(3)), NotDifferentiableError, ["np.where"]),
    (lambda: np.histogram(leaf(3)), NotDifferentiableError, ["np.bincount", "weights"]),
    (lambda: np.bincount(leaf(3)), ArgumentError, ["weights="]),
    (lambda: np.add.at(leaf(3), [0], 1.0), MissingRuleError, ["np.add.at", "np.bincount"]),
    (lambda: np.add.reduceat(leaf(3), [0, 1]), MissingRuleError, ["np.split"]),
    (lambda: np.hypot.reduce(leaf(3)), MissingRuleError, ["np.hypot.reduce", "np.add.reduce"]),
    (lambda: np.median(leaf(3), out=np.zeros(())), NotDifferentiableError, ["out=", "tensor(y)"]),
    (lambda: np.pad(leaf(3), 1, "empty"), ArgumentError, ["'empty'", "reflect"]),
    (lambda: np.quantile(leaf(3), 1.5), ArgumentError, ["between 0 and 1", "1.5"]),
    (lambda: np.linalg.norm(leaf(2, 2, 2), axis=(0, 1, 2)), ArgumentError, ["vector_norm"]),
    (lambda: np.percentile(leaf(3), [50, 101]), ArgumentError, ["between 0 and 100"]),
    (lambda: np.polyfit(leaf(3), leaf(3), 1, full=True), ArgumentError, ["polyval"]),
    (lambda: np.gradient(leaf(3), 1.0, 2.0), ArgumentError, ["2 spacings", "1 axes"]),
    (lambda: np.gradient(leaf(1)), ShapeError, ["at least 2 points", "got 1"]),
    (lambda: np.average(leaf(3), weights=[1.0, 2.0]), ShapeError, ["(2,)", "(3,)"]),
    (lambda: np.vander(leaf(2, 3), 3), ShapeError, ["one axis", "(2, 3)"]),
    (lambda: np.vander(leaf(), 3), ShapeError, ["one axis"]),
    (lambda: np.cov(leaf(2, 2, 2)), ShapeError, ["(2, 2, 2)"]),
    (lambda: np.select([True], [leaf(3), leaf(3)]), ArgumentError, ["1 conditions", "2 choices"]),
    (lambda: np.piecewise(leaf(3), [np.ones(3)], []), ArgumentError, ["1 conditions"]),
    (lambda: np.choose([0, 5], [leaf(2), leaf(2)]), ValueError, ["choi"]),
    (lambda: np.einsum("ij", leaf(3)), ArgumentError, ["'ij'", "[1] axes"]),
    (lambda: np.einsum("ij,jk", leaf(2, 3)), ArgumentError, ["2 operands, got 1"]),
    (lambda: np.einsum("ii", leaf(2, 3)), ArgumentError, ["2 and 3"]),
    (lambda: np.einsum("i->ii", leaf(2)), ArgumentError, ["'i->ii'"]),
    (lambda: np.einsum("i...->i", leaf(2, 2)), ArgumentError, ["'i...->i'"]),
    (lambda: np.unwrap(leaf(3), period=leaf()), MissingRuleError, ["'period'", "detach"]),
    (lambda: np.full(3, leaf()), ConversionError, ["detach"]),
    *[(lambda f=f: f(leaf(2, 2)), ValueError, ["axis="]) for f in existing("cumulative_sum")],
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSALS)
def test_the_message_says_what_to_do(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_what_refusals_recommend_works() -> None:
    """Each line does what the refused function would do, with gradients."""
    ways = {
        np.put: lambda x: x.__setitem__(np.unravel_index([4, 0], x.shape), 7.0),
        np.put_along_axis: lambda x: x.__setitem__((np.arange(2)[:, None], [[1], [0]]), 7.0),
        np.fill_diagonal: lambda x: x.__setitem__(np.diag_indices_from(x), 7.0),
        np.putmask: lambda x: x.__setitem__(np.eye(2, 2) > 0, 7.0),
    }
    arguments = {
        np.put: (np.array([4, 0]), 7.0),
        np.put_along_axis: (np.array([[1], [0]]), 7.0, 1),
        np.fill_diagonal: (7.0,),
        np.putmask: (np.eye(2, 2) > 0, 7.0),
    }
    for f, way in ways.items():
        x = np.arange(6.0).reshape(2, 3) if f in (np.put, np.put_along_axis) else np.ones((2, 2))
        expected = x.copy()
        f(expected, *arguments[f])
        ours = tensor(x, requires_grad=True) * 1.0
        way(ours)
        np.testing.assert_array_equal(ours.detach().numpy(), expected)
        assert f in REFUSED


def test_counts_with_weights_as_recommended() -> None:
    x, edges = np.array([0.1, 0.7, 0.75, 0.3]), np.array([0.0, 0.5, 1.0])
    f = lambda w: np.bincount(np.digitize(x, edges) - 1, w)
    w = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(f(w), np.histogram(x, edges, weights=w)[0])
    assert grad(lambda w: f(w)[1])(w).tolist() == [0.0, 1.0, 1.0, 0.0]


def test_places_of_what_is_in_both() -> None:
    a, b = np.array([3.0, 1.0, 1.0, 2.0, 7.0]), np.array([5.0, 2.0, 2.0, 3.0, 8.0, 3.0])
    found = np.intersect1d(tensor(a, requires_grad=True), b, return_indices=True)
    for ours, numpys in zip(found, np.intersect1d(a, b, return_indices=True), strict=True):
        np.testing.assert_array_equal(np.asarray(getattr(ours, "data", ours)), numpys)
