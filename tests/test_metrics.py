"""Metrics against scikit-learn, and against themselves in other batches."""

import copy
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

import nnkit as nn
from nnkit import metrics as M

SCORES = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
N, C = 97, 4
rng = np.random.default_rng(0)
LOGITS = (rng.normal(size=(N, C)) * 2).round(1)  # rounded: there are ties
LABELS = np.where(rng.random(N) < 0.6, LOGITS.argmax(1), rng.integers(0, C, N))
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
YES, SCORE = (LABELS > 1).astype(int), (LOGITS[:, 2] + LOGITS[:, 3] - LOGITS[:, 0]).round(0)
NUMBERS = rng.normal(size=(N, 3)) * [1, 10, 0.1] + 5
NEAR = NUMBERS + rng.normal(size=(N, 3)) * [0.5, 5, 0.2]
WEIGHT = rng.integers(0, 4, N) + rng.random(N).round(1)
DECIDED, SAID = LOGITS.argmax(1), (SCORE > 0).astype(int)


def sk_of(f, *args, **kwargs):
    """Return scikit-learn's metric as f(weight)."""
    return lambda w: f(*args, sample_weight=w, **kwargs)


# name: the metric, its output and target, scikit-learn's value with a given weight
AS_SKLEARN = {
    "accuracy": (M.Accuracy(), LOGITS, LABELS, sk_of(sk.accuracy_score, LABELS, DECIDED)),
    "accuracy of labels": (
        *(M.Accuracy(), DECIDED, LABELS),
        sk_of(sk.accuracy_score, LABELS, DECIDED),
    ),
    "binary accuracy": (M.BinaryAccuracy(), SCORE, YES, sk_of(sk.accuracy_score, YES, SAID)),
    "mae": (M.MAE(), NEAR, NUMBERS, sk_of(sk.mean_absolute_error, NUMBERS, NEAR)),
    "mse": (M.MSE(), NEAR, NUMBERS, sk_of(sk.mean_squared_error, NUMBERS, NEAR)),
    "rmse": (M.RMSE(), NEAR, NUMBERS, sk_of(sk.root_mean_squared_error, NUMBERS, NEAR)),
    "r2": (M.R2(), NEAR, NUMBERS, sk_of(sk.r2_score, NUMBERS, NEAR)),
    **{
        f"{kind.name} of columns": (
            *(kind(multioutput="raw_values"), NEAR, NUMBERS),
            sk_of(f, NUMBERS, NEAR, multioutput="raw_values"),
        )
        for kind, f in (
            (M.MAE, sk.mean_absolute_error),
            (M.RMSE, sk.root_mean_squared_error),
            (M.R2, sk.r2_score),
        )
    },
    "mae of a row": (M.MAE(), NEAR[:, 0], NUMBERS[:, 0], None),
    **{
        f"{kind.name} {average}": (
            *(kind(average=average), LOGITS, LABELS),
            sk_of(f, LABELS, DECIDED, average=average),
        )
        for kind, f in (
            (M.Precision, sk.precision_score),
            (M.Recall, sk.recall_score),
            (M.F1, sk.f1_score),
        )
        for average in ("micro", "macro", "weighted", None)
    },
    **{
        f"{kind.name} binary": (kind(), SCORE, YES, sk_of(f, YES, SAID))
        for kind, f in (
            (M.Precision, sk.precision_score),
            (M.Recall, sk.recall_score),
            (M.F1, sk.f1_score),
        )
    },
    "f1 of two columns": (
        *(M.F1(), LOGITS[:, :2], (LABELS > 1).astype(int)),
        sk_of(sk.f1_score, LABELS > 1, LOGITS[:, :2].argmax(1)),
    ),
    "confusion": (
        *(M.ConfusionMatrix(), LOGITS, LABELS),
        sk_of(sk.confusion_matrix, LABELS, DECIDED),
    ),
    **{
        f"confusion {normalize}": (
            *(M.ConfusionMatrix(normalize=normalize), LOGITS, LABELS),
            sk_of(sk.confusion_matrix, LABELS, DECIDED, normalize=normalize),
        )
        for normalize in ("true", "pred", "all")
    },
    "roc_auc with ties": (M.ROCAUC(), SCORE, YES, sk_of(sk.roc_auc_score, YES, SCORE)),
    "roc_auc of two columns": (
        *(M.ROCAUC(), np.stack([-SCORE, SCORE], 1), YES),
        sk_of(sk.roc_auc_score, YES, SCORE),
    ),
    **{
        f"roc_auc {average}": (
            *(M.ROCAUC(average=average), LOGITS, LABELS),
            sk_of(sk.roc_auc_score, LABELS, PROBS, average=average, multi_class="ovr"),
        )
        for average in ("macro", "weighted", "micro", None)
    },
    "roc_auc of probabilities": (
        *(M.ROCAUC(from_logits=False), PROBS, LABELS),
        sk_of(sk.roc_auc_score, LABELS, PROBS, multi_class="ovr"),
    ),
    "average precision": (
        *(M.AveragePrecision(), SCORE, YES),
        sk_of(sk.average_precision_score, YES, SCORE),
    ),
    **{
        f"average precision {average}": (
            *(M.AveragePrecision(average=average), LOGITS, LABELS),
            sk_of(sk.average_precision_score, LABELS, PROBS, average=average),
        )
        for average in ("macro", "weighted", "micro", None)
    },
    "log_loss": (M.LogLoss(), LOGITS, LABELS, sk_of(sk.log_loss, LABELS, PROBS)),
    "log_loss binary": (
        *(M.LogLoss(), SCORE, YES),
        sk_of(sk.log_loss, YES, 1 / (1 + np.exp(-SCORE))),
    ),
    "log_loss of probabilities": (
        *(M.LogLoss(from_logits=False), PROBS, LABELS),
        sk_of(sk.log_loss, LABELS, PROBS),
    ),
}
AS_SKLEARN["mae of a row"] = (
    *AS_SKLEARN["mae of a row"][:3],
    sk_of(sk.mean_absolute_error, NUMBERS[:, 0], NEAR[:, 0]),
)
FOR_TOP_K = LOGITS + np.arange(C) * 1e-3  # without ties, which scikit-learn breaks its own way
AS_SKLEARN |= {
    f"top {k}": (
        *(M.TopKAccuracy(k), FOR_TOP_K, LABELS),
        sk_of(sk.top_k_accuracy_score, LABELS, FOR_TOP_K, k=k),
    )
    for k in (1, 2, 3)
}


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["alike", "weighted"])
@pytest.mark.parametrize("name", AS_SKLEARN)
def test_values_are_those_of_scikit_learn(name, weight):
    metric, output, target, expected = AS_SKLEARN[name]
    np.testing.assert_allclose(metric(output, target, weight), expected(weight), rtol=1e-12)


@pytest.mark.parametrize("size", [1, 7, 40])
@pytest.mark.parametrize("name", AS_SKLEARN)
def test_batches_of_any_size_give_the_same(name, size):
    metric, output, target, _ = AS_SKLEARN[name]
    metric = copy.copy(metric)
    metric.reset()
    for i in range(0, N, size):
        metric.update(output[i : i + size], target[i : i + size], WEIGHT[i : i + size])
    np.testing.assert_allclose(metric.compute(), metric(output, target, WEIGHT), rtol=1e-12)
    metric.reset()
    with pytest.raises(ValueError, match="no row was counted"):
        metric.compute()


@pytest.mark.parametrize("name", AS_SKLEARN)
def test_a_step_gives_the_value_of_the_batch_and_adds_it(name):
    metric, output, target, _ = AS_SKLEARN[name]
    stepping, updated = copy.copy(metric), copy.copy(metric)
    stepping.reset()
    updated.reset()
    for part in (slice(0, 50), slice(50, N)):
        batch = (output[part], target[part], WEIGHT[part])
        np.testing.assert_array_equal(stepping.step(*batch), metric(*batch))
        updated.update(*batch)
        np.testing.assert_allclose(stepping.compute(), updated.compute(), rtol=1e-14)


@pytest.mark.parametrize("name", AS_SKLEARN)
def test_a_weight_is_a_number_of_copies(name):
    metric, output, target, _ = AS_SKLEARN[name]
    copies = np.arange(N) % 3
    many = np.repeat(np.arange(N), copies)
    np.testing.assert_allclose(
        metric(output, target, copies), metric(output[many], target[many]), rtol=1e-12
    )


@pytest.mark.parametrize("name", AS_SKLEARN)
def test_a_batch_that_is_refused_changes_nothing(name):
    metric, output, target, _ = AS_SKLEARN[name]
    metric = copy.copy(metric)
    metric.reset()
    metric.update(output, target)
    with pytest.raises(ValueError, match="shape"):
        metric.update(output, target[:5])
    with pytest.raises(ValueError, match="weight"):
        metric.update(output, target, -np.ones(N))
    np.testing.assert_array_equal(metric.compute(), metric(output, target))


@pytest.mark.parametrize("name", M.NAMES)
def test_each_name_makes_a_metric_and_works_in_a_trainer(name):
    metric = M.get(name)
    assert metric.name == name
    numbers = name in ("mae", "mse", "rmse", "r2") or name.endswith("_error")
    two = name in ("binary_accuracy", "precision", "recall", "f1")
    outputs = 1 if numbers or two else 8
    X = rng.normal(size=(40, 3)).astype(np.float32)
    y = X[:, :1] if numbers else (X[:, :1] > 0).astype(np.float32)
    if outputs == 8:
        y = np.arange(40) % 8
    loss = nn.MSELoss() if numbers else nn.BCEWithLogitsLoss() if two else nn.CrossEntropyLoss()
    model = nn.Linear(3, outputs)
    trainer = nn.Trainer(model, loss, nn.optim.SGD(model.parameters(), lr=0.1), metrics=[name])
    score = trainer.evaluate(X, y)[name]
    assert score == pytest.approx(metric(trainer.predict(X), y)) and np.isfinite(score)


# --- choices ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        (SCORES, [1, 0, 1, 1], 1.0),
        (SCORES, [1, 0, 0, 0], 0.5),
        (nn.tensor(SCORES, requires_grad=True), [0, 1, 0, 0], 0.0),
        (SCORES, SCORES, 1.0),
        (np.moveaxis(np.stack([SCORES, SCORES]), -1, 1), [[1, 0, 1, 1], [0, 1, 0, 0]], 0.5),
        (SCORES, [1, -100, -100, 0], 0.5),
        ([1, 0, 0, 5], [1, 0, 0, -100], 1.0),
        ([True, False], [True, True], 0.5),
    ],
    ids=["all", "half", "Tensor", "probabilities", "pixels", "ignored", "labels", "booleans"],
)
def test_accuracy(output, target, expected):
    assert M.accuracy(output, np.asarray(target)) == expected


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, 1.0), (0.5, 0.75), (2.0, 0.25)])
def test_binary_accuracy(threshold, expected):
    output, target = np.array([-1.0, 0.3, 0.9, 1.5]), np.array([0, 1, 1, 1])
    assert M.binary_accuracy(output, target, threshold) == pytest.approx(expected)


def test_pixels_are_rows_and_a_weight_of_rows_is_that_of_their_pixels():
    images = rng.normal(size=(3, 4, 5, 6))
    labels = rng.integers(0, 4, (3, 5, 6))
    weight = np.array([1.0, 0.0, 2.0])
    flat = np.moveaxis(images, 1, -1).reshape(-1, 4)
    for metric in (M.F1(average="macro"), M.ROCAUC(), M.LogLoss(), M.TopKAccuracy(2)):
        value = metric(images, labels, weight)
        assert value == pytest.approx(metric(flat, labels.reshape(-1), np.repeat(weight, 30)))


def test_classes_that_occur_nowhere_count_nowhere():
    scores = LOGITS.copy()
    scores[:, 2] = -9
    labels = np.where(LABELS == 2, 0, LABELS)
    values = M.f1_score(scores, labels, average=None)
    assert np.flatnonzero(np.isnan(values)).tolist() == [2]
    expected = sk.f1_score(labels, scores.argmax(1), average="macro")
    assert M.f1_score(scores, labels, average="macro") == pytest.approx(expected)
    areas = M.roc_auc_score(scores, labels, average=None)
    assert np.flatnonzero(np.isnan(areas)).tolist() == [2]
    assert M.roc_auc_score(scores, labels) == pytest.approx(np.nanmean(areas))


@pytest.mark.parametrize("f", [M.precision_score, M.recall_score, M.f1_score])
def test_what_has_no_value_is_zero_division(f):
    no = np.zeros(3, int)
    assert f(no, no) == 0.0
    assert f(no, no, zero_division=1.0) == 1.0
    assert f(np.array([-1.0]), np.array([0]), zero_division=0.5) == 0.5


@pytest.mark.parametrize("offset", [0.1, 1e8])
def test_r2_of_targets_far_from_zero_and_of_constant_ones(offset):
    target = offset + np.arange(6.0)
    metric = M.R2()
    for x in target:
        metric.update([x + 1], [x])
    assert metric.compute() == pytest.approx(sk.r2_score(target, target + 1), rel=1e-7)
    constant = np.full(5, offset)
    assert M.r2_score(constant, constant) == 1.0
    assert M.r2_score(constant + 1, constant) == 0.0


def test_numbers_of_more_than_two_axes_all_count_alike():
    a, b = rng.normal(size=(2, 4, 3, 5))
    assert M.root_mean_squared_error(a, b) == pytest.approx(np.sqrt(((a - b) ** 2).mean()))


def test_probabilities_that_are_taken_for_logits_are_told():
    with pytest.warns(UserWarning, match=r"threshold=0\.5") as told:
        M.f1_score(PROBS[:, 0], YES)
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        M.f1_score(PROBS[:, 0], YES, threshold=0.5)
        M.f1_score(PROBS[:3, 0], YES[:3])  # three such logits may well be


def test_confusion_counts_are_whole_numbers_unless_weighted():
    assert M.confusion_matrix(DECIDED, LABELS).dtype == np.int64
    assert M.confusion_matrix(DECIDED, LABELS, WEIGHT).dtype == np.float64
    assert M.confusion_matrix([0, 1], [0, 1], num_classes=4).shape == (4, 4)


def test_mean_is_weighted():
    mean = M.Mean("loss")
    mean.update(nn.tensor(2.0), 3)
    mean.update([1.0, 5.0], [1, 0])
    assert mean.compute() == 1.75
    mean.reset()
    with pytest.raises(ValueError, match="loss: the average of no numbers"):
        mean.compute()
