"""The first NaN or infinity is found, and the line of the user's code with it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from autograd_core import NonFiniteError, detect_anomaly, grad, tensor


def log_of_zero(x: Any) -> Any:
    y = x * 2.0
    return np.sum(np.log(y - 2.0)) + np.sum(y)  # here


def overflow(x: Any) -> Any:
    return np.sum(np.exp(x * 1000.0))  # here


def root_at_zero(x: Any) -> Any:
    y = np.sqrt(x - 1.0)  # here
    return np.sum(y * y)


CASES = [
    (log_of_zero, "np.log(", "made the first inf"),
    (overflow, "np.exp(", "made the first inf"),
    (root_at_zero, "backward pass of np.sqrt", "made the first NaN"),
]


@pytest.mark.parametrize(
    ("f", "operation", "what"), CASES, ids=lambda c: getattr(c, "__name__", "")
)
def test_the_operation_and_the_line_are_named(f: Any, operation: str, what: str) -> None:
    lines, start = inspect.getsourcelines(f)
    number = start + next(i for i, line in enumerate(lines) if "# here" in line)
    with np.errstate(all="ignore"), detect_anomaly(), pytest.raises(NonFiniteError) as caught:
        x = tensor([1.0, 1.0], requires_grad=True)
        f(x).backward()
    message = str(caught.value)
    assert operation in message and what in message
    assert f"test_anomaly.py, line {number}: " in message and "# here" in message


def test_what_comes_in_is_not_reported_and_outside_nothing_is() -> None:
    with np.errstate(all="ignore"):
        assert np.isinf(grad(lambda x: np.sqrt(x))(0.0))
        with detect_anomaly():
            assert np.isnan(grad(lambda x: x * np.nan)(1.0))


def test_a_finite_program_runs_through() -> None:
    with detect_anomaly():
        assert grad(lambda x: np.sum(np.sin(x) ** 2))(np.zeros(3)).tolist() == [0.0] * 3
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
