"""Pictures: MNIST, Fashion-MNIST and CIFAR-10, downloaded once and read without unpacking."""

from __future__ import annotations

import gzip
import math
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.data.dataset import NamedDataset
from nnkit.data.download import DataFileError, fetch

__all__ = ["load_cifar10", "load_fashion_mnist", "load_mnist"]

Bytes = NDArray[np.uint8]
DAMAGED = (OSError, EOFError, zlib.error, tarfile.TarError)  # what reading a broken archive raises
LARGEST = 1 << 28  # bytes of pixels that a file may claim; the largest real one has 47 million


@dataclass(frozen=True)
class Source:
    """Where the files of a set are, and their checksums (SHA-256)."""

    base: str
    files: dict[str, str]
    classes: Sequence[str]


SOURCES = {
    "mnist": Source(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
            ),
            "train-labels-idx1-ubyte.gz": (
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
            ),
            "t10k-images-idx3-ubyte.gz": (
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
            ),
        },
        [str(digit) for digit in range(10)],
    ),
    "fashion-mnist": Source(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte.gz": (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
            ),
            "train-labels-idx1-ubyte.gz": (
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
            ),
            "t10k-images-idx3-ubyte.gz": (
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
            ),
        },
        [
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
    ),
    "cifar-10": Source(
        "https://www.cs.toronto.edu/~kriz/",
        {
            "cifar-10-binary.tar.gz": (
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
            )
        },
        [
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ],
    ),
}


def load_mnist(
    train: bool = True, *, folder: str | Path | None = None, progress: bool = True
) -> NamedDataset:
    """Load MNIST: handwritten digits, 60,000 to train with and 10,000 to test.

    Parameters
    ----------
    train : bool, default True
        The training part, or else the test part.
    folder : path, optional
        Where downloads (12 MB) are kept: by default the environment variable NNKIT_DATA, or else
        the folder of the system for files that can be fetched again.
    progress : bool, default True
        Show a bar while downloading, if tqdm is installed.

    Returns
    -------
    NamedDataset
        Images float32 of shape (N, 1, 28, 28) from 0 to 1, labels int64 of shape (N,), and the
        names `classes`.

    Raises
    ------
    DataFileError
        If a file cannot be fetched or has another checksum.
    ImportError
        If pooch is not installed.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86 (1998).

    Examples
    --------
    >>> X, y = load_mnist().tensors  # doctest: +SKIP
    >>> X.shape, y[:5]  # doctest: +SKIP
    ((60000, 1, 28, 28), array([5, 0, 4, 1, 9]))
    """
    return load_idx_pair("mnist", train, folder, progress)


def load_fashion_mnist(
    train: bool = True, *, folder: str | Path | None = None, progress: bool = True
) -> NamedDataset:
    """Load Fashion-MNIST: pictures of clothes, in the form of `load_mnist`.

    Parameters
    ----------
    train : bool, default True
        The training part, or else the test part.
    folder : path, optional
        Where downloads (31 MB) are kept, as for `load_mnist`.
    progress : bool, default True
        Show a bar while downloading, if tqdm is installed.

    Returns
    -------
    NamedDataset
        Images float32 of shape (N, 1, 28, 28) from 0 to 1, labels int64 of shape (N,), and the
        names `classes`.

    Raises
    ------
    DataFileError
        If a file cannot be fetched or has another checksum.
    ImportError
        If pooch is not installed.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms", arXiv:1708.07747 (2017).

    Examples
    --------
    >>> load_fashion_mnist(train=False)  # doctest: +SKIP
    NamedDataset((10000, 1, 28, 28) float32, (10000,) int64, 10 classes)
    """
    return load_idx_pair("fashion-mnist", train, folder, progress)


def load_cifar10(
    train: bool = True, *, folder: str | Path | None = None, progress: bool = True
) -> NamedDataset:
    """Load CIFAR-10: small colour pictures, 50,000 to train with and 10,000 to test.

    Parameters
    ----------
    train : bool, default True
        The training part, or else the test part.
    folder : path, optional
        Where downloads (170 MB) are kept, as for `load_mnist`.
    progress : bool, default True
        Show a bar while downloading, if tqdm is installed.

    Returns
    -------
    NamedDataset
        Images float32 of shape (N, 3, 32, 32) from 0 to 1, labels int64 of shape (N,), and the
        names `classes`.

    Raises
    ------
    DataFileError
        If the file cannot be fetched or has another checksum.
    ImportError
        If pooch is not installed.

    Notes
    -----
    This is the binary version of the archive, because the other one is made of pickles, which can
    run code. It is read where it is and never unpacked to the disk.

    References
    ----------
    A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.

    Examples
    --------
    >>> load_cifar10(train=False)  # doctest: +SKIP
    NamedDataset((10000, 3, 32, 32) float32, (10000,) int64, 10 classes)
    """
    numbers = range(1, 6)
    names = [f"data_batch_{i}.bin" for i in numbers] if train else ["test_batch.bin"]
    [archive] = get_files("cifar-10", folder, progress)
    records = read_cifar(archive, names)
    images = records[:, 1:].reshape(-1, 3, 32, 32)
    return as_images("cifar-10", images, records[:, 0])


def load_idx_pair(
    name: str, train: bool, folder: str | Path | None, progress: bool
) -> NamedDataset:
    """Load images and labels of one part of a set in the format of MNIST."""
    part = "train-" if train else "t10k-"
    images, labels = get_files(name, folder, progress, part)
    X, y = read_idx(images, 3), read_idx(labels, 1)
    if len(X) != len(y):
        raise DataFileError(f"{images} holds {len(X)} images, but {labels} {len(y)} labels.")
    return as_images(name, X[:, None], y)


def get_files(
    name: str, folder: str | Path | None, progress: bool, beginning: str = ""
) -> list[Path]:
    """Return local copies of the files of a set whose names begin so."""
    source = SOURCES[name]
    return [
        fetch(source.base + file, checksum, f"{name}/{file}", folder, progress)
        for file, checksum in source.files.items()
        if file.startswith(beginning)
    ]


def as_images(name: str, pixels: Bytes, labels: Bytes) -> NamedDataset:
    """Bring pixels to the range from 0 to 1, and check the labels."""
    classes = SOURCES[name].classes
    if labels.size and labels.max() >= len(classes):
        raise DataFileError(f"{name} has {len(classes)} classes, but a label is {labels.max()}.")
    X = pixels.astype(np.float32)
    X /= 255
    return NamedDataset(X, labels.astype(np.int64), classes=classes)


def read_idx(path: Path, ndim: int) -> Bytes:
    """Read a gzipped IDX file of unsigned bytes: a header with the shape, then the numbers."""
    try:
        with gzip.open(path) as file:
            header = file.read(4 + 4 * ndim)
            if len(header) != 4 + 4 * ndim or header[:4] != bytes([0, 0, 8, ndim]):
                raise DataFileError(f"{path} is no IDX file of bytes with {ndim} axes.")
            shape = np.frombuffer(header, ">u4", offset=4).tolist()
            size = math.prod(shape)
            if size > LARGEST:
                raise DataFileError(f"{path} claims {shape} numbers, more than any set has.")
            body = file.read(size + 1)  # never more than the header promises, whatever is packed
    except DAMAGED as error:
        raise damaged(path, error) from error
    if len(body) != size:
        raise DataFileError(f"{path} does not hold the {shape} numbers that its header promises.")
    return np.frombuffer(body, np.uint8).reshape(shape)


def read_cifar(path: Path, names: Sequence[str]) -> Bytes:
    """Read files of records, a label and 3 x 32 x 32 pixels, from the archive of CIFAR-10."""
    record = 1 + 3 * 32 * 32
    found: dict[str, Any] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = member.name.removeprefix("./").removeprefix("cifar-10-batches-bin/")
                if name not in names:
                    continue
                if not member.isreg() or member.size % record or member.size > LARGEST:
                    raise DataFileError(f"{path}: {member.name} is no file of CIFAR-10 records.")
                file = archive.extractfile(member)
                body = b"" if file is None else file.read()
                found[name] = np.frombuffer(body, np.uint8).reshape(-1, record)
    except DAMAGED as error:
        raise damaged(path, error) from error
    missing = [name for name in names if name not in found]
    if missing:
        raise DataFileError(f"{path} does not contain {', '.join(missing)}.")
    return np.concatenate([found[name] for name in names])


def damaged(path: Path, error: BaseException) -> DataFileError:
    """Say that an archive cannot be read; keep an error that says it already."""
    if isinstance(error, DataFileError):
        return error
    return DataFileError(f"{path} is damaged ({type(error).__name__}: {error}); delete it.")
