"""Embedding layers: a table of vectors that are learned, looked up by number."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from autograd_core.dispatch import raw
from nnkit import functional as F
from nnkit import init
from nnkit.functional.embedding import place_of_padding, table_of
from nnkit.functional.embedding_bag import check_mode
from nnkit.layers.linear import check_sizes
from nnkit.module import Module, Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class Table(Module):
    """What both embedding layers have in common: the table."""

    weight: Parameter
    _shown: dict[str, Any]  # in the repr, where they are not the defaults

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        dtype: Any,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        check_sizes(kind, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = place_of_padding(padding_idx, num_embeddings, kind)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self.weight = Parameter(np.zeros((num_embeddings, embedding_dim)), dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew; the row of `padding_idx` becomes 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            values = raw(self.weight).copy()
            values[self.padding_idx] = 0
            self.weight.data = values

    @classmethod
    def _made_from(cls, embeddings: Any, freeze: bool, **settings: Any) -> Self:
        values = np.asarray(raw(table_of(embeddings, f"{cls.__name__}.from_pretrained")))
        rows, width = values.shape
        layer = cls(rows, width, dtype=values.dtype, **settings)
        layer.weight.data = values.copy()
        layer.weight.requires_grad_(not freeze)
        return layer

    def extra_repr(self) -> str:
        """Name the settings that are not the defaults."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, default in self._shown.items():
            value = getattr(self, name)
            if value != default:
                text += f", {name}={value!r}"
        return text


class Embedding(Table):
    """A vector of its own for each of `num_embeddings` things, which is learned.

    Parameters
    ----------
    num_embeddings : int
        V, the number of things: words, users, categories.
    embedding_dim : int
        D, the length of a vector.
    padding_idx : int, optional
        A row that is 0 at first and is not learned.
    max_norm : float, optional
        Rows that are looked up and longer are shortened to this, in the table itself.
    norm_type : float, default 2.0
        Which norm is the length.
    scale_grad_by_freq : bool, default False
        Divide the gradient of a row by how often it occurs in the batch.
    sparse : bool, default False
        Accepted because PyTorch has it; gradients are always full arrays.
    dtype : dtype, default float32
        Of the table.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)
        Initially drawn from the standard normal distribution.

    Raises
    ------
    ArgumentError
        If an index is out of range (naming value and position), or a size is not positive.
    DtypeError
        If the indices are no integers.

    Examples
    --------
    >>> layer = Embedding(10, 3, padding_idx=0)
    >>> layer([[1, 2, 0]]).shape
    (1, 3, 3)
    >>> layer
    Embedding(10, 3, padding_idx=0)
    """

    _shown = dict(
        padding_idx=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, sparse=False
    )

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            dtype,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """Make a layer of a table that is there already.

        Parameters
        ----------
        embeddings : array, shape (V, D)
            Copied; the layer has its dtype.
        freeze : bool, default True
            Whether the table stays as it is.
        padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
            As for the layer.

        Examples
        --------
        >>> layer = Embedding.from_pretrained(np.eye(2))
        >>> layer([1])
        Tensor([[0., 1.]])
        """
        return cls._made_from(
            embeddings,
            freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )

    def forward(self, input: Any) -> Any:
        """Look up indices of any shape; the result has one axis more, of length D."""
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
        )


class EmbeddingBag(Table):
    """The sum, the mean or the maximum of the vectors of each bag of things.

    Parameters
    ----------
    num_embeddings : int
        V, the number of things.
    embedding_dim : int
        D, the length of a vector.
    max_norm : float, optional
        Rows that are looked up and longer are shortened to this, in the table itself.
    norm_type : float, default 2.0
        Which norm is the length.
    scale_grad_by_freq : bool, default False
        Divide the gradient of a row by how often it occurs in the batch; not with mode "max".
    mode : {"mean", "sum", "max"}, default "mean"
    sparse : bool, default False
        Accepted because PyTorch has it; gradients are always full arrays.
    include_last_offset : bool, default False
        Whether offsets have one number more, where the last bag ends.
    padding_idx : int, optional
        A row that does not count, as if it were not in the bag, and is not learned.
    dtype : dtype, default float32
        Of the table.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)
        Initially drawn from the standard normal distribution.

    Raises
    ------
    ArgumentError
        If an index is out of range (naming value and position), or a size is not positive.

    Examples
    --------
    >>> layer = EmbeddingBag(10, 3, mode="sum")
    >>> layer([1, 2, 4, 5, 4], offsets=[0, 3]).shape
    (2, 3)
    """

    _shown = dict(max_norm=None, norm_type=2, scale_grad_by_freq=False, mode=None, padding_idx=None)

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        dtype: Any = None,
    ) -> None:
        check_mode(mode, scale_grad_by_freq)
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            dtype,
        )
        self.mode = mode
        self.include_last_offset = include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Make a layer of a table that is there already.

        Parameters
        ----------
        embeddings : array, shape (V, D)
            Copied; the layer has its dtype.
        freeze : bool, default True
            Whether the table stays as it is.
        max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx
            As for the layer.

        Examples
        --------
        >>> layer = EmbeddingBag.from_pretrained(np.eye(2), mode="sum")
        >>> layer([[0, 1, 1]])
        Tensor([[1., 2.]])
        """
        return cls._made_from(
            embeddings,
            freeze,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        """Reduce bags of indices, (B, L), or (total,) with offsets, to an array (B, D)."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )
