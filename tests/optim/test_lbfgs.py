"""L-BFGS: PyTorch's iterations, exact resume, and no half-done step whatever happens."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

import nnkit as nn
from nnkit.optim import LBFGS, SGD
from tests.optim.problems import CASES, START, closure_of, walk

ROWS = json.loads((Path(__file__).parents[1] / "reference" / "lbfgs.json").read_text())


def parameters(start=START):
    return [nn.Parameter(x, dtype=np.float64) for x in start]


@pytest.mark.parametrize("i", range(len(CASES)))
def test_iterations(i):
    name, settings = CASES[i]
    p, q = parameters()
    optimizer = LBFGS([p, q], **settings)
    found = walk(name, optimizer, p, q, 5) + walk(name, optimizer, p, q, 5)
    np.testing.assert_allclose(found, ROWS[i][0], rtol=1e-6, atol=1e-6, err_msg=str(settings))
    assert [optimizer.state[p][key] for key in ("func_evals", "n_iter")] == ROWS[i][1:]


@pytest.mark.parametrize("i", range(0, len(CASES), 5))
def test_resumes_bit_for_bit(i):
    name, settings = CASES[i]
    p, q = parameters()
    one = LBFGS([p, q], **settings)
    walk(name, one, p, q, 4)
    state = one.state_dict()
    a, b = parameters([p.tolist(), q.tolist()])
    expected = walk(name, one, p, q, 4)
    two = LBFGS([a, b])
    two.load_state_dict(state)
    assert walk(name, two, a, b, 4) == expected


def test_rosenbrock_is_solved():
    p, q = parameters()
    optimizer = LBFGS([p, q], line_search_fn="strong_wolfe", max_iter=100)
    walk("rosenbrock", optimizer, p, q, 2)
    np.testing.assert_allclose([p.tolist(), q.tolist()], np.ones((2, 3)), atol=1e-5)
    assert set(optimizer.state) == {p}


def test_float32_stays_and_arrays_stay():
    model = nn.Linear(2, 1)
    arrays = [p.detach().numpy() for p in model.parameters()]
    optimizer, x = LBFGS(model, lr=0.5), np.eye(2, dtype=np.float32)

    def closure():
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x), np.ones((2, 1), np.float32))
        loss.backward()
        return loss

    first = optimizer.step(closure).item()
    assert closure().item() < 1e-3 * first
    state = optimizer.state[model.weight]
    assert {state[k].dtype for k in ("d", "prev_flat_grad")} == {np.dtype(np.float32)}
    for p, array in zip(model.parameters(), arrays):
        np.testing.assert_array_equal(p.detach().numpy(), array)


def test_complex_and_without_gradient():
    z, rest = nn.Parameter([3 + 4j, 1j], dtype=complex), nn.Parameter([1.0], dtype=float)
    optimizer = LBFGS([z, rest], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (abs(z - (1 + 2j)) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(z.detach(), [1 + 2j, 1 + 2j], atol=1e-6)
    assert rest.tolist() == [1.0]


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
@pytest.mark.parametrize("calls", [1, 2, 3, 5, 9])
def test_an_interrupted_closure_leaves_a_whole_iteration(calls, line_search):
    """The next call goes on as if the interrupted evaluation had just not been there."""
    p, q = parameters()
    optimizer = LBFGS([p, q], line_search_fn=line_search, lr=0.1)
    closure, count = closure_of("rosenbrock", optimizer, p, q), [0]
    seen = [(p.tolist(), q.tolist())]

    def interrupted():
        count[0] += 1
        if count[0] == calls:
            raise KeyboardInterrupt
        return closure()

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(interrupted)
    done = optimizer.state[p].get("n_iter", 0) if p in optimizer.state else 0
    a, b = parameters()
    other = LBFGS([a, b], line_search_fn=line_search, lr=0.1, max_iter=1, max_eval=25)
    for _ in range(done):
        seen.append(walk("rosenbrock", other, a, b, 1))
    np.testing.assert_allclose([p.tolist(), q.tolist()], [a.tolist(), b.tolist()], rtol=1e-12)
    optimizer.step(closure)
    assert closure().item() < 40


def test_100_interrupts_never_leave_a_trial_of_the_line_search():
    """The loss only falls from one whole iteration to the next; trials are often higher."""
    rng = np.random.default_rng(0)
    alarm = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    landed = 0
    try:
        for trial in range(100):
            p, q = parameters(rng.normal(size=(2, 3)))
            optimizer = LBFGS([p, q], line_search_fn="strong_wolfe", max_iter=100, max_eval=1000)
            closure = closure_of("rosenbrock", optimizer, p, q)
            before, best = closure().item(), np.inf
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, 6e-3))
                for _ in range(3):
                    optimizer.step(closure)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                landed += 1
            best = optimizer.state.get(p, {}).get("prev_loss", before)
            assert closure().item() <= min(before, best) + 1e-12, trial
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
    assert landed > 50


def test_not_finite_after_a_step_takes_it_back():
    p = nn.Parameter([1.0], dtype=float)
    optimizer = LBFGS([p], lr=4.0)

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss * 0 + (np.inf if p.item() < 0 else 1.0)

    with pytest.raises(FloatingPointError, match=r"the loss is inf after a step .*strong_wolfe"):
        optimizer.step(closure)
    assert p.tolist() == [1.0]
    assert optimizer.state[p]["n_iter"] == 0


def test_the_line_search_turns_back_from_what_is_not_finite():
    p = nn.Parameter([3.0], dtype=float)
    optimizer = LBFGS([p], lr=100.0, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        with np.errstate(all="ignore"):
            loss = (p - np.log(p)).sum()
            loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert p.item() == pytest.approx(1, abs=1e-5)


def test_hooks_and_the_first_loss():
    p, q = parameters()
    optimizer, seen = LBFGS([p, q], max_iter=2), []
    optimizer.register_step_pre_hook(lambda *a: seen.append("before"))
    optimizer.register_step_post_hook(lambda *a: seen.append("after"))
    loss = optimizer.step(closure_of("quartic", optimizer, p, q))
    other = closure_of("quartic", optimizer, *parameters())
    assert loss.item() == other().item()
    assert seen == ["before", "after"]


def test_schedules_see_its_steps():
    p, q = parameters()
    optimizer = LBFGS([p, q], lr=0.5)
    schedule = nn.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    walk("quartic", optimizer, p, q, 1)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.25


def bad_closure(value):
    p = nn.Parameter([1.0])
    p.grad = [1.0]
    LBFGS([p]).step(lambda: value)


def other_model():
    p, q = parameters()
    optimizer = LBFGS([p, q])
    walk("quartic", optimizer, p, q, 1)
    LBFGS([p]).load_state_dict(
        {**LBFGS([p]).state_dict(), "state": optimizer.state_dict()["state"]}
    )


P = nn.Parameter([1.0])
ERRORS = [
    (lambda: LBFGS([P]).step(), ValueError, ["evaluates the loss more than once", "def closure()"]),
    (lambda: LBFGS([{"params": [P]}, {"params": parameters()}]), ValueError, ["one group only"]),
    (lambda: LBFGS([P], line_search_fn="wolfe"), ValueError, ["strong_wolfe", "'wolfe'"]),
    (lambda: LBFGS([P], lr=0), ValueError, ["lr", "> 0"]),
    (lambda: LBFGS([P], max_iter=0), ValueError, ["max_iter", "> 0", "got 0"]),
    (lambda: bad_closure(None), ValueError, ["must return the loss"]),
    (lambda: bad_closure(np.nan), FloatingPointError, ["loss is nan before the first step"]),
    (other_model, ValueError, ["'d' has shape (6,)", "3 numbers"]),
    (lambda: SGD([P]).load_state_dict(3), TypeError, ["state_dict() of a SGD"]),
]


@pytest.mark.parametrize(("call", "kind", "words"), ERRORS)
def test_errors_teach(call, kind, words):
    with pytest.raises(kind) as info:
        call()
    assert all(word in str(info.value) for word in words), str(info.value)
