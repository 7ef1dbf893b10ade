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
    if y.requires_grad:
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
    [-1000.0, -50.0, -20.5, -6.0, -3.0, -1.5, -0.5, -0.2, 0.0, 0.4, 0.5, 1.0]
    + [2.5, 3.0, 6.0, 7.0, 20.0, 21.0, 100.0, 1000.0]
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


# --- how things are called, and look --------------------------------------------------------------

LEFT_OUT = {"size_average", "reduce", "device", "_stacklevel", "out", "_weight", "_freeze"}
LEFT_OUT |= {"min_value", "max_value"}  # old names of min_val and max_val
LAYERS = """
LeakyReLU() LeakyReLU(0.2,True) PReLU() PReLU(3,0.1) RReLU() RReLU(0.1,0.3,inplace=True) ReLU6()
ReLU6(inplace=True) Hardtanh() Hardtanh(-2,3) Hardsigmoid() Hardswish() Hardshrink() Hardshrink(1.0)
Softshrink() Softshrink(1.0) Threshold(0.1,20) ELU() ELU(0.5) CELU() SELU() SiLU() Mish()
Softplus() Softplus(2,10) Softsign() Tanhshrink() LogSigmoid() GLU() GLU(1) Softmin() Softmin(1)
Softmax2d()
""".split()


def parameters(f):
    """Names and defaults of what a function takes; a default that JSON does not know is None."""
    found = {}
    for p in inspect.signature(f).parameters.values():
        if p.name not in LEFT_OUT and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            known = isinstance(p.default, (int, float, str, bool))
            found[p.name] = "required" if p.default is p.empty else p.default if known else None
    return found


def calls():
    for text in LAYERS:
        layer = eval(f"nn.{text}")  # noqa: S307
        state = {k: list(v.shape) for k, v in layer.state_dict().items()}
        yield dict(call=text, repr=repr(layer), state=state)


def signatures():
    for name in sorted({text.split("(")[0] for text in LAYERS}):
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


FILES = [nonlinear, calls, signatures]

if __name__ == "__main__":
    for cases in FILES:
        write(cases.__name__, cases())
