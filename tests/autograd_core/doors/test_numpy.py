"""autograd_core.numpy: NumPy's namespace, and the functions that take Tensors only there."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import subprocess
import sys
from typing import Any

import numpy
import pytest

import autograd_core.numpy as np
from autograd_core import (
    ArgumentError,
    ShapeError,
    Tensor,
    grad,
    no_grad,
    tensor,
    value_and_grad,
    vmap,
)
from autograd_core.test_util import check_equivalent, check_grads
from autograd_core.trees import flatten
from tests.ops import SAMPLES
from tests.sampling import Sample

X = numpy.array([0.3, -0.8, 1.1])
S = numpy.float64(0.7)


# --- the namespace --------------------------------------------------------------------------------


def test_each_name_of_numpy_is_there() -> None:
    modules = {n for n in numpy.__all__ if inspect.ismodule(getattr(numpy, n))}
    missing = {n for n in numpy.__all__ if not hasattr(np, n)}
    assert {n for n in missing - modules if not n.startswith("_")} == {"test"}
    assert not missing & {"fft", "linalg", "random", "polynomial", "emath", "exceptions", "dtypes"}
    assert set(np.__all__) <= set(dir(np))
    assert np.__version__ == numpy.__version__ and np.pi == numpy.pi and np.float32 is numpy.float32


@pytest.mark.parametrize("name", ["linalg", "fft", "random"])
def test_submodules_are_real_modules(name: str) -> None:
    module = importlib.import_module(f"autograd_core.numpy.{name}")
    assert module is getattr(np, name)
    for n in getattr(numpy, name).__all__:
        assert hasattr(module, n), n


def test_names_can_be_imported_one_by_one() -> None:
    from autograd_core.numpy import array, pi, sin
    from autograd_core.numpy.fft import fft
    from autograd_core.numpy.linalg import LinAlgError, norm
    from autograd_core.numpy.random import randn

    assert sin is numpy.sin and pi == numpy.pi and LinAlgError is numpy.linalg.LinAlgError
    assert norm(array([3.0, 4.0])) == 5.0 and fft(array([1.0]))[0] == 1.0 and callable(randn)


SPACES = [(numpy, np), (numpy.linalg, np.linalg), (numpy.fft, np.fft)]


def counterparts() -> list[tuple[Sample, Sample]]:
    """Pair each sample whose function has another one in the door with the same call of that."""
    pairs = []
    for row in SAMPLES:
        for plain, door in SPACES:
            name = getattr(row.f, "__name__", "")
            if getattr(plain, name, None) is row.f and getattr(door, name) is not row.f:
                pairs.append((row, dataclasses.replace(row, f=getattr(door, name))))
    return pairs


@pytest.mark.parametrize(("row", "through_door"), counterparts(), ids=lambda s: s.id)
def test_each_sample_through_the_door(row: Sample, through_door: Sample) -> None:
    xs = row.draw()

    def gradients(call: Sample) -> Any:
        def size(parts: list) -> Any:
            ys = [y for y in flatten(call(*parts))[0] if y.dtype.kind in "fc"]
            return sum(numpy.sum(numpy.abs(y) ** 2) for y in ys or [parts[0]])

        return value_and_grad(size)(xs)

    try:
        expected = gradients(row)
    except NotImplementedError:  # no derivative there, as the sample table says
        return
    check_equivalent(gradients(through_door), expected)


def test_nested_lists_of_a_block_matrix_stay_lists() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.block([[x, x[:, :1]], [numpy.ones((1, 2)), 3.0]]) ** 2)

    assert grad(f)(numpy.ones((2, 2))).tolist() == [[4.0, 2.0], [4.0, 2.0]]
    for wrong in (lambda x: [x, [x]], lambda x: [[x], x], lambda x: [[x], []]):
        with pytest.raises(ShapeError, match=r"nested equally deep.*A, B"):
            grad(lambda x: np.sum(np.block(wrong(x))))(numpy.ones((2, 2)))  # noqa: B023


def test_plain_calls_give_what_numpy_gives() -> None:
    assert type(np.zeros(3)) is type(np.array([1, 2])) is type(np.sum([[1.0]], axis=0))
    assert np.array(["a"]).dtype.kind == "U" and np.array([[1], [2, 3]], dtype=object).shape == (2,)
    assert np.arange(2, 8, 3).tolist() == [2, 5] and np.arange(stop=3).tolist() == [0, 1, 2]
    assert np.full((2,), 7).tolist() == [7, 7] and np.full_like(X, 1).tolist() == [1.0, 1.0, 1.0]
    assert np.r_[1:3, 5].tolist() == [1, 2, 5] and np.c_[[1, 2]].shape == (2, 1)
    assert np.mgrid[0:2, 0:3].shape == (2, 2, 3) and np.ogrid[0:2, 0:3][1].shape == (1, 3)
    assert np.fromiter(iter([1.0, 2.0]), float).tolist() == [1.0, 2.0]
    assert np.asfortranarray([[1, 2]]).flags.f_contiguous and np.require([1], float).dtype == float
    assert np.vectorize(lambda a: a + 1)([1, 2]).tolist() == [2, 3]
    assert np.isscalar(3.0) and not np.isscalar(X)


# --- what takes Tensors ---------------------------------------------------------------------------


def same(f: Any, *args: Any) -> None:
    """The value is NumPy's, and the derivatives are right."""
    tensors = [tensor(a) for a in args]
    found = f(np, *tensors)
    expected = f(numpy, *args)
    if isinstance(expected, tuple):
        found, expected = list(found), list(expected)
    assert isinstance(found, (Tensor, list))
    check_equivalent([numpy.asarray(v) for v in [found]], [numpy.asarray(v) for v in [expected]])
    check_grads(lambda *xs: f(np, *xs))(*args)


BUILDERS = {
    "array": lambda m, x, s: m.array([s, 2.0, s * x[0]]),
    "array, nested": lambda m, x, s: m.array([[x[0], s], [s * s, 3.0]]),
    "array of arrays": lambda m, x, s: m.array([x, [s, 1.0, x[1]]]),
    "array of a tuple": lambda m, x, s: m.array((s, s)),
    "array of an array": lambda m, x, s: m.array(x) * s,
    "array, dtype": lambda m, x, s: m.array([s, 1], dtype=float),
    "array, ndmin": lambda m, x, s: m.array([s, x[0]], ndmin=3),
    "asarray": lambda m, x, s: m.asarray([x[0], s]),
    "asanyarray": lambda m, x, s: m.asanyarray([x[0], s]),
    "asarray_chkfinite": lambda m, x, s: m.asarray_chkfinite([x[0], s]),
    "ascontiguousarray": lambda m, x, s: m.ascontiguousarray(s),
    "asfortranarray": lambda m, x, s: m.asfortranarray([[s, x[0]]]),
    "require": lambda m, x, s: m.require([s, x[0]], requirements="C"),
    "fromiter": lambda m, x, s: m.fromiter((s * x[i] for i in range(3)), float),
    "fromiter, count": lambda m, x, s: m.fromiter((s * x[i] for i in range(3)), float, 2),
    "full": lambda m, x, s: m.full((2, 3), x) * s,
    "full, of one": lambda m, x, s: m.full(4, s),
    "full_like": lambda m, x, s: m.full_like(x, s),
    "full_like, plain": lambda m, x, s: m.full_like(X, s),
    "arange": lambda m, x, s: m.arange(s, 3.0),
    "arange, step": lambda m, x, s: m.arange(x[0], 3.0, s),
    "arange, stop": lambda m, x, s: m.arange(3 * s) * s,
    "linspace": lambda m, x, s: m.linspace(x[0], s, 4),
    "logspace": lambda m, x, s: m.logspace(x[0], s, 4),
    "r_": lambda m, x, s: m.r_[s, x, 1.0, 0:3, 1:2:3j],
    "r_, slices": lambda m, x, s: m.r_[s : 4.1 : x[0], 0:s:5j],
    "r_, one": lambda m, x, s: m.r_[x * s],
    "r_, axis": lambda m, x, s: m.r_["1,2,0", x, s * x],
    "r_, ndmin": lambda m, x, s: m.r_["0,2", x * s, [x[0], s, 2.0]],
    "r_, matrices": lambda m, x, s: m.r_["-1", x[:, None] * s, x[:, None]],
    "c_": lambda m, x, s: m.c_[x, s * x, [1.0, 2.0, 3.0]],
    "c_, matrices": lambda m, x, s: m.c_[x[:, None] * s, m.ones((3, 2))],
    "mgrid": lambda m, x, s: m.mgrid[s:3.0, x[0] : s : 4j],
    "mgrid, one": lambda m, x, s: m.mgrid[s:3.0],
    "ogrid": lambda m, x, s: m.ogrid[s:3.0, 0 : x[0] : 3j][1],
    "meshgrid": lambda m, x, s: m.meshgrid(x, x * s)[1],
    "where": lambda m, x, s: m.where([True, False, True], x, s),
    "where, lists": lambda m, x, s: m.where([True, False], [s, 1.0], [2.0, x[0]]),
    "vectorize": lambda m, x, s: m.vectorize(lambda a, b: a * b if a > 0 else b)(x, s),
    "sum of a list": lambda m, x, s: m.sum([x[0], s]),
    "prod of lists": lambda m, x, s: m.prod([[x[0], s], [2.0, s]], axis=0),
    "mean": lambda m, x, s: m.mean([x[0], s, 4.0]),
    "std": lambda m, x, s: m.std([x[0], s, 4.0]),
    "max": lambda m, x, s: m.max([x[0], s, 0.5]),
    "dot": lambda m, x, s: m.dot([x[0], s], m.array([2.0, 3.0])),
    "outer": lambda m, x, s: m.outer([x[0], s], [s, 2.0]),
    "diag": lambda m, x, s: m.diag([x[0], s]),
    "reshape": lambda m, x, s: m.reshape([x[0], s], (2, 1)),
    "concatenate": lambda m, x, s: m.concatenate([[s], [1.0, 2.0]]),
    "concatenate, arrays": lambda m, x, s: m.concatenate([X, [s, x[1]]]),
    "hstack": lambda m, x, s: m.hstack([x, [s], 1.0]),
    "column_stack": lambda m, x, s: m.column_stack([[x[0], s], [1.0, 2.0]]),
    "append": lambda m, x, s: m.append(X, [s, x[0]]),
    "einsum": lambda m, x, s: m.einsum("i,i->", [x[0], s], [s, 3.0]),
    "linalg.norm": lambda m, x, s: m.linalg.norm([x[0], s]),
    "linalg.solve": lambda m, x, s: m.linalg.solve([[x[0], s], [1.0, 2.0]], [s, 1.0]),
    "fft.fft": lambda m, x, s: m.real(m.fft.fft([x[0], s, 2.0])),
}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())
def test_builders_take_tensors(build: Any) -> None:
    same(build, X, S)


@pytest.mark.parametrize("name", ["array", "full", "r_", "c_", "sum of a list", "concatenate"])
def test_under_vmap_and_on_the_tape(name: str) -> None:
    build = BUILDERS[name]
    xs, ss = numpy.stack([X, 2 * X]), numpy.array([0.5, 0.8])
    found = vmap(lambda x, s: build(np, x, s))(xs, ss)
    numpy.testing.assert_allclose(found, [build(numpy, x, s) for x, s in zip(xs, ss, strict=True)])
    x, s = tensor(X, requires_grad=True), tensor(S, requires_grad=True)
    np.sum(build(np, x, s)).backward()
    assert s.grad is not None
    numpy.testing.assert_allclose(s.grad.numpy(), grad(lambda v: np.sum(build(np, X, v)))(S))


def test_dtypes() -> None:
    x = tensor(numpy.float32(2.0), requires_grad=True)
    assert np.array([x, x]).dtype == numpy.float32
    assert np.array([x, 1.0], dtype=float).dtype == numpy.float64
    assert np.r_[x, 1.0].dtype == numpy.float32 and np.full(3, x).dtype == numpy.float32
    assert np.arange(x, dtype=numpy.float32).dtype == numpy.float32
    (np.array([x, 1.0], dtype=float).sum() * 3).backward()
    assert x.grad is not None and x.grad.dtype == numpy.float32


def test_copies_are_copies_and_asarray_is_none() -> None:
    x = tensor(X)
    assert np.asarray(x) is x and np.array(x, copy=False) is x
    y = np.array(x)
    y[0] = 9.0
    assert x.tolist() == X.tolist()
    z = np.full(3, tensor(1.0, requires_grad=True))
    z[0] = 5.0  # a broadcast value is no view
    assert z.tolist() == [5.0, 1.0, 1.0]


def test_without_recording_lists_of_tensors_still_make_tensors() -> None:
    x = tensor(X, requires_grad=True)
    with no_grad():
        y = np.array([x[0], 2.0])
        assert isinstance(y, Tensor) and not y.requires_grad
        assert isinstance(np.sum([x[0], x[1]]), Tensor)


def test_where_of_python_numbers_gives_python_numbers() -> None:
    assert np.where(True, 1, 2) == 1 and isinstance(np.where([True], [1], [2]), list)
    assert isinstance(np.where(X > 0, 1, 2), numpy.ndarray)
    assert [i.tolist() for i in np.where(X > 0)] == [[0, 2]]


def test_row_stack_is_vstack() -> None:
    check_grads(lambda x, s: np.row_stack([x * s, [s, 1.0, x[0]]]))(X, S)
    assert np.row_stack(([1, 2], [3, 4])).tolist() == [[1, 2], [3, 4]]


def test_isscalar_looks_into_tensors() -> None:
    seen = []
    grad(lambda x: seen.append(np.isscalar(x)) or x)(2.0)
    assert seen == [True]


def test_make_diagonal() -> None:
    D = numpy.arange(6.0).reshape(2, 3)
    A = np.make_diagonal(D, axis1=-1, axis2=-2)
    numpy.testing.assert_array_equal(A[1], numpy.diag(D[1]))
    check_grads(lambda D: np.make_diagonal(D, axis1=-1, axis2=-2))(D)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.array([x, x[0]]), ShapeError, ["(), (3,)", "np.hstack"]),
        (lambda x: np.asarray_chkfinite(x * numpy.inf), ValueError, ["inf"]),
        (lambda x: np.r_["r", x], ArgumentError, ["matrix"]),
        (lambda x: np.vectorize(lambda a: a, signature="()->()")(x), ArgumentError, ["signature"]),
        (lambda x: np.vectorize(lambda a: a)(x[:0]), ShapeError, ["(0,)"]),
        (lambda x: np.make_diagonal(x, offset=1), ArgumentError, ["offset=0"]),
    ],
)
def test_the_message_helps(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call(tensor(X, requires_grad=True))
    assert all(word in str(caught.value) for word in words)


# --- the rooms ------------------------------------------------------------------------------------


def loaded_by(code: str) -> set[str]:
    """Names of the modules that are loaded after some code, in a new process."""
    text = f"{code}\nimport sys\nprint(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", text], text=True).split())


def test_the_engine_does_without_its_doors_and_without_scipy() -> None:
    modules = loaded_by("import autograd_core")
    doors = ("autograd_core.numpy", "autograd_core.scipy", "autograd_core.misc", "scipy")
    assert {m for m in modules if m.startswith(doors)} == set()
    modules = loaded_by("import autograd_core.numpy, autograd_core.misc, autograd_core.extend")
    assert {m for m in modules if m.startswith(("scipy", "autograd_core.scipy"))} == set()
