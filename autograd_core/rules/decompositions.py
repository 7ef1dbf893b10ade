"""Matrix decompositions: A = L L^H, Q R, V W V^-1, V W V^H, U S V^H.

Each derivative is written in the factors: dA is brought into the decomposition's own basis, where
the equations that define the factors can be solved entry by entry. As in the literature a
cotangent G of a factor X means Re sum(G * dX), so a product dY = B dA C gives dA the cotangent
B^T G C^T.

Where eigenvalues or singular values coincide, the basis of their space is arbitrary, and its
rotation is left out (`reciprocal`). That is right for functions of the values and of the spaces
as a whole (projectors, the polar factor U V^H), and finite always. A matrix function V h(W) V^H
is not among them: at equal eigenvalues its derivative needs h', which the cotangents of V and W
do not tell, and the part that turns one of the equal eigenvectors into another is missing.

Sources: M. Giles 2008, "An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation"; I. Murray 2016, "Differentiation of the Cholesky
decomposition"; S. Walter, L. Lehmann 2013, "Algorithmic differentiation of linear algebra
functions"; J. Townsend 2016, "Differentiating the singular value decomposition"; C. Boeddeker et
al. 2017, "On the computation of complex-valued gradients".
"""

import numpy as np

from ..batch import batching, matrices
from ..composed import composed
from ..errors import NotDifferentiableError
from ..table import primitive, rule
from .matrices import (
    H,
    T,
    are_zero,
    diagonal,
    diagonal_matrix,
    differences,
    from_triangle,
    identity,
    largest,
    reciprocal,
    refuse_vectors,
    to_triangle,
)

# --- Cholesky: A = L L^H --------------------------------------------------------------------------


def half_triangle(X):
    """Keep the lower triangle, with half the diagonal: the part of L^-1 dL in X = L^-1 dA L^-H."""
    return X * (np.tri(X.shape[-1], dtype=X.dtype) - identity(X) / 2)


def cholesky_vjp(g, y, _A, *, upper=False):
    """Murray 2016. A is Hermitian, and so is its gradient."""
    L, G = (H(y), H(g)) if upper else (y, g)
    X = half_triangle(T(L) @ G)
    S = T(np.linalg.solve(H(L), T(np.linalg.solve(T(L), X))))
    return (S + H(S)) / 2


def cholesky_jvp(t, y, _A, *, upper=False):
    """Murray 2016: dL = L half(L^-1 dA L^-H)."""
    L = H(y) if upper else y
    X = np.linalg.solve(L, H(np.linalg.solve(L, (t + H(t)) / 2)))
    dL = L @ half_triangle(X)
    return H(dL) if upper else dL


rule(np.linalg.cholesky, vjp=(cholesky_vjp,), jvp=(cholesky_jvp,))


# --- QR: A = Q R, R upper triangular with a real diagonal -----------------------------------------


@primitive
def tall_qr(A):
    """`np.linalg.qr` of a matrix that has at least as many rows as columns."""
    return np.linalg.qr(A)


def qr_vjp(g, y, _A):
    """Walter, Lehmann 2013: only the upper triangle of Z = Q^T G_Q - G_R R^T counts."""
    (GQ, GR), (Q, R) = g, y
    Z = T(Q) @ GQ - GR @ T(R)
    return T(np.linalg.solve(R, T(GQ - Q.conj() @ from_triangle(Z, "U"))))


def qr_jvp(t, y, _A):
    """With C = dA R^-1 = dQ + Q dR R^-1: what Q^H C has below its diagonal turns Q, see `upper`."""
    Q, R = y
    C = T(np.linalg.solve(T(R), T(t)))
    D = upper(H(Q) @ C)
    return C - Q @ D, D @ R


def upper(M):
    """Return D, upper triangular with a real diagonal, for which M - D is antihermitian."""
    return np.triu(M, 1) + H(np.tril(M, -1)) + diagonal_matrix(diagonal(M).real)


rule(tall_qr, vjp=(qr_vjp,), jvp=(qr_jvp,))


def qr(a, mode="reduced"):
    """Of a wide matrix, the square part in front gives Q, and Q^H applied to the rest is R's."""
    refuse_vectors("qr", a)
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise NotDifferentiableError(
            f"np.linalg.qr(mode={mode!r}) of a {m} x {n} matrix: the columns of Q beyond those of "
            f"the matrix are not determined by it. Use mode='reduced' (the default) or 'r'."
        )
    result = tall_qr(a[..., :m])
    if n > m:
        rest = H(result.Q) @ a[..., m:]
        result = result._replace(R=np.concatenate([result.R, rest], axis=-1))
    return result.R if mode == "r" else result


composed(np.linalg.qr, qr)


# --- Hermitian eigenvalues: A = V W V^H -----------------------------------------------------------


def gaps(w):
    """F_ij = 1 / (w_j - w_i), and 0 where they are equal."""
    return reciprocal(differences(w), largest(w))


def eigh_vjp(g, y, _A, *, UPLO="L"):
    """Giles 2008. NumPy reads one triangle of A, so the gradient has one."""
    (gw, GV), (w, V) = g, y
    if are_zero(GV):  # only the eigenvalues were used
        return to_triangle((V.conj() * gw[..., None, :]) @ T(V), UPLO)
    G = V.conj() @ (diagonal_matrix(gw) + gaps(w) * (T(V) @ GV)) @ T(V)
    return to_triangle(G, UPLO)


def eigh_jvp(t, y, _A, *, UPLO="L"):
    """With C = V^H dA V: dw = diag(C), dV = V (F * C)."""
    w, V = y
    C = H(V) @ from_triangle(t, UPLO) @ V
    return diagonal(C).real, V @ (gaps(w) * C)


rule(np.linalg.eigh, vjp=(eigh_vjp,), jvp=(eigh_jvp,))
composed(np.linalg.eigvalsh, lambda a, UPLO="L": np.linalg.eigh(a, UPLO)[0])


# --- eigenvalues: A = V W V^-1 --------------------------------------------------------------------


def pivots(V):
    """Mark the largest element of each eigenvector, which LAPACK makes real; 1 / v there."""
    if not V.size:  # then there is no largest one
        return np.zeros(V.shape, V.dtype)
    rows = np.argmax(np.abs(V), axis=-2)[..., None, :]
    marked = np.equal(np.arange(V.shape[-2])[:, None], rows)
    return np.where(marked, 1.0 / np.where(marked, V, 1.0), 0.0)


def eig_vjp(g, y, _A):
    """Boeddeker et al. 2017, eq. 4.77, and the phase that LAPACK gives an eigenvector."""
    (gw, GV), (w, V) = g, y
    s = np.sum(GV * V, axis=-2, keepdims=True)
    G = GV - s.real * V.conj()
    if V.dtype.kind == "c":
        G = G - 1j * s.imag * pivots(V)
    M = diagonal_matrix(gw) + gaps(w) * (T(V) @ G)
    return np.linalg.solve(T(V), M @ T(V))


def eig_jvp(t, y, _A):
    """With C = V^-1 dA V: dw = diag(C), and D = V (F * C) less what changes length and phase."""
    w, V = y
    C = np.linalg.solve(V, t @ V)
    D = V @ (gaps(w) * C)
    c = np.sum(V.conj() * D, axis=-2, keepdims=True).real
    if V.dtype.kind == "c":
        c = c + 1j * np.sum(pivots(V) * D, axis=-2, keepdims=True).imag
    return diagonal(C), D - V * c


rule(np.linalg.eig, vjp=(eig_vjp,), jvp=(eig_jvp,))
composed(np.linalg.eigvals, lambda a: np.linalg.eig(a)[0])


# --- singular values: A = U S V^H -----------------------------------------------------------------


@primitive
def thin_svd(A):
    """`np.linalg.svd` with as many singular vectors as there are singular values."""
    return np.linalg.svd(A, full_matrices=False)


def quotients(s):
    """Return 1 / (s_j - s_i) and 1 / (s_j + s_i), which divide the two parts of K below."""
    sums = s[..., None, :] + s[..., :, None]
    return reciprocal(differences(s), largest(s)), reciprocal(sums, largest(s))


def without(U, X):
    """Return (I - U U^H) X, what the columns of U do not reach."""
    return X - U @ (H(U) @ X)


def svd_jvp(t, y, _A):
    """Townsend 2016, with the rotations dU = U P, dV = V Q in their sum and difference.

    With K = U^H dA V: ds = diag(K), P + Q = (K + K^H) / (s_j - s_i), P - Q = (K - K^H) /
    (s_j + s_i). For complex A the second has a diagonal, the phase, which U and V share.
    """
    U, s, Vh = y
    K = H(U) @ t @ H(Vh)
    minus, plus = quotients(s)
    P_plus_Q, P_minus_Q = minus * (K + H(K)), plus * (K - H(K))
    dU = U @ (P_plus_Q + P_minus_Q) / 2
    dV = H(Vh) @ (P_plus_Q - P_minus_Q) / 2
    by_s = reciprocal(s, largest(s)[..., 0])[..., None, :]
    if t.shape[-2] > s.shape[-1]:
        dU = dU + without(U, t @ H(Vh) * by_s)
    if t.shape[-1] > s.shape[-1]:
        dV = dV + without(H(Vh), H(t) @ U * by_s)
    return dU, diagonal(K).real, H(dV)


def svd_vjp(g, y, _A):
    """The transpose of `svd_jvp`, step by step."""
    (GU, gs, GVh), (U, s, Vh) = g, y
    if are_zero(GU, GVh):  # only the singular values were used
        return (U.conj() * gs[..., None, :]) @ Vh.conj()
    GV = H(GVh)
    MU, MV = T(U) @ GU, Vh.conj() @ GV
    minus, plus = quotients(s)
    X, Y = minus * (MU + MV) / 2, plus * (MU - MV) / 2
    G = U.conj() @ (diagonal_matrix(gs) + X + H(X) + Y - H(Y)) @ Vh.conj()
    by_s = reciprocal(s, largest(s)[..., 0])[..., None, :]
    if GU.shape[-2] > s.shape[-1]:
        G = G + without(U.conj(), GU * by_s) @ Vh.conj()
    if GV.shape[-2] > s.shape[-1]:
        G = G + H(without(T(Vh), GV * by_s) @ T(U))
    return G


rule(thin_svd, vjp=(svd_vjp,), jvp=(svd_jvp,))


def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """Singular vectors beyond the singular values are refused: they are not determined by A."""
    refuse_vectors("svd", a)
    if compute_uv and full_matrices and a.shape[-2] != a.shape[-1]:
        raise NotDifferentiableError(
            f"np.linalg.svd of a {a.shape[-2]} x {a.shape[-1]} matrix with full_matrices=True (the "
            f"default): the singular vectors beyond the {min(a.shape[-2:])} singular values are "
            f"not determined by the matrix. Write np.linalg.svd(a, full_matrices=False)."
        )
    result = svd_from_eigh(a) if hermitian else thin_svd(a)
    return result if compute_uv else result[1]


def svd_from_eigh(a):
    """The singular values of a Hermitian matrix are the absolute eigenvalues, largest first."""
    w, V = np.linalg.eigh(a)
    order = np.argsort(np.abs(w), axis=-1)[..., ::-1]
    w = np.take_along_axis(w, order, axis=-1)
    V = np.take_along_axis(V, np.broadcast_to(order[..., None, :], V.shape), axis=-1)
    return SVDResult(V, np.abs(w), H(V * np.sign(w)[..., None, :]))


SVDResult = type(np.linalg.svd(np.eye(1)))  # NumPy does not export the name

composed(np.linalg.svd, svd)
composed(np.linalg.svdvals, lambda x: thin_svd(x)[1])

batching(matrices, np.linalg.cholesky, tall_qr, np.linalg.eigh, np.linalg.eig, thin_svd)
