"""`compile`: each operation of the sample table gives compiled what it gives eagerly."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from autograd_core import Compiled, compile, vjp
from autograd_core.trees import flatten
from tests.ops import SAMPLES, Sample


def leaves_of(tree: Any) -> list:
    return [np.asarray(x) for x in flatten(tree)[0]]


def value_and_pullback(op: Sample) -> Any:
    """Make the function that gives the value and the gradients of a weighted sum of it."""

    def run(*xs: np.ndarray) -> Any:
        y, pull = vjp(op, *xs)
        leaves, rebuild = flatten(y)
        rng = np.random.default_rng(1)
        return y, pull(rebuild([rng.normal(size=np.shape(v)).astype(v.dtype) for v in leaves]))

    return run


def results(f: Any, *args: Any) -> Any:
    try:
        with np.errstate(all="ignore"):
            return leaves_of(f(*args))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("op", SAMPLES, ids=lambda op: op.id)
def test_value_and_gradient_of_each_operation(op: Sample) -> None:
    eager = value_and_pullback(op)
    compiled = compile(eager)
    for seed in (0, 0, 1, 2):
        xs = op.draw(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got, wanted = results(compiled, *xs), results(eager, *xs)
        if isinstance(wanted, type):
            assert got is wanted
            continue
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            # a product of two complex numbers rounds otherwise than one of two arrays
            rtol = 1e-14 if a.dtype.kind == "c" else 0
            np.testing.assert_allclose(a, b, rtol=rtol, atol=0)
    assert isinstance(compiled, Compiled)
