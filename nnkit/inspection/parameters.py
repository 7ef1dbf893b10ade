"""Choosing parameters by their paths: freezing them, letting them learn, counting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.module import Module, Parameter

__all__ = ["count_parameters", "freeze", "unfreeze"]

Pattern = str | Module | Parameter | Iterable[str | Module | Parameter]


def freeze(model: Module, pattern: Pattern = "*") -> list[str]:
    """Freeze parameters: they keep their values, and no gradients are calculated for them.

    An optimizer that holds them leaves them out, and keeps what it remembers of them for the time
    when they learn again. To freeze a layer's running statistics or dropout, too, call its
    `eval()` after each `train()`.

    Parameters
    ----------
    model : Module
    pattern : str, Module, Parameter, or several of these, default "*"
        A string is compared with the paths of the parameters (``"encoder.fc1.weight"``) and of the
        modules: ``"encoder"`` means all that is in it, ``"*.bias"`` all biases. ``*`` stands for
        anything, dots included; ``?`` for one character; ``[12]`` for one of several.

    Returns
    -------
    list of str
        The paths of the parameters that were meant, in the order of the model. A parameter that
        is used in two places (tied weights) is there under each path that was meant.

    Raises
    ------
    ArgumentError
        If a pattern fits nothing, or a module or parameter is no part of the model.
    DtypeError
        If an argument is of the wrong kind.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    >>> nn.freeze(model, "0")
    ['0.weight', '0.bias']
    >>> nn.count_parameters(model, trainable=True)
    5
    >>> nn.unfreeze(model, "*.bias")
    ['0.bias', '2.bias']
    """
    return _set(model, pattern, False, "freeze")


def unfreeze(model: Module, pattern: Pattern = "*") -> list[str]:
    """Let parameters learn again; the counterpart of `freeze`.

    An optimizer that was made while they were frozen may not hold them (many people give it
    ``filter(lambda p: p.requires_grad, ...)``); then ``optimizer.add_param_group`` adds them.

    Parameters
    ----------
    model : Module
    pattern : str, Module, Parameter, or several of these, default "*"
        As for `freeze`.

    Returns
    -------
    list of str
        The paths of the parameters that were meant.

    Raises
    ------
    ArgumentError, DtypeError
        As `freeze`.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    >>> frozen = nn.freeze(model)
    >>> nn.unfreeze(model, model[2])
    ['2.weight', '2.bias']
    """
    return _set(model, pattern, True, "unfreeze")


def count_parameters(model: Module, trainable: bool | None = None) -> int:
    """Count the numbers in the parameters of a model, each once.

    Parameters
    ----------
    model : Module
    trainable : bool, optional
        True counts those that learn, False those that are frozen; all by default.

    Returns
    -------
    int

    Raises
    ------
    DtypeError
        If `model` is no Module.

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.count_parameters(nn.Linear(3, 2))
    8
    """
    _check_model(model, "count_parameters")
    return sum(
        p.size
        for p in model.parameters()
        if trainable is None or p.requires_grad is bool(trainable)
    )


def _set(model: Module, pattern: Pattern, learns: bool, what: str) -> list[str]:
    """Set all that is meant, once it is clear that every pattern means something."""
    _check_model(model, what)
    patterns: list[Any] = [pattern]
    if isinstance(pattern, Iterable) and not isinstance(pattern, (str, Module, Parameter)):
        patterns = list(pattern)
    if not patterns:
        raise ArgumentError(f"{what}: the list of patterns is empty. All parameters are '*'.")
    parameters = dict(model.named_parameters(remove_duplicate=False))
    meant: set[str] = set()
    for one in patterns:
        found = (
            set(filter(_test(one), parameters))
            if isinstance(one, str)
            else {path for path, p in parameters.items() if _is_in(p, one, what)}
        )
        if not found:
            raise ArgumentError(_nothing(model, list(parameters), one, what))
        meant |= found
    names = [path for path in parameters if path in meant]
    for name in names:
        parameters[name].requires_grad_(learns)
    return names


def _check_model(model: object, what: str) -> None:
    if not isinstance(model, Module):
        hint = f" Write {model.__name__}()." if isinstance(model, type) else ""
        raise DtypeError(f"{what}: model must be a Module, got {describe(model)}.{hint}")


def _test(pattern: str) -> Callable[[str], bool]:
    """Return whether a path, or that of a module around it, fits a pattern."""

    def fits(path: str) -> bool:
        parts = path.split(".")
        return any(fnmatchcase(".".join(parts[:n]), pattern) for n in range(1, len(parts) + 1))

    return fits


def _is_in(p: Parameter, part: object, what: str) -> bool:
    if isinstance(part, Module):
        return any(p is own for own in part.parameters())
    if isinstance(part, Parameter):
        return p is part
    raise DtypeError(
        f"{what}: a pattern is a string such as 'encoder.*', a part of the model, or a list of "
        f"these; got {describe(part)}."
    )


def _nothing(model: Module, paths: list[str], pattern: object, what: str) -> str:
    """Say that a pattern means nothing, and what may have been meant."""
    if isinstance(pattern, Module) and not list(pattern.parameters()):
        return f"{what}: this {type(pattern).__name__} has no parameters."
    if not isinstance(pattern, str):
        return (
            f"{what}: this {type(pattern).__name__} is no part of the {type(model).__name__}; give "
            f"its path or the object itself, model.get_submodule(path)."
        )
    modules = [path for path, part in model.named_modules() if path and list(part.parameters())]
    words = list(dict.fromkeys([*modules, *paths]))
    ends = [path for path in words if path.endswith(f".{pattern}")]
    near = ends[:3] or get_close_matches(pattern, words, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    if ends:
        hint += f" All of them are '*.{pattern}'."
    shown = ", ".join(paths[:8]) + (f" and {len(paths) - 8} more" if len(paths) > 8 else "")
    return f"{what}: nothing in the model fits {pattern!r}.{hint} Parameters: {shown or 'none'}."
