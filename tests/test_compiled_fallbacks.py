"""`nnkit.compile`: what cannot be replayed runs as it is, and what changes outside is noticed."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
import nnkit.functional as F
from autograd_core import compiled as compiled_module
from autograd_core import tensor
from tests.steps import (
    Pair,
    arrays,
    mlp,
    rows,
    sgd,
    trained,
    warmed,
)

history: list[Any] = []


calls = 0


def branching(model: nn.Module, x: Any, y: Any) -> Any:
    loss = F.cross_entropy(model(x), y)
    return loss * 2 if loss > 1 else loss  # a branch on a value


def reading(model: nn.Module, x: Any, y: Any) -> Any:
    loss = F.cross_entropy(model(x), y)
    return loss * float(loss.detach())


def remembering(model: nn.Module, x: Any, y: Any) -> Any:
    loss = F.cross_entropy(model(x), y)
    history.append(1)
    return loss


def counting(model: nn.Module, x: Any, y: Any) -> Any:
    global calls
    calls += 1
    return F.cross_entropy(model(x), y) * calls


def drawing(model: nn.Module, x: Any, y: Any) -> Any:
    return F.cross_entropy(model(x), y) * noise.uniform()


def escaping(model: nn.Module, x: Any, y: Any) -> Any:
    return F.cross_entropy(model(x), y) * np.asarray(x * 2).sum()


def indexing(model: nn.Module, x: Any, y: Any) -> Any:
    return F.mse_loss(model(x), np.eye(4)[y])  # NumPy asks nobody here


noise = np.random.default_rng(0)


FALLS = {
    "loss > 1 else": branching,
    ".item() reads": reading,
    "changes the length of history": remembering,
    "binds calls anew": counting,
    "random numbers": drawing,
    "plain array": escaping,
    "write tensor(a)[x]": indexing,
}


@pytest.mark.parametrize("reason", FALLS)
def test_what_cannot_be_recorded_runs_as_it_is(reason: str) -> None:
    global noise, calls
    results = []
    for compiled in (True, False):
        noise, calls = np.random.default_rng(0), 0
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            results.append(trained(mlp, sgd, FALLS[reason], rows(6), compiled))
        assert [reason in str(w.message) for w in said] == [True] * compiled
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (
        "test_compiled_fallbacks.py" in results[0][2].report()
        or "anew" in reason
        or "len" in reason
        or "random" in reason
    )


def test_without_fallback_it_is_an_error() -> None:
    step = nn.compile(lambda x: x * 2 if x.sum() > 0 else x, fallback=False)
    with pytest.raises(Exception, match="a branch"):
        step(np.ones(2))


def test_an_error_in_a_step_is_the_error_and_leaves_the_weights() -> None:
    pair = warmed(Pair())
    x, y = rows(6, 1)[0]
    before = arrays(*pair.sides[0][:2])
    with pytest.raises(nn_error(), match="is no class"):
        pair.compiled(x, y + 4)
    for a, b in zip(before[:4], arrays(*pair.sides[0][:2]), strict=False):
        np.testing.assert_array_equal(a, b)
    pair.run(x, y)


def nn_error() -> type[Exception]:
    from autograd_core import ArgumentError

    return ArgumentError


def test_an_error_in_the_first_call_leaves_plain_gradients() -> None:
    model = nn.Linear(3, 1)

    def step(x: Any) -> Any:
        model(x).sum().backward()
        raise KeyError("after the gradients")

    with pytest.raises(KeyError):
        nn.compile(step)(np.ones((2, 3), np.float32))
    for p in model.parameters():
        assert type(p.grad.numpy()) is np.ndarray
        assert type(p.grad._value) is np.ndarray


def test_a_large_model_is_recorded_twice_in_place_of_a_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiled_module, "COMPARED", 0)
    warmed(Pair(), 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, _, run = trained(mlp, sgd, drawing_by_hand, rows(6, 5), True)
    assert "a second call gave other numbers" in run.report()


def drawing_by_hand(model: nn.Module, x: Any, y: Any) -> Any:
    """Use a number that is another one each time, from where nobody can see it."""
    return F.cross_entropy(model(x), y) * (1 + int.from_bytes(os.urandom(6), "big") / 2**48)


UNSEEN: dict[str, Callable[[Any], Any]] = {
    "flat": lambda x: x.flat[0] * x,
    "repeat": lambda x: x.repeat(2),
    "nonzero": lambda x: x.nonzero()[0],
    "round": lambda x: round(x[0], 1),
    "a copy": copy.copy,
    "a deep copy": copy.deepcopy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "an array of its own": lambda x: filled(x).sum(),
    "a view of its own array": lambda x: filled(x)[::-1],
    "a captured array": lambda x: (np.copyto(room, x), x * room[0])[1],
    "an array that is captured as output": lambda x: (np.add(x, 1, out=room), x * room[0])[1],
    "the number of an iterator": lambda x: x * next(counted),
    "an array of objects": lambda x: x * things[0],
}
counted = iter([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
things = np.array([2.0], object)
room = np.zeros(2)


def filled(x: Any) -> Any:
    room = np.zeros(2)
    np.multiply(x, 2, out=room)
    return room


@pytest.mark.parametrize("name", UNSEEN)
def test_what_is_not_seen_in_two_equal_calls_is_no_part_of_a_recording(name: str) -> None:
    results = []
    for make in (compile_quietly, lambda f: f):
        global counted
        counted = iter([1.0, 1.0, 1.0, 2.0, 3.0, 4.0])
        run, got = make(UNSEEN[name]), []
        for numbers in ((1.5, 2.0), (1.5, 2.0), (1.5, 2.0), (0.0, 4.0), (5.0, 6.0)):
            things[0] = sum(numbers)
            got.append(run(np.array(numbers)))
        results.append(got)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda x, w: x * w[0] + (x * w).sum(),
        lambda x, w: x * w * 10 if w[0] > 0 else x * w,  # as long as w[0] > 0 nothing shows it
    ],
)
def test_an_array_of_which_a_number_is_taken_is_watched_as_well(by_hand: Any) -> None:
    weights, x = np.array([1.0, 2.0, 3.0]), np.ones(3)
    step = compile_quietly(lambda x: by_hand(x, weights))
    for i in range(12):
        weights[i % 3] = 5.0 + i // 3  # at times, only what is taken by hand stays
        np.testing.assert_array_equal(step(x), by_hand(x, weights))
    for i in range(12):  # each number is another one
        weights[:] = np.arange(3) + (i + 1 if i < 6 else -9 - i)
        np.testing.assert_array_equal(step(x), by_hand(x, weights))


def test_an_array_that_is_another_one_at_each_call_is_named() -> None:
    batch, x = np.zeros(3), np.ones(3)
    step = nn.compile(lambda x: (x * batch).sum())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for i in range(12):
            batch[:] = i
            assert step(x) == 3 * i
    assert ["batch is another one at each call" in str(w.message) for w in said] == [True]


def compile_quietly(f: Callable[..., Any]) -> Callable[..., Any]:
    compiled = nn.compile(f)

    def run(*args: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compiled(*args)

    return run


def test_what_writes_into_its_arguments_runs_as_it_is() -> None:
    def double(x: Any) -> Any:
        x *= 2
        return x.sum()

    step = nn.compile(double)
    with pytest.warns(match="writes into an argument"):
        step(np.ones(3))
    for _ in range(3):
        x = np.ones(3)
        assert step(x) == 6 and x[0] == 2


@pytest.mark.parametrize("size", [2, 10_000, 200_000])
def test_an_array_that_is_read_outside_is_watched_or_not_compiled(size: int) -> None:
    """What is calculated of it in calls that are not recorded is a constant in the recording."""
    weights = np.ones(size)
    step = nn.compile(lambda x: x * weights.astype(np.float32))
    x = np.ones(size, np.float32)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(3):
            assert step(x).max() == 1
    assert [w for w in said if "no recorded call reads weights (1.6 MB)" in str(w.message)] or (
        size < 200_000 and not said
    )
    weights[-1] = 5
    assert step(x)[-1] == 5


def test_parameters_that_a_step_does_not_use_do_not_keep_it_from_being_compiled() -> None:
    model = nn.Sequential(nn.Linear(600, 600), nn.Linear(600, 600))
    step = nn.compile(lambda x: model[1](x).detach())
    for _ in range(3):
        step(np.ones((1, 600), np.float32))
    assert "calls of" in step.report() or "call of" in step.report()


def test_a_hook_of_a_layer_that_had_one_before_is_called() -> None:
    model, seen = mlp(), list[int]()
    model[0].register_forward_hook(lambda *_: None).remove()
    step = nn.compile(lambda x: model(x).detach())
    x = np.ones((2, 3), np.float32)
    for _ in range(4):
        step(x)
    model[0].register_forward_hook(lambda *_: seen.append(1))
    with pytest.warns(match="Linear has hooks"):
        step(x)
    step(x)
    assert seen == [1, 1]


OPEN = {
    "the output": lambda model, x: model(x),
    "one of several": lambda model, x: {"mean": model(x).detach().mean(), "out": [model(x)]},
    "what does not need all of the graph": lambda model, x: model[0](x),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_can_be_differentiated_outside_keeps_its_history(name: str) -> None:
    f, x = OPEN[name], np.ones((2, 3), np.float32)
    model = mlp()
    forward = nn.compile(lambda x: f(model, x))

    def loss_of(result: Any) -> Any:
        return (result["out"][0] if name == "one of several" else result).sum()

    loss_of(f(model, x)).backward()
    expected = [None if p.grad is None else p.grad.numpy() for p in model.parameters()]
    head = tensor(1.0, requires_grad=True)
    with pytest.warns(nn.CompileWarning, match="let backward be part of the function"):
        first = forward(x)
    for result in (first, forward(x)):
        model.zero_grad()
        (loss_of(result) * head).backward()  # without the history, only `head` had a gradient
        for p, wanted in zip(model.parameters(), expected, strict=True):
            np.testing.assert_equal(None if p.grad is None else p.grad.numpy(), wanted)


def test_a_parameter_that_is_returned_is_that_parameter() -> None:
    model = mlp()
    look = nn.compile(lambda x: (model[0].weight, (x * 2).sum()))
    for _ in range(4):
        weight, total = look(np.ones(3))
        assert weight is model[0].weight
        assert total == 6


def test_under_no_grad_the_same_function_is_compiled() -> None:
    model, x = mlp(), np.ones((2, 3), np.float32)
    forward = nn.compile(lambda x: model(x))
    with nn.no_grad():
        for _ in range(3):
            y = forward(x)
        assert forward.last is not None
        assert forward.last.state == "ready"
    np.testing.assert_array_equal(y.numpy(), model(x).detach().numpy())


def test_what_follows_on_a_backward_pass_is_closed() -> None:
    """What a step returns besides its loss needs no detach: its graph was used up."""
    model = mlp()
    x, y = rows(6, 1)[0]

    @nn.compile
    def step(x: Any, y: Any) -> Any:
        logits = model(x)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        return loss, logits, F.softmax(logits, 1)

    for _ in range(3):
        step(x, y)
    assert step.last is not None
    assert step.last.state == "ready", step.report()


class Learner:
    def __init__(self, rate: float) -> None:
        self.model, self.rate = mlp(), rate

    @nn.compile
    def loss(self, x: Any, y: Any) -> Any:
        """Say how wrong the model is."""
        return F.cross_entropy(self.model(x), y).detach() * self.rate


def test_a_method_is_compiled_for_each_object() -> None:
    x, y = rows(6, 1)[0]
    nn.seed(0)
    learners = [Learner(1.0), Learner(2.0)]
    for _ in range(3):
        for a in learners:
            expected = F.cross_entropy(a.model(x), y).item() * a.rate
            assert a.loss(x, y).item() == pytest.approx(expected, rel=1e-6)
    learners[0].rate = 5.0
    expected = F.cross_entropy(learners[0].model(x), y).item() * 5
    assert learners[0].loss(x, y).item() == pytest.approx(expected, rel=1e-6)
    assert "loss(Learner, float32[6, 3], int64[6]): " in Learner.loss.report()
    assert Learner.loss.__doc__ == "Say how wrong the model is."


def test_a_copy_has_recordings_of_its_own() -> None:
    model = mlp()
    predict = nn.compile(model)
    x = np.ones((2, 3), np.float32)
    with nn.no_grad():
        for _ in range(3):
            y = predict(x).numpy()
        twin = copy.deepcopy(predict)
        assert twin.last is None
        model[0].weight.data *= 2
        for _ in range(3):
            np.testing.assert_array_equal(twin(x).numpy(), y)
        assert not np.array_equal(predict(x).numpy(), y)
    assert repr(twin).startswith("compile(Sequential(")


def test_threads_do_not_share_memory() -> None:
    step = nn.compile(lambda x: np.tanh(x) * x + np.exp(x))
    for _ in range(3):
        step(np.ones(20_000))
    wrong = []

    def work(seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=20_000)
        expected = np.tanh(x) * x + np.exp(x)
        wrong.extend(1 for _ in range(50) if not np.array_equal(step(x), expected))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
