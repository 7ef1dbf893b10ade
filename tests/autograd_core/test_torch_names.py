"""torch's method names: values and gradients are those of the NumPy expression they stand for, and
those of PyTorch where it is installed. The table is complete: a test walks the names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import ArgumentError, ShapeError, Tensor, no_grad, tensor, vmap
from autograd_core.test_util import check_grads
from autograd_core.torch_math import TorchMath
from autograd_core.torch_shapes import TorchShapes
from tests.sampling import above_one, positive, real, unit

Call = Callable[[Any], Any]
X = real(2, 3)(np.random.default_rng(0))
OTHER = positive(2, 3)(np.random.default_rng(1))
ROWS = np.array([[2, 0, 0], [1, 1, 2]])
MASK = np.array([[True, False, True], [False, False, True]])


class Row:
    """A method, as it is called in torch and here, and the expression it stands for."""

    def __init__(self, names: str, call: Call, same: Call, x: np.ndarray = X) -> None:
        self.names, self.call, self.same, self.x = names.split(), call, same, x


def of(x: Any, values: Any) -> Any:
    """Make the second operand of the kind that x is: torch takes its own only."""
    if type(x).__module__ == "torch":
        import torch

        return torch.from_numpy(np.array(values))
    return values


def unary(names: str, f: Call, domain: Any = real) -> list[Row]:
    """Make a row for each of several names of a function of one argument."""
    x = domain(2, 3)(np.random.default_rng(0))
    return [Row(name, lambda v, name=name: getattr(v, name)(), f, x) for name in names.split()]


def binary(names: str, f: Callable[[Any, Any], Any], x: np.ndarray = X) -> list[Row]:
    """Do the same for a function of two arguments."""
    return [
        Row(n, lambda v, n=n: getattr(v, n)(of(v, OTHER)), lambda v: f(v, OTHER), x)
        for n in names.split()
    ]


def fraction(*shape: int) -> Any:
    """Draw from 0.2 to 0.8."""
    return lambda rng: positive(*shape)(rng) / 2.5


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


TABLE = [
    *unary("abs absolute", np.abs),
    *unary("neg negative", np.negative),
    *unary("positive", np.positive),
    *unary("exp", np.exp),
    *unary("exp2", np.exp2),
    *unary("expm1", np.expm1),
    *unary("log", np.log, positive),
    *unary("log2", np.log2, positive),
    *unary("log10", np.log10, positive),
    *unary("log1p", np.log1p, positive),
    *unary("sqrt", np.sqrt, positive),
    *unary("rsqrt", lambda x: x**-0.5, positive),
    *unary("square", np.square),
    *unary("reciprocal", lambda x: 1 / x),
    *unary("sin", np.sin),
    *unary("cos", np.cos),
    *unary("tan", np.tan, unit),
    *unary("asin arcsin", np.arcsin, unit),
    *unary("acos arccos", np.arccos, unit),
    *unary("atan arctan", np.arctan),
    *unary("sinh", np.sinh),
    *unary("cosh", np.cosh),
    *unary("tanh", np.tanh),
    *unary("asinh arcsinh", np.arcsinh),
    *unary("acosh arccosh", np.arccosh, above_one),
    *unary("atanh arctanh", np.arctanh, unit),
    *unary("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    *unary("logit", lambda x: np.log(x / (1 - x)), fraction),
    *unary("relu", lambda x: x * (X > 0)),
    *unary("sinc", np.sinc),
    *unary("deg2rad", np.deg2rad),
    *unary("rad2deg", np.rad2deg),
    *unary("nan_to_num", np.nan_to_num),
    *unary("clone", np.copy),
    *unary("double", lambda x: x * 1.0),
    *unary("cpu contiguous", lambda x: x * 1.0),
    *unary("fliplr", np.fliplr),
    *unary("flipud", np.flipud),
    *binary("add", np.add),
    *binary("sub subtract", np.subtract),
    *binary("mul multiply", np.multiply),
    *binary("div divide true_divide", np.divide),
    *binary("pow", np.power, OTHER + 0.3),
    *binary("remainder", np.remainder),
    *binary("fmod", np.fmod),
    *binary("atan2 arctan2", np.arctan2),
    *binary("hypot", np.hypot),
    *binary("copysign", np.copysign),
    *binary("maximum fmax", np.maximum),
    *binary("minimum fmin", np.minimum),
    *binary("logaddexp", np.logaddexp),
    *binary("logaddexp2", np.logaddexp2),
    *binary("expand_as view_as reshape_as", lambda x, _: x * 1.0),
    *binary("type_as", lambda x, _: x * 1.0),
    Row("outer", lambda x: x[0].outer(x[1]), lambda x: x[0][:, None] * x[1]),
    Row("add", lambda x: x.add(of(x, OTHER), alpha=2), lambda x: x + 2 * OTHER),
    Row("sub", lambda x: x.sub(of(x, OTHER), alpha=0.5), lambda x: x - 0.5 * OTHER),
    Row("lerp", lambda x: x.lerp(of(x, OTHER), 0.3), lambda x: 0.7 * x + 0.3 * OTHER),
    Row("addcmul", lambda x: x.addcmul(x, of(x, OTHER), value=2), lambda x: x + 2 * x * OTHER),
    Row("addcdiv", lambda x: x.addcdiv(x, of(x, OTHER), value=2), lambda x: x + 2 * x / OTHER),
    Row("clamp", lambda x: x.clamp(-1, 1), lambda x: np.clip(x, -1, 1)),
    Row("clamp", lambda x: x.clamp(max=0.5), lambda x: np.minimum(x, 0.5)),
    Row("clamp_min", lambda x: x.clamp_min(-0.5), lambda x: np.maximum(x, -0.5)),
    Row("clamp_max", lambda x: x.clamp_max(0.5), lambda x: np.minimum(x, 0.5)),
    Row("amax", lambda x: x.amax(1), lambda x: np.max(x, axis=1)),
    Row("amin", lambda x: x.amin(dim=0, keepdim=True), lambda x: np.min(x, axis=0, keepdims=True)),
    Row("nansum", lambda x: x.nansum(1), lambda x: np.sum(x, axis=1)),
    Row("nanmean", lambda x: x.nanmean(dim=0), lambda x: np.mean(x, axis=0)),
    Row("logsumexp", lambda x: x.logsumexp(1), lambda x: np.log(np.sum(np.exp(x), axis=1))),
    Row(
        "logsumexp",
        lambda x: x.logsumexp((0, 1), keepdim=True),
        lambda x: np.log(np.sum(np.exp(x), keepdims=True)),
    ),
    Row("softmax", lambda x: x.softmax(dim=1), softmax),
    Row("log_softmax", lambda x: x.log_softmax(-1), lambda x: np.log(softmax(x))),
    Row("norm", lambda x: x.norm(), lambda x: np.sqrt(np.sum(x**2))),
    Row("norm", lambda x: x.norm("fro"), lambda x: np.sqrt(np.sum(x**2))),
    Row("norm", lambda x: x.norm(1, dim=1), lambda x: np.sum(np.abs(x), axis=1)),
    Row(
        "norm",
        lambda x: x.norm(p=3, dim=0, keepdim=True),
        lambda x: np.sum(np.abs(x) ** 3, axis=0, keepdims=True) ** (1 / 3),
    ),
    Row("quantile", lambda x: x.quantile(0.4, dim=1), lambda x: np.quantile(x, 0.4, axis=1)),
    Row("diff", lambda x: x.diff(), lambda x: x[:, 1:] - x[:, :-1]),
    Row("amax", lambda x: x.amax(dim=[0, 1]), np.max),
    Row("logsumexp", lambda x: x.logsumexp([0, 1]), lambda x: np.log(np.sum(np.exp(x)))),
    Row("norm", lambda x: x.norm("fro", [0, 1]), lambda x: np.sqrt(np.sum(x**2))),
    Row(
        "logit",
        lambda x: x.logit(0.3),
        lambda x: np.log(x / (1 - x)),
        fraction(2, 3)(np.random.default_rng(0)) * 0.4 + 0.3,
    ),
    Row(
        "diff",
        lambda x: x.diff(1, 1, x[:, :1] * 2, x[:, :2]),
        lambda x: np.diff(np.concatenate([2 * x[:, :1], x, x[:, :2]], axis=1)),
    ),
    Row("diff", lambda x: x.diff(n=2, dim=1), lambda x: np.diff(x, 2, 1)),
    # shape
    Row("permute", lambda x: x.permute(1, 0), np.transpose),
    Row("permute", lambda x: x.permute((1, 0)), np.transpose),
    Row("t", lambda x: x.t(), np.transpose),
    Row("t", lambda x: x.t(), lambda x: x * 1.0, X[0]),
    Row("unsqueeze", lambda x: x.unsqueeze(-1), lambda x: np.expand_dims(x, -1)),
    Row("unflatten", lambda x: x.unflatten(0, (2, -1)), lambda x: np.reshape(x, (2, 3)), X.ravel()),
    Row("expand", lambda x: x.expand(4, -1, 3), lambda x: np.broadcast_to(x, (4, 2, 3))),
    Row("expand", lambda x: x[:1].expand((5, 3)), lambda x: np.broadcast_to(x[:1], (5, 3))),
    Row("broadcast_to", lambda x: x.broadcast_to((2, 2, 3)), lambda x: np.stack([x, x])),
    Row("tile", lambda x: x.tile(2, 1), lambda x: np.concatenate([x, x])),
    Row("tile", lambda x: x.tile((2,)), lambda x: np.concatenate([x, x], axis=1)),
    Row("repeat_interleave", lambda x: x.repeat_interleave(2, 1), lambda x: np.repeat(x, 2, 1)),
    Row("repeat_interleave", lambda x: x.repeat_interleave(2), lambda x: np.repeat(x, 2)),
    Row("movedim", lambda x: x.movedim(0, 1), np.transpose),
    Row("moveaxis", lambda x: x.moveaxis(0, -1), np.transpose),
    Row("swapdims", lambda x: x.swapdims(0, 1), np.transpose),
    Row("flip", lambda x: x.flip(0, 1), np.flip),
    Row("flip", lambda x: x.flip(dims=[1]), lambda x: x[:, ::-1]),
    Row("roll", lambda x: x.roll(2, 1), lambda x: np.roll(x, 2, 1)),
    Row("roll", lambda x: x.roll((1, 1), dims=(0, 1)), lambda x: np.roll(x, (1, 1), (0, 1))),
    Row("rot90", lambda x: x.rot90(1, [0, 1]), np.rot90),
    Row("diag", lambda x: x.diag(1), lambda x: np.diagonal(x, 1)),
    Row("diag", lambda x: x.diag(), np.diag, X[0]),
    Row("diagflat", lambda x: x.diagflat(), lambda x: np.diag(np.ravel(x))),
    Row("diagflat", lambda x: x.diagflat(offset=1), lambda x: np.diag(np.ravel(x), 1)),
    Row("tril", lambda x: x.tril(diagonal=-1), lambda x: np.tril(x, -1)),
    Row("triu", lambda x: x.triu(1), lambda x: np.triu(x, 1)),
    # parts
    Row("narrow", lambda x: x.narrow(1, 1, 2), lambda x: x[:, 1:3]),
    Row("narrow", lambda x: x.narrow(1, -2, 2), lambda x: x[:, 1:]),
    Row("narrow", lambda x: x.narrow(-1, 0, 2), lambda x: x[:, :2]),
    Row("select", lambda x: x.select(1, -1), lambda x: x[:, -1]),
    Row("unbind", lambda x: x.unbind(1)[2] * x.unbind()[0][0], lambda x: x[:, 2] * x[0, 0]),
    Row("split", lambda x: x.split(2, dim=1)[1], lambda x: x[:, 2:]),
    Row("split", lambda x: x.split([1, 2], 1)[1], lambda x: x[:, 1:]),
    Row("chunk", lambda x: x.chunk(2, dim=-1)[0], lambda x: x[:, :2]),
    Row("chunk", lambda x: x.chunk(4)[3], lambda x: x[3:4], X.ravel()[:4]),
    Row("split_with_sizes", lambda x: x.split_with_sizes([1, 2], 1)[1], lambda x: x[:, 1:]),
    Row(
        "index_fill",
        lambda x: x.index_fill(1, of(x, np.array([0, 2])), 4),
        lambda x: np.where([False, True, False], x, 4.0),
    ),
    Row(
        "index_copy",
        lambda x: x.index_copy(1, of(x, np.array([0, 2])), x[:, :2] * 2),
        lambda x: np.stack([2 * x[:, 0], x[:, 1], 2 * x[:, 1]], axis=1),
    ),
    Row("index_select", lambda x: x.index_select(1, of(x, ROWS[0])), lambda x: x[:, ROWS[0]]),
    Row("gather", lambda x: x.gather(1, of(x, ROWS)), lambda x: np.take_along_axis(x, ROWS, 1)),
    Row("gather", lambda x: x.gather(-1, of(x, ROWS[:1, :2])), lambda x: x[:1, [2, 0]]),
    Row("gather", lambda x: x.gather(0, of(x, ROWS[1:] % 2)), lambda x: x[ROWS[1:] % 2, [0, 1, 2]]),
    Row(
        "take_along_dim",
        lambda x: x.take_along_dim(of(x, ROWS), dim=1),
        lambda x: np.take_along_axis(x, ROWS, 1),
    ),
    Row(
        "take_along_dim",
        lambda x: x.take_along_dim(of(x, ROWS)),
        lambda x: np.ravel(x)[ROWS.ravel()],
    ),
    Row(
        "scatter",
        lambda x: x.scatter(1, of(x, ROWS[1:, 1:]), 2.0 * x[:1, :2]),
        lambda x: np.stack([np.stack([x[0, 0], 2 * x[0, 0], 2 * x[0, 1]]), x[1]]),
    ),
    Row(
        "scatter",
        lambda x: x.scatter(0, of(x, np.array([[1]])), 7.0),
        lambda x: np.where(np.array([[0, 0, 0], [1, 0, 0]]), 7.0, x),
    ),
    Row(
        "scatter_add",
        lambda x: x.scatter_add(1, of(x, ROWS[:1]), x[:1] * x[:1]),
        lambda x: (
            x
            + np.stack(
                [np.stack([x[0, 1] ** 2 + x[0, 2] ** 2, 0 * x[0, 0], x[0, 0] ** 2]), 0 * x[1]]
            )
        ),
    ),
    Row(
        "index_add",
        lambda x: x.index_add(1, of(x, np.array([0, 0])), x[:, 1:], alpha=3),
        lambda x: x + 3 * np.stack([x[:, 1] + x[:, 2], 0 * x[:, 1], 0 * x[:, 1]], axis=1),
    ),
    Row("masked_fill", lambda x: x.masked_fill(of(x, MASK), 5), lambda x: np.where(MASK, 5.0, x)),
    Row("masked_select", lambda x: x.masked_select(of(x, MASK)), lambda x: x[MASK]),
    Row(
        "masked_select", lambda x: x.masked_select(of(x, MASK[0])), lambda x: x[:, MASK[0]].ravel()
    ),
    Row("where", lambda x: x.where(of(x, MASK), of(x, OTHER)), lambda x: np.where(MASK, x, OTHER)),
    # products
    Row("matmul mm", lambda x: x.matmul(x.mT).mm(x), lambda x: x @ x.T @ x),
    Row(
        "bmm",
        lambda x: x.reshape(2, 1, 3).bmm(x.reshape(2, 3, 1)).ravel(),
        lambda x: (x * x).sum(1),
    ),
    Row("mv", lambda x: x.mv(x[0]), lambda x: x @ x[0]),
    Row("inner", lambda x: x.inner(x), lambda x: x @ x.T),
    Row("vdot", lambda x: x.vdot(x), lambda x: np.sum(x * x), X[0]),
    Row("kron", lambda x: x.kron(x[0]), lambda x: np.kron(x, x[0])),
    Row("cross", lambda x: x.cross(of(x, OTHER), dim=1), lambda x: np.linalg.cross(x, OTHER)),
    Row(
        "addmm", lambda x: x.addmm(x[:, :2], x, beta=2, alpha=3), lambda x: 2 * x + 3 * x[:, :2] @ x
    ),
    Row(
        "baddbmm",
        lambda x: x[None].baddbmm(x[None, :, :2], x[None], alpha=3),
        lambda x: (x + 3 * x[:, :2] @ x)[None],
    ),
    Row("addmv", lambda x: x[:, 0].addmv(x, x[1]), lambda x: x[:, 0] + x @ x[1]),
    Row("ger", lambda x: x[0].ger(x[1]), lambda x: np.outer(x[0], x[1])),
    Row(
        "dist", lambda x: x.dist(of(x, OTHER), 3), lambda x: np.sum(abs(x - OTHER) ** 3) ** (1 / 3)
    ),
    Row("logdet", lambda x: (x @ x.mT).logdet(), lambda x: np.log(np.linalg.det(x @ x.T))),
    Row("det", lambda x: x[:, :2].det(), lambda x: x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0]),
    Row("slogdet", lambda x: x[:, :2].slogdet()[1], lambda x: np.log(abs(np.linalg.det(x[:, :2])))),
    Row("inverse", lambda x: x[:, :2].inverse(), lambda x: np.linalg.inv(x[:, :2])),
    Row("pinverse", lambda x: x.pinverse(), lambda x: x.T @ np.linalg.inv(x @ x.T)),
    Row("matrix_power", lambda x: x[:, :2].matrix_power(2), lambda x: x[:, :2] @ x[:, :2]),
    Row("H mH adjoint", lambda x: x.H * x.mH * x.adjoint(), lambda x: x.T**3),
    Row("new_full", lambda x: x * x.new_full((3,), 2.0), lambda x: x * 2.0),
    Row("new_tensor", lambda x: x * x.new_tensor([1.0, 2.0, 3.0]), lambda x: x * [1.0, 2.0, 3.0]),
    Row("new_zeros new_ones", lambda x: x * (x.new_zeros(2, 3) + x.new_ones(3)), lambda x: x * 1.0),
]
CASTS = {
    "float": np.float32,
    "half": np.float16,
    "double": np.float64,
    "cfloat": np.complex64,
    "cdouble": np.complex128,
    "long": np.int64,
    "int": np.int32,
    "short": np.int16,
    "bool": np.bool_,
}
PLAIN = [
    ("sign", lambda x: x.sign(), np.sign),
    ("floor", lambda x: x.floor(), np.floor),
    ("ceil", lambda x: x.ceil(), np.ceil),
    ("trunc", lambda x: x.trunc(), np.trunc),
    ("angle", lambda x: x.angle(), np.angle),
    ("floor_divide", lambda x: x.floor_divide(of(x, OTHER)), lambda x: x // OTHER),
    ("div", lambda x: x.div(of(x, OTHER), rounding_mode="trunc"), lambda x: np.trunc(x / OTHER)),
    ("eq", lambda x: x.eq(0), lambda x: x == 0),
    ("ne", lambda x: x.ne(0), lambda x: x != 0),
    ("lt", lambda x: x.lt(0), lambda x: x < 0),
    ("le", lambda x: x.le(0), lambda x: x <= 0),
    ("gt", lambda x: x.gt(0), lambda x: x > 0),
    ("ge", lambda x: x.ge(0), lambda x: x >= 0),
    ("logical_and", lambda x: x.logical_and(of(x, MASK)), lambda x: MASK),
    ("logical_or", lambda x: x.logical_or(of(x, MASK)), lambda x: MASK | True),
    ("logical_xor", lambda x: x.logical_xor(of(x, MASK)), lambda x: ~MASK),
    ("logical_not", lambda x: x.logical_not(), lambda x: x == 0),
    ("isnan", lambda x: x.isnan(), np.isnan),
    ("isinf", lambda x: x.isinf(), np.isinf),
    ("isfinite", lambda x: x.isfinite(), np.isfinite),
    ("isclose", lambda x: x.isclose(of(x, OTHER)), lambda x: np.isclose(x, OTHER)),
    ("allclose", lambda x: x.allclose(x), lambda x: True),
    ("equal", lambda x: x.equal(of(x, OTHER)), lambda x: False),
    (
        "argwhere",
        lambda x: x.gt(0).argwhere() if hasattr(x.gt(0), "argwhere") else np.argwhere(x.gt(0)),
        lambda x: np.argwhere(x > 0),
    ),
    ("count_nonzero", lambda x: x.count_nonzero(dim=1), lambda x: np.array([3, 3])),
    ("dim", lambda x: x.dim(), np.ndim),
    ("ndimension", lambda x: x.ndimension(), np.ndim),
    ("numel", lambda x: x.numel(), np.size),
    ("nelement", lambda x: x.nelement(), np.size),
    ("element_size", lambda x: x.element_size(), lambda x: 8),
    ("is_floating_point", lambda x: x.is_floating_point(), lambda x: True),
    ("is_complex", lambda x: x.is_complex(), lambda x: False),
]
OWN_TESTS = {"to", "new_empty", "copy_", "fill_", "zero_", "clip_", "round_", "cumsum_", "cumprod_"}


def test_the_table_is_complete() -> None:
    names = {n for kind in (TorchMath, TorchShapes) for n in vars(kind) if not n.startswith("_")}
    names -= {n for n in names if n.endswith("_") and n not in OWN_TESTS}
    tested = {n for row in TABLE for n in row.names} | {n for n, _, _ in PLAIN} | set(CASTS)
    assert names - tested - OWN_TESTS == set()
    assert {n for n in names if hasattr(np.ndarray, n)} == set()


rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(row.names))
WEIGHTS = np.linspace(-1.0, 1.5, 200)


def pulled(f: Call, x: np.ndarray) -> tuple[Any, Any]:
    """Return the value of f, and the gradient of a weighted sum of it."""
    leaf = Tensor(x.copy()).requires_grad_()
    y = f(leaf)
    np.sum(y * WEIGHTS[: y.size].reshape(y.shape)).backward()
    assert leaf.grad is not None
    return y.detach().numpy(), leaf.grad.numpy()


@rows
def test_is_the_numpy_expression(row: Row) -> None:
    ours, theirs = pulled(row.call, row.x), pulled(row.same, row.x)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
    np.testing.assert_allclose(ours[0], row.same(row.x), rtol=1e-12)


@rows
def test_both_modes_to_second_order_and_vmap(row: Row) -> None:
    check_grads(lambda x: row.call(x) if isinstance(x, Tensor) else row.same(x))(row.x)
    batch = np.stack([row.x, row.x * 1.01])
    one_by_one = np.stack([row.call(Tensor(x)).numpy() for x in batch])
    np.testing.assert_allclose(vmap(row.call)(batch), one_by_one, rtol=1e-12)


@rows
def test_agrees_with_torch(row: Row) -> None:
    torch: Any = pytest.importorskip("torch")
    leaf = torch.tensor(row.x, requires_grad=True)
    y = row.call(leaf)
    (y * torch.from_numpy(WEIGHTS[: y.numel()]).reshape(y.shape)).sum().backward()
    value, gradient = pulled(row.call, row.x)
    np.testing.assert_allclose(value, y.detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "call", "same"), PLAIN, ids=lambda v: v if type(v) is str else "")
def test_plain_values(name: str, call: Call, same: Call) -> None:
    ours = call(Tensor(X).requires_grad_())
    np.testing.assert_array_equal(ours.detach() if isinstance(ours, Tensor) else ours, same(X))


@pytest.mark.parametrize("name", CASTS)
def test_casts(name: str) -> None:
    x = tensor(X, requires_grad=True)
    dtype = np.dtype(CASTS[name])
    for y in (getattr(x, name)(), x.to(dtype), x.to(dtype=dtype.name), x.to("cpu", dtype)):
        assert y.dtype == dtype and y.requires_grad == (dtype.kind in "fc")
        np.testing.assert_array_equal(y.detach().numpy(), X.astype(dtype))
    if dtype.kind in "fc":
        getattr(x, name)().real.sum().backward()
        assert x.grad is not None and x.grad.dtype == np.float64


def test_to_keeps_what_is_right_already() -> None:
    x = tensor(X)
    assert x.to(np.float64) is x and x.to("cpu") is x and x.to(x) is x and x.to() is x
    assert x.to(x, copy=True) is not x and x.to(tensor([1], np.int8)).dtype == np.int8


def test_names_with_an_underscore_write_in_place() -> None:
    """Each is the method without it, written into a copy, a view of which sees it."""
    found = {n for n in dir(Tensor) if n.endswith("_") and not n.startswith("_")}
    by_name = {n: row for row in TABLE for n in row.names}
    for name in sorted(found & {n + "_" for n in by_name}):
        row = by_name[name[:-1]]

        def f(x: Any, row: Row = row, name: str = name) -> Any:
            if not isinstance(x, Tensor):
                return row.same(x) + row.same(x)[0]
            y = x * 1.0
            view = y[0]
            assert in_place(row, y, name) is y
            return y + view

        expected = f(row.x)
        np.testing.assert_allclose(f(tensor(row.x)).numpy(), expected, rtol=1e-12)
        check_grads(f)(row.x)
    assert found - {n + "_" for n in by_name} - OWN_TESTS == {
        *("sign_", "floor_", "ceil_", "trunc_", "floor_divide_", "requires_grad_"),
    }


def in_place(row: Row, y: Any, name: str) -> Any:
    """Do what a row does with the method of another name."""

    y.__class__ = type("InPlace", (Tensor,), {"__slots__": (), name[:-1]: getattr(Tensor, name)})
    return row.call(y)


def test_plain_writes() -> None:
    x = tensor(X)
    assert x.round_(decimals=1) is x and x.tolist() == X.round(1).tolist()
    assert x.clip_(-1, 1).tolist() == X.round(1).clip(-1, 1).tolist()
    assert x.copy_(OTHER).tolist() == OTHER.tolist()
    assert x.fill_(2).tolist() == [[2.0] * 3] * 2 and x.zero_().tolist() == [[0.0] * 3] * 2
    for name, f in [("sign_", np.sign), ("floor_", np.floor), ("ceil_", np.ceil)]:
        assert getattr(tensor(X), name)().tolist() == f(X).tolist()
    assert tensor(X).cumsum_(1).cumprod_(0).tolist() == X.cumsum(1).cumprod(0).tolist()
    assert tensor(X).new_empty(2, 5).shape == (2, 5)
    assert tensor(X).trunc_().floor_divide_(2).tolist() == (np.trunc(X) // 2).tolist()


def test_an_optimiser_in_torchs_words() -> None:
    w = tensor([1.0, -2.0], requires_grad=True)
    m = w.detach().clone().zero_()
    for _ in range(200):
        w.grad = None
        w.square().sum().backward()
        with no_grad():
            m.mul_(0.5).add_(w.grad, alpha=0.5)
            w.add_(m, alpha=-0.1)
    assert w.is_leaf and w.abs().max().item() < 1e-6


def test_sigmoid_and_relu_at_their_ends() -> None:
    x = tensor([-1e4, -40.0, 0.0, 1e4], requires_grad=True)
    y = x.sigmoid()
    np.testing.assert_allclose(y.detach().numpy(), [0.0, np.exp(-40.0), 0.5, 1.0], rtol=1e-12)
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), [0.0, np.exp(-40.0), 0.25, 0.0], rtol=1e-12)
    z = tensor([-1.0, 0.0, 2.0, np.nan], requires_grad=True)
    z.relu().sum().backward()
    assert z.grad is not None and z.grad.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert np.isnan(z.relu().detach().numpy()[3])


def test_an_index_that_is_batched_too() -> None:
    batch, places = np.stack([X, 2 * X]), np.stack([ROWS, ROWS[::-1]])
    acts: list[Any] = [
        lambda x, i: x.gather(1, i),
        lambda x, i: x.take_along_dim(i, 1),
        lambda x, i: x.index_select(1, i[0]),
        lambda x, i: x.scatter(1, i[:, :1], 5.0),
    ]
    for act in acts:
        expected = [act(Tensor(x), i).numpy() for x, i in zip(batch, places, strict=True)]
        np.testing.assert_array_equal(vmap(act)(batch, places), expected)


def test_parts_are_views() -> None:
    x = tensor(X)
    for part in (
        x.narrow(1, 0, 2),
        x.select(0, 1),
        x.unbind(1)[0],
        x.split(1)[0],
        x.chunk(3, 1)[2],
    ):
        part.zero_()
    assert x.tolist() == [[0.0] * 3] * 2


def test_logit_is_flat_beyond_its_ends() -> None:
    x = tensor([0.0, 0.05, 0.5, 1.0], requires_grad=True)
    y = x.logit(eps=0.1)
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), np.log([1 / 9, 1 / 9, 1, 9]), atol=1e-15)
    assert x.grad is not None and x.grad.tolist() == [0.0, 0.0, 4.0, 0.0]


def test_logdet_of_complex_matrices() -> None:
    """exp(logdet) is the determinant, whatever its phase; it is real numbers that can be < 0."""
    Z = np.stack([np.array([[1.0, 2j], [0.5, -3.0]]), np.eye(2) * np.exp(0.3j)])
    y = tensor(Z).logdet()
    assert y.dtype == np.complex128
    np.testing.assert_allclose(np.exp(y.numpy()), np.linalg.det(Z), rtol=1e-12)
    check_grads(lambda z: Tensor.logdet(z) if isinstance(z, Tensor) else np.log(np.linalg.det(z)))(
        Z
    )
    assert np.isnan(tensor(-np.eye(1)).logdet().item())


MISFITS: list[Any] = [
    (lambda x: x.scatter(0, np.array([0, 1]), x), ["scatter", "(2, 3)", "(2,)", "index_select"]),
    (lambda x: x.scatter_add(0, np.array([0, 1]), x), ["scatter_add", "(2,)"]),
    (lambda x: x.gather(0, np.array([0, 1])), ["gather", "(2,)"]),
    (lambda x: x.index_add(0, [0, 1], x[:, 0]), ["index_add", "(2, 3)", "got (2,)"]),
    (lambda x: x.index_add(1, [0, 1], x), ["index_add", "needs shape (2, 2)", "got (2, 3)"]),
    (lambda x: x.index_copy(1, [0, 1], x[:, :1]), ["index_copy", "(2, 2)", "got (2, 1)"]),
    (lambda x: x.scatter(1, ROWS, x[:1]), ["scatter", "(1, 3)", "(2, 3)"]),
    (lambda x: x.scatter(1, ROWS, x[0]), ["scatter", "(3,)", "(2, 3)"]),
    (lambda x: x.scatter_add(1, ROWS, x[:1]), ["scatter_add", "(1, 3)"]),
]


@pytest.mark.parametrize(("call", "words"), MISFITS)
def test_an_index_that_does_not_fit(call: Call, words: list[str]) -> None:
    with pytest.raises(ShapeError) as caught:
        call(tensor(X, requires_grad=True))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x.narrow(1, 0, 4), ["x.narrow(1, 0, 4)", "3 elements", "from 0 to 4"]),
        (lambda x: x.narrow(1, 0, -1), ["3 elements"]),
        (lambda x: x.narrow(1, 4, 0), ["3 elements"]),
        (lambda x: x.narrow(1, -4, 2), ["3 elements"]),
        (lambda x: x.split([4, -1], 1), ["3 elements"]),
        (lambda x: x.split(0, 1), ["3 elements"]),
        (lambda x: x.chunk(0), ["x.chunk(0)", "positive"]),
    ],
)
def test_parts_that_are_not_there(call: Call, words: list[str]) -> None:
    with pytest.raises(ArgumentError) as caught:
        call(tensor(X))
    for word in words:
        assert word in str(caught.value)


def test_parts_of_nothing() -> None:
    x = tensor(X[:0])
    assert [p.shape for p in x.chunk(2)] == [(0, 3)] * 2 and len(x.split(2)) == 1
    assert [p.shape for p in x.split(0)] == [(0, 3)] and x.unbind() == ()


@pytest.mark.parametrize("dim", [2, -3])
def test_a_dim_that_is_not_there(dim: int) -> None:
    for call in (
        lambda x: x.scatter(dim, ROWS, 1.0),
        lambda x: x.scatter_add(dim, ROWS, x),
        lambda x: x.gather(dim, ROWS),
        lambda x: x.unbind(dim),
        lambda x: x.split(1, dim),
        lambda x: x.chunk(1, dim),
        lambda x: x.narrow(dim, 0, 1),
    ):
        with pytest.raises(np.exceptions.AxisError):
            call(tensor(X))
