"""What metrics are given: scores, labels and weights, checked and brought to rows."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.functional.labels import check_labels, shape_of_labels, wrong_target

__all__ = [
    "Rows",
    "class_rows",
    "decisions",
    "number_pairs",
    "plain",
    "row_weights",
    "scored_rows",
    "yes_or_no",
]

Array = NDArray[Any]


class Rows(NamedTuple):
    """Rows that count: scores or decided labels, right labels, and weights (None: all alike)."""

    output: Array
    labels: Array
    weight: Array | None
    classes: int


def plain(what: str, value: Any, name: str) -> Array:
    """Return a plain array of real numbers."""
    array: Array = np.asarray(raw(value))
    if array.dtype.kind not in "fiub":
        hint = " Number the classes: np.unique(y, return_inverse=True)[1]."
        raise DtypeError(
            f"{what}: {name} must hold real numbers or labels, got {describe(array)}."
            f"{hint if array.dtype.kind in 'OUST' else ''}"
        )
    if not array.size:
        raise ArgumentError(f"{what} got an empty batch: {name} has shape {array.shape}.")
    return array


def row_weights(what: str, weight: Any, shape: tuple[int, ...]) -> Array | None:
    """Check weights of rows, and give each element of `shape` its own; flat."""
    if weight is None:
        return None
    values: Array = np.asarray(raw(weight), np.float64)
    if values.shape not in (shape, shape[:1]):
        column = " Drop the last axis with weight[:, 0]." if values.shape[1:] == (1,) else ""
        raise ShapeError(
            f"{what}: weight has shape {values.shape}; it needs one number for each row, shape "
            f"{shape[:1]}.{column}"
        )
    if not (np.isfinite(values).all() and values.min() >= 0):
        raise ArgumentError(f"{what}: weights are 0 or more, and finite.")
    if values.shape != shape:
        values = np.broadcast_to(values.reshape(-1, *[1] * (len(shape) - 1)), shape)
    return values.reshape(-1)


def wrong_shapes(what: str, output: Array, target: Array) -> ShapeError:
    """Make the error for an output and a target that do not belong together."""
    hint = ""
    if output.shape == (*target.shape, 1):
        hint = " Drop the last axis of the output: output[..., 0]."
    elif target.shape == (*output.shape, 1):
        hint = " Drop the last axis of the target: target[..., 0]."
    elif target.ndim > output.ndim:
        hint = " The order is (output, target), as in the losses."
    return ShapeError(
        f"{what}: output of shape {output.shape}, target of shape {target.shape}.{hint}"
    )


def both_rows(what: str, output: Array) -> ShapeError:
    """Make the error for rows of scores with rows of answers, which could mean two things."""
    return ShapeError(
        f"{what}: output and target both have shape {output.shape}. For one-hot rows pass "
        f"target.argmax(axis=1); for yes or no of every element pass both flattened, .reshape(-1)."
    )


def refuse_nan(what: str, scores: Array) -> None:
    """Refuse scores that are NaN: they compare with nothing."""
    if scores.dtype.kind == "f" and np.isnan(scores).any():
        rows = np.unique(np.argwhere(np.isnan(scores))[:, 0])
        raise ArgumentError(
            f"{what}: the output holds NaN in {len(rows)} of {len(scores)} rows: "
            f"{', '.join(map(str, rows[:8]))}."
        )


def yes_or_no(what: str, target: Array) -> Array:
    """Return a target of 0 and 1 as integers."""
    answers = target.reshape(-1)
    wrong = ~((answers == 0) | (answers == 1))
    if wrong.any():
        position = int(wrong.argmax())
        hint = ""
        if set(np.unique(answers[:1000])) <= {1, 2}:
            hint = " The labels seem to count from 1: subtract 1."
        elif set(np.unique(answers[:1000])) <= {-1, 1}:
            hint = " For -1 and 1 write target > 0."
        raise ArgumentError(
            f"{what}: one score for each row asks for 0 or 1 (no or yes), but the target is "
            f"{answers[position]} at position {position}.{hint}"
        )
    return answers.astype(np.intp)


def counted(
    what: str, labels: Array, classes: int, ignore_index: int | None, weight: Array | None
) -> tuple[Array | None, Array | None]:
    """Check labels; return which rows count (None: all) and their weights."""
    ignored = check_labels(labels, classes, ignore_index, what)
    if ignored is None or not ignored.any():
        return None, weight
    if ignored.all():
        raise ArgumentError(f"{what}: every label is ignore_index; no row is left to count.")
    return ~ignored, weight if weight is None else weight[~ignored]


def class_rows(
    what: str, output: Array, target: Array, weight: Any, ignore_index: int | None
) -> Rows:
    """Bring scores (N, C, ...) and labels (N, ...) to rows (n, C) and (n,)."""
    if target.dtype.kind not in "iub" or target.shape != shape_of_labels(output):
        raise wrong_target(output, target, what)
    refuse_nan(what, output)
    weights = row_weights(what, weight, target.shape)
    classes = output.shape[1]
    scores = output if output.ndim == 2 else np.moveaxis(output, 1, -1).reshape(-1, classes)
    labels = target.reshape(-1).astype(np.intp, copy=False)
    keep, weights = counted(what, labels, classes, ignore_index, weights)
    if keep is not None:
        scores, labels = scores[keep], labels[keep]
    return Rows(scores, labels, weights, classes)


def decisions(
    what: str,
    output: Any,
    target: Any,
    weight: Any,
    *,
    threshold: float,
    ignore_index: int | None,
    num_classes: int | None,
) -> Rows:
    """Decide for a class in each row.

    Integers or booleans of the shape of the target are decisions already; floats (N, C, ...) are
    scores of C classes; floats of the shape of the target say yes where they exceed `threshold`.
    """
    out, t = plain(what, output, "output"), plain(what, target, "target")
    if out.dtype.kind == "f" and out.ndim >= 2 and out.shape[1] > 1 and out.ndim > t.ndim:
        if num_classes not in (None, out.shape[1]):
            raise ArgumentError(
                f"{what}: num_classes={num_classes}, but the output has scores for {out.shape[1]}."
            )
        scores, labels, weights, classes = class_rows(what, out, t, weight, ignore_index)
        return Rows(scores.argmax(axis=1), labels, weights, classes)
    if out.shape != t.shape:
        raise wrong_shapes(what, out, t)
    weights = row_weights(what, weight, t.shape)
    if out.dtype.kind == "f":
        check_scores(what, out, threshold)
        return Rows((out > threshold).reshape(-1).astype(np.intp), yes_or_no(what, t), weights, 2)
    if t.dtype.kind == "f":
        t = yes_or_no(what, t).reshape(t.shape)
    labels, chosen = (a.reshape(-1).astype(np.intp, copy=False) for a in (t, out))
    real = labels if ignore_index is None else labels[labels != ignore_index]
    classes = num_classes or 1 + int(max(real.max(initial=0), chosen.max()))
    keep, weights = counted(what, labels, classes, ignore_index, weights)
    check_labels(chosen, classes, None, f"{what}, output")
    if keep is not None:
        chosen, labels = chosen[keep], labels[keep]
    return Rows(chosen, labels, weights, classes)


def check_scores(what: str, scores: Array, threshold: float) -> None:
    """Refuse rows of scores with rows of answers, and warn of probabilities taken for logits."""
    if scores.ndim == 2 and scores.shape[1] > 1:
        raise both_rows(what, scores)
    refuse_nan(what, scores)
    low, high = scores.min(), scores.max()
    if threshold == 0 and scores.size >= 16 and 0 < low < high < 1:
        warnings.warn(
            f"{what}: all scores lie between 0 and 1 and so count as yes, since logits are yes "
            f"above 0. If they are probabilities, say threshold=0.5.",
            UserWarning,
            stacklevel=6,
        )


def number_pairs(what: str, output: Any, target: Any, weight: Any) -> tuple[Array, Array, Any]:
    """Bring numbers and right numbers to float64 rows (n, D), with weights (n, 1) or None."""
    out, t = plain(what, output, "output"), plain(what, target, "target")
    if out.shape != t.shape or not out.shape:
        raise wrong_shapes(what, out, t)
    columns = out.shape[1] if out.ndim == 2 else 1
    weights = row_weights(what, weight, out.shape[:1] if out.ndim == 2 else out.shape)
    out, t = (a.reshape(-1, columns).astype(np.float64, copy=False) for a in (out, t))
    return out, t, None if weights is None else weights[:, None]


def scored_rows(
    what: str, output: Any, target: Any, weight: Any, ignore_index: int | None
) -> tuple[Array, Array, Array | None]:
    """Return scores (n,) of yes or (n, C) of classes, labels (n,) and weights."""
    out, t = plain(what, output, "output"), plain(what, target, "target")
    if out.ndim > t.ndim and out.ndim >= 2 and out.shape[1] > 1:
        scores, labels, weights, _ = class_rows(what, out, t, weight, ignore_index)
        return scores, labels, weights
    if out.shape != t.shape:
        raise wrong_shapes(what, out, t)
    if out.ndim == 2 and out.shape[1] > 1:
        raise both_rows(what, out)
    refuse_nan(what, out)
    return out.reshape(-1), yes_or_no(what, t), row_weights(what, weight, t.shape)
