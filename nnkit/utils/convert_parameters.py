"""All parameters as one vector, and back: for methods that know vectors only."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ShapeError, describe
from autograd_core.inplace import mark_written

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Join parameters, one after the other, to a vector; gradients flow back through it.

    Parameters
    ----------
    parameters : iterable of Parameter

    Returns
    -------
    Tensor of shape (n,)

    Examples
    --------
    >>> import nnkit as nn
    >>> v = nn.utils.parameters_to_vector([nn.Parameter([[1.0, 2.0]]), nn.Parameter(3.0)])
    >>> v.tolist()
    [1.0, 2.0, 3.0]
    """
    return np.concatenate([p.reshape(-1) for p in parameters])  # type: ignore[return-value]


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write the numbers of a vector into parameters, in their order.

    Parameters
    ----------
    vec : Tensor or array of shape (n,)
    parameters : iterable of Parameter

    Raises
    ------
    ShapeError
        If there are not as many numbers. Nothing is written then.

    Examples
    --------
    >>> import nnkit as nn
    >>> p, q = nn.Parameter([[0.0, 0.0]]), nn.Parameter(0.0)
    >>> nn.utils.vector_to_parameters(np.array([1.0, 2.0, 3.0]), [p, q])
    >>> p.tolist(), q.item()
    ([[1.0, 2.0]], 3.0)
    """
    values, items = np.asarray(raw(vec)), list(parameters)
    expected = sum(p.size for p in items)
    if values.shape != (expected,):
        raise ShapeError(
            f"vector_to_parameters: the parameters hold {expected} numbers, so the vector must "
            f"have shape ({expected},); got {describe(vec)}."
        )
    start = 0
    for p in items:
        raw(p)[...] = values[start : start + p.size].reshape(p.shape)
        start += p.size
        mark_written(p)
