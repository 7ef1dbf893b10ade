"""Connectionist temporal classification: sequences of labels without knowing when each occurs.

A. Graves et al., "Connectionist Temporal Classification", ICML 2006; equations below are those of
the paper, in logarithms. The labels l_1 ... l_S are extended to b l_1 b l_2 b ... l_S b, with the
blank b; alpha_t(s) is the probability of all ways to arrive at place s at time t, beta_t(s) that
of all ways from there to the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from autograd_core.live import live
from nnkit.functional.operands import as_array, as_float, check_reduction, operation

__all__ = ["ctc_loss"]

Array = NDArray[Any]

NEVER = -1e30  # the logarithm of 0, finite so that differences of it are


# --- the recursion --------------------------------------------------------------------------------


def extended(targets: Array, blank: int) -> tuple[Array, Array]:
    """Put blanks around all labels; say from which places the one before may be jumped over."""
    n, length = targets.shape
    places = np.full((n, 2 * length + 1), blank)
    places[:, 1::2] = targets
    jumps = np.zeros(places.shape, bool)
    jumps[:, 3::2] = targets[:, 1:] != targets[:, :-1]
    return places, jumps


def log_sum(*terms: Any) -> Any:
    """log(sum(exp(terms)))."""
    largest = terms[0]
    for term in terms[1:]:
        largest = np.maximum(largest, term)
    total = np.exp(terms[0] - largest)
    for term in terms[1:]:
        total = total + np.exp(term - largest)
    return largest + np.log(total)


def shifted(a: Any, by: int) -> Any:
    """Move along the last axis; what comes in is impossible."""
    stays = max(a.shape[-1] - by, 0)
    nothing = np.full((*a.shape[:-1], a.shape[-1] - stays), NEVER, a.dtype)
    return np.concatenate([nothing, a[..., :stays]], axis=-1)


def arrivals(log_p: Any, jumps: Array) -> list[Any]:
    """Return log alpha_t(s) for each t: equations (6) and (7)."""
    first = np.arange(log_p.shape[-1]) < 2
    alphas = [np.where(first, log_p[0], NEVER)]
    for now in log_p[1:]:
        before = alphas[-1]
        jump = np.where(jumps, shifted(before, 2), NEVER)
        alphas.append(log_sum(before, shifted(before, 1), jump) + now)
    return alphas


def at_places(log_probs: Any, places: Array) -> Any:
    """Return the log-probabilities (T, N, S') of the extended labels."""
    return log_probs[:, np.arange(len(places))[:, None], places]


def last_places(places: Array, lengths: Array) -> tuple[Array, Array, Array]:
    """Return rows, and the places of the last blank and of the last label."""
    ends = 2 * lengths
    return np.arange(len(places)), ends, np.maximum(ends - 1, 0)


def losses_of(alphas: Any, places: Array, frames: Array, lengths: Array) -> Any:
    """Return -log of alpha at the last label plus alpha at the last blank, equation (8)."""
    rows, blank_end, label_end = last_places(places, lengths)
    at_blank = alphas[frames - 1, rows, blank_end]
    at_label = np.where(lengths > 0, alphas[frames - 1, rows, label_end], NEVER)
    return -log_sum(at_blank, at_label)


def composition(
    log_probs: Any, targets: Array, frames: Array, lengths: Array, *, blank: int
) -> Any:
    """Write it in functions that differentiate."""
    places, jumps = extended(targets, blank)
    alphas = np.stack(arrivals(at_places(log_probs, places), jumps))
    return losses_of(alphas, places, frames, lengths)


def forward(
    log_probs: Array, targets: Array, frames: Array, lengths: Array, *, blank: int
) -> tuple[Array, tuple[Array, Array]]:
    """Return the loss of each sequence, and the alphas for the backward pass."""
    places, jumps = extended(targets, blank)
    log_p = np.maximum(at_places(log_probs, places), NEVER)
    alphas = np.stack(arrivals(log_p, jumps))
    losses = losses_of(alphas, places, frames, lengths)
    losses[losses >= -NEVER / 2] = np.inf
    return losses, (alphas, losses)


def departures(log_p: Array, jumps: Array, frames: Array, lengths: Array) -> Array:
    """Return log beta_t(s) without the factor of time t itself, equations (9) to (11)."""
    steps, n, width = log_p.shape
    rows, blank_end, label_end = last_places(log_p[0], lengths)
    arrived = np.full((n, width), NEVER, log_p.dtype)
    arrived[rows, blank_end] = 0.0
    arrived[rows[lengths > 0], label_end[lengths > 0]] = 0.0
    jumps_ahead = np.zeros_like(jumps)
    jumps_ahead[:, :-2] = jumps[:, 2:]
    betas = np.empty_like(log_p)
    for t in reversed(range(steps)):
        if t + 1 < steps:
            after = (betas[t + 1] + log_p[t + 1])[:, ::-1]
            jump = np.where(jumps_ahead, shifted(after, 2)[:, ::-1], NEVER)
            going_on = log_sum(after[:, ::-1], shifted(after, 1)[:, ::-1], jump)
        else:
            going_on = np.full((n, width), NEVER, log_p.dtype)
        betas[t] = np.where((frames - 1 == t)[:, None], arrived, going_on)
        betas[t, frames - 1 < t] = NEVER
    return betas


def vjp(
    g: Array,
    saved: tuple[Array, Array],
    log_probs: Array,
    targets: Array,
    frames: Array,
    lengths: Array,
    *,
    blank: int,
) -> tuple[Array, None, None, None]:
    """For log p_t(k): -sum over the places s of label k of alpha_t(s) beta_t(s) / p(l)."""
    alphas, losses = saved
    places, jumps = extended(targets, blank)
    log_p = np.maximum(at_places(log_probs, places), NEVER)
    possible = np.isfinite(losses)
    logs = alphas + departures(log_p, jumps, frames, lengths)
    logs += np.where(possible, losses, 0.0)[:, None]
    shares = np.exp(np.minimum(logs, 0.0)) * np.where(possible, -g, 0.0)[:, None]
    grad = np.zeros_like(log_probs)
    where: Any = (slice(None), np.arange(len(places))[:, None], places)
    np.add.at(grad, where, shares)
    return grad, None, None, None


ctc_op = operation("ctc_loss", forward, vjp=vjp, composition=composition, saves=True)


# --- what people call -----------------------------------------------------------------------------


def whole_numbers(x: Any, name: str) -> Array:
    """Return an array of intp."""
    values = as_array(raw(x))
    if values.dtype.kind not in "iu":
        raise DtypeError(f"ctc_loss: {name} holds whole numbers, got {describe(values)}.")
    return values.astype(np.intp)


def lengths_of(x: Any, name: str, n: int, most: int) -> Array:
    """Check the lengths of N sequences."""
    lengths = np.atleast_1d(whole_numbers(x, name))
    if lengths.shape != (n,):
        raise ShapeError(
            f"ctc_loss: {name} has shape {lengths.shape}; it needs a length for each of the {n} "
            f"sequences."
        )
    wrong = np.flatnonzero((lengths < (name == "input_lengths")) | (lengths > most))
    if len(wrong):
        raise ArgumentError(
            f"ctc_loss: {name} is {lengths[wrong[0]]} at position {wrong[0]}; it may be at most "
            f"{most}, what is there."
        )
    return lengths


def padded(targets: Any, lengths: Any, n: int) -> tuple[Array, Array]:
    """Bring targets of shape (N, S) or (sum of lengths,) to the shape (N, S)."""
    t = whole_numbers(targets, "targets")
    if t.ndim == 2 and len(t) == n:
        return t, lengths_of(lengths, "target_lengths", n, t.shape[1])
    if t.ndim != 1:
        raise ShapeError(
            f"ctc_loss: targets have shape {t.shape}; for {n} sequences they are (N, S) or, one "
            f"after the other, (sum of target_lengths,)."
        )
    found = lengths_of(lengths, "target_lengths", n, t.size)
    if found.sum() != t.size:
        raise ShapeError(
            f"ctc_loss: the target_lengths add up to {found.sum()}, but there are {t.size} labels."
        )
    rows = np.zeros((n, found.max(initial=0)), np.intp)
    rows[np.arange(rows.shape[1]) < found[:, None]] = t
    return rows, found


def check_targets(rows: Array, lengths: Array, blank: int, classes: int) -> Array:
    """Refuse labels that are no class or the blank; what is behind the end becomes the blank."""
    if not 0 <= blank < classes:
        raise ArgumentError(
            f"ctc_loss: blank={blank} is no class; log_probs has {classes}, 0 to {classes - 1}."
        )
    inside = np.arange(rows.shape[1]) < lengths[:, None]
    wrong = np.argwhere(inside & ((rows < 0) | (rows >= classes) | (rows == blank)))
    if len(wrong):
        where = tuple(wrong[0].tolist())
        what = "the blank" if rows[where] == blank else "no class"
        raise ArgumentError(
            f"ctc_loss: the label {rows[where]} at position {where} is {what}; log_probs has "
            f"{classes} classes, so labels are 0 to {classes - 1} without {blank}, the blank."
        )
    return np.where(inside, rows, blank)


def settled_targets(
    targets: Any, input_lengths: Any, target_lengths: Any, shape: tuple[int, ...], blank: int
) -> tuple[Array, Array, Array]:
    """Return input lengths, targets of shape (N, S) and their lengths, all of them checked."""
    steps, n, classes = shape
    frames = lengths_of(input_lengths, "input_lengths", n, steps)
    rows, lengths = padded(targets, target_lengths, n)
    return frames, check_targets(rows, lengths, blank, classes), lengths


settled = live(settled_targets)


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """Return minus the log-probability of label sequences, over all ways to place them in time.

    Parameters
    ----------
    log_probs : Tensor or array, shape (T, N, C) or (T, C)
        Log-probabilities of the classes (of a log_softmax) at T times, for N sequences.
    targets : array of int, shape (N, S), or (sum of target_lengths,)
        Labels, without blanks.
    input_lengths : array of int, shape (N,)
        How many of the T times count.
    target_lengths : array of int, shape (N,)
        How many of the S labels count.
    blank : int, default 0
        The class that means: no label here.
    reduction : {"mean", "sum", "none"}, default "mean"
        "mean" divides each loss by its number of labels, and takes the mean of that.
    zero_infinity : bool, default False
        Count sequences that are too short for their labels as 0 instead of infinity. They give
        the gradient 0 in both cases.

    Returns
    -------
    Tensor or array
        One number; with ``reduction="none"`` of shape (N,) or ().

    Raises
    ------
    ArgumentError
        If a label is no class or the blank (naming value and position), or a length is too large.
    ShapeError, DtypeError
        If the shapes do not fit together, or labels are no whole numbers.

    Notes
    -----
    The gradient is that with respect to `log_probs`. (PyTorch returns another one, which becomes
    the same behind a log_softmax.) Time and memory are O(T N S).

    References
    ----------
    A. Graves, S. Fernandez, F. Gomez, J. Schmidhuber, "Connectionist Temporal Classification:
    Labelling Unsegmented Sequence Data with Recurrent Neural Networks", ICML 2006.

    Examples
    --------
    One label in two frames: label-label, blank-label or label-blank, 3 of 4 equally likely ways.

    >>> log_p = np.log(np.full((2, 1, 2), 0.5))
    >>> ctc_loss(log_p, np.array([[1]]), [2], [1]).round(4)
    np.float64(0.2877)
    """
    check_reduction(reduction, "ctc_loss")
    x = as_float(log_probs, "log_probs of ctc_loss")
    if x.ndim not in (2, 3) or not x.size:
        raise ShapeError(f"ctc_loss takes log_probs of shape (T, N, C) or (T, C), not {x.shape}.")
    single = x.ndim == 2
    if single:
        x = x[:, None]
    frames, rows, lengths = settled(targets, input_lengths, target_lengths, x.shape, blank)
    losses = ctc_op(x, rows, frames, lengths, blank=blank)
    if zero_infinity:
        losses = np.where(np.isinf(raw(losses)), 0.0, losses)
    if reduction == "mean":
        return (losses / np.maximum(lengths, 1).astype(x.dtype)).mean()
    if reduction == "sum":
        return losses.sum()
    return losses[0] if single else losses
