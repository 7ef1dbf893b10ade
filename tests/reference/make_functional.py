"""Write PyTorch's values and gradients of functional operations, and how its layers and functions
are called and look: python -m tests.reference.make_functional

Only needed where a case is added; the tests read the stored files.
"""

import inspect
import itertools
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

FOLDER = Path(__file__).parent
COTANGENT = np.linspace(-1, 1.5, 40)
REDUCTIONS = ("mean", "sum", "none")
rng = np.random.default_rng(2041)


def normal(*shape):
    """Short numbers make short files."""
    return np.round(rng.normal(size=shape), 2)


def uniform(*shape, low=0.05, high=0.95):
    return np.round(rng.uniform(low, high, size=shape), 2)


def integers(high, *shape):
    return rng.integers(0, high, size=shape)


def signs(*shape):
    return rng.choice([-1.0, 1.0], size=shape)


def as_tensor(x, moves=False):
    if isinstance(x, (list, np.ndarray)):
        t = torch.tensor(np.asarray(x))
        return t.requires_grad_() if moves and t.dtype.is_floating_point else t
    return x


def case(op, *args, fixed=(), **kwargs):
    """Value of an operation, and the gradient of each floating point operand not in `fixed`."""
    tensors = [as_tensor(x, moves=i not in fixed) for i, x in enumerate(args)]
    y = getattr(F, op)(*tensors, **{k: as_tensor(v) for k, v in kwargs.items()})
    if y.requires_grad and y.dtype.is_floating_point:
        (y * torch.tensor(np.resize(COTANGENT, y.shape) if y.ndim else 1.0)).sum().backward()
    return dict(
        op=op,
        args=[plain(x) for x in args],
        kwargs={k: plain(v) for k, v in kwargs.items()},
        value=y.tolist(),
        grads=[t.grad.tolist() if getattr(t, "grad", None) is not None else None for t in tensors],
    )


def plain(x):
    return x.tolist() if isinstance(x, np.ndarray) else x


LINE = np.array(
    [-1000, -50, -20.5, -6, -3, -1.5, -0.5, -0.2, 0, 0.4, 0.5, 1, 2.5, 3, 6, 7, 20, 21, 100, 1000]
)


def nonlinear():
    for name, settings in {
        "leaky_relu": [{}, dict(negative_slope=0.2)],
        "rrelu": [{}, dict(lower=0.2, upper=0.6)],
        "threshold": [dict(threshold=0.4, value=-3.0)],
        "hardtanh": [{}, dict(min_val=-0.5, max_val=3.0)],
        "relu6": [{}],
        "hardsigmoid": [{}],
        "hardswish": [{}],
        "hardshrink": [{}, dict(lambd=2.0)],
        "softshrink": [{}, dict(lambd=2.0)],
        "elu": [{}, dict(alpha=0.7)],
        "selu": [{}],
        "celu": [{}, dict(alpha=2.0)],
        "softplus": [{}, dict(beta=2.0, threshold=4.0)],
        "silu": [{}],
        "mish": [{}],
        "softsign": [{}],
        "tanhshrink": [{}],
        "softmin": [dict(dim=0)],
        "glu": [{}],
    }.items():
        for kwargs in settings:
            yield case(name, LINE, **kwargs)
    yield case("glu", normal(2, 4, 3), dim=1)
    yield case("prelu", normal(2, 3, 2), np.array([0.25]))
    yield case("prelu", normal(2, 3, 2), np.array([0.25, -0.5, 2.0]))
    yield case("prelu", normal(3), np.array([0.25]))


def criteria():
    x, t, w = normal(3, 4) * 2, normal(3, 4), uniform(3, 4)
    p, q = uniform(3, 4), uniform(3, 4)
    ends, q[0, :3] = p.copy(), (0.0, 1.0, 0.5)
    ends[0, :2] = (0.0, 1.0)
    labels, weight = integers(4, 3), uniform(4)
    sign = signs(3, 4)
    for r in REDUCTIONS:
        for name in ("mse_loss", "l1_loss", "huber_loss"):
            yield case(name, x, t, reduction=r, weight=w)
        yield case("huber_loss", x, t, reduction=r, delta=0.5)
        yield case("smooth_l1_loss", x, t, reduction=r)
        yield case("smooth_l1_loss", x, t, reduction=r, beta=0.5)
        yield case("smooth_l1_loss", x, t, reduction=r, beta=0.0)
        yield case("binary_cross_entropy", p, q, reduction=r)
        yield case("binary_cross_entropy", p, q, reduction=r, weight=w)
        yield case("binary_cross_entropy", ends, q, fixed=(1,), reduction=r)
        for full, log_input in itertools.product((False, True), repeat=2):
            counts, rate = np.abs(np.round(t * 3)), x if log_input else np.abs(x)
            settings = dict(full=full, log_input=log_input, reduction=r)
            yield case("poisson_nll_loss", rate, counts, fixed=(1,), **settings)
        for var in (w, w[:, :1], w[:, 0], 0.0 * w):
            yield case("gaussian_nll_loss", x, t, var, full=var is w, reduction=r)
        yield case("gaussian_nll_loss", x, t, 0.7, reduction=r)
    for r in (*REDUCTIONS, "batchmean"):
        yield case("kl_div", np.log(w), q, fixed=(1,), reduction=r)
        yield case("kl_div", np.log(w), w[::-1].copy(), reduction=r)
        yield case("kl_div", np.log(w), np.log(p + 0.1), reduction=r, log_target=True)
    for r in REDUCTIONS:
        yield case("margin_ranking_loss", x, t, sign, fixed=(2,), reduction=r)
        yield case("margin_ranking_loss", x, t, sign, margin=1.5, fixed=(2,), reduction=r)
        yield case("margin_ranking_loss", x, x.copy(), sign, fixed=(2,), reduction=r)
        yield case("hinge_embedding_loss", x, sign, fixed=(1,), reduction=r)
        yield case("hinge_embedding_loss", x, sign, margin=2.0, fixed=(1,), reduction=r)
        yield case("soft_margin_loss", x * 20, sign, fixed=(1,), reduction=r)
        for power, margin, u in itertools.product((1, 2), (1.0, 0.5), (None, weight)):
            settings = dict(p=power, margin=margin, weight=u, reduction=r)
            yield case("multi_margin_loss", x, labels, **settings)
        rows = np.array([[3, 0, -1, 1], [-1, 0, 0, 0], [2, 1, 0, 3]])
        yield case("multilabel_margin_loss", x, rows, reduction=r)
        yield case("multilabel_margin_loss", x[0], rows[0], reduction=r)
        yield case("multilabel_soft_margin_loss", x, np.round(q), fixed=(1,), reduction=r)
        yield case(
            "multilabel_soft_margin_loss", x, np.round(q), fixed=(1,), weight=weight, reduction=r
        )
    yield case("multi_margin_loss", x[0], np.array(1))
    yield case("cross_entropy", x * 0 + 1.0, labels, label_smoothing=0.1, weight=weight)


def similarities():
    a, b, c = normal(3, 4), normal(3, 4), normal(3, 4)
    sign = signs(3)
    for r in REDUCTIONS:
        yield case("cosine_embedding_loss", a, b, sign, fixed=(2,), reduction=r)
        yield case("cosine_embedding_loss", a, b, sign, fixed=(2,), margin=-0.5, reduction=r)
        yield case("triplet_margin_loss", a, b, c, reduction=r)
        yield case("triplet_margin_loss", a, b, c, margin=2.0, p=1.0, swap=True, reduction=r)
        yield case("triplet_margin_with_distance_loss", a, b, c, swap=True, reduction=r)
    yield case("cosine_embedding_loss", a[0], b[0], np.array(-1.0), fixed=(2,))
    yield case("triplet_margin_loss", a[0], b[0], c[0], p=3.0)
    for dim in (0, 1, -1):
        yield case("cosine_similarity", a, b, dim=dim)
    yield case("cosine_similarity", a, b[0] * 1e-5, eps=1e-3)
    yield case("cosine_similarity", a, b[:1])
    for p in (1.0, 2.0, 3.0, 0.5, float("inf")):
        yield case("pairwise_distance", a, b, p=p)
        yield case("normalize", a, p=p)
        yield case("pdist", a, p=p)
    yield case("pdist", a, p=0.0)
    yield case("pairwise_distance", a, b[0], keepdim=True, eps=0.01)
    yield case("normalize", np.zeros((2, 2)))
    yield case("normalize", normal(2, 3, 2), dim=-1)


def ctc():
    scores = normal(7, 3, 4)
    rows, lengths = np.array([[1, 2, 3], [2, 2, 0], [0, 0, 0]]), [3, 2, 0]
    for r, targets in itertools.product(REDUCTIONS, (rows, np.array([1, 2, 3, 2, 2]))):
        frames = [7, 6, 2]
        x = torch.log_softmax(torch.tensor(scores), -1).numpy()
        yield case("ctc_loss", x, targets, frames, lengths, fixed=(0,), reduction=r)
    yield case(
        "ctc_loss",
        x,
        np.array([[0, 0], [1, 2], [0, 1]]),
        [7, 3, 1],
        [2, 1, 2],
        fixed=(0,),
        blank=3,
        reduction="none",
        zero_infinity=True,
    )
    yield case("ctc_loss", x[:, 0], np.array([1, 2]), [6], [2], fixed=(0,))


def embeddings():
    table, bags = normal(6, 3), np.array([[1, 4, 4], [0, 5, 1]])
    flat, starts = bags.reshape(-1), np.array([0, 2, 2, 5])
    for settings in (
        {},
        dict(padding_idx=4),
        dict(max_norm=0.5),
        dict(max_norm=1.0, norm_type=1.0),
    ):
        yield case("embedding", bags, table, **settings)
        for mode in ("sum", "mean", "max"):
            both = {**settings, "mode": mode}
            yield case("embedding_bag", bags, table, **both)
            yield case("embedding_bag", flat, table, starts, **both)
    yield case("embedding", np.array(2), table)
    yield case("embedding", bags, table, padding_idx=-5, scale_grad_by_freq=True)
    for rows, places in ((bags, None), (flat, starts)):
        weights = uniform(*rows.shape)
        for padding in (None, 1):
            settings = dict(per_sample_weights=weights, mode="sum", padding_idx=padding)
            yield case("embedding_bag", rows, table, places, **settings)
    ends = np.array([0, 2, 6])
    yield case("embedding_bag", flat, table, ends, include_last_offset=True, mode="max")
    yield case("one_hot", bags)
    yield case("one_hot", bags, num_classes=8)


def bilinear():
    a, b, w, bias = normal(4, 3), normal(4, 2), normal(5, 3, 2), normal(5)
    yield case("bilinear", a, b, w, bias)
    yield case("bilinear", a, b, w)
    yield case("bilinear", a.reshape(2, 2, 3), b.reshape(2, 2, 2), w, bias)
    yield case("bilinear", a[0], b[0], w, bias)


def adaptive_softmax():
    """Outputs, losses and gradients of a layer whose parameters are stored too."""
    torch.manual_seed(0)
    for bias, labels in ((False, [0, 3, 4, 9, 2]), (True, [1, 1, 2, 0, 3])):
        layer = nn.AdaptiveLogSoftmaxWithLoss(9, 10, [3, 6], 2.0, head_bias=bias).double()
        x = torch.tensor(normal(5, 9), requires_grad=True)
        output, loss = layer(x, torch.tensor(labels))
        (output * torch.tensor(np.resize(COTANGENT, 5))).sum().backward()
        yield dict(
            kwargs=dict(head_bias=bias),
            op="AdaptiveLogSoftmaxWithLoss",
            input=x.tolist(),
            labels=labels,
            state={k: v.tolist() for k, v in layer.state_dict().items()},
            output=output.tolist(),
            loss=loss.item(),
            grads={k: p.grad.tolist() for k, p in layer.named_parameters() if p.grad is not None},
            log_prob=layer.log_prob(x).tolist(),
            predict=layer.predict(x).tolist(),
        )


# --- how things are called, and look --------------------------------------------------------------

LEFT_OUT = {"size_average", "reduce", "device", "_stacklevel", "out", "_weight", "_freeze"}
LEFT_OUT |= {"min_value", "max_value"}  # old names of min_val and max_val
LAYERS = """
LeakyReLU() LeakyReLU(0.2,True) PReLU() PReLU(3,0.1) RReLU() RReLU(0.1,0.3,inplace=True) ReLU6()
ReLU6(inplace=True) Hardtanh() Hardtanh(-2,3) Hardsigmoid() Hardswish() Hardshrink() Hardshrink(1.0)
Softshrink() Softshrink(1.0) Threshold(0.1,20) ELU() ELU(0.5) CELU() SELU() SiLU() Mish()
Softplus() Softplus(2,10) Softsign() Tanhshrink() LogSigmoid() GLU() GLU(1) Softmin() Softmin(1)
Softmax2d() MSELoss() L1Loss(reduction='sum') SmoothL1Loss() HuberLoss('sum',0.5)
KLDivLoss(reduction='batchmean',log_target=True) PoissonNLLLoss() PoissonNLLLoss(False,True)
GaussianNLLLoss(full=True) BCELoss() BCELoss(torch.ones(3)) BCEWithLogitsLoss()
BCEWithLogitsLoss(pos_weight=torch.ones(3)) CrossEntropyLoss(torch.ones(3)) NLLLoss() CTCLoss()
CTCLoss(1,'sum',True) MarginRankingLoss(0.5) HingeEmbeddingLoss() SoftMarginLoss()
MultiMarginLoss(2,0.5,torch.ones(3)) MultiLabelMarginLoss() MultiLabelSoftMarginLoss()
CosineEmbeddingLoss(0.1) TripletMarginLoss(2.0,1.0,swap=True) TripletMarginWithDistanceLoss()
CosineSimilarity() PairwiseDistance(1.0) Embedding(5,3) Embedding(5,3,-1,1.0,1.0,True,True)
EmbeddingBag(5,3) EmbeddingBag(5,3,2.0,3.0,mode='sum',padding_idx=1) Bilinear(3,2,4)
Bilinear(3,2,4,bias=False)
Dropout() Dropout1d(0.1) Dropout2d(0.2,inplace=True) Dropout3d() AlphaDropout() Unflatten(1,(2,3))
FeatureAlphaDropout(0.3) ModuleDict({'a':nn.ReLU(),'b':nn.Linear(2,3)}) Identity() Linear(2,3)
AdaptiveLogSoftmaxWithLoss(16,20,[5,10]) GELU('tanh') Softmax(1) ReLU(True)
"""


def parameters(f):
    """Names and defaults of what a function takes; a default that JSON does not know is None."""
    found = {}
    for p in inspect.signature(f).parameters.values():
        if p.name not in LEFT_OUT and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            known = isinstance(p.default, (int, float, str, bool))
            found[p.name] = "required" if p.default is p.empty else p.default if known else None
    return found


def calls():
    for text in LAYERS.split():
        layer = eval(f"nn.{text}")
        state = {k: list(v.shape) for k, v in layer.state_dict().items()}
        yield dict(call=text, repr=repr(layer), state=state)


def signatures():
    for name in sorted({text.split("(")[0] for text in LAYERS.split()}):
        yield dict(name=name, parameters=parameters(getattr(nn, name).__init__))
    for name in sorted(dir(F)):
        f = getattr(F, name)
        if inspect.isfunction(f) and f.__module__ == F.__name__ and name[0] != "_":
            yield dict(name=f"functional.{name}", parameters=parameters(f))
    for name in sorted(dir(nn.init)):
        if name.endswith("_") and name[0] != "_":
            yield dict(name=f"init.{name}", parameters=parameters(getattr(nn.init, name)))


def write(name, cases):
    """One case a line, so that a change shows as such."""
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


FILES = [
    nonlinear,
    criteria,
    similarities,
    ctc,
    embeddings,
    bilinear,
    adaptive_softmax,
    calls,
    signatures,
]

if __name__ == "__main__":
    for cases in FILES:
        write(cases.__name__, cases())
