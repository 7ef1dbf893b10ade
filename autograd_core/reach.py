"""What a function can reach without being given it: variables, attributes, arrays, generators.

A recorded calculation is right as long as these are what they were. `Reach` remembers what they
are, and says which of them has changed.
"""

from __future__ import annotations

import array
import collections
import copy
import functools
import sys
import threading
import types
import weakref
import zlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from .anomaly import is_of_library
from .dispatch import Layered
from .findings import MISSING, SIMPLE, content_of, hooks_of, is_same, order_of, slots_of
from .guard import content as bytes_of
from .guard import is_equal
from .names import names_of
from .records import owner_of
from .trace import Recorder

__all__ = ["Reach", "states"]

LIMIT = 20_000  # objects; a program that captures more is looked at no further


class Reach:
    """What a function, and the objects that it was given, can reach.

    Attributes
    ----------
    arrays : dict
        Where each array was found, by its id.
    tensors : list of Tensor
    generators : list of numpy.random.Generator
    """

    def __init__(self, *roots: Any) -> None:
        self.arrays: dict[int, str] = {}
        self.owners: dict[int, np.ndarray] = {}
        self.tensors: list[Any] = []
        self.bindings: list[tuple[Any, Any, bool, str]] = []
        self.generators: list[np.random.Generator] = []
        self.lives: list[Any] = []
        self.places: list[tuple[Any, Any, Any, str]] = []  # container, key, content, name
        self.counters: list[list[int]] = []  # of changes of attributes, where a class counts these
        self.counted: list[int] = []  # how many changes there were when all was looked at
        self._counted: set[int] = set()
        self.sizes: list[tuple[Any, int, str]] = []
        self.lengths: list[tuple[Any, int, str]] = []
        self.orders: list[tuple[Any, list, str]] = []  # the keys of dicts
        self.sets: list[tuple[Any, Any, str]] = []  # and bytes, each with a copy
        self.opaque: str | None = None  # what changes without a trace
        self.hooked: list[tuple[Any, int, str]] = []  # leaves, with the number of their hooks
        self.contents: list[tuple[np.ndarray, bytearray, str]] = []
        self.prints: dict[int, int] = {}
        self._names: set[str] = set()  # that functions mention
        self._waiting: dict[str, list[tuple[Any, str, str]]] = {}  # what none has mentioned yet
        self._seen: set[int] = set()
        self._keep: list[Any] = []
        self._weak: list[tuple[Any, str]] = []
        self._gradients: list[tuple[Any, str]] = []  # visited last, so that they can be forgotten
        for root in roots:
            self._visit(root, getattr(root, "__name__", type(root).__name__))
        self._before_gradients = len(self.owners), len(self.tensors), len(self.bindings)
        while self._gradients:
            self._visit(*self._gradients.pop())
        self.complete = len(self._seen) < LIMIT
        for x, path in self._weak:  # to hold what it refers to would keep that alive
            if id(x()) not in self._seen and x() is not None:
                self.opaque = self.opaque or f"{path}, a weak reference"

    # --- walking ----------------------------------------------------------------------------------

    def _visit(self, x: Any, path: str) -> None:
        waiting = [(x, path)]
        while waiting:
            x, path = waiting.pop()
            if type(x) is str:  # it may be the name of an attribute
                waiting += self._of_name(x)
            if isinstance(x, SIMPLE) or id(x) in self._seen or len(self._seen) >= LIMIT:
                continue
            self._seen.add(id(x))
            self._keep.append(x)
            waiting += self._branches(x, path)

    def _branches(self, x: Any, path: str) -> Iterator[tuple[Any, str]]:
        kind = type(x)
        if kind is not type:
            yield kind, kind.__name__
        if kind in weakref.ProxyTypes:
            self.opaque = self.opaque or f"{path}, a weak reference"
        elif isinstance(x, weakref.ref):
            self._weak.append((x, path))
        elif isinstance(x, np.ndarray):
            owner = owner_of(x)
            if owner.dtype.hasobject:
                self.opaque = self.opaque or f"{path}, an array of objects"
            self.owners[id(owner)] = owner
            self.arrays[id(owner)] = path
        elif isinstance(x, Layered):
            self.tensors.append(x)
            self.bindings.append((x, x._value, x._trace is None, path))
            yield x._value, path
            sink = getattr(x._trace, "sink", None)
            if sink is not None:
                self._gradients.append((sink.grad, f"{path}.grad"))
            if hasattr(x._trace, "sink"):
                self.hooked.append((x, hooks_of(x), f"the hooks of {path}"))
            yield from self._of_attributes(x, path)
        elif isinstance(x, np.random.Generator):
            self.generators.append(x)
        elif getattr(kind, "live_in_recordings", False):
            self.lives.append(x)
            for group in getattr(x, "param_groups", ()):
                yield group["params"], path
        elif isinstance(x, types.FunctionType):
            yield from self._of_function(x, path)
        elif getattr(kind, "runs_in_recordings", False):  # it was compiled itself
            yield x.fn, path
        elif isinstance(x, types.MethodType):
            yield x.__self__, path
            yield x.__func__, path
        elif isinstance(x, functools.partial):
            yield from ((v, path) for v in (x.func, x.args, x.keywords))
        elif isinstance(x, CONTAINERS):
            yield from self._of_container(x, path)
        elif isinstance(x, (type, types.ModuleType)):
            if not is_of_library(file_of(x)):
                yield from self._of_space(x, path)
                yield from ((base, base.__name__) for base in getattr(x, "__bases__", ()))
        elif isinstance(x, memoryview):
            yield x.obj, path
        elif isinstance(x, ContextVar):
            self._place(x, None, content_of(x, None), path)
            yield content_of(x, None), path
        elif isinstance(x, threading.local):  # each thread has other attributes
            for name, v in vars(x).items():
                self._place(x, name, v, f"{path}.{name}")
                yield v, f"{path}.{name}"
        elif isinstance(x, BYTES):
            self.sets.append((x, copy.copy(x), path))
        elif isinstance(x, Iterator) and not hasattr(x, "__dict__"):
            if kind.__module__ not in QUIET:
                self.opaque = self.opaque or f"{path}, an iterator"
        elif isinstance(x, WRAPPERS):
            yield from ((getattr(x, name, None), path) for name in ("__func__", "fget", "fset"))
        elif kind.__module__ not in QUIET:
            yield from self._of_attributes(x, path)
            for name in slots_of(kind):
                v = getattr(x, name, MISSING)
                self._place(x, name, v, f"{path}.{name}")
                yield v, f"{path}.{name}"

    def _of_container(self, x: Any, path: str) -> Iterator[tuple[Any, str]]:
        if isinstance(x, (set, frozenset)):
            if isinstance(x, set):
                self.sets.append((x, frozenset(x), path))
            yield from ((v, path) for v in x)
            return
        if (keys := order_of(x)) is not None:
            self.orders.append((x, keys, path))
        elif not isinstance(x, tuple):
            self.lengths.append((x, len(x), path))
        for key, v in x.items() if isinstance(x, MAPPINGS) else enumerate(x):
            if not isinstance(x, tuple):
                self._place(x, key, v, f"{path}[{key!r}]")
            yield v, f"{path}[{key!r}]"
        if hasattr(x, "__dict__"):
            yield from self._of_attributes(x, path)

    def _of_attributes(self, x: Any, path: str) -> Iterator[tuple[Any, str]]:
        attributes = getattr(x, "__dict__", {})
        counter = getattr(type(x), "attribute_changes", None)
        if counter is not None:
            self._counted.add(id(attributes))
            if not any(counter is c for c in self.counters):
                self.counters.append(counter)
                self.counted.append(counter[0])
        self.sizes.append((attributes, len(attributes), path))
        for name, v in attributes.items():
            self._place(x.__dict__, name, v, f"{path}.{name}")
            yield v, f"{path}.{name}"

    def _of_function(self, f: types.FunctionType, path: str) -> Iterator[tuple[Any, str]]:
        code = f.__code__
        for name, cell in zip(code.co_freevars, f.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:
                continue
            self._place(cell, None, content, name)
            yield content, name
        for v in (f.__defaults__ or (), f.__kwdefaults__ or {}):
            yield v, path
        if is_of_library(code.co_filename):
            if hasattr(f, "__wrapped__"):
                yield f.__wrapped__, path
            return
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            if getattr(f, name):
                self._place(f, name, getattr(f, name), f"{path}.{name}")
        if vars(f):
            yield from self._of_attributes(f, path)
        names = names_of(code)
        for name in names.mentioned:
            yield from self._of_name(name)
        for name in sorted(names.looked_up & f.__globals__.keys()):
            self._place(f.__globals__, name, f.__globals__[name], name)
            yield f.__globals__[name], name
        for name in names.imported & sys.modules.keys():  # when the function runs
            yield sys.modules[name], name

    def _of_name(self, name: str) -> Iterator[tuple[Any, str]]:
        """Follow what modules and classes have under a name that a function mentions."""
        if name not in self._names:
            self._names.add(name)
            yield from self._released(name)

    def _released(self, key: str) -> Iterator[tuple[Any, str]]:
        for space, name, path in self._waiting.pop(key, ()):
            self._place(space, name, space[name], path)
            yield space[name], path

    def _of_space(self, x: Any, path: str) -> Iterator[tuple[Any, str]]:
        """Follow what functions mention of a module or a class, and what is used without a name."""
        space = vars(x)
        bases = [b for b in getattr(x, "__mro__", ())[1:] if is_of_library(file_of(b))]
        if isinstance(x, type):
            self.lengths.append((space, len(space), path))
        for name, v in space.items():
            key = x.__name__ if name in ("__init__", "__post_init__") else name
            is_special = name.startswith("__") and key is name
            is_used = is_special or any(name in vars(b) for b in bases)
            if is_special and not callable(v):
                continue
            self._waiting.setdefault(key, []).append((space, name, f"{path}.{name}"))
            if (key is name and is_used) or key in self._names:
                yield from self._released(key)

    def _place(self, container: Any, key: Any, content: Any, name: str) -> None:
        self.places.append((container, key, content, name))

    # --- asking -----------------------------------------------------------------------------------

    def changed(self) -> str | None:
        """Name what is not what it was: a variable that was bound anew, a setting; or None."""
        for container, key, content, name in self.places:
            now = content_of(container, key)
            if now is not content and not is_same(now, content):
                return name
        for things, n, name in (*self.sizes, *self.lengths):
            if len(things) != n:
                return name
        for x, keys, name in self.orders:
            if [*x] != keys:
                return name
        for x, members, name in self.sets:
            if x != members:
                return name
        for x, n, name in self.hooked:
            if hooks_of(x) != n:
                return name
        for x, value, is_plain, name in self.bindings:
            if x._value is not value or (x._trace is None) is not is_plain:
                return name
        for a, content, name in self.contents:
            if not is_equal(a, content):
                return name
        self.counted[:] = [counter[0] for counter in self.counters]
        return None

    def uncounted(self) -> list[tuple[Any, Any, Any, str]]:
        """Return the places that no counter of changes speaks for."""
        return [place for place in self.places if id(place[0]) not in self._counted]

    def uncounted_sizes(self) -> list[tuple[Any, int, str]]:
        """Return the attributes whose number no counter of changes speaks for."""
        return [size for size in self.sizes if id(size[0]) not in self._counted]

    def settings(self) -> list:
        """Return the settings of optimizers."""
        groups = [group for x in self.lives for group in getattr(x, "param_groups", ())]
        return [{k: v for k, v in group.items() if isinstance(v, SIMPLE)} for group in groups]

    def take_prints(self) -> None:
        """Remember the contents of all arrays."""
        self.prints = {key: print_of(a) for key, a in self.owners.items()}

    def watch_unrecorded(self, record: Recorder) -> None:
        """Watch arrays of which numbers may have been made that are constants in the recording:
        those that no recorded call reads first, then those that may be read in both ways. Of
        parameters only those that gave their array away: the others, recorded calls follow.

        Each call compares them. Where that would take too long, the function is not compiled; but
        parameters that it does not use (a frozen part of a model, say) are left out.
        """
        values = record.externals.values()
        read = {id(owner_of(v.array)): v.storage.writes for v in values}
        seen = record.given_away
        used = {id(owner_of(x._value)) for x in self.tensors if type(x._value) is np.ndarray}
        left = WATCHED
        for key, a in sorted(self.owners.items(), key=lambda x: (x[0] in read, x[1].nbytes)):
            name = self.arrays[key]
            if key in seen and (read.get(key) or a.nbytes > WATCHED):
                record.fail_at_end(f"it reads {name} as a plain array, which cannot be watched")
            is_followed = key in read and key not in seen and (key in used or read[key])
            if is_followed or name.endswith(".grad") or a.dtype.hasobject:
                continue
            left -= a.nbytes
            if left >= 0:
                self.contents.append((a, bytes_of(a), name))
            elif key not in used and key not in read:
                record.fail_at_end(
                    f"no recorded call reads {name} ({a.nbytes / 1e6:.1f} MB); if numbers are made "
                    f"of it by other calls, a change would go unnoticed: pass it as an argument"
                )

    def captured(self) -> list[int]:
        """Return the ids of arrays that the function reaches otherwise than as gradients."""
        return list(self.owners)[: self._before_gradients[0]]

    def forget_gradients(self) -> None:
        """Let go of gradients that the function does not look at."""
        owners, tensors, bindings = self._before_gradients
        self.owners = dict(list(self.owners.items())[:owners])
        del self.tensors[tensors:], self.bindings[bindings:], self._keep[:]

    def silently_written(self, record: Recorder) -> str | None:
        """Name an array whose content has changed though no recorded call wrote into it."""
        for key, a in self.owners.items():
            if self.prints[key] != print_of(a):
                storage = record.storage_of(a)
                if storage is None or not storage.writes:
                    return self.arrays[key]
        return None

    def grown(self) -> str | None:
        """Name a list, dict or set that has another length than it had."""
        members = (*self.sets, *self.orders)
        sizes = (*self.lengths, *((x, len(there), name) for x, there, name in members))
        return next((name for x, n, name in sizes if len(x) != n), None)


CONTAINERS = (list, tuple, set, frozenset, dict, collections.deque, types.MappingProxyType)
MAPPINGS = (dict, types.MappingProxyType)
BYTES = (bytearray, array.array)
WRAPPERS = (staticmethod, classmethod, property)
QUIET = {"numpy.random", "threading", "_thread", "io", "_io", "re", "logging", "weakref"}


LARGE = 1 << 24
WATCHED = 1 << 20  # bytes, of all arrays together


def print_of(x: np.ndarray) -> int:
    """Return a checksum of an array, or of a sample of a large one."""
    if x.dtype.hasobject:
        return 0
    if x.nbytes > LARGE:
        x = x.reshape(-1)[:: x.nbytes // LARGE] if x.flags.c_contiguous else x[:1]
    return zlib.crc32(np.ascontiguousarray(x).reshape(-1).view(np.uint8).data)


def file_of(x: Any) -> str:
    """Return the file of a module, or of that in which a class was made."""
    module = x if isinstance(x, types.ModuleType) else sys.modules.get(x.__module__)
    is_built_in = module is not None and module.__name__ in sys.builtin_module_names
    return getattr(module, "__file__", None) or ("<frozen " if is_built_in else "")


def states(reach: Reach) -> Any:
    """Return the states of the random generators that a function could draw from."""
    own = [repr(g.bit_generator.state) for g in reach.generators]
    python = sys.modules.get("random")
    numpys = np.random.get_state()  # noqa: NPY002 (it is asked, not used)
    return own, None if python is None else python.getstate(), repr(numpys)
