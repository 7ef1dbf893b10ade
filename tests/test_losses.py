"""Losses as modules: they call their function with their settings, and say what is wrong."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core import AutogradError, grad, tensor, vjp
from autograd_core.test_util import check_grads
from nnkit import functional as F

rng = np.random.default_rng(0)
X, T = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
P, Q = rng.uniform(0.1, 0.9, size=(2, 4, 3))
Y, SIGNS = np.array([0, 1, 2, 1]), np.where(T > 0, 1, -1)
W = np.array([0.5, 1.0, 2.0])

# module, operands, function, settings that both have
PAIRS = [
    (nn.MSELoss, (X, T), F.mse_loss, dict(reduction="sum")),
    (nn.L1Loss, (X, T), F.l1_loss, dict(reduction="none")),
    (nn.SmoothL1Loss, (X, T), F.smooth_l1_loss, dict(beta=0.5)),
    (nn.HuberLoss, (X, T), F.huber_loss, dict(delta=0.5)),
    (nn.KLDivLoss, (np.log(P), Q), F.kl_div, dict(reduction="batchmean")),
    (nn.KLDivLoss, (np.log(P), np.log(Q)), F.kl_div, dict(log_target=True)),
    (nn.PoissonNLLLoss, (P, Q * 9), F.poisson_nll_loss, dict(log_input=False, full=True, eps=0.1)),
    (nn.GaussianNLLLoss, (X, T, P), F.gaussian_nll_loss, dict(full=True, eps=0.5)),
    (nn.BCELoss, (P, Q), F.binary_cross_entropy, dict(weight=W)),
    (
        nn.BCEWithLogitsLoss,
        (X, Q),
        F.binary_cross_entropy_with_logits,
        dict(weight=W, pos_weight=W[::-1]),
    ),
    (nn.CrossEntropyLoss, (X, Y), F.cross_entropy, dict(weight=W, label_smoothing=0.2)),
    (nn.NLLLoss, (X, Y), F.nll_loss, dict(weight=W, ignore_index=1)),
    (nn.FocalLoss, (X, Y), F.focal_loss, dict(weight=W, gamma=1.0, ignore_index=1)),
    (nn.MultiMarginLoss, (X, Y), F.multi_margin_loss, dict(p=2, margin=0.5, weight=W)),
    (nn.MultiLabelSoftMarginLoss, (X, Q), F.multilabel_soft_margin_loss, dict(weight=W)),
    (nn.SoftMarginLoss, (X, SIGNS), F.soft_margin_loss, dict(reduction="none")),
    (nn.MarginRankingLoss, (X, T, SIGNS), F.margin_ranking_loss, dict(margin=0.5)),
    (nn.HingeEmbeddingLoss, (P, SIGNS), F.hinge_embedding_loss, dict(margin=2.0)),
    (nn.CosineEmbeddingLoss, (X, T, SIGNS[:, 0]), F.cosine_embedding_loss, dict(margin=-0.5)),
    (nn.TripletMarginLoss, (X, T, P), F.triplet_margin_loss, dict(margin=3.0, p=1.0, swap=True)),
]


@pytest.mark.parametrize(
    ("kind", "operands", "f", "settings"),
    PAIRS,
    ids=[f"{row[0].__name__}-{i}" for i, row in enumerate(PAIRS)],
)
def test_modules_call_their_function(kind, operands, f, settings):
    found = kind(**settings)(*operands)
    np.testing.assert_array_equal(found, f(*operands, **settings))
    if "log_target" not in settings:
        assert (found != f(*operands)).any()  # the settings do something


@pytest.mark.parametrize(
    ("f", "targets"),
    [
        (F.binary_cross_entropy_with_logits, [1.0, 0.0]),
        (F.soft_margin_loss, [1, -1]),
        (F.multilabel_soft_margin_loss, [1, 0]),
        (F.huber_loss, [0.0, 0.0]),
        (F.margin_ranking_loss, [1, -1]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_inputs_give_finite_losses_and_gradients(f, targets, dtype):
    x = tensor(np.array([-1e4, 1e4], dtype), requires_grad=True)
    operands = (x, np.zeros(2, dtype)) if f is F.margin_ranking_loss else (x,)
    loss = f(*operands, targets)
    loss.backward()
    assert loss.item() > 1000
    assert loss.dtype == x.grad.dtype == dtype
    assert np.isfinite(x.grad.numpy()).all()


def test_certain_and_wrong_probabilities_cost_100():
    p = tensor(np.array([0.0, 1.0, 1.0]), requires_grad=True)
    loss = F.binary_cross_entropy(p, [1.0, 0.0, 1.0], reduction="none")
    np.testing.assert_array_equal(loss.detach(), [100, 100, 0])
    loss.sum().backward()
    np.testing.assert_allclose(p.grad, [-1e12, 1e12, 0])


@pytest.mark.parametrize("kind", [nn.CrossEntropyLoss, nn.NLLLoss])
def test_probabilities_are_refused_in_the_first_batch_only(kind):
    p = F.softmax(X, dim=1)
    with pytest.raises(ValueError, match="look like probabilities"):
        kind()(p, Y)
    loss = kind()
    loss(F.log_softmax(X, dim=1), Y)
    loss(p, Y)  # by now it is known what the model gives


def test_targets_of_a_whole_data_set_are_checked():
    for loss in (nn.MultiMarginLoss(), nn.FocalLoss(), nn.CrossEntropyLoss()):
        loss.check_targets(X[:1], np.array([0, 1, 2, 0, 1]))
        with pytest.raises(ValueError, match="label 3 at position 4"):
            loss.check_targets(X[:1], np.array([0, 1, 2, 0, 3]))


@pytest.mark.parametrize("f", [F.cross_entropy, F.nll_loss, F.focal_loss])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_where_nothing_is_averaged_all_labels_may_be_ignored(f, smoothing):
    settings = {"label_smoothing": smoothing} if f is F.cross_entropy else {}
    ignored = np.full(4, -100)
    each, pull = vjp(lambda x: f(x, ignored, reduction="none", **settings), np.log(P))
    np.testing.assert_array_equal(each, np.zeros(4))
    np.testing.assert_array_equal(pull(np.ones(4))[0], np.zeros((4, 3)))
    assert f(np.log(P), ignored, reduction="sum", **settings) == 0


@pytest.mark.parametrize(
    ("shapes", "dim"),
    [
        (((2, 1), (2, 3)), 1),
        (((3,), (2, 3)), 0),
        (((1, 2, 3), (2, 1, 3)), -2),
        (((2, 1, 3), (1, 4, 3)), 2),
    ],
)
def test_cosines_of_vectors_that_are_stretched(shapes, dim):
    """The length of a vector counts each of its components, as the product does."""
    a, b = (np.arange(1.0, 1 + np.prod(shape)).reshape(shape) for shape in shapes)
    expected = F.cosine_similarity(*np.broadcast_arrays(a, b), dim)
    np.testing.assert_allclose(F.cosine_similarity(a, b, dim), expected, rtol=1e-14)
    check_grads(lambda a, b: F.cosine_similarity(a, b, dim))(a, b)


def test_prelu_keeps_the_shape_of_a_number():
    assert F.prelu(np.array(-2.0), np.array([0.25])).shape == ()
    assert grad(F.prelu, 1)(np.array(-2.0), np.array([0.25])).tolist() == [-2.0]


V, K = ValueError, TypeError
MISTAKES = [
    (lambda: nn.BCELoss()(X, Q), V, ["probabilities between 0 and 1", "BCEWithLogitsLoss"]),
    (lambda: nn.BCELoss()(P, SIGNS), V, ["(y + 1) / 2"]),
    (lambda: nn.BCELoss()(P[:, :1], Q[:, 0]), V, ["(4, 1)", "(4,)", "target.reshape(4, 1)"]),
    (lambda: nn.HuberLoss()(X[:, :1], T[:, 0]), V, ["huber_loss", "(4, 1)", "(4,)"]),
    (lambda: nn.HuberLoss(delta=0), V, ["delta must be positive", "got 0"]),
    (lambda: nn.SmoothL1Loss(beta=-1), V, ["beta must not be negative", "-1"]),
    (lambda: nn.SmoothL1Loss()(X[:0], T[:0]), V, ["smooth_l1_loss got an empty batch"]),
    (lambda: F.mse_loss(X, T, weight=W), V, ["mse_loss: weight has shape (3,)", "(4, 3)"]),
    (lambda: nn.KLDivLoss(reduction="avg"), V, ["'batchmean'", "'avg'"]),
    (lambda: nn.KLDivLoss()(F.softmax(X, 1), Q), V, ["KLDivLoss", "look like", "log_softmax"]),
    (lambda: nn.KLDivLoss()(np.log(P), np.log(Q)), V, ["kl_div: target", "log_target=True"]),
    (lambda: nn.GaussianNLLLoss()(X, T, -P), V, ["variances are not negative", "softplus"]),
    (lambda: nn.GaussianNLLLoss()(X, T, P[0]), V, ["var of shape (3,)", "(4, 1)"]),
    (lambda: nn.PoissonNLLLoss()(X, T[:, 0]), V, ["poisson_nll_loss", "(4, 3)", "(4,)"]),
    (lambda: nn.CrossEntropyLoss()(X[:, :1], Y), V, ["label 1", "binary_cross_entropy_with"]),
    (lambda: nn.FocalLoss()(X, Y + 1), V, ["focal_loss: the label 3 at position 2", "from 1"]),
    (lambda: nn.FocalLoss(gamma=-1)(X, Y), V, ["gamma must not be negative"]),
    (lambda: nn.FocalLoss()(X, Y * 1.0), K, ["focal_loss", "float64", "integers of shape (4,)"]),
    (lambda: nn.SigmoidFocalLoss()(X, SIGNS), V, ["(y + 1) / 2"]),
    (lambda: nn.MultiMarginLoss()(X, Y - 1), V, ["multi_margin_loss: the label -1", "0 to 2"]),
    (lambda: nn.MultiMarginLoss(p=3), V, ["p is 1 or 2", "got 3"]),
    (lambda: nn.MultiMarginLoss(weight=[1.0])(X, Y), V, ["weight has shape (1,)", "3 classes"]),
    (lambda: nn.MultiLabelMarginLoss()(X, np.full((4, 3), 3)), V, ["label 3 at position (0, 0)"]),
    (lambda: nn.MultiLabelMarginLoss()(X, Y), V, ["(4, 3)", "(4,)", "-1 after the last"]),
    (lambda: nn.MultiLabelMarginLoss()(X, X), K, ["class indices", "float64"]),
    (lambda: nn.SoftMarginLoss()(X, SIGNS > 0), V, ["labels are 1 and -1", "2 * y - 1"]),
    (lambda: nn.SoftMarginLoss()(X[:, 0], Y), V, ["got 0 at position 0"]),
    (lambda: nn.SoftMarginLoss()(X, SIGNS[:, 0]), V, ["(4,)", "(4, 3)"]),
    (lambda: nn.MarginRankingLoss()(X, T[:, 0], SIGNS), V, ["(4, 3)", "input2, (4,)"]),
    (lambda: nn.MarginRankingLoss()(X[:0], T[:0], SIGNS[:0]), V, ["empty batch"]),
    (lambda: nn.HingeEmbeddingLoss()(P[:, 0], Y), V, ["got 0 at position 0"]),
    (lambda: nn.CosineEmbeddingLoss()(X, T, SIGNS), V, ["(4, 3)", "for each of (4,)"]),
    (lambda: nn.CosineEmbeddingLoss()(X[None], T[None], [1]), V, ["(N, D)", "(1, 4, 3)"]),
    (lambda: nn.TripletMarginLoss(margin=0), V, ["TripletMarginLoss: margin must be positive"]),
    (lambda: nn.TripletMarginLoss()(X, T, P[:2]), V, ["negative, (2, 3)"]),
    (lambda: nn.CTCLoss()(X[:, None], [[0]], [4], [1]), V, ["label 0", "(0, 0)", "the blank"]),
    (lambda: nn.CTCLoss()(X[:, None], [[3]], [4], [1]), V, ["label 3", "no class", "3 classes"]),
    (lambda: nn.CTCLoss()(X[:, None], [[1]], [5], [1]), V, ["input_lengths is 5", "at most 4"]),
    (lambda: nn.CTCLoss()(X[:, None], [[1]], [4], [2]), V, ["target_lengths is 2", "at most 1"]),
    (lambda: nn.CTCLoss()(X[:, None], [[1]], [4, 4], [1]), V, ["shape (2,)", "1 sequences"]),
    (lambda: nn.CTCLoss()(X[:, None], [1, 2], [4], [1]), V, ["add up to 1", "2 labels"]),
    (lambda: nn.CTCLoss()(X[:, None], [[0.5]], [4], [1]), K, ["targets", "whole numbers"]),
    (lambda: nn.CTCLoss(blank=7)(X[:, None], [[1]], [4], [1]), V, ["blank=7", "0 to 2"]),
    (lambda: nn.DiceLoss()(X, Y), V, ["(N, C, d1, ...)", "(4, 3)", "(N, 1, H, W)"]),
    (lambda: nn.DiceLoss()(X[None], np.full((1, 3), 4)), V, ["label 4 at position 0", "4 classes"]),
    (lambda: nn.DiceLoss()(X[None], 3 * P[None]), V, ["between 0 and 1"]),
    (lambda: nn.DiceLoss(from_logits=False)(X[None], Q[None]), V, ["from_logits=False"]),
    (lambda: F.dice_loss(-1e4 * P[None], 0 * P[None], smooth=0), V, ["empty", "smooth > 0"]),
    (lambda: F.cosine_similarity(X, T[:, :2]), V, ["(4, 3)", "(4, 2)"]),
    (lambda: F.cosine_similarity(X, T, dim=2), V, ["dim=2", "(4, 3)"]),
    (lambda: F.pdist(X[0]), V, ["rows of a matrix", "(3,)"]),
    (lambda: F.pdist(X, p=-1), V, ["p must not be negative"]),
    (lambda: F.glu(X, 1), V, ["glu halves", "(4, 3)", "3 is odd"]),
    (lambda: F.prelu(X, np.ones(2)), V, ["(4, 3)", "(2,)", "3 channels"]),
    (lambda: nn.Hardtanh(1.0, 1.0), V, ["min_val must be less than max_val"]),
    (lambda: nn.RReLU(0.5, 0.1), V, ["lower must not exceed upper"]),
    (lambda: nn.Softshrink(-1), V, ["lambd must not be negative"]),
    (lambda: F.celu(X, 0), V, ["alpha must not be 0"]),
    (lambda: F.softplus(X, 0), V, ["beta must not be 0"]),
    (lambda: nn.Softmax2d()(X), V, ["Softmax2d got (4, 3)", "Softmax(dim=1)"]),
    (lambda: F.silu(Y), K, ["the input of silu", "floating point", "int64"]),
]


@pytest.mark.parametrize(
    ("call", "kind", "words"), MISTAKES, ids=[f"{i}-{row[2][0]}" for i, row in enumerate(MISTAKES)]
)
def test_the_message_helps(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, AutogradError)
    for word in words:
        assert word in str(caught.value)
