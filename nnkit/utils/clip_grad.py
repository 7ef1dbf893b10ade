"""Clipping of gradients: by their norm, or each number by its size."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, NonFiniteError, describe
from autograd_core.live import live
from autograd_core.taped import gradient_of
from nnkit.module import Module

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Array = NDArray[Any]
Parameters = Tensor | Module | Iterable[Any]


def clip_grad_norm_(
    parameters: Parameters,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients down together, so that their norm is not above `max_norm`.

    Call it between ``loss.backward()`` and ``optimizer.step()``.

    Parameters
    ----------
    parameters : Module, or iterable of Parameter, or a single one
        Those without a gradient are left out.
    max_norm : float
        Above 0; ``math.inf`` only measures.
    norm_type : float, default 2.0
        Above 0; ``math.inf`` for the largest number.
    error_if_nonfinite : bool, default False
        Raise an error if the norm is NaN or infinite.

    Returns
    -------
    float
        The norm before clipping, of all gradients as one vector. (It has `.item()` too.)

    Raises
    ------
    NonFiniteError
        With `error_if_nonfinite`; it names the gradient.
    ArgumentError
        If a setting is out of range, or there are no parameters.

    Warns
    -----
    UserWarning
        If the norm is NaN or infinite: the gradients are left as they are then, so that one bad
        number does not spread to all; and if no parameter has a gradient.

    Notes
    -----
    ``g = g * min(1, max_norm / (norm + 1e-6))``

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
    ICML 2013; algorithm 1.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([1.0, 1.0])
    >>> p.grad = [3.0, 4.0]
    >>> norm = nn.utils.clip_grad_norm_([p], max_norm=1.0)
    >>> print(norm, [round(g, 3) for g in p.grad.tolist()])
    5.0 [0.6, 0.8]
    """
    named = named_gradients(parameters, "clip_grad_norm_")
    check_positive(max_norm, "clip_grad_norm_", "max_norm")
    names, arrays = [name for name, _ in named], [g for _, g in named]
    return clip_arrays(names, max_norm, norm_type, error_if_nonfinite, *arrays)


def clip_grad_value_(parameters: Parameters, clip_value: float) -> None:
    """Limit each number of the gradients to the range from -clip_value to clip_value.

    Parameters
    ----------
    parameters : Module, or iterable of Parameter, or a single one
        Those without a gradient are left out.
    clip_value : float
        Above 0.

    Raises
    ------
    ArgumentError
        If `clip_value` is not above 0, or there are no parameters.
    DtypeError
        If a gradient is complex.

    Warns
    -----
    UserWarning
        If a gradient is NaN (it stays so), or no parameter has a gradient.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([1.0, 1.0, 1.0])
    >>> p.grad = [-3.0, 0.25, 8.0]
    >>> nn.utils.clip_grad_value_([p], 0.5)
    >>> p.grad.tolist()
    [-0.5, 0.25, 0.5]
    """
    named = named_gradients(parameters, "clip_grad_value_")
    check_positive(clip_value, "clip_grad_value_", "clip_value")
    clip_values([name for name, _ in named], clip_value, *(g for _, g in named))


def get_total_norm(
    tensors: Tensor | Iterable[Any], norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Return the norm of some arrays as of one vector: ``[p.grad for p in parameters]``.

    Parameters
    ----------
    tensors : iterable of Tensor or array, or a single one
    norm_type : float, default 2.0
        Above 0; ``math.inf`` for the largest number.
    error_if_nonfinite : bool, default False
        Raise an error if the norm is NaN or infinite.

    Returns
    -------
    float
        (It has `.item()` too.)

    Raises
    ------
    NonFiniteError
        With `error_if_nonfinite`.

    Examples
    --------
    >>> import nnkit as nn
    >>> print(nn.utils.get_total_norm([np.array([3.0]), np.array([[4.0]])]))
    5.0
    """
    items = [tensors] if isinstance(tensors, (Tensor, np.ndarray)) else list(tensors)
    norm = norm_of([np.asarray(raw(x)) for x in items], norm_type, "get_total_norm")
    if error_if_nonfinite and not math.isfinite(norm):
        raise NonFiniteError(f"get_total_norm: the norm is {norm}.")
    return norm


def clip_grads_with_norm_(parameters: Parameters, max_norm: float, total_norm: float) -> None:
    """Scale all gradients as `clip_grad_norm_` does, with a norm that is known already.

    Parameters
    ----------
    parameters : Module, or iterable of Parameter, or a single one
    max_norm : float
        Above 0.
    total_norm : float
        What `get_total_norm` returned. If it is not finite, nothing is changed.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([1.0])
    >>> p.grad = [8.0]
    >>> nn.utils.clip_grads_with_norm_([p], max_norm=1.0, total_norm=4.0)
    >>> round(p.grad.item(), 3)
    2.0
    """
    named = named_gradients(parameters, "clip_grads_with_norm_")
    check_positive(max_norm, "clip_grads_with_norm_", "max_norm")
    if math.isfinite(total_norm):
        scale([g for _, g in named], max_norm, float(total_norm))


# --- the parts ------------------------------------------------------------------------------------


def clipped_by_norm(
    names: list[str], max_norm: float, norm_type: float, error_if_nonfinite: bool, *arrays: Array
) -> Any:
    """Clip arrays in place, and return their norm; `names` are for messages."""
    named = list(zip(names, arrays, strict=True))
    norm = norm_of([g for _, g in named], norm_type, "clip_grad_norm_")
    if math.isfinite(norm):
        scale([g for _, g in named], max_norm, norm)
        return norm
    text = f"clip_grad_norm_: the norm of the gradients is {norm}; {first_bad(named)}."
    if error_if_nonfinite:
        raise NonFiniteError(
            f"{text} Skip this step (zero_grad), or look for the cause: a smaller learning rate, a "
            f"log or division of 0."
        )
    warnings.warn(f"{text} They were left as they are.", stacklevel=4)
    return norm


def clipped_by_value(names: list[str], clip_value: float, *arrays: Array) -> None:
    """Clip the numbers of arrays in place."""
    for name, g in zip(names, arrays, strict=True):
        if g.dtype.kind == "c":
            raise DtypeError(
                f"clip_grad_value_: the gradient of {name} is complex, and has no order. Use "
                f"clip_grad_norm_."
            )
        if np.isnan(np.min(g, initial=0)):
            warnings.warn(
                f"clip_grad_value_: the gradient of {name} holds NaN, which stays.", stacklevel=4
            )
        np.clip(g, -clip_value, clip_value, out=g)


clip_arrays = live(clipped_by_norm, writes=slice(4, None), always=True)
clip_values = live(clipped_by_value, writes=slice(2, None), always=True)


def named_gradients(parameters: Parameters, name: str) -> list[tuple[str, Array]]:
    """Return the gradients that are there, each once, with a name for messages."""
    if isinstance(parameters, Module):
        parameters = parameters.named_parameters()
    items = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not items:
        raise ArgumentError(
            f"{name} got no parameters. The generator model.parameters() can be used once only; "
            f"give the model itself, or a list."
        )
    found: dict[int, tuple[str, Array]] = {}
    for i, item in enumerate(items):
        path, p = item if isinstance(item, tuple) and len(item) == 2 else (f"parameter {i}", item)
        if not isinstance(p, Tensor):
            raise DtypeError(
                f"{name} takes a model or its parameters, and changes their .grad; got "
                f"{describe(p)}."
            )
        if (grad := gradient_of(p)) is not None:
            found[id(p)] = (f"{path} of shape {p.shape}", raw(grad))
    if not found:
        warnings.warn(
            f"{name}: none of the {len(items)} parameters has a gradient. Call it after "
            f"loss.backward().",
            stacklevel=3,
        )
    return list(found.values())


def norm_of(arrays: list[Array], norm_type: float, name: str) -> float:
    """Return the norm of all numbers."""
    order = float(norm_type)
    check_positive(order, name, "norm_type")
    arrays = [x for x in arrays if x.size]
    if not arrays:
        return np.float64(0.0)
    if order == math.inf:
        return np.float64(max_abs(arrays))
    with np.errstate(over="ignore", invalid="ignore"):
        norm = power_norm(arrays, order)
        if not np.isfinite(norm) and np.isfinite(largest := max_abs(arrays)):
            # The powers of large finite numbers overflow as well.
            norm = largest * power_norm([x / largest for x in arrays], order)
    return norm


def power_norm(arrays: list[Array], order: float) -> np.float64:
    """Return (sum |x|^order)^(1 / order), of the numbers of all arrays."""
    if order == 2:
        flats = (x.reshape(-1) for x in arrays)
        return np.sqrt(np.float64(sum(float(np.vdot(x, x).real) for x in flats)))
    total = np.float64(sum(float((np.abs(x) ** order).sum()) for x in arrays))
    return np.power(total, 1 / order)


def max_abs(arrays: list[Array]) -> float:
    """Return the largest absolute value; NaN if there is one."""
    return float(np.max([np.abs(x).max() for x in arrays]))


def scale(gradients: list[Array], max_norm: float, norm: float) -> None:
    """Multiply the gradients in place, if the norm is too large."""
    factor = max_norm / (norm + 1e-6)
    if factor < 1:
        for g in gradients:
            g *= g.real.dtype.type(factor)


def first_bad(named: list[tuple[str, Array]]) -> str:
    """Say which gradient is not finite."""
    bad = [name for name, g in named if not np.isfinite(g).all()]
    if not bad:
        return "all of them are finite, but so large that the norm is not"
    more = f" (and of {len(bad) - 1} more)" if len(bad) > 1 else ""
    return f"that of {bad[0]}{more} holds NaN or infinite numbers"


def check_positive(value: Any, name: str, what: str) -> None:
    """Refuse what is no number above 0."""
    fits = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not (fits and value > 0):
        raise ArgumentError(f"{name}: {what} must be a number > 0, for example 1.0; got {value!r}.")
