"""Small calculations with matrices that several families of rules share.

A matrix is the last two axes of an array, and all axes before them are a batch.
"""

import numpy as np


def T(A):  # noqa: N802 (as in the formulas)
    """Transpose."""
    return A.swapaxes(-1, -2)


def H(A):  # noqa: N802 (as in the formulas)
    """Conjugate transpose."""
    return A.swapaxes(-1, -2).conj()


def identity(A):
    """Return the identity with as many columns as A."""
    return np.eye(A.shape[-1], dtype=A.dtype)


def diagonal(A):
    """Return the diagonal as a vector."""
    return np.diagonal(A, axis1=-2, axis2=-1)


def diagonal_matrix(d):
    """Return the matrix with the vector d on its diagonal."""
    return d[..., None] * np.eye(d.shape[-1], dtype=d.dtype)


def refuse_vectors(name, A):
    """Refuse what has no two axes, with NumPy's error."""
    if A.ndim < 2:
        raise np.linalg.LinAlgError(
            f"np.linalg.{name} takes a matrix or a stack of them, got shape {A.shape}"
        )


def are_zero(*cotangents):
    """Whether these are plain arrays of zeros: nothing depends on what they belong to."""
    return all(type(G) is np.ndarray and not G.any() for G in cotangents)


def from_triangle(A, uplo="L"):
    """Return the Hermitian matrix of which A holds one triangle, all that LAPACK reads of it."""
    inside = np.tril(A, -1) if uplo in "Ll" else np.triu(A, 1)
    return inside + H(inside) + diagonal_matrix(diagonal(A).real)


def to_triangle(G, uplo="L"):
    """Adjoint of `from_triangle`: the triangle receives what its mirror image was used for."""
    both = G + H(G)
    inside = np.tril(both, -1) if uplo in "Ll" else np.triu(both, 1)
    return inside + diagonal_matrix(diagonal(G).real)


def reciprocal(d, scale):
    """Return 1 / d, and 0 where d is 0 but for rounding, in calculations with numbers of `scale`.

    A difference of equal eigenvalues is such a d.
    """
    tiny = np.abs(d) <= d.shape[-1] * float(np.finfo(d.dtype).eps) * scale
    return np.where(tiny, 0.0, 1.0 / np.where(tiny, 1.0, d))


def differences(w):
    """Return w_j - w_i in row i, column j."""
    return w[..., None, :] - w[..., :, None]


def largest(w):
    """Return max |w_i|, as a matrix of one element."""
    return np.max(np.abs(w), axis=-1, initial=0.0)[..., None, None]
