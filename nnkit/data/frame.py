"""Data frames: columns of pandas, polars or pyarrow as arrays for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.data.dataset import NamedDataset, name_rows

__all__ = ["from_frame"]


def from_frame(
    frame: Any,
    target: Any = None,
    features: Sequence[Any] | None = None,
    *,
    dtype: DTypeLike = np.float32,
) -> NamedDataset:
    """Make a dataset of the columns of a data frame.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table or dict of columns
        Read through its own methods; none of these packages is needed.
    target : column name, or list of column names, optional
        One name gives targets of shape (N,): text and categories become class numbers in the
        order of the alphabet, whole numbers and truth values int64, other numbers `dtype`. A
        list of names gives numbers of shape (N, number of names), as regression wants them.
    features : sequence of column names, optional
        Columns of the inputs, in this order. By default all but the targets.
    dtype : dtype, default float32
        Of the inputs and of regression targets. float32 keeps whole numbers up to 2**24.

    Returns
    -------
    NamedDataset
        Inputs of shape (N, number of features), targets if asked for, and the names
        `features` and `classes` (of text targets). ``X, y = data.tensors``.

    Raises
    ------
    ArgumentError
        If a column is unknown, both input and target, or has missing or infinite values; the rows
        are named.
    DtypeError
        If an input holds no numbers, or `frame` is no data frame.

    Examples
    --------
    >>> flowers = {"length": [5.1, 7.0, 6.3], "kind": ["setosa", "virginica", "setosa"]}
    >>> data = from_frame(flowers, target="kind")
    >>> X, y = data.tensors
    >>> X.shape, y, data.classes
    ((3, 1), array([0, 1, 0]), ['setosa', 'virginica'])
    """
    names = column_names(frame)
    many = isinstance(target, (list, tuple)) and target not in names
    targets = list(target) if many else [] if target is None else [target]
    inputs = [n for n in names if n not in targets] if features is None else list(features)
    for name in inputs + targets:
        check_name(name, names)
    both = [name for name in inputs if name in targets]
    if both or not inputs:
        why = f"{both[0]!r} is target and feature" if both else "no column is left for the inputs"
        raise ArgumentError(f"from_frame: {why}; the columns are {listed(names)}.")
    X = number_columns(frame, inputs, dtype)
    if not targets:
        return NamedDataset(X, features=[str(n) for n in inputs])
    classes = None
    if many:
        y = number_columns(frame, targets, dtype)
    else:
        y, classes = target_column(frame, target, dtype)
    return NamedDataset(X, y, features=[str(n) for n in inputs], classes=classes)


def column_names(frame: Any) -> list[Any]:
    """Return the names of the columns; refuse what is no data frame."""
    if isinstance(frame, Mapping):
        return list(frame)
    if hasattr(frame, "collect"):
        raise DtypeError(
            f"from_frame: a {type(frame).__name__} has no data yet; pass frame.collect()."
        )
    names = getattr(frame, "column_names", None)  # pyarrow, whose `columns` are the data
    names = getattr(frame, "columns", None) if names is None else names
    if names is None or not hasattr(frame, "__getitem__"):
        raise DtypeError(
            f"from_frame reads a DataFrame or a dict of columns, got {describe(frame)}. Arrays go "
            f"in TensorDataset(X, y)."
        )
    return list(names)


def check_name(name: Any, names: list[Any]) -> None:
    """Refuse a name that no column has."""
    if name not in names:
        raise ArgumentError(f"from_frame: no column {name!r}; the columns are {listed(names)}.")


def listed(names: list[Any]) -> str:
    """List names, the first twenty."""
    return ", ".join(map(repr, names[:20])) + (" ..." if len(names) > 20 else "")


def read_column(frame: Any, name: Any) -> NDArray[Any]:
    """Return one column as an array without missing values."""
    column = frame[name]
    values = np.asarray(column.to_numpy() if hasattr(column, "to_numpy") else column)
    if values.ndim != 1:
        raise ShapeError(
            f"from_frame: {name!r} is not one column (shape {values.shape}); rename columns of "
            f"the same name."
        )
    refuse_rows(missing(column, values), name)
    if values.dtype.kind == "O":
        values = np.array(values.tolist())
        refuse_rows(missing(values, values), name)  # infinities among objects
    return values


def refuse_rows(bad: NDArray[np.bool_], name: Any) -> None:
    """Raise if a mask marks rows of a column."""
    if bad.any():
        raise ArgumentError(
            f"from_frame: column {name!r} has missing or infinite values in {name_rows(bad)}. "
            f"Leave these rows out or fill them in (dropna, fillna in pandas; drop_nulls, "
            f"fill_null in polars)."
        )


def missing(column: Any, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark what is missing, as the library of the frame says it, and what is not finite."""
    if values.dtype.kind in "fc":
        return ~np.isfinite(values)
    for method in ("isna", "is_null"):
        if hasattr(column, method):
            return np.asarray(getattr(column, method)(), dtype=bool)
    return np.array([v is None or v != v for v in values.tolist()], dtype=bool)


def number_columns(frame: Any, names: list[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return columns of numbers side by side."""
    columns = []
    for name in names:
        values = read_column(frame, name)
        if values.dtype.kind not in "fiub":
            raise DtypeError(
                f"from_frame: column {name!r} holds {values.dtype}, for example "
                f"{values[:1].tolist()}, not numbers. Make one column for each category "
                f"(get_dummies in pandas, to_dummies in polars), or choose others with features=."
            )
        columns.append(values)
    lengths = {len(c) for c in columns}
    if len(lengths) > 1:
        raise ShapeError(f"from_frame: the columns differ in length: {sorted(lengths)}.")
    return np.stack(columns, axis=1, dtype=dtype, casting="unsafe")


def target_column(frame: Any, name: Any, dtype: DTypeLike) -> tuple[NDArray[Any], list[str] | None]:
    """Return a target as numbers, with the names of the classes if it was text."""
    values = read_column(frame, name)
    if values.dtype.kind in "US":
        classes, numbers = np.unique(values, return_inverse=True)
        return numbers.astype(np.int64), [str(c) for c in classes]
    if values.dtype.kind in "iub":
        return values.astype(np.int64), None
    if values.dtype.kind == "f":
        return values.astype(dtype), None
    raise DtypeError(
        f"from_frame: the target {name!r} holds {values.dtype}; a target is numbers or text."
    )
