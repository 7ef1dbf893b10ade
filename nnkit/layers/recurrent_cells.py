"""Recurrent layers for a single step, for loops of one's own: RNNCell, LSTMCell, GRUCell."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnkit import init
from nnkit.functional.recurrent_arguments import pair_of
from nnkit.functional.recurrent_cells import one_step
from nnkit.layers.linear import check_sizes
from nnkit.layers.recurrent import check_nonlinearity
from nnkit.module import Module, Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class RNNCellBase(Module):
    """What the three cells share: parameters, settings, the call."""

    kind: str  # of nnkit.functional.recurrent
    gates: int
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(self, input_size: int, hidden_size: int, bias: bool, dtype: Any) -> None:
        super().__init__()
        check_sizes(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = self.gates * hidden_size
        self.weight_ih = Parameter(np.zeros((rows, input_size)), dtype=dtype)
        self.weight_hh = Parameter(np.zeros((rows, hidden_size)), dtype=dtype)
        self.bias_ih = Parameter(np.zeros(rows), dtype=dtype) if bias else None
        self.bias_hh = Parameter(np.zeros(rows), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def _step(self, input: Any, hx: tuple[Any, ...] | None) -> list[Any]:
        params = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return one_step(self.kind, input, hx, params, self)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the state, of shape (N, H) or (H,), after a step.

        Parameters
        ----------
        input : array_like or Tensor, shape (N, I) or (I,)
        hx : array or Tensor, shape (N, H) or (H,), optional
            The state before, zeros by default.
        """
        (h,) = self._step(input, None if hx is None else (hx,))
        return h

    def extra_repr(self) -> str:
        """Name the sizes, and the settings that are not the default."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of a simple recurrent layer: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Parameters
    ----------
    input_size : int
        Features of the input, I.
    hidden_size : int
        Features of the state, H.
    bias : bool, default True
    nonlinearity : {"tanh", "relu"}, default "tanh"
    dtype : dtype, default float32

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : Parameter
        Shapes (H, I), (H, H), (H,), (H,); initially drawn evenly from [-k, k), k = 1 / sqrt(H).

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an input or a state does not fit.

    See Also
    --------
    nnkit.RNN : whole sequences, which is much faster than a loop over steps.

    Examples
    --------
    >>> cell = RNNCell(3, 4)
    >>> cell(np.zeros((2, 3)), np.zeros((2, 4))).shape
    (2, 4)
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: Any = None,
    ) -> None:
        check_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, dtype)
        self.nonlinearity = nonlinearity
        self.kind = f"rnn_{nonlinearity}"

    def extra_repr(self) -> str:
        """Name the sizes, and the settings that are not the default."""
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + other


class GRUCell(RNNCellBase):
    """One step of a `GRU`, which has the formulas.

    Parameters
    ----------
    input_size, hidden_size, bias, dtype
        As in `RNNCell`.

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : Parameter
        Shapes (3 H, I), (3 H, H), (3 H,), (3 H,); initially as in `RNNCell`.

    Raises
    ------
    ArgumentError, ShapeError
        As in `RNNCell`.

    Examples
    --------
    >>> GRUCell(3, 4)(np.zeros((2, 3))).shape
    (2, 4)
    """

    kind = "gru"
    gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, dtype)


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`, which has the formulas.

    Parameters
    ----------
    input_size, hidden_size, bias, dtype
        As in `RNNCell`.

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : Parameter
        Shapes (4 H, I), (4 H, H), (4 H,), (4 H,); initially as in `RNNCell`.

    Raises
    ------
    ArgumentError, ShapeError
        As in `RNNCell`.

    Examples
    --------
    >>> h, c = LSTMCell(3, 4)(np.zeros((2, 3)))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    kind = "lstm"
    gates = 4

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, dtype)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Return the states h and c, each of shape (N, H) or (H,), after a step.

        Parameters
        ----------
        input : array_like or Tensor, shape (N, I) or (I,)
        hx : pair of arrays or Tensors, each of shape (N, H) or (H,), optional
            The states h and c before, zeros by default.
        """
        h, c = self._step(input, pair_of(hx, self))
        return h, c
