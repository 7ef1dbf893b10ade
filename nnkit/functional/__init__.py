"""Every operation of the toolkit without state, with the names and signatures of
torch.nn.functional; the layers hold the state and call these.
"""

from typing import TYPE_CHECKING

from nnkit.absent import teller
from nnkit.functional.activation import (
    gelu,
    log_softmax,
    logsigmoid,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from nnkit.functional.adaptive_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    fractional_max_pool2d,
    fractional_max_pool3d,
)
from nnkit.functional.attention import (
    scaled_dot_product_attention,
)
from nnkit.functional.batch_normalization import (
    batch_norm,
)
from nnkit.functional.binary_cross_entropy import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
)
from nnkit.functional.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from nnkit.functional.cross_entropy import cross_entropy, nll_loss
from nnkit.functional.ctc import (
    ctc_loss,
)
from nnkit.functional.distance import (
    cosine_similarity,
    normalize,
    pairwise_distance,
    pdist,
)
from nnkit.functional.dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from nnkit.functional.embedding import (
    embedding,
    one_hot,
)
from nnkit.functional.embedding_bag import (
    embedding_bag,
)
from nnkit.functional.erf import erf
from nnkit.functional.focal_loss import (
    focal_loss,
    sigmoid_focal_loss,
)
from nnkit.functional.folding import (
    fold,
    unfold,
)
from nnkit.functional.grids import (
    affine_grid,
    grid_sample,
)
from nnkit.functional.labels import check_labels
from nnkit.functional.layer_normalization import (
    layer_norm,
    rms_norm,
)
from nnkit.functional.likelihood import (
    gaussian_nll_loss,
    kl_div,
    poisson_nll_loss,
)
from nnkit.functional.linear import (
    bilinear,
    linear,
)
from nnkit.functional.loss import (
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from nnkit.functional.margin_loss import (
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
)
from nnkit.functional.multi_head_attention import (
    multi_head_attention_forward,
)
from nnkit.functional.normalization import (
    group_norm,
    instance_norm,
    local_response_norm,
)
from nnkit.functional.overlap_loss import (
    dice_loss,
    tversky_loss,
)
from nnkit.functional.padding import (
    pad,
)
from nnkit.functional.pooling import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from nnkit.functional.rectifiers import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu6,
    rrelu,
    softshrink,
    threshold,
)
from nnkit.functional.recurrent import (
    gru,
    lstm,
    rnn_relu,
    rnn_tanh,
)
from nnkit.functional.recurrent_cells import (
    gru_cell,
    lstm_cell,
    rnn_relu_cell,
    rnn_tanh_cell,
)
from nnkit.functional.resampling import (
    interpolate,
)
from nnkit.functional.shares import gumbel_softmax, softmin
from nnkit.functional.shuffling import (
    channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from nnkit.functional.similarity_loss import (
    cosine_embedding_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from nnkit.functional.smooth_activation import (
    celu,
    elu,
    glu,
    mish,
    selu,
    silu,
    softplus,
    softsign,
    tanhshrink,
)
from nnkit.functional.unpooling import (
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "affine_grid",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "channel_shuffle",
    "check_labels",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "ctc_loss",
    "dice_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "embedding",
    "embedding_bag",
    "erf",
    "feature_alpha_dropout",
    "focal_loss",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "gru",
    "gru_cell",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "lstm",
    "lstm_cell",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "sigmoid_focal_loss",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "tversky_loss",
    "unfold",
]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)
