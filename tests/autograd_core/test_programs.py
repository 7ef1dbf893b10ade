"""Random programs of 3 to 12 operations: both modes against central differences, to second order,
and reverse mode against PyTorch where it is installed. `make nightly` runs 10,000.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_core import blocks, chains, compile, grad, jvp, layout, script, value_and_grad
from autograd_core import compiled as compiled_module
from autograd_core.test_util import check_grads
from autograd_core.trees import flatten
from tests.amounts import amount

PROGRAMS = amount("PROGRAMS", 200, 10_000)
SECOND_ORDER = PROGRAMS // 5
SHAPES = [(), (1,), (3,), (2, 3), (3, 2), (2, 1), (1, 3), (2, 3, 2)]

# Smooth on the whole line, so that any of them may follow any other.
UNARY = {
    "sin": lambda np_, a: np_.sin(a),
    "tanh": lambda np_, a: np_.tanh(a),
    "arctan": lambda np_, a: np_.arctan(a),
    "exp of -square": lambda np_, a: np_.exp(-(a**2)),
    "log1p of square": lambda np_, a: np_.log1p(a**2),
    "sqrt of 1 + square": lambda np_, a: np_.sqrt(1.0 + a * a),
    "reciprocal": lambda np_, a: 1.0 / (2.0 + np_.cos(a)),
    "power": lambda np_, a: (1.5 + np_.sin(a)) ** 2.5,
    "scaled": lambda np_, a: 0.5 * a - 1.0,
    "all summed": lambda np_, a: np_.sum(a),
    "mean": lambda np_, a: np_.mean(a, keepdims=True),
    "variance": lambda np_, a: np_.var(a),
    "raveled": lambda np_, a: np_.ravel(a),
    "transposed": lambda np_, a: np_.transpose(a),
    "cumulated": lambda np_, a: np_.cumsum(a),
    "reversed": lambda np_, a: np_.flip(np_.reshape(a, (-1,))),
    "picked twice": lambda np_, a: np_.reshape(a, (-1,))[np.array([0, -1, 0])],
    "new axis": lambda np_, a: np_.expand_dims(a, 0),
    "softmax": lambda np_, a: np_.exp(np_.tanh(a)) / np_.sum(np_.exp(np_.tanh(a))),
}
BINARY = {
    "add": lambda np_, a, b: a + b,
    "subtract": lambda np_, a, b: a - b,
    "multiply": lambda np_, a, b: a * np_.tanh(b),
    "divide": lambda np_, a, b: a / (2.0 + np_.sin(b)),
    "arctan2": lambda np_, a, b: np_.arctan2(a, 1.0 + b * b),
    "logaddexp": lambda np_, a, b: np_.logaddexp(a, b),
    "outer": lambda np_, a, b: np_.reshape(a, (-1, 1))[:3] * np_.reshape(b, (1, -1))[:, :3],
    "matmul": lambda np_, a, b: np_.matmul(
        np_.reshape(a, (-1, 1))[:2], np_.reshape(b, (1, -1))[:, :2]
    ),
    "concatenate": lambda np_, a, b: np_.concatenate(
        [np_.reshape(a, (-1,)), np_.reshape(b, (-1,))]
    )[:4],
}
WORDS = ("tanh", "sin", "cos", "arctan", "exp", "log1p")
MORE_WORDS = ("sqrt", "sum", "arctan2", "logaddexp")


class Program:
    """A list of steps, each with the places of its operands among what is already there."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = np.random.default_rng(seed)
        self.inputs = [
            rng.uniform(-1.5, 1.5, SHAPES[rng.integers(len(SHAPES))])
            for _ in range(rng.integers(1, 4))
        ]
        self.steps: list[tuple[str, list[int]]] = []
        pool = list(self.inputs)
        wanted = int(rng.integers(3, 13))
        while len(self.steps) < wanted:
            table = UNARY if rng.random() < 0.5 else BINARY
            name = list(table)[rng.integers(len(table))]
            places = [int(rng.integers(len(pool))) for _ in range(1 if table is UNARY else 2)]
            try:
                pool.append(table[name](np, *(pool[i] for i in places)))
            except ValueError:  # shapes that do not broadcast
                continue
            self.steps.append((name, places))

    def run(self, np_: Any, *inputs: Any) -> Any:
        pool = list(inputs)
        for name, places in self.steps:
            pool.append((UNARY | BINARY)[name](np_, *(pool[i] for i in places)))
        return sum(np_.sum(np_.tanh(x) * (0.3 + k)) for k, x in enumerate(pool))

    def __call__(self, *inputs: Any) -> Any:
        return self.run(np, *inputs)

    def __str__(self) -> str:
        return f"program {self.seed}: {self.steps}"


@pytest.mark.parametrize("seeds", np.array_split(np.arange(PROGRAMS), 10), ids=lambda s: f"{s[0]}-")
def test_both_modes_against_differences(seeds: np.ndarray) -> None:
    for seed in seeds:
        program = Program(int(seed))
        order = 2 if seed < SECOND_ORDER else 1
        try:
            check_grads(program, order=order, rtol=1e-5, atol=1e-5)(*program.inputs)
        except Exception as error:
            error.add_note(f"in {program}")
            raise


@pytest.mark.parametrize("seeds", np.array_split(np.arange(PROGRAMS), 10), ids=lambda s: f"{s[0]}-")
@pytest.mark.parametrize("how", ["as it is", "in blocks", "sums in blocks", "in gaps and parts"])
def test_compiled_to_the_bit(how: str, seeds: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """With value and gradients, and with gradients of gradients; sums but for what they round."""
    exact = how != "sums in blocks"
    if how.endswith("in blocks"):
        monkeypatch.setattr(chains, "LEAST", 1)
        monkeypatch.setattr(chains, "LEAST_MATRIX", 1)
        monkeypatch.setattr(blocks, "BLOCK", 2)
    elif how == "in gaps and parts":
        monkeypatch.setattr(layout, "SMALL", 0)
        monkeypatch.setattr(script, "PART", 5)
        monkeypatch.setattr(compiled_module, "SHARE", -1)
        monkeypatch.setattr(compiled_module, "COMPARED", -1)  # recorded twice
    for seed in seeds:
        program = Program(int(seed))
        every = tuple(range(len(program.inputs)))
        eager = value_and_grad(program, argnum=every)
        if seed % 3 == 0:
            inner = grad(program)
            eager = value_and_grad(lambda *xs, f=inner: np.sum(np.sin(f(*xs))), argnum=every)
        compiled = compile(eager, exact=exact)
        rng = np.random.default_rng(int(seed))
        for _ in range(4):
            given = [np.asarray(rng.uniform(-1.5, 1.5, x.shape)) for x in program.inputs]
            got, wanted = flatten(compiled(*given))[0], flatten(eager(*given))[0]
            for a, b in zip(got, wanted, strict=True):
                assert np.shape(a) == np.shape(b), program
                if exact:
                    assert np.array_equal(a, b, equal_nan=True), program
                else:
                    scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
                    np.testing.assert_allclose(a, b, 0, 1e-10 * scale, err_msg=str(program))
        assert [r.state for r in compiled.recordings.values()] == ["ready"], program


def test_reverse_mode_against_pytorch() -> None:
    torch = pytest.importorskip("torch")

    class Torch:
        """NumPy's names for PyTorch's functions, where they differ."""

        tanh, sin, cos, arctan, exp, log1p = map(torch.__dict__.get, WORDS)
        sqrt, sum, arctan2, logaddexp = map(torch.__dict__.get, MORE_WORDS)
        matmul, concatenate, reshape, ravel = torch.matmul, torch.cat, torch.reshape, torch.ravel
        mean = staticmethod(lambda a, keepdims: a.mean().reshape((1,) * a.ndim))
        var = staticmethod(lambda a: torch.mean((a - a.mean()) ** 2))
        transpose = staticmethod(lambda a: a.permute(tuple(range(a.ndim))[::-1]))
        cumsum = staticmethod(lambda a: a.reshape(-1).cumsum(0))
        flip = staticmethod(lambda a: a.flip(0))
        expand_dims = staticmethod(torch.unsqueeze)

    for seed in range(PROGRAMS):
        program = Program(seed)
        numbers = tuple(range(len(program.inputs)))
        ours = grad(program, numbers)(*program.inputs)
        theirs = [torch.tensor(x, requires_grad=True) for x in program.inputs]
        program.run(Torch, *theirs).backward()
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b.grad, rtol=1e-10, atol=1e-12, err_msg=str(program))


def test_forward_and_reverse_agree() -> None:
    for seed in range(PROGRAMS):
        program = Program(seed)
        vs = [np.cos(x) for x in program.inputs]
        gs = grad(program, tuple(range(len(vs))))(*program.inputs)
        forward = jvp(program, tuple(program.inputs), tuple(vs))[1]
        reverse = sum(np.sum(g * v) for g, v in zip(gs, vs, strict=True))
        np.testing.assert_allclose(forward, reverse, rtol=1e-10, err_msg=str(program))
