"""What `fit` is given as data, checked and brought into loaders for training and validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.data import DataLoader, Subset, TensorDataset
from nnkit.data.sampler import spread
from nnkit.data.split import check_strata
from nnkit.random import stream
from nnkit.training.batches import as_batches, is_arrays
from nnkit.training.frames import is_frame
from nnkit.training.weights import ClassWeight, as_weights

if TYPE_CHECKING:
    from nnkit.training.trainer import Trainer

__all__ = ["Prepared", "prepare", "weighted_dataset"]

Array = NDArray[Any]
VALIDATION_BATCH = 512


class Prepared:
    """Loaders for training and validation, and the weights of classes that a loader has not."""

    def __init__(self, train: Any, validation: Any, class_weight: ClassWeight | None) -> None:
        self.train = train
        self.validation = validation
        self.class_weight = class_weight

    def weight_of(self, y: Any, weight: Any) -> Array | None:
        """Return the weights of a batch's rows, those of their classes included."""
        if weight is not None:
            weight = np.asarray(weight)
        if self.class_weight is None:
            return weight
        of_class = self.class_weight.of(y)
        return of_class if weight is None else weight * of_class


def prepare(
    trainer: Trainer,
    X: Any,
    y: Any,
    *,
    epochs: int,
    batch_size: int,
    validation_data: Any,
    validation_split: float,
    stratify: bool,
    shuffle: bool,
    class_weight: Any,
    sample_weight: Any,
) -> Prepared:
    """Check data and make loaders of them."""
    if validation_data is not None and validation_split:
        raise ArgumentError("fit: give validation_data or validation_split, not both.")
    is_number = isinstance(validation_split, (int, float, np.number))
    if not (is_number and 0 <= validation_split < 1):
        raise ArgumentError(
            f"fit: validation_split is a share of the rows, from 0 to below 1; got "
            f"{validation_split!r}."
        )
    if stratify and not validation_split:
        raise ArgumentError("fit: stratify=True says how validation_split divides; give a share.")
    if is_arrays(X) or is_frame(X):
        arrays = trainer._arrays(X, y, "fit")
        train, validation, classes = of_arrays(
            trainer, arrays, validation_split, stratify, class_weight, sample_weight
        )
        train = DataLoader(train, batch_size, shuffle)
        validation = validation and DataLoader(validation, VALIDATION_BATCH)
    else:
        if y is not None or validation_split:
            raise ArgumentError(
                "fit: a dataset or loader gives the targets itself, and is not split: leave "
                "out y and validation_split (data.random_split divides a dataset)."
            )
        if sample_weight is not None:
            raise ArgumentError(
                "fit: a loader gives the weights itself, in batches of three: (inputs, targets, "
                "weights), as DataLoader((X, y, sample_weight), 32) does. Leave out sample_weight."
            )
        train, validation = as_batches(X, batch_size, shuffle, epochs, "fit"), None
        classes = None if class_weight is None else ClassWeight(class_weight)
    if validation_data is not None:
        validation = of_validation(trainer, validation_data)
    return Prepared(train, validation, classes)


def of_arrays(
    trainer: Trainer,
    arrays: tuple[Array, ...],
    share: float,
    stratify: bool,
    class_weight: Any,
    sample_weight: Any,
) -> tuple[Any, Any, ClassWeight | None]:
    """Make datasets of arrays: for training, and of the share that is kept for validation."""
    trainer._rehearse(*arrays)
    n, y = len(arrays[0]), arrays[1]
    if sample_weight is not None:
        sample_weight = as_weights(sample_weight, n, "fit: sample_weight")
    data: Any = weighted_dataset(arrays, sample_weight)
    order = trainer._split_order(n, share, y if stratify else None) if share else None
    if order is None:
        part, kept, labels = data, None, y
    else:
        count = round(n * share)
        part, kept = Subset(data, order[count:]), Subset(data, order[:count])
        labels = y[order[count:]]
    if class_weight is None:
        return part, kept, None
    classes = ClassWeight(class_weight, labels)
    of_class = classes.of(y)
    # Classes count in training only: validation measures the data as they are.
    both = of_class if sample_weight is None else of_class * sample_weight
    part = weighted_dataset(arrays, both)
    return part if order is None else Subset(part, order[count:]), kept, None


def weighted_dataset(arrays: tuple[Array, ...], weight: Array | None) -> TensorDataset:
    """Make a dataset of arrays, with weights of their rows if there are any."""
    return TensorDataset(*arrays) if weight is None else TensorDataset(*arrays, weight)


def of_validation(trainer: Trainer, data: Any) -> Any:
    """Make a loader of what is given as validation data."""
    if isinstance(data, tuple):
        if len(data) not in (2, 3):
            raise ArgumentError(
                f"fit: validation_data is a pair (X, y), or (X, y, sample_weight); got "
                f"{len(data)} parts."
            )
        arrays = trainer._arrays(data[0], data[1], "validation_data")
        weight = None
        if len(data) == 3:
            weight = as_weights(data[2], len(arrays[0]), "validation_data: sample_weight")
        return DataLoader(weighted_dataset(arrays, weight), VALIDATION_BATCH)
    if is_arrays(data) or is_frame(data):
        raise ArgumentError("fit: validation_data is a pair (X, y), or a DataLoader.")
    return as_batches(data, VALIDATION_BATCH, False, 2, "validation_data")


def split_order(n: int, share: float, labels: Array | None) -> Array:
    """Draw an order of n rows whose first `share` is for validation.

    Raises
    ------
    ArgumentError
        If a part would be empty, or a class too small to be divided.
    """
    count = round(n * share)
    if not 0 < count < n:
        raise ArgumentError(
            f"fit: validation_split={share} of {n} rows leaves nothing to "
            f"{'train on' if count else 'validate with'}."
        )
    if labels is None:
        return stream("shuffle").permutation(n)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return spread(check_strata(labels, n, 2), stream("shuffle"))
