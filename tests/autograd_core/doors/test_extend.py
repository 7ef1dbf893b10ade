"""Primitives under the names of the package `autograd`, and the package's own examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core.numpy as anp
from autograd_core import (
    ArgumentError,
    MissingRuleError,
    NotDifferentiableError,
    elementwise_grad,
    grad,
    hessian,
    jacobian,
    jvp,
    tensor,
    vjp,
    vmap,
)
from autograd_core import extend as ext
from autograd_core.extend import (
    Box,
    JVPNode,
    SparseObject,
    VJPNode,
    VSpace,
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    notrace_primitive,
    primitive,
    register_notrace,
    vspace,
)
from autograd_core.table import COMPOSED
from autograd_core.test_util import check_equivalent, check_grads

X = np.array([0.3, -0.8, 1.1])
Y = np.array([2.0, 0.5, -1.0])


def test_all_sixteen_names_are_there() -> None:
    assert len(ext.__all__) == 16
    assert all(getattr(ext, name) is not None for name in ext.__all__)


# --- derivatives in each of the six ways ----------------------------------------------------------


def black_box(x: Any, y: Any, scale: float = 1.0) -> Any:
    """Refuse everything but plain arrays."""
    assert type(x) in (np.ndarray, np.float64) and type(y) in (np.ndarray, np.float64)
    return np.array(np.sin(x) * y * scale)


def dx(g: Any, x: Any, y: Any, scale: float = 1.0) -> Any:
    return g * np.cos(x) * y * scale


def dy(g: Any, x: Any, _y: Any, scale: float = 1.0) -> Any:
    return g * np.sin(x) * scale


def with_defvjp(f: Any) -> None:
    defvjp(
        f,
        lambda ans, x, y, **kw: lambda g: dx(g, x, y, **kw),
        lambda ans, x, y, scale=1.0: lambda g: g * np.sin(x) * scale,
    )


def with_defvjp_argnum(f: Any) -> None:
    defvjp_argnum(f, lambda i, ans, args, kwargs: lambda g: (dx, dy)[i](g, *args, **kwargs))


def with_defvjp_argnums(f: Any) -> None:
    def maker(argnums: tuple, ans: Any, args: tuple, kwargs: dict) -> Any:
        return lambda g: ((dx, dy)[i](g, *args, **kwargs) for i in argnums)

    defvjp_argnums(f, maker)


def with_defjvp(f: Any) -> None:
    defjvp(f, lambda g, ans, x, y, **kw: dx(g, x, y, **kw), "same")
    defvjp(f, *[lambda ans, *xs, d=d, **kw: lambda g: d(g, *xs, **kw) for d in (dx, dy)])


def with_defjvp_argnum(f: Any) -> None:
    defjvp_argnum(f, lambda i, g, ans, args, kwargs: (dx, dy)[i](g, *args, **kwargs))


def with_defjvp_argnums(f: Any) -> None:
    def tangent(argnums: tuple, gs: Any, ans: Any, args: tuple, kwargs: dict) -> Any:
        return sum((dx, dy)[i](g, *args, **kwargs) for i, g in zip(argnums, gs, strict=True))

    defjvp_argnums(f, tangent)


WAYS = [
    *(with_defvjp, with_defvjp_argnum, with_defvjp_argnums),
    *(with_defjvp, with_defjvp_argnum, with_defjvp_argnums),
]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def f(request: Any) -> Any:
    made = primitive(black_box)
    request.param(made)
    return made


def test_both_modes_to_second_order(f: Any) -> None:
    assert f(X, Y, scale=2.0).tolist() == black_box(X, Y, 2.0).tolist()
    check_grads(f)(X, Y)
    check_grads(f, 1)(X, Y, scale=3.0)


def test_broadcasting_is_undone(f: Any) -> None:
    check_grads(f)(X[:, None], Y)
    check_grads(f)(np.float64(0.3), Y)


def test_vmap_and_the_matrices_of_derivatives(f: Any) -> None:
    xs = np.stack([X, Y, X + Y])
    np.testing.assert_allclose(vmap(f, (0, None))(xs, Y), np.sin(xs) * Y)
    np.testing.assert_allclose(jacobian(f)(X, Y), np.diag(np.cos(X) * Y))
    total = hessian(lambda x: np.sum(f(x, x)))(X)
    np.testing.assert_allclose(total, np.diag(2 * np.cos(X) - X * np.sin(X)))
    each = vmap(grad(lambda x: np.sum(f(x, Y))))(xs)
    np.testing.assert_allclose(each, np.cos(xs) * Y)
    summed = grad(lambda y: np.sum(vmap(f, (0, None))(xs, y)))(Y)
    np.testing.assert_allclose(summed, np.sin(xs).sum(0))


def test_on_the_tape(f: Any) -> None:
    x = tensor(X, requires_grad=True)
    np.sum(f(x, Y)).backward(create_graph=True)
    g, x.grad = x.grad, None
    np.sum(g * g).backward()
    np.testing.assert_allclose(x.grad.numpy(), -2 * np.cos(X) * np.sin(X) * Y**2)


# --- the examples of the package autograd ---------------------------------------------------------


def test_logsumexp_of_the_tutorial() -> None:
    @primitive
    def logsumexp(x: Any) -> Any:
        max_x = anp.max(x)
        return max_x + anp.log(anp.sum(anp.exp(x - max_x)))

    def logsumexp_vjp(ans: Any, x: Any) -> Any:
        x_shape = x.shape
        return lambda g: anp.full(x_shape, g) * anp.exp(x - anp.full(x_shape, ans))

    defvjp(logsumexp, logsumexp_vjp)

    def example_func(y: Any) -> Any:
        return anp.sum(logsumexp(y**2))

    check_grads(example_func)(X)
    gradient = grad(example_func)(np.array([1.5, 6.7, 1e-10]))
    np.testing.assert_allclose(gradient[1], 13.4)


def test_makers_are_called_when_the_gradient_is_wanted() -> None:
    calls = []

    @primitive
    def double(x: Any) -> Any:
        return 2.0 * x

    def maker(ans: Any, x: Any) -> Any:
        calls.append(type(x))
        return lambda g: 2.0 * g

    defvjp(double, maker)
    _, pull = vjp(double, X)
    assert calls == []
    pull(X)
    assert calls == [np.ndarray]


def test_argnums_and_none() -> None:
    @primitive
    def power(x: Any, n: Any, y: Any) -> Any:
        return x**n * y

    defvjp(power, None, lambda ans, x, n, y: lambda g: g * x**n, argnums=(0, 2))
    assert grad(power)(3.0, 2.0, 1.0) == 0.0
    assert grad(power, 2)(3.0, 2.0, 1.0) == 9.0
    with pytest.raises(MissingRuleError, match="VJP of power wrt argnum 1"):
        grad(power, 1)(3.0, 2.0, 1.0)
    defjvp(power, lambda g, ans, x, n, y: g * n * x ** (n - 1) * y, None)
    assert jvp(lambda x: power(x, 2.0, 1.0), (3.0,), (1.0,))[1] == 6.0
    assert jvp(lambda n: power(3.0, n, 1.0), (2.0,), (1.0,))[1] == 0.0


def test_arguments_and_results_may_be_containers() -> None:
    @primitive
    def split(p: Any) -> Any:
        return {"product": p["a"] * p["b"][0], "a": p["a"]}

    defvjp(
        split,
        lambda ans, p: (
            lambda g: {
                "b": [np.sum(g["product"] * p["a"])],
                "a": g["product"] * p["b"][0] + g["a"],
            }
        ),
    )

    def f(a: Any, b: Any) -> Any:
        out = split({"a": a, "b": [b]})
        return np.sum(out["product"]) ** 2 + np.sum(out["a"])

    check_grads(f)(X, np.float64(0.7))


def test_def_linear() -> None:
    product = primitive(lambda x, y: np.array(x) * np.array(y))
    def_linear(product)
    assert jvp(product, (2.0, 3.0), (1.0, 10.0)) == (6.0, 23.0)
    with pytest.raises(MissingRuleError, match="VJP"):
        grad(product)(1.0, 1.0)


def test_sparse_cotangents() -> None:
    """The way of the package to pick an element without a dense gradient for each pick."""

    @primitive
    def take(x: Any, i: int) -> Any:
        return x[i]

    @primitive
    def untake(g: Any, i: int, vs: Any) -> Any:
        def mut_add(dense: Any) -> Any:
            np.add.at(dense, i, g)
            return dense

        return SparseObject(vs, mut_add)

    defvjp(take, lambda ans, x, i: lambda g: untake(g, i, vspace(x)))
    defvjp(untake, lambda ans, g, i, _: lambda h: take(h, i))
    check_grads(lambda x: take(x, 1) * take(x, 2) + take(x, 1) ** 3)(X)


def test_notrace() -> None:
    @notrace_primitive
    def count(x: Any) -> int:
        assert type(x) is np.ndarray
        return len(x)

    assert grad(lambda x: np.sum(x) * count(x))(X).tolist() == [3.0, 3.0, 3.0]
    rounded = primitive(np.round)
    defvjp(rounded, lambda ans, x: lambda g: g)  # straight through ...
    register_notrace(JVPNode, rounded)  # ... in reverse mode only
    assert grad(rounded)(2.9) == 1.0
    assert jvp(rounded, (2.9,), (1.0,)) == (3.0, 0.0)
    register_notrace(VJPNode, rounded)
    assert grad(lambda x: rounded(x) + x)(2.9) == 1.0


def test_a_numpy_function_without_a_row_can_be_given_one() -> None:
    hook = np.frompyfunc(lambda v: v**3, 1, 1)
    cube = lambda x: hook(x)
    with pytest.raises(MissingRuleError):
        grad(cube)(2.0)
    defvjp(hook, lambda ans, x: lambda g: g * 3 * x**2)
    assert grad(cube)(2.0) == 12.0
    assert grad(grad(cube))(2.0) == 12.0
    assert vmap(grad(cube))(X).tolist() == (3 * X**2).tolist()
    defjvp(hook, lambda g, ans, x: g * 3 * x**2)
    assert jvp(cube, (2.0,), (1.0,))[1] == 12.0
    del COMPOSED[hook]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: defvjp(np.sin, None), ArgumentError, ["np.sin", "primitive(np.sin)"]),
        (lambda: defvjp(np.round, None), ArgumentError, ["np.round", "table"]),
        (lambda: defvjp(lambda x: x, None), ArgumentError, ["@primitive"]),
        (lambda: grad(primitive(np.exp))(1.0), MissingRuleError, ["VJP of np.exp", "defvjp"]),
        (
            lambda: jvp(primitive(np.exp), (1.0,), (1.0,)),
            MissingRuleError,
            ["JVP of np.exp", "defjvp"],
        ),
        (lambda: Box.register(complex), NotDifferentiableError, ["complex", "dataclass"]),
        (
            lambda: grad(lambda x: primitive(np.sum)(X, initial=x))(1.0),
            MissingRuleError,
            ["keyword", "positional"],
        ),
    ],
)
def test_the_message_helps(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# --- vector spaces --------------------------------------------------------------------------------

VALUES = [
    np.zeros((3, 2)),
    0.0,
    1.0j * np.zeros((2, 1)),
    [1.0, np.zeros((2, 1))],
    (1.0, np.zeros((2, 1))),
    {"a": 1.0, "b": np.zeros((2, 1))},
    {"x": [0.0, np.zeros((3, 1))], "y": ({"a": 0.0}, [0.0])},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_axioms_of_a_vector_space(value: Any) -> None:
    vs, rng = vspace(value), np.random.default_rng(0)
    x, y, z = (vs.randn(rng) for _ in range(3))
    check_equivalent(vs.add(x, vs.add(y, z)), vs.add(vs.add(x, y), z))
    check_equivalent(vs.add(x, vs.zeros()), x)
    check_equivalent(vs.add(x, vs.scalar_mul(x, -1.0)), vs.zeros())
    check_equivalent(
        vs.scalar_mul(vs.add(x, y), 3.0), vs.add(vs.scalar_mul(x, 3.0), vs.scalar_mul(y, 3.0))
    )
    assert np.isclose(vs.inner_prod(x, y), vs.inner_prod(y, x)) and vs.inner_prod(x, x) > 0
    basis = list(vs.standard_basis())
    assert len(basis) == vs.size
    gram = [[float(vs.inner_prod(a, b)) for a in basis] for b in basis]
    np.testing.assert_array_equal(gram, np.eye(vs.size))
    total = basis[0]
    for unit in basis[1:]:
        total = vs.mut_add(total, unit)
    check_equivalent(total, vs.ones())
    assert vspace(x) == vs == vspace(vs.zeros()) and vspace([x]) != vs
    check_equivalent(vs.covector(vs.covector(x)), x)
    check_grads(vs.add)(x, y)
    check_grads(vs.inner_prod)(x, y)


def test_a_space_of_ones_own() -> None:
    class Colour:
        pass

    class ColourSpace(VSpace):
        def __init__(self, value: Any) -> None:
            super().__init__(np.zeros(3))

    ColourSpace.register(Colour)
    assert vspace(Colour()).size == 3
    del VSpace.mappings[Colour]
    with pytest.raises(TypeError, match="vspace"):
        vspace("red")


def test_box_is_the_class_of_tensors() -> None:
    seen = []
    elementwise_grad(lambda x: seen.append(isinstance(x, Box)) or x)(X)
    assert seen == [True] and not isinstance(X, Box)
