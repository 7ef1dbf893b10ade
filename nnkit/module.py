"""Module: the parts of a model, found by looking at its attributes.

A module's parameters are its attributes that are Parameters, its children are its attributes that
are Modules, its buffers are the arrays it registered. There is no second list to keep in step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, describe
from autograd_core.inplace import mark_written
from nnkit.module_hooks import Hookable
from nnkit.module_paths import Findable
from nnkit.parameter import Buffer, Parameter, UninitializedParameter, clear_grad
from nnkit.place import say_where
from nnkit.state import check_state, give_sizes

__all__ = ["KeysReport", "Module", "Parameter"]


class KeysReport(NamedTuple):
    """What `load_state_dict` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module(Hookable, Findable):
    """A part of a model: parameters, buffers, further modules, and `forward`, which uses them.

    Write a class with its parts as attributes and a method `forward`; call the module itself.

    Attributes
    ----------
    training : bool
        True at first; `train()` and `eval()` switch it for a module and all its parts.

    Examples
    --------
    >>> import nnkit as nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(2, 4)
    ...         self.out = nn.Linear(4, 1)
    ...
    ...     def forward(self, x):
    ...         return self.out(nn.functional.relu(self.hidden(x)))
    >>> net = Net()
    >>> net([[1.0, 2.0]]).shape
    (1, 1)
    >>> [name for name, _ in net.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    training: bool = True
    attribute_changes: ClassVar[list[int]] = [0]  # how many there were, of all modules: see reach

    # Empty until something is registered, so that a class needs no __init__.
    _buffers: Mapping[str, bool] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Calculate the module's output; to be written by each kind of module."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward: write a method forward(self, x) that returns "
            f"its output."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and the hooks around it."""
        try:
            if self._hooks is not None:
                return self._hooks.call(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            say_where(error, self)
            raise

    # --- attributes -------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        for kind, remedy in REMEDIES:
            if isinstance(old, kind) and not isinstance(value, kind) and value is not None:
                raise DtypeError(
                    f"{type(self).__name__}.{name} is a {kind.__name__}; it cannot become "
                    f"{describe(value)}. {remedy.format(name=name)}"
                )
        if isinstance(value, Buffer):
            vars(self).pop(name, None)
            return self.register_buffer(name, value.data, value.persistent)
        if name in self._buffers and value is not None:
            value = np.asarray(raw(value))
        object.__setattr__(self, name, value)
        Module.attribute_changes[0] += 1

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        Module.attribute_changes[0] += 1

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Keep an array that is part of the model but not learned: running statistics, a mask.

        Parameters
        ----------
        name : str
            The attribute it becomes.
        tensor : array_like or None
            Kept as a plain array.
        persistent : bool, default True
            Whether it belongs to the state dict.
        """
        self._check_name(name)
        self._buffers = {**self._buffers, name: persistent}
        setattr(self, name, tensor)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; the same as assigning it to the attribute."""
        self._check_name(name)
        if param is not None and not isinstance(param, Parameter):
            raise DtypeError(
                f"register_parameter({name!r}) needs a Parameter or None, got {describe(param)}. "
                f"Write nnkit.Parameter(values)."
            )
        setattr(self, name, param)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a part under a name; the same as assigning it to the attribute."""
        self._check_name(name)
        if module is not None and not isinstance(module, Module):
            raise DtypeError(
                f"add_module({name!r}) needs a Module, got {describe(module)}"
                f"{'; write ' + module.__name__ + '()' if isinstance(module, type) else ''}."
            )
        setattr(self, name, module)

    register_module = add_module

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise ArgumentError(
                f"the name of a part must be a string without dots, got {name!r}; dots separate "
                f"the levels of a path."
            )
        if hasattr(type(self), name):
            raise ArgumentError(
                f"{type(self).__name__} has an attribute {name!r} already; choose another name."
            )

    # --- walking through the parts ----------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules that are attributes of this one, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value
            elif value.__class__ in (list, tuple, dict) and value:
                refuse_hidden(self, name, value)

    def children(self) -> Iterator[Module]:
        """Yield the modules that are attributes of this one."""
        return (module for _, module in self.named_children())

    def named_modules(
        self, memo: set[int] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield this module and all its parts at any depth, with their paths.

        Parameters
        ----------
        memo : set of int, optional
            Identities of modules that are to be left out; those yielded are added.
        prefix : str, default ""
            Put in front of the paths.
        remove_duplicate : bool, default True
            Yield a module that is used in two places once.
        """
        memo = set() if memo is None else memo
        if remove_duplicate:
            if id(self) in memo:
                return
            memo.add(id(self))
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(memo, join(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Yield this module and all its parts at any depth."""
        return (module for _, module in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters with their paths: ``"encoder.fc1.weight"``.

        Parameters
        ----------
        prefix : str, default ""
            Put in front of the paths.
        recurse : bool, default True
            Also those of the parts.
        remove_duplicate : bool, default True
            Yield a parameter that is used in two places (tied weights) once.
        """
        seen: set[int] = set()
        for path, module in self._walk(prefix, recurse, remove_duplicate):
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and id(value) not in seen:
                    if remove_duplicate:
                        seen.add(id(value))
                    yield join(path, name), value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters: what an optimizer is given."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """Yield the buffers with their paths."""
        for path, module in self._walk(prefix, recurse, remove_duplicate):
            for name in module._buffers:
                value = getattr(module, name)
                if value is not None:
                    yield join(path, name), value

    def buffers(self, recurse: bool = True) -> Iterator[np.ndarray[Any, Any]]:
        """Yield the buffers."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def _walk(
        self, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Module]]:
        if recurse:
            return self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        return iter([(prefix, self)])

    # --- doing something to all parts -------------------------------------------------------------

    def apply(self, fn: Callable[[Module], object]) -> Self:
        """Call `fn` with every part, the innermost first, and with this module; returns it."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Switch to training (dropout on), this module and all its parts; returns it."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation (dropout off), this module and all its parts; returns it."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters learn, or freeze them; returns the module."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to zeros)."""
        for p in self.parameters():
            clear_grad(p, set_to_none)

    def to(self, dtype: Any) -> Self:
        """Change the dtype of all floating point parameters and buffers in place.

        Parameters
        ----------
        dtype : dtype
            A floating point type, such as ``np.float64``. The name of a device is accepted where
            it is ``"cpu"``: there is no other.

        Returns
        -------
        Module
            This module.
        """
        if isinstance(dtype, str) and dtype.split(":")[0] in ("cpu", "cuda", "mps"):
            if dtype != "cpu":
                raise ArgumentError(f"to({dtype!r}): nnkit calculates on the CPU only.")
            return self
        wanted = np.dtype(dtype)
        if wanted.kind != "f":
            raise DtypeError(f"a model is of a floating point dtype, not {wanted}.")
        for module in self.modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and value.dtype.kind == "f":
                    value.cast_(wanted)
                elif name in module._buffers and getattr(value, "dtype", wanted).kind == "f":
                    setattr(module, name, None if value is None else value.astype(wanted))
        return self

    def float(self) -> Self:
        """Change all floating point parameters and buffers to float32; returns the module."""
        return self.to(np.float32)

    def half(self) -> Self:
        """Change all floating point parameters and buffers to float16; returns the module.

        It halves the memory and the file; NumPy calculates more slowly in float16 than in float32.
        """
        return self.to(np.float16)

    def cpu(self) -> Self:
        """Return the module: it is on the CPU already."""
        return self

    def double(self) -> Self:
        """Change all floating point parameters and buffers to float64; returns the module."""
        return self.to(np.float64)

    # --- state ------------------------------------------------------------------------------------

    def _state_arrays(self, waiting: Any = None) -> dict[str, np.ndarray[Any, Any]]:
        """Name the arrays that make up the state; they are the model's own, not copies.

        `waiting` stands for the values of parameters that have none yet.
        """
        state: dict[str, np.ndarray[Any, Any]] = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for name, value in vars(module).items():
                if waiting is not None and isinstance(value, UninitializedParameter):
                    state[join(path, name)] = waiting
                elif isinstance(value, Parameter):
                    state[join(path, name)] = raw(value)
            for name, persistent in module._buffers.items():
                if persistent and getattr(module, name) is not None:
                    state[join(path, name)] = getattr(module, name)
        return state

    def state_dict(self, *, prefix: str = "") -> dict[str, np.ndarray[Any, Any]]:
        """Return the values of all parameters and persistent buffers by path.

        Parameters
        ----------
        prefix : str, default ""
            Put in front of the paths, with its dot: ``"encoder."``.

        Returns
        -------
        dict of str to ndarray
            Copies: training on does not change them. (PyTorch hands out the live values.)

        Examples
        --------
        >>> import nnkit as nn
        >>> {name: value.shape for name, value in nn.Linear(3, 2).state_dict().items()}
        {'weight': (2, 3), 'bias': (2,)}
        """
        return {prefix + name: value.copy() for name, value in self._state_arrays().items()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> KeysReport:
        """Copy values into the parameters and buffers; all or, if something is wrong, none.

        Parameters
        ----------
        state_dict : mapping of str to array_like
            As `state_dict()` or `nnkit.load(path)` return it.
        strict : bool, default True
            Refuse keys that are missing or not known; otherwise they are left out.

        Returns
        -------
        KeysReport
            `missing_keys` and `unexpected_keys`.

        Raises
        ------
        ArgumentError
            If keys do not match.
        ShapeError
            If a shape does not match; also with ``strict=False``.
        """
        nothing, kind = np.empty(0), type(self).__name__
        if isinstance(state_dict, Mapping) and any(hasattr(m, "give_size") for m in self.modules()):
            twin = copy.deepcopy(self)  # sizes that do not fit must not stay
            give_sizes(twin.named_modules(), state_dict)
            check_state(kind, twin._state_arrays(nothing), state_dict, strict)
            give_sizes(self.named_modules(), state_dict)
        own = self._state_arrays(nothing)
        missing, unexpected = check_state(kind, own, state_dict, strict)
        values = [
            (array, np.asarray(raw(state_dict[name]), dtype=array.dtype))
            for name, array in own.items()
            if name in state_dict
        ]
        for array, value in values:
            array[...] = value
        for p in self.parameters():
            if p.requires_grad:
                mark_written(p)
        return KeysReport(missing, unexpected)

    # --- how it looks -----------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Say what the repr shows between the brackets; a layer names its settings here."""
        return ""

    def __repr__(self) -> str:
        lines = [
            f"({name}): " + repr(child).replace("\n", "\n  ")
            for name, child in self.named_children()
        ]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        return "\n  ".join([f"{type(self).__name__}(", *filter(None, [extra]), *lines]) + "\n)"


REMEDIES: tuple[tuple[type, str], ...] = (
    (Parameter, "Write {name} = nnkit.Parameter(values), or {name}.data = values."),
    (Module, "Give it another Module, or None."),
)


def join(path: str, name: str) -> str:
    """Put a name at the end of a path."""
    return f"{path}.{name}" if path else name


def refuse_hidden(module: Module, name: str, value: Any) -> None:
    """Refuse a list of modules or parameters: nobody would find them, and they would not learn."""
    first = next(iter(value.values() if isinstance(value, dict) else value))
    if isinstance(first, (Module, Parameter)) and not name.startswith("_"):
        kind = type(value).__name__
        raise ArgumentError(
            f"{type(module).__name__}.{name} is a {kind} of {type(first).__name__}s; inside a "
            f"{kind} they are not found and would not be trained. Write self.{name} = "
            f"nnkit.ModuleList([...]), or self._{name} if that is meant."
        )
