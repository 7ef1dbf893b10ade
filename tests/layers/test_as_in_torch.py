"""Layers and functions are called as in PyTorch, and layers look as they do there."""

import inspect

import numpy as np  # noqa: F401 (in the calls)
import pytest

import nnkit as nn
from nnkit import functional, init
from tests.reference import stored

HOMES = {"functional": functional, "init": init}
KINDS = (bool, int, float, str)


def ours(name):
    room, _, last = name.rpartition(".")
    return getattr(HOMES.get(room, nn), last, None)


@pytest.mark.parametrize("case", stored("calls"), ids=lambda case: case["call"])
def test_repr_and_state(case):
    layer = eval(f"nn.{case['call'].replace('torch.', 'np.')}")
    assert repr(layer) == case["repr"]
    assert {k: list(v.shape) for k, v in layer.state_dict().items()} == case["state"]


THERE = [case for case in stored("signatures") if case["parameters"] and ours(case["name"])]


@pytest.mark.parametrize("case", THERE, ids=lambda case: case["name"])
def test_parameters(case):
    """The same names and defaults; in the same order, unless they must be named."""
    found = inspect.signature(ours(case["name"])).parameters
    expected = case["parameters"]
    missing = set(expected) - set(found) - {"self"}
    assert missing - {"sparse"} == set()
    places = [p.name for p in found.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert places == [name for name in expected if name in places]
    for name, default in expected.items():
        if name in found and isinstance(default, KINDS) and default != "required":
            assert found[name].default == pytest.approx(default), name
        if default == "required" and name in found:
            assert found[name].default is inspect.Parameter.empty, name
