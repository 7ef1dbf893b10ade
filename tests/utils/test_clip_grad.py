"""Clipping of gradients."""

import math

import numpy as np
import pytest

import nnkit as nn
from nnkit.utils import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm


def parameters(*gradients, dtype=np.float32):
    ps = [nn.Parameter(np.zeros(np.shape(g)), dtype=dtype) for g in gradients]
    for p, g in zip(ps, gradients):
        if g is not None:
            p.grad = np.array(g, dtype)
    return ps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_norm", [0.5, 3.0, 100.0, math.inf])
@pytest.mark.parametrize("order", [1, 2, 3.5, math.inf])
def test_norm(order, max_norm, dtype):
    rng = np.random.default_rng(0)
    gradients = [rng.normal(size=s) for s in ((2, 3), (), (4,), (0,))]
    ps = parameters(*gradients, dtype=dtype)
    vector = np.concatenate([g.ravel() for g in gradients])
    expected = np.linalg.norm(vector, order)
    found = clip_grad_norm_(ps, max_norm, norm_type=order)
    assert found.item() == pytest.approx(expected, rel=1e-6)
    factor = min(1, max_norm / (expected + 1e-6))
    for p, g in zip(ps, gradients):
        np.testing.assert_allclose(p.grad, g * factor, rtol=1e-5)
        assert p.grad.dtype == dtype


def test_in_two_steps():
    ps = parameters([3.0, 4.0], [12.0])
    total = get_total_norm([p.grad for p in ps], error_if_nonfinite=True)
    assert total == 13
    clip_grads_with_norm_(ps, 6.5, total)
    np.testing.assert_allclose(ps[0].grad, [1.5, 2.0], rtol=1e-6)


def test_without_gradient_and_twice_the_same():
    a, b = parameters([3.0], [1.0])
    b.grad = None
    assert clip_grad_norm_([a, b, a], 1.5) == 3
    np.testing.assert_allclose(a.grad, [1.5], rtol=1e-6)
    with pytest.warns(UserWarning, match="none of the 1 parameters has a gradient"):
        assert clip_grad_norm_([b], 1.0) == 0


def test_a_model_is_its_parameters():
    model = nn.Linear(2, 1)
    model(np.array([[3.0, 4.0]])).sum().backward()
    assert clip_grad_norm_(model, 1.0) == pytest.approx(math.sqrt(26))
    assert clip_grad_norm_(model.parameters(), 1.0) == pytest.approx(1)


def test_large_numbers_are_not_infinite():
    (p,) = parameters([3e30, 4e30])
    assert clip_grad_norm_([p], 1.0) == pytest.approx(5e30)
    np.testing.assert_allclose(p.grad, [0.6, 0.8], rtol=1e-6)


def test_complex():
    (p,) = parameters([3 + 4j, 12j], dtype=complex)
    assert clip_grad_norm_([p], 1.3) == 13
    np.testing.assert_allclose(p.grad, [0.3 + 0.4j, 1.2j], rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("order", [2, 3, math.inf])
def test_one_bad_number_does_not_spread(bad, order):
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    for name, p in model.named_parameters():
        p.grad = np.full(p.shape, bad if name == "1.weight" else 2.0)
    with pytest.warns(UserWarning, match=r"that of 1.weight of shape \(1, 1\) holds NaN"):
        norm = clip_grad_norm_(model, 1.0, order)
    assert not math.isfinite(norm)
    assert [p.grad.item() for p in model.parameters()][:2] == [2.0, 2.0]
    with pytest.raises(FloatingPointError, match=r"1.weight.*Skip this step"):
        clip_grad_norm_(model, 1.0, order, error_if_nonfinite=True)
    assert model.get_parameter("0.weight").grad.item() == 2.0


def test_value():
    a, b = parameters([-3.0, 0.25, 8.0], [[math.inf]])
    clip_grad_value_([a, b], 0.5)
    assert a.grad.tolist() == [-0.5, 0.25, 0.5]
    assert b.grad.tolist() == [[0.5]]
    a.grad = [math.nan, 9.0, 0.0]
    with pytest.warns(UserWarning, match="parameter 0 of shape .* holds NaN, which stays"):
        clip_grad_value_([a], 0.5)
    np.testing.assert_array_equal(a.grad, [math.nan, 0.5, 0.0])


def test_small_batches_add_up_to_a_large_one():
    model, x = nn.Linear(3, 1), np.random.default_rng(0).normal(size=(6, 3))
    nn.MSELoss()(model(x), np.zeros((6, 1))).backward()
    whole = model.weight.grad.numpy().copy()
    model.zero_grad()
    for part in np.split(x, 3):
        (nn.MSELoss()(model(part), np.zeros((2, 1))) / 3).backward()
    np.testing.assert_allclose(model.weight.grad, whole, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: clip_grad_norm_([], 1.0), ValueError, ["no parameters", "once only"]),
        (lambda: clip_grad_norm_([np.ones(2)], 1.0), TypeError, ["their .grad", "ndarray"]),
        (lambda: clip_grad_norm_(parameters([1.0]), 0), ValueError, ["max_norm", "> 0", "got 0"]),
        (lambda: clip_grad_norm_(parameters([1.0]), math.nan), ValueError, ["got nan"]),
        (lambda: clip_grad_norm_(parameters([1.0]), 1, 0), ValueError, ["norm_type", "> 0"]),
        (lambda: clip_grad_value_(parameters([1.0]), -1), ValueError, ["clip_value", "got -1"]),
        (lambda: clip_grad_value_(parameters([1j], dtype=complex), 1), TypeError, ["complex"]),
        (
            lambda: get_total_norm([np.array([math.nan])], error_if_nonfinite=True),
            FloatingPointError,
            ["nan"],
        ),
    ],
)
def test_errors_teach(call, kind, words):
    with pytest.raises(kind) as info:
        call()
    assert all(word in str(info.value) for word in words), str(info.value)
