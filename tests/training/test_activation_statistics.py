"""Activation statistics: the numbers are the ones defined, and looking leaves nothing behind."""

import numpy as np
import pytest

import nnkit as nn
from nnkit.plot import activation_statistics
from tests.training.test_gradient_flow import Clock


class Give(nn.Module):
    """A layer that gives what it was told to."""

    def __init__(self, output):
        self._output = output

    def forward(self, x):
        return self._output


def one_look(output):
    """Return what is known of a layer that gives this."""
    with nn.ActivationStatistics(nn.Sequential(Give(output))) as statistics:
        statistics._model(np.zeros(1))
    return {name.split("/")[0]: value for name, value in statistics.latest.items()}


Y = np.array([[0.0, 1.0, 0.0, 5.0], [0.0, 0.0, 2.0, 4.0]], np.float32)
OUTPUTS = [
    (Y, {"mean": 1.5, "std": np.std(Y), "dead": 0.25}),
    (nn.tensor(Y), {"mean": 1.5, "std": np.std(Y), "dead": 0.25}),
    (Y.T, {"mean": 1.5, "std": np.std(Y), "dead": 0.0}),
    (Y + 1000, {"mean": 1001.5, "std": np.std(Y), "dead": 0.0}),
    (((Y, Y[0]), Y[1]), {"mean": 1.5, "std": np.std(Y), "dead": 0.25}),
    ({"a": np.array([1, 2]), "b": Y}, {"mean": 1.5, "std": np.std(Y), "dead": 0.25}),
    (np.array(2.0), {"mean": 2.0, "std": 0.0, "dead": 0.0}),
    (np.array([np.nan, 1.0]), {"mean": np.nan, "std": np.nan, "dead": 0.0}),
    (np.array([1, 2]), {}),
    (np.zeros((0, 3)), {}),
    ("words", {}),
]


@pytest.mark.parametrize(("output", "expected"), OUTPUTS)
def test_values_of_one_layer(output, expected):
    assert one_look(output) == pytest.approx(expected, rel=1e-5, nan_ok=True)


X = np.array([[-9.0, -2.0, -0.5, 0.0, 0.5, 2.0, 9.0]])


@pytest.mark.parametrize(
    ("layer", "slope"),
    [
        (nn.Tanh(), 1 - np.tanh(X) ** 2),
        (nn.Sigmoid(), 4 * np.exp(-X) / (1 + np.exp(-X)) ** 2),
        (nn.Softsign(), 1 / (1 + abs(X)) ** 2),
        (nn.Hardtanh(-0.5, 1.0), (X > -0.5) & (X < 1)),
        (nn.ReLU6(), (X > 0) & (X < 6)),
        (nn.Hardsigmoid(), abs(X) < 3),
    ],
)
def test_saturated_is_where_the_slope_is_small(layer, slope):
    with nn.ActivationStatistics(layer) as statistics:
        layer(X)
    name = type(layer).__name__
    assert statistics.layers == (name,)
    assert statistics.latest[f"saturated/{name}"] == pytest.approx((slope < 0.05).mean())


def train(model, statistics, epochs=3):
    trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model, lr=0.01))
    x = np.ones((64, 2), np.float32)
    with statistics:
        trainer.fit(x, x[:, :1], epochs=epochs, batch_size=8, validation_split=0.5)
    return trainer


def make():
    nn.seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 1)))


def test_training_is_as_without_and_evaluation_is_not_counted():
    plain, watched = make(), make()
    train(plain, nn.ActivationStatistics(make()))
    seen = []
    statistics = nn.ActivationStatistics(watched, record=lambda values: seen.append(dict(values)))
    train(watched, statistics)
    for p, q in zip(plain.parameters(), watched.parameters(), strict=True):
        assert p.tolist() == q.tolist()
    assert statistics.layers == ("0", "1.0", "1.1")
    steps, values = statistics.history.series("std/1.0")
    assert {1, 2, 4, 8} <= set(steps.tolist()) and max(steps) <= 12
    assert len(seen) == statistics.samples == len(steps)
    assert [sample["std/1.0"] for sample in seen] == values.tolist()
    assert not any(module._hooks for module in watched.modules())


def test_both_statistics_are_callbacks():
    model = make()
    optimizer = nn.optim.SGD(model, lr=0.01)
    activations, gradients = nn.ActivationStatistics(model), nn.GradientFlow(model, optimizer)
    x = np.ones((64, 2), np.float32)
    trainer = nn.Trainer(model, nn.MSELoss(), optimizer)
    trainer.fit(x, x[:, :1], batch_size=8, callbacks=[activations, gradients])
    assert {1, 2, 4, 8} == set(activations.history.steps) == set(gradients.history.steps)
    assert set(gradients.history.names) >= {"grad/0", "ratio/0", "dead/0"}
    assert not any(module._hooks for module in model.modules())
    assert not optimizer._pre_hooks and not optimizer._post_hooks
    assert activation_statistics(activations.history).axes and gradients.history.plot().axes
    with nn.GradientFlow(model, optimizer) as again:
        trainer.fit(x, x[:, :1])
    assert again.samples and not optimizer._pre_hooks


def test_steps_go_on_when_it_is_opened_again():
    model = make()
    statistics = nn.ActivationStatistics(model)
    train(model, statistics)
    statistics.on_train_begin({})
    for _ in range(4):
        model(np.ones((4, 2)))
    statistics.on_train_end({})
    model(np.ones((4, 2)))
    steps = statistics.history.steps.tolist()
    assert steps[-1] == 16 and steps.count(1) == 1


@pytest.mark.parametrize("budget", [0.002, 0.05])
def test_sampling_keeps_its_budget(monkeypatch, budget):
    clock = Clock(look=20e-6)
    monkeypatch.setattr("nnkit.training.budget.time", clock)
    model = nn.Sequential(nn.Identity(), nn.Identity())
    looks = 0
    with nn.ActivationStatistics(model, budget=budget) as statistics:
        for _ in range(5_000):
            clock.now += 1e-3
            model(Y)
        looks = statistics.samples
    cost_of_one = 4 * clock.look  # beginning, two layers, end
    assert looks * cost_of_one <= budget * clock.now + 16 * cost_of_one
    assert looks * cost_of_one >= 0.5 * budget * clock.now


def test_an_error_while_looking_ends_the_looking_only():
    def refuse(_values):
        raise RuntimeError("the disk is full")

    model = make()
    with nn.ActivationStatistics(model, record=refuse) as statistics:
        with pytest.warns(UserWarning, match="no longer measured: RuntimeError: the disk is full"):
            model(np.ones((4, 2)))
        model(np.ones((4, 2)))
        assert not any(module._hooks for module in model.modules())
    assert len(statistics.history) == 1


def test_an_error_in_the_model_leaves_no_hooks_on_its_layers():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 3))
    with nn.ActivationStatistics(model) as statistics:
        with pytest.raises(ValueError, match="1: "):
            model(np.ones((1, 2)))
        assert not model[0]._hooks and not model[1]._hooks
    assert set(statistics.latest) == {"mean/0", "std/0", "dead/0"}


@pytest.mark.parametrize("budget", [0, -1, 1.5])
def test_a_senseless_budget_is_refused(budget):
    with pytest.raises(ValueError, match="ActivationStatistics: budget is a share"):
        nn.ActivationStatistics(make(), budget=budget)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"Write Linear\(\)"):
        nn.ActivationStatistics(nn.Linear)


def test_the_picture_has_a_row_for_each_layer():
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh())
    with nn.ActivationStatistics(model) as statistics:
        for _ in range(3):
            model(np.ones((4, 2)))
    heat = statistics.plot().axes[0]
    assert [text.get_text() for text in heat.get_yticklabels()] == ["0 Linear", "1 Tanh"]
    png, metadata = statistics._repr_png_()
    assert png[:4] == b"\x89PNG" and metadata == {"width": 960}
    with pytest.raises(ValueError, match="no columns std"):
        activation_statistics(nn.History())
