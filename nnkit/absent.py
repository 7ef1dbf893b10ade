"""Absent: public names of PyTorch that are not here, with the reason and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from autograd_core.errors import MissingAttributeError

__all__ = ["ABSENT", "teller"]

OLD = "PyTorch has deprecated it; write {}"
INDICES = "write {}(..., return_indices=True), which gives the values and the indices"
IN_PLACE = "write x[...] = functional.{}(x)"
ONE_PROCESS = "nnkit runs in one process, on the CPU"
PACKED = (
    "recurrent layers take a padded array and the lengths: lstm(x, lengths=lengths), with "
    "nnkit.utils.rnn.pad_sequence"
)
PRUNE = (
    "for weights that stay 0, register a parametrization that multiplies with a mask: "
    "nnkit.utils.parametrize.register_parametrization"
)
BASE = "write a Module of your own; a base class is no layer"
FEW_BITS = "it is for GPUs with numbers of 8 bits"

ABSENT: dict[str, dict[str, str]] = {
    "nnkit": {
        "Container": OLD.format("Module"),
        "CrossMapLRN2d": OLD.format("LocalResponseNorm"),
        "DataParallel": ONE_PROCESS,
        "LinearCrossEntropyLoss": "write CrossEntropyLoss()(linear(x), target), of which it is the "
        "form that saves memory with very many classes",
        "LinearCrossEntropyOptions": "see LinearCrossEntropyLoss",
        "NLLLoss2d": OLD.format("NLLLoss, which takes images"),
        "RNNBase": BASE,
        "RNNCellBase": BASE,
        "SyncBatchNorm": ONE_PROCESS + "; BatchNorm sees the whole batch",
        "UninitializedBuffer": "the buffers of a lazy layer are None before its first input",
        "factory_kwargs": "pass dtype= to the layer; there is no device to choose",
    },
    "nnkit.functional": {
        **{
            f"{name}_": IN_PLACE.format(name)
            for name in (
                *("celu", "elu", "hardtanh", "leaky_relu", "relu", "rrelu", "selu", "threshold"),
            )
        },
        **{
            f"{name}_with_indices": INDICES.format(name)
            for name in (
                *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
                *("fractional_max_pool2d", "fractional_max_pool3d"),
                *("max_pool1d", "max_pool2d", "max_pool3d"),
            )
        },
        "conv_tbc": "write conv1d; the axes are (N, C, L)",
        "grouped_mm": FEW_BITS,
        "scaled_grouped_mm": FEW_BITS,
        "scaled_mm": FEW_BITS,
        "linear_cross_entropy": "write cross_entropy(linear(x, weight, bias), target)",
        "native_channel_shuffle": "write channel_shuffle",
        "upsample": OLD.format("interpolate"),
        "upsample_bilinear": OLD.format('interpolate(x, mode="bilinear", align_corners=True)'),
        "upsample_nearest": OLD.format("interpolate"),
    },
    "nnkit.init": {
        name: OLD.format(f"{name}_")
        for name in (
            *("constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal"),
            *("orthogonal", "sparse", "uniform", "xavier_normal", "xavier_uniform"),
        )
    },
    "nnkit.optim": {
        "SparseAdam": "gradients are whole arrays here; write Adam",
    },
    "nnkit.utils": {
        "clip_grad_norm": OLD.format("clip_grad_norm_"),
        "convert_conv2d_weight_memory_format": "arrays are laid out as the kernels like it already",
        "convert_conv3d_weight_memory_format": "arrays are laid out as the kernels like it already",
        "prune": PRUNE,
        "remove_spectral_norm": OLD.format("parametrize.remove_parametrizations(module, 'weight')"),
        "remove_weight_norm": OLD.format("parametrize.remove_parametrizations(module, 'weight')"),
        "spectral_norm": OLD.format("parametrizations.spectral_norm"),
        "weight_norm": OLD.format("parametrizations.weight_norm"),
    },
    "nnkit.utils.parametrize": {
        "transfer_parametrizations_and_params": "register the parametrization on the other module, "
        "and load the state dict of the first",
    },
    "nnkit.utils.rnn": dict.fromkeys(
        (
            *("PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence"),
            *("invert_permutation", "unpack_sequence"),
        ),
        PACKED,
    ),
    "nnkit.data": {
        "DataChunk": "a batch is a plain array, or a list",
        "DFIterDataPipe": OLD.format("IterableDataset"),
        "DistributedSampler": ONE_PROCESS,
        "IterDataPipe": OLD.format("IterableDataset"),
        "MapDataPipe": OLD.format("Dataset"),
        "argument_validation": OLD.format("Dataset"),
        "default_convert": "datasets give arrays already; DataLoader(collate_fn=f) changes a batch",
        "functional_datapipe": OLD.format("IterableDataset"),
        "get_worker_info": "samples are read by threads of one process: DataLoader(num_workers=n)",
        "guaranteed_datapipes_determinism": OLD.format("IterableDataset"),
        "non_deterministic": OLD.format("IterableDataset"),
        "runtime_validation": OLD.format("Dataset"),
        "runtime_validation_disabled": OLD.format("Dataset"),
    },
}


def teller(room: str) -> Callable[[str], NoReturn]:
    """Make the `__getattr__` of a module: it gives the reason why a name is not there."""

    def tell(name: str) -> NoReturn:
        reason = ABSENT[room].get(name)
        raise MissingAttributeError(
            f"module {room!r} has no attribute {name!r}" + (f": {reason}." if reason else "")
        )

    return tell
