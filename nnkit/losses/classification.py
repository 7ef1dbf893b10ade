"""Losses of classification, as modules."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.losses.loss import Loss, check_all_labels, refuse_probabilities

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CrossEntropyLoss",
    "FocalLoss",
    "NLLLoss",
    "SigmoidFocalLoss",
]


class BCELoss(Loss):
    """The cross-entropy of yes-or-no probabilities: -(t log p + (1 - t) log(1 - p)).

    BCEWithLogitsLoss on what goes into the sigmoid is more accurate.

    Parameters
    ----------
    weight : array_like, optional
        Of the elements.
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ArgumentError
        If an input or a target is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> BCELoss()(np.array([0.5]), [1.0]).round(4)
    np.float64(0.6931)
    """

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare probabilities of yes, of the same shape."""
        return F.binary_cross_entropy(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            reduction=self.reduction,
        )


class BCEWithLogitsLoss(Loss):
    """The cross-entropy of yes-or-no scores; it contains the sigmoid.

    Parameters
    ----------
    weight : array_like, optional
        Of the elements.
    reduction : {"mean", "sum", "none"}, default "mean"
    pos_weight : array_like, optional
        Factor of the positives, against rare ones.

    Examples
    --------
    >>> import numpy as np
    >>> BCEWithLogitsLoss()(np.array([0.0]), [1.0]).round(4)
    np.float64(0.6931)
    """

    def __init__(
        self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with probabilities of yes, of the same shape."""
        return F.binary_cross_entropy_with_logits(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            reduction=self.reduction,
            pos_weight=self.pos_weight,  # type: ignore[attr-defined]
        )


class CrossEntropyLoss(Loss):
    """The cross-entropy of scores (logits) and the right classes; it contains the softmax.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Of the classes.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`, where class indices are given.
    label_smoothing : float, default 0.0
        The share of the probability that is spread evenly over all classes.

    Raises
    ------
    ArgumentError
        If a label is no class; if the first batch of outputs looks like probabilities.

    Notes
    -----
    The target is an array of class indices, shape (N,), or of class probabilities, shape (N, C).

    A network that ends with a softmax still learns under this loss, only slowly and badly, so
    the mistake stays hidden; that is why the first batch is looked at. If it is meant, call
    `functional.cross_entropy`.

    Examples
    --------
    >>> import numpy as np
    >>> loss = CrossEntropyLoss()
    >>> loss(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).round(4)
    np.float64(0.41)
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with class indices or class probabilities."""
        loss = F.cross_entropy(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
        refuse_probabilities(
            self,
            input,
            "CrossEntropyLoss takes scores (logits), but got rows of positive numbers that add "
            "up to 1: these look like probabilities. Take the softmax off the end of the "
            "model; for probabilities p use NLLLoss on np.log(p).",
        )
        return loss

    def check_targets(self, output: Any, target: Any) -> None:
        """Refuse wrong labels of a whole data set at once, before the training starts."""
        check_all_labels(output, target, self.ignore_index)


class NLLLoss(Loss):
    """Minus the log-probability of the right class: what follows on a LogSoftmax.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Of the classes.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`.

    Raises
    ------
    ArgumentError
        If a label is no class; if the first batch of inputs looks like probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> NLLLoss()(np.log([[0.25, 0.75]]), np.array([1])).round(4)
    np.float64(0.2877)
    """

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        """Compare log-probabilities with class indices."""
        loss = F.nll_loss(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )
        refuse_probabilities(
            self,
            input,
            "NLLLoss takes log-probabilities, but got rows of positive numbers that add up to "
            "1: these look like probabilities. End the model with a LogSoftmax(dim=1) instead "
            "of a Softmax, or with neither and use CrossEntropyLoss.",
        )
        return loss

    def check_targets(self, output: Any, target: Any) -> None:
        """Refuse wrong labels of a whole data set at once, before the training starts."""
        check_all_labels(output, target, self.ignore_index)


class FocalLoss(Loss):
    """The mean of -(1 - p)^gamma log(p), p the probability of the right class.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Of the classes.
    gamma : float, default 2.0
        0 gives the cross-entropy; the larger, the less counts what is right already.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`.

    Raises
    ------
    ArgumentError
        If `gamma` is negative, or a label is no class.

    Notes
    -----
    The input holds scores (logits), as for CrossEntropyLoss, the target class indices.

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.

    Examples
    --------
    >>> import numpy as np
    >>> FocalLoss()(np.array([[0.0, 0.0]]), np.array([0])).round(4)
    np.float64(0.1733)
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        gamma: float = 2.0,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.gamma = gamma
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with class indices."""
        return F.focal_loss(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            gamma=self.gamma,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )

    def check_targets(self, output: Any, target: Any) -> None:
        """Refuse wrong labels of a whole data set at once, before the training starts."""
        check_all_labels(output, target, self.ignore_index)


class SigmoidFocalLoss(Loss):
    """The mean of -a (1 - p)^gamma log(p), p the probability of the right answer to yes or no.

    Parameters
    ----------
    alpha : float, default 0.25
        The factor a is `alpha` for yes and 1 - `alpha` for no; negative: it is 1.
    gamma : float, default 2.0
        The larger, the less counts what is right already.
    reduction : {"mean", "sum", "none"}, default "mean"

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.

    Examples
    --------
    >>> import numpy as np
    >>> SigmoidFocalLoss()(np.array([0.0]), [1.0]).round(4)
    np.float64(0.0433)
    """

    def __init__(self, alpha: float = 0.25, gamma: float = 2.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.alpha = alpha
        self.gamma = gamma

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with labels 0 and 1, of the same shape."""
        return F.sigmoid_focal_loss(input, target, self.alpha, self.gamma, self.reduction)


class CTCLoss(Loss):
    """Minus the log-probability of label sequences, over all ways to place them in time.

    Parameters
    ----------
    blank : int, default 0
        The class that means: no label here.
    reduction : {"mean", "sum", "none"}, default "mean"
        "mean" divides each loss by its number of labels, and takes the mean of that.
    zero_infinity : bool, default False
        Count sequences that are too short for their labels as 0 instead of infinity.

    References
    ----------
    A. Graves, S. Fernandez, F. Gomez, J. Schmidhuber, "Connectionist Temporal Classification:
    Labelling Unsegmented Sequence Data with Recurrent Neural Networks", ICML 2006.

    Examples
    --------
    >>> import numpy as np
    >>> log_p = np.log(np.full((2, 1, 2), 0.5))
    >>> CTCLoss()(log_p, np.array([[1]]), [2], [1]).round(4)
    np.float64(0.2877)
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        """Compare log-probabilities, (T, N, C), with labels, (N, S); see `functional.ctc_loss`."""
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
