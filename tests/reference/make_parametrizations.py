"""Write values of parametrized layers with PyTorch: python -m tests.reference.make_parametrizations

For each: the state after it was made of stored values, and two steps of the weight with gradients
of the originals, of which the first is taken while training and the second in evaluation.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from tests.reference.fields import field

FOLDER = Path(__file__).parent
LAYERS = {
    "Linear": ((3, 4), (4, 3)),
    "Conv2d": ((2, 3, 2), (3, 2, 2, 2)),
    "ConvTranspose1d": ((2, 3, 2), (2, 3, 2)),
}
CASES = [
    ("weight_norm", "Linear", {}),
    ("weight_norm", "Linear", {"dim": 1}),
    ("weight_norm", "Linear", {"dim": None}),
    ("weight_norm", "Linear", {"name": "bias"}),
    ("weight_norm", "Conv2d", {}),
    ("weight_norm", "Conv2d", {"dim": 2}),
    ("spectral_norm", "Linear", {}),
    ("spectral_norm", "Linear", {"n_power_iterations": 3, "dim": 1}),
    ("spectral_norm", "Linear", {"name": "bias"}),
    ("spectral_norm", "Conv2d", {"eps": 1e-4}),
    ("spectral_norm", "ConvTranspose1d", {}),
    *(
        ("orthogonal", layer, {"orthogonal_map": kind, "use_trivialization": base})
        for layer in ("Linear", "Conv2d")
        for kind in ("matrix_exp", "cayley", "householder")
        for base in (True, False)
    ),
    ("orthogonal", "Linear", {}),
    ("orthogonal", "Square", {}),
    ("orthogonal", "Wide", {}),
]
LAYERS |= {"Square": ((3, 3), (3, 3)), "Wide": ((4, 3), (3, 4))}


def numbers(state):
    return {k: [list(v.shape), v.flatten().tolist()] for k, v in state.items()}


def case(function, kind, kwargs):
    sizes, shape = LAYERS[kind]
    name = kwargs.get("name", "weight")
    layer = getattr(nn, kind if kind[0] in "CL" else "Linear")(*sizes).double()
    layer.weight.data = torch.tensor(field(shape, 1))
    layer.bias.data = torch.tensor(field(tuple(layer.bias.shape), 2))
    torch.manual_seed(0)
    getattr(parametrizations, function)(layer, **kwargs)
    text = repr(layer)
    for i, p in enumerate(layer.parameters()):  # away from where it starts
        p.data += 0.3 * torch.tensor(field(tuple(p.shape), i + 3))
    found = dict(function=function, layer=kind, sizes=sizes, kwargs=kwargs, repr=text)
    found["state"] = numbers(layer.state_dict())
    found["steps"] = []
    for training in (True, False):
        layer.train(training).zero_grad()
        weight = getattr(layer, name)
        (weight * torch.tensor(field(tuple(weight.shape), 9))).sum().backward()
        grads = {k: p.grad for k, p in layer.named_parameters() if p.grad is not None}
        found["steps"].append({"weight": weight.flatten().tolist(), "grads": numbers(grads)})
    found["after"] = numbers(layer.state_dict())
    parametrize.remove_parametrizations(layer, name)
    found["removed"] = numbers(layer.state_dict())
    return found


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case(*c)) for c in CASES)
    (FOLDER / "parametrizations.json").write_text(f"[\n{lines}\n]\n")
