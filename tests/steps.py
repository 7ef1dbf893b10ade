"""Training steps that are run compiled and as they are, and compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import nnkit as nn
import nnkit.functional as F

Make = Callable[[], nn.Module]


def arrays(model: nn.Module, optimizer: Any) -> list[np.ndarray]:
    """Return all that a step changes."""
    found = [p.detach().numpy().copy() for p in model.parameters()]
    found += [b.copy() for b in model.buffers()]
    found += [p.grad.numpy().copy() for p in model.parameters() if p.grad is not None]
    for state in optimizer.state.values():
        found += [np.array(v) for v in state.values()]
    return found


def trained(
    make: Make, optimizer_of: Any, loss_of: Any, batches: list, compiled: bool, rate: Any = None
) -> tuple[list, list, Any]:
    """Train on the batches, and return the losses, all arrays, and what was called."""
    nn.seed(3)
    model = make()
    optimizer = optimizer_of(model)

    def step(*batch: Any) -> Any:
        optimizer.zero_grad()
        loss = loss_of(model, *batch)
        loss.backward()
        optimizer.step()
        return loss

    run: Any = nn.compile(step) if compiled else step
    losses = []
    for i, batch in enumerate(batches):
        if rate is not None:
            optimizer.param_groups[0]["lr"] = rate(i)
        losses.append(run(*batch).item())
    return losses, arrays(model, optimizer), run


def check_same(
    make: Make, optimizer_of: Any, loss_of: Any, batches: list, rate: Any = None, falls: str = ""
) -> Any:
    """Compare the training compiled and not; `falls` is a part of the reason for falling back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = trained(make, optimizer_of, loss_of, batches, True, rate)
        wanted = trained(make, optimizer_of, loss_of, batches, False, rate)
    assert got[0] == wanted[0]
    for a, b in zip(got[1], wanted[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert got[2].last.state == ("eager" if falls else "ready"), got[2].report()
    assert falls in got[2].report()
    return got[2]


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4))


def of_classes(model: nn.Module, x: Any, y: Any) -> Any:
    return F.cross_entropy(model(x), y)


def of_squares(model: nn.Module, x: Any) -> Any:
    y = model(x)
    return (y * y).mean()


def rows(n: int, count: int = 5) -> list:
    rng = np.random.default_rng(0)
    return [
        (rng.normal(size=(n, 3)).astype(np.float32), rng.integers(0, 4, n)) for _ in range(count)
    ]


def sgd(model: nn.Module) -> Any:
    return nn.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)


def numbers(*shape: int) -> list:
    rng = np.random.default_rng(0)
    return [(rng.normal(size=shape).astype(np.float32),) for _ in range(5)]


class Pair:
    """The same model, optimizer and step twice: one is compiled, one is not."""

    def __init__(self, make: Make = mlp, loss_of: Any = of_classes, **settings: Any) -> None:
        self.sides = []
        for compiled in (True, False):
            nn.seed(3)
            model = make()
            optimizer = sgd(model)
            step = self.step_of(model, optimizer, loss_of, **settings)
            self.sides.append((model, optimizer, nn.compile(step) if compiled else step))
        self.compiled: Any = self.sides[0][2]

    def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
        def step(*batch: Any) -> Any:
            optimizer.zero_grad()
            loss = loss_of(model, *batch)
            loss.backward()
            optimizer.step()
            return loss

        return step

    def each(self, change: Callable[[Any, Any], Any]) -> None:
        for model, optimizer, _ in self.sides:
            change(model, optimizer)

    def run(self, *batch: Any) -> None:
        nn.seed(1)
        first = self.sides[0][2](*batch)
        nn.seed(1)
        second = self.sides[1][2](*batch)
        assert first.item() == second.item()
        self.check()

    def check(self) -> None:
        ours, its = (arrays(model, optimizer) for model, optimizer, _ in self.sides)
        for a, b in zip(ours, its, strict=True):
            np.testing.assert_array_equal(a, b)

    @property
    def states(self) -> list[str]:
        return [r.state for r in self.compiled.recordings.values()]


def warmed(pair: Pair, n: int = 3) -> Pair:
    for batch in rows(6, n):
        pair.run(*batch)
    assert pair.states == ["ready"], pair.compiled.report()
    return pair
