"""How much the long tests do: a little in `make test`, all of it in `make nightly`."""

from __future__ import annotations

import os

NIGHTLY = os.environ.get("NIGHTLY", "0") not in ("", "0")


def amount(name: str, quick: int, nightly: int) -> int:
    """Return how many; the environment variable of that name overrides both."""
    return int(os.environ.get(name, nightly if NIGHTLY else quick))
