"""Operations give PyTorch's values and gradients: in float64 to 1e-7, in float32 to 3e-4."""

import numpy as np
import pytest

from autograd_core import tensor
from nnkit import functional as F
from tests.reference import cases

COTANGENT = np.linspace(-1, 1.5, 40)


def operands(case, dtype):
    """Make arrays of lists, and Tensors of those that hold floating point numbers."""
    made = []
    for x in case["args"]:
        x = np.array(x) if isinstance(x, list) else x
        floating = isinstance(x, np.ndarray) and x.dtype.kind == "f"
        made.append(tensor(x.astype(dtype), requires_grad=True) if floating else x)
    return made


def run(case, dtype):
    args = operands(case, dtype)
    settings = {k: np.array(v) if isinstance(v, list) else v for k, v in case["kwargs"].items()}
    y = getattr(F, case["op"])(*args, **settings)
    if getattr(y, "requires_grad", False):
        (y * np.resize(COTANGENT, y.shape).astype(dtype) if y.shape else y).sum().backward()
        y = y.detach().numpy()
    return y, [getattr(x, "grad", None) for x in args]


FAMILIES = ["nonlinear", "criteria", "similarities", "ctc", "embeddings", "bilinear"]
every_case = pytest.mark.parametrize("case", [c for name in FAMILIES for c in cases(name)])


@every_case
def test_value_and_gradients(case):
    y, grads = run(case, np.float64)
    np.testing.assert_allclose(y, case["value"], rtol=1e-7, atol=1e-10)
    for mine, stored in zip(grads, case["grads"], strict=True):
        if stored is not None:
            mine = np.zeros(np.shape(stored)) if mine is None else mine  # of what is constant
            np.testing.assert_allclose(mine, stored, rtol=1e-7, atol=1e-10)


@every_case
def test_in_float32(case):
    y, grads = run(case, np.float32)
    moves = any(g is not None for g in case["grads"])
    assert not moves or y.dtype == np.float32
    scale = np.abs(np.asarray(case["value"])).max(initial=1.0)
    np.testing.assert_allclose(y, case["value"], rtol=3e-4, atol=3e-6 * scale)
    for mine, stored in zip(grads, case["grads"], strict=True):
        if stored is not None and mine is not None:
            assert mine.dtype == np.float32
            scale = np.abs(np.asarray(stored)).max(initial=1.0)
            np.testing.assert_allclose(mine, stored, rtol=3e-4, atol=3e-5 * scale)
