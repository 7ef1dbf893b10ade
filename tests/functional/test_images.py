"""Convolution, pooling, padding and norms give PyTorch's values and gradients."""

import numpy as np
import pytest

from autograd_core import tensor
from nnkit import functional as F
from tests.reference import cases
from tests.reference.fields import digest, field

CASES = [*cases("convolutions"), *cases("poolings"), *cases("norms"), *cases("resamplings")]


def run(case, dtype=np.float64):
    kwargs = dict(case["kwargs"])
    if "_random_samples" in kwargs:
        kwargs["_random_samples"] = field(kwargs["_random_samples"], 5, True) / 2.2
    operands = [
        tensor(field(shape, i, case.get("positive", False)).astype(dtype), requires_grad=True)
        for i, shape in enumerate(case["shapes"])
    ]
    if "running_mean" in kwargs:
        kwargs["running_mean"] = field([4], 6).astype(dtype)
        kwargs["running_var"] = field([4], 7, True).astype(dtype)
    first, *others = operands
    names = ("grid",) if case["op"] == "grid_sample" else ("weight", "bias")
    named = dict(zip(names, others, strict=False))
    y = getattr(F, case["op"])(first, **named, **kwargs)
    places = None
    if isinstance(y, tuple):
        y, places = y
    (y * field(y.shape, 9).astype(dtype)).sum().backward()
    if "running_mean" in kwargs:
        places = [kwargs["running_mean"], kwargs["running_var"]]
    zero = np.zeros((), dtype)  # what is piecewise constant has no gradient here, zeros there
    grads = [zero if x.grad is None else x.grad.numpy() for x in operands]
    return y.detach().numpy(), places, grads


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_pytorch(case):
    y, places, grads = run(case)
    assert list(y.shape) == case["shape"]
    np.testing.assert_allclose(digest(y), case["value"], rtol=1e-9, atol=1e-9)
    for mine, theirs in zip(grads, case["grads"], strict=True):
        np.testing.assert_allclose(digest(mine), theirs, rtol=1e-9, atol=1e-9)
    if "places" in case:
        np.testing.assert_allclose(digest(places), case["places"])
    if "statistics" in case:
        np.testing.assert_allclose(places, case["statistics"], rtol=1e-12)


@pytest.mark.parametrize("case", CASES[::5])
def test_float32_stays_float32(case):
    y, _, grads = run(case, np.float32)
    precise, _, precise_grads = run(case)
    for mine, exact in zip([y, *grads], [precise, *precise_grads], strict=True):
        assert mine.dtype == np.float32
        scale = np.abs(exact).max()
        np.testing.assert_allclose(mine, exact, rtol=3e-4, atol=3e-5 * scale)
