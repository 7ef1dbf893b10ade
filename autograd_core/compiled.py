"""`compile`: run a function as a straight line of array calls, recorded when it first ran."""

from __future__ import annotations

import functools
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .anomaly import levels_to_user, watching
from .dispatch import Layered
from .entry import MISSED, entry_of
from .errors import ArgumentError
from .layout import size_of
from .lent import Lent, at_home, move_out, seen
from .live import ChangedError
from .memory import give_back, no_collections
from .outcomes import (
    gradients_before,
    gradients_of,
    judge,
    outcome,
    plain_after_errors,
    prepared,
    wrapped,
)
from .plan import Plan
from .reach import Reach, states
from .recording import Recording
from .records import Value
from .replay import Program
from .signatures import (
    is_array,
    is_calculated,
    kind_of,
    modes,
    plain_name,
    signature,
    structure,
    there,
    twins,
)
from .snapshot import Snapshot, is_close
from .trace import Recorder, recorder
from .trees import flatten

__all__ = ["Compiled", "compile"]

Function = Callable[..., Any]
RENEWED = 5  # times that a recording is made anew before it was ever used
MOST_MISSED = 50  # times that the short way in is made anew
MOST = 16  # recordings of one function
COMPARED = 1 << 18  # bytes; what writes into more than this is not run twice, but recorded twice
SHARE = 16  # unless that is a small share of all bytes that are calculated

OTHERWISE = (
    "a second call gave other numbers than its recording: it uses values that it calculates "
    "outside of the recorded array calls"
)


class CompileWarning(UserWarning):
    """A function runs as it is, because it cannot be recorded."""


def compile(fn: Function, *, fallback: bool = True, exact: bool = False) -> Compiled:
    """Return a function that does what `fn` does, as a straight line of array calls.

    The first call runs `fn` and records each array call, those of the backward pass included. The
    second runs both, and compares. From then on only the recording is replayed, planned: without
    dead calls, in memory that is there already. Other shapes or dtypes are recorded anew.

    Parameters
    ----------
    fn : callable
        Takes and returns arrays, Tensors and numbers, or lists, tuples and dicts of them;
        `grad(f)`, `value_and_grad(f)`, `jacobian(f)`, `hessian(f)` are such functions.
    fallback : bool, default True
        Run `fn` itself, and say why, where it cannot be recorded. False raises instead.
    exact : bool, default False
        Keep the order of all summations: results equal those of `fn` to the bit. Otherwise sums
        over 131,072 elements or more, and those over the rows of a matrix of 16 MB or more, may be
        taken in blocks, and differ in their last digits.

    Returns
    -------
    Compiled
        Callable like `fn`; `.source` is the text that is run, `.report()` says what was done.

    Raises
    ------
    ArgumentError
        With ``fallback=False``, where `fn` cannot be recorded.

    Notes
    -----
    What `fn` does besides array calls is not repeated: printing, appending to a list. A value that
    is read to branch on it (`if loss > 1`, `float(x)`) cannot be recorded; use `np.where`. Arrays
    and numbers that `fn` captures may be changed or bound anew: that is noticed. But give it arrays
    of more than 1 MB as arguments, where it makes plain numbers of them (`X.max()`), too.

    A training step is recorded with its backward pass and its optimizer: learning rates, schedules
    and random draws are those of each call. `.grad` holds the gradients afterwards. The Tensor that
    is returned has no history, and one that could still be differentiated is not for a recording.
    Parameters whose memory nobody else holds move into one vector. A method is compiled as well.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import compile, grad
    >>> slope = compile(grad(lambda x: np.sum(np.tanh(x) ** 2)))
    >>> for _ in range(3):
    ...     g = slope(np.array([0.0, 0.5]))
    >>> g.round(4)
    array([0.    , 0.7269])
    """
    return Compiled(fn, fallback=fallback, exact=exact)


class Compiled:
    """What `compile` returns: a function that is recorded when it runs first, and then replayed."""

    runs_in_recordings = True  # as if it were its function

    def __init__(self, fn: Function, *, fallback: bool = True, exact: bool = False) -> None:
        self.fn, self.fallback, self.exact = fn, fallback, exact
        self.recordings: dict[Any, Recording] = {}
        self.last: Recording | None = None
        self._entry: Callable[..., Any] | None = None
        self._entered: Recording | None = None
        self._arity = self._missed = 0
        self._sinks: list[Any] = []  # of gradients that are looked at before they are set
        self._turn = threading.Lock()
        self.said: set[str] = set()
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, or its recording."""
        if not self._turn.acquire(blocking=False):  # its memory is in use
            return self.fn(*args, **kwargs)
        try:
            if self._entry is not None and not kwargs and len(args) == self._arity:
                result = self._entry(*args)
                if result is not MISSED or (result := self._other_ways(args)) is not MISSED:
                    return result
            return self._call(args, kwargs)
        except ChangedError:  # checks come first: nothing has been written
            return self.fn(*args, **kwargs)
        finally:
            self._turn.release()

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        """Be a method of what it is found in."""
        return self if owner is None else types.MethodType(self, owner)

    def __reduce__(self) -> Any:
        """Copy it as what it was made of: a copy has recordings of its own."""
        return made_of, (self.fn, self.fallback, self.exact)

    def __repr__(self) -> str:
        return f"compile({self.fn!r})"

    def _other_ways(self, args: tuple) -> Any:
        """Try the short ways into other recordings: batches of two sizes take turns."""
        for found in self.recordings.values():
            if found.way_in not in (None, self._entry) and found.arity == len(args):
                result = found.way_in(*args)
                if result is not MISSED:
                    self.last, self._entered, self._entry = found, found, found.way_in
                    return result
        return MISSED

    def _call(self, args: tuple, kwargs: dict) -> Any:
        """Find the recording for these arguments, and do with it what is to be done."""
        if watching.get() or recorder() is not None:
            return self.fn(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs)) if kwargs else flatten(args)
        form = structure((args, kwargs) if kwargs else args)
        key: tuple = ((modes(), form, twins(leaves)), *map(kind_of, leaves))
        if self._sinks:
            key = (*key, there(self._sinks))
        found = self.recordings.get(key)
        if found is not None and found.is_given_a_gradient(leaves):
            return self.fn(*args, **kwargs)
        if found is not None and found.state == "ready":
            self.last = found
            counted = list(found.reach.counted)
            if found.changed() is None:
                if self._entered is not found or counted == found.reach.counted:
                    self._open(found, args, kwargs)
                return self._replay(found, leaves)
            del self.recordings[key]
            found = None
        if found is None:
            if any(isinstance(x, Layered) and is_calculated(x) for x in leaves):
                return self.fn(*args, **kwargs)
            found = self.recordings[key] = Recording(self.exact)
        self.last = found
        if found.state == "recorded" and (changed := found.changed()) is not None:
            found.state, found.renewed = "new", found.renewed + 1
            if found.renewed > RENEWED:
                found.state, found.reason = "eager", f"{changed} is another one at each call"
        if found.state == "new":
            if len(self.recordings) > MOST:
                found.state, found.reason = "eager", f"it was called in {MOST} different ways"
            else:
                result = self._record(found, leaves, rebuild, bool(kwargs))
                return self._learn(key, found, result)
        if found.state == "recorded":
            return self._verify(found, leaves, args, kwargs)
        self._say(found)
        return self.fn(*args, **kwargs)

    def _learn(self, key: tuple, found: Recording, result: Any) -> Any:
        """Tell calls apart by whether there are gradients to which this recording has added."""
        known = set(map(id, self._sinks))
        new = [(sink, grad) for sink, grad in found.entry if id(sink) not in known]
        if new:
            before = key[-1] if self._sinks else ""
            base = key[:-1] if self._sinks else key
            self._sinks += [sink for sink, _ in new]
            now = before + "".join("01"[grad is not None] for _, grad in new)
            self.recordings = {(*base, now): found}
        return result

    def _open(self, found: Recording, args: tuple, kwargs: dict) -> None:
        """Make the short way in, for calls like this one."""
        if self._entered is found:
            self._missed += 1  # what was bound anew has the same value
            found.way_in = None
        self._entered, self._entry = found, None
        if not kwargs and not found.program.fresh and self._missed < MOST_MISSED:
            self._arity = found.arity = len(args)
            if found.way_in is None:
                found.way_in = entry_of(
                    args, found.reach, found.entry, found.effects, found.program.run, found.rebuild
                )
            self._entry = found.way_in

    # --- the three ways to run --------------------------------------------------------------------

    def _record(self, found: Recording, leaves: list, rebuild: Any, named: bool) -> Any:
        give_back()
        with at_home(prepared(self.fn, leaves)):
            return self._listen(found, leaves, rebuild, named)

    def _listen(self, found: Recording, leaves: list, rebuild: Any, named: bool) -> Any:
        reach = Reach(self.fn, *(x for x in leaves if not is_array(x)))
        record = Recorder(frozenset(reach.arrays))
        before, settings = states(reach), reach.settings()
        reach.take_prints()
        given, inputs = wrapped(leaves, record)
        tree = rebuild(given)
        leaves_before = gradients_before(reach)
        with record.listening(), plain_after_errors(leaves_before, record):
            result = self.fn(*tree[0], **tree[1]) if named else self.fn(*tree)
        found.reach, found.statics = reach, leaves
        found.entry, found.generators = list(record.entry.values()), record.generators
        outputs: list[Value] = []
        shown, found.rebuild = outcome(result, record, outputs)
        gradients = gradients_of(leaves_before, record)
        judge(record, reach, before, settings)
        reach.watch_unrecorded(record)
        if record.failure is None:
            try:
                self._write_down(found, record, inputs, outputs, gradients)
            except Exception as error:  # whatever it is: the step itself has been done
                record.failure = f"its recording cannot be written down ({error!r})"
        if not record.entry:
            reach.forget_gradients()
        record.forget()
        if record.failure is not None:
            move_out(found.entry)
            found.state, found.reason = "eager", record.failure
            self._say(found)
        else:
            found.state = "recorded"
        return shown

    @no_collections()
    def _write_down(
        self, found: Recording, record: Recorder, inputs: list, outputs: list, gradients: list
    ) -> None:
        """Make a program of what was recorded."""
        held = [v for _, v in gradients if v is not None]
        made = {v.storage: v for call in record.calls for v in call.results if v.kind == "array"}
        found.calculated = sum(map(size_of, made.values()))
        plan = Plan(record, [*outputs, *held], found.exact)
        given, name = [x._ref for x in inputs], plain_name(self.fn)
        found.program = Program(plan, given, name, len(outputs), gradients)
        found.effects = [(s, None if g is None else Lent(g), g) for s, g in found.program.effects]

    def _verify(self, found: Recording, leaves: list, args: tuple, kwargs: dict) -> Any:
        """Run and replay side by side, the first time that a recording is used."""
        program = found.program
        if sum(a.nbytes for a in program.written) > max(COMPARED, found.calculated // SHARE):
            return self._record_again(found, leaves, args, kwargs)
        arrays = seen(found.entry, program.written)
        sinks = {id(s): s for s, _ in (*program.effects, *found.entry, *program.fresh)}
        settings = found.reach.lives, [g() for g in found.generators], list(sinks.values())
        before = Snapshot(arrays, *settings)
        result = self.fn(*args, **kwargs)
        after = Snapshot(arrays, *settings)
        problem: Any = None
        before.restore()
        try:
            replayed = self._replay(found, leaves)
            terms = 0 if self.exact else found.program.terms
            same = is_close(replayed, result, terms) and after.is_as_now(terms)
        except Exception as error:
            problem = error
        finally:
            after.restore()
        del before, after
        give_back()
        if problem is not None:
            found.state, found.reason = "eager", f"its recording failed: {problem!r}"
        elif same:
            found.state = "ready"
            return result
        elif terms > 1:  # sums whose terms cancel: what is left of them depends on the order
            found.state, found.exact = "new", True
            return result
        else:
            found.state, found.reason = "eager", OTHERWISE
        self._say(found)
        return result

    def _record_again(self, found: Recording, leaves: list, args: tuple, kwargs: dict) -> Any:
        """Record a second time, and see whether it is the same: without a copy of all weights."""
        twin = Recording(found.exact)
        found.clear_gradients()
        rebuild = flatten((args, kwargs))[1] if kwargs else flatten(args)[1]
        result = self._record(twin, leaves, rebuild, bool(kwargs))
        same = twin.state == "recorded" and twin.program.is_like(found.program)
        vars(found).update(vars(twin))
        if same:
            found.state = "ready"
        elif twin.state == "recorded":
            found.state, found.reason = "eager", OTHERWISE
            self._say(found)
        return result

    def _replay(self, found: Recording, leaves: list) -> Any:
        inputs = [
            x if type(x) is np.ndarray or not isinstance(x, Layered) else x._value
            for x in leaves
            if is_array(x)
        ]
        if not found.replayed:
            found.make_room()
        return found.replay(inputs)

    def _say(self, found: Recording) -> None:
        text = f"{plain_name(self.fn)} runs as it is, not compiled: {found.reason}."
        if not self.fallback:
            raise ArgumentError(text)
        if text not in self.said:
            self.said.add(text)
            warnings.warn(text, CompileWarning, stacklevel=levels_to_user())

    # --- what people look at ----------------------------------------------------------------------

    @property
    def source(self) -> str:
        """What is run, as Python text; that of the last call's recording."""
        found = self.last
        if found is None or found.state == "new":
            return "# nothing was recorded yet: call it once"
        if found.state == "eager":
            return f"# runs as it is: {found.reason}"
        return found.program.source

    def report(self) -> str:
        """Say for each recording what was done, how many calls and bytes are left, what fell back.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_core import compile
        >>> double = compile(lambda x: x + x)
        >>> double(np.ones(3))
        array([2., 2., 2.])
        >>> print(double.report())
        function(float64[3]): 1 call of 1 recorded; 0 B of buffers; to be compared at the next call
        """
        if not self.recordings:
            return "nothing was recorded yet: call it once"
        name = plain_name(self.fn)
        return "\n".join(f"{name}({signature(k)}): {r.said()}" for k, r in self.recordings.items())


def made_of(fn: Function, fallback: bool, exact: bool) -> Compiled:
    """Compile with all settings."""
    return Compiled(fn, fallback=fallback, exact=exact)
