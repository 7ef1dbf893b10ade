"""Metrics: numbers for people to read, as functions of arrays and as objects that add up batches.

Each function takes ``(output, target, weight=None)``: what the model gave, what was right, and
how much each row counts. A class of the same meaning adds up batches (`reset`, `update`,
`compute`), and its value is the same whatever their size. Values are scikit-learn's.

Scores are logits unless you say otherwise: yes-or-no scores mean yes above ``threshold=0.0``.
"""

from nnkit.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    TopKAccuracy,
    accuracy,
    binary_accuracy,
    top_k_accuracy,
)
from nnkit.metrics.confusion import ConfusionMatrix, confusion_matrix
from nnkit.metrics.f_scores import F1, Precision, Recall, f1_score, precision_score, recall_score
from nnkit.metrics.metric import Mean, Metric
from nnkit.metrics.names import NAMES, get
from nnkit.metrics.probability import LogLoss, log_loss
from nnkit.metrics.ranking import (
    ROCAUC,
    AveragePrecision,
    average_precision_score,
    roc_auc_score,
)
from nnkit.metrics.regression import (
    MAE,
    MSE,
    R2,
    RMSE,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)

__all__ = [
    # the share that is right
    "Accuracy",
    "BinaryAccuracy",
    "TopKAccuracy",
    "accuracy",
    "binary_accuracy",
    "top_k_accuracy",
    # class by class
    "ConfusionMatrix",
    "F1",
    "Precision",
    "Recall",
    "confusion_matrix",
    "f1_score",
    "precision_score",
    "recall_score",
    # rankings and probabilities
    "AveragePrecision",
    "LogLoss",
    "ROCAUC",
    "average_precision_score",
    "log_loss",
    "roc_auc_score",
    # numbers
    "MAE",
    "MSE",
    "R2",
    "RMSE",
    "mean_absolute_error",
    "mean_squared_error",
    "r2_score",
    "root_mean_squared_error",
    # by name, of your own, and averages
    "Mean",
    "Metric",
    "NAMES",
    "get",
]
