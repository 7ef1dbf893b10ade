"""Recurrent layers: RNN, LSTM and GRU over sequences."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError
from nnkit import init
from nnkit.functional.recurrent import recurrent
from nnkit.functional.recurrent_arguments import pair_of
from nnkit.layers.linear import check_sizes
from nnkit.module import Module, Parameter

__all__ = ["GRU", "LSTM", "RNN"]


class RNNBase(Module):
    """What the three layers share: parameters, settings, the call."""

    kind: str  # of nnkit.functional.recurrent
    gates: int
    proj_size = 0

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        dtype: Any,
    ) -> None:
        super().__init__()
        sizes = dict(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_sizes(type(self).__name__, **sizes)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self._check_settings()
        self._names: list[str] = []
        for layer in range(num_layers):
            for reverse in range(1 + bidirectional):
                self._add_parameters(layer, "_reverse" * reverse, dtype)
        self.reset_parameters()

    def _check_settings(self) -> None:
        """Refuse what cannot be meant."""
        name = type(self).__name__
        for setting in ("bias", "batch_first", "bidirectional"):
            if not isinstance(getattr(self, setting), (bool, np.bool_)):
                got = getattr(self, setting)
                raise ArgumentError(f"{name}: {setting} is True or False, got {got!r}.")
        if not 0 <= self.dropout <= 1:
            raise ArgumentError(
                f"{name}: dropout is the probability of leaving a value out, between 0 and 1; "
                f"got {self.dropout!r}."
            )
        if self.dropout and self.num_layers == 1:
            warnings.warn(
                f"{name}: dropout={self.dropout} acts between layers, and there is only one: it "
                f"does nothing. Put a Dropout behind the layer, or raise num_layers.",
                stacklevel=4,
            )

    def _add_parameters(self, layer: int, suffix: str, dtype: Any) -> None:
        """Make the parameters of one layer and direction, under torch's names."""
        out = self.proj_size or self.hidden_size
        size = self.input_size if layer == 0 else out * (1 + self.bidirectional)
        rows = self.gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, size), "weight_hh": (rows, out)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for short, shape in shapes.items():
            name = f"{short}_l{layer}{suffix}"
            setattr(self, name, Parameter(np.zeros(shape), dtype=dtype))
            self._names.append(name)

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        flat = [getattr(self, name) for name in self._names]
        each = len(flat) // (self.num_layers * (1 + self.bidirectional))
        return [flat[i : i + each] for i in range(0, len(flat), each)]

    def flatten_parameters(self) -> None:
        """Do nothing: PyTorch has this for GPUs, and programs call it."""

    def _run(self, input: Any, hx: tuple[Any, ...] | None, lengths: Any, mask: Any) -> Any:
        return recurrent(
            self.kind,
            input,
            hx,
            [getattr(self, name) for name in self._names],
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
            self.batch_first,
            lengths=lengths,
            mask=mask,
            who=self,
        )

    def forward(
        self, input: Any, hx: Any = None, *, lengths: Any = None, mask: Any = None
    ) -> tuple[Any, Any]:
        """Run over the sequences.

        Parameters
        ----------
        input : array_like or Tensor, shape (T, N, I), (N, T, I) with `batch_first`, or (T, I)
            N sequences of T steps, or one. Cast to the dtype of the parameters.
        hx : array or Tensor, shape (layers * directions, N, H), optional
            Initial state, zeros by default; without N for one sequence.
        lengths : array of int, shape (N,), optional
            How many steps of each sequence count; behind them outputs are 0, the state stays, and
            the input is not looked at. The numbers are those of PyTorch's packed sequences.
        mask : array of bool, shape (T, N) or, with `batch_first`, (N, T), optional
            Which steps count, where a length cannot say it.

        Returns
        -------
        output : Tensor, shape (T, N, directions * H), or (N, T, ...), or (T, ...)
            The states of the last layer at each step.
        h_n : Tensor, shape (layers * directions, N, H)
            The last states of all layers.
        """
        output, h = self._run(input, None if hx is None else (hx,), lengths, mask)
        return output, h

    def extra_repr(self) -> str:
        """Name the sizes, and the settings that are not the default."""
        said = [f"{self.input_size}, {self.hidden_size}"]
        if self.proj_size:
            said.append(f"proj_size={self.proj_size}")
        defaults = dict(
            num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False
        )
        for name, default in defaults.items():
            if getattr(self, name) != default:
                said.append(f"{name}={getattr(self, name)}")
        return ", ".join(said)


class RNN(RNNBase):
    """A simple recurrent layer: h_t = tanh(W_ih x_t + b_ih + W_hh h_t-1 + b_hh).

    Parameters
    ----------
    input_size : int
        Features of the input, I.
    hidden_size : int
        Features of the state, H.
    num_layers : int, default 1
        Layers on top of each other.
    nonlinearity : {"tanh", "relu"}, default "tanh"
    bias : bool, default True
    batch_first : bool, default False
        True: inputs and outputs are (N, T, ...) and not (T, N, ...). States stay (..., N, H).
    dropout : float, default 0.0
        Probability of leaving out a value between two layers, while training.
    bidirectional : bool, default False
        Whether a second layer reads the sequence from its end; outputs stand side by side.
    dtype : dtype, default float32

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Shapes (H, I), (H, H), (H,), (H,), and likewise for further layers ("_l1"; their I is
        directions * H) and the other direction ("_l0_reverse"). Initially drawn evenly from
        [-k, k), k = 1 / sqrt(H).

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an input, a state, lengths or a mask do not fit.

    See Also
    --------
    nnkit.RNNCell : a single step.

    References
    ----------
    J. L. Elman, "Finding Structure in Time", Cognitive Science 14 (1990).

    Examples
    --------
    >>> layer = RNN(3, 4, num_layers=2, batch_first=True)
    >>> output, h = layer(np.zeros((2, 5, 3)), lengths=[5, 2])
    >>> output.shape, h.shape
    ((2, 5, 4), (2, 2, 4))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        check_nonlinearity("RNN", nonlinearity)
        settings = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(input_size, hidden_size, *settings, dtype)
        self.nonlinearity = nonlinearity
        self.kind = f"rnn_{nonlinearity}"


def check_nonlinearity(layer: str, name: str) -> None:
    """Refuse an activation that a simple recurrent layer does not have."""
    if name not in ("tanh", "relu"):
        raise ArgumentError(f"{layer}: nonlinearity is 'tanh' or 'relu', got {name!r}.")


class GRU(RNNBase):
    """A layer of gated recurrent units.

    r = sigmoid(W_ir x_t + b_ir + W_hr h_t-1 + b_hr),
    z = sigmoid(W_iz x_t + b_iz + W_hz h_t-1 + b_hz),
    n = tanh(W_in x_t + b_in + r (W_hn h_t-1 + b_hn)), h_t = (1 - z) n + z h_t-1.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype
        As in `RNN`.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Shapes (3 H, I), (3 H, H), (3 H,), (3 H,): r, z, n one below the other. Further layers and
        initial values as in `RNN`.

    Raises
    ------
    ArgumentError, ShapeError
        As in `RNN`.

    Notes
    -----
    As in PyTorch, r multiplies W_hn h_t-1 + b_hn, and not h_t-1 as in the paper.

    References
    ----------
    K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", arXiv:1406.1078.

    Examples
    --------
    >>> output, h = GRU(3, 4, bidirectional=True)(np.zeros((5, 2, 3)))
    >>> output.shape, h.shape
    ((5, 2, 8), (2, 2, 4))
    """

    kind = "gru"
    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        settings = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(input_size, hidden_size, *settings, dtype)


class LSTM(RNNBase):
    """A layer of long short-term memory.

    i, f, o = sigmoid(W_i* x_t + b_i* + W_h* h_t-1 + b_h*), each with its own part of W and b,
    g = tanh(W_ig x_t + b_ig + W_hg h_t-1 + b_hg),
    c_t = f c_t-1 + i g, h_t = o tanh(c_t), or W_hr (o tanh(c_t)) with a projection.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype
        As in `RNN`.
    proj_size : int, default 0
        Length P of the projected state, smaller than `hidden_size`; 0: no projection.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Shapes (4 H, I), (4 H, P or H), (4 H,), (4 H,): i, f, g, o one below the other. Further
        layers and initial values as in `RNN`.
    weight_hr_l0 : Parameter, shape (P, H)
        With a projection.

    Raises
    ------
    ArgumentError, ShapeError
        As in `RNN`.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997); with a
    projection: H. Sak et al., arXiv:1402.1128.

    Examples
    --------
    >>> output, (h, c) = LSTM(3, 4, proj_size=2)(np.zeros((5, 2, 3)))
    >>> output.shape, h.shape, c.shape
    ((5, 2, 2), (1, 2, 2), (1, 2, 4))
    """

    kind = "lstm"
    gates = 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = None,
    ) -> None:
        if not isinstance(proj_size, (int, np.integer)) or not 0 <= proj_size < hidden_size:
            raise ArgumentError(
                f"LSTM: proj_size is a whole number smaller than hidden_size={hidden_size}, or 0 "
                f"for no projection; got {proj_size!r}."
            )
        self.proj_size = int(proj_size)
        settings = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(input_size, hidden_size, *settings, dtype)

    def forward(
        self, input: Any, hx: Any = None, *, lengths: Any = None, mask: Any = None
    ) -> tuple[Any, tuple[Any, Any]]:
        """Run over the sequences.

        Parameters
        ----------
        input, lengths, mask
            As in `RNN.forward`.
        hx : pair of arrays or Tensors, optional
            Initial h, of shape (layers * directions, N, P or H), and c, of shape (..., N, H);
            zeros by default.

        Returns
        -------
        output : Tensor, shape (T, N, directions * (P or H)), or (N, T, ...), or (T, ...)
            The states h of the last layer at each step.
        (h_n, c_n) : pair of Tensors, of the shapes of `hx`
            The last states of all layers.
        """
        output, h, c = self._run(input, pair_of(hx, self), lengths, mask)
        return output, (h, c)
