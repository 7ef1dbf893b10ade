"""Names and keywords that users know from elsewhere and that a Tensor does not have, or that mean
something else here: each gets an error with the spelling for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .errors import ArgumentError, MissingAttributeError

__all__ = ["ELSEWHERE", "Habits", "check_words", "method"]

KEYWORDS = {
    "dim": "axis=",
    "dims": "axis=",
    "keepdim": "keepdims=",
    "unbiased": "ddof=1 (for unbiased=True)",
    "descending": "np.sort(x)[::-1], -np.sort(-x) or np.argsort(-x)",
    "as_tuple": "np.argwhere(x) (for as_tuple=False)",
    "dim1": "axis1=",
    "dim2": "axis2=",
    "dim0": "axis1=",
}
"""Keywords of torch, for methods that ndarray has too, and what takes their place."""

ONE_RESULT = {
    "max": " Only the values come back; their places are x.argmax(axis).",
    "min": " Only the values come back; their places are x.argmin(axis).",
    "sort": " The array itself is sorted, and None comes back; np.sort(x) is a new one, and the "
    "order is x.argsort().",
}


def method(f: Any, doc: str) -> Any:
    """Make the method of ndarray's that has the name of a NumPy function."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            check_words(call.__name__, args, kwargs)
        return f(self, *args, **kwargs)

    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f"{doc}\n\n        The arguments are those of `ndarray.{f.__name__}`.\n        "
    return call


def check_words(name: str, args: tuple, kwargs: dict[str, Any]) -> None:
    """Refuse a call that means something in torch, and nothing or something else in NumPy."""
    for word in kwargs:
        if word in KEYWORDS:
            raise ArgumentError(
                f"x.{name}({word}=...): ndarray has a method of this name, and here it means what "
                f"it means there. In place of {word}= write {KEYWORDS[word]}."
                f"{ONE_RESULT.get(name, '')}"
            )
    if len(args) > 1 and args[1].__class__ is bool:
        raise ArgumentError(
            f"x.{name}({args[0]!r}, {args[1]}): as in NumPy, what comes after the axis is not "
            f"keepdim. Write x.{name}({args[0]!r}, keepdims={args[1]})."
        )
    if name in ("max", "min") and args and hasattr(args[0], "dtype") and args[0].ndim:
        raise ArgumentError(
            f"x.{name}(array): as in NumPy, the argument is an axis. The {name}imum of two arrays, "
            f"element by element, is np.{name}imum(x, other)."
        )


def spread(table: dict[str, str]) -> dict[str, str]:
    """Give each of several names its reason."""
    return {name: reason for names, reason in table.items() for name in names.split()}


SCIPY = "write {name}(x) with `from autograd_core.scipy.special import {name}`"
ELSEWHERE = spread(
    {
        # ndarray
        "ctypes": "an address would bypass the graph. Take x.detach().numpy().ctypes",
        "byteswap newbyteorder getfield setfield tostring": "bytes have no derivative. Take "
        "x.detach().numpy().{name}(...)",
        "dump dumps": "pickles run code when they are loaded. Use np.save(file, x.detach())",
        "setflags": "use the flags of the array: x.detach().numpy().setflags(...)",
        "resize": "a Tensor keeps its shape. Write x = np.resize(x, shape)",
        "itemset": "write x[index] = value",
        "ptp": "write np.ptp(x)",
        # torch: other names
        "cuda xpu mps": "arrays live on the CPU; there is nothing to write",
        "is_cuda get_device": "arrays live on the CPU: x.device is 'cpu'",
        "pin_memory share_memory_": "arrays live in ordinary memory; there is nothing to write",
        "bfloat16": "NumPy has no bfloat16. Use x.half() (float16) or x.float() (float32)",
        "type": "write x.astype(dtype), or x.dtype to ask for it",
        "new": "write tensor(...)",
        "stride": "write x.strides (in bytes)",
        "is_contiguous": "write x.flags.c_contiguous",
        "data_ptr storage untyped_storage storage_offset": "an address would bypass the graph. "
        "Use x.detach().numpy(), or DLPack: np.from_dlpack(x.detach())",
        "grad_fn": "repr(x) names the operation that made x; x.is_leaf says whether there is one",
        "detach_": "write x = x.detach()",
        "resize_ resize_as_ set_": "a Tensor keeps its shape. Write x = np.resize(x, shape)",
        "t_ transpose_ swapaxes_ swapdims_ squeeze_ unsqueeze_": "a Tensor keeps its shape. Write "
        "x = x.T, x.squeeze(axis) or the like",
        "apply_ map_ map2_": "write the loop over x.tolist(), or use NumPy's functions",
        "normal_ uniform_ random_ bernoulli_ exponential_ cauchy_ geometric_ log_normal_": "random "
        "numbers come from a generator: x[...] = np.random.default_rng(0).normal(size=x.shape)",
        "multinomial bernoulli": "random numbers come from a generator: "
        "np.random.default_rng(0).choice(...)",
        "register_post_accumulate_grad_hook": "write x.register_hook(hook); it is called with the "
        "complete gradient",
        "index_put index_put_ put_ masked_scatter masked_scatter_": "write x[index] = values",
        "fill_diagonal_": "write x[np.diag_indices_from(x)] = value",
        "diag_embed": "write x[..., None] * np.eye(x.shape[-1])",
        "tensor_split": "write np.array_split(x, parts, axis)",
        "index_reduce scatter_reduce": "write it with np.maximum.at or the like on x.detach()",
        "topk": "write np.sort(x, axis)[..., -k:]; the places: np.argsort(x, axis)[..., -k:]",
        "kthvalue": "write np.sort(x, axis)[..., k - 1]",
        "mode": "write np.unique(x, return_counts=True)",
        "aminmax": "write x.min(axis), x.max(axis)",
        "cummax": "write np.maximum.accumulate(x, axis)",
        "cummin": "write np.minimum.accumulate(x, axis)",
        "logcumsumexp": "write m + np.log(np.cumsum(np.exp(x - m), axis)) with m = x.max(axis, "
        "keepdims=True)",
        "histc": "write np.histogram(x.detach(), bins)",
        "unfold": "write np.lib.stride_tricks.sliding_window_view(x.detach().numpy(), n, axis)",
        "to_sparse to_dense coalesce": "there are no sparse Tensors",
        "erf erfc erfinv digamma polygamma xlogy": SCIPY,
        "lgamma": "write gammaln(x) with `from autograd_core.scipy.special import gammaln`",
        "sgn": "write np.sign(x)",
        "frac": "write x - np.trunc(x)",
        "hardshrink prelu": "write it with np.where, or use nnkit.functional",
    }
)
"""Methods and attributes that a Tensor does not have, and what to write; `{name}` is their name."""


class Habits:
    """Answers for names that a Tensor does not have."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a checker is to find the names that are missing

        def __getattr__(self, name: str) -> NoReturn:
            if name[0] == "_":  # NumPy asks for some of these each time
                raise AttributeError(name)
            raise MissingAttributeError(f"{type(self).__name__} has no .{name}{advice(name)}")


def advice(name: str) -> str:
    """Say what to write in place of `x.name`."""
    if name in ELSEWHERE:
        return f": {ELSEWHERE[name].format(name=name)}."
    for place, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
        f = vars(module).get(name)
        if callable(f) and not isinstance(f, type):
            return f", as ndarray has none; NumPy's function is {place}.{name}(x)."
    return ""
