"""Weights with a structure: identities, orthogonal matrices, matrices that are mostly zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.init.fill import Generator, filled
from nnkit.random import stream

__all__ = ["dirac_", "eye_", "orthogonal_", "sparse_"]


def eye_(tensor: Any) -> Any:
    """Fill a matrix with 1 on the diagonal and 0 elsewhere.

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in)

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If it is no matrix.

    Examples
    --------
    >>> eye_(np.empty((1, 2)))
    array([[1., 0.]])
    """
    if len(tensor.shape) != 2:
        raise ShapeError(f"eye_ fills matrices, not shape {tensor.shape}.")
    return filled(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Any, groups: int = 1) -> Any:
    """Fill the weight of a convolution so that channels go through unchanged, as many as there are.

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in, k1), (out, in, k1, k2) or (out, in, k1, k2, k3)
    groups : int, default 1
        Each group of output channels repeats its input channels.

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If it is no such weight.
    ArgumentError
        If `groups` does not divide the number of output channels.

    Examples
    --------
    >>> dirac_(np.empty((2, 1, 3)))[0]
    array([[0., 1., 0.]])
    """
    shape = tensor.shape
    if len(shape) not in (3, 4, 5):
        raise ShapeError(
            f"dirac_ fills the weight of a convolution, with 3, 4 or 5 axes; got shape {shape}."
        )
    if groups < 1 or shape[0] % groups:
        raise ArgumentError(
            f"dirac_: groups must divide the {shape[0]} output channels, got {groups!r}."
        )
    values = np.zeros(shape)
    centre = tuple(k // 2 for k in shape[2:])
    for out in range(shape[0]):
        channel = out % (shape[0] // groups)
        if channel < shape[1]:
            values[(out, channel, *centre)] = 1
    return filled(tensor, values)


def orthogonal_(tensor: Any, gain: float = 1, generator: Generator | None = None) -> Any:
    """Fill with a random matrix whose rows, or columns if these are fewer, are orthogonal.

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in, ...)
        All axes after the first count as one.
    gain : float, default 1
        The length of each row or column.
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If there are fewer than two axes.

    Notes
    -----
    Q of the QR factorisation of a matrix of normal numbers, with the signs that make it evenly
    distributed (F. Mezzadri, "How to generate random matrices from the classical compact groups",
    Notices of the AMS 54, 2007).

    References
    ----------
    A. Saxe, J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks", ICLR 2014.

    Examples
    --------
    >>> w = orthogonal_(np.empty((2, 3)))
    >>> (w @ w.T).round(6) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    if len(tensor.shape) < 2:
        raise ShapeError(
            f"orthogonal_ fills weights with two or more axes, not shape {tensor.shape}. Fill a "
            f"bias with zeros_."
        )
    if not math.prod(tensor.shape):
        return tensor
    rng = stream("init") if generator is None else generator
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return filled(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def sparse_(
    tensor: Any, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Any:
    """Fill with normal numbers, of which a share in each column is 0.

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in)
    sparsity : float
        The share, between 0 and 1; rounded up to whole numbers.
    std : float, default 0.01
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If it is no matrix.
    ArgumentError
        If `sparsity` is not between 0 and 1.

    References
    ----------
    J. Martens, "Deep learning via Hessian-free optimization", ICML 2010.

    Examples
    --------
    >>> bool(((sparse_(np.empty((4, 5)), 0.5) == 0).sum(axis=0) == 2).all())
    True
    """
    if len(tensor.shape) != 2:
        raise ShapeError(f"sparse_ fills matrices, not shape {tensor.shape}.")
    if not 0 <= sparsity <= 1:
        raise ArgumentError(f"sparse_: sparsity is between 0 and 1, got {sparsity!r}.")
    rng = stream("init") if generator is None else generator
    rows, columns = tensor.shape
    values = rng.normal(0.0, std, (rows, columns))
    places = rng.permuted(np.tile(np.arange(rows)[:, None], (1, columns)), axis=0)
    values[places < math.ceil(sparsity * rows)] = 0
    return filled(tensor, values)
