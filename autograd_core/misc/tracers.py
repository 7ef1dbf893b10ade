"""Recording what a function does as a graph of NumPy calls: `const_graph` runs it again without
running the function, `full_graph` gives it to look at.

A `Recorded` value wraps an array; a call with one is evaluated as usual and written down. To the
engine it is like a value under vmap, one that lies beneath all derivatives that are opened inside.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..batch import Evaluator
from ..calling import name_of
from ..dispatch import Layered, like
from ..errors import ArgumentError, ConversionError, GraphError, ShapeError, describe
from ..graph import new_level
from ..inplace import Writable
from ..operators import name
from ..surface import Surface
from ..trees import flatten, leaves_with_paths

__all__ = ["FullGraphNode", "const_graph", "full_graph"]

Function = Callable[..., Any]


class FullGraphNode:
    """One call in a recorded graph.

    Attributes
    ----------
    value : ndarray
        The result.
    recipe : tuple (fun, args, kwargs, parents)
        What was called; `parents` is a list of (position in args, FullGraphNode). An argument of
        the whole function has itself no parents.
    """

    __slots__ = ("recipe", "run", "value")

    def __init__(self, value: Any, recipe: tuple, run: Function | None = None) -> None:
        self.value, self.recipe, self.run = value, recipe, run

    @property
    def parents(self) -> list[FullGraphNode]:
        """The nodes that this one was calculated from."""
        return [node for _, node in self.recipe[3]]

    def __repr__(self) -> str:
        return f"FullGraphNode({name_of(self.recipe[0])}, {describe(self.value)})"


class Recording(Evaluator):
    """The trace of all values of one recording."""

    def __init__(self) -> None:
        self.level = new_level()
        self.nodes: dict[int, FullGraphNode] = {}  # by the identity of their values

    def recorded(self, node: FullGraphNode) -> Recorded:
        """Wrap the value of a node."""
        if id(node.value) in self.nodes:  # a function has returned its argument
            node.value = np.copy(node.value)[()]
        self.nodes[id(node.value)] = node
        return Recorded(node.value, self)

    def evaluate(
        self, f: Function, call: Function, values: list, traces: list, settings: dict
    ) -> Any:
        """Call `f`, and write it down with the operands that are recorded."""
        places = [i for i, trace in enumerate(traces) if trace is not None]

        def run(arrays: Iterable[Any]) -> Any:
            full = list(values)
            for i, x in zip(places, arrays, strict=True):
                full[i] = x
            return call(full, settings)

        return self.written(f, values, settings, places, run)

    def each(self, f: Function, args: tuple, kwargs: dict) -> Any:
        """Call `f` where recorded values hide in an index, say, and write it down."""
        leaves, rebuild = flatten((args, kwargs))
        places = [i for i, x in enumerate(leaves) if isinstance(x, Recorded) and x._trace is self]
        leaves = [x._value if i in places else x for i, x in enumerate(leaves)]

        def run(arrays: Iterable[Any]) -> Any:
            full = list(leaves)
            for i, x in zip(places, arrays, strict=True):
                full[i] = x
            args, kwargs = rebuild(full)
            return f(*args, **kwargs)

        return self.written(f, leaves, {}, places, run)

    def written(self, f: Function, args: list, kwargs: dict, places: list, run: Function) -> Any:
        """Make a node of a call, and a node of each output if there are several."""
        missing = [i for i in places if id(args[i]) not in self.nodes]
        if missing:
            raise GraphError(f"{name_of(f)} got a value that was not made by the recorded function")
        parents = [(i, self.nodes[id(args[i])]) for i in places]
        y = run([args[i] for i in places])
        node = FullGraphNode(y, (f, tuple(args), kwargs, parents), run)
        if not isinstance(y, (tuple, list)):
            return self.recorded(node) if is_value(y) else y
        if not any(map(is_value, y)):
            return y  # a shape
        outputs = []
        for i, v in enumerate(y):
            recipe: tuple = (operator.getitem, (y, i), {}, [(0, node)])
            outputs.append(FullGraphNode(v, recipe, lambda xs, i=i: next(iter(xs))[i]))
        return like(y, [self.recorded(part) for part in outputs])


class Recorded(Writable, Surface):
    """A value of a function that is being recorded."""

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__

    def __init__(self, value: Any, trace: Recording) -> None:
        self._value, self._trace, self._alias = value, trace, None

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Length of each axis."""
        return self._value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    def __repr__(self) -> str:
        return f"Recorded({self._value!r})"

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ConversionError(
            "this value is being recorded, to be calculated again from other arguments. It cannot "
            "be read or branched on: use np.where(condition, a, b) in place of if."
        )

    __array__ = __bool__ = __float__ = __int__ = __index__ = __complex__ = _refuse
    item = tolist = numpy = _refuse


def is_value(x: Any) -> bool:
    """Whether a result is an array, and no shape, dtype or the like."""
    return isinstance(x, (Layered, np.ndarray, np.generic))


def record(fun: Function, args: tuple) -> tuple[list, list, Any, Function]:
    """Call a function with recorded arguments; give its inputs, outputs and the form of these.

    Inputs are a node for each array or float among the arguments, None for the others; outputs are
    a node for each part of the result, and the part itself where it is a constant.
    """
    recording, inputs = Recording(), []
    leaves, rebuild = flatten(args)
    for x in leaves:
        x = np.asarray(x)[()] if isinstance(x, (float, complex)) else x
        root = FullGraphNode(x, (root_of, (), {}, [])) if is_value(x) else None
        inputs.append(root)
    given = [x if n is None else recording.recorded(n) for x, n in zip(leaves, inputs, strict=True)]
    parts, rebuild_result = flatten(fun(*rebuild(given)))
    outputs = [
        recording.nodes[id(v._value)] if isinstance(v, Recorded) and v._trace is recording else v
        for v in parts
    ]
    return inputs, outputs, leaves, rebuild_result


def root_of(x: Any) -> Any:
    """Stand for the call in the recipe of an argument."""
    return x


def full_graph(fun: Function, *args: Any, **kwargs: Any) -> Any:
    """Call a function and return the graph of the NumPy calls it has made.

    Parameters
    ----------
    fun : callable
    *args
        Arrays, or nested containers of arrays.
    **kwargs
        Settings; not recorded.

    Returns
    -------
    FullGraphNode, or a container of these
        In the form of the result of `fun`.

    Examples
    --------
    >>> import numpy as np
    >>> node = full_graph(lambda x, y: np.sin(x * y), 2.0, 3.0)
    >>> node.recipe[0].__name__, node.parents[0].recipe[0].__name__
    ('sin', 'multiply')
    """
    _, outputs, _, rebuild = record(lambda *xs: fun(*xs, **kwargs), args)
    return rebuild(outputs)


def const_graph(fun: Function, *args: Any, **kwargs: Any) -> Function:
    """Return a function that runs `fun` once, and afterwards only the NumPy calls it has made.

    Parameters
    ----------
    fun : callable
        Makes the same calls whatever the values of its arguments are.
    *args, **kwargs
        First arguments and keywords of `fun`, fixed for all calls.

    Returns
    -------
    callable
        Takes the remaining arguments. Arrays and floats among them may have other values in each
        call, of the same shapes; everything else must be the same.

    Raises
    ------
    ShapeError, ArgumentError
        If a later call differs in more than values.
    ConversionError
        If `fun` branches on a value.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> slope = const_graph(grad(lambda x: np.sin(x) * x))
    >>> slope(0.0), slope(np.pi)  # the second without Python between the calls of NumPy
    (np.float64(0.0), np.float64(-3.141592653589793))
    """
    program: list[Program] = []

    def again(*rest: Any) -> Any:
        if not program:
            program.append(Program(lambda *xs: fun(*args, *xs, **kwargs), rest, name(fun)))
            return program[0].first()
        return program[0](rest)

    again.__name__, again.__doc__ = name(fun), fun.__doc__
    return again


class Program:
    """A recorded function: the calls that its result depends on, in their order."""

    def __init__(self, fun: Function, args: tuple, title: str) -> None:
        self.title = title
        self.inputs, self.outputs, self.leaves, self.rebuild = record(fun, args)
        self.paths = [path for path, _ in leaves_with_paths(args)]
        self.steps = calls_in_order(self.outputs)

    def first(self) -> Any:
        """Return the result of the recording itself, and forget all values."""
        result = self.rebuild([v.value if is_node(v) else v for v in self.outputs])
        self.leaves = [
            (x.shape, x.dtype) if node is not None and (x := node.value) is not None else leaf
            for leaf, node in zip(self.leaves, self.inputs, strict=True)
        ]
        for node in {*self.steps, *filter(None, self.inputs)}:
            node.value = None
        return result

    def __call__(self, args: tuple) -> Any:
        """Run the calls with other arguments."""
        given, _ = flatten(args)
        if [path for path, _ in leaves_with_paths(args)] != self.paths:
            raise ArgumentError(f"{self.title} was recorded with arguments of another form")
        values: dict[FullGraphNode, Any] = {}
        for path, x, node, before in zip(self.paths, given, self.inputs, self.leaves, strict=True):
            if node is not None:
                values[node] = self.same_shape(x, before, path)
            elif x is not before and x != before:
                raise ArgumentError(
                    f"{self.title} was recorded with {describe(before)} as argument{path}, and is "
                    f"called with {describe(x)}. Only arrays and floats may change."
                )
        for node in self.steps:
            values[node] = node.run([values[p] for p in node.parents])  # type: ignore[misc]
        return self.rebuild([values[v] if is_node(v) else v for v in self.outputs])

    def same_shape(self, x: Any, before: tuple, path: str) -> Any:
        """Refuse an array that is not like the one of the recording."""
        x = np.asarray(x)[()] if isinstance(x, (float, complex)) else x
        if not is_value(x) or (x.shape, x.dtype) != before:
            raise ShapeError(
                f"{self.title} was recorded with shape {before[0]} and dtype {before[1]} for "
                f"argument{path}, and is called with {describe(x)}. Record it anew: "
                f"const_graph({self.title})."
            )
        return x


def is_node(x: Any) -> bool:
    """Whether an output is calculated, not a constant."""
    return isinstance(x, FullGraphNode)


def calls_in_order(outputs: list) -> list[FullGraphNode]:
    """Return the calls that outputs depend on, each after those it depends on itself."""
    order: list[FullGraphNode] = []
    done: set[FullGraphNode] = set()
    stack = [(node, False) for node in outputs if is_node(node)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack += [(parent, False) for parent in node.parents]
    return [node for node in order if node.run is not None]
