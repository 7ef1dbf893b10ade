"""Sample rows for sums of products (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from autograd_core.table import existing
from tests.sampling import fixed, positive, real, sample, unmapped_sample

for left, right in (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)),
):  # fmt: skip
    sample(np.matmul, real(*left), real(*right))
for left, right in (
    ((), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)),
    ((2, 3, 4), (5, 4, 2)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((2, 2), ()),
):  # fmt: skip
    sample(np.dot, real(*left), real(*right))
sample(np.outer, real(2), real(3))
sample(np.outer, real(2, 2), real(3))
sample(np.tensordot, real(2, 3, 4), real(3, 4, 5))
sample(np.tensordot, real(2, 3, 4), real(4, 2, 3), axes=([0, 2], [1, 0]))
sample(np.tensordot, real(2, 3), real(4), axes=0)
sample(np.inner, real(3), real(3))
sample(np.inner, real(2, 3), real(4, 5, 3))
sample(np.inner, real(), real(3))

# --- vectors and matrices -------------------------------------------------------------------------

sample(np.vdot, real(2, 3), real(2, 3))
sample(np.vdot, real(3), [1.0, 2.0, 3.0])
sample(np.vecdot, real(2, 3), real(4, 1, 3))
sample(np.vecdot, real(3, 2), real(3, 2), axis=0)
for f in existing("matvec"):
    sample(f, real(2, 3), real(4, 3))
    sample(f, real(4, 2, 3), real(3))
for f in existing("vecmat"):
    sample(f, real(2), real(2, 3))
    sample(f, real(4, 2), real(2, 3))
sample(np.kron, real(2), real(3))
sample(np.kron, real(2, 2), real(3))
sample(np.kron, real(), real(2, 2))
sample(np.cross, real(3), real(2, 3))
sample(np.cross, real(3, 2), real(3, 2), axis=0)
sample(np.cross, real(3), real(2, 3), axisa=0, axisc=0)
for mode in ("full", "same", "valid"):
    for n, m in ((4, 2), (2, 5), (3, 3), (4, 5)):
        sample(np.convolve, real(n), real(m), mode)
        sample(np.correlate, real(n), real(m), mode=mode)
sample(np.convolve, [1.0, 2.0], real(3))
sample(np.correlate, real(3), real(2))
sample(np.cross, real(2, 2, 3), real(3))
sample(np.cross, real(2, 2, 3), real(2, 3, 2), axisb=1, axisc=1)
sample(np.cross, real(3, 2, 2), real(2, 2, 3), axisa=0)
sample(np.vecdot, real(2, 2, 3), real(2, 2, 3), axis=1)

# --- index notation -------------------------------------------------------------------------------

sample(kernels.contract, real(2, 3), real(3), first="ij", second="j", output="i")
for text, shapes in {
    "ij,jk->ik": ((2, 3), (3, 4)),
    "ij,jk": ((2, 3), (3, 4)),
    "ij": ((2, 3),),
    "ba": ((2, 3),),
    "ii": ((3, 3),),
    "ii->i": ((3, 3),),
    "iij->j": ((2, 2, 3),),
    "iijj": ((2, 2, 3, 3),),
    "ij->": ((2, 3),),
    "i,i": ((3,), (3,)),
    "i,j->ji": ((2,), (3,)),
    "ij,kj,k->i": ((2, 3), (4, 3), (4,)),
    "i,j,k->": ((2,), (3,), (4,)),
    "ij,ij,ij->j": ((2, 3), (2, 3), (2, 3)),
    "...ij,...jk->...ik": ((5, 2, 3), (3, 4)),
    "...ij,jk": ((5, 2, 3), (3, 4)),
    "i...,i...": ((2, 3), (2, 1)),
    "...->...": ((2, 3),),
    "ij,ij->ij": ((2, 1), (2, 3)),
    "ij,j": ((2, 1), (3,)),
    "bii, b k -> k": ((2, 3, 3), (2, 4)),
    ",i->i": ((), (3,)),
    "ij,ij,j->i": ((1, 3), (2, 3), (1,)),
    "ij,ij->i": ((1, 2), (3, 2)),
    "ij,kj,kl,l->i": ((2, 3), (2, 3), (2, 2), (1,)),
    "ij,ji->": ((2, 3), (3, 2)),
}.items():
    sample(np.einsum, text, *(real(*shape) for shape in shapes))
sample(np.einsum, real(2, 3), [0, 1], real(3, 4), [1, 2], [0, 2])
sample(np.einsum, real(2, 3), [0, 1], real(3, 4), [1, 2])
sample(np.einsum, real(2, 3), [0, 1], real(3), [1], real(2), [0], [1])
sample(np.einsum, real(5, 2, 3), [Ellipsis, 1], real(3), [1], [Ellipsis])
for optimize in (True, "optimal", ["einsum_path", (0, 1), (0, 1)], ["einsum_path", (0, 1, 2)]):
    operands = real(2, 3), real(3, 4), real(4, 2)
    sample(np.einsum, "ij,jk,kl->il", *operands, optimize=optimize)

# --- polynomials ----------------------------------------------------------------------------------

sample(np.polyval, real(4), real(2, 2))
sample(np.polyval, [1.0, 0.0, 2.0], real())
sample(np.polyadd, real(4), real(2))
sample(np.polysub, real(), real(2))
unmapped_sample(np.polymul, real(3), real(2))
unmapped_sample(np.polymul, [0.0, 0.0, 1.0, 2.0], real(2))
unmapped_sample(np.polymul, [0.0, 2.0], real(2))
unmapped_sample(np.polydiv, real(5), real(3))
unmapped_sample(np.polydiv, real(2), real(3))
unmapped_sample(np.polydiv, real(3), real(1))
sample(np.polyder, real(4))
sample(np.polyder, real(4), m=3)
sample(np.polyint, real(3))
sample(np.polyint, real(3), m=2, k=real(2))
sample(np.polyint, real(3), m=2, k=3.0)
sample(np.poly, real(3))
sample(np.poly, fixed([2.0, 0.3], [0.5, -1.0]))
unmapped_sample(np.poly, fixed([1.0, -2.0], [3.0, 1.0]))  # complex zeros
sample(np.roots, fixed(2.0, -12.0, 22.0, -12.0))
sample(np.roots, fixed(1.0, 0.5, 2.0, 3.0))
sample(np.polyfit, real(5), real(5), 2)
sample(np.polyfit, real(4), real(4, 2), 1, w=positive(4))
