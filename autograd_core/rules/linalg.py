"""Inverses, determinants, systems of equations, and products of matrices.

Letters as in `decompositions`: a product dY = B dA C gives dA the cotangent B^T G C^T.

Sources: M. Giles 2008, "An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation"; G. Golub, V. Pereyra 1973, "The differentiation of
pseudo-inverses and nonlinear least squares problems whose variables separate".
"""

import math
import operator

import numpy as np

from ..batch import batching, lined_up, matrices
from ..composed import composed
from ..errors import ShapeError
from ..kernels import astype, getitem
from ..table import constant, primitive, rule
from .matrices import H, T, from_triangle, identity, refuse_vectors

# --- inverse and systems of equations -------------------------------------------------------------

rule(
    np.linalg.inv,
    vjp=(lambda g, Y, _A: -T(Y) @ g @ T(Y),),
    jvp=(lambda t, Y, _A: -Y @ t @ Y,),
)


def solve_vjp(g, y, A, _b, *, needs):
    """From A dX = dB - dA X: b receives A^-T G, and A receives -A^-T G X^T. A 1-d b is a column."""
    if _b.ndim == 1:
        g, y = g[..., None], y[..., None]
    G = np.linalg.solve(T(A), g)
    return -G @ T(y) if needs[0] else None, G[..., 0] if _b.ndim == 1 else G


def solve_jvp_matrix(t, y, A, _b):
    """-A^-1 dA X."""
    if _b.ndim == 1:
        return -np.linalg.solve(A, t @ y[..., None])[..., 0]
    return -np.linalg.solve(A, t @ y)


def solve_jvp_right(t, _y, A, _b):
    """A^-1 dB."""
    return np.linalg.solve(A, t)


rule(np.linalg.solve, vjp=solve_vjp, jvp=(solve_jvp_matrix, solve_jvp_right), arity=2)


def solve_batch(call, values, mapped, settings):
    """A mapped vector is a column; leading axes line up from the right."""
    a, b = values
    vector = np.ndim(b) - mapped[1] == 1
    b = b[..., None] if vector else b
    ndim = max(np.ndim(a) - mapped[0], np.ndim(b) - mapped[1])
    y = call(lined_up([a, b], mapped, ndim), settings)
    return y[..., 0] if vector else y


batching(solve_batch, np.linalg.solve)
batching(matrices, np.linalg.inv, np.linalg.pinv, np.linalg.matrix_rank)


def pinv_vjp(g, P, A, *, rcond=None, rtol=None):
    """Transpose of `pinv_jvp`."""
    left = P @ H(P)
    right = H(P) @ P
    mirrored = T(left) @ (g - g @ T(P) @ T(A)) + (g - T(A) @ T(P) @ g) @ T(right)
    return H(mirrored) - T(P) @ g @ T(P)


def pinv_jvp(t, P, A, *, rcond=None, rtol=None):
    """-P dA P + P P^H dA^H (I - A P) + (I - P A) dA^H P^H P, where the rank does not change.

    From Golub, Pereyra 1973.
    """
    first, second = P @ H(P) @ H(t), H(t) @ H(P) @ P
    return first - first @ A @ P + second - P @ A @ second - P @ t @ P


rule(np.linalg.pinv, vjp=(pinv_vjp,), jvp=(pinv_jvp,))


def pinv_hermitian(a, rcond=None, hermitian=False, *, rtol=np._NoValue):
    """NumPy reads one triangle of a Hermitian matrix."""
    return np.linalg.pinv(from_triangle(a) if hermitian else a, rcond, rtol=rtol)


composed(np.linalg.pinv, pinv_hermitian)


def lstsq(a, b, rcond=None):
    """Return x = A^+ b, the residuals, the rank and the singular values."""
    if a.ndim != 2:
        raise ShapeError(
            f"np.linalg.lstsq takes one matrix, got an array of shape {a.shape}. For a stack of "
            f"them write np.linalg.pinv(a) @ b."
        )
    m, n = a.shape
    dtype = np.result_type(a.dtype, b.dtype, 1.0 if b.dtype.kind in "fc" else float)
    a, b = astype(a, dtype), astype(b, dtype)
    eps = float(np.finfo(dtype).eps)
    cutoff = eps * max(m, n) if rcond is None else eps if rcond == -1 else rcond
    x = np.linalg.pinv(a, cutoff) @ b
    squares = np.atleast_1d(np.sum(np.abs(b - a @ x) ** 2, axis=0))
    rank, reported = rank_and_reported(a, len(squares), cutoff)
    return x, getitem(squares, reported), rank, np.linalg.svdvals(a)


@primitive
def rank_and_reported(a, count, cutoff):
    """Return the rank, and which residuals lstsq reports: all if `a` is tall and of full rank."""
    rank = np.int32(np.linalg.matrix_rank(a, rtol=cutoff))
    return rank, np.arange(count if a.shape[0] > a.shape[1] == rank else 0)


composed(np.linalg.lstsq, lstsq, operands=("a", "b"))
constant(np.linalg.matrix_rank, rank_and_reported)


def tensorsolve(a, b, axes=None):
    """As one system of equations in matrix form."""
    if axes is not None:
        front = [i for i in range(a.ndim) if i not in [k % a.ndim for k in axes]]
        a = a.transpose(*front, *axes)
    unknowns = a.shape[b.ndim :]
    n = math.prod(unknowns)
    if a.size != n * n or b.size != n:
        raise np.linalg.LinAlgError(
            f"np.linalg.tensorsolve needs as many equations as unknowns; got {a.shape} for the "
            f"equations, of which {b.shape} is the right-hand side"
        )
    return np.linalg.solve(a.reshape(n, n), b.reshape(n)).reshape(unknowns)


def tensorinv(a, ind=2):
    """As the inverse of a matrix of `ind` row axes."""
    rows, columns = a.shape[:ind], a.shape[ind:]
    inverse = np.linalg.inv(a.reshape(math.prod(rows), -1))
    return inverse.reshape(*columns, *rows)


composed(np.linalg.tensorsolve, tensorsolve, operands=("a", "b"))
composed(np.linalg.tensorinv, tensorinv)

# --- determinants ---------------------------------------------------------------------------------


@primitive
def cofactors(A):
    """Return d det(A) / dA, finite also for singular A: the transposed adjugate.

    If A is regular it is det(A) A^-T; else, with A = U S V^H, each singular value's place takes
    the product of the others.
    """
    det = np.linalg.det(A)
    if np.all(det != 0):
        return det[..., None, None] * T(np.linalg.inv(A))
    U, s, Vh = np.linalg.svd(A)
    others = np.prod(np.where(np.eye(s.shape[-1]) == 1, 1.0, s[..., None, :]), axis=-1)
    phase = np.linalg.det(U) * np.linalg.det(Vh)
    return phase[..., None, None] * (U.conj() * others[..., None, :]) @ Vh.conj()


@primitive
def bases_by_rank(A):
    """Return U1, U2, V1, V2: unitary bases in which A is diagonal, where U2, V2 belong to zeros."""
    U, s, Vh = np.linalg.svd(A)
    V, n = H(Vh), s.shape[-1]
    zero = s <= n * np.finfo(s.dtype).eps * s[..., :1]
    rank = n - int(np.max(np.sum(zero, axis=-1), initial=0))
    return U[..., :rank], U[..., rank:], V[..., :rank], V[..., rank:]


constant(bases_by_rank)
batching(matrices, np.linalg.det, np.linalg.slogdet, cofactors, bases_by_rank)


def smooth_cofactors(A):
    """`cofactors` in a form that can be differentiated at singular A too, to any order.

    In constant bases U, V the matrix M = U^H A V has a regular block M11 and, where it is
    singular, a Schur complement C = M22 - M21 M11^-1 M12 near 0. With X = M11^-1,

        adj(M) = det(M11) (det(C) [I; 0] X [I, 0] + [X M12; -I] adj(C) [M21 X, -I]).
    """
    U1, U2, V1, V2 = bases_by_rank(A)
    M11, M12, M21, M22 = H(U1) @ A @ V1, H(U1) @ A @ V2, H(U2) @ A @ V1, H(U2) @ A @ V2
    X = np.linalg.inv(M11)
    det_C, adj_C = polynomial_adjugate(M22 - M21 @ X @ M12)
    left, right = V1 @ X @ M12 - V2, M21 @ X @ H(U1) - H(U2)
    adj = det_C * (V1 @ X @ H(U1)) + left @ adj_C @ right
    U, V = np.concatenate([U1, U2], axis=-1), np.concatenate([V1, V2], axis=-1)
    factor = np.linalg.det(U) * np.linalg.det(V).conj() * np.linalg.det(M11)
    return factor[..., None, None] * T(adj)


def polynomial_adjugate(C):
    """Return det(C) (of shape 1 x 1) and adj(C) without a division (Faddeev, Le Verrier).

    Meant for a C near 0, where the sums have no rounding errors to speak of.
    """
    n = C.shape[-1]
    B, c, CB = np.zeros_like(C), 1.0, np.zeros_like(C)
    for k in range(1, n + 1):
        B = CB + c * np.eye(n)
        CB = C @ B
        c = -np.trace(CB, axis1=-2, axis2=-1)[..., None, None] / k
    return (-1) ** n * c, -((-1) ** n) * B


composed(cofactors, smooth_cofactors)


def det_vjp(g, _y, A):
    """Jacobi's formula."""
    return g[..., None, None] * cofactors(A)


def det_jvp(t, _y, A):
    """Jacobi's formula."""
    return np.sum(cofactors(A) * t, axis=(-2, -1))


rule(np.linalg.det, vjp=(det_vjp,), jvp=(det_jvp,))


def slogdet_vjp(g, y, A):
    """The real part of tr(A^-1 dA) is added to log|det A|, its imaginary part turns the sign."""
    g_sign, g_log = g
    if A.dtype.kind == "c":
        g_log = g_log + (g_sign * y[0]).imag * 1j
    return g_log[..., None, None] * T(np.linalg.inv(A))


def slogdet_jvp(t, y, A):
    """See `slogdet_vjp`."""
    rate = np.trace(np.linalg.solve(A, t), axis1=-2, axis2=-1)
    return rate.imag * 1j * y[0], rate.real


rule(np.linalg.slogdet, vjp=(slogdet_vjp,), jvp=(slogdet_jvp,))

# --- products -------------------------------------------------------------------------------------


def multi_dot_vjp(g, _y, *xs):
    """A_i receives (A_1 ... A_i-1)^T G (A_i+1 ... A_n)^T, each in its cheapest order."""
    As = as_matrices(xs)
    g = g.reshape(As[0].shape[0], As[-1].shape[1])
    shares = []
    for i, x in enumerate(xs):
        before, after = [A.T for A in As[:i][::-1]], [A.T for A in As[i + 1 :][::-1]]
        shares.append(np.linalg.multi_dot([*before, g, *after]).reshape(x.shape))
    return tuple(shares)


def multi_dot_jvp(ts, _y, *xs):
    """The product rule."""
    terms = [
        np.linalg.multi_dot([*xs[:i], t, *xs[i + 1 :]]) for i, t in enumerate(ts) if t is not None
    ]
    return sum(terms[1:], terms[0])


def as_matrices(xs):
    """See a vector in front as a row, and one at the end as a column."""
    first, *others, last = xs
    return [
        first[None, :] if first.ndim == 1 else first,
        *others,
        last[:, None] if last.ndim == 1 else last,
    ]


rule(np.linalg.multi_dot, vjp=multi_dot_vjp, jvp=multi_dot_jvp, arity=None)


def matrix_power(a, n):
    """By repeated squaring."""
    refuse_vectors("matrix_power", a)
    if a.shape[-2] != a.shape[-1]:
        raise np.linalg.LinAlgError(f"powers are those of square matrices, got shape {a.shape}")
    n = operator.index(n)
    if n == 0:
        return np.zeros_like(a) + identity(a)
    if n < 0:
        a, n = np.linalg.inv(a), -n
    power = None
    while n:
        n, odd = divmod(n, 2)
        if odd:
            power = a if power is None else power @ a
        a = a @ a if n else a
    return power


def outer(x1, x2):
    """Unlike `np.outer`, of vectors only."""
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError(
            f"np.linalg.outer multiplies two vectors, got shapes {x1.shape} and {x2.shape}. "
            f"np.outer flattens its operands."
        )
    return np.outer(x1, x2)


def cross(x1, x2, axis=-1):
    """Unlike `np.cross`, of vectors in space only."""
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ShapeError(
            f"np.linalg.cross multiplies vectors of three components, got shapes {x1.shape} and "
            f"{x2.shape}. np.cross takes vectors in the plane, too."
        )
    return np.cross(x1, x2, axis=axis)


two = ("x1", "x2")
composed(np.linalg.matrix_power, matrix_power)
composed(np.linalg.outer, outer, two)
composed(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2), two)
composed(np.linalg.tensordot, lambda x1, x2, axes=2: np.tensordot(x1, x2, axes), two)
composed(
    np.linalg.vecdot,
    lambda x1, x2, axis=-1: np.vecdot(x1, x2, axis=axis),  # type: ignore[call-overload]
    two,
)
composed(np.linalg.cross, cross, two)
composed(np.linalg.trace, lambda x, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype=dtype))
composed(np.linalg.diagonal, lambda x, offset=0: np.diagonal(x, offset, -2, -1))
composed(np.linalg.matrix_transpose, lambda x: T(x))
