"""Which parameters are not decayed: biases, the scales of norms, or whatever a pattern names."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from autograd_core import Tensor
from autograd_core.errors import ArgumentError
from nnkit.module import Module

__all__ = ["without_decay"]

Group = dict[str, Any]


def without_decay(groups: list[Group], model: Module | None, kinds: Any, name: str) -> list[Group]:
    """Split each group into the parameters that are decayed and those that are not."""
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    chosen = [Choice(kind, model, name) for kind in kinds]
    result: list[Group] = []
    for group in groups:
        items = group["params"]
        items = [items] if isinstance(items, Tensor) else list(items)
        spared = [sum(c.takes(*named(item, name)) for c in chosen) > 0 for item in items]
        for decayed in (True, False):
            part = [item for item, s in zip(items, spared) if s is not decayed]
            if part:
                result.append({**group, "params": part} | ({} if decayed else {"weight_decay": 0}))
    for choice in chosen:
        choice.check_used()
    return result


class Choice:
    """One entry of `no_decay`: "bias", "norm", or a pattern for names."""

    def __init__(self, kind: Any, model: Module | None, name: str) -> None:
        if not isinstance(kind, str):
            raise ArgumentError(
                f'{name}: no_decay is a list of "bias", "norm" and patterns of parameter names '
                f'such as "embedding.*"; got {kind!r} in it.'
            )
        if kind == "norm" and model is None:
            raise ArgumentError(
                f'{name}: no_decay="norm" needs to see which layers are norms. Give the model '
                f"itself: {name}(model, ...)."
            )
        self.kind, self.name = kind, name
        self.norms = {id(p) for p in norm_parameters(model)} if model is not None else set()
        self.seen: list[str] = []
        self.used = False

    def takes(self, path: str, p: Tensor) -> bool:
        """Whether the parameter at this path is not to be decayed."""
        if self.kind == "norm":
            return id(p) in self.norms
        if self.kind == "bias":
            last = path.rpartition(".")[2]
            return last.startswith("bias") or last.endswith("bias")
        self.seen.append(path)
        found = fnmatchcase(path, self.kind)
        self.used = self.used or found
        return found

    def check_used(self) -> None:
        """Refuse a pattern that names nothing: it is misspelt, and would go unnoticed."""
        if self.kind not in ("norm", "bias") and not self.used:
            raise ArgumentError(
                f"{self.name}: no parameter has a name like {self.kind!r} (in no_decay); the names "
                f"are: {', '.join(self.seen[:8])}{' ...' if len(self.seen) > 8 else ''}."
            )


def named(item: Any, name: str) -> tuple[str, Tensor]:
    """Return name and parameter of an item of named_parameters()."""
    if isinstance(item, tuple) and len(item) == 2:
        return item
    raise ArgumentError(
        f"{name}: no_decay chooses parameters by their names. Give the model itself, "
        f"{name}(model, ...), or model.named_parameters()."
    )


def norm_parameters(model: Module) -> Iterator[Tensor]:
    """Yield the parameters of normalisation layers: of classes named so, or derived from one."""
    for module in model.modules():
        if any("Norm" in cls.__name__ for cls in type(module).__mro__):
            yield from module.parameters(recurse=False)
