"""Parametrizations: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from autograd_core.live import live
from autograd_core.trace import lifted
from nnkit.layers import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from nnkit.module import Module
from nnkit.random import stream
from nnkit.utils.orthogonal import orthogonal
from nnkit.utils.parametrize import own_tensor, register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn the length and the direction of a weight apart: w = g v / ||v||.

    Parameters
    ----------
    module : Module
    name : str, default "weight"
    dim : int or None, default 0
        The axis whose entries have a length each, by default the output's; None: one length for
        the whole weight.

    Returns
    -------
    Module
        The same module. Its state dict holds ``parametrizations.weight.original0`` (g) and
        ``original1`` (v).

    Raises
    ------
    ArgumentError
        If the module has no such parameter, or the axis does not exist.

    References
    ----------
    T. Salimans, D. Kingma, "Weight Normalization", NeurIPS 2016, arXiv:1602.07868, equation 2.

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = weight_norm(nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape
    (40, 1)
    >>> layer(np.ones((1, 20))).shape
    (1, 40)
    """
    axes = own_tensor(module, name).ndim
    if dim is not None and not -axes <= dim < axes:
        raise ArgumentError(f"weight_norm: dim={dim}, but {name!r} has {axes} axes.")
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _WeightNorm(Module):
    """Length times direction."""

    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = dim

    def _axes(self, ndim: int) -> tuple[int, ...] | None:
        # As in PyTorch -1 means the whole weight, too.
        if self.dim is None or self.dim == -1:
            return None
        return tuple(i for i in range(ndim) if i != self.dim % ndim)

    def _norm(self, v: Any) -> Any:
        axes = self._axes(v.ndim)
        return np.sqrt(np.sum(v * v, axis=axes, keepdims=axes is not None))

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        """Return g v / ||v||."""
        return weight_v * (weight_g / self._norm(weight_v))

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        """Return the length and the weight itself."""
        return np.asarray(self._norm(weight)), weight


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value, w / sigma(w).

    As a matrix, its rows are the entries of the axis `dim`. Its singular vectors are estimated by
    the power method, one step each time the weight is read while training; a vector is divided by
    its norm.

    Parameters
    ----------
    module : Module
    name : str, default "weight"
    n_power_iterations : int, default 1
        Steps of the power method each time the weight is read.
    eps : float, default 1e-12
        Norms are at least that.
    dim : int, optional
        The axis of the outputs: 1 for ConvTranspose layers, else 0.

    Returns
    -------
    Module
        The same module. Its state dict holds ``parametrizations.weight.original`` and the vectors
        ``parametrizations.weight.0._u`` and ``_v``.

    Raises
    ------
    ArgumentError
        If the module has no such parameter, or a setting is out of range.

    References
    ----------
    T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018,
    arXiv:1802.05957, algorithm 1.

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.seed(0)
    >>> layer = spectral_norm(nn.Linear(20, 40), n_power_iterations=50)
    >>> print(np.linalg.norm(layer.weight.detach(), 2).round(4))
    1.0
    """
    weight = own_tensor(module, name)
    if dim is None:
        transposed = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
        dim = 1 if isinstance(module, transposed) else 0
    if not -weight.ndim <= dim < weight.ndim:
        raise ArgumentError(f"spectral_norm: dim={dim}, but {name!r} has {weight.ndim} axes.")
    if n_power_iterations < 1:
        raise ArgumentError(
            f"spectral_norm: n_power_iterations must be positive, got {n_power_iterations}."
        )
    norm = _SpectralNorm(raw(weight), n_power_iterations, dim, eps)
    return register_parametrization(module, name, norm)


def unit(x: Any, eps: float) -> Any:
    """Divide a vector by its norm."""
    return x / max(float(np.sqrt(x @ x)), eps)


def power_method(u: Any, v: Any, matrix: Any, steps: int, eps: float) -> None:
    """Bring two vectors nearer to the first singular ones, in place."""
    for _ in range(steps):
        u[...] = unit(matrix @ v, eps)
        v[...] = unit(matrix.T @ u, eps)


estimated = live(power_method, writes=(0, 1), always=True)


class _SpectralNorm(Module):
    """A weight divided by its largest singular value."""

    _u: Any
    _v: Any

    def __init__(self, weight: Any, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        self.n_power_iterations = n_power_iterations
        self.dim = dim % weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            matrix = self._matrix(weight)
            for vector, size in zip(("_u", "_v"), matrix.shape):
                x = stream("init").standard_normal(size).astype(weight.dtype)
                self.register_buffer(vector, unit(x, eps))
            power_method(self._u, self._v, matrix, 15, eps)

    def _matrix(self, weight: Any) -> Any:
        return np.moveaxis(weight, self.dim, 0).reshape(weight.shape[self.dim], -1)

    def forward(self, weight: Any) -> Any:
        """Return the weight divided by its largest singular value."""
        if weight.ndim == 1:
            return weight / np.maximum(np.sqrt(np.sum(weight * weight)), self.eps)
        matrix = self._matrix(weight)
        u, v = raw(self._u), raw(self._v)
        if self.training:
            estimated(u, v, raw(matrix), self.n_power_iterations, self.eps)
        # Of copies, because the vectors change before a graph that has saved them is used.
        sigma = lifted(u).copy() @ (matrix @ lifted(v).copy())
        return weight / sigma

    def right_inverse(self, value: Any) -> Any:
        """Return the value itself, which need not have the norm 1."""
        return value
