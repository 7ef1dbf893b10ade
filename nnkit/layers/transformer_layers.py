"""One layer of a transformer: attention and a small network, each with a shortcut around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_core.errors import ArgumentError
from nnkit import functional as F
from nnkit.layers.attention import MultiheadAttention
from nnkit.layers.dropout import Dropout
from nnkit.layers.linear import Linear
from nnkit.layers.normalization import LayerNorm
from nnkit.module import Module

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}


def activation_of(activation: Any, layer: str) -> Callable[[Any], Any]:
    """Return the function that is meant."""
    found = ACTIVATIONS.get(activation) if isinstance(activation, str) else activation
    if not callable(found):
        raise ArgumentError(
            f"{layer}: activation is 'relu', 'gelu' or a function, got {activation!r}."
        )
    return found


class TransformerEncoderLayer(Module):
    """Self-attention, then a network of two linear layers, each with a shortcut and a LayerNorm.

    x = norm1(x + attention(x)), x = norm2(x + linear2(activation(linear1(x)))); with `norm_first`
    x = x + attention(norm1(x)), x = x + linear2(activation(linear1(norm2(x)))).

    Parameters
    ----------
    d_model : int
        Features of input and output, E.
    nhead : int
        Heads of the attention, a divisor of `d_model`.
    dim_feedforward : int, default 2048
        Features between the two linear layers.
    dropout : float, default 0.1
        Probability of leaving out a value, in four places, while training.
    activation : {"relu", "gelu"} or callable, default relu
    layer_norm_eps : float, default 1e-5
    batch_first : bool, default False
        True: inputs are (N, L, E) and not (L, N, E).
    norm_first : bool, default False
        Whether LayerNorm comes before attention and network, and not after the shortcut.
    bias : bool, default True
        Whether all parts have a bias.
    dtype : dtype, default float32

    Attributes
    ----------
    self_attn : MultiheadAttention
    linear1, linear2 : Linear
    norm1, norm2 : LayerNorm
    dropout, dropout1, dropout2 : Dropout

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an input or a mask does not fit.

    References
    ----------
    A. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762; `norm_first`: R. Xiong et al.,
    arXiv:2002.04745.

    Examples
    --------
    >>> import numpy as np
    >>> layer = TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    >>> layer(np.zeros((3, 5, 8)), is_causal=True).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shared: dict[str, Any] = dict(bias=bias, dtype=dtype)
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, batch_first=batch_first, **shared
        )
        self.linear1 = Linear(d_model, dim_feedforward, **shared)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **shared)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **shared)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **shared)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = activation_of(activation, "TransformerEncoderLayer")

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:
        """Run the layer.

        Parameters
        ----------
        src : array_like or Tensor, shape (L, N, E), (N, L, E) with `batch_first`, or (L, E)
        src_mask : array, shape (L, L) or (N * heads, L, L), optional
            Of bool: True where a position may NOT look at another. Of floats: added to the scores.
        src_key_padding_mask : array, shape (N, L) or (L,), optional
            Of bool: True for positions to ignore.
        is_causal : bool, default False
            Position i may look at 0 to i only, besides what `src_mask` says.

        Returns
        -------
        Tensor, the shape of `src`
        """
        x, masks = src, (src_key_padding_mask, src_mask, is_causal)
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *masks)
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(x + self._attend(x, *masks))
        return self.norm2(x + self._feed_forward(x))

    def _attend(self, x: Any, padding: Any, mask: Any, is_causal: bool) -> Any:
        y, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)
        return self.dropout1(y)

    def _feed_forward(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's output, then a network of two linear layers.

    Each of the three has a shortcut and a LayerNorm, as in `TransformerEncoderLayer`.

    Parameters
    ----------
    d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, \
norm_first, bias, dtype
        As in `TransformerEncoderLayer`.

    Attributes
    ----------
    self_attn, multihead_attn : MultiheadAttention
    linear1, linear2 : Linear
    norm1, norm2, norm3 : LayerNorm
    dropout, dropout1, dropout2, dropout3 : Dropout

    Raises
    ------
    ArgumentError, ShapeError
        As in `TransformerEncoderLayer`.

    Examples
    --------
    >>> import numpy as np
    >>> layer = TransformerDecoderLayer(8, 2, dim_feedforward=16)
    >>> layer(np.zeros((5, 3, 8)), np.zeros((7, 3, 8)), tgt_is_causal=True).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shared: dict[str, Any] = dict(bias=bias, dtype=dtype)
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, batch_first=batch_first, **shared
        )
        self.multihead_attn = MultiheadAttention(
            d_model, nhead, dropout, batch_first=batch_first, **shared
        )
        self.linear1 = Linear(d_model, dim_feedforward, **shared)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **shared)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **shared)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **shared)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, **shared)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = activation_of(activation, "TransformerDecoderLayer")

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """Run the layer.

        Parameters
        ----------
        tgt : array_like or Tensor, shape (L, N, E), (N, L, E) with `batch_first`, or (L, E)
        memory : array_like or Tensor, shape (S, N, E), (N, S, E), or (S, E)
            The encoder's output.
        tgt_mask, memory_mask : array, shapes (L, L) and (L, S), or (N * heads, ...), optional
            As `src_mask` of `TransformerEncoderLayer`.
        tgt_key_padding_mask, memory_key_padding_mask : array, shapes (N, L) and (N, S), optional
            Of bool: True for positions to ignore.
        tgt_is_causal, memory_is_causal : bool, default False
            Position i may look at 0 to i only.

        Returns
        -------
        Tensor, the shape of `tgt`
        """
        x = tgt
        own = (tgt_key_padding_mask, tgt_mask, tgt_is_causal)
        other = (memory, memory_key_padding_mask, memory_mask, memory_is_causal)
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *own)
            x = x + self._look_at_memory(self.norm2(x), *other)
            return x + self._feed_forward(self.norm3(x))
        x = self.norm1(x + self._attend(x, *own))
        x = self.norm2(x + self._look_at_memory(x, *other))
        return self.norm3(x + self._feed_forward(x))

    def _attend(self, x: Any, padding: Any, mask: Any, is_causal: bool) -> Any:
        y, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)
        return self.dropout1(y)

    def _look_at_memory(self, x: Any, memory: Any, padding: Any, mask: Any, is_causal: bool) -> Any:
        y, _ = self.multihead_attn(x, memory, memory, padding, False, mask, is_causal=is_causal)
        return self.dropout2(y)

    def _feed_forward(self, x: Any) -> Any:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))
