"""The parts of a module by their paths: "encoder.fc1.weight"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.parameter import Parameter

if TYPE_CHECKING:
    from nnkit.module import Module

__all__ = ["Findable"]


class Findable:
    """What a Module can find by a path, and exchange."""

    def get_submodule(self: Any, target: str) -> Module:
        """Return the part with a path: `model.get_submodule("encoder.fc1")`."""
        found: Any = self
        for i, name in enumerate(target.split(".") if target else []):
            child = vars(found).get(name)
            if not isinstance(child, Findable):
                names = ", ".join(name for name, _ in found.named_children()) or "none"
                place = ".".join(target.split(".")[:i]) or type(self).__name__
                raise ArgumentError(f"{place} has no part {name!r}; its parts are: {names}.")
            found = child
        return found

    def set_submodule(self: Any, target: str, module: Module, strict: bool = False) -> None:
        """Put a module in the place of the part with a path.

        Parameters
        ----------
        target : str
            The path; what is in front of its last dot must exist.
        module : Module
        strict : bool, default False
            Refuse a path that is not there yet.

        Raises
        ------
        ArgumentError
            If the path is empty or leads nowhere.
        DtypeError
            If `module` is no Module.
        """
        path, _, name = target.rpartition(".")
        if not name:
            raise ArgumentError("set_submodule: the path is empty; a module cannot replace itself.")
        if not isinstance(module, Findable):
            raise DtypeError(f"set_submodule({target!r}) needs a Module, got {describe(module)}.")
        if strict:
            self.get_submodule(target)
        setattr(self.get_submodule(path), name, module)

    def get_parameter(self: Any, target: str) -> Parameter:
        """Return the parameter with a path: `model.get_parameter("encoder.fc1.weight")`."""
        path, _, name = target.rpartition(".")
        module: Any = self.get_submodule(path)
        value = vars(module).get(name)
        if not isinstance(value, Parameter):
            names = ", ".join(n for n, _ in module.named_parameters(recurse=False)) or "none"
            raise ArgumentError(
                f"{path or type(self).__name__} has no parameter {name!r}; it has: {names}."
            )
        return value

    def get_buffer(self: Any, target: str) -> Any:
        """Return the buffer with a path: `model.get_buffer("norm.running_mean")`."""
        path, _, name = target.rpartition(".")
        module: Any = self.get_submodule(path)
        if name not in module._buffers:
            names = ", ".join(module._buffers) or "none"
            raise ArgumentError(
                f"{path or type(self).__name__} has no buffer {name!r}; it has: {names}."
            )
        return getattr(module, name)
