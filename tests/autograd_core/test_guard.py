"""A saved value that changed before backward is an error, whichever way it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ac
from autograd_core import GraphError, Tensor, custom_op, grad, no_grad, read_only, tensor, vjp
from autograd_core.guard import COPIED_BYTES, digest, fingerprint, has_changed
from autograd_core.inplace import mark_written

SIZES = [(3,), (40, 30)]


def data(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape) + 2.0


# Each attack builds a loss, and returns it with the function that does the damage.


def refill_constant(shape: Any) -> Any:
    x, buffer = tensor(data(shape), requires_grad=True), data(shape, 1)
    return np.sum(x * buffer), lambda: np.copyto(buffer, 7.0)


def refill_plain_tensor(shape: Any) -> Any:
    x, c = tensor(data(shape), requires_grad=True), tensor(data(shape, 1))
    return np.sum(x * c), lambda: c.numpy().fill(7.0)


def write_plain_tensor(shape: Any) -> Any:
    x, c = tensor(data(shape), requires_grad=True), tensor(data(shape, 1))

    def damage() -> None:
        c[...] = 7.0

    return np.sum(x * c), damage


def refill_through_a_view(shape: Any) -> Any:
    buffer = np.stack([data(shape, 1), data(shape, 2)])
    x = tensor(data(shape), requires_grad=True)
    return np.sum(np.exp(x * buffer[0])), lambda: buffer.fill(7.0)


def leaf_through_detach(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    loss = np.sum(np.sin(x))
    return loss, lambda: x.detach().numpy().fill(7.0)


def leaf_through_data(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    loss = np.sum(x**3)
    return loss, lambda: x.data.numpy().fill(7.0)


def leaf_handed_out_before(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    part = x.detach().numpy()[..., :1]  # outlives the array it was cut from
    loss = np.sum(x * x)
    return loss, lambda: part.fill(7.0)


def intermediate_through_detach(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    y = np.exp(x)
    loss = np.sum(y * y)
    return loss, lambda: y.detach().numpy().fill(7.0)


def result_that_its_own_rule_saved(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    y = np.exp(x)
    return np.sum(y), lambda: y.detach().numpy().fill(7.0)


def leaf_under_no_grad(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    loss = np.sum(x * x)

    def damage() -> None:
        with no_grad():
            x.__imul__(2.0)

    return loss, damage


def optimiser_step(shape: Any) -> Any:
    x = tensor(data(shape), requires_grad=True)
    loss = np.sum(x * x)

    def damage() -> None:
        x._value[...] *= 0.5
        mark_written(x)

    return loss, damage


def rows_exchanged(shape: Any) -> Any:
    x, buffer = tensor(data(shape), requires_grad=True), data(shape, 1)
    return np.sum(x * buffer), lambda: np.copyto(buffer, buffer[::-1].copy())


def one_number_among_large_ones(shape: Any) -> Any:
    x, buffer = tensor(data(shape), requires_grad=True), data(shape, 1)
    buffer.flat[0] = 1e30

    def damage() -> None:
        buffer.flat[-1] += 1.0

    return np.sum(x * buffer), damage


ATTACKS = [
    refill_constant,
    refill_plain_tensor,
    write_plain_tensor,
    refill_through_a_view,
    leaf_through_detach,
    leaf_through_data,
    leaf_handed_out_before,
    intermediate_through_detach,
    result_that_its_own_rule_saved,
    leaf_under_no_grad,
    optimiser_step,
    rows_exchanged,
    one_number_among_large_ones,
]


@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda f: f.__name__)
def test_a_changed_value_is_an_error_that_names_the_operation(attack: Any, shape: Any) -> None:
    loss, damage = attack(shape)
    damage()
    with pytest.raises(GraphError, match=r"(operand \d|the result) of np\.\w+"):
        loss.backward()


@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda f: f.__name__)
def test_no_alarm_without_a_change(attack: Any, shape: Any) -> None:
    loss, _ = attack(shape)
    loss.backward()


def test_an_input_that_changes_before_its_pullback() -> None:
    x = data((4,))
    _, pull = vjp(lambda v: np.sum(v * v), x)
    x[0] = 9.0
    with pytest.raises(GraphError, match=r"operand 0 of np\.multiply"):
        pull(1.0)


DAMAGES: list[Callable[[Tensor], Any]] = [
    lambda c: c.numpy().fill(7.0),
    lambda c: c.__setitem__(..., 7.0),
    lambda c: c.detach().__setitem__(..., 7.0),
    lambda c: c.data.numpy().fill(7.0),
    lambda c: np.from_dlpack(c).fill(7.0),
    lambda c: c[1:].__imul__(7.0),
    lambda c: c.reshape(-1).numpy().fill(7.0),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_constant_tensor_in_a_function_that_changes_before_the_pullback(damage: Any) -> None:
    c = tensor(data((4,)))
    y, pull = vjp(lambda v: np.sum(v * c), np.ones(4))
    damage(c)
    with pytest.raises(GraphError, match=r"operand 1 of np\.multiply"):
        pull(1.0)
    assert type(y) is np.float64  # a constant does not make the result a Tensor


def test_a_buffer_that_is_used_again_inside_a_function() -> None:
    buffer = np.ones(3)

    def f(x: Any) -> Any:
        total = np.sum(x * buffer)
        buffer.fill(5.0)
        return total + np.sum(x * buffer)

    with pytest.raises(GraphError, match="x.copy()"):
        grad(f)(np.ones(3))


# Ways to differentiate f at an array, each of which gives f the whole array.
OPERATORS: dict[str, Callable[[Any, np.ndarray], Any]] = {
    "grad": lambda f, a: grad(f)(a),
    "value_and_grad": lambda f, a: ac.value_and_grad(f)(a),
    "has_aux": lambda f, a: grad(lambda x: (f(x), 1), has_aux=True)(a),
    "grad of several": lambda f, a: grad(lambda x, s: f(x) * s, (0, 1))(a, 2.0),
    "grad by name": lambda f, a: grad(lambda x, s: f(x) * s, "x")(x=a, s=2.0),
    "grad in a dict": lambda f, a: grad(lambda d: f(d["w"]))({"w": a}),
    "grad of grad": lambda f, a: grad(lambda x: np.sum(grad(f)(x)))(a),
    "elementwise_grad": lambda f, a: ac.elementwise_grad(f)(a),
    "jacobian": lambda f, a: ac.jacobian(f)(a),
    "forward over reverse": lambda f, a: ac.jvp(grad(f), (a,), (np.ones(a.shape),)),
    "vmap": lambda f, a: ac.vmap(grad(f))(a[None]),
    "hvp": lambda f, a: ac.hvp(f, (a,), (np.ones(a.shape),)),
    "vjp": lambda f, a: vjp(f, a)[1](1.0),
}


@pytest.mark.parametrize("shape", [(3,), (40, 30), (300, 250)], ids=str)
@pytest.mark.parametrize("way", OPERATORS)
def test_a_function_that_writes_into_its_own_argument(way: str, shape: Any) -> None:
    a = data(shape)

    def writes(x: Any) -> Any:
        y = np.sum(x * x)
        a[-1] += 1.0
        return y

    def calculates(x: Any) -> Any:
        return np.sum(x * x)

    OPERATORS[way](calculates, a)  # no false alarm
    with pytest.raises(GraphError, match=r"(?s)the argument of .*x\.copy\(\)|operand 0"):
        OPERATORS[way](writes, a)


def test_a_function_may_write_into_what_it_is_called_with() -> None:
    def f(x: Any) -> Any:
        x[0] = x[1] ** 2
        return np.sum(x * x)

    a = np.array([1.0, 2.0])
    assert grad(f)(a).tolist() == [0.0, 36.0]
    assert a.tolist() == [1.0, 2.0]


def test_a_change_before_the_value_is_saved_is_fine() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    x.detach().numpy()[0] = 3.0
    np.sum(x * x).backward()
    assert x.grad is not None and x.grad.tolist() == [6.0, 4.0]


def test_a_leaf_is_watched_only_while_somebody_holds_its_array() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    x.detach().numpy()
    y = np.sum(x * x)
    assert y._trace.parents[0].prints is None


def test_random_attacks() -> None:
    """Whatever is changed, however little: an error, or the right gradient."""
    rng = np.random.default_rng(0)
    operations: list[Callable[..., Any]] = [
        np.multiply,
        np.divide,
        np.arctan2,
        np.hypot,
        lambda a, b: np.matmul(a, np.swapaxes(b, 0, 1)),
        lambda a, b: np.add(a, b),
        lambda a, b: np.where(b > 2.0, a, b) * b,
        lambda a, b: np.exp(a) * np.sin(b),
    ]
    silent = noticed = 0
    for _ in range(500):
        shape = (int(rng.integers(1, 9)), int(rng.integers(1, 60)))
        f = operations[rng.integers(len(operations))]
        a, b = rng.standard_normal(shape), rng.standard_normal(shape) + 3.0
        x = tensor(a, requires_grad=True)
        loss = np.sum(np.tanh(f(x, b)))
        right = grad(lambda v, f=f, b=b: np.sum(np.tanh(f(v, b))))(a)
        target = [b, x.detach().numpy(), b[:1], b.T][rng.integers(4)]
        place = tuple(int(rng.integers(n)) for n in target.shape)
        target[place] += rng.choice([1e-6, 1.0, -3.0])
        try:
            loss.backward()
        except GraphError:
            noticed += 1
        else:
            silent += not np.allclose(x.grad.numpy(), right, rtol=1e-12)
    assert silent == 0
    assert noticed > 200


LARGE = COPIED_BYTES // 8 + 5


def negate_two(x: np.ndarray) -> None:
    x[300:302] *= -1.0


def exchange_two(x: np.ndarray) -> None:
    x[[300, 301]] = x[[301, 300]]


def one_bit(x: np.ndarray) -> None:
    x.view(np.uint8)[-777] ^= 1


CHANGES: list[Callable[[np.ndarray], Any]] = [
    negate_two,
    exchange_two,
    one_bit,
    lambda x: np.negative(x, out=x),
    lambda x: x.fill(1.0),
    lambda x: np.copyto(x, x[::-1].copy()),
    lambda x: x.__setitem__(0, np.nan),
    lambda x: x.__setitem__(-1, np.nextafter(x[-1], 9.0)),
    lambda x: x.reshape(5, -1).__setitem__(([1, 2],), x.reshape(5, -1)[[2, 1]]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_large_array_changed_through_a_view_that_was_made_before(change: Any) -> None:
    """Whatever the way to the memory and however small the change."""
    base = data((LARGE // 5 * 5,))
    sibling = base[:]
    x = tensor(np.ones(base.size), requires_grad=True)
    loss = np.sum(x * base)
    loss.backward(retain_graph=True)  # no false alarm
    change(sibling)
    with pytest.raises(GraphError, match=r"operand 1 of np\.multiply"):
        loss.backward()


def test_a_large_array_stays_writable_and_may_be_refilled_between_steps() -> None:
    buffer = data((LARGE,))
    x = tensor(np.ones(LARGE), requires_grad=True)
    for step in (1.0, 2.0):
        buffer[7] = step
        np.sum(x * buffer).backward()
        assert x.grad is not None and x.grad.numpy()[7] == (1.0, 3.0)[int(step) - 1]
    loss = np.sum(x * buffer)
    buffer[7] = 9.0
    with pytest.raises(GraphError, match="changed"):
        loss.backward()


def test_what_is_read_only_is_not_watched_until_somebody_makes_it_writable() -> None:
    X = read_only(data((40, 3)))
    loss = tensor(np.ones(3), requires_grad=True) * X
    assert loss._trace.prints is None
    part = tensor(np.ones(3), requires_grad=True) * X[2:5].T[:, 0]
    assert part._trace.prints is None
    with pytest.raises(ValueError, match="read-only"):
        X[1:][0] = 3.0
    frozen = data((40, 3))
    frozen.flags.writeable = False  # there may be other ways to the memory of this one
    assert (tensor(np.ones(3), requires_grad=True) * frozen)._trace.prints is not None
    X.flags.writeable = True
    assert (tensor(np.ones(3), requires_grad=True) * X)._trace.prints is not None


def test_a_large_array_in_memory_that_is_not_numpys() -> None:
    memory = bytearray(np.ones(LARGE).tobytes())
    x = tensor(np.ones(LARGE), requires_grad=True)
    loss = np.sum(x * np.frombuffer(memory))
    memory[6 * LARGE + 1] ^= 1
    with pytest.raises(GraphError, match=r"operand 1 of np\.multiply"):
        loss.backward()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.int8])
@pytest.mark.parametrize(
    "layout",
    [lambda x: x, lambda x: x.T, lambda x: x[:, ::2], lambda x: x[::-1], lambda x: x.ravel()[1:]],
    ids=["plain", "transposed", "gaps", "backwards", "odd start"],
)
def test_a_digest_sees_each_sign(dtype: Any, layout: Any) -> None:
    """Signs are the bits that sums lose most easily, above all in pairs."""
    rng = np.random.default_rng(0)
    x = layout(rng.integers(1, 100, (40, 2600)).astype(dtype))
    before = digest(x)
    for count in [1, 2, 4, 64] * 10:
        places = rng.integers(x.size, size=count)
        x.flat[places] = -x.flat[places]
        assert digest(x) != before
        x.flat[places] = -x.flat[places]
        assert digest(x) == before


def test_prints_of_all_kinds_of_arrays() -> None:
    for x in (
        np.zeros(0),
        np.array(1.0),
        np.ones((300, 7), np.float32)[:, ::2],
        np.ones(5000, np.float16),
        np.arange(5000),
        np.ones(3000, complex),
        np.full(3000, np.nan),
        np.ones(3001, np.float32),
    ):
        before = fingerprint(x)
        assert not has_changed(x.copy(), before)
        assert x.nbytes < 2000 or fingerprint(x) is before  # one print for all that save it
        if x.size:
            y = x.copy()
            y[(0,) * x.ndim] = 5
            assert has_changed(y, before)


def test_detach_is_cheap_on_what_is_not_recorded() -> None:
    x = Tensor(np.ones(3))
    assert x.detach()._value is x._value


PLACES: dict[str, tuple[Any, Callable[[Any, Any], Any]]] = {
    "array": ([0, 1, 2], lambda x, i: x[i]),
    "in a tuple": ([0, 1, 2], lambda x, i: x[1:, i]),
    "mask": ([True, False, True, True], lambda x, i: x[i]),
    "take": ([0, 1, 2], lambda x, i: np.take(x, i, axis=0)),
    "repeat": ([0, 1, 2, 1], lambda x, i: np.repeat(x, i, axis=0)),
    "write": ([0, 1, 2], lambda x, i: written(x * 1.0, i)),
}


def written(y: Any, places: Any) -> Any:
    y[places] = 0.0
    return y


@pytest.mark.parametrize("kind", [np.array, list])
@pytest.mark.parametrize("name", PLACES)
def test_an_index_may_be_filled_again_before_backward(name: str, kind: Any) -> None:
    given, f = PLACES[name]
    shares = []
    for refilled in (False, True):
        x, places = tensor(data((4, 3)), requires_grad=True), kind(given)
        y = f(x, places)
        if refilled:
            places[0], places[1] = places[1], places[0]
        (y * data(y.shape, 1)).sum().backward()
        shares.append(x.grad.numpy())
    np.testing.assert_array_equal(*shares)


def test_a_result_that_is_among_what_was_saved_is_watched() -> None:
    def double(x: Any) -> Any:
        y = 2 * x
        return y, (y, x)

    op = custom_op(
        double, vjp=lambda g, saved, x: (saved[0] / x * g,), saves=True, composition=lambda x: 2 * x
    )
    for write in (False, True):
        x = tensor(data((3,)), requires_grad=True)
        y = op(x)
        loss = y.sum()
        y.detach().numpy()[...] += float(write)
        if write:
            with pytest.raises(GraphError, match="the result of double"):
                loss.backward()
        else:
            loss.backward()
            np.testing.assert_allclose(x.grad.numpy(), 2.0)


def test_a_view_that_was_written_and_handed_out_is_no_longer_one_of_the_leaf() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    turned, part = x.T, x[:]
    with no_grad():
        part[...] = 2.5
    y = 1.0 / part
    part.detach()
    (np.sum(y) + np.dot(y, x) + np.sum(x) + np.sum(turned) + np.sum(part)).backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 - 1 / 2.5**2)


def test_a_base_does_not_share_the_memory_that_its_written_view_hands_out() -> None:
    p = tensor([1.0, 2.0], requires_grad=True)
    y = np.log(p)
    turned = y.T
    with no_grad():
        turned += 1.0
    loss = np.dot(y, y)
    turned.data[...] = 3.0
    loss.backward()
    np.testing.assert_allclose(p.grad.numpy(), 2.0 * (np.log([1, 2]) + 1.0) / [1, 2])


@pytest.mark.parametrize("n", [3, 5_000, 1_000_003])
@pytest.mark.parametrize("layout", [lambda m: m, lambda m: m[::2], lambda m: m[::-1]])
def test_of_a_mask_the_bits_are_kept(n, layout):
    mask = layout(np.random.default_rng(0).random(n) > 0.5)
    before = fingerprint(mask)
    assert len(before) <= mask.size // 8 + 1 or mask.size < 5_000
    for i in (0, mask.size // 2, mask.size - 1):
        x = tensor(np.ones(mask.shape), requires_grad=True)
        y = np.where(mask, x, 0.0).sum()
        assert not has_changed(mask, before)
        mask[i] = not mask[i]
        assert has_changed(mask, before)
        with pytest.raises(GraphError, match="changed between"):
            y.backward()
        mask[i] = not mask[i]
