"""History: the numbers of a training run, one row per step and one column per name.

It is stored by column, so a column that is filled only now and then (validation once per epoch,
gradient flow every few steps) costs nothing in the rows between, and a loss that became NaN stays
a NaN instead of looking absent.
"""

from __future__ import annotations

import threading
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.training.tables import StrPath, frame_of, write_csv, write_jsonl

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Event", "History", "as_number"]

# Rows first go on a heap and are sorted into the columns so many at a time, or when somebody reads.
# After a training step the caches are cold: touching every column then costs four times as much.
HEAP = 256


class Event(NamedTuple):
    """Something that a person did to a run, or that befell it, after a step.

    Parameters
    ----------
    step : int
        Steps done when it happened.
    kind : str
        ``"pause"``, ``"resume"``, ``"step"``, ``"lr"``, ``"stop"``, ``"interrupt"`` or
        ``"failed"``.
    details : dict
        What else there is to know; for ``"lr"`` the keys ``"old"`` and ``"new"``.

    Examples
    --------
    >>> Event(120, "lr", {"old": 0.1, "new": 0.01}).kind
    'lr'
    """

    step: int
    kind: str
    details: dict[str, Any]


class Column:
    """The steps at which one name had a value, and the values."""

    __slots__ = ("steps", "values")

    def __init__(self) -> None:
        # array.array appends about three times faster than NumPy assigns an element, and it grows
        # by itself.
        self.steps = array("q")
        self.values = array("d")

    def __len__(self) -> int:
        return len(self.steps)

    def put(self, step: int, value: float) -> None:
        """Add a value; a second one for the newest step takes the place of the first."""
        if self.steps and self.steps[-1] == step:
            self.values[-1] = value
        else:
            self.steps.append(step)
            self.values.append(value)

    def since(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return copies of the steps and values from the position `start` on."""
        # The slice is copied before NumPy looks at it: an array.array cannot grow while its
        # buffer is lent out, and a reader in another thread must not stop the training loop.
        steps, values = self.steps[start:], self.values[start:]
        return np.frombuffer(steps, np.int64), np.frombuffer(values, np.float64)


class History:
    """The numbers of a training run: one row per step, one column per name.

    Values are stored as plain floats; the object handed in (a loss with its whole graph, say) is
    never kept.

    Examples
    --------
    >>> history = History()
    >>> for step in range(1, 4):
    ...     history.log(step, loss=1 / step)
    >>> history.log(3, val_loss=0.5)
    >>> history["loss"].round(2)
    array([1.  , 0.5 , 0.33])
    >>> history.series("val_loss")
    (array([3]), array([0.5]))
    >>> history
    History(3 steps: loss, val_loss)
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._epochs: list[dict[str, float]] = []
        self._newest = 0
        self._rows: deque[tuple[int, dict[str, float]]] = deque()
        self._sorting = threading.Lock()
        self._sorted_steps = array("q")
        self._sorted_columns: dict[str, Column] = {}

    def log(self, step: int, /, **values: SupportsFloat) -> None:
        """Write values into the row of `step`; the newest row may be added to, older ones may not.

        Parameters
        ----------
        step : int
            Not below the newest step.
        **values : float
            A number, or an array or Tensor with exactly one element.

        Raises
        ------
        ArgumentError
            If `step` lies before the newest row.
        DtypeError
            If a value is not one number.
        """
        if "step" in values:
            raise ArgumentError(
                "History.log: 'step' is the name of the row itself; choose another name."
            )
        row: dict[str, Any] = values
        for name, value in row.items():
            if type(value) is not float:
                row[name] = as_number(name, value)
        if step < self._newest:
            raise ArgumentError(
                f"History.log was called for step {step}, but step {self._newest} is recorded "
                "already. Steps never go back: log in order, or begin a new History()."
            )
        self._newest = step
        self._rows.append((step, row))
        if len(self._rows) >= HEAP:
            self._sort()

    def _sort(self) -> None:
        """Put the rows of the heap into the columns."""
        with self._sorting:  # a reader in another thread may want the same
            while self._rows:
                step, row = self._rows.popleft()
                if not self._sorted_steps or step > self._sorted_steps[-1]:
                    self._sorted_steps.append(step)
                for name, value in row.items():
                    column = self._sorted_columns.get(name)
                    if column is None:
                        column = self._sorted_columns[name] = Column()
                    column.put(step, value)

    @property
    def _columns(self) -> dict[str, Column]:
        self._sort()
        return self._sorted_columns

    @property
    def _steps(self) -> array[int]:
        self._sort()
        return self._sorted_steps

    def log_epoch(self, **values: SupportsFloat) -> None:
        """Write the numbers of a whole epoch, as a row of `epochs`.

        Parameters
        ----------
        **values : float
            As for `log`. The columns "epoch" (counted from 0) and "step" come by themselves.

        Raises
        ------
        DtypeError
            If a value is not one number.
        """
        row: dict[str, float] = {"epoch": len(self._epochs), "step": self._newest}
        self._epochs.append(row | {name: as_number(name, value) for name, value in values.items()})

    @property
    def epochs(self) -> dict[str, list[Any]]:
        """The numbers of whole epochs as a dict of equally long lists, ``None`` where a row has no
        value: ``epoch``, ``step`` and what was logged, as ``loss``, ``val_loss``, ``lr``.
        """
        names = dict.fromkeys(name for row in self._epochs for name in row)
        return {name: [row.get(name) for row in self._epochs] for name in names}

    def mark(self, step: int, kind: str, /, **details: Any) -> None:
        """Note that something happened after `step`; it is drawn as a vertical line in the curves.

        Examples
        --------
        >>> history = History()
        >>> history.mark(7, "lr", old=0.1, new=0.01)
        >>> history.events
        [Event(step=7, kind='lr', details={'old': 0.1, 'new': 0.01})]
        """
        self.events.append(Event(int(step), kind, details))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in the order in which they first appeared."""
        return tuple(self._columns)

    @property
    def steps(self) -> NDArray[np.int64]:
        """The steps that have a row, increasing."""
        return np.array(self._steps[:], dtype=np.int64)

    @property
    def last_step(self) -> int:
        """The newest step, 0 while there is none."""
        return self._newest

    def series(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the steps at which `name` has a value, and the values, as new arrays of the same
        length.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        return self.column(name).since(0)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return the values of one column, without the rows in which it is absent."""
        return self.series(name)[1]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self._steps)

    def last(self, name: str) -> float:
        """Return the newest value of one column.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        return self.column(name).values[-1]

    def column(self, name: str) -> Column:
        """Return the stored column itself, for readers that take only what is new."""
        try:
            return self._columns[name]
        except KeyError:
            near = get_close_matches(str(name), self._columns, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(self._columns) or "none yet"
            raise KeyError(f"History has no column {name!r}.{hint} Columns: {known}.") from None

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the table as equally long lists, ``None`` where a row has no value (made for
        ``pandas.DataFrame``).

        Examples
        --------
        >>> history = History()
        >>> history.log(1, loss=2.0)
        >>> history.log(2, loss=1.0, val_loss=1.5)
        >>> history.to_dict()
        {'step': [1, 2], 'loss': [2.0, 1.0], 'val_loss': [None, 1.5]}
        """
        table: dict[str, list[Any]] = {"step": self._steps.tolist()}
        position = {step: row for row, step in enumerate(self._steps)}
        for name, column in self._columns.items():
            cells: list[float | None] = [None] * len(self._steps)
            for step, value in zip(column.steps, column.values, strict=True):
                cells[position[step]] = value
            table[name] = cells
        return table

    def to_frame(self, by: str = "step") -> Any:
        """Return the table as a pandas DataFrame, NaN where a row has no value.

        Parameters
        ----------
        by : {"step", "epoch"}, default "step"
            A row for each step, or for each epoch.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        return frame_of(self, by)

    def to_csv(self, path: StrPath, by: str = "step") -> None:
        """Write the table as a CSV file, empty where a row has no value.

        Parameters
        ----------
        path : str or path
        by : {"step", "epoch"}, default "step"
            A row for each step, or for each epoch.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_csv(self, path, by)

    def to_jsonl(self, path: StrPath, by: str = "step") -> None:
        """Write the table as JSON lines: an object for each row, with the values it has.

        NaN and infinite numbers become the texts ``"nan"``, ``"inf"`` and ``"-inf"``, for which
        JSON has no numbers.

        Parameters
        ----------
        path : str or path
        by : {"step", "epoch"}, default "step"
            A row for each step, or for each epoch.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_jsonl(self, path, by)

    def state_dict(self) -> dict[str, Any]:
        """Return everything, for a file: arrays, numbers, texts, and lists and dicts of them."""
        columns = {
            name: dict(zip(("steps", "values"), column.since(0)))
            for name, column in self._columns.items()
        }
        return {
            "newest": self._newest,
            "steps": self.steps,
            "columns": columns,
            "epochs": [dict(row) for row in self._epochs],
            "events": [list(event) for event in self.events],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Become what `state_dict()` was called of."""
        self.__init__()  # type: ignore[misc]
        self._newest = int(state["newest"])
        self._sorted_steps = array("q", np.asarray(state["steps"]).tolist())
        for name, entry in state["columns"].items():
            column = self._sorted_columns[name] = Column()
            column.steps = array("q", np.asarray(entry["steps"]).tolist())
            column.values = array("d", np.asarray(entry["values"]).tolist())
        self._epochs = [dict(row) for row in state["epochs"]]
        self.events = [Event(int(step), kind, details) for step, kind, details in state["events"]]

    def plot(self) -> Figure:
        """Draw the curves, the interventions and the gradient flow with matplotlib.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from nnkit.plot import history_figure

        return history_figure(self)

    def __repr__(self) -> str:
        # No values, no times: a stored notebook compares this text with that of its next run.
        plain = [name for name in self._columns if "/" not in name]
        layers = {name.split("/", 1)[1] for name in self._columns if name.startswith("grad/")}
        flow = f"; gradient flow of {len(layers)} layers" if layers else ""
        return f"History({len(self)} steps: {', '.join(plain) or 'no values'}{flow})"


def as_number(name: str, value: object) -> float:
    """Return `value` as a float, or say which value is not one number."""
    item = getattr(value, "item", None)
    if not isinstance(value, (str, bytes)):
        try:
            return float(item() if item is not None else value)  # type: ignore[arg-type]
        except (TypeError, ValueError, RuntimeError):
            pass
    raise DtypeError(
        f"History.log: the value of {name!r} must be one number, but it is {describe(value)}. "
        "Reduce it first, for example with .mean()."
    )
