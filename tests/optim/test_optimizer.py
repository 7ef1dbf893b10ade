"""What all optimizers share: groups, live settings, hooks, state, memory, and a whole step."""

import gc
import signal
import threading
import tracemalloc

import numpy as np
import pytest

import nnkit as nn
from nnkit import optim
from nnkit.optim import SGD, Adam, AdamW, Optimizer
from nnkit.optim.interrupts import Uninterrupted

COMMON = [SGD, Adam, AdamW]
OTHERS = ["ASGD", "Adadelta", "Adafactor", "Adagrad", "Adamax", "Lion", "NAdam", "RAdam", "RMSprop"]
OTHERS += ["Rprop"]
ALL = pytest.mark.parametrize("make", [*COMMON, *(getattr(optim, name) for name in OTHERS)])


def parameters(n, shape=(3,)):
    ps = [nn.Parameter(np.full(shape, 1.0)) for _ in range(n)]
    for p in ps:
        p.grad = np.full(shape, 1.0, np.float32)
    return ps


def test_groups_have_settings_of_their_own():
    a, b, c = parameters(3)
    optimizer = SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": c, "lr": 0.25})
    optimizer.step()
    assert [p.tolist()[0] for p in (a, b, c)] == pytest.approx([0.9, 0.5, 0.75])
    assert [g["momentum"] for g in optimizer.param_groups] == [0, 0, 0]


def test_learning_rate_is_read_at_each_step():
    (p,) = parameters(1)
    optimizer = SGD([p], lr=0.1)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert p.tolist() == pytest.approx([0.4] * 3)
    optimizer.param_groups[0]["lr"] = float("nan")
    with pytest.raises(ValueError, match="learning rate has become nan"):
        optimizer.step()
    assert p.tolist() == pytest.approx([0.4] * 3)


def test_momentum_can_be_switched_on_in_the_middle():
    (p,) = parameters(1)
    optimizer = SGD([p], lr=0.1)
    optimizer.step()
    optimizer.param_groups[0]["momentum"] = 0.5
    optimizer.step()
    optimizer.step()
    assert p.tolist() == pytest.approx([1 - 0.1 - 0.1 - 0.15] * 3)


@ALL
def test_parameters_without_gradient_are_left_alone(make):
    a, b = parameters(2)
    b.grad = None
    optimizer = make([a, b], lr=0.1)
    optimizer.step()
    assert (a.detach() != 1).all() and (b.detach() == 1).all()
    assert b not in optimizer.state
    optimizer.zero_grad()
    assert a.grad is None
    with pytest.warns(UserWarning, match=r"none of the 2 parameters has a gradient.*backward"):
        optimizer.step()
    optimizer.step()


def test_zero_grad_to_zeros_keeps_the_array():
    (p,) = parameters(1)
    before = p.grad
    SGD([p]).zero_grad(set_to_none=False)
    assert p.grad is before and (p.grad == 0).all()


@ALL
def test_the_array_of_a_parameter_stays_the_same(make):
    (p,) = parameters(1)
    array = p.detach().numpy()
    make([p], lr=0.1).step()
    np.testing.assert_array_equal(array, p.detach())
    assert (array != 1).all()


def test_hooks_see_before_and_after():
    (p,) = parameters(1)
    optimizer, seen = SGD([p], lr=0.5), []
    pre = optimizer.register_step_pre_hook(lambda o, args, kw: seen.append((o, p.tolist()[0])))
    post = optimizer.register_step_post_hook(lambda o, args, kw: seen.append((o, p.tolist()[0])))
    optimizer.step()
    assert seen == [(optimizer, 1.0), (optimizer, 0.5)]
    pre.remove()
    post.remove()
    optimizer.step()
    assert len(seen) == 2


def test_closure_is_called_with_gradients_on():
    p = nn.Parameter([3.0])
    optimizer = SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with nn.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 9
    assert p.tolist() == pytest.approx([2.4])


def test_a_graph_that_saved_the_old_weights_is_not_used():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer, x = SGD(model.parameters(), lr=0.1), np.ones((1, 2))
    model(x).sum().backward()
    late = model(x).sum()
    optimizer.step()
    with pytest.raises(RuntimeError, match="overwritten between the forward and the backward"):
        late.backward()


def test_a_parameter_that_cannot_be_written_stops_the_step_before_the_first():
    a, b = parameters(2)
    b._value = np.broadcast_to(np.float32(1), (3,))
    with pytest.raises(RuntimeError, match="read-only"):
        SGD([a, b], lr=0.1).step()
    assert a.tolist() == [1.0] * 3


def test_repr_lists_the_settings():
    assert repr(SGD(parameters(1), lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.1\n    maximize: False\n"
        "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )


@ALL
def test_state_dict_is_a_copy_and_fits_only_its_like(make):
    ps = parameters(2)
    optimizer = make(ps, **({"momentum": 0.9} if make is SGD else {}))
    optimizer.step()
    state = optimizer.state_dict()
    key = next(k for k, v in state["state"][1].items() if isinstance(v, np.ndarray))
    before = state["state"][1][key].copy()
    optimizer.step()
    np.testing.assert_array_equal(state["state"][1][key], before)
    assert state["param_groups"][0]["params"] == [0, 1]
    with pytest.raises(ValueError, match=r"hold \[1\] parameters, those in the state dict \[2\]"):
        make(parameters(1)).load_state_dict(state)
    with pytest.raises(ValueError, match=r"shape \(3,\), its parameter \(4,\)"):
        make(parameters(2, (4,))).load_state_dict(state)
    with pytest.raises(TypeError, match="needs what state_dict"):
        make(parameters(2)).load_state_dict([])


def test_an_optimizer_of_ones_own_is_a_few_lines():
    class SignSGD(Optimizer):
        def __init__(self, params, lr=0.01):
            super().__init__(params, {"lr": lr})

        def update(self, value, grad, state, group):
            value -= np.multiply(np.sign(grad), group["lr"], out=self.scratch(value))

    (p,) = parameters(1)
    SignSGD([p], lr=0.25).step()
    assert p.tolist() == [0.75] * 3


@ALL
def test_a_step_needs_no_memory_of_the_size_of_the_model(make):
    ps = parameters(4, (600, 600))
    optimizer = make(ps)
    optimizer.step()
    gc.collect()
    tracemalloc.start()
    optimizer.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < ps[0].detach().numpy().nbytes / 10


# --- interrupts -----------------------------------------------------------------------------------


def test_an_interrupt_waits_for_the_end_of_the_block():
    reached = []
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        signal.raise_signal(signal.SIGINT)
        reached.append(True)
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_handler_of_somebody_else_is_called_and_put_back():
    calls = []
    before = signal.signal(signal.SIGINT, lambda *args: calls.append(args))
    try:
        with Uninterrupted():
            signal.raise_signal(signal.SIGINT)
            assert calls == []
        assert len(calls) == 1
        signal.raise_signal(signal.SIGINT)
        assert len(calls) == 2
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_leave_the_handlers_alone():
    seen = []

    def work():
        with Uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


@pytest.mark.parametrize("make", COMMON)
def test_200_interrupts_leave_no_step_half_done(make):
    """All parameters get the same gradient, so they differ only if a step was torn."""
    ps = parameters(60, (50,))
    optimizer = make(ps, lr=1e-4, **({"momentum": 0.9} if make is SGD else {}))
    optimizer.step()
    rng, landed = np.random.default_rng(0), 0
    alarm = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        for _ in range(200):
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, 1e-3))
                while True:
                    optimizer.step()
            except KeyboardInterrupt:
                landed += 1
            values = np.stack([p.detach().numpy() for p in ps])
            assert (values == values[0]).all()
            for key in optimizer.state[ps[0]]:
                parts = np.stack([np.asarray(optimizer.state[p][key]) for p in ps])
                assert (parts == parts[0]).all(), key
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
    assert landed == 200
