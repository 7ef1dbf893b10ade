"""Modules that hold modules: Sequential, ModuleList and ModuleDict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, overload

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.layers.pooled_blocks import MAX_POOLING, with_pooling
from nnkit.module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class Ordered(Module):
    """Modules in order, under the names "0", "1", ... or names of one's own."""

    def __len__(self) -> int:
        return len(self._parts())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._parts())

    def _parts(self) -> list[Module]:
        # Not through named_children: this is the way of every forward pass.
        return [part for part in vars(self).values() if isinstance(part, Module)]

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module | Self:
        """Return one module, or a container of the same kind with some of them."""
        parts = list(self.named_children())
        if isinstance(index, slice):
            return self._like(parts[index])
        return parts[self._position(index)][1]

    def __setitem__(self, index: int, module: Module) -> None:
        name, _ = list(self.named_children())[self._position(index)]
        setattr(self, name, checked(self, name, module))

    def __delitem__(self, index: int | slice) -> None:
        parts = list(self.named_children())
        doomed = parts[index] if isinstance(index, slice) else [parts[self._position(index)]]
        for name, _ in doomed:
            delattr(self, name)
        self._number([part for part in parts if part not in doomed])

    def pop(self, index: int = -1) -> Module:
        """Take a module out, the last one by default, and return it."""
        module: Module = self[index]
        del self[index]
        return module

    def _position(self, index: int) -> int:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(
                f"{type(self).__name__} has {n} modules; index {index} is out of range."
            )
        return index

    def _like(self, parts: list[tuple[str, Module]]) -> Self:
        raise NotImplementedError

    def _number(self, parts: list[tuple[str, Module]]) -> None:
        """Number modules from 0 again; names of one's own stay."""
        for name, _ in list(self.named_children()):
            delattr(self, name)
        for i, (name, part) in enumerate(parts):
            setattr(self, str(i) if name.isdecimal() else name, part)

    def append(self, module: Module) -> Self:
        """Put a module at the end; returns the container."""
        name = str(len(self))
        setattr(self, name, checked(self, name, module))
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Put modules at the end; returns the container."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module in front of the one at `index`; returns the container."""
        parts = list(self.named_children())
        parts.insert(index, ("0", checked(self, str(index), module)))
        self._number(parts)
        return self


def checked(container: Module, place: str, module: Any) -> Module:
    """Refuse what is no module, and say what was meant."""
    if isinstance(module, Module):
        return module
    kind = type(container).__name__
    hint = ""
    if isinstance(module, type) and issubclass(module, Module):
        hint = f" Write {module.__name__}(), with brackets."
    elif isinstance(module, (list, tuple)):
        hint = f" Write {kind}(*layers)." if kind == "Sequential" else ""
    elif callable(module):
        name = getattr(module, "__name__", "f")
        hint = f" Put a Module around a plain function: Lambda({name})."
    raise DtypeError(f"{kind} holds modules; at place {place} it got {describe(module)}.{hint}")


class Sequential(Ordered):
    """Modules one after the other: the output of each is the input of the next.

    Parameters
    ----------
    *args : Module
        The modules, or one dict of names and modules.

    Raises
    ------
    DtypeError
        If something is no module.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> model
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=2, bias=True)
    )
    >>> len(model[:2])
    2
    """

    def __init__(self, *args: Module | Mapping[str, Module]) -> None:
        super().__init__()
        named: Iterable[tuple[str, Any]]
        if len(args) == 1 and isinstance(args[0], Mapping):
            named = args[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, checked(self, name, module))

    def _like(self, parts: list[tuple[str, Module]]) -> Self:
        return type(self)(dict(parts)) if not decimal(parts) else type(self)(*(m for _, m in parts))

    def forward(self, input: Any) -> Any:
        """Send the input through all modules."""
        modules = self._parts()
        calls: Sequence[Callable[[Any], Any]] = modules
        if not MAX_POOLING.isdisjoint(map(type, modules)):
            calls = with_pooling(modules, input)
        for call in calls:
            input = call(input)
        return input


def decimal(parts: list[tuple[str, Module]]) -> bool:
    """Whether all names are numbers."""
    return all(name.isdecimal() for name, _ in parts)


class ModuleList(Ordered):
    """A list whose modules belong to the model, which those in a plain list do not.

    Parameters
    ----------
    modules : iterable of Module, optional

    Raises
    ------
    DtypeError
        If something is no module.

    Examples
    --------
    >>> import nnkit as nn
    >>> layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    >>> len(list(layers.parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if isinstance(modules, Module) and not isinstance(modules, Ordered):
            raise ArgumentError(
                f"ModuleList takes a list of modules, got one {type(modules).__name__}: write "
                f"ModuleList([...])."
            )
        self.extend(modules or [])

    def _like(self, parts: list[tuple[str, Module]]) -> Self:
        return type(self)(module for _, module in parts)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: a list has no order of calculation of its own."""
        raise NotImplementedError(
            "a ModuleList only holds its modules; call them in the forward of your own module, "
            "or use Sequential."
        )


class ModuleDict(Module):
    """A dict whose modules belong to the model, which those in a plain dict do not.

    Parameters
    ----------
    modules : mapping of str to Module, or iterable of pairs, optional

    Raises
    ------
    DtypeError
        If something is no module.
    ArgumentError
        If a key is no string, contains a dot, or is the name of a method of modules.

    Examples
    --------
    >>> import nnkit as nn
    >>> heads = nn.ModuleDict({"left": nn.Linear(2, 1), "right": nn.Linear(2, 3)})
    >>> heads["right"]([[1.0, 2.0]]).shape
    (1, 3)
    >>> list(heads)
    ['left', 'right']
    """

    def __init__(
        self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None
    ) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Module:
        try:
            return dict(self.items())[key]
        except KeyError:
            raise KeyError(
                f"ModuleDict has no module {key!r}; it has: {', '.join(self) or 'none'}."
            ) from None

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, checked(self, repr(key), module))

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __len__(self) -> int:
        return sum(1 for _ in self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return any(key == name for name in self.keys())

    def keys(self) -> list[str]:
        """Return the names."""
        return [name for name, _ in self.named_children()]

    def values(self) -> list[Module]:
        """Return the modules."""
        return [module for _, module in self.named_children()]

    def items(self) -> list[tuple[str, Module]]:
        """Return the names and modules."""
        return list(self.named_children())

    def pop(self, key: str) -> Module:
        """Take a module out and return it."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for key in self.keys():
            del self[key]

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Put in the modules of a dict, or of pairs of name and module."""
        for key, module in dict(modules).items():
            self[key] = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: a dict has no order of calculation of its own."""
        raise NotImplementedError(
            "a ModuleDict only holds its modules; call them in the forward of your own module: "
            "self.parts[key](x)."
        )
