"""Chains: calls over large arrays that can go through in blocks, which stay in the cache.

A chain is elementwise calls over arrays of one shape, and sums of all their elements. One that
begins with the product of a large matrix and a vector, ``X @ w``, may hold more products with the
matrix, as long as there are rows: that of the backward pass, ``g @ X``, above all. A block of rows
then comes from memory once and not twice, which is nearly all of the time of such a gradient.

A sum is added up block by block, which is another order of summation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from .records import Call, Storage, Value

__all__ = ["PRODUCTS", "Chain", "chains"]

LEAST = 1 << 17  # elements, below which whole arrays stay in the cache by themselves
LEAST_MATRIX = 1 << 24  # bytes, below which a matrix stays in the cache that cores share
AHEAD = 1_000  # calls after a product in which others of the same matrix are looked for
PRODUCTS = (np.dot, np.matmul)
ELEMENTWISE = (np.where, np.clip)  # with three operands, and like ufuncs otherwise
OF_TOTALS = {"axis", "keepdims"}  # settings; with others it is no sum of all elements
FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}  # that BLAS knows


def chains(calls: Sequence[Call], exact: bool) -> list[Call | Chain]:
    """Find the chains among calls; `exact` keeps sums and products with matrices out of them."""
    found: list[Call | Chain] = []
    rest = list(reversed(calls))
    while rest:
        chain = beginning(rest[-1], exact)
        taken = chain.gather(reversed(rest)) if chain is not None else 0
        if chain is None or not chain.pays():
            found.append(rest.pop())
            continue
        del rest[len(rest) - taken :]
        found += [*chain.before, chain]
        rest += reversed(chain.after)
    return found


def beginning(call: Call, exact: bool) -> Chain | None:
    """Return the chain that a call begins, if it can begin one."""
    matrix = None if exact else matrix_of(call)
    if matrix is not None and call.result.shape == (max(matrix.shape),):
        return Chain(call.result.shape, exact, of_rows=True)
    return Chain(call.result.shape, exact) if is_link(call, None) else None


class Chain:
    """Calls that go through in blocks together, and those in between that make way for them.

    Parameters
    ----------
    shape : tuple of int
        Of the arrays.
    exact : bool
        Keep sums out of it.
    of_rows : bool, default False
        Multiply large matrices in it. To get from one product to the next, any call may make way;
        otherwise only those on single numbers.

    Attributes
    ----------
    calls : list of Call
    totals : list of Call
        Those of them that add up what is in a block.
    matrices : dict
        Matrices that are multiplied, and on which of their axes the blocks follow each other.
    before, after : list of Call
        What needs none of these calls, and what does.
    """

    def __init__(self, shape: tuple[int, ...], exact: bool, of_rows: bool = False) -> None:
        self.shape, self.exact, self.of_rows = shape, exact, of_rows
        self.calls: list[Call] = []
        self.totals: list[Call] = []
        self.matrices: dict[Value, int] = {}
        self.before: list[Call] = []
        self.after: list[Call] = []
        self._inside: set[Storage] = set()
        self._late: set[Storage] = set()  # what is there after the chain only
        self._times = Counter[Storage]()  # that each matrix is read

    def gather(self, calls: Iterable[Call]) -> int:
        """Take calls as long as they can be put somewhere; return how many these were."""
        number = 0
        for call in islice(calls, AHEAD) if self.of_rows else calls:
            if not self._take(call):
                break
            number += 1
        return number

    def pays(self) -> bool:
        """Whether it is better than its calls one by one."""
        if self.of_rows:
            return max(self._times.values()) > 1
        return len(self.calls) > 1

    def _take(self, call: Call) -> bool:
        """Put a call where it belongs; False if it cannot be moved."""
        if call.keeps or call.writes:
            return False
        read = {v.storage for v in call.reads}
        made = {v.storage for v in call.results}
        is_late = not read.isdisjoint(self._late)
        if not is_late and self._belongs(call):
            self.calls.append(call)
            is_total = self.totals and self.totals[-1] is call
            (self._late if is_total else self._inside).update(made)
            return True
        if not self.of_rows and not all(map(is_number, call.results)):
            return False
        if is_late or not read.isdisjoint(self._inside):
            self.after.append(call)
            self._late |= made
        else:
            self.before.append(call)
        return True

    def _belongs(self, call: Call) -> bool:
        """Whether a call can be a part of it; notes what is to be known of the call."""
        if is_link(call, self.shape):
            return True
        if self.exact:
            return False
        matrix = matrix_of(call) if self.of_rows else None
        if matrix is not None and max(matrix.shape) == self.shape[0]:
            self._times[matrix.storage] += 1
            self.matrices[matrix] = matrix.shape.index(self.shape[0])
            if call.result.shape == self.shape:
                return True
        elif not is_total(call, self.shape) and not is_product_of(call, self.shape):
            return False
        self.totals.append(call)
        return True


# --- what can be a part of a chain ----------------------------------------------------------------


def is_contiguous(v: Value) -> bool:
    """Whether an array is laid out as C does it."""
    expected = v.dtype.itemsize
    for stride, length in zip(v.strides[::-1], v.shape[::-1], strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def is_link(call: Call, shape: tuple[int, ...] | None) -> bool:
    """Whether a call can be a part of a chain of elementwise calls over arrays of a shape."""
    y = call.result
    if call.keeps or call.writes or call.kwargs or type(y) is not Value:
        return False
    if call.f in ELEMENTWISE:
        operands = 3
    elif isinstance(call.f, np.ufunc) and call.f.nout == 1 and call.f.signature is None:
        operands = call.f.nin
    else:
        return False
    if y.kind != "array" or len(call.args) != operands or not is_large(y, shape):
        return False
    return all(
        type(x) is not Value
        or x.kind == "number"
        or math.prod(x.shape) == 1
        or (x.kind == "array" and (is_large(x, y.shape) or is_stretched(x, y.shape)))
        for x in call.args
    ) and all(not v.storage.writes for v in call.reads)


def is_large(v: Value, shape: tuple[int, ...] | None) -> bool:
    """Whether a value has the shape of a chain, and lies in one piece."""
    fits = v.shape == shape if shape is not None else math.prod(v.shape) >= LEAST
    return fits and is_contiguous(v) and v.dtype.kind in "fiub" and not v.storage.writes


def is_stretched(v: Value, shape: tuple[int, ...]) -> bool:
    """Whether a value is one number, stretched to the shape of a chain."""
    return v.shape == shape and not any(v.strides) and v.dtype.kind in "fiub"


def is_number(v: Value) -> bool:
    """Whether a value is one number, whatever holds it."""
    return v.kind != "object" and math.prod(v.shape) == 1


def is_total(call: Call, shape: tuple[int, ...]) -> bool:
    """Whether a call adds up all elements of an array of a chain."""
    if call.f != np.add.reduce or len(call.args) != 1 or not call.kwargs.keys() <= OF_TOTALS:
        return False
    x, y = call.args[0], call.result
    axis = call.kwargs.get("axis", 0)
    whole = axis is None or sorted(axis if type(axis) is tuple else (axis,)) == list(
        range(len(shape))
    )
    return (
        whole
        and not call.kwargs.get("keepdims", False)
        and type(x) is Value
        and is_large(x, shape)
        and y.dtype.kind == "f"
        and y.dtype == x.dtype
    )


def is_product_of(call: Call, shape: tuple[int, ...]) -> bool:
    """Whether a call is the product of two vectors of a chain."""
    values = [x for x in call.args if type(x) is Value and x.kind == "array"]
    return (
        call.f in PRODUCTS
        and not call.kwargs
        and len(shape) == 1
        and len(values) == len(call.args) == 2
        and all(is_large(v, shape) for v in values)
        and call.result.shape == ()
        and have_one_dtype([*values, call.result])
    )


def have_one_dtype(values: Sequence[Value]) -> bool:
    """Whether arrays are of one dtype, one of BLAS's."""
    dtypes = {v.dtype for v in values}
    return len(dtypes) == 1 and dtypes <= FLOATS


def matrix_of(call: Call) -> Value | None:
    """Return the large matrix, longer than wide, that a call multiplies with a vector."""
    if call.f not in PRODUCTS or call.kwargs or len(call.args) != 2 or call.keeps or call.writes:
        return None
    values = [x for x in (*call.args, call.result) if type(x) is Value and x.kind == "array"]
    if [len(v.shape) for v in values] not in ([2, 1, 1], [1, 2, 1]):
        return None
    if not have_one_dtype(values) or call.result.storage.writes:
        return None
    matrix = values[0] if len(values[0].shape) == 2 else values[1]
    n, k, size = max(matrix.shape), min(matrix.shape), matrix.dtype.itemsize
    if n == k or k == 1 or n * k * size < LEAST_MATRIX:
        return None
    strides = dict(zip(matrix.shape, matrix.strides, strict=True))
    return matrix if strides in ({n: k * size, k: size}, {n: size, k: n * size}) else None
