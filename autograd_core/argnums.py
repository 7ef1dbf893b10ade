"""Choosing the differentiated arguments of a function: `argnum`, by number or by name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import ArgumentError, DtypeError, GraphError, describe
from .guard import TINY_BYTES, fingerprint, has_changed, is_private
from .operators import name
from .trees import flatten

__all__ = ["unary"]

Function = Callable[..., Any]
Argnum = int | str | tuple[int | str, ...] | list[int | str]


def unary(operator: Function) -> Function:
    """Turn `operator(f, x)` into the form `operator(f, argnum)(*args, **kwargs)`.

    `argnum` is the position or the name of an argument; a tuple of them gives a tuple of results.
    The original is there as `.of`. Keywords of it become keywords of the new form.
    """
    verb = operator.__name__

    @functools.wraps(operator)
    def with_argnum(fun: Function, argnum: Argnum = 0, **options: Any) -> Function:
        if not callable(fun):
            raise DtypeError(
                f"{verb} takes a function, got {describe(fun)}: {verb}(f)(x), not {verb}(f(x))"
            )

        def derivative(*args: Any, **kwargs: Any) -> Any:
            if argnum.__class__ is int and 0 <= argnum < len(args):
                alone = len(args) == 1 and not kwargs
                f = fun if alone else of_one(fun, argnum, args, kwargs)
                x = args[argnum]
            else:
                args, kwargs, chosen = places(fun, argnum, args, kwargs, verb)
                f, x = of_argnum(fun, chosen, args, kwargs), value_at(args, kwargs, chosen)
            prints = prints_of(x)
            result = operator(f, x, **options)
            for array, before in prints:
                if has_changed(array, before):
                    raise overwritten(verb, fun, array)
            return result

        derivative.__name__ = f"{verb}_of_{name(fun)}_wrt_argnum_{argnum}"
        derivative.__doc__ = f"{verb} of {name(fun)} with respect to argument {argnum}."
        return derivative

    with_argnum.of = operator  # type: ignore[attr-defined]
    signature = inspect.signature(operator)
    given = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    with_argnum.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            inspect.Parameter("fun", kind),
            inspect.Parameter("argnum", kind, default=0),
            *given,
        ]
    )
    return with_argnum


def prints_of(x: Any) -> list[tuple[np.ndarray, Any]]:
    """Take a print of each array of an argument, beneath all levels, that can be written.

    The argument is in the user's hands while the function runs, which may write into it.
    """
    if type(x) is np.ndarray and x.nbytes <= TINY_BYTES:  # what follows, in less time
        return [(x, x.tobytes())]
    while hasattr(x, "_value"):
        x = x._value
    if type(x) is np.ndarray:
        if x.dtype.kind not in "fc" or (not x.flags.writeable and is_private(x)):
            return []
        return [(x, fingerprint(x))]
    if x.__class__ is float or isinstance(x, np.generic):
        return []
    return [found for leaf in flatten(x)[0] if leaf is not x for found in prints_of(leaf)]


def overwritten(verb: str, f: Function, x: np.ndarray) -> GraphError:
    """Say that a function wrote into what it is differentiated by."""
    return GraphError(
        f"{verb}: the argument of {name(f)}, shape {x.shape}, was written while {name(f)} was "
        f"differentiated, so the derivative may be wrong. Let {name(f)} write into a copy "
        f"(x.copy()), or into what it is called with, where x[i] = v has a derivative."
    )


def places(
    fun: Function, argnum: Argnum, args: tuple, kwargs: dict, verb: str
) -> tuple[tuple, dict, Any]:
    """Find the chosen arguments in a call; a name may stand for a positional argument."""
    many = isinstance(argnum, (tuple, list))
    found = tuple(place(fun, i, args, kwargs, verb) for i in (argnum if many else (argnum,)))  # type: ignore[union-attr]
    return args, kwargs, found if many else found[0]


def place(fun: Function, i: Any, args: tuple, kwargs: dict, verb: str) -> int | str:
    """Find one chosen argument in a call."""
    if isinstance(i, str):
        if i in kwargs:
            return i
        names = list(inspect.signature(fun).parameters)
        if i not in names[: len(args)]:
            raise ArgumentError(
                f"{verb}(argnum={i!r}): the call gave no argument of that name; {name(fun)} takes "
                f"{', '.join(names) or 'none'}"
            )
        return names.index(i)
    if not isinstance(i, int) or not -len(args) <= i < len(args):
        raise ArgumentError(
            f"{verb}(argnum={i}) was called with {len(args)} positional arguments; argnum "
            f"counts from 0"
        )
    return i % len(args)


def value_at(args: tuple, kwargs: dict, chosen: Any) -> Any:
    """Take the chosen argument, or a tuple of them."""
    if isinstance(chosen, tuple):
        return tuple(value_at(args, kwargs, i) for i in chosen)
    return kwargs[chosen] if isinstance(chosen, str) else args[chosen]


def of_one(f: Function, i: int, args: tuple, kwargs: dict) -> Function:
    """See a function as one of argument i alone."""

    def f_of(x: Any) -> Any:
        return f(*args[:i], x, *args[i + 1 :], **kwargs)

    f_of.__name__ = name(f)
    return f_of


def of_argnum(f: Function, chosen: Any, args: tuple, kwargs: dict) -> Function:
    """See a function as one of the chosen arguments alone."""

    def f_of(x: Any) -> Any:
        full, named = list(args), dict(kwargs)
        pairs = zip(chosen, x, strict=True) if isinstance(chosen, tuple) else [(chosen, x)]
        for i, value in pairs:
            if isinstance(i, str):
                named[i] = value
            else:
                full[i] = value
        return f(*full, **named)

    f_of.__name__ = name(f)
    return f_of
