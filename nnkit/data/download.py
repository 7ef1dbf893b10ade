"""Downloads: fetch a file once, check that it is the right one, and keep it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from urllib.parse import urlsplit

from autograd_core.errors import ArgumentError, AutogradError

__all__ = ["DataFileError", "fetch", "load_text"]

TINY_SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)


class DataFileError(AutogradError, OSError):
    """A data file that cannot be fetched, or is not what it should be."""


def fetch(
    url: str, sha256: str, path: str, folder: str | Path | None = None, progress: bool = True
) -> Path:
    """Return a local copy of a file; download it unless it is there with the right checksum.

    Parameters
    ----------
    url : str
        Of the kind http or https.
    sha256 : str
        Checksum, 64 hexadecimal digits. A file with another one is not kept.
    path : str
        Where to put it in `folder`.
    folder : path, optional
        By default what the environment variable NNKIT_DATA says, or else the folder of the system
        for files that can be fetched again.
    progress : bool, default True
        Show a bar while downloading, if tqdm is installed.

    Raises
    ------
    DataFileError
        If the file cannot be fetched, or has another checksum.
    ImportError
        If pooch is not installed.
    """
    try:
        import pooch
    except ImportError as error:
        raise ImportError("downloads need pooch: pip install 'nnkit[datasets]'.") from error
    from requests.exceptions import RequestException

    where = Path(folder or os.environ.get("NNKIT_DATA") or pooch.os_cache("nnkit")) / path
    where = where.expanduser().absolute()
    bar = progress and importlib.util.find_spec("tqdm") is not None
    try:
        pooch.retrieve(
            url,
            f"sha256:{sha256}",
            where.name,
            where.parent,
            downloader=pooch.HTTPDownloader(progressbar=bar),
        )
    except RequestException as error:
        raise DataFileError(
            f"{url} cannot be fetched ({type(error).__name__}). Check the network, or download the "
            f"file elsewhere and put it at {where}: it is found there and needs no network."
        ) from error
    except ValueError as error:  # what pooch raises for a checksum
        raise DataFileError(
            f"what came from {url} is not the file expected: its checksum (SHA-256) is not "
            f"{sha256}. It was not kept. Try again; if it stays so, the file was changed, or a "
            f"log-in page of the network answered."
        ) from error
    return where


def load_text(
    url: str | None = None,
    sha256: str | None = None,
    *,
    encoding: str = "utf-8",
    folder: str | Path | None = None,
    progress: bool = True,
) -> str:
    """Load a text file, downloaded once.

    Parameters
    ----------
    url : str, optional
        By default Tiny Shakespeare: 1,115,394 characters of plays, 65 different ones.
    sha256 : str, optional
        Checksum of the file, 64 hexadecimal digits; needed with a `url`.
    encoding : str, default "utf-8"
    folder : path, optional
        Where downloads are kept: by default the environment variable NNKIT_DATA, or else the
        folder of the system for files that can be fetched again.
    progress : bool, default True
        Show a bar while downloading, if tqdm is installed.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError
        If `url` is not one of http or https, or comes without a checksum.
    DataFileError
        If the file cannot be fetched, has another checksum, or another encoding.
    ImportError
        If pooch is not installed.

    References
    ----------
    A. Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015.

    Examples
    --------
    >>> text = load_text()  # doctest: +SKIP
    >>> text[:14]  # doctest: +SKIP
    'First Citizen:'
    """
    if url is None:
        url, sha256 = TINY_SHAKESPEARE
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ArgumentError(
            f"load_text: the url begins with http:// or https://, got {url!r}. A file on this "
            f"machine is read by open(path).read()."
        )
    digits = (sha256 or "").lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise ArgumentError(
            f"load_text: give the checksum of {url} as sha256, 64 hexadecimal digits (sha256sum "
            f"prints it); got {sha256!r}."
        )
    name = f"text/{digits[:16]}-{Path(parts.path).name or 'file'}"
    file = fetch(url, digits, name, folder, progress)
    try:
        return file.read_text(encoding=encoding)
    except UnicodeDecodeError as error:
        raise DataFileError(f"{url} is not text in {encoding}: {error}.") from error
