"""Losses that are 0 as soon as an answer is right by a margin, as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnkit import functional as F
from nnkit.functional.margin_loss import check_power
from nnkit.functional.similarity_loss import check_margin
from nnkit.layers.distance import PairwiseDistance
from nnkit.losses.loss import Loss, check_all_labels

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class MarginRankingLoss(Loss):
    """The mean of max(0, -t (x1 - x2) + margin): x1 should be larger where t is 1.

    Parameters
    ----------
    margin : float, default 0.0
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> MarginRankingLoss()(np.array([2.0, 1.0]), np.array([1.0, 4.0]), [1, 1])
    np.float64(1.5)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        """Compare the scores of pairs; the target is 1 or -1 for each."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """The mean of x where t is 1, and of max(0, margin - x) where it is -1; x are distances.

    Parameters
    ----------
    margin : float, default 1.0
        How far apart pairs should be that are not alike.
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> HingeEmbeddingLoss()(np.array([0.5, 0.25]), [1, -1])
    np.float64(0.625)
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        """Compare distances of pairs with 1 or -1 for each."""
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class SoftMarginLoss(Loss):
    """The mean of log(1 + exp(-t x)), t the labels 1 and -1.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> SoftMarginLoss()(np.array([0.0]), [1]).round(4)
    np.float64(0.6931)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with labels 1 and -1, of the same shape."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(Loss):
    """The mean of sum over c != y of max(0, margin - x_y + x_c)^p / C, y the right class.

    Parameters
    ----------
    p : {1, 2}, default 1
    margin : float, default 1.0
    weight : array_like, shape (C,), optional
        Of the classes.
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ArgumentError
        If `p` is not 1 or 2, or a label is no class.

    Examples
    --------
    >>> import numpy as np
    >>> MultiMarginLoss()(np.array([[0.5, 1.0]]), np.array([0]))
    np.float64(0.75)
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        check_power(p, "MultiMarginLoss")
        self.p = p
        self.margin = margin
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with class indices."""
        return F.multi_margin_loss(
            input,
            target,
            self.p,
            self.margin,
            self.weight,  # type: ignore[attr-defined]
            reduction=self.reduction,
        )

    def check_targets(self, output: Any, target: Any) -> None:
        """Refuse wrong labels of a whole data set at once, before the training starts."""
        check_all_labels(output, target, None)


class MultiLabelMarginLoss(Loss):
    """The mean of sum over y, c of max(0, 1 - x_y + x_c) / C, for all pairs of a class y that is
    right and a class c that is not.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Notes
    -----
    A row of the target holds the right classes; the first -1 ends them.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[0.1, 0.2, 0.4, 0.8]])
    >>> MultiLabelMarginLoss()(scores, np.array([[3, 0, -1, 1]])).round(4)
    np.float64(0.85)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with rows of class indices, of the same shape."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    """The mean cross-entropy of C yes-or-no questions for each row.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Of the classes.
    reduction : {"mean", "sum", "none"}, default "mean"
        Over the rows; within a row it is always the mean.

    Examples
    --------
    >>> import numpy as np
    >>> MultiLabelSoftMarginLoss()(np.array([[0.0, 100.0]]), [[1, 1]]).round(4)
    np.float64(0.3466)
    """

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with 0 and 1, of the same shape."""
        return F.multilabel_soft_margin_loss(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            reduction=self.reduction,
        )


class CosineEmbeddingLoss(Loss):
    """The mean of 1 - cos where t is 1, and of max(0, cos - margin) where it is -1.

    Parameters
    ----------
    margin : float, default 0.0
        From -1 to 1.
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> CosineEmbeddingLoss()(x, np.array([[0.0, 1.0], [3.0, 0.0]]), [1, -1]).round(4)
    np.float64(1.0)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        """Compare the directions of pairs of vectors with 1 or -1 for each."""
        return F.cosine_embedding_loss(
            input1, input2, target, self.margin, reduction=self.reduction
        )


class TripletMarginLoss(Loss):
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin).

    Parameters
    ----------
    margin : float, default 1.0
    p : float, default 2.0
        Which norm gives the distance d.
    eps : float, default 1e-6
        Added to the differences.
    swap : bool, default False
        Use d(positive, negative) where it is smaller than d(anchor, negative).
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ArgumentError
        If `margin` is not positive.

    References
    ----------
    V. Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses",
    BMVC 2016.

    Examples
    --------
    >>> import numpy as np
    >>> a, b, c = np.array([[0.0]]), np.array([[2.0]]), np.array([[-1.5]])
    >>> TripletMarginLoss()(a, b, c).round(4)
    np.float64(1.5)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        check_margin(margin, "TripletMarginLoss")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        """Compare vectors with one that should be near and one that should be far."""
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            self.margin,
            self.p,
            self.eps,
            self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(Loss):
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), with any distance d.

    Parameters
    ----------
    distance_function : callable, optional
        d, of two arrays; it returns a distance for each row. Default: PairwiseDistance().
    margin : float, default 1.0
    swap : bool, default False
        Use d(positive, negative) where it is smaller than d(anchor, negative).
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ArgumentError
        If `margin` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> a, b, c = np.array([[0.0]]), np.array([[2.0]]), np.array([[-1.5]])
    >>> loss = TripletMarginWithDistanceLoss(
    ...     distance_function=lambda x, y: np.abs(x - y).sum(axis=1)
    ... )
    >>> loss(a, b, c)
    np.float64(1.5)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        check_margin(margin, "TripletMarginWithDistanceLoss")
        self.distance_function = distance_function or PairwiseDistance()
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        """Compare things with one that should be near and one that should be far."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
