"""Optimizer: what all optimizers share - parameter groups, state, hooks, and a step that happens
as a whole or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor, enable_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, describe
from autograd_core.inplace import mark_written
from nnkit.hooks import Hooks, RemovableHandle
from nnkit.optim.checks import adopted, as_groups, as_parameters, check_lr, copied, raise_read_only
from nnkit.optim.interrupts import Uninterrupted
from nnkit.parameter import clear_grad

__all__ = ["Optimizer", "number"]

Array = NDArray[Any]
Group = dict[str, Any]
State = dict[str, Any]


class Optimizer:
    """Base of all optimizers.

    A subclass says what it keeps for a parameter (`new_state`) and how it updates one (`update`).

    Parameters
    ----------
    params : iterable of Parameter, or iterable of dict
        What to optimize. Dicts are groups with settings of their own:
        ``[{"params": model.body.parameters()}, {"params": model.head.parameters(), "lr": 1e-3}]``.
    defaults : dict
        Settings of the groups that do not have their own.

    Attributes
    ----------
    param_groups : list of dict
        Each with "params" and the settings; changes hold from the next step on.
    state : dict
        For each parameter what the optimizer remembers.

    Raises
    ------
    ArgumentError
        If the list is empty, a parameter occurs twice, or a setting is out of range.
    DtypeError
        If something is no parameter.

    Examples
    --------
    >>> import nnkit as nn
    >>> class SignSGD(Optimizer):
    ...     def __init__(self, params, lr=0.01):
    ...         super().__init__(params, {"lr": lr})
    ...
    ...     def update(self, value, grad, state, group):
    ...         value -= group["lr"] * np.sign(grad)
    >>> p = nn.Parameter([1.0])
    >>> p.grad = [3.0]
    >>> SignSGD([p], lr=0.25).step()
    >>> p.item()
    0.75
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: dict[Tensor, State] = {}
        self.param_groups: list[Group] = []
        self._scratch = Scratch()
        self._pre_hooks, self._post_hooks = Hooks(), Hooks()
        for group in as_groups(params, type(self).__name__):
            self.add_param_group(group)

    # --- what a subclass says ---------------------------------------------------------------------

    def check(self, group: Group) -> None:
        """Refuse settings out of range; called with each new group."""

    def new_state(self, value: Array, group: Group) -> State:
        """Make what is remembered for a parameter, before its first update."""
        return {}

    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update a parameter's `value` in place.

        It must not fail half-way, so memory for it comes from `new_state` and `scratch`.
        """
        raise NotImplementedError

    scratches = 1
    """How many arrays of a parameter's shape `update` asks `scratch` for."""

    def scratch(self, value: Array, i: int = 0) -> Array:
        """Return an array of the shape and dtype of `value` for intermediate results."""
        return self._scratch.like(value, i)

    # --- what people call -------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient.

        An interrupt that arrives meanwhile waits until all of them are updated; so the weights
        are always those before or those after a whole step.

        Parameters
        ----------
        closure : callable, optional
            Calculates the loss and its gradients first.

        Returns
        -------
        The loss that `closure` returned, or None.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if self._pre_hooks:
            for hook in self._pre_hooks:
                hook(self, (closure,) if closure else (), {})
        work = self._prepare()
        with Uninterrupted():
            for p, value, grad, state, group in work:
                self.update(value, grad, state, group)
                mark_written(p)
        if self._post_hooks:
            for hook in self._post_hooks:
                hook(self, (closure,) if closure else (), {})
        return loss

    def _prepare(self) -> list[tuple[Tensor, Array, Array, State, Group]]:
        """Do all that can fail, or needs memory, before the first parameter is written."""
        work = []
        for group in self.param_groups:
            if not 0 <= group["lr"] < math.inf:
                raise ArgumentError(
                    f"{type(self).__name__}: the learning rate has become {group['lr']!r}; it must "
                    f"be a finite number that is not negative."
                )
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                value = raw(p)
                if not value.flags.writeable:
                    raise_read_only(p, type(self).__name__)
                state = self.state.get(p)
                if state is None:
                    state = self.new_state(value, group)
                    for i in range(self.scratches):
                        self.scratch(value, i)
                    self.state[p] = state
                work.append((p, value, raw(grad), state, group))
        return work

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, before the next backward pass adds to them.

        Parameters
        ----------
        set_to_none : bool, default True
            False overwrites them with zeros instead.
        """
        for group in self.param_groups:
            for p in group["params"]:
                clear_grad(p, set_to_none)

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with settings of their own, for example a part that was frozen so far."""
        name = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise DtypeError(
                f'{name}: a parameter group is a dict with "params", got {describe(param_group)}.'
            )
        group = {"params": as_parameters(param_group["params"], name)}
        unknown = [key for key in param_group if key not in self.defaults and key != "params"]
        if unknown:
            known = ", ".join(self.defaults)
            raise ArgumentError(f"{name} has no setting {unknown[0]!r}; it has: {known}.")
        group |= self.defaults | {k: v for k, v in param_group.items() if k != "params"}
        seen = {id(p) for other in [*self.param_groups] for p in other["params"]}
        if any(id(p) in seen for p in group["params"]):
            raise ArgumentError(
                f"{name}: a parameter is in two groups; it would be updated twice in each step."
            )
        check_lr(group["lr"], name)
        self.check(group)
        self.param_groups.append(group)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step."""
        return self._pre_hooks.add(hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return self._post_hooks.add(hook)

    # --- state ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return settings and state, with numbers in place of the parameters.

        Returns
        -------
        dict
            ``{"state": {0: {...}, ...}, "param_groups": [{..., "params": [0, ...]}, ...]}``;
            arrays are copies.
        """
        order = {p: i for i, p in enumerate(self._parameters())}
        return {
            "state": {order[p]: copied(state) for p, state in self.state.items()},
            "param_groups": [
                {k: v for k, v in group.items() if k != "params"}
                | {"params": [order[p] for p in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over settings and state that `state_dict()` returned; training goes on as it was.

        Raises
        ------
        ArgumentError
            If the groups, or the numbers of parameters in them, differ.
        ShapeError
            If the state of a parameter has another shape than the parameter.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or {"state", "param_groups"} - set(state_dict):
            raise DtypeError(
                f"{name}.load_state_dict needs what state_dict() of a {name} returned, got "
                f"{describe(state_dict)}."
            )
        groups = state_dict["param_groups"]
        own, given = ([len(g["params"]) for g in gs] for gs in (self.param_groups, groups))
        if own != given:
            raise ArgumentError(
                f"{name}.load_state_dict: the groups here hold {own} parameters, those in the "
                f"state dict {given}. Make the optimizer as it was made when it was saved."
            )
        by_number = dict(zip((i for g in groups for i in g["params"]), self._parameters()))
        state = {
            by_number[int(i)]: adopted(entry, by_number[int(i)], name)
            for i, entry in state_dict["state"].items()
        }
        for group, new in zip(self.param_groups, groups, strict=True):
            group.update({k: v for k, v in new.items() if k != "params"})
        self.state = state
        for p in state:
            for i in range(self.scratches):
                self.scratch(raw(p), i)

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


class Scratch:
    """Memory for intermediate results. Parameters are updated one by one and share it."""

    def __init__(self) -> None:
        self._memory: dict[tuple[int, np.dtype[Any]], Array] = {}
        self._views: dict[tuple[int, tuple[int, ...], np.dtype[Any]], Array] = {}

    def like(self, value: Array, i: int) -> Array:
        """Return array number i of the shape and dtype of `value`."""
        view = self._views.get((i, value.shape, value.dtype))
        if view is None:
            memory = self._memory.get((i, value.dtype))
            if memory is None or memory.size < value.size:
                memory = self._memory[i, value.dtype] = np.empty(value.size, value.dtype)
                self._views.clear()
            view = memory[: value.size].reshape(value.shape)
            self._views[i, value.shape, value.dtype] = view
        return view


@lru_cache(maxsize=32)
def number(x: float, dtype: np.dtype[Any]) -> Array:
    """Return `x` as an array: NumPy multiplies a small array with it in half the time."""
    array = np.array(x, dtype)
    array.flags.writeable = False
    return array
