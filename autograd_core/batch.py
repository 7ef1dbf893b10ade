"""vmap: run a function once on a whole batch, as if it saw one example.

A `Batched` value wraps an array with one hidden axis, always the first. Each NumPy function is
called once on the whole array, with its axes and shapes counted anew; `BATCHING` says how, family
by family. A function without an entry is called for each example in a loop: slower, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .calling import parameter_names
from .dispatch import Layered, strip_highest
from .errors import ArgumentError, ConversionError, ShapeError, describe
from .graph import new_level
from .inplace import Writable
from .surface import Surface
from .trees import children, flatten, leaves_with_paths, tree_map

__all__ = ["BATCHING", "Axis", "Batched", "Evaluator", "batching", "over_rows", "vmap"]


class Evaluator:
    """A trace that says how functions are evaluated (by its `evaluate`), not differentiated."""

    __slots__ = ()
    batched = True

    def of_constant(self, f: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
        """Call a function without a derivative, where one of the operands has such a trace."""
        last = 1 + max(i for i, x in enumerate(args) if isinstance(x, Layered))
        count = f.nin if isinstance(f, np.ufunc) else last
        names = parameter_names(f, count, f)
        settings = dict(zip(names[count:], args[count:], strict=False)) | kwargs
        values, traces, _, _, top = strip_highest(args[:count])
        return top.evaluate(f, lambda xs, kw: f(*xs, **kw), values, traces, settings)


class Axis(Evaluator):
    """The trace of a batched value: the call of vmap that it belongs to."""

    __slots__ = ("level", "size")
    has_axis = True

    def __init__(self, level: int, size: int) -> None:
        self.level, self.size = level, size

    def evaluate(
        self, f: Callable[..., Any], call: Call, values: list, traces: list, settings: dict
    ) -> Any:
        """Call `f` on the whole batch; `values` with a trace have the hidden axis in front."""
        mapped = [trace is not None for trace in traces]
        how = BATCHING.get(f) or (elementwise if isinstance(f, np.ufunc) else one_by_one)
        y = how(call, values, mapped, settings)
        if isinstance(y, Plain):
            return y.value
        if isinstance(y, (tuple, list)):
            outputs = [Batched(v, self) for v in y]
            return y._make(outputs) if hasattr(y, "_make") else type(y)(outputs)
        return Batched(y, self)

    def each(self, f: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
        """Call `f` for each example, where batched values hide in settings (an index, say)."""

        def example(tree: Any, i: int) -> Any:
            if isinstance(tree, Batched) and tree._trace is self:
                return tree._value[i]
            if isinstance(tree, dict):
                return {k: example(v, i) for k, v in tree.items()}
            if isinstance(tree, (list, tuple)):
                return type(tree)(example(v, i) for v in tree)
            return tree

        rows = [f(*example(args, i), **example(kwargs, i)) for i in range(self.size)]
        return Batched(np.stack(rows), self)


class Batched(Writable, Surface):
    """One example out of a batch, as a function under vmap sees it."""

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__

    def __init__(self, value: Any, trace: Axis) -> None:
        self._value, self._trace, self._alias = value, trace, None

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Length of each axis of one example."""
        return self._value.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """Number of axes of one example."""
        return len(self._value.shape) - 1

    @property
    def size(self) -> int:
        """Number of elements of one example."""
        return int(np.prod(self.shape))

    def __repr__(self) -> str:
        return f"Batched(one of {self._trace.size}, shape={self.shape}, dtype={self.dtype})"

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ConversionError(
            f"the value of {describe(self)} under vmap is many values at once and cannot be read "
            f"or branched on. Use np.where(condition, a, b) in place of if."
        )

    __array__ = __bool__ = __float__ = __int__ = __index__ = __complex__ = _refuse
    item = tolist = numpy = _refuse


class Plain:
    """A result that is the same for the whole batch (a shape, a dtype)."""

    def __init__(self, value: Any) -> None:
        self.value = value


# --- how a family of functions takes a hidden first axis ------------------------------------------

Call = Callable[[Sequence, dict], Any]
How = Callable[[Call, list, list, dict], Any]
BATCHING: dict[Callable[..., Any], How] = {}


def batching(how: How, *functions: Callable[..., Any]) -> None:
    """Declare how functions take a batch: `how(call, values, mapped, settings)`."""
    for f in functions:
        BATCHING[f] = how


def one_by_one(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Call the function for each example."""
    size = next(v.shape[0] for v, m in zip(values, mapped, strict=True) if m)
    results = []
    for i in range(size):
        chosen = [v[i] if m else v for v, m in zip(values, mapped, strict=True)]
        results.append(call(chosen, settings))
    first = results[0]
    if isinstance(first, (tuple, list)):
        outputs = [np.stack(column) for column in zip(*results, strict=True)]
        return first._make(outputs) if hasattr(first, "_make") else type(first)(outputs)
    return np.stack(results)


def elementwise(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Put axes of length 1 behind the hidden one, so that the others meet from the right."""
    if len(values) == 1:
        return call(values, settings)
    ndim = max(np.ndim(v) - m for v, m in zip(values, mapped, strict=True))
    return call(lined_up(values, mapped, ndim), settings)


def lined_up(values: list, mapped: list, ndim: int) -> list:
    """Give each example of the mapped values `ndim` axes."""
    return [
        v.reshape((v.shape[0], *(1,) * (ndim + 1 - v.ndim), *v.shape[1:]))
        if m and v.ndim - 1 < ndim
        else v
        for v, m in zip(values, mapped, strict=True)
    ]


def shifted(axis: Any) -> Any:
    """Count an axis from behind the hidden one."""
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(i) for i in axis)
    return axis + 1 if axis >= 0 else axis


def all_axes(x: Any) -> tuple[int, ...]:
    """Return all axes of one example."""
    return tuple(range(1, x.ndim))


def reduction(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Shift `axis`; none means all but the hidden one."""
    axis = settings.get("axis")
    axis = all_axes(values[0]) if axis is None else shifted(axis)
    return call(values, settings | {"axis": axis})


def along_axis(default: int | None) -> How:
    """Shift `axis`; without one, the default, or all elements in a row."""

    def how(call: Call, values: list, mapped: list, settings: dict) -> Any:
        axis = settings.get("axis", default)
        if axis is None:
            values = [v.reshape((v.shape[0], -1)) for v in values[:1]] + values[1:]
            axis = 0
        return call(values, settings | {"axis": shifted(axis)})

    return how


def matrices(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Functions of linear algebra take leading axes as they are."""
    return call(values, settings)


def metadata(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Ask about one example."""
    stand_ins = [
        np.broadcast_to(np.empty((), v.dtype), v.shape[1:]) if m else v
        for v, m in zip(values, mapped, strict=True)
    ]
    return Plain(call(stand_ins, settings))


def whole(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Functions for which the hidden axis makes no difference."""
    return call(values, settings)


def joined(call: Call, values: list, mapped: list, settings: dict) -> Any:
    """Join along a shifted axis, with every operand mapped."""
    size = next(v.shape[0] for v, m in zip(values, mapped, strict=True) if m)
    full = [
        v if m else np.broadcast_to(v, (size, *np.shape(v)))
        for v, m in zip(values, mapped, strict=True)
    ]
    axis = settings.get("axis", 0)
    if axis is None:
        full, axis = [v.reshape((size, -1)) for v in full], 0
    return call(full, settings | {"axis": shifted(axis)})


# --- the operator ---------------------------------------------------------------------------------


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """Return a function that maps `f` over a batch of examples, in one vectorised call.

    Parameters
    ----------
    f : callable
        Written for one example. It cannot branch on values (use `np.where`).
    in_axes : int, None or a tuple of these, default 0
        For each positional argument, the axis that holds the batch; None: not mapped. An argument
        that is a container is mapped along the same axis in all its arrays, or gives a container
        of axes. Keyword arguments are mapped along axis 0.
    out_axes : int or a container of ints, default 0
        Where the batch goes in the result.

    Returns
    -------
    callable
        Takes the batched arguments; gives results with the axis `out_axes` of the batch.

    Raises
    ------
    ShapeError
        If the mapped axes have different lengths.
    ArgumentError
        If nothing is mapped, or `in_axes` does not fit the arguments.

    Examples
    --------
    >>> import numpy as np
    >>> vmap(np.dot)(np.ones((3, 2)), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    array([ 3.,  7., 11.])
    """

    def mapped(*args: Any, **kwargs: Any) -> Any:
        axes = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ArgumentError(
                f"vmap(in_axes={in_axes}) names {len(axes)} axes for {len(args)} arguments"
            )
        leaves, rebuild = flatten((args, kwargs))
        where = [a for arg, axis in zip(args, axes, strict=True) for a in spread_axes(axis, arg)]
        where += [0] * (len(leaves) - len(where))
        size = batch_size((args, kwargs), leaves, where)
        trace = Axis(new_level(), size)
        inputs = [
            x if a is None else Batched(to_front(x, a), trace)
            for x, a in zip(leaves, where, strict=True)
        ]
        new_args, new_kwargs = rebuild(inputs)
        result = f(*new_args, **new_kwargs)
        outputs, rebuild_out = flatten(result)
        places = list(spread_axes(out_axes, result))
        return rebuild_out([from_front(y, trace, a) for y, a in zip(outputs, places, strict=True)])

    mapped.__name__ = f"vmap_of_{getattr(f, '__name__', 'function')}"
    return mapped


def over_rows(f: Callable[..., Any], rows: Any, out_axis: int = 0) -> Any:
    """Call `f` on all rows of an array at once: `vmap` for one array, the short way."""
    trace = Axis(new_level(), rows.shape[0])
    return tree_map(lambda y: from_front(y, trace, out_axis), f(Batched(rows, trace)))


def spread_axes(axis: Any, tree: Any) -> list:
    """Give each leaf of an argument its axis."""
    if axis is None or isinstance(axis, int):
        return [axis for _ in leaves_with_paths(tree)]
    inner, branches = children(axis) or [], children(tree) or []
    if [name for name, _ in inner] != [name for name, _ in branches]:
        raise ArgumentError(f"vmap axes {axis} do not fit an argument of the form {describe(tree)}")
    pairs = zip(inner, branches, strict=True)
    return [a for (_, given), (_, branch) in pairs for a in spread_axes(given, branch)]


def batch_size(tree: Any, leaves: list, where: list) -> int:
    """Return the common length of the mapped axes."""
    sizes = {}
    for (path, _), x, a in zip(leaves_with_paths(tree), leaves, where, strict=True):
        if a is not None:
            if not -np.ndim(x) <= a < np.ndim(x):
                raise ShapeError(f"vmap cannot map axis {a} of {describe(x)} (argument {path})")
            sizes[path] = np.shape(x)[a]
    if not sizes:
        raise ArgumentError("vmap needs at least one argument with an axis to map over")
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"argument {path}: {n}" for path, n in sizes.items())
        raise ShapeError(f"vmap maps axes of one length, got {found}")
    return int(next(iter(sizes.values())))


def to_front(x: Any, axis: int) -> Any:
    """Move the mapped axis to the front."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    return x if axis == 0 else np.moveaxis(x, axis, 0)


def from_front(y: Any, trace: Axis, axis: int) -> Any:
    """Put the batch where it is wanted; copy what is the same for all examples."""
    if isinstance(y, Layered) and y._trace is None:
        y = y._value  # a plain buffer that received batched values
    if isinstance(y, Batched) and y._trace is trace:
        return y._value if axis == 0 else np.moveaxis(y._value, 0, axis)
    y = y if hasattr(y, "shape") else np.asarray(y)
    y = np.broadcast_to(y, (trace.size, *y.shape))
    return np.moveaxis(y, 0, axis)
