"""The learning-rate range test: a trial run with growing learning rate, which is then undone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.data import TensorDataset
from nnkit.hooks import Hooks
from nnkit.inspection.unchanged import unchanged
from nnkit.module import Module
from nnkit.optim import Optimizer
from nnkit.training.batches import as_arrays, as_batches, is_arrays, split_batch
from nnkit.training.checks import check_count, check_parts, tensors_of
from nnkit.training.criterion import Criterion
from nnkit.training.preparation import prepare
from nnkit.training.suggestions import RULES, averaged, suggest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nnkit.training.trainer import Trainer

__all__ = ["RangeTest", "lr_find", "lr_find_of"]

Floats = NDArray[np.float64]


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
        self.suggestions = {name: suggest(self.lrs, self.losses, by) for name, by in RULES.items()}

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
    if is_arrays(X):
        if y is None:
            raise ArgumentError(
                "lr_find: y is missing; write lr_find(model, loss, optimizer, X, y)."
            )
        X = TensorDataset(*as_arrays(X, y, next(model.parameters()).dtype, "lr_find"))
    elif y is not None:
        raise ArgumentError("lr_find: a dataset or loader gives the targets itself: leave out y.")
    check_count("batch_size", batch_size)
    loader = as_batches(X, batch_size, True, 1, "lr_find")
    trial = Trial(model, Criterion(loss), optimizer)
    return trial.run(
        loader,
        start_lr=start_lr,
        end_lr=end_lr,
        num_steps=num_steps,
        divergence=divergence,
        rule=rule,
    )


def lr_find_of(
    trainer: Trainer,
    X: Any,
    y: Any = None,
    *,
    batch_size: int = 32,
    class_weight: Any = None,
    sample_weight: Any = None,
    **settings: Any,
) -> RangeTest:
    """Do what `Trainer.lr_find` does: data, weights and clipping are those of its `fit`."""
    check_count("batch_size", batch_size)
    columns = copy.deepcopy(trainer._columns)
    try:
        with unchanged(trainer.model):
            data = prepare(
                trainer,
                X,
                y,
                epochs=1,
                batch_size=batch_size,
                validation_data=None,
                validation_split=0.0,
                stratify=False,
                shuffle=True,
                class_weight=class_weight,
                sample_weight=sample_weight,
            )
        trial = Trial(trainer.model, trainer._criterion, trainer.optimizer)
        trial.clip, trial.weight_of = trainer._gradients.clip, data.weight_of
        return trial.run(data.train, **settings)
    finally:
        trainer._columns = columns


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


class Trial:
    """A training that is tried out, and undone."""

    def __init__(self, model: Module, criterion: Criterion, optimizer: Optimizer) -> None:
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.clip: Callable[[list[Any]], object] | None = None
        self.weight_of: Callable[[Any, Any], Any] = lambda _y, weight: weight

    def run(
        self,
        loader: Iterable[Any],
        *,
        start_lr: float = 1e-7,
        end_lr: float = 10.0,
        num_steps: int = 100,
        divergence: float = 4.0,
        rule: str = "minimum",
    ) -> RangeTest:
        """Train, put everything back, and return what was seen."""
        check_range(start_lr, end_lr, num_steps, divergence, rule)
        model, parameters, loss = self.model, tensors_of(self.optimizer), self.criterion.loss
        lrs, losses = growing(start_lr, end_lr, num_steps), list[float]()
        with unchanged(model, loss, loader, parameters=parameters), tried(self.optimizer):
            for p in (*model.parameters(), *parameters):
                if p.grad is not None:
                    p.grad = None  # or what comes would be added to it, in its own memory
            model.train()
            try:
                status = self.search(loader, lrs, losses, Runaway(divergence))
            except KeyboardInterrupt:
                status = "interrupted"
        return RangeTest(lrs[: len(losses)], losses, rule, status)

    def search(
        self, loader: Iterable[Any], lrs: list[float], losses: list[float], average: Runaway
    ) -> str:
        """Take a step with one learning rate after the other; the losses go into `losses`."""
        groups = self.optimizer.param_groups
        base = groups[0]["lr"]
        ratios = [group["lr"] / base if base else 1.0 for group in groups]
        batches = endless(loader)
        with np.errstate(all="ignore"):
            for lr in lrs:
                batch = next(batches, None)
                if batch is None:
                    return "exhausted"
                for group, ratio in zip(groups, ratios, strict=True):
                    group["lr"] = lr * ratio
                value = self.step(*split_batch(batch, "lr_find"))
                if not math.isfinite(value):
                    return "diverged"
                losses.append(value)
                if average.diverges(value):
                    return "diverged"
        return "finished"

    def step(self, x: Any, y: Any, weight: Any) -> float:
        """Take one step, unless the loss is not finite; return the loss."""
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y, self.weight_of(y, weight))
        value = float(loss.item())
        if math.isfinite(value):
            loss.backward()
            if self.clip is not None:
                self.clip(tensors_of(self.optimizer))
            self.optimizer.step()
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
