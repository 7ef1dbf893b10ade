"""Toy sets: points in the plane and curves, made in a moment and without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.data.sampler import check_count
from nnkit.random import stream

__all__ = ["make_blobs", "make_circles", "make_curve", "make_moons", "make_spirals"]

Seed = int | np.random.Generator | None
Pair = tuple[NDArray[Any], NDArray[Any]]


def make_moons(n_samples: int = 100, noise: float = 0.1, seed: Seed = None) -> Pair:
    """Make two half circles that reach into each other.

    Parameters
    ----------
    n_samples : int, default 100
        Points of both classes together.
    noise : float, default 0.1
        Standard deviation of what is added to the points.
    seed : int or numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Returns
    -------
    X : float32 array of shape (n_samples, 2)
    y : int64 array of shape (n_samples,)
        0 for the upper moon, (cos t, sin t), and 1 for the lower, (1 - cos t, 1/2 - sin t), t from
        0 to pi.

    Raises
    ------
    ArgumentError
        If `n_samples` is not a positive whole number, or `noise` negative.

    Examples
    --------
    >>> X, y = make_moons(200, seed=0)
    >>> X.shape, np.bincount(y)
    ((200, 2), array([100, 100]))
    """
    y, t = classes_and_places(n_samples, 2)
    t = np.pi * t
    X = np.where(y, [1 - np.cos(t), 0.5 - np.sin(t)], [np.cos(t), np.sin(t)]).T
    return finish(X, y, noise, seed)


def make_circles(
    n_samples: int = 100, noise: float = 0.1, factor: float = 0.5, seed: Seed = None
) -> Pair:
    """Make a circle inside another.

    Parameters
    ----------
    n_samples : int, default 100
        Points of both classes together.
    noise : float, default 0.1
        Standard deviation of what is added to the points.
    factor : float, default 0.5
        Radius of the inner circle; that of the outer is 1.
    seed : int or numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Returns
    -------
    X : float32 array of shape (n_samples, 2)
    y : int64 array of shape (n_samples,)
        0 outside, 1 inside.

    Raises
    ------
    ArgumentError
        If `factor` is not between 0 and 1.

    Examples
    --------
    >>> X, y = make_circles(4, noise=0, seed=0)
    >>> np.linalg.norm(X, axis=1)[np.argsort(y)]
    array([1. , 1. , 0.5, 0.5], dtype=float32)
    """
    if not 0 <= factor < 1:
        raise ArgumentError(f"make_circles: factor is from 0 to below 1, got {factor!r}.")
    y, t = classes_and_places(n_samples, 2, endpoint=False)
    radius = np.where(y, factor, 1.0)
    X = np.stack([radius * np.cos(2 * np.pi * t), radius * np.sin(2 * np.pi * t)], axis=1)
    return finish(X, y, noise, seed)


def make_spirals(
    n_samples: int = 100,
    noise: float = 0.02,
    n_classes: int = 2,
    turns: float = 1.0,
    seed: Seed = None,
) -> Pair:
    """Make spirals that turn around each other.

    Parameters
    ----------
    n_samples : int, default 100
        Points of all classes together.
    noise : float, default 0.02
        Standard deviation of what is added to the points.
    n_classes : int, default 2
        Arms.
    turns : float, default 1
        How often an arm goes round.
    seed : int or numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Returns
    -------
    X : float32 array of shape (n_samples, 2)
        On Archimedean spirals: the radius grows from 0 to 1 in proportion to the angle.
    y : int64 array of shape (n_samples,)

    Examples
    --------
    >>> X, y = make_spirals(300, n_classes=3, seed=0)
    >>> np.bincount(y)
    array([100, 100, 100])
    """
    check_count(n_classes, "make_spirals: n_classes")
    y, t = classes_and_places(n_samples, n_classes)
    angle = 2 * np.pi * (turns * t + y / n_classes)
    return finish(np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1), y, noise, seed)


def make_blobs(
    n_samples: int = 100,
    centers: Any = 3,
    cluster_std: float = 1.0,
    n_features: int = 2,
    seed: Seed = None,
) -> Pair:
    """Make clouds of points with normal distributions.

    Parameters
    ----------
    n_samples : int, default 100
        Points of all classes together.
    centers : int or array_like of shape (classes, features), default 3
        The middles of the clouds, or how many to draw, uniformly from -10 to 10.
    cluster_std : float, default 1
        Standard deviation of a cloud.
    n_features : int, default 2
        Dimensions, if the centers are drawn.
    seed : int or numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Returns
    -------
    X : float32 array of shape (n_samples, features)
    y : int64 array of shape (n_samples,)

    Raises
    ------
    ArgumentError
        If a number is out of its range.

    Examples
    --------
    >>> X, y = make_blobs(1000, centers=[[0, 0], [5, 5]], seed=0)
    >>> X[y == 1].mean(axis=0).round()
    array([5., 5.], dtype=float32)
    """
    rng = as_generator(seed)
    if np.ndim(centers) == 0:
        check_count(centers, "make_blobs: centers")
        check_count(n_features, "make_blobs: n_features")
        centers = rng.uniform(-10, 10, (centers, n_features))
    middles = np.asarray(centers, dtype=np.float64)
    if middles.ndim != 2:
        raise ArgumentError(
            f"make_blobs: centers are a number, or points of shape (classes, features); got shape "
            f"{middles.shape}."
        )
    y, _ = classes_and_places(n_samples, len(middles))
    return finish(middles[y], y, cluster_std, rng)


CURVES: dict[str, Callable[[Any], Any]] = {
    "sine": lambda x: np.sin(np.pi * x),
    "cubic": lambda x: 4 * x**3 - 3 * x,
    "abs": np.abs,
    "step": np.sign,
    "chirp": lambda x: np.sin(2 * np.pi * (x + 1) ** 2),
}


def make_curve(
    kind: str | Callable[[Any], Any] = "sine",
    n_samples: int = 100,
    noise: float = 0.1,
    seed: Seed = None,
) -> Pair:
    """Make points on a curve, for regression.

    Parameters
    ----------
    kind : {"sine", "cubic", "abs", "step", "chirp"} or callable, default "sine"
        sin(pi x), 4 x^3 - 3 x, abs(x), the sign of x, sin(2 pi (x + 1)^2), or a function of one's
        own of an array x.
    n_samples : int, default 100
    noise : float, default 0.1
        Standard deviation of what is added to y.
    seed : int or numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Returns
    -------
    X : float32 array of shape (n_samples, 1)
        Uniform between -1 and 1, rising.
    y : float32 array of shape (n_samples, 1)

    Raises
    ------
    ArgumentError
        If there is no such curve.

    Examples
    --------
    >>> X, y = make_curve("abs", 5, noise=0, seed=0)
    >>> bool((y == abs(X)).all())
    True
    """
    if not callable(kind) and kind not in CURVES:
        raise ArgumentError(
            f"make_curve: kind is one of {', '.join(CURVES)}, or a function; got {kind!r}."
        )
    check_count(n_samples, "make_curve: n_samples")
    rng = as_generator(seed)
    x = np.sort(rng.uniform(-1, 1, (n_samples, 1)), axis=0)
    y = (kind if callable(kind) else CURVES[kind])(x)
    y = y + check_noise(noise) * rng.standard_normal(x.shape)
    return x.astype(np.float32), y.astype(np.float32)


def classes_and_places(
    n_samples: int, n_classes: int, endpoint: bool = True
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return class numbers, as even as can be, and evenly spaced places in [0, 1] for each."""
    check_count(n_samples, "n_samples")
    sizes = [len(part) for part in np.array_split(np.empty(n_samples), n_classes)]
    y = np.repeat(np.arange(n_classes, dtype=np.int64), sizes)
    return y, np.concatenate([np.linspace(0, 1, size, endpoint=endpoint) for size in sizes])


def finish(X: NDArray[Any], y: NDArray[np.int64], noise: float, seed: Seed) -> Pair:
    """Add noise and shuffle."""
    rng = as_generator(seed)
    X = X + check_noise(noise) * rng.standard_normal(X.shape)
    order = rng.permutation(len(X))
    return X[order].astype(np.float32), y[order]


def check_noise(noise: float) -> float:
    """Refuse what is no standard deviation."""
    if not 0 <= noise < np.inf:
        raise ArgumentError(f"noise is a standard deviation, a number >= 0; got {noise!r}.")
    return noise


def as_generator(seed: Seed) -> np.random.Generator:
    """Return the generator that a seed stands for."""
    return stream("shuffle") if seed is None else np.random.default_rng(seed)
