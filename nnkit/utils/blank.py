"""Blank layers: made without drawing their initial values."""

from __future__ import annotations

from typing import Any, TypeVar

from autograd_core.errors import DtypeError, describe
from nnkit.module import Module

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Make a layer whose initial values are not drawn, since others will be loaded or set.

    Parameters
    ----------
    module_cls : type
        The class of a layer with `reset_parameters`, such as Linear.
    *args, **kwargs
        Its arguments.

    Returns
    -------
    Module
        Its parameters hold zeros (PyTorch: whatever the memory held). Layers inside of it are
        initialised as usual.

    Raises
    ------
    DtypeError
        If it is no class of a layer with `reset_parameters`.

    Examples
    --------
    >>> import nnkit as nn
    >>> skip_init(nn.Linear, 2, 3).weight.tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    """
    if not isinstance(module_cls, type) or not hasattr(module_cls, "reset_parameters"):
        raise DtypeError(
            f"skip_init takes the class of a layer with reset_parameters, and its arguments: "
            f"skip_init(Linear, 2, 3); got {describe(module_cls)}."
        )
    blank: Any = type(module_cls.__name__, (module_cls,), {"reset_parameters": lambda self: None})
    module = blank(*args, **kwargs)
    module.__class__ = module_cls
    return module
