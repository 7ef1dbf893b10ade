"""Data: datasets, and the loader that makes batches of them."""

from nnkit.data.collate import default_collate
from nnkit.data.dataset import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset
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
from nnkit.data.split import random_split

__all__ = [
    "BatchSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StratifiedSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "random_split",
]
