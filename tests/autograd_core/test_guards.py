"""Rules about the code itself: imports point one way, each op has its sample, rules are pure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import autograd_core
from autograd_core.calling import name_of
from autograd_core.table import COMPOSED, CONSTANTS, REFUSED, RULES
from tests.ops import SAMPLES

CORE = Path(autograd_core.__file__).parent
LAYERS = [
    ["errors"],
    ["absorb", "collector", "findings", "names"],
    ["guard", "holders"],
    ["calling", "guard", "anomaly", "memory", "threads"],
    ["table"],
    ["composed", "late", "misfits"],
    ["graph", "trees", "kernels"],
    ["ufunc_methods", "places", "index_notation"],
    ["records"],
    ["layout"],
    ["traced"],
    ["trace"],
    ["live"],
    ["reverse", "forward", "gradmode", "dispatch"],
    ["simplify", "reach", "chains"],
    ["assembly"],
    ["plan", "blocks", "script", "snapshot"],
    ["chaining", "wording"],
    ["replay"],
    ["habits", "display", "interchange", "shortcuts", "outputs"],
    ["array_names", "torch_math"],
    ["torch_shapes"],
    ["surface", "inplace"],
    ["taped"],
    ["tensor", "batch"],
    ["lent"],
    ["operators"],
    ["argnums"],
    ["gradients"],
    ["jacobians"],
    ["products", "checkpointing", "test_util", "nested", "vectors"],
    ["primitive"],
    ["function", "custom", "extend", "builtins", "equations"],
    ["implicit", "signatures"],
    ["outcomes", "recording"],
    ["entry"],
    ["compiled"],
]
RANK = {name: i for i, names in enumerate(LAYERS) for name in names}
# The engine. Not the reading of signatures (calling), the list of methods (surface), the watch over
# saved arrays (guard), the short way (shortcuts), nor what is composed of the engine (inplace,
# batch, operators ...).
SPINE = {"table", "graph", "reverse", "forward", "dispatch", "tensor"}
SPINE_BUDGET = 1500
FILE_BUDGET = 400
RULE_IMPORTS = {"numpy", "math", "operator", "table", "composed", "kernels", "batch", "errors"}
RULE_IMPORTS |= {"index_notation", "itertools"}


def imported(path: Path) -> set[str]:
    """Names of the modules a file imports, relative ones by their last part."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            if node.module:
                found.add(node.module if not node.level else node.module.split(".")[0])
            else:
                found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda p: p.stem)
def test_core_imports_point_one_way(path: Path) -> None:
    if path.stem == "__init__":
        return
    assert path.stem in RANK, f"give {path.name} a place in LAYERS"
    upward = {m for m in imported(path) if m in RANK and RANK[m] >= RANK[path.stem]}
    upward -= {path.stem}  # Python has a module of this name
    same_room = {m for m in upward if RANK[m] == RANK[path.stem]}
    assert upward - same_room == set()
    assert same_room <= {"kernels"}, f"{path.name} imports from its own layer: {same_room}"
    assert "nnkit" not in imported(path)


@pytest.mark.parametrize("path", sorted((CORE / "rules").rglob("*.py")), ids=str)
def test_rules_import_only_numpy_and_the_verbs(path: Path) -> None:
    if path.stem != "__init__":
        siblings = {p.stem for p in (CORE / "rules").rglob("*.py")}
        own = {"scipy"} if path.parent.name == "scipy" else set()
        assert imported(path) <= RULE_IMPORTS | siblings | own


@pytest.mark.parametrize("path", sorted((CORE / "rules").rglob("*.py")), ids=str)
def test_rules_are_pure(path: Path) -> None:
    """No writes into arrays, no conversions, no type tests: a rule must differentiate itself."""
    banned_names = {"asarray", "float64", "float32", "isinstance", "empty", "raw"}
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{path.name}:{getattr(node, 'lineno', '?')}"
        if isinstance(node, ast.Assign):
            assert not any(isinstance(t, ast.Subscript) for t in node.targets), where
        assert not isinstance(node, ast.AugAssign), where
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            shapes_only = called == "isinstance" and ast.unparse(node.args[1]) in (
                "int",
                "tuple",
                "(tuple, list)",
            )
            assert called not in banned_names or shapes_only, f"{where}: {called}"


def test_each_rule_has_a_sample_and_each_sample_a_rule() -> None:

    own = {f for f in RULES if getattr(f, "__module__", "").startswith(("numpy", "autograd_core"))}
    own |= {f for f in RULES if not hasattr(f, "__module__") or f.__class__.__name__ == "ufunc"}
    own = {f for f in own if not f.__name__.startswith("_")}  # tested with what they serve
    sampled = {op.f for op in SAMPLES}
    assert {name_of(f) for f in own - sampled} == set()
    assert {name_of(f) for f in set(COMPOSED) - sampled} == set()
    assert {name_of(f) for f in sampled - set(RULES) - set(COMPOSED)} == set()


def test_each_function_is_in_one_set_only() -> None:
    sets = [set(RULES), set(COMPOSED), CONSTANTS, set(REFUSED)]
    assert len(set.union(*sets)) == sum(map(len, sets))


def test_size_budget() -> None:
    """Raising a figure here is a decision, not an accident."""
    lines = {p: len(p.read_text().splitlines()) for p in CORE.rglob("*.py")}
    assert {p.name: n for p, n in lines.items() if n > FILE_BUDGET} == {}
    assert sum(n for p, n in lines.items() if p.parent == CORE and p.stem in SPINE) <= SPINE_BUDGET


def test_all_is_what_is_exported() -> None:
    public = {
        n
        for n, v in vars(autograd_core).items()
        if not n.startswith("_") and not hasattr(v, "__path__")
    }
    modules = {p.stem for p in CORE.glob("*.py")}
    hidden = modules - {"tensor"} | {"rules"}  # `tensor` is a function, and the module it lives in
    assert public - hidden == set(autograd_core.__all__)
    assert autograd_core.__all__ == sorted(autograd_core.__all__)
