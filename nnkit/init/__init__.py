"""Initial values of parameters: each function fills a tensor in place and returns it.

Names and distributions are those of torch.nn.init. Without a `generator` the numbers come from
the stream that `nnkit.seed` sets.
"""

from typing import TYPE_CHECKING

from nnkit.absent import teller
from nnkit.init.fill import constant_, normal_, ones_, trunc_normal_, uniform_, zeros_
from nnkit.init.structure import dirac_, eye_, orthogonal_, sparse_
from nnkit.init.variance import (
    calculate_gain,
    kaiming_normal_,
    kaiming_uniform_,
    xavier_normal_,
    xavier_uniform_,
)

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)
