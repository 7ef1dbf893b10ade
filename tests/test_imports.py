"""Imports of nnkit: one way only, nothing optional, names as promised."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nnkit

ROOT = Path(nnkit.__file__).parent
LAYERS = [
    ["_version", "absent", "hooks", "random", "state", "parameter", "place", "modes"],
    ["backward_hooks"],
    ["module_hooks", "module_paths"],
    ["module"],
    ["functional"],
    ["init"],
    ["layers"],
    ["losses"],
    ["optim", "data", "io", "metrics", "models", "utils"],
    ["inspection"],
    ["training"],
    ["plot"],
    ["notebook", "testing"],
]
RANK = {name: i for i, names in enumerate(LAYERS) for name in names}
OPTIONAL = [
    "IPython",
    "ipywidgets",
    "anywidget",
    "matplotlib",
    "scipy",
    "sklearn",
    "pooch",
    "tqdm",
    "pandas",
    "polars",
    "torch",
]


def rooms(path):
    """Yield the rooms of nnkit that a file imports, and whether only inside a function."""
    tree = ast.parse(path.read_text())
    late = {
        id(node)
        for f in ast.walk(tree)
        if isinstance(f, (ast.FunctionDef, ast.If))
        for node in ast.walk(f)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nnkit":
            inner = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            for room in inner:
                yield room, id(node) in late


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    if path == ROOT / "__init__.py":
        return
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert own in RANK, f"give {own} a place in LAYERS"
    for room, late in rooms(path):
        if room != own and not late:
            assert RANK[room] < RANK[own], f"{path.name} imports {room}"


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_import_brings_nothing_optional():
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in OPTIONAL)
    code = (
        f"import sys\n{blocked}import nnkit\nprint(sorted(m for m in sys.modules if 'nnkit' in m))"
    )
    result = run(code)
    assert result.returncode == 0, result.stderr
    assert "nnkit.notebook" not in result.stdout
    assert "nnkit.plot" not in result.stdout


def test_exported_names_exist_and_are_documented():
    for name in nnkit.__all__:
        value = getattr(nnkit, name)
        if name != "__version__":
            assert (value.__doc__ or "").strip(), f"{name} has no docstring"
    assert len(set(nnkit.__all__)) == len(nnkit.__all__)


def test_torch_names_are_where_they_are_expected():
    nn = nnkit
    for path in [
        "Linear",
        "Sequential",
        "ModuleList",
        "Module",
        "Parameter",
        "CrossEntropyLoss",
        "MSELoss",
        "L1Loss",
        "NLLLoss",
        "BCEWithLogitsLoss",
        "ReLU",
        "Tanh",
        "Sigmoid",
        "GELU",
        "Softmax",
        "LogSoftmax",
        "Flatten",
        "Identity",
        "Dropout",
        "optim.SGD",
        "optim.Adam",
        "optim.AdamW",
        "optim.Optimizer",
        "optim.LBFGS",
        "optim.lr_scheduler.ReduceLROnPlateau",
        "optim.swa_utils.AveragedModel",
        "utils.clip_grad_norm_",
        "utils.clip_grad_value_",
        "data.DataLoader",
        "data.TensorDataset",
        "data.Dataset",
        "data.Subset",
        "data.random_split",
        "init.kaiming_uniform_",
        "init.xavier_normal_",
        "functional.cross_entropy",
        "functional.relu",
        "functional.linear",
        "no_grad",
        "tensor",
        "Tensor",
        "save",
        "load",
        "seed",
        "live",
        "Trainer",
        "History",
    ]:
        owner = nn
        for part in path.split("."):
            owner = getattr(owner, part)
        assert callable(owner), path


def test_file_budget():
    """Raising a figure here is a decision, not an accident."""
    long = {p.name: n for p in ROOT.rglob("*.py") if (n := len(p.read_text().splitlines())) > 400}
    assert set(long) <= {"module.py"}, long
    assert max(long.values(), default=0) <= 470, long
