"""Values calculated by PyTorch and stored, so that the tests need no PyTorch (see make.py)."""

import json
from pathlib import Path


def stored(name):
    """Read the stored cases."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text())


def cases(name):
    """Read the stored cases, each as a parameter for pytest with a readable id."""
    import pytest

    return [pytest.param(case, id=label(case, i)) for i, case in enumerate(stored(name))]


def label(case, i):
    """Name a case by its operation and the settings that matter."""
    settings = [f"{k}={v}" for k, v in case["kwargs"].items() if v not in (None, 0, False)]
    return f"{i}-{case.get('op') or case['optimizer']}-{'-'.join(settings)[:60]}"
