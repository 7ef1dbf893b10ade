"""Checking derivatives against finite differences, for functions of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import ArgumentError, GradientCheckError
from .operators import jvp, name, vjp
from .trees import flatten, leaves_with_paths

__all__ = [
    "check_equivalent",
    "check_grads",
    "check_jvp",
    "check_vjp",
    "combo_check",
    "scalar_close",
]

EPS = 1e-6
RTOL = ATOL = 1e-6


def random_like(leaves: list, rng: np.random.Generator) -> list:
    """Draw a random direction; a complex one for a complex leaf."""
    return [
        rng.standard_normal(np.shape(x))
        + (1j * rng.standard_normal(np.shape(x)) if np.iscomplexobj(x) else 0)
        for x in leaves
    ]


def inner(us: list, vs: list) -> float:
    """Pair cotangents with tangents: the real part of the sum of u v."""
    return float(
        sum(np.sum(np.asarray(u) * np.asarray(v)).real for u, v in zip(us, vs, strict=True))
    )


def steps_along(leaves: list, rng: np.random.Generator) -> tuple[list, list, list]:
    """Return a point a little ahead, one behind, and the direction from one to the other.

    It is a random one, as far as the points can be told apart: they are rounded.
    """
    drawn = random_like(leaves, rng)
    ahead = [x + EPS / 2 * v for x, v in zip(leaves, drawn, strict=True)]
    behind = [x - EPS / 2 * v for x, v in zip(leaves, drawn, strict=True)]
    found = [(a - b) / EPS for a, b in zip(ahead, behind, strict=True)]
    pairs = zip(found, drawn, strict=True)  # where there is a NaN, any direction is as good
    return ahead, behind, [np.where(np.isfinite(v), v, w)[()] for v, w in pairs]


def difference(f: Callable[..., Any], ahead: tuple, behind: tuple, us: list) -> tuple[float, float]:
    """Return the central difference of the outputs, paired with cotangents, and how far it may be
    wrong because the outputs are rounded.
    """
    outputs = zip(flatten(f(*ahead))[0], flatten(f(*behind))[0], strict=True)
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in outputs]
    size = sum(float(np.sum(np.abs(u) * np.abs(a))) for u, (a, _) in zip(us, pairs, strict=True))
    rounding = 4 * np.finfo(float).eps * size / EPS
    return inner(us, [(a - b) / EPS for a, b in pairs]), rounding if np.isfinite(size) else 0.0


def compare(
    found: float, expected: tuple[float, float], what: str, rtol: float, atol: float
) -> None:
    """Raise where a directional derivative is not the finite difference."""
    value, rounding = expected
    if not abs(found - value) <= atol + rtol * abs(value) + rounding:
        raise GradientCheckError(
            f"{what}: the derivative along a random direction is {found:.10g}, the finite "
            f"difference {value:.10g} (allowed: {atol:g} + {rtol:g} * |difference|, and "
            f"{rounding:.1g} for rounding). Check the rules of the operations in the function, or "
            f"that it is smooth at this point."
        )


def check_vjp(
    f: Callable[..., Any], *args: Any, seed: int = 0, rtol: float = RTOL, atol: float = ATOL
) -> None:
    """Compare reverse mode with a central difference along a random direction.

    Parameters
    ----------
    f : callable
    *args : array_like or nested containers of these
        The point, in float64.
    seed : int, default 0
        Of the direction.
    rtol, atol : float, default 1e-6

    Raises
    ------
    GradientCheckError
        If they differ by more than `atol + rtol * |difference|` and what rounding explains, or a
        cotangent has another shape or dtype than its argument.

    Examples
    --------
    >>> import numpy as np
    >>> check_vjp(np.sin, np.array([0.3, 1.2]))
    """
    rng = np.random.default_rng(seed)
    leaves, rebuild = flatten(args)
    ahead, behind, v = steps_along(leaves, rng)
    y, pull = vjp(f, *args)
    outputs, rebuild_out = flatten(y)
    u = random_like(outputs, rng)
    cotangents, _ = flatten(pull(rebuild_out(u)))
    for (path, x), c in zip(leaves_with_paths(args), cotangents, strict=True):
        if np.shape(c) != np.shape(x) or np.iscomplexobj(c) != np.iscomplexobj(x):
            raise GradientCheckError(
                f"vjp of {name(f)}: argument{path} has shape {np.shape(x)} and dtype "
                f"{getattr(x, 'dtype', float)}, its gradient {np.shape(c)} and {c.dtype}"
            )
    expected = difference(f, rebuild(ahead), rebuild(behind), u)
    compare(inner(cotangents, v), expected, f"reverse mode of {name(f)}", rtol, atol)


def check_jvp(
    f: Callable[..., Any], *args: Any, seed: int = 0, rtol: float = RTOL, atol: float = ATOL
) -> None:
    """Compare forward mode with a central difference along a random direction.

    Parameters
    ----------
    f : callable
    *args : array_like or nested containers of these
        The point, in float64.
    seed : int, default 0
        Of the direction.
    rtol, atol : float, default 1e-6

    Raises
    ------
    GradientCheckError
        If they differ by more than `atol + rtol * |difference|` and what rounding explains.

    Examples
    --------
    >>> import numpy as np
    >>> check_jvp(np.sin, np.array([0.3, 1.2]))
    """
    rng = np.random.default_rng(seed)
    leaves, rebuild = flatten(args)
    ahead, behind, v = steps_along(leaves, rng)
    y, t = jvp(f, args, rebuild(v))
    outputs, _ = flatten(y)
    u = random_like(outputs, rng)
    expected = difference(f, rebuild(ahead), rebuild(behind), u)
    compare(inner(u, flatten(t)[0]), expected, f"forward mode of {name(f)}", rtol, atol)


def check_grads(
    f: Callable[..., Any],
    argnum: Any = None,
    modes: Sequence[str] = ("fwd", "rev"),
    order: int = 2,
    rtol: float = RTOL,
    atol: float = ATOL,
) -> Callable[..., None]:
    """Return a check of the derivatives of `f` at a point, in both modes, up to `order`.

    Order 2 checks all mixtures: forward and reverse mode of the forward and the reverse mode.

    Parameters
    ----------
    f : callable
        Its arguments are arrays or nested containers of float64 arrays.
    argnum : int or tuple of int, optional
        Which positional arguments to differentiate. Default: all that hold floating point numbers.
    modes : sequence of {"fwd", "rev"}
    order : int, default 2
    rtol, atol : float, default 1e-6
        Allowed is `atol + rtol * |finite difference|`; the step is 1e-6. What the rounding of
        large results does to such a difference comes on top.

    Returns
    -------
    callable
        Takes the arguments of `f`, and raises GradientCheckError where a derivative is wrong.

    Raises
    ------
    ArgumentError
        If a mode is neither "fwd" nor "rev".
    GradientCheckError
        When the check is called, where a derivative is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> check_grads(lambda x: np.sin(x) * x)(np.array([0.3, 1.2]))
    """
    unknown = set(modes) - {"fwd", "rev"}
    if unknown:
        raise ArgumentError(f"check_grads(modes=...) takes 'fwd' and 'rev', got {sorted(unknown)}")

    def check(*args: Any, **kwargs: Any) -> None:
        chosen = differentiable(args) if argnum is None else np.atleast_1d(argnum).tolist()

        def of_chosen(*xs: Any) -> Any:
            full = list(args)
            for i, x in zip(chosen, xs, strict=True):
                full[i] = x
            return f(*full, **kwargs)

        of_chosen.__name__ = name(f)
        check_at(of_chosen, [args[i] for i in chosen], modes, order, {"rtol": rtol, "atol": atol})

    return check


def differentiable(args: tuple) -> list[int]:
    """Say which arguments hold floating point numbers and nothing else."""
    found = []
    for i, x in enumerate(args):
        kinds = {np.asarray(leaf).dtype.kind for leaf in flatten(x)[0]}
        if kinds and kinds <= {"f", "c"}:
            found.append(i)
    return found


def check_at(
    f: Callable[..., Any], args: list, modes: Sequence[str], order: int, tolerance: dict[str, float]
) -> None:
    """Check all arguments of a function, and the function's derivatives in their turn."""
    for mode in modes:
        (check_jvp if mode == "fwd" else check_vjp)(f, *args, **tolerance)  # type: ignore[arg-type]
        if order > 1:
            derivative, direction = directional(f, tuple(args), mode)
            check_at(derivative, [*args, direction], modes, order - 1, tolerance)


def combo_check(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., None]:
    """Return a check like `check_grads` of each combination of candidate arguments.

    Parameters
    ----------
    fun : callable
    *args, **kwargs
        Go to `check_grads`: argnum, modes, order.

    Returns
    -------
    callable
        Takes for each argument and keyword of `fun` a list of values to try.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.3, 1.2], [-0.5, 2.0]])
    >>> combo_check(np.sum, 0)([x, x.T], axis=[None, 0, 1], keepdims=[True, False])
    """

    def check(*choices: Any, **named: Any) -> None:
        for values in itertools.product(*choices, *named.values()):
            positional, rest = values[: len(choices)], values[len(choices) :]
            check_grads(fun, *args, **kwargs)(*positional, **dict(zip(named, rest, strict=True)))

    return check


def scalar_close(a: float, b: float) -> bool:
    """Whether two numbers agree to 1e-6, absolutely or relative to their sum.

    Parameters
    ----------
    a, b : float

    Returns
    -------
    bool

    Examples
    --------
    >>> scalar_close(1e9, 1e9 + 1), scalar_close(1.0, 1.001)
    (True, False)
    """
    return bool(abs(a - b) < ATOL or abs(a - b) < RTOL * abs(a + b))


def check_equivalent(x: Any, y: Any) -> None:
    """Check that two values have the same form, shapes and kinds of number, and agree to 1e-6.

    Parameters
    ----------
    x, y : array_like or nested containers of these

    Raises
    ------
    GradientCheckError
        If they do not; it names the place.

    Examples
    --------
    >>> check_equivalent({"w": [1.0, 2.0]}, {"w": [1.0, 2.0 + 1e-9]})
    """
    first, second = dict(leaves_with_paths(x)), dict(leaves_with_paths(y))
    if first.keys() != second.keys():
        raise GradientCheckError(f"the values have different forms: {x!r} and {y!r}")
    for path in first:
        a, b = np.asarray(first[path]), np.asarray(second[path])
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            raise GradientCheckError(
                f"value{path} is once of shape {a.shape} and dtype {a.dtype}, once {b.shape} and "
                f"{b.dtype}"
            )
        close = np.isclose(a, b, rtol=0, atol=ATOL) | (np.abs(a - b) < RTOL * np.abs(a + b))
        if not np.all(close):
            i = tuple(int(k) for k in np.argwhere(~close)[0])
            raise GradientCheckError(f"value{path} differs at {i}: {a[i]!r} and {b[i]!r}")


def directional(f: Callable[..., Any], args: tuple, mode: str) -> tuple[Callable[..., Any], Any]:
    """Return the first derivative of `f` along a direction, as a function of the same arguments
    and the direction, and a random direction.
    """
    rng = np.random.default_rng(1)
    leaves, rebuild = flatten(args if mode == "fwd" else f(*args))
    v = rebuild(random_like(leaves, rng))

    def derivative(*xs_and_v: Any) -> Any:
        *xs, v = xs_and_v
        return jvp(f, tuple(xs), v)[1] if mode == "fwd" else vjp(f, *xs)[1](v)

    derivative.__name__ = f"{name(f)} ({mode} mode, differentiated)"
    return derivative, v
