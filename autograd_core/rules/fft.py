"""Discrete Fourier transforms. All are linear, and nearly their own adjoints.

The matrix of `fft` is symmetric, F[k, j] = exp(-2 pi i k j / n), so its transpose is `fft` again.
The real transforms see one half of a symmetric spectrum, in which an entry stands for itself and
for its mirror image: adjoint are `rfft` and `hfft` (forward), `irfft` and `ihfft` (inverse), up to
that factor 2. All hold for each `norm`, which scales by a number. A transform of length n cuts
its operand or fills it up with zeros; the adjoint fills up or cuts. (C. Van Loan 1992,
"Computational Frameworks for the Fast Fourier Transform", section 1.1 and 4.3.)
"""

import numpy as np

from ..batch import all_axes, along_axis, batching, shifted
from ..composed import composed
from ..errors import ShapeError
from ..kernels import getitem, scatter
from ..table import constant, linear


def fit(g, length, axis):
    """Cut an axis to a length, or fill it up with zeros."""
    have = g.shape[axis]
    if have == length:
        return g
    before = (slice(None),) * (axis % g.ndim)
    if have > length:
        return getitem(g, (*before, slice(length)))
    shape = tuple(length if i == axis % g.ndim else m for i, m in enumerate(g.shape))
    return scatter(g, (*before, slice(have)), shape)


def mirrored(n, axis, g):
    """How often entry k of half a spectrum occurs in the whole: 2, but 1 for k = 0 and k = n/2."""
    k = np.arange(n // 2 + 1)
    times = np.where((k == 0) | (2 * k == n), 1, 2).astype(np.finfo(g.dtype).dtype)
    return times.reshape(tuple(-1 if i == axis % g.ndim else 1 for i in range(g.ndim)))


def fft_adjoint(g, x, *, n=None, axis=-1, norm=None):
    """F^T g = F g."""
    return fit(np.fft.fft(g, None, axis, norm), x.shape[axis], axis)


def ifft_adjoint(g, x, *, n=None, axis=-1, norm=None):
    """F is symmetric, and so is its inverse."""
    return fit(np.fft.ifft(g, None, axis, norm), x.shape[axis], axis)


def rfft_adjoint(g, x, *, n=None, axis=-1, norm=None):
    """Re(F^T g) with g as one half of a spectrum; `hfft` counts the mirrored entries twice."""
    n = x.shape[axis] if n is None else n
    return fit(np.fft.hfft(g / mirrored(n, axis, g), n, axis, norm), x.shape[axis], axis)


def hfft_adjoint(g, x, *, n=None, axis=-1, norm=None):
    """Each entry but the first and the middle one is used twice."""
    n = g.shape[axis]
    y = np.fft.rfft(g, n, axis, norm)
    return fit(y * mirrored(n, axis, y), x.shape[axis], axis)


def irfft_adjoint(g, x, *, n=None, axis=-1, norm=None):
    """Each entry but the first and the middle one is used twice."""
    n = g.shape[axis]
    y = np.fft.ihfft(g, n, axis, norm)
    return fit(y * mirrored(n, axis, y), x.shape[axis], axis)


def ihfft_adjoint(g, x, *, n=None, axis=-1, norm=None):
    """`irfft` counts the mirrored entries twice."""
    n = x.shape[axis] if n is None else n
    return fit(np.fft.irfft(g / mirrored(n, axis, g), n, axis, norm), x.shape[axis], axis)


linear(np.fft.fft, fft_adjoint)
linear(np.fft.ifft, ifft_adjoint)
linear(np.fft.rfft, rfft_adjoint)
linear(np.fft.irfft, irfft_adjoint)
linear(np.fft.hfft, hfft_adjoint)
linear(np.fft.ihfft, ihfft_adjoint)
batching(along_axis(-1), np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)
batching(along_axis(-1), np.fft.hfft, np.fft.ihfft)


# --- several axes, one after the other ------------------------------------------------------------


def steps(a, s, axes):
    """Return (length, axis) for each axis to transform; the length None is the axis' own."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    if s is None:
        return [(None, axis) for axis in axes]
    if len(s) != len(axes):
        raise ShapeError(f"a Fourier transform got s={s} for axes={axes}: one length for each")
    return [(a.shape[i] if n == -1 else n, i) for n, i in zip(s, axes, strict=True)]


def on_each_axis(transform, axes):
    """Compose `fftn` (or `ifftn`) of `fft`, from the last axis to the first."""

    def composition(a, s=None, axes=axes, norm=None):
        for n, axis in reversed(steps(a, s, axes)):
            a = transform(a, n, axis, norm)
        return a

    return composition


def real_to_spectrum(axes):
    """Compose `rfftn` of `rfft` on the last axis, then `fft` on the others."""

    def composition(a, s=None, axes=axes, norm=None):
        *others, (n, axis) = steps(a, s, axes)
        a = np.fft.rfft(a, n, axis, norm)
        for n, axis in reversed(others):
            a = np.fft.fft(a, n, axis, norm)
        return a

    return composition


def spectrum_to_real(axes):
    """Compose `irfftn` of `ifft` on the other axes, then `irfft` on the last."""

    def composition(a, s=None, axes=axes, norm=None):
        *others, (n, axis) = steps(a, s, axes)
        for m, other in others:
            a = np.fft.ifft(a, m, other, norm)
        return np.fft.irfft(a, n, axis, norm)

    return composition


composed(np.fft.fftn, on_each_axis(np.fft.fft, None))
composed(np.fft.ifftn, on_each_axis(np.fft.ifft, None))
composed(np.fft.rfftn, real_to_spectrum(None))
composed(np.fft.irfftn, spectrum_to_real(None))
composed(np.fft.fft2, on_each_axis(np.fft.fft, (-2, -1)))
composed(np.fft.ifft2, on_each_axis(np.fft.ifft, (-2, -1)))
composed(np.fft.rfft2, real_to_spectrum((-2, -1)))
composed(np.fft.irfft2, spectrum_to_real((-2, -1)))

# --- shifts ---------------------------------------------------------------------------------------


def shift_back(g, x, *, axes=None):
    """Undo `fftshift`."""
    return np.fft.ifftshift(g, axes)


def shift(g, x, *, axes=None):
    """Undo `ifftshift`."""
    return np.fft.fftshift(g, axes)


def shift_batch(call, values, _mapped, settings):
    """Leave the hidden axis where it is."""
    axes = settings.get("axes")
    axes = all_axes(values[0]) if axes is None else shifted(axes)
    return call(values, {"axes": axes})


linear(np.fft.fftshift, shift_back)
linear(np.fft.ifftshift, shift)
batching(shift_batch, np.fft.fftshift, np.fft.ifftshift)
constant(np.fft.fftfreq, np.fft.rfftfreq)
