"""Names: metrics by the strings that people write in ``metrics=[...]``."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from autograd_core.errors import ArgumentError
from nnkit.metrics.accuracy import Accuracy, BinaryAccuracy, TopKAccuracy
from nnkit.metrics.f_scores import F1, Averaged, Precision, Recall
from nnkit.metrics.metric import Metric
from nnkit.metrics.probability import LogLoss
from nnkit.metrics.ranking import ROCAUC, AveragePrecision
from nnkit.metrics.regression import MAE, MSE, R2, RMSE

__all__ = ["NAMES", "get"]


def averaged(kind: type[Averaged], average: str) -> Callable[[str], Metric]:
    """Return what makes a precision, recall or F1 with an average."""
    return lambda name: kind(average=average, name=name)


NAMES: dict[str, Callable[[str], Metric]] = {
    "accuracy": lambda name: Accuracy(name=name),
    "binary_accuracy": lambda name: BinaryAccuracy(name=name),
    "top_k_accuracy": lambda name: TopKAccuracy(name=name),
    **{
        name + end: averaged(kind, average)
        for name, kind in (("precision", Precision), ("recall", Recall), ("f1", F1))
        for end, average in (
            ("", "binary"),
            ("_micro", "micro"),
            ("_macro", "macro"),
            ("_weighted", "weighted"),
        )
    },
    "roc_auc": lambda name: ROCAUC(name=name),
    "average_precision": lambda name: AveragePrecision(name=name),
    "log_loss": lambda name: LogLoss(name=name),
    "mae": lambda name: MAE(name=name),
    "mse": lambda name: MSE(name=name),
    "rmse": lambda name: RMSE(name=name),
    "r2": lambda name: R2(name=name),
    "mean_absolute_error": lambda name: MAE(name=name),
    "mean_squared_error": lambda name: MSE(name=name),
    "root_mean_squared_error": lambda name: RMSE(name=name),
}


def get(name: str) -> Metric:
    """Make a metric by its name.

    Parameters
    ----------
    name : str
        A key of `NAMES`: ``"accuracy"``, ``"f1_macro"``, ``"roc_auc"``, ``"rmse"`` ...

    Returns
    -------
    Metric
        A new one, with the default settings, and of this name.

    Raises
    ------
    ArgumentError
        If there is none of this name.

    Examples
    --------
    >>> get("f1_macro")
    F1(name='f1_macro')
    >>> get("mae")([1.0, 2.0], [1.0, 5.0])
    1.5
    """
    if name not in NAMES:
        near = get_close_matches(str(name), NAMES, n=1, cutoff=0.5)
        hint = f" Is {near[0]!r} meant?" if near else ""
        raise ArgumentError(
            f"there is no metric {name!r}; there are {', '.join(NAMES)}, and functions "
            f"f(output, target) of your own.{hint}"
        )
    return NAMES[name](name)
