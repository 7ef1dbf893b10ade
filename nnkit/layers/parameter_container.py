"""Modules that hold parameters: ParameterList and ParameterDict."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from autograd_core.errors import DtypeError, describe
from nnkit.functional.operands import as_array
from nnkit.module import Module, Parameter

__all__ = ["ParameterDict", "ParameterList"]


class Parameters(Module):
    """What both containers have in common: parameters as attributes, and how they look."""

    def _named(self) -> list[tuple[str, Parameter]]:
        return list(self.named_parameters(recurse=False, remove_duplicate=False))

    def _checked(self, place: object, value: Any) -> Parameter:
        if isinstance(value, Parameter):
            return value
        array = as_array(value)
        if array.dtype.kind not in "fc":
            raise DtypeError(
                f"{type(self).__name__} holds Parameters, or floating point arrays to make them "
                f"of; at place {place} it got {describe(value)}."
            )
        return Parameter(array)

    def __len__(self) -> int:
        return len(self._named())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: there is nothing to calculate."""
        raise NotImplementedError(
            f"a {type(self).__name__} only holds parameters; use them in the forward of your own "
            f"module."
        )

    def __repr__(self) -> str:
        lines = [f"({name}): Parameter of shape {p.shape}, {p.dtype}" for name, p in self._named()]
        kind = type(self).__name__
        return "\n  ".join([f"{kind}(", *lines]) + "\n)" if lines else f"{kind}()"


class ParameterList(Parameters):
    """A list whose parameters belong to the model, which those in a plain list do not.

    Parameters
    ----------
    values : iterable of Parameter or array, optional
        Arrays become Parameters.

    Raises
    ------
    DtypeError
        If something is no Parameter and no floating point array.

    Examples
    --------
    >>> import numpy as np
    >>> weights = ParameterList([np.zeros(2), np.zeros((3, 2))])
    >>> weights
    ParameterList(
      (0): Parameter of shape (2,), float32
      (1): Parameter of shape (3, 2), float32
    )
    >>> [name for name, _ in weights.named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or [])

    def __iter__(self) -> Iterator[Parameter]:
        return iter([p for _, p in self._named()])

    @overload
    def __getitem__(self, index: int) -> Parameter: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Parameter | ParameterList:
        """Return one parameter, or a list with some of them."""
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return self._named()[self._position(index)][1]

    def __setitem__(self, index: int, value: Any) -> None:
        name = self._named()[self._position(index)][0]
        setattr(self, name, self._checked(name, value))

    def _position(self, index: int) -> int:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"ParameterList has {n} parameters; index {index} is out of range.")
        return index

    def append(self, value: Any) -> Self:
        """Put a parameter at the end; returns the list."""
        name = str(len(self))
        setattr(self, name, self._checked(name, value))
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Put parameters at the end; returns the list."""
        for value in values:
            self.append(value)
        return self


class ParameterDict(Parameters):
    """A dict whose parameters belong to the model, which those in a plain dict do not.

    Parameters
    ----------
    parameters : mapping of str to Parameter or array, or iterable of pairs, optional
        Arrays become Parameters.

    Raises
    ------
    DtypeError
        If something is no Parameter and no floating point array.
    ArgumentError
        If a key is no string, contains a dot, or is the name of a method of modules.

    Examples
    --------
    >>> import numpy as np
    >>> weights = ParameterDict({"left": np.zeros(2), "right": np.zeros(3)})
    >>> weights["right"].shape, list(weights)
    ((3,), ['left', 'right'])
    """

    def __init__(
        self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None
    ) -> None:
        super().__init__()
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Parameter:
        try:
            return dict(self._named())[key]
        except KeyError:
            raise KeyError(
                f"ParameterDict has no parameter {key!r}; it has: {', '.join(self) or 'none'}."
            ) from None

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, self._checked(repr(key), value))

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return any(key == name for name in self.keys())

    def keys(self) -> list[str]:
        """Return the names."""
        return [name for name, _ in self._named()]

    def values(self) -> list[Parameter]:
        """Return the parameters."""
        return [p for _, p in self._named()]

    def items(self) -> list[tuple[str, Parameter]]:
        """Return the names and parameters."""
        return self._named()

    def get(self, key: str, default: Any = None) -> Any:
        """Return a parameter, or `default` if there is none of this name."""
        return dict(self._named()).get(key, default)

    def pop(self, key: str) -> Parameter:
        """Take a parameter out and return it."""
        p = self[key]
        del self[key]
        return p

    def popitem(self) -> tuple[str, Parameter]:
        """Take the last parameter out and return its name and it."""
        key = self.keys()[-1] if self.keys() else ""
        return key, self.pop(key)

    def setdefault(self, key: str, default: Any = None) -> Parameter:
        """Return a parameter; if there is none of this name, put `default` in first."""
        if key not in self:
            self[key] = default
        return self[key]

    def copy(self) -> ParameterDict:
        """Return a dict of its own with the same parameters."""
        return ParameterDict(self.items())

    @classmethod
    def fromkeys(cls, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Make a dict with a parameter for each name, each with values of its own."""
        return cls({key: copy.deepcopy(default) for key in keys})

    def clear(self) -> None:
        """Take all parameters out."""
        for key in self.keys():
            del self[key]

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Put in the parameters of a dict, or of pairs of name and parameter."""
        for key, value in dict(parameters).items():
            self[key] = value
