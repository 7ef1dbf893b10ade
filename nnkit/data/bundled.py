"""Bundled sets: the small real data that come with scikit-learn."""

from __future__ import annotations

import numpy as np

from autograd_core.errors import ArgumentError
from nnkit.data.dataset import NamedDataset

__all__ = ["load_bundled"]

CLASSIFICATION = ("iris", "wine", "breast_cancer", "digits")
REGRESSION = ("diabetes",)


def load_bundled(name: str) -> NamedDataset:
    """Load one of the small data sets that come with scikit-learn, without a network.

    Parameters
    ----------
    name : {"iris", "wine", "breast_cancer", "digits", "diabetes"}
        150, 178, 569 and 1797 samples of 3, 3, 2 and 10 classes; 442 patients with a number to
        predict. Digits are pictures of 8 by 8 pixels from 0 to 16, row by row in 64 columns.

    Returns
    -------
    NamedDataset
        Inputs float32 of shape (N, features); targets int64 of shape (N,), or float32 of shape
        (N, 1) for regression; and the names `features` and `classes`.

    Raises
    ------
    ArgumentError
        If there is no such set.
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> data = load_bundled("iris")
    >>> X, y = data.tensors
    >>> X.shape, data.classes
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    """
    if name not in CLASSIFICATION + REGRESSION:
        raise ArgumentError(
            f"load_bundled: the sets are {', '.join(CLASSIFICATION + REGRESSION)}; got {name!r}."
        )
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            "load_bundled needs scikit-learn: pip install 'nnkit[datasets]'."
        ) from error
    bunch = getattr(datasets, f"load_{name}")()
    X = bunch.data.astype(np.float32)
    if name in REGRESSION:
        y = bunch.target.astype(np.float32)[:, None]
        return NamedDataset(X, y, features=list(bunch.feature_names))
    return NamedDataset(
        X,
        bunch.target.astype(np.int64),
        features=[str(f) for f in bunch.feature_names],
        classes=[str(c) for c in bunch.target_names],
    )
