"""Settings of the single optimizers: errors that teach, changes in mid-run, what PyTorch lacks."""

import inspect
import math

import numpy as np
import pytest

import nnkit as nn
from nnkit import optim

NAN = math.nan
EVERY = (
    "ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS Lion Muon NAdam RAdam RMSprop Rprop"
)
EVERY = [getattr(optim, name) for name in [*EVERY.split(), "SGD"]]


def matrix():
    return [nn.Parameter(np.ones((2, 2)))]


@pytest.mark.parametrize("lr", [0, -0.1, NAN, math.inf, "0.1", None, True])
@pytest.mark.parametrize("make", EVERY)
def test_learning_rate(make, lr):
    with pytest.raises(ValueError, match=rf"^{make.__name__}: lr must be a number > 0") as info:
        make(matrix(), lr=lr)
    assert repr(lr) in str(info.value)


@pytest.mark.parametrize(
    "make", [m for m in EVERY if "weight_decay" in inspect.signature(m).parameters]
)
@pytest.mark.parametrize("decay", [-0.1, NAN, "1"])
def test_weight_decay(make, decay):
    with pytest.raises(ValueError, match=rf"^{make.__name__}: weight_decay must be a number >= 0"):
        make(matrix(), weight_decay=decay)


@pytest.mark.parametrize("make", [m for m in EVERY if "betas" in inspect.signature(m).parameters])
@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, NAN), 0.9, (0.9,)])
def test_betas(make, betas):
    with pytest.raises(ValueError, match=rf"^{make.__name__}: betas"):
        make(matrix(), betas=betas)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("RMSprop", {"alpha": 1.0}, ["alpha", "< 1", "got 1.0"]),
        ("RMSprop", {"momentum": -1}, ["momentum", "got -1"]),
        ("RMSprop", {"eps": NAN}, ["eps", "nan"]),
        ("Adagrad", {"lr_decay": -1}, ["lr_decay", "got -1"]),
        ("Adagrad", {"initial_accumulator_value": -1}, ["initial_accumulator_value"]),
        ("Adadelta", {"rho": 1.5}, ["rho", "< 1", "got 1.5"]),
        ("NAdam", {"momentum_decay": -1}, ["momentum_decay"]),
        ("ASGD", {"lambd": -1}, ["lambd"]),
        ("ASGD", {"alpha": NAN}, ["alpha", "nan"]),
        ("Rprop", {"etas": (1.5, 1.2)}, ["etas", "between 0 and 1", "(1.5, 1.2)"]),
        ("Rprop", {"etas": 0.5}, ["etas", "got 0.5"]),
        ("Rprop", {"step_sizes": (2, 1)}, ["step_sizes", "(2, 1)"]),
        ("Adafactor", {"eps": 1e-3}, ["eps are two numbers"]),
        ("Adafactor", {"eps": (-1, 1e-3)}, ["eps[0]", "got -1"]),
        ("Adafactor", {"d": 0.5}, ["d must be", ">= 1", "got 0.5"]),
        ("Adafactor", {"beta2_decay": 0.8}, ["beta2_decay", "got 0.8"]),
        ("Muon", {"ns_steps": 100}, ["ns_steps", "< 100"]),
        ("Muon", {"ns_coefficients": (1, 2)}, ["three numbers"]),
        ("Muon", {"adjust_lr_fn": "rms"}, ["match_rms_adamw", "'rms'"]),
    ],
)
def test_other_settings(name, settings, words):
    with pytest.raises(ValueError) as info:  # noqa: PT011 -- the words are checked
        getattr(optim, name)(matrix(), **settings)
    assert all(word in str(info.value) for word in [name, *words]), str(info.value)


def test_muon_wants_matrices():
    with pytest.raises(ValueError, match=r"1 of 2 parameters are none.*shape \(2,\).*AdamW"):
        optim.Muon(nn.Linear(2, 2))


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("Adam", {"amsgrad": True}),
        ("RMSprop", {"momentum": 0.9}),
        ("RMSprop", {"centered": True}),
        ("SGD", {"momentum": 0.9}),
    ],
)
def test_switched_on_in_the_middle(name, setting):
    (p,) = matrix()
    optimizer = getattr(optim, name)([p])
    for i in range(4):
        if i == 2:
            optimizer.param_groups[0].update(setting)
        p.grad = np.full((2, 2), 0.5)
        optimizer.step()
    assert (p.detach() < 1).all()
    state = optimizer.state_dict()
    q = nn.Parameter(p.tolist())
    other = getattr(optim, name)([q])
    other.load_state_dict(state)
    for one, x in ((optimizer, p), (other, q)):
        x.grad = np.full((2, 2), 0.25)
        one.step()
    np.testing.assert_array_equal(p.detach(), q.detach())


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("decay", [0, 0.1])
@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.5, 0.6)])
def test_lion_is_the_algorithm_of_the_paper(betas, decay, maximize):
    p = nn.Parameter([0.5, -1.0, 2.0], dtype=np.float64)
    optimizer = optim.Lion([p], lr=0.01, betas=betas, weight_decay=decay, maximize=maximize)
    theta, m = p.detach().numpy().copy(), np.zeros(3)
    for _ in range(20):
        p.grad = np.cos(3 * theta) + 0.1 * theta
        g = p.grad.numpy() * (-1 if maximize else 1)
        c = betas[0] * m + (1 - betas[0]) * g
        m = betas[1] * m + (1 - betas[1]) * g
        theta = theta - 0.01 * (np.sign(c) + decay * theta)
        optimizer.step()
        np.testing.assert_allclose(p.detach(), theta, rtol=1e-12)
        np.testing.assert_allclose(optimizer.state[p]["exp_avg"], m, rtol=1e-12, atol=1e-15)


def test_muon_makes_the_step_nearly_orthogonal():
    p = nn.Parameter(np.zeros((6, 4)), dtype=np.float64)
    p.grad = np.random.default_rng(0).normal(size=(6, 4))
    optim.Muon([p], lr=1.0, weight_decay=0).step()
    singular = np.linalg.svd(p.detach().numpy() / math.sqrt(6 / 4), compute_uv=False)
    assert singular.min() > 0.5
    assert singular.max() < 1.5


@pytest.mark.parametrize(
    ("saved", "loading", "words"),
    [
        ("Adam", "SGD", ["no setting 'momentum'", "another kind", "betas"]),
        ("Adam", "RMSprop", ["no setting 'momentum'"]),
        ("SGD", "Adam", ["no setting 'betas'"]),
        ("Adam", "Adamax", ["holds step, exp_avg, exp_avg_sq, not step, exp_avg, exp_inf"]),
        ("Adagrad", "Adagrad", []),
    ],
)
def test_a_state_dict_of_another_optimizer(saved, loading, words):
    (p,) = matrix()
    p.grad = np.ones((2, 2))
    optimizer = getattr(optim, saved)([p])
    optimizer.step()
    other = getattr(optim, loading)([p])
    if not words:
        other.load_state_dict(optimizer.state_dict())
        return
    with pytest.raises(ValueError) as info:  # noqa: PT011 -- the words are checked
        other.load_state_dict(optimizer.state_dict())
    assert all(word in str(info.value) for word in words), str(info.value)
    assert other.state == {}


def test_a_state_dict_with_pytorchs_hints():
    """PyTorch saves numbers as arrays without axes, and how to calculate beside what."""
    (p,) = matrix()
    optimizer = optim.RMSprop([p])
    groups = [
        {"lr": 0.25, "momentum": 0, "alpha": 0.5, "eps": 1e-8, "centered": False,
         "weight_decay": 0, "maximize": False, "capturable": False, "foreach": None,
         "differentiable": False, "params": [0]}
    ]  # fmt: skip
    state = {0: {"step": np.array(7.0), "square_avg": np.ones((2, 2), np.float64)}}
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    assert optimizer.param_groups[0]["lr"] == 0.25
    assert "foreach" not in optimizer.param_groups[0]
    assert optimizer.state[p]["step"] == 7
    assert optimizer.state[p]["square_avg"].dtype == np.float32
