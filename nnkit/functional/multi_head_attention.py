"""Attention with several heads: projections, heads, masks, and the projection of the result."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.attention import additive, attention, causal
from nnkit.functional.linear import linear
from nnkit.functional.operands import as_dtype

__all__ = ["Weights", "attend", "multi_head_attention_forward"]


class Weights(NamedTuple):
    """The parameters of attention with several heads."""

    heads: int
    inward: Any  # (3 E, E), or three matrices (E, E), (E, kdim), (E, vdim)
    inward_bias: Any  # (3 E,) or None
    outward: Any  # (E, E)
    outward_bias: Any  # (E,) or None
    bias_k: Any = None  # one more key and value, (1, 1, E)
    bias_v: Any = None
    add_zero_attn: bool = False


def attend(
    query: Any,
    key: Any,
    value: Any,
    w: Weights,
    *,
    attn_mask: Any = None,
    key_padding_mask: Any = None,
    is_causal: bool = False,
    dropout_p: float = 0.0,
    need_weights: bool = True,
    average_attn_weights: bool = True,
    batch_first: bool = False,
    static: tuple[Any, Any] = (None, None),
    who: object,
) -> tuple[Any, Any]:
    """Return the result, of the shape of `query`, and the weights or None.

    `static` are keys and values after their projection; `who` is what errors name.
    """
    q, k, v = of_one_dtype(query, key, value, w.outward.dtype, who)
    check_shapes(q.shape, k.shape, v.shape, w, batch_first, who)
    single = q.ndim == 2
    if single:
        axis = 0 if batch_first else 1
        key_padding_mask = None if key_padding_mask is None else np.asarray(key_padding_mask)[None]
        k_is_q, v_is_k = k is q, v is k
        q = np.expand_dims(q, axis)
        k = q if k_is_q else np.expand_dims(k, axis)
        v = k if v_is_k else np.expand_dims(v, axis)
    q, k, v = projections(q, k, v, w)
    q, k, v = (in_heads(x, w.heads, batch_first) for x in (q, k, v))
    k, v = (
        x if s is None else static_heads(s, x, w.heads, who)
        for x, s in zip((k, v), static, strict=True)
    )
    bias = joined_masks(attn_mask, key_padding_mask, is_causal, q, k, who)
    k, v, bias = with_more_keys(k, v, bias, w)
    scale = 1 / math.sqrt(q.shape[-1])
    y, weights = attention(q, k, v, bias, dropout_p, scale, need_weights)
    y = y.transpose((0, 2, 1, 3) if batch_first else (2, 0, 1, 3))
    y = linear(y.reshape(*y.shape[:2], len(w.outward)), w.outward, w.outward_bias)
    if weights is not None and average_attn_weights:
        weights = weights.mean(axis=1)
    if single:
        y = y[0] if batch_first else y[:, 0]
        weights = None if weights is None else weights[0]
    return y, weights


def of_one_dtype(query: Any, key: Any, value: Any, dtype: Any, who: object) -> tuple[Any, Any, Any]:
    """Cast the operands; one and the same object stays one, so that it is projected at once."""
    q = as_dtype(query, dtype, f"the query of {who}")
    k = q if key is query else as_dtype(key, dtype, f"the key of {who}")
    v = k if value is key else as_dtype(value, dtype, f"the value of {who}")
    return q, k, v


def check_shapes(
    q: tuple[int, ...],
    k: tuple[int, ...],
    v: tuple[int, ...],
    w: Weights,
    batch_first: bool,
    who: object,
) -> None:
    """Refuse operands that do not fit the weights, or each other."""
    size = len(w.outward)
    sizes = [x.shape[1] for x in w.inward] if isinstance(w.inward, tuple) else [size] * 3
    batch = 0 if batch_first else 1
    good = len(q) == len(k) == len(v) and len(q) in (2, 3)
    good = good and [x[-1] for x in (q, k, v)] == sizes and k[:-1] == v[:-1]
    if good and (len(q) == 2 or q[batch] == k[batch]):
        return
    before = ("N, L", "N, S") if batch_first else ("L, N", "S, N")
    wanted = ", ".join(
        f"{name} ({axes}, {n})"
        for name, axes, n in zip(
            ("query", "key", "value"), (*before, before[1]), sizes, strict=True
        )
    )
    hint = ""
    if good:
        hint = f" N differs: {q[batch]} and {k[batch]}. Is batch_first={not batch_first} meant?"
    raise ShapeError(
        f"{who} got query {q}, key {k}, value {v}. They must be {wanted}, or all without N.{hint}"
    )


def projections(q: Any, k: Any, v: Any, w: Weights) -> tuple[Any, Any, Any]:
    """Project queries, keys and values, what is one and the same in one product."""
    if not isinstance(w.inward, tuple) and q is k is v:
        q, k, v = np.split(linear(q, w.inward, w.inward_bias), 3, axis=-1)
        return q, k, v
    matrices = w.inward if isinstance(w.inward, tuple) else np.split(w.inward, 3)
    biases = (None,) * 3 if w.inward_bias is None else np.split(w.inward_bias, 3)
    q, k, v = (linear(x, m, b) for x, m, b in zip((q, k, v), matrices, biases, strict=True))
    return q, k, v


def in_heads(x: Any, heads: int, batch_first: bool) -> Any:
    """Cut the features into heads: (N, L, E) or (L, N, E) becomes (N, heads, L, E / heads)."""
    x = x.reshape(*x.shape[:2], heads, x.shape[-1] // heads)
    return x.transpose((0, 2, 1, 3) if batch_first else (1, 2, 0, 3))


def static_heads(static: Any, x: Any, heads: int, who: object) -> Any:
    """Take keys or values that are given after their projection, (N * heads, S, E / heads)."""
    batch, size = x.shape[0], x.shape[-1]
    if static.ndim != 3 or static.shape[0] != batch * heads or static.shape[2] != size:
        raise ShapeError(
            f"{who} got static keys or values of shape {static.shape}; they must be "
            f"({batch * heads}, S, {size}): N * heads, S, size of a head."
        )
    return static.reshape(batch, heads, static.shape[1], size)


def joined_masks(
    attn_mask: Any, key_padding_mask: Any, is_causal: bool, q: Any, k: Any, who: object
) -> Any:
    """Return the sum of all masks, which broadcasts to (N, heads, L, S), or None."""
    batch, heads, length, _ = q.shape
    keys = k.shape[2]
    found = []
    if attn_mask is not None:
        mask = additive(attn_mask, q.dtype, f"attn_mask of {who}", masked=True)
        if mask.shape == (batch * heads, length, keys):
            mask = mask.reshape(batch, heads, length, keys)
        elif mask.shape != (length, keys):
            raise ShapeError(
                f"{who} got an attn_mask of shape {mask.shape}; it must be {(length, keys)}, for "
                f"all alike, or {(batch * heads, length, keys)}, for each head."
            )
        found.append(mask)
    if key_padding_mask is not None:
        mask = additive(key_padding_mask, q.dtype, f"key_padding_mask of {who}", masked=True)
        if mask.shape != (batch, keys):
            raise ShapeError(
                f"{who} got a key_padding_mask of shape {mask.shape}; it says which keys to "
                f"ignore, for each sequence: {(batch, keys)}."
            )
        found.append(mask[:, None, None])
    if is_causal:
        found.append(causal(length, keys, q.dtype))
    return sum(found[1:], found[0]) if found else None


def with_more_keys(k: Any, v: Any, bias: Any, w: Weights) -> tuple[Any, Any, Any]:
    """Append the learned key and value, and those of zeros, which no mask hides."""
    batch, heads, _, size = k.shape
    more = []
    if w.bias_k is not None:
        more.append(
            [
                np.broadcast_to(b.reshape(1, heads, 1, size), (batch, heads, 1, size))
                for b in (w.bias_k, w.bias_v)
            ]
        )
    if w.add_zero_attn:
        more.append([np.zeros((batch, heads, 1, x.shape[-1]), x.dtype) for x in (k, v)])
    for extra_k, extra_v in more:
        k = np.concatenate([k, extra_k], axis=2)
        v = np.concatenate([v, extra_v], axis=2)
    if more and bias is not None:
        widths = [(0, 0)] * (bias.ndim - 1) + [(0, len(more))]
        bias = np.pad(bias, widths)
    return k, v, bias


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    """Return attention with several heads, and its weights; `nnkit.MultiheadAttention` as a function.

    Parameters
    ----------
    query, key, value : Tensor or array, shapes (L, N, E), (S, N, E), (S, N, E), or all without N
    embed_dim_to_check : int
        E.
    num_heads : int
        A divisor of E.
    in_proj_weight, in_proj_bias : Tensor or array, shapes (3 E, E) and (3 E,), or None
    bias_k, bias_v : Tensor or array, shape (1, 1, E), or None
        One more key and value for all.
    add_zero_attn : bool
        Whether to append a key and a value of zeros.
    dropout_p : float
        Probability of leaving out a weight, while `training`.
    out_proj_weight, out_proj_bias : Tensor or array, shapes (E, E) and (E,), the second or None
    training : bool, default True
    key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal
        As in `nnkit.MultiheadAttention.forward`.
    use_separate_proj_weight : bool, default False
        Whether `q_proj_weight` (E, E), `k_proj_weight` (E, kdim) and `v_proj_weight` (E, vdim)
        take the place of `in_proj_weight`.
    static_k, static_v : Tensor or array, shape (N * heads, S, E / heads), optional
        Keys and values after their projection, in place of those of `key` and `value`.

    Returns
    -------
    output : Tensor or array, the shape of `query`
    weights : Tensor or array, shape (N, L, S) or, not averaged, (N, heads, L, S); or None

    Raises
    ------
    ShapeError
        If an operand or a mask does not fit.
    ArgumentError
        If E is not `embed_dim_to_check` or no multiple of `num_heads`, or weights are missing.

    Examples
    --------
    >>> x, eye = np.ones((3, 1, 2)), np.eye(2)
    >>> weights = (np.concatenate([eye] * 3), None, None, None, False, 0.0, eye, None)
    >>> y, p = multi_head_attention_forward(x, x, x, 2, 1, *weights)
    >>> y.shape, p.shape
    ((3, 1, 2), (1, 3, 3))
    """  # noqa: E501
    who = "multi_head_attention_forward"
    inward = in_proj_weight
    if use_separate_proj_weight:
        inward = (q_proj_weight, k_proj_weight, v_proj_weight)
    if inward is None or (isinstance(inward, tuple) and any(x is None for x in inward)):
        raise ArgumentError(
            f"{who} needs in_proj_weight, or with use_separate_proj_weight=True all three of "
            f"q_proj_weight, k_proj_weight and v_proj_weight."
        )
    if (bias_k is None) != (bias_v is None):
        raise ArgumentError(f"{who} takes both bias_k and bias_v, or none.")
    size = len(out_proj_weight)
    if size != embed_dim_to_check or size % num_heads:
        raise ArgumentError(
            f"{who}: E is {size}; it must be embed_dim_to_check={embed_dim_to_check}, and a "
            f"multiple of num_heads={num_heads}."
        )
    return attend(
        query,
        key,
        value,
        Weights(
            num_heads,
            inward,
            in_proj_bias,
            out_proj_weight,
            out_proj_bias,
            bias_k,
            bias_v,
            add_zero_attn,
        ),
        attn_mask=attn_mask,
        key_padding_mask=key_padding_mask,
        is_causal=is_causal,
        dropout_p=dropout_p if training else 0.0,
        need_weights=need_weights,
        average_attn_weights=average_attn_weights,
        static=(static_k, static_v),
        who=who,
    )
