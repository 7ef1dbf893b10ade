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


def add_in_place(a: Any, b: Any) -> None:
    a += b


MISTAKES = [
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
]


@pytest.mark.parametrize(("call", "error", "words"), MISTAKES)
def test_the_message_helps(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    assert "Traceback" not in str(caught.value)


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
