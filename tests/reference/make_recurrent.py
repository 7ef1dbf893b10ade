"""Write the reference values of recurrent layers with PyTorch: python -m tests.reference.make_recurrent

Inputs and parameters are `field(shape, number)`, results are stored as `digest`. Only needed where
a case is added.
"""  # noqa: E501

import itertools
import json
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.reference.fields import digest, field

FOLDER = Path(__file__).parent
T, N, I = 4, 3, 3
LENGTHS = [3, 4, 1]


def filled(layer):
    """Give the parameters the values that the tests give them."""
    for i, p in enumerate(layer.parameters()):
        p.data = torch.tensor(field(tuple(p.shape), i) * 0.4)
    return layer


def moving(shape, number):
    return torch.tensor(field(shape, number), requires_grad=True)


def found(call, outputs, leaves, layer):
    """Digests of all outputs and gradients."""
    weighted = [
        (y * torch.tensor(field(tuple(y.shape), 9 + i))).sum() for i, y in enumerate(outputs)
    ]
    sum(weighted).backward()
    return dict(
        call=call,
        repr=repr(layer),
        state={k: list(v.shape) for k, v in layer.state_dict().items()},
        outputs=[digest(y.detach().numpy()) for y in outputs],
        grads=[digest(x.grad.numpy()) for x in [*leaves, *layer.parameters()]],
    )


def layers():
    kinds = ["RNN", "RNN,nonlinearity='relu'", "GRU", "LSTM", "LSTM,proj_size=2"]
    for kind, layered, both, bias, first in itertools.product(
        kinds, (1, 2), (False, True), (True, False), (False, True)
    ):
        if (not bias and first) or (layered == 2 and not both):
            continue
        settings = ["3,4", *kind.split(",")[1:]]
        settings += ["num_layers=2"] * (layered == 2) + ["bidirectional=True"] * both
        settings += ["bias=False"] * (not bias) + ["batch_first=True"] * first
        yield f"{kind.split(',')[0]}({','.join(settings)})"


def cases():
    for k, call in enumerate(layers()):
        layer = filled(eval(f"nn.{call}").double())
        count = layer.num_layers * (1 + layer.bidirectional)
        lstm = isinstance(layer, nn.LSTM)
        for lengths, single, start in (
            (None, False, True),
            (LENGTHS, False, k % 2),
            (None, True, 0),
        ):
            shape = (T, I) if single else (N, T, I) if layer.batch_first else (T, N, I)
            rows = () if single else (N,)
            x = moving(shape, 20)
            widths = [layer.proj_size or 4, 4][: 1 + lstm]
            states = [moving((count, *rows, w), 21 + i) for i, w in enumerate(widths)]
            states = states if start else []
            hx = None if not start else tuple(states) if lstm else states[0]
            layer.zero_grad()
            if lengths is None:
                y, last = layer(x, hx)
            else:
                first = layer.batch_first
                packed = pack_padded_sequence(x, lengths, first, enforce_sorted=False)
                y, last = layer(packed, hx)
                y, _ = pad_packed_sequence(y, first)
            outputs = [y, *(last if lstm else (last,))]
            case = found(call, outputs, [x, *states], layer)
            yield case | dict(lengths=lengths, single=single, states=bool(states))


def cells():
    for kind, bias, single in itertools.product(
        ("RNNCell", "RNNCell,nonlinearity='relu'", "GRUCell", "LSTMCell"),
        (True, False),
        (True, False),
    ):
        settings = ["3,4", *kind.split(",")[1:]] + ["bias=False"] * (not bias)
        call = f"{kind.split(',')[0]}({','.join(settings)})"
        layer = filled(eval(f"nn.{call}").double())
        rows = () if single else (N,)
        lstm = kind == "LSTMCell"
        x = moving((*rows, I), 20)
        states = [moving((*rows, 4), 21 + i) for i in range(1 + lstm)]
        y = layer(x, tuple(states) if lstm else states[0])
        case = found(call, list(y) if lstm else [y], [x, *states], layer)
        yield case | dict(lengths=None, single=single, states=True)


if __name__ == "__main__":
    for name, each in (("recurrent", cases), ("recurrent_cells", cells)):
        lines = ",\n".join(json.dumps(case) for case in each())
        (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")
