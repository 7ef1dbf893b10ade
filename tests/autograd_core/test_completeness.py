"""Every public function of NumPy is differentiable, constant, refused, or never reaches us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core  # noqa: F401 (fills the tables)
from autograd_core.table import COMPOSED, CONSTANTS, REFUSED, RULES

# NumPy does not pass these calls on to the types of their arguments, so a Tensor has no say in
# them. Those that would need its values ask it for a plain array, and it refuses while gradients
# are recorded: see Tensor.__array__.
NOT_PASSED_ON = {
    "make a new array from numbers, or from what can be turned into one": """
        arange array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix
        bmat diag_indices empty eye frombuffer from_dlpack fromfunction fromiter fromstring full
        identity indices mask_indices ones require tri tril_indices triu_indices zeros
        bartlett blackman hamming hanning kaiser
    """,
    "read a file": "fromfile fromregex genfromtxt load loadtxt",
    "make functions, iterators or text": """
        frompyfunc nested_iters base_repr binary_repr format_float_positional
        format_float_scientific info typename
    """,
    "ask about shapes, types and objects": """
        broadcast_shapes datetime_data isdtype isfortran isscalar issubdtype iterable mintypecode
        promote_types
    """,
    "look after NumPy itself": """
        get_include get_printoptions getbufsize geterr geterrcall printoptions set_printoptions
        setbufsize seterr seterrcall show_config show_runtime test
    """,
    "older names that call a function which is passed on": "row_stack trapz",
}
NAMES_NOT_PASSED_ON = {name for names in NOT_PASSED_ON.values() for name in names.split()}
MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}


def functions(module: Any) -> dict[str, Callable[..., Any]]:
    """Return the public functions of a module; classes are not functions."""
    found = {n: getattr(module, n) for n in dir(module) if not n.startswith("_")}
    return {n: f for n, f in found.items() if callable(f) and not isinstance(f, type)}


def places(name: str, f: Callable[..., Any]) -> list[str]:
    """Say in which tables a function stands."""
    tables = {"rule": RULES, "composed": COMPOSED, "constant": CONSTANTS, "refused": REFUSED}
    found = [table for table, rows in tables.items() if f in rows]
    return found + ["not passed on"] * (name in NAMES_NOT_PASSED_ON)


@pytest.mark.parametrize("module", MODULES)
def test_every_function_has_one_place(module: str) -> None:
    homeless = {}
    for name, f in functions(MODULES[module]).items():
        if len(places(name, f)) != 1:
            homeless[f"{module}.{name}"] = places(name, f)
    assert homeless == {}


def test_what_is_not_passed_on_is_not() -> None:
    """A name leaves the list when NumPy begins to pass it on."""
    for name in NAMES_NOT_PASSED_ON:
        f = getattr(np, name, None)
        assert not isinstance(f, np.ufunc), name
        assert type(f).__name__ != "_ArrayFunctionDispatcher", name


def test_refusals_say_what_to_use() -> None:
    for f, reason in REFUSED.items():
        assert any(word in reason for word in ("Use ", "use ", "Count ", "Write ")), f
