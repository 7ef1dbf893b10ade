"""Random attacks on saved values: an operation, a moment, a way to the memory, a change.

Whatever is changed between the forward and the backward pass, and however little: the backward pass
is an error, or the gradient is that of the forward pass. Each failure names its seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import GraphError, Tensor, no_grad, tensor
from autograd_core.guard import COPIED_BYTES
from tests.amounts import amount

ATTACKS = amount("ATTACKS", 500, 5_000)
SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 4), (40, 60), (300, 50)]
DTYPES = [np.float64, np.float32, np.float16, np.complex128]

# Functions of a leaf and of an array beside it, which both are saved by some operation in them.
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "multiply": lambda x, c: x * c,
    "divide": lambda x, c: x / c,
    "divided by": lambda x, c: c / x,
    "power": lambda x, c: x**2.0 * c,
    "exp": lambda x, c: np.exp(x * 0.1) * c,
    "tanh": lambda x, c: np.tanh(x) * np.sin(c),
    "where": lambda x, c: np.where(c.real > 1.5, x * c, c),
    "sum of products": lambda x, c: np.sum(x * c * x, axis=None, keepdims=True),
    "einsum": lambda x, c: np.einsum("...,...->...", x, c),
    "matrix product": lambda x, c: np.atleast_2d(x) @ np.atleast_2d(c).swapaxes(-1, -2),
    "cumulated product": lambda x, c: np.cumprod((x * c)[..., None], axis=-1),
    "written": lambda x, c: write(x * 1.0, x * c),
    "sorted": lambda x, c: np.sort(np.ravel(x.real * c.real)),
}


def write(y: Any, v: Any) -> Any:
    y[...] = v
    return y


# Ways to the memory of an array that a graph may have saved. Each returns a plain array.


def same(a: Any) -> Any:
    return a


def through_numpy(x: Tensor) -> Any:
    return x.detach().numpy()


def through_data(x: Tensor) -> Any:
    return x.data.numpy()


def through_dlpack(x: Tensor) -> Any:
    return np.from_dlpack(x.detach())


def through_a_view(x: Tensor) -> Any:
    return x.detach().numpy()[...]


def through_a_detached_write(x: Tensor) -> Any:
    d = x.detach()
    with no_grad():
        d[...] = d
    return d.numpy()


def through_memory(x: Tensor) -> Any:
    return np.frombuffer(memoryview(x.detach().numpy()).cast("B"), x.dtype).reshape(x.shape)


WAYS = [through_numpy, through_data, through_dlpack, through_a_view, through_a_detached_write]
WAYS += [through_memory]


def one_number(a: np.ndarray, rng: np.random.Generator) -> None:
    a[tuple(int(rng.integers(n)) for n in a.shape)] += rng.choice([1e-3, 1.0, -3.0])


def one_bit(a: np.ndarray, rng: np.random.Generator) -> None:
    if a.flags.c_contiguous:
        memory = a.reshape(-1).view(np.uint8)
        memory[rng.integers(memory.size)] ^= np.uint8(1 << rng.integers(8))


def refilled(a: np.ndarray, rng: np.random.Generator) -> None:
    a[...] = rng.uniform(1.0, 2.0, a.shape)


def negated(a: np.ndarray, rng: np.random.Generator) -> None:
    np.negative(a, out=a)


def two_exchanged(a: np.ndarray, rng: np.random.Generator) -> None:
    i, j = (tuple(int(rng.integers(n)) for n in a.shape) for _ in range(2))
    a[i], a[j] = a[j].copy(), a[i].copy()


def reversed_in_place(a: np.ndarray, rng: np.random.Generator) -> None:
    a[...] = np.flip(a).copy()


CHANGES = [one_number, one_bit, refilled, negated, two_exchanged, reversed_in_place]


def numbers(rng: np.random.Generator, shape: tuple, dtype: Any) -> np.ndarray:
    """Draw numbers, in some rows with a NaN, an infinity or a very large one among them."""
    a = np.asarray(rng.uniform(1.0, 2.0, shape) * rng.choice([-1.0, 1.0], shape))
    if a.size > 3 and rng.random() < 0.3:
        a.reshape(-1)[rng.integers(a.size)] = rng.choice([np.nan, np.inf, 1e4])
    return a.astype(dtype)


class Attack:
    """What a seed stands for."""

    def __init__(self, seed: int, shapes: list[tuple] = SHAPES) -> None:
        self.seed, rng = seed, np.random.default_rng(seed)
        self.shape = shapes[rng.integers(len(shapes))]
        self.dtype = DTYPES[rng.integers(len(DTYPES))]
        self.name = list(OPERATIONS)[rng.integers(len(OPERATIONS))]
        self.victim = ["constant", "tensor", "leaf", "intermediate"][rng.integers(4)]
        self.early = rng.random() < 0.5  # the attacker holds the memory before it is saved
        self.way = WAYS[rng.integers(len(WAYS))]
        self.change = CHANGES[rng.integers(len(CHANGES))]
        self.said = (
            f"seed {seed}: {self.change.__name__} in the {self.victim} of {self.name}, "
            f"{self.dtype.__name__}{self.shape}, {self.way.__name__}, early={self.early}"
        )

    def gradient(self, attacked: bool) -> np.ndarray | None:
        """Return the gradient; None if the backward pass noticed the attack."""
        rng = np.random.default_rng((self.seed, 1))
        x = tensor(numbers(rng, self.shape, self.dtype), requires_grad=True)
        c: Any = numbers(rng, self.shape, self.dtype)
        c = tensor(c) if self.victim == "tensor" else c
        inner = x * 1.0 if self.victim == "intermediate" else x
        target: Any = {"constant": c, "tensor": c}.get(self.victim, inner)
        way = same if self.victim == "constant" else self.way
        memory = way(target) if attacked and self.early else None
        y = np.sum(OPERATIONS[self.name](inner, c))
        loss = y.real if y.dtype.kind == "c" else y
        if attacked:
            memory = way(target) if memory is None else memory
            if not memory.flags.writeable:
                memory = memory.copy()  # DLPack may give out what cannot be written
            self.change(memory, np.random.default_rng(7))
        try:
            loss.backward()
        except GraphError as error:
            return None if "operand" in str(error) or "result" in str(error) else np.zeros(0)
        assert x.grad is not None
        return x.grad.numpy()


LARGE = (2200, 250)
assert 8 * LARGE[0] * LARGE[1] > COPIED_BYTES


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("attacks", "shapes"), [(ATTACKS, SHAPES), (ATTACKS // 20, [LARGE])], ids=["all", "large"]
)
def test_no_attack_gives_a_wrong_gradient_silently(attacks: int, shapes: Any) -> None:
    noticed, wrong = 0, []
    for seed in range(attacks):
        attack = Attack(seed, shapes)
        found, right = attack.gradient(True), attack.gradient(False)
        assert right is not None, f"a false alarm: {attack.said}"
        if found is None:
            noticed += 1
        elif not np.array_equal(found, right, equal_nan=True):
            wrong.append(attack.said)
    assert wrong == []
    assert noticed > attacks // 3  # the others changed what no derivative needs
