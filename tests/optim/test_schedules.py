"""Schedules: PyTorch's rates and momenta, exact resume, preview, and changes made by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import nnkit as nn
from nnkit.optim import SGD, Adam, lr_scheduler, swa_utils
from nnkit.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    WarmupCosineLR,
)
from tests.optim.schedules import CASES, make

STORED = json.loads((Path(__file__).parents[1] / "reference" / "schedules.json").read_text())
EVERY = pytest.mark.parametrize(
    ("case", "rows"),
    [pytest.param(c, r, id=f"{i}-{c['name']}") for i, (c, r) in enumerate(zip(CASES, STORED))],
)


def new(case):
    return make(case, nn, lr_scheduler, swa_utils.SWALR)


def present(optimizer):
    groups = optimizer.param_groups
    return [g["lr"] for g in groups], groups[0]["momentum"]


def walk(case, optimizer, schedule, epochs):
    for epoch in epochs:
        yield present(optimizer)
        optimizer.step()
        loss = 1 / (1 + min(epoch, 4)) + 0.01 * math.cos(epoch)
        schedule.step(*([loss] if case["name"] == "ReduceLROnPlateau" else []))


@EVERY
def test_rates_and_momenta(case, rows):
    optimizer, schedule = new(case)
    for epoch, (rates, momentum) in enumerate(walk(case, optimizer, schedule, range(len(rows)))):
        np.testing.assert_allclose(rates, rows[epoch][0], rtol=1e-9, atol=1e-12, err_msg=str(epoch))
        np.testing.assert_allclose(momentum, rows[epoch][1], rtol=1e-9)
    assert schedule.get_last_lr() == present(optimizer)[0]


@pytest.mark.parametrize("order", ["optimizer first", "schedule first", "schedule only"])
@EVERY
def test_resumes_exactly(case, rows, order):
    optimizer, schedule = new(case)
    list(walk(case, optimizer, schedule, range(9)))
    saved = json.loads(json.dumps(schedule.state_dict()))
    settings = json.loads(json.dumps(optimizer.state_dict()["param_groups"]))
    expected = list(walk(case, optimizer, schedule, range(9, len(rows))))
    optimizer, schedule = new(case)
    loading = [
        lambda: optimizer.load_state_dict({"state": {}, "param_groups": settings}),
        lambda: schedule.load_state_dict(saved),
    ]
    chosen = {"schedule first": loading[::-1], "schedule only": loading[1:]}
    for load in chosen.get(order, loading):
        load()
    assert list(walk(case, optimizer, schedule, range(9, len(rows)))) == expected


@EVERY
def test_preview_is_what_comes_and_changes_nothing(case, rows):
    if case["name"] == "ReduceLROnPlateau":
        return
    optimizer, schedule = new(case)
    list(walk(case, optimizer, schedule, range(4)))
    before = json.dumps([schedule.state_dict(), optimizer.state_dict()["param_groups"]])
    found = [schedule.preview(len(rows) - 4, group=i) for i in range(2)]
    assert json.dumps([schedule.state_dict(), optimizer.state_dict()["param_groups"]]) == before
    np.testing.assert_allclose(np.transpose(found), [row[0] for row in rows[4:]], rtol=1e-9)


def optimizer_with(lr=1.0, make=SGD, **kwargs):
    p = nn.Parameter([1.0])
    p.grad = [0.0]
    return make([p], lr=lr, **kwargs)


# --- what a person does to the rate ---------------------------------------------------------------

BY_HAND = {
    "LambdaLR": lambda o: LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "ExponentialLR": lambda o: ExponentialLR(o, 0.9),
    "StepLR": lambda o: StepLR(o, 2, 0.5),
    "CosineAnnealingLR": lambda o: CosineAnnealingLR(o, 6, eta_min=0.01),
    "WarmupCosineLR": lambda o: WarmupCosineLR(o, 3, 20),
    "CosineAnnealingWarmRestarts": lambda o: CosineAnnealingWarmRestarts(o, 3),
    "CyclicLR": lambda o: CyclicLR(o, 0.1, 1.0, 3, cycle_momentum=False),
    "OneCycleLR": lambda o: OneCycleLR(o, 1.0, 20, cycle_momentum=False),
    "SequentialLR": lambda o: SequentialLR(o, [LinearLR(o), ExponentialLR(o, 0.9)], [7]),
    "ChainedScheduler": lambda o: ChainedScheduler(
        [LambdaLR(o, lambda e: 0.9**e), StepLR(o, 2, 0.5)]
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_change_by_hand_is_a_factor_on_all_that_follows(name):
    optimizer = optimizer_with()
    schedule = BY_HAND[name](optimizer)
    plan = schedule.preview(12)
    found, factor = [], 1.0
    for step in range(12):
        if step in (3, 8):
            factor = {3: 0.5, 8: 2.0}[step]
            optimizer.param_groups[0]["lr"] = plan[step] * factor
        found.append(optimizer.param_groups[0]["lr"] / factor)
        optimizer.step()
        schedule.step()
        if step == 5:
            state = json.loads(json.dumps(schedule.state_dict()))
            optimizer = optimizer_with()
            schedule = BY_HAND[name](optimizer)
            schedule.load_state_dict(state)
    np.testing.assert_allclose(found, plan, rtol=1e-12)


def test_numbers_of_numpy_are_fine():
    optimizer = optimizer_with(np.float32(0.1))
    schedule = ExponentialLR(optimizer, 0.5)
    optimizer.param_groups[0]["lr"] = np.float32(0.25)
    state = json.loads(json.dumps(schedule.state_dict()))
    schedule.load_state_dict(state)
    assert schedule.preview(2) == [0.25, 0.125]


def test_a_rate_of_zero_has_no_factor():
    optimizer = optimizer_with()
    group = optimizer.param_groups[0]
    schedule = LambdaLR(optimizer, lambda epoch: float(epoch != 1))
    optimizer.step()
    schedule.step()
    assert group["lr"] == 0
    group["lr"] = 0.3
    optimizer.step()
    schedule.step()
    assert group["lr"] == 1
    group["lr"] = 0
    schedule.step()
    assert group["lr"] == 0
    group["lr"] = 0.25
    schedule.step()
    assert group["lr"] == 0.25


def test_turned_up_at_the_end_of_a_cycle_the_next_one_does_not_blow_up():
    optimizer = optimizer_with()
    group = optimizer.param_groups[0]
    schedule = CosineAnnealingWarmRestarts(optimizer, T_0=8)
    plan, found = schedule.preview(17), []
    for step in range(17):
        if step == 7:
            group["lr"] = 0.5
        found.append(group["lr"])
        optimizer.step()
        schedule.step()
    assert plan[7] < 0.05
    assert found[7] == 0.5
    assert found[8:12] == [2 * x for x in plan[8:12]]
    assert max(found) == 2
    assert found[15] == pytest.approx(0.5)


def test_a_new_schedule_begins_with_the_rate_it_finds():
    optimizer = optimizer_with()
    group = optimizer.param_groups[0]
    first = OneCycleLR(optimizer, 1.0, 5, cycle_momentum=False)
    for _ in range(4):
        optimizer.step()
        first.step()
    assert group["lr"] < 1e-3
    group["lr"] = 0.5
    assert LambdaLR(optimizer, lambda epoch: 0.5**epoch).preview(3) == [0.5, 0.25, 0.125]
    assert ExponentialLR(optimizer, 0.5).preview(2) == [0.5, 0.25]


def test_two_schedules_do_not_take_each_other_for_a_person():
    optimizer = optimizer_with()
    plateau = ReduceLROnPlateau(optimizer, patience=0, factor=0.5, verbose=False)
    schedule = ExponentialLR(optimizer, 0.5)
    optimizer.step()
    for loss in (1.0, 2.0):
        schedule.step()
        plateau.step(loss)
    assert optimizer.param_groups[0]["lr"] == 0.125
    assert [rate["factor"] for rate in schedule.state_dict()["_rates"]["rates"]] == [1.0]


# --- warm-up and cosine ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("warmup", "total", "least", "first"),
    [(5, 20, 0.0, 0.01), (1, 9, 0.1, 0.5), (0, 8, 0.0, 1.0)],
)
def test_warm_up_and_cosine_is_the_composition(warmup, total, least, first):
    optimizer = optimizer_with()
    found = WarmupCosineLR(optimizer, warmup, total, least, first).preview(total + 3)
    other = optimizer_with()
    cosine = CosineAnnealingLR(other, total - warmup, least)
    if warmup:
        linear = LinearLR(other, first, total_iters=warmup)
        cosine = SequentialLR(other, [linear, cosine], [warmup])
    np.testing.assert_allclose(found[: total + 1], cosine.preview(total + 1), atol=1e-15)
    assert found[total:] == [least] * 3


# --- the plateau ----------------------------------------------------------------------------------


def test_plateau_says_what_it_did(capsys):
    optimizer = optimizer_with(0.1)
    optimizer.add_param_group({"params": [nn.Parameter([1.0])], "lr": 0.04})
    schedule = ReduceLROnPlateau(optimizer, patience=0, factor=0.5, min_lr=[0.0, 0.03])
    for loss in (1.0, float("nan"), nn.tensor(2.0)):
        schedule.step(loss)
    assert capsys.readouterr().out.splitlines() == [
        "epoch 2: no improvement on 1 for 1 epoch (now nan); learning rate 0.1 -> 0.05, "
        "0.04 -> 0.03",
        "epoch 3: no improvement on 1 for 1 epoch (now 2); learning rate 0.05 -> 0.025",
    ]
    assert [c["new_lr"] for c in schedule.changes] == [[0.05, 0.03], [0.025, 0.03]]


def test_plateau_goes_on_from_a_rate_set_by_hand(capsys):
    optimizer = optimizer_with(0.1)
    schedule = ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    optimizer.param_groups[0]["lr"] = 0.8
    schedule.step(1.0)
    schedule.step(1.0)
    assert optimizer.param_groups[0]["lr"] == 0.4
    assert "0.8 -> 0.4" in capsys.readouterr().out


# --- the rest -------------------------------------------------------------------------------------


def test_fractional_epochs():
    optimizer = optimizer_with()
    schedule = CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    for epoch, expected in ((0.5, math.pi / 4), (2.0, 0), (5.0, math.pi * 3 / 4), (1, math.pi / 2)):
        schedule.step(epoch)
        assert schedule.get_last_lr() == pytest.approx([(1 + math.cos(expected)) / 2])


def test_one_cycle_moves_the_first_beta():
    optimizer = optimizer_with(make=Adam, betas=(0.5, 0.99))
    schedule = OneCycleLR(optimizer, 1.0, 10)
    betas = []
    for _ in range(10):
        betas.append(optimizer.param_groups[0]["betas"])
        optimizer.step()
        schedule.step()
    assert betas[0] == pytest.approx((0.95, 0.99))
    assert betas[2] == pytest.approx((0.85, 0.99))


def test_one_cycle_that_only_rises():
    rates = OneCycleLR(optimizer_with(momentum=0.9), 1.0, 5, pct_start=1.0).preview(5)
    assert rates == sorted(rates)
    assert rates[-1] == 1


def test_step_before_the_optimizer_is_noticed():
    schedule = StepLR(optimizer_with(), 1)
    with pytest.warns(UserWarning, match="first learning rate of the schedule is skipped"):
        schedule.step()


def test_a_schedule_of_ones_own():
    class Own(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [group["lr"] * 0.5 for group in self.optimizer.param_groups]

    assert Own(optimizer_with()).preview(3) == [0.5, 0.25, 0.125]


def test_a_state_dict_of_pytorch_is_read():
    optimizer = optimizer_with(0.8)
    schedule = StepLR(optimizer, 2, gamma=0.1)
    own = dict(base_lrs=[0.8], last_epoch=3, _step_count=4, _is_initial=False)
    theirs = dict(step_size=4, gamma=0.5, _get_lr_called_within_step=False, _last_lr=[0.4])
    schedule.load_state_dict(own | theirs)
    assert schedule.preview(3) == [0.4, 0.2, 0.2]


def test_a_one_cycle_of_pytorch_is_read():
    optimizer = optimizer_with(make=Adam)
    schedule = OneCycleLR(optimizer, 1.0, 10)
    expected = schedule.preview(10)[6:]
    own = {k: v for k, v in schedule.state_dict().items() if not k.endswith("_momentums")}
    own.pop("_rates")
    schedule.load_state_dict(own | {"last_epoch": 6, "_step_count": 7, "_last_lr": expected[:1]})
    np.testing.assert_allclose(schedule.preview(4), expected)


def plateau():
    return ReduceLROnPlateau(optimizer_with())


def over():
    optimizer = optimizer_with(momentum=0.9)
    OneCycleLR(optimizer, 1.0, 3).preview(6)


def grown():
    optimizer = optimizer_with()
    schedule = StepLR(optimizer, 1)
    optimizer.add_param_group({"params": [nn.Parameter([1.0])]})
    optimizer.step()
    schedule.step()


O = optimizer_with
ERRORS = [
    (lambda: StepLR(nn.Linear(1, 1), 2), TypeError, ["StepLR(optimizer, ...)", "Linear"]),
    (lambda: StepLR(O(), 0), ValueError, ["step_size", ">= 1", "got 0"]),
    (lambda: StepLR(O(), 2, gamma=float("nan")), ValueError, ["gamma", "nan"]),
    (lambda: LambdaLR(O(), 0.9), TypeError, ["function of the epoch", "0.9"]),
    (lambda: LambdaLR(O(), [len, len]), ValueError, ["2 entries for 1 parameter groups"]),
    (lambda: LinearLR(O(), start_factor=0), ValueError, ["start_factor", "> 0", "got 0"]),
    (lambda: LinearLR(O(), end_factor=2), ValueError, ["end_factor", "at most 1", "got 2"]),
    (lambda: PolynomialLR(O(), 0), ValueError, ["total_iters", "got 0"]),
    (lambda: CosineAnnealingLR(O(), 0), ValueError, ["T_max", "> 0", "got 0"]),
    (lambda: WarmupCosineLR(O(), 5, 5), ValueError, ["warmup_steps=5", "got 5"]),
    (lambda: CyclicLR(O(make=nn.optim.Adagrad), 0.1, 1), ValueError, ["cycle_momentum=False"]),
    (lambda: CyclicLR(O(), 0.1, 1, mode="saw"), ValueError, ["triangular2", "saw"]),
    (lambda: OneCycleLR(O(), 1.0), ValueError, ["total_steps", "steps_per_epoch"]),
    (over, ValueError, ["cycle of 3 steps is over", "step 4"]),
    (lambda: SequentialLR(O(), [], []), ValueError, ["at least one"]),
    (lambda: ChainedScheduler([O()]), TypeError, ["number 0 is no schedule"]),
    (lambda: ChainedScheduler([plateau()]), ValueError, ["ReduceLROnPlateau", "on its own"]),
    (lambda: SequentialLR(O(), [StepLR(O(), 1)], []), ValueError, ["another optimizer"]),
    (lambda: plateau().preview(3), ValueError, ["no preview"]),
    (lambda: ReduceLROnPlateau(O(), "most"), ValueError, ["mode", "most"]),
    (lambda: ReduceLROnPlateau(O(), factor=1.0), ValueError, ["factor", "< 1", "got 1.0"]),
    (lambda: StepLR(O(), 1).load_state_dict(3), TypeError, ["state_dict() of a StepLR"]),
    (
        lambda: StepLR(O(), 1).load_state_dict(CosineAnnealingLR(O(), 1).state_dict()),
        ValueError,
        ["'step_size' is missing", "another kind"],
    ),
    (grown, ValueError, ["has 2 groups now", "had 1"]),
    (lambda: StepLR(O(), 1, last_epoch=4), ValueError, ["last_epoch=4", "load its own state"]),
]


@pytest.mark.parametrize(("call", "kind", "words"), ERRORS)
def test_errors_teach(call, kind, words):
    with pytest.raises(kind) as info:
        call()
    assert all(word in str(info.value) for word in words), str(info.value)
