"""Getting values out of a Tensor, and in: to Python, to NumPy, to and from other libraries (DLPack,
the array API standard). None of these doors drops a gradient without a word.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .dispatch import Layered, raw, trace_of
from .errors import ConversionError, DtypeError, ShapeError, describe
from .live import given_away

__all__ = ["Interchange", "from_dlpack", "values_of"]


class Interchange:
    """The part of a Tensor that gives values away."""

    __slots__ = ()

    shape: tuple[int, ...]
    dtype: Any
    size: Any
    _value: Any
    _trace: Any

    def numpy(self) -> np.ndarray:
        """Return the values as a plain array; memory is shared.

        Raises
        ------
        ConversionError
            If operations on this Tensor are recorded: write `.detach().numpy()`.
        """
        plain = trace_of(self) is None and type(self._value) is np.ndarray
        return given_away(self._value) if plain else np.asarray(self)

    # to Python
    def item(self, *place: Any) -> Any:
        """Return the one value as a Python number, or the one at a place: `x.item(0, 2)`."""
        if not place and self.size != 1:
            raise ShapeError(f".item() needs exactly one value, got {describe(self)}")
        return given_away(values_of(self)).item(*place)

    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
        return given_away(values_of(self)).tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the memory of the values as bytes."""
        return bytes(given_away(values_of(self)).tobytes(order))

    def tofile(self, *args: Any, **kwargs: Any) -> None:
        """Write the values into a file, as `ndarray.tofile`."""
        values_of(self).tofile(*args, **kwargs)

    def _number(self, kind: type) -> Any:
        if trace_of(self) is not None:
            raise ConversionError(
                f"{kind.__name__}() of a Tensor that is being differentiated would drop its "
                f"gradient. To read the value write x.item(). In a calculation use NumPy's "
                f"functions (np.sin, not math.sin). To fill a buffer, let the buffer be a Tensor: "
                f"tensor(np.zeros(3))."
            )
        return kind(self.item())

    def __float__(self) -> float:
        return float(self._number(float))

    def __int__(self) -> int:
        return int(self._number(int))

    def __complex__(self) -> complex:
        return complex(self._number(complex))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.shape:
            raise DtypeError(f"an index is one whole number, got {describe(self)}")
        return int(self._number(int))

    def __bool__(self) -> bool:
        return bool(given_away(raw(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((given_away(values_of(self)) == raw(value)).any())

    # to other libraries
    def __array_namespace__(self, api_version: str | None = None) -> Any:
        """Return the functions of the array API standard: `autograd_core.numpy`.

        Raises
        ------
        ValueError
            If NumPy does not know this version of the standard ("2024.12").
        """
        known: Any = np.empty(0)
        known.__array_namespace__(api_version=api_version)
        from . import numpy

        return numpy

    def __dlpack_device__(self) -> tuple[int, int]:
        """Say where the values are: (1, 0) is the main memory."""
        return 1, 0

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """Give the memory to another library: `np.from_dlpack(x)`, `torch.from_dlpack(x)`.

        What is given out is watched as after `.numpy()`: a graph that has saved the values, and
        finds them changed, refuses to calculate a wrong gradient from them.

        Parameters
        ----------
        stream : None
            There are no streams in main memory.
        max_version : tuple of int, optional
            The newest version of DLPack that the caller understands.
        dl_device : tuple of int, optional
            Where the caller wants the values: (1, 0).
        copy : bool, optional
            True: memory of its own. False: never. Default: only if there is no other way.

        Raises
        ------
        ConversionError
            If operations on this Tensor are recorded: write `x.detach()`. It is a BufferError.
        """
        values_of(self)
        if self._trace is not None:
            raise ConversionError(
                f"giving the memory of {describe(self)} to another library would drop its "
                f"gradient. Write from_dlpack(x.detach()) if that is meant."
            )
        x = np.asarray(self)
        if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
            return x.__dlpack__(
                stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
            )
        if dl_device not in (None, (1, 0)):
            raise ConversionError(f"arrays are in main memory, device (1, 0), not {dl_device}")
        return (x.copy() if copy else x).__dlpack__(stream=stream)


def values_of(x: Any) -> Any:
    """Return the plain values of a Tensor; refuse where they are many at once, as under vmap."""
    value: Any = raw(x)
    if isinstance(value, Layered):
        value._refuse()  # type: ignore[attr-defined]
    return value


def from_dlpack(x: Any, *, device: Any = None, copy: bool | None = None) -> Layered:
    """Make a Tensor of another library's array, as `numpy.from_dlpack`; memory is shared.

    Parameters
    ----------
    x : object with `__dlpack__`
        An array of NumPy, PyTorch, JAX, CuPy (on the CPU) ...
    device : str, optional
        "cpu" is the only one.
    copy : bool, optional
        True: memory of its own. Default: only if there is no other way. (NumPy 2.1 or newer.)

    Raises
    ------
    BufferError
        If the other library cannot give its memory away.

    Examples
    --------
    >>> import numpy as np
    >>> from_dlpack(np.array([1.0, 2.0])).requires_grad_()
    Tensor([1., 2.], requires_grad=True)
    """
    wishes = {k: v for k, v in {"device": device, "copy": copy}.items() if v is not None}
    tensor: Layered = Layered.result(np.from_dlpack(x, **wishes), None)
    return tensor
