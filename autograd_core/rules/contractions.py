"""Products that sum over a shared index; all are bilinear. Capitals are matrices, k the summed
index. Batch axes that were broadcast are summed by the engine.
"""

import numpy as np

from ..table import bilinear


def matmul_adjoint_left(g, A, B):
    """DC = dA B, so A receives g B^T. A vector is a matrix of one row (A) or one column (B)."""
    if B.ndim == 1:
        return g * B if A.ndim == 1 else g[..., None] * B
    if A.ndim == 1:
        return np.matmul(B, g[..., None])[..., 0]
    return np.matmul(g, B.swapaxes(-1, -2))


def matmul_adjoint_right(g, A, B):
    """DC = A dB, so B receives A^T g."""
    if A.ndim == 1:
        return g * A if B.ndim == 1 else A[:, None] * g[..., None, :]
    if B.ndim == 1:
        return np.matmul(A.swapaxes(-1, -2), g[..., None])[..., 0]
    return np.matmul(A.swapaxes(-1, -2), g)


bilinear(np.matmul, matmul_adjoint_left, matmul_adjoint_right)


def dot_adjoint_left(g, A, B):
    """As matmul for vectors and matrices; else sum g B over all axes of B but k."""
    if A.ndim == 0 or B.ndim == 0:
        return g * B
    if A.ndim <= 2 and B.ndim <= 2:
        return matmul_adjoint_left(g, A, B)
    others = [i for i in range(B.ndim) if i != max(B.ndim - 2, 0)]
    last = list(range(g.ndim - len(others), g.ndim))
    return np.tensordot(g, B, axes=(last, others))


def dot_adjoint_right(g, A, B):
    """As matmul for vectors and matrices; else sum A g over all axes of A but k."""
    if A.ndim == 0 or B.ndim == 0:
        return A * g
    if A.ndim <= 2 and B.ndim <= 2:
        return matmul_adjoint_right(g, A, B)
    others = list(range(A.ndim - 1))
    result = np.tensordot(A, g, axes=(others, others))
    return np.moveaxis(result, 0, max(B.ndim - 2, 0))


bilinear(np.dot, dot_adjoint_left, dot_adjoint_right)
bilinear(
    np.outer,
    lambda g, a, b: np.matmul(g, b.ravel()).reshape(a.shape),
    lambda g, a, b: np.matmul(a.ravel(), g).reshape(b.shape),
)


def tensordot_axes(axes, A, B):
    """Write the `axes` of tensordot as two lists of non-negative axes."""
    if isinstance(axes, int):
        return list(range(A.ndim - axes, A.ndim)), list(range(axes))
    left, right = ([i] if isinstance(i, int) else list(i) for i in axes)
    return [i % A.ndim for i in left], [i % B.ndim for i in right]


def tensordot_adjoint_left(g, A, B, *, axes=2):
    """Sum g B over the axes of B that survived, then put A's axes in order."""
    summed_a, summed_b = tensordot_axes(axes, A, B)
    kept_a = [i for i in range(A.ndim) if i not in summed_a]
    kept_b = [i for i in range(B.ndim) if i not in summed_b]
    result = np.tensordot(g, B, axes=(list(range(len(kept_a), g.ndim)), kept_b))
    order = kept_a + [summed_a[i] for i in np.argsort(summed_b).tolist()]
    return result.transpose(*np.argsort(order).tolist())


def tensordot_adjoint_right(g, A, B, *, axes=2):
    """Sum A g over the axes of A that survived, then put B's axes in order."""
    summed_a, summed_b = tensordot_axes(axes, A, B)
    kept_a = [i for i in range(A.ndim) if i not in summed_a]
    kept_b = [i for i in range(B.ndim) if i not in summed_b]
    result = np.tensordot(A, g, axes=(kept_a, list(range(len(kept_a)))))
    order = [summed_b[i] for i in np.argsort(summed_a).tolist()] + kept_b
    return result.transpose(*np.argsort(order).tolist())


bilinear(np.tensordot, tensordot_adjoint_left, tensordot_adjoint_right)


def inner_adjoint_left(g, A, B):
    """Sum g B over the axes of B but the last, which is k."""
    if A.ndim == 0 or B.ndim == 0:
        return g * B
    others = list(range(B.ndim - 1))
    return np.tensordot(g, B, axes=(list(range(A.ndim - 1, g.ndim)), others))


def inner_adjoint_right(g, A, B):
    """Sum g A over the axes of A but the last, which is k."""
    if A.ndim == 0 or B.ndim == 0:
        return g * A
    others = list(range(A.ndim - 1))
    return np.tensordot(g, A, axes=(others, others))


bilinear(np.inner, inner_adjoint_left, inner_adjoint_right)
