"""Optimizer: what all optimizers share - parameter groups, state, hooks, and a step that happens
as a whole or not at all.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor, enable_grad
from autograd_core.anomaly import watchers
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, describe
from autograd_core.inplace import mark_written
from autograd_core.memory import aligned
from autograd_core.taped import gradient_of
from nnkit.hooks import Hooks, RemovableHandle
from nnkit.module import Module
from nnkit.optim.checks import (
    HINTS,
    adopted,
    as_groups,
    as_parameters,
    check_lr,
    check_settings,
    copied,
    raise_read_only,
)
from nnkit.optim.decay import without_decay
from nnkit.optim.flat import BLOCK, FlatGroup, flatten, goes_in_blocks, update_in_blocks
from nnkit.optim.formulas import as_real
from nnkit.optim.interrupts import Uninterrupted
from nnkit.optim.recorded import recorded_step
from nnkit.optim.together import Together
from nnkit.parameter import clear_grad

__all__ = ["Optimizer"]

Array = NDArray[Any]
Group = dict[str, Any]
State = dict[str, Any]


class Optimizer:
    """Base of all optimizers.

    A subclass says what it keeps for a parameter (`new_state`) and how it updates one (`update`).

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict
        What to optimize. Dicts are groups with settings of their own:
        ``[{"params": model.body.parameters()}, {"params": model.head.parameters(), "lr": 1e-3}]``.
    defaults : dict
        Settings of the groups that do not have their own.
    no_decay : str or iterable of str, default ()
        Parameters that become a group with ``weight_decay=0``: ``"bias"`` for all biases,
        ``"norm"`` for all parameters of normalisation layers; anything else is a pattern for their
        paths (``"embedding.*"``). Needs the names, so `params` is the model, or (without
        ``"norm"``) its `named_parameters()`.

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

    def __init__(
        self,
        params: Iterable[Any] | Module,
        defaults: dict[str, Any],
        no_decay: str | Iterable[str] = (),
    ) -> None:
        self.defaults = defaults
        self.state: dict[Tensor, State] = {}
        self.param_groups: list[Group] = []
        self._scratch = Scratch()
        self._flats: list[Any] = []
        self._together: list[Together] | None = []
        self._pre_hooks, self._post_hooks = Hooks(), Hooks()
        self._has_stepped = self._has_warned = False
        groups = as_groups(params, type(self).__name__)
        if no_decay:
            model = params if isinstance(params, Module) else None
            groups = without_decay(groups, model, no_decay, type(self).__name__)
        for group in groups:
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
        Complex parameters arrive as real arrays, with the last axis twice as long.
        """
        raise NotImplementedError

    live_in_recordings = True  # `compile` calls step(), whatever the settings and the state are

    scratches = 1
    """How many arrays of a parameter's shape `update` asks `scratch` for."""

    def scratch(self, value: Array, i: int = 0, dtype: Any = None) -> Array:
        """Return an array of the shape and dtype of `value` for intermediate results."""
        return self._scratch.like(value, i, np.dtype(dtype) if dtype else value.dtype)

    def entry(self, state: State, key: str, value: Array) -> Array:
        """Return what the state holds under `key`; zeros if a setting was switched on meanwhile."""
        found: Array | None = state.get(key)
        if found is None:
            found = state[key] = np.zeros_like(value)
        return found

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
        if watchers and recorded_step(self):
            return loss
        if self._pre_hooks:
            for hook in self._pre_hooks:
                hook(self, (closure,) if closure else (), {})
        work, joined = self._prepare()
        if not work and not joined:
            self._warn_of_nothing()
        with Uninterrupted():
            for together in joined:
                together.update()
            for p, value, grad, state, group in work:
                if goes_in_blocks(self, value):
                    update_in_blocks(self, value, grad, state, group)
                else:
                    self.update(value, grad, state, group)
                mark_written(p)
        self._has_stepped = True
        if self._post_hooks:
            for hook in self._post_hooks:
                hook(self, (closure,) if closure else (), {})
        return loss

    def _prepare(self) -> tuple[list[tuple[Tensor, Array, Array, State, Group]], list[FlatGroup]]:
        """Do all that can fail, or needs memory, before the first parameter is written."""
        work, joined = [], []
        keeps_none = type(self).update.__module__.startswith("nnkit.")  # what others do, who knows
        for i, group in enumerate(self.param_groups):
            self.check_rate(group)
            params = group["params"]
            if self._together is not None:
                if i >= len(self._together) or self._together[i].group is not group:
                    self._together[i:] = [Together(self, g) for g in self.param_groups[i:]]
                params = self._together[i].rest()
                if params is not group["params"]:
                    joined.append(self._together[i].joined)
            for p in params:
                grad = gradient_of(p) if keeps_none else p.grad
                if grad is None:
                    continue
                value = raw(p)
                if not value.flags.writeable:
                    raise_read_only(p, type(self).__name__)
                g = raw(grad)
                if value.dtype.kind == "c":
                    value, g = as_real(value), as_real(np.ascontiguousarray(g, value.dtype))
                state = self.state.get(p)
                if state is None:
                    state = self.state[p] = self._fresh_state(value, group)
                work.append((p, value, g, state, group))
        return work, joined

    def check_rate(self, group: Group) -> None:
        """Refuse to step with a learning rate that is none."""
        if not 0 <= group["lr"] < math.inf:
            raise ArgumentError(
                f"{type(self).__name__}: the learning rate has become {group['lr']!r}; it must "
                f"be a finite number that is not negative."
            )

    def prepare_recording(self) -> None:
        """Arrange the parameters for a step that `compile` records."""
        flatten(self)

    def _warn_of_nothing(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            name, n = type(self).__name__, len(self._parameters())
            warnings.warn(
                f"{name}.step(): none of the {n} parameters has a gradient, so nothing was "
                f"changed. Call loss.backward() before it, and zero_grad() not in between; frozen "
                f"parameters (requires_grad=False) never get one. This is said once.",
                stacklevel=3,
            )

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
        for key, value in group.items():
            if isinstance(value, np.generic):  # a float32 would make schedules imprecise
                group[key] = value.item()
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
            "state": {order[p]: copied(state, p) for p, state in self.state.items() if state},
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
        settings = [{k: v for k, v in group.items() if k not in HINTS} for group in groups]
        check_settings(settings, self.defaults, name)
        entries = {int(i): entry for i, entry in state_dict["state"].items()}
        state = {}
        for group, new, given in zip(self.param_groups, settings, groups):
            for p, i in zip(group["params"], given["params"]):
                if entries.get(i):
                    value = raw(p)
                    value = as_real(value) if value.dtype.kind == "c" else value
                    fresh = self._fresh_state(value, group | new)
                    state[p] = adopted(entries[i], fresh, p, name)
        for group, new in zip(self.param_groups, settings):
            group.update(new)
        self.state = state

    def _fresh_state(self, value: Array, group: Group) -> State:
        """Make the state of a parameter, and the memory that its updates need."""
        part = value.reshape(-1)[:BLOCK] if goes_in_blocks(self, value) else value
        for i in range(self.scratches):
            self.scratch(part, i)
        state = self.new_state(value, group)
        for key, entry in state.items():
            if isinstance(entry, np.ndarray) and entry.shape == value.shape:
                state[key] = aligned(entry.shape, entry.dtype)
                state[key][...] = entry
        return state

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

    def like(self, value: Array, i: int, dtype: np.dtype[Any]) -> Array:
        """Return array number i of the shape of `value`."""
        view = self._views.get((i, value.shape, dtype))
        if view is None:
            memory = self._memory.get((i, dtype))
            if memory is None or memory.size < value.size:
                memory = self._memory[i, dtype] = aligned(value.size, dtype)
                self._views.clear()
            view = memory[: value.size].reshape(value.shape)
            self._views[i, value.shape, dtype] = view
        return view

    def forget(self) -> None:
        """Let go of the memory."""
        self._memory.clear()
        self._views.clear()
