"""Do the tests notice a wrong rule? Each mutant is the rule table with one small mistake in it.

    OPENBLAS_NUM_THREADS=1 python -m tests.mutations 100        # the mutants of seeds 0 to 99
    OPENBLAS_NUM_THREADS=1 python -m tests.mutations 42 43      # only that of seed 42

A seed picks a line of `autograd_core/rules/` and a mistake that could be made there: a sign, an
operator, an axis or offset, a transpose or conjugate that is missing, two operands exchanged. The
file is changed in memory, in a process of its own, and the sample table goes through its tests
(value, both modes to second order, vmap, float32, shapes) until one of them fails. Only samples
that reach the line take part. What none of them notices goes to the other tests of the core.

Two lines are printed for each mutant; the exit code is the number of those that nothing noticed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import itertools
import json
import os
import signal
import sys
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.mistakes import Mistake, mistakes_in

ROOT = Path(__file__).parent.parent
CORE = ROOT / "autograd_core"
TESTS = ROOT / "tests" / "autograd_core"
OTHER_TESTS = (
    *("test_numpy_functions.py", "test_complex.py", "test_linalg.py", "test_inplace.py"),
    *("test_vmap.py", "test_engine.py::test_subgradients_at_kinks", "doors/test_scipy.py"),
    *("doors/test_scipy_stats.py", "doors/test_scipy_linalg.py"),
)
SECONDS = 10  # a mutant that takes longer for one sample hangs in an endless loop

Reached = dict[str, dict[str, list[int]]]
"""For each file, and each line of it, the samples that come there."""

EQUIVALENT = {
    "if A.ndim <= 2 and B.ndim <= 2:": "both branches give the same, the first one sooner",
    "np.sign(np.copysign(1.0, b))": "a factor of 1 or -1: its size and a division do not count",
    "copies = np.broadcast_to(np.expand_dims(g, -1)": "both indices of a diagonal are equally long",
    "places = np.insert(np.arange(n), obj, 0).size - n": "only the size is used",
    "recurrence(delayed(np.flip(a, axis), 0.0": "what is in front is multiplied by 0",
    "np.where(np.isneginf(y), 0.0, y)": "where y = -inf all x are, and exp(x - anything) is 0",
    "SVDResult = type(": "a type, whatever the matrix",
    "abs(order - 1)": "of which the absolute value is taken",
    "-G @ T(y) if needs[0] else None": "what is not needed is dropped",
    "n = A.shape[-1]": "of a square matrix, for its exponential",
    "n = A.shape[1]": "of square matrices, whose rows are as many as their columns",
    "check_finite=True": "of finite numbers",
    "min(1 - x.ndim, 1)": "1 - ndim is the axis 1, too, from the other end",
    "stand_ins = ": "only their shapes are looked at",
    "a = a @ a if n else a -> a = a @ a if n else a": "a factor exchanged with itself",
    "near = np.abs(x) < 2": "both formulas have their digits there",
    "np.where(near, ": "where it is not near, the result is not used",
}
"""Lines with mistakes that change nothing, by what stands in them, with the reason. They are drawn
again."""


class Mutant:
    """One file of the rule table with a mistake."""

    def __init__(self, path: Path, mistake: Mistake) -> None:
        self.path, self.mistake = path, mistake
        self.tree, before, after = mistake.applied()
        self.change = f"{before} -> {after}"
        self.module = ".".join(path.relative_to(ROOT).with_suffix("").parts)

    def __str__(self) -> str:
        before, after = self.change.split(" -> ")
        line = f"{self.path.relative_to(ROOT)}:{self.mistake.line}"
        return f"{line}\n     - {before}\n     + {after}"


@functools.cache
def mistakes_by_line() -> dict[tuple[Path, int], list[Mistake]]:
    """Return all mistakes that can be made on each line of the rules."""
    lines: dict[tuple[Path, int], list[Mistake]] = defaultdict(list)
    for path in sorted((CORE / "rules").rglob("*.py")):
        for mistake in mistakes_in(path.read_text()):
            lines[path, mistake.line].append(mistake)
    return lines


def mutants(seed: int) -> Iterator[Mutant]:
    """Draw a line of all rules, and a mistake on it, again and again."""
    rng = np.random.default_rng(seed)
    places = list(mistakes_by_line().items())
    while True:
        (path, _), mistakes = places[rng.integers(len(places))]
        mutant = Mutant(path, mistakes[rng.integers(len(mistakes))])
        if not any(text in mutant.change for text in EQUIVALENT):
            yield mutant


# --- a mutant and its tests, in a process of their own --------------------------------------------


class Loader(SourceFileLoader):
    """Compiles the file of a mutant with its mistake."""

    mutant: Mutant

    def get_code(self, fullname: str) -> Any:
        return compile(self.mutant.tree, self.path, "exec")


class Finder:
    """Finds the module of a mutant before Python does."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.mutant.module:
            return None
        loader = Loader(name, str(self.mutant.path))
        loader.mutant = self.mutant
        return importlib.util.spec_from_file_location(name, self.mutant.path, loader=loader)


def sample_table() -> tuple[list[Any], Callable[[Any], Iterator[tuple]]]:
    """Return the samples, and a function that gives all tests of one of them."""
    from tests.ops import SAMPLES

    spec: Any = importlib.util.spec_from_file_location("test_ops", TESTS / "test_ops.py")
    tests: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)

    def tests_of(op: Any) -> Iterator[tuple]:
        yield tests.test_value_is_numpys, op
        yield tests.test_intermediate_values_which_go_the_short_way_give_the_same, op
        yield tests.test_forward_and_reverse_are_transposes, op
        if len(op.makers()) > 1:
            yield tests.test_each_operand_by_itself_has_its_share_of_the_whole, op
        if op.mapped:
            yield tests.test_vmap_equals_a_loop, op
        yield tests.test_both_modes_to_second_order, op
        yield from ((tests.test_a_dtype_stays_what_it_is, op, width) for width in tests.WIDTHS)
        yield tests.test_any_memory_layout_and_inputs_unchanged, op
        if op in tests.ELEMENTWISE:
            yield from ((tests.test_zero_and_more_axes, op, s) for s in [(), (1,), (2, 1, 2)])
            yield from ((tests.test_zero_size, op, s) for s in [(0,), (2, 0)])
            if len(op.operands) == 2:
                yield from ((tests.test_broadcasting, op, shapes) for shapes in tests.PAIRS)

    return SAMPLES, tests_of


def is_quick(call: tuple) -> bool:
    """Whether a test comes before those of second order, which come to no other lines."""
    return call[0].__name__ != "test_both_modes_to_second_order"


def lines_reached() -> Reached:
    """Run the first and quickest tests of all samples, and note where they come."""
    reached: Reached = defaultdict(lambda: defaultdict(list))
    samples, tests_of = sample_table()
    rules = str(CORE / "rules")
    current = -1

    def note(frame: Any, event: str, _arg: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(rules):
            return None
        found = reached[file][str(frame.f_lineno)]
        if not found or found[-1] != current:
            found.append(current)
        return note

    for current, op in enumerate(samples):  # noqa: B007 (`note` reads it)
        for test, *args in itertools.takewhile(is_quick, tests_of(op)):
            sys.settrace(note)
            try:
                test(*args)
            finally:
                sys.settrace(None)
    return reached


def samples_for(mutant: Mutant, samples: list[Any], reached: Reached) -> list[int]:
    """Say which samples come to the mistake; if it is in a declaration, those of the functions that
    are declared, and then all that come to the file.
    """
    lines = reached.get(str(mutant.path), {})
    declared = mutant.mistake.declared()
    if declared:
        found = [i for i, op in enumerate(samples) if getattr(op.f, "__name__", "") in declared]
    else:
        found = [i for line in mutant.mistake.lines() for i in lines.get(str(line), [])]
    if declared or not found:
        found += [i for line in lines.values() for i in line]
    return list(dict.fromkeys(found))


def verdict(mutant: Mutant, reached: Reached) -> str:
    """Say what noticed the mutant; "" if nothing did, "import" if it cannot even be imported."""
    sys.meta_path.insert(0, Finder(mutant))  # type: ignore[arg-type]
    try:
        import autograd_core  # noqa: F401
    except Exception:
        return "import"
    try:
        samples, tests_of = sample_table()
    except Exception as error:
        return f"the sample table ({type(error).__name__})"
    for i in samples_for(mutant, samples, reached):
        signal.alarm(SECONDS)
        for test, *args in tests_of(samples[i]):
            try:
                test(*args)
            except Exception:
                return f"{test.__name__.removeprefix('test_')} of {samples[i].id}"
    signal.alarm(60 * SECONDS)
    files = [str(TESTS / name) for name in OTHER_TESTS]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        failed = pytest.main([*files, "-x", "-q", "-p", "no:cacheprovider"])
    lines = [line for line in said.getvalue().splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split("::")[-1].split(" - ")[0] if failed else ""


def in_a_fork(work: Callable[[], Any]) -> Any:
    """Return what `work` gives in a process of its own, or None if that is killed.

    Raises
    ------
    RuntimeError
        If `work` itself fails, which says nothing about any mutant.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            warnings.simplefilter("error")
            os.close(receive)
            with os.fdopen(send, "w") as pipe:
                json.dump(work(), pipe)
            status = 0
        except BaseException:
            traceback.print_exc()
        os._exit(status)
    os.close(send)
    with os.fdopen(receive) as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return None
    if status:
        raise RuntimeError("the tests of a mutant could not be run, see above")
    return json.loads(text)


def judge(seed: int, reached: Reached) -> tuple[Mutant, str]:
    """Return the mutant of a seed, and what noticed it."""
    for mutant in mutants(seed):
        noticed = in_a_fork(lambda m=mutant: verdict(m, reached))
        if noticed != "import":
            return mutant, "a crash or an endless loop" if noticed is None else noticed
    raise AssertionError


def main() -> int:
    seeds = range(*map(int, sys.argv[1:]))
    reached = in_a_fork(lines_reached)
    missed = []
    for seed in seeds:
        mutant, noticed = judge(seed, reached)
        missed += [] if noticed else [seed]
        print(f"{seed:4} {mutant}\n     {noticed or 'NOT NOTICED'}", flush=True)
    print(f"{len(seeds) - len(missed)} of {len(seeds)} noticed; seeds that were not: {missed}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
