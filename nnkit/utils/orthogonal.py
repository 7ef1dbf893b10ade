"""Orthogonal: weights whose columns (or rows) have length 1 and right angles, while they learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.module import Module
from nnkit.random import stream
from nnkit.utils.parametrize import own_tensor, register_parametrization

__all__ = ["orthogonal"]

MAPS = ("matrix_exp", "cayley", "householder")


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep a weight orthogonal: Q^T Q = I if it is tall, Q Q^T = I if it is wide.

    Parameters
    ----------
    module : Module
    name : str, default "weight"
        A matrix, or matrices of shape (..., m, n).
    orthogonal_map : {"matrix_exp", "cayley", "householder"}, optional
        How Q is made of what is learned: exp(A) or (I - A/2)^-1 (I + A/2) of a skew-symmetric A, or
        a product of reflections. By default "matrix_exp" for square and complex matrices, else
        "householder".
    use_trivialization : bool, default True
        Learn Q as a change of the initial matrix, which is kept beside it
        (``parametrizations.weight.0.base``); training converges faster.

    Returns
    -------
    Module
        The same module. Its weight starts as what it was, made orthogonal.

    Raises
    ------
    ArgumentError
        If the module has no such parameter, or there is no such map.
    ShapeError
        If the parameter has less than two axes.

    References
    ----------
    M. Lezcano-Casado, "Trivializations for gradient-based optimization on manifolds", NeurIPS
    2019, arXiv:1909.09501.

    Examples
    --------
    >>> import nnkit as nn
    >>> Q = orthogonal(nn.Linear(3, 5)).weight.detach()
    >>> bool(np.allclose(Q.T @ Q, np.eye(3), atol=1e-6))
    True
    """
    weight = own_tensor(module, name)
    if weight.ndim < 2:
        raise ShapeError(
            f"orthogonal: {name!r} has shape {weight.shape}; only a matrix, of shape (m, n) or "
            f"(..., m, n), can be orthogonal."
        )
    is_complex = weight.dtype.kind == "c"
    if orthogonal_map is None:
        square = weight.shape[-1] == weight.shape[-2]
        orthogonal_map = "matrix_exp" if square or is_complex else "householder"
    if orthogonal_map not in MAPS or (is_complex and orthogonal_map == "householder"):
        allowed = ", ".join(map(repr, MAPS[:2] if is_complex else MAPS))
        raise ArgumentError(
            f"orthogonal: orthogonal_map of a {weight.dtype} weight is {allowed}; got "
            f"{orthogonal_map!r}."
        )
    part = _Orthogonal(weight.shape, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, part, unsafe=True)


class _Orthogonal(Module):
    """Makes an orthogonal matrix of any matrix."""

    base: Any

    def __init__(self, shape: tuple[int, ...], orthogonal_map: str, with_base: bool) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.orthogonal_map = orthogonal_map
        self.with_base = with_base
        if with_base:
            self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        """Return the orthogonal matrix."""
        wide = X.shape[-2] < X.shape[-1]
        X = np.swapaxes(X, -1, -2) if wide else X
        Q = reflections(X) if self.orthogonal_map == "householder" else self._rotation(X)
        if self.with_base:
            Q = self.base @ Q
        return np.swapaxes(Q, -1, -2) if wide else Q

    def _rotation(self, X: Any) -> Any:
        """Return exp(A), or the Cayley map of A, for the skew-symmetric A below the diagonal."""
        n, k = X.shape[-2:]
        X = np.tril(X)
        if n != k:
            X = np.concatenate([X, np.zeros((*X.shape[:-1], n - k), X.dtype)], axis=-1)
        A = X - np.conj(np.swapaxes(X, -1, -2))
        if self.orthogonal_map == "matrix_exp":
            return matrix_exp(A)[..., :k]
        one = np.eye(n, dtype=A.dtype)
        return np.linalg.solve(one - 0.5 * A, one + 0.5 * A)[..., :k]

    def right_inverse(self, Q: Any) -> Any:
        """Return what gives Q, or, if Q is not orthogonal, the nearest by a QR decomposition."""
        if Q.shape != self.shape:
            raise ShapeError(f"orthogonal: the weight has shape {self.shape}, not {Q.shape}.")
        wide = Q.shape[-2] < Q.shape[-1]
        tall = np.swapaxes(Q, -1, -2) if wide else Q
        if self.with_base:
            n, k = tall.shape[-2:]
            more = stream("init").standard_normal((*tall.shape[:-1], n - k)).astype(Q.dtype)
            full = np.concatenate([tall, more], axis=-1)
            self.base = full.copy() if is_orthogonal(full) else orthogonalized(full)
            # Minus one on the diagonal: the identity is a product of n reflections, and n signs.
            return np.broadcast_to(-np.eye(*Q.shape[-2:], dtype=Q.dtype), Q.shape).copy()
        if self.orthogonal_map != "householder":
            # As in PyTorch: these maps cannot be inverted without the base. The weight becomes what
            # they make of the original; a later assignment is refused by `ParametrizationList`.
            return Q
        A = reflectors(tall)
        return np.swapaxes(A, -1, -2) if wide else A


def reflections(X: Any) -> Any:
    """Return the first columns of the product of the reflections I - 2 v v^T / v^T v.

    The vectors are the columns below the diagonal, with a 1 on it; the diagonal of X holds signs.
    The product is I - V S^-1 V^T with S = triu(V^T V, 1) + diag(V^T V) / 2 (Joffrain et al.,
    "Accumulating Householder transformations, revisited", 2006).
    """
    n, k = X.shape[-2:]
    V = np.tril(X, -1) + np.eye(n, k, dtype=X.dtype)
    G = np.swapaxes(V, -1, -2) @ V
    S = np.triu(G, 1) + G * (0.5 * np.eye(k, dtype=X.dtype))
    Q = np.eye(n, k, dtype=X.dtype) - V @ np.linalg.solve(S, np.swapaxes(V[..., :k, :], -1, -2))
    signs = np.trunc(np.diagonal(raw(X), axis1=-2, axis2=-1))[..., None, :]
    return Q * signs


def reflectors(Q: Any) -> Any:
    """Return the vectors of the reflections of a QR decomposition, with signs on the diagonal."""
    found = np.empty_like(Q)
    for at in np.ndindex(Q.shape[:-2]):
        h, tau = np.linalg.qr(Q[at], mode="raw")
        A = h.T.astype(Q.dtype)
        d = np.arange(A.shape[1])
        A[d, d] = np.where(tau == 0, -np.sign(A[d, d]), np.sign(A[d, d]))
        found[at] = A
    return found


def is_orthogonal(Q: Any) -> bool:
    """Whether the columns have length 1 and right angles, as far as rounding lets see."""
    if Q.shape[-1] != Q.shape[-2]:
        return False
    G = np.conj(np.swapaxes(Q, -1, -2)) @ Q
    eps = 10 * Q.shape[-2] * float(np.finfo(Q.dtype).eps)
    return bool(np.abs(G - np.eye(Q.shape[-1])).max() <= eps)


def orthogonalized(A: Any) -> Any:
    """Return the Q of A = QR whose R has a positive diagonal."""
    Q, R = np.linalg.qr(A)
    d = np.diagonal(R, axis1=-2, axis2=-1)
    size = np.abs(d)
    return (Q * (d / np.where(size == 0, 1, size))[..., None, :]).astype(A.dtype)


COEFFICIENTS = tuple(
    math.factorial(26 - j)
    * math.factorial(13)
    / (math.factorial(26) * math.factorial(j) * math.factorial(13 - j))
    for j in range(14)
)


def matrix_exp(A: Any) -> Any:
    """Return exp(A), by the Padé approximant of degree 13 with scaling and squaring.

    N. Higham, "The scaling and squaring method for the matrix exponential revisited", SIAM J.
    Matrix Anal. Appl. 26 (2005).
    """
    norm = float(np.abs(raw(A)).sum(axis=-2).max(initial=0))
    squarings = max(0, math.ceil(math.log2(norm / 5.37))) if norm > 5.37 else 0
    B = A * 0.5**squarings
    c, one = COEFFICIENTS, np.eye(A.shape[-1], dtype=A.dtype)
    B2 = B @ B
    B4 = B2 @ B2
    B6 = B4 @ B2
    U = B @ (
        B6 @ (c[13] * B6 + c[11] * B4 + c[9] * B2) + c[7] * B6 + c[5] * B4 + c[3] * B2 + c[1] * one
    )
    V = B6 @ (c[12] * B6 + c[10] * B4 + c[8] * B2) + c[6] * B6 + c[4] * B4 + c[2] * B2 + one
    Q = np.linalg.solve(V - U, V + U)
    for _ in range(squarings):
        Q = Q @ Q
    return Q
