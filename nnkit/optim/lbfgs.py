"""L-BFGS: steps from the curvature that earlier steps have met; for smooth, whole-data problems."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor, enable_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, NonFiniteError, ShapeError
from autograd_core.inplace import mark_written
from autograd_core.taped import gradient_of
from nnkit.module import Module
from nnkit.optim.checks import check_number, raise_read_only
from nnkit.optim.formulas import as_real
from nnkit.optim.interrupts import Uninterrupted
from nnkit.optim.line_search import Point, strong_wolfe
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["LBFGS"]

Array = NDArray[Any]
Closure = Callable[[], Any]


class LBFGS(Optimizer):
    """L-BFGS; a call of `step` is up to `max_iter` iterations and calls the loss many times.

    Parameters
    ----------
    params : iterable of Parameter, or Module
        One group only.
    lr : float, default 1
        Length of a step, or of the first trial of the line search.
    max_iter : int, default 20
        Iterations in one call of `step`.
    max_eval : int, optional
        Evaluations of the loss in one call of `step`; by default ``max_iter * 5 // 4``.
    tolerance_grad : float, default 1e-7
        Stop when no number of the gradient is larger.
    tolerance_change : float, default 1e-9
        Stop when parameters or loss change by less.
    history_size : int, default 100
        Steps that are remembered; each takes twice the memory of the parameters.
    line_search_fn : {"strong_wolfe"}, optional
        Look for a good length of each step; by default it is lr.

    Raises
    ------
    ArgumentError
        If a setting is out of range, there is more than one group, or `step` gets no closure.
    NonFiniteError
        If loss or gradient are not finite at the start, or after a step without line search. The
        parameters are those before it.

    Notes
    -----
    With s the last changes of the parameters and y those of the gradient, the direction is -H g,
    where H, the approximate inverse Hessian, starts as ``(s . y) / (y . y)`` and takes in each pair
    (s, y) by the two-loop recursion.

    What a step does depends on values, so `compile` leaves it as it is; the closure is what takes
    the time, and can be compiled: ``closure = nn.compile(closure)``, once.

    If the closure fails or is interrupted, the parameters are those of the last whole iteration,
    and the next call goes on from there.

    References
    ----------
    J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, 2006; algorithms 7.4 and 7.5.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([-1.0, 2.0], dtype=np.float64)
    >>> optimizer = LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():  # Rosenbrock's function, lowest at (1, 1)
    ...     optimizer.zero_grad()
    ...     loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     loss = optimizer.step(closure)
    >>> [round(x, 4) for x in p.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                max_iter=max_iter,
                max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
                tolerance_grad=tolerance_grad,
                tolerance_change=tolerance_change,
                history_size=history_size,
                line_search_fn=line_search_fn,
            ),
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range, and a second group."""
        if self.param_groups:
            raise ArgumentError(
                "LBFGS has one group only: the curvature it learns is that of all parameters. Give "
                "it a single list."
            )
        for what in ("max_iter", "max_eval", "history_size"):
            check_number(group[what], "LBFGS", what, 0, open_low=True, example=20)
        for what in ("tolerance_grad", "tolerance_change"):
            check_number(group[what], "LBFGS", what, example=1e-9)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ArgumentError(
                f'LBFGS: line_search_fn is "strong_wolfe" or None; got {group["line_search_fn"]!r}.'
            )

    def step(self, closure: Closure | None = None) -> Any:
        """Take up to `max_iter` iterations.

        Parameters
        ----------
        closure : callable
            Clears the gradients, calculates the loss, calls backward() and returns the loss.

        Returns
        -------
        The loss that `closure` returned first.
        """
        if not callable(closure):
            raise ArgumentError(
                "LBFGS.step needs a function, because it evaluates the loss more than once:\n"
                "    def closure():\n        optimizer.zero_grad()\n"
                "        loss = loss_fn(model(x), y)\n        loss.backward()\n"
                "        return loss\n    optimizer.step(closure)"
            )
        for hook in self._pre_hooks:
            hook(self, (closure,), {})
        first = Iterations(self, closure).run()
        self._has_stepped = True
        for hook in self._post_hooks:
            hook(self, (closure,), {})
        return first

    def state_dict(self) -> dict[str, Any]:
        """Return settings and state; the state belongs to all parameters, and is kept at the first.

        Returns
        -------
        dict
            Its arrays are flat: all parameters, one after the other.
        """
        state = self.state.get(self.param_groups[0]["params"][0], {})
        self.state, kept = {}, self.state
        result = super().state_dict()
        self.state = kept
        return result | {"state": {0: copied(state)} if state else {}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over settings and state that `state_dict()` returned; it goes on as it was."""
        expected = sum(as_flat(raw(p)).size for p in self._parameters())
        given = state_dict.get("state", {}) if isinstance(state_dict, Mapping) else {}
        for state in given.values():
            for key in ("d", "prev_flat_grad"):
                if key in state and np.shape(state[key]) != (expected,):
                    raise ShapeError(
                        f"LBFGS.load_state_dict: {key!r} has shape {np.shape(state[key])}, the "
                        f"parameters {expected} numbers. Load the state of the same model."
                    )
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state.update(copied(state))


def copied(state: State) -> State:
    """Copy the arrays of a state, those in lists too."""
    result: State = {}
    for key, entry in state.items():
        if isinstance(entry, list):
            result[key] = [x.copy() if hasattr(x, "copy") else x for x in map(plain, entry)]
        else:
            result[key] = np.array(entry) if np.ndim(plain(entry)) else plain(entry)
    return result


def plain(x: Any) -> Any:
    """Return arrays as they are and single numbers as Python's."""
    if not hasattr(x, "shape"):
        return x
    x = np.asarray(raw(x))
    return x if x.ndim else x.item()


def as_flat(x: Array) -> Array:
    """View an array as one row of real numbers (copy it, if it is not in one piece)."""
    return (as_real(np.ascontiguousarray(x)) if x.dtype.kind == "c" else x).reshape(-1)


class Iterations:
    """One call of `LBFGS.step`."""

    def __init__(self, optimizer: LBFGS, closure: Closure) -> None:
        (self.group,) = optimizer.param_groups
        lr = self.group["lr"]
        if not 0 <= lr < math.inf:
            raise ArgumentError(
                f"LBFGS: the learning rate has become {lr!r}; it must be a finite number that is "
                f"not negative."
            )
        self.params: list[Tensor] = self.group["params"]
        for p in self.params:
            if not raw(p).flags.writeable:
                raise_read_only(p, "LBFGS")
        self.closure = closure
        self.state: State = optimizer.state.setdefault(self.params[0], {})
        self.evaluations = 0

    def run(self) -> Any:
        """Iterate; return what the closure returned first."""
        group, state = self.group, self.state
        first, loss, grad = self.evaluate()
        self.check_finite(loss, grad, "before the first step")
        state["func_evals"] = state.get("func_evals", 0) + 1
        state.setdefault("n_iter", 0)
        if np.abs(grad).max() <= group["tolerance_grad"]:
            return first
        x = self.gather()
        for i in range(1, group["max_iter"] + 1):
            new = taken_over(state, grad, group["history_size"])
            d = direction(grad, new)
            new |= {"d": d, "t": 0.0, "prev_flat_grad": grad, "prev_loss": loss}
            new["n_iter"] = state["n_iter"] + 1
            start = Point(0.0, loss, grad, slope=float(grad @ d))
            if start.slope > -group["tolerance_change"]:
                state.update(new)
                break
            t = float(group["lr"])
            if state["n_iter"] == 0:
                t *= min(1.0, 1 / float(np.abs(grad).sum()))
            if group["line_search_fn"]:
                x, end = self.search(x, d, t, start, new)
            else:
                x, end = self.go(x, d, t, start, new, last=i == group["max_iter"])
            if self.is_over(start, end, d):
                break
            loss, grad = end.loss, end.grad
        return first

    def go(
        self, x: Array, d: Array, t: float, start: Point, new: State, last: bool
    ) -> tuple[Array, Point]:
        """Take a step of length t; see where it led, except after the last one."""
        before = {"n_iter": 0} | self.state
        x, x_before = self.commit(x + t * d, new | {"t": t}, 0), x
        if last:
            return x, Point(t, start.loss, start.grad, start.slope)
        _, loss, grad = self.evaluate()
        self.state["func_evals"] += 1
        if not (math.isfinite(loss) and np.isfinite(grad).all()):
            self.commit(x_before, before, 0)
            self.check_finite(loss, grad, f"after a step of length {t:.3g}")
        return x, Point(t, loss, grad, 0.0)

    def search(self, x: Array, d: Array, t: float, start: Point, new: State) -> tuple[Array, Point]:
        """Find a good length and take the step; until then the parameters are where they were."""

        def evaluate(length: float) -> Point:
            self.write(x + length * d)
            _, loss, grad = self.evaluate()
            return Point(length, loss, grad, float(grad @ d))

        left = self.group["max_eval"] - self.evaluations
        try:
            end, n = strong_wolfe(evaluate, start, t, float(np.abs(d).max()), most=left)
        except BaseException:
            self.write(x)
            raise
        return self.commit(x + end.t * d, new | {"t": end.t}, n), end

    def is_over(self, start: Point, end: Point, d: Array) -> bool:
        """Whether nothing, or too little, is left to do."""
        group = self.group
        return bool(
            self.evaluations >= group["max_eval"]
            or np.abs(end.grad).max() <= group["tolerance_grad"]
            or np.abs(d).max() * end.t <= group["tolerance_change"]
            or abs(end.loss - start.loss) < group["tolerance_change"]
        )

    # --- between the parameters and one flat array ------------------------------------------------

    def evaluate(self) -> tuple[Any, float, Array]:
        """Call the closure; return its loss, as it is and as a number, and the flat gradient."""
        with enable_grad():
            loss = self.closure()
        if loss is None:
            raise ArgumentError("LBFGS: the closure returned None; it must return the loss.")
        self.evaluations += 1
        grads = [
            as_flat(np.zeros_like(raw(p)) if (g := gradient_of(p)) is None else raw(g))
            for p in self.params
        ]
        return loss, float(np.asarray(raw(loss)).item()), np.concatenate(grads)

    def check_finite(self, loss: float, grad: Array, when: str) -> None:
        """Refuse to go on with numbers that are none."""
        if not (math.isfinite(loss) and np.isfinite(grad).all()):
            what = f"the loss is {loss}" if not math.isfinite(loss) else "a gradient is not finite"
            raise NonFiniteError(
                f"LBFGS: {what} {when}; the parameters are those before it. A smaller lr helps, or "
                f'line_search_fn="strong_wolfe", or inputs scaled to about -1 to 1.'
            )

    def gather(self) -> Array:
        """Copy all parameters into one flat array."""
        return np.concatenate([as_flat(raw(p)) for p in self.params])

    def write(self, x: Array) -> None:
        """Write a flat array into the parameters."""
        with Uninterrupted():
            self._write(x)

    def _write(self, x: Array) -> None:
        start = 0
        for p in self.params:
            value = raw(p)
            real = as_real(value) if value.dtype.kind == "c" else value
            real[...] = x[start : start + real.size].reshape(real.shape)
            start += real.size
            mark_written(p)

    def commit(self, x: Array, state: State, evaluations: int) -> Array:
        """Write parameters and state, both or none."""
        with Uninterrupted():
            self._write(x)
            self.state.update(state)
            self.state["func_evals"] += evaluations
        return x


def taken_over(state: State, grad: Array, most: int) -> State:
    """Return the history with the last step taken in."""
    if state["n_iter"] == 0:
        return {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
    history = {key: state[key] for key in ("old_dirs", "old_stps", "ro", "H_diag")}
    y, s = grad - state["prev_flat_grad"], state["d"] * state["t"]
    ys = float(y @ s)
    if ys <= 1e-10:  # no curvature was met, or a negative one
        return history
    new = {"old_dirs": y, "old_stps": s, "ro": 1 / ys}
    return {key: [*history[key], x][-most:] for key, x in new.items()} | {
        "H_diag": ys / float(y @ y)
    }


def direction(grad: Array, history: State) -> Array:
    """Return -H g, by the two-loop recursion."""
    d = -grad
    pairs = list(zip(history["old_dirs"], history["old_stps"], history["ro"]))
    alphas = []
    for y, s, rho in reversed(pairs):
        alphas.append(rho * float(s @ d))
        d -= alphas[-1] * y
    d *= history["H_diag"]
    for (y, s, rho), alpha in zip(pairs, reversed(alphas)):
        d += (alpha - rho * float(y @ d)) * s
    return d
