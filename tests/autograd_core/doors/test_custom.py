"""Operations of the user's own: Function, custom_vjp, custom_jvp, stop_gradient.

The same operation is written in each way, and each must agree with plain NumPy in reverse and in
forward mode, nested, under vmap, on the tape, and in mixtures of these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    DtypeError,
    Function,
    GradientCheckError,
    GraphError,
    MissingRuleError,
    ShapeError,
    custom_jvp,
    custom_vjp,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    no_grad,
    stop_gradient,
    tensor,
    vjp,
    vmap,
)
from autograd_core.test_util import check_grads

X = np.array([0.3, -0.8, 1.1])
Y = np.array([2.0, 0.5, -1.0])
XS = np.stack([X, X + 0.1, -X, 2 * X])


def plain(x: Any, y: Any) -> Any:
    return np.sin(x) * y**2


def opaque(x: Any, y: Any) -> Any:
    """Calculate it behind the back of the protocols, as compiled code would."""
    return np.array([np.sin(float(v)) for v in x]) * np.asarray(y) ** 2


class SavesArguments(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return opaque(x, y)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * np.cos(x) * y**2, g * np.sin(x) * 2 * y


class SavesIntermediates(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        s, c = np.sin(x), np.cos(x)
        ctx.save_for_backward(s, c)
        ctx.y = y
        return s * y**2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        s, c = ctx.saved_tensors
        return g * c * ctx.y**2, g * s * 2 * ctx.y


class WithTangents(SavesArguments):
    @staticmethod
    def jvp(ctx: Any, tx: Any, ty: Any) -> Any:
        x, y = ctx.saved_tensors
        a = 0.0 if tx is None else tx * np.cos(x) * y**2
        return a + (0.0 if ty is None else ty * np.sin(x) * 2 * y)


class TangentsAlone(WithTangents):
    backward = None


by_vjp = custom_vjp(opaque)
by_vjp.defvjp(
    lambda x, y: (opaque(x, y), (x, y)),
    lambda saved, g: (
        g * np.cos(saved[0]) * saved[1] ** 2,
        g * np.sin(saved[0]) * 2 * saved[1],
    ),
)

by_jvp = custom_jvp(opaque)


@by_jvp.defjvp
def _(primals: tuple, tangents: tuple) -> Any:
    (x, y), (tx, ty) = primals, tangents
    return by_jvp(x, y), tx * np.cos(x) * y**2 + ty * np.sin(x) * 2 * y


WAYS: dict[str, Callable[..., Any]] = {
    "saves arguments": SavesArguments.apply,
    "saves intermediates": SavesIntermediates.apply,
    "with tangents": WithTangents.apply,
    "tangents alone": TangentsAlone.apply,
    "custom_vjp": by_vjp,
    "custom_jvp": by_jvp,
}
every_way = pytest.mark.parametrize("op", WAYS.values(), ids=WAYS.keys())


@every_way
def test_both_modes_to_second_order(op: Any) -> None:
    np.testing.assert_allclose(op(X, Y), plain(X, Y))
    check_grads(op)(X, Y)
    check_grads(lambda x: op(x, Y))(X)


MIXTURES = {
    "third order": lambda f: grad(lambda x: np.sum(hessian(lambda v: np.sum(f(v, Y)))(x)))(X),
    "jacrev": lambda f: jacrev(lambda x: f(x, Y))(X),
    "jacfwd": lambda f: jacfwd(lambda y: f(X, y))(Y),
    "vmap": lambda f: vmap(f, (0, None))(XS, Y),
    "grad under vmap": lambda f: vmap(grad(lambda x: np.sum(f(x, Y))))(XS),
    "vmap under grad": lambda f: grad(lambda y: np.sum(vmap(f, (0, None))(XS, y) ** 2))(Y),
    "hessian under vmap": lambda f: vmap(hessian(lambda x: np.sum(f(x, x))))(XS),
    "jvp of grad": lambda f: jvp(grad(lambda x: np.sum(f(x, Y))), (X,), (Y,))[1],
    "grad of jvp": lambda f: grad(lambda x: np.sum(jvp(f, (x, Y), (Y, X))[1]))(X),
}


@every_way
@pytest.mark.parametrize("mixture", MIXTURES.values(), ids=MIXTURES.keys())
def test_mixtures_of_the_operators(op: Any, mixture: Any) -> None:
    np.testing.assert_allclose(mixture(op), mixture(plain), rtol=1e-12, atol=1e-13)


@every_way
def test_on_the_tape(op: Any) -> None:
    x = tensor(X, requires_grad=True)
    y = op(x, Y)
    np.sum(y).backward(create_graph=True)
    np.testing.assert_allclose(x.grad.detach().numpy(), np.cos(X) * Y**2)
    g, x.grad = x.grad, None
    np.sum(g).backward()
    np.testing.assert_allclose(x.grad.numpy(), -np.sin(X) * Y**2)
    with no_grad():
        assert not op(x, Y).requires_grad


@every_way
def test_float32_stays_float32(op: Any) -> None:
    x, y = X.astype(np.float32), Y.astype(np.float32)
    assert grad(lambda v: np.sum(op(v, y)))(x).dtype == np.float32


# --- containers, settings, several outputs --------------------------------------------------------


class Layer(Function):
    """Nested arguments, one without a gradient, and two outputs."""

    @staticmethod
    def forward(ctx: Any, p: dict, scale: float, name: str) -> Any:
        ctx.p, ctx.scale = p, scale
        assert name == "layer"
        return p["w"] * p["b"][0] * scale, np.sum(p["w"])

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        w, (b,) = ctx.p["w"], ctx.p["b"]
        assert ctx.needs_input_grad == (True, False, False)
        return {"w": g * b * ctx.scale + h, "b": [np.sum(g * w) * ctx.scale]}, None, None


def test_containers_and_several_outputs() -> None:
    def f(w: Any, b: Any) -> Any:
        return Layer.apply({"w": w, "b": [b]}, 3.0, "layer")

    check_grads(f, order=2)(X, np.float64(0.7))
    y, total = f(X, 2.0)
    np.testing.assert_allclose(y, 6 * X)
    assert total == X.sum()


def test_nondiff_argnums_and_keywords() -> None:
    def integral(f: Any, x: Any, n: int = 3) -> Any:
        return f(x) * n

    op = custom_vjp(integral, nondiff_argnums=(0, 2))
    op.defvjp(lambda f, x, n: (f(x) * n, x), lambda f, n, x, g: (g * n * f(x),))
    assert grad(lambda x: op(np.exp, x))(0.0) == 3.0
    assert grad(lambda x: op(np.exp, n=4, x=x))(0.0) == 4.0
    forward = custom_jvp(integral, nondiff_argnums=(0, 2))
    forward.defjvp(lambda f, n, ps, ts: (forward(f, ps[0], n), ts[0] * n * f(ps[0])))
    check_grads(lambda x: forward(np.exp, x, n=2))(X)
    with pytest.raises(ArgumentError, match="nondiff_argnums"):
        grad(lambda n: op(np.exp, 1.0, n))(2.0)


def test_a_derivative_on_purpose_other_than_that_of_the_value() -> None:
    """Straight through: the sign forward, the identity backward; and a clipped gradient."""

    class Sign(Function):
        forward = staticmethod(lambda ctx, x: np.sign(x))
        backward = staticmethod(lambda ctx, g: g)

    np.testing.assert_array_equal(vjp(Sign.apply, X)[1](Y)[0], Y)
    np.testing.assert_array_equal(jvp(Sign.apply, (X,), (Y,))[1], Y)
    assert jacrev(Sign.apply)(X).tolist() == np.eye(3).tolist()


def test_a_jitted_loop_that_reads_values() -> None:
    """forward may branch on values; under vmap it is called for each example."""

    class Relu(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.on = bool(x > 0)
            return x if ctx.on else 0.0 * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g if ctx.on else 0.0 * g

    assert vmap(grad(Relu.apply))(X).tolist() == [1.0, 0.0, 1.0]
    assert grad(lambda x: np.sum(vmap(Relu.apply)(x)))(X).tolist() == [1.0, 0.0, 1.0]
    assert vmap(Relu.apply)(X).tolist() == [0.3, 0.0, 1.1]


def test_each_call_has_a_context_of_its_own() -> None:
    def f(x: Any) -> Any:
        return SavesIntermediates.apply(x, Y) + SavesIntermediates.apply(2 * x, Y)

    expected = (np.cos(X) + 2 * np.cos(2 * X)) * Y**2
    np.testing.assert_allclose(grad(lambda x: np.sum(f(x)))(X), expected)


def test_a_changed_argument_is_noticed() -> None:
    y, x = Y.copy(), tensor(X, requires_grad=True)
    loss = np.sum(SavesArguments.apply(x, y))
    y[0] = 7.0
    with pytest.raises(GraphError, match="SavesArguments"):
        loss.backward()


# --- stop_gradient --------------------------------------------------------------------------------


def test_stop_gradient() -> None:
    f = lambda x: x * stop_gradient(x)
    assert grad(f)(3.0) == 3.0 and jvp(f, (3.0,), (1.0,))[1] == 3.0
    assert grad(grad(lambda x: x * x * stop_gradient(x)))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: y * stop_gradient(x) * y)(x))(3.0) == 36.0
    assert vmap(grad(f))(X).tolist() == X.tolist()
    inside = grad(lambda y: np.sum(vmap(lambda x: x * stop_gradient(x * y))(X)))
    assert inside(2.0) == 0.0
    x = tensor(X, requires_grad=True)
    assert not stop_gradient({"x": x})["x"].requires_grad
    assert stop_gradient("text") == "text" and stop_gradient(X) is X


def test_a_stopped_value_that_changes_is_noticed() -> None:
    def f(x: Any) -> Any:
        y = np.exp(x)
        loss = np.sum(y * y)
        stop_gradient(y)[...] = 0.0
        return loss

    with pytest.raises(GraphError, match="changed"):
        grad(f)(X)


# --- mistakes -------------------------------------------------------------------------------------


def function(**methods: Any) -> Any:
    """Make a Function of one argument, right but for the given methods."""
    right = {"forward": lambda ctx, x: x * 2.0, "backward": lambda ctx, g: g * 2.0}
    statics = {k: v and staticmethod(v) for k, v in (right | methods).items()}
    return type("Mine", (Function,), statics)


def with_vjp(fwd: Any, bwd: Any) -> Any:
    op = custom_vjp(lambda x: x * 2.0)
    op.__dict__["name"] = "mine"
    op.defvjp(fwd, bwd)
    return op


def with_jvp(rule: Any) -> Any:
    op = custom_jvp(lambda x: x * 2.0)
    op.defjvp(rule)
    return op


def slope(f: Any) -> Any:
    return grad(lambda x: np.sum(f(x)))(X)


class NotStatic(Function):
    def forward(ctx, x: Any) -> Any:  # noqa: N805
        return x

    def backward(ctx, g: Any) -> Any:  # noqa: N805
        return g


W = tensor(Y, requires_grad=True)
MISTAKES = [
    (lambda: slope(function(backward=lambda ctx, g: (g, g)).apply), ArgumentError, ["1", "2"]),
    (lambda: slope(function(backward=lambda ctx, g: np.sum(g)).apply), ShapeError, ["(3,)", "()"]),
    (
        lambda: slope(function(backward=lambda ctx, g: {"g": g}).apply),
        DtypeError,
        ["array", "dict"],
    ),
    (lambda: function().apply("text"), TypeError, []),
    (lambda: function()(X), ArgumentError, ["Mine.apply"]),
    (lambda: NotStatic.apply(X), ArgumentError, ["@staticmethod", "forward"]),
    (lambda: function(backward=None).apply(X), ArgumentError, ["backward or jvp"]),
    (lambda: function(forward=lambda ctx, x: "no").apply(X), DtypeError, ["'no'"]),
    (lambda: function(forward=lambda ctx, x: None).apply(X), DtypeError, ["None"]),
    (lambda: slope(function(forward=lambda ctx, x: x * W).apply), GraphError, ["argument"]),
    (
        lambda: function(backward=lambda ctx, g: g * 3.0).check(X),
        GradientCheckError,
        ["finite difference", "Mine"],
    ),
    (lambda: slope(custom_vjp(np.square)), ArgumentError, ["defvjp(fwd, bwd)"]),
    (lambda: slope(custom_jvp(lambda x: x)), ArgumentError, ["defjvp(jvp)"]),
    (lambda: slope(with_vjp(lambda x: x, lambda r, g: (g,))), ArgumentError, ["residuals"]),
    (
        lambda: slope(with_vjp(lambda x: (x, None), lambda r, g: g)),
        ArgumentError,
        ["tuple", "1 in all"],
    ),
    (
        lambda: slope(with_vjp(lambda x: (x, None), lambda r, g: (g[1:],))),
        ShapeError,
        ["(2,)", "(3,)"],
    ),
    (lambda: slope(with_jvp(lambda ps, ts: ts[0])), ArgumentError, ["tangent"]),
    (lambda: slope(with_jvp(lambda ps, ts: (ps[0], np.sum(ts[0])))), ShapeError, ["()", "(3,)"]),
    (
        lambda: custom_vjp(lambda x, *, n=1: x).__class__ and keyword_only()(X),
        ArgumentError,
        ["keyword-only", "n"],
    ),
]


def keyword_only() -> Any:
    op = custom_vjp(lambda x, *, n=1: x)
    op.defvjp(lambda x: (x, None), lambda r, g: (g,))
    return op


@pytest.mark.parametrize(("call", "error", "words"), MISTAKES)
def test_the_message_helps(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_saving_what_cannot_be_differentiated_is_an_error_and_not_a_wrong_number() -> None:
    class Opaque(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.square = np.asarray(x) ** 2
            return x * ctx.square

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3 * ctx.square

    np.testing.assert_allclose(slope(Opaque.apply), 3 * X**2)
    np.testing.assert_allclose(jacrev(Opaque.apply)(X), np.diag(3 * X**2))
    with pytest.raises(MissingRuleError, match=r"Opaque.*saved"):
        hessian(lambda x: np.sum(Opaque.apply(x)))(X)
