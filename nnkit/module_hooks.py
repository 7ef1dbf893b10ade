"""The hooks around a module's call: before and after forward, before and after its backward pass.

Most modules have none; then a call does not come here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd_core.errors import DtypeError, describe
from autograd_core.trace import recorder
from nnkit.backward_hooks import Backward
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
        recording = recorder()
        if recording is not None and self:
            recording.fail(f"{type(module).__name__} has hooks, which are called in each step")
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
