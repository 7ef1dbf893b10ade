"""What `live` is given, checked."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.training.history import History

__all__ = ["check_arguments"]


def check_arguments(
    iterable: object,
    model: object,
    optimizer: object,
    epochs: object,
    history: object,
    total: object,
) -> None:
    """Refuse what a run cannot work with."""
    if iterable is not None and not hasattr(iterable, "__iter__"):
        hint = f": write live(range({iterable}))" if isinstance(iterable, int) else "."
        raise DtypeError(
            f"live: the first argument is what to loop over; got {describe(iterable)}{hint}"
        )
    if model is not None and not hasattr(model, "named_parameters"):
        raise DtypeError(
            f"live: model must be a Module (with named_parameters()); got {describe(model)}."
        )
    if optimizer is not None and not hasattr(optimizer, "param_groups"):
        raise DtypeError(
            f"live: optimizer must be an optimizer (with param_groups); got {describe(optimizer)}."
        )
    if history is not None and not isinstance(history, History):
        raise DtypeError(f"live: history must be a History; got {describe(history)}.")
    for what, value in (("epochs", epochs), ("total", total)):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or value < 1
        ):
            raise ArgumentError(f"live: {what} must be a positive whole number; got {value!r}.")
    if isinstance(iterable, Iterator) and isinstance(epochs, int) and epochs > 1:
        raise ArgumentError(
            f"live: {describe(iterable)} can be walked only once, but epochs={epochs}. "
            "Give a list, an array or a DataLoader."
        )
