"""Models that predict the next token: their loss, and how text is drawn from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, NonFiniteError, ShapeError, describe
from nnkit import functional as F
from nnkit.functional.operands import as_array
from nnkit.layers.linear import check_sizes
from nnkit.modes import restored_modes
from nnkit.module import Module
from nnkit.random import stream

__all__ = ["LanguageModel", "sample"]

Array = NDArray[Any]


def sample(
    logits: Any,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: np.random.Generator | None = None,
) -> Array:
    """Draw one class for each row of scores, with probabilities softmax(logits / temperature).

    Parameters
    ----------
    logits : array_like or Tensor, shape (N, V)
    temperature : float, default 1.0
        Below 1 likely classes become likelier, above 1 all become more alike; 0 takes the
        likeliest.
    top_k : int, optional
        Draw from the `top_k` likeliest classes only.
    generator : numpy.random.Generator, optional
        By default the stream "sampling" of `nnkit.random`.

    Returns
    -------
    ndarray of int, shape (N,)

    Raises
    ------
    ArgumentError
        If `temperature` is negative or not finite, or `top_k` is no positive whole number.
    ShapeError
        If `logits` has not two axes.
    NonFiniteError
        If a score is NaN or +infinity.

    References
    ----------
    `temperature`: D. Ackley, G. Hinton, T. Sejnowski, Cognitive Science 9 (1985); `top_k`:
    A. Fan, M. Lewis, Y. Dauphin, "Hierarchical Neural Story Generation", arXiv:1805.04833.

    Examples
    --------
    >>> sample([[0.0, 5.0, 1.0]], temperature=0)
    array([1])
    >>> rng = np.random.default_rng(0)
    >>> sample(np.zeros((8, 3)), generator=rng).tolist()
    [1, 0, 0, 0, 2, 2, 1, 2]
    """
    check_temperature(temperature)
    scores = np.array(raw(logits), dtype=np.float64)
    if scores.ndim != 2 or not scores.shape[1]:
        raise ShapeError(f"sample: logits are of shape (N, V), got {scores.shape}.")
    if not (scores < np.inf).all():
        raise NonFiniteError(
            "sample: a score is NaN or infinite, so nothing can be drawn: the model has diverged. "
            "Train it anew with a smaller learning rate."
        )
    if temperature == 0:
        return scores.argmax(axis=1)
    if top_k is not None:
        check_sizes("sample", top_k=top_k)
        if top_k < scores.shape[1]:
            least = np.partition(scores, -top_k, axis=1)[:, -top_k, None]
            scores[scores < least] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    totals = np.cumsum(np.exp(scores / temperature), axis=1)
    rng = stream("sampling") if generator is None else checked_generator(generator)
    drawn = rng.random((len(scores), 1)) * totals[:, -1:]
    return (totals <= drawn).sum(axis=1)


def check_temperature(temperature: float) -> None:
    """Refuse what is no temperature."""
    if not 0 <= temperature < np.inf:
        raise ArgumentError(
            f"temperature is a number >= 0: 1 draws from the model's own probabilities, less is "
            f"more careful, 0 always takes the likeliest; got {temperature!r}."
        )


def checked_generator(generator: Any) -> np.random.Generator:
    """Refuse what is no generator of random numbers."""
    if not isinstance(generator, np.random.Generator):
        raise DtypeError(
            f"generator is a numpy.random.Generator, got {describe(generator)}: write "
            f"generator=np.random.default_rng(0)."
        )
    return generator


class LanguageModel(Module):
    """What models of the next token share: the check of tokens, the loss, drawing text."""

    vocab_size: int

    def _checked(self, idx: Any) -> Any:
        """Refuse tokens that the model cannot read."""
        name = type(self).__name__
        if isinstance(idx, str):
            raise DtypeError(
                f"{name} reads numbers of tokens, got the text {idx[:20]!r}. Write "
                f"tokenizer.encode(text), with the tokenizer that it was trained with."
            )
        x = as_array(idx)
        if x.ndim != 2 or not x.shape[1]:
            hint = " Pass idx[None] for one text." if x.ndim == 1 and x.size else ""
            raise ShapeError(
                f"{name} reads tokens of shape (N, T), N texts of T >= 1 tokens; got {x.shape}."
                f"{hint}"
            )
        return x

    def loss(self, output: Any, target: Any) -> Any:
        """Return the mean cross-entropy of the next tokens, -log p(target), in nats.

        Parameters
        ----------
        output : Tensor, shape (N, T, V)
            What `forward` returns.
        target : array of int, shape (N, T)
            The token that follows each; -100 where none counts.

        Returns
        -------
        Tensor, shape ()
            Its exponential is the perplexity. A model that knows nothing has log(V).

        Raises
        ------
        ShapeError
            If the shapes do not fit together.
        ArgumentError
            If a target is no token.
        """
        target = as_array(target)
        if output.ndim != 3 or target.shape != output.shape[:2]:
            raise ShapeError(
                f"{type(self).__name__}.loss: scores (N, T, V) need the next token of each place, "
                f"of shape (N, T); got {tuple(output.shape)} and {target.shape}."
            )
        return F.cross_entropy(output.reshape(-1, output.shape[-1]), target.reshape(-1))

    def generate(
        self,
        prompt: Any,
        max_new_tokens: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        *,
        generator: np.random.Generator | None = None,
        tokenizer: Any = None,
    ) -> Any:
        """Write on: draw tokens one after the other, each from what the model expects next.

        Parameters
        ----------
        prompt : str, or array_like of int, shape (T,) or (N, T)
            How it begins; at least one token.
        max_new_tokens : int
            How many to add.
        temperature : float, default 1.0
            Below 1 more careful, above 1 wilder; 0 always takes the likeliest token.
        top_k : int, optional
            Draw from the `top_k` likeliest tokens only.
        generator : numpy.random.Generator, optional
            By default the stream "sampling" of `nnkit.random`, which `nnkit.seed` sets.
        tokenizer : optional
            What makes tokens of text, such as `nnkit.data.CharTokenizer`; needed for a `str`.

        Returns
        -------
        str, or ndarray of int, shape (T + max_new_tokens,) or (N, T + max_new_tokens)
            The prompt and what follows, in the form of the prompt.

        Raises
        ------
        ArgumentError, DtypeError, ShapeError
            If an argument cannot be meant.
        NonFiniteError
            If the model gives NaN.

        Notes
        -----
        Dropout is off meanwhile, whatever mode the model is in.
        """
        check_sizes("generate", max_new_tokens=max_new_tokens)
        if isinstance(prompt, str):
            if tokenizer is None:
                raise ArgumentError(
                    "generate: a prompt that is text needs the tokenizer that the model was "
                    "trained with: generate(text, n, tokenizer=tokenizer)."
                )
            ids = self.generate(
                tokenizer.encode(prompt), max_new_tokens, temperature, top_k, generator=generator
            )
            return tokenizer.decode(ids)
        start = np.asarray(raw(prompt))
        if start.ndim not in (1, 2) or not start.size or start.dtype.kind not in "iu":
            raise ShapeError(
                f"{type(self).__name__}.generate needs a prompt of at least one token: integers of "
                f"shape (T,) or (N, T); got {describe(start)}."
            )
        rows = np.atleast_2d(start)
        written = np.empty((len(rows), rows.shape[1] + max_new_tokens), rows.dtype)
        written[:, : rows.shape[1]] = rows
        with restored_modes(self), no_grad():
            self.eval()
            state = None
            for end in range(rows.shape[1], written.shape[1]):
                scores, state = self._next(written[:, :end], state)
                written[:, end] = sample(scores, temperature, top_k, generator)
        return written if start.ndim == 2 else written[0]

    def _next(self, idx: Array, state: Any) -> tuple[Any, Any]:
        """Return scores (N, V) of the token after `idx`, and what to remember for the next call."""
        raise NotImplementedError
