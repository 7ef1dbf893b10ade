"""Data: datasets, scaling, and the loader that makes batches."""

from typing import TYPE_CHECKING

from nnkit.absent import teller
from nnkit.data.bundled import load_bundled
from nnkit.data.collate import default_collate
from nnkit.data.dataset import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    NamedDataset,
    Subset,
    TensorDataset,
)
from nnkit.data.download import DataFileError, load_text
from nnkit.data.frame import from_frame
from nnkit.data.images import load_cifar10, load_fashion_mnist, load_mnist
from nnkit.data.joined import ChainDataset, StackDataset
from nnkit.data.loader import DataLoader
from nnkit.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StratifiedSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from nnkit.data.scaling import MinMax, Standardize
from nnkit.data.split import random_split
from nnkit.data.text import CharTokenizer, make_windows
from nnkit.data.toy import make_blobs, make_circles, make_curve, make_moons, make_spirals

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "CharTokenizer",
    "ConcatDataset",
    "DataFileError",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "MinMax",
    "NamedDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Standardize",
    "StratifiedSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "from_frame",
    "load_bundled",
    "load_cifar10",
    "load_fashion_mnist",
    "load_mnist",
    "load_text",
    "make_blobs",
    "make_circles",
    "make_curve",
    "make_moons",
    "make_spirals",
    "make_windows",
    "random_split",
]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)
