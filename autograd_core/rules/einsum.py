"""Sums of products in index notation, `np.einsum` in all its forms.

They come down to products of two operands in which no letter stands twice, and each letter of an
operand also stands in the other or in the result. Such a product is its own adjoint: g takes the
place of an operand, and the operand that of the result.
"""

import numpy as np

from ..batch import batching
from ..composed import composed
from ..errors import ArgumentError
from ..kernels import contract
from ..table import bilinear

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def contract_left(g, a, b, *, first, second, output, optimize=False):
    """Exchange a with the result."""
    return contract(g, b, first=output, second=second, output=first, optimize=optimize)


def contract_right(g, a, b, *, first, second, output, optimize=False):
    """Exchange b with the result."""
    return contract(a, g, first=first, second=output, output=second, optimize=optimize)


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


# --- reading a call -------------------------------------------------------------------------------


def as_text(operands):
    """Write a call with lists of axes, `einsum(a, [0, 1], b, [1, 2], [0, 2])`, as one with text."""
    n = len(operands) // 2
    lists = [*operands[1 : 2 * n : 2], *operands[2 * n :]]
    terms = ["".join("..." if i is Ellipsis else LETTERS[i] for i in axes) for axes in lists]
    text = ",".join(terms[:n]) + ("->" + terms[n] if len(operands) % 2 else "")
    return text, *operands[0 : 2 * n : 2]


def terms_of(text, arrays):
    """Return the letters of each operand and of the result; `...` becomes letters as well."""
    inputs, arrow, output = text.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(arrays):
        raise ArgumentError(f"np.einsum({text!r}) names {len(terms)} operands, got {len(arrays)}")
    hidden = [
        np.ndim(x) - len(term.replace("...", "")) if "..." in term else 0
        for term, x in zip(terms, arrays, strict=True)
    ]
    spare = "".join(c for c in LETTERS if c not in text)[: max(hidden)]
    terms = [
        term.replace("...", spare[len(spare) - k :]) for term, k in zip(terms, hidden, strict=True)
    ]
    if not arrow:
        used = "".join(terms)
        output = "..." + "".join(c for c in sorted(set(used) - {*spare}) if used.count(c) == 1)
    written = output.replace("...", spare)
    check_terms(text, arrays, terms, written, spare)
    return terms, written


def check_terms(text, arrays, terms, output, spare):
    """Refuse letters that do not fit the operands, or have no place in the result."""
    fits = all(len(term) == np.ndim(x) for term, x in zip(terms, arrays, strict=True))
    inside = {*spare} <= {*output} <= {*"".join(terms)}
    if not fits or not inside or len({*output}) < len(output):
        raise ArgumentError(
            f"np.einsum({text!r}) does not fit operands of {[np.ndim(x) for x in arrays]} axes: "
            f"each axis has a letter; one of the result stands once in it, and in an operand"
        )


# --- bringing the operands to normal form ---------------------------------------------------------


def without_repeats(term, x):
    """Take the diagonal where a letter stands twice."""
    for c in term:
        if term.count(c) > 1:
            i, j = term.index(c), term.rindex(c)
            if x.shape[i] != x.shape[j]:
                raise ArgumentError(f"np.einsum: {c!r} stands for {x.shape[i]} and {x.shape[j]}")
            rest = "".join(d for k, d in enumerate(term) if k not in (i, j))
            return without_repeats(rest + c, np.diagonal(x, axis1=i, axis2=j))
    return term, x


def without(letters, term, x):
    """Sum over the axes of some letters."""
    axes = tuple(i for i, c in enumerate(term) if c in letters)
    rest = "".join(c for c in term if c not in letters)
    return (rest, np.sum(x, axis=axes)) if axes else (term, x)


def broadcast_dropped(pairs):
    """Drop axes of length 1 that are stretched by another operand."""
    longer = {c for term, x in pairs for c, n in zip(term, x.shape, strict=True) if n != 1}
    return [
        without([c for c, n in zip(term, x.shape, strict=True) if n == 1 and c in longer], term, x)
        for term, x in pairs
    ]


def path_of(pairs, output, optimize):
    """Say which two operands to multiply next, again and again."""
    if len(pairs) < 3:
        return [(0, 1)]
    text = ",".join(term for term, _ in pairs) + "->" + output
    stand_ins = [np.broadcast_to(0.0, x.shape) for _, x in pairs]
    return np.einsum_path(text, *stand_ins, optimize=optimize or "greedy")[0][1:]


def product(left, right, needed, output, optimize):
    """Multiply two operands, and sum over the letters that are not needed any more."""
    left = without({*left[0]} - {*right[0]} - needed, *left)
    right = without({*right[0]} - {*left[0]} - needed, *right)
    (first, a), (second, b) = left, right
    letters = output or "".join(c for c in dict.fromkeys(first + second) if c in needed)
    y = contract(a, b, first=first, second=second, output=letters, optimize=optimize)
    return letters, y


def einsum(*operands, optimize=False):
    """Multiply pair by pair; put the axes of the result in order."""
    text, *arrays = operands if type(operands[0]) is str else as_text(operands)
    arrays = [x if hasattr(x, "shape") else np.array(x) for x in arrays]
    terms, output = terms_of(text, arrays)
    pairs = [without_repeats(term, x) for term, x in zip(terms, arrays, strict=True)]
    pairs = broadcast_dropped(pairs)
    for chosen in path_of(pairs, output, optimize) if len(pairs) > 1 else ():
        taken = [pairs.pop(i) for i in sorted(chosen, reverse=True)]
        while len(taken) > 1:
            rest = [*pairs, *taken[2:]]
            needed = {*output, *"".join(term for term, _ in rest)}
            last = "" if rest else output
            taken = [product(taken[1], taken[0], needed, last, bool(optimize)), *taken[2:]]
        pairs = [*pairs, taken[0]]
    term, y = without({*pairs[0][0]} - {*output}, *pairs[0])
    return y if term == output else np.transpose(y, [term.index(c) for c in output])


composed(np.einsum, einsum, ())
