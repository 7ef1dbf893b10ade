"""Each row of the sample table goes through everything that must hold for an operation."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ConversionError,
    DtypeError,
    NotDifferentiableError,
    Tensor,
    jvp,
    vjp,
    vmap,
)
from autograd_core.calling import name_of
from autograd_core.graph import Output
from autograd_core.table import RULES, Elementwise
from autograd_core.test_util import check_grads, random_like
from autograd_core.trees import flatten
from tests.ops import SAMPLES, Sample
from tests.sampling import makers_in

every_sample = pytest.mark.parametrize("op", SAMPLES, ids=lambda op: op.id)


def leaves(y: Any) -> list[np.ndarray]:
    return [np.asarray(v) for v in flatten(y)[0]]


def traced(xs: list[np.ndarray]) -> list[Tensor]:
    return [Tensor(x).requires_grad_() for x in xs]


def detached(y: Any) -> list[np.ndarray]:
    return [v.detach().numpy() if isinstance(v, Tensor) else v for v in flatten(y)[0]]


def cotangents_for(y: Any) -> Any:
    """Draw a cotangent for each output, complex for a complex one."""
    outputs, rebuild = flatten(y)
    us = random_like(outputs, np.random.default_rng(2))
    return rebuild([u.astype(v.dtype) for u, v in zip(us, outputs, strict=True)])


@every_sample
def test_value_is_numpys(op: Sample) -> None:
    """A row calls NumPy itself; a composition may round otherwise."""
    xs = op.draw()
    exact = op.f in RULES and RULES[op.f].otherwise is None
    tolerance = {"rtol": 0, "atol": 0} if exact else {"rtol": 1e-12, "atol": 1e-14}
    for ours, numpys in zip(detached(op(*traced(xs))), leaves(op(*xs)), strict=True):
        np.testing.assert_allclose(ours, numpys, **tolerance)
        assert ours.shape == numpys.shape and ours.dtype == numpys.dtype


BY_ALGEBRA = {np.einsum, np.geomspace, np.gradient, np.quantile, np.nanquantile,
              np.percentile, np.nanpercentile}  # fmt: skip
"""What the order of products and of sums makes of infinity: itself, or NaN."""

BY_MATRIX = {np.interp, np.linspace, np.logspace, np.pad, np.polyfit}
"""Where a NaN is multiplied by 0, or compared with, or comes to LAPACK."""


@pytest.mark.parametrize(
    "op",
    # LAPACK may not come back from NaN
    [op for op in SAMPLES if name_of(op.f).count(".") == 1 and op.f not in BY_MATRIX],
    ids=lambda op: op.id,
)
@np.errstate(all="ignore")
def test_nan_and_infinity_go_where_numpy_puts_them(op: Sample) -> None:
    for special in (np.nan,) if op.f in BY_ALGEBRA else (np.nan, np.inf, -np.inf):
        for i, x in enumerate(op.draw()):
            xs = op.draw()
            xs[i].flat[x.size // 2 : x.size // 2 + 1] = special
            try:
                expected = leaves(op(*xs))
            except (ValueError, np.linalg.LinAlgError):
                continue
            for ours, numpys in zip(detached(op(*traced(xs))), expected, strict=True):
                np.testing.assert_allclose(ours, numpys, rtol=1e-9, atol=1e-12)


@every_sample
def test_both_modes_to_second_order(op: Sample) -> None:
    check_grads(op, rtol=1e-5, atol=1e-5)(*op.draw())


@every_sample
def test_forward_and_reverse_are_transposes(op: Sample) -> None:
    xs, vs = op.draw(), list(map(np.nan_to_num, op.draw(seed=1)))
    y, t = jvp(op, tuple(xs), tuple(vs))
    u = cotangents_for(y)
    cotangents = vjp(op, *xs)[1](u)
    forward = sum(np.sum(u * dv).real for u, dv in zip(leaves(u), leaves(t), strict=True))
    reverse = sum(np.sum(c * v).real for c, v in zip(cotangents, vs, strict=True))
    np.testing.assert_allclose(forward, reverse, rtol=1e-10, atol=1e-12)


@every_sample
def test_intermediate_values_which_go_the_short_way_give_the_same(op: Sample) -> None:
    """Arguments are in the user's hands and go the long way; what was calculated is not.

    Also where what was calculated belongs to an outer derivative.
    """

    def calculated(*xs: Any) -> Any:
        return op(*[+x for x in xs])

    def nested(*xs: Any) -> Any:
        return vjp(calculated, *xs)[0]

    xs = op.draw()
    y, pull = vjp(op, *xs)
    u = cotangents_for(y)
    for f in (calculated, nested):
        short, pull_short = vjp(f, *xs)
        for ours, expected in zip(leaves(short), leaves(y), strict=True):
            np.testing.assert_array_equal(ours, expected)
            assert ours.dtype == expected.dtype
        for ours, expected in zip(pull_short(u), pull(u), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("op", [op for op in SAMPLES if len(op.makers()) > 1], ids=lambda op: op.id)
def test_each_operand_by_itself_has_its_share_of_the_whole(op: Sample) -> None:
    """Where only one carries a derivative, a rule need not calculate those of the others.

    NumPy hands a call over because of its operands. A Tensor in a setting alone is an error.
    """
    xs, vs = op.draw(), op.draw(seed=1)
    y, pull = vjp(op, *xs)
    u = cotangents_for(y)
    shares = pull(u)
    operands = 1 if op.f is np.full_like else len(list(makers_in(op.operands)))
    for i, x in enumerate(xs):

        def alone(x: Any, i: int = i) -> Any:
            return op(*xs[:i], x, *xs[i + 1 :])

        try:
            (share,) = vjp(alone, x)[1](u)
        except (ConversionError, NotDifferentiableError, ValueError):
            assert i >= operands
            continue
        np.testing.assert_allclose(share, shares[i], rtol=1e-12, atol=1e-14)
        t = leaves(jvp(alone, (x,), (vs[i],))[1])
        forward = sum(np.sum(c * dv).real for c, dv in zip(leaves(u), t, strict=True))
        np.testing.assert_allclose(forward, np.sum(share * vs[i]).real, rtol=1e-10, atol=1e-12)


WIDTHS = {  # the dtype of real numbers, that of complex ones, and how near the gradient must be
    "float16": (np.float16, np.complex64, 0.02),
    "float32": (np.float32, np.complex64, 1e-4),
}


@pytest.mark.parametrize("width", WIDTHS)
@every_sample
@np.errstate(over="ignore", invalid="ignore")  # in float16, NumPy's own i0 and sinc
def test_a_dtype_stays_what_it_is(op: Sample, width: str) -> None:
    """Or becomes what NumPy makes of it; the gradients have the dtypes of the operands.

    What NumPy refuses is refused with the cast that helps.
    """
    tolerance = WIDTHS[width][2]
    op, exact = op.with_plain(lambda v: cast(v, width)), op
    xs = [cast(x, width) for x in op.draw()]
    try:
        dtypes = [v.dtype for v in leaves(op(*xs))]
    except TypeError:
        if op.f is not np.polyfit:  # ours takes float16
            with pytest.raises(DtypeError, match=r"astype\(np\.float"):
                op(*traced(xs))
        return
    y, t = jvp(op, tuple(xs), tuple(xs))
    assert [v.dtype for v in leaves(y)] == dtypes
    assert [v.dtype for v in leaves(t)] == dtypes
    inputs, exact_inputs = traced(xs), traced([x.astype(np.result_type(x, float)) for x in xs])
    out = flatten(op(*inputs))[0]
    assert [v.dtype for v in out] == dtypes
    for results in (out, flatten(exact(*exact_inputs))[0]):
        sum(np.sum(v.real) for v in results).backward()
    for value, x, x64 in zip(xs, inputs, exact_inputs, strict=True):
        if x.grad is None or x64.grad is None:
            assert x.grad is x64.grad
            continue
        assert x.grad.dtype == x.dtype
        size = np.max(np.abs(x64.grad.numpy()), initial=1.0)
        # beyond 100, float16 rounds values to 0.1 and more; it ends at 65504
        if np.all(np.abs(value) < 100) and size < np.finfo(x.dtype).max:
            np.testing.assert_allclose(x.grad.numpy(), x64.grad.numpy(), atol=tolerance * size)


@every_sample
@np.errstate(all="ignore")
def test_plain_values_of_another_width_count_as_they_do_in_numpy(op: Sample) -> None:
    """A float64 setting or constant beside float32 and float16 operands."""
    for width in WIDTHS:
        xs = [cast(x, width) for x in op.draw()]
        try:
            expected = [v.dtype for v in leaves(op(*xs))]
        except (TypeError, ValueError):
            continue
        assert [v.dtype for v in flatten(op(*traced(xs)))[0]] == expected


def cast(operand: Any, width: str) -> Any:
    """Cast a floating point array to another width."""
    real, complex_, _ = WIDTHS[width]
    casts = {np.dtype(float): real, np.dtype(complex): complex_}
    dtype = getattr(operand, "dtype", None)
    return operand.astype(casts[dtype]) if dtype in casts else operand


LONG = [(np.longdouble, 0), (np.clongdouble, 1j)]


@pytest.mark.parametrize(("dtype", "turn"), LONG, ids=["longdouble", "clongdouble"])
@pytest.mark.parametrize(
    "f",
    [
        np.sin,
        np.tanh,
        np.sum,
        np.cumsum,
        np.fft.fft,
        lambda x: x * x / (x + 2.0) - x**3,
        lambda x: np.mean(x, axis=0) @ np.exp(x).T,
        lambda x: np.where(x.real > 1, x, np.sqrt(x))[::-1],
        lambda x: np.concatenate([x, x.T.reshape(2, 3)], axis=1),
    ],
)
def test_long_numbers_keep_their_dtype_and_digits(f: Any, dtype: Any, turn: complex) -> None:
    x = (np.linspace(0.5, 2.0, 6) + turn).astype(dtype).reshape(2, 3)
    ours, exact = Tensor(x).requires_grad_(), Tensor(x.astype(type(turn + 0.5))).requires_grad_()
    for v in (ours, exact):
        np.sum(f(v).real).backward()
    assert f(ours).dtype == np.asarray(f(x)).dtype
    assert ours.grad is not None and exact.grad is not None and ours.grad.dtype == dtype
    np.testing.assert_allclose(ours.grad.numpy(), exact.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("op", [op for op in SAMPLES if op.mapped], ids=lambda op: op.id)
def test_vmap_equals_a_loop(op: Sample) -> None:
    draws = [op.draw(seed) for seed in range(3)]
    batch = [np.stack(column) for column in zip(*draws, strict=True)]
    rows = [leaves(op(*xs)) for xs in draws]
    for ours, *row in zip(leaves(vmap(op)(*batch)), *rows, strict=True):
        np.testing.assert_allclose(ours, np.stack(row), rtol=1e-12, atol=1e-14)

    def pulled(*xs: Any) -> Any:
        y, pull = vjp(op, *xs)
        return pull([np.cos(v) for v in y] if isinstance(y, (list, tuple)) else np.cos(y))

    rows = [leaves(pulled(*xs)) for xs in draws]
    for ours, *row in zip(leaves(vmap(pulled)(*batch)), *rows, strict=True):
        np.testing.assert_allclose(ours, np.stack(row), rtol=1e-10, atol=1e-12)
    # one operand mapped, the others shared: as in the columns of a Jacobian
    if len(batch) > 1:
        shared = vmap(op, in_axes=(0, *[None] * (len(batch) - 1)))(batch[0], *draws[0][1:])
        rows = [leaves(op(xs[0], *draws[0][1:])) for xs in draws]
        for ours, *row in zip(leaves(shared), *rows, strict=True):
            np.testing.assert_allclose(ours, np.stack(row), rtol=1e-12, atol=1e-14)


def layouts(x: np.ndarray) -> list[np.ndarray]:
    """Return the same values in Fortran order, with gaps, and backwards in memory."""
    gaps = np.zeros(tuple(2 * n for n in x.shape), x.dtype)
    gaps = gaps[(..., *(slice(None, None, 2) for _ in x.shape))]
    gaps[...] = x
    return [np.array(x, order="F"), gaps, np.flip(np.flip(x).copy())]


@every_sample
def test_any_memory_layout_and_inputs_unchanged(op: Sample) -> None:
    xs = op.draw()
    y, pull = vjp(op, *xs)
    u = cotangents_for(y)
    expected = pull(u)
    for variant in zip(*map(layouts, xs), strict=True):
        before = [x.copy() for x in variant]
        found = vjp(op, *variant)[1](u)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        for x, old in zip(variant, before, strict=True):
            np.testing.assert_array_equal(x, old)


@pytest.mark.parametrize("op", [op for op in SAMPLES if op.f in RULES], ids=lambda op: op.id)
def test_operands_marked_unused_are_not_kept(op: Sample) -> None:
    rule = RULES[op.f]
    inputs = traced([np.array(x) for x in op.draw()])
    y = flatten(op(*inputs))[0][0]
    node = y._trace
    if isinstance(node.rule, Output):
        node = node.parents[0]
    if node.rule is not rule:
        return  # a call that the row leaves to its composition
    active = sum(1 << i for i, p in enumerate(node.parents) if p is not None)
    _, kept, _ = rule.plan(active, len(node.parents))
    needed = [node.parents[i] for i in kept]
    nodes = [x._trace for x in inputs]
    watched = [
        weakref.ref(x._value)
        for x in inputs
        if not any(p is x._trace for p in needed) and not shares_memory(x, y)
    ]
    del inputs
    assert [w() for w in watched] == [None] * len(watched)
    assert nodes


def shares_memory(x: Tensor, y: Tensor) -> bool:
    return np.shares_memory(np.asarray(x._value), np.asarray(y._value))


# --- elementwise functions at all shapes ----------------------------------------------------------

ELEMENTWISE = [
    op
    for op in SAMPLES
    if isinstance(RULES.get(op.f), Elementwise) and len(op.makers()) == len(op.operands)
]
PAIRS = [((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 3)), ((2, 3), ()), ((1,), (3,))]


@pytest.mark.parametrize("op", [o for o in ELEMENTWISE if len(o.operands) == 2], ids=lambda o: o.id)
@pytest.mark.parametrize("shapes", PAIRS, ids=str)
def test_broadcasting(op: Sample, shapes: tuple) -> None:
    rng = np.random.default_rng(3)
    xs = [m(rng, shape) for m, shape in zip(op.makers(), shapes, strict=True)]
    check_grads(op, rtol=1e-5, atol=1e-5)(*xs)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda o: o.id)
@pytest.mark.parametrize("shape", [(), (1,), (2, 1, 2)], ids=str)
def test_zero_and_more_axes(op: Sample, shape: tuple) -> None:
    rng = np.random.default_rng(4)
    check_grads(op, rtol=1e-5, atol=1e-5)(*(m(rng, shape) for m in op.makers()))


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda o: o.id)
@pytest.mark.parametrize("shape", [(0,), (2, 0)], ids=str)
def test_zero_size(op: Sample, shape: tuple) -> None:
    xs = [np.zeros(shape) for _ in op.operands]
    y, pull = vjp(op, *xs)
    assert y.shape == shape
    assert [c.shape for c in pull(np.zeros(shape))] == [shape] * len(xs)
    assert jvp(op, tuple(xs), tuple(xs))[1].shape == shape
