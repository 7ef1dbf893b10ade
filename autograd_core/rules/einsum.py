"""Sums of products in index notation, `np.einsum` in all its forms.

They come down to products of two operands in which no letter stands twice, and each letter of an
operand also stands in the other or in the result. Such a product is its own adjoint: g takes the
place of an operand, and the operand that of the result.
"""

import numpy as np

from ..batch import batching
from ..composed import composed
from ..index_notation import LETTERS, as_text, optimize_key, steps_of
from ..kernels import contract
from ..table import bilinear


def contract_left(g, a, b, *, first, second, output, optimize=False):
    """Exchange a with the result."""
    return contract(g, b, first=output, second=second, output=first, optimize=optimize or None)


def contract_right(g, a, b, *, first, second, output, optimize=False):
    """Exchange b with the result."""
    return contract(a, g, first=first, second=output, output=second, optimize=optimize or None)


bilinear(contract, contract_left, contract_right)


def contract_batch(call, values, mapped, settings):
    """The hidden axis gets a letter of its own."""
    first, second, output = (settings[k] for k in ("first", "second", "output"))
    hidden = next(c for c in LETTERS if c not in first + second)
    terms = {
        "first": hidden + first if mapped[0] else first,
        "second": hidden + second if mapped[1] else second,
        "output": hidden + output,
    }
    return call(values, settings | terms)


batching(contract_batch, contract)


def einsum(*operands, optimize=False):
    """Carry out the steps."""
    text, *values = operands if type(operands[0]) is str else as_text(operands)
    values = [x if hasattr(x, "shape") else np.array(x) for x in values]
    for f, places, settings in steps_of(
        text, tuple(x.shape for x in values), optimize_key(optimize)
    ):
        values.append(f(*[values[i] for i in places], **settings))
    return values[-1]


composed(np.einsum, einsum, ())
