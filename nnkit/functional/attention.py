"""Attention: each query's mean of the values, weighted by how well their keys fit it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.functional.activation import softmax_vjp
from nnkit.functional.dropout import dropout
from nnkit.functional.operands import as_array, as_float, operation
from nnkit.functional.rows import largest_of_rows, sums_of_rows

__all__ = ["attention", "causal", "masked_softmax_op", "scaled_dot_product_attention"]

Array = NDArray[Any]


# --- the fused operation --------------------------------------------------------------------------


def exponentials(x: Array) -> tuple[Array, Array]:
    """exp(x) in place, each row shifted by its largest; and 1 / the sums. Zeros for -inf alone."""
    top = largest_of_rows(x)
    top[top == -np.inf] = 0
    x -= top
    np.exp(x, out=x)
    sums = sums_of_rows(x)
    sums[sums == 0] = 1
    inverse = np.reciprocal(sums, out=sums)
    if x.dtype == np.float16:  # what is weighted with the undivided numbers could overflow
        x *= inverse
        inverse.fill(1)
    return x, inverse


def softmax(x: Array) -> Array:
    """exp(x) / sum(exp(x)) along the last axis; a row of -inf alone (all masked) becomes zeros."""
    p, inverse = exponentials(x.copy())
    p *= inverse
    return p


masked_softmax_op = operation(
    "softmax",
    softmax,
    vjp=(lambda g, y, _x: softmax_vjp(g, y, _x, axis=-1),),
)


def forward(
    q: Array,
    k: Array,
    v: Array,
    bias: Array | None = None,
    keep: Array | None = None,
    *,
    scale: float,
) -> tuple[Array, tuple[Array, ...]]:
    """Y = (softmax(scale q k^T + bias) keep) v; and for the backward pass e, 1 / sum(e), y.

    The softmax is e / sum(e): it is y that is divided, which is smaller.
    """
    p = np.matmul(q * scale, k.swapaxes(-1, -2))
    if bias is not None:
        p = np.add(p, bias, out=p) if fits(bias.shape, p.shape) else p + bias
    e, inverse = exponentials(p)
    y = np.matmul(e if keep is None else e * keep, v)
    y *= inverse
    return y, (e, inverse, y)


def fits(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array of this shape can be added in place to one of shape `whole`."""
    return len(shape) <= len(whole) and all(
        n in (1, m) for n, m in zip(shape[::-1], whole[::-1], strict=False)
    )


def vjp(
    g: Array,
    saved: Any,
    q: Array,
    k: Array,
    v: Array,
    _bias: Any = None,
    keep: Array | None = None,
    *,
    scale: float,
    needs: Any,
) -> tuple[Any, ...]:
    """Ds = p (dp - g y) with dp = g v^T keep; dq = scale ds k, dk = scale ds^T q, db = ds.

    With p = e / sum(e), g is divided by the sum instead. (g y is the sum over dp p.)
    """
    e, inverse, y = saved
    g, dv = np.multiply(g, inverse, order="C"), None
    if needs[2]:
        dv = np.matmul((e if keep is None else e * keep).swapaxes(-1, -2), g)
    if not any((needs[0], needs[1], needs[3])):
        return None, None, dv, None, None
    ds = np.matmul(g, v.swapaxes(-1, -2))
    if keep is not None:
        ds *= keep
    ds -= sums_of_rows(g * y)
    ds *= e
    return (
        np.matmul(ds, k) * scale if needs[0] else None,
        np.matmul(ds.swapaxes(-1, -2), q) * scale if needs[1] else None,
        dv,
        ds if needs[3] else None,
        None,
    )


def weights_of(q: Any, k: Any, bias: Any, scale: float) -> Any:
    """softmax(scale q k^T + bias), in functions that differentiate."""
    scores = np.matmul(q * scale, np.swapaxes(k, -1, -2))
    return masked_softmax_op(scores if bias is None else scores + bias)


def composition(q: Any, k: Any, v: Any, bias: Any = None, keep: Any = None, *, scale: float) -> Any:
    """Write it in functions that differentiate."""
    p = weights_of(q, k, bias, scale)
    return np.matmul(p if keep is None else p * keep, v)


attention_op = operation("attention", forward, vjp=vjp, composition=composition, saves=True)


def attention(
    q: Any, k: Any, v: Any, bias: Any, dropout_p: float, scale: float, need_weights: bool
) -> tuple[Any, Any]:
    """Return the weighted means and, if they are needed, the weights (after dropout).

    Shapes (..., L, E), (..., S, E), (..., S, Ev); `bias` is added to the scores.
    """
    if need_weights:
        p = dropout(weights_of(q, k, bias, scale), dropout_p)
        return np.matmul(p, v), p
    keep = None
    if dropout_p:
        parts = (q.shape[:-2], k.shape[:-2], () if bias is None else bias.shape[:-2])
        shape = (*np.broadcast_shapes(*parts), q.shape[-2], k.shape[-2])
        keep = dropout(np.ones(shape, q.dtype), dropout_p)
    return attention_op(q, k, v, bias, keep, scale=scale), None


@lru_cache(maxsize=32)
def causal(queries: int, keys: int, dtype: np.dtype[Any]) -> Array:
    """Return what is added to scores so that query i sees the keys 0 to i: 0 there, else -inf."""
    bias = np.triu(np.full((queries, keys), -np.inf, dtype), 1)
    bias.flags.writeable = False
    return bias


# --- as torch has it ------------------------------------------------------------------------------


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Return softmax(scale query key^T + mask) value.

    Parameters
    ----------
    query : array_like or Tensor, shape (..., L, E)
    key : array_like or Tensor, shape (..., S, E)
    value : array_like or Tensor, shape (..., S, Ev)
    attn_mask : array or Tensor, broadcast to (..., L, S), optional
        Of bool: True where a query may look at a key. Of floats: added to the scores.
    dropout_p : float, default 0.0
        Probability of leaving out a weight. There is no training mode here: pass 0 in evaluation.
    is_causal : bool, default False
        Query i may look at the keys 0 to i only.
    scale : float, optional
        1 / sqrt(E) by default.
    enable_gqa : bool, default False
        Let groups of query heads share a head of keys and values; heads are axis -3.

    Returns
    -------
    Tensor or array, shape (..., L, Ev)
        Zeros for a query that may look at no key.

    Raises
    ------
    ShapeError
        If shapes do not fit together.
    DtypeError
        If an operand does not hold floating point numbers, or the mask is of another kind.
    ArgumentError
        If there are both a mask and `is_causal`, or `dropout_p` is no probability.

    References
    ----------
    A. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, equation 1.

    Examples
    --------
    >>> q = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    >>> scaled_dot_product_attention(q, q, q, is_causal=True).round(3)
    array([[[1.  , 0.  ],
            [0.33, 0.67]]])
    """
    what = "scaled_dot_product_attention"
    q, k, v = (
        as_float(x, f"the {name} of {what}")
        for x, name in ((query, "query"), (key, "key"), (value, "value"))
    )
    if enable_gqa:
        k, v = (shared_heads(q, x, what) for x in (k, v))
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"{what} got query {q.shape}, key {k.shape}, value {v.shape}; they must be "
            f"(..., L, E), (..., S, E), (..., S, Ev)."
        )
    bias = None
    if is_causal:
        if attn_mask is not None:
            raise ArgumentError(f"{what} takes attn_mask or is_causal=True, not both.")
        bias = causal(q.shape[-2], k.shape[-2], q.dtype)
    elif attn_mask is not None:
        bias = additive(attn_mask, q.dtype, f"{what}: attn_mask", masked=False)
    try:
        parts = [x.shape[:-2] for x in (q, k, v)]
        whole = (*np.broadcast_shapes(*parts), q.shape[-2], k.shape[-2])
        if bias is not None:
            np.broadcast_shapes(bias.shape, whole)
    except ValueError:
        mask = "" if bias is None else f", attn_mask {bias.shape}"
        raise ShapeError(
            f"{what} got query {q.shape}, key {k.shape}, value {v.shape}{mask}: the leading axes "
            f"must broadcast to each other, and a mask to (..., {q.shape[-2]}, {k.shape[-2]})."
        ) from None
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else float(scale)
    return attention(q, k, v, bias, dropout_p, scale, False)[0]


def shared_heads(q: Any, x: Any, what: str) -> Any:
    """Repeat heads of keys or values for the groups of query heads that share them."""
    heads, have = q.shape[-3], x.shape[-3]
    if heads % have:
        raise ShapeError(
            f"{what}(enable_gqa=True): {heads} query heads cannot share {have} heads of keys and "
            f"values evenly (shapes {q.shape} and {x.shape})."
        )
    return x if heads == have else np.repeat(x, heads // have, axis=-3)


def additive(mask: Any, dtype: np.dtype[Any], what: str, *, masked: bool) -> Any:
    """Return what is added to the scores; `masked` says what True means in a mask of bool."""
    mask = as_array(mask)
    if mask.dtype == bool:
        zero, hidden = dtype.type(0), dtype.type(-np.inf)
        return np.where(mask, hidden, zero) if masked else np.where(mask, zero, hidden)
    if mask.dtype.kind != "f":
        raise DtypeError(
            f"{what} is of bool, or of floats that are added to the scores; got {describe(mask)}. "
            f"For 0 and 1 write mask.astype(bool); True then means "
            f"{'hidden' if masked else 'visible'}."
        )
    return mask if mask.dtype == dtype else mask.astype(dtype)
