"""Batch normalisation: each channel gets mean 0 and variance 1 over the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import Layered, raw
from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.live import live
from autograd_core.trace import lifted
from nnkit.functional.channels import channel_affine, per_channel
from nnkit.functional.layouts import FAR, seen_together
from nnkit.functional.operands import as_float, operation

__all__ = ["batch_norm"]

Array = NDArray[Any]


@dataclass
class Moments:
    """What is known of a batch: mean and variance of each channel, and the values themselves.

    `part` holds them, or where they are far from 0 their distances from the mean; `offset` is the
    mean of what it holds.
    """

    part: Any  # Planes or Rows
    offset: Array
    mean: Array
    var: Array
    count: int


def calculated_moments(x: Array) -> Moments:
    """Return mean and variance (over n, not n - 1) of each channel, from E[x^2] - mean^2."""
    part: Any = seen_together(x)
    count = x.size // x.shape[1]
    with np.errstate(all="ignore"):
        mean, var = mean_and_variance(part, count)
        near = (mean * mean <= FAR * var).all()
    if near:
        return Moments(part, mean, mean, var, count)
    numbers = part.numbers
    part = part.like(part.affine(numbers(np.ones_like(mean)), numbers(-mean)))
    offset, var = mean_and_variance(part, count)
    return Moments(part, offset, mean + offset, np.maximum(var, 0), count)


def mean_and_variance(part: Any, count: int) -> tuple[Array, Array]:
    """Return them as what is in the array has them."""
    total, squares = part.batch_sums(part)
    total *= 1.0 / count
    squares *= 1.0 / count
    squares -= total * total
    return total, squares


moments_of = live(calculated_moments, needed=False)


def normalise(
    x: Array, weight: Array, bias: Array, *, moments: Moments, eps: float
) -> tuple[Array, Array]:
    """Return y = (x - mean) / sqrt(var + eps) * weight + bias; and 1 / sqrt(var + eps)."""
    m = moments
    inverse = 1.0 / np.sqrt(m.var + x.dtype.type(eps))
    scale = weight * inverse
    return m.part.affine(m.part.numbers(scale), m.part.numbers(bias - m.offset * scale)), inverse


def normalise_vjp(
    g: Array, inverse: Array, x: Array, weight: Array, _bias: Any, *, moments: Moments,
    eps: float, needs: Any
) -> tuple[Any, Any, Any]:  # fmt: skip
    """dL/dx = w s (g - mean(g) - h mean(g h)), s = 1 / sqrt(var + eps), h = (x - mean) s.

    (S. Ioffe, C. Szegedy, section 3, the chain rule simplified.)
    """
    m, part = moments, moments.part
    cotangent = part.like(g)
    g_sum, g_x = part.batch_sums(cotangent)
    g_h = (g_x - m.offset * g_sum) * inverse
    grad = None
    if needs[0]:
        scale, n = weight * inverse, g.dtype.type(m.count)
        slope = -scale * inverse * g_h / n  # of x, in -w s h mean(g h)
        shift = -scale * g_sum / n - slope * m.offset
        numbers = part.numbers
        grad = cotangent.affine(numbers(scale), numbers(shift), part, numbers(slope))
    return grad, g_h if needs[1] else None, g_sum if needs[2] else None


def composition(x: Any, weight: Any, bias: Any, *, moments: Any = None, eps: float) -> Any:
    """Write it in functions that differentiate."""
    axes = (0, *range(2, x.ndim))
    centred = x - x.mean(axis=axes, keepdims=True)
    var = np.square(centred).mean(axis=axes, keepdims=True)
    y = centred / np.sqrt(var + eps)
    return y * per_channel(weight, x.ndim) + per_channel(bias, x.ndim)


normalising = operation(
    "batch_norm", normalise, vjp=normalise_vjp, composition=composition, saves=True
)


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Return (x - mean) / sqrt(var + eps) * weight + bias, channel by channel.

    While training, mean and variance are those of the batch, and the running ones are updated in
    place: running = (1 - momentum) running + momentum new, with the variance over n - 1.
    In evaluation the running ones are used.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C) or (N, C, ...)
    running_mean, running_var : array, shape (C,), or None
        None while training: nothing is kept. In evaluation they are needed.
    weight, bias : array or Tensor, shape (C,), optional
    training : bool, default False
    momentum : float, default 0.1
    eps : float, default 1e-5
        Keeps the division from failing.

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the channels do not fit, or (while training) a channel has a single value: it has no
        variance.
    ArgumentError
        If running statistics are missing in evaluation, or would have to be updated under vmap.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift", ICML 2015.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> batch_norm(x, None, None, training=True, eps=0.0)
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    x = as_float(input, "the input of batch_norm")
    check("batch_norm", x, running_mean, running_var, weight, bias)
    check_batch(x, running_mean, training)
    c = x.shape[1]
    w = np.ones(c, x.dtype) if weight is None else weight
    b = np.zeros(c, x.dtype) if bias is None else bias
    if not training:
        mean, var = (
            lifted(raw(v)).astype(x.dtype, copy=False) for v in (running_mean, running_var)
        )
        inverse = 1.0 / np.sqrt(var + x.dtype.type(eps))
        scale = w * inverse
        return channel_affine(x, scale, b - mean * scale)
    plain = raw(x)
    if isinstance(plain, Layered):
        if running_mean is not None:
            raise ArgumentError(
                "batch_norm would have to update running statistics under vmap, once for each "
                "example. Switch to model.eval(), or use track_running_stats=False."
            )
        return composition(x, w, b, eps=eps)
    m = moments_of(plain)
    if running_mean is not None:
        update(running_mean, m.mean, momentum)
        update(running_var, m.var * (m.count / (m.count - 1)), momentum)
    return normalising(x, w, b, moments=m, eps=eps)


def update(running: Any, new: Array, momentum: float) -> None:
    """Move a running average towards a new value, in place."""
    moved(raw(running), new, momentum)


def move(values: Array, new: Array, momentum: float) -> None:
    """Do that for plain arrays."""
    values += float(momentum) * (new - values)


moved = live(move, writes=(0,), always=True)


def check(what: str, x: Any, mean: Any, var: Any, weight: Any, bias: Any) -> None:
    """Refuse what has no channels, or other ones."""
    if x.ndim < 2:
        raise ShapeError(f"{what} got an input of shape {x.shape}; it takes (N, C, ...).")
    c = x.shape[1]
    vectors = dict(running_mean=mean, running_var=var, weight=weight, bias=bias)
    for name, v in vectors.items():
        if v is not None and v.shape != (c,):
            raise ShapeError(
                f"{what} got an input of shape {x.shape} and {name} of shape {v.shape}: it is "
                f"one number for each channel, ({c},)."
            )
    if (mean is None) != (var is None):
        raise ArgumentError(f"{what} needs both of running_mean and running_var, or none.")


def check_batch(x: Any, mean: Any, training: bool) -> None:
    """Refuse what leaves nothing to normalise with."""
    c = x.shape[1]
    if not training and mean is None:
        raise ArgumentError(
            "batch_norm needs running_mean and running_var in evaluation; with training=True it "
            "uses those of the batch."
        )
    if training and x.size <= c:
        raise ShapeError(
            f"batch_norm got {x.shape} while training: with one value for each channel (or none) "
            f"there is no variance. Use a larger batch (drop_last=True leaves out a last one of a "
            f"single example), or model.eval()."
        )
