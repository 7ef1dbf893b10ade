"""VAE: an autoencoder with a distribution in the middle, from which new examples can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_core import no_grad
from autograd_core.errors import ArgumentError, ShapeError
from nnkit import functional as F
from nnkit.functional.operands import as_array
from nnkit.layers import Linear, Sequential
from nnkit.layers.linear import check_sizes
from nnkit.models.chain import activation_layer, check_all_sizes, layers_between
from nnkit.models.language import checked_generator
from nnkit.module import Module
from nnkit.random import draw

__all__ = ["VAE", "VAEOutput", "elbo_loss"]

LIKELIHOODS = ("bernoulli", "gaussian")


class VAEOutput(NamedTuple):
    """What a VAE returns for N examples.

    `reconstruction`, shape (N, D), is what the decoder says: logits with a Bernoulli likelihood,
    means with a Gaussian one. `mu` and `logvar`, shape (N, Z), describe the codes.

    Examples
    --------
    >>> import nnkit as nn
    >>> output = nn.models.VAE([4, 3, 2])(np.zeros((3, 4)))
    >>> output.reconstruction.shape, output.mu.shape
    ((3, 4), (3, 2))
    """

    reconstruction: Any
    mu: Any
    logvar: Any


def elbo_loss(
    output: tuple[Any, Any, Any], target: Any, *, likelihood: str = "bernoulli", beta: float = 1.0
) -> Any:
    """Return the negative evidence lower bound, the mean over the examples, in nats.

    -log p(x|z) + beta KL(q(z|x) || N(0, 1)), where
    KL = -1/2 sum(1 + logvar - mu^2 - exp(logvar)).

    Parameters
    ----------
    output : VAEOutput, or (reconstruction, mu, logvar)
        Of shapes (N, D), (N, Z) and (N, Z); with "bernoulli", `reconstruction` holds logits.
    target : array, shape (N, D)
        The inputs; with "bernoulli" from 0 to 1.
    likelihood : {"bernoulli", "gaussian"}, default "bernoulli"
        -log p(x|z) is the binary cross-entropy, or half the squared distance (a Gaussian of
        variance 1, without its constant D/2 log(2 pi)), summed over the features.
    beta : float, default 1.0
        Weight of the divergence; above 1 codes become more orderly, reconstructions worse.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ArgumentError
        If `likelihood` is neither, or `beta` negative.
    ShapeError
        If output and target do not fit together.

    References
    ----------
    D. P. Kingma, M. Welling, "Auto-Encoding Variational Bayes", arXiv:1312.6114, equation 10 and
    appendix B; `beta`: I. Higgins et al., "beta-VAE", ICLR 2017.

    Examples
    --------
    >>> zeros = np.zeros((1, 2))
    >>> round(float(elbo_loss((zeros, zeros, zeros), np.ones((1, 2)))), 4)  # 2 log 2
    1.3863
    """
    check_likelihood("elbo_loss", likelihood)
    if not beta >= 0:
        raise ArgumentError(f"elbo_loss: beta is a weight >= 0, got {beta!r}.")
    if not isinstance(output, tuple) or len(output) != 3:
        raise ShapeError(
            "elbo_loss: output is what a VAE returns, the three parts (reconstruction, mu, logvar)."
        )
    reconstruction, mu, logvar = (as_array(part) for part in output)
    target = as_array(target)
    if target.shape != reconstruction.shape:
        raise ShapeError(
            f"elbo_loss: the reconstruction has shape {tuple(reconstruction.shape)}, the target "
            f"{tuple(target.shape)}. A VAE's targets are its inputs: fit(X, X)."
        )
    if likelihood == "bernoulli":
        misfit = F.binary_cross_entropy_with_logits(reconstruction, target, reduction="sum")
    else:
        misfit = 0.5 * F.mse_loss(reconstruction, target, reduction="sum")
    divergence = -0.5 * (1 + logvar - mu * mu - np.exp(logvar)).sum()
    return (misfit + beta * divergence) / len(target)


def check_likelihood(what: str, likelihood: str) -> None:
    """Refuse an unknown likelihood."""
    if likelihood not in LIKELIHOODS:
        raise ArgumentError(
            f"{what}: likelihood is 'bernoulli' (values from 0 to 1) or 'gaussian' (any numbers), "
            f"got {likelihood!r}."
        )


class VAE(Module):
    """A variational autoencoder: the encoder gives a normal distribution of codes.

    mu, logvar = encoder(x), z = mu + exp(logvar / 2) noise, output = decoder(z).

    Parameters
    ----------
    sizes : sequence of int
        Features of the input, D, of hidden layers, and of the code, Z; three or more. The decoder
        has the same in the opposite order.
    activation : str or class of Module, default "relu"
        As in `MLP`.
    likelihood : {"bernoulli", "gaussian"}, default "bernoulli"
        For values from 0 to 1, or for any numbers; as in `elbo_loss`.
    beta : float, default 1.0
        Weight of the divergence in `loss`.
    dtype : dtype, default float32

    Attributes
    ----------
    encoder : Sequential
        From D to the last hidden layer.
    fc_mu, fc_logvar : Linear
        From there to Z.
    decoder : Sequential
        From Z to D.

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an input of shape (N, D) is something else.

    References
    ----------
    D. P. Kingma, M. Welling, "Auto-Encoding Variational Bayes", arXiv:1312.6114.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.models.VAE([64, 32, 2])
    >>> x = np.full((5, 64), 0.5)
    >>> trainer = nn.Trainer(model, model.loss, nn.optim.Adam(model.parameters()))
    >>> history = trainer.fit(x, x)
    >>> model.sample(3, generator=np.random.default_rng(0)).shape
    (3, 64)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Any = "relu",
        likelihood: str = "bernoulli",
        beta: float = 1.0,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        checked = check_all_sizes("VAE", sizes, 3)
        check_likelihood("VAE", likelihood)
        if not beta >= 0:
            raise ArgumentError(f"VAE: beta is a weight >= 0, got {beta!r}.")
        self.sizes = checked
        self.likelihood = likelihood
        self.beta = beta
        hidden, Z = checked[:-1], checked[-1]
        inward = layers_between(hidden, activation, "VAE", dtype=dtype)
        self.encoder = Sequential(*inward, activation_layer(activation, "VAE"))
        self.fc_mu = Linear(hidden[-1], Z, dtype=dtype)
        self.fc_logvar = Linear(hidden[-1], Z, dtype=dtype)
        self.decoder = Sequential(*layers_between(checked[::-1], activation, "VAE", dtype=dtype))

    def encode(self, input: Any) -> tuple[Any, Any]:
        """Return mean and logarithm of the variance of the codes.

        Parameters
        ----------
        input : array_like or Tensor, shape (N, D)

        Returns
        -------
        mu, logvar : Tensor, shape (N, Z)
        """
        x = as_array(input)
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            hint = " Flatten pictures first: x.reshape(len(x), -1)." if x.ndim > 2 else ""
            raise ShapeError(f"VAE for inputs (N, {self.sizes[0]}) got {x.shape}.{hint}")
        hidden = self.encoder(x)
        return self.fc_mu(hidden), self.fc_logvar(hidden)

    def reparameterize(
        self, mu: Any, logvar: Any, generator: np.random.Generator | None = None
    ) -> Any:
        """Draw codes so that gradients reach mu and logvar: z = mu + exp(logvar / 2) noise.

        Parameters
        ----------
        mu, logvar : Tensor or array, shape (N, Z)
        generator : numpy.random.Generator, optional
            By default the stream "sampling" of `nnkit.random`, which `nnkit.seed` sets.

        Returns
        -------
        Tensor, shape (N, Z)
        """
        return mu + np.exp(logvar * 0.5) * self._noise(mu.shape, generator)

    def _noise(self, shape: tuple[int, ...], generator: np.random.Generator | None) -> Any:
        source = "sampling" if generator is None else checked_generator(generator)
        noise = draw(source, "standard_normal", shape)
        return noise.astype(self.fc_mu.weight.dtype)

    def decode(self, z: Any) -> Any:
        """Return what codes stand for, as means of p(x|z): from 0 to 1 if it is Bernoulli.

        Parameters
        ----------
        z : array_like or Tensor, shape (N, Z)

        Returns
        -------
        Tensor, shape (N, D)
        """
        x = self.decoder(z)
        return F.sigmoid(x) if self.likelihood == "bernoulli" else x

    def forward(self, input: Any, generator: np.random.Generator | None = None) -> VAEOutput:
        """Encode, draw a code, and decode it.

        The code is drawn in evaluation mode too, because the bound is a mean over codes;
        `reconstruct` has no randomness.

        Parameters
        ----------
        input : array_like or Tensor, shape (N, D)
        generator : numpy.random.Generator, optional
            As in `reparameterize`.

        Returns
        -------
        VAEOutput
            Tensors (reconstruction, mu, logvar) of shapes (N, D), (N, Z), (N, Z).
        """
        mu, logvar = self.encode(input)
        return VAEOutput(self.decoder(self.reparameterize(mu, logvar, generator)), mu, logvar)

    def loss(self, output: Any, target: Any) -> Any:
        """Return `elbo_loss` with the model's likelihood and beta."""
        return elbo_loss(output, target, likelihood=self.likelihood, beta=self.beta)

    def reconstruct(self, input: Any) -> Any:
        """Return what is left of inputs of shape (N, D): the decoded means of their codes."""
        return self.decode(self.encode(input)[0])

    def sample(self, n: int, generator: np.random.Generator | None = None) -> Any:
        """Draw new examples: codes from N(0, 1), decoded.

        Parameters
        ----------
        n : int
        generator : numpy.random.Generator, optional
            As in `reparameterize`.

        Returns
        -------
        ndarray, shape (n, D)
            The means of p(x|z).
        """
        check_sizes("VAE.sample", n=n)
        with no_grad():
            return self.decode(self._noise((n, self.sizes[-1]), generator))
