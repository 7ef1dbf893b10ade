"""Writing into a Tensor: `x[i] = v`, `x += v`, `out=x`, and writes through views.

A recorded Tensor is a handle. A write makes the value `setitem(x, v, index)`, an operation with a
rule like any other, and binds the handle to it. What earlier operations have saved is not
touched, so `v[0] = v[1] ** 2` has its right gradient. The array is copied only where somebody
else still holds it.

A view (`x[1:3]`, `x.T`) remembers its base and how it was made. A write into a view is written
back into the base, and a view whose base was written is read from the base again.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import flat, name_of
from .dispatch import Layered, apply, raw, trace_of
from .errors import DtypeError, GraphError, NotDifferentiableError, ShapeError, describe
from .graph import Node, recording_from
from .guard import Sink
from .holders import TRACE_ALONE, holds_array_alone, trace_holders
from .kernels import getitem, setitem
from .live import assign
from .outputs import does_not_fit, out_by_name, target
from .shortcuts import OPERATORS, apply_pair, apply_settled, apply_unary
from .table import RULES, Spec

__all__ = ["Writable", "mark_all_written", "mark_written"]

NO_SETTINGS: dict[str, Any] = {}


class Alias:
    """What a view remembers: its base, how it is made of it, and which writes it has seen.

    The base itself has one without a base. `writes` counts them for the whole family.
    """

    __slots__ = ("base", "f", "seen", "settings", "tracked", "writes")

    def __init__(self, writes: list[int], base: Any = None, f: Any = None, settings: Any = None):
        self.writes, self.seen = writes, writes[0]
        self.base, self.f, self.settings = base, f, settings
        self.tracked = True

    def refresh(self, x: Any) -> None:
        """Read the view x from its base again if the base was written since."""
        if self.base is not None and self.seen != self.writes[0]:
            new = apply(self.f, (self.base,), self.settings)
            x._value, x._trace = new._value, new._trace
            self.seen = self.writes[0]


class Writable(Layered):
    """The part of a layered value that can be written into."""

    __slots__ = ()
    dtype: Any
    shape: Any

    def __setitem__(self, index: Any, v: Any) -> None:
        if self._alias is not None:
            self._alias.refresh(self)
            if not self._alias.tracked:
                raise GraphError(
                    f"writing into what {name_of(self._alias.f)} returned would not reach what "
                    f"it is a view of. Take the part by indexing (x[2:4]), or write into a copy."
                )
        mapped = any(map(is_recorded, flat((index,))))  # an index that vmap has batched
        if mapped or is_recorded(self) or is_recorded(v):
            if is_leaf_of_tape(root_of(self)):
                raise GraphError(
                    "writing into a leaf that requires a gradient, or into a view of one, would "
                    "leave it without a gradient. Write into a copy (y = x.copy(); y[i] = v), or "
                    "inside no_grad()."
                )
            v = v if isinstance(v, (Layered, np.ndarray)) else np.asarray(v)
            check_fits(self, index, v)
            reuse = not mapped and holds_array_alone(self)
            bind(self, setitem(self, v, index, reuse=reuse))
        else:
            write_plainly(self, index, v)
        if self._alias is not None:
            tell_family(self)

    def _overwrite(self, y: Any) -> Any:
        """Write a result over the whole value, with NumPy's rule for `out=`: of the same kind."""
        if not np.can_cast(y.dtype, self.dtype, "same_kind"):
            raise DtypeError(
                f"an in-place operation would write {y.dtype} numbers into {describe(self)}, and "
                f"round them. Use the result (x = x + v), or cast first: x.astype({y.dtype})."
            )
        if len(y.shape) > len(self.shape):  # an index would take axes of length 1 in front
            raise does_not_fit("an in-place operation", y, self)
        self[...] = y
        return self

    def _update(self, ufunc: np.ufunc, other: Any) -> Any:
        """Do `x += v` and its like."""
        return self._overwrite(apply(ufunc, (self, other), NO_SETTINGS))

    def __iadd__(self, other: Any) -> Any:
        return self._update(np.add, other)

    def __isub__(self, other: Any) -> Any:
        return self._update(np.subtract, other)

    def __imul__(self, other: Any) -> Any:
        return self._update(np.multiply, other)

    def __itruediv__(self, other: Any) -> Any:
        return self._update(np.divide, other)

    def __ipow__(self, other: Any) -> Any:
        return self._update(np.power, other)

    def __imatmul__(self, other: Any) -> Any:
        return self._update(np.matmul, other)

    def __imod__(self, other: Any) -> Any:
        return self._update(np.remainder, other)

    def __ifloordiv__(self, other: Any) -> Any:
        return self._update(np.floor_divide, other)

    def __iand__(self, other: Any) -> Any:
        return self._update(np.bitwise_and, other)

    def __ior__(self, other: Any) -> Any:
        return self._update(np.bitwise_or, other)

    def __ixor__(self, other: Any) -> Any:
        return self._update(np.bitwise_xor, other)

    def __ilshift__(self, other: Any) -> Any:
        return self._update(np.left_shift, other)

    def __irshift__(self, other: Any) -> Any:
        return self._update(np.right_shift, other)

    def fill(self, value: Any) -> None:
        """Write one value everywhere."""
        self[...] = value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__":
            if len(inputs) == 1:
                return apply_unary(ufunc, self)
            return apply_pair(ufunc, inputs, self)
        outs = kwargs.pop("out", None)
        if method in ("reduce", "accumulate"):  # NumPy's own name what they do not set
            kwargs = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
            where = True
            y = super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
            if outs and outs[0] is not None and np.shape(y) != np.shape(outs[0]):
                raise does_not_fit(f"{name_of(ufunc)}.{method}", y, outs[0])
        else:
            where = kwargs.pop("where", True)
            y = super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        if outs is None and where is True:
            return y
        if ufunc.nout == 1:
            return written(y, outs and outs[0], where, ufunc)
        pairs = zip(y, outs or (None,) * ufunc.nout, strict=True)
        return tuple([written(v, out, where, ufunc) for v, out in pairs])

    def __array_function__(self, func: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        if len(args) > 2:
            args, kwargs = out_by_name(func, args, kwargs)
        out = kwargs.get("out") if kwargs else None
        if out is not None:
            out = target(name_of(func), out)
            y = apply(func, args, {k: v for k, v in kwargs.items() if k != "out"})
            if np.shape(y) != out.shape:
                raise does_not_fit(name_of(func), y, out)
            return deliver(y, out, name_of(func))
        try:
            if not kwargs and len(args) == 2 and OPERATORS[func] is not None:
                return apply_pair(func, args, self)
            if args and args[0] is self:
                if not kwargs and len(args) == 1:
                    return apply_unary(func, self)
                return apply_settled(func, self, args, kwargs)
            return apply(func, args, kwargs)
        except TypeError as error:
            if "unsupported in linalg" not in str(error) or isinstance(error, DtypeError):
                raise
            raise DtypeError(
                f"{name_of(func)} does not calculate with these numbers ({error}). Cast them first "
                f"with x.astype(np.float32) or x.astype(np.float64); their gradient comes back in "
                f"the old dtype."
            ) from None

    def _remember_view(self, y: Any, f: Callable[..., Any], settings: dict, kind: str) -> None:
        """Remember that y (or each of them) is a view of this value."""
        for view in y if isinstance(y, (list, tuple)) else [y]:
            if isinstance(view, Layered) and shares_memory(view, self):
                if self._alias is None:
                    self._alias = Alias([0])
                view._alias = Alias(self._alias.writes, self, f, settings)
                view._alias.tracked = kind == "tracked" and self._alias.tracked
                share_watch(self, view)


def written(y: Any, out: Any, where: Any, ufunc: np.ufunc) -> Any:
    """Write one result of a ufunc into what was given for it, where it is to be written."""
    name = name_of(ufunc)
    if where is not True:
        if out is None:
            raise NotDifferentiableError(
                f"{name}(..., where=...) without out= leaves values undefined. "
                f"Write np.where(condition, {name}(...), 0.0)."
            )
        y = np.where(where, y, out)
    return y if out is None else deliver(y, target(name, out), name)


def deliver(y: Any, out: Any, name: str) -> Any:
    """Write a result into what the caller gave for it."""
    if isinstance(out, Writable):
        return out._overwrite(y)
    if is_recorded(y):
        raise NotDifferentiableError(
            f"{name} would write a Tensor into a plain array (out=, or a += x), and its gradient "
            f"would be lost. Use the result: y = y + x in place of y += x; or let the buffer be a "
            f"Tensor: y = tensor(y)."
        )
    assign(out, ..., raw(y))
    return out


def share_watch(base: Any, view: Any) -> None:
    """Let the guard know whose memory a recorded view shows."""
    if isinstance(base._trace, Node) and isinstance(view._trace, Node):
        sink = base._trace.sink
        if sink is not None and sink.root is not None:
            view._trace.sink = Sink(sink.root, sink.root_value)
        elif base._value.__class__ is np.ndarray:
            view._trace.sink = Sink(base._trace, weakref.ref(base._value))


def memory(x: Any) -> np.ndarray:
    """Return the array under all layers, those of vmap included."""
    while isinstance(x, Layered):
        x = x._value
    return np.asarray(getattr(x, "_concrete", x))  # of a recording


def shares_memory(view: Any, base: Any) -> bool:
    """Whether NumPy made a view, not a copy."""
    if type(view._value) is np.ndarray and view._value.base is base._value:
        return True
    ours, theirs = memory(view), memory(base)
    return ours is theirs or (ours.base is not None and np.may_share_memory(ours, theirs))


def is_recorded(x: Any) -> bool:
    """Whether what is done with x is recorded here and now."""
    if not isinstance(x, Layered):
        return False
    if trace_of(x) is None:
        return isinstance(x._value, Layered)
    return bool(x._trace.level >= recording_from.get())


def is_leaf_of_tape(x: Any) -> bool:
    """Whether x is a leaf whose `.grad` the user is waiting for."""
    return isinstance(x._trace, Node) and x._trace.level == 0 and x._trace.rule is None


def root_of(x: Any) -> Any:
    """Return what x is a view of, in the end."""
    while x._alias is not None and x._alias.base is not None:
        x = x._alias.base
    return x


def check_fits(x: Any, index: Any, v: Any) -> None:
    """Refuse a value whose shape or dtype the place cannot take."""
    if not np.can_cast(v.dtype, x.dtype, "same_kind"):
        raise DtypeError(f"cannot write {describe(v)} into {describe(x)}: another kind of number")
    place = np.broadcast_to(np.empty((), bool), x.shape)[of_one_example(plain(index))].shape
    try:
        fits = np.broadcast_shapes(v.shape, place)[-len(place) or None :] == place
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"cannot write shape {v.shape} into x[index], which has shape {place}")


def plain(index: Any) -> Any:
    """Take the plain values of an index."""
    return tuple(map(raw, index)) if isinstance(index, tuple) else raw(index)


def of_one_example(index: Any) -> Any:
    """Put zeros in the place of what vmap has batched: for questions about shapes."""
    if isinstance(index, tuple):
        return tuple(map(of_one_example, index))
    batched: Any = index
    return np.zeros(batched.shape, batched.dtype) if isinstance(index, Layered) else index


def mark_written(x: Any) -> None:
    """Say that the array of a leaf was overwritten, as an optimiser does.

    A graph that has saved the old values will refuse to use them. Costs next to nothing where no
    graph is alive.
    """
    if x._trace is None:
        return
    if trace_holders(x) > TRACE_ALONE:
        x._trace = x._trace.written()
    elif x._trace.sink is not None:
        x._trace.sink.forget()


def mark_all_written(xs: list) -> None:
    """Do what `mark_written` does, for many leaves."""
    count, alone = sys.getrefcount, TRACE_ALONE
    for x in xs:
        if count(x._trace) > alone:  # asked as `trace_holders` asks; a name may count or may not
            mark_written(x)
            continue
        sink = x._trace.sink
        if sink is not None and (sink.print is not None or sink.handed_out):
            sink.forget()


def bind(x: Any, new: Any) -> None:
    """Let the handle x stand for a new value."""
    if isinstance(x, new.__class__) and same_batch(x, new):
        x._value, x._trace = new._value, new._trace
    elif x._trace is None:
        x._value = new  # a plain buffer that receives batched values
    else:
        raise GraphError(
            "a value of an inner vmap was written into a value of an outer one. Return it from "
            "the inner function, and write it outside."
        )


def same_batch(x: Any, new: Any) -> bool:
    """Whether both belong to the same vmap, or to none."""
    batches = [t if t is not None and t.batched else None for t in (x._trace, new._trace)]
    return batches[0] is batches[1]


def write_plainly(x: Any, index: Any, v: Any) -> None:
    """Write without recording.

    A leaf, and what has no history, is written in place, so that others who hold the array see it
    (as an optimiser wants it). What was calculated, and may be saved somewhere, is copied first.
    """
    value = x._value
    if not isinstance(value, np.ndarray) or (x._trace is not None and not is_leaf_of_tape(x)):
        value = np.array(value)
    assign(value, plain(index), raw(v))
    x._value = value
    if is_leaf_of_tape(x):
        x._trace = x._trace.written()


def tell_family(view: Any) -> None:
    """Write a view's new value back into its base, and let the other views know."""
    writes = view._alias.writes
    writes[0] += 1
    while view._alias.base is not None:
        alias, view_value = view._alias, view
        alias.seen = writes[0]
        base = alias.base
        shared = not is_recorded(view) and shares_memory(view, base)
        if shared:
            if is_leaf_of_tape(base):
                base._trace = base._trace.written()
        elif alias.f is getitem:
            write_back(base, setitem(base, view_value, alias.settings["index"]))
        else:  # a reordering: its adjoint is its inverse
            inverse = RULES[alias.f].adjoint  # type: ignore[attr-defined]
            new = inverse(view_value, Spec(base), **alias.settings)
            # without recording it would share the view's memory, and nobody would watch it there
            write_back(base, new if is_recorded(new) else new.copy())
        view = base
    view._alias.seen = writes[0]


def write_back(base: Any, new: Any) -> None:
    """Bind a base to its new value; without recording, its history stays."""
    trace = base._trace
    bind(base, new)
    if new._trace is None and trace is not None:
        base._trace = trace
