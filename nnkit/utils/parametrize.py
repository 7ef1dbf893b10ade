"""Parametrize: a weight that is calculated from what is learned, each time it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core import Tensor, no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from autograd_core.inplace import mark_written
from nnkit.absent import teller
from nnkit.layers import ModuleDict, ModuleList
from nnkit.module import Module, Parameter
from nnkit.utils.calculated import become, cached, type_before_parametrizations

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "type_before_parametrizations",
]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let a parameter or buffer of a module be calculated by another module.

    From then on ``module.weight`` is ``parametrization(original)``, and the original is what
    learns: it moves to ``module.parametrizations.weight.original``. A parametrization with a method
    ``right_inverse`` says which original gives a value; where that is a tuple, there are
    ``original0``, ``original1`` and so on, which are its arguments. A second parametrization of the
    same name is applied to the result of the first.

    Parameters
    ----------
    module : Module
    tensor_name : str
        The name of one of its own parameters or buffers.
    parametrization : Module
        Its forward gives the value; its parameters and buffers become part of the model.
    unsafe : bool, default False
        Leave out the check that shape and dtype stay the same. The check runs the parametrization
        once.

    Returns
    -------
    Module
        The same module.

    Raises
    ------
    ArgumentError
        If the module has no such parameter or buffer.
    ShapeError, DtypeError
        If the parametrization changes the shape or the dtype.

    Examples
    --------
    A symmetric matrix:

    >>> import nnkit as nn
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return np.triu(x) + np.triu(x, 1).T
    >>> layer = register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> bool(np.all(layer.weight == layer.weight.T))
    True
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'parametrizations.weight.original']
    """
    if not isinstance(parametrization, Module):
        raise DtypeError(
            f"register_parametrization: a parametrization is a Module whose forward gives the new "
            f"value, got {describe(parametrization)}."
        )
    if is_parametrized(module, tensor_name):
        found: Any = table_of(module)[tensor_name]
        if not unsafe:
            check_same(found(), found.after(parametrization), parametrization)
        found.append(parametrization)
        return module
    original = own_tensor(module, tensor_name)
    found = ParametrizationList([parametrization], original, unsafe=unsafe)
    if tensor_name in module._buffers:
        module._buffers = {k: v for k, v in module._buffers.items() if k != tensor_name}
    del vars(module)[tensor_name]
    if "parametrizations" not in vars(module):
        module.add_module("parametrizations", ModuleDict())
    table_of(module)[tensor_name] = found
    become(module)
    return module


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make a calculated weight an ordinary parameter again.

    Parameters
    ----------
    module : Module
    tensor_name : str
    leave_parametrized : bool, default True
        Keep the value that was calculated last. False: take the original, which must be a single
        one.

    Returns
    -------
    Module
        The same module. A single original stays the same object, so that an optimizer keeps it.

    Raises
    ------
    ArgumentError
        If it is not parametrized, or ``leave_parametrized=False`` finds more than one original.

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> remove_parametrizations(layer, "weight")
    Linear(in_features=3, out_features=2, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(
            f"remove_parametrizations: {type(module).__name__} has no parametrization of "
            f"{tensor_name!r}{names_of(module)}."
        )
    found: Any = table_of(module)[tensor_name]
    if not leave_parametrized and not found.is_tensor:
        raise ArgumentError(
            f"remove_parametrizations: {tensor_name!r} is calculated from {found.count} tensors; "
            f"there is no single original to go back to: use leave_parametrized=True."
        )
    kept: Any = found.original if found.is_tensor else None
    if leave_parametrized:
        with no_grad():
            value = raw(found())
        if not isinstance(kept, Parameter):
            is_buffer = isinstance(vars(found)[found.first], np.ndarray)
            frozen = not is_buffer and not vars(found)[found.first].requires_grad
            kept = value.copy() if is_buffer else Parameter(value, not frozen, value.dtype)
        else:
            write(kept, value)
    delattr(table_of(module), tensor_name)
    if not len(table_of(module)):
        del vars(module)["parametrizations"]
    become(module)
    if isinstance(kept, Parameter):
        setattr(module, tensor_name, kept)
    else:
        module.register_buffer(tensor_name, kept)
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Return whether a module has a parametrization, or one of this name.

    Parameters
    ----------
    module : Module
    tensor_name : str, optional

    Returns
    -------
    bool

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> is_parametrized(layer), is_parametrized(layer, "bias"), is_parametrized(nn.Linear(3, 2))
    (True, False, False)
    """
    found = vars(module).get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return tensor_name is None or tensor_name in found


class ParametrizationList(ModuleList):
    """The parametrizations of one weight, in order, and the originals that it is calculated from.

    `register_parametrization` makes it; it is found at ``module.parametrizations.weight``.

    Parameters
    ----------
    modules : sequence of Module
    original : Parameter or ndarray
        The value so far.
    unsafe : bool, default False
        Leave out the check of shape and dtype.

    Attributes
    ----------
    original : Parameter
        What is learned; or, where there are several, `original0`, `original1` ...

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> weights = layer.parametrizations.weight
    >>> weights.original0.shape, weights.original1.shape, len(weights)
    ((2, 1), (2, 3), 1)
    """

    original: Any

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            value = raw(original)
            new = self._inverse(value)
        self.is_tensor = not isinstance(new, (tuple, list))
        parts = [new] if self.is_tensor else list(new)
        self.count = len(parts)
        self.first = "original" if self.is_tensor else "original0"
        for i, part in enumerate(parts):
            part = np.array(raw(part))
            name = "original" if self.is_tensor else f"original{i}"
            if not isinstance(original, Parameter):
                self.register_buffer(name, part)
            elif self.is_tensor:
                write(original, part)
                self.original = original
            else:
                setattr(self, name, Parameter(part, original.requires_grad, part.dtype))
        if not unsafe:
            check_same(value, self(), modules[-1])

    def originals(self) -> list[Any]:
        """Return what the weight is calculated from."""
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.count)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Any:
        """Calculate the weight."""
        first, *others = self
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value

    def after(self, module: Module) -> Any:
        """Return what one more parametrization would make of the weight."""
        return module(self())

    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the weight becomes `value`.

        Parameters
        ----------
        value : Tensor or array

        Raises
        ------
        NotImplementedError
            If a parametrization has no method `right_inverse`.
        """
        for module in self:
            if not hasattr(module, "right_inverse"):
                raise NotImplementedError(
                    f"{type(module).__name__} has no right_inverse(self, value), so it is not "
                    f"known which original gives this value. Write that method, or set the "
                    f"original: module.parametrizations.<name>.original.data = ..."
                )
        with no_grad():
            new = self._inverse(raw(value))
        parts = [new] if self.is_tensor else new
        for own, part in zip(self.originals(), parts, strict=True):
            if own.shape != np.shape(part):
                raise ShapeError(
                    f"a parametrized weight whose original has shape {own.shape} cannot be set to "
                    f"a value of shape {np.shape(value)}."
                )
            write(own, raw(part))

    def _inverse(self, value: Any) -> Any:
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                value = module.right_inverse(value)
        return value


# --- the parts ------------------------------------------------------------------------------------


def table_of(module: Module) -> Any:
    """Return the parametrizations of a module by the names of its weights."""
    return vars(module)["parametrizations"]


def write(own: Any, value: Any) -> None:
    """Overwrite a parameter or buffer."""
    array = raw(own)
    if array.shape == value.shape:
        array[...] = value
        if isinstance(own, Parameter) and own.requires_grad:
            mark_written(own)
    else:
        own.data = value


def own_tensor(module: Module, name: str) -> Any:
    """Return a parameter or buffer of a module."""
    value = vars(module).get(name)
    if isinstance(value, Parameter) or (name in module._buffers and value is not None):
        return value
    raise ArgumentError(
        f"{type(module).__name__} has no parameter or buffer {name!r} of its own to parametrize"
        f"{names_of(module)}."
    )


def names_of(module: Module) -> str:
    """Name what there is."""
    names = [name for name, _ in module.named_parameters(recurse=False)]
    done = list(vars(module).get("parametrizations", ()))
    return f"; it has: {', '.join(names) or 'none'}" + (
        f"; parametrized are: {', '.join(done)}" if done else ""
    )


def check_same(before: Any, after: Any, parametrization: Module) -> None:
    """Refuse a parametrization that changes the shape or the dtype of a weight."""
    who = type(parametrization).__name__
    if not isinstance(after, (Tensor, np.ndarray)):
        raise DtypeError(f"{who} must return a Tensor, it gave {describe(after)}.")
    if after.shape != before.shape:
        raise ShapeError(
            f"{who} makes a weight of shape {after.shape} of one of shape {before.shape}. If that "
            f"is meant, say unsafe=True."
        )
    if after.dtype != before.dtype:
        raise DtypeError(
            f"{who} makes a weight of {after.dtype} of one of {before.dtype}. If that is meant, "
            f"say unsafe=True."
        )
