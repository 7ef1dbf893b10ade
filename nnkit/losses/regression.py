"""Losses of regression, and of counts and distributions, as modules."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.functional.likelihood import check_kl_reduction
from nnkit.functional.loss import check_beta, check_delta
from nnkit.losses.loss import Loss, refuse_probabilities
from nnkit.module import Module

__all__ = [
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
]


class MSELoss(Loss):
    """The mean of (input - target)^2.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> MSELoss()(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(2.5)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare two arrays of the same shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The mean of the absolute values of input - target.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> L1Loss()(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(1.5)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare two arrays of the same shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(Loss):
    """The mean of d^2 / 2 where abs(d) <= delta, and delta (abs(d) - delta / 2) elsewhere, with
    d = input - target: outliers count less than in MSELoss.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
    delta : float, default 1.0
        Where the parabola becomes a straight line.

    Raises
    ------
    ArgumentError
        If `delta` is not positive.

    References
    ----------
    P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35 (1964).

    Examples
    --------
    >>> import numpy as np
    >>> HuberLoss()(np.array([0.5, 3.0]), [0.0, 0.0])
    np.float64(1.3125)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        check_delta(delta)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        """Compare two arrays of the same shape."""
        return F.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(Loss):
    """The mean of d^2 / (2 beta) where abs(d) < beta, and abs(d) - beta / 2 elsewhere, with
    d = input - target.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
    beta : float, default 1.0
        Where the parabola becomes a straight line; 0 gives L1Loss.

    Raises
    ------
    ArgumentError
        If `beta` is negative.

    References
    ----------
    R. Girshick, "Fast R-CNN", ICCV 2015.

    Examples
    --------
    >>> import numpy as np
    >>> SmoothL1Loss(beta=0.5)(np.array([0.5, 3.0]), [0.0, 0.0])
    np.float64(1.5)
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        check_beta(beta)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        """Compare two arrays of the same shape."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class KLDivLoss(Module):
    """The Kullback-Leibler divergence of a distribution from the one that is right.

    Parameters
    ----------
    reduction : {"mean", "batchmean", "sum", "none"}, default "mean"
        "batchmean", the sum divided by the number of rows, is the divergence of the definition.
    log_target : bool, default False
        Whether the target holds logarithms of probabilities, as the input does.

    Raises
    ------
    ArgumentError
        If the first batch of inputs looks like probabilities; if a probability is negative.

    Examples
    --------
    >>> import numpy as np
    >>> loss = KLDivLoss(reduction="batchmean")
    >>> loss(np.log([[0.5, 0.5]]), [[0.25, 0.75]]).round(4)
    np.float64(0.1308)
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__()
        check_kl_reduction(reduction, "KLDivLoss")
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        """Compare log-probabilities with probabilities."""
        loss = F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
        refuse_probabilities(
            self,
            input,
            "KLDivLoss takes logarithms of probabilities as its input, but got rows of "
            "positive numbers that add up to 1: these look like probabilities. Pass "
            "functional.log_softmax(scores, dim=1).",
        )
        return loss


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts that follow a Poisson distribution.

    Parameters
    ----------
    log_input : bool, default True
        Whether the input holds logarithms of the expected counts: exp(x) - t x; otherwise
        x - t log(x + eps).
    full : bool, default False
        Add Stirling's approximation of log(t!), which does not depend on the input.
    eps : float, default 1e-8
        Keeps the logarithm finite.
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> import numpy as np
    >>> PoissonNLLLoss()(np.array([0.0, 1.0]), [1.0, 3.0]).round(4)
    np.float64(0.3591)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        *,
        eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any) -> Any:
        """Compare expected counts, or their logarithms, with counts."""
        return F.poisson_nll_loss(
            input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of numbers that follow normal distributions:
    (log(var) + (input - target)^2 / var) / 2.

    Parameters
    ----------
    full : bool, default False
        Add the constant log(2 pi) / 2.
    eps : float, default 1e-6
        Smaller variances count as this.
    reduction : {"mean", "sum", "none"}, default "mean"

    References
    ----------
    D. A. Nix, A. S. Weigend, "Estimating the mean and variance of the target probability
    distribution", ICNN 1994.

    Examples
    --------
    >>> import numpy as np
    >>> GaussianNLLLoss()(np.array([0.0, 2.0]), [1.0, 2.0], np.array([1.0, 1.0]))
    np.float64(0.25)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        """Compare means and variances with numbers."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
