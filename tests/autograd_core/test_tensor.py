"""Every method and attribute of ndarray is there and means what it means in NumPy, or says what to
write; the same for torch's. The tables are complete: a test walks the names.
"""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    DtypeError,
    GraphError,
    MissingAttributeError,
    ShapeError,
    Tensor,
    grad,
    no_grad,
    tensor,
    vmap,
)
from autograd_core.habits import ELSEWHERE
from autograd_core.test_util import check_grads
from tests.sampling import real

X = real(2, 3)(np.random.default_rng(0))
Z = X + 1j * X[::-1]


def plain(y: Any) -> Any:
    """Take Tensors apart, also those in containers."""
    if isinstance(y, (tuple, list)):
        return [plain(v) for v in y]
    return y.detach().numpy() if isinstance(y, Tensor) else y


def written(act: Callable[[Any], Any], at: Any = slice(None)) -> Callable[[Any], Any]:
    """Make a function of a write: on a copy, of which a view is written into."""

    def f(x: Any) -> Any:
        y = x * 1.0
        act(y[at])
        return y

    return f


# name of an attribute of ndarray, and what is done with it; all of these have a derivative
WITH_DERIVATIVE = [
    ("T", lambda x: x.T),
    ("mT", lambda x: x.mT),
    ("real", lambda x: x.real),
    ("imag", lambda x: x.imag),
    ("conj", lambda x: x.conj()),
    ("conjugate", lambda x: x.conjugate()),
    ("sum", lambda x: x.sum()),
    ("sum", lambda x: x.sum((0, 1), keepdims=True)),
    ("sum", lambda x: x.sum(1, None, None, True)),
    ("sum", lambda x: x.sum(axis=-1, where=X > 0, initial=2.0)),
    ("prod", lambda x: x.prod(0)),
    ("mean", lambda x: x.mean(axis=1, keepdims=True)),
    ("var", lambda x: x.var(0, ddof=1)),
    ("std", lambda x: x.std()),
    ("std", lambda x: x.std(axis=(0, 1), keepdims=True)),
    ("max", lambda x: x.max(0)),
    ("max", lambda x: x.max(1, None, True)),
    ("min", lambda x: x.min(initial=1.0)),
    ("cumsum", lambda x: x.cumsum(0)),
    ("cumsum", lambda x: x.cumsum()),
    ("cumprod", lambda x: x.cumprod(axis=1)),
    ("trace", lambda x: x.trace(1)),
    ("take", lambda x: x.take([0, 5, 5])),
    ("take", lambda x: x.take([3, -1], 1, mode="wrap")),
    ("choose", lambda x: np.array([1, 0, 1]).choose([X[0], X[1]]) * x),
    ("diagonal", lambda x: x.diagonal(1)),
    ("clip", lambda x: x.clip(-1.0, 1.0)),
    ("clip", lambda x: x.clip(max=0.5)),
    ("dot", lambda x: x.dot(X.T)),
    ("compress", lambda x: x.compress([True, False, True], axis=1)),
    ("repeat", lambda x: x.repeat(2, 1)),
    ("repeat", lambda x: x.repeat([1, 0, 2, 1, 1, 1])),
    ("squeeze", lambda x: x[:1].squeeze(0)),
    ("swapaxes", lambda x: x.swapaxes(0, 1)),
    ("ravel", lambda x: x.ravel()),
    ("ravel", lambda x: x.ravel("F")),
    ("flatten", lambda x: x.flatten("F")),
    ("reshape", lambda x: x.reshape(3, -1)),
    ("reshape", lambda x: x.reshape((6,), order="F")),
    ("transpose", lambda x: x.transpose(1, 0)),
    ("transpose", lambda x: x.transpose((1, 0))),
    ("astype", lambda x: x.astype(complex)),
    ("astype", lambda x: x.astype(np.float64, "K", "safe")),
    ("copy", lambda x: x.copy()),
    ("view", lambda x: x.view()),
    ("to_device", lambda x: x.to_device("cpu") * 2.0),
    ("flat", lambda x: x.flat[4] * x.flat[1:5:2]),
    ("flat", lambda x: np.stack([v * v for v in x.flat])),
    # writes
    ("sort", written(lambda y: y.sort())),
    ("sort", written(lambda y: y.sort(0))),
    ("sort", written(lambda y: y.sort(kind="stable"), at=1)),
    ("partition", written(lambda y: y.partition(1), at=0)),
    ("put", written(lambda y: y.put([0, 4, -1], [7.0, 8.0]))),
    ("put", written(lambda y: y.put([1, 9], y[0, 0] ** 2, mode="clip"))),
    ("fill", written(lambda y: y.fill(3.0), at=1)),
    ("flat", written(lambda y: operator.setitem(y.flat, slice(1, 4), y[0, 0] * y[1, :2]))),
    ("flat", written(lambda y: setattr(y, "flat", y[1, 1:] * 2.0))),
]
# the same without a derivative: plain values, equal to NumPy's
WITHOUT = [
    ("argmax", lambda x: x.argmax(1)),
    ("argmin", lambda x: x.argmin(axis=0, keepdims=True)),
    ("argsort", lambda x: x.argsort(0)),
    ("argpartition", lambda x: x[0].argpartition(1)),
    ("all", lambda x: x.all(axis=1)),
    ("any", lambda x: (x > 0).any(0)),
    ("any", lambda x: x.any()),
    ("nonzero", lambda x: x.nonzero()),
    ("searchsorted", lambda x: np.sort(x[0]).searchsorted([-9.0, 0.0, 9.0], "right")),
    ("round", lambda x: x.round(1)),
    ("tolist", lambda x: x.tolist()),
    ("item", lambda x: (x[0, 0].item(), x.item(4), x.item(1, 2), x.item((0, -1)))),
    ("tobytes", lambda x: x.tobytes("F")),
    ("nbytes", lambda x: x.nbytes),
    ("itemsize", lambda x: x.itemsize),
    ("strides", lambda x: x.strides),
    ("flags", lambda x: x.T.flags.c_contiguous),
    ("device", lambda x: x.device),
    ("shape", lambda x: x.shape),
    ("ndim", lambda x: x.ndim),
    ("size", lambda x: x.size),
    ("dtype", lambda x: x.dtype),
    ("base", lambda x: (x * 1.0).base is None),
]
OWN_TESTS = {"base", "data", "tofile"}
cases = lambda table: pytest.mark.parametrize(
    ("name", "call"), table, ids=lambda v: v if isinstance(v, str) else ""
)


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_every_name_of_ndarray_has_its_place() -> None:
    tested = {name for name, _ in WITH_DERIVATIVE + WITHOUT} | OWN_TESTS
    assert tested - public(Tensor) == set()
    assert public(np.ndarray) - tested - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) & public(Tensor) == set()


NOT_FOR_TENSORS = {
    "would give the memory away unwatched": "__array_interface__ __array_struct__ __buffer__",
    "for subclasses of ndarray": "__array_finalize__ __array_wrap__",
    "of the pickle protocol; object has its own": "__setstate__",
    "cannot do anything": "__delitem__",
    "for annotations": "__class_getitem__",
}


def test_every_special_method_of_ndarray_has_its_place() -> None:
    reasons = {name for names in NOT_FOR_TENSORS.values() for name in names.split()}
    missing = {n for n in dir(np.ndarray) if n.startswith("__") and not hasattr(Tensor, n)}
    assert missing - reasons == set()
    assert not {"__array_interface__", "__array_struct__"} & set(dir(Tensor))


@cases(WITH_DERIVATIVE)
def test_means_what_it_means_in_numpy(name: str, call: Any) -> None:
    """Value, dtype and shape; the derivative in both modes to second order; complex; vmap."""
    real_only = ("max", "min", "clip", "sort", "partition", "astype")
    for x in (X,) if name in real_only else (X, Z):
        expected = np.asarray(call(x))
        ours = plain(call(Tensor(x).requires_grad_()))
        np.testing.assert_allclose(ours, expected, rtol=1e-12)
        assert (np.shape(ours), ours.dtype) == (expected.shape, expected.dtype)
    check_grads(call)(X)
    expected = np.stack([call(x) for x in (X, X + 0.01)])
    np.testing.assert_allclose(vmap(call)(np.stack([X, X + 0.01])), expected, rtol=1e-12)


@cases(WITHOUT)
def test_plain_values_are_numpys(name: str, call: Any) -> None:
    for x in (Tensor(X), Tensor(X).requires_grad_()):
        ours, theirs = call(x), call(X)
        assert not isinstance(ours, Tensor)
        np.testing.assert_equal(ours, theirs)
        assert type(ours) is type(theirs)


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_a_name_that_is_not_there_says_what_to_write(name: str) -> None:
    x = tensor([1.0], requires_grad=True)
    assert not hasattr(x, name)
    with pytest.raises(MissingAttributeError) as caught:
        getattr(x, name)
    text = str(caught.value)
    assert f"Tensor has no .{name}: " in text and "{" not in text


def test_a_name_of_numpys_functions_is_said_with_its_module() -> None:
    x = tensor([1.0])
    for name, words in [
        ("median", "np.median(x)"),
        ("rfft", "np.fft.rfft(x)"),
        ("qr", "np.linalg"),
    ]:
        with pytest.raises(AttributeError, match="has none") as caught:
            getattr(x, name)
        assert words in str(caught.value)
    with pytest.raises(AttributeError, match=r"Tensor has no \.nonsense$"):
        _ = x.nonsense
    assert not hasattr(x, "_private") and not hasattr(x, "array")


def test_views_and_copies_are_what_they_are_in_numpy() -> None:
    x = tensor(X)
    assert x.base is None and x.T[0].base is x and x.reshape(-1)[1:].base is x
    for y in (x.flatten(), x.copy(), copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        y[...] = 0.0
        np.testing.assert_array_equal(x.numpy(), X)
    for y in (x.ravel(), x.view(), x.squeeze(), x.T, x.mT, x.swapaxes(0, 1)):
        y[...] = y * 2.0
    np.testing.assert_allclose(x.numpy(), X * 2.0**6)


READS = [
    (lambda v: v.tolist(), [6.0, 2.0]),
    (lambda v: v.item(0), 6.0),
    (lambda v: v[:1].item(), 6.0),
    (lambda v: v.detach().tolist(), [6.0, 2.0]),
    (lambda v: v.data.tolist(), [6.0, 2.0]),
    (lambda v: v.detach().numpy().tolist(), [6.0, 2.0]),
    (lambda v: repr(v), "Tensor([6., 2.], op=getitem)"),
    (lambda v: f"{v:.1f}", "[6.0, 2.0]"),
    (lambda v: "6." in v._repr_html_(), True),
    (lambda v: v.tobytes(), np.array([6.0, 2.0]).tobytes()),
    (lambda v: 6.0 in v, True),
    (lambda v: v.argmax(), 0),
    (lambda v: (v > 5).tolist(), [True, False]),
    (lambda v: np.median(v).item(), 4.0),
    (lambda v: np.round(v).tolist(), [6.0, 2.0]),
    (lambda v: v.flat[0].item(), 6.0),
    (lambda v: v.requires_grad, True),
    (lambda v: v.is_leaf, False),
]


@pytest.mark.parametrize(("read", "expected"), READS)
@pytest.mark.parametrize("traced", [True, False], ids=["traced base", "plain base"])
def test_a_view_shows_what_its_base_has_become(read: Any, expected: Any, traced: bool) -> None:
    x = tensor([3.0, 2.0, 1.0], requires_grad=True)
    base = x * 1.0 if traced else tensor([0.0, 2.0, 1.0])
    view = base[:2]
    base[0] = x[0] * 2.0
    assert read(view) == expected


def test_backward_from_a_view_whose_base_was_written() -> None:
    x = tensor([3.0, 2.0], requires_grad=True)
    base = tensor([0.0, 1.0])
    view = base[:1]
    base[0] = x[0] * x[1]
    view.retain_grad()
    view.backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 3.0] and view.grad.tolist() == [1.0]


def test_copies_of_a_leaf_are_leaves() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        (y * y).sum().backward()
        assert y.is_leaf and y.grad.tolist() == [2.0, 4.0] and x.grad is None
    assert copy.copy(x * 2.0).requires_grad  # as x.copy(): the gradient passes through
    for make in (copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError, match=r"x\.detach\(\)"):
            make(x * 2.0)


def test_the_other_operators() -> None:
    n, flags = tensor([5, 6, 7]), tensor([True, False, True])
    array, mask = n.numpy(), flags.numpy()
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        for ours, theirs in [(op(n, 3), op(array, 3)), (op(3, n), op(3, array))]:
            np.testing.assert_array_equal(plain(ours), theirs)
    np.testing.assert_array_equal(plain(~flags), ~mask)
    np.testing.assert_array_equal(plain(divmod(n, 4)), divmod(array, 4))
    np.testing.assert_array_equal(plain(divmod(20, n)), divmod(20, array))
    assert 6 in n and 8 not in n
    assert [10, 20, 30][tensor(1)] == 20 and complex(tensor(2.0)) == 2
    with pytest.raises(DtypeError, match="whole number"):
        operator.index(tensor(1.0))
    check_grads(lambda x: divmod(x, 0.7)[1])(X)


@pytest.mark.parametrize(
    "op",
    [
        "iadd",
        "isub",
        "imul",
        "itruediv",
        "ifloordiv",
        "imod",
        "ipow",
        "imatmul",
        "iand",
        "ior",
        "ixor",
        "ilshift",
        "irshift",
    ],
)
def test_in_place_operators_write_as_numpys_do(op: str) -> None:
    square = np.array([[1, 2], [3, 4]])
    floats = op in ("itruediv", "imatmul")
    for theirs in (square * 1.5,) if floats else (square, square * 1.5):
        if theirs.dtype.kind == "f" and op in ("iand", "ior", "ixor", "ilshift", "irshift"):
            continue
        ours, other = tensor(theirs), theirs.astype(theirs.dtype)
        row = ours[0]
        for x in (ours, theirs):
            assert getattr(operator, op)(x, other) is x
        np.testing.assert_array_equal(ours.numpy(), theirs)
        np.testing.assert_array_equal(row.numpy(), theirs[0])


def test_an_in_place_operation_does_not_round() -> None:
    for act in (
        lambda n: operator.iadd(n, 0.5),
        lambda n: n.add_(0.5),
        lambda n: np.add(n, 0.5, n),
    ):
        with pytest.raises(DtypeError, match=r"float64.*int64.*x = x \+ v"):
            act(tensor([1, 2]))


def test_requires_grad_as_an_attribute() -> None:
    x = tensor([1.0, 2.0])
    x.requires_grad = True
    (x * x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 4.0]
    x.requires_grad = False
    assert not (x * x).requires_grad


def test_tofile(tmp_path: Any) -> None:
    tensor(X).tofile(tmp_path / "x")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "x"), X.ravel())


def leaf(*shape: int) -> Any:
    return tensor(np.ones(shape), requires_grad=True)


HABITS = [
    (lambda: leaf(2, 3).sum(dim=1), ["x.sum(dim=...)", "axis="]),
    (lambda: leaf(2, 3).mean(1, keepdim=True), ["keepdims="]),
    (lambda: leaf(2, 3).mean(1, True), ["x.mean(1, keepdims=True)"]),
    (lambda: leaf(2, 3).max(1, True), ["x.max(1, keepdims=True)"]),
    (lambda: leaf(2, 3).std(unbiased=False), ["ddof=1"]),
    (lambda: leaf(2, 3).max(dim=0), ["axis=", "x.argmax(axis)"]),
    (lambda: leaf(2, 3).max(leaf(2, 3)), ["np.maximum(x, other)"]),
    (lambda: leaf(2, 3).sort(dim=0), ["np.sort(x)", "x.argsort()"]),
    (lambda: leaf(2, 3).sort(descending=True), ["-np.sort(-x)"]),
    (lambda: leaf(2, 3).argsort(descending=True), ["np.argsort(-x)"]),
    (lambda: leaf(2, 3).cumsum(dim=0), ["axis="]),
    (lambda: leaf(2, 3).nonzero(as_tuple=False), ["np.argwhere"]),
    (lambda: leaf(2, 3).diagonal(dim1=0, dim2=1), ["axis1="]),
    (lambda: leaf(1, 3).squeeze(dim=0), ["axis="]),
    (lambda: leaf(2, 3, 4, 5).transpose(1, 2), ["x.swapaxes(1, 2)"]),
    (lambda: leaf(2, 3).flatten(1), ["x.reshape"]),
    (lambda: leaf(2, 3).flatten(start_dim=1), ["x.reshape"]),
    (lambda: leaf(2, 3).view(3, 2), ["x.reshape(3, 2)"]),
    (lambda: leaf(2, 3).view(-1), ["x.reshape(-1)"]),
    (lambda: leaf(2, 3).repeat(2, 3), ["np.tile(x, (2, 3))"]),
    (lambda: leaf(2, 3).repeat(2, 1, 1), ["np.tile(x, (2, 1, 1))"]),
    (lambda: leaf(2, 3).to_device("cuda"), ["'cpu'"]),
    (lambda: leaf(2, 3).to("cuda"), ["'cuda'", "CPU"]),
    (lambda: leaf(2, 3).to(device="cuda:0"), ["'cuda:0'", "CPU"]),
    (lambda: leaf(2, 3, 4).t(), ["x.mT"]),
    (lambda: leaf(2, 3).norm("nuc"), ["np.linalg.norm(x, 'nuc')"]),
    (lambda: leaf(5).split([2, 2]), ["[2, 2]", "5"]),
    (lambda: setattr(tensor(X), "flat", []), ["at least one value"]),
]


@pytest.mark.parametrize(("call", "words"), HABITS)
def test_a_habit_that_means_something_else_gets_the_spelling_for_it(call: Any, words: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_casts_and_bytes_that_cannot_be() -> None:
    with pytest.raises(DtypeError, match=r"x\.astype\(dtype\)"):
        leaf(2).view(np.int64)
    assert tensor([1.0]).view(np.int64).tolist() == [0x3FF0000000000000]
    with pytest.raises(DtypeError, match="'safe'"):
        leaf(2).astype(np.float32, casting="safe")
    with pytest.raises(DtypeError, match=r"np\.float32"):
        leaf(2).to("torch.float32")
    assert leaf(2).astype(int).dtype == int and not leaf(2).astype(int).requires_grad
    with pytest.raises(GraphError, match=r"x\.copy\(\)"):
        leaf(2).sort()
    with no_grad():
        x = leaf(2)
        x.put([0], 5.0)
    assert x.tolist() == [5.0, 1.0] and x.is_leaf


def test_gradient_of_a_sort_in_place_by_hand() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y.sort()
        return np.sum(y * np.array([1.0, 10.0, 100.0]))

    np.testing.assert_array_equal(grad(f)(np.array([3.0, 1.0, 2.0])), [100.0, 1.0, 10.0])


@pytest.mark.parametrize("data", [3.0, 2, True, [1.0, 2.0], (1, 2), [[1j]], np.float32(2.0)])
def test_the_class_itself_takes_what_tensor_takes(data: Any) -> None:
    """torch.Tensor([...]) is a habit; what comes out is the same as of tensor([...])."""
    made, wanted = Tensor(data), tensor(data)
    assert made.dtype == wanted.dtype
    np.testing.assert_array_equal(made.numpy(), wanted.numpy())


@pytest.mark.parametrize("data", ["x", None, [1, [2, 3]]])
def test_the_class_itself_refuses_what_tensor_refuses(data: Any) -> None:
    with pytest.raises((DtypeError, ShapeError), match="holds numbers|rows of equal length"):
        Tensor(data)
