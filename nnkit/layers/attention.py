"""Attention with several heads, as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError
from nnkit import init
from nnkit.functional.dropout import check_probability
from nnkit.functional.multi_head_attention import Weights, attend
from nnkit.layers.linear import Linear, check_sizes
from nnkit.module import Module, Parameter

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention with several heads: out_proj(heads side by side), each head
    softmax(q k^T / sqrt(E / heads)) v of projections q, k, v of its own.

    Parameters
    ----------
    embed_dim : int
        Features of the queries and of the result, E.
    num_heads : int
        A divisor of `embed_dim`.
    dropout : float, default 0.0
        Probability of leaving out a weight, while training.
    bias : bool, default True
        Whether the projections have a bias.
    add_bias_kv : bool, default False
        Whether to append one learned key and value.
    add_zero_attn : bool, default False
        Whether to append a key and a value of zeros.
    kdim, vdim : int, optional
        Features of keys and values; `embed_dim` by default.
    batch_first : bool, default False
        True: operands are (N, L, E) and not (L, N, E).
    dtype : dtype, default float32

    Attributes
    ----------
    in_proj_weight : Parameter, shape (3 E, E), or None
        For queries, keys and values, one below the other; initially Xavier-uniform. With other
        `kdim` or `vdim` there are `q_proj_weight`, `k_proj_weight` and `v_proj_weight` instead.
    in_proj_bias : Parameter, shape (3 E,), or None
        Initially 0.
    out_proj : Linear
        Its bias is initially 0.
    bias_k, bias_v : Parameter, shape (1, 1, E), or None
        Initially Xavier-normal.

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an operand or a mask does not fit.

    References
    ----------
    A. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, section 3.2.2.

    Examples
    --------
    >>> layer = MultiheadAttention(8, 2, batch_first=True)
    >>> x = np.zeros((3, 5, 8))
    >>> y, weights = layer(x, x, x)
    >>> y.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        sizes = dict(embed_dim=embed_dim, num_heads=num_heads, kdim=self.kdim, vdim=self.vdim)
        check_sizes("MultiheadAttention", **sizes)
        if embed_dim % num_heads:
            raise ArgumentError(
                f"MultiheadAttention: embed_dim={embed_dim} cannot be split evenly into "
                f"num_heads={num_heads}."
            )
        check_probability(dropout)
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.add_zero_attn = add_zero_attn
        together = self.kdim == self.vdim == embed_dim

        def matrix(*shape: int) -> Parameter:
            return Parameter(np.zeros(shape), dtype=dtype)

        self.in_proj_weight = matrix(3 * embed_dim, embed_dim) if together else None
        self.q_proj_weight = None if together else matrix(embed_dim, embed_dim)
        self.k_proj_weight = None if together else matrix(embed_dim, self.kdim)
        self.v_proj_weight = None if together else matrix(embed_dim, self.vdim)
        self.in_proj_bias = matrix(3 * embed_dim) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        self.bias_k = matrix(1, 1, embed_dim) if add_bias_kv else None
        self.bias_v = matrix(1, 1, embed_dim) if add_bias_kv else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, but for those of `out_proj`, whose bias becomes 0."""
        for p in (self.in_proj_weight, *self._separate()):
            if p is not None:
                init.xavier_uniform_(p)
        for p in (self.in_proj_bias, self.out_proj.bias):
            if p is not None:
                init.zeros_(p)
        for p in (self.bias_k, self.bias_v):
            if p is not None:
                init.xavier_normal_(p)

    def _separate(self) -> tuple[Parameter | None, ...]:
        return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Let the queries look at the keys.

        Parameters
        ----------
        query : array_like or Tensor, shape (L, N, E), (N, L, E) with `batch_first`, or (L, E)
        key : array_like or Tensor, shape (S, N, kdim), likewise
        value : array_like or Tensor, shape (S, N, vdim), likewise
        key_padding_mask : array, shape (N, S) or (S,), optional
            Of bool: True for keys to ignore. Of floats: added to the scores.
        need_weights : bool, default True
            Whether to return the weights; without them it is faster.
        attn_mask : array or Tensor, shape (L, S) or (N * heads, L, S), optional
            Of bool: True where a query may NOT look at a key (as in PyTorch, the opposite of
            `scaled_dot_product_attention`). Of floats: added to the scores.
        average_attn_weights : bool, default True
            Whether the weights are the mean over the heads.
        is_causal : bool, default False
            Query i may look at the keys 0 to i only, besides what `attn_mask` says. (In PyTorch it
            is a hint that `attn_mask` is that mask, which must be given; that works here too.)

        Returns
        -------
        output : Tensor, the shape of `query`
        weights : Tensor, shape (N, L, S), (N, heads, L, S) or, for one sequence, without N; or None
            After dropout. Zeros for a query that may look at no key.
        """
        inward = self._separate() if self.in_proj_weight is None else self.in_proj_weight
        w = Weights(
            self.num_heads,
            inward,
            self.in_proj_bias,
            self.out_proj.weight,
            self.out_proj.bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
        )
        return attend(
            query,
            key,
            value,
            w,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            is_causal=is_causal,
            dropout_p=self.dropout if self.training else 0.0,
            need_weights=need_weights,
            average_attn_weights=average_attn_weights,
            batch_first=self.batch_first,
            who=f"MultiheadAttention({self.embed_dim}, {self.num_heads})",
        )
