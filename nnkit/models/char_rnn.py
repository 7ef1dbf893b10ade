"""CharRNN: a recurrent network that reads a text letter by letter and says what comes next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.layers import GRU, LSTM, RNN, Dropout, Embedding, Linear
from nnkit.layers.linear import check_sizes
from nnkit.models.language import LanguageModel

__all__ = ["CharRNN"]

CELLS: dict[str, Any] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


class CharRNN(LanguageModel):
    """A model of the next token: Embedding, LSTM or GRU, Linear.

    h_t = cell(E[x_t], h_t-1), scores_t = W h_t + b.

    Parameters
    ----------
    vocab_size : int
        Number of different tokens, V.
    hidden_size : int, default 128
        Length of the state, H.
    embedding_dim : int, optional
        Length of the vector of a token; `hidden_size` by default.
    num_layers : int, default 1
        Recurrent layers on top of each other.
    cell : {"lstm", "gru", "rnn"}, default "lstm"
    dropout : float, default 0.0
        Probability of leaving out a value between recurrent layers and behind the last.
    dtype : dtype, default float32

    Attributes
    ----------
    embedding : Embedding
    rnn : LSTM, GRU or RNN, with batch_first=True
    head : Linear

    Raises
    ------
    ArgumentError
        If a setting cannot be meant, or a token is none of V.
    ShapeError
        If an input is not of shape (N, T).

    See Also
    --------
    nnkit.data.CharTokenizer : makes tokens of letters.
    nnkit.data.make_windows : makes inputs and targets of a long text.

    References
    ----------
    A. Graves, "Generating Sequences With Recurrent Neural Networks", arXiv:1308.0850; A. Karpathy,
    "The unreasonable effectiveness of recurrent neural networks", 2015.

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.seed(0)
    >>> text = "round and round and " * 20
    >>> letters = nn.data.CharTokenizer(text)
    >>> X, y = nn.data.make_windows(letters.encode(text), 16, stride=5)
    >>> model = nn.models.CharRNN(letters.vocab_size, hidden_size=32)
    >>> trainer = nn.Trainer(model, model.loss, nn.optim.Adam(model.parameters(), lr=0.02))
    >>> history = trainer.fit(X, y, epochs=30)
    >>> model.generate("round", 15, temperature=0, tokenizer=letters)
    'round and round and '
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        embedding_dim: int | None = None,
        num_layers: int = 1,
        cell: str = "lstm",
        dropout: float = 0.0,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        embedding_dim = hidden_size if embedding_dim is None else embedding_dim
        check_sizes("CharRNN", vocab_size=vocab_size, hidden_size=hidden_size)
        if cell not in CELLS:
            raise ArgumentError(f"CharRNN: cell is 'lstm', 'gru' or 'rnn', got {cell!r}.")
        self.vocab_size = vocab_size
        self.embedding = Embedding(vocab_size, embedding_dim, dtype=dtype)
        self.rnn = CELLS[cell](
            embedding_dim,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            dtype=dtype,
        )
        self.dropout = Dropout(dropout)
        self.head = Linear(hidden_size, vocab_size, dtype=dtype)

    def forward(self, idx: Any) -> Any:
        """Return the scores of what follows each token, from a state of zeros.

        Parameters
        ----------
        idx : array_like of int, shape (N, T)

        Returns
        -------
        Tensor, shape (N, T, V)
        """
        return self.step(idx)[0]

    def step(self, idx: Any, state: Any = None) -> tuple[Any, Any]:
        """Read on from a state, and return the new one too.

        Parameters
        ----------
        idx : array_like of int, shape (N, T)
        state : optional
            What an earlier call returned; zeros by default.

        Returns
        -------
        scores : Tensor, shape (N, T, V)
        state : Tensor of shape (num_layers, N, H), or with LSTM a pair of them
        """
        y, state = self.rnn(self.embedding(self._checked(idx)), state)
        return self.head(self.dropout(y)), state

    def _next(self, idx: NDArray[np.integer], state: Any) -> tuple[Any, Any]:
        scores, state = self.step(idx if state is None else idx[:, -1:], state)
        return scores[:, -1], state
