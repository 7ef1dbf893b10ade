"""MLP: layers of neurons, each connected with all of the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nnkit.models.chain import Chain, check_all_sizes, layers_between
from nnkit.module import Module

__all__ = ["MLP"]


class MLP(Chain):
    """A multi-layer perceptron: Linear, activation, Linear, ..., Linear.

    x_i = activation(W_i x_i-1 + b_i), and without the activation for the last layer.

    Parameters
    ----------
    sizes : sequence of int
        Features of the input, of each hidden layer, and of the output; two or more.
    activation : str or class of Module, default "relu"
        "relu", "gelu", "tanh", "sigmoid", "silu", "elu", "selu", "leaky_relu", "identity", or what
        makes a layer when it is called without arguments: ``nn.Mish``.
    dropout : float, default 0.0
        Probability of leaving out a hidden value, while training.
    norm : class of Module, optional
        What makes a normalising layer of a number of features, to stand in front of each
        activation: ``nn.BatchNorm1d``, ``nn.LayerNorm``.
    bias : bool, default True
        Whether the Linear layers have a bias.
    dtype : dtype, default float32
        Of the Linear layers.

    Raises
    ------
    ArgumentError, DtypeError
        If a setting cannot be meant.
    ShapeError
        If an input of shape (..., sizes[0]) is something else.

    Notes
    -----
    It is a Sequential, and its state dict has the keys of PyTorch's Sequential of the same layers:
    "0.weight", "0.bias", "2.weight", ... Put ``nn.Flatten()`` in front of it for pictures.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating
    errors", Nature 323 (1986); `dropout`: N. Srivastava et al., JMLR 15 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.models.MLP([64, 32, 10], activation="tanh", dropout=0.2)
    >>> model
    MLP(
      (0): Linear(in_features=64, out_features=32, bias=True)
      (1): Tanh()
      (2): Dropout(p=0.2, inplace=False)
      (3): Linear(in_features=32, out_features=10, bias=True)
    )
    >>> model(np.zeros((5, 64))).shape
    (5, 10)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Any = "relu",
        dropout: float = 0.0,
        *,
        norm: Callable[[int], Module] | None = None,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        checked = check_all_sizes("MLP", sizes, 2)
        settings: dict[str, Any] = dict(dropout=dropout, norm=norm, bias=bias, dtype=dtype)
        super().__init__(*layers_between(checked, activation, "MLP", **settings))
