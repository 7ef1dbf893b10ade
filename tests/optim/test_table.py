"""For every combination of settings: PyTorch's steps, its state, and a resume that is exact."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import nnkit as nn

FILE = Path(__file__).parents[1] / "reference" / "optimizers.json"
TABLES = json.loads(FILE.read_text())


def combinations(table):
    return [dict(zip(table, values)) for values in itertools.product(*table.values())]


CASES = [
    pytest.param(t["optimizer"], settings, t["starts"], row, id=f"{t['optimizer']}-{i}")
    for t in TABLES
    for i, (settings, row) in enumerate(zip(combinations(t["table"]), t["rows"], strict=True))
]


def parameters(starts, dtype=np.float64):
    return [nn.Parameter(start, dtype=dtype) for start in starts]


def walk(optimizer, ps, steps):
    """Take some steps; yield all numbers of the parameters after each."""
    for _ in range(steps):
        for p in ps:
            value = p.detach().numpy()
            p.grad = np.cos(3 * value) + 0.1 * value
        optimizer.step()
        yield np.concatenate([p.detach().numpy().ravel() for p in ps])


@pytest.mark.parametrize(("name", "settings", "starts", "row"), CASES)
def test_twenty_steps(name, settings, starts, row):
    ps = parameters(starts)
    optimizer = getattr(nn.optim, name)(ps, **settings)
    path = list(walk(optimizer, ps, 20))
    found = np.concatenate([path[2], path[19]])
    np.testing.assert_allclose(found, row[0], rtol=1e-8, atol=1e-9, err_msg=str(settings))
    for p, means in zip(ps, row[1], strict=True):
        state = optimizer.state[p]
        assert list(state) == list(means)
        np.testing.assert_allclose(
            [np.mean(v) for v in state.values()], list(means.values()), rtol=1e-8, atol=1e-9
        )


@pytest.mark.parametrize(("name", "settings", "starts", "row"), CASES[::3])
def test_resumes_bit_for_bit(name, settings, starts, row):
    make = getattr(nn.optim, name)
    ps = parameters(starts)
    one = make(ps, **settings)
    first = list(walk(one, ps, 10))[-1]
    qs = parameters([p.tolist() for p in ps])
    state = json_round_trip(one.state_dict())
    expected = list(walk(one, ps, 10))[-1]
    two = make(qs, lr=123.0)
    two.load_state_dict(state)
    np.testing.assert_array_equal(list(walk(two, qs, 10))[-1], expected)
    assert (first != expected).any()


def json_round_trip(state):
    """What is no array survives JSON: no pickle is needed to keep it in a file."""
    arrays = {
        i: {k: v for k, v in entry.items() if isinstance(v, np.ndarray)}
        for i, entry in state["state"].items()
    }
    rest = {
        i: {k: v for k, v in entry.items() if k not in arrays[i]}
        for i, entry in state["state"].items()
    }
    rest, groups = json.loads(json.dumps([rest, state["param_groups"]]))
    return {"state": {i: {**rest[str(i)], **arrays[i]} for i in arrays}, "param_groups": groups}


@pytest.mark.parametrize(("name", "settings", "starts", "row"), CASES[::7])
def test_float32_stays_float32(name, settings, starts, row):
    ps = parameters(starts, np.float32)
    optimizer = getattr(nn.optim, name)(ps, **settings)
    path = list(walk(optimizer, ps, 3))
    dtypes = {v.dtype for p in ps for v in optimizer.state[p].values() if hasattr(v, "dtype")}
    assert dtypes <= {np.dtype(np.float32)}
    if name != "Muon":  # its rounding to 8 bits makes large differences of small ones
        np.testing.assert_allclose(path[-1], row[0][: len(path[-1])], rtol=1e-4, atol=1e-5)
