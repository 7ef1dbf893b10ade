"""Noticing that a saved array was changed between the forward and the backward pass.

A backward pass uses values that the forward pass saved. If such an array is refilled meanwhile
(a batch buffer that is used again, a write through `.detach().numpy()`), the gradient would be
wrong without a word. Tensors keep what they calculate to themselves, so only arrays that the user
can reach are watched: constants that were given as plain arrays, and Tensors whose array was
handed out. A print is taken of each when it is saved, and compared when it is used. The print is a
copy: no sum of the numbers is quicker, and none sees each change, whatever the numbers.

A large array is too dear to copy; of it the print is a digest that each byte goes into. Two passes
over the memory are what that costs, one when it is saved and one when it is used. Of a mask the
bits are kept, an eighth of its size. A large constant that is used again and again can be made
`read_only` once, and is not watched then.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from .errors import DtypeError, GraphError, describe

__all__ = ["HookHandle", "Sink", "check_saved", "fingerprint", "is_private", "read_only"]

COPIED_BYTES = 1 << 18
TINY_BYTES = 1 << 10
PACKED_BYTES = 1 << 12
WIDTH, NARROW = 2039, 509
PART_WORDS = 1 << 17
WIDE_BYTES = 8 * WIDTH * NARROW  # from which the grid is wide


PRIVATE: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()
"""What `read_only` made, by identity."""


def read_only(x: Any) -> np.ndarray:
    """Return a copy that NumPy lets nobody write, and that therefore is not watched.

    Arrays that a recorded operation saves are compared when they are used (a copy is, or of more
    than 256 kB a digest). For large data that a function uses in each call that can take as long as
    the function itself; for data that were made read-only once it takes nothing. Do not give it to
    libraries that write without asking NumPy (PyTorch's `from_numpy` and `from_dlpack` do).

    Parameters
    ----------
    x : array_like

    Returns
    -------
    ndarray
        With memory of its own. Views of it are as good.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> X = read_only(np.ones((1000, 3)))
    >>> grad(lambda w: np.mean(X @ w))(np.zeros(3))
    array([1., 1., 1.])
    >>> X[0, 0] = 2.0
    Traceback (most recent call last):
        ...
    ValueError: assignment destination is read-only
    """
    y = np.array(x)
    y.flags.writeable = False
    PRIVATE[id(y)] = y
    return y


def is_private(x: np.ndarray) -> bool:
    """Whether an array is one that `read_only` made, or a view of one, and was left at that."""
    if x.flags.writeable:
        return False
    owner = x if x.base is None else x.base
    return PRIVATE.get(id(owner)) is owner and not owner.flags.writeable


class Print(bytearray):
    """A copy of the bytes of an array, their digest, or the bits of a mask.

    All that save the same array, unchanged, have one print together: the last one of each array
    is known, weakly, by the array's identity. That of another array that is no more does no harm,
    as a print is used only where it is equal.
    """

    __slots__ = ("__weakref__",)
    last: ClassVar[dict[int, weakref.ref[Print]]] = {}

    def note(self, x: np.ndarray) -> None:
        """Let those find it who save the same array."""
        if len(Print.last) > 1000:  # a dict of weak references, forgotten now and then, is quicker
            Print.last.clear()  # than one that forgets each when it dies
        Print.last[id(x)] = weakref.ref(self)


def content(x: np.ndarray) -> Print:
    """Return the bytes of an array, the bits of a mask, or the digest of a large array."""
    if x.dtype.char == "?" and x.nbytes > PACKED_BYTES:
        return Print(memoryview(np.packbits(x)))  # type: ignore[arg-type]
    if x.nbytes > COPIED_BYTES:
        return digest(x)
    return Print(memoryview(x) if x.flags.c_contiguous else x.tobytes())  # type: ignore[arg-type]


def digest(x: np.ndarray) -> Print:
    """Return the sums of the words of an array over the rows and the columns of a grid.

    Sums are modulo 2^64 (the product code of Elias, 1954). Arrays that differ in at most three
    words, or only within as many words as the grid is wide, always have different digests; so have
    all whose differences do not cancel in each of the rows and each of the columns. The width is a
    prime, so that rows and columns of the user's own do not fall into line with these.
    """
    memory = (x if x.flags.c_contiguous else np.ascontiguousarray(x.T)).reshape(-1).view(np.uint8)
    width = NARROW if memory.size < WIDE_BYTES else WIDTH
    rows = memory.size // (8 * width)
    rest = 8 * rows * width
    grid = memory[:rest].view(np.uint64).reshape(rows, width)
    size = 8 * (rows + width)
    result = Print(size + memory.size - rest)
    sums = np.frombuffer(result, np.uint64, rows + width)
    of_rows, of_columns, of_part = sums[:rows], sums[rows:], np.empty(width, np.uint64)
    height = PART_WORDS // width
    for i in range(0, rows, height):  # a part of the grid that stays in the cache
        part = grid[i : i + height]
        np.add.reduce(part, axis=1, out=of_rows[i : i + height])
        of_columns += np.add.reduce(part, axis=0, out=of_part)
    memoryview(result)[size:] = memory[rest:].data
    return result


def is_equal(x: np.ndarray, before: bytes | bytearray) -> bool:
    """Whether the bytes of an array are what they were."""
    if type(x) is np.ndarray and x.nbytes <= TINY_BYTES:  # and no part of a recording
        return before == x.tobytes()
    if x.nbytes <= COPIED_BYTES and x.flags.c_contiguous and x.dtype.char != "?":
        return before.__eq__(x) is True  # reads the memory once, and copies nothing
    return before == content(x)


def fingerprint(x: np.ndarray) -> Any:
    """Return a print of an array; a tiny one is not shared, and its bytes as they are."""
    if hasattr(x, "is_recorded_array"):  # `compile` notes all writes itself
        return OUTDATED
    if x.dtype.char == "O":
        raise DtypeError(
            f"a calculation that is differentiated met {describe(x)}. It calculates with "
            f"numbers only: np.asarray(x, dtype=float)."
        )
    if x.nbytes <= TINY_BYTES:
        return x.tobytes()
    last = Print.last.get(id(x))
    found = None if last is None else last()
    if found is None or not is_equal(x, found):
        found = content(x)
        found.note(x)
    return found


def has_changed(x: np.ndarray, before: Any) -> bool:
    """Whether an array is not what it was."""
    if before is OUTDATED or hasattr(x, "is_recorded_array"):  # `compile` notes all writes itself
        return False
    return not is_equal(x, before)


def changed(x: np.ndarray, what: str) -> GraphError:
    """Say that a saved array is not what it was."""
    return GraphError(
        f"{what}, shape {x.shape}, was changed between the forward and the backward pass, so "
        f"the gradient would be wrong. Call backward before you fill the array again, or give "
        f"the operation a copy: x.copy()."
    )


def check_saved(node: Any) -> None:
    """Refuse to use saved constants, or a saved result, that were changed."""
    if node.prints is not None:
        for i, before in node.prints:
            if has_changed(node.operands[i], before):
                raise changed(node.operands[i], operand_name(node, i))
    if node.sink is None or node.sink.print is None:
        return
    for y in results_in(node):
        if has_changed(y, node.sink.print):
            raise changed(y, f"the result of {node.rule.name}")


def results_in(node: Any) -> list[np.ndarray]:
    """Return the result, if it is what an operation saved, or is among it."""
    if node.y is None:
        return []
    if not node.rule.saves:
        return [node.y] if node.y.__class__ is np.ndarray else []
    y, saved = node.sink.value(), node.y if isinstance(node.y, tuple) else (node.y,)
    arrays = [x for x in saved if x.__class__ is np.ndarray]
    return [y for x in arrays if y is not None and np.may_share_memory(x, y)][:1]


def check_operand(node: Any, i: int) -> None:
    """Refuse to use a saved operand whose Tensor was overwritten, or whose array was changed."""
    parent, x = node.parents[i], node.operands[i]
    if x.__class__ is not np.ndarray:
        return
    sink = parent.sink
    owner = parent if sink.root is None else sink.root
    if owner.operands is None and owner.rule is None:
        raise GraphError(
            f"{operand_name(node, i)}, shape {x.shape}, was overwritten between the forward and "
            f"the backward pass (by an optimiser's step, or an in-place write under no_grad): the "
            f"gradient would be wrong. Call backward first, then write."
        )
    watched = node.prints is not None and any(i == j for j, _ in node.prints)
    if watched:
        return
    if sink.print is not None and has_changed(x, sink.print):
        raise changed(x, operand_name(node, i))
    if owner is not parent and owner.sink is not None and owner.sink.print is not None:
        whole = owner.sink.value()  # no more, if what was saved has memory of its own
        if whole is not None and has_changed(whole, owner.sink.print):
            raise changed(whole, operand_name(node, i))


def operand_name(node: Any, i: int) -> str:
    """Name an operand in a message."""
    return f"operand {i} of {node.rule.name}"


class HookHandle:
    """What `register_hook` gives back."""

    def __init__(self, hooks: list[Callable[[Any], Any]], hook: Callable[[Any], Any]) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)


OUTDATED: Any = object()
"""The print of a value that was written since it was handed out."""


class Sink:
    """What only few nodes have: a kept gradient, hooks, and what is known of arrays handed out.

    `print` is a fingerprint of the value while its memory is in the user's hands, `value` gives
    that value. The sink of a view knows the node `root` whose memory it shows, and its array
    (weakly): what becomes of the one concerns the other. `shown` is the copy (weakly) that took the
    place of a gradient in the memory of a recording when it was looked at.
    """

    __slots__ = (
        "grad",
        "handed_out",
        "hooks",
        "print",
        "retains",
        "root",
        "root_value",
        "shared",
        "shown",
        "value",
    )

    def __init__(self, root: Any = None, root_value: Any = None) -> None:
        self.grad: Any = None
        self.retains = False
        self.hooks: Sequence[Callable[[Any], Any]] = ()
        self.print: Any = None
        self.handed_out: Sequence[weakref.ref[np.ndarray]] = ()
        self.value: Any = None
        self.shown: weakref.ref[Any] | None = None
        self.root, self.root_value = root, root_value
        # whether the memory was handed out, or belongs to another value as well
        self.shared = root is not None

    @property
    def is_quiet(self) -> bool:
        """Whether a backward pass has nothing to do: no hook, no gradient to keep, no print."""
        return not (self.retains or self.hooks) and self.print is None

    def forget(self) -> None:
        """Take note that the value was written."""
        self.print = OUTDATED if self.handed_out else None
        self.shared = self.print is not None or self.root is not None

    def is_exposed(self, value: np.ndarray) -> bool:
        """Whether the value may change, because somebody holds an array that shares its memory."""
        if self.print is None:
            return self.is_root_exposed()
        self.handed_out = [r for r in self.handed_out if r() is not None]
        if self.handed_out and self.print is OUTDATED:
            self.print = fingerprint(value)
        elif not self.handed_out and (self.print is OUTDATED or not has_changed(value, self.print)):
            self.print = self.value = None
            self.shared = self.root is not None
        return self.print is not None or self.is_root_exposed()

    def is_root_exposed(self) -> bool:
        """Whether somebody holds the memory that this is a view of."""
        shown = None if self.root is None else self.root.sink
        if shown is None or shown.print is None:
            return False
        whole = shown.value()
        return whole is not None and shown.is_exposed(whole)

    def expose(self, value: Any, given: Any) -> None:
        """Remember that `given`, which shares the memory of `value`, is in the user's hands."""
        if self.print is None or self.print is OUTDATED:
            self.print = fingerprint(value)
            self.shared = True
        # a view keeps the array that owns the memory alive, so there is no need to do it here
        self.value = weakref.ref(value) if value.base is None else lambda: value
        alive = [r for r in self.handed_out if r() is not None]
        self.handed_out = [*alive, weakref.ref(given)]
        whole = None if self.root is None else self.root_value()
        if whole is not None:
            self.root.sink = self.root.sink or Sink()
            self.root.sink.expose(whole, given)

    def hand_out(self, value: Any) -> Any:
        """Give out an array that shares the memory of `value`.

        Views of the array that is given out refer to it and not to `value`, because there is a
        memoryview in between. So it dies when the last of them does.
        """
        if value.__class__ is not np.ndarray or hasattr(value, "is_recorded_array"):
            return value
        given = np.asarray(memoryview(value))  # type: ignore[arg-type]
        self.expose(value, given)
        return given
