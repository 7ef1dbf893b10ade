"""GPT: a small transformer that predicts the next token."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from nnkit import functional as F
from nnkit import init
from nnkit.functional.dropout import check_probability
from nnkit.layers import GELU, Dropout, Embedding, LayerNorm, Linear, ModuleDict, ModuleList
from nnkit.layers.linear import check_sizes
from nnkit.models.language import LanguageModel
from nnkit.module import Module

__all__ = ["GPT", "Block", "CausalSelfAttention"]


class CausalSelfAttention(Module):
    """Attention of each place to itself and to those before it, with several heads.

    Parameters
    ----------
    n_embd : int
        Features, E.
    n_head : int
        A divisor of `n_embd`.
    dropout : float, default 0.0
        Of the weights, and of the result.
    bias : bool, default True
    dtype : dtype, default float32

    Attributes
    ----------
    c_attn : Linear
        Queries, keys and values of all heads: E to 3 E.
    c_proj : Linear
        Of the heads side by side: E to E.

    Raises
    ------
    ArgumentError
        If `n_embd` cannot be split evenly.

    References
    ----------
    A. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, section 3.2.

    Examples
    --------
    >>> CausalSelfAttention(8, 2)(np.zeros((3, 5, 8))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes("CausalSelfAttention", n_embd=n_embd, n_head=n_head)
        if n_embd % n_head:
            raise ArgumentError(
                f"n_embd={n_embd} features cannot be split evenly into n_head={n_head} heads."
            )
        check_probability(dropout)
        self.n_head = n_head
        self.dropout = dropout
        self.c_attn = Linear(n_embd, 3 * n_embd, bias, dtype=dtype)
        self.c_proj = Linear(n_embd, n_embd, bias, dtype=dtype)
        self.resid_dropout = Dropout(dropout)

    def forward(self, x: Any) -> Any:
        """Map (N, T, E) to (N, T, E)."""
        N, T, E = x.shape
        heads = self.c_attn(x).reshape(N, T, 3, self.n_head, E // self.n_head)
        q, k, v = (heads[:, :, i].swapaxes(1, 2) for i in range(3))
        p = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
        return self.resid_dropout(self.c_proj(y.swapaxes(1, 2).reshape(N, T, E)))


class Block(Module):
    """x = x + attn(ln_1(x)), then x = x + mlp(ln_2(x)).

    Parameters
    ----------
    n_embd, n_head, dropout, bias, dtype
        As in `CausalSelfAttention`.

    Attributes
    ----------
    ln_1, ln_2 : LayerNorm
    attn : CausalSelfAttention
    mlp : ModuleDict
        c_fc (Linear, E to 4 E), gelu, c_proj (Linear, 4 E to E), dropout.

    References
    ----------
    R. Xiong et al., "On Layer Normalization in the Transformer Architecture", arXiv:2002.04745.

    Examples
    --------
    >>> Block(8, 2)(np.zeros((3, 5, 8))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(n_embd, bias=bias, dtype=dtype)
        self.attn = CausalSelfAttention(n_embd, n_head, dropout, bias, dtype=dtype)
        self.ln_2 = LayerNorm(n_embd, bias=bias, dtype=dtype)
        self.mlp = ModuleDict(
            {
                "c_fc": Linear(n_embd, 4 * n_embd, bias, dtype=dtype),
                "gelu": GELU(),
                "c_proj": Linear(4 * n_embd, n_embd, bias, dtype=dtype),
                "dropout": Dropout(dropout),
            }
        )

    def forward(self, x: Any) -> Any:
        """Map (N, T, E) to (N, T, E)."""
        x = x + self.attn(self.ln_1(x))
        y = self.ln_2(x)
        for part in self.mlp.values():
            y = part(y)
        return x + y


class GPT(LanguageModel):
    """A model of the next token: a stack of transformer blocks with causal attention.

    x = wte[idx] + wpe[0 ... T-1], then `n_layer` `Block`s, LayerNorm, and scores = W x.

    Parameters
    ----------
    vocab_size : int
        Number of different tokens, V.
    block_size : int, default 64
        The most tokens it can see at once.
    n_layer : int, default 2
        Blocks.
    n_head : int, default 4
        Heads of the attention, a divisor of `n_embd`.
    n_embd : int, default 64
        Features, E.
    dropout : float, default 0.0
        Probability of leaving out a value, while training: of the embeddings, the attention's
        weights, and what each block adds.
    bias : bool, default True
        Whether Linear and LayerNorm have a bias.
    tie_weights : bool, default True
        Whether the last layer uses the table of the tokens, W = wte.
    dtype : dtype, default float32

    Attributes
    ----------
    transformer : ModuleDict
        wte and wpe (Embeddings of tokens and places), drop, h (the Blocks), ln_f.
    lm_head : Linear
        Without bias. Weights are initially normal with deviation 0.02, those that add to the
        stream of a block 0.02 / sqrt(2 n_layer); biases are 0.

    Raises
    ------
    ArgumentError
        If a setting cannot be meant, or a token is none of V.
    ShapeError
        If an input is not of shape (N, T), or T is larger than `block_size`.

    Notes
    -----
    Settings, parts and state-dict keys are those of nanoGPT; weights of the layers of GPT-2 itself
    are stored there transposed.

    References
    ----------
    A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.3;
    O. Press, L. Wolf, "Using the Output Embedding to Improve Language Models", arXiv:1608.05859;
    A. Karpathy, nanoGPT, https://github.com/karpathy/nanoGPT.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.models.GPT(vocab_size=5, block_size=8, n_layer=1, n_head=2, n_embd=16)
    >>> model([[0, 1, 2], [2, 3, 4]]).shape
    (2, 3, 5)
    >>> model.generate([0, 1], 10, generator=np.random.default_rng(0)).shape
    (12,)
    """

    def __init__(
        self,
        vocab_size: int,
        block_size: int = 64,
        n_layer: int = 2,
        n_head: int = 4,
        n_embd: int = 64,
        dropout: float = 0.0,
        bias: bool = True,
        tie_weights: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes("GPT", vocab_size=vocab_size, block_size=block_size, n_layer=n_layer)
        self.vocab_size = vocab_size
        self.block_size = block_size
        settings = (n_embd, n_head, dropout, bias)
        tokens = Embedding(vocab_size, n_embd, dtype=dtype)
        self.transformer = ModuleDict(
            {
                "wte": tokens,
                "wpe": Embedding(block_size, n_embd, dtype=dtype),
                "drop": Dropout(dropout),
                "h": ModuleList([Block(*settings, dtype=dtype) for _ in range(n_layer)]),
                "ln_f": LayerNorm(n_embd, bias=bias, dtype=dtype),
            }
        )
        self.lm_head = Linear(n_embd, vocab_size, bias=False, dtype=dtype)
        if tie_weights:
            self.lm_head.weight = tokens.weight
        self.n_layer = n_layer
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        narrow = 0.02 / math.sqrt(2 * self.n_layer)
        for path, p in self.named_parameters():
            if p.ndim == 2:
                init.normal_(p, std=narrow if path.endswith("c_proj.weight") else 0.02)
            elif path.endswith("bias"):
                init.zeros_(p)
            else:
                init.ones_(p)

    def forward(self, idx: Any) -> Any:
        """Return the scores of what follows each token, seeing those up to it.

        Parameters
        ----------
        idx : array_like of int, shape (N, T), T <= block_size

        Returns
        -------
        Tensor, shape (N, T, V)
        """
        x = self._checked(idx)
        parts: Any = self.transformer
        T = x.shape[1]
        if self.block_size < T:
            raise ShapeError(
                f"GPT(block_size={self.block_size}) got texts of {T} tokens. Cut them into windows "
                f"(nnkit.data.make_windows), or make the model with a larger block_size."
            )
        x = parts["drop"](parts["wte"](x) + parts["wpe"](np.arange(T)))
        for block in parts["h"]:
            x = block(x)
        return self.lm_head(parts["ln_f"](x))

    def _next(self, idx: NDArray[np.integer], state: Any) -> tuple[Any, Any]:
        return self(idx[:, -self.block_size :])[:, -1], None
