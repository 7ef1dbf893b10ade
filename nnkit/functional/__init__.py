"""Every operation of the toolkit without state, with the names and signatures of
torch.nn.functional; the layers hold the state and call these.
"""

from nnkit.functional.activation import (
    gelu,
    log_softmax,
    logsigmoid,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from nnkit.functional.cross_entropy import check_labels, cross_entropy, nll_loss
from nnkit.functional.dropout import dropout
from nnkit.functional.erf import erf
from nnkit.functional.linear import linear
from nnkit.functional.loss import binary_cross_entropy_with_logits, l1_loss, mse_loss

__all__ = [
    "binary_cross_entropy_with_logits",
    "check_labels",
    "cross_entropy",
    "dropout",
    "erf",
    "gelu",
    "l1_loss",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
