"""What leaves a Tensor: text, pictures, and memory that others may write into."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ConversionError,
    GraphError,
    Tensor,
    custom_op,
    from_dlpack,
    grad,
    jvp,
    no_grad,
    tensor,
    vmap,
)
from autograd_core.guard import COPIED_BYTES
from autograd_core.holders import is_shared
from autograd_core.inplace import mark_written
from autograd_core.test_util import check_grads

NEW_PROTOCOL = np.lib.NumpyVersion(np.__version__) >= "2.1.0"


def leaf(values: Any = (1.0, 2.0)) -> Tensor:
    return tensor(values, requires_grad=True)


# --- text and pictures ----------------------------------------------------------------------------

seen: list[str] = []


def showing(x: Any) -> Any:
    """Look at a value in the middle of a derivative."""
    seen.append(repr(x * 2.0))
    x._repr_html_()
    return np.sum(x * x)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tensor([1.0, 2.5]), "Tensor([1. , 2.5])"),
        (lambda: tensor(2.0), "Tensor(2.)"),
        (lambda: tensor([1, 2], np.int32), "Tensor([1, 2], dtype=int32)"),
        (lambda: leaf(), "Tensor([1., 2.], requires_grad=True)"),
        (lambda: leaf() * 2.0, "Tensor([2., 4.], op=np.multiply)"),
        (lambda: np.sum(leaf()), "Tensor(3., op=np.sum)"),
        (lambda: np.linalg.qr(tensor(np.eye(2), requires_grad=True))[1], "op="),
        (lambda: leaf().astype(np.float32), "Tensor([1., 2.], dtype=float32, op=astype)"),
        (lambda: tensor(np.arange(1e4)), "..."),
    ],
)
def test_repr(make: Any, text: str) -> None:
    assert text in repr(make()) and str(make()) == repr(make())
    assert len(repr(make())) < 200


def test_repr_inside_every_transformation() -> None:
    x = np.ones(2)
    for transformed in (
        grad(showing),
        lambda x: jvp(showing, (x,), (x,)),
        lambda x: vmap(grad(showing))(np.stack([x, x])),
        grad(lambda x: np.sum(grad(showing)(x))),
    ):
        transformed(x)
    assert seen[0] == "Tensor([2., 2.], op=np.multiply)"
    assert seen[1] == "Tensor([2., 2.], mode=forward)"
    assert "Batched(one of 2" in seen[2] and "op=np.multiply" in seen[2]


def test_format() -> None:
    x = leaf([[1.0, 2.345], [3.0, 4.0]])
    assert f"{x[0, 1]:.2f} {x[:1, 1]:.1f} {tensor(7):03d}" == "2.35 2.3 007"
    assert f"{x:.1f}" == "[[1.0, 2.3],\n [3.0, 4.0]]"
    assert f"{tensor(1 + 2j):.1f}" == "1.0+2.0j"
    assert f"{x}" == str(x)
    with pytest.raises(ValueError, match="format"):
        format(x, "nonsense")


def test_html_is_a_table_with_the_ends_of_the_axes() -> None:
    small = leaf([[1.0, 2.5], [3.0, -4.0]])._repr_html_()
    assert small.count("<tr>") == 2 and small.count("<td") == 4
    assert "Tensor · (2, 2) · float64 · requires_grad=True" in small
    assert ">2.5<" in small and ">-4.<" in small
    row = (tensor(np.arange(100.0), requires_grad=True) * 2.0)._repr_html_()
    assert row.count("<td") == 7 and "…" in row and "op=np.multiply" in row and ">198.<" in row
    assert "<pre>" in tensor(np.zeros((2, 2, 2)))._repr_html_()
    for shape in [(), (0,), (0, 3), (1, 1), (9, 1), (3, 1000)]:
        assert tensor(np.zeros(shape, np.complex64))._repr_html_().startswith("<div>")


def test_html_of_a_large_array_reads_its_ends_only() -> None:
    huge = np.broadcast_to(np.float64(1.0), (10**6, 10**6))  # 8 terabytes, were it copied
    picture = Tensor(huge)._repr_html_()
    assert picture.count("<tr>") == 7 and len(picture) < 10_000


def test_html_of_a_users_name_is_text() -> None:
    op = custom_op(lambda x: x * 1.0, vjp=(lambda g, _y, _x: g,))
    y = op(leaf())
    y._trace.rule.name = "<img src=x onerror=alert(1)>"
    assert "<img" not in y._repr_html_() and "&lt;img" in y._repr_html_()


# --- DLPack and the array API ---------------------------------------------------------------------


def test_dlpack_shares_memory_in_both_directions() -> None:
    x = tensor([1.0, 2.0, 3.0])
    y = np.from_dlpack(x)
    x[0] = 5.0
    assert y.tolist() == [5.0, 2.0, 3.0] and np.shares_memory(y, x.numpy())
    if NEW_PROTOCOL:  # an array that NumPy 2.0 has received is read-only, and it gives out none
        back = from_dlpack(y)
        assert isinstance(back, Tensor) and np.shares_memory(back.numpy(), y)
    assert x.__dlpack_device__() == np.empty(0).__dlpack_device__() == (1, 0)
    z = leaf()
    assert np.shares_memory(np.from_dlpack(z.detach()), z.detach().numpy())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "i1", "u4", "i8"])
@pytest.mark.parametrize("layout", ["plain", "transposed", "gaps", "one", "empty"])
def test_dlpack_of_all_dtypes_and_layouts(dtype: str, layout: str) -> None:
    table = np.ones((4, 3), dtype)
    x = {
        "plain": table,
        "transposed": table.T,
        "gaps": table[::2, 1:],
        "one": table[0, :1].reshape(()),
        "empty": table[:0],
    }[layout]
    np.testing.assert_array_equal(np.from_dlpack(Tensor(x)), x)
    assert from_dlpack(x).dtype == x.dtype


@pytest.mark.skipif(not NEW_PROTOCOL, reason="NumPy 2.1 brought the arguments of DLPack 1.0")
def test_the_second_generation_of_the_protocol() -> None:
    x = tensor([1.0, 2.0])
    assert not np.shares_memory(np.from_dlpack(x, copy=True), x.numpy())
    assert np.shares_memory(np.from_dlpack(x, copy=False, device="cpu"), x.numpy())
    assert "versioned" in capsule_name(x.__dlpack__(max_version=(1, 0)))
    assert not np.shares_memory(from_dlpack(x, copy=True).numpy(), x.numpy())
    fixed = np.ones(2)
    fixed.flags.writeable = False
    assert not np.from_dlpack(Tensor(fixed)).flags.writeable


def capsule_name(capsule: Any) -> str:
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return name_of(capsule).decode()


def test_the_first_generation_of_the_protocol() -> None:
    assert capsule_name(tensor([1.0]).__dlpack__()) == "dltensor"
    assert capsule_name(tensor([1.0]).__dlpack__(copy=True)) == "dltensor"


def test_what_dlpack_cannot_give_is_refused() -> None:
    x = leaf()
    for call in (lambda: np.from_dlpack(x), lambda: (x * 2.0).__dlpack__()):
        with pytest.raises(ConversionError, match=r"x\.detach\(\)"):
            call()
    with pytest.raises(BufferError):  # what the standard asks for
        np.from_dlpack(x)
    with pytest.raises((BufferError, ValueError)):
        x.detach().__dlpack__(dl_device=(2, 0))
    with pytest.raises(ConversionError, match="vmap"):
        vmap(lambda v: np.from_dlpack(v))(np.ones((2, 2)))


def test_torch_reads_and_writes_what_dlpack_gives() -> None:
    torch: Any = pytest.importorskip("torch")
    x = leaf([1.0, 2.0])
    given = torch.from_dlpack(x.detach())
    loss = np.sum(x * x)
    given[0] = 7.0
    with pytest.raises(GraphError, match="operand 0"):
        loss.backward()
    ours = from_dlpack(torch.arange(3.0, dtype=torch.float64)).requires_grad_()
    np.sum(ours * ours).backward()
    assert ours.grad is not None and ours.grad.tolist() == [0.0, 2.0, 4.0]


# Each gives the memory of a leaf away, and returns the array through which it can be written.


def dlpack(x: Any) -> Any:
    return shared(x.detach())


def shared(x: Any) -> Any:
    """What NumPy 2.0 receives through DLPack is read-only."""
    return np.from_dlpack(x) if NEW_PROTOCOL else x.numpy()


def dlpack_twice(x: Any) -> Any:
    return np.from_dlpack(from_dlpack(x.detach())) if NEW_PROTOCOL else x.detach().numpy()


def before_an_update(x: Any) -> Any:
    given = x.detach().numpy()
    with no_grad():
        x -= 0.5
    return given


def before_it_required_a_gradient(x: Any) -> Any:
    x.requires_grad_(False)
    given = shared(x)
    x.requires_grad_()
    return given


def a_view_before_it_required_a_gradient(x: Any) -> Any:
    x.requires_grad_(False)
    given = x.numpy()[::1]
    x.requires_grad_()
    return given


@pytest.mark.parametrize("size", [3, COPIED_BYTES // 8 + 7])
@pytest.mark.parametrize(
    "give",
    [
        dlpack,
        dlpack_twice,
        before_an_update,
        before_it_required_a_gradient,
        a_view_before_it_required_a_gradient,
    ],
)
def test_a_write_through_what_was_given_away_is_noticed(give: Any, size: int) -> None:
    x = leaf(np.arange(1.0, size + 1.0))
    given = give(x)
    loss = np.sum(x * x)
    loss.backward(retain_graph=True)  # no false alarm
    given[2] += 1.0
    with pytest.raises(GraphError, match=r"operand 0 of np\.multiply"):
        loss.backward()


VIEWS = [
    lambda w: w.T,
    lambda w: w[1:],
    lambda w: w.reshape(-1)[2:].reshape(-1, 2)[::-1],
    lambda w: np.moveaxis(w, 0, 1)[None],
    lambda w: np.split(w, 2)[1],
    lambda w: w.astype(float, copy=False),
    lambda w: np.atleast_2d(w),
    lambda w: w.diagonal(),
    lambda w: np.broadcast_to(w, (3, 4, 2)),
]
READ_ONLY = (len(VIEWS) - 2, len(VIEWS) - 1)


def under_no_grad(w: Any, view: Any) -> None:
    with no_grad():
        w.__imul__(2.0)


def by_an_optimiser(w: Any, view: Any) -> None:
    w._value[...] *= 2.0
    mark_written(w)


def through_the_whole(w: Any, view: Any) -> None:
    w.detach().numpy()[...] *= 2.0


def through_the_view(w: Any, view: Any) -> None:
    view.detach().numpy()[...] *= 2.0


@pytest.mark.parametrize("of_leaf", [True, False])
@pytest.mark.parametrize("see", range(len(VIEWS)))
@pytest.mark.parametrize(
    "damage", [under_no_grad, by_an_optimiser, through_the_whole, through_the_view]
)
def test_a_saved_view_is_watched_with_what_it_is_a_view_of(
    damage: Any, see: int, of_leaf: bool
) -> None:
    w = leaf(np.arange(1.0, 9.0).reshape(4, 2))
    w = w if of_leaf else w * 1.0
    if not of_leaf and damage in (under_no_grad, by_an_optimiser):
        return  # what is calculated is not written in place
    if damage is through_the_view and see in READ_ONLY:
        return
    for keep, message in [
        (lambda v: v * v, r"operand \d of np\.multiply"),
        (lambda v: w * w + np.sum(v), r"operand \d of np\.multiply"),  # saves the whole
    ]:
        view = VIEWS[see](w)
        loss = np.sum(keep(view))
        loss.backward(retain_graph=True)  # no false alarm
        damage(w, view)
        with pytest.raises(GraphError, match=message):
            loss.backward()
    view = VIEWS[see](w)
    np.sum(view * view).backward()  # nor afterwards


def test_memory_that_a_tensor_was_made_of() -> None:
    buffer = np.array([1.0, 2.0])
    for x in (Tensor(buffer), from_dlpack(buffer), Tensor(buffer[:])):
        x.requires_grad_()
        loss = np.sum(x * x)
        buffer += 1.0
        with pytest.raises(GraphError, match="operand 0"):
            loss.backward()
    x.data = buffer  # is copied
    loss = np.sum(x * x)
    buffer += 1.0
    loss.backward()
    assert x.grad is not None and x.grad.tolist() == [8.0, 10.0]


def detached(x: Any) -> Any:
    return x.detach().numpy()


def exported(x: Any) -> Any:
    return shared(x.detach())


def part_of_exported(x: Any) -> Any:
    return shared(x.detach())[1:].T


def transposed_export(x: Any) -> Any:
    return shared(x.detach().T)


def data_exported(x: Any) -> Any:
    return shared(x.data)


def test_random_attacks_through_every_door() -> None:
    """Whatever is given away, whenever, and changed, however little: an error, or right."""
    rng = np.random.default_rng(0)
    routes = [detached, exported, part_of_exported, transposed_export, data_exported]
    functions: list[Any] = [
        lambda a, b: a * b,
        lambda a, b: np.exp(a) / b,
        lambda a, b: a @ b.T,
        lambda a, b: np.hypot(a, b) + np.sqrt(b),
        lambda a, b: np.sort(a, axis=0) * np.tanh(b),
    ]
    silent = noticed = 0
    for _ in range(500):
        shape = (int(rng.integers(2, 9)), int(rng.integers(1, 9)))
        values = [rng.standard_normal(shape), rng.standard_normal(shape) + 4.0]
        f = functions[rng.integers(len(functions))]
        a, b = (leaf(v) for v in values)
        right = grad(lambda a, b, f=f: np.sum(np.sin(f(a, b))), (0, 1))(*values)
        give, early = routes[rng.integers(len(routes))], rng.random() < 0.5
        target = a if rng.random() < 0.5 else b
        given = give(target) if early else None
        if rng.random() < 0.3:  # it becomes a leaf while it is in other hands
            target.requires_grad_(False).requires_grad_()
        y = f(a, b)
        inner = np.sin(y)
        if not early:
            target = (a, b, y, inner)[rng.integers(4)]
            given = give(target)
        if given.size:
            given[tuple(int(rng.integers(n)) for n in given.shape)] += rng.choice([1e-6, 1.0])
        try:
            np.sum(inner).backward()
        except GraphError:
            noticed += 1
        else:
            found = [x.grad.numpy() for x in (a, b) if x.grad is not None]
            silent += not all(map(np.allclose, found, right))
    assert silent == 0 and noticed > 300


def test_what_was_given_away_is_forgotten() -> None:
    x = leaf()
    for _ in range(100):
        x.detach()
    assert len(x._trace.sink.handed_out) == 1
    np.sum(x * x)
    assert x._trace.sink.print is None


def test_memory_of_its_own_is_not_watched() -> None:
    for x in (
        leaf(),
        leaf(3.0),
        leaf(np.ones((3, 2)).T),
        Tensor(np.ones(3)),
        Tensor(np.ones(3)[1:]),
    ):
        assert not is_shared(x) and (x.requires_grad_()._trace.sink is None)


def test_array_namespace() -> None:
    import autograd_core.numpy as door

    x = leaf()
    xp = x.__array_namespace__()
    assert xp is door
    assert xp.__array_api_version__ == np.__array_api_version__
    if NEW_PROTOCOL:
        assert xp.__array_namespace_info__().default_device() == x.device == "cpu"
    assert x.__array_namespace__(api_version="2022.12") is door
    with pytest.raises(ValueError, match=r"2001\.01"):
        x.__array_namespace__(api_version="2001.01")
    y = xp.sum(xp.concat([xp.asarray(x), xp.asarray(x, dtype=xp.float64)]) ** 2)
    y.backward()
    assert x.grad is not None and x.grad.tolist() == [4.0, 8.0]


# the functions of version 2024.12 of the standard, and of its extensions
STANDARD = """
    abs acos acosh add all any arange argmax argmin argsort asarray asin asinh astype atan atan2
    atanh bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor
    bool broadcast_arrays broadcast_to can_cast ceil clip complex128 complex64 concat conj copysign
    cos cosh count_nonzero cumulative_prod cumulative_sum diff divide e empty empty_like equal exp
    expand_dims expm1 eye finfo flip float32 float64 floor floor_divide from_dlpack full full_like
    greater greater_equal hypot iinfo imag inf int16 int32 int64 int8 isdtype isfinite isinf isnan
    less less_equal linspace log log10 log1p log2 logaddexp logical_and logical_not logical_or
    logical_xor matmul matrix_transpose max maximum mean meshgrid min minimum moveaxis multiply nan
    negative newaxis nextafter nonzero not_equal ones ones_like permute_dims pi positive pow prod
    real reciprocal remainder repeat reshape result_type roll round searchsorted sign signbit sin
    sinh sort sqrt square squeeze stack std subtract sum take take_along_axis tan tanh tensordot
    tile tril triu trunc uint16 uint32 uint64 uint8 unique_all unique_counts unique_inverse
    unique_values unstack var vecdot where zeros zeros_like
    linalg.cholesky linalg.cross linalg.det linalg.diagonal linalg.eigh linalg.eigvalsh linalg.inv
    linalg.matmul linalg.matrix_norm linalg.matrix_power linalg.matrix_rank linalg.matrix_transpose
    linalg.outer linalg.pinv linalg.qr linalg.slogdet linalg.solve linalg.svd linalg.svdvals
    linalg.tensordot linalg.trace linalg.vecdot linalg.vector_norm
    fft.fft fft.fftfreq fft.fftn fft.fftshift fft.hfft fft.ifft fft.ifftn fft.ifftshift fft.ihfft
    fft.irfft fft.irfftn fft.rfft fft.rfftfreq fft.rfftn
"""
LATER = {"2.0": {"unstack", "cumulative_prod", "cumulative_sum"}}


def test_the_namespace_has_the_functions_of_the_standard() -> None:
    from operator import attrgetter

    xp = tensor(1.0).__array_namespace__()
    names = set(STANDARD.split()) - LATER.get(np.__version__[:3], set())
    missing = []
    for name in names:
        try:
            attrgetter(name)(xp)
        except AttributeError:
            missing.append(name)
    assert missing == []


def test_code_written_for_the_array_api() -> None:
    """Without a word of NumPy or of ours: standardise, then softmax."""

    def f(x: Any) -> Any:
        xp = x.__array_namespace__()
        x = (x - xp.mean(x, axis=0)) / xp.std(x, axis=0, correction=1)
        e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        p = xp.permute_dims(e / xp.sum(e, axis=-1, keepdims=True), (1, 0))
        return xp.linalg.vector_norm(xp.matmul(p, xp.matrix_transpose(p)) * xp.sum(p * x.T))

    check_grads(f)(np.random.default_rng(0).standard_normal((4, 3)))
