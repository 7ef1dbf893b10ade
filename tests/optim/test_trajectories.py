"""Optimizers take the same 20 steps as PyTorch's, for every combination of settings."""

import numpy as np
import pytest

import nnkit as nn
from tests.reference import cases


def gradient(p):
    value = p.detach().numpy()
    return np.cos(3 * value) + 0.1 * value


@pytest.mark.parametrize("case", cases("trajectories"))
def test_twenty_steps(case):
    p = nn.Parameter(case["start"], dtype=np.float64)
    optimizer = getattr(nn.optim, case["optimizer"])([p], **case["kwargs"])
    path = []
    for _ in range(20):
        p.grad = gradient(p)
        optimizer.step()
        path.append(p.tolist())
    np.testing.assert_allclose(path[4::5], case["path"], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", cases("trajectories")[::7])
def test_float32_stays_near(case):
    p = nn.Parameter(case["start"])
    optimizer = getattr(nn.optim, case["optimizer"])([p], **case["kwargs"])
    for _ in range(20):
        p.grad = gradient(p)
        optimizer.step()
    assert {s.dtype for s in optimizer.state[p].values() if hasattr(s, "dtype")} <= {p.dtype}
    np.testing.assert_allclose(p.detach(), case["path"][-1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", cases("trajectories")[::5])
def test_a_resumed_optimizer_goes_on_exactly(case):
    make = getattr(nn.optim, case["optimizer"])
    p = nn.Parameter(case["start"], dtype=np.float64)
    one = make([p], **case["kwargs"])
    for step in range(20):
        if step == 7:
            state = one.state_dict()
            value = p.tolist()
        p.grad = gradient(p)
        one.step()
    q = nn.Parameter(value, dtype=np.float64)
    two = make([q], lr=123.0)
    two.load_state_dict(state)
    for _ in range(7, 20):
        q.grad = gradient(q)
        two.step()
    np.testing.assert_array_equal(p.detach(), q.detach())
