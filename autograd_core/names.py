"""The names in the code of a function: what it looks up outside, imports, or mentions at all."""

from __future__ import annotations

import dis
import functools
import types

__all__ = ["Names", "names_of"]

LOOKS_UP = {
    "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "STORE_GLOBAL", "DELETE_GLOBAL",
}  # fmt: skip
BY_TEXT = {"globals", "vars", "eval", "exec"}


class Names:
    """Attributes and methods have names as well: those are `mentioned`, but not `looked_up`.

    A variable `step` of a notebook has nothing to do with a function that calls
    ``optimizer.step()``.
    """

    __slots__ = ("imported", "looked_up", "mentioned")

    def __init__(self, looked_up: set[str], imported: set[str], mentioned: set[str]) -> None:
        self.looked_up, self.imported = frozenset(looked_up), frozenset(imported)
        self.mentioned = frozenset(mentioned)


@functools.lru_cache(maxsize=4096)
def names_of(code: types.CodeType) -> Names:
    """Return the names in a function, and in those inside it."""
    looked_up, imported, mentioned = set(), set(), set(code.co_names)
    for step in dis.get_instructions(code):
        if step.opname in LOOKS_UP:
            looked_up.add(step.argval)
        elif step.opname == "IMPORT_NAME":
            imported.add(step.argval)
    for constant in code.co_consts:
        if type(constant) is str:  # of getattr
            mentioned.add(constant)
        elif isinstance(constant, types.CodeType):
            inside = names_of(constant)
            looked_up |= inside.looked_up
            imported |= inside.imported
            mentioned |= inside.mentioned
    if looked_up & BY_TEXT:
        looked_up |= mentioned
    return Names(looked_up, imported, mentioned)
