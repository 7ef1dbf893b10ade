"""Losses of segmentation, as modules."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.losses.loss import Loss

__all__ = ["DiceLoss", "TverskyLoss"]


class DiceLoss(Loss):
    """1 minus the Dice coefficient of each region: twice the overlap over both sizes.

    Parameters
    ----------
    smooth : float, default 1.0
        Added to numerator and denominator, so that an empty region that is found empty has the
        loss 0.
    from_logits : bool, default True
        False: the input holds probabilities.
    reduction : {"mean", "sum", "none"}, default "mean"

    Notes
    -----
    The input has shape (N, C, d1, ...). The target holds the class at each place, shape
    (N, d1, ...), or for each region 1 where it is and 0 elsewhere, of the shape of the input.

    References
    ----------
    F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net: Fully Convolutional Neural Networks for
    Volumetric Medical Image Segmentation", 3DV 2016.

    Examples
    --------
    >>> import numpy as np
    >>> DiceLoss()(np.array([[[9.0, 9.0, -9.0, -9.0]]]), [[[1, 0, 0, 0]]]).round(3)
    np.float64(0.25)
    """

    def __init__(
        self, *, smooth: float = 1.0, from_logits: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.smooth = smooth
        self.from_logits = from_logits

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with regions."""
        return F.dice_loss(
            input,
            target,
            smooth=self.smooth,
            from_logits=self.from_logits,
            reduction=self.reduction,
        )


class TverskyLoss(Loss):
    """1 minus the Tversky index of each region: an overlap in which surplus and omission may count
    differently.

    Parameters
    ----------
    alpha, beta : float, default 0.5
        Weights of surplus (false positives) and of omission (false negatives).
    smooth : float, default 1.0
        Added to numerator and denominator, so that an empty region that is found empty has the
        loss 0.
    from_logits : bool, default True
        False: the input holds probabilities.
    reduction : {"mean", "sum", "none"}, default "mean"

    Notes
    -----
    The input has shape (N, C, d1, ...). The target holds the class at each place, shape
    (N, d1, ...), or for each region 1 where it is and 0 elsewhere, of the shape of the input.

    References
    ----------
    S. Salehi, D. Erdogmus, A. Gholipour, "Tversky loss function for image segmentation using 3D
    fully convolutional deep networks", arXiv:1706.05721.

    Examples
    --------
    >>> import numpy as np
    >>> loss = TverskyLoss(beta=0.75, smooth=0.0)
    >>> loss(np.array([[[9.0, 9.0, -9.0, -9.0]]]), [[[1, 1, 1, 1]]]).round(3)
    np.float64(0.429)
    """

    def __init__(
        self,
        *,
        alpha: float = 0.5,
        beta: float = 0.5,
        smooth: float = 1.0,
        from_logits: bool = True,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.alpha = alpha
        self.beta = beta
        self.smooth = smooth
        self.from_logits = from_logits

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with regions."""
        return F.tversky_loss(
            input,
            target,
            alpha=self.alpha,
            beta=self.beta,
            smooth=self.smooth,
            from_logits=self.from_logits,
            reduction=self.reduction,
        )
