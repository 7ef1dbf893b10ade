"""Write the reference values of this folder with PyTorch: python -m tests.reference.make

Only needed where a case is added; the tests read the stored files.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = Path(__file__).parent
rng = np.random.default_rng(20251)
WEIGHTS = np.linspace(-1, 1.5, 40)  # the cotangent, in order


def activation(name, x, **kwargs):
    """Value and gradient of an operation on one array."""
    t = torch.tensor(x, requires_grad=True)
    y = getattr(F, name)(t, **kwargs)
    g = torch.tensor(np.resize(WEIGHTS, y.shape))
    (y * g).sum().backward()
    return dict(op=name, input=x.tolist(), kwargs=kwargs, value=y.tolist(), grad=t.grad.tolist())


def loss(name, x, target, **kwargs):
    """Value and gradient of a loss; a reduction of 'none' is weighted."""
    t = torch.tensor(x, requires_grad=True)
    tensors = {
        k: torch.tensor(v, dtype=torch.float64) if isinstance(v, list) else v
        for k, v in kwargs.items()
    }
    y = getattr(F, name)(t, torch.tensor(target), **tensors)
    (y * torch.tensor(np.resize(WEIGHTS, y.shape) if y.ndim else 1.0)).sum().backward()
    return dict(
        op=name,
        input=x.tolist(),
        target=np.asarray(target).tolist(),
        kwargs=kwargs,
        value=y.tolist(),
        grad=t.grad.tolist(),
    )


def round_up(x, digits=3):
    """Short numbers make short files; they are the inputs, so nothing is lost."""
    return np.round(x, digits)


def activations():
    line = np.array([-30.0, -5.0, -1.5, -0.3, 0.0, 0.2, 0.7, 1.3, 4.0, 8.0, 30.0])
    table = round_up(rng.normal(size=(3, 4)) * 3)
    for name in ("relu", "tanh", "sigmoid", "logsigmoid"):
        yield activation(name, line)
    for approximate in ("none", "tanh"):
        yield activation("gelu", line, approximate=approximate)
    for name, dim in itertools.product(("softmax", "log_softmax"), (0, 1, -1)):
        yield activation(name, table, dim=dim)
    yield activation("log_softmax", np.array([[1000.0, 0.0, -1000.0]]), dim=1)


def losses():
    scores = round_up(rng.normal(size=(4, 3)) * 2)
    labels = np.array([2, 0, 1, 2])
    images, pixels = round_up(rng.normal(size=(2, 3, 2))), np.array([[0, 2], [1, 1]])
    soft = round_up(rng.dirichlet(np.ones(3), size=4))
    weight = [0.5, 2.0, 1.25]
    options = itertools.product(("mean", "sum", "none"), (None, weight), (-100, 2), (0.0, 0.2))
    for reduction, w, ignored, smoothing in options:
        kwargs = dict(reduction=reduction, weight=w, ignore_index=ignored)
        yield loss("cross_entropy", scores, labels, **kwargs, label_smoothing=smoothing)
        yield loss("cross_entropy", images, pixels, **kwargs, label_smoothing=smoothing)
        if not smoothing:
            yield loss("nll_loss", scores, labels, **kwargs)
            yield loss("nll_loss", images, pixels, **kwargs)
        if ignored < 0:
            soft_kwargs = dict(reduction=reduction, weight=w, label_smoothing=smoothing)
            yield loss("cross_entropy", scores, soft, **soft_kwargs)
    yield loss("cross_entropy", scores[0], np.array(1))
    yield loss("cross_entropy", scores[0], soft[0], weight=weight)
    yield loss("nll_loss", scores[0], np.array(1))
    x, t = round_up(rng.normal(size=(3, 4))), round_up(rng.normal(size=(3, 4)))
    p = round_up(rng.uniform(size=(3, 4)))
    for reduction in ("mean", "sum", "none"):
        for name in ("mse_loss", "l1_loss"):
            yield loss(name, x, t, reduction=reduction)
        for w, pos in itertools.product((None, p.tolist()), (None, [0.5, 1.0, 2.0, 3.0])):
            yield loss(
                "binary_cross_entropy_with_logits",
                x * 5,
                p,
                reduction=reduction,
                weight=w,
                pos_weight=pos,
            )


def trajectories():
    start = [0.5, -1.0, 2.0]
    sgd = [
        dict(lr=0.1, momentum=m, dampening=d, weight_decay=w, nesterov=n, maximize=x)
        for m, d, w, n, x in itertools.product(
            (0, 0.9), (0, 0.1), (0, 0.1), (False, True), (False, True)
        )
        if not n or (m and not d)
    ]
    adam = [
        dict(lr=0.01, betas=b, eps=e, weight_decay=w, amsgrad=a, maximize=x)
        for b, e, w, a, x in itertools.product(
            ((0.9, 0.999), (0.5, 0.6)), (1e-8, 1e-3), (0, 0.1), (False, True), (False, True)
        )
    ]
    for name, cases in (("SGD", sgd), ("Adam", adam), ("AdamW", adam)):
        for kwargs in cases:
            p = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
            optimizer = getattr(torch.optim, name)([p], **kwargs)
            path = []
            for _ in range(20):
                p.grad = torch.cos(3 * p.detach()) + 0.1 * p.detach()
                optimizer.step()
                path.append(p.tolist())
            yield dict(optimizer=name, kwargs=kwargs, start=start, path=path[4::5])


def write(name, cases):
    """One case a line, so that a change shows as such."""
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    write("activations", activations())
    write("losses", losses())
    write("trajectories", trajectories())
