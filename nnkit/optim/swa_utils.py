"""Averages of weights over training: exponential (EMA), plain (SWA), and trying them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, GraphError, describe
from autograd_core.inplace import mark_written
from nnkit.module import Module
from nnkit.optim.averaging import (
    AvgFn,
    MultiAvgFn,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
)
from nnkit.optim.interrupts import Uninterrupted
from nnkit.optim.lr_scheduler.swa import SWALR
from nnkit.optim.recorded import recorded_live

__all__ = [
    "EMA",
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Array = NDArray[Any]


class AveragedModel(Module):
    """A copy of a model whose weights are an average of those the model has during training.

    Parameters
    ----------
    model : Module
        It is copied.
    avg_fn : callable, optional
        ``avg_fn(average, current, n)`` returns the new average of a parameter, after n others. By
        default all count the same (SWA). See `get_ema_avg_fn`.
    multi_avg_fn : callable, optional
        Instead: ``multi_avg_fn(averages, currents, n)`` changes all averages in place.
    use_buffers : bool, default False
        Average the buffers (running statistics) too; otherwise they are copied.

    Attributes
    ----------
    module : Module
        The copy.
    n_averaged : array of one int
        How often `update_parameters` was called.

    Raises
    ------
    ArgumentError
        If both functions are given.
    DtypeError
        If `model` is no Module.

    Notes
    -----
    The first call of `update_parameters` copies the weights, later ones average them. After SWA the
    statistics of BatchNorm layers no longer fit: see `update_bn`.

    References
    ----------
    P. Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI
    2018 (SWA).

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Linear(1, 1, bias=False)
    >>> average = AveragedModel(model)
    >>> for weight in (1.0, 2.0, 6.0):
    ...     model.weight.data = [[weight]]
    ...     average.update_parameters(model)
    >>> average.module.weight.item()
    3.0
    >>> with average.swapped_into(model):
    ...     print(model.weight.item())
    3.0
    >>> model.weight.item()
    6.0
    """

    n_averaged: Any

    def __init__(
        self,
        model: Module,
        *,
        avg_fn: AvgFn | None = None,
        multi_avg_fn: MultiAvgFn | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(model, Module):
            raise DtypeError(f"{type(self).__name__} averages a model, got {describe(model)}.")
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("AveragedModel: give avg_fn or multi_avg_fn, not both.")
        self.module = deepcopy(model)
        self.register_buffer("n_averaged", np.array(0))
        self.avg_fn, self.multi_avg_fn = avg_fn, multi_avg_fn
        self.use_buffers = use_buffers
        self._is_swapped = False

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the averaged model."""
        return self.module(*args, **kwargs)

    live_in_recordings = True

    @recorded_live
    def update_parameters(self, model: Module) -> None:
        """Take the present weights of `model` into the average.

        Raises
        ------
        ArgumentError
            If it has other parameters than the model that was copied.
        GraphError
            Inside of ``with average.swapped_into(model)``.
        """
        if self._is_swapped:
            raise GraphError(
                "update_parameters() inside of swapped_into(): the model holds the average now. "
                "Call it after the with block."
            )
        params, buffers = pairs_of(self.module, model)
        with Uninterrupted():
            averages = [own for own, _ in params]
            currents = [current for _, current in params]
            for own, current in buffers:
                if self.use_buffers and own.dtype.kind in "fc":
                    averages.append(own)
                    currents.append(current)
                else:
                    np.copyto(own, current)
            self._average(averages, currents, int(self.n_averaged))
            self.n_averaged = self.n_averaged + 1
            for p in self.module.parameters():
                mark_written(p)

    def _average(self, averages: list[Array], currents: list[Array], n: int) -> None:
        if n == 0:
            for average, current in zip(averages, currents):
                np.copyto(average, current)
        elif self.avg_fn is not None:
            for average, current in zip(averages, currents):
                np.copyto(average, raw(self.avg_fn(average, current, n)), casting="same_kind")
        else:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averages, currents, n)

    @contextmanager
    def swapped_into(self, model: Module) -> Iterator[Module]:
        """Exchange the weights (and buffers) with those of `model` in a `with` block, and back.

        They are exchanged back also after an exception or an interrupt, which cannot come while
        they are exchanged.

        Parameters
        ----------
        model : Module
            The one that is trained; inside of the block it has the averaged weights.
        """
        if self._is_swapped:
            raise GraphError(
                "swapped_into() inside of itself: the model holds the average already."
            )
        try:
            self._exchange(model)  # an interrupt may be raised right after it
            yield model
        finally:
            if self._is_swapped:
                self._exchange(model)

    def _exchange(self, model: Module) -> None:
        params, buffers = pairs_of(self.module, model)
        with Uninterrupted():
            for own, other in [*params, *buffers]:
                kept = own.copy()
                np.copyto(own, other)
                np.copyto(other, kept)
            for p in [*self.module.parameters(), *model.parameters()]:
                mark_written(p)
            self._is_swapped = not self._is_swapped


class EMA(AveragedModel):
    """The exponential moving average of a model's weights, often better than the last ones.

    Parameters
    ----------
    model : Module
        It is copied.
    decay : float, default 0.999
        What is kept of the average in each update; about 1 / (1 - decay) steps are averaged.
    use_buffers : bool, default False
        Average the buffers (running statistics) too; otherwise they are copied.

    Raises
    ------
    ArgumentError
        If `decay` is not between 0 and 1.

    Notes
    -----
    ``average = decay * average + (1 - decay) * weights``, beginning with the first weights.

    References
    ----------
    B. T. Polyak, A. B. Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Linear(2, 1)
    >>> optimizer = nn.optim.SGD(model, lr=0.1)
    >>> ema = nn.optim.EMA(model, decay=0.9)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     model([[1.0, 2.0]]).sum().backward()
    ...     optimizer.step()
    ...     ema.update_parameters(model)
    >>> with ema.swapped_into(model):
    ...     y = model([[1.0, 2.0]])
    >>> bool((y == ema([[1.0, 2.0]])).all())
    True
    """

    def __init__(self, model: Module, decay: float = 0.999, *, use_buffers: bool = False) -> None:
        super().__init__(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=use_buffers)
        self.decay = decay


def pairs_of(
    own: Module, other: Module
) -> tuple[list[tuple[Array, Array]], list[tuple[Array, Array]]]:
    """Return the arrays of parameters, and of buffers, of two models side by side."""
    result = []
    for kind in ("parameters", "buffers"):
        mine, given = list(getattr(own, kind)()), list(getattr(other, kind)())
        shapes = [tuple(x.shape) for x in mine]
        if shapes != [tuple(x.shape) for x in given]:
            raise ArgumentError(
                f"the average is of a {type(own).__name__} with {len(mine)} {kind}; those of "
                f"{type(other).__name__} are others ({len(given)}). Give the model it was made of."
            )
        result.append([(raw(a), raw(b)) for a, b in zip(mine, given)])
    return result[0], result[1]


# --- statistics -----------------------------------------------------------------------------------


def update_bn(loader: Iterable[Any], model: Module) -> None:
    """Calculate the running statistics of BatchNorm layers anew, in one pass over the data.

    Averaged weights need statistics of their own.

    Parameters
    ----------
    loader : iterable
        Yields batches: an array, or a tuple or list whose first entry is the input.
    model : Module
        For example an `AveragedModel`. Its mode (train or eval) is what it was before.

    Examples
    --------
    >>> import nnkit as nn
    >>> update_bn([np.ones((4, 2))], nn.Linear(2, 1))  # no BatchNorm: nothing to do
    """
    layers: list[Any] = [
        m
        for m in model.modules()
        if hasattr(m, "reset_running_stats") and getattr(m, "running_mean", None) is not None
    ]
    if not layers:
        return
    modes = [(m, m.training) for m in model.modules()]
    momenta = [layer.momentum for layer in layers]
    try:
        model.train()
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # the plain average over all batches
        with no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, (tuple, list)) else batch)
    finally:
        for layer, momentum in zip(layers, momenta):
            layer.momentum = momentum
        for module, mode in modes:
            module.training = mode
