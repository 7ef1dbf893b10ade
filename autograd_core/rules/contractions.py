"""Products that sum over a shared index; all are bilinear. Capitals are matrices, k the summed
index. Batch axes that were broadcast are summed by the engine.
"""

import numpy as np

from ..composed import composed
from ..errors import ShapeError
from ..table import bilinear, existing


def matmul_adjoint_left(g, A, B):
    """DC = dA B, so A receives g B^T. A vector is a matrix of one row (A) or one column (B)."""
    if B.ndim == 1:
        return g * B if A.ndim == 1 else g[..., None] * B
    if A.ndim == 1:
        return np.matmul(B, g) if g.ndim == 1 else np.matmul(B, g[..., None])[..., 0]
    return np.matmul(g, B.swapaxes(-1, -2))


def matmul_adjoint_right(g, A, B):
    """DC = A dB, so B receives A^T g."""
    if A.ndim == 1:
        return g * A if B.ndim == 1 else A[:, None] * g[..., None, :]
    if B.ndim == 1 and A.ndim == 2:
        return np.dot(g, A)
    if B.ndim == 1:
        turned = A.swapaxes(-1, -2)
        return np.matmul(turned, g) if g.ndim == 1 else np.matmul(turned, g[..., None])[..., 0]
    return np.matmul(A.swapaxes(-1, -2), g)


bilinear(np.matmul, matmul_adjoint_left, matmul_adjoint_right)


def dot_adjoint_left(g, A, B):
    """As matmul for vectors and matrices; else sum g B over all axes of B but k."""
    if A.ndim == 0 or np.ndim(B) == 0:
        return g * B
    if A.ndim <= 2 and B.ndim <= 2:
        return matmul_adjoint_left(g, A, B)
    others = [i for i in range(B.ndim) if i != max(B.ndim - 2, 0)]
    last = list(range(g.ndim - len(others), g.ndim))
    return np.tensordot(g, B, axes=(last, others))


def dot_adjoint_right(g, A, B):
    """As matmul for vectors and matrices; else sum A g over all axes of A but k."""
    if np.ndim(A) == 0 or B.ndim == 0:
        return A * g
    if A.ndim == 2 and B.ndim == 1:
        return np.dot(g, A)
    if A.ndim <= 2 and B.ndim <= 2:
        return matmul_adjoint_right(g, A, B)
    others = list(range(A.ndim - 1))
    result = np.tensordot(A, g, axes=(others, others))
    return np.moveaxis(result, 0, max(B.ndim - 2, 0))


bilinear(np.dot, dot_adjoint_left, dot_adjoint_right)
bilinear(
    np.outer,
    lambda g, a, b: np.matmul(g, np.ravel(b)).reshape(a.shape),
    lambda g, a, b: np.matmul(np.ravel(a), g).reshape(b.shape),
)


def tensordot_axes(axes, A, B):
    """Write the `axes` of tensordot as two lists of non-negative axes."""
    if np.ndim(axes) == 0 and not isinstance(axes, tuple):
        return list(range(np.ndim(A) - axes, np.ndim(A))), list(range(axes))
    left, right = ([i] if np.ndim(i) == 0 else list(i) for i in axes)
    return [i % A.ndim for i in left], [i % B.ndim for i in right]


def tensordot_adjoint_left(g, A, B, *, axes=2):
    """Sum g B over the axes of B that survived, then put A's axes in order."""
    summed_a, summed_b = tensordot_axes(axes, A, B)
    kept_a = [i for i in range(A.ndim) if i not in summed_a]
    kept_b = [i for i in range(np.ndim(B)) if i not in summed_b]
    result = np.tensordot(g, B, axes=(list(range(len(kept_a), g.ndim)), kept_b))
    order = kept_a + [summed_a[i] for i in np.argsort(summed_b).tolist()]
    return result.transpose(*np.argsort(order).tolist())


def tensordot_adjoint_right(g, A, B, *, axes=2):
    """Sum A g over the axes of A that survived, then put B's axes in order."""
    summed_a, summed_b = tensordot_axes(axes, A, B)
    kept_a = [i for i in range(np.ndim(A)) if i not in summed_a]
    kept_b = [i for i in range(B.ndim) if i not in summed_b]
    result = np.tensordot(A, g, axes=(kept_a, list(range(len(kept_a)))))
    order = [summed_b[i] for i in np.argsort(summed_a).tolist()] + kept_b
    return result.transpose(*np.argsort(order).tolist())


bilinear(np.tensordot, tensordot_adjoint_left, tensordot_adjoint_right)


def inner_adjoint_left(g, A, B):
    """Sum g B over the axes of B but the last, which is k."""
    if A.ndim == 0 or np.ndim(B) == 0:
        return g * B
    others = list(range(B.ndim - 1))
    return np.tensordot(g, B, axes=(list(range(A.ndim - 1, g.ndim)), others))


def inner_adjoint_right(g, A, B):
    """Sum g A over the axes of A but the last, which is k."""
    if np.ndim(A) == 0 or B.ndim == 0:
        return g * A
    others = list(range(A.ndim - 1))
    return np.tensordot(g, A, axes=(others, others))


bilinear(np.inner, inner_adjoint_left, inner_adjoint_right)


# --- vectors and matrices -------------------------------------------------------------------------


def vdot(a, b):
    """Conjugate the first operand, and flatten both."""
    return np.dot(a.conj().ravel(), b.ravel())


def need_axes(name, *given):
    """Refuse operands with fewer axes than they must have: NumPy's own products count them."""
    for x, least in given:
        if x.ndim < least:
            raise ShapeError(f"np.{name} takes {least} axes or more here, got shape {x.shape}")


def vecdot(x1, x2, axis=-1):
    """Conjugate the first operand, and sum over one axis."""
    need_axes("vecdot", (x1, 1), (x2, 1))
    a, b = np.moveaxis(x1.conj(), axis, -1), np.moveaxis(x2, axis, -1)
    return np.matmul(a[..., None, :], b[..., None])[..., 0, 0]


def matvec(x1, x2):
    """Matrix times vector."""
    need_axes("matvec", (x1, 2), (x2, 1))
    return np.matmul(x1, x2[..., None])[..., 0]


def vecmat(x1, x2):
    """Conjugate of a vector times matrix."""
    need_axes("vecmat", (x1, 1), (x2, 2))
    return np.matmul(x1.conj()[..., None, :], x2)[..., 0, :]


composed(np.vdot, vdot, ("a", "b"))
composed(np.vecdot, vecdot, ("x1", "x2"))
for f in existing("matvec"):
    composed(f, matvec, ("x1", "x2"))
for f in existing("vecmat"):
    composed(f, vecmat, ("x1", "x2"))


def kron(a, b):
    """Each element of a times the whole of b."""
    ndim = max(a.ndim, b.ndim)
    outer = (1,) * (ndim - a.ndim) + a.shape
    inner = (1,) * (ndim - b.ndim) + b.shape
    blocks = a.reshape([n for pair in zip(outer, [1] * ndim, strict=True) for n in pair])
    tile = b.reshape([n for pair in zip([1] * ndim, inner, strict=True) for n in pair])
    return (blocks * tile).reshape([n * m for n, m in zip(outer, inner, strict=True)])


composed(np.kron, kron, ("a", "b"))


def in_space(v):
    """Give a vector in the plane a third component, 0."""
    if v.shape[-1] == 3:
        return v
    return np.concatenate([v, np.zeros_like(v[..., :1])], axis=-1)


def cross_left(g, a, b):
    """As g . (a x b) = a . (b x g); of two vectors in the plane, a_0 b_1 - a_1 b_0 is left."""
    if a.shape[-1] == b.shape[-1] == 2:
        return g[..., None] * np.stack([b[..., 1], -b[..., 0]], axis=-1)
    return np.cross(in_space(b), g)[..., : a.shape[-1]]


def cross_right(g, a, b):
    """As g . (a x b) = b . (g x a), and a x b = -b x a."""
    return -cross_left(g, b, a)


bilinear(np.cross, cross_left, cross_right)


def cross_along(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Bring the axis of the vectors to the end, and back."""
    if axis is not None:
        axisa, axisb, axisc = axis, axis, axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    product = np.cross(a, b)
    if a.shape[-1] == b.shape[-1] == 2:  # then it is a number
        return product
    return np.moveaxis(product, -1, axisc)


composed(np.cross, cross_along, ("a", "b"))


# --- convolutions ---------------------------------------------------------------------------------


def full_cotangent(g, a, v, mode):
    """Put zeros where the mode "same" has cut off the ends of the full convolution."""
    if mode == "full":
        return g
    before = (min(np.size(a), np.size(v)) - 1) // 2
    return np.pad(g, (before, np.size(a) + np.size(v) - 1 - before - g.size))


def convolve_adjoint(g, a, v, mode):
    """As y_k = sum a_i v_(k-i), a_i receives sum g_k v_(k-i): a convolution with v reversed."""
    if mode == "valid":
        return np.convolve(g, np.flip(v), "full" if np.size(a) >= np.size(v) else "valid")
    return np.convolve(full_cotangent(g, a, v, mode), np.flip(v), "valid")


def convolve_left(g, a, v, *, mode="full"):
    """The share of a."""
    return convolve_adjoint(g, a, v, mode)


def convolve_right(g, a, v, *, mode="full"):
    """The share of v: a convolution does not mind the order of its operands."""
    return convolve_adjoint(g, v, a, mode)


bilinear(np.convolve, convolve_left, convolve_right)


def correlate(a, v, mode="valid"):
    """A convolution with v conjugated and reversed; in NumPy the longer operand stands still."""
    if a.size >= v.size:
        return np.convolve(a, np.flip(v).conj(), mode)
    return np.flip(np.convolve(v.conj(), np.flip(a), mode))


composed(np.correlate, correlate, ("a", "v"))
