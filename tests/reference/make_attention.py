"""Write the reference values of attention with PyTorch: python -m tests.reference.make_attention

Inputs and parameters are `field(shape, number)`, results are stored as `digest`. A mask is named as
in `masks.py`. Only needed where a case is added.
"""

import itertools
import json
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F

from tests.reference.fields import digest, field
from tests.reference.make_functional import parameters
from tests.reference.masks import mask

FOLDER = Path(__file__).parent
NAMES = dict(nn=torch.nn, F=F)  # what the text of a call may use


def moving(shape, number):
    return torch.tensor(field(shape, number), requires_grad=True)


def filled(layer):
    """Give the parameters the values that the tests give them."""
    for i, p in enumerate(layer.parameters()):
        p.data = torch.tensor(field(tuple(p.shape), i) * 0.4)
    return layer


def named(settings):
    """Make the masks that are named."""
    return {k: torch.tensor(mask(*v)) if isinstance(v, list) else v for k, v in settings.items()}


def results(outputs, leaves):
    """Digests of all outputs and gradients."""
    outputs = [y for y in outputs if y is not None]
    sum(
        (y * torch.tensor(field(tuple(y.shape), 9 + i))).sum() for i, y in enumerate(outputs)
    ).backward()
    return dict(
        outputs=[digest(y.detach().numpy()) for y in outputs],
        grads=[None if x.grad is None else digest(x.grad.numpy()) for x in leaves],
    )


def functions():
    q, k, v = [2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 3]
    cases = [
        ([q, k, v], {}),
        ([q, k, v], dict(scale=0.3)),
        ([q, k, v], dict(is_causal=True)),
        ([k, q, [2, 2, 3, 5]], dict(is_causal=True)),
        ([q, k, v], dict(attn_mask=["bool", 3, 5])),
        ([q, k, v], dict(attn_mask=["float", 3, 5])),
        ([q, k, v], dict(attn_mask=["bool", 2, 1, 3, 5])),
        ([q, k, v], dict(attn_mask=["float", 2, 2, 3, 5], scale=1.0)),
        ([q, k, v], dict(attn_mask=["row hidden", 3, 5])),
        ([q[1:], k[1:], v[1:]], dict(attn_mask=["bool", 2, 3, 5])),
        ([q[2:], k[2:], v[2:]], {}),
        ([[2, 6, 3, 4], [2, 2, 5, 4], [2, 2, 5, 3]], dict(enable_gqa=True)),
        ([[2, 4, 3, 4], [2, 1, 5, 4], [2, 1, 5, 3]], dict(enable_gqa=True, is_causal=True)),
    ]
    for shapes, settings in cases:
        xs = [moving(shape, i) for i, shape in enumerate(shapes)]
        y = F.scaled_dot_product_attention(*xs, **named(settings))
        yield dict(shapes=shapes, settings=settings) | results([y], xs)


def run(call, shapes, settings, same=()):
    """One call of a layer; `same` says which operands are the first one again."""
    layer = filled(eval(f"nn.{call}", NAMES).double())
    xs = [moving(shape, 20 + i) for i, shape in enumerate(shapes)]
    operands = [xs[0] if i in same else x for i, x in enumerate(xs)]
    y = layer(*operands, **named(settings))
    found = results(y if isinstance(y, tuple) else [y], [*xs, *layer.parameters()])
    about = dict(call=call, shapes=shapes, settings=settings, same=list(same))
    about["state"] = {k: list(v.shape) for k, v in layer.state_dict().items()}
    about["repr"] = repr(layer).replace("NonDynamicallyQuantizable", "")
    return about | found


def heads():
    q, k = [3, 2, 4], [5, 2, 4]
    first = lambda shape: [shape[1], shape[0], shape[2]]
    choices = [
        {},
        dict(key_padding_mask=["padding", 2, 5]),
        dict(attn_mask=["bool", 3, 5]),
        dict(attn_mask=["float", 4, 3, 5], key_padding_mask=["float", 2, 5]),
        dict(attn_mask=["bool", 4, 3, 5], key_padding_mask=["padding", 2, 5]),
    ]
    for settings, needs in itertools.product(choices, (True, False)):
        settings = settings | dict(need_weights=needs)
        yield run("MultiheadAttention(4,2)", [q, k, k], settings)
        call = "MultiheadAttention(4,2,batch_first=True,add_bias_kv=True,add_zero_attn=True)"
        yield run(call, [first(q), first(k), first(k)], settings)
    calls = [
        "4,1,bias=False",
        "4,4,add_zero_attn=True",
        "4,2,kdim=3,vdim=6",
        "4,2,vdim=3,bias=False",
    ]
    for settings in calls:
        layer = eval(f"nn.MultiheadAttention({settings})", NAMES)
        shapes = [q, [5, 2, layer.kdim], [5, 2, layer.vdim]]
        yield run(f"MultiheadAttention({settings})", shapes, dict(average_attn_weights=False))
    for needs in (True, False):
        settings = dict(need_weights=needs, attn_mask=["causal", 3, 3], is_causal=True)
        yield run("MultiheadAttention(4,2)", [q] * 3, settings, same=(1, 2))
        yield run("MultiheadAttention(4,2)", [q] * 3, dict(need_weights=needs), same=(1, 2))
        yield run("MultiheadAttention(4,2)", [q, k, k], dict(need_weights=needs))
        single = dict(need_weights=needs, key_padding_mask=["padding", 5])
        for batch_first in (True, False):
            call = f"MultiheadAttention(4,2,batch_first={batch_first})"
            yield run(call, [[3, 4], [5, 4], [5, 4]], single)


def transformers():
    src, tgt = [5, 2, 4], [3, 2, 4]
    first = lambda shape: [shape[1], shape[0], shape[2]]
    size = "4,2,6,0.0"
    for settings in ("", ",norm_first=True,activation='gelu'", ",bias=False", ",activation=F.silu"):
        for masks in ({}, dict(src_mask=["causal", 5, 5], src_key_padding_mask=["float", 2, 5])):
            yield run(f"TransformerEncoderLayer({size}{settings})", [src], masks)
        for masks in (
            {},
            dict(
                tgt_mask=["bool", 3, 3],
                memory_mask=["float", 3, 5],
                tgt_key_padding_mask=["padding", 2, 3],
                memory_key_padding_mask=["padding", 2, 5],
            ),
        ):
            yield run(f"TransformerDecoderLayer({size}{settings})", [tgt, src], masks)
    layer = f"nn.TransformerEncoderLayer({size},batch_first=True,layer_norm_eps=0.01)"
    mask = dict(mask=["causal", 5, 5])
    yield run(f"TransformerEncoder({layer},2)", [first(src)], mask)
    yield run(f"TransformerEncoder({layer},1,nn.LayerNorm(4))", [first(src)], mask)
    layer = f"nn.TransformerDecoderLayer({size},norm_first=True)"
    yield run(f"TransformerDecoder({layer},2,nn.LayerNorm(4))", [tgt, src], {})
    yield run(f"TransformerDecoder({layer},1)", [tgt[::2], src[::2]], {})
    whole = dict(
        tgt_mask=["causal", 3, 3],
        src_key_padding_mask=["padding", 2, 5],
        memory_key_padding_mask=["padding", 2, 5],
    )
    yield run("Transformer(4,2,1,1,6,0.0)", [src, tgt], whole)
    yield run("Transformer(4,2,2,1,6,0.0,batch_first=True)", [first(src), first(tgt)], whole)
    yield run("Transformer(4,2,1,1,6,0.0,bias=False,norm_first=True)", [src[::2], tgt[::2]], {})


def signatures():
    """What layers and their calls take, of the recurrent cells as well."""
    stacks = ("", "Encoder", "Decoder", "EncoderLayer", "DecoderLayer")
    kinds = ["RNNCell", "GRUCell", "LSTMCell", "MultiheadAttention"]
    kinds += [f"Transformer{stack}" for stack in stacks]
    for kind, part in itertools.product(kinds, ("__init__", "forward")):
        f = getattr(getattr(torch.nn, kind), part)
        yield dict(name=f"{kind}.{part}", parameters=parameters(f))


FILES = dict(
    attention=functions,
    attention_layers=heads,
    transformers=transformers,
    sequence_signatures=signatures,
)

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name, cases in FILES.items():
        lines = ",\n".join(json.dumps(case) for case in cases())
        (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")
