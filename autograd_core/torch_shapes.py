"""The methods that only torch's tensors have, second half: shapes, parts, dtypes.

Each is an expression in NumPy functions, under torch's name and with torch's `dim=`.
"""

# NumPy's stubs do not know that its functions accept what implements its protocols.
# mypy: disable-error-code="type-var,call-overload,arg-type,operator,return-value"

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from . import kernels
from .dispatch import Layered, raw
from .errors import ArgumentError, DtypeError, ShapeError
from .torch_math import in_place, pair, torch_name

__all__ = ["TorchShapes"]

DEVICES = ("cpu", "cuda", "mps", "xpu", "meta")


def several(first: Any, more: tuple) -> tuple[int, ...]:
    """Take `f(2, 3)` and `f((2, 3))` for the same."""
    return (first, *more) if more or not isinstance(first, (tuple, list)) else tuple(first)


def at(x: Any, dim: int, part: Any) -> Any:
    """Return a part along one axis, a view: `x[:, :, part]`."""
    dim = normalize_axis_index(dim, x.ndim)
    return x[(slice(None),) * dim + (part,)]


def from_diagonal(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method that counts diagonals, 0 being the main one."""

    def call(self: Any, diagonal: int = 0) -> Any:
        return f(self, diagonal)

    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f"`np.{f.__name__}(x, diagonal)`."
    return call


def cast(dtype: Any) -> Callable[..., Any]:
    """Make a method that casts."""

    def call(self: Any) -> Any:
        return kernels.astype(self, np.dtype(dtype))

    call.__doc__ = f"Cast to {np.dtype(dtype)}; the gradient comes back in the old dtype."
    return call


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """`value` where the mask is true."""
    return np.where(mask, value, x)


def as_index(index: Any) -> Any:
    """Return an index as an array (or as what vmap has batched)."""
    index = raw(index)
    return index if hasattr(index, "dtype") else np.asarray(index)


def places_along(dim: int, index: Any) -> tuple:
    """Return the index of the places that `index` names along `dim`."""
    places: list[Any] = list(np.indices(index.shape, sparse=True))
    places[dim] = index
    return tuple(places)


def place_of_index(what: str, x: Any, dim: int, index: Any) -> tuple[int, Any]:
    """Check that an index has the axes of x: otherwise it would name whole parts of x."""
    dim, index = normalize_axis_index(dim, x.ndim), as_index(index)
    if index.ndim != x.ndim:
        raise ShapeError(
            f"x.{what}: x has shape {x.shape} and the index {index.shape}; both need the same "
            f"number of axes. Whole parts of x are picked with x.index_select."
        )
    return dim, index


def part_for(what: str, src: Any, index: Any) -> Any:
    """Return the part of `src` that has an index."""
    if src.ndim != index.ndim or any(n > m for n, m in zip(index.shape, src.shape)):
        raise ShapeError(
            f"x.{what}: the index has shape {index.shape}, and `src`, of shape {np.shape(src)}, "
            f"no element for each of its places."
        )
    return src[tuple(map(slice, index.shape))]


def scatter(x: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy y of x with src written at `index` along `dim`: `y[i, index[i, j]] = src[i, j]`."""
    dim, index = place_of_index("scatter", x, dim, index)
    y = np.copy(x)
    y[places_along(dim, index)] = part_for("scatter", src, index) if np.ndim(src) else src
    return y


def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    """X, with src added at `index` along `dim`; a place that is named twice receives both."""
    dim, index = place_of_index("scatter_add", x, dim, index)
    src = part_for("scatter_add", src, index)
    return x + kernels.scatter(src, places_along(dim, index), x.shape)


def check_slices(what: str, source: Any, shape: tuple[int, ...], dim: int, index: Any) -> None:
    """Check that there is a slice for each place along `dim`; NumPy would stretch others."""
    wanted = (*shape[:dim], *index.shape, *shape[dim + 1 :])
    if np.shape(source) != wanted:
        raise ShapeError(
            f"x.{what}: x has shape {shape}, and the index {index.shape} names slices along axis "
            f"{dim}, so the source needs shape {wanted}; got {np.shape(source)}."
        )


def index_add(x: Any, dim: int, index: Any, source: Any, alpha: float = 1) -> Any:
    """X, with the slices of `source` added at `index` along `dim`."""
    dim, index = normalize_axis_index(dim, x.ndim), as_index(index)
    check_slices("index_add", source, x.shape, dim, index)
    change = kernels.scatter(source, (slice(None),) * dim + (index,), x.shape)
    return x + (change if alpha == 1 else alpha * change)


def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy of x with `value` written at `index` along `dim`."""
    dim, index = normalize_axis_index(dim, x.ndim), as_index(index)
    if np.ndim(value):
        check_slices("index_copy", value, x.shape, dim, index)
    y = np.copy(x)
    y[(slice(None),) * dim + (index,)] = value
    return y


def new(value: np.ndarray) -> Any:
    """Make a Tensor that nothing is recorded for."""
    return Layered.result(value, None)


class TorchShapes:
    """Methods of torch.Tensor that move, pick and cast elements."""

    __slots__ = ()

    shape: tuple[int, ...]
    ndim: int
    size: Any
    dtype: Any

    # shape
    def permute(self, dims: Any, *more: int) -> Any:
        """Put the axes in this order, as `np.transpose`."""
        return np.transpose(self, several(dims, more))

    def t(self) -> Any:
        """Transpose a matrix."""
        if self.ndim > 2:
            raise ArgumentError(f"x.t() is for at most 2 axes, got shape {self.shape}: write x.mT")
        return np.transpose(self)

    def unsqueeze(self, dim: int) -> Any:
        """Insert an axis of length 1, as `np.expand_dims`."""
        return np.expand_dims(self, dim)

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Any:
        """Split one axis into several."""
        dim = normalize_axis_index(dim, self.ndim)
        return np.reshape(self, (*self.shape[:dim], *sizes, *self.shape[dim + 1 :]))

    def expand(self, size: Any, *more: int) -> Any:
        """Stretch axes of length 1, as `np.broadcast_to`; -1 keeps the length of an axis."""
        sizes = several(size, more)
        old = (-1,) * (len(sizes) - self.ndim) + self.shape
        return np.broadcast_to(self, [n if k == -1 else k for k, n in zip(sizes, old)])

    def expand_as(self, other: Any) -> Any:
        """Stretch axes of length 1 until the shape is that of another array."""
        return np.broadcast_to(self, other.shape)

    def broadcast_to(self, size: Any) -> Any:
        """`np.broadcast_to`."""
        return np.broadcast_to(self, size)

    def view_as(self, other: Any) -> Any:
        """Give the elements the shape of another array, as `x.reshape(other.shape)`."""
        return np.reshape(self, other.shape)

    reshape_as = view_as

    def tile(self, dims: Any, *more: int) -> Any:
        """Lay copies side by side, as `np.tile`."""
        return np.tile(self, several(dims, more))

    def repeat_interleave(self, repeats: Any, dim: Any = None) -> Any:
        """Repeat elements, as `np.repeat`."""
        return np.repeat(self, raw(repeats), dim)

    def movedim(self, source: Any, destination: Any) -> Any:
        """Move axes to other places, as `np.moveaxis`."""
        return np.moveaxis(self, source, destination)

    moveaxis = movedim

    def swapdims(self, dim0: int, dim1: int) -> Any:
        """Swap two axes, as `np.swapaxes`."""
        return np.swapaxes(self, dim0, dim1)

    def flip(self, dims: Any, *more: int) -> Any:
        """Reverse axes, as `np.flip`."""
        return np.flip(self, several(dims, more))

    def roll(self, shifts: Any, dims: Any = None) -> Any:
        """Shift elements along axes, around the end, as `np.roll`."""
        return np.roll(self, shifts, dims)

    def rot90(self, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
        """Turn by k quarters, as `np.rot90`."""
        return np.rot90(self, k, dims)

    fliplr, flipud = torch_name(np.fliplr), torch_name(np.flipud)
    diag = from_diagonal(np.diag)
    tril, triu = from_diagonal(np.tril), from_diagonal(np.triu)
    tril_, triu_ = in_place(tril), in_place(triu)
    H = property(lambda self: np.conj(np.transpose(self)), doc="The conjugate transpose.")
    mH = property(lambda self: np.conj(np.swapaxes(self, -1, -2)), doc="`H` of a stack.")  # noqa: N815

    def diagflat(self, offset: int = 0) -> Any:
        """Return a matrix with all elements on a diagonal, as `np.diagflat`."""
        return np.diagflat(self, offset)

    def adjoint(self) -> Any:
        """Return `x.mH`."""
        return self.mH

    # parts
    def narrow(self, dim: int, start: int, length: int) -> Any:
        """Return `length` elements along `dim` from `start` on, a view."""
        n = self.shape[normalize_axis_index(dim, self.ndim)]
        first = start + n if start < 0 else start
        if not 0 <= first <= first + length <= n:
            raise ArgumentError(
                f"x.narrow({dim}, {start}, {length}): the axis has {n} elements, so there are none "
                f"from {start} to {start + length}"
            )
        return at(self, dim, slice(first, first + length))

    def select(self, dim: int, index: int) -> Any:
        """Return what is at `index` along `dim`, a view."""
        return at(self, dim, index)

    def unbind(self, dim: int = 0) -> tuple:
        """Return what is at each index along `dim`, views."""
        n = self.shape[normalize_axis_index(dim, self.ndim)]
        return tuple(at(self, dim, i) for i in range(n))

    def split(self, split_size_or_sections: Any, dim: int = 0) -> tuple:
        """Cut into parts of a size, or of given sizes (`np.split` takes their number); views."""
        sizes, n = split_size_or_sections, self.shape[normalize_axis_index(dim, self.ndim)]
        if isinstance(sizes, int):
            sizes = [min(sizes, n - i) for i in range(0, n, max(sizes, 1))] or [0]
        if sum(sizes) != n or any(size < 0 for size in sizes):
            raise ArgumentError(f"x.split({sizes}, dim={dim}): the axis has {n} elements")
        return tuple(at(self, dim, slice(e - s, e)) for s, e in zip(sizes, accumulate(sizes)))

    split_with_sizes = split

    def chunk(self, chunks: int, dim: int = 0) -> tuple:
        """Cut into `chunks` parts of one size, the last one smaller; views."""
        if chunks < 1:
            raise ArgumentError(f"x.chunk({chunks}): the number of parts must be positive")
        n = self.shape[normalize_axis_index(dim, self.ndim)]
        return self.split(-(-n // chunks) or [0] * chunks, dim)

    def index_select(self, dim: int, index: Any) -> Any:
        """Pick elements by index along `dim`, as `np.take`."""
        return np.take(self, raw(index), dim)

    def take_along_dim(self, indices: Any, dim: Any = None) -> Any:
        """`np.take_along_axis`; without `dim` of the elements in a row."""
        indices = raw(indices)
        return np.take_along_axis(self, np.ravel(indices) if dim is None else indices, dim)

    def gather(self, dim: int, index: Any) -> Any:
        """Pick an element along `dim` for each index: `out[i, j] = x[i, index[i, j]]`."""
        dim, index = place_of_index("gather", self, dim, index)
        cut = tuple(slice(None if i == dim else n) for i, n in enumerate(index.shape))
        return np.take_along_axis(self[cut], index, dim)  # type: ignore[index]

    scatter, scatter_ = pair(scatter)
    scatter_add, scatter_add_ = pair(scatter_add)
    index_add, index_add_ = pair(index_add)
    index_fill, index_fill_ = index_copy, index_copy_ = pair(index_fill)
    masked_fill, masked_fill_ = pair(masked_fill)

    def masked_select(self, mask: Any) -> Any:
        """Return the elements where the mask is true, in a row."""
        shape = np.broadcast_shapes(self.shape, np.shape(mask))
        return np.broadcast_to(self, shape)[np.broadcast_to(raw(mask), shape)]

    def where(self, condition: Any, other: Any) -> Any:
        """Keep the elements where the condition is true, take others from `other`."""
        return np.where(condition, self, other)

    # dtypes and copies
    double, half = cast(np.float64), cast(np.float16)
    long, short = cast(np.int64), cast(np.int16)
    cfloat, cdouble = cast(np.complex64), cast(np.complex128)
    clone = torch_name(np.copy)

    def to(self, *args: Any, dtype: Any = None, device: Any = "cpu", copy: bool = False) -> Any:
        """Cast to a dtype, or to that of another array: `x.to(np.float32)`, `x.to(other)`."""
        for x in args:
            if isinstance(x, (Layered, np.ndarray)):
                dtype = x.dtype  # type: ignore[union-attr]
            elif str(x).startswith(DEVICES):
                device = x
            else:
                dtype = x
        if str(device) != "cpu":
            raise ArgumentError(f"x.to({device!r}): arrays live on the CPU, device 'cpu'")
        try:
            dtype = self.dtype if dtype is None else np.dtype(dtype)
        except TypeError:
            raise DtypeError(f"x.to({dtype!r}): dtypes are NumPy's: np.float32") from None
        return self if dtype == self.dtype and not copy else kernels.astype(self, dtype)

    def type_as(self, other: Any) -> Any:
        """Cast to the dtype of another array."""
        return self.to(other.dtype)

    def cpu(self) -> Any:
        """Return the Tensor itself: arrays live on the CPU."""
        return self

    def contiguous(self) -> Any:
        """Return the Tensor itself, or a copy if its elements are not in order in memory."""
        value = raw(self)
        return self if isinstance(value, Layered) or value.flags.c_contiguous else np.copy(self)

    def new_full(self, size: Any, fill_value: Any, dtype: Any = None) -> Any:
        """Make a Tensor of this dtype, filled with a value."""
        return new(np.full(size, fill_value, dtype or self.dtype))

    def new_tensor(self, data: Any, dtype: Any = None) -> Any:
        """Make a Tensor of this dtype from numbers."""
        return new(np.array(raw(data), dtype or self.dtype))

    def new_zeros(self, size: Any, *more: int, dtype: Any = None) -> Any:
        """Make a Tensor of this dtype, filled with zeros."""
        return self.new_full(several(size, more), 0, dtype)

    new_empty = new_zeros

    def new_ones(self, size: Any, *more: int, dtype: Any = None) -> Any:
        """Make a Tensor of this dtype, filled with ones."""
        return self.new_full(several(size, more), 1, dtype)

    # questions about the array
    def dim(self) -> int:
        """Number of axes."""
        return self.ndim

    ndimension = dim

    def numel(self) -> int:
        """Number of elements."""
        return self.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes of one element."""
        return int(self.dtype.itemsize)

    def is_floating_point(self) -> Any:
        """Whether the elements are real floating point numbers."""
        return self.dtype.kind == "f"

    def is_complex(self) -> Any:
        """Whether the elements are complex numbers."""
        return self.dtype.kind == "c"

    # last, because inside the class the names stand for these from here on
    float, int, bool = cast(np.float32), cast(np.int32), cast(np.bool_)
