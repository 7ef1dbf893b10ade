"""Weights of rows and classes, clipping, accumulation: against what they stand for."""

import numpy as np
import pytest

import nnkit as nn

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
Y = rng.integers(3, size=12)
W = rng.uniform(0, 2, size=12)
CLASS = np.array([1.0, 3.0, 0.5])


def make_trainer(loss=None, outputs=3, **more):
    nn.seed(0)
    model = nn.Linear(3, outputs).double()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.5, momentum=0.5)
    return nn.Trainer(model, loss or nn.CrossEntropyLoss(), optimizer, **more)


def weights_after(trainer, *args, **more):
    trainer.fit(*args, shuffle=False, **more)
    return np.concatenate([v.ravel() for v in trainer.model.state_dict().values()])


class Batches:
    """Something that yields batches, and is no list: that would be an array."""

    def __init__(self, *batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


LOSSES = {
    "cross entropy": (lambda: nn.CrossEntropyLoss(), Y),
    "of classes": (lambda: nn.CrossEntropyLoss(weight=CLASS), Y),
    "smoothed": (lambda: nn.CrossEntropyLoss(label_smoothing=0.2), Y),
    "ignoring": (lambda: nn.CrossEntropyLoss(ignore_index=1), Y),
    "probabilities": (lambda: nn.CrossEntropyLoss(), np.eye(3)[Y]),
    "focal": (lambda: nn.FocalLoss(weight=CLASS), Y),
    "mse": (lambda: nn.MSELoss(), X[:, ::-1].copy()),
    "sum": (lambda: nn.MSELoss(reduction="sum"), X[:, ::-1] / 9),
    "batchmean": (lambda: nn.KLDivLoss(reduction="batchmean"), np.abs(X)),
    "bce": (lambda: nn.BCEWithLogitsLoss(), np.eye(3)[Y]),
    "function by rows": (lambda: lambda o, t: ((o - t) ** 2).sum(axis=1), X),
}
KINDS = pytest.mark.parametrize("kind", LOSSES)


@KINDS
def test_a_weight_of_two_is_the_row_twice(kind):
    make, y = LOSSES[kind]
    if kind == "function by rows":
        twice = lambda o, t: ((o - t) ** 2).sum(axis=1).mean()
    else:
        twice = make()
    counts = rng.integers(1, 4, size=12)
    weighted = weights_after(make_trainer(make()), X, y, sample_weight=counts, batch_size=12)
    repeated = np.repeat(X, counts, axis=0), np.repeat(y, counts, axis=0)
    expected = weights_after(make_trainer(twice), *repeated, batch_size=99)
    np.testing.assert_allclose(weighted, expected, rtol=1e-10)


@KINDS
def test_weights_of_one_change_nothing(kind):
    make, y = LOSSES[kind]
    if kind == "function by rows":
        pytest.skip("gives one number for each row, and needs weights")
    ones = weights_after(make_trainer(make()), X, y, sample_weight=np.ones(12), epochs=3)
    np.testing.assert_allclose(ones, weights_after(make_trainer(make()), X, y, epochs=3))


@KINDS
@pytest.mark.parametrize("accumulate", [2, 4])
@pytest.mark.parametrize("weight", [None, W])
def test_accumulation_is_the_large_batch(kind, accumulate, weight):
    make, y = LOSSES[kind]
    if kind == "function by rows" and weight is None:
        pytest.skip("gives one number for each row, and needs weights")
    more = {"epochs": 3, "sample_weight": weight}
    large = weights_after(make_trainer(make()), X, y, batch_size=12, **more)
    trainer = make_trainer(make(), accumulate=accumulate)
    size = 12 // accumulate
    np.testing.assert_allclose(
        weights_after(trainer, X, y, batch_size=size, **more), large, rtol=1e-10
    )


def test_accumulation_counts_rows_where_batches_differ():
    large = weights_after(make_trainer(), X, Y, batch_size=12)
    parts = Batches((X[:7], Y[:7]), (X[7:8], Y[7:8]), (X[8:], Y[8:]))
    np.testing.assert_allclose(weights_after(make_trainer(accumulate=3), parts), large, rtol=1e-10)


def test_what_is_left_of_an_epoch_is_an_update():
    trainer, steps = make_trainer(accumulate=4), []
    trainer.optimizer.register_step_post_hook(lambda *_: steps.append(1))
    trainer.fit(X, Y, batch_size=2, epochs=2)  # 6 batches: groups of 4 and 2
    assert len(steps) == 4
    assert len(trainer.history) == 12


@pytest.mark.parametrize("data", ["arrays", "loader", "loader with weights"])
@pytest.mark.parametrize("form", [lambda w: w, lambda w: dict(enumerate(w)), list])
def test_class_weights_are_those_of_the_loss(data, form):
    expected = weights_after(make_trainer(nn.CrossEntropyLoss(weight=CLASS)), X, Y, batch_size=5)
    trainer = make_trainer()
    if data == "arrays":
        found = weights_after(trainer, X, Y, batch_size=5, class_weight=form(CLASS))
    else:
        arrays = (X, Y) if data == "loader" else (X, Y, np.ones(12))
        loader = nn.data.DataLoader(arrays, 5)
        found = weights_after(trainer, loader, class_weight=form(CLASS))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_balanced_classes_count_the_same():
    y = np.array([0] * 9 + [1] * 3)
    one = weights_after(make_trainer(), X, y, class_weight="balanced", batch_size=12)
    own = weights_after(make_trainer(), X, y, class_weight={0: 1, 1: 3}, batch_size=12)
    np.testing.assert_allclose(one, own, rtol=1e-10)


def test_yes_or_no_targets_have_classes_too():
    y = (Y > 0).astype(float)[:, None]
    found = weights_after(
        make_trainer(nn.BCEWithLogitsLoss(), 1), X, y, class_weight={1: 4.0}, batch_size=12
    )
    w = np.where(Y > 0, 4.0, 1.0)
    trainer = make_trainer(nn.BCEWithLogitsLoss(), 1)
    np.testing.assert_allclose(found, weights_after(trainer, X, y, sample_weight=w, batch_size=12))


def test_validation_is_weighted_where_weights_are_given():
    trainer = make_trainer()
    history = trainer.fit(X, Y, validation_data=(X, Y, W), class_weight=CLASS)
    losses = nn.CrossEntropyLoss(reduction="none")(trainer.predict(X), Y)
    assert history["val_loss"][0] == pytest.approx((W * losses).sum() / W.sum())
    assert trainer.evaluate(X, Y, sample_weight=W)["loss"] == pytest.approx(history["val_loss"][0])
    assert trainer.evaluate(X, Y)["loss"] == pytest.approx(losses.mean())


def test_the_validation_split_takes_its_weights_along():
    trainer = make_trainer()
    w = np.where(np.arange(12) % 2, 1.0, 0.0)
    history = trainer.fit(X, Y, validation_split=0.5, sample_weight=w, class_weight=CLASS)
    kept = trainer._split_orders[12][:6]
    losses = nn.CrossEntropyLoss(reduction="none")(trainer.predict(X[kept]), Y[kept])
    assert history["val_loss"][0] == pytest.approx((w[kept] * losses).sum() / w[kept].sum())


def test_a_stratified_split_keeps_the_shares():
    y = np.array([0] * 8 + [1] * 4)
    trainer = make_trainer()
    trainer.fit(X, y, validation_split=0.25, stratify=True)
    assert y[trainer._split_orders[12][:3]].sum() == 1


def test_a_batch_without_weight_changes_nothing():
    w = np.concatenate([np.zeros(6), np.ones(6)])
    trainer = make_trainer()
    before = trainer.model.state_dict()
    states = []
    trainer.optimizer.register_step_post_hook(lambda *_: states.append(trainer.model.state_dict()))
    trainer.fit(X, Y, sample_weight=w, batch_size=6, shuffle=False)
    np.testing.assert_array_equal(states[0]["weight"], before["weight"])
    assert (states[1]["weight"] != before["weight"]).any()
    assert trainer.history["loss"][0] == 0


# --- clipping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", [{"clip_norm": 0.1}, {"clip_value": 0.01}])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_gradients_are_clipped_before_the_update(setting, accumulate):
    trainer, gradients = make_trainer(accumulate=accumulate, **setting), []
    trainer.optimizer.register_step_pre_hook(
        lambda *_: gradients.append(
            np.concatenate([p.grad.ravel() for p in trainer.model.parameters()])
        )
    )
    trainer.fit(100 * X, Y, batch_size=4)
    for g in gradients:
        g = np.asarray(g)
        if "clip_norm" in setting:
            assert np.linalg.norm(g) == pytest.approx(0.1, rel=1e-3)
        else:
            assert np.abs(g).max() == 0.01


def fit(**more):
    return make_trainer().fit(X, Y, **more)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: make_trainer(clip_norm=0), ValueError, "clip_norm .* above 0.*got 0"),
        (lambda: make_trainer(clip_value=float("nan")), ValueError, "clip_value .* got nan"),
        (lambda: make_trainer(clip_norm=1, clip_value=1), ValueError, "clip_norm or clip_value"),
        (lambda: make_trainer(accumulate=0), ValueError, "accumulate must be a positive whole"),
        (lambda: make_trainer(scheduler=3), TypeError, "scheduler must be one of"),
        (lambda: make_trainer(scheduler_interval="step"), ValueError, "but no scheduler"),
        (
            lambda: make_trainer(scheduler_interval="day"),
            ValueError,
            "'epoch' or 'step'; got 'day'",
        ),
        (lambda: fit(sample_weight=W[:3]), ValueError, r"each of the 12 rows.*got shape \(3,\)"),
        (lambda: fit(sample_weight=[-1.0] + [1] * 11), ValueError, "1 of 12 rows: 0"),
        (lambda: fit(sample_weight=[np.nan] + [1] * 11), ValueError, "finite and not negative"),
        (lambda: fit(sample_weight=np.zeros(12)), ValueError, "all weights are 0"),
        (lambda: fit(sample_weight="high"), TypeError, "one number for each row"),
        (lambda: fit(class_weight="even"), ValueError, "or 'balanced'; got 'even'"),
        (lambda: fit(class_weight={"a": 1}), ValueError, r"class numbers.*\['a'\]"),
        (lambda: fit(class_weight=[1, 2]), ValueError, "weights for 2 classes.*label 2"),
        (lambda: fit(class_weight={0: -1}), ValueError, "finite and not negative"),
        (lambda: fit(class_weight=3), TypeError, "is a dict"),
        (lambda: fit(stratify=True), ValueError, "validation_split"),
        (lambda: fit(validation_data=(X, Y, W[:2])), ValueError, "validation_data: sample_weight"),
        (
            lambda: make_trainer(lambda o, t: ((o - t) ** 2).mean()).fit(X, X, sample_weight=W),
            ValueError,
            "loss of each row.*returns one number for each row",
        ),
        (
            lambda: make_trainer(nn.MSELoss()).fit(X, X, class_weight={0: 1}),
            ValueError,
            "one class number for each row.*sample_weight",
        ),
        (
            lambda: make_trainer().fit(nn.data.DataLoader((X, Y), 4), sample_weight=W),
            ValueError,
            r"\(inputs, targets, weights\)",
        ),
        (
            lambda: make_trainer().fit(nn.data.DataLoader((X, Y), 4), class_weight="balanced"),
            ValueError,
            "needs all labels at once",
        ),
        (
            lambda: make_trainer().fit(Batches((X, Y, W[:2]))),
            ValueError,
            r"one weight for each of its rows; got shape \(2,\)",
        ),
        (
            lambda: make_trainer().evaluate(Batches((X, Y)), sample_weight=W),
            ValueError,
            "leave out y and",
        ),
    ],
)
def test_wrong_settings_are_told(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_scheduler_of_another_optimizer_is_refused():
    other = nn.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    with pytest.raises(ValueError, match="StepLR belongs to another optimizer"):
        make_trainer(scheduler=nn.optim.lr_scheduler.StepLR(other, 1))
