"""The engine itself: nesting, mixtures of modes, freeing, not recording, containers, kinks."""

from __future__ import annotations

import copy
import operator
import warnings
from typing import Any

import numpy as np
import pytest

import autograd_core as ac
from autograd_core import (
    GraphError,
    ShapeError,
    Tensor,
    custom_op,
    grad,
    hessian,
    jacobian,
    jvp,
    no_grad,
    tensor,
    value_and_grad,
    vjp,
)
from autograd_core.inplace import mark_written
from autograd_core.test_util import check_grads


def forward(f: Any) -> Any:
    """Differentiate a scalar function of a scalar in forward mode."""
    return lambda x: jvp(f, (x,), (np.ones(np.shape(x)),))[1]


def quintic(x: Any) -> Any:
    return x**5 * np.sin(x)


MODES = {"rev": grad, "fwd": forward}


@pytest.mark.parametrize("modes", [(a, b) for a in MODES for b in MODES], ids="-".join)
def test_second_derivative_in_every_mixture(modes: tuple[str, str]) -> None:
    f = quintic
    for mode in modes:
        f = MODES[mode](f)
    x = 0.7
    exact = 20 * x**3 * np.sin(x) + 10 * x**4 * np.cos(x) - x**5 * np.sin(x)
    np.testing.assert_allclose(f(x), exact, rtol=1e-13)


@pytest.mark.parametrize(
    "modes", [(a, b, c) for a in MODES for b in MODES for c in MODES], ids="-".join
)
def test_third_derivative_in_every_mixture(modes: tuple[str, ...]) -> None:
    f = quintic
    for mode in modes:
        f = MODES[mode](f)
    x = 0.7
    exact = (60 * x**2 - 15 * x**4) * np.sin(x) + (60 * x**3 - x**5) * np.cos(x)
    np.testing.assert_allclose(f(x), exact, rtol=1e-13)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_no_perturbation_confusion(outer: str, inner: str) -> None:
    """d/dx [x * d/dy (x + y)] = 1: the two derivatives must not see each other's tangents."""
    f = MODES[outer](lambda x: x * MODES[inner](lambda y: x + y)(2.0))
    assert f(3.0) == 1.0
    g = MODES[outer](lambda x: x * MODES[inner](lambda y: x * y)(2.0))
    assert g(3.0) == 6.0


def test_functional_gradient_on_the_tape() -> None:
    a = tensor(3.0, requires_grad=True)
    g = grad(lambda x: a * x**2)(2.0)  # 2 a x
    g.backward()
    assert a.grad is not None and a.grad.item() == 4.0


def test_create_graph_differentiates_the_backward_pass() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    np.sum(x**4).backward(create_graph=True)
    first = x.grad
    x.grad = None
    np.sum(first).backward()
    np.testing.assert_allclose(x.grad.detach().numpy(), [12.0, 48.0])


def test_rosenbrock_hessian_is_the_textbooks() -> None:
    def rosenbrock(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    x = np.array([-1.2, 1.0])
    exact = [[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200.0]]
    np.testing.assert_allclose(hessian(rosenbrock)(x), exact, rtol=1e-13)


def test_jacobian_has_output_then_input_axes() -> None:
    A = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(jacobian(lambda x: A @ x)(np.ones(3)), A)
    J = jacobian(lambda X: A @ X)(np.ones((3, 4)))
    assert J.shape == (2, 4, 3, 4)
    np.testing.assert_array_equal(J, np.einsum("ik,jl->ijkl", A, np.eye(4)))


# --- the tape -------------------------------------------------------------------------------------


def test_gradients_add_up_and_do_not_share_memory() -> None:
    a, b = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    g = np.ones(2)
    (a + b).backward(g)
    assert a.grad is not None and b.grad is not None
    a.grad.numpy()[0] = 7.0
    assert g[0] == 1.0 and b.grad.numpy()[0] == 1.0
    (a + b).backward(g)
    assert b.grad.tolist() == [2.0, 2.0]


def test_second_backward_needs_retain_graph() -> None:
    x = tensor(2.0, requires_grad=True)
    y = np.sin(x) * x
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(GraphError, match="retain_graph=True"):
        y.backward()


def test_retain_grad_keeps_an_intermediate_gradient() -> None:
    x = tensor(2.0, requires_grad=True)
    y = x * 3.0
    y.retain_grad()
    (y * y).backward()
    assert y.grad is not None and y.grad.item() == 12.0


def test_no_grad_and_enable_grad() -> None:
    x = tensor(2.0, requires_grad=True)
    with no_grad():
        assert not (x * x).requires_grad
        assert grad(lambda v: v * v)(3.0) == 6.0  # opened inside: recorded
        with ac.enable_grad():
            assert (x * x).requires_grad and ac.is_grad_enabled()
    assert (x * x).requires_grad

    @no_grad()
    def constant(v: Any) -> Any:
        return v * v

    assert not constant(x).requires_grad
    assert grad(lambda v: v * constant(v))(3.0) == 9.0  # the inner factor counts as constant


# --- containers -----------------------------------------------------------------------------------


def test_nested_arguments_and_results() -> None:
    params = {"w": np.ones((2, 2)), "b": [np.zeros(2), None]}

    def model(p: Any) -> Any:
        return {"out": np.array([1.0, 2.0]) @ p["w"] + p["b"][0]}

    value, pull = vjp(model, params)
    (g,) = pull({"out": np.array([1.0, 10.0])})
    np.testing.assert_array_equal(value["out"], [3.0, 3.0])
    np.testing.assert_array_equal(g["w"], [[1.0, 10.0], [2.0, 20.0]])
    assert g["b"][1] is None
    loss, g = value_and_grad(lambda p: np.sum(model(p)["out"] ** 2))(params)
    assert loss == 18.0 and g["b"][0].tolist() == [6.0, 6.0]


def test_argnum_tuple_gives_a_tuple() -> None:
    ga, gb = grad(lambda a, b: a**2 * b, argnum=(0, 1))(3.0, 2.0)
    assert (ga, gb) == (12.0, 9.0)
    assert grad(lambda a, b: a**2 * b, 1)(3.0, 2.0) == 9.0


def test_unused_input_has_a_zero_gradient() -> None:
    assert grad(lambda x: 3.0)(2.0) == 0.0
    assert jvp(lambda x: np.ones(2), (1.0,), (1.0,))[1].tolist() == [0.0, 0.0]


# --- a NumPy citizen ------------------------------------------------------------------------------


def test_plain_numpy_code_differentiates() -> None:
    def softmax_loss(w: Any, x: Any) -> Any:
        z = x @ w
        z = z - np.max(z, axis=1, keepdims=True)
        return -np.mean(np.log(np.exp(z)[:, 0] / np.sum(np.exp(z), axis=1)))

    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((5, 3)), rng.standard_normal((3, 4))
    p = np.exp(x @ w) / np.exp(x @ w).sum(1, keepdims=True)
    p[:, 0] -= 1
    np.testing.assert_allclose(grad(softmax_loss)(w, x), x.T @ p / 5, rtol=1e-12)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (lambda x: x.shape, (2, 3)),
        (lambda x: x.size, 6),
        (lambda x: x.ndim, 2),
        (lambda x: x.T.shape, (3, 2)),
        (lambda x: x.transpose(1, 0).shape, (3, 2)),
        (lambda x: x.std().item(), np.arange(6.0).std()),
        (lambda x: len(x), 2),
        (lambda x: (x > 2).tolist(), [[False] * 3, [True] * 3]),
        (lambda x: [row.tolist() for row in x], [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        (lambda x: x.argmax(), 5),
        (lambda x: f"{x.sum():.2f}", "15.00"),
        (lambda x: repr(x[0]), "Tensor([0., 1., 2.], op=getitem)"),
        (lambda x: repr(x.astype(np.float32)[0, 0]), "Tensor(0., dtype=float32, op=getitem)"),
        (lambda x: type(np.ones((2, 3)) * x), Tensor),
        (lambda x: type(np.float64(2) * x), Tensor),
        (lambda x: np.add.reduce(x).tolist(), [3.0, 5.0, 7.0]),
        (lambda x: np.multiply([1, 2, 3], x)[1].tolist(), [3.0, 8.0, 15.0]),
    ],
)
def test_tensor_behaves_like_an_array(what: Any, expected: Any) -> None:
    x = tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    assert what(x) == expected


def test_python_scalars_stay_weak() -> None:
    x = tensor(np.ones(3, np.float32), requires_grad=True)
    y = np.sum((2.0 * x - 1) ** 2 / 3 + x**3.0)
    assert y.dtype == np.float32
    y.backward()
    assert x.grad is not None and x.grad.dtype == np.float32


def test_list_of_tensors_as_operand() -> None:
    g = grad(lambda x: np.sum(np.multiply([x, 2.0 * x], 3.0 * x)))(1.0)
    assert g == 18.0
    assert grad(lambda x: np.copysign(x, 2.0 * x))(-3.0) == 1.0  # no gradient to the sign


# --- kinks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (np.abs, [0.0], [0.0]),
        (lambda x: np.maximum(x, 1.0), [1.0, 2.0], [0.5, 1.0]),
        (lambda x: np.minimum(1.0, x), [1.0, 2.0], [0.5, 0.0]),
        (np.max, [3.0, 1.0, 3.0], [0.5, 0.0, 0.5]),
        (np.min, [1.0, 1.0, 3.0], [0.5, 0.5, 0.0]),
        (lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
        (np.std, [2.0, 2.0], [0.0, 0.0]),
        (lambda x: x**0, [0.0], [0.0]),
        (lambda x: x**2.0, [0.0, -1.0], [0.0, -2.0]),
        (lambda x: np.power(x[0], x[1]), [0.0, 2.0], [0.0, 0.0]),
        (lambda x: np.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0], [0.0, 0.5, 1.0, 0.5]),
        (lambda x: np.where(x > 0, x, 2.0 * x), [-1.0, 1.0], [2.0, 1.0]),
    ],
)
def test_subgradients_at_kinks(f: Any, x: list[float], expected: list[float]) -> None:
    with np.errstate(all="raise"):
        g = grad(lambda v: np.sum(f(v)))(np.array(x))
    np.testing.assert_array_equal(g, expected)
    t = [jvp(lambda v: np.sum(f(v)), (np.array(x),), (e,))[1] for e in np.eye(len(x))]
    np.testing.assert_array_equal(t, expected)


def test_deepcopy_of_a_leaf_is_a_leaf_of_its_own() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = copy.deepcopy(x)
    np.sum(x * y * y).backward()
    assert x.grad is not None and y.grad is not None
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0, 4.0], [2.0, 8.0])
    with pytest.raises(GraphError, match=r"x\.detach\(\)\.copy\(\)"):
        copy.deepcopy(x * 2.0)
    assert x.detach().copy().tolist() == [1.0, 2.0]


def test_hooks_see_and_replace_the_whole_gradient() -> None:
    seen = []
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    first = y.register_hook(lambda g: seen.append(g.tolist()))
    second = y.register_hook(lambda g: g * 2.0)
    third = x.register_hook(lambda g: np.minimum(g, 10.0))
    np.sum(y * 3.0 + y).backward(retain_graph=True)
    assert seen == [[4.0, 4.0]]  # both uses of y are in it
    assert x.grad is not None and x.grad.tolist() == [10.0, 10.0]  # 16 and 32, limited
    for handle in (first, second, third, third):
        handle.remove()
    x.grad = None
    np.sum(y * 3.0 + y).backward()
    assert x.grad is not None and x.grad.tolist() == [8.0, 16.0]
    assert len(seen) == 1
    x.register_hook(lambda g: np.ones(3))
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        np.sum(x).backward()
    with pytest.raises(GraphError, match="requires_grad"):
        tensor(1.0).register_hook(print)
    z = tensor(3.0, requires_grad=True)
    w = z * z
    w.register_hook(lambda g: g * w.detach())
    w.backward(create_graph=True)
    assert z.grad is not None and z.grad.item() == 54.0  # 2 z times z^2


def test_gradients_of_two_leaves_are_two_arrays_though_a_rule_returns_one() -> None:
    both = custom_op(lambda a, b: 2.0 * (a + b), vjp=lambda g, _y, _a, _b: (g * 2.0,) * 2)
    a, b = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0], requires_grad=True)
    np.sum(both(a, b)).backward()
    a.grad[0] = 7.0
    assert b.grad.tolist() == [2.0, 2.0]


NUMBERS = [0.0, -0.0, 0, 2, -3, 0.1, 1e300, float("inf"), float("nan"), True, 2**40]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("op", ["add", "sub", "mul", "truediv"])
def test_python_numbers_are_weak_and_exact(op: str, dtype: type, number: float) -> None:
    """Numbers are kept as arrays for speed; that must be seen nowhere."""
    plain = np.array([1.5, -2.0], dtype)
    x = tensor(plain, requires_grad=True)
    for f in (getattr(operator, op), lambda a, b: getattr(operator, op)(b, a)):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, expected = f(x, number), f(plain, number)
        assert found.dtype == expected.dtype
        assert found.detach().numpy().tobytes() == expected.tobytes()


DEAD_BRANCHES = {
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.5, -0.25),
    "log": (lambda x: np.where(x > 0, np.log(x), x), 1.0, -1.0),
    "divide": (lambda x: np.where(x > 0, 1.0 / x, 0.0), -1.0, 2.0),
    "power": (lambda x: np.where(x > 0, x**-1.5, 0.0), -1.5, 3.75),
    "arccosh": (lambda x: np.where(x > 0, np.arccosh(x + 1.0), 0.0), 1 / 3**0.5, -2 / 3**1.5),
    "array": (lambda x: np.sum(np.where(x > 0, np.sqrt(x * np.ones(3)), 0.0)), 1.5, -0.75),
}


@pytest.mark.parametrize("name", DEAD_BRANCHES)
def test_a_zero_cotangent_absorbs_in_the_dead_branch(name: str) -> None:
    f, at_one, second_at_one = DEAD_BRANCHES[name]
    slope = {"log": 1.0}.get(name, 0.0)
    with np.errstate(all="ignore"):
        assert np.isnan(grad(f)(0.0))
        with ac.absorbing_zeros():
            assert grad(f)(0.0) == slope
            for second in (grad(grad(f)), forward(grad(f))):
                assert second(0.0) == 0.0
                np.testing.assert_allclose(second(1.0), second_at_one)
            np.testing.assert_allclose(grad(f)(1.0), at_one)
            x = tensor(np.zeros(2, np.float32), requires_grad=True)
            np.sum(f(x[0])).backward()
            assert x.grad.dtype == np.float32
            assert x.grad.tolist() == [slope, 0.0]
        assert np.isnan(grad(f)(0.0))


def test_absorbing_does_not_reach_into_operations_that_mix_elements() -> None:
    with ac.absorbing_zeros():
        g = np.array([0.0, 1.0, 0.0])
        _, pull = vjp(lambda x: np.cumsum(x)[::-1] * 1.0, np.ones(3))
        assert pull(g)[0].tolist() == [1.0, 1.0, 0.0]


def test_a_leaf_that_is_used_often_sums_in_place_and_never_into_what_others_hold() -> None:
    kept = []
    keeps = custom_op(lambda a: a * 1.0, vjp=(lambda g, _y, _a: kept.append(g * 2.0) or kept[-1],))
    x = tensor([1.0, 2.0], requires_grad=True)
    np.sum(keeps(x) + x * 3.0 + keeps(x)).backward()
    assert x.grad.tolist() == [7.0, 7.0]
    g = np.ones(2)
    x.grad = None
    (x + x).backward(g)
    assert x.grad.tolist() == [2.0, 2.0]
    assert g.tolist() == [1.0, 1.0]


def test_a_fused_operation_with_several_outputs_and_a_traced_cotangent() -> None:
    both = custom_op(
        lambda a: (a * 2.0, a * a),
        vjp=lambda g, _y, a: (g[0] * 2.0 + g[1] * a * 2.0,),
        composition=lambda a: (a * 2.0, a * a),
    )
    x, weights = np.array([1.0, 3.0]), (np.array([1.0, 2.0]), np.array([0.5, 0.0]))
    _, pull = vjp(both, x)
    slope = grad(lambda w: np.sum(pull((w * weights[0], weights[1]))[0]))(2.0)
    assert slope == 2.0 * 3.0


def test_the_forward_mode_of_a_custom_operation_whose_operands_broadcast() -> None:
    operands = np.linspace(0.5, 1.5, 3)[:, None], np.array([1.0, 2.0])
    for vjp_of_both in (
        lambda g, _y, a, b: (g * b**2, g * a * b * 2),
        (lambda g, _y, _a, b: g * b**2, lambda g, _y, a, b: g * a * b * 2),
    ):
        check_grads(custom_op(lambda a, b: a * b**2, vjp=vjp_of_both), order=2)(*operands)


def test_saying_that_a_frozen_leaf_was_written_is_allowed() -> None:
    p = tensor([1.0])
    mark_written(p)
    assert not p.requires_grad
