"""Data: datasets, and the loader that makes batches of them."""

from nnkit.data.dataset import Dataset, Subset, TensorDataset, random_split
from nnkit.data.loader import DataLoader, default_collate

__all__ = [
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
]
