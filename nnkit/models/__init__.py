"""Models: small networks that are ready to be trained."""

from nnkit.models.autoencoder import Autoencoder
from nnkit.models.char_rnn import CharRNN
from nnkit.models.gpt import GPT
from nnkit.models.language import sample
from nnkit.models.lenet import LeNet
from nnkit.models.mlp import MLP
from nnkit.models.resnet import ResNet
from nnkit.models.vae import VAE, VAEOutput, elbo_loss

__all__ = [
    "GPT",
    "MLP",
    "VAE",
    "Autoencoder",
    "CharRNN",
    "LeNet",
    "ResNet",
    "VAEOutput",
    "elbo_loss",
    "sample",
]
