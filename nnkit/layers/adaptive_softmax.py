"""Adaptive softmax: classification into very many classes, of which few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit import functional as F
from nnkit.functional.labels import by_rows, check_labels
from nnkit.functional.operands import as_dtype
from nnkit.layers.container import ModuleList, Sequential
from nnkit.layers.linear import Linear, check_sizes
from nnkit.module import Module

__all__ = ["ASMoutput", "AdaptiveLogSoftmaxWithLoss"]


class ASMoutput(NamedTuple):
    """What AdaptiveLogSoftmaxWithLoss returns.

    Examples
    --------
    >>> ASMoutput(output=1.0, loss=2.0).loss
    2.0
    """

    output: Any
    """The log-probability of each target, shape (N,) or ()."""
    loss: Any
    """Minus their mean."""


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-softmax over very many classes in clusters: rare classes get fewer parameters, and are
    calculated only where they are needed.

    Classes are numbered by falling frequency. The head decides between the classes of the first
    cluster and the other clusters as a whole.

    Parameters
    ----------
    in_features : int
        Length of the input's last axis.
    n_classes : int
    cutoffs : sequence of int
        Where the second and further clusters begin; rising, between 1 and `n_classes` - 1.
    div_value : float, default 4.0
        Cluster i > 0 works on in_features / div_value^i numbers.
    head_bias : bool, default False
        Whether the head adds a bias.
    dtype : dtype, default float32
        Of the parameters.

    Raises
    ------
    ArgumentError
        If `cutoffs` do not rise, or a target is no class.
    ShapeError
        If shapes do not fit together.

    References
    ----------
    E. Grave et al., "Efficient softmax approximation for GPUs", ICML 2017.

    Examples
    --------
    >>> layer = AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 50])
    >>> output, loss = layer(np.zeros((3, 16)), np.array([0, 20, 99]))
    >>> output.shape, loss.shape
    ((3,), ())
    """

    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = "AdaptiveLogSoftmaxWithLoss"
        check_sizes(kind, in_features=in_features, n_classes=n_classes)
        edges = list(cutoffs)
        if not edges or edges != sorted(set(edges)) or edges[0] < 1 or edges[-1] >= n_classes:
            raise ArgumentError(
                f"{kind}: cutoffs are rising whole numbers between 1 and {n_classes - 1}, got "
                f"{edges}."
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*edges, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = edges[0]
        self.n_clusters = len(edges)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, dtype=dtype)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            width = int(in_features // div_value ** (i + 1))
            if width < 1:
                raise ArgumentError(
                    f"{kind}: cluster {i + 1} would work on {in_features} / {div_value}^{i + 1} "
                    f"< 1 numbers. Take fewer cutoffs, or a smaller div_value."
                )
            self.tail.append(
                Sequential(
                    Linear(in_features, width, bias=False, dtype=dtype),
                    Linear(width, high - low, bias=False, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def _rows(self, input: Any) -> Any:
        x = as_dtype(input, self.head.weight.dtype, "the input of AdaptiveLogSoftmaxWithLoss")
        if x.ndim not in (1, 2) or x.shape[-1] != self.in_features:
            raise ShapeError(
                f"AdaptiveLogSoftmaxWithLoss(in_features={self.in_features}) got {x.shape}; its "
                f"input is (N, {self.in_features}) or ({self.in_features},)."
            )
        return x.reshape(-1, self.in_features)

    def forward(self, input: Any, target: Any) -> ASMoutput:
        """Return the log-probabilities of the targets and minus their mean.

        The input has shape (N, in_features) or (in_features,), the target (N,) or ().
        """
        x, labels = self._rows(input), np.asarray(raw(target))
        classes = (len(x), self.n_classes) if np.ndim(raw(input)) > 1 else (self.n_classes,)
        scores = np.broadcast_to(0.0, classes)
        labels = by_rows(scores, labels, "AdaptiveLogSoftmaxWithLoss")[1]
        check_labels(labels, self.n_classes, None, "AdaptiveLogSoftmaxWithLoss")
        clusters = np.searchsorted(self.cutoffs, labels, side="right")
        head = F.log_softmax(self.head(x), dim=1)
        column = np.where(clusters == 0, labels, self.shortlist_size + clusters - 1)
        order = [np.flatnonzero(clusters == 0)]
        parts = [np.zeros(len(order[0]), head.dtype)]
        for i, part in enumerate(self.tail, 1):
            members = np.flatnonzero(clusters == i)
            if len(members):
                within = F.log_softmax(part(x[members]), dim=1)
                parts.append(within[np.arange(len(members)), labels[members] - self.cutoffs[i - 1]])
                order.append(members)
        back = np.argsort(np.concatenate(order))
        output = head[np.arange(len(labels)), column] + np.concatenate(parts)[back]
        return ASMoutput(output.reshape(np.shape(raw(target))), -output.mean())

    def log_prob(self, input: Any) -> Any:
        """Return the log-probabilities of all classes, shape (N, n_classes) for input (N, ...)."""
        x = self._rows(input)
        head = F.log_softmax(self.head(x), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, part in enumerate(self.tail):
            cluster = head[:, self.shortlist_size + i][:, None]
            parts.append(F.log_softmax(part(x), dim=1) + cluster)
        y = np.concatenate(parts, axis=1)
        return y.reshape((*np.shape(raw(input))[:-1], self.n_classes))

    def predict(self, input: Any) -> Any:
        """Return the most probable class of each row, shape (N,) or ()."""
        return np.argmax(raw(self.log_prob(input)), axis=-1)
