"""Data frames in `fit`, `evaluate` and `predict`: the same columns and classes in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, DtypeError
from nnkit.data import from_frame
from nnkit.data.frame import column_names, read_column

__all__ = ["Columns", "is_frame"]

Array = NDArray[Any]


def is_frame(x: Any) -> bool:
    """Whether something is a data frame of pandas or polars, or an arrow table."""
    if isinstance(x, (np.ndarray, list, tuple, Mapping)):
        return False
    return (hasattr(x, "columns") or hasattr(x, "column_names")) and hasattr(x, "__getitem__")


class Columns:
    """What was seen in the frame of the first `fit`: names of inputs and target, and classes.

    Attributes
    ----------
    features : list of names, or None
    target : name, list of names, or None
    classes : list of str, or None
        Of a target that is text, by their numbers.
    """

    def __init__(self) -> None:
        self.features: list[Any] | None = None
        self.target: Any = None
        self.classes: list[str] | None = None

    def inputs(self, frame: Any, what: str) -> Array:
        """Return the inputs; the columns are those of the first `fit`, by name."""
        names = column_names(frame)
        if self.features is None:
            return from_frame(frame).tensors[0]
        missing = [n for n in self.features if n not in names]
        if missing:
            raise ArgumentError(
                f"{what}: the frame has no column {missing[0]!r}; the model was trained with "
                f"{', '.join(map(str, self.features[:20]))}."
            )
        return from_frame(frame, features=self.features).tensors[0]

    def pair(self, frame: Any, y: Any, what: str) -> tuple[Any, Any]:
        """Return inputs and targets of a frame.

        Parameters
        ----------
        frame : data frame
        y : column name, list of column names, or one value for each row
        what : str
            The caller, for the errors.
        """
        names = column_names(frame)
        by_name = isinstance(y, str) or (isinstance(y, list) and y and all(n in names for n in y))
        if not by_name:
            X = self.inputs(frame, what)
            if self.features is None and what == "fit":
                self.features = names
            return X, self.target_values(y, what)
        targets = y if isinstance(y, list) else [y]
        for name in targets:
            if name not in names:
                raise ArgumentError(
                    f"{what}: there is no column {name!r}; the columns are "
                    f"{', '.join(map(repr, names[:20]))}."
                )
        if self.features is None and what == "fit":
            self.features, self.target = [n for n in names if n not in targets], y
        if isinstance(y, list):
            X, values = from_frame(frame, target=y, features=self.features).tensors
            return X, values
        return self.inputs(frame, what), self.target_values(frame[y], what, y)

    def target_values(self, y: Any, what: str, name: Any = "y") -> Any:
        """Return targets as numbers; text becomes the class numbers of the first `fit`."""
        if not hasattr(y, "to_numpy") and not isinstance(y, (list, np.ndarray)):
            return y
        values = np.asarray(y.to_numpy()) if hasattr(y, "to_numpy") else np.asarray(y)
        if values.dtype.kind not in "OUS":
            return values
        values = read_column({name: y}, name)
        if values.dtype.kind not in "US":
            return values
        if self.classes is None:
            if what not in ("fit", "validation_data"):
                raise DtypeError(
                    f"{what}: the targets are text, and the Trainer has seen none in fit; which "
                    f"class is which number is known only from there."
                )
            self.classes = [str(c) for c in np.unique(values)]
        number = {c: i for i, c in enumerate(self.classes)}
        unknown = sorted({str(v) for v in values} - set(number))
        if unknown:
            raise ArgumentError(
                f"{what}: the class {unknown[0]!r} did not occur in fit; there were "
                f"{', '.join(self.classes[:20])}."
            )
        return np.array([number[str(v)] for v in values], dtype=np.int64)

    def state_dict(self) -> dict[str, Any]:
        """Return everything, for a file."""
        return dict(vars(self))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` returned."""
        vars(self).update(state)
