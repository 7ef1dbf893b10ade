"""Autoencoder: squeezes its input through a narrow place and makes it anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnkit.layers import Sequential
from nnkit.models.chain import activation_layer, check_all_sizes, layers_between
from nnkit.module import Module

__all__ = ["Autoencoder"]


class Autoencoder(Module):
    """Two perceptrons: an encoder to a short code, and its mirror image back to the input.

    code = encoder(x), output = decoder(code); trained to make the output equal to x.

    Parameters
    ----------
    sizes : sequence of int
        Features of the input, D, of hidden layers, and of the code, Z; two or more. The decoder
        has the same in the opposite order.
    activation : str or class of Module, default "relu"
        Between the layers, as in `MLP`.
    output_activation : str or class of Module, default "identity"
        Behind the last layer; "sigmoid" for outputs from 0 to 1.
    dtype : dtype, default float32

    Attributes
    ----------
    encoder, decoder : Sequential

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an input of shape (..., D) is something else.

    References
    ----------
    G. E. Hinton, R. R. Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
    Science 313 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.models.Autoencoder([64, 32, 2])
    >>> x = np.zeros((5, 64))
    >>> model(x).shape, model.encode(x).shape
    ((5, 64), (5, 2))

    Its targets are its inputs:

    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.Adam(model.parameters()))
    >>> history = trainer.fit(x, x)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Any = "relu",
        output_activation: Any = "identity",
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        checked = check_all_sizes("Autoencoder", sizes, 2)
        name = "Autoencoder"
        self.encoder = Sequential(*layers_between(checked, activation, name, dtype=dtype))
        back = layers_between(checked[::-1], activation, name, dtype=dtype)
        if output_activation != "identity":
            back.append(activation_layer(output_activation, name))
        self.decoder = Sequential(*back)

    def encode(self, input: Any) -> Any:
        """Return the codes, shape (..., Z), of inputs of shape (..., D)."""
        return self.encoder(input)

    def decode(self, code: Any) -> Any:
        """Return what codes of shape (..., Z) stand for, shape (..., D)."""
        return self.decoder(code)

    def forward(self, input: Any) -> Any:
        """Return what is left of inputs of shape (..., D) after the narrow place, same shape."""
        return self.decode(self.encode(input))
