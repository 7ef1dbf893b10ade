"""Names, order and defaults of arguments are PyTorch's; what is ours comes after, by keyword."""

import inspect
import json
from pathlib import Path

import pytest

from nnkit import optim

FILE = Path(__file__).parents[1] / "reference" / "optim_signatures.json"
OURS = {"no_decay", "verbose"}


@pytest.mark.parametrize(("path", "theirs"), json.loads(FILE.read_text()).items())
def test_signature(path, theirs):
    owner = optim
    for name in path.split("."):
        owner = getattr(owner, name)
    found = [p for p in inspect.signature(owner).parameters.values() if p.name not in OURS]
    defaults = [None if p.default is p.empty else p.default for p in found]
    ours = [[p.name, list(d) if isinstance(d, tuple) else d] for p, d in zip(found, defaults)]
    assert ours == theirs
