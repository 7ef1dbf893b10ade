"""Files of weights in the safetensors format: no code is ever run by reading one.

References
----------
The format: 8 bytes with the length of the header, a header in JSON, the bytes of the arrays.
https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import AutogradError, DtypeError, describe
from nnkit.module import Module

__all__ = ["FileError", "load", "load_metadata", "save"]

Array = NDArray[Any]
StrPath = str | os.PathLike[str]

DTYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "I32": np.int32,
    "I16": np.int16,
    "I8": np.int8,
    "U64": np.uint64,
    "U32": np.uint32,
    "U16": np.uint16,
    "U8": np.uint8,
    "BOOL": np.bool_,
}
MOST_ENTRIES = 1_000_000
MOST_HEADER_BYTES = 100_000_000  # the limit of the format
STALE_AFTER = 60.0  # seconds


class FileError(AutogradError, ValueError):
    """A file that is not what it should be."""


# --- writing --------------------------------------------------------------------------------------


def save(
    state: Mapping[str, Any] | Module, path: StrPath, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a state dict to a safetensors file.

    The file appears as a whole or not at all: it is written under another name, forced to the
    disk and renamed, so an earlier file of this name survives whatever happens meanwhile.

    Parameters
    ----------
    state : mapping of str to array_like, or Module
        A module stands for its `state_dict()`.
    path : str or path
        Usually ending in ``.safetensors``.
    metadata : mapping of str to str, optional
        Anything to remember with it; `load_metadata` reads it.

    Raises
    ------
    DtypeError
        If something is no array of numbers, or the metadata are not strings.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> save({"weight": np.eye(2)}, path, metadata={"epoch": "3"})
    >>> load(path)["weight"]
    array([[1., 0.],
           [0., 1.]])
    >>> load_metadata(path)
    {'epoch': '3'}
    """
    from safetensors.numpy import save as to_bytes  # late: it costs a part of the import budget

    if isinstance(state, Module):
        state = state.state_dict()
    if not isinstance(state, Mapping):
        raise DtypeError(
            f"save needs a module or a dict of names and arrays, got {describe(state)}: "
            f"save(model, path), or save(model.state_dict(), path)."
        )
    arrays = {checked_name(name): own_copy(name, value) for name, value in state.items()}
    for key, text in (metadata or {}).items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise DtypeError(f"save: metadata are strings, but {key!r} is {describe(text)}.")
    write_whole(Path(path), to_bytes(arrays, dict(metadata) if metadata else None))


def checked_name(name: Any) -> str:
    """Refuse what is no name of an entry."""
    if not isinstance(name, str) or name == "__metadata__":
        raise DtypeError(f"save: names of arrays are strings, got {name!r}.")
    return name


def own_copy(name: str, value: Any) -> Array:
    """Copy an entry into memory of its own, in C order.

    safetensors 0.8.0 takes the memory of an array as it lies: of a transposed or strided one it
    writes the wrong numbers, of one with negative strides memory that is not the array's.
    """
    try:
        array = np.array(raw(value), order="C", copy=True)
    except ValueError:
        raise DtypeError(f"save: {name!r} is no array: {describe(value)}.") from None
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype not in [np.dtype(d) for d in DTYPES.values()]:
        raise DtypeError(
            f"save: {name!r} is {describe(value)}, of a dtype that the format does not know. It "
            f"holds real numbers and booleans of up to 64 bits."
        )
    return array


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name always stands for a complete one."""
    sweep(path)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the rename, too, is to survive a power failure
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sweep(path: Path, older_than: float = STALE_AFTER) -> None:
    """Remove what processes that were killed while saving left behind, if it is so many seconds
    old.
    """
    for stale in path.parent.glob(f".{glob_safe(path.name)}.????????.tmp"):
        try:
            if time.time() - stale.stat().st_mtime >= older_than:
                stale.unlink()
        except OSError:
            pass  # somebody else was faster, or it is not ours to remove


def glob_safe(name: str) -> str:
    """Write a name so that a pattern takes its characters literally."""
    import glob

    return glob.escape(name)


# --- reading --------------------------------------------------------------------------------------


def load(path: StrPath) -> dict[str, Array]:
    """Read a safetensors file.

    Parameters
    ----------
    path : str or path
        Written by `save`, by PyTorch, or by any other program that writes the format.

    Returns
    -------
    dict of str to ndarray
        BF16 entries become float32, which holds all their values.

    Raises
    ------
    FileError
        If the file is damaged or no safetensors file.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import nnkit as nn, os, tempfile
    >>> model = nn.Linear(3, 2)
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> save(model, path)
    >>> nn.Linear(3, 2).load_state_dict(load(path))
    KeysReport(missing_keys=[], unexpected_keys=[])
    """
    content = read_file(path)
    header, start = parse_header(content, path)
    header.pop("__metadata__", None)
    check_layout(header, len(content) - start, path)
    return {name: decoded(entry, content, start) for name, entry in header.items()}


def load_metadata(path: StrPath) -> dict[str, str]:
    """Return the metadata of a safetensors file, without reading its arrays.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict of str to str
        Empty if the file has none.

    Raises
    ------
    FileError
        If the file is damaged or no safetensors file.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save({"bias": np.zeros(2)}, path, metadata={"accuracy": "0.97"})
    >>> load_metadata(path)
    {'accuracy': '0.97'}
    """
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        file.seek(0)
        content = file.read(8 + min(size, MOST_HEADER_BYTES))
    return dict(parse_header(content, path)[0].get("__metadata__", {}))


def read_file(path: StrPath) -> bytes:
    """Read a file whole; say so where there is none."""
    if isinstance(path, (Mapping, Module, Tensor, np.ndarray)):
        raise DtypeError(f"load needs the path of a file, got {describe(path)}.")
    return Path(path).read_bytes()


def parse_header(content: bytes, path: StrPath) -> tuple[dict[str, Any], int]:
    """Read the header; return it, and where the bytes of the arrays begin."""
    size = int.from_bytes(content[:8], "little")
    if size > min(len(content) - 8, MOST_HEADER_BYTES):
        raise FileError(
            f"{path} is no complete safetensors file: it may be cut off, or be a file of another "
            f"kind (such as .pt or .npz)."
        )
    try:
        if content[8:9] != b"{":
            raise ValueError("it does not begin with {")
        header = json.loads(content[8 : 8 + size].decode("utf-8"), object_pairs_hook=without_twins)
    except (ValueError, RecursionError) as error:
        raise FileError(
            f"{path} is no safetensors file: its header is damaged ({error})."
        ) from None
    if not isinstance(header, dict) or len(header) > MOST_ENTRIES:
        raise FileError(f"{path} is no safetensors file: its header is no table of arrays.")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise FileError(f"{path}: its metadata are not a table of strings.")
    return header, 8 + size


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice: two programs could read two different models."""
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twin!r} is there twice")
    return table


def check_layout(header: dict[str, Any], size: int, path: StrPath) -> None:
    """Check each entry, and that together they cover the bytes without gap or overlap."""
    spans = []
    for name, entry in header.items():
        try:
            kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            width = 2 if kind == "BF16" else np.dtype(DTYPES[kind]).itemsize
            whole = all(type(n) is int and n >= 0 for n in (*shape, begin, end))
        except (KeyError, TypeError, ValueError):
            raise FileError(
                f"{path}: its entry {name!r} is damaged or of a dtype that is not known: "
                f"{str(entry)[:80]}."
            ) from None
        count = 1
        for n in shape if whole else ():
            count *= n
        if not whole or count * width != end - begin:
            raise FileError(
                f"{path}: its entry {name!r} says shape {shape} and dtype {kind}, which does not "
                f"fit the {end} - {begin} bytes it claims."
            )
        spans.append((begin, end))
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            raise FileError(f"{path}: its arrays overlap or leave a gap at byte {at}.")
        at = end
    if at != size:
        raise FileError(f"{path}: it holds {size} bytes of arrays, its header describes {at}.")


def decoded(entry: dict[str, Any], content: bytes, start: int) -> Array:
    """Make an array of one entry."""
    begin, end = entry["data_offsets"]
    memory = memoryview(content)[start + begin : start + end]
    if entry["dtype"] == "BF16":  # the upper half of a float32
        upper = np.frombuffer(memory, "<u2").astype(np.uint32)
        flat: Array = (upper << 16).view(np.float32)
    else:
        flat = np.frombuffer(memory, np.dtype(DTYPES[entry["dtype"]]).newbyteorder("<"))
        flat = flat.astype(flat.dtype.newbyteorder("="))  # a copy: writable, and aligned
    return flat.reshape(entry["shape"])
