"""The hooks around a module's call: before and after forward, before and after its backward pass.

Most modules have none; then a call does not come here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core import Function
from autograd_core.dispatch import Layered, is_traced, raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.hooks import Hooks, RemovableHandle

if TYPE_CHECKING:
    from nnkit.module import Module

__all__ = ["Hookable", "ModuleHooks"]


@dataclass(frozen=True, slots=True)
class ForwardHook:
    """A function around forward, and how it wants to be called."""

    function: Callable[..., Any]
    with_kwargs: bool
    always_call: bool = False

    def __call__(self, module: Module, args: Any, kwargs: Any, output: Any) -> Any:
        """Call a function after forward, with the keyword arguments if it wants them."""
        if self.with_kwargs:
            return self.function(module, args, kwargs, output)
        return self.function(module, args, output)


class ModuleHooks:
    """The four kinds of hooks of one module; false where there are none of any kind."""

    __slots__ = ("after", "after_backward", "before", "before_backward")

    def __init__(self) -> None:
        self.before, self.after = Hooks(), Hooks()
        self.before_backward, self.after_backward = Hooks(), Hooks()

    def __bool__(self) -> bool:
        return bool(
            self.before.functions
            or self.after.functions
            or self.before_backward.functions
            or self.after_backward.functions
        )

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the module's forward with the hooks around it."""
        # Calls are frequent and hooks few: what is not there is not even asked twice.
        called: set[int] = set()
        output = None
        try:
            if self.before.functions:
                for hook in list(self.before.functions.values()):
                    args, kwargs = changed_arguments(hook, module, args, kwargs)
            around = None
            if self.before_backward.functions or self.after_backward.functions:
                around = Backward(module, list(self.before_backward), list(self.after_backward))
                args = around.watch_inputs(args)
            output = module.forward(*args, **kwargs)
            if self.after.functions:
                for key, after in list(self.after.functions.items()):
                    called.add(key)
                    changed = after(module, args, kwargs, output)
                    if changed is not None:
                        output = changed
            return output if around is None else around.watch_outputs(output)
        except Exception:
            self.call_the_rest(called, module, args, kwargs, output)
            raise

    def call_the_rest(
        self, called: set[int], module: Module, args: Any, kwargs: Any, output: Any
    ) -> None:
        """Call the hooks that are to be called whatever happens; the first error goes further."""
        for key, hook in list(self.after.functions.items()):
            if key in called or not getattr(hook, "always_call", False):
                continue
            try:
                hook(module, args, kwargs, output)
            except Exception as error:
                warnings.warn(
                    f"a forward hook with always_call=True failed after another error: "
                    f"{type(error).__name__}: {error}",
                    stacklevel=4,
                )


def changed_arguments(
    hook: Any, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Call a hook before forward, and return the arguments that it leaves."""
    function = hook.function
    changed = function(module, args, kwargs) if hook.with_kwargs else function(module, args)
    if changed is None:
        return args, kwargs
    if not hook.with_kwargs:
        return (changed if isinstance(changed, tuple) else (changed,)), kwargs
    if isinstance(changed, tuple) and len(changed) == 2:
        return changed
    raise DtypeError(
        f"a forward pre-hook with with_kwargs=True must return None or the pair (args, kwargs), "
        f"got {describe(changed)}."
    )


# --- the backward pass ----------------------------------------------------------------------------

Grads = tuple[Any, ...]


class Through(Function):
    """The identity, whose backward pass calls a function with the gradients that come by."""

    @staticmethod
    def forward(ctx: Any, passing: Callable[[Grads], Grads], *xs: Any) -> Any:
        """Return the same values; copies, since a result must not share memory with an operand."""
        ctx.passing = passing
        return tuple(np.array(x) for x in xs)

    @staticmethod
    def backward(ctx: Any, *gs: Any) -> tuple[Any, ...]:
        """Hand on what the function makes of the gradients."""
        traced = any(isinstance(g, Layered) for g in gs)
        given = tuple(g if isinstance(g, Layered) else Layered.result(g, None) for g in gs)
        left = ctx.passing(given)
        return (None, *(left if traced else (raw(g) for g in left)))

    @staticmethod
    def jvp(_ctx: Any, _passing: Any, *ts: Any) -> Any:
        """Hand the tangents on; there is no backward pass to be looked at."""
        return ts


class Backward:
    """One call of a module, with the gradients of its outputs on their way to its inputs."""

    def __init__(
        self,
        module: Module,
        before: Sequence[Callable[..., Any]],
        after: Sequence[Callable[..., Any]],
    ) -> None:
        self.module, self.before, self.after = module, before, after
        self.inputs: tuple[int, ...] = ()  # places of those that have a gradient
        self.outputs: tuple[int, ...] = ()
        self.count = 0  # of the inputs
        self.size = 0  # of the outputs
        self.grad_output: Grads | None = None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Let the gradients of the arguments come by here."""
        self.count = len(args)
        args, self.inputs = passed_through(args, self.leave)
        return args

    def watch_outputs(self, output: Any) -> Any:
        """Let the gradients of the outputs come by here."""
        if not isinstance(output, (tuple, Layered)):
            warnings.warn(
                f"the backward hooks of {type(self.module).__name__} are not called: its output "
                f"is {describe(output)}, and they need a Tensor or a tuple of Tensors.",
                stacklevel=4,
            )
            return output
        outputs = output if isinstance(output, tuple) else (output,)
        self.size = len(outputs)
        watched, self.outputs = passed_through(outputs, self.enter)
        return watched if isinstance(output, tuple) else watched[0]

    def enter(self, gs: Grads) -> Grads:
        """Gradients arrive at the outputs."""
        grads = packed(gs, self.outputs, self.size)
        for hook in self.before:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = self.checked(changed, grads, "pre-hook", "grad_output")
        self.grad_output = grads if self.inputs else None
        if not self.inputs:  # they will not come by anywhere else
            nothing = (None,) * self.count
            for hook in self.after:
                changed = hook(self.module, nothing, grads)
                if changed is not None and any(g is not None for g in as_tuple(changed)):
                    raise ArgumentError(
                        f"a backward hook of {type(self.module).__name__} returned a gradient, but "
                        f"none of its inputs has one; return None."
                    )
        return tuple(grads[i] for i in self.outputs)

    def leave(self, gs: Grads) -> Grads:
        """Gradients have arrived at the inputs."""
        if self.grad_output is None:  # they came another way than through the outputs
            return gs
        grads = packed(gs, self.inputs, self.count)
        for hook in self.after:
            changed = hook(self.module, grads, self.grad_output)
            if changed is not None:
                grads = self.checked(changed, grads, "hook", "grad_input")
        self.grad_output = None
        return tuple(grads[i] for i in self.inputs)

    def checked(self, changed: Any, old: Grads, kind: str, what: str) -> Grads:
        """Refuse gradients of another number or shape than those they take the place of."""
        changed = as_tuple(changed)
        name = f"a backward {kind} of {type(self.module).__name__}"
        if len(changed) != len(old):
            raise ArgumentError(
                f"{name} must return None or {len(old)} gradients, as {what} has; got "
                f"{len(changed)}."
            )
        for new, g in zip(changed, old, strict=True):
            if g is not None and (new is None or np.shape(new) != g.shape):
                raise ShapeError(
                    f"{name} must return gradients of the shapes that {what} has; for one of "
                    f"shape {g.shape} it gave {describe(new)}."
                )
        return changed


def as_tuple(grads: Any) -> Grads:
    """Return what a hook returned as a tuple."""
    return tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)


def passed_through(values: Any, passing: Callable[[Grads], Grads]) -> tuple[Any, tuple[int, ...]]:
    """Pass the values that are recorded through one operation; return all, and their places."""
    places = tuple(i for i, x in enumerate(values) if isinstance(x, Layered) and is_traced(x))
    if not places:
        return values, ()
    full = list(values)
    for i, x in zip(places, Through.apply(passing, *(full[i] for i in places)), strict=True):
        full[i] = x
    named = hasattr(values, "_fields")
    return (type(values)(*full) if named else tuple(full)), places


def packed(gs: Grads, places: tuple[int, ...], count: int) -> Grads:
    """Put gradients in their places among None."""
    full: list[Any] = [None] * count
    for i, g in zip(places, gs, strict=True):
        full[i] = g
    return tuple(full)


# --- registration ---------------------------------------------------------------------------------


class Hookable:
    """The part of a module that hooks are registered with; as in torch."""

    _hooks: ModuleHooks | None = None

    def _own_hooks(self) -> ModuleHooks:
        if self._hooks is None:
            self._hooks = ModuleHooks()
        return self._hooks

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call a function before each forward.

        Parameters
        ----------
        hook : callable
            `hook(module, args)`. What it returns, if not None, are the new positional arguments.
        prepend : bool, default False
            Call it before the hooks that are registered already.
        with_kwargs : bool, default False
            Call `hook(module, args, kwargs)` instead; it returns None or ``(args, kwargs)``.

        Returns
        -------
        RemovableHandle
            Its `remove()` takes the hook off again; it is a context manager too.

        Examples
        --------
        >>> import nnkit as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
        >>> layer(1)
        2
        """
        return self._own_hooks().before.add(checked_hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call a function after each forward.

        Parameters
        ----------
        hook : callable
            `hook(module, args, output)`. What it returns, if not None, is the new output.
        prepend : bool, default False
            Call it before the hooks that are registered already.
        with_kwargs : bool, default False
            Call `hook(module, args, kwargs, output)` instead.
        always_call : bool, default False
            Call it also where forward, or another hook, raises an error; `output` is then what
            there is by then, mostly None.

        Returns
        -------
        RemovableHandle
            Its `remove()` takes the hook off again; it is a context manager too.

        Examples
        --------
        >>> import nnkit as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_forward_hook(lambda module, args, output: output * 2)
        >>> layer(3)
        6
        """
        return self._own_hooks().after.add(checked_hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call a function in each backward pass, before it goes through this module.

        Parameters
        ----------
        hook : callable
            `hook(module, grad_output)`, with a tuple of the gradients of the outputs. What it
            returns, if not None, takes their place.
        prepend : bool, default False
            Call it before the hooks that are registered already.

        Returns
        -------
        RemovableHandle
            Its `remove()` takes the hook off again; it is a context manager too.
        """
        return self._own_hooks().before_backward.add(hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call a function in each backward pass, when the gradients of this module's inputs are
        known.

        Parameters
        ----------
        hook : callable
            `hook(module, grad_input, grad_output)`, with tuples of the gradients of the positional
            arguments and of the outputs; None for those that are not differentiated. What it
            returns, if not None, takes the place of `grad_input`.
        prepend : bool, default False
            Call it before the hooks that are registered already.

        Returns
        -------
        RemovableHandle
            Its `remove()` takes the hook off again; it is a context manager too.

        Notes
        -----
        As in torch, the module must return a Tensor or a tuple of them, and where no input has a
        gradient the hook is called as soon as those of the outputs are known. Unlike torch, an
        output that the loss does not depend on has a gradient of zeros, not None. While such a
        hook is on, inputs and outputs are copied in each call.

        Examples
        --------
        >>> import nnkit as nn
        >>> layer = nn.Linear(2, 3)
        >>> seen = []
        >>> handle = layer.register_full_backward_hook(lambda m, gi, go: seen.append(go[0].shape))
        >>> layer([[1.0, 2.0]]).sum().backward()
        >>> seen
        [(1, 3)]
        """
        return self._own_hooks().after_backward.add(hook, prepend)


def checked_hook(
    hook: Callable[..., Any], with_kwargs: bool, always_call: bool = False
) -> ForwardHook:
    """Keep a function with the way to call it."""
    if not callable(hook):
        raise TypeError(f"a hook must be a function, got a {type(hook).__name__}")
    return ForwardHook(hook, with_kwargs, always_call)
