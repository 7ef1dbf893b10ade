"""What a Sequential calls in place of layers that are followed by max-pooling.

The numbers are the same, up to rounding; less is calculated. Not where somebody looks: a layer with
a hook, or with a `forward` of its own, is called as it was written.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.trace import lifted
from nnkit.functional.convolution import padding_pairs
from nnkit.functional.operands import as_dtype, is_batched
from nnkit.functional.phases import pays
from nnkit.functional.pooled_convolution import pooled_convolution
from nnkit.functional.pooled_normalization import normalised_pooled_convolution
from nnkit.functional.windows import Geometry, geometry, per_axis
from nnkit.layers.activation import ReLU
from nnkit.layers.batch_normalization import BatchNorm2d
from nnkit.layers.convolution import Conv2d
from nnkit.layers.pooling import MaxPool1d, MaxPool2d, MaxPool3d
from nnkit.module import Module

__all__ = ["MAX_POOLING", "with_pooling"]

MAX_POOLING = frozenset((MaxPool1d, MaxPool2d, MaxPool3d))


def with_pooling(modules: list[Module], input: Any) -> list[Callable[[Any], Any]]:
    """Return what is to be called one after the other, for layers of which some are max-pooling."""
    if getattr(getattr(input, "dtype", None), "kind", "") != "f":
        return list(modules)
    return together(pooled_first(modules))


def is_plain(*modules: Module) -> bool:
    """Whether nobody looks at these, and nobody has given them a forward of their own."""
    return not any(m._hooks or "forward" in vars(m) for m in modules)


def pooled_first(modules: list[Module]) -> list[Module]:
    """Let a ReLU wait until after the max-pooling that follows it.

    max(relu(x)) = relu(max(x)), to the bit, and so are the gradients: where several places have
    the largest value because relu made them 0, its derivative is 0. So relu, forwards and
    backwards, has a quarter of the numbers to go through. Not with dilation, where a window can
    lie in the padding alone, and its largest value is -inf.
    """
    for i, first in enumerate(modules[:-1]):
        if type(first) is not ReLU:
            continue
        second = modules[i + 1]
        if type(second) in MAX_POOLING:
            near = getattr(second, "dilation", None) == 1
            if is_plain(first, second) and near and not getattr(second, "return_indices", False):
                modules[i : i + 2] = second, first
    return modules


def together(modules: list[Module]) -> list[Callable[[Any], Any]]:
    """Bring what can be one operation together: Conv2d, BatchNorm2d, MaxPool2d and ReLU.

    The second and the last may be missing.
    """
    calls: list[Callable[[Any], Any]] = []
    i = 0
    while i < len(modules):
        n = 1
        if type(modules[i]) is Conv2d:
            norm = int(type_at(modules, i + 1) is BatchNorm2d)
            if type_at(modules, i + 1 + norm) is MaxPool2d and pools_pairs(modules[i + 1 + norm]):
                n = 2 + norm
        if n > 1 and is_plain(*modules[i : i + n]):
            n += type_at(modules, i + n) is ReLU and is_plain(modules[i + n])
            calls.append(PooledBlock(modules[i : i + n]))
        else:
            n = 1
            calls.append(modules[i])
        i += n
    return calls


def type_at(modules: list[Module], i: int) -> type | None:
    """Return the kind of a module, None behind the last."""
    return type(modules[i]) if i < len(modules) else None


def pools_pairs(pool: Module) -> bool:
    """Whether a layer takes the largest of 2 x 2 that lie side by side."""
    if type(pool) is not MaxPool2d or pool.return_indices or pool.ceil_mode:
        return False
    found = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    return all(type(v) in (int, tuple) and v in (n, (n, n)) for v, n in zip(found, (2, 2, 0, 1)))


class PooledBlock:
    """Layers that `together` has found, called as one operation where it fits and pays."""

    def __init__(self, layers: list[Any]) -> None:
        self.layers = layers

    def __call__(self, input: Any) -> Any:
        """Call the operation; or the layers, where it does not fit: errors are theirs."""
        conv, norm = self.layers[:2]
        rectify, found = type(self.layers[-1]) is ReLU, None
        at = place(conv, input)
        if at is not None:
            x = as_dtype(input, conv.weight.dtype, "the input of Conv2d")
            if type(norm) is not BatchNorm2d:
                found = convolved(x, conv.weight, conv.bias, at, rectify)
            elif norm_fits(norm, conv.weight):
                found = (in_training if norm.training else in_evaluation)(
                    conv, norm, x, at, rectify
                )
        if found is None:
            for layer in self.layers:
                input = layer(input)
            return input
        return found


def place(conv: Any, x: Any) -> Geometry | None:
    """Return where a layer's windows lie, or None where it is better called by itself."""
    w, b = conv.weight, conv.bias
    shape, kernel = w.shape, w.shape[2:]
    if getattr(getattr(x, "dtype", None), "kind", "") != "f" or x.ndim != 4 or len(shape) != 4:
        return None
    if conv.groups != 1 or x.shape[1] != shape[1] or not pays(x.shape, kernel):
        return None
    if conv.padding_mode != "zeros" or w.dtype.char not in "fd" or not is_vector(b, w):
        return None
    try:
        steps = per_axis(conv.stride, 2, "stride", "Conv2d")
        apart = per_axis(conv.dilation, 2, "dilation", "Conv2d")
        pairs = padding_pairs("Conv2d", conv.padding, kernel, steps, apart)
        at = geometry("Conv2d", x.shape[2:], kernel, steps, pairs, apart)
    except (ArgumentError, ShapeError):
        return None
    return at if min(at.out) >= 2 else None


def is_vector(v: Any, w: Any) -> bool:
    """Whether there is a number for each kernel of w, or nothing."""
    return v is None or (v.shape == w.shape[:1] and v.dtype == w.dtype)


def norm_fits(norm: Any, w: Any) -> bool:
    """Whether a norm is one for the channels that w makes."""
    vectors = is_vector(norm.weight, w) and is_vector(norm.bias, w)
    return vectors and norm.num_features == w.shape[0]


def convolved(x: Any, w: Any, b: Any, at: Geometry, rectify: bool) -> Any:
    """Call the operation that has no norm."""
    operands = (x, w) if b is None else (x, w, b)
    return pooled_convolution(*operands, at=at, rectify=rectify)


def in_training(conv: Any, norm: Any, x: Any, at: Geometry, rectify: bool) -> Any:
    """Call the operation with a norm that uses the batch; return None where it does not fit.

    A result of odd size has a last row that is normalised, but not pooled.
    """
    operands = (x, conv.weight, conv.bias, norm.weight, norm.bias)
    if any(n % 2 for n in at.out) or any(map(is_batched, operands)):
        return None
    kept = (norm.running_mean, norm.running_var)
    running = kept if norm.track_running_stats and kept[0] is not None else None
    return normalised_pooled_convolution(
        *operands, running, norm._factor(), norm.eps, at=at, rectify=rectify
    )


def in_evaluation(conv: Any, norm: Any, x: Any, at: Geometry, rectify: bool) -> Any:
    """Bring what a norm does with its running statistics into kernel and bias.

    Not if there are so few places that it takes less to let the norm do it there.
    """
    w, b = conv.weight, conv.bias
    if norm.running_mean is None or x.shape[0] * math.prod(at.out) < math.prod(w.shape[1:]):
        return None
    mean, var = (
        lifted(raw(v)).astype(w.dtype, copy=False) for v in (norm.running_mean, norm.running_var)
    )
    scale = 1.0 / np.sqrt(var + w.dtype.type(norm.eps))
    scale = scale if norm.weight is None else norm.weight * scale
    shift = -mean * scale if b is None else (b - mean) * scale
    shift = shift if norm.bias is None else norm.bias + shift
    return convolved(x, w * scale.reshape(-1, 1, 1, 1), shift, at, rectify)
