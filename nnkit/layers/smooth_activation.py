"""Smooth activation functions as layers."""

from __future__ import annotations

from typing import Any

from autograd_core.errors import ShapeError
from nnkit import functional as F
from nnkit.functional.operands import as_float
from nnkit.layers.rectifiers import Switched
from nnkit.module import Module

__all__ = [
    "CELU",
    "ELU",
    "GLU",
    "SELU",
    "LogSigmoid",
    "Mish",
    "SiLU",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanhshrink",
]


class ELU(Switched):
    """x where x > 0 and `alpha` (exp(x) - 1) elsewhere.

    Parameters
    ----------
    alpha : float, default 1.0
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and Accurate Deep Network Learning by
    Exponential Linear Units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import numpy as np
    >>> ELU()(np.array([-1.0, 2.0])).round(4)
    array([-0.6321,  2.    ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.elu(input, self.alpha)

    def _settings(self) -> str:
        return f"alpha={self.alpha}"


class CELU(ELU):
    """x where x > 0 and `alpha` (exp(x / `alpha`) - 1) elsewhere: smooth at 0.

    Parameters
    ----------
    alpha : float, default 1.0
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    J. T. Barron, "Continuously Differentiable Exponential Linear Units", arXiv:1704.07483.

    Examples
    --------
    >>> import numpy as np
    >>> CELU(alpha=2.0)(np.array([-1.0, 2.0])).round(4)
    array([-0.7869,  2.    ])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.celu(input, self.alpha)


class SELU(Switched):
    """The exponential unit that keeps mean 0 and variance 1 from layer to layer.

    It wants weights of `init.kaiming_normal_(w, nonlinearity="linear")` and AlphaDropout.

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    G. Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> SELU()(np.array([-1.0, 2.0])).round(4)
    array([-1.1113,  2.1014])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.selu(input)


class SiLU(Switched):
    """x sigmoid(x), also called swish.

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units", arXiv:1702.03118.

    Examples
    --------
    >>> import numpy as np
    >>> SiLU()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.7311])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.silu(input)


class Mish(Switched):
    """x tanh(softplus(x)).

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", arXiv:1908.08681.

    Examples
    --------
    >>> import numpy as np
    >>> Mish()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8651])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.mish(input)


class Softplus(Module):
    """log(1 + exp(beta x)) / beta, a smooth max(x, 0).

    Parameters
    ----------
    beta : float, default 1.0
        The larger, the nearer to max(x, 0).
    threshold : float, default 20.0
        Where beta x exceeds it, x itself is returned.

    Examples
    --------
    >>> import numpy as np
    >>> Softplus()(np.array([-1000.0, 0.0, 100.0])).round(4)
    array([  0.    ,   0.6931, 100.    ])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Name the settings."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    """x / (1 + abs(x)), element by element.

    Examples
    --------
    >>> import numpy as np
    >>> Softsign()(np.array([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x), element by element.

    Examples
    --------
    >>> import numpy as np
    >>> Tanhshrink()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.2384])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.tanhshrink(input)


class LogSigmoid(Module):
    """log(sigmoid(x)), without loss where sigmoid(x) rounds to 0.

    Examples
    --------
    >>> import numpy as np
    >>> LogSigmoid()(np.array([-1000.0]))
    array([-1000.])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.logsigmoid(input)


class GLU(Module):
    """a sigmoid(b), a and b being the two halves of the input along an axis.

    Parameters
    ----------
    dim : int, default -1

    Raises
    ------
    ShapeError
        If an input has an odd length along `dim`.

    References
    ----------
    Y. Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> GLU()(np.array([3.0, 0.0]))
    array([1.5])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """Name the axis."""
        return f"dim={self.dim}"


class Softmin(Module):
    """softmax(-x) along an axis: the smallest number gets the largest share.

    Parameters
    ----------
    dim : int
        The axis along which the shares add up to 1.

    Examples
    --------
    >>> import numpy as np
    >>> Softmin(dim=1)(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        """Name the axis."""
        return f"dim={self.dim}"


class Softmax2d(Module):
    """Softmax over the channels at each place of images of shape (N, C, H, W) or (C, H, W).

    Raises
    ------
    ShapeError
        If an input has another number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> Softmax2d()(np.zeros((2, 1, 1)))[:, 0, 0]
    array([0.5, 0.5])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        x = as_float(input, "the input of Softmax2d")
        if x.ndim not in (3, 4):
            raise ShapeError(
                f"Softmax2d got {x.shape}; it takes images, (N, C, H, W) or (C, H, W). For scores "
                f"of shape (batch, classes) use Softmax(dim=1)."
            )
        return F.softmax(x, -3)
