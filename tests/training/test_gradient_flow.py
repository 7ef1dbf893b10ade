"""Gradient flow: the three numbers are the ones defined, and looking stays within its budget."""

import numpy as np
import pytest

from nnkit.training.gradient_flow import GradientFlow, norm
from tests.training.fakes import FakeModel, FakeSGD


def test_values_of_one_step():
    model = FakeModel(a__weight=[[3.0, 0.0]], a__bias=[4.0], b__weight=[1.0, 1.0])
    optimizer = FakeSGD(model, lr=0.5)
    flow = GradientFlow(model, optimizer)
    model.set_grad(a__weight=[[0.0, 3.0]], a__bias=[4.0], b__weight=[0.0, 0.0])
    optimizer.step()
    assert flow.layers == ("a", "b")
    assert flow.latest == {
        "grad/a": pytest.approx(5.0),
        "dead/a": pytest.approx(1 / 3),
        "ratio/a": pytest.approx(0.5 * 5.0 / 5.0),
        "grad/b": 0.0,
        "dead/b": 1.0,
        "ratio/b": 0.0,
    }


def test_the_root_is_named_by_its_class_and_nested_layers_by_their_path():
    model = FakeModel(scale=[1.0], body__0__weight=[1.0])
    assert GradientFlow(model, FakeSGD(model)).layers == ("FakeModel", "body.0")


def test_no_gradient_no_entry_and_zero_weights_no_ratio():
    model = FakeModel(frozen__weight=[1.0], zero__weight=[0.0])
    optimizer = FakeSGD(model)
    flow = GradientFlow(model, optimizer)
    model.set_grad(zero__weight=[2.0])
    optimizer.step()
    assert flow.latest == {"grad/zero": 2.0, "dead/zero": 0.0}


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_norm_of_float32_neither_underflows_nor_overflows(size):
    arrays = [np.full(4, size, np.float32), np.full((2, 2), size, np.float32)]
    assert norm(arrays) == pytest.approx(size * np.sqrt(8), rel=1e-5)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros(3), 0.0),
        (np.array([3 + 4j]), 5.0),
        (np.array([np.nan]), np.nan),
        (np.array([np.inf]), np.inf),
    ],
)
def test_norm_of_special_values(array, expected):
    assert norm([array]) == pytest.approx(expected, nan_ok=True)


class Clock:
    """A CPU clock that moves as told: `look` seconds for every reading."""

    def __init__(self, look):
        self.now, self.look = 0.0, look

    def thread_time(self):
        self.now += self.look
        return self.now


@pytest.mark.parametrize("budget", [0.002, 0.01])
def test_sampling_keeps_its_budget(monkeypatch, budget):
    clock = Clock(look=20e-6)
    monkeypatch.setattr("nnkit.training.budget.time", clock)
    model = FakeModel(a__weight=[1.0])
    optimizer = FakeSGD(model)
    flow = GradientFlow(model, optimizer, budget=budget)
    model.set_grad(a__weight=[0.0])
    samples = []
    for _ in range(20_000):
        clock.now += 1e-3
        optimizer.step()
        samples.append(flow.samples)
    assert {0, 1, 3} <= {step for step in range(20) if samples[step] > ([0, *samples])[step]}
    cost_of_one = 3 * clock.look
    assert flow.samples * cost_of_one <= budget * clock.now + 16 * cost_of_one
    assert flow.samples * cost_of_one >= 0.8 * budget * clock.now


def test_each_sample_is_handed_on_and_closing_takes_the_hooks_off():
    model = FakeModel(a__weight=[1.0])
    optimizer = FakeSGD(model)
    seen = []
    flow = GradientFlow(model, optimizer, record=seen.append)
    model.set_grad(a__weight=[1.0])
    optimizer.step()
    flow.close()
    optimizer.step()
    assert len(seen) == flow.samples == 1
    assert not optimizer.before and not optimizer.after


def test_an_error_while_looking_ends_the_looking_only():
    model = FakeModel(a__weight=[1.0])
    optimizer = FakeSGD(model)
    flow = GradientFlow(model, optimizer)
    model.parameters["a.weight"].grad = np.array(["not", "numbers"])
    with pytest.warns(UserWarning, match="Gradient flow is no longer measured: .*Error"):
        optimizer.before[0](optimizer, (), {})
    optimizer.after[0](optimizer, (), {})
    model.set_grad(a__weight=[1.0])
    optimizer.step()
    assert flow.samples == 0


@pytest.mark.parametrize("budget", [0, -1, 1.5])
def test_a_senseless_budget_is_refused(budget):
    model = FakeModel(a__weight=[1.0])
    with pytest.raises(ValueError, match="share of the training time"):
        GradientFlow(model, FakeSGD(model), budget=budget)
