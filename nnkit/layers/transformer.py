"""Transformers: stacks of encoder and decoder layers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograd_core.errors import ShapeError
from nnkit import functional as F
from nnkit import init
from nnkit.functional.operands import as_array
from nnkit.layers.container import ModuleList
from nnkit.layers.linear import check_sizes
from nnkit.layers.normalization import LayerNorm
from nnkit.layers.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from nnkit.module import Module

__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]


def copies(layer: Module, num_layers: int, who: str) -> ModuleList:
    """Return copies of a layer, parameters of their own but with the same values."""
    check_sizes(who, num_layers=num_layers)
    return ModuleList(copy.deepcopy(layer) for _ in range(num_layers))


class TransformerEncoder(Module):
    """Encoder layers on top of each other.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        Copied `num_layers` times: all layers start with its values.
    num_layers : int
    norm : Module, optional
        Applied to the output; a LayerNorm is usual with `norm_first` layers.
    enable_nested_tensor, mask_check : bool, default True
        Accepted because PyTorch has them; they change nothing here.

    Attributes
    ----------
    layers : ModuleList
    norm : Module or None

    Examples
    --------
    >>> encoder = TransformerEncoder(TransformerEncoderLayer(8, 2, 16), num_layers=2)
    >>> encoder(np.zeros((5, 3, 8))).shape
    (5, 3, 8)
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = copies(encoder_layer, num_layers, "TransformerEncoder")
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Any:
        """Run all layers; the parameters are those of `TransformerEncoderLayer.forward`.

        `is_causal=None` means False: a causal `mask` needs no hint.
        """
        x = src
        for layer in self.layers:
            x = layer(
                x,
                src_mask=mask,
                src_key_padding_mask=src_key_padding_mask,
                is_causal=bool(is_causal),
            )
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """Decoder layers on top of each other.

    Parameters
    ----------
    decoder_layer : TransformerDecoderLayer
        Copied `num_layers` times: all layers start with its values.
    num_layers : int
    norm : Module, optional
        Applied to the output.

    Attributes
    ----------
    layers : ModuleList
    norm : Module or None

    Examples
    --------
    >>> decoder = TransformerDecoder(TransformerDecoderLayer(8, 2, 16), num_layers=2)
    >>> decoder(np.zeros((5, 3, 8)), np.zeros((7, 3, 8))).shape
    (5, 3, 8)
    """

    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = copies(decoder_layer, num_layers, "TransformerDecoder")
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Run all layers; the parameters are those of `TransformerDecoderLayer.forward`.

        `tgt_is_causal=None` means False: a causal `tgt_mask` needs no hint.
        """
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder, and a decoder that looks at the encoder's output.

    Parameters
    ----------
    d_model : int, default 512
        Features of inputs and output, E.
    nhead : int, default 8
    num_encoder_layers, num_decoder_layers : int, default 6
    dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, dtype
        As in `TransformerEncoderLayer`.
    custom_encoder, custom_decoder : Module, optional
        In place of the encoder or decoder.

    Attributes
    ----------
    encoder : TransformerEncoder
    decoder : TransformerDecoder
        Both end with a LayerNorm. All matrices are initially Xavier-uniform.

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If the inputs or masks do not fit.

    References
    ----------
    A. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762.

    Examples
    --------
    >>> model = Transformer(8, 2, 1, 1, dim_feedforward=16)
    >>> model(np.zeros((7, 3, 8)), np.zeros((5, 3, 8)), tgt_is_causal=True).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = (d_model, nhead, dim_feedforward, dropout, activation)
        settings = (*shape, layer_norm_eps, batch_first, norm_first, bias)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*settings, dtype=dtype), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*settings, dtype=dtype), num_decoder_layers, norm()
        )
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Encode `src`, and decode `tgt` with it.

        Parameters
        ----------
        src : array_like or Tensor, shape (S, N, E), (N, S, E) with `batch_first`, or (S, E)
        tgt : array_like or Tensor, shape (L, N, E), (N, L, E), or (L, E)
        src_mask, tgt_mask, memory_mask : array, shapes (S, S), (L, L), (L, S), optional
            Of bool: True where a position may NOT look at another. Of floats: added to the scores.
        src_key_padding_mask, tgt_key_padding_mask, memory_key_padding_mask : array, optional
            Of shape (N, S), (N, L), (N, S), or without N. Of bool: True for positions to ignore.
        src_is_causal, tgt_is_causal, memory_is_causal : bool, optional
            Position i may look at 0 to i only.

        Returns
        -------
        Tensor, the shape of `tgt`
        """
        src, tgt = as_array(src), as_array(tgt)
        batch = 0 if self.batch_first else 1
        good = src.ndim == tgt.ndim in (2, 3) and src.shape[-1] == tgt.shape[-1] == self.d_model
        if not good or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch]):
            wanted = "(N, S, E), (N, L, E)" if self.batch_first else "(S, N, E), (L, N, E)"
            raise ShapeError(
                f"Transformer(d_model={self.d_model}) got src {src.shape}, tgt {tgt.shape}. They "
                f"must be {wanted}, or (S, E), (L, E), with E = {self.d_model}."
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: Any = np.float32) -> np.ndarray[Any, Any]:
        """Return the mask with which position i looks at 0 to i: 0 there, -inf above.

        Parameters
        ----------
        sz : int
            Number of positions.
        dtype : dtype, default float32

        Returns
        -------
        ndarray, shape (sz, sz)

        Examples
        --------
        >>> Transformer.generate_square_subsequent_mask(2)
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
        """
        return np.triu(np.full((sz, sz), -np.inf, dtype), 1)
