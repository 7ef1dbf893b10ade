"""Run: one observed training run, the place where loop, history, controls and observers meet.

`live` opens one for a person's own loop; the Trainer opens one for `fit`. Whoever wants to show a
run (the panel, a line in a terminal) registers a factory in `observers`; nothing here knows what
a display is.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Self, SupportsFloat, TypeVar

from autograd_core.errors import AutogradError
from nnkit.training.controls import Controls
from nnkit.training.gradient_flow import GradientFlow
from nnkit.training.history import History
from nnkit.training.observers import Observer, observers
from nnkit.training.run_arguments import check_arguments

__all__ = ["Observer", "Run", "RunError", "live", "observers"]

Item = TypeVar("Item")


class RunError(AutogradError, RuntimeError):
    """A run that is used before it began or after it ended."""


class Run:
    """What `live` returns: one observed training run, for a loop of your own.

    Attributes
    ----------
    history : History
        Where everything is recorded.
    controls : Controls
        Pause, resume, stop and learning rate, obeyed between two steps.
    step : int
        Steps done or in progress, counted on from the history that was given.
    total : int or None
        The step at which the run will end, where that is known.
    epoch : int
        Passes begun.
    status : str
        ``"new"``, ``"running"``, ``"paused"``, then ``"finished"``, ``"stopped"``,
        ``"interrupted"`` or ``"failed"``.
    """

    def __init__(
        self,
        iterable: Iterable[Any] | None = None,
        *,
        model: Any = None,
        optimizer: Any = None,
        epochs: int | None = None,
        history: History | None = None,
        total: int | None = None,
        name: str | None = None,
    ) -> None:
        check_arguments(iterable, model, optimizer, epochs, history, total)
        self.iterable = iterable
        self.model = model
        self.optimizer = optimizer
        self.epochs = epochs
        self.history = History() if history is None else history
        self.name = name
        self.controls = Controls()
        self.first_step = self.step = self.history.last_step
        self.total = None if total is None else self.first_step + total
        self.epoch = 0
        self.status = "new"
        self.gradient_flow: GradientFlow | None = None
        self.poll: Callable[[], object] = lambda: None  # called now and then while the run waits
        self._observers: list[Observer] = []
        self._holding = False
        self._began = self._ended = self._idle = self._paused_at = 0.0

    # ------------------------------------------------------------------ what a loop uses

    def __enter__(self) -> Self:
        if self.status != "new":
            raise RunError(
                f"This run has {'begun' if self.running else 'ended'} already ({self!r}). "
                "Make a new one that goes on where it stood: nnkit.live(..., history=run.history)."
            )
        self.status = "running"
        self._began = time.perf_counter()
        self._observers = [o for o in map(self._make_observer, observers) if o is not None]
        if self._observers and self.model is not None and self.optimizer is not None:
            self.gradient_flow = GradientFlow(
                self.model,
                self.optimizer,
                record=lambda values: self.history.log(self.step, **values),
            )
        self._tell("started")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        """End the run. An interrupt is a wish to end and keep everything: it goes no further."""
        self._ended = time.perf_counter()
        if kind is None and self.controls.stopped:  # perhaps only since the last step
            self._stop()
        elif kind is None:
            self.status = "finished"
        elif issubclass(kind, KeyboardInterrupt):
            self.status = "interrupted"
            self._mark("interrupt")
        elif issubclass(kind, GeneratorExit):
            self.status = "stopped"
        else:
            self.status = "failed"
            self._mark("failed", error=kind.__name__)
        if self.gradient_flow is not None:
            self.gradient_flow.close()
        self._tell("ended")
        return self.status == "interrupted"

    def __iter__(self) -> Iterator[Any]:
        """Run through the iterable `epochs` times, as one observed run."""
        if self.iterable is None:
            raise RunError(
                "This run has nothing to iterate over. "
                "Either nnkit.live(loader, ...) and `for batch in run`, or "
                "`with nnkit.live(...) as run` and `for batch in run(loader)`."
            )
        with self:
            for _ in range(self.epochs or 1):
                yield from self(self.iterable)

    def __call__(self, iterable: Iterable[Item]) -> Iterator[Item]:
        """Iterate once through `iterable`, an epoch of one step per item, obeying the controls."""
        if not self.running:
            raise RunError(
                f"run(loader) works while a run is on, and this one is {self.status}: "
                "write `with nnkit.live(...) as run:` around the loop."
            )
        self.epoch += 1
        self._plan(iterable)
        for item in iterable:
            if self.controls.pending and not self._obey():
                return
            self.step += 1
            yield item

    def log(self, **metrics: SupportsFloat) -> None:
        """Record values for the step in progress, and let the observers have a look.

        Parameters
        ----------
        **metrics : float
            Numbers, or Tensors with one element. A name that begins with ``val_`` is drawn as the
            validation curve of the rest of the name.

        Raises
        ------
        RunError
            If no step was begun.
        """
        if self.step == self.first_step:
            raise RunError(
                "run.log(...) was called before the first step. Steps are counted by iterating: "
                "`for batch in run(loader): ...; run.log(loss=loss)`."
            )
        self.history.log(self.step, **metrics)
        if not self._ended:
            for observer in self._observers:
                try:
                    observer.progressed(self)
                except Exception as error:
                    self._drop(observer, error)

    def watch(self, observer: Observer) -> None:
        """Let one more observer look at this run, from now on."""
        self._observers.append(observer)
        self._tell_one(observer, "started")

    def show(self) -> None:
        """Show the run again, below the cell that runs this.

        Raises
        ------
        RunError
            If nothing is there that could show it.
        """
        if not self._observers:
            raise RunError(
                "Nothing shows this run. In a notebook, %load_ext nnkit switches the live panel on."
            )
        self._tell("show")

    # ------------------------------------------------------------------ what an observer asks

    @property
    def is_watched(self) -> bool:
        """Whether an observer looks at the run."""
        return bool(self._observers)

    @property
    def running(self) -> bool:
        """Whether the run has begun and not ended (a paused run is running)."""
        return bool(self._began) and not self._ended

    @property
    def stopped(self) -> bool:
        """Whether the run was asked to end; a loop around several passes can look at it."""
        return self.controls.stopped

    @property
    def seconds(self) -> float:
        """Training time so far, without pauses."""
        if not self._began:
            return 0.0
        return (self._ended or self._paused_at or time.perf_counter()) - self._began - self._idle

    @property
    def lr(self) -> float | None:
        """The learning rate of the first parameter group, if there is an optimizer."""
        return None if self.optimizer is None else float(self.optimizer.param_groups[0]["lr"])

    def __repr__(self) -> str:
        title = f"{self.name!r}, " if self.name else ""
        return f"Run({title}{self.status}, step {self.step})"

    # ------------------------------------------------------------------ between two steps

    def _plan(self, iterable: Iterable[Any]) -> None:
        """Work out at the first pass where the run will end."""
        passes = self.epochs or (1 if self.iterable is not None else None)
        if self.total is None and self.epoch == 1 and passes and isinstance(iterable, Sized):
            self.total = self.first_step + passes * len(iterable)

    def _obey(self) -> bool:
        """Do what the controls ask for; return whether to go on."""
        controls = self.controls
        self._obey_lr()
        if controls.paused and not controls.stopped:
            self._wait()
        if controls.stopped:
            self._stop()
            return False
        controls.settle()
        return True

    def _stop(self) -> None:
        if self.status != "stopped":
            self.status = "stopped"
            self._mark("stop")

    def _wait(self) -> None:
        controls = self.controls
        if not self._holding and not controls.step_granted:
            self._mark("pause")
        self._holding = True
        self.status = "paused"
        self._paused_at = time.perf_counter()
        try:
            while controls.paused and not controls.stopped and not controls.take_step():
                self._tell("waiting")
                # Short, so that an interrupt is never far away and the observers stay alive.
                controls.wait(0.2)
                self.poll()
                self._obey_lr()
        finally:
            self._idle += time.perf_counter() - self._paused_at
            self._paused_at = 0.0
        if not controls.paused:
            self._holding = False
            self._mark("resume")
        self.status = "running"

    def _obey_lr(self) -> None:
        lr = self.controls.take_lr()
        if lr is None:
            return
        if self.optimizer is None:
            warnings.warn(
                "A learning rate was asked for, but the run knows no optimizer: "
                "nnkit.live(optimizer=...).",
                stacklevel=2,
            )
            return
        old = self.lr
        if lr == old:
            return
        groups = self.optimizer.param_groups
        for group in groups:
            group["lr"] = group["lr"] * (lr / old) if old else lr
        groups[0]["lr"] = lr
        self._mark("lr", old=old, new=lr)

    def _mark(self, kind: str, **details: Any) -> None:
        self.history.mark(self.step, kind, **details)

    # ------------------------------------------------------------------ observers

    def _make_observer(self, factory: Callable[[Run], Observer | None]) -> Observer | None:
        try:
            return factory(self)
        except Exception as error:
            self._drop(factory, error)
            return None

    def _tell(self, what: str) -> None:
        for observer in self._observers:
            self._tell_one(observer, what)

    def _tell_one(self, observer: Observer, what: str) -> None:
        try:
            getattr(observer, what)(self)
        except Exception as error:
            self._drop(observer, error)

    def _drop(self, observer: object, error: Exception) -> None:
        self._observers = [o for o in self._observers if o is not observer]
        warnings.warn(
            "The live view was switched off for this run; training goes on. "
            f"{type(error).__name__}: {error}",
            stacklevel=3,
        )


def live(
    iterable: Iterable[Any] | None = None,
    *,
    model: Any = None,
    optimizer: Any = None,
    epochs: int | None = None,
    history: History | None = None,
    total: int | None = None,
    name: str | None = None,
) -> Run:
    """Observe a training loop of your own: record it, show it where there is a live view, obey
    its controls.

    Parameters
    ----------
    iterable : iterable, optional
        What to loop over, a `DataLoader` for example. Without it, use the run as a context and
        call it with what to loop over.
    model : Module, optional
        With an optimizer, the gradient flow of its layers is measured while somebody looks.
    optimizer : Optimizer, optional
        Its learning rate can then be changed while the loop runs.
    epochs : int, optional
        Passes through the iterable; 1 by default. In the context form it only serves to foretell
        the end.
    history : History, optional
        One to go on with; steps are counted on from its end. A new one by default.
    total : int, optional
        Number of steps of the run, where it cannot be worked out from the length of the iterable.
    name : str, optional
        A title.

    Returns
    -------
    Run
        Iterable and a context manager; an interrupt inside its ``with`` block ends the run and
        keeps everything.

    Raises
    ------
    ArgumentError
        If `epochs` or `total` is not a positive whole number, or `iterable` can be walked only
        once but `epochs` is greater.
    DtypeError
        If an argument is of the wrong kind.

    Examples
    --------
    >>> run = live([3.0, 2.0, 1.0], epochs=2)
    >>> for value in run:
    ...     run.log(loss=value)
    >>> run.history
    History(6 steps: loss)

    >>> with live() as run:
    ...     for epoch in range(2):
    ...         for value in run([3.0, 2.0]):
    ...             run.log(loss=value)
    ...         run.log(val_loss=value)
    >>> run
    Run(finished, step 4)
    """
    return Run(
        iterable,
        model=model,
        optimizer=optimizer,
        epochs=epochs,
        history=history,
        total=total,
        name=name,
    )
