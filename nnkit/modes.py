"""Training and evaluation mode of a model's parts, put back after something was done to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["restored_modes"]


@contextmanager
def restored_modes(model: Any) -> Iterator[None]:
    """Give every part of a model its training or evaluation mode back at the end."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            if module.training != mode:
                module.training = mode
