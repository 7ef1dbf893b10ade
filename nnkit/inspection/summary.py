"""The summary of a model: its layers, the shapes that go in and come out, parameters and memory."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from autograd_core import no_grad
from autograd_core.dispatch import Layered, raw
from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.inspection.tables import as_html, as_text, check_columns
from nnkit.inspection.unchanged import unchanged
from nnkit.module import Module
from nnkit.parameter import UninitializedParameter

__all__ = ["LayerCall", "LayerRow", "Summary", "summary"]


class LayerCall(NamedTuple):
    """One call of a layer.

    Attributes
    ----------
    input, output
        The shapes of what it was given and of what it gave, in the tuples and dicts they came in;
        for anything that is no array the name of its type.
    bytes : int
        New memory of the output; 0 where other layers were called on the way, which made it.
    """

    input: Any
    output: Any
    bytes: int


@dataclass
class LayerRow:
    """What is known of one layer.

    Attributes
    ----------
    path : str
        Its path in the model; empty for the model itself.
    type : str
        The name of its class.
    calls : list of LayerCall
        In their order; empty if it was not called.
    parameters, trainable, buffers : int
        Numbers in its own parameters, in those that learn, and in its buffers, without those of
        its parts and without those that an earlier layer has, too.
    shared : str or None
        The path at which the same module, or one of its parameters, was counted already.
    container : bool
        It has parts, and no parameters of its own.
    """

    path: str
    type: str
    calls: list[LayerCall] = field(default_factory=list)
    parameters: int = 0
    trainable: int = 0
    buffers: int = 0
    shared: str | None = None
    container: bool = False

    @property
    def depth(self) -> int:
        """0 for the model, 1 for its parts, 2 for theirs."""
        return self.path.count(".") + 1 if self.path else 0


class Summary:
    """What `summary` returns: a table in text and, in a notebook, in HTML.

    Attributes
    ----------
    rows : list of LayerRow
        All layers in the order of the model, whatever `depth` shows.
    parameters, trainable, frozen, buffers : int
        Totals; what is used in several places counts once.
    parameter_bytes, buffer_bytes, input_bytes, activation_bytes : int
        Memory. Activations are the outputs of all layers in one forward pass with this input,
        which training keeps until the backward pass; what is calculated between layers is not
        among them.
    """

    def __init__(
        self, model: Module, rows: list[LayerRow], given: Any, depth: int | None, columns: Any
    ) -> None:
        values = [raw(p) for p in model.parameters()]
        self.model = type(model).__name__
        self.rows = rows
        self.input = shapes(given)
        self.ran = given is not None
        self.parameters = sum(row.parameters for row in rows)
        self.trainable = sum(row.trainable for row in rows)
        self.frozen = self.parameters - self.trainable
        self.buffers = sum(row.buffers for row in rows)
        self.parameter_bytes = sum(value.nbytes for value in values)
        self.buffer_bytes = sum(value.nbytes for value in model.buffers())
        self.input_bytes = sum(array.nbytes for array in arrays_in(given))
        self.activation_bytes = sum(call.bytes for row in rows for call in row.calls)
        self._depth, self._columns = depth, columns

    def __repr__(self) -> str:
        return as_text(self, self._depth, self._columns)

    def _repr_html_(self) -> str:
        return as_html(self, self._depth, self._columns)


def summary(
    model: Module,
    input: Any = None,
    *,
    depth: int | None = None,
    columns: Sequence[str] | None = None,
    dtype: DTypeLike | None = None,
    mode: str = "eval",
) -> Summary:
    """Summarise a model: its layers with their shapes and parameters, and the memory they take.

    Parameters
    ----------
    model : Module
    input : array_like, tuple or dict, optional
        What the model is run with to find the shapes: an array; a shape, batch included, such as
        ``(32, 784)``, for random numbers; a tuple of several of these for a model with several
        inputs; a dict for keyword arguments. Without it the model is not run.
    depth : int, optional
        Show parts down to this depth, with what is deeper added up: 1 shows the model's own parts.
        All by default.
    columns : sequence of str, optional
        Of ``"input"``, ``"output"``, ``"parameters"``, ``"trainable"``, ``"buffers"``. By default
        all that have something to say.
    dtype : dtype, optional
        Of the inputs that are made from shapes; that of the model by default. With whole numbers
        they are all 0: an index that every embedding has.
    mode : {"eval", "train", "same"}, default "eval"
        The mode in which the model is run.

    Returns
    -------
    Summary
        Shows itself as a table; its attributes have the numbers.

    Raises
    ------
    ArgumentError, DtypeError
        If an argument is not what it should be. What goes wrong inside the model comes through,
        with a note that names the layers that did run.

    Notes
    -----
    The model is as before afterwards, to the bit: weights, running statistics, gradients, modes,
    random generators.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    >>> frozen = nn.freeze(model, "0")
    >>> nn.summary(model, (32, 784))
    Layer  Type        Input      Output     Parameters  Trainable
    --------------------------------------------------------------
           Sequential  (32, 784)  (32, 10)           -   -
    0      Linear      (32, 784)  (32, 128)    100,480   frozen
    1      ReLU        (32, 128)  (32, 128)          -   -
    2      Linear      (32, 128)  (32, 10)       1,290   yes
    --------------------------------------------------------------
    Parameters: 101,770 (1,290 trainable, 100,480 frozen)
    Memory: parameters 407 kB, input 100 kB, activations 34 kB
    """
    _check(model, depth, columns, mode)
    given: Any = None
    args, kwargs = (), dict[str, Any]()
    if input is not None:
        args, kwargs = _arguments(model, input, dtype)
        given = (*args, kwargs) if kwargs else args
    if any(isinstance(p, UninitializedParameter) for p in model.parameters()):
        model = _sized(model, args, kwargs)
    rows, paths = _rows(model)
    if given is not None:
        _run(model, args, kwargs, mode, paths)
        if len(given) == 1 and not kwargs:
            given = given[0]
    return Summary(model, rows, given, depth, columns)


def _check(model: Any, depth: Any, columns: Any, mode: Any) -> None:
    if not isinstance(model, Module):
        hint = f" Write {model.__name__}()." if isinstance(model, type) else ""
        raise DtypeError(f"summary: model must be a Module, got {describe(model)}.{hint}")
    whole = isinstance(depth, (int, np.integer)) and not isinstance(depth, bool)
    if depth is not None and not (whole and depth >= 0):
        raise ArgumentError(f"summary: depth is a whole number >= 0, or None; got {depth!r}.")
    if mode not in ("eval", "train", "same"):
        raise ArgumentError(f'summary: mode is "eval", "train" or "same"; got {mode!r}.')
    check_columns(columns)


def _sized(model: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Module:
    """Return a copy of a model with lazy layers, in which these have their sizes."""
    if not args and not kwargs:
        raise ArgumentError(
            "summary: the model has lazy layers, which take their sizes from the first input. Give "
            "one: summary(model, (32, 784))."
        )
    model = copy.deepcopy(model)
    with unchanged(model), no_grad():
        modes = [module.training for module in model.modules()]
        model.eval()(*args, **kwargs)
        for module, mode in zip(model.modules(), modes, strict=True):
            module.training = mode
    return model


# --- the layers -----------------------------------------------------------------------------------


def _rows(model: Module) -> tuple[list[LayerRow], dict[int, LayerRow]]:
    """Make a row for each place of a module, and find the one of a module by its identity."""
    rows: list[LayerRow] = []
    of: dict[int, LayerRow] = {}
    counted: dict[int, str] = {}
    inside: str | None = None  # of a module that was here already
    for path, module in model.named_modules(remove_duplicate=False):
        if inside is not None and path.startswith(inside):
            continue
        row = LayerRow(path, type(module).__name__)
        rows.append(row)
        if id(module) in of:
            row.shared, inside = of[id(module)].path, f"{path}."
            continue
        of[id(module)] = row
        for name, p in module.named_parameters(recurse=False, remove_duplicate=False):
            full = f"{path}.{name}" if path else name
            if counted.setdefault(id(p), full) is not full:
                row.shared = counted[id(p)]
                continue
            row.parameters += p.size
            row.trainable += p.size if p.requires_grad else 0
        row.buffers = sum(b.size for b in module.buffers(recurse=False))
        row.container = not row.parameters and any(True for _ in module.children())
    return rows, of


def _run(
    model: Module, args: tuple[Any, ...], kwargs: dict[str, Any], mode: str, of: dict[int, LayerRow]
) -> None:
    """Run the model once, and note each call in the rows."""
    open_calls: list[list[Any]] = []  # [arguments, whether another module was called inside]
    ran: list[str] = []

    def begin(_module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if open_calls:
            open_calls[-1][1] = True
        named = {key: value for key, value in kwargs.items() if any(True for _ in arrays_in(value))}
        open_calls.append([(*args, named) if named else args, False])

    def end(module: Module, _args: Any, _kwargs: Any, output: Any) -> None:
        given, others = open_calls.pop()
        row = of[id(module)]
        new = 0 if others else sum(a.nbytes for a in arrays_in(output) if not is_part(a, given))
        given = given[0] if len(given) == 1 and not isinstance(given[0], Mapping) else given
        row.calls.append(LayerCall(shapes(given), shapes(output), new))
        ran.append(row.path)

    handles = []
    with unchanged(model), no_grad():
        if mode != "same":
            model.train(mode == "train")
        try:
            for module in model.modules():
                handles.append(module.register_forward_pre_hook(begin, with_kwargs=True))
                handles.append(module.register_forward_hook(end, prepend=True, with_kwargs=True))
            model(*args, **kwargs)
        except Exception as error:
            error.add_note(
                f"... in nnkit.summary, with an input of {shapes((*args, *kwargs.values()))}. "
                f"Layers that ran: {', '.join(ran) or 'none'}."
            )
            if isinstance(error, DtypeError):
                error.add_note(
                    "... A model that takes whole numbers is summarised with dtype=int, or with "
                    "an array in place of the shape."
                )
            raise
        finally:
            for handle in handles:
                handle.remove()


# --- inputs and their shapes ----------------------------------------------------------------------


def _arguments(
    model: Module, given: Any, dtype: DTypeLike | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments for a call of the model."""
    first = next((p.dtype for p in model.parameters()), np.dtype(np.float32))
    wanted = np.dtype(first if dtype is None else dtype)
    made = _made(given, wanted, np.random.default_rng(0))
    if isinstance(given, Mapping):
        return (), dict(made)
    return (made if isinstance(made, tuple) else (made,)), {}


def _made(given: Any, dtype: np.dtype[Any], rng: np.random.Generator) -> Any:
    """Put arrays of random numbers in the place of shapes."""
    if isinstance(given, Mapping):
        return {key: _made(value, dtype, rng) for key, value in given.items()}
    if not isinstance(given, tuple) or hasattr(given, "_fields"):
        return np.asarray(given) if isinstance(given, list) else given
    if not given:
        raise ArgumentError("summary: the shape of the input is empty; write (32, 784), say.")
    if not all(isinstance(n, (int, np.integer)) or n is None for n in given):
        return tuple(_made(part, dtype, rng) for part in given)
    if any(n is None or isinstance(n, bool) or n < 1 for n in given):
        raise ArgumentError(
            f"summary: a shape has positive whole numbers, the batch included: (32, 784), not "
            f"(None, 784) or (-1, 784); got {given}."
        )
    if dtype.kind in "fc":
        return rng.standard_normal(given).astype(dtype)
    return np.zeros(given, dtype)


def shapes(value: Any) -> Any:
    """Put shapes in the place of arrays, and names of types in that of anything else."""
    if isinstance(value, (np.ndarray, np.generic, Layered)):
        array: Any = value
        return tuple(array.shape)
    if isinstance(value, Mapping):
        return {key: shapes(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(shapes(part) for part in value)
    if isinstance(value, list):
        return [shapes(part) for part in value]
    return None if value is None else type(value).__name__


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the arrays in tuples, lists and dicts."""
    if isinstance(value, (np.ndarray, np.generic, Layered)):
        yield np.asarray(raw(value))
    elif isinstance(value, (tuple, list, Mapping)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from arrays_in(part)


def is_part(array: np.ndarray[Any, Any], given: Any) -> bool:
    """Whether an output lies in the memory of an input, as that of a Flatten does."""
    return any(np.may_share_memory(array, other) for other in arrays_in(given))
