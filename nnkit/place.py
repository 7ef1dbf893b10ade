"""Place: at which place of a model an error happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_core.errors import AutogradError

if TYPE_CHECKING:
    from nnkit.module import Module

__all__ = ["say_where"]


def say_where(error: Exception, module: Module) -> None:
    """Tell an error on its way up at which place of the model it happened.

    Every module that it passes on its way puts the path as seen from there; the outermost has
    the last word.
    """
    inner = getattr(error, "_module", None)
    if inner is None:
        try:
            error._module = inner = module  # type: ignore[attr-defined]
        except AttributeError:
            return
    path = next((path for path, part in module.named_modules() if part is inner), None)
    if isinstance(error, AutogradError):
        error.where = path or error.where
    elif path is not None:
        note = f"... in {path or 'the model itself'}, a {type(inner).__name__}"
        notes = getattr(error, "__notes__", [])
        if getattr(error, "_place", None) in notes:
            notes.remove(error._place)  # type: ignore[attr-defined]
        error._place = note  # type: ignore[attr-defined]
        error.add_note(note)
