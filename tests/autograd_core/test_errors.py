"""Each mistake gets the error class and the words that help; a table of (call, class, words)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    AutogradError,
    ConversionError,
    DtypeError,
    GraphError,
    MissingRuleError,
    NotDifferentiableError,
    ShapeError,
    grad,
    hessian,
    jacobian,
    jvp,
    no_grad,
    tensor,
    vjp,
)
from autograd_core.test_util import GradientCheckError, check_grads


def leaf(*shape: int) -> Any:
    return tensor(np.ones(shape), requires_grad=True)


def unrecorded() -> Any:
    with no_grad():
        return leaf(3).sum()


def half(*shape: int) -> Any:
    return tensor(np.eye(*shape), np.float16, requires_grad=True)


OBJECTS = np.array([1.0, 2.0], object)


def write(x: Any, v: Any) -> None:
    x[...] = v


def add_in_place(a: Any, b: Any) -> None:
    a += b


MISTAKES = [
    (lambda: grad(lambda v: v**2)(3), DtypeError, ["grad: the argument", "3.0"]),
    (lambda: grad(lambda p: p["a"])({"a": 1.0, "b": [1]}), DtypeError, ["grad: argument['b'][0]"]),
    (lambda: jacobian(lambda v: v)(np.arange(3)), DtypeError, ["jacobian: the argument", "int64"]),
    (lambda: vjp(lambda a, b: a, 1.0, "x"), DtypeError, ["vjp: argument[1]", "'x'"]),
    (lambda: grad(np.sum)(3), DtypeError, ["3", "float"]),
    (lambda: grad(np.sum)(np.arange(3)), DtypeError, ["int64", "astype(float)"]),
    (lambda: grad(np.sum)("abc"), DtypeError, ["'abc'"]),
    (lambda: grad(lambda p: 1.0)({"w": [1.0, "x"]}), DtypeError, ["['w'][1]", "'x'"]),
    (lambda: grad(np.sin)(np.ones(3)), ShapeError, ["(3,)", "jacobian", "np.sum"]),
    (lambda: grad(lambda x: x * 1j)(1.0), DtypeError, ["real"]),
    (lambda: grad(lambda x: "no")(1.0), DtypeError, ["'no'"]),
    (lambda: grad(3.0), DtypeError, ["grad(f)(x)"]),
    (lambda: grad(np.sin, 1)(1.0), ArgumentError, ["argnum=1", "1 positional"]),
    (lambda: jacobian(np.sin, (0, 2))(1.0), ArgumentError, ["argnum"]),
    (lambda: jvp(np.sin, (1.0,), (np.ones(2),)), ShapeError, ["()", "(2,)"]),
    (lambda: jvp(np.sin, (1.0,), ()), ArgumentError, ["1 primals and 0 tangents"]),
    (lambda: vjp(np.sin, np.ones(2))[1](np.ones(3)), ShapeError, ["(2,)", "(3,)"]),
    (lambda: leaf(2, 3).backward(), ShapeError, ["(2, 3)", "y.sum().backward()"]),
    (lambda: leaf(3).backward(np.ones(2)), ShapeError, ["(3,)", "(2,)"]),
    (lambda: unrecorded().backward(), GraphError, ["requires_grad=True", "no_grad"]),
    (lambda: tensor(1.0).backward(), GraphError, ["requires_grad=True"]),
    (lambda: tensor([1, 2], requires_grad=True), DtypeError, ["int64", "3.0"]),
    (lambda: tensor(["a", "b"]), DtypeError, ["<U1", "float"]),
    (lambda: tensor([[1.0, 2.0], [3.0]]), ShapeError, ["equal length"]),
    (lambda: tensor([object()]), DtypeError, ["object"]),
    (lambda: np.asarray(leaf(3)), ConversionError, [".detach().numpy()", "np.stack"]),
    (lambda: np.array([leaf(), leaf()]), ConversionError, ["np.stack"]),
    (lambda: grad(lambda x: math.sin(x))(1.0), ConversionError, ["np.sin, not math.sin"]),
    (lambda: leaf(3).numpy(), ConversionError, [".detach()"]),
    (lambda: leaf(3).item(), ShapeError, ["(3,)"]),
    (lambda: leaf(3).requires_grad_().sum().requires_grad_(), GraphError, ["leaves"]),
    (lambda: np.frompyfunc(abs, 1, 1)(leaf(3)), MissingRuleError, ["abs", "rules/"]),
    (lambda: np.matmul(leaf(3), leaf(3), axes=[0, 0, ()]), MissingRuleError, ["'axes'"]),
    (lambda: np.sin(leaf(3), out=np.empty(3)), NotDifferentiableError, ["out=", "tensor(y)"]),
    (lambda: add_in_place(np.ones(3), leaf(3)), NotDifferentiableError, ["y = y + x"]),
    (
        lambda: np.where(True, leaf(3), 1.0).transpose(1, 0),
        ArgumentError,
        ["swapaxes", "Tensor with 1"],
    ),
    (lambda: leaf(2, 3).flatten(1), ArgumentError, ["reshape"]),
    (lambda: np.clip(np.ones(3), leaf(3), leaf(4)), ValueError, ["broadcast"]),
    (lambda: np.matmul(leaf(4, 3), leaf(5, 2)), ValueError, ["5", "3"]),
    (lambda: setattr(leaf(3), "grad", np.ones(2)), ShapeError, ["(3,)", "(2,)"]),
    (lambda: check_grads(np.sin, modes=["back"]), ArgumentError, ["back", "rev"]),
    (lambda: len(leaf()), TypeError, ["()"]),
    # what is not made of numbers
    (lambda: tensor("abc"), DtypeError, ["'abc'", "<U3"]),
    (lambda: tensor(None), DtypeError, ["None", "object"]),
    (lambda: tensor({"a": 1.0}), DtypeError, ["a dict"]),
    (lambda: tensor(np.array(["2020-01-01"], "M8[D]")), DtypeError, ["datetime64"]),
    (lambda: tensor(np.ma.masked_array([1.0, 2.0], [0, 1])), DtypeError, ["filled(0.0)"]),
    (lambda: grad(np.sum)(OBJECTS), DtypeError, ["dtype object", "astype(float)"]),
    (lambda: grad(np.sum)(np.array(["a"])), DtypeError, ["<U1"]),
    (lambda: OBJECTS / leaf(2), DtypeError, ["np.divide", "dtype object"]),
    (lambda: leaf(2) + OBJECTS, DtypeError, ["np.add", "dtype object"]),
    (lambda: np.where([True, False], leaf(2), OBJECTS), DtypeError, ["np.where", "dtype object"]),
    (lambda: np.concatenate([leaf(2), OBJECTS]), DtypeError, ["dtype object"]),
    (lambda: np.sum(leaf(2), dtype=object), DtypeError, ["np.sum", "dtype object"]),
    (lambda: leaf(2) @ OBJECTS, DtypeError, ["dtype object"]),
    (lambda: jvp(lambda x: x + OBJECTS, (np.ones(2),), (np.ones(2),)), DtypeError, ["object"]),
    (lambda: leaf(2) + "abc", DtypeError, ["np.add", "'abc'"]),
    (lambda: leaf(2) + None, DtypeError, ["np.add", "None"]),
    (lambda: leaf(3) + leaf(4), ShapeError, ["np.add", "(3,)", "(4,)", "x[:, None]"]),
    (lambda: leaf(3) - np.ones(4), ShapeError, ["np.subtract", "(3,)", "(4,)"]),
    (lambda: np.where(True, leaf(3), leaf(4)), ShapeError, ["np.where", "(3,)", "(4,)"]),
    (lambda: grad(lambda x: np.sum(x + x[:2]))(np.ones(3)), ShapeError, ["(3,)", "(2,)"]),
    (lambda: leaf(2) * OBJECTS, DtypeError, ["(2,) and dtype object", "dtype=float"]),
    (lambda: write(leaf(2) * 1.0, OBJECTS), DtypeError, ["dtype object", "float64"]),
    (lambda: np.multiply(leaf(2), "abc"), DtypeError, ["'abc'", "np.asarray(x, dtype=float)"]),
    (lambda: np.add(leaf(2), None), DtypeError, ["None"]),
    (lambda: leaf(2) @ np.array(["a", "b"]), DtypeError, ["<U1"]),
    (lambda: leaf(2) * [[1.0], [2.0, 3.0]], ValueError, ["inhomogeneous"]),
    (lambda: tensor([1.0, [2.0, 3.0]]), ShapeError, ["equal length"]),
    # what has no derivative because it is counted in whole numbers
    (lambda: tensor([True], requires_grad=True), DtypeError, ["bool", "astype(float)"]),
    (lambda: tensor([1, 2]).requires_grad_(), DtypeError, ["int64", "astype(float)"]),
    (lambda: setattr(tensor([1]), "requires_grad", True), DtypeError, ["int64"]),
    (lambda: jvp(np.sin, (1,), (1.0,)), DtypeError, ["got 1", "3.0"]),
    (lambda: vjp(np.sin, True), DtypeError, ["True"]),
    (lambda: jacobian(np.sin)(np.arange(2)), DtypeError, ["int64"]),
    (lambda: hessian(np.sum)(np.arange(2)), DtypeError, ["int64"]),
    # shapes
    (lambda: leaf(4, 3) @ leaf(5, 2), ShapeError, ["(4, 3)", "(5, 2)", "3 and 5", "x.mT"]),
    (lambda: np.ones((4, 3)) @ leaf(5, 2), ShapeError, ["(4, 3)", "(5, 2)"]),
    (lambda: leaf() @ leaf(2), ShapeError, ["()", "x * y"]),
    (lambda: leaf(2, 3, 3) @ leaf(4, 3, 3), ShapeError, ["(2, 3, 3)", "stacks"]),
    (lambda: np.add(leaf(3), leaf(4)), ShapeError, ["np.add", "(3,)", "(4,)", "x[:, None]"]),
    (lambda: np.ones(4) * leaf(3), ShapeError, ["np.multiply", "(4,)", "(3,)"]),
    (lambda: leaf(6).reshape(4, 2), ValueError, ["6", "(4,2)"]),
    (lambda: leaf(3)[7], IndexError, ["7", "size 3"]),
    (lambda: leaf(3).sum(axis=2), np.exceptions.AxisError, ["axis 2", "dimension 1"]),
    # gradients
    (lambda: leaf(3).backward("a"), DtypeError, ["(3,)", "float64", "<U1"]),
    (lambda: leaf(2).backward([1.0, [2.0, 3.0]]), DtypeError, ["(2,)", "a list"]),
    (lambda: leaf(2).backward([1j, 2j]), DtypeError, ["float64", "complex128"]),
    (lambda: leaf().backward(1j), DtypeError, ["float64", "complex128"]),
    (lambda: grad(lambda x: None)(1.0), ShapeError, ["None", "one number"]),
    (lambda: grad(lambda x: [x, x])(1.0), ShapeError, ["a list", "jacobian"]),
    (lambda: grad(lambda x: 3)(1.0), DtypeError, ["returned 3"]),
    # functions on the path
    (lambda: np.histogram(leaf(3)), NotDifferentiableError, ["np.histogram", "np.bincount"]),
    (lambda: np.copyto(np.ones(3), leaf(3)), NotDifferentiableError, ["np.where", "x[...]"]),
    (
        lambda: np.full_like(np.ones(3), leaf()),
        NotDifferentiableError,
        ["np.full_like(a, x)", "np.broadcast_to(x, a.shape)"],
    ),
    (lambda: np.full(3, leaf()), ConversionError, ["np.broadcast_to(x, shape)"]),
    (lambda: np.vectorize(float)(leaf(3)), ConversionError, [".detach().numpy()"]),
    (lambda: np.linalg.inv(half(2, 2)), DtypeError, ["np.linalg.inv", "float16", "np.float32"]),
    (lambda: leaf(3).nonsense, AttributeError, ["Tensor has no .nonsense"]),
]


@pytest.mark.parametrize(("call", "error", "words"), MISTAKES)
def test_the_message_helps(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    "x",
    [
        np.arange(3.0).astype(">f8"),
        np.arange(3.0)[::-1],
        np.broadcast_to(np.float64(2.0), (3,)),
        np.arange(6.0)[::2],
        np.float64(3.0),
        np.array(3.0),
        np.empty(0),
    ],
    ids=["swapped", "backwards", "read-only", "gaps", "scalar", "no axes", "empty"],
)
def test_unusual_arrays_are_fine(x: Any) -> None:
    np.testing.assert_array_equal(grad(lambda v: np.sum(v**2))(x), 2 * x)
    leaf = tensor(x, requires_grad=True)
    np.sum(leaf**2).backward()
    assert leaf.grad is not None
    np.testing.assert_array_equal(leaf.grad.numpy(), 2 * x)


def test_too_large_is_a_memory_error() -> None:
    with pytest.raises(MemoryError, match="TiB"):
        leaf(1) * np.broadcast_to(1.0, (10**7, 10**7))


def test_every_error_is_ours_and_the_builtin_one() -> None:
    for error, builtin in [
        (ShapeError, ValueError),
        (DtypeError, TypeError),
        (MissingRuleError, NotImplementedError),
        (GraphError, RuntimeError),
    ]:
        assert issubclass(error, AutogradError) and issubclass(error, builtin)


def test_an_error_says_where() -> None:
    error = ShapeError("got (4, 3)")
    error.where = "encoder.fc1"
    assert str(error) == "encoder.fc1: got (4, 3)"


def test_check_grads_finds_a_wrong_rule() -> None:
    from autograd_core import custom_op

    wrong = custom_op(lambda x: x * x, vjp=(lambda g, _y, x: g * x,))
    with pytest.raises(GradientCheckError, match="finite difference"):
        check_grads(wrong)(np.ones(3))


def test_a_failing_backward_rule_names_the_operation() -> None:
    from autograd_core import custom_op

    def broken(g: Any, _y: Any, x: Any) -> Any:
        raise ZeroDivisionError("broken")

    op = custom_op(lambda x: x * x, vjp=(broken,))
    with pytest.raises(ZeroDivisionError) as caught:
        grad(op)(1.0)
    assert "backward pass of" in caught.value.__notes__[0]
