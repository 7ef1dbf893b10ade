"""Convolution, 2 x 2 max-pooling and ReLU as one operation that makes no array of the full size.

Bias and ReLU, which do not decrease, come after the pooling: they have a quarter to do, and the
values are the same to the bit. The gradient goes to the first place of a window that holds its
largest value, as with `max_pool2d`; the largest without the bias, so that places which only the
rounding of the sum makes equal are not tied. What is kept for it are the input and a byte for each
result of the convolution, in place of four.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.memory import aligned
from autograd_core.threads import in_two
from nnkit.functional.activation import relu_op
from nnkit.functional.channels import per_channel
from nnkit.functional.correlation import convolution
from nnkit.functional.operands import operation
from nnkit.functional.phases import (
    Order,
    Piece,
    gradients,
    long_runs,
    matrix_of,
    pool_phases,
    share_work,
)
from nnkit.functional.window_values import largest_op
from nnkit.functional.windows import Geometry, geometry

__all__ = ["pooled_convolution", "pooling_of"]

Array = NDArray[Any]


def pooling_of(at: Geometry) -> Geometry:
    """Return where the windows lie in the results of a convolution: 2 x 2, side by side."""
    pair, none = (2, 2), ((0, 0), (0, 0))
    return geometry("max_pool2d", at.out, pair, pair, none, (1, 1))


def pooled(
    x: Array, w: Array, b: Array | None = None, *, at: Geometry, rectify: bool
) -> tuple[Array, Array]:
    """Y = max of four c = C(x, w), plus b; max(y, 0) if `rectify`. And where y comes from."""
    order, matrix, o = Order(x, at, len(w)), matrix_of(w), len(w)
    y = aligned((len(x), *order.pooled, o), x.dtype)
    where = aligned((4 * order.total, o), np.bool_)

    def run(part: Order) -> None:
        for piece, sources in part.sources(x):
            here, target = part.of_phases(where, piece), part.of_pooled(y, piece)
            phases = aligned(here.shape, x.dtype)
            largest = aligned(here.shape[1:], x.dtype)
            part.convolve(sources, matrix, phases)
            pool_phases(phases, largest, here)
            if b is not None:
                rows, offset = long_runs(largest, b)
                rows += offset
            if rectify:
                np.logical_and(here, largest > 0, out=here)
                np.maximum(largest, 0, out=largest)
            target[...] = largest.reshape(target.shape)

    in_two(run, order.parts())
    return y.transpose(0, 3, 1, 2), where


def pooled_vjp(
    g: Array, where: Array, x: Array, w: Array, _b: Any = None, *, at: Geometry, rectify: bool,
    needs: Any
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Send g to where y came from; so on to the input, the weight and the bias."""
    order, moved, o = Order(x, at, len(w)), g.transpose(0, 2, 3, 1), len(w)

    def phases_of(piece: Piece) -> Array:
        here = order.of_phases(where, piece)
        phases = aligned(here.shape, g.dtype)
        phases[...] = here  # to multiply bools takes longer
        phases *= np.ascontiguousarray(order.of_pooled(moved, piece)).reshape(-1, o)
        return phases

    return gradients(order, x, w, (*needs, False)[:3], phases_of)


share_work(pooled, 0)
share_work(pooled_vjp, 2)


def composition(x: Any, w: Any, b: Any = None, *, at: Geometry, rectify: bool) -> Any:
    """Write it in functions that differentiate."""
    y = largest_op(convolution(x, w, at=at), at=pooling_of(at))
    if b is not None:
        y = y + per_channel(b, 4)
    return relu_op(y) if rectify else y


pooled_convolution: Callable[..., Any] = operation(
    "pooled_convolution", pooled, vjp=pooled_vjp, composition=composition, saves=True
)
