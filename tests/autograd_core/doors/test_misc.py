"""flatten, the small optimisers, fixed points, recorded graphs; isinstance and type; test_util."""

from __future__ import annotations

import inspect
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    ConversionError,
    DtypeError,
    GradientCheckError,
    ShapeError,
    Tensor,
    builtins,
    custom_op,
    grad,
    hessian,
    jacobian,
    jvp,
    misc,
    tensor,
    vjp,
    vmap,
)
from autograd_core.extend import defvjp, primitive
from autograd_core.misc import const_graph, flatten
from autograd_core.misc.fixed_points import fixed_point
from autograd_core.misc.flatten import flatten_func
from autograd_core.misc.optimizers import adam, rmsprop, sgd
from autograd_core.misc.tracers import FullGraphNode, full_graph
from autograd_core.test_util import check_equivalent, check_grads, combo_check, scalar_close

X = np.array([0.3, -0.8, 1.1])
Pair = namedtuple("Pair", ["left", "right"])

# --- flatten --------------------------------------------------------------------------------------

VALUES = [
    (1.0, X, [np.ones((1, 4)), {"x": 2.0, "y": np.arange(8.0).reshape(4, 2)}]),
    {"k2": [1.0, 4.0], "k10": X, "a": Pair(np.eye(2), None)},
    [X, (), {}, [2.5]],
    1 + 1j,
    X,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_flatten_there_and_back(value: Any) -> None:
    vector, unflatten = flatten(value)
    assert vector.ndim == 1
    check_equivalent(unflatten(vector), value)
    np.testing.assert_array_equal(flatten(unflatten(vector))[0], vector)


def test_flatten_sorts_keys_and_keeps_dtypes() -> None:
    vector, unflatten = flatten({"b": np.float32([1, 2]), "a": 3.0, "c": 4})
    assert vector.tolist() == [3.0, 1.0, 2.0, 4.0] and vector.dtype == np.float64
    back = unflatten(vector + 0.5)
    assert list(back) == ["b", "a", "c"]
    assert back["b"].dtype == np.float32 and back["c"] == 4.5
    vector, unflatten = flatten([1j, 2.0])
    assert unflatten(vector)[1] == 2.0 and np.isrealobj(unflatten(vector)[1])


def test_flatten_differentiates() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(flatten({"x": x, "y": [y, 2.0]})[0] ** 3)

    check_grads(f)(X, np.float64(0.5))
    vector, unflatten = flatten(VALUES[0])
    check_grads(lambda v: unflatten(v)[1] * unflatten(v)[2][1]["x"])(vector)
    g, h, start = flatten_func(lambda p, s: [s * p["a"] ** 2], {"a": X})
    np.testing.assert_allclose(jacobian(g)(start, 3.0), np.diag(6 * X))
    assert h(start)["a"].tolist() == X.tolist()


def test_flatten_refuses() -> None:
    with pytest.raises(DtypeError, match="'x'"):
        flatten([1.0, "x"])
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        flatten(X)[1](np.ones(2))
    assert flatten([])[0].shape == (0,)


# --- optimisers -----------------------------------------------------------------------------------

OPTIMIZERS = [
    (sgd, {"num_iters": 300}),
    (rmsprop, {"num_iters": 1000, "step_size": 0.01}),
    (adam, {"num_iters": 1000, "step_size": 0.02}),
]


@pytest.mark.parametrize(("optimize", "options"), OPTIMIZERS)
def test_optimisers_find_the_minimum_of_nested_parameters(optimize: Any, options: Any) -> None:
    def loss(p: Any, _i: int) -> Any:
        return np.sum((p["w"] - X) ** 2) + (p["b"][0] - 2.0) ** 2

    seen: list[int] = []
    start = {"w": np.zeros(3), "b": [0.0]}
    p = optimize(grad(loss), start, lambda p, i, g: seen.append(p["w"].shape == X.shape), **options)
    np.testing.assert_allclose(p["w"], X, atol=0.02)
    np.testing.assert_allclose(p["b"][0], 2.0, atol=0.02)
    assert seen == [True] * options["num_iters"]


@pytest.mark.parametrize(("optimize", "options"), OPTIMIZERS)
def test_optimisers_are_those_of_the_package_autograd(optimize: Any, options: Any) -> None:
    theirs = getattr(pytest.importorskip("autograd.misc.optimizers"), optimize.__name__)
    slope = lambda x, i: 2 * (x - X) + 0.1 * np.sin(i)
    assert list(inspect.signature(optimize).parameters)[:4] == [
        "grad",
        "x",
        "callback",
        "num_iters",
    ]
    for options in ({"num_iters": 5}, {"num_iters": 5, "step_size": 0.3}):
        np.testing.assert_allclose(
            optimize(slope, X**2, **options), theirs(slope, X**2, **options), rtol=1e-13
        )


def test_an_optimisation_can_be_differentiated() -> None:
    def after(step: Any) -> Any:
        return np.sum(sgd(lambda x, i: 2 * (x - X), np.zeros(3), num_iters=5, step_size=step))

    check_grads(after)(np.float64(0.3))


# --- fixed points ---------------------------------------------------------------------------------


def newton_sqrt(a: Any) -> Any:
    return lambda x: 0.5 * (x + a / x)


def distance(x: Any, y: Any) -> Any:
    return np.max(np.abs(x - y))


def root(a: Any) -> Any:
    return fixed_point(newton_sqrt, a, np.ones(3), distance, 1e-13)


def test_fixed_point() -> None:
    a = np.array([0.5, 2.0, 7.0])
    np.testing.assert_allclose(root(a), np.sqrt(a))
    check_grads(root)(a)
    np.testing.assert_allclose(jacobian(root)(a), np.diag(0.5 / np.sqrt(a)), atol=1e-12)
    np.testing.assert_allclose(hessian(lambda a: np.sum(root(a)))(a), np.diag(-0.25 * a**-1.5))
    np.testing.assert_allclose(vmap(root)(np.stack([a, 2 * a])), np.sqrt([a, 2 * a]))
    each = vmap(grad(lambda a: np.sum(root(a))))(np.stack([a, 2 * a]))
    np.testing.assert_allclose(each, 0.5 / np.sqrt([a, 2 * a]))


def test_fixed_point_of_containers_does_not_depend_on_the_start() -> None:
    A = np.array([[0.3, 0.1], [-0.2, 0.4]])

    def f(p: Any) -> Any:
        return lambda x: {"u": p["A"] @ x["u"] + p["b"]}

    def solve(A: Any, b: Any, start: Any) -> Any:
        def apart(x: Any, y: Any) -> Any:
            return distance(x["u"], y["u"])

        return fixed_point(f, {"A": A, "b": b}, {"u": start}, apart, 1e-13)["u"]

    b = np.array([1.0, 2.0])
    exact = lambda A, b: np.linalg.solve(np.eye(2) - A, b)
    np.testing.assert_allclose(solve(A, b, b), exact(A, b), rtol=1e-11)
    for ours, expected in zip(
        vjp(solve, A, b, b)[1](b), (*vjp(exact, A, b)[1](b), np.zeros(2)), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-10)
    check_grads(solve)(A, b, b)


# --- recorded graphs ------------------------------------------------------------------------------


def test_const_graph_runs_the_function_once() -> None:
    calls = []

    def foo(x: Any, y: Any) -> Any:
        calls.append(None)
        return grad(lambda x: np.sin(x) + x * 2)(x * y)

    wrapped = const_graph(foo)
    assert len(calls) == 0
    for x, y in ((0.0, 0.0), (1.0, 0.5), (-2.0, 0.3)):
        assert wrapped(x, y) == np.cos(x * y) + 2
    assert len(calls) == 1 and wrapped.__name__ == "foo"


def test_const_graph_leaves_out_what_does_not_matter() -> None:
    calls: list[str] = []

    @primitive
    def process(x: Any, name: str) -> Any:
        calls.append(name)
        return x

    def foo(x: Any, y: Any, z: Any) -> Any:
        process(y, "unused")
        return process(x, "x") + 2 * process(y, "y") + 3 * process(z, "z")

    wrapped = const_graph(foo, 1.0, z=3.0)
    assert wrapped(2.0) == 14.0 and calls == ["unused", "x", "y", "z"]
    del calls[:]
    assert wrapped(5.0) == 20.0 and calls == ["y"]


def program(x: Any, p: Any) -> Any:
    y = np.zeros(3) + x
    y[0] = y[1] ** 2
    U, s, _ = np.linalg.svd(np.outer(y, p["w"]) + np.eye(3))
    order = np.argsort(x)
    return {"s": s, "picked": np.where(x > 0, x, -3 * x)[order], "sum": np.sum(np.abs(U)), "n": 3}


def test_const_graph_of_choices_indices_writes_and_several_outputs() -> None:
    f = const_graph(program)
    for x in (X, -X, X[::-1].copy()):
        found, expected = f(x, {"w": x * 2}), program(x, {"w": x * 2})
        check_equivalent(found, expected)
    h = const_graph(hessian(lambda x: np.sum(vmap(np.sin)(x) * x)))
    for x in (X, -X):
        np.testing.assert_allclose(h(x), np.diag(2 * np.cos(x) - x * np.sin(x)))


def test_const_graph_differentiates() -> None:
    f = const_graph(lambda x: np.sum(np.sin(x) * x**2))
    f(np.ones(3))
    check_grads(f)(X)
    np.testing.assert_allclose(grad(const_graph(lambda x: np.sum(x**3)))(X), 3 * X**2)


def test_const_graph_refuses_what_would_be_wrong() -> None:
    f = const_graph(lambda x, n: np.mean(x) * n)
    f(X, 2)
    with pytest.raises(ShapeError, match=r"\(3,\).*\(2,\)"):
        f(X[:2], 2)
    with pytest.raises(ShapeError, match="float32"):
        f(X.astype(np.float32), 2)
    with pytest.raises(ArgumentError, match="2"):
        f(X, 3)
    with pytest.raises(ArgumentError, match="form"):
        f([X], 2)
    with pytest.raises(ConversionError, match=r"np\.where"):
        const_graph(lambda x: x if x > 0 else -x)(1.0)


def test_full_graph() -> None:
    node = full_graph(lambda x, y: np.sin(x * y) + 1.0, 2.0, 3.0)
    fun, args, _, parents = node.recipe
    assert fun is np.add and args[1] == 1.0 and node.value == np.sin(6.0) + 1.0
    (position, sine) = parents[0]
    assert position == 0 and sine.recipe[0] is np.sin
    (product,) = sine.parents
    assert [p.value for p in product.parents] == [2.0, 3.0]
    assert [p.parents for p in product.parents] == [[], []]
    assert isinstance(node, FullGraphNode) and "np.add" in repr(node)


# --- builtins -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "cls", "answer"),
    [
        (X, np.ndarray, True),
        (X, (list, tuple), False),
        (1.0, float, True),
        (1.0, np.ndarray, False),
        ([X], list, True),
        ((X,), builtins.tuple, True),
        ({"x": X}, builtins.dict, True),
        (X, Tensor, False),
    ],
)
def test_isinstance_and_type_see_through_tensors(value: Any, cls: Any, answer: bool) -> None:
    assert builtins.isinstance(value, cls) == answer

    def inside(v: Any) -> Any:
        if cls is not Tensor:
            assert builtins.isinstance(v, cls) == answer
            assert builtins.type(v) in (type(value), np.float64)
        return 1.0

    assert misc.flatten(grad(inside)(value))[0].sum() == 0.0


def test_type_of_a_batch_and_type_with_three_arguments() -> None:
    seen = []
    vmap(lambda x: seen.append((builtins.type(x), builtins.isinstance(x, np.ndarray))) or x)(X)
    assert seen == [(np.ndarray, True)]
    assert builtins.type("New", (int,), {})(3) == 3
    assert builtins.isinstance(tensor(X), Tensor)


# --- test_util ------------------------------------------------------------------------------------


def wrong(second_order: bool) -> Any:
    """Make a primitive whose first, or only second, derivative is off by a thousandth."""
    identity, double = primitive(lambda x: x), primitive(lambda x: 2.0 * x)
    defvjp(identity, lambda ans, x: lambda g: 1.001 * g)
    if second_order:
        defvjp(double, lambda ans, x: lambda g: 2.0 * identity(g))
    else:
        defvjp(double, lambda ans, x: lambda g: 2.002 * g)
    return double


def test_check_grads_finds_wrong_derivatives() -> None:
    with pytest.raises(GradientCheckError, match="reverse mode"):
        check_grads(wrong(second_order=False), modes=["rev"])(1.0)
    check_grads(wrong(second_order=True), modes=["rev"], order=1)(1.0)
    with pytest.raises(GradientCheckError, match="differentiated"):
        check_grads(wrong(second_order=True), modes=["rev"])(1.0)


@pytest.mark.parametrize("size", [1.0, 1e3, 1e6])
def test_check_grads_knows_how_finely_results_are_rounded(size: float) -> None:
    x = np.linspace(0.3, 2.0, 7)

    def offset(x: Any) -> Any:  # a small derivative of a large result
        return np.sin(x) + size

    check_grads(offset, order=1)(x)
    wrong = custom_op(offset, vjp=(lambda g, y, x: 1.1 * g * np.cos(x),))
    with pytest.raises(GradientCheckError, match="for rounding"):
        check_grads(wrong, modes=["rev"], order=1)(x)


def test_check_grads_knows_how_finely_points_are_rounded() -> None:
    check_grads(np.sin)(np.array([3e6, -1e5, 0.3]))  # 1e-6 is some 2,000 units of 3e6's last place
    check_grads(np.sin)(1e6 + 0.5)


def test_check_grads_chooses_arguments() -> None:
    f = lambda x, n, flag: x**n if flag else wrong(False)(x)
    check_grads(f)(1.5, 3, True)
    check_grads(f, 0)(1.5, 2.0, True)
    check_grads(f, (0, 1), order=1)(1.5, 2.0, flag=True)
    with pytest.raises(GradientCheckError):
        check_grads(f, 0)(1.5, 2.0, flag=False)
    with pytest.raises(GradientCheckError):
        combo_check(f, 0, order=1)([1.5], [2, 3], flag=[True, False])


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (X, X + 1e-3, ["(0,)"]),
        (X, X[:2], ["(3,)", "(2,)"]),
        (X, X + 0j, ["complex128"]),
        ({"a": [X]}, {"a": [X * 2]}, ["['a'][0]"]),
        ([X], [X, X], ["forms"]),
        (X, X * np.nan, ["nan"]),
    ],
)
def test_check_equivalent_says_where(x: Any, y: Any, words: list[str]) -> None:
    with pytest.raises(GradientCheckError) as caught:
        check_equivalent(x, y)
    assert all(word in str(caught.value) for word in words)


def test_scalar_close() -> None:
    assert scalar_close(1.0, 1.0 + 5e-7) and not scalar_close(1.0, 1.1)


def test_a_jvp_of_a_primitive_with_a_vjp() -> None:
    cube = primitive(lambda x: np.asarray(x) ** 3)
    defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    assert jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
