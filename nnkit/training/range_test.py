"""The learning-rate range test: a trial run with growing learning rate, which is then undone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError, describe
from nnkit.data import TensorDataset
from nnkit.hooks import Hooks
from nnkit.inspection.unchanged import unchanged
from nnkit.module import Module
from nnkit.optim import Optimizer
from nnkit.training.batches import as_arrays, as_batches, is_arrays, split_batch
from nnkit.training.checks import check_count, check_parts, tensors_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RULES", "RangeTest", "lr_find"]

Floats = NDArray[np.float64]

FEWEST = 10  # points from which something can be suggested
WARM_UP = 0.1  # share of the steps at the beginning that suggestions do not look at
LAST = 5  # steps at the end that they do not look at either, as in fastai
DECAY = 0.9  # of the running average of the losses


class RangeTest:
    """What `lr_find` returns; a notebook shows it as a picture.

    Attributes
    ----------
    lrs, losses : ndarray, shape (n,)
        The learning rate of each step, and the loss before it.
    smoothed : ndarray, shape (n,)
        Their running average, which forgets with a factor of 0.9.
    suggestion : float or None
        A learning rate by the rule that was asked for; None if the curve shows none.
    suggestions : dict of str to float or None
        By each of the rules.
    rule : str
        ``"minimum"``, ``"valley"`` or ``"steep"``.
    status : str
        ``"finished"``, ``"diverged"``, ``"interrupted"``, or ``"exhausted"`` where the data ended.
    """

    def __init__(self, lrs: Any, losses: Any, rule: str, status: str) -> None:
        self.lrs: Floats = np.array(lrs, dtype=np.float64)
        self.losses: Floats = np.array(losses, dtype=np.float64)
        self.smoothed = averaged(self.losses)
        self.rule, self.status = rule, status
        self.suggestions = {name: suggest(self, by) for name, by in RULES.items()}

    @property
    def suggestion(self) -> float | None:
        """The learning rate by the chosen rule."""
        return self.suggestions[self.rule]

    def plot(self) -> Figure:
        """Draw the losses over the learning rates, with the suggestions marked.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from nnkit.plot.range_test import range_test_figure

        return range_test_figure(self)

    def _repr_png_(self) -> Any:
        from nnkit.plot.figure import as_small_png

        try:
            return as_small_png(self.plot())
        except ImportError:  # without matplotlib the text is all there is
            return None

    def __repr__(self) -> str:
        n = len(self.lrs)
        span = f" from {self.lrs[0]:.3g} to {self.lrs[-1]:.3g}" if n else ""
        found = "none" if self.suggestion is None else f"{self.suggestion:.2g}"
        return f"RangeTest({n} steps{span}, {self.status}; suggestion by {self.rule}: {found})"


def lr_find(
    model: Module,
    loss: Callable[[Any, Any], Any],
    optimizer: Optimizer,
    X: Any,
    y: Any = None,
    *,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
    num_steps: int = 100,
    batch_size: int = 32,
    divergence: float = 4.0,
    rule: str = "minimum",
) -> RangeTest:
    """Find a good learning rate by training for a moment with one that grows from step to step.

    Everything is as before afterwards, to the bit: weights, buffers, gradients, modes, the state
    of the optimizer, random generators. An interrupt ends the test, and what was seen so far is
    returned.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(output, target)`` gives one number.
    optimizer : Optimizer
        That of the training to come. Its hooks are not called. Where its groups have different
        learning rates they keep their ratios; what is reported is the rate of the first.
    X : array_like, dataset or DataLoader
        Inputs, shape (N, ...); or what gives batches ``(inputs, targets)``.
    y : array_like, optional
        Targets, N rows. Left out where X gives them.
    start_lr, end_lr : float, default 1e-7 and 10.0
        The range; the rates lie evenly on a logarithmic scale.
    num_steps : int, default 100
        Steps; the data are walked through as often as it takes.
    batch_size : int, default 32
        Rows in a step, for arrays and datasets.
    divergence : float, default 4.0
        Stop when the loss (a running average) is this many times the lowest so far, or not finite.
    rule : {"minimum", "valley", "steep"}, default "minimum"
        How the suggestion is made. ``"minimum"``: a tenth of the rate at which the running average
        is lowest. ``"valley"``: the middle of the longest run of points, in order but not
        necessarily neighbours, in which it only falls. ``"steep"``: where the loss, averaged with
        its neighbours, falls fastest per factor of the learning rate. The others are in
        ``suggestions`` as well.

    Returns
    -------
    RangeTest
        Shows itself as a picture in a notebook; ``.suggestion`` is the learning rate.

    Raises
    ------
    ArgumentError, DtypeError, ShapeError
        If an argument is not what it should be, or the data do not fit.

    Notes
    -----
    The test is that of L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (2017,
    arXiv:1506.01186), section 3.3, with the learning rate growing exponentially as in fastai
    (J. Howard and S. Gugger, 2020, arXiv:2002.04688), from where the three rules are. The default
    is the one that lost least on small models (`benchmarks/learning_rates.py`); the other two are
    easily led astray by the noise of small batches.

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.seed(0)
    >>> X = np.linspace(-1, 1, 256).reshape(-1, 1)
    >>> model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    >>> optimizer = nn.optim.Adam(model.parameters())
    >>> found = nn.lr_find(model, nn.MSELoss(), optimizer, X, np.sin(3 * X))
    >>> 0.01 < found.suggestion < 0.2
    True
    """
    check_parts(model, loss, optimizer)
    check_range(start_lr, end_lr, num_steps, divergence, rule)
    check_count("batch_size", batch_size)
    if is_arrays(X):
        if y is None:
            raise ArgumentError(
                "lr_find: y is missing; write lr_find(model, loss, optimizer, X, y)."
            )
        X = TensorDataset(*as_arrays(X, y, next(model.parameters()).dtype, "lr_find"))
    elif y is not None:
        raise ArgumentError("lr_find: a dataset or loader gives the targets itself: leave out y.")
    loader = as_batches(X, batch_size, True, 1, "lr_find")
    lrs, losses = growing(start_lr, end_lr, num_steps), list[float]()
    with unchanged(model, loss, loader, parameters=tensors_of(optimizer)), tried(optimizer):
        for p in (*model.parameters(), *tensors_of(optimizer)):
            if p.grad is not None:
                p.grad = None  # or what comes would be added to it, in its own memory
        model.train()
        try:
            status = search(model, loss, optimizer, loader, lrs, losses, divergence)
        except KeyboardInterrupt:
            status = "interrupted"
    return RangeTest(lrs[: len(losses)], losses, rule, status)


def check_range(start: Any, end: Any, steps: Any, divergence: Any, rule: Any) -> None:
    """Refuse senseless settings."""
    for name, value in (("start_lr", start), ("end_lr", end), ("divergence", divergence)):
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not (number and 0 < value < math.inf):
            raise ArgumentError(f"lr_find: {name} is a finite number above 0; got {value!r}.")
    if start >= end:
        raise ArgumentError(
            f"lr_find: the learning rate grows from start_lr to end_lr; got {start:g} and {end:g}."
        )
    if divergence <= 1:
        raise ArgumentError(f"lr_find: divergence is a factor above 1; got {divergence!r}.")
    check_count("lr_find: num_steps", steps)
    if rule not in RULES:
        known = ", ".join(map(repr, RULES))
        raise ArgumentError(f"lr_find: rule is one of {known}; got {rule!r}.")


def growing(start: float, end: float, steps: int) -> list[float]:
    """Return the learning rates."""
    return np.geomspace(start, end, steps).tolist() if steps > 1 else [float(start)]


# --- the trial ------------------------------------------------------------------------------------


@contextmanager
def tried(optimizer: Optimizer) -> Iterator[None]:
    """Let an optimizer work on a copy of its state and settings, without its hooks."""
    own = dict(vars(optimizer))
    known: dict[int, Any] = {id(p): p for p in tensors_of(optimizer)} | {id(optimizer): optimizer}
    vars(optimizer).update(copy.deepcopy(own, known))
    optimizer._pre_hooks, optimizer._post_hooks = Hooks(), Hooks()
    try:
        yield
    finally:
        vars(optimizer).clear()
        vars(optimizer).update(own)


def search(
    model: Module,
    loss: Callable[[Any, Any], Any],
    optimizer: Optimizer,
    loader: Iterable[Any],
    lrs: list[float],
    losses: list[float],
    divergence: float,
) -> str:
    """Train with one learning rate after the other; the losses are appended to `losses`."""
    groups = optimizer.param_groups
    base = groups[0]["lr"]
    ratios = [group["lr"] / base if base else 1.0 for group in groups]
    average = Runaway(divergence)
    batches = endless(loader)
    with np.errstate(all="ignore"):
        for lr in lrs:
            batch = next(batches, None)
            if batch is None:
                return "exhausted"
            for group, ratio in zip(groups, ratios, strict=True):
                group["lr"] = lr * ratio
            value = step(model, loss, optimizer, *split_batch(batch, "lr_find")[:2])
            if not math.isfinite(value):
                return "diverged"
            losses.append(value)
            if average.diverges(value):
                return "diverged"
    return "finished"


def step(model: Module, loss: Any, optimizer: Optimizer, x: Any, y: Any) -> float:
    """Take one step, unless the loss is not finite; return the loss."""
    optimizer.zero_grad()
    result = loss(model(x), y)
    if not hasattr(result, "item") or result.size != 1:
        raise ShapeError(
            f"lr_find: the loss must be one number, but got {describe(result)}. Use "
            f"reduction='mean', or .mean()."
        )
    value = float(result.item())
    if math.isfinite(value):
        result.backward()
        optimizer.step()
    return value


def endless(loader: Iterable[Any]) -> Iterator[Any]:
    """Walk through a loader again and again; what can be walked through once only, once."""
    found = True
    while found:
        found = False
        for batch in loader:
            found = True
            yield batch
        found = found and not isinstance(loader, Iterator)


class Runaway:
    """Follows the running average of the losses, and says when it runs away."""

    def __init__(self, factor: float) -> None:
        self.factor, self.losses = factor, list[float]()
        self.best = math.inf

    def diverges(self, value: float) -> bool:
        """Add a loss; whether the average is the factor times its lowest value so far.

        For a loss that may be negative, or almost 0, the distance from the lowest value counts:
        factor - 1 times its size, and at least that share of what was gained so far.
        """
        self.losses.append(value)
        mean = float(averaged(np.array(self.losses[-100:]))[-1])
        self.best = min(self.best, mean)
        scale = max(abs(self.best), abs(self.losses[0] - self.best) / 10)
        return mean > self.best + (self.factor - 1) * scale


# --- suggestions ----------------------------------------------------------------------------------


def averaged(losses: Floats) -> Floats:
    """Return the running average, with the weights of what is there adding up to 1."""
    result, total, weight = np.empty_like(losses), 0.0, 0.0
    for i, loss in enumerate(losses.tolist()):
        total = DECAY * total + (1 - DECAY) * loss
        weight = DECAY * weight + (1 - DECAY)
        result[i] = total / weight
    return result


def suggest(test: RangeTest, rule: Callable[[Floats, Floats, Floats], float | None]) -> Any:
    """Apply a rule to the part of the curve that says something: down to the lowest point."""
    n = len(test.losses)
    if n < FEWEST:
        return None
    first, last = int(WARM_UP * n), n - LAST if n > 6 * LAST else n
    smoothed = test.smoothed[first:last]
    lowest = int(np.argmin(smoothed))
    if not falls(smoothed[: lowest + 1], test.losses[first : first + lowest + 1]):
        return None
    part = slice(first, first + lowest + 1)
    lr = rule(test.lrs[part], test.smoothed[part], test.losses[part])
    return None if lr is None else float(f"{lr:.3g}")


def falls(smoothed: Floats, losses: Floats) -> bool:
    """Whether the running average falls, and by more than the noise of the batches in it."""
    if len(losses) < 3:
        return False
    of_one = float(np.std(np.diff(losses))) / math.sqrt(2)
    noise = of_one * math.sqrt((1 - DECAY) / (1 + DECAY))
    return bool(smoothed[0] - smoothed[-1] > max(2 * noise, 1e-3 * abs(smoothed[0])))


def minimum(lrs: Floats, _smoothed: Floats, _losses: Floats) -> float | None:
    """Return a tenth of the rate at the lowest loss."""
    return float(lrs[-1]) / 10


def valley(lrs: Floats, smoothed: Floats, _losses: Floats) -> float | None:
    """Return the rate at the middle of the longest decreasing subsequence."""
    n = len(smoothed)
    length, before = np.ones(n, int), np.full(n, -1)
    for i in range(1, n):
        higher = np.where(smoothed[:i] > smoothed[i], length[:i], 0)
        j = int(np.argmax(higher))
        if higher[j]:
            length[i], before[i] = higher[j] + 1, j
    i, members = int(np.argmax(length)), list[int]()
    while i >= 0:
        members.append(i)
        i = int(before[i])
    return float(lrs[members[len(members) // 2]]) if len(members) > 2 else None


def steep(lrs: Floats, _smoothed: Floats, losses: Floats) -> float | None:
    """Return the rate at the steepest fall of the losses, averaged without a running delay."""
    n = len(losses)
    if n < 3:
        return None
    places = np.arange(n)
    weights = np.exp(-0.5 * ((places[:, None] - places) / max(0.05 * n, 0.5)) ** 2)
    slopes = np.gradient(weights @ losses / weights.sum(1), np.log(lrs))
    i = int(np.argmin(slopes))
    return float(lrs[i]) if slopes[i] < 0 else None


RULES: dict[str, Callable[[Floats, Floats, Floats], float | None]] = {
    "minimum": minimum,
    "valley": valley,
    "steep": steep,
}
