"""Text: letters as numbers, and a long text cut into windows to learn from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe

__all__ = ["CharTokenizer", "make_windows"]


class CharTokenizer:
    """Numbers for the letters of a text, and back.

    Parameters
    ----------
    text : str or iterable of str
        Its different characters, in the order of their code points, get the numbers 0, 1, ...

    Attributes
    ----------
    characters : str
        Character i is number i. Save it with a model (``nnkit.save(model, path,
        metadata={"characters": tokenizer.characters})``): another text may have other letters.
    vocab_size : int

    Raises
    ------
    ArgumentError
        If there is no text.

    Examples
    --------
    >>> letters = CharTokenizer("to be or not to be")
    >>> letters.characters
    ' benort'
    >>> letters.encode("bee")
    array([1, 2, 2])
    >>> letters.decode([4, 3, 2])
    'one'
    """

    def __init__(self, text: str | Iterable[str]) -> None:
        self.characters = "".join(sorted(set("".join(text))))
        if not self.characters:
            raise ArgumentError("CharTokenizer needs a text with at least one character.")
        self._numbers = {c: i for i, c in enumerate(self.characters)}

    @property
    def vocab_size(self) -> int:
        """How many different characters there are."""
        return len(self.characters)

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the numbers of the characters of a text, shape (len(text),).

        Raises
        ------
        ArgumentError
            If a character was not in the text that the tokenizer was made of.
        DtypeError
            If `text` is no string.
        """
        if not isinstance(text, str):
            raise DtypeError(f"CharTokenizer.encode takes a string, got {describe(text)}.")
        try:
            return np.array([self._numbers[c] for c in text], dtype=np.int64)
        except KeyError:
            i = next(i for i, c in enumerate(text) if c not in self._numbers)
            raise ArgumentError(
                f"CharTokenizer.encode: the character {text[i]!r} at position {i} is not among the "
                f"{self.vocab_size} of the text it was made of. Leave it out, or make the "
                f"tokenizer of a text that has it, and train anew."
            ) from None

    def decode(self, ids: Any) -> str:
        """Return the text of numbers of shape (T,).

        Raises
        ------
        DtypeError, ShapeError, ArgumentError
            If these are no numbers of characters in one row.
        """
        numbers = np.asarray(raw(ids))
        if numbers.ndim != 1:
            raise ShapeError(
                f"CharTokenizer.decode takes one row of numbers, got {describe(numbers)}. Decode "
                f"texts one after the other: [tokenizer.decode(row) for row in ids]."
            )
        if numbers.size and numbers.dtype.kind not in "iu":
            raise DtypeError(f"CharTokenizer.decode takes integers, got {describe(numbers)}.")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < self.vocab_size:
            raise ArgumentError(
                f"CharTokenizer.decode: numbers are 0 to {self.vocab_size - 1}, got "
                f"{numbers.min()} to {numbers.max()}."
            )
        return "".join([self.characters[i] for i in numbers.tolist()])

    def __repr__(self) -> str:
        return f"CharTokenizer({self.characters!r})"


def make_windows(
    ids: Any, length: int, stride: int | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cut a sequence into windows, each with the one that begins a step later as its target.

    Parameters
    ----------
    ids : array_like, shape (n, ...)
        Numbers of tokens, or the values of a time series.
    length : int
        Of a window, T.
    stride : int, optional
        From the beginning of a window to that of the next; `length` by default, so that windows
        do not overlap. What is left over at the end is not used.

    Returns
    -------
    X, y : ndarray, shape (N, T, ...)
        X[i] = ids[i s : i s + T] and y[i] = ids[i s + 1 : i s + T + 1], s = stride. They are
        read-only views and take no memory of their own.

    Raises
    ------
    ArgumentError
        If a number is not positive, or the sequence is too short for one window.

    Examples
    --------
    >>> X, y = make_windows(np.arange(8), 3, stride=2)
    >>> X
    array([[0, 1, 2],
           [2, 3, 4],
           [4, 5, 6]])
    >>> y[0]
    array([1, 2, 3])
    """
    stride = length if stride is None else stride
    for name, value in (("length", length), ("stride", stride)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ArgumentError(
                f"make_windows: {name} must be a positive whole number, got {value!r}."
            )
    values = np.asarray(raw(ids))
    if not values.ndim or len(values) <= length:
        raise ArgumentError(
            f"make_windows: a window of length {length} and its targets need {length + 1} values, "
            f"got {describe(values)}."
        )
    windows = np.lib.stride_tricks.sliding_window_view(values, length + 1, axis=0)
    windows = np.moveaxis(windows[::stride], -1, 1)
    return windows[:, :-1], windows[:, 1:]
