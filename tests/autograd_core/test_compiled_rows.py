"""Large matrices that compiled functions read once: products in blocks of rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
from autograd_core import compile, hvp, tensor, value_and_grad
from autograd_core.trees import flatten

N, K = 3001, 7
RNG = np.random.default_rng(0)
X, Z = RNG.normal(size=(N, K)), RNG.normal(size=(N, 3))
LABELS, COUNTS = (RNG.random(N) < 0.4).astype(float), RNG.poisson(3.0, N).astype(float)
COLUMNS = np.ascontiguousarray(X.T)  # (K, N), whose rows lie behind each other


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take these matrices for large ones, and go through them in a dozen blocks."""
    monkeypatch.setattr("autograd_core.chains.LEAST_MATRIX", 1 << 10)
    monkeypatch.setattr("autograd_core.blocks.TILE", 1 << 14)


def logistic(w: Any) -> Any:
    z = X @ w
    return np.mean(np.logaddexp(0.0, z) - LABELS * z)


def least_squares(w: Any) -> Any:
    r = X @ w - COUNTS
    return 0.5 * (r @ r)


def poisson(w: Any) -> Any:
    z = np.dot(X, 0.1 * w)
    return np.sum(np.exp(z) - COUNTS * z) / N


def penalised(w: Any) -> Any:
    return logistic(w) + 0.5 * np.dot(w, w) + np.sum(np.abs(w))


def robust(w: Any) -> Any:
    r = X @ w - COUNTS
    return np.sum(np.where(np.abs(r) < 1.0, 0.5 * r * r, np.abs(r) - 0.5))


def with_bias(w: Any) -> Any:
    z = X @ w[1:] + w[0]
    return np.mean(np.logaddexp(0.0, z) - LABELS * z)


def of_two_matrices(w: Any) -> Any:
    return np.mean(np.tanh(X @ w[:K] + Z @ w[K:]) ** 2)


def by_columns(w: Any) -> Any:
    return np.mean(np.tanh(w @ COLUMNS - LABELS) ** 2)


def turned(w: Any) -> Any:
    return np.mean(np.tanh(w @ X.T - LABELS) ** 2)


def of_columns(w: Any) -> Any:
    return np.sum(np.tanh(COLUMNS.T @ w) * LABELS)


def with_a_second_pass(w: Any) -> Any:
    z = X @ w
    shifted = z - np.max(z)  # needs all rows before the next block
    return np.log(np.sum(np.exp(shifted))) + np.max(z)


def in_a_row(w: Any) -> Any:
    return logistic(w) * np.sum(np.sin(X @ (2.0 * w)) ** 2)


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], int, bool]] = {
    f.__name__: (f, size, once)
    for f, size, once in [
        (logistic, K, True),
        (least_squares, K, True),
        (poisson, K, True),
        (penalised, K, True),
        (robust, K, True),
        (with_bias, K + 1, True),
        (of_two_matrices, K + 3, False),
        (turned, K, True),
        (by_columns, K, True),
        (of_columns, K, True),
        (with_a_second_pass, K, False),
        (in_a_row, K, False),
    ]
}


PRODUCT = re.compile(r"\b(dot|matmul)\((?!x0, x0)")  # but of the weights


def outside_of_blocks(source: str) -> str:
    return source[source.rindex("def ") :]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_in_blocks_of_rows(name: str) -> None:
    """They are those of the whole matrix; where nothing stands between, it is read once."""
    f, size, once = FUNCTIONS[name]
    eager = value_and_grad(f)
    compiled = compile(eager, fallback=False)
    for seed in range(4):
        w = np.random.default_rng(seed).normal(size=size)
        (value, gradient), (expected, right) = compiled(w), eager(w)
        np.testing.assert_allclose(value, expected, rtol=1e-12)
        np.testing.assert_allclose(gradient, right, rtol=0, atol=1e-12 * np.abs(right).max())
    assert [r.state for r in compiled.recordings.values()] == ["ready"]
    if once:
        assert "rows" in compiled.source
        assert len(PRODUCT.findall(compiled.source)) >= 2
        assert not PRODUCT.search(outside_of_blocks(compiled.source))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matrices_as_arguments(dtype: str) -> None:
    """They may be others at each call; also of Tensors, and with two of a number of rows."""

    def loss(w: Any, x: Any, y: Any) -> Any:
        z = x @ w
        return np.mean(np.logaddexp(0.0, z) - y * z), z

    eager = value_and_grad(loss, has_aux=True)
    compiled = compile(eager, fallback=False)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        n = 2000 + 500 * (seed % 2)
        given = rng.normal(size=K), rng.normal(size=(n, K)), rng.integers(0, 2, n)
        w, x, y = (a.astype(dtype) for a in given)
        for a, b in zip(*(flatten(g(w, x, y))[0] for g in (compiled, eager)), strict=True):
            assert a.dtype == b.dtype == dtype
            scale = (2e-6 if dtype == "float32" else 1e-13) * np.abs(b).max()
            np.testing.assert_allclose(a, b, rtol=0, atol=scale)
    assert [r.state for r in compiled.recordings.values()] == ["ready"] * 2
    assert "rows" in compiled.source


def test_a_product_with_a_hessian() -> None:
    """Three products with one matrix, in one pass."""
    eager = lambda w, v: hvp(logistic, (w,), (v,))
    compiled = compile(eager, fallback=False)
    for seed in range(4):
        w, v = np.random.default_rng(seed).normal(size=(2, K))
        for a, b in zip(*(flatten(f(w, v))[0] for f in (compiled, eager)), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)
    assert len(PRODUCT.findall(compiled.source)) >= 3
    assert not PRODUCT.search(outside_of_blocks(compiled.source))


def test_training_steps() -> None:
    """The weights change at the end of each step, and the next one reads the new ones."""
    trained = []
    for prepare in (lambda f: f, nn.compile):
        w = nn.Parameter(np.zeros(K), dtype=np.float64)
        optimizer = nn.optim.SGD([w], lr=0.1, momentum=0.9)

        def step(w: Any = w, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = logistic(w)
            loss.backward()
            optimizer.step()
            return loss

        run = prepare(step)
        losses = [run().item() for _ in range(12)]
        trained.append([*losses, *w.detach().numpy()])
    assert "rows" in run.source
    np.testing.assert_allclose(trained[0], trained[1], rtol=1e-12)


def test_writes_in_between_stay_where_they_are() -> None:
    """Nothing is moved across a call that changes something."""

    def f(w: Any) -> Any:
        x = tensor(X) * 1.0
        before = np.sum((x.detach() @ w.detach()) ** 2)
        x[0] = w
        return before + np.sum(np.sin(x @ w))

    eager = value_and_grad(f)
    compiled = compile(eager)
    for seed in range(4):
        w = np.random.default_rng(seed).normal(size=K)
        for a, b in zip(compiled(w), eager(w), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11)


def test_exact_keeps_whole_products() -> None:
    eager = value_and_grad(logistic)
    compiled = compile(eager, exact=True)
    for seed in range(4):
        w = np.random.default_rng(seed).normal(size=K)
        for a, b in zip(compiled(w), eager(w), strict=True):
            np.testing.assert_array_equal(a, b)
    assert "rows" not in compiled.source


def test_sums_that_cancel_keep_their_order() -> None:
    """At a minimum rounding is all that is left of a gradient: no reason not to be compiled."""
    best = np.linalg.lstsq(X, COUNTS, rcond=None)[0]
    eager = value_and_grad(least_squares)
    compiled = compile(eager, fallback=False)
    for _ in range(5):
        np.testing.assert_array_equal(compiled(best)[1], eager(best)[1])
    assert [r.state for r in compiled.recordings.values()] == ["ready"]
    assert "rows" not in compiled.source
