"""Complex parameters are updated as pairs of real ones, as in PyTorch."""

import numpy as np
import pytest

import nnkit as nn
from nnkit import optim

START = np.array([[1 + 2j, -0.5j], [0.25, -1 + 1j]])
MAKERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.1, centered=True),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.1),
    "Rprop": lambda p: optim.Rprop(p, lr=0.1),
    "NAdam": lambda p: optim.NAdam(p, lr=0.1),
    "Lion": lambda p: optim.Lion(p, lr=0.1),
}


def walk(optimizer, p, steps):
    for i in range(steps):
        p.grad = p.detach().numpy() * (1 + 0.5j) + i
        optimizer.step()
    return p.detach().numpy()


@pytest.mark.parametrize("name", MAKERS)
def test_as_pairs_of_real_numbers(name):
    p = nn.Parameter(START, dtype=complex)
    q = nn.Parameter(START.view(float), dtype=float)
    one, two = MAKERS[name]([p]), MAKERS[name]([q])
    for _ in range(6):
        walk(one, p, 1)
        q.grad = p.grad.numpy().view(float)
        two.step()
    np.testing.assert_array_equal(p.detach().numpy().view(float), q.detach())


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("start", [START, START[0, 0]], ids=["matrix", "number"])
def test_state_dict_is_complex_and_resumes(name, start):
    p = nn.Parameter(start, dtype=complex)
    one = MAKERS[name]([p])
    walk(one, p, 5)
    state = one.state_dict()
    for entry in state["state"][0].values():
        if isinstance(entry, np.ndarray):
            assert (entry.dtype, entry.shape) == (p.dtype, p.shape)
    q = nn.Parameter(p.detach().numpy(), dtype=complex)
    two = MAKERS[name]([q])
    two.load_state_dict(state)
    np.testing.assert_array_equal(walk(two, q, 5), walk(one, p, 5))


def test_those_that_cannot_say_so():
    p = nn.Parameter(START, dtype=complex)
    with pytest.raises(ValueError, match="real matrices"):
        optim.Muon([p])
    with pytest.raises(ValueError, match="real parameters"):
        optim.Adafactor([p])
    p.data = START.T
    p.grad = START
    with pytest.raises(ValueError, match="ascontiguousarray"):
        optim.Adam([p]).step()
