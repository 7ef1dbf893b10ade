"""Vector spaces of values: their zeros, sums and inner products, for arrays and nested containers.

The name of the concept, and of each method, is that of the package `autograd`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .dispatch import strip
from .errors import DtypeError, describe
from .trees import children, flatten, rebuild_like, tree_map

__all__ = ["VSpace", "vspace"]


class VSpace:
    """The real vector space that a value belongs to.

    Parameters
    ----------
    value : array_like or nested containers of arrays
        Floating point numbers, real or complex.

    Attributes
    ----------
    shape : tuple of int
        Of an array; a container of the spaces of its parts, for a container.
    dtype : dtype
        Of an array.
    size : int
        The dimension; a complex number counts as two.
    iscomplex : bool

    Raises
    ------
    DtypeError
        If the value holds no floating point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> space = VSpace({"w": np.ones((2, 2)), "b": 1.0})
    >>> space.size
    5
    >>> float(space.inner_prod(space.ones(), space.ones()))
    5.0
    """

    mappings: dict[type, Callable[[Any], VSpace]] = {}
    iscomplex = False
    dtype: Any = None

    def __init__(self, value: Any) -> None:
        value = strip(value)
        branches = children(value)
        if branches is not None:
            parts = [vspace(branch) for _, branch in branches]
            self.shape = rebuild_like(value, parts) if branches else value
            self.size: int = sum(part.size for part in parts)
            self._example = value
            return
        value = np.asarray(value)
        if value.dtype.kind not in "fciub":
            raise DtypeError(f"vspace takes arrays of numbers, got {describe(value)}")
        self.shape, self.dtype = value.shape, value.dtype
        self.iscomplex = value.dtype.kind == "c"
        self.size = value.size * (2 if self.iscomplex else 1)
        self._example = np.broadcast_to(np.zeros((), value.dtype), value.shape)

    @classmethod
    def register(
        cls, value_type: type, vspace_maker: Callable[[Any], VSpace] | None = None
    ) -> None:
        """Make `vspace` use this class, or a function, for values of a type."""
        VSpace.mappings[value_type] = vspace_maker or cls

    @property
    def ndim(self) -> int:
        """Number of axes of an array."""
        return len(self.shape)

    def _like(self, make: Callable[[np.ndarray], np.ndarray]) -> Any:
        return tree_map(lambda x: make(np.asarray(x)), self._example)

    def zeros(self) -> Any:
        """Return zeros."""
        return self._like(lambda x: np.zeros(x.shape, x.dtype))

    def ones(self) -> Any:
        """Return ones, and 1 + 1j for complex numbers."""
        return self._like(lambda x: np.full(x.shape, 1 + 1j if x.dtype.kind == "c" else 1, x.dtype))

    def randn(self, rng: np.random.Generator | None = None) -> Any:
        """Draw normal random numbers."""
        rng = np.random.default_rng() if rng is None else rng

        def draw(x: np.ndarray) -> np.ndarray:
            imaginary = 1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else 0
            return np.asarray(rng.standard_normal(x.shape) + imaginary).astype(x.dtype)

        return self._like(draw)

    def standard_basis(self) -> Iterator[Any]:
        """Yield the unit vectors."""
        leaves, rebuild = flatten(self.zeros())
        for i, zero in enumerate(leaves):
            for index in np.ndindex(zero.shape):
                for unit in (1, 1j) if zero.dtype.kind == "c" else (1,):
                    one = zero.copy()
                    one[index] = unit
                    yield rebuild([*leaves[:i], one, *leaves[i + 1 :]])

    def add(self, x: Any, y: Any) -> Any:
        """Return x + y."""
        return tree_map(lambda a, b: a + b, x, y)

    def mut_add(self, x_prev: Any, x_new: Any) -> Any:
        """Return x_prev + x_new, where None stands for zeros."""
        return x_new if x_prev is None else self.add(x_prev, x_new)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        """Return a x."""
        return tree_map(lambda v: v * a, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        """Return the real inner product."""
        xs, ys = flatten(x)[0], flatten(y)[0]
        pairs = zip(xs, ys, strict=True)
        return sum(np.sum(np.real(np.conj(a) * b)) for a, b in pairs)

    def covector(self, x: Any) -> Any:
        """Return the conjugate: what pairs with x to its inner product."""
        return tree_map(lambda v: np.conj(v) if np.iscomplexobj(v) else v, x)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, VSpace):
            return False
        return bool(self.shape == other.shape and self.dtype == other.dtype)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        dtype = "" if self.dtype is None else f", dtype={self.dtype}"
        return f"{type(self).__name__}(shape={self.shape}{dtype})"


def vspace(value: Any) -> VSpace:
    """Return the vector space that a value belongs to.

    Parameters
    ----------
    value : array_like, Tensor or nested containers of these

    Returns
    -------
    VSpace

    Raises
    ------
    DtypeError
        If it holds no floating point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> vspace(np.ones((2, 3)))
    VSpace(shape=(2, 3), dtype=float64)
    """
    value = strip(value)
    return VSpace.mappings.get(type(value), VSpace)(value)
