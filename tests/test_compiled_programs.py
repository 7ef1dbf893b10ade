"""Whole programs of the kind that notebooks hold give the same numbers when they are compiled."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnkit as nn
from tests import programs

PROGRAMS = sorted(p for p in Path(programs.__file__).parent.glob("*.py") if p.stem != "__init__")


def run(path: Path, is_compiling: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(programs, "is_compiling", is_compiling)
    programs.compiled.clear()
    nn.seed(0)
    return runpy.run_path(str(path))["result"]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_a_program_gives_the_same_numbers_when_it_is_compiled(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(path, False, monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error", nn.CompileWarning)
        found = run(path, True, monkeypatch)
    for array, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, wanted)
    assert programs.compiled
    for step in programs.compiled:
        assert step.last.state == "ready", step.report()
        assert step.last.renewed <= 2
