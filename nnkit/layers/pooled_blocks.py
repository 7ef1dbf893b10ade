"""What a Sequential calls in place of layers that are followed by max-pooling.

The numbers are the same; less is calculated. Not where somebody looks: a layer with a hook, or with
a `forward` of its own, is called as it was written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_core.errors import ShapeError
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
    return all(v in (n, (n, n)) for v, n in zip(found, (2, 2, 0, 1)))


class PooledBlock:
    """Layers that `together` has found, called as one operation where it fits and pays."""

    def __init__(self, layers: list[Module]) -> None:
        self.layers = layers

    def __call__(self, input: Any) -> Any:
        """Call the operation; or the layers, where it does not fit: errors are theirs."""
        conv, norm = self.layers[:2]
        rectify = type(self.layers[-1]) is ReLU
        found: Any = None
        if type(norm) is BatchNorm2d:
            found = normalised(conv, norm, input, rectify)
        else:
            found = convolved(conv, input, rectify)
        if found is None:
            for layer in self.layers:
                input = layer(input)
            return input
        return found


def convolved(conv: Any, input: Any, rectify: bool) -> Any:
    """Call the operation without a norm; return None where it does not fit."""
    at = place(conv, input)
    if at is None:
        return None
    w, b = conv.weight, conv.bias
    operands = (as_dtype(input, w.dtype, "the input"), w, *([] if b is None else [b]))
    return pooled_convolution(*operands, at=at, rectify=rectify)


def normalised(conv: Any, norm: Any, input: Any, rectify: bool) -> Any:
    """Call the operation with a norm that learns; return None where it does not fit.

    A result of odd size has a last row that is normalised, but not pooled.
    """
    at = place(conv, input) if norm.training else None
    if at is None or any(n % 2 for n in at.out) or norm.num_features != len(conv.weight):
        return None
    w, vectors = conv.weight, (norm.weight, norm.bias)
    if any(v is not None and (v.dtype != w.dtype or v.shape != w.shape[:1]) for v in vectors):
        return None
    x = as_dtype(input, w.dtype, "the input")
    if any(map(is_batched, (x, w, norm.weight))):
        return None
    kept = (norm.running_mean, norm.running_var)
    running = kept if norm.track_running_stats and kept[0] is not None else None
    return normalised_pooled_convolution(
        x, w, conv.bias, *vectors, running, norm._factor(), norm.eps, at=at, rectify=rectify
    )


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
