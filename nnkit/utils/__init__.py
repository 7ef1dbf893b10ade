"""Tools for parameters and gradients, under the names of torch.nn.utils."""

from typing import TYPE_CHECKING

from nnkit.absent import teller
from nnkit.utils import parametrizations, parametrize, rnn
from nnkit.utils.blank import skip_init
from nnkit.utils.clip_grad import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from nnkit.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from nnkit.utils.fusion import (
    fuse_conv_bn_eval,
    fuse_conv_bn_weights,
    fuse_linear_bn_eval,
    fuse_linear_bn_weights,
)

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "rnn",
    "skip_init",
    "vector_to_parameters",
]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)
