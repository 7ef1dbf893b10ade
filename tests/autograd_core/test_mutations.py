"""A wrong rule is noticed: the tests fail for rules with small mistakes in them (all files of
`autograd_core/rules/`, lines and mistakes drawn at random; see `tests/mutations.py`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.amounts import amount

MUTATIONS = amount("MUTATIONS", 8, 100)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each mutant runs in a fork of the process")
def test_mistakes_in_rules_are_noticed() -> None:
    """At least 99 of 100; of the few in `make test` one may be of the kind that changes nothing."""
    command = [sys.executable, "-m", "tests.mutations", "0", str(MUTATIONS)]
    root = Path(__file__).parents[2]
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # what has threads must not be forked
    ran = subprocess.run(command, cwd=root, env=alone, capture_output=True, text=True, check=False)
    assert f"of {MUTATIONS} noticed" in ran.stdout, ran.stderr
    assert ran.returncode <= max(1, MUTATIONS // 100), ran.stdout
