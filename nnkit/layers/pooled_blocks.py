"""What a Sequential calls in place of layers that are followed by max-pooling.

The numbers are the same; less is calculated. Not where somebody looks: a layer with a hook, or with
a `forward` of its own, is called as it was written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_core.errors import ShapeError
from nnkit.functional.convolution import padding_pairs
from nnkit.functional.operands import as_dtype
from nnkit.functional.phases import pays
from nnkit.functional.pooled_convolution import pooled_convolution
from nnkit.functional.windows import Geometry, geometry, per_axis
from nnkit.layers.activation import ReLU
from nnkit.layers.convolution import Conv2d
from nnkit.layers.pooling import MaxPool1d, MaxPool2d, MaxPool3d
from nnkit.module import Module

__all__ = ["pooled_first", "together"]


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
        if type(second) in (MaxPool1d, MaxPool2d, MaxPool3d):
            near = getattr(second, "dilation", None) == 1
            if is_plain(first, second) and near and not getattr(second, "return_indices", False):
                modules[i : i + 2] = second, first
    return modules


def together(modules: list[Module]) -> list[Callable[[Any], Any]]:
    """Bring convolutions and the max-pooling that follows them together, and a ReLU after it."""
    calls: list[Callable[[Any], Any]] = []
    i = 0
    while i < len(modules):
        some = modules[i : i + 3]
        if len(some) < 2 or type(some[0]) is not Conv2d or not pools_pairs(some[1]):
            some = some[:1]
        elif len(some) == 3 and not (type(some[2]) is ReLU and is_plain(some[2])):
            some = some[:2]
        block = len(some) > 1 and is_plain(*some[:2])
        calls.append(PooledBlock(some) if block else modules[i])
        i += len(some) if block else 1
    return calls


def pools_pairs(pool: Module) -> bool:
    """Whether a layer takes the largest of 2 x 2 that lie side by side."""
    if type(pool) is not MaxPool2d or pool.return_indices or pool.ceil_mode:
        return False
    found = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    return all(v in (n, (n, n)) for v, n in zip(found, (2, 2, 0, 1)))


class PooledBlock:
    """A Conv2d, a MaxPool2d of 2 x 2 and perhaps a ReLU, called as one operation where it fits."""

    def __init__(self, layers: list[Module]) -> None:
        self.layers = layers

    def __call__(self, input: Any) -> Any:
        """Call the operation; or the layers, where it does not fit: errors are theirs."""
        conv: Any = self.layers[0]
        at = place(conv, input)
        if at is None:
            for layer in self.layers:
                input = layer(input)
            return input
        x, rectify = as_dtype(input, conv.weight.dtype, "the input"), len(self.layers) == 3
        if conv.bias is None:
            return pooled_convolution(x, conv.weight, at=at, rectify=rectify)
        return pooled_convolution(x, conv.weight, conv.bias, at=at, rectify=rectify)


def place(conv: Any, x: Any) -> Geometry | None:
    """Return where a layer's windows lie, or None where it is better called by itself."""
    w, b = conv.weight, conv.bias
    if getattr(getattr(x, "dtype", None), "kind", "") != "f" or x.ndim != 4 or w.ndim != 4:
        return None
    if conv.padding_mode != "zeros" or conv.groups != 1 or x.shape[1] != w.shape[1]:
        return None
    if w.dtype.char not in "fd" or not (b is None or b.shape == w.shape[:1]):
        return None
    steps, apart = (per_axis(v, 2, "", "Conv2d") for v in (conv.stride, conv.dilation))
    kernel = w.shape[2:]
    pairs = padding_pairs("Conv2d", conv.padding, kernel, steps, apart)
    try:
        at = geometry("Conv2d", x.shape[2:], kernel, steps, pairs, apart)
    except ShapeError:
        return None
    return at if min(at.out) >= 2 and pays(x.shape, at) else None
